"""Linear probes: what they find, what they must not find, and whose rows they read."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge, RidgeClassifierCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmrec_course.evaluation import probe
from mmrec_course.evaluation.probing import REGS

N = 200


def block(values: np.ndarray, present: np.ndarray | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        item_ids=np.array([f"i{j:03d}" for j in range(len(values))]),
        values=values,
        present=np.ones(len(values), bool) if present is None else present,
    )


@pytest.fixture
def features() -> SimpleNamespace:
    return block(np.random.default_rng(1).standard_normal((N, 5)))


def test_a_linear_fact_is_read_off_and_noise_is_not(features: SimpleNamespace) -> None:
    noise = np.random.default_rng(2).standard_normal(N)
    known = features.values @ [1.0, -2.0, 0, 0, 3.0]
    facts = pd.DataFrame(
        {"exact": known, "half": known + known.std() * noise, "noise": noise},
        index=features.item_ids,
    )
    table = probe(features, facts)
    assert table.loc["exact", "score"] > 0.999
    assert table.loc["half", "low"] < 0.5 < table.loc["half", "high"] + 0.05
    assert table.loc["noise", "low"] < 0.05 and table.loc["noise", "score"] < 0.05
    assert (table["low"] <= table["score"]).all() and (table["score"] <= table["high"]).all()
    assert set(table["measure"]) == {"R2"}


def test_labels_are_measured_by_accuracy_beside_chance(features: SimpleNamespace) -> None:
    label = np.where(features.values[:, 0] > 0.4, "high", "low")
    facts = pd.Series(label, features.item_ids, name="side")
    row = probe(features, facts).loc["side"]
    assert row["measure"] == "accuracy"
    assert row["score"] > 0.9
    assert row["chance"] == pytest.approx((label == "low").mean())


def test_yes_and_no_are_labels(features: SimpleNamespace) -> None:
    fact = pd.Series(features.values[:, 1] > 0, features.item_ids, name="yes")
    assert probe(features, fact).loc["yes", "measure"] == "accuracy"


def test_rows_line_up_by_id_not_by_position(features: SimpleNamespace) -> None:
    fact = pd.Series(features.values[:, 2], features.item_ids, name="third")
    shuffled = fact.sample(frac=1.0, random_state=0)
    assert probe(features, shuffled).loc["third", "score"] > 0.999


def test_absent_items_and_missing_facts_are_left_out(features: SimpleNamespace) -> None:
    features.present[:30] = False
    features.values[:30] = 1e6
    fact = pd.Series(features.values[:, 0], features.item_ids, name="first")
    fact.iloc[30:40] = np.nan
    fact.loc["unknown"] = 5.0
    row = probe(features, fact).loc["first"]
    assert row["n"] == N - 40
    assert row["score"] > 0.99


def test_facts_together_are_probed_as_each_alone(features: SimpleNamespace) -> None:
    noise = np.random.default_rng(6).standard_normal((3, N))
    columns = {"much": features.values[:, 0] + 0.1 * noise[0], "little": noise[1]}
    facts = pd.DataFrame({**columns, "side": noise[1] > 0, "gaps": noise[2]}, features.item_ids)
    facts.loc[features.item_ids[:7], "gaps"] = np.nan
    table = probe(features, facts[["side", "gaps", "much", "little"]])
    alone = pd.concat([probe(features, facts[name]) for name in table.index])
    pd.testing.assert_frame_equal(table, alone, atol=1e-12)
    assert table["n"].tolist() == [N, N - 7, N, N]


def test_the_score_is_that_of_scikit_learns_ridge(features: SimpleNamespace) -> None:
    y = features.values[:, 0] + np.random.default_rng(3).standard_normal(N)
    row = probe(features, pd.Series(y, features.item_ids, name="y")).loc["y"]
    x = StandardScaler().fit_transform(features.values)
    predicted = cross_val_predict(Ridge(1.0), x, y, cv=KFold(5, shuffle=True, random_state=0))
    assert row["score"] == pytest.approx(1 - ((y - predicted) ** 2).sum() / y.var() / N, abs=0.03)


def test_groups_stay_on_one_side() -> None:
    rng = np.random.default_rng(4)
    artist = np.repeat(np.arange(40), 5)
    mark = rng.standard_normal((40, 60))[artist] + 0.01 * rng.standard_normal((N, 60))
    fact = pd.Series(rng.standard_normal(40)[artist], block(mark).item_ids, name="fact")
    groups = pd.Series(artist, fact.index)
    assert probe(block(mark), fact).loc["fact", "score"] > 0.9
    assert probe(block(mark), fact, groups=groups).loc["fact", "score"] < 0.2


def test_columns_in_large_units_do_not_drown_the_others(features: SimpleNamespace) -> None:
    fact = pd.Series(np.sign(features.values[:, 0]), features.item_ids, name="fact")
    table = probe(features, fact)
    features.values[:, 1:] *= 1e4
    pd.testing.assert_frame_equal(probe(features, fact), table)
    assert not probe(features, fact, standardize=False).equals(table)


def test_the_same_seed_gives_the_same_table(features: SimpleNamespace) -> None:
    fact = pd.Series(np.random.default_rng(5).standard_normal(N), features.item_ids, name="f")
    pd.testing.assert_frame_equal(probe(features, fact, rng=3), probe(features, fact, rng=3))
    assert not probe(features, fact, rng=3).equals(probe(features, fact, rng=4))


def test_what_cannot_be_probed_is_refused(features: SimpleNamespace) -> None:
    ids = features.item_ids
    with pytest.raises(ValueError, match=r"facts\['flat'\]: 200 items with 1 values"):
        probe(features, pd.Series(1.0, ids, name="flat"))
    with pytest.raises(ValueError, match=r"facts\['few'\]: 3 items"):
        probe(features, pd.Series([1.0, 2, 3], ids[:3], name="few"))
    fact = pd.Series(np.arange(N), ids, name="fact")
    for facts in (pd.concat([fact, fact], axis=1), pd.DataFrame(index=ids)):
        with pytest.raises(ValueError, match="facts: no column, or one name twice"):
            probe(features, facts)
    with pytest.raises(ValueError, match=r"groups: an item of facts\['fact'\] has none"):
        probe(features, fact, groups=pd.Series(0, ids[:-1]))


@pytest.mark.parametrize("width", [5, 300])
@pytest.mark.parametrize("n_labels", [2, 4])
def test_labels_are_predicted_as_by_scikit_learns_ridge_classifier(
    width: int, n_labels: int
) -> None:
    rng = np.random.default_rng(0)
    features = block(rng.standard_normal((N, width)))
    labels = np.array(list("abcd"))[(features.values[:, 0] * 2).astype(int) % n_labels]
    table = probe(features, pd.Series(labels, features.item_ids, name="kind"))
    model = make_pipeline(StandardScaler(), RidgeClassifierCV(REGS))
    folds = KFold(5, shuffle=True, random_state=0)
    predicted = cross_val_predict(model, features.values, labels, cv=folds)
    assert table.loc["kind", "score"] == pytest.approx((predicted == labels).mean())
