"""Re-rank long lists for diversity.

Notebook: 11_the_recommender
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.features.block import FeatureBlock, normalize_rows

Floats = NDArray[np.float64]


def rerank(
    recommendations: pd.DataFrame, block: FeatureBlock, *, k: int = 10, diversity: float
) -> pd.DataFrame:
    """Re-rank each user's list by maximal marginal relevance (MMR).

    The k items are picked one after another, each time the one with the largest

        (1 − λ) s_i − λ max_{j picked} cos(f_i, f_j),

    s_i the score, scaled to 0 … 1 within the user's list, and λ ``diversity``, 0 … 1. Items
    without features have cosine 0 with all others. Ties go to the item that was ranked higher.

    ``recommendations`` are user_id, item_id, score, best first, more than k for each user; the
    result adds rank.

    Carbonell and Goldstein (1998), The Use of MMR, SIGIR, eq. 1.
    """
    if k < 1:
        raise ValueError(f"k: {k} is below 1")
    if not 0 <= diversity <= 1:
        raise ValueError(f"diversity: {diversity} is outside 0 … 1")
    items = pd.Index(recommendations["item_id"].unique())
    rows = normalize_rows(block.align(items).values)[items.get_indexer(recommendations["item_id"])]
    score = recommendations["score"].to_numpy(float)
    picked: list[int] = []
    ranks: list[int] = []
    for listed in recommendations.groupby("user_id", sort=False).indices.values():
        best = _marginal_relevance(score[listed], rows[listed], k, diversity)
        picked.extend(listed[best])
        ranks.extend(range(1, len(best) + 1))
    table = recommendations.iloc[picked][["user_id", "item_id", "score"]].reset_index(drop=True)
    table.insert(1, "rank", ranks)
    return table


def _marginal_relevance(score: Floats, rows: Floats, k: int, diversity: float) -> list[int]:
    """Positions of the k items, in the order in which they are picked."""
    low, high = score.min(), score.max()
    relevance = (score - low) / (high - low if high > low else 1.0)
    penalty = np.zeros(len(relevance))
    picked: list[int] = []
    while len(picked) < min(k, len(relevance)):
        value = (1 - diversity) * relevance - diversity * penalty
        value[picked] = -np.inf
        picked.append(int(np.argmax(value)))
        similarity = rows @ rows[picked[-1]]
        penalty = similarity if len(picked) == 1 else np.maximum(penalty, similarity)
    return picked
