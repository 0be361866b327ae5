"""The two recommenders that know nothing of you: chance, and what everybody else likes.

Notebook: 07_collaborative_filtering
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Recommender

__all__ = ["Popularity", "Random"]


class Random(Recommender):
    """Scores drawn uniformly from [0, 1): the floor that any model must beat.

    Parameters
    ----------
    rng
        Seed. The same users and items get the same scores at every call of the same shape.

    Notebook: 06_evaluation
    """

    def __init__(self, *, rng: int = 0) -> None:
        self.rng = rng

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        """Nothing to learn."""

    def _score(self, histories: sp.csr_array, columns: NDArray[np.intp]) -> Floats:
        return np.random.default_rng(self.rng).random((histories.shape[0], len(columns)))


class Popularity(Recommender):
    """The same list for everybody: how many listeners liked the item.

    Parameters
    ----------
    positive
        The rating from which an item counts as liked.

    Notebook: 07_collaborative_filtering
    """

    def __init__(self, *, positive: float = 4.0) -> None:
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        liked = ratings[ratings["rating"] >= self.positive]
        column = pd.Index(self.item_ids_).get_indexer(liked["item_id"])
        self.n_likes_ = np.bincount(column, minlength=len(self.item_ids_))

    def _score(self, histories: sp.csr_array, columns: NDArray[np.intp]) -> Floats:
        return np.tile(self.n_likes_[columns].astype(float), (histories.shape[0], 1))
