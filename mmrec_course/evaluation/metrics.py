"""How good is a ranked list? One row a user in, one number a user out.

In: scores → the k best columns; then a 0/1 array that says which of them were relevant. Out: the
metric, per user. A list of fewer than k items is filled up with 0. AUC looks at all scores, and
two errors of predicted ratings, which rank nothing, stand at the end.

Every metric agrees with ranx, but for users without a relevant item: NaN here, 0 there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "auc",
    "average_precision",
    "hit_rate",
    "mae",
    "ndcg",
    "precision",
    "rank_items",
    "recall",
    "reciprocal_rank",
    "rmse",
]

Floats = NDArray[np.float64]


def rank_items(scores: ArrayLike, k: int, tolerance: ArrayLike = 0.0) -> NDArray[np.intp]:
    """The k best columns of each row, best first; ties go to the column that comes first.

    Scores tie that differ by no more than the tolerance, which is at least 10⁻¹⁰ of the largest
    score listed: processors differ in a sum's last bits. With columns in order of item id, ties
    therefore break by item id, on every machine. O(n_items) a user, and O(k log k) for the order.

    Parameters
    ----------
    scores
        (n_users, n_items) float; one row may be given as (n_items,). +∞ is better than any
        number, −∞ worse; NaN is refused.
    k
        List length; more than n_items is cut to it.
    tolerance
        One number, or (n_users, 1).

    Returns
    -------
    (n_users, min(k, n_items)) column numbers.

    Raises
    ------
    ValueError
        If a score is NaN, k is not a whole number of at least 1, or there are more than two
        dimensions.

    Notebook: 06_evaluation

    Examples
    --------
    >>> rank_items([[0.1, 0.9, 0.9, 0.5]], k=3).tolist()
    [[1, 2, 3]]
    """
    values = np.atleast_2d(np.asarray(scores))
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    if values.ndim > 2:
        raise ValueError(f"scores: shape {values.shape}, expected (n_users, n_items)")
    if not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k: {k!r} is not a whole number of at least 1")
    n_items = values.shape[1]
    k = min(k, n_items)
    if values.size == 0:
        return np.zeros((len(values), k), np.intp)
    # A partial sort finds each row's k-th best value; all that reach it are chosen.
    best = np.partition(values, n_items - k, axis=1)[:, n_items - k :]
    if np.isnan(best).any():  # NaN counts as largest there, so looking at the best is enough
        row, column = np.argwhere(np.isnan(values))[0]
        raise ValueError(f"scores: row {row}, column {column} is NaN")
    largest = np.abs(best).max(axis=1, where=np.isfinite(best), initial=0.0, keepdims=True)
    unit = np.maximum(1e-10 * largest, tolerance)
    worst = best.min(axis=1, keepdims=True)
    chosen = values >= worst - unit
    # Where the k-th best value occurs more often than there is room, its first columns stay.
    for row in np.flatnonzero(np.count_nonzero(chosen, axis=1) > k):
        columns = np.flatnonzero(chosen[row])
        level = columns[values[row, columns] <= worst[row] + unit[row]]
        chosen[row, level[len(level) - (len(columns) - k) :]] = False
    columns = (np.flatnonzero(chosen) % n_items).reshape(-1, k)
    listed = np.take_along_axis(values, columns, axis=1)
    order = np.argsort(-listed, axis=1, kind="stable")
    listed, columns = (np.take_along_axis(x, order, axis=1) for x in (listed, columns))
    # Within a run of ties, too, the first columns come first.
    with np.errstate(invalid="ignore"):
        run = np.cumsum(listed[:, :-1] - listed[:, 1:] > unit, axis=1)
    run = np.hstack([np.zeros((len(run), 1), run.dtype), run])
    return np.take_along_axis(columns, np.argsort(run * n_items + columns, axis=1), axis=1)


def tie_tolerance(scores: ArrayLike) -> Floats:
    """10⁻⁵ of the standard deviation of each row's finite scores, (n_users, 1).

    Features hold few more digits, so items whose features are equal differ by less. No more than
    10⁻⁵ of the row's best score: who masks items by −10⁶ changes the deviation, and not the best.
    """
    values = np.asarray(scores)
    finite = np.isfinite(values)
    n = np.maximum(finite.sum(axis=1, keepdims=True), 1)
    with np.errstate(over="ignore", invalid="ignore"):  # of huge scores the best one decides
        mean = values.sum(axis=1, keepdims=True, where=finite) / n
        deviation = np.sqrt(((values - mean) ** 2).sum(axis=1, keepdims=True, where=finite) / n)
    best = np.abs(values.max(axis=1, keepdims=True, where=finite, initial=-np.inf))
    return np.asarray(1e-5 * np.fmin(deviation, best))


def _hits(relevant: ArrayLike, n_relevant: ArrayLike) -> tuple[Floats, Floats]:
    hits = np.atleast_2d(np.asarray(relevant, dtype=np.float64))
    total = np.asarray(n_relevant, dtype=np.float64)
    if total.shape != hits.shape[:1]:
        raise ValueError(f"n_relevant: shape {total.shape}, expected ({len(hits)},)")
    if not hits.shape[1]:
        raise ValueError(f"relevant: shape {hits.shape}, a list has at least one rank")
    wrong = (hits != 0) & (hits != 1)
    if wrong.any():
        row, rank = np.argwhere(wrong)[0]
        raise ValueError(f"relevant: row {row}, rank {rank + 1}: {hits[row, rank]:g} is not 0 or 1")
    wrong_total = ~(hits.sum(axis=1) <= total)
    if wrong_total.any():
        row = int(np.argmax(wrong_total))
        raise ValueError(
            f"n_relevant: row {row}: {total[row]:g}, but {hits[row].sum():g} relevant items are"
            " in the list"
        )
    return hits, total


def _per(value: Floats, total: Floats) -> Floats:
    """value / total, NaN where a user has nothing relevant (undefined, not zero)."""
    shares: Floats = np.full(len(total), np.nan)
    np.divide(value, total, out=shares, where=total > 0)
    return shares


def ndcg(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """Normalised discounted cumulative gain with 0/1 gains.

    NDCG@k = Σ_{r ≤ k} rel_r / log2(r + 1), divided by the same sum for a perfect list of
    min(k, n_relevant) hits.

    Parameters
    ----------
    relevant
        (n_users, k) 0/1: is the item at that rank relevant? Ranks that a short list leaves
        empty are 0.
    n_relevant
        (n_users,) how many relevant items each user has in all, listed or not.

    Returns
    -------
    (n_users,) in [0, 1]; NaN for a user without a relevant item.

    Raises
    ------
    ValueError
        If shapes disagree, there are no ranks, a value is not 0 or 1, or a list has more hits
        than the user has relevant items.

    Notes
    -----
    Järvelin and Kekäläinen (2002), ACM TOIS 20(4), with the log2(r + 1) discount of Burges et
    al. (2005).

    Notebook: 06_evaluation

    Examples
    --------
    >>> ndcg([[1, 0, 1]], [2]).round(3).tolist()
    [0.92]
    """
    hits, total = _hits(relevant, n_relevant)
    discount = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    best = np.concatenate([[0.0], np.cumsum(discount)])
    ideal = best[np.minimum(total, hits.shape[1]).astype(int)]
    return _per(hits @ discount, ideal)


def recall(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """The share of a user's relevant items that made the list: hits / n_relevant.

    The denominator is n_relevant, also where it is above k and 1 is out of reach.

    Parameters, returns and errors as in :func:`ndcg`.

    Notebook: 06_evaluation

    Examples
    --------
    >>> recall([[1, 0, 1]], [4]).tolist()
    [0.5]
    """
    hits, total = _hits(relevant, n_relevant)
    return _per(hits.sum(axis=1), total)


def precision(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """The share of the list that is relevant: hits / k.

    The denominator is k, the width of ``relevant``, also where a user has fewer than k relevant
    items and cannot reach 1.

    Parameters, returns and errors as in :func:`ndcg`.

    Notebook: 06_evaluation

    Examples
    --------
    >>> precision([[1, 0, 1, 0]], [2]).tolist()
    [0.5]
    """
    hits, total = _hits(relevant, n_relevant)
    return np.where(total > 0, hits.mean(axis=1), np.nan)


def reciprocal_rank(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """1 / rank of the first relevant item, 0 if the list has none; its mean is the MRR.

    Parameters, returns and errors as in :func:`ndcg`.

    Notebook: 06_evaluation

    Examples
    --------
    >>> reciprocal_rank([[0, 1, 1]], [2]).tolist()
    [0.5]
    """
    hits, total = _hits(relevant, n_relevant)
    first = np.where(hits.any(axis=1), 1 / (1 + np.argmax(hits > 0, axis=1)), 0.0)
    return np.where(total > 0, first, np.nan)


def average_precision(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """Average precision: Σ_{r ≤ k} rel_r · precision@r / n_relevant; its mean is MAP@k.

    The denominator is n_relevant, not min(k, n_relevant) as in some libraries: where it is above
    k, 1 is out of reach.

    Parameters, returns and errors as in :func:`ndcg`.

    Notebook: 06_evaluation

    Examples
    --------
    >>> average_precision([[1, 0, 1]], [2]).round(3).tolist()
    [0.833]
    """
    hits, total = _hits(relevant, n_relevant)
    at = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return _per((hits * at).sum(axis=1), total)


def hit_rate(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """1 if the list has a relevant item at all, else 0.

    Parameters, returns and errors as in :func:`ndcg`.

    Notebook: 06_evaluation

    Examples
    --------
    >>> hit_rate([[0, 1], [0, 0]], [1, 3]).tolist()
    [1.0, 0.0]
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


def auc(scores: ArrayLike, relevant: ArrayLike) -> Floats:
    """How often a relevant item scores above an irrelevant one: the area under the ROC curve.

    AUC = mean over pairs (relevant i, irrelevant j) of 1 if s_i > s_j, ½ if s_i = s_j, else 0,
    for scores rounded to 10⁻¹⁰ of the row's largest.
    The whole ranking counts, its tail as much as its top; 0.5 is chance. O(n_items log n_items)
    a user.

    Parameters
    ----------
    scores
        (n_users, n_items) float. −∞ takes an irrelevant item out of the comparison (it is
        masked); a relevant item at −∞ loses to all that are not.
    relevant
        (n_users, n_items) bool.

    Returns
    -------
    (n_users,) in [0, 1]; NaN for a user without a relevant or without an irrelevant item.

    Raises
    ------
    ValueError
        If shapes disagree or a score is NaN.

    Notes
    -----
    Hanley and McNeil (1982), Radiology 143(1), eq. 2.

    Notebook: 06_evaluation

    Examples
    --------
    >>> auc([[0.9, 0.1, 0.5, 0.5]], [[1, 0, 1, 0]]).tolist()
    [0.875]
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


def _errors(predicted: ArrayLike, actual: ArrayLike) -> Floats:
    guess, truth = (np.asarray(a, dtype=np.float64) for a in (predicted, actual))
    if guess.shape != truth.shape or guess.ndim != 1:
        raise ValueError(f"predicted: shape {guess.shape}, actual: {truth.shape}; expected (n,)")
    if not len(guess):
        raise ValueError("predicted: no ratings to judge")
    for name, array in (("predicted", guess), ("actual", truth)):
        if not np.isfinite(array).all():
            row = int(np.argmin(np.isfinite(array)))
            raise ValueError(f"{name}: row {row} is {array[row]}, not a finite number")
    return guess - truth


def rmse(predicted: ArrayLike, actual: ArrayLike) -> float:
    """Root mean squared error of predicted ratings: √(mean (predicted − actual)²).

    Parameters
    ----------
    predicted, actual
        (n,) ratings, in the same units (stars).

    Returns
    -------
    float ≥ 0, in the units of the ratings; large misses weigh more than in :func:`mae`.

    Raises
    ------
    ValueError
        If shapes disagree, there is nothing, or a value is NaN or infinite.

    Notebook: 06_evaluation

    Examples
    --------
    >>> rmse([3.0, 4.0], [3.0, 2.0]) == 2**0.5
    True
    """
    return float(np.sqrt(np.mean(_errors(predicted, actual) ** 2)))


def mae(predicted: ArrayLike, actual: ArrayLike) -> float:
    """Mean absolute error of predicted ratings: mean |predicted − actual|.

    Parameters, returns and errors as in :func:`rmse`.

    Notebook: 06_evaluation

    Examples
    --------
    >>> mae([3.0, 4.0], [3.0, 2.0])
    1.0
    """
    return float(np.mean(np.abs(_errors(predicted, actual))))
