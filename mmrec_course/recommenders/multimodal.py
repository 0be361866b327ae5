"""The recommender this course leads to: what people did, and what items look, read, sound like.

In: ratings and feature blocks. Out: one ranked list of warm and new items, and its reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from mmrec_course.datasets.validation import check_ratings
from mmrec_course.evaluation.splits import random_split, temporal_split
from mmrec_course.features.block import FeatureBlock
from mmrec_course.fusion.weighted import standardize_scores, weight_grid, weighted_sum
from mmrec_course.recommenders.base import (
    Floats,
    Indices,
    Recommender,
    check_blocks,
    id_array,
    indices_of,
)
from mmrec_course.recommenders.multimodal_content import (
    Appeal,
    Content,
    Projection,
    Setting,
    View,
    fit_appeal,
    fit_content,
    hidden_scores,
    side_by_side,
    view_of,
)
from mmrec_course.recommenders.multimodal_parts import (
    average_of_the_best,
    clearly_best,
    each_ndcg,
    first_of_the_best,
    gates,
    ndcg_by_fold,
    seconds,
    towards,
    without,
)
from mmrec_course.recommenders.multimodal_people import (
    ClosedForm,
    People,
    fit_people,
    interest,
    learned_from,
    recency,
)
from mmrec_course.recommenders.storage import (
    read_folder,
    restore_part,
    store_part,
    write_folder,
)

__all__ = ["MultimodalRecommender"]

FUSIONS = ("weighted", "multitask")
N_FOLDS = 5
# How many users are asked when something is chosen; more change little and cost much.
N_COLD_USERS, N_WARM_USERS = 400, 1000
# Scores of theirs in one table, 32 MiB; with very many items fewer users are asked.
ASKED_CELLS = 2**22
# The first is taken unless another is clearly better.
APPEAL_WEIGHTS = (0.35, 0.0, 0.1, 0.2, 0.5, 0.75, 1.0, 1.5)
# The first pair, nearly all for what people did, is taken unless another is clearly better.
SHARES = tuple(j / 10 for j in range(10, -1, -1))
HALF_ITEMS = (0.1, 1.0, 4.0, 16.0)
CAUTIONS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
HALF_USERS = (1.0, 0.0, 2.0, 4.0, 8.0, 12.0)
# Newcomers are rehearsed with this many users, by their first so many choices.
N_NEW_USERS, FIRST_CHOICES = 200, (1, 3, 5)
# The interest in an item that was just liked, less a rounding error.
LIKED = float(interest(np.array(1.5))) - 1e-9
WEIGHT_STEPS = {1: 1.0, 2: 0.1, 3: 0.1, 4: 0.2, 5: 0.25}
MULTITASK_FACTORS = 32
# What is stored as it is; parts within parts are taken apart.
SAVED_ARRAYS = (
    "user_ids_",
    "item_ids_",
    "histories_",
    "average_",
    "n_ratings_",
    "rated_",
    "when_",
    "average_interest_",
    "average_scores_",
    "appeals_",
)
SAVED_VALUES = (
    "modalities_",
    "weights_",
    "popularity_weight_",
    "settings_",
    "names_",
    "share_",
    "half_",
    "half_user_",
    "caution_",
)
INSIDE = {"closed": ClosedForm, "projection": Projection}


@dataclass(frozen=True)
class _Part:
    """One modality's scores by themselves, with the ``score`` that evaluation asks for."""

    model: MultimodalRecommender
    name: str

    def score(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Floats:
        """(n_users, n_items); 0 for items that lack the modality and for unknown ones."""
        row = indices_of(self.model.user_ids_, user_ids, "user_ids")
        column = indices_of(self.model.item_ids_, item_ids, "item_ids")
        scores = np.zeros((len(row), len(column)))
        known = column >= 0
        c = self.model._collaborative(row, 0.0)
        y = self.model._content(c, column[known])[self.name]
        scores[:, known] = y * self.model.contents_[self.name].present[column[known]]
        return scores


class MultimodalRecommender(Recommender):
    """People where they have chosen, content where they have not yet, and one list for both.

    ŷ_ui = g_i c_ui + (1 − g_i) k_i (Σ_m w_m a_im y_m,ui / Σ_m w_m a_im + v p̂_i),
    g_i = share · n_i / (n_i + half),  k_i = 1 − caution · half / (n_i + half).

    - c, the **collaborative** part: EASE and iALS, added up, on interests (every choice counts,
      likes more, recent ones more: :func:`interest`). Where it helps, iALS's item factors are
      drawn to what an item's features foretell instead of to 0 (:func:`drawn_to_features`), the
      more so the fewer people chose the item. For users with few ratings c is drawn towards the
      average listener's, c_u ← ρ c_u + (1 − ρ) c̄, ρ = n_u³ / (n_u³ + half_user³).
    - y_m, **one part a modality**: what c says of the rated items that look (read, sound) like
      i, y_m,u = c_u A_m; A_m is a ridge regression or nearest neighbours (:class:`Content`), or,
      with ``fusion="multitask"``, the matrix that all modalities share
      (:class:`~mmrec_course.extras.multitask.MultitaskRidge`).
      c is not faded here: whom a new item suits is a matter of lasting taste.
    - p̂, **popularity** foreseen from all features together (:class:`Appeal`).
    - n_i, how many ratings item i had: the more is known about what people did with it, the
      more that counts; for a new item (n_i = 0) content decides alone.
    - k_i, **caution** with what nobody has tried, so that new items find their place beside known
      ones instead of flooding the list. Among new items it changes nothing.

    Every part is standardised over the rated items, so that weights compare. ``fit`` chooses
    everything, by NDCG@10 and from the training ratings only, each setting in the regime it
    serves. A_m, w and v: a fifth of the items at a time is hidden, as if released tomorrow. The
    collaborative part's settings, ``share``, ``half`` and ``half_user``: each user's last tenth
    is hidden. ``half_user`` also by how well users who were left out are served after their first
    one, three and five choices. ``caution``: the last tenth, with a fifth of the items as if new.

    What is left over for choosing is little, so the luck of a hidden handful is kept out: A_m, v,
    ``share``, ``half`` and ``half_user`` stay at a default that serves most data unless another
    option is better by more than a standard error (:func:`clearly_best`), and w is the mean of
    all weights that cannot be told from the best (:func:`average_of_the_best`).

    *Unknown users* are the average listener. *Unknown items* score 0 for everybody; so do items
    without ratings where there are no features at all.

    Parameters
    ----------
    fusion
        "weighted" or "multitask".
    weights
        modality → w_m, to set them by hand; learned if not given.
    positive
        The rating from which an item counts as liked.
    rng
        Seed for who is asked and which items are hidden together.

    Attributes
    ----------
    weights_
        modality → w_m; sums to 1 where learned.
    popularity_weight_
        v.
    share_, half_, half_user_, caution_
        What the warm regime chose.
    settings_
        modality → ("ridge", λ), ("neighbours", k) or ("multitask", 0).
    people_
        The collaborative part, with its λ, α, β, γ and ``leaning``.
    modalities_
        Modalities with at least one rated item; others are left out.
    parts_
        modality → its scores alone, with ``score``.

    Notes
    -----
    Cost: the item–item model inverts a matrix as large as users or items, whichever are fewer,
    up to 3,000, and is left out beyond; iALS is linear in ratings; neighbours are searched among
    up to 20,000 items, O(n_items²). Features are first reduced to at most 256 columns a modality,
    O(n_items · n_columns · min(n_items, 256)), without loss where a modality has up to 256 rated
    items. Scores are made in blocks of users.

    Steck (2019), WWW, for EASE; Hu, Koren and Volinsky (2008), ICDM, for iALS; Gantner et al.
    (2010), Learning Attribute-to-Feature Mappings for Cold-Start Recommendations, ICDM, for
    carrying what was learned from people over to items by their features; Agarwal and Chen (2009),
    Regression-based Latent Factor Models, KDD, for factors drawn to what features foretell;
    Breiman et al. (1984), Classification and Regression Trees, for the rule of one standard error.

    Notebook: 11_the_recommender
    """

    def __init__(
        self,
        *,
        fusion: str = "weighted",
        weights: Mapping[str, float] | None = None,
        positive: float = 4.0,
        rng: int = 0,
    ) -> None:
        self.fusion = fusion
        self.weights = weights
        self.positive = positive
        self.rng = rng

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        self._check_parameters()
        self.rated_ = np.flatnonzero(self.n_ratings_ > 0)
        self.names_ = {m: block.names for m, block in blocks.items()}
        order = sorted(blocks, key=str)  # one model, in whatever order they come
        self.modalities_ = tuple(m for m in blocks if blocks[m].present[self.rated_].any())
        used = {m: blocks[m] for m in order if m in self.modalities_}
        views = {m: view_of(block, self.n_ratings_ > 0, self.rng) for m, block in used.items()}
        self._remember(ratings)
        self._fit_people(ratings, views)
        self._fit_content(views)
        self._fit_gate()
        del self._validation

    def _check_parameters(self) -> None:
        if self.fusion not in FUSIONS:
            raise ValueError(f"fusion: {self.fusion!r} is unknown; choose one of {FUSIONS}")
        if not isinstance(self.rng, int | np.integer) or self.rng < 0:
            raise ValueError(f"rng: {self.rng!r} is not a whole number of at least 0")
        if not isinstance(self.weights, Mapping | None):
            raise TypeError(f"weights: {self.weights!r}, expected modality → number")
        for m, w in (self.weights or {}).items():
            if not isinstance(w, int | float | np.number) or not 0 <= w < np.inf:
                raise ValueError(f"weights[{m!r}]: {w!r} is not a finite number of at least 0")

    # What users did.

    def _remember(self, ratings: pd.DataFrame) -> None:
        """Times and recency of all entries of the histories, in the histories' own order."""
        row = pd.Index(self.user_ids_).get_indexer(ratings["user_id"])
        column = pd.Index(self.item_ids_).get_indexer(ratings["item_id"])
        moments = seconds(ratings)
        # One more than needed, so that no entry is zero and every one is kept.
        place = sp.csr_array(
            (np.arange(1, len(row) + 1), (row, column)), shape=self.histories_.shape
        )
        self.when_ = moments[place.data - 1]
        self._take_stock()

    def _take_stock(self) -> None:
        """Interests, their ages, and the average listener, from histories and times."""
        h = self.histories_
        user = np.repeat(np.arange(h.shape[0]), np.diff(h.indptr))
        position = np.full(len(self.item_ids_), -1)
        position[self.rated_] = np.arange(len(self.rated_))
        column = position[h.indices]
        # What was chosen of items that came later tells nothing to parts that learned without them.
        known = column >= 0
        self.age_ = recency(user[known], self.when_[known])
        kept = np.bincount(user[known], minlength=h.shape[0])
        self.interests_ = sp.csr_array(
            (interest(h.data[known]), column[known], np.r_[0, np.cumsum(kept)]),
            shape=(h.shape[0], len(self.rated_)),
        )

    def _interests(self, row: Indices, fading: float) -> sp.csr_array:
        """(n, n_rated) of these users; the mean of all that were there in ``fit`` for unknown."""
        faded = self.interests_.copy()
        if fading > 0:
            faded.data = faded.data * (1 + self.age_) ** -fading
        known = row >= 0
        if known.all():
            return faded[row]
        average = sp.csr_array(self.average_interest_.reshape(1, -1))
        stacked = sp.vstack([faded[row[known]], average], format="csr")
        return stacked[np.where(known, np.cumsum(known) - 1, known.sum())]

    def _fit_people(self, ratings: pd.DataFrame, views: Mapping[str, View]) -> None:
        """The collaborative part, tuned on each user's last ratings."""
        self.average_interest_ = np.asarray(self.interests_.mean(axis=0)).ravel()
        split = self._last_tenth(ratings)
        place = pd.Index(self.item_ids_[self.rated_])
        shape = self.interests_.shape

        def table(part: pd.DataFrame) -> tuple[Indices, Indices]:
            row = pd.Index(self.user_ids_).get_indexer(part["user_id"])
            return row, place.get_indexer(part["item_id"])

        later = sp.csr_array((np.ones(len(split)), table(split)), shape=shape)
        # Times of the past count from the newest that is left.
        keep = sp.csr_array(self.interests_ - self.interests_.multiply(later))
        keep.eliminate_zeros()
        liked = split[split["rating"] >= self.positive]
        users = self._some(np.unique(table(liked)[0]), N_WARM_USERS)
        good = sp.csr_array((np.ones(len(liked)), table(liked)), shape=shape)[users].toarray() > 0
        seen = keep[users].toarray() > 0
        age = self._age_of(keep)

        def faded(fading: float) -> sp.csr_array:
            x = keep.copy()
            x.data = x.data * (1 + age) ** -fading
            return x[users]

        def each(scores: Floats) -> Floats:
            return each_ndcg(np.where(seen, -np.inf, scores), good)

        def quality(scores: Floats) -> float:
            return round(float(each(scores).mean()), 9)

        judge = quality if good.any() else None
        design = side_by_side(views.values())[self.rated_] if views else None
        earlier, self.people_ = fit_people(self.interests_, keep, faded, judge, self.rng, design)
        self._validation = (earlier, keep, users, faded, each if good.any() else None)
        self._average_scores()

    def _age_of(self, kept: sp.csr_array) -> Floats:
        """Recency of entries that are left of the interests."""
        place = self.interests_.copy()
        place.data = np.arange(1, len(place.data) + 1)
        mask = kept.copy()
        mask.data = np.ones(len(mask.data))
        index = sp.csr_array(place.multiply(mask))
        index.sort_indices()
        user = np.repeat(np.arange(kept.shape[0]), np.diff(kept.indptr))
        return recency(user, self.when_[index.data.astype(int) - 1])

    def _last_tenth(self, ratings: pd.DataFrame) -> pd.DataFrame:
        if ratings["timestamp"].min() < ratings["timestamp"].max():
            return temporal_split(ratings, valid=0.0, test=0.1).test
        return random_split(ratings, valid=0.0, test=0.1, rng=self.rng).test

    def _some(self, users: Indices, n: int) -> Indices:
        n = min(n, max(50, ASKED_CELLS // len(self.rated_)))
        if len(users) <= n:
            return users
        return np.sort(np.random.default_rng(self.rng).choice(users, n, replace=False))

    def _average_scores(self) -> None:
        average = sp.csr_array(self.average_interest_.reshape(1, -1))
        self.average_scores_ = self.people_.scores(average)[0]

    # What items are like.

    def _fit_content(self, views: Mapping[str, View]) -> None:
        """A_m of each modality, w and v, on items hidden a fifth at a time."""
        self.popularity_weight_, self.weights_ = 0.0, {}
        self.settings_: dict[str, Setting] = {}
        self.contents_: dict[str, Content] = {}
        self.parts_: dict[str, Any] = {m: _Part(self, m) for m in self.modalities_}
        self.appeal_: Appeal | None = None
        self.appeals_ = np.zeros(len(self.item_ids_))
        if not views:
            return
        rated = self.rated_
        fold = np.random.default_rng(self.rng).permutation(len(rated)) % min(N_FOLDS, len(rated))
        likes = self.histories_[:, rated].copy()
        likes.data = (likes.data >= 1.5).astype(float)
        asked = np.flatnonzero(likes.sum(axis=1) > 0)
        if not len(asked):  # nothing can be judged, but something can be learned
            asked = np.arange(len(self.user_ids_))
        users = self._some(asked, N_COLD_USERS)
        liked = likes[users].toarray() > 0
        present = {m: view.present[rated] for m, view in views.items()}
        if self.fusion == "multitask":
            y = self._fit_multitask(views, fold, users)
        else:
            y = self._fit_smoothers(views, fold, users, liked)
        scores = {m: standardize_scores(y[m], y[m][:, present[m]]) for m in views}
        self.weights_ = self._fuse(scores, liked, present, fold)
        self._fit_appeal(weighted_sum(scores, self.weights_, present), liked, fold)

    def _unseen(self, users: Indices, hide: NDArray[np.bool_]) -> Floats:
        """c of these users, had they not met the hidden items."""
        return self.people_.scores(without(self.interests_[users], hide))

    def _fit_smoothers(
        self,
        views: Mapping[str, View],
        fold: Indices,
        users: Indices,
        liked: NDArray[np.bool_],
    ) -> dict[str, Floats]:
        """Choose and learn each modality's A; return its scores of items while hidden."""
        rated = self.rated_
        hidden: dict[str, dict[Setting, Floats]] = {m: {} for m in views}
        for f in np.unique(fold):
            hide = fold == f
            c = self._unseen(users, hide)
            for m, view in views.items():
                found = hidden_scores(view.rows[rated], view.present[rated], c, hide)
                for setting, y in found.items():
                    hidden[m].setdefault(setting, np.zeros_like(c))[:, hide] = y
        chosen = {}
        for m, view in views.items():
            judged = {
                setting: ndcg_by_fold(y, liked, view.present[rated], fold)
                for setting, y in hidden[m].items()
            }
            self.settings_[m] = clearly_best(judged)
            self.contents_[m] = fit_content(view, rated, self.settings_[m])
            chosen[m] = hidden[m][self.settings_[m]]
        return chosen

    def _fit_multitask(
        self, views: Mapping[str, View], fold: Indices, users: Indices
    ) -> dict[str, Floats]:
        """A_m = V (Z_m W_m)ᵀ: features predict the factors V of the collaborative scores."""
        # Only this choice needs the module, which is of lesson 09.
        from mmrec_course.extras.multitask import MultitaskRidge

        rated = self.rated_
        c = self._unseen(users, np.zeros(len(rated), bool))
        _, strength, directions = np.linalg.svd(c, full_matrices=False)
        # Weaker directions are rounding errors, where all users have nearly the same scores.
        size = min(MULTITASK_FACTORS, max(1, int((strength > 1e-6 * strength[0]).sum())))
        v = directions[:size].T
        rows = {
            m: FeatureBlock(
                modality=m,
                item_ids=np.arange(len(self.item_ids_)),
                values=view.rows,
                present=view.present,
                names=tuple(f"direction {j}" for j in range(view.rows.shape[1])),
            )
            for m, view in views.items()
        }
        model = MultitaskRidge(sharing="shared", n_components=size, rng=self.rng)
        model.fit(rows, v, item_ids=rated, folds=fold)
        unseen = model.predict_oof()
        hidden = {m: np.zeros((len(users), len(rated))) for m in views}
        own = np.full(len(self.item_ids_), -1)
        own[rated] = np.arange(len(rated))
        for m, view in views.items():
            axes = model.axes_[m] @ model.coef_[m]
            both = replace(view.projection, then_centre=model.centres_[m], then_matrix=axes)
            foreseen = both.onward(view.rows) * view.present[:, None]
            # Warm items by the fit in which they were hidden: their own likings take no part.
            foreseen[rated] = (unseen[m] - model.intercept_) * view.present[rated, None]
            self.settings_[m] = ("multitask", 0.0)
            self.contents_[m] = Content(
                self.settings_[m],
                both,
                foreseen,
                view.present,
                view.amount,
                np.arange(len(rated)),
                v,
                np.zeros(len(own)),
                own,
            )
        for f in np.unique(fold):
            hide = fold == f
            taste = self._unseen(users, hide) @ v
            for m in views:
                hidden[m][:, hide] = taste @ self.contents_[m].rows[rated[hide]].T
        return hidden

    def _fuse(
        self,
        scores: Mapping[str, Floats],
        liked: NDArray[np.bool_],
        present: Mapping[str, NDArray[np.bool_]],
        fold: Indices,
    ) -> dict[str, float]:
        """w: given, or the mean of the best on a grid, coarser the more modalities there are."""
        if self.weights is not None:
            if lacking := set(self.modalities_) - set(self.weights):
                raise ValueError(f"weights: none for modality {sorted(lacking)[0]!r}")
            return {m: float(self.weights[m]) for m in self.modalities_}
        if not liked.any():
            return {m: 1 / len(self.modalities_) for m in self.modalities_}
        grid = weight_grid(len(scores), WEIGHT_STEPS.get(len(scores), 0.5))
        everywhere = np.ones(len(fold), bool)
        judged = [
            ndcg_by_fold(
                weighted_sum(scores, dict(zip(scores, w, strict=True)), present),
                liked,
                everywhere,
                fold,
            )
            for w in grid
        ]
        learned = dict(zip(scores, average_of_the_best(grid, np.array(judged)), strict=True))
        return {m: float(learned[m]) for m in self.modalities_}

    def _fit_appeal(self, content: Floats, liked: NDArray[np.bool_], fold: Indices) -> None:
        """p̂, and the v with which it helps content most on hidden items."""
        drawn = np.asarray(self.interests_.sum(axis=0)).ravel()
        design = side_by_side(self.contents_.values())
        self.appeal_, alone = fit_appeal(design[self.rated_], drawn)
        self.appeals_ = self.appeal_.predict(design)
        self.appeals_[self.rated_] = alone
        if liked.any():
            everywhere = np.ones(len(fold), bool)
            self.popularity_weight_ = clearly_best(
                {
                    v: ndcg_by_fold(content + v * alone, liked, everywhere, fold)
                    for v in APPEAL_WEIGHTS
                }
            )

    # Both together.

    def _fit_gate(self) -> None:
        """half_user, then share and half, then caution, on each user's last ratings.

        half_user also on newcomers: people with long histories do not show what it is for.
        """
        earlier, past, users, faded, each = self._validation
        self.share_, self.half_, self.half_user_, self.caution_ = 1.0, 1.0, 1.0, 0.0
        if each is None:
            return
        average = earlier.scores(sp.csr_array(np.asarray(past.mean(axis=0)).reshape(1, -1)))
        n_user = np.diff(past.indptr)[users]
        warm = earlier.scores(faded(earlier.fading))
        known = {h: each(towards(warm, average, n_user, h)) for h in HALF_USERS}
        new = self._as_newcomers(earlier, users)
        self.half_user_ = clearly_best({h: np.concatenate([known[h], *new[h]]) for h in HALF_USERS})
        if not self.contents_:
            return
        n = np.bincount(past.indices, minlength=len(self.rated_))

        def mixed(hide: NDArray[np.bool_]) -> Callable[[float, float, float], Floats]:
            """(share, half, caution) → how good one list is, were these items new."""
            kept = without(past, hide)
            long = towards(earlier.scores(kept[users]), average, n_user, self.half_user_)
            short = long
            if earlier.fading > 0:
                short = earlier.scores(without(faded(earlier.fading), hide))
                short = towards(short, average, n_user, self.half_user_)
            content = sum(self._by_content(long, self.rated_).values())
            count = np.where(hide, 0, n)

            def judged(share: float, half: float, caution: float) -> Floats:
                g, rest = gates(count, share, half, caution)
                return np.asarray(each(g * short + rest * content))

            return judged

        nothing = np.zeros(len(self.rated_), bool)
        beside_known = mixed(nothing)
        self.share_, self.half_ = clearly_best(
            {(s, h): beside_known(s, h, 0.0) for s, h in product(SHARES, HALF_ITEMS)}
        )
        # A fifth as if released today: they share a list with the others, and liked no more.
        dealt = np.random.default_rng(self.rng).permutation(len(self.rated_))
        beside = mixed(dealt % N_FOLDS == 0)
        self.caution_ = first_of_the_best({c: beside(self.share_, self.half_, c) for c in CAUTIONS})

    def _as_newcomers(self, earlier: People, users: Indices) -> dict[float, list[Floats]]:
        """half_user → how well some users' other likes are ranked from their first 1, 3, 5.

        The collaborative part is learned without these users, as if they came tomorrow.
        """
        judged: dict[float, list[Floats]] = {h: [] for h in HALF_USERS}
        x = self.interests_
        new = self._some(users, min(N_NEW_USERS, x.shape[0] // 5))
        if len(new) < 2:
            return judged
        rest = x[np.setdiff1d(np.arange(x.shape[0]), new)]
        people = learned_from(rest, earlier, self.rng)
        average = people.scores(sp.csr_array(np.asarray(rest.mean(axis=0)).reshape(1, -1)))
        theirs = x[new]
        user = np.repeat(np.arange(len(new)), np.diff(theirs.indptr))
        age = sp.csr_array((self.age_, x.indices, x.indptr), shape=x.shape)[new].data
        place = np.empty(len(user), dtype=int)
        place[np.lexsort((-age, user))] = np.arange(len(user)) - theirs.indptr[user]
        for n in FIRST_CHOICES:
            first = place < n
            shown, others = theirs.copy(), theirs.copy()
            shown.data = np.where(
                first, theirs.data * np.maximum(n - place, 1.0) ** -earlier.fading, 0.0
            )
            shown.eliminate_zeros()
            others.data = np.where(first, 0.0, theirs.data)
            scores, n_user = people.scores(shown), np.diff(shown.indptr)
            seen, liked = shown.toarray() > 0, others.toarray() >= LIKED
            for h in HALF_USERS:
                mixed = np.where(seen, -np.inf, towards(scores, average, n_user, h))
                quality = each_ndcg(mixed, liked)
                judged[h].append(quality[~np.isnan(quality)])
        return judged

    def _collaborative(self, row: Indices, fading: float) -> Floats:
        """c (n, n_rated): of users by place, −1 the average listener."""
        scores = self.people_.scores(self._interests(row, fading))
        n_user = np.where(row >= 0, np.diff(self.interests_.indptr)[row], 0)
        return towards(scores, self.average_scores_, n_user, self.half_user_)

    def _content(self, c: Floats, columns: Indices) -> dict[str, Floats]:
        """modality → standardised y_m of these columns."""
        scores = {}
        for m, part in self.contents_.items():
            judged = part.scores(c, self.rated_[part.present[self.rated_]])
            scores[m] = standardize_scores(part.scores(c, columns), judged)
        return scores

    def _by_content(self, c: Floats, columns: Indices) -> dict[str, Floats]:
        """What each modality, and popularity, bring to an item that nobody knows."""
        scores = self._content(c, columns)
        present = {m: self.contents_[m].present[columns] for m in scores}
        parts = {}
        for m in self.modalities_:
            alone = {other: y if other == m else np.zeros_like(y) for other, y in scores.items()}
            parts[m] = weighted_sum(alone, self.weights_, present)
        if self.contents_:
            appeal = self.popularity_weight_ * self.appeals_[columns]
            parts["popularity"] = np.broadcast_to(appeal, (len(c), len(columns)))
        return parts

    def _contributions(self, row: Indices, columns: Indices) -> dict[str, Floats]:
        """Part → (n_users, n_columns); their sum is the score."""
        n = self.n_ratings_[columns]
        g, rest = gates(n, self.share_, self.half_, self.caution_)
        faded = self._collaborative(row, self.people_.fading)
        everywhere = np.zeros((len(row), len(self.item_ids_)))
        everywhere[:, self.rated_] = faded
        parts = {"collaborative": g * everywhere[:, columns]}
        if self.contents_:
            lasting = faded if self.people_.fading == 0 else self._collaborative(row, 0.0)
            for name, y in self._by_content(lasting, columns).items():
                parts[name] = rest * y
        return parts

    def _score_places(self, row: Indices, column: Indices) -> Floats:
        scores = np.zeros((len(row), len(column)))
        known = column >= 0
        if len(row) and known.any():
            parts = self._contributions(row, column[known])
            scores[:, known] = np.sum(list(parts.values()), axis=0)
        return scores

    def explain(self, user_id: Any, item_ids: ArrayLike) -> pd.DataFrame:
        """Which part of each score comes from where.

        Parameters
        ----------
        user_id
            One user; unknown ones count as the average listener.
        item_ids
            (n_items,) ids.

        Returns
        -------
        DataFrame indexed by item_id, a column a part ("collaborative", the modalities, and
        "popularity" where there are any); each row sums to the item's score. Unknown items have
        zeros.

        Notebook: 00_start_here
        """
        check_is_fitted(self, "people_")
        row = indices_of(self.user_ids_, [user_id], "user_id")
        column = indices_of(self.item_ids_, item_ids, "item_ids")
        items = pd.Index(item_ids, name="item_id")
        known = column >= 0
        parts = self._contributions(row, column[known])
        table = pd.DataFrame(0.0, index=items, columns=list(parts))
        table.loc[known] = np.column_stack([y[0] for y in parts.values()])
        return table

    # What comes later.

    def __copy__(self) -> Self:
        """A model of its own: what is added to it, or folded in, does not reach this one."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        if "contents_" in twin.__dict__:
            twin.contents_ = {m: copy(part) for m, part in self.contents_.items()}
            twin.parts_ = {m: _Part(twin, m) for m in self.parts_}
        return twin

    def with_weights(self, weights: Mapping[str, float]) -> Self:
        """The same fitted model with other modality weights; nothing is learned, at once there.

        Parameters
        ----------
        weights
            modality → w_m ≥ 0, of the modalities to change; the others keep theirs. All are then
            divided by their sum.

        Returns
        -------
        A copy; this model stays as it is.

        Raises
        ------
        ValueError
            If a modality is unknown to the model, a weight is negative or not finite, or all
            are zero.
        """
        check_is_fitted(self, "people_")
        for m, w in weights.items():
            if m not in self.weights_:
                raise ValueError(
                    f"weights: {m!r} is no modality of this model; has {sorted(self.weights_)}"
                )
            if not 0 <= w < np.inf:
                raise ValueError(f"weights[{m!r}]: {w} is not a finite number of at least 0")
        changed = {m: float(weights.get(m, w)) for m, w in self.weights_.items()}
        total = sum(changed.values())
        if changed and not total > 0:
            raise ValueError("weights: all are zero")
        twin = copy(self)
        twin.weights_ = {m: w / total for m, w in changed.items()}
        return twin

    def add_items(self, blocks: Mapping[str, FeatureBlock]) -> Self:
        """Make new items recommendable at once: scored as if they had been there in ``fit``.

        Nothing is learned from them. Modalities that the model did not learn are ignored.

        Parameters
        ----------
        blocks
            modality → FeatureBlock of new items, with the columns that ``fit`` saw, in that order.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If an item is known already, ids are of another type, or the columns are others.
        """
        check_is_fitted(self, "people_")
        given = check_blocks(blocks)
        for m, block in given.items():
            known = block.item_ids[
                indices_of(self.item_ids_, block.item_ids, f"blocks[{m!r}]") >= 0
            ]
            if len(known):
                raise ValueError(
                    f"blocks[{m!r}]: item {known[0]!r} is known already; fit again to change it"
                )
        new = [self.item_ids_[:0], *(block.item_ids for block in given.values())]
        ids: NDArray[Any] = np.unique(np.concatenate(new).astype(self.item_ids_.dtype))
        for m, names in self.names_.items():
            if m in given and given[m].names != names:
                raise ValueError(f"blocks[{m!r}]: columns differ from those in fit")
        self._insert(ids, {m: given[m].align(ids) for m in self.contents_ if m in given})
        return self

    def _insert(self, ids: NDArray[Any], blocks: Mapping[str, FeatureBlock]) -> None:
        """Columns of new items, put where their ids belong in the order."""
        both = np.concatenate([self.item_ids_, ids])
        order = np.argsort(both, kind="stable")
        moved = np.argsort(order)[: len(self.item_ids_)]
        for m, part in self.contents_.items():
            part.extend(blocks.get(m), len(ids), self.rated_, order)
        nothing = np.zeros(len(ids))
        appeals = np.concatenate([self.appeals_, nothing])[order]
        if self.appeal_ is not None:
            new = np.flatnonzero(order >= len(self.item_ids_))
            appeals[new] = self.appeal_.predict(side_by_side(self.contents_.values(), new))
        self.appeals_ = appeals
        self.average_ = np.concatenate([self.average_, nothing])[order]
        self.n_ratings_ = np.concatenate([self.n_ratings_, nothing.astype(int)])[order]
        h = self.histories_
        self.histories_ = sp.csr_array(
            (h.data, moved[h.indices], h.indptr), shape=(h.shape[0], len(both))
        )
        self.item_ids_, self.rated_ = both[order], moved[self.rated_]

    def partial_fit(self, ratings: pd.DataFrame) -> Self:
        """Fold in what users, known or new, have chosen since ``fit``: no weight is learned anew.

        Their scores are at once those of their longer histories. A pair that was rated before
        takes the new rating. The average listener and n_i stay as ``fit`` left them.

        Parameters
        ----------
        ratings
            DataFrame user_id, item_id, rating, timestamp, of items that the model knows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the ratings are malformed, an item is unknown or ids are of another type.
        """
        check_is_fitted(self, "people_")
        table = check_ratings(ratings, scale=None)
        if table.empty:
            return self
        users = id_array(table["user_id"].unique(), "ratings, column 'user_id'")
        indices_of(self.user_ids_, users, "user_id")  # an error if they are of another type
        column = indices_of(self.item_ids_, table["item_id"].to_numpy(), "item_id")
        if (column < 0).any():
            item = table["item_id"].to_numpy()[column < 0][0]
            raise ValueError(f"item_id: {item!r} is unknown; add_items first")
        self._append(users, table, column)
        return self

    def _append(self, users: NDArray[Any], table: pd.DataFrame, column: Indices) -> None:
        old = self.histories_.tocoo()
        ids = np.union1d(self.user_ids_, users)
        before = pd.Index(ids).get_indexer(self.user_ids_)[old.row]
        row = pd.Index(ids).get_indexer(table["user_id"])
        rows, columns = np.concatenate([row, before]), np.concatenate([column, old.col])
        liking = table["rating"].to_numpy(float) - (self.positive - 1.5)
        likings = np.concatenate([liking, old.data])
        when = np.concatenate([seconds(table), self.when_])
        # The first of equal pairs is kept: the new one.
        _, kept = np.unique(rows * len(self.item_ids_) + columns, return_index=True)
        self.user_ids_, self.when_ = ids, when[kept]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=len(ids)))])
        self.histories_ = sp.csr_array(
            (likings[kept], columns[kept], indptr), shape=(len(ids), len(self.item_ids_))
        )
        self._take_stock()

    def save(self, folder: str | Path) -> Path:
        """Store the fitted model: arrays, JSON, a format version and checksums; no pickle.

        Parameters
        ----------
        folder
            A new folder, or one that holds an earlier save, which is replaced as a whole.

        Returns
        -------
        Its path.

        Raises
        ------
        ValueError
            If the folder holds anything else.
        TypeError
            If a name of a column is neither text nor a number; nothing is written.
        """
        check_is_fitted(self, "people_")
        values: dict[str, Any] = {name: getattr(self, name) for name in SAVED_VALUES}
        values["parameters"] = self.get_params()
        if self.weights is not None:
            values["parameters"]["weights"] = dict(self.weights)
        arrays = {name: getattr(self, name) for name in SAVED_ARRAYS}
        values["contents"] = list(self.contents_)
        store_part(self.people_, "people", arrays, values)
        store_part(self.appeal_, "appeal", arrays, values)
        for number, part in enumerate(self.contents_.values()):
            store_part(part, f"content{number}", arrays, values)
        return write_folder(folder, type(self).__name__, arrays, values)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """A model that :meth:`save` stored: same ids, same scores.

        Parameters
        ----------
        folder
            Where it was saved.

        Returns
        -------
        The fitted model.

        Raises
        ------
        ValueError
            If the folder is no saved model, was changed or cut off, or is of a newer format.
        """
        arrays, values = read_folder(folder, cls.__name__)
        try:
            model = cls(**values["parameters"])
            for name in SAVED_ARRAYS:
                setattr(model, name, arrays[name])
            for name in SAVED_VALUES:
                setattr(model, name, values[name])
            model.people_ = restore_part(People, "people", arrays, values, INSIDE)
            model.appeal_ = restore_part(Appeal, "appeal", arrays, values, INSIDE)
            model.contents_ = {
                m: restore_part(Content, f"content{number}", arrays, values, INSIDE)
                for number, m in enumerate(values["contents"])
            }
        except (KeyError, TypeError) as error:
            raise ValueError(f"{folder}: a part of the model is missing: {error}") from error
        model.parts_ = {m: _Part(model, m) for m in model.modalities_}
        model._take_stock()
        return model
