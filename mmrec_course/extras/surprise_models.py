"""Any algorithm of Surprise as a recommender that ranks everything for everybody.

Notebook: 07_collaborative_filtering
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd

from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Indices, Recommender


class SurpriseRecommender(Recommender):
    """A Surprise algorithm with ``fit``, ``score`` and ``recommend``: score = predicted rating.

    Scores equal ``algo.predict(user, item).est``, Surprise's own defaults for unknown users and
    items included. BaselineOnly, SVD and KNNBaseline are computed as matrices; any other
    algorithm, a subclass of these too, predicts pair by pair. ``fit`` trains a copy of ``algo``,
    ``algo_``, with the seed ``rng`` if its ``random_state`` is None. ``clip`` limits predictions to
    the training ratings' scale, as ``predict`` does; items at its ends then tie.

    Hug (2020), Surprise: A Python library for recommender systems, JOSS 5(52).

    Notebook: 07_collaborative_filtering
    """

    def __init__(self, algo: Any, *, clip: bool = True, rng: int = 0) -> None:
        self.algo = algo
        self.clip = clip
        self.rng = rng

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        # Imported late: it makes a folder in the user's home, which other models need not.
        from surprise import AlgoBase, Dataset, Reader

        if not isinstance(self.algo, AlgoBase):
            raise TypeError(f"algo: {self.algo!r} is not an instance of a Surprise algorithm")
        self.algo_ = deepcopy(self.algo)
        self.algo_.verbose = False
        if getattr(self.algo_, "random_state", 0) is None:
            self.algo_.random_state = self.rng
        table = ratings[["user_id", "item_id", "rating"]].astype(object)
        low, high = float(ratings["rating"].min()), float(ratings["rating"].max())
        reader = Reader(rating_scale=(low, high))
        trainset = Dataset.load_from_df(table, reader).build_full_trainset()
        trainset.all_ratings = list(trainset.all_ratings()).__iter__  # every epoch reads it
        self.algo_.fit(trainset)
        users = [trainset.to_raw_uid(u) for u in trainset.all_users()]
        items = [trainset.to_raw_iid(i) for i in trainset.all_items()]
        self._inner_users = pd.Index(users).get_indexer(pd.Index(self.user_ids_))
        self._inner_items = pd.Index(items).get_indexer(pd.Index(self.item_ids_))

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        users = np.where(row >= 0, self._inner_users[row], -1)
        items = np.where(column >= 0, self._inner_items[column], -1)
        algorithm = type(self.algo_)
        own = algorithm.__module__.startswith("surprise.")  # a subclass may estimate otherwise
        predict = MATRICES.get(algorithm.__name__, _pair_by_pair) if own else _pair_by_pair
        scores = predict(self.algo_, users, items)
        return np.clip(scores, *self.algo_.trainset.rating_scale) if self.clip else scores


def _pair_by_pair(algo: Any, users: Indices, items: Indices) -> Floats:
    """Predictions through Surprise's own loop; unknown ids are passed as None."""
    raw_users = [algo.trainset.to_raw_uid(u) if u >= 0 else None for u in users]
    raw_items = [algo.trainset.to_raw_iid(i) if i >= 0 else None for i in items]
    with np.errstate(invalid="ignore"):  # KNNWithZScore of a user whose ratings are all equal: 0/0
        pairs = [algo.predict(u, i, clip=False).est for u in raw_users for i in raw_items]
    predictions = np.asarray(pairs, np.float64).reshape(len(users), len(items))
    predictions[np.isnan(predictions)] = algo.trainset.global_mean
    return predictions


def _factorisation(algo: Any, users: Indices, items: Indices) -> Floats:
    """μ + b_u + b_i + p_uᵀ q_i, without what is unknown; μ if all of it would be missing."""
    mean, known = algo.trainset.global_mean, (users >= 0)[:, None] & (items >= 0)
    product = algo.pu[users] @ algo.qi[items].T if hasattr(algo, "pu") else np.zeros(known.shape)
    if not getattr(algo, "biased", True):
        return np.where(known, product, mean)
    bu, bi = np.append(algo.bu, 0.0)[users], np.append(algo.bi, 0.0)[items]  # 0 at index −1
    return np.asarray(np.where(known, product, 0.0) + (mean + bu)[:, None] + bi)


def _knn_baseline(algo: Any, users: Indices, items: Indices) -> Floats:
    """b_ui plus the weighted mean of what the k most similar ones gave above their own baseline."""
    mean, by_user = algo.trainset.global_mean, algo.sim_options["user_based"]
    bu, bi = np.append(algo.bu, 0.0)[users], np.append(algo.bi, 0.0)[items]
    scores = np.asarray((mean + bu)[:, None] + bi)
    # x is the side that is compared. For one y at a time, all x at once.
    (x, y), by_x = ((users, items), scores) if by_user else ((items, users), scores.T)
    known = np.flatnonzero(x >= 0)
    similarity, offset = algo.sim[x[known]], mean + np.asarray(algo.bx)
    for column in np.flatnonzero(y >= 0):
        raters, ratings = (np.array(part) for part in zip(*algo.yr[y[column]], strict=True))
        weights = _nearest_only(np.take(similarity, raters, axis=1), algo.k)
        total = weights.sum(axis=1)
        enough = (total > 0) & (np.count_nonzero(weights, axis=1) >= algo.min_k)
        above = weights @ (ratings - offset[raters] - algo.by[y[column]])
        by_x[known[enough], column] += above[enough] / total[enough]
    return scores


def _nearest_only(similarity: Floats, k: int) -> Floats:
    """Each row's k largest similarities if positive, 0 elsewhere; of equal ones the first."""
    weights = np.where(similarity > 0, similarity, 0.0)
    if weights.shape[1] > k:
        rest = np.argsort(-weights, axis=1, kind="stable")[:, k:]
        np.put_along_axis(weights, rest, 0.0, axis=1)
    return weights


MATRICES = {"BaselineOnly": _factorisation, "SVD": _factorisation, "KNNBaseline": _knn_baseline}
