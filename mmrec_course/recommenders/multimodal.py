"""The recommender this course leads to: what people did, and what items look, read, sound like.

In: ratings and feature blocks. Out: one ranked list of warm and new items, and its reasons.

Notebook: 11_the_recommender
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from mmrec_course.evaluation.metrics import ndcg, rank_items
from mmrec_course.evaluation.splits import temporal_split
from mmrec_course.features.block import FeatureBlock
from mmrec_course.fusion.weighted import learn_weights, standardize_scores, weighted_sum
from mmrec_course.recommenders.base import Floats, Recommender
from mmrec_course.recommenders.collaborative import EASE
from mmrec_course.recommenders.content import ContentRidge, unit_rows

__all__ = ["MultimodalRecommender"]

CONTENT_REGS = (1.0, 3.0, 10.0, 30.0, 100.0)
N_FOLDS = 5
COLLABORATIVE_REGS = (50.0, 100.0, 200.0, 400.0, 800.0)
SHARES = tuple(j / 10 for j in range(11))
HALF_LIVES = (2.0, 5.0, 15.0)


class MultimodalRecommender(Recommender):
    """Weighted fusion of a collaborative part and one content part a modality.

    Each part's scores are standardised per user over the training items, then

        ŷ_ui = g_i · c_ui + (1 − g_i) · Σ_m w_m a_im y_m,ui / Σ_m w_m a_im,
        g_i = share · n_i / (n_i + half),

    with c from :class:`EASE`, y_m from :class:`ContentRidge`, and n_i the number of ratings of
    item i: the more is known about what people did with an item, the more that counts; for a
    new item (n_i = 0) content decides alone.

    ``fit`` chooses everything, by NDCG@10 and from the training ratings only, each setting in
    the regime it serves. Each modality's λ and the weights w: a fifth of the items at a time is
    hidden, as if it were released tomorrow. EASE's λ, ``share`` and ``half``: each user's last
    tenth is hidden.

    Parameters
    ----------
    fusion
        "weighted".
    weights
        modality → w_m, to set them by hand; learned if not given.
    positive
        The rating from which an item counts as liked.
    rng
        Seed for which items are hidden together.

    Attributes
    ----------
    weights_, regs_
        modality → w_m and λ.
    collaborative_reg_, share_, half_
        What the warm regime chose.
    modalities_
        Modalities with at least one rated item; others are left out.

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

    def fit(
        self, ratings: pd.DataFrame, features: Mapping[str, FeatureBlock] | None = None
    ) -> Self:
        """Learn and tune all parts; see :meth:`Recommender.fit`."""
        if self.fusion != "weighted":
            raise ValueError(f"fusion: {self.fusion!r} is unknown; choose 'weighted'")
        return super().fit(ratings, features)

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        rated = self.n_ratings_ > 0
        self.modalities_ = tuple(m for m, b in blocks.items() if (b.present & rated).any())
        self._fit_content(ratings, blocks)
        self._fit_collaborative(ratings, blocks)

    def _fit_content(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        """λ of each modality, then the weights, on items hidden a fifth at a time."""
        rated = np.flatnonzero(self.n_ratings_ > 0)
        histories = self.histories_[:, rated].toarray()
        liked = self._incidence(ratings[ratings["rating"] >= self.positive])[:, rated]
        order = np.random.default_rng(self.rng).permutation(len(rated))
        fold = order % min(N_FOLDS, len(rated))
        self.parts_: dict[str, Recommender] = {}
        self.regs_: dict[str, float] = {}
        scores, present = {}, {}
        for m in self.modalities_:
            rows = unit_rows(blocks[m], self.n_ratings_ > 0)[rated]
            present[m] = blocks[m].present[rated]
            hidden = _scores_when_hidden(rows, histories, present[m], fold)
            quality = {reg: _ndcg_by_fold(y, liked, present[m], fold) for reg, y in hidden.items()}
            self.regs_[m] = max(quality, key=quality.__getitem__)
            self.parts_[m] = ContentRidge(
                modality=m, reg=self.regs_[m], positive=self.positive
            ).fit(ratings, blocks)
            y = hidden[self.regs_[m]]
            scores[m] = standardize_scores(y, y[:, present[m]])
        if self.weights is not None:
            if lacking := set(self.modalities_) - set(self.weights):
                raise ValueError(f"weights: none for modality {sorted(lacking)[0]!r}")
            self.weights_ = {m: float(self.weights[m]) for m in self.modalities_}
        elif liked.any() and self.modalities_:
            self.weights_ = learn_weights(scores, liked, present, groups=fold)
        else:
            self.weights_ = {m: 1 / len(self.modalities_) for m in self.modalities_}

    def _fit_collaborative(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        """EASE's λ, then the collaborative share and its half-life, on each user's last ratings."""
        split = temporal_split(ratings, valid=0.0, test=0.1)
        past = split.train
        liked = self._incidence(split.test[split.test["rating"] >= self.positive])
        rows = np.flatnonzero(liked.any(axis=1))
        users, liked = self.user_ids_[rows], liked[rows]
        seen = self._incidence(past)
        n = seen.sum(axis=0)
        seen = seen[rows]

        def quality(scores: Floats) -> float:
            return round(_mean_ndcg(np.where(seen, -np.inf, scores), liked), 9)

        def standardized(part: Recommender, judged: NDArray[np.bool_]) -> Floats:
            scores = part.fit(past, blocks).score(users, self.item_ids_)
            return standardize_scores(scores, scores[:, judged])

        self.collaborative_reg_, self.share_, self.half_ = 200.0, 1.0, 2.0
        if len(users):
            options = {
                reg: standardized(EASE(reg=reg, positive=self.positive), n > 0)
                for reg in COLLABORATIVE_REGS
            }
            self.collaborative_reg_ = max(options, key=lambda reg: quality(options[reg]))
            if self.modalities_:
                collaborative = options[self.collaborative_reg_]
                scores = {
                    m: standardized(
                        ContentRidge(modality=m, reg=self.regs_[m], positive=self.positive),
                        blocks[m].present & (n > 0),
                    )
                    for m in self.modalities_
                }
                present = {m: blocks[m].present for m in self.modalities_}
                content = weighted_sum(scores, self.weights_, present)

                def mixed(share: float, half: float) -> Floats:
                    gate = share * n / (n + half)
                    return np.asarray(gate * collaborative + (1 - gate) * content)

                self.share_, self.half_ = max(
                    product(SHARES, HALF_LIVES), key=lambda setting: quality(mixed(*setting))
                )
        self.parts_["collaborative"] = EASE(
            reg=self.collaborative_reg_, positive=self.positive
        ).fit(ratings, blocks)

    def _incidence(self, ratings: pd.DataFrame) -> NDArray[np.bool_]:
        matrix = np.zeros((len(self.user_ids_), len(self.item_ids_)), bool)
        row = pd.Index(self.user_ids_).get_indexer(ratings["user_id"])
        matrix[row, pd.Index(self.item_ids_).get_indexer(ratings["item_id"])] = True
        return matrix

    def _standardized(
        self, part: Recommender, histories: sp.csr_array, columns: NDArray[np.intp]
    ) -> Floats:
        """A part's scores on the scale of its scores for rated items (that it can judge)."""
        judged = self.n_ratings_ > 0
        if isinstance(part, ContentRidge):
            judged = judged & part.present_
        reference = part._score(histories, np.flatnonzero(judged))
        return standardize_scores(part._score(histories, columns), reference)

    def _contributions(
        self, histories: sp.csr_array, columns: NDArray[np.intp]
    ) -> dict[str, Floats]:
        """Part → (n_users, n_columns); their sum is the score."""
        n = self.n_ratings_[columns]
        gate = self.share_ * n / (n + self.half_)
        collaborative = self._standardized(self.parts_["collaborative"], histories, columns)
        parts = {"collaborative": gate * collaborative}
        scores = {
            m: self._standardized(self.parts_[m], histories, columns) for m in self.modalities_
        }
        present = {m: self.parts_[m].present_[columns] for m in self.modalities_}
        for m in self.modalities_:
            alone = {other: y if other == m else np.zeros_like(y) for other, y in scores.items()}
            parts[m] = (1 - gate) * weighted_sum(alone, self.weights_, present)
        return parts

    def _score(self, histories: sp.csr_array, columns: NDArray[np.intp]) -> Floats:
        parts = self._contributions(histories, columns)
        return np.asarray(np.sum(list(parts.values()), axis=0))

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
        DataFrame indexed by item_id, a column a part ("collaborative" and the modalities); each
        row sums to the item's score. Unknown items have zeros.

        Notebook: 00_start_here
        """
        check_is_fitted(self, "parts_")
        items = np.asarray(item_ids)
        column = pd.Index(self.item_ids_).get_indexer(items)
        known = column >= 0
        parts = self._contributions(self._histories([user_id]), column[known])
        table = pd.DataFrame(0.0, index=pd.Index(items, name="item_id"), columns=list(parts))
        table.loc[known] = np.column_stack([y[0] for y in parts.values()])
        return table


def _scores_when_hidden(
    rows: Floats, histories: Floats, present: NDArray[np.bool_], fold: NDArray[np.intp]
) -> dict[float, Floats]:
    """λ → (n_users, n_items) ridge scores of each fold's items, learned from the other folds'."""
    scores = {reg: np.zeros_like(histories) for reg in CONTENT_REGS}
    for f in np.unique(fold):
        learn, hide = rows[present & (fold != f)], rows[fold == f]
        liking = histories[:, present & (fold != f)]
        if len(learn) <= rows.shape[1]:  # the same solution, by items or by features
            gram, ask = learn @ learn.T, learn @ hide.T
        else:
            gram, ask, liking = learn.T @ learn, hide.T, liking @ learn
        for reg, y in scores.items():
            y[:, fold == f] = liking @ np.linalg.solve(gram + reg * np.eye(len(gram)), ask)
    return scores


def _ndcg_by_fold(
    scores: Floats, liked: NDArray[np.bool_], present: NDArray[np.bool_], fold: NDArray[np.intp]
) -> float:
    """Mean NDCG@10 over the folds, each ranked by itself, among the items that are present."""
    columns = [np.flatnonzero(present & (fold == f)) for f in np.unique(fold)]
    means = [_mean_ndcg(scores[:, c], liked[:, c]) for c in columns if liked[:, c].any()]
    return round(float(np.mean(means)), 9) if means else 0.0


def _mean_ndcg(scores: Floats, liked: NDArray[np.bool_], k: int = 10) -> float:
    hits = np.take_along_axis(liked, rank_items(scores, k), axis=1)
    return float(np.nanmean(ndcg(hits, liked.sum(axis=1)))) if liked.any() else 0.0
