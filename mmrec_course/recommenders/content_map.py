"""From features to content scores: the parts of the final model that know items by their content.

In: feature blocks, and collaborative scores of rated items. Out: scores of any item with features.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import RidgeCV

from mmrec_course.features.block import FeatureBlock, normalize_rows
from mmrec_course.recommenders.base import Floats, Indices, single_threaded_blas

__all__ = ["ContentMap", "PopularityPrior", "Projection", "fused_rows", "variance_weights"]

WEIGHT_REGS = (3.0, 10.0, 30.0)
Rows = Mapping[str, Floats]
Present = Mapping[str, NDArray[np.bool_]]


class Projection(BaseEstimator):  # type: ignore[misc]
    """Raw features → unit rows: truncated SVD where there are many columns, centred, length 1."""

    def __init__(self, *, n_components: int = 256, rng: int = 0) -> None:
        self.n_components = n_components
        self.rng = rng

    def fit(self, block: FeatureBlock, training: NDArray[np.bool_]) -> Self:
        """Learn from the training items, (n_items,) bool, that have the modality."""
        values = block.values[block.present & training]  # (n_training, d)
        self.components_ = None
        if values.shape[1] > self.n_components:
            from sklearn.decomposition import TruncatedSVD  # late: it loads many models

            k = min(self.n_components, len(values))
            sparse = sp.csr_array(values)  # of word counts, nearly all are zero
            table = sparse if 5 * sparse.nnz < values.size else values
            with single_threaded_blas():
                svd = TruncatedSVD(k, n_iter=3, random_state=self.rng).fit(table)
            self.components_ = np.ascontiguousarray(svd.components_.T)  # (d, k)
            values = np.asarray(table @ self.components_)
        self.centre_ = values.mean(axis=0)
        return self

    def rows(self, block: FeatureBlock) -> Floats:
        """(n_items, k) unit rows; zero for items that lack the modality."""
        values = block.values if self.components_ is None else block.values @ self.components_
        return np.asarray(normalize_rows(values, self.centre_) * block.present[:, None])


def fused_rows(rows: Rows, present: Present, weights: Mapping[str, float]) -> dict[str, Floats]:
    """modality → (n_items, d_m) its columns of the early-fused unit rows.

    x_i = (√w_i1 x_i1, √w_i2 x_i2, …) with w_im = a_im w_m / Σ_n a_in w_n, as in `early_fusion`.
    """
    total = sum(weights[m] * present[m] for m in rows)  # (n_items,)
    scale = np.where(total > 0, 1 / np.sqrt(np.maximum(total, 1e-300)), 0.0)
    return {m: np.sqrt(weights[m]) * scale[:, None] * x for m, x in rows.items()}


def variance_weights(
    rows: Rows, present: Present, target: Floats, power: float = 2.0
) -> dict[str, float]:
    """w_m ∝ (R²_m)^power: how much of the target each modality explains alone, leave-one-out.

    Parameters
    ----------
    rows, present
        modality → (n, d_m) and (n,) of the training items.
    target
        (n, f), say the items' collaborative factors.
    """
    explained = {}
    for m, x in rows.items():
        f, t = x[present[m]], target[present[m]] - target[present[m]].mean(axis=0)
        errors = []
        for reg in WEIGHT_REGS:
            hat = _hat(f, reg)  # (n_m, d_m)
            leverage = (hat * f).sum(axis=1, keepdims=True)
            left_out = (t - f @ (hat.T @ t)) / (1 - leverage)  # leave-one-out residuals
            errors.append(float((left_out**2).sum()) / max(float((t**2).sum()), 1e-300))
        explained[m] = max(0.0, 1 - min(errors)) ** power
    total = sum(explained.values())
    if not total > 0:  # nothing is explained, so nothing speaks for unequal weights
        return {m: 1 / len(rows) for m in rows}
    return {m: value / total for m, value in explained.items()}


def _hat(f: Floats, reg: float) -> Floats:
    """(n, d) F (FᵀF + λI)⁻¹, by the smaller of two systems."""
    n, d = f.shape
    with single_threaded_blas():
        if n < d:
            return np.asarray(np.linalg.solve(f @ f.T + reg * np.eye(n), f))
        return np.asarray(np.linalg.solve(f.T @ f + reg * np.eye(d), f.T).T)


class ContentMap(BaseEstimator):  # type: ignore[misc]
    """Content scores from collaborative ones: y_m = (c L_m) R_mᵀ, standardised over rated items.

    `fit` is one ridge regression on the early-fused rows F of the rated items: R = F of any item,
    L = F (FᵀF + λI)⁻¹, and the columns of modality m give its share. A rated item's own score
    takes no part: (y − h c) / (1 − h), with its leverage h, is the leave-one-out prediction.
    `fit_factors` takes any other item factors, such as those of `MultitaskRidge`.

    Gantner et al. (2010), Learning attribute-to-feature mappings for cold-start recommendations.
    """

    def __init__(self, *, reg: float = 3.0) -> None:
        self.reg = reg

    def fit(self, fused: Rows, rated: Indices) -> Self:
        """`fused` as from `fused_rows`, for all items; rated, (n_rated,) their indices."""
        self.left_, self.right_, self.leverage_, self.rated_ = {}, dict(fused), {}, rated
        if not fused:
            return self
        f = np.hstack([x[rated] for x in fused.values()])  # (n_rated, d)
        hat = _hat(f, self.reg)
        ends = np.cumsum([x.shape[1] for x in fused.values()])
        self.left_ = dict(zip(fused, np.split(hat, ends[:-1], axis=1), strict=True))
        self.leverage_ = {m: (x * fused[m][rated]).sum(axis=1) for m, x in self.left_.items()}
        return self

    def fit_factors(self, factors: Rows, target: Floats, rated: Indices) -> Self:
        """`factors` predicted for all items; target, (n_rated, f) what was to be predicted."""
        self.left_ = dict.fromkeys(factors, _hat(target, self.reg))
        self.right_, self.rated_ = dict(factors), rated
        self.leverage_ = {m: np.zeros(len(rated)) for m in factors}
        return self

    def extended(self, right: Rows) -> Self:
        """Return a copy with cold-start items appended."""
        twin = copy(self)
        twin.right_ = {m: np.vstack([x, right[m]]) for m, x in self.right_.items()}
        return twin

    def scores(self, c: Floats, column: Indices) -> dict[str, Floats]:
        """modality → (n, len(column)) from collaborative scores (n, n_rated)."""
        if not self.right_:
            return {}
        own = np.full(len(next(iter(self.right_.values()))), -1)
        own[self.rated_] = np.arange(len(self.rated_))
        h = np.sum(list(self.leverage_.values()), axis=0)  # (n_rated,)

        def part(m: str, at: Indices) -> Floats:
            y = (c @ self.left_[m]) @ self.right_[m][at].T
            j = own[at]
            k = np.flatnonzero(j >= 0)
            y[:, k] = (y[:, k] - self.leverage_[m][j[k]] * c[:, j[k]]) / (1 - h[j[k]])
            return np.asarray(y)

        base = {m: part(m, self.rated_) for m in self.right_}
        spread = np.sum(list(base.values()), axis=0).std(axis=1, keepdims=True)  # (n, 1)
        spread = np.where(spread > 1e-12, spread, 1.0)
        mean = {m: y.mean(axis=1, keepdims=True) for m, y in base.items()}
        return {m: (part(m, column) - mean[m]) / spread for m in self.right_}


class PopularityPrior(BaseEstimator):  # type: ignore[misc]
    """Log popularity predicted from features, in standard deviations; λ by leave-one-out."""

    def __init__(
        self, *, regs: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
    ) -> None:
        self.regs = regs

    def fit(self, design: Floats, popularity: Floats) -> Self:
        """Learn from the rated items' features (n, d) and popularity (n,)."""
        ridge = RidgeCV(self.regs, scoring="neg_mean_squared_error", store_cv_results=True)
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
