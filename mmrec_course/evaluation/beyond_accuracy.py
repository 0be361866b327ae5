"""What else a list is, beside accurate: varied, fair to items, new to its listener.

In: the DataFrame of ``recommend`` (user_id, item_id, one row a recommendation). Out: one number
for all lists together (coverage, Gini), or one a user (novelty, popularity, diversity,
calibration) as a Series that :func:`mmrec_course.evaluation.comparison.compare` can compare, once
put into a table. Items are matched by id, never by position.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "average_recommendation_popularity",
    "calibration",
    "coverage",
    "gini",
    "intra_list_diversity",
    "novelty",
]


def _check(table: pd.DataFrame, name: str) -> pd.DataFrame:
    for column in ("user_id", "item_id"):
        if column not in table.columns:
            raise ValueError(f"{name}: column {column!r} is missing")
    if table.empty:
        raise ValueError(f"{name}: no rows")
    pairs = table[["user_id", "item_id"]]
    if pairs.duplicated().any():
        user, item = pairs[pairs.duplicated()].iloc[0]
        raise ValueError(f"{name}: user {user} has item {item} more than once")
    return table


def _exposure(lists: pd.DataFrame, candidates: ArrayLike) -> NDArray[np.int_]:
    """How often each candidate is shown."""
    index = pd.Index(np.unique(np.asarray(candidates)))
    column = index.get_indexer(np.asarray(_check(lists, "lists")["item_id"]))
    if (column < 0).any():
        item = lists["item_id"].iloc[int(np.argmax(column < 0))]
        raise ValueError(f"lists: item {item} is not among the candidates")
    return np.bincount(column, minlength=len(index))


def coverage(lists: pd.DataFrame, candidates: ArrayLike) -> float:
    """The share of the candidates that stand in at least one list.

    Parameters
    ----------
    lists
        DataFrame user_id, item_id.
    candidates
        Ids that might have been listed, as ``split.candidates``.

    Returns
    -------
    float in (0, 1].

    Raises
    ------
    ValueError
        If a column is missing, there are no lists, a list repeats an item, or an item is not
        among the candidates.

    Notebook: 06_evaluation

    Examples
    --------
    >>> lists = pd.DataFrame({"user_id": ["u", "u", "v"], "item_id": ["a", "b", "a"]})
    >>> coverage(lists, ["a", "b", "c", "d"])
    0.5
    """
    return float(np.mean(_exposure(lists, candidates) > 0))


def gini(lists: pd.DataFrame, candidates: ArrayLike) -> float:
    """How unequally the lists share their places among the candidates.

    G = Σ_j (2j − n − 1) c_j / (n Σ_j c_j), with c_1 ≤ … ≤ c_n how often each of n candidates is
    shown: 0 where all are shown equally often, 1 − 1/n where one item fills every list.

    Parameters, errors as in :func:`coverage`.

    Returns
    -------
    float in [0, 1).

    Notes
    -----
    Gini (1912); for lists, Shani and Gunawardana (2011), Evaluating Recommendation Systems.

    Notebook: 06_evaluation

    Examples
    --------
    >>> lists = pd.DataFrame({"user_id": ["u", "v", "w"], "item_id": ["a", "a", "a"]})
    >>> gini(lists, ["a", "b", "c", "d"])
    0.75
    """
    shown = np.sort(_exposure(lists, candidates))
    n = len(shown)
    return float((2 * np.arange(1, n + 1) - n - 1) @ shown / (n * shown.sum()))


def _known_by(lists: pd.DataFrame, train: pd.DataFrame) -> pd.Series[float]:
    """For each row of the lists, how many users of the training part have rated that item."""
    counts = _check(train, "train").groupby("item_id", observed=True).size()
    return _check(lists, "lists")["item_id"].map(counts).astype(float).fillna(0.0)


def novelty(lists: pd.DataFrame, train: pd.DataFrame) -> pd.Series[float]:
    """Mean self-information of what each user is shown, in bits: −log2 p_i, averaged.

    p_i = (users who have rated i + 1) / (users + 1): an item that everybody has rated is worth
    0 bits, one that nobody has rated log2(users + 1), not infinity.

    Parameters
    ----------
    lists
        DataFrame user_id, item_id.
    train
        Ratings that say what is known: user_id, item_id.

    Returns
    -------
    Series indexed by user_id (sorted), ≥ 0, in bits.

    Raises
    ------
    ValueError
        If a column is missing, a table is empty, or a pair stands in one twice.

    Notes
    -----
    Zhou et al. (2010), PNAS 107(10); the +1 is ours.

    Notebook: 06_evaluation
    """
    n_users = _check(train, "train")["user_id"].nunique()
    bits = -np.log2((_known_by(lists, train) + 1) / (n_users + 1))
    return bits.groupby(lists["user_id"], observed=True).mean().rename("novelty")


def average_recommendation_popularity(lists: pd.DataFrame, train: pd.DataFrame) -> pd.Series[float]:
    """Mean popularity of what each user is shown: ratings an item has in the training part.

    Compare with the same mean over what users chose themselves: a recommender that shows far
    more popular items than people pick has a popularity bias.

    Parameters and errors as in :func:`novelty`.

    Returns
    -------
    Series indexed by user_id (sorted), ≥ 0, in ratings an item.

    Notebook: 06_evaluation
    """
    known = _known_by(lists, train)
    return known.groupby(lists["user_id"], observed=True).mean().rename("popularity")


def intra_list_diversity(
    lists: pd.DataFrame,
    item_ids: ArrayLike,
    values: ArrayLike,
    present: ArrayLike | None = None,
) -> pd.Series[float]:
    """How different the items of each list are: 1 − cosine, averaged over pairs.

    By (Σ_i x_i)² − Σ_i x_i² instead of pair by pair: O(k · d) a list, not O(k² · d).

    Parameters
    ----------
    lists
        DataFrame user_id, item_id.
    item_ids, values, present
        (n,) unique ids, (n, d) finite features, (n,) bool whether the item has any (all, if not
        given): the fields of a FeatureBlock. Items that are absent or not in ``item_ids`` are
        left out of a list; an all-zero row has cosine 0 with everything.

    Returns
    -------
    Series indexed by user_id (sorted), in [0, 2], in [0, 1] for features ≥ 0; NaN for a list
    with fewer than two items that have features.

    Raises
    ------
    ValueError
        If a column is missing, there are no lists, a list repeats an item, there are no ids,
        one occurs twice, shapes disagree, or a feature is not finite.

    Notes
    -----
    Ziegler et al. (2005), WWW, eq. 5, as a distance.

    Notebook: 06_evaluation
    """
    ids, features = np.asarray(item_ids), np.asarray(values, dtype=np.float64)
    has = np.ones(len(ids), bool) if present is None else np.asarray(present, dtype=bool)
    if features.ndim != 2 or len(features) != len(ids) or has.shape != ids.shape:
        raise ValueError(
            f"values: shape {features.shape}, present: {has.shape}; expected ({len(ids)}, d) and"
            f" ({len(ids)},) from item_ids"
        )
    if not len(ids):
        raise ValueError("item_ids: there are none")
    if len(np.unique(ids)) < len(ids):
        raise ValueError("item_ids: an id occurs more than once")
    if not np.isfinite(features[has]).all():
        row = np.flatnonzero(has)[int(np.argmin(np.isfinite(features[has]).all(axis=1)))]
        raise ValueError(f"values: item {ids[row]} has a feature that is not finite")
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.divide(features, norms, out=np.zeros_like(features), where=norms > 0)
    users, row = np.unique(np.asarray(_check(lists, "lists")["user_id"]), return_inverse=True)
    column = pd.Index(ids).get_indexer(np.asarray(lists["item_id"]))
    kept = (column >= 0) & has[column]
    shape = (len(users), len(ids))
    shown = sp.csr_array((np.ones(kept.sum()), (row[kept], column[kept])), shape=shape)
    n = shown.sum(axis=1)
    cosines = ((shown @ unit) ** 2).sum(axis=1) - shown @ (unit**2).sum(axis=1)
    pairs = n * (n - 1)
    similarity = np.divide(cosines, pairs, out=np.full(len(users), np.nan), where=pairs > 0)
    # Rounding leaves −1e-16 where all items of a list look the same.
    distance = np.clip(1 - similarity, 0.0, 2.0)
    return pd.Series(distance, index=pd.Index(users, name="user_id"), name="diversity")


def _shares(table: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """How each user's items spread over the groups; a row sums to 1, or is NaN."""
    weight = groups.reindex(table["item_id"]).fillna(0.0).groupby(np.asarray(table["user_id"]))
    total = weight.sum()
    return total.div(total.sum(axis=1).where(lambda s: s > 0), axis=0)


def calibration(
    lists: pd.DataFrame,
    history: pd.DataFrame,
    groups: pd.DataFrame | pd.Series[str],
    *,
    alpha: float = 0.01,
) -> pd.Series[float]:
    """How far each list's mix of groups (genres, say) is from the mix of the user's own past.

    KL(p ‖ q̃) = Σ_g p_g ln(p_g / q̃_g), with p the user's history, q the list, and
    q̃ = (1 − α) q + α p, so that a group the list lacks does not make it infinite. 0 is perfect
    calibration, and −ln α (4.6 for α = 0.01) the most there can be.

    Parameters
    ----------
    lists
        DataFrame user_id, item_id.
    history
        DataFrame user_id, item_id of what the user liked before.
    groups
        Series indexed by item_id, the label of each item; or DataFrame item_id × group, how much
        an item belongs to each (≥ 0; a row that does not sum to 1 is scaled). Items without a
        group are left out.
    alpha
        α in (0, 1).

    Returns
    -------
    Series indexed by the user_id of the lists (sorted), ≥ 0, in nats; NaN where the history or
    the list has nothing with a group.

    Raises
    ------
    ValueError
        If a column is missing, a table is empty or has a pair twice, an item has two rows of
        groups, a share is negative or infinite, or alpha is out of range.

    Notes
    -----
    Steck (2018), Calibrated Recommendations, RecSys, eq. 6 and 7.

    Notebook: 06_evaluation
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: {alpha} is outside (0, 1)")
    if not groups.index.is_unique:
        item = groups.index[groups.index.duplicated()][0]
        raise ValueError(f"groups: item {item} occurs more than once")
    table = pd.get_dummies(groups) if isinstance(groups, pd.Series) else groups.fillna(0.0)
    table = table.astype(float)
    if not (np.isfinite(table.to_numpy()) & (table.to_numpy() >= 0)).all():
        raise ValueError("groups: a share is negative or infinite")
    table = table.div(table.sum(axis=1).where(lambda s: s > 0), axis=0)
    listed = _shares(_check(lists, "lists"), table)
    past = _shares(_check(history, "history"), table).reindex(listed.index)
    p, q = past.to_numpy(), listed.to_numpy()
    mixed = (1 - alpha) * q + alpha * p
    ratio = np.divide(p, mixed, out=np.ones_like(p), where=p > 0)
    divergence = (p * np.log(ratio)).sum(axis=1)
    # Rounding leaves −1e-17 where the mixes are equal; NaN stays.
    divergence = np.where(np.isnan(mixed).any(axis=1), np.nan, np.maximum(divergence, 0.0))
    return pd.Series(divergence, index=listed.index.rename("user_id"), name="calibration")
