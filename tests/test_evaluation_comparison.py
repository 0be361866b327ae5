"""Results a user, and whether intervals and p-values keep what they promise."""

from __future__ import annotations

import tracemalloc
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmrec_course.evaluation import (
    Split,
    compare,
    compare_splits,
    comparison,
    evaluate,
    random_split,
)
from mmrec_course.evaluation.metrics import METRICS


class Table:
    """A model that looks its scores up; what is not in the table scores 0."""

    def __init__(self, scores: Mapping[tuple[Any, Any], float]) -> None:
        self.scores = scores

    def score(self, user_ids: Any, item_ids: Any) -> NDArray[np.float64]:
        return np.array([[self.scores.get((u, i), 0.0) for i in item_ids] for u in user_ids])


class Hashed:
    """A model whose score of a pair depends on nothing but the pair; many ties."""

    def __init__(self, seed: int = 0, levels: int = 7) -> None:
        self.seed, self.levels = seed, levels

    def score(self, user_ids: Any, item_ids: Any) -> NDArray[np.float64]:
        users, items = (np.array([int(i[1:]) for i in ids]) for ids in (user_ids, item_ids))
        mixed = (users[:, None] * 7919 + items * 104729 + self.seed) * 2654435761 % 2**32
        return (mixed % self.levels).astype(float)


def ratings(*rows: tuple[Any, Any, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]).assign(timestamp=0)


def small_split() -> Split:
    """Items a–f; u likes c and d in the test, v likes a; w and x cannot be judged."""
    return Split(
        train=ratings(("u", "a", 5), ("v", "b", 2)),
        valid=ratings(("u", "b", 5), ("w", "c", 5)),
        test=ratings(
            ("u", "c", 4), ("u", "d", 5), ("u", "e", 1), ("v", "a", 5), ("w", "a", 3), ("x", "z", 5)
        ),
        candidates=np.array(list("fedcba")),
        valid_candidates=np.array(list("abc")),
    )


# --- evaluate -----------------------------------------------------------------------------------


def test_evaluate_by_hand() -> None:
    # u: a and b are masked, though they score best; then e, c, (d, f tied) → d at rank 3.
    scores = {("u", i): s for i, s in zip("abcdef", [9, 8, 5, 1, 6, 1], strict=True)}
    # v: b is masked, all tie → a at rank 1.
    table = evaluate(Table(scores), small_split(), k=3)
    assert table.index.tolist() == ["u", "v"]
    assert table.index.name == "user_id"
    assert table["n_relevant"].tolist() == [2, 1]
    assert table.loc["u", "precision"] == pytest.approx(2 / 3)
    assert table.loc["u", "mrr"] == 0.5
    assert table.loc["u", "map"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    # Irrelevant to u: e and f. c beats f and loses to e; d ties with f and loses to e.
    assert table.loc["u", "auc"] == pytest.approx((1 + 0.5) / 4)
    assert table.loc["v", ["ndcg", "recall", "mrr", "map", "hit_rate"]].tolist() == pytest.approx(
        [1.0] * 5
    )
    assert table.attrs["n_skipped"] == small_split().describe().loc["test", "n_skipped"] == 2
    assert list(table.columns) == [*METRICS, "auc", "n_relevant"]


def test_validation_masks_the_training_part_alone() -> None:
    table = evaluate(Table({("u", "a"): 9.0}), small_split(), k=1, part="valid")
    assert table["hit_rate"].to_dict() == {"u": 1.0, "w": 0.0}  # u: a masked, b; w: a, not c


def test_k_above_the_catalogue_and_items_never_listed() -> None:
    never = {("u", i): -np.inf for i in "def"}
    table = evaluate(Table(never), small_split(), k=20)
    # u's list is c alone: d is relevant, but at −∞ it is not listed.
    assert table.loc["u", "recall"] == 0.5
    assert table.loc["u", "precision"] == 1 / 20
    assert table.loc["v", "recall"] == 1.0


def test_positive_says_what_counts() -> None:
    assert evaluate(Table({}), small_split(), positive=1)["n_relevant"].tolist() == [3, 1, 1]
    with pytest.raises(ValueError, match="test: no candidate has a rating of 6 or more"):
        evaluate(Table({}), small_split(), positive=6)


def test_blocks_of_users_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rows = [(f"u{u}", f"i{i}", 5) for u in range(50) for i in rng.choice(30, 12, replace=False)]
    split = random_split(ratings(*rows), test=0.3)
    whole = evaluate(Hashed(), split)
    for cells in (1, 95, 30 * 49):
        monkeypatch.setattr(comparison, "BLOCK_CELLS", cells)
        pd.testing.assert_frame_equal(evaluate(Hashed(), split), whole)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), k=st.integers(1, 12))
def test_evaluate_is_what_its_words_say(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [(u, i) for u in range(6) for i in range(8) if rng.random() < 0.6]
    table = ratings(*[(f"u{u}", f"i{i}", rng.integers(1, 6)) for u, i in pairs])
    split = random_split(table, valid=0.2, test=0.4, rng=seed)
    model = Hashed(seed)
    wanted: dict[str, set[str]] = {}
    for user, item, rating in split.test[["user_id", "item_id", "rating"]].itertuples(index=False):
        if rating >= 4:
            wanted.setdefault(user, set()).add(item)
    if not wanted:
        return
    results = evaluate(model, split, k)
    assert results.index.tolist() == sorted(wanted)
    for user, items in wanted.items():
        seen = set(split.train_valid.loc[split.train_valid["user_id"] == user, "item_id"])
        open_items = [i for i in split.candidates if i not in seen]
        scores = dict(zip(open_items, model.score([user], open_items)[0], strict=True))
        best = sorted(open_items, key=lambda i: (-scores[i], i))[:k]
        hits = [i in items for i in best] + [False] * (k - len(best))
        for name, metric in METRICS.items():
            assert results.loc[user, name] == pytest.approx(metric([hits], [len(items)])[0]), name


def test_evaluate_leaves_the_models_own_scores_alone() -> None:
    class Kept:
        kept = np.ones((2, 6))

        def score(self, user_ids: Any, item_ids: Any) -> NDArray[np.float64]:
            return self.kept

    evaluate(Kept(), small_split())
    assert (Kept.kept == 1).all()


def test_memory_does_not_grow_with_the_number_of_users() -> None:
    class Flat:
        def score(self, user_ids: Any, item_ids: Any) -> NDArray[np.float64]:
            return np.tile(np.arange(len(item_ids), dtype=float), (len(user_ids), 1))

    n_users, n_items = 3000, 20_000  # 480 MB of scores, if they were made at once
    users, items = np.arange(n_users), np.arange(n_items)
    test = pd.DataFrame({"user_id": users, "item_id": users * 3, "rating": 5, "timestamp": 0})
    split = Split(
        train=test.iloc[:0],
        valid=test.iloc[:0],
        test=test,
        candidates=items,
        valid_candidates=items,
    )
    tracemalloc.start()
    table = evaluate(Flat(), split, metrics=("ndcg",))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table) == n_users
    assert peak < 200e6


def test_evaluate_refuses_what_cannot_be() -> None:
    split = small_split()
    with pytest.raises(ValueError, match="part: 'train' is neither"):
        evaluate(Table({}), split, part="train")
    with pytest.raises(ValueError, match="metrics: 'nDCG' is unknown; there are"):
        evaluate(Table({}), split, metrics=("nDCG",))
    with pytest.raises(ValueError, match="k: 0 is not a whole number"):
        evaluate(Table({}), split, k=0)
    with pytest.raises(ValueError, match=r"Table\.score: user u, item d is NaN; use"):
        evaluate(Table({("u", "d"): np.nan}), split)

    class Transposed(Table):
        def score(self, user_ids: Any, item_ids: Any) -> NDArray[np.float64]:
            return super().score(user_ids, item_ids).T

    with pytest.raises(ValueError, match=r"Transposed\.score: shape \(6, 2\), expected \(2, 6\)"):
        evaluate(Transposed({}), split)


# --- compare ------------------------------------------------------------------------------------


def result(values: Any, metric: str = "ndcg") -> pd.DataFrame:
    return pd.DataFrame({metric: np.asarray(values, float)})


def test_compare_by_hand() -> None:
    table = compare({"a": result([0, 1, 0, 1]), "b": result([0.5, 1, 0.5, 1])})
    assert table.index.tolist() == ["a", "b"]
    assert table["mean"].tolist() == pytest.approx([0.5, 0.75])
    assert table["difference"].tolist() == pytest.approx([0.0, 0.25])
    assert table.loc["a", ["diff_low", "diff_high"]].tolist() == [0.0, 0.0]
    assert np.isnan(table.loc["a", ["p", "p_holm"]].astype(float)).all()
    # Only the first and third user differ: half of the swaps leave |difference| as it is.
    assert table.loc["b", "p"] == pytest.approx(0.5, abs=0.05)
    assert (table["n_users"] == 4).all()
    assert (table["low"] <= table["mean"]).all() and (table["mean"] <= table["high"]).all()


def test_the_same_seed_gives_the_same_table_and_more_rows_change_none() -> None:
    rng = np.random.default_rng(0)
    a, b, c = (result(rng.random(80)) for _ in range(3))
    one = compare({"a": a, "b": b}, rng=3)
    pd.testing.assert_frame_equal(one, compare({"a": a, "b": b}, rng=3))
    more = compare({"a": a, "b": b, "c": c}, rng=3)
    pd.testing.assert_frame_equal(one.drop(columns="p_holm"), more[:2].drop(columns="p_holm"))
    assert not one.equals(compare({"a": a, "b": b}, rng=4))


def test_a_baseline_may_be_chosen() -> None:
    rng = np.random.default_rng(0)
    tables = {name: result(rng.random(80)) for name in "abc"}
    chosen = compare(tables, baseline="c")
    first = compare({name: tables[name] for name in "cab"})
    pd.testing.assert_frame_equal(chosen, first.loc[list("abc")])


def test_identical_models_do_not_differ_and_a_clear_difference_is_seen() -> None:
    rng = np.random.default_rng(0)
    values = rng.random(100)
    table = compare({"a": result(values), "same": result(values), "more": result(values + 0.1)})
    assert table.loc[
        "same", ["difference", "diff_low", "diff_high", "p"]
    ].tolist() == pytest.approx([0, 0, 0, 1])
    assert table.loc["more", "p"] == 1 / 2001
    # Paired: the users vary by 0.3, the difference not at all.
    assert table.loc["more", ["diff_low", "diff_high"]].tolist() == pytest.approx([0.1, 0.1])


def test_p_is_the_share_of_all_swaps_that_do_as_well() -> None:
    gaps = np.array([0.3, -0.1, 0.2, 0.2, 0.05, 0.0, 0.4, -0.2])
    swaps = np.array(np.meshgrid(*[(-1, 1)] * len(gaps))).reshape(len(gaps), -1)
    exact = np.mean(np.abs(swaps.T @ gaps) >= abs(gaps.sum()) - 1e-9)
    table = compare({"a": result(np.zeros(8)), "b": result(gaps)}, n_boot=20_000)
    assert table.loc["b", "p"] == pytest.approx(exact, abs=0.01)


def test_holm_by_hand() -> None:
    p = np.array([np.nan, 0.01, 0.04, 0.03, 0.5])
    # sorted 0.01·4, 0.03·3, 0.04·2 → 0.09 by monotony, 0.5·1
    expected = [np.nan, 0.04, 0.09, 0.09, 0.5]
    np.testing.assert_allclose(comparison._holm(p), expected)
    np.testing.assert_allclose(comparison._holm(np.array([0.7, np.nan, 0.6])), [1, np.nan, 1])


def test_users_without_the_metric_are_left_out() -> None:
    a, b = result([0.2, np.nan, 0.4], "auc"), result([0.4, np.nan, 0.6], "auc")
    table = compare({"a": a, "b": b}, "auc")
    assert table["n_users"].tolist() == [2, 2]
    assert table["mean"].tolist() == pytest.approx([0.3, 0.5])


def test_compare_refuses_what_cannot_be() -> None:
    a = result([0, 1, 0])
    cases: list[tuple[Any, dict[str, Any], str]] = [
        ({}, {}, r"baseline: None is not among the results, \[\]"),
        ({"a": a}, {"metric": "map"}, r"results\['a'\]: no column 'map'; has \['ndcg'\]"),
        ({"a": a}, {"baseline": "b"}, "baseline: 'b' is not among"),
        ({"a": a, "b": a[:2]}, {}, r"results\['b'\]: its users.* are not those of 'a'"),
        ({"a": a.assign(n_relevant=1), "b": a.assign(n_relevant=2)}, {}, "same settings"),
        ({"a": a, "b": result([0, np.nan, 0])}, {}, "ndcg is NaN for all, or for a user of one"),
        ({"a": result([np.nan])}, {}, "ndcg is NaN for all"),
    ]
    for tables, keywords, message in cases:
        with pytest.raises(ValueError, match=message):
            compare(tables, **keywords)


def test_compare_is_bounded_in_memory_for_many_users() -> None:
    n = 200_000
    rng = np.random.default_rng(0)
    tables = {"a": result(rng.random(n)), "b": result(rng.random(n))}
    tracemalloc.start()
    compare(tables, n_boot=20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def skewed(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """(n, 2) results as NDCG has them: many zeros, a long tail, users easy or hard for both."""
    ease = rng.beta(0.5, 1.5, size=(n, 1))
    return np.where(rng.random((n, 2)) < 0.3 + 0.5 * ease, rng.beta(1 + 2 * ease, 4), 0.0)


def test_intervals_over_users_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    truth = skewed(rng, 1_000_000).mean(axis=0)
    draws, mean_covered, difference_covered = 250, 0, 0
    for draw in range(draws):
        values = skewed(rng, 150) + np.array([0.0, 0.02])
        table = compare(
            {"a": result(values[:, 0]), "b": result(values[:, 1])}, n_boot=300, rng=draw
        )
        a, b = table.loc["a"], table.loc["b"]
        mean_covered += a["low"] <= truth[0] <= a["high"]
        difference_covered += b["diff_low"] <= 0.02 <= b["diff_high"]
    assert 0.92 <= mean_covered / draws <= 0.98
    assert 0.92 <= difference_covered / draws <= 0.98


def test_p_over_users_alarms_as_rarely_as_it_says_and_holm_guards_the_family() -> None:
    rng = np.random.default_rng(1)
    draws, n_models = 250, 4
    p, holm = np.empty((draws, n_models)), np.empty((draws, n_models))
    for draw in range(draws):
        ease = rng.beta(0.5, 1.5, size=(60, 1))
        values = ease * rng.random((60, n_models + 1))  # nobody is better than anybody
        tables = {f"m{j}": result(values[:, j]) for j in range(n_models + 1)}
        table = compare(tables, n_boot=300, rng=draw)
        p[draw], holm[draw] = table["p"][1:], table["p_holm"][1:]
    for level in (0.05, 0.2, 0.5):  # uniform: five standard errors
        slack = 5 * np.sqrt(level * (1 - level) / draws)
        assert abs((p[:, 0] <= level).mean() - level) < slack
    assert (p.min(axis=1) <= 0.05).mean() > 0.1  # what looking at four rows does
    assert (holm.min(axis=1) <= 0.05).mean() < 0.075


# --- compare_splits -----------------------------------------------------------------------------


def test_compare_splits_by_hand() -> None:
    tables = {
        "a": [result([0.1, 0.3]), result([0.4, 0.4]), result([0.3])],
        "b": [result([0.3, 0.3]), result([0.4, 0.6]), result([0.6])],
    }
    table = compare_splits(tables, test_share=0.0)
    # Means over splits 0.2, 0.4, 0.3 and 0.3, 0.5, 0.6; gaps 0.1, 0.1, 0.3.
    assert table["mean"].tolist() == pytest.approx([0.3, 1.4 / 3])
    error, t = np.std([0.1, 0.1, 0.3], ddof=1) / np.sqrt(3), 4.302653  # t with 2 degrees
    gap = 0.5 / 3
    assert table.loc["b", "diff_low"] == pytest.approx(gap - t * error, rel=1e-6)
    assert table.loc["b", "diff_high"] == pytest.approx(gap + t * error, rel=1e-6)
    assert table.loc["a", "high"] == pytest.approx(0.3 + t * 0.1 / np.sqrt(3), rel=1e-6)
    # t = 2.5 with 2 degrees of freedom
    assert table.loc["b", "p"] == pytest.approx(1 - 2.5 / np.sqrt(2 + 2.5**2), rel=1e-9)
    assert np.isnan(table.loc["a", "p"])
    assert table["n_splits"].tolist() == [3, 3]
    wider = compare_splits(tables, test_share=0.2)
    ratio = (wider["high"] - wider["low"]) / (table["high"] - table["low"])
    assert ratio.tolist() == pytest.approx([np.sqrt((1 / 3 + 0.25) / (1 / 3))] * 2)
    other = compare_splits(tables, test_share=0.2, baseline="b")
    assert other.loc["a", "difference"] == -wider.loc["b", "difference"]
    assert other.loc["a", "p"] == wider.loc["b", "p"]


def test_compare_splits_of_models_that_never_or_always_differ() -> None:
    one = [result([0.25]), result([0.5])]
    tables = {"a": one, "same": one, "more": [t + 0.25 for t in one]}
    table = compare_splits(tables, test_share=0.2)
    assert table["p"].tolist()[1:] == pytest.approx([1.0, 0.0])
    assert table.loc["more", ["diff_low", "diff_high"]].tolist() == pytest.approx([0.25, 0.25])


def items_in_splits(
    rng: np.random.Generator, n_splits: int, share: float, gap: float, draws: int = 250
) -> dict[str, list[pd.DataFrame]]:
    """One model and as many others as draws, each better by a gap, and by its luck with the items.

    A draw is a catalogue of 60 items; splits hold out a share of them.
    """
    results = {"a": [result([0.0])] * n_splits}
    n_test = round(share * 60)
    for draw in range(draws):
        luck = rng.normal(size=60)
        found = [luck[rng.permutation(60)[:n_test]].mean() for _ in range(n_splits)]
        results[f"b{draw}"] = [result([value + gap]) for value in found]
    return results


def covers(n_splits: int, share: float, claimed: float, draws: int = 250) -> float:
    """How often the interval holds the difference that all items, not these 60, would show."""
    results = items_in_splits(np.random.default_rng(0), n_splits, share, gap=0.5, draws=draws)
    others = compare_splits(results, test_share=claimed)[1:]
    return float(((others["diff_low"] <= 0.5) & (others["diff_high"] >= 0.5)).mean())


@pytest.mark.parametrize(("n_splits", "share"), [(25, 0.2), (10, 0.5)])
def test_intervals_over_splits_cover_the_truth_as_often_as_they_say(
    n_splits: int, share: float
) -> None:
    assert 0.92 <= covers(n_splits, share, claimed=share) <= 0.98


def test_splits_of_one_catalogue_taken_for_independent_are_too_sure() -> None:
    assert covers(25, 0.2, claimed=0.0, draws=100) < 0.75


def test_p_over_splits_alarms_as_rarely_as_it_says() -> None:
    results = items_in_splits(np.random.default_rng(2), 10, 0.2, gap=0.0)
    p = compare_splits(results, test_share=0.2)["p"][1:]
    assert 0.02 <= (p <= 0.05).mean() <= 0.08


def test_compare_splits_refuses_what_cannot_be() -> None:
    a = result([0.1, 0.2])
    cases: list[tuple[Any, dict[str, Any], str]] = [
        ({}, {}, r"baseline: None is not among the results, \[\]"),
        ({"a": [a]}, {}, "or is below 2: {'a': 1}"),
        ({"a": [a, a], "b": [a]}, {}, "the number of splits differs .*: {'a': 2, 'b': 1}"),
        ({"a": [a, a], "b": [a, a[:1]]}, {}, r"split 1: results\['b'\]: its users"),
        ({"a": [a, a]}, {"test_share": 1.0}, r"test_share: 1.0 is outside \[0, 1\)"),
        ({"a": [a, a]}, {"metric": "map"}, r"split 0: results\['a'\]: no column 'map'"),
        ({"a": [a, a]}, {"baseline": "z"}, "baseline: 'z' is not among"),
    ]
    for tables, keywords, message in cases:
        with pytest.raises(ValueError, match=message):
            compare_splits(tables, **{"test_share": 0.2, **keywords})


def test_scores_of_a_user_that_agree_to_five_digits_tie() -> None:
    ratings = pd.DataFrame(
        {"user_id": "u", "item_id": list("abc"), "rating": [1, 5, 1], "timestamp": [0, 1, 2]}
    )
    split = Split(
        train=ratings[:0],
        valid=ratings[:0],
        test=ratings,
        candidates=list("abc"),
        valid_candidates=list("abc"),
    )

    class Model:
        scores: list[float]

        def score(self, user_ids: Any, item_ids: Any) -> Any:
            return np.array([self.scores])

    for scores, rank in (
        ([1.0, 1.000001, 0.0], 2),
        ([1.0, 1.001, 0.0], 1),
        ([1.0, 1.001, -1e6], 1),
        ([1e200, 2e200, 0.0], 1),
        ([-np.inf, -np.inf, -np.inf], np.inf),
        ([1.7e9, 1.7e9 + 1, 1.6e9], 2),
        ([1.7e9, 1.7e9 + 3600, 1.6e9], 1),
    ):
        model = Model()
        model.scores = scores
        with warnings.catch_warnings(action="error"):
            table = evaluate(model, split, metrics=["mrr"])
        assert table["mrr"].tolist() == [1 / rank], scores
