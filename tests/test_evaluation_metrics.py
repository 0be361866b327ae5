"""Ranking metrics: by hand, by definition in plain loops, and beside ranx."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, mean_squared_error, roc_auc_score

from mmrec_course.evaluation import auc, mae, rank_items, rmse
from mmrec_course.evaluation.metrics import METRICS

every_metric = pytest.mark.parametrize("name", METRICS)

# --- ranking ------------------------------------------------------------------------------------


def sorted_by_definition(scores: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Best first, then by column: what rank_items must equal."""
    return np.array([sorted(range(len(row)), key=lambda j: (-row[j], j))[:k] for row in scores])


@settings(max_examples=100)
@given(
    scores=hnp.arrays(
        st.sampled_from([np.float64, np.float32]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
        elements=st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.5, 2.0, np.inf]),
    ),
    k=st.integers(1, 15),
)
def test_ranking_is_a_stable_sort_with_many_ties(scores: NDArray[Any], k: int) -> None:
    assert rank_items(scores, k).tolist() == sorted_by_definition(scores, k).tolist()


def test_ranking_is_a_sort_on_a_larger_table() -> None:
    rng = np.random.default_rng(0)
    for scores in (rng.normal(size=(50, 400)), rng.poisson(3, size=(50, 400))):
        for k in (1, 10, 399, 400):
            expected = sorted_by_definition(scores, k).tolist()
            assert rank_items(scores, k).tolist() == expected


def test_scores_that_differ_in_a_sum_s_last_bits_tie() -> None:
    assert 0.1 + 0.2 > 0.3
    assert rank_items([[0.3, 0.1 + 0.2, 1.0]], k=2).tolist() == [[2, 0]]
    assert rank_items([[0.3, 0.1 + 0.2, 1.0]], k=3).tolist() == [[2, 0, 1]]
    assert rank_items([[3e-20, 1e-20 + 2.001e-20, 1e-20]], k=2).tolist() == [[1, 0]]
    assert rank_items([[5.0, 9.0, 5.5], [0, 1, 2]], k=2, tolerance=[[0.5], [0]]).tolist() == [
        [1, 0],
        [2, 1],
    ]
    assert auc([[0.3, 0.1 + 0.2]], [[True, False]]).tolist() == [0.5]


def test_ranking_edges() -> None:
    assert rank_items([3.0, 1.0, 2.0], k=2).tolist() == [[0, 2]]  # one row
    assert rank_items([[3, 1, 2]], k=9).tolist() == [[0, 2, 1]]  # k above the catalogue; integers
    assert rank_items([[0.0, 0.0, 0.0]], k=2).tolist() == [[0, 1]]  # all tied
    assert rank_items([[-np.inf, 1.0, -np.inf]], k=2).tolist() == [[1, 0]]
    assert rank_items(np.zeros((0, 5)), k=3).shape == (0, 3)
    assert rank_items(np.zeros((2, 0)), k=3).shape == (2, 0)


def test_ranking_leaves_the_scores_alone() -> None:
    scores = np.array([[1.0, 3.0, 3.0, 2.0]])
    rank_items(scores, 1)
    assert scores.tolist() == [[1.0, 3.0, 3.0, 2.0]]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_ranking_refuses_nan_wherever_it_would_rank(k: int) -> None:
    with pytest.raises(ValueError, match="scores: row 1, column 2 is NaN"):
        rank_items([[1.0, 2.0, 3.0], [3.0, 2.0, np.nan]], k)


def test_ranking_refuses_other_nonsense() -> None:
    for k in (0, -1, 2.0, None):
        with pytest.raises(ValueError, match=r"k: .* is not a whole number of at least 1"):
            rank_items([[1.0, 2.0]], k)  # type: ignore[arg-type]


# --- metrics at k, by hand ----------------------------------------------------------------------

L2, L3, L4 = 1.0, 1 / math.log2(3), 1 / math.log2(4)  # discounts of ranks 1, 2, 3


@pytest.mark.parametrize(
    ("relevant", "n_relevant", "expected"),
    [
        # none right
        ([0, 0, 0], 2, {"ndcg": 0, "recall": 0, "precision": 0, "mrr": 0, "map": 0, "hit_rate": 0}),
        # all right
        ([1, 1, 1], 3, {"ndcg": 1, "recall": 1, "precision": 1, "mrr": 1, "map": 1, "hit_rate": 1}),
        # all right, and more to find: recall and MAP cannot reach 1, NDCG can
        (
            [1, 1, 1],
            6,
            {"ndcg": 1, "recall": 0.5, "precision": 1, "mrr": 1, "map": 0.5, "hit_rate": 1},
        ),
        # one relevant item, in second place
        (
            [0, 1, 0],
            1,
            {"ndcg": L3, "recall": 1, "precision": 1 / 3, "mrr": 0.5, "map": 0.5, "hit_rate": 1},
        ),
        # first and third
        (
            [1, 0, 1],
            2,
            {
                "ndcg": (L2 + L4) / (L2 + L3),
                "recall": 1,
                "precision": 2 / 3,
                "mrr": 1,
                "map": (1 + 2 / 3) / 2,
                "hit_rate": 1,
            },
        ),
        # a list of one in a table of three: k stays the denominator of precision
        (
            [1, 0, 0],
            2,
            {
                "ndcg": L2 / (L2 + L3),
                "recall": 0.5,
                "precision": 1 / 3,
                "mrr": 1,
                "map": 0.5,
                "hit_rate": 1,
            },
        ),
    ],
)
def test_metrics_by_hand(relevant: list[int], n_relevant: int, expected: dict[str, float]) -> None:
    assert set(expected) == set(METRICS)
    for name, value in expected.items():
        assert METRICS[name]([relevant], [n_relevant]) == pytest.approx([value], abs=1e-12), name


@every_metric
def test_nothing_relevant_is_undefined_and_nobody_is_nobody(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(METRICS[name]([[0, 0], [1, 0]], [0, 1])).tolist() == [True, False]
        assert METRICS[name](np.zeros((0, 3)), []).shape == (0,)


@every_metric
def test_metrics_refuse_what_cannot_be(name: str) -> None:
    metric = METRICS[name]
    with pytest.raises(ValueError, match=r"relevant: shape \(1, 2\), n_relevant: \(2,\); expected"):
        metric([[0, 1]], [1, 1])
    with pytest.raises(ValueError, match=r"relevant: shape \(1, 0\)"):
        metric([[]], [1])
    with pytest.raises(ValueError, match=r"relevant: row 1: .* more hits than n_relevant, 1"):
        metric([[0, 1], [1, 1]], [1, 1])
    with pytest.raises(ValueError, match=r"relevant: row 0: .* n_relevant, nan"):
        metric([[0, 1]], [np.nan])
    with pytest.raises(ValueError, match=r"relevant: row 0: \[0. 5.\] are not 0 or 1"):
        metric([[0, 5]], [9])


# --- metrics at k, by definition ----------------------------------------------------------------


@st.composite
def ranked_lists(draw: st.DrawFn) -> tuple[NDArray[np.bool_], NDArray[np.int_]]:
    """Hits of some users, and how many relevant items each has, at least one."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=8))
    hits = draw(hnp.arrays(bool, shape))
    more = draw(hnp.arrays(int, shape[0], elements=st.integers(0, 9)))
    return hits, np.maximum(hits.sum(axis=1) + more, 1)


def by_definition(name: str, hits: list[bool], n: int) -> float:
    """Each metric once more, one list at a time, in the words of its docstring."""
    k = len(hits)
    if name == "ndcg":
        ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(n, k) + 1))
        return sum(1 / math.log2(rank + 1) for rank, hit in enumerate(hits, 1) if hit) / ideal
    if name == "mrr":
        return next((1 / rank for rank, hit in enumerate(hits, 1) if hit), 0.0)
    if name == "map":
        return sum(sum(hits[:rank]) / rank for rank, hit in enumerate(hits, 1) if hit) / n
    return {"recall": sum(hits) / n, "precision": sum(hits) / k, "hit_rate": float(any(hits))}[name]


@every_metric
@settings(max_examples=30)
@given(lists=ranked_lists())
def test_metrics_are_their_definitions_and_shares(
    name: str, lists: tuple[NDArray[np.bool_], NDArray[np.int_]]
) -> None:
    hits, n = lists
    values = METRICS[name](hits, n)
    expected = [by_definition(name, row, m) for row, m in zip(hits.tolist(), n, strict=True)]
    assert values == pytest.approx(expected, abs=1e-12)
    assert ((values >= 0) & (values <= 1 + 1e-12)).all()


@every_metric
@settings(max_examples=30)
@given(lists=ranked_lists(), data=st.data())
def test_a_hit_that_moves_up_never_lowers_a_metric(
    name: str, lists: tuple[NDArray[np.bool_], NDArray[np.int_]], data: st.DataObject
) -> None:
    hits, n = lists
    place = data.draw(st.integers(0, hits.shape[1] - 1))
    better = hits.copy()
    better[:, : place + 1] = np.sort(hits[:, : place + 1], axis=1)[:, ::-1]
    assert (METRICS[name](better, n) >= METRICS[name](hits, n) - 1e-12).all()


# --- beside ranx --------------------------------------------------------------------------------


def test_metrics_equal_ranx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As plain Python: compiling it takes a minute. It leaves folders in HOME, so it gets another.
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    monkeypatch.setenv("HOME", str(tmp_path))
    ranx = pytest.importorskip("ranx")
    rng = np.random.default_rng(0)
    n_users, n_items, listed = 60, 25, 10
    scores = np.array([rng.permutation(n_items) for _ in range(n_users)], float)  # no ties
    relevant = rng.random((n_users, n_items)) < rng.uniform(0.05, 0.6, size=(n_users, 1))
    relevant[:, 0] |= ~relevant.any(axis=1)
    best = rank_items(scores, listed)
    # Every fifth user gets a short list of three.
    kept = np.where(np.arange(n_users) % 5 == 0, 3, listed)[:, None] > np.arange(listed)
    hits = np.take_along_axis(relevant, best, axis=1) & kept
    names = [f"u{u:02}" for u in range(n_users)]  # ranx answers in order of name
    qrels = {
        name: {f"t{i}": 1 for i in np.flatnonzero(row)}
        for name, row in zip(names, relevant, strict=True)
    }
    run = {
        name: {f"t{i}": row[i] for i in columns[there]}
        for name, row, columns, there in zip(names, scores, best, kept, strict=True)
    }
    wanted = [f"{name}@{k}" for name in METRICS for k in (1, 5, 10)]
    theirs = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), wanted, return_mean=False)
    for name, metric in METRICS.items():
        for k in (1, 5, 10):
            ours = metric(hits[:, :k], relevant.sum(axis=1))
            assert ours == pytest.approx(theirs[f"{name}@{k}"], abs=1e-12), (name, k)


# --- the whole ranking --------------------------------------------------------------------------


def test_auc_by_hand() -> None:
    values = auc(
        [
            [3, 2, 1, 0],  # perfect
            [0, 1, 2, 3],  # upside down
            [1, 1, 1, 1],  # all tied: chance
            [2, 3, 1, -np.inf],  # the last is masked: one of two irrelevant items is below
            [-np.inf, 1, 2, 3],  # a relevant item that would never be listed
        ],
        [[1, 0, 0, 0]] * 5,
    )
    assert values.tolist() == pytest.approx([1.0, 0.0, 0.5, 0.5, 0.0])


def test_auc_is_undefined_without_both_kinds() -> None:
    assert np.isnan(auc([[1.0, 2.0], [1.0, 2.0], [1.0, -np.inf]], [[1, 1], [0, 0], [1, 0]])).all()


@given(
    scores=hnp.arrays(float, 9, elements=st.integers(-3, 3).map(float)),
    relevant=hnp.arrays(bool, 9).filter(lambda r: 0 < r.sum() < 9),
)
def test_auc_equals_scikit_learn(scores: NDArray[Any], relevant: NDArray[np.bool_]) -> None:
    assert auc(scores, relevant)[0] == pytest.approx(roc_auc_score(relevant, scores), abs=1e-12)


def test_auc_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"relevant: shape \(1, 2\), expected \(1, 3\)"):
        auc([[1.0, 2.0, 3.0]], [[1, 0]])
    with pytest.raises(ValueError, match="scores: row 0, column 1 is NaN"):
        auc([[1.0, np.nan]], [[1, 0]])


# --- errors of predicted ratings ----------------------------------------------------------------


def test_rating_errors_by_hand_and_beside_scikit_learn() -> None:
    assert rmse([1, 2], [1, 4]) == pytest.approx(math.sqrt(2))
    assert mae([1, 2], [1, 4]) == 1.0
    rng = np.random.default_rng(0)
    predicted, actual = rng.normal(3, 1, 200), rng.integers(1, 6, 200)
    assert rmse(predicted, actual) == pytest.approx(
        math.sqrt(mean_squared_error(actual, predicted))
    )
    assert mae(predicted, actual) == pytest.approx(mean_absolute_error(actual, predicted))


@pytest.mark.parametrize("error", [rmse, mae])
def test_rating_errors_refuse_what_cannot_be(error: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match=r"predicted: shape \(2,\), actual: \(3,\)"):
        error([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"predicted: shape \(0,\)"):
        error([], [])
    with pytest.raises(ValueError, match="predicted: row 1 is nan"):
        error([1, np.nan], [1, 2])
    with pytest.raises(ValueError, match=r"predicted: row 0 is 1\.0, actual: inf"):
        error([1, 2], [np.inf, 2])
