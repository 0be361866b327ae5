"""Hyperparameters of the final model, each chosen on held-out ratings of the kind it serves.

In: ratings and feature blocks. Out: the fitted model, what was chosen, and a table of all tried.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from mmrec_course.datasets.validation import _check_count
from mmrec_course.evaluation.metrics import ndcg, rank_items, tie_tolerance
from mmrec_course.evaluation.splits import random_split, temporal_split
from mmrec_course.features.block import FeatureBlock
from mmrec_course.features.threads import single_threaded_blas
from mmrec_course.recommenders.base import Floats
from mmrec_course.recommenders.multimodal import COMBINED, Components, MultimodalRecommender

__all__ = ["MultimodalRecommenderCV"]

# Scores held at once, 32 MiB; with very many items fewer users are asked.
MAX_CELLS = 2**22
MAX_NEW_USERS, FIRST_RATINGS = 200, (1, 3, 5)
# Parameter → values to try.
COLLABORATIVE = {
    "als__alpha": (2.0, 4.0, 8.0, 16.0),
    "ease__reg": (50.0, 100.0, 200.0, 400.0),
    "ease__side_weight": (0.0, 10.0, 30.0, 100.0),
    "decay": (0.0, 0.2, 0.35, 0.5, 0.7),
    "als_weight": (0.0, 0.25, 0.5, 0.75, 1.0),
}
CONTENT = {
    "content_reg": (0.3, 1.0, 3.0, 10.0, 30.0),
    "weight_power": (1.0, 2.0, 4.0, 8.0),
    "popularity_weight": (0.0, 0.1, 0.2, 0.35, 0.5, 0.75),
}
NEW_USERS = {"user_shrinkage": (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)}
MIXING = {
    "cf_weight": (0.6, 0.7, 0.8, 0.9, 1.0),
    "cold_discount": (0.0, 0.25, 0.5, 0.75, 0.9),
}


class MultimodalRecommenderCV(MultimodalRecommender):
    """`MultimodalRecommender` that chooses its hyperparameters in `fit`, as `RidgeCV` does.

    One after the other, by NDCG@10 on held-out ratings of the kind it serves, each becomes the
    mean of all values within one standard error of the best. The collaborative part and the mixing
    are chosen on the last tenth of each user's ratings; the content part by folds of items without
    ratings; ``user_shrinkage`` by users of whom the first one, three and five ratings are known.

    Parameters
    ----------
    fusion, positive, rng
        As in `MultimodalRecommender`.
    n_folds
        Folds of items, at least 2.
    n_users
        Most users that are ranked in each held-out part.

    Attributes
    ----------
    best_params_
        name → value, for ``MultimodalRecommender(...).set_params(**best_params_)``.
    cv_results_
        DataFrame parameter, value, ndcg, std_error, within_one_error: a row for each value tried.

    Notebook: 11_the_recommender
    """

    def __init__(
        self,
        *,
        fusion: str = "weighted",
        n_folds: int = 4,
        n_users: int = 400,
        positive: float = 4.0,
        rng: int = 0,
    ) -> None:
        super().__init__(fusion=fusion, positive=positive, rng=rng)
        self.n_folds = n_folds
        self.n_users = n_users

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        _check_count("n_folds", self.n_folds, least=2)
        _check_count("n_users", self.n_users)
        model = MultimodalRecommender(fusion=self.fusion, positive=self.positive, rng=self.rng)
        search = _Search(model, ratings, blocks, self.n_folds, self.n_users)
        # One BLAS thread for each of the threads that fit and rank held-out parts side by side.
        with single_threaded_blas(), ThreadPoolExecutor(os.cpu_count()) as pool:
            self.best_params_, self.cv_results_ = search.run(pool)
        for name, value in model.set_params(**self.best_params_).get_params(deep=False).items():
            setattr(self, name, value)
        super()._fit(ratings, blocks)


class _HeldOut:
    """A model fitted on one part of the ratings, and how well it ranks another part."""

    def __init__(
        self, model: MultimodalRecommender, test: pd.DataFrame, candidates: Any, n_users: int
    ) -> None:
        self.model = model
        self.column = pd.Index(model.item_ids_).get_indexer(candidates)
        liked = test[test["rating"] >= model.positive]
        row = pd.Index(model.user_ids_).get_indexer(liked["user_id"])
        column = pd.Index(candidates).get_indexer(liked["item_id"])
        row, column = row[(row >= 0) & (column >= 0)], column[(row >= 0) & (column >= 0)]
        self.row = np.unique(row)
        n = min(n_users, max(50, MAX_CELLS // max(len(candidates), 1)))
        if len(self.row) > n:
            rng = np.random.default_rng(model.rng)
            self.row = np.sort(rng.choice(self.row, n, replace=False))
        at = pd.Index(self.row).get_indexer(row)
        self.relevant = np.zeros((len(self.row), len(self.column)), bool)
        self.relevant[at[at >= 0], column[at >= 0]] = True
        self.seen = model._seen_indices(self.row, self.column)
        self.parts = model.components(self.row, self.column)
        self.lasting = model.lasting_scores(self.row)  # (n_users, n_rated)

    def tried(self, name: str, value: Any) -> tuple[MultimodalRecommender, Components, Floats]:
        """The model with another value of one parameter, its parts, and (n_users,) NDCG@10."""
        model, parts = self.model, self.parts
        if model.get_params()[name] != value:
            model = model.refitted(name, value)
            if name in ("content_reg", "weight_power"):
                parts = parts._replace(content=model.content_.scores(self.lasting, self.column))
            elif name not in COMBINED:
                ease, als = model.collaborative(self.row, self.column)
                parts = parts._replace(ease=ease, als=als)
        scores = np.sum(list(model.combine(parts).values()), axis=0)
        scores[self.seen] = -np.inf
        best = rank_items(scores, 10, tie_tolerance(scores))
        hits = np.take_along_axis(self.relevant, best, axis=1)
        return model, parts, ndcg(hits, self.relevant.sum(axis=1))


@dataclass
class _Search:
    """Coordinate search: each parameter in turn, the others as chosen so far or by default."""

    model: MultimodalRecommender
    ratings: pd.DataFrame
    blocks: Mapping[str, FeatureBlock]
    n_folds: int
    n_users: int
    chosen: dict[str, Any] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)

    def run(self, pool: Executor) -> tuple[dict[str, Any], pd.DataFrame]:
        """best_params_ and cv_results_."""
        self.pool = pool
        if self.ratings["timestamp"].min() < self.ratings["timestamp"].max():
            last = temporal_split(self.ratings, valid=0.0, test=0.1)
        else:
            last = random_split(self.ratings, valid=0.0, test=0.1, rng=self.model.rng)
        model = self._fit(last.train)
        warm = _HeldOut(model, last.test, model.item_ids_, self.n_users)
        self._sweep([warm], COLLABORATIVE)
        if self.blocks:
            self._sweep(self._item_folds(), CONTENT)
            for name in CONTENT:
                if name in self.chosen:
                    warm.model = warm.model.refitted(name, self.chosen[name])
            warm.parts = warm.model.components(warm.row, warm.column)
        self._sweep([*self._new_users(), warm], NEW_USERS)
        if self.blocks:
            self._sweep([warm], MIXING)
        columns = ["parameter", "value", "ndcg", "std_error", "within_one_error"]
        return self.chosen, pd.DataFrame(self.results, columns=columns)

    def _fit(self, train: pd.DataFrame) -> MultimodalRecommender:
        model: MultimodalRecommender = clone(self.model).set_params(**self.chosen)
        return model.fit(train, self.blocks)

    def _item_folds(self) -> list[_HeldOut]:
        """Each fold of items without its ratings."""
        items = np.unique(self.ratings["item_id"])
        fold = np.random.default_rng(self.model.rng).permutation(len(items)) % self.n_folds

        def without(held_out: Any) -> _HeldOut:
            theirs = self.ratings["item_id"].isin(held_out)
            model = self._fit(self.ratings[~theirs])
            return _HeldOut(model, self.ratings[theirs], held_out, self.n_users)

        folds = [items[fold == j] for j in range(self.n_folds)]
        return list(self.pool.map(without, [f for f in folds if 0 < len(f) < len(items)]))

    def _new_users(self) -> Iterator[_HeldOut]:
        """Users who were left out of the fit, by their first one, three and five ratings."""
        users = np.unique(self.ratings["user_id"])
        rng = np.random.default_rng(self.model.rng)
        new = rng.choice(users, min(MAX_NEW_USERS, len(users) // 5), replace=False)
        theirs = self.ratings["user_id"].isin(new)
        if not theirs.any():
            return
        model = self._fit(self.ratings[~theirs])
        later = self.ratings[theirs].sort_values("timestamp", kind="stable")
        later = later[later["item_id"].isin(model.item_ids_)]
        place = later.groupby("user_id").cumcount()
        for n in FIRST_RATINGS:
            known = copy(model).partial_fit(later[place < n])
            yield _HeldOut(known, later[place >= n], model.item_ids_, self.n_users)

    def _sweep(self, held_out: Iterable[_HeldOut], grid: Mapping[str, tuple[Any, ...]]) -> None:
        """Choose one parameter after the other by the mean over all held-out lists."""
        held_out = [h for h in held_out if len(h.row)]
        for name, values in grid.items() if held_out else ():
            tried = {value: self._tried(held_out, name, value) for value in values}
            lists = {v: np.concatenate([t[2] for t in found]) for v, found in tried.items()}
            means = {v: float(x.mean()) for v, x in lists.items()}
            best = max(means, key=means.__getitem__)
            near = [v for v, x in lists.items() if _within_one_error(lists[best], x)]
            self.chosen[name] = value = _average(near, values)
            after = self._tried(held_out, name, value)
            for h, (model, parts, _) in zip(held_out, after, strict=True):
                h.model, h.parts = model, parts
            for v, x in lists.items():
                error = float(x.std(ddof=1) / np.sqrt(len(x))) if len(x) > 1 else np.nan
                row = {"parameter": name, "value": v, "ndcg": means[v], "std_error": error}
                self.results.append({**row, "within_one_error": v in near})

    def _tried(self, held_out: list[_HeldOut], name: str, value: Any) -> list[Any]:
        return list(self.pool.map(_HeldOut.tried, held_out, repeat(name), repeat(value)))


def _within_one_error(best: Floats, other: Floats) -> bool:
    """Whether the mean loss of each list is at most its standard error."""
    loss = best - other
    error = loss.std(ddof=1) / np.sqrt(len(loss)) if len(loss) > 1 else np.inf
    return bool(round(float(loss.mean() - error), 9) <= 0)


def _average(near: list[float], values: tuple[float, ...]) -> float:
    """Geometric mean where all values are above 0, else arithmetic; three digits."""
    mean = np.exp(np.mean(np.log(near))) if min(values) > 0 else np.mean(near)
    return float(f"{mean:.3g}")
