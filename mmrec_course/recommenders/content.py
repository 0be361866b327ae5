"""Recommenders that look at the items: neighbours in a feature space, and ridge regression.

In: ratings and one or more feature blocks. Out: scores, also for items that nobody has rated.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import RidgeCV

from mmrec_course.datasets.validation import _check_count, _check_finite
from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock, unit_rows
from mmrec_course.features.threads import single_threaded_blas
from mmrec_course.fusion.early import Present, fused_rows, hat_matrix
from mmrec_course.fusion.weighted import contributions
from mmrec_course.recommenders.base import BLOCK_CELLS, Floats, Indices, Recommender, as_slice
from mmrec_course.recommenders.collaborative import inverse_spd

__all__ = ["ContentKNN", "ContentMap", "ContentRidge", "MultitaskMap", "PopularityPrior"]

Rows = Mapping[str, Floats]
Weights = Mapping[str, float]


def _only_block(modality: str, blocks: Mapping[str, FeatureBlock]) -> FeatureBlock:
    if modality not in blocks:
        raise ValueError(f"features: no block {modality!r}; has {sorted(blocks)}")
    return blocks[modality]


class ContentKNN(Recommender):
    """Item-based nearest neighbours in a feature space.

    score_ui = Σ_{j ∈ N_k(i)} s_ij x_uj, with s = max(0, cosine of the centred features), the
    centred rating x, and N_k(i) the k rated items most similar to i, without i. Ties go to the
    lower id. With ``n_neighbors=None`` all items are neighbours.

    ``similarity_`` (n_items, n_items), with the neighbours of i in column i, is sparse; it is
    dense, O(n_items²) memory, if ``n_neighbors`` is None. Time O(n_items² d).

    Notebook: 03_image_features
    """

    def __init__(
        self, *, modality: str, n_neighbors: int | None = None, positive: float = 4.0
    ) -> None:
        self.modality = modality
        self.n_neighbors = n_neighbors
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        k = self.n_neighbors
        if k is not None:
            _check_count("n_neighbors", k)
        rated = self.n_ratings_ > 0
        x = unit_rows(_only_block(self.modality, blocks), rated)
        n_block = max(1, BLOCK_CELLS // len(x))
        split = np.split(np.arange(len(x)), range(n_block, len(x), n_block))
        parts = [self._neighbours(x, rated, items) for items in split]
        self.similarity_ = np.vstack(parts).T if k is None else sp.csr_array(sp.vstack(parts).T)

    def _neighbours(
        self, x: Floats, rated: NDArray[np.bool_], items: Indices
    ) -> Floats | sp.csr_array:
        """A row of similarities for each of these items, zero but for its neighbours."""
        similarity = np.clip(x[as_slice(items)] @ x.T, 0.0, None)
        similarity[np.arange(len(items)), items] = 0.0
        similarity[:, ~rated] = 0.0
        if self.n_neighbors is None:
            return similarity
        # Items with equal features tie on every processor, and the first is taken.
        nearest = rank_items(similarity, self.n_neighbors, 1e-5)
        row = np.repeat(np.arange(len(items)), nearest.shape[1])
        values = np.take_along_axis(similarity, nearest, axis=1).ravel()
        kept = sp.csr_array((values, (row, nearest.ravel())), shape=similarity.shape)
        kept.eliminate_zeros()
        return kept

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        product = histories @ self.similarity_[:, as_slice(columns)]
        return np.asarray(product.toarray() if sp.issparse(product) else product)


class ContentRidge(Recommender):
    """Ridge regression from an item's features to its ratings, for all users at once.

    With unit feature rows F (n, d) of the rated items that have the modality, and histories X,

        W = (FᵀF + λI)⁻¹ Fᵀ Xᵀ  (d, n_users),   y = Wᵀ f.

    A rated item gets its leave-one-out prediction (y − h x) / (1 − h), with its leverage
    h = fᵀ(FᵀF + λI)⁻¹f, so that warm and cold-start items are on one scale. Fusion weights are
    better learned from out-of-fold scores: leave-one-out errs against an item's own rating, and
    not equally in each modality. Time O(n d min(n, d)), memory O(n d).

    Attributes
    ----------
    trained_
        Indices of the items in F.
    leverage_
        (n_items,) h in [0, 1 / (1 + λ)]; 0 for items that are not in F.

    Notes
    -----
    Hoerl and Kennard (1970), Technometrics 12(1). Leave-one-out: Allen (1974), Technometrics
    16(1).

    Notebook: 08_weighted_fusion
    """

    def __init__(self, *, modality: str, reg: float = 1.0, positive: float = 4.0) -> None:
        self.modality = modality
        self.reg = reg
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        _check_finite("reg", self.reg, above=True)
        block = _only_block(self.modality, blocks)
        rated = self.n_ratings_ > 0
        self.rows_ = unit_rows(block, rated)
        self.trained_ = np.flatnonzero(rated & block.present)
        # With more columns than items, kernel ridge gives the same scores sooner: F f stands for f,
        # and (FFᵀ + λI)⁻¹ for the hat matrix.
        dual = self.rows_.shape[0] < self.rows_.shape[1]
        if dual:
            with single_threaded_blas():
                self.rows_ = (self.rows_ @ self.rows_.T)[:, as_slice(self.trained_)]
        f = self.rows_[self.trained_]  # (n_trained, d), as hat_ in W = hat_ᵀ Xᵀ
        self.hat_ = inverse_spd(f + self.reg * np.eye(len(f))) if dual else hat_matrix(f, self.reg)
        self.leverage_ = np.zeros(len(self.item_ids_))
        self.leverage_[self.trained_] = (self.hat_ * f).sum(axis=1)

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        weights = histories[:, as_slice(self.trained_)] @ self.hat_
        at = as_slice(columns)
        scores = np.asarray(weights @ self.rows_[at].T)
        h = self.leverage_[at]
        # y / (1 − h) for everything, then h x / (1 − h) where there is a rating: x is sparse.
        scores /= 1 - h
        own = histories[:, at].tocoo()
        scores[own.row, own.col] -= own.data * (h / (1 - h))[own.col]
        return scores


class ContentMap(BaseEstimator):  # type: ignore[misc]
    """Content scores from collaborative ones: y_m = (c L_m) R_mᵀ, in standard deviations of Σ y_m.

    One ridge regression on the early-fused rows F of the rated items: R = F of any item,
    L = F (FᵀF + λI)⁻¹, and the columns of modality m give its share y_m. A rated item's own score
    takes no part: y_m − h_m (c − Σ y) / (1 − h), with its leverages h = Σ h_m, is the
    leave-one-out prediction.

    Gantner et al. (2010), Learning attribute-to-feature mappings for cold-start recommendations.
    """

    def __init__(self, *, reg: float = 2.0) -> None:
        self.reg = reg

    def fit(
        self, rows: Rows, present: Present, rated: Indices, weights: Weights, factors: Floats
    ) -> Self:
        """Learn from unit rows of all items; rated, (n_rated,) are the rated items' indices.

        ``factors``, (n_rated, f) of the collaborative model, are used by `MultitaskMap`.
        """
        self.weights_, self.rated_ = dict(weights), rated
        self.right_ = fused_rows(rows, present, weights)  # modality → (n_items, d_m)
        self.left_, self.leverage_ = {}, np.zeros((len(rows), len(rated)))
        if rows:
            hat = hat_matrix(np.hstack([x[rated] for x in self.right_.values()]), self.reg)
            ends = np.cumsum([x.shape[1] for x in self.right_.values()])
            self.left_ = dict(zip(rows, np.split(hat, ends[:-1], axis=1), strict=True))
            products = [(self.left_[m] * self.right_[m][rated]).sum(axis=1) for m in rows]
            self.leverage_ = np.array(products)  # (M, n_rated)
        return self

    def extended(self, rows: Rows, present: Present) -> Self:
        """Return a copy with cold-start items appended."""
        twin, new = copy(self), self._right(rows, present)
        twin.right_ = {m: np.vstack([x, new[m]]) for m, x in self.right_.items()}
        return twin

    def _right(self, rows: Rows, present: Present) -> dict[str, Floats]:
        return fused_rows(rows, present, self.weights_)

    def scores(self, c: Floats, column: Indices) -> dict[str, Floats]:
        """modality → (n, len(column)) from collaborative scores (n, n_rated)."""
        if not self.right_:
            return {}
        items = np.union1d(self.rated_, column)
        y = {m: np.asarray((c @ x) @ self.right_[m][items].T) for m, x in self.left_.items()}
        rated = as_slice(np.searchsorted(items, self.rated_))
        total, leverage = np.sum([y_m[:, rated] for y_m in y.values()], axis=0), sum(self.leverage_)
        error = (c - total) / (1 - leverage)  # (n, n_rated) leave-one-out residuals
        for h, y_m in zip(self.leverage_, y.values(), strict=True):
            y_m[:, rated] -= h * error
        deviation = (total - leverage * error).std(axis=1, keepdims=True)
        deviation = np.where(deviation > 1e-12, deviation, 1.0)
        place = as_slice(np.searchsorted(items, column))
        return {m: y_m[:, place] / deviation for m, y_m in y.items()}


class MultitaskMap(ContentMap):
    """The same with item factors that `MultitaskRidge` predicts from each modality: R of any item.

    L maps scores to the factors V of the rated items, L = V (VᵀV + λI)⁻¹, for every modality. A
    rated item's predicted factors are out-of-fold.
    """

    def fit(
        self, rows: Rows, present: Present, rated: Indices, weights: Weights, factors: Floats
    ) -> Self:
        """Learn from unit rows of all items and the factors of the rated ones."""
        from mmrec_course.extras.multitask import MultitaskRidge

        self.weights_, self.rated_ = dict(weights), rated
        self.model_ = MultitaskRidge().fit(
            _as_blocks(rows, present), pd.DataFrame(factors, index=rated)
        )
        self.right_ = self._right(rows, present, self.model_.predict_oof())
        self.left_ = dict.fromkeys(rows, hat_matrix(factors, self.reg))
        self.leverage_ = np.zeros((len(rows), len(rated)))
        return self

    def _right(self, rows: Rows, present: Present, rated: Rows | None = None) -> dict[str, Floats]:
        blocks = _as_blocks(rows, present)
        factors = self.model_.predict(blocks, next(iter(blocks.values())).item_ids)
        if rated is not None:
            for m in rows:
                factors[m][self.rated_] = rated[m]
        # The intercept is the same for every item, so it would not change an order.
        centred = {m: (factors[m] - self.model_.intercept_).T for m in rows}
        return {m: y.T for m, y in contributions(centred, self.weights_, present).items()}


def _as_blocks(rows: Rows, present: Present) -> dict[str, FeatureBlock]:
    """Unit rows as feature blocks, with the rows' numbers as ids."""
    return {
        m: FeatureBlock(
            modality=m,
            item_ids=np.arange(len(x)),
            values=x,
            present=present[m],
            names=tuple(map(str, range(x.shape[1]))),
        )
        for m, x in rows.items()
    }


class PopularityPrior(BaseEstimator):  # type: ignore[misc]
    """Log popularity predicted from features, in standard deviations; λ by leave-one-out."""

    def __init__(
        self, *, regs: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
    ) -> None:
        self.regs = regs

    def fit(self, design: Floats, popularity: Floats) -> Self:
        """Learn from the rated items' features (n, d) and popularity (n,)."""
        if len(popularity) < 2:
            self.coef_, self.intercept_ = np.zeros(design.shape[1]), 0.0
            self.left_out_ = np.zeros(len(popularity))
            return self
        ridge = RidgeCV(self.regs, scoring="neg_mean_squared_error", store_cv_results=True)
        with single_threaded_blas():
            ridge.fit(design, np.log1p(popularity))
        left_out = ridge.cv_results_[:, list(self.regs).index(ridge.alpha_)]
        scale = max(float(left_out.std()), 1e-9)
        self.coef_ = ridge.coef_ / scale
        self.intercept_ = float(ridge.intercept_ - left_out.mean()) / scale
        self.left_out_ = (left_out - left_out.mean()) / scale
        return self

    def predict(self, design: Floats) -> Floats:
        """(n,)."""
        return np.asarray(design @ self.coef_ + self.intercept_)
