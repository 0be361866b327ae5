"""Ratings that do not fit into one process: splits, iALS, lists and evaluation on Dask.

In: Dask DataFrames of ratings. Out: Dask DataFrames, and small tables. Without a
``dask.distributed.Client`` Dask's threads do the work, with one its workers, here or elsewhere.

Notebook: 17_scaling
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import scipy.sparse as sp
from dask.delayed import Delayed, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from mmrec_course.evaluation import Split, evaluate, temporal_split
from mmrec_course.evaluation.metrics import METRICS
from mmrec_course.recommenders.base import LIKED, Floats, id_array
from mmrec_course.recommenders.collaborative import ImplicitALS, solve_factors

PARTS = ("train", "valid", "test")


def temporal_parts(ratings: dd.DataFrame, *, valid: float = 0.1, test: float = 0.1) -> dd.DataFrame:
    """Add a column ``part``, "train", "valid" or "test", as `temporal_split` would divide.

    Each user's ratings must lie in one partition: ``ratings.shuffle("user_id")`` sees to it. Then
    no partition needs to know another.

    Notebook: 17_scaling
    """
    meta = ratings._meta.assign(part=pd.Series(dtype="object"))
    return ratings.map_partitions(_with_part, valid, test, meta=meta)


def _with_part(ratings: pd.DataFrame, valid: float, test: float) -> pd.DataFrame:
    if ratings.empty:
        return ratings.assign(part=pd.Series(dtype="object"))
    split = temporal_split(ratings, valid=valid, test=test)
    return pd.concat([getattr(split, part).assign(part=part) for part in PARTS])


class DaskALS(BaseEstimator):  # type: ignore[misc]
    """`ImplicitALS` on ratings in partitions: the same numbers, with the work divided by Dask.

    The matrix of ratings is kept twice in ``n_blocks`` blocks, by users and by items. A half-sweep
    is one call of `solve_factors` for each block; only the factors of the other side, (n, f), are
    sent to every worker. When a worker is lost, Dask computes its blocks again.

    Parameters
    ----------
    als
        The model, with its hyperparameters; it is not changed.
    n_blocks
        Of users, and of items: more of them need less memory each, and more messages.

    Attributes
    ----------
    user_ids_, item_ids_
        Sorted, as in `ImplicitALS`.
    item_factors_, mean_factors_
        (n_items, f) and (f,).
    blocks_
        For each block of users a Delayed `ImplicitALS` that knows these users alone.

    Notebook: 17_scaling
    """

    def __init__(self, als: ImplicitALS | None = None, *, n_blocks: int = 8) -> None:
        self.als = als or ImplicitALS()
        self.n_blocks = n_blocks

    def fit(self, ratings: dd.DataFrame) -> Self:
        """Learn from the columns user_id, item_id and rating; ValueError if a pair occurs twice."""
        if self.n_blocks < 1:
            raise ValueError(f"n_blocks: {self.n_blocks} is below 1")
        ids = [ratings[column].unique() for column in ("user_id", "item_id")]
        users, items = (np.sort(_plain_ids(values)) for values in dask.compute(*ids))
        if not len(users):
            raise ValueError("ratings: no rows to learn from")
        self.user_ids_, self.item_ids_ = users, items
        self.bounds_ = _bounds(len(users), self.n_blocks)
        by_item = _bounds(len(items), self.n_blocks)
        coded = _coded(ratings[["user_id", "item_id", "rating"]], users, items)
        centre = self.als.positive - LIKED
        histories = dask.persist(*_matrices(coded, "user", self.bounds_, len(items), centre))
        transposed = dask.persist(*_matrices(coded, "item", by_item, len(users), centre))
        likes = [delayed(_likes)(self.als, block) for block in histories]
        likes_by_item = [delayed(_likes)(self.als, block) for block in transposed]
        reg = self.als.reg
        rng = np.random.default_rng(self.als.rng)
        item_factors: Any = delayed(rng.random((len(items), self.als.factors)) * 0.01)
        for _ in range(self.als.iterations):
            _, user_factors = _half_sweep(likes, item_factors, reg)
            _, item_factors = _half_sweep(likes_by_item, user_factors, reg)
        rows, user_factors = _half_sweep(likes, item_factors, reg)
        mean_factors = delayed(np.mean)(user_factors, axis=0)
        self.blocks_ = [
            delayed(_block_model)(self.als, ids, items, X, own, item_factors, mean_factors)
            for ids, X, own in zip(self._block_ids(), histories, rows, strict=True)
        ]
        self.item_factors_, self.mean_factors_ = dask.compute(item_factors, mean_factors)
        return self

    def _block_ids(self) -> list[NDArray[Any]]:
        return np.split(self.user_ids_, self.bounds_[1:-1])

    def recommend(self, k: int = 10) -> dd.DataFrame:
        """Return the k best items for each user, as `Recommender.recommend`, in partitions.

        What a user has rated is not listed.
        """
        check_is_fitted(self, "blocks_")
        columns = {
            "user_id": pd.Series(self.user_ids_[:1]),
            "rank": pd.Series([1]),
            "item_id": pd.Series(self.item_ids_[:1]),
            "score": pd.Series([0.0]),
        }
        meta = pd.DataFrame(columns)[:0]
        return dd.from_delayed(
            [block.recommend(block.user_ids_, k) for block in self.blocks_], meta=meta
        )

    def evaluate(
        self, held_out: dd.DataFrame, k: int = 10, metrics: Sequence[str] = (*METRICS, "auc")
    ) -> pd.DataFrame:
        """Evaluate on held-out ratings, as `evaluate` does, each block of users where it lies.

        Candidates are the items of both; what `fit` has seen of a user is masked. Users whom `fit`
        has not seen are left out.
        """
        check_is_fitted(self, "blocks_")
        candidates = np.union1d(self.item_ids_, _plain_ids(held_out["item_id"].unique().compute()))
        coded = _coded(held_out, self.user_ids_, candidates)
        parts = _parts(coded[coded["user"] >= 0], "user", self.bounds_)
        tables = [
            delayed(_evaluate)(block, part, start, candidates, k, tuple(metrics))
            for block, part, start in zip(self.blocks_, parts, self.bounds_, strict=False)
        ]
        found = [table for table in dask.compute(*tables) if table is not None]
        if not found:
            raise ValueError(f"held_out: no rating of {self.als.positive:g} or more")
        return pd.concat(found)


def _half_sweep(
    blocks: Sequence[Delayed], other: Delayed, reg: float
) -> tuple[tuple[Delayed, ...], Delayed]:
    """Start to solve the factors of all blocks; return them apart and as one matrix."""
    rows = [delayed(solve_factors)(block, other, reg) for block in blocks]
    *rows, whole = dask.persist(*rows, delayed(np.vstack)(rows))
    return tuple(rows), whole


def _likes(als: ImplicitALS, histories: sp.csr_array) -> sp.csr_array:
    return als._confidence(histories)


def _plain_ids(values: Any) -> NDArray[Any]:
    return id_array(np.asarray(values, dtype=object), "ids")


def _bounds(n: int, n_blocks: int) -> NDArray[np.intp]:
    """Where the blocks begin, and n."""
    return np.unique(np.linspace(0, n, min(n_blocks, n) + 1).astype(np.intp))


def _coded(ratings: dd.DataFrame, users: NDArray[Any], items: NDArray[Any]) -> dd.DataFrame:
    """Columns user, item and rating, with ids as their places in users and items; −1: none."""
    meta = pd.DataFrame({"user": [0], "item": [0], "rating": [0.0]})[:0]
    return ratings.map_partitions(_code, delayed(users), delayed(items), meta=meta)


def _code(ratings: pd.DataFrame, users: NDArray[Any], items: NDArray[Any]) -> pd.DataFrame:
    user = pd.Index(users).get_indexer(_plain_ids(ratings["user_id"]))
    item = pd.Index(items).get_indexer(_plain_ids(ratings["item_id"]))
    return pd.DataFrame({"user": user, "item": item, "rating": ratings["rating"].to_numpy(float)})


def _parts(coded: dd.DataFrame, by: str, bounds: NDArray[np.intp]) -> list[Delayed]:
    """One table for each block, indexed by the codes of ``by``."""
    parts: list[Delayed] = coded.set_index(by, divisions=bounds.tolist()).to_delayed()
    return parts


def _matrices(
    coded: dd.DataFrame, by: str, bounds: NDArray[np.intp], n_columns: int, centre: float
) -> list[Delayed]:
    """Centred ratings as one sparse matrix for each block of users, or of items."""
    parts = _parts(coded, by, bounds)
    return [
        delayed(_matrix)(part, start, stop, n_columns, centre)
        for part, start, stop in zip(parts, bounds[:-1], bounds[1:], strict=True)
    ]


def _matrix(part: pd.DataFrame, start: int, stop: int, n_columns: int, centre: float) -> Any:
    other = part["item" if part.index.name == "user" else "user"].to_numpy()
    centred = part["rating"].to_numpy() - centre
    if not np.isfinite(centred).all():
        raise ValueError("ratings: one is missing or not finite")
    shape = (stop - start, n_columns)
    matrix = sp.csr_array((centred, (part.index.to_numpy() - start, other)), shape=shape)
    if matrix.nnz < len(part):
        raise ValueError("ratings: a user has an item more than once; keep one rating a pair")
    return matrix


def _block_model(
    als: ImplicitALS, users: NDArray[Any], items: NDArray[Any], histories: sp.csr_array,
    user_factors: Floats, item_factors: Floats, mean_factors: Floats,
) -> ImplicitALS:  # fmt: skip
    """An `ImplicitALS` that was not fitted here."""
    model: ImplicitALS = clone(als)
    model.user_ids_, model.item_ids_, model.histories_ = users, items, histories
    model.user_factors_, model.item_factors_ = user_factors, item_factors
    model.mean_factors_ = mean_factors
    return model


def _evaluate(
    model: ImplicitALS, part: pd.DataFrame, start: int, candidates: NDArray[Any], k: int,
    metrics: tuple[str, ...],
) -> pd.DataFrame | None:  # fmt: skip
    """`evaluate` for the users of one block; None if none of them has anything to be found."""
    if not (part["rating"] >= model.positive).any():
        return None
    user, seen = model.user_ids_, model.histories_.tocoo()
    train = pd.DataFrame({"user_id": user[seen.row], "item_id": model.item_ids_[seen.col]})
    test = pd.DataFrame({"user_id": user[part.index - start], "item_id": candidates[part["item"]]})
    test["rating"] = part["rating"].to_numpy()
    train["rating"], train["timestamp"], test["timestamp"] = seen.data, 0, 0
    split = Split(
        train=train, valid=train[:0], test=test, candidates=candidates, valid_candidates=candidates
    )
    return evaluate(model, split, k, positive=model.positive, metrics=metrics)
