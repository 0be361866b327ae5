"""The tuned model: what is chosen and how, and that it is worth it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from small_world import BLOCKS, COLD, ITEMS, RATINGS, WARM, small

from mmrec_course.evaluation import evaluate
from mmrec_course.recommenders import MultimodalRecommender, MultimodalRecommenderCV
from mmrec_course.recommenders.multimodal_cv import (
    COLLABORATIVE,
    CONTENT,
    MIXING,
    NEW_USERS,
    _within_one_error,
)

GRID = {**COLLABORATIVE, **CONTENT, **NEW_USERS, **MIXING}
USERS = ["u001", "u123", "nobody"]


@pytest.fixture(scope="module")
def tuned():
    """Tuned models of two splits; no test may change them."""
    splits = {"cold": COLD, "warm": WARM}
    return {s: MultimodalRecommenderCV().fit(splits[s].train_valid, BLOCKS) for s in splits}


def test_best_params_give_the_same_model_without_a_search(tuned):
    model = tuned["cold"]
    plain = MultimodalRecommender().set_params(**model.best_params_)
    plain.fit(COLD.train_valid, BLOCKS)
    np.testing.assert_allclose(plain.score(USERS, ITEMS), model.score(USERS, ITEMS), atol=1e-9)
    assert set(model.get_params()) == {"fusion", "n_folds", "n_users", "positive", "rng"}
    assert clone(model).set_params(n_users=7).get_params()["n_users"] == 7


def test_each_value_is_the_mean_of_those_within_one_standard_error(tuned):
    for model in tuned.values():
        table = model.cv_results_
        assert list(table) == ["parameter", "value", "ndcg", "std_error", "within_one_error"]
        assert list(table["parameter"].unique()) == list(model.best_params_) == list(GRID)
        for name, rows in table.groupby("parameter"):
            assert tuple(rows["value"]) == GRID[name]
            assert rows["within_one_error"][rows["ndcg"].idxmax()]
            near = rows["value"][rows["within_one_error"]]
            mean = near.mean() if min(GRID[name]) == 0 else np.exp(np.log(near).mean())
            assert model.best_params_[name] == pytest.approx(mean, rel=0.005)
            assert rows["ndcg"].between(0, 1).all() and (rows["std_error"] > 0).all()


def test_within_one_standard_error_is_judged_list_by_list():
    best = np.array([0.5, 0.3, 0.6, 0.4])
    assert _within_one_error(best, best - [0.05, -0.04, 0.04, -0.04]), "loss 0.0025 ± 0.025"
    assert not _within_one_error(best, best - [0.02, 0.01, 0.02, 0.01]), "loss 0.015 ± 0.003"
    assert _within_one_error(best[:1], best[:1] - 0.1), "one list has no standard error"


@pytest.mark.parametrize("regime", ["cold", "warm"])
def test_tuning_does_not_lose_on_held_out_ratings(tuned, regime):
    split = {"cold": COLD, "warm": WARM}[regime]
    default = MultimodalRecommender().fit(split.train_valid, BLOCKS)
    gain = evaluate(tuned[regime], split)["ndcg"] - evaluate(default, split)["ndcg"]
    assert gain.mean() > -2 * gain.sem()


def test_the_same_seed_chooses_the_same_and_so_does_a_second_fit():
    model = MultimodalRecommenderCV(rng=3, n_users=5)  # of 15
    tables = [m.fit(*small()).cv_results_ for m in (model, model)]
    pd.testing.assert_frame_equal(*tables)


def test_permuted_features_do_no_harm_to_warm_items():
    permuted = {m: block.shuffle(rng=1) for m, block in BLOCKS.items()}
    placebo, plain = (
        MultimodalRecommenderCV(n_folds=2).fit(WARM.train_valid, b) for b in (permuted, {})
    )
    assert not {*CONTENT, *MIXING} & set(plain.best_params_), "nothing to choose without features"
    assert list(plain.explain("u001", ITEMS)) == ["collaborative"]
    loss = evaluate(plain, WARM)["ndcg"] - evaluate(placebo, WARM)["ndcg"]
    assert loss.mean() < 2 * loss.sem()


def test_new_users_are_shrunk_to_the_mean_where_taste_is_common_and_not_where_it_is_not():
    def shrinkage(chance):
        rng = np.random.default_rng(0)
        user, item = np.nonzero(rng.random(chance.shape) < chance)
        time = rng.permutation(len(user))
        table = {"user_id": user, "item_id": item, "rating": 5.0, "timestamp": time}
        return MultimodalRecommenderCV().fit(pd.DataFrame(table)).user_shrinkage

    assert shrinkage(np.tile(0.4 * np.exp(-np.arange(600) / 60), (200, 1))) >= 4
    camps = (np.arange(200)[:, None] + np.arange(80)) % 4 == 0
    assert shrinkage(np.where(camps, 0.5, 0.01)) <= 1


@pytest.mark.filterwarnings("ignore:ratings. none reaches")
@pytest.mark.parametrize(
    "ratings",
    [
        RATINGS.iloc[::10].assign(timestamp=pd.Timestamp("2024-01-01")),
        RATINGS.sample(50, random_state=0),
        RATINGS.sample(2, random_state=0),
        RATINGS.iloc[:200].assign(rating=1),
        RATINGS[RATINGS["user_id"] == "u001"],
        RATINGS[RATINGS["item_id"] == RATINGS["item_id"].iloc[0]],
    ],
    ids=["one moment", "fifty", "two", "nobody likes anything", "one user", "one item"],
)
def test_poor_ratings_are_survived(ratings):
    model = MultimodalRecommenderCV(n_folds=2).fit(ratings, BLOCKS)
    assert np.isfinite(model.score(USERS, [*ITEMS, "unknown"])).all()
    assert set(model.best_params_) <= set(GRID)


@pytest.mark.parametrize(
    "parameters", [{"n_folds": 1}, {"n_folds": -1}, {"n_folds": 2.5}, {"n_users": 0}]
)
def test_a_search_over_nothing_is_refused(parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"{name}: .* is not a whole number of at least"):
        MultimodalRecommenderCV(**parameters).fit(*small())


def test_it_is_a_multimodal_recommender():
    model = MultimodalRecommenderCV(fusion="multitask", n_folds=2, n_users=50).fit(*small())
    fresh = MultimodalRecommender(fusion="multitask").set_params(**model.best_params_)
    fresh.set_params(weights={"image": 2.0}, decay=0.9).fit(*small())
    other = model.refitted("weights", {"image": 2.0}).refitted("decay", 0.9)
    np.testing.assert_allclose(other.score([0, 99], range(15)), fresh.score([0, 99], range(15)))
    image = small()[1]["image"]
    new = replace(image, item_ids=image.item_ids + 100)
    scores = model.add_items({"image": new}).score([0, 99], [112, 113, 114])
    np.testing.assert_allclose(scores, model.score([0, 99], [12, 13, 14]), atol=1e-9)
