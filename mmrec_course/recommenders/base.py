"""What every recommender has in common: ratings and features in, scores and ranked lists out."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import infer_dtype
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from mmrec_course.datasets.validation import _check_count, _other_kind, _shown, check_ratings
from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
BLOCK_CELLS = 2**21  # scores that `recommend` holds at once: 16 MiB
LIKED = 1.5  # the lowest centred rating that counts as liked


class Recommender(BaseEstimator, ABC):  # type: ignore[misc]
    """Base of all recommenders: ``fit(ratings, features)``, ``score``, ``recommend``.

    A subclass learns in ``_fit`` and scores histories in ``_score``. A history is a user's row of
    centred ratings, rating − (positive − 1.5), over ``item_ids_``: −1.5 … 2.5 for ratings 1 … 5
    and positive = 4, and 0 where there is no rating. Unknown users are scored by the mean of all
    histories; unknown items score 0. Ids keep the type they had in ``fit``: "7" is not 7.

    Fitted: ``user_ids_`` and ``item_ids_``, sorted, int64 or object (str), the items those of
    ratings and features together; ``histories_``, (n_users, n_items) sparse, with an entry for
    each rating, also where it is 0; ``mean_history_`` and ``n_ratings_``, each (n_items,).

    Notebook: 07_collaborative_filtering
    """

    positive: float = 4.0

    def fit(
        self, ratings: pd.DataFrame, features: Mapping[str, FeatureBlock] | None = None
    ) -> Self:
        """Learn from ratings and, if the model uses any, features; ValueError if malformed."""
        self._fit(*self._index(ratings, features))
        return self

    def _fit_each(
        self, settings: Iterable[Mapping[str, Any]], ratings: pd.DataFrame, features: Any
    ) -> Iterator[Self]:
        """Yield a clone with each setting, fitted; ratings are checked and indexed once for all.

        Each gets copies, because a ``_fit`` may write into what it is given.
        """
        positive = np.nan  # equals no threshold
        for setting in settings:
            model = clone(self).set_params(**setting)
            if type(model).fit is not Recommender.fit:  # a subclass may do more
                yield model.fit(ratings, features)
                continue
            if model.positive != positive:
                positive = model.positive
                table, blocks = model._index(ratings, features)
                index = {name: x for name, x in vars(model).items() if name.endswith("_")}
            model.__dict__.update({name: x.copy() for name, x in index.items()})
            model._fit(table.copy(), dict(blocks))
            yield model

    def _index(
        self, ratings: pd.DataFrame, features: Any
    ) -> tuple[pd.DataFrame, dict[str, FeatureBlock]]:
        """Set ids and histories; return checked ratings and blocks aligned to ``item_ids_``."""
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
                " nothing is liked; lower `positive` or, for implicit feedback, set 'rating' to 5",
                stacklevel=3,
            )
        row, users = pd.factorize(np.asarray(table["user_id"]), sort=True)
        item, items = pd.factorize(np.asarray(table["item_id"]))
        self.user_ids_ = id_array(users, "ratings, column 'user_id'")
        ids = [id_array(items, "ratings, column 'item_id'")]
        for m, block in blocks.items():
            ids.append(id_array(block.item_ids, f"features[{m!r}].item_ids", ids[0]))
        self.item_ids_ = np.unique(np.concatenate([i for i in ids if len(i)]))
        column = indices_of(self.item_ids_, items, "item_ids")[item]
        centred = table["rating"].to_numpy(float) - (self.positive - LIKED)
        shape = (len(users), len(self.item_ids_))
        self.histories_ = sp.csr_array((centred, (row, column)), shape=shape)
        self.mean_history_ = np.asarray(self.histories_.mean(axis=0)).ravel()
        self.n_ratings_ = np.bincount(column, minlength=shape[1])
        return table, {m: block.align(self.item_ids_) for m, block in blocks.items()}

    @abstractmethod
    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        """Learn; ids and histories are set, blocks are aligned to ``item_ids_``."""

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        """(n, len(columns)) scores; a model that needs ids overrides ``_score_indices``."""
        raise NotImplementedError(f"{type(self).__name__} scores users by id, not by history")

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        """(n_users, n_items) scores of indices in ``user_ids_`` and ``item_ids_``; −1: unknown."""
        histories = self.histories_[row]
        if (row < 0).any():
            mean = sp.csr_array(self.mean_history_.reshape(1, -1))  # the last row, index −1
            histories = sp.vstack([histories, mean], format="csr")
            histories = histories[np.where(row >= 0, np.arange(len(row)), -1)]
        scores, known = np.zeros((len(row), len(column))), column >= 0
        if known.any():
            scores[:, known] = self._score(histories, column[known])
        return scores

    def score(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Floats:
        """Return (n_users, n_items) scores, higher is better; ids may be unknown to the model."""
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
        """Return the k best items for each user: DataFrame user_id, rank (1 …), item_id, score.

        ``candidates`` are the ids that may be listed; all items by default. ``exclude_seen``
        leaves out what the user has rated, so that lists may be shorter than k. Ties go to the
        lower item id. ValueError if k is below 1, or as by ``score``.
        """
        check_is_fitted(self, "item_ids_")
        _check_count("k", k)
        row = indices_of(self.user_ids_, user_ids, "user_ids")
        listed = self.item_ids_ if candidates is None else candidates
        items = np.unique(id_array(listed, "candidates"))
        column = indices_of(self.item_ids_, items, "candidates")
        length = min(int(k), len(items))
        best, score = np.empty((len(row), length), np.intp), np.empty((len(row), length))
        n_block = max(1, BLOCK_CELLS // max(1, len(items)))
        for start in range(0, len(row) if length else 0, n_block):
            block = slice(start, start + n_block)
            scores = np.asarray(self._score_indices(row[block], column), dtype=np.float64)
            if exclude_seen:
                scores[self._seen_indices(row[block], column)] = -np.inf
            best[block] = rank_items(scores, length)
            score[block] = np.take_along_axis(scores, best[block], axis=1)
        user, rank = np.nonzero(score > -np.inf)
        table = {"rank": rank + 1, "item_id": items[best[user, rank]], "score": score[user, rank]}
        return pd.DataFrame({"user_id": pd.Index(user_ids)[user], **table})

    def _seen_indices(self, row: Indices, column: Indices) -> tuple[Indices, Indices]:
        """Where in (row, column) there is a training rating: row numbers, column numbers."""
        # One place more than there are items, for unknown candidates (−1) to write to.
        place = np.full(len(self.item_ids_) + 1, -1)
        place[column] = np.arange(len(column))
        known = np.flatnonzero(row >= 0)
        rated = self.histories_[row[known]]
        user, item = np.repeat(known, np.diff(rated.indptr)), place[rated.indices]
        return user[item >= 0], item[item >= 0]


def as_slice(columns: Indices) -> Indices | slice:
    """Return consecutive columns as a slice, which gives a view instead of a copy."""
    if len(columns) and (np.diff(columns) == 1).all():
        return slice(int(columns[0]), int(columns[-1]) + 1)
    return columns


def indices_of(known: NDArray[Any], wanted: ArrayLike, name: str) -> Indices:
    """Return the index of each wanted id among the known ones, −1 for others; check types."""
    ids = id_array(wanted, name, known)
    return np.asarray(pd.Index(known).get_indexer(pd.Index(ids)))


def id_array(ids: Any, name: str, known: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return ids as int64 or as str objects; ValueError if they are neither or unlike known."""
    # As objects, ids keep their types: np.asarray([7, "new"]) would make a string of the 7.
    given = np.asarray(ids, dtype=object)
    if given.ndim != 1:
        raise ValueError(f"{name}: {ids!r:.60} is not a one-dimensional list or array of ids")
    kind = infer_dtype(given, skipna=False)
    if kind not in ("empty", "string", "integer"):
        examples = {type(value).__name__: value for value in reversed(given)}
        shown = ", ".join(f"{value!r} ({kind})" for kind, value in sorted(examples.items()))
        raise ValueError(f"{name}: ids must be all strings or all integers; has {shown}")
    if kind == "integer":
        try:
            given = given.astype(np.int64)
        except OverflowError:
            far = max(given, key=abs)
            raise ValueError(f"{name}: {far} does not fit into 64 bits; use text") from None
    if known is not None and given.dtype != known.dtype and (kinds := _other_kind(given, known)):
        raise ValueError(f"{name}: {_shown(given[0])} is not among the ids in fit{kinds}")
    return given


def check_blocks(features: Any) -> dict[str, FeatureBlock]:
    """Validate features; TypeError if they are not a mapping of text → FeatureBlock."""
    features = {} if features is None else features
    if not isinstance(features, Mapping):
        raise TypeError(f"features: {type(features).__name__}, expected modality → FeatureBlock")
    for m, block in features.items():
        if not isinstance(m, str) or not isinstance(block, FeatureBlock):
            kind = type(block).__name__
            raise TypeError(f"features[{m!r}]: {kind}, expected text → FeatureBlock")
    return dict(features)
