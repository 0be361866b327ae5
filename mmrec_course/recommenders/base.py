"""What every recommender here has in common: ids, listening histories, lists.

In: a ratings DataFrame and, for some, feature blocks. Out: scores and ranked lists.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import infer_dtype
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mmrec_course.datasets.validation import check_ratings
from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock

__all__ = ["Recommender"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
# Scores held at once by ``recommend``: 16 MiB of them, however many users and items there are.
BLOCK_CELLS = 2**21
# The lowest centred rating that counts as liked.
LIKED = 1.5


class Recommender(BaseEstimator, ABC):  # type: ignore[misc]
    """Base of all recommenders: ``fit(ratings, features)``, ``score``, ``recommend``.

    A subclass learns in ``_fit`` and scores listening histories in ``_score``. A history is a
    row over ``item_ids_``: how much the user liked each item, rating − (positive − 1.5), which
    is −1.5 … 2.5 for ratings 1 … 5 and positive = 4; 0 where there is no rating.

    *Unknown users* are scored as the average listener, with the mean of all histories.
    *Unknown items* score 0 for everybody. An id of another type than in ``fit`` is refused: "7" is
    not 7.

    Attributes
    ----------
    user_ids_, item_ids_
        Sorted ids, int64 or object (str); items are those of the ratings and of the features
        together.
    histories_
        (n_users, n_items) sparse float64, an entry a rating, also where the liking is 0.
    mean_history_
        (n_items,) float64, the mean of all histories.
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
            DataFrame user_id, item_id, rating, timestamp, each pair once. Ids are all strings
            or all integers.
        features
            modality → FeatureBlock. Items that have features and no rating can be scored too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the ratings are empty or malformed, ids mix types, or the features' item ids are
            of another type than the ratings'.
        TypeError
            If ``features`` is not a mapping of feature blocks.

        Warns
        -----
        UserWarning
            If no rating reaches ``positive``, so that nothing counts as liked.
        """
        table = check_ratings(ratings, scale=None)
        if table.empty:
            raise ValueError("ratings: no rows to learn from")
        if not isinstance(self.positive, int | float | np.number) or not np.isfinite(self.positive):
            raise ValueError(f"positive: {self.positive!r} is not a finite rating")
        blocks = check_blocks(features)
        highest = table["rating"].max()
        if highest < self.positive and "positive" in self.get_params():
            warnings.warn(
                f"ratings: none reaches positive={self.positive:g}, the highest is {highest:g}, so"
                " nothing counts as liked; lower `positive`, or, if every row is a choice (implicit"
                " feedback), set the column 'rating' to 5",
                stacklevel=2,
            )
        # Looking ids up is slow, so each is looked up once and counted by number from there.
        user, users = pd.factorize(table["user_id"])
        item, items = pd.factorize(table["item_id"])
        self.user_ids_ = np.sort(id_array(users, "ratings, column 'user_id'"))
        self.item_ids_ = _all_items(items, blocks)
        row = indices_of(self.user_ids_, users, "user_ids")[user]
        column = indices_of(self.item_ids_, items, "item_ids")[item]
        liking = table["rating"].to_numpy(float) - (self.positive - LIKED)
        shape = (len(self.user_ids_), len(self.item_ids_))
        self.histories_ = sp.csr_array((liking, (row, column)), shape=shape)
        self.mean_history_ = np.asarray(self.histories_.mean(axis=0)).ravel()
        self.n_ratings_ = np.bincount(column, minlength=shape[1])
        self._fit(table, {m: block.align(self.item_ids_) for m, block in blocks.items()})
        return self

    @abstractmethod
    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        """Learn; ids and histories are set, blocks are aligned to ``item_ids_``."""

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        """(n, len(columns)) scores for these histories and these columns of ``item_ids_``.

        A model that knows a user by id only, not by history, overrides ``_score_indices``.
        """
        raise NotImplementedError(f"{type(self).__name__} scores users by id, not by history")

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        """(n_users, n_items) scores for places in ``user_ids_`` and ``item_ids_``; −1: unknown."""
        known = column >= 0
        if known.all():
            return self._score(self._histories_at(row), column)
        scores = np.zeros((len(row), len(column)))
        if known.any():
            scores[:, known] = self._score(self._histories_at(row), column[known])
        return scores

    def _histories_at(self, row: Indices) -> sp.csr_array:
        known = row >= 0
        if known.all():
            return self.histories_[row]
        average = sp.csr_array(self.mean_history_.reshape(1, -1))
        stacked = sp.vstack([self.histories_[row[known]], average], format="csr")
        return stacked[np.where(known, np.cumsum(known) - 1, known.sum())]

    def score(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Floats:
        """How much each user is expected to like each item; higher is better.

        Parameters
        ----------
        user_ids, item_ids
            (n_users,) and (n_items,) ids, in any order, repeated or not.

        Returns
        -------
        (n_users, n_items) float64. Unknown users count as the average listener, unknown items
        score 0, unless the model's own page says otherwise.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        ValueError
            If ids are not a one-dimensional sequence, mix types, or are of another type than in
            ``fit``.
        """
        check_is_fitted(self, "item_ids_")
        row = indices_of(self.user_ids_, user_ids, "user_ids")
        column = indices_of(self.item_ids_, item_ids, "item_ids")
        return np.asarray(self._score_indices(row, column), dtype=np.float64)

    def recommend(
        self,
        user_ids: ArrayLike,
        k: int = 10,
        candidates: ArrayLike | None = None,
        exclude_seen: bool = True,
    ) -> pd.DataFrame:
        """The k best items for each user.

        Works in blocks of users, so that beside the result only a few times 16 MiB are held.

        Parameters
        ----------
        user_ids
            (n_users,) ids; a repeated id gets its list again.
        k
            List length, at least 1.
        candidates
            Ids that may be listed; all that the model knows, if not given. Those it does not
            know are ranked by the score that ``score`` gives them.
        exclude_seen
            Leave out what the user has rated in the training data.

        Returns
        -------
        DataFrame user_id, rank (1 …), item_id, score, in the order of ``user_ids``; fewer than k
        rows for a user with fewer candidates left. Ties go to the lower item id.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        ValueError
            If k is not a whole number of at least 1, or ids are refused as by ``score``.

        Notebook: 00_start_here
        """
        check_is_fitted(self, "item_ids_")
        if not isinstance(k, Integral) or isinstance(k, bool) or k < 1:
            raise ValueError(f"k: {k!r} is not a whole number of at least 1")
        row = indices_of(self.user_ids_, user_ids, "user_ids")
        items = self.item_ids_
        if candidates is not None:
            items = np.unique(id_array(_one_dimensional(candidates, "candidates"), "candidates"))
        column = indices_of(self.item_ids_, items, "candidates")
        length = min(int(k), len(items))
        best = np.empty((len(row), length), dtype=np.intp)
        score = np.empty((len(row), length))
        n_block = max(1, BLOCK_CELLS // max(1, len(items)))
        for start in range(0, len(row) if length else 0, n_block):
            block = slice(start, start + n_block)
            scores = np.asarray(self._score_indices(row[block], column), dtype=np.float64)
            if exclude_seen:
                scores[self._seen_indices(row[block], column)] = -np.inf
            best[block] = rank_items(scores, length)
            score[block] = np.take_along_axis(scores, best[block], axis=1)
        listed = score > -np.inf
        user, place = np.nonzero(listed)
        return pd.DataFrame(
            {
                "user_id": pd.Index(user_ids)[user],
                "rank": place + 1,
                "item_id": items[best[listed]],
                "score": score[listed],
            }
        )

    def _seen_indices(self, row: Indices, column: Indices) -> tuple[Indices, Indices]:
        """Where in (row, column) there is a training rating: row numbers, column numbers."""
        # One place more than there are items, for unknown candidates (−1) to write to.
        place = np.full(len(self.item_ids_) + 1, -1)
        place[column] = np.arange(len(column))
        known = np.flatnonzero(row >= 0)
        # From the structure, in which a rating whose liking is exactly 0 has its entry.
        rated = self.histories_[row[known]]
        user = np.repeat(known, np.diff(rated.indptr))
        item = place[rated.indices]
        return user[item >= 0], item[item >= 0]


def as_slice(columns: Indices) -> Indices | slice:
    """The same columns as a slice where they follow on each other: a view then, not a copy."""
    if len(columns) and (np.diff(columns) == 1).all():
        return slice(int(columns[0]), int(columns[-1]) + 1)
    return columns


def _one_dimensional(ids: ArrayLike, name: str) -> Any:
    try:
        shape: tuple[int, ...] | str = np.shape(ids)
    except ValueError:  # lists of different lengths
        shape = "of nested lists"
    if shape == () and (
        ids is None or (isinstance(ids, Iterable) and not isinstance(ids, str | bytes))
    ):
        raise ValueError(f"{name}: {type(ids).__name__}, expected a list or an array of ids")
    if shape == ():
        raise ValueError(f"{name}: {ids!r} is a single id; put it in a list")
    if len(shape) != 1:
        raise ValueError(f"{name}: shape {shape}, expected one dimension")
    return ids


def indices_of(known: NDArray[Any], wanted: ArrayLike, name: str) -> Indices:
    """Where each wanted id is among the known ones; −1 where it is not.

    ValueError if the wanted ids mix types or are of another type than the known ones.
    """
    ids = id_array(_one_dimensional(wanted, name), name)
    _check_type(ids, name, known, "in fit")
    return np.asarray(pd.Index(known).get_indexer(pd.Index(ids)))


def id_array(ids: Any, where: str) -> NDArray[Any]:
    """Ids as an array of int64 or of str objects, or an error that shows what else is there."""
    # An Index keeps the types in a list: np.asarray([7, "new"]) would make a string of the 7.
    index = pd.Index(ids)
    if index.dtype == np.int64:
        return np.asarray(index)
    given = np.asarray(index, dtype=object)
    if len(given) == 0:
        return given
    kind = infer_dtype(given, skipna=False)
    if kind == "string":
        return given
    if kind == "integer":
        try:
            return given.astype(np.int64)
        except OverflowError:
            far = max(given, key=abs)
            raise ValueError(
                f"{where}: {far} does not fit into 64 bits; turn the ids into text"
            ) from None
    examples = {type(value).__name__: value for value in reversed(given)}
    shown = ", ".join(f"{value!r} ({name})" for name, value in sorted(examples.items()))
    raise ValueError(f"{where}: ids must be all strings or all integers; has {shown}")


def check_blocks(features: Any) -> dict[str, FeatureBlock]:
    """A dict of feature blocks, or an error that says what is none."""
    if features is None:
        return {}
    if not isinstance(features, Mapping):
        raise TypeError(
            f"features: {type(features).__name__}, expected a mapping of modality → FeatureBlock"
        )
    for m, block in features.items():
        if not isinstance(m, str):
            raise TypeError(f"features: the modality {m!r} is {type(m).__name__}, expected text")
        if not isinstance(block, FeatureBlock):
            raise TypeError(f"features[{m!r}]: {type(block).__name__}, expected a FeatureBlock")
    return dict(features)


def _all_items(rated: Any, blocks: Mapping[str, FeatureBlock]) -> NDArray[Any]:
    """The ids of the ratings and of every block, sorted, once each."""
    ids = [id_array(rated, "ratings, column 'item_id'")]
    for m, block in blocks.items():
        if not len(block):
            continue
        described = id_array(block.item_ids, f"features[{m!r}].item_ids")
        _check_type(described, f"features[{m!r}].item_ids", ids[0], "of the ratings")
        ids.append(described)
    return np.unique(np.concatenate(ids))


def _check_type(ids: NDArray[Any], name: str, known: NDArray[Any], where: str) -> None:
    """Refuse ids of another type than those known."""
    if len(ids) and ids.dtype != known.dtype:
        kind, other = ("a string" if i.dtype == object else "an integer" for i in (ids, known))
        raise ValueError(
            f"{name}: {ids.item(0)!r} is {kind}, but the id {known.item(0)!r} {where} is {other};"
            " convert one of the two"
        )
