"""Measures of recommendation lists beyond accuracy: coverage, novelty, diversity, calibration.

``lists`` is the DataFrame of ``recommend``: user_id and item_id, each pair once. A measure is one
number for all lists (coverage, Gini), or a Series with one value for each user, sorted by user_id.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.preprocessing import normalize

from mmrec_course.datasets.validation import _other_kind


def coverage(lists: pd.DataFrame, candidates: ArrayLike) -> float:
    """Share of the candidates that are in at least one list.

    Notebook: 06_evaluation
    """
    return float(np.mean(_exposure(lists, candidates) > 0))


def gini(lists: pd.DataFrame, candidates: ArrayLike) -> float:
    """Gini index of the candidates' exposure: how unequally often they are listed.

    G = Σ_j (2j − n − 1) c_j / (n Σ_j c_j), with c_1 ≤ … ≤ c_n how often each of n candidates is
    listed: 0 if all are listed equally often, 1 − 1/n if one item fills every list.

    Notebook: 06_evaluation
    """
    counts = np.sort(_exposure(lists, candidates))
    n = len(counts)
    return float((2 * np.arange(1, n + 1) - n - 1) @ counts / (n * counts.sum()))


def _exposure(lists: pd.DataFrame, candidates: ArrayLike) -> NDArray[np.int_]:
    """How often each candidate is listed."""
    index = pd.Index(np.unique(np.asarray(candidates)))
    column = index.get_indexer(np.asarray(_check(lists, "lists", index)["item_id"]))
    if len(unknown := lists["item_id"][column < 0]):
        raise ValueError(f"lists: item {unknown.iloc[0]} is not among the candidates")
    return np.bincount(column, minlength=len(index))


def novelty(lists: pd.DataFrame, train: pd.DataFrame) -> pd.Series[float]:
    """Mean self-information −log2 p_i of each user's items, in bits.

    p_i = (training users who rated i + 1) / (training users + 1).

    Zhou et al. (2010), PNAS 107(10); the +1 is ours.

    Notebook: 06_evaluation
    """
    n_users = _check(train, "train")["user_id"].nunique()
    bits = -np.log2((_popularity(lists, train) + 1) / (n_users + 1))
    return bits.groupby(lists["user_id"], observed=True).mean().rename("novelty")


def average_recommendation_popularity(lists: pd.DataFrame, train: pd.DataFrame) -> pd.Series[float]:
    """Mean number of training ratings of each user's items.

    Notebook: 06_evaluation
    """
    popularity = _popularity(lists, train)
    return popularity.groupby(lists["user_id"], observed=True).mean().rename("popularity")


def _popularity(lists: pd.DataFrame, train: pd.DataFrame) -> pd.Series[float]:
    """For each row of the lists, how many training users have rated that item."""
    counts = _check(train, "train").groupby("item_id", observed=True).size()
    return _check(lists, "lists", counts.index)["item_id"].map(counts).astype(float).fillna(0.0)


def intra_list_diversity(lists: pd.DataFrame, block: Any) -> pd.Series[float]:
    """Mean of 1 − cosine over the pairs of items in each list, in [0, 2]; NaN without a pair.

    Items absent from the FeatureBlock are left out of a list; an all-zero row has cosine 0.

    Notebook: 06_evaluation
    """
    unit = normalize(block.values)  # (n_items, d)
    lists = _check(lists, "lists", block.item_ids)
    users, row = np.unique(np.asarray(lists["user_id"]), return_inverse=True)
    column = pd.Index(block.item_ids).get_indexer(np.asarray(lists["item_id"]))
    kept = (column >= 0) & block.present[column]
    shape = (len(users), len(unit))
    listed = sp.csr_array((np.ones(kept.sum()), (row[kept], column[kept])), shape=shape)
    n = listed.sum(axis=1)
    # Σ_i≠j x_iᵀx_j = (Σ_i x_i)² − Σ_i x_i²: O(k · d) for each list instead of O(k² · d).
    cosines = ((listed @ unit) ** 2).sum(axis=1) - listed @ (unit**2).sum(axis=1)
    pairs = n * (n - 1)
    similarity = np.divide(cosines, pairs, out=np.full(len(users), np.nan), where=pairs > 0)
    distance = np.clip(1 - similarity, 0.0, 2.0)  # rounding leaves −1e-16 where all are the same
    return pd.Series(distance, index=pd.Index(users, name="user_id"), name="diversity")


def calibration(
    lists: pd.DataFrame, history: pd.DataFrame, groups: pd.Series[str], *, alpha: float = 0.01
) -> pd.Series[float]:
    """Miscalibration: divergence of each list's distribution over groups from the user's history.

    KL(p ‖ q̃) = Σ_g p_g ln(p_g / q̃_g), in nats, with p the history, q the list, and
    q̃ = (1 − α) q + α p, so that it stays finite, at most −ln α. ``groups`` is item_id → label,
    such as the genre; items without one are left out. NaN if history or list has none left.

    Steck (2018), Calibrated Recommendations, RecSys, eq. 6 and 7.

    Notebook: 06_evaluation
    """
    users = np.unique(np.asarray(_check(lists, "lists", groups.index)["user_id"]))
    _other_kind(history["user_id"], users, "history, column 'user_id'")
    q = _group_shares(lists, groups, users)
    p = _group_shares(_check(history, "history", groups.index), groups, users)
    mixed = (1 - alpha) * q + alpha * p
    ratio = np.divide(p, mixed, out=np.ones_like(p), where=p > 0)
    # Rounding leaves −1e-17 where the distributions are equal; NaN stays.
    divergence = np.maximum((p * np.log(ratio)).sum(axis=1), 0.0)
    divergence[np.isnan(mixed).any(axis=1)] = np.nan
    return pd.Series(divergence, index=pd.Index(users, name="user_id"), name="calibration")


def _group_shares(
    table: pd.DataFrame, groups: pd.Series[str], users: NDArray[Any]
) -> NDArray[np.float64]:
    """(n_users, n_groups) distribution of each user's items; NaN for a user without any."""
    label = np.asarray(groups.reindex(table["item_id"]))
    counts = pd.crosstab(np.asarray(table["user_id"]), label)
    counts = counts.reindex(index=users, columns=np.unique(groups.dropna()), fill_value=0)
    total = counts.sum(axis=1).to_numpy()[:, None]
    return np.where(total > 0, counts / np.maximum(total, 1), np.nan)


def _check(table: pd.DataFrame, name: str, known: ArrayLike = ()) -> pd.DataFrame:
    """Refuse a table without rows, with a pair twice, or with items of another type than known."""
    if table.empty:
        raise ValueError(f"{name}: no rows")
    _other_kind(table["item_id"], known, f"{name}, column 'item_id'")
    pairs = table[["user_id", "item_id"]]
    if len(repeated := pairs[pairs.duplicated()]):
        user, item = repeated.iloc[0]
        raise ValueError(f"{name}: user {user} has item {item} more than once")
    return table
