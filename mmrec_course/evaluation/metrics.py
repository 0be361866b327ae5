"""Ranking metrics, one value in [0, 1] for each user, and the errors of predicted ratings.

The metrics agree with ranx, except for users without a relevant item: NaN here, 0 there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def rank_items(scores: ArrayLike, k: int, tolerance: ArrayLike = 0.0) -> NDArray[np.intp]:
    """Return the k best columns of each row, best first; ties go to the first column.

    ``scores`` are (n_users, n_items), or (n_items,) for one user; the result is
    (n_users, min(k, n_items)). −∞ ranks last. O(n_items) for each user. Scores tie if they differ
    by at most ``tolerance``, one number or (n_users, 1), or by 10⁻¹⁰ of the largest score listed:
    processors differ in a sum's last bits.

    Notebook: 06_evaluation
    """
    values = np.atleast_2d(np.asarray(scores))
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    if not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k: {k!r} is not a whole number of at least 1")
    n_items = values.shape[1]
    k = min(k, n_items)
    if values.size == 0:
        return np.zeros((len(values), k), np.intp)
    # A partial sort finds each row's k-th best value; all columns that reach it are chosen.
    best = np.partition(values, n_items - k, axis=1)[:, n_items - k :]  # (n_users, k)
    if np.isnan(best).any():  # partition sorts NaN last, so looking at the best is enough
        row, column = np.argwhere(np.isnan(values))[0]
        raise ValueError(f"scores: row {row}, column {column} is NaN")
    largest = np.abs(best).max(axis=1, where=np.isfinite(best), initial=0.0, keepdims=True)
    slack = np.maximum(1e-10 * largest, tolerance)  # (n_users, 1)
    worst = best.min(axis=1, keepdims=True)
    chosen = values >= worst - slack
    # Where more columns tie with the k-th best value than there is room for, the first stay.
    for row in np.flatnonzero(np.count_nonzero(chosen, axis=1) > k):
        columns = np.flatnonzero(chosen[row])
        tied = columns[values[row, columns] <= worst[row] + slack[row]]
        chosen[row, tied[len(tied) - (len(columns) - k) :]] = False
    columns = (np.flatnonzero(chosen) % n_items).reshape(-1, k)
    listed = np.take_along_axis(values, columns, axis=1)
    order = np.argsort(-listed, axis=1, kind="stable")
    listed, columns = (np.take_along_axis(x, order, axis=1) for x in (listed, columns))
    # Within a run of ties, too, the first columns come first.
    with np.errstate(invalid="ignore"):
        run = np.cumsum(-np.diff(listed, axis=1, prepend=listed[:, :1]) > slack, axis=1)
    return np.take_along_axis(columns, np.argsort(run * n_items + columns, axis=1), axis=1)


def tie_tolerance(scores: ArrayLike) -> Floats:
    """Return (n_users, 1) 10⁻⁵ of the standard deviation of each row's finite scores.

    It is at most 10⁻⁵ of the row's best score, so that a mask of −10⁶ does not widen it.
    """
    values = np.asarray(scores)
    finite = np.isfinite(values)
    n = np.maximum(finite.sum(axis=1, keepdims=True), 1)
    with np.errstate(over="ignore", invalid="ignore"):  # for huge scores the best one decides
        mean = values.sum(axis=1, keepdims=True, where=finite) / n
        deviation = np.sqrt(((values - mean) ** 2).sum(axis=1, keepdims=True, where=finite) / n)
    best = np.abs(values.max(axis=1, keepdims=True, where=finite, initial=-np.inf))
    return np.asarray(1e-5 * np.fmin(deviation, best))


def ndcg(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """Normalised discounted cumulative gain with 0/1 gains.

    NDCG@k = Σ_{r ≤ k} rel_r / log2(r + 1), divided by the same sum for a perfect list of
    min(k, n_relevant) hits. ``relevant`` is (n_users, k) 0/1, 0 where a list is shorter than k;
    ``n_relevant`` (n_users,) counts each user's relevant items, listed or not.

    Järvelin and Kekäläinen (2002), ACM TOIS 20(4).

    Notebook: 06_evaluation
    """
    hits, total = _hits(relevant, n_relevant)
    discount = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])  # of 0, 1, … k hits
    return _per(hits @ discount, ideal[np.minimum(total, hits.shape[1]).astype(int)])


def recall(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """Share of a user's relevant items that are listed: hits / n_relevant, also above k.

    Notebook: 06_evaluation
    """
    hits, total = _hits(relevant, n_relevant)
    return _per(hits.sum(axis=1), total)


def precision(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """Share of the list that is relevant: hits / k, also where n_relevant is below k.

    Notebook: 06_evaluation
    """
    hits, total = _hits(relevant, n_relevant)
    return np.where(total > 0, hits.mean(axis=1), np.nan)


def reciprocal_rank(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """1 / rank of the first relevant item, 0 if the list has none; its mean is the MRR.

    Notebook: 06_evaluation
    """
    hits, total = _hits(relevant, n_relevant)
    first = np.where(hits.any(axis=1), 1 / (1 + np.argmax(hits > 0, axis=1)), 0.0)
    return np.where(total > 0, first, np.nan)


def average_precision(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """Σ_{r ≤ k} rel_r · precision@r / n_relevant (not min(k, n_relevant)); its mean is MAP@k.

    Notebook: 06_evaluation
    """
    hits, total = _hits(relevant, n_relevant)
    precision_at = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return _per((hits * precision_at).sum(axis=1), total)


def hit_rate(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """1 if the list has a relevant item, else 0.

    Notebook: 06_evaluation
    """
    hits, total = _hits(relevant, n_relevant)
    return np.where(total > 0, hits.any(axis=1).astype(float), np.nan)


METRICS: dict[str, Callable[[ArrayLike, ArrayLike], Floats]] = {
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
    "mrr": reciprocal_rank,
    "map": average_precision,
    "hit_rate": hit_rate,
}


def _hits(relevant: ArrayLike, n_relevant: ArrayLike) -> tuple[Floats, Floats]:
    """Validate the arguments of a metric; return both as float arrays."""
    hits = np.atleast_2d(np.asarray(relevant, dtype=np.float64))
    total = np.asarray(n_relevant, dtype=np.float64)
    if total.shape != (len(hits),) or not hits.shape[1]:
        expected = "expected (n_users, k) with k ≥ 1, and (n_users,)"
        raise ValueError(f"relevant: shape {hits.shape}, n_relevant: {total.shape}; {expected}")
    possible = (hits.sum(axis=1) <= total) & ((hits == 0) | (hits == 1)).all(axis=1)
    if not possible.all():
        row = np.argmin(possible)
        problem = f"not 0 or 1, or more hits than n_relevant, {total[row]:g}"
        raise ValueError(f"relevant: row {row}: {hits[row]} are {problem}")
    return hits, total


def _per(value: Floats, total: Floats) -> Floats:
    """value / total; NaN (undefined, not zero) where a user has nothing relevant."""
    return np.asarray(np.divide(value, total, out=np.full(len(total), np.nan), where=total > 0))


def auc(scores: ArrayLike, relevant: ArrayLike) -> Floats:
    """Area under the ROC curve: how often a relevant item scores above an irrelevant one.

    Mean over pairs (relevant i, irrelevant j) of 1 if s_i > s_j, ½ if s_i = s_j, else 0. Both
    arguments are (n_users, n_items). A score of −∞ masks an irrelevant item; a relevant item at −∞
    loses to all that are not masked. 0.5 is chance; NaN for a user whose items are all alike.

    Notebook: 06_evaluation
    """
    values = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    positive = np.atleast_2d(np.asarray(relevant, dtype=bool))
    if values.shape != positive.shape:
        raise ValueError(f"relevant: shape {positive.shape}, expected {values.shape}")
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        raise ValueError(f"scores: row {row}, column {column} is NaN")
    unit = 1e-10 * np.abs(values).max(axis=1, where=np.isfinite(values), initial=0.0, keepdims=True)
    values = (values / np.where(unit > 0, unit, 1.0)).round()
    areas = np.full(len(values), np.nan)
    for user, (row, good) in enumerate(zip(values, positive, strict=True)):
        others = np.sort(row[~good & (row > -np.inf)])
        if good.any() and len(others):
            below = np.searchsorted(others, row[good], side="left")
            not_above = np.searchsorted(others, row[good], side="right")
            areas[user] = (below + not_above).mean() / (2 * len(others))
    return areas


def rmse(predicted: ArrayLike, actual: ArrayLike) -> float:
    """Root mean squared error √(mean (predicted − actual)²) of ratings, in their units.

    Notebook: 06_evaluation
    """
    return float(np.sqrt(np.mean(_errors(predicted, actual) ** 2)))


def mae(predicted: ArrayLike, actual: ArrayLike) -> float:
    """Mean absolute error mean ``|predicted − actual|`` of ratings, in their units.

    Notebook: 06_evaluation
    """
    return float(np.mean(np.abs(_errors(predicted, actual))))


def _errors(predicted: ArrayLike, actual: ArrayLike) -> Floats:
    """(n,) predicted − actual, after a check that both are finite and equally long."""
    p, a = (np.asarray(ratings, dtype=np.float64) for ratings in (predicted, actual))
    if p.shape != a.shape or p.ndim != 1 or not len(p):
        raise ValueError(f"predicted: shape {p.shape}, actual: {a.shape}; expected (n,) with n ≥ 1")
    errors = p - a
    if not np.isfinite(errors).all():
        row = np.argmin(np.isfinite(errors))
        raise ValueError(f"predicted: row {row} is {p[row]}, actual: {a[row]}; both must be finite")
    return errors
