"""Trade some accuracy for variety or surprise, with a dial: re-ranking of long lists.

In: the DataFrame of ``recommend``, longer than what will be shown. Out: the lists to show.

Notebook: 11_the_recommender
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.features.block import FeatureBlock

__all__ = ["rerank"]

Floats = NDArray[np.float64]


def rerank(
    recommendations: pd.DataFrame,
    block: FeatureBlock | None = None,
    train: pd.DataFrame | None = None,
    *,
    k: int = 10,
    diversity: float = 0.0,
    novelty: float = 0.0,
) -> pd.DataFrame:
    """Pick k items one after another, each good, unlike those picked already, and little known.

    The next item is the one with the largest

        (1 − λ) [(1 − ν) s_i + ν o_i] − λ max_{j picked} cos(f_i, f_j),

    s_i the score and o_i = −log2 p_i the self-information of
    :func:`~mmrec_course.evaluation.beyond_accuracy.novelty`, both brought to 0 … 1 within the
    user's list; λ is ``diversity``, ν is ``novelty``. With both 0 the list stays as it is. Ties go
    to the item that stood higher. What it costs is seen by judging both lists by one metric.

    Parameters
    ----------
    recommendations
        DataFrame user_id, item_id, score, best first within a user: ask ``recommend`` for 50 to
        get good lists of 10.
    block
        Features that say what is alike; needed where λ > 0. Items it lacks are like nothing.
    train
        Ratings that say who knows what; needed where ν > 0.
    k
        Length of the new lists, at least 1.
    diversity, novelty
        λ and ν, 0 … 1.

    Returns
    -------
    DataFrame user_id, rank (1 …), item_id, score: the scores are the old ones and no longer
    fall. Users in the order of their first row; lists shorter than k stay that short.

    Raises
    ------
    ValueError
        If a column is missing, an item is listed twice for a user, a score is not finite, a dial
        is outside 0 … 1, k is below 1, or what a dial needs was not given.

    Notes
    -----
    Carbonell and Goldstein (1998), The Use of MMR, SIGIR, eq. 1, with self-information (Zhou et
    al. 2010, PNAS 107(10)) added to the relevance.

    Notebook: 11_the_recommender

    Examples
    --------
    >>> lists = pd.DataFrame({"user_id": "u", "item_id": ["a", "b", "c"], "score": [3, 2.9, 1]})
    >>> block = FeatureBlock(modality="text", item_ids=["a", "b", "c"], present=[True] * 3,
    ...                      values=[[1, 0], [1, 0], [0, 1]], names=("x", "y"))
    >>> rerank(lists, block, k=2, diversity=0.5)["item_id"].tolist()
    ['a', 'c']
    """
    _check(recommendations, block, train, k, diversity, novelty)
    items = pd.Index(recommendations["item_id"].unique())
    rows = np.zeros((len(items), 0)) if block is None else _unit(block.align(items).values)
    surprise = np.zeros(len(items)) if train is None else _surprise(items, train)
    place = items.get_indexer(recommendations["item_id"])
    score = recommendations["score"].to_numpy(float)
    chosen: list[int] = []
    ranks: list[int] = []
    for listed in recommendations.groupby("user_id", sort=False).indices.values():
        worth = (1 - novelty) * _scaled(score[listed]) + novelty * _scaled(surprise[place[listed]])
        picked = _pick(worth, rows[place[listed]], k, diversity)
        chosen.extend(listed[picked])
        ranks.extend(range(1, len(picked) + 1))
    table = recommendations.iloc[chosen][["user_id", "item_id", "score"]].reset_index(drop=True)
    table.insert(1, "rank", ranks)
    return table


def _pick(worth: Floats, rows: Floats, k: int, diversity: float) -> list[int]:
    """Indices of the k items, in the order in which they are picked."""
    left = np.ones(len(worth), bool)
    nearest = np.full(len(worth), -np.inf)
    picked: list[int] = []
    for _ in range(min(k, len(worth))):
        like = np.where(np.isfinite(nearest), nearest, 0.0)
        value = np.where(left, (1 - diversity) * worth - diversity * like, -np.inf)
        best = int(np.argmax(value))
        picked.append(best)
        left[best] = False
        nearest = np.maximum(nearest, rows @ rows[best])
    return picked


def _unit(values: Floats) -> Floats:
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(np.divide(values, length, out=np.zeros_like(values), where=length > 0))


def _scaled(values: Floats) -> Floats:
    """To 0 … 1; all 0 where all are equal."""
    low, high = values.min(), values.max()
    return np.asarray((values - low) / (high - low if high > low else 1.0))


def _surprise(items: pd.Index[str], train: pd.DataFrame) -> Floats:
    """−log2 of the share of training users who know each item, as ``novelty`` counts it."""
    n_users = train["user_id"].nunique()
    known = train.groupby("item_id")["user_id"].nunique().reindex(items).fillna(0)
    return np.asarray(-np.log2((known.to_numpy(float) + 1) / (n_users + 1)))


def _check(
    recommendations: pd.DataFrame,
    block: FeatureBlock | None,
    train: pd.DataFrame | None,
    k: int,
    diversity: float,
    novelty: float,
) -> None:
    for column in ("user_id", "item_id", "score"):
        if column not in recommendations.columns:
            raise ValueError(f"recommendations: column {column!r} is missing")
    twice = recommendations.duplicated(["user_id", "item_id"])
    if twice.any():
        user, item = recommendations.loc[twice, ["user_id", "item_id"]].iloc[0]
        raise ValueError(f"recommendations: user {user} has item {item} more than once")
    if not np.isfinite(recommendations["score"].to_numpy(float)).all():
        raise ValueError("recommendations: column 'score' has a value that is not finite")
    if not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k: {k!r} is not a whole number of at least 1")
    for name, dial, needed, given in (
        ("diversity", diversity, "block", block),
        ("novelty", novelty, "train", train),
    ):
        if not 0 <= dial <= 1:
            raise ValueError(f"{name}: {dial} is outside 0 … 1")
        if dial > 0 and given is None:
            raise ValueError(f"{name}: {dial} needs {needed}; give it")
