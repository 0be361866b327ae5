"""How good is a ranked list? One row a user in, one number a user out.

In: a 0/1 array that says which of the ranked items were relevant. Out: the metric, per user.

Notebook: 06_evaluation
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["average_precision", "hit_rate", "ndcg", "precision", "rank_items", "recall", "reciprocal_rank"]

Floats = NDArray[np.float64]


def rank_items(scores: ArrayLike, k: int) -> NDArray[np.intp]:
    """The k best columns of each row, best first; ties go to the column that comes first.

    With columns in order of item id, ties therefore break by item id, on every machine.

    Parameters
    ----------
    scores
        (n_users, n_items) float; −inf is never better than anything, NaN is refused.
    k
        List length; more than n_items is cut to it.

    Returns
    -------
    (n_users, min(k, n_items)) column numbers.

    Raises
    ------
    ValueError
        If a score is NaN or k is below 1.

    Notebook: 06_evaluation

    Examples
    --------
    >>> rank_items([[0.1, 0.9, 0.9, 0.5]], k=3).tolist()
    [[1, 2, 3]]
    """
    values = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    if k < 1:
        raise ValueError(f"k: {k} is below 1")
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        raise ValueError(f"scores: row {row}, column {column} is NaN")
    k = min(k, values.shape[1])
    if k == values.shape[1]:
        return np.argsort(-values, axis=1, kind="stable")
    # The k-th best value of each row decides: all above it are in, and of those equal to it the
    # first ones. A partial sort finds the value, a stable sort of the few chosen orders them.
    threshold = -np.partition(-values, k - 1, axis=1)[:, k - 1 : k]
    above = values > threshold
    level = values == threshold
    room = k - above.sum(axis=1, keepdims=True)
    chosen = above | (level & (np.cumsum(level, axis=1) <= room))
    columns = np.nonzero(chosen)[1].reshape(len(values), k)
    order = np.argsort(-np.take_along_axis(values, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _hits(relevant: ArrayLike, n_relevant: ArrayLike) -> tuple[Floats, Floats]:
    hits = np.atleast_2d(np.asarray(relevant, dtype=np.float64))
    total = np.asarray(n_relevant, dtype=np.float64)
    if total.shape != hits.shape[:1]:
        raise ValueError(f"n_relevant: shape {total.shape}, expected ({len(hits)},)")
    if (hits.sum(axis=1) > total).any():
        row = int(np.argmax(hits.sum(axis=1) > total))
        raise ValueError(f"n_relevant: row {row} lists more relevant items than {total[row]:g}")
    return hits, total


def _per(value: Floats, total: Floats) -> Floats:
    """value / total, NaN where a user has nothing relevant (undefined, not zero)."""
    return np.divide(value, total, out=np.full(len(total), np.nan), where=total > 0)


def ndcg(relevant: ArrayLike, n_relevant: ArrayLike) -> Floats:
    """Normalised discounted cumulative gain with 0/1 gains.

    NDCG@k = Σ_{r ≤ k} rel_r / log2(r + 1), divided by the same sum for a perfect list of
    min(k, n_relevant) hits.

    Parameters
    ----------
    relevant
        (n_users, k) 0/1: is the item at that rank relevant?
    n_relevant
        (n_users,) how many relevant items each user has in all.

    Returns
    -------
    (n_users,) in [0, 1]; NaN for a user without a relevant item.

    Raises
    ------
    ValueError
        If shapes disagree or a list has more hits than the user has relevant items.

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
    """The share of the list that is relevant: hits / k, also where fewer than k are relevant.

    Parameters, returns and errors as in :func:`ndcg`.

    Notebook: 06_evaluation

    Examples
    --------
    >>> precision([[1, 0, 1, 0]], [2]).tolist()
    [0.5]
    """
    hits, total = _hits(relevant, n_relevant)
    return np.where(total > 0, hits.sum(axis=1) / max(hits.shape[1], 1), np.nan)


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
    """Precision at each hit, summed, over n_relevant (not min(k, n_relevant)); its mean is MAP.

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


METRICS: dict[str, Any] = {
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
    "mrr": reciprocal_rank,
    "map": average_precision,
    "hit_rate": hit_rate,
}
