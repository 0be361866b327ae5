"""What every recommender here has in common: ids, listening histories, lists.

In: a ratings DataFrame and, for some, feature blocks. Out: scores and ranked lists.

Notebook: 07_collaborative_filtering
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mmrec_course.datasets.validation import check_ratings
from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock

__all__ = ["Recommender"]

Floats = NDArray[np.float64]
BLOCK_USERS = 1024


class Recommender(BaseEstimator, ABC):  # type: ignore[misc]
    """Base of all recommenders: ``fit(ratings, features)``, ``score``, ``recommend``.

    A subclass learns in ``_fit`` and scores listening histories in ``_score``. A history is a
    row over ``item_ids_``: how much the user liked each item, rating − (positive − 1.5), which
    is −1.5 … 2.5 for ratings 1 … 5 and positive = 4; 0 where there is no rating.

    *Unknown users* are scored as the average listener, with the mean of all histories.
    *Unknown items* score 0 for everybody.

    Attributes
    ----------
    user_ids_, item_ids_
        Sorted ids; items are those of the ratings and of the features together.
    histories_
        (n_users, n_items) sparse.
    n_ratings_
        (n_items,) how many ratings each item had.

    Notebook: 07_collaborative_filtering
    """

    positive: float = 4.0

    def fit(
        self, ratings: pd.DataFrame, features: Mapping[str, FeatureBlock] | None = None
    ) -> Self:
        """Learn from ratings, and from features where the model uses any.

        Parameters
        ----------
        ratings
            DataFrame user_id, item_id, rating, timestamp, each pair once.
        features
            modality → FeatureBlock. Items that have features and no rating can be scored too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the ratings are empty or malformed.
        """
        table = check_ratings(ratings, scale=None)
        if table.empty:
            raise ValueError("ratings: no rows to learn from")
        blocks = dict(features or {})
        rated = table["item_id"].unique()
        described = [block.item_ids for block in blocks.values()]
        self.user_ids_ = np.sort(table["user_id"].unique())
        self.item_ids_ = np.unique(np.concatenate([rated, *described]))
        row = pd.Index(self.user_ids_).get_indexer(table["user_id"])
        column = pd.Index(self.item_ids_).get_indexer(table["item_id"])
        liking = table["rating"].to_numpy(float) - (self.positive - 1.5)
        shape = (len(self.user_ids_), len(self.item_ids_))
        self.histories_ = sp.csr_array((liking, (row, column)), shape=shape)
        self.n_ratings_ = np.bincount(column, minlength=shape[1])
        # Kept apart from the histories, in which a liking of exactly 0 would look unrated.
        self._seen = sp.csr_array((np.ones(len(row), bool), (row, column)), shape=shape)
        self._fit(table, {m: block.align(self.item_ids_) for m, block in blocks.items()})
        return self

    @abstractmethod
    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        """Learn; ids and histories are set, blocks are aligned to ``item_ids_``."""

    @abstractmethod
    def _score(self, histories: sp.csr_array, columns: NDArray[np.intp]) -> Floats:
        """(n, len(columns)) scores for these histories and these columns of ``item_ids_``."""

    def _histories(self, user_ids: ArrayLike) -> sp.csr_array:
        row = pd.Index(self.user_ids_).get_indexer(np.asarray(user_ids))
        if (row >= 0).all():
            return self.histories_[row]
        average = sp.csr_array(self.histories_.mean(axis=0).reshape(1, -1))
        stacked = sp.vstack([self.histories_, average], format="csr")
        return stacked[np.where(row >= 0, row, len(self.user_ids_))]

    def score(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Floats:
        """How much each user is expected to like each item; higher is better.

        Parameters
        ----------
        user_ids, item_ids
            (n_users,) and (n_items,) ids.

        Returns
        -------
        (n_users, n_items) float64. Unknown users count as the average listener, unknown items
        score 0.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self, "item_ids_")
        column = pd.Index(self.item_ids_).get_indexer(np.asarray(item_ids))
        known = column >= 0
        scores = np.zeros((len(np.asarray(user_ids)), len(column)))
        scores[:, known] = self._score(self._histories(user_ids), column[known])
        return scores

    def recommend(
        self,
        user_ids: ArrayLike,
        k: int = 10,
        candidates: ArrayLike | None = None,
        exclude_seen: bool = True,
    ) -> pd.DataFrame:
        """The k best items for each user.

        Parameters
        ----------
        user_ids
            (n_users,) ids.
        k
            List length, at least 1.
        candidates
            Ids that may be listed; all that the model knows, if not given.
        exclude_seen
            Leave out what the user has rated in the training data.

        Returns
        -------
        DataFrame user_id, rank (1 …), item_id, score; fewer than k rows for a user with fewer
        candidates left. Ties go to the lower item id.

        Raises
        ------
        ValueError
            If k is below 1.

        Notebook: 00_start_here
        """
        check_is_fitted(self, "item_ids_")
        users = np.asarray(user_ids)
        items = self.item_ids_ if candidates is None else np.unique(np.asarray(candidates))
        column = pd.Index(self.item_ids_).get_indexer(items)
        frames = []
        for start in range(0, len(users), BLOCK_USERS):
            block = users[start : start + BLOCK_USERS]
            scores = self.score(block, items)
            if exclude_seen:
                row = pd.Index(self.user_ids_).get_indexer(block)
                seen = self._seen[row].toarray() & (row >= 0)[:, None]
                scores[:, column >= 0] = np.where(
                    seen[:, column[column >= 0]], -np.inf, scores[:, column >= 0]
                )
            best = rank_items(scores, k)
            frame = pd.DataFrame(
                {
                    "user_id": np.repeat(block, best.shape[1]),
                    "rank": np.tile(np.arange(1, best.shape[1] + 1), len(block)),
                    "item_id": items[best].ravel(),
                    "score": np.take_along_axis(scores, best, axis=1).ravel(),
                }
            )
            frames.append(frame[np.isfinite(frame["score"])])
        if not frames:
            return pd.DataFrame(columns=["user_id", "rank", "item_id", "score"])
        return pd.concat(frames, ignore_index=True)
