"""Any algorithm of Surprise, ranking everything for everybody at once.

In: an unfitted Surprise algorithm and a ratings DataFrame. Out: predicted ratings as a matrix.

Surprise predicts one pair at a time, in Python. What its algorithms have learned is arrays,
though, and from these the same predictions come for all pairs together.

Notebook: 07_collaborative_filtering
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import ndtri

from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Indices, Recommender
from mmrec_course.recommenders.popularity import pair_noise

__all__ = ["SurpriseRecommender"]


class SurpriseRecommender(Recommender):
    """A Surprise algorithm with ``fit``, ``score`` and ``recommend``: score = predicted rating.

    Scores equal ``algo.predict(user, item).est``, clipping and Surprise's own defaults for
    unknown users and items included (the mean of all ratings, plus whichever bias is known,
    according to the algorithm). They are computed as matrices for BaselineOnly, SVD, SVDpp, NMF,
    KNNBasic, KNNWithMeans, KNNWithZScore, KNNBaseline, SlopeOne and CoClustering. Anything else,
    subclasses of these too, is asked pair by pair. NormalPredictor draws anew at each call; its
    scores here come from the same distribution, and depend on the seed and the pair alone.

    Parameters
    ----------
    algo
        An algorithm, say ``SVD(n_factors=50)``. It is copied, and never changed itself; the copy
        has ``verbose`` off.
    rating_scale
        Lowest and highest rating; those of the training ratings if not given.
    clip
        Limit predictions to the scale, as ``predict`` does by default. Items that all reach the
        highest rating then tie; ``False`` lets a ranking tell them apart.
    rng
        Seed, or generator to draw one from, for an algorithm that has a ``random_state`` and was
        given none.

    Attributes
    ----------
    algo_
        The fitted copy; ``algo_.trainset`` lists the ratings in the order of the DataFrame.

    Raises
    ------
    TypeError
        By ``fit``, if ``algo`` is not an algorithm, or is the class of one.
    ValueError
        By ``fit``, if a rating is off the scale, or the algorithm divides by zero, as the cosine
        of ratings that are 0 does.

    Notes
    -----
    Hug (2020), Surprise: A Python library for recommender systems, JOSS 5(52).

    Notebook: 07_collaborative_filtering

    Examples
    --------
    >>> from surprise import BaselineOnly
    >>> ratings = pd.DataFrame({"user_id": ["u1", "u1", "u2"], "item_id": ["a", "b", "a"],
    ...                         "rating": [5, 1, 5], "timestamp": [0, 1, 2]})
    >>> model = SurpriseRecommender(algo=BaselineOnly()).fit(ratings)
    >>> bool(model.score(["u2"], ["b"])[0, 0] == model.algo_.predict("u2", "b").est)
    True
    """

    def __init__(
        self,
        algo: Any,
        *,
        rating_scale: tuple[float, float] | None = None,
        clip: bool = True,
        rng: int | np.random.Generator = 0,
    ) -> None:
        self.algo = algo
        self.rating_scale = rating_scale
        self.clip = clip
        self.rng = rng

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        # Imported late: it makes a folder in the user's home, which other models need not.
        from surprise import AlgoBase, Dataset, Reader

        if not isinstance(self.algo, AlgoBase):
            raise TypeError(f"algo: {self.algo!r} is not an instance of a Surprise algorithm")
        rating = ratings["rating"].to_numpy(float)
        low, high = self.rating_scale or (rating.min(), rating.max())
        outside = (rating < low) | (rating > high)
        if outside.any():
            raise ValueError(f"rating_scale: {rating[outside][0]:g} is outside {low:g}–{high:g}")
        seed = self.rng
        if isinstance(seed, np.random.Generator):
            seed = int(seed.integers(2**31))
        self._seed = seed
        self.algo_ = deepcopy(self.algo)
        self.algo_.verbose = False
        if getattr(self.algo_, "random_state", 0) is None:
            self.algo_.random_state = seed
        table = ratings[["user_id", "item_id", "rating"]]
        reader = Reader(rating_scale=(float(low), float(high)))
        trainset = Dataset.load_from_df(table, reader).build_full_trainset()
        try:
            self.algo_.fit(trainset)
        except ZeroDivisionError as error:
            raise ValueError(
                f"algo: {type(self.algo).__name__} divides by zero on these ratings; the cosine"
                " similarity needs ratings above 0: add a constant to all, or choose 'msd'"
            ) from error
        # Surprise numbers users and items as it meets them; −1 is unknown, here as everywhere.
        self._inner_users = _inner(self.user_ids_, trainset.to_inner_uid)
        self._inner_items = _inner(self.item_ids_, trainset.to_inner_iid)
        self._matrix = _prepare(self.algo_, self._seed)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_matrix"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "algo_" in state:  # a function inside a function cannot be pickled: made anew
            self._matrix = _prepare(self.algo_, self._seed)

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        users = np.where(row >= 0, self._inner_users[row], -1)
        items = np.where(column >= 0, self._inner_items[column], -1)
        scores = self._matrix(users, items)
        if self.clip:
            np.clip(scores, *self.algo_.trainset.rating_scale, out=scores)
        return scores


Matrix = Callable[[Indices, Indices], Floats]


def _inner(ids: NDArray[Any], to_inner: Callable[[Any], int]) -> Indices:
    """Surprise's numbers for these ids; −1 for those that it has not met."""

    def number(raw: Any) -> int:
        try:
            return to_inner(raw)
        except ValueError:
            return -1

    return np.array([number(raw) for raw in ids], dtype=np.intp)


def _prepare(algo: Any, seed: int) -> Matrix:
    """(inner users, inner items) → unclipped predictions, (n_users, n_items)."""
    if not type(algo).__module__.startswith("surprise."):
        return _pair_by_pair(algo)
    name = type(algo).__name__
    mean = float(algo.trainset.global_mean)
    if name == "NormalPredictor":
        return lambda users, items: (
            mean + algo.sigma * ndtri(np.maximum(pair_noise(seed, users, items), 2.0**-54))
        )
    if name in ("BaselineOnly", "SVD", "SVDpp", "NMF"):
        return _factorisation(algo, mean)
    if name in ("KNNBasic", "KNNWithMeans", "KNNWithZScore", "KNNBaseline"):
        return _neighbourhood(algo, mean)
    if name == "SlopeOne":
        return _slope_one(algo, mean)
    if name == "CoClustering":
        return _co_clustering(algo, mean)
    return _pair_by_pair(algo)


def _only_known(scores: Floats, users: Indices, items: Indices, default: Any) -> Floats:
    """These scores, but the default in the rows and columns of unknown users and items."""
    return np.where((users >= 0)[:, None] & (items >= 0), scores, default)


def _pair_by_pair(algo: Any) -> Matrix:
    """Surprise's own way, for algorithms whose arrays are not known here."""
    raw_user, raw_item = algo.trainset.to_raw_uid, algo.trainset.to_raw_iid

    def score(users: Indices, items: Indices) -> Floats:
        # Surprise knows nobody by the id None: what is unknown here is unknown there.
        u = [raw_user(user) if user >= 0 else None for user in users]
        i = [raw_item(item) if item >= 0 else None for item in items]
        pairs = [algo.predict(user, item, clip=False).est for user in u for item in i]
        return np.array(pairs, dtype=np.float64).reshape(len(u), len(i))

    return score


def _factorisation(algo: Any, mean: float) -> Matrix:
    """μ + b_u + b_i + p_uᵀ q_i, with zeros for what is unknown or not there."""
    n_users, n_items = algo.trainset.n_users, algo.trainset.n_items
    p = getattr(algo, "pu", np.zeros((n_users, 0)))
    q = getattr(algo, "qi", np.zeros((n_items, 0)))
    if type(algo).__name__ == "SVDpp":
        rated = _incidence(algo.trainset)
        p = p + (rated @ algo.yj) / np.sqrt(np.diff(rated.indptr))[:, None]
    if not getattr(algo, "biased", True):
        return lambda users, items: _only_known(p[users] @ q[items].T, users, items, mean)
    # One more row, of zeros: index −1 finds it.
    bu, bi = np.append(algo.bu, 0.0), np.append(algo.bi, 0.0)
    p, q = (np.vstack([factors, np.zeros((1, factors.shape[1]))]) for factors in (p, q))

    def score(users: Indices, items: Indices) -> Floats:
        scores = np.asarray(p[users] @ q[items].T)
        scores += (mean + bu[users])[:, None]
        scores += bi[items]
        return scores

    return score


def _neighbourhood(algo: Any, mean: float) -> Matrix:
    """Weighted means of what the k most similar ones gave, whichever side they are on.

    With x the side that is compared and y the other one: for each y, all x at once.
    """
    kind = type(algo).__name__
    sim = np.asarray(algo.sim)
    offset, scale, offset_y = np.zeros(algo.n_x), np.ones(algo.n_x), np.zeros(algo.n_y)
    if kind in ("KNNWithMeans", "KNNWithZScore"):
        offset = algo.means
    if kind == "KNNWithZScore":
        # No spread at all, if all ratings are equal: the mean is what remains.
        scale = np.where(algo.sigmas == 0, 1.0, algo.sigmas)
    if kind == "KNNBaseline":
        offset, offset_y = mean + np.asarray(algo.bx), np.asarray(algo.by)

    def known(x: Indices, y: Indices) -> Floats:
        scores = np.empty((len(x), len(y)))
        sim_x = sim[x]
        for column, other in enumerate(y):
            raters, ratings = (np.array(part) for part in zip(*algo.yr[other], strict=True))
            weights = _nearest_only(np.take(sim_x, raters, axis=1), algo.k)
            values = (ratings - offset[raters] - offset_y[other]) / scale[raters]
            total = weights.sum(axis=1)
            enough = (total > 0) & (np.count_nonzero(weights, axis=1) >= algo.min_k)
            shift = (weights @ values) / np.where(total > 0, total, 1.0)
            own = offset[x] + offset_y[other]
            alone = mean if kind == "KNNBasic" else own
            scores[:, column] = np.where(enough, own + shift * scale[x], alone)
        return scores

    def score(users: Indices, items: Indices) -> Floats:
        scores = np.full((len(users), len(items)), mean)
        if kind == "KNNBaseline":
            bu, bi = np.append(algo.bu, 0.0), np.append(algo.bi, 0.0)
            scores = mean + bu[users][:, None] + bi[items]
        u, i = users >= 0, items >= 0
        by_user = algo.sim_options["user_based"]
        inner = known(users[u], items[i]) if by_user else known(items[i], users[u]).T
        scores[np.ix_(u, i)] = inner
        return scores

    return score


def _nearest_only(similarity: Floats, k: int) -> Floats:
    """Each row's k largest similarities, as far as they are positive; 0 elsewhere.

    Of equally similar ones those that come first are taken, as Surprise does.
    """
    n = similarity.shape[1]
    weights = np.where(similarity > 0, similarity, 0.0)
    if n <= k:
        return weights
    least = np.partition(weights, n - k, axis=1)[:, n - k, None]
    weights[weights < least] = 0.0
    crowded = np.flatnonzero(np.count_nonzero(weights, axis=1) > k)
    few, least = weights[crowded], least[crowded]
    level = few == least
    room = k - np.count_nonzero(few > least, axis=1)[:, None]
    weights[crowded] = np.where(level & (np.cumsum(level, axis=1) > room), 0.0, few)
    return weights


def _slope_one(algo: Any, mean: float) -> Matrix:
    """A user's mean, plus the mean lead of the item over the items that the user has rated."""
    rated = _incidence(algo.trainset)
    together = algo.freq > 0
    lead = np.where(together, algo.dev, 0.0)
    user_mean = np.asarray(algo.user_mean)

    def score(users: Indices, items: Indices) -> Floats:
        history = rated[users]
        count = history @ together[items].T.astype(np.float64)
        shift = np.asarray(history @ lead[items].T) / np.maximum(count, 1.0)
        return _only_known(user_mean[users][:, None] + shift, users, items, mean)

    return score


def _co_clustering(algo: Any, mean: float) -> Matrix:
    """The mean of the pair's co-cluster, plus what each stands above its own cluster."""
    user = algo.user_mean - algo.avg_cltr_u[algo.cltr_u]
    item = algo.item_mean - algo.avg_cltr_i[algo.cltr_i]

    def score(users: Indices, items: Indices) -> Floats:
        both = algo.avg_cocltr[np.ix_(algo.cltr_u[users], algo.cltr_i[items])]
        scores = both + user[users][:, None] + item[items]
        return _only_known(scores, users, items, mean)

    return score


def _incidence(trainset: Any) -> sp.csr_array:
    """(n_users, n_items) sparse, 1 where there is a rating."""
    user, item, _ = (np.array(part) for part in zip(*trainset.all_ratings(), strict=True))
    shape = (trainset.n_users, trainset.n_items)
    return sp.csr_array((np.ones(len(user)), (user, item)), shape=shape)
