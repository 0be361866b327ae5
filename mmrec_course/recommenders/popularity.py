"""The two recommenders that know nothing of you: chance, and what everybody else likes.

In: a ratings DataFrame. Out: scores that are noise, or the same for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Indices, Recommender

__all__ = ["Popularity", "Random"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
DAY = pd.Timedelta(days=1)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: every input bit moves about half of the output bits."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def pair_noise(seed: int, row: Indices, column: Indices) -> Floats:
    """A number for each pair of a row and a column, as if drawn uniformly from [0, 1).

    Each row starts a SplitMix64 sequence of its own, and the column says which of its numbers
    to take: a pair's number depends on nothing but the seed and the pair.

    Parameters
    ----------
    seed
        0 … 2⁶⁴ − 1.
    row, column
        (n,) and (m,) integers of at least −1.

    Returns
    -------
    (n, m) float64, multiples of 2⁻⁵³.

    Notes
    -----
    Steele, Lea and Flood (2014), Fast Splittable Pseudorandom Number Generators, OOPSLA.
    """
    start = _mix(np.uint64(seed) + (row + 2).astype(np.uint64) * GOLDEN)
    state = start[:, None] + (column + 2).astype(np.uint64) * GOLDEN
    return np.asarray((_mix(state) >> np.uint64(11)) * 2.0**-53)


class Random(Recommender):
    """Scores drawn uniformly from [0, 1): the floor that any model must beat.

    The score of a user and an item depends on the seed and on these two alone, whoever and
    whatever else is asked for. Unknown users all get the same list; unknown items score 0:
    to be chance on new items, fit it with their features (``fit(seen, blocks)``), or all of them
    are tied.

    Parameters
    ----------
    rng
        Seed or generator; a generator is drawn from once, by ``fit``.

    Notebook: 06_evaluation
    """

    def __init__(self, *, rng: int | np.random.Generator = 0) -> None:
        self.rng = rng

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        self.seed_ = int(np.random.default_rng(self.rng).integers(2**63))

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        return np.where(column >= 0, pair_noise(self.seed_, row, column), 0.0)


class Popularity(Recommender):
    """The same list for everybody: how many listeners liked the item, of late or ever.

    score_i = Σ_{u liked i} weight(age_ui), with the age in days before the last training
    rating. The weight is 1 (plain), 2^(−age / half_life), or 1 for age ≤ window and else 0.

    Parameters
    ----------
    half_life
        Days after which a liking counts half; None: likings do not age.
    window
        Days that count; None: all. Not together with ``half_life``.
    positive
        The rating from which an item counts as liked.

    Attributes
    ----------
    popularity_
        (n_items,) float64 the score. The order of the training rows does not change a bit of
        it, so that items liked alike tie, and ties go to the lower item id.

    Notebook: 07_collaborative_filtering
    """

    def __init__(
        self,
        *,
        half_life: float | None = None,
        window: float | None = None,
        positive: float = 4.0,
    ) -> None:
        self.half_life = half_life
        self.window = window
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        for name in ("half_life", "window"):
            days = getattr(self, name)
            if days is not None and not days > 0:
                raise ValueError(f"{name}: {days} is not above 0 days")
        if self.half_life is not None and self.window is not None:
            raise ValueError("half_life and window: give one or the other")
        age = ((ratings["timestamp"].max() - ratings["timestamp"]) / DAY).to_numpy(float)
        liked = (ratings["rating"] >= self.positive).to_numpy()
        # Floating sums depend on their order: the oldest first, whatever order the rows had.
        rows = np.flatnonzero(liked)[np.argsort(-age[liked], kind="stable")]
        weight = np.ones(len(rows))
        if self.half_life is not None:
            weight = np.exp2(-age[rows] / self.half_life)
        if self.window is not None:
            weight = (age[rows] <= self.window).astype(float)
        item = pd.Index(self.item_ids_).get_indexer(pd.Index(ratings["item_id"].iloc[rows]))
        counts = np.bincount(item, weight, minlength=len(self.item_ids_))
        self.popularity_ = counts.astype(np.float64)  # without a like, bincount gives integers

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        return np.tile(self.popularity_[columns], (histories.shape[0], 1))
