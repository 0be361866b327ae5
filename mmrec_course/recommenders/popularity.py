"""Baselines that know nothing of the user: chance, and what everybody else likes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.datasets.validation import _check_finite
from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Indices, Recommender

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Random(Recommender):
    """Scores drawn uniformly from [0, 1), by ``rng``, user and item alone: the floor for models.

    Unknown users share one list; unknown items score 0: fit with the features of cold-start items.

    Notebook: 06_evaluation
    """

    def __init__(self, *, rng: int | np.random.Generator = 0) -> None:
        self.rng = rng

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        self.seed_ = int(np.random.default_rng(self.rng).integers(2**63))

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        return np.where(column >= 0, pair_noise(self.seed_, row, column), 0.0)


class Popularity(Recommender):
    """The same list for everybody: score_i = Σ_{u liked i} weight(age_ui).

    The age is in days before the last rating. The weight is 2^(−age / half_life), or 1 for
    age ≤ window and else 0, or 1 if neither is given. ``popularity_``, (n_items,): the scores.

    Notebook: 07_collaborative_filtering
    """

    def __init__(
        self, *, half_life: float | None = None, window: float | None = None, positive: float = 4.0
    ) -> None:
        self.half_life = half_life
        self.window = window
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        for name, days in (("half_life", self.half_life), ("window", self.window)):
            if days is not None:
                _check_finite(name, days, above=True)
                if ratings["timestamp"].max() < pd.Timestamp("1971"):
                    warnings.warn(f"{name}: all timestamps lie in 1970; give dates", stacklevel=3)
        if self.half_life is not None and self.window is not None:
            raise ValueError("half_life and window: give one or the other")
        # Floating sums depend on their order: the oldest first, whatever order the rows had.
        liked = ratings[ratings["rating"] >= self.positive].sort_values("timestamp", kind="stable")
        age = (ratings["timestamp"].max() - liked["timestamp"]).to_numpy() / np.timedelta64(1, "D")
        weight = np.exp2(-age / (self.half_life or np.inf)) * (age <= (self.window or np.inf))
        item = pd.Index(self.item_ids_).get_indexer(pd.Index(liked["item_id"]))
        self.popularity_ = np.bincount(item, weight, len(self.item_ids_))

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        return np.tile(self.popularity_[columns], (histories.shape[0], 1))


def pair_noise(seed: int, row: Indices, column: Indices) -> Floats:
    """(n, m) uniform in [0, 1): a SplitMix64 sequence (Steele et al., 2014) for each row."""
    start = _mix(np.uint64(seed) + (row + 2).astype(np.uint64) * GOLDEN)
    state = start[:, None] + (column + 2).astype(np.uint64) * GOLDEN
    return np.asarray((_mix(state) >> np.uint64(11)) * 2.0**-53)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: every input bit moves about half of the output bits."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
