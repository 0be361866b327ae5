"""Recommenders that look at ratings alone: what those who liked this also liked."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.linalg import lapack

from mmrec_course.datasets.validation import _check_count, _check_finite
from mmrec_course.features.block import FeatureBlock
from mmrec_course.features.threads import single_threaded_blas
from mmrec_course.fusion.early import Projection, fused_rows
from mmrec_course.recommenders.base import LIKED, Floats, Indices, Recommender, as_slice

# Numbers in the systems that are solved together: they should stay near the processor.
SOLVED_CELLS = 2**17


def implicit_preference(centred: Floats) -> Floats:
    """p = 1 / (1 + 4^(1 − centred)), graded implicit feedback in (0, 1) from a centred rating.

    ½ lies half-way between the lowest rating that counts as liked and the one below it. Every
    rating counts, for it was a choice: 1 … 5 stars give 0.03, 0.11, 0.33, 0.67, 0.89.
    """
    return np.asarray(1 / (1 + 4.0 ** (1 - np.asarray(centred, dtype=np.float64))))


class EASE(Recommender):
    """Item–item model in closed form: the best linear reconstruction without self-weights.

    min_B ‖X − XB‖² + λ‖B‖², diag(B) = 0;  with P = (XᵀX + α F Fᵀ + λI)⁻¹, B_ij = −P_ij / P_jj.

    X holds centred ratings, dislikes negative; λ > 0 is ``reg``. With α > 0, ``side_weight``, the
    features given to `fit` are side information: F holds the items' early-fused rows, all
    modalities with equal weights. Items without ratings score 0. ``weights_`` is B,
    (n_items, n_items). Time O(n_items³), memory O(n_items²).

    Steck (2019), Embarrassingly Shallow Autoencoders for Sparse Data, WWW, eq. 8; with side
    information, Jeunen, Van Balen and Goethals (2020), RecSys.

    Notebook: 07_collaborative_filtering
    """

    def __init__(
        self, *, reg: float = 200.0, side_weight: float = 0.0, positive: float = 4.0
    ) -> None:
        self.reg = reg
        self.side_weight = side_weight
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        side, rated = None, self.n_ratings_ > 0
        used = {m: blocks[m] for m in sorted(blocks) if blocks[m].present[rated].any()}
        if self.side_weight and used:
            rows = {m: Projection().fit(block, rated).rows(block) for m, block in used.items()}
            present = {m: block.present for m, block in used.items()}
            fused = fused_rows(rows, present, dict.fromkeys(used, 1 / len(used)))
            side = np.hstack(list(fused.values())) * rated[:, None]
        self.fit_matrix(self.histories_, side)

    def fit_matrix(self, X: sp.csr_array, side: Floats | None = None) -> Self:
        """Learn from X (n_users, n_items) and, if given, feature rows (n_items, d)."""
        _check_finite("reg", self.reg, above=True)
        _check_finite("side_weight", self.side_weight)
        gram = (X.T @ X).toarray()
        if side is not None and self.side_weight:
            with single_threaded_blas():
                gram += self.side_weight * (side @ side.T)
        gram[np.diag_indices_from(gram)] += self.reg
        p = inverse_spd(gram)
        self.weights_ = p / -np.diag(p)
        np.fill_diagonal(self.weights_, 0.0)
        return self

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        if 4 * len(columns) < len(self.item_ids_):
            return np.asarray(histories @ self.weights_[:, columns])
        # Copying most columns of B would cost more than the products for all of them.
        return np.asarray((histories @ self.weights_)[:, as_slice(columns)])


class ImplicitALS(Recommender):
    """Matrix factorisation of implicit feedback by alternating least squares: iALS.

    min_{U,V} Σ_ui c_ui (p_ui − u_uᵀ v_i)² + λ (‖U‖² + ‖V‖²)

    over *all* pairs: p_ui = 1 and c_ui = 1 + α x_ui where the rating is at least ``positive``,
    with the centred rating x (1.5 for a 4, 2.5 for a 5); p_ui = 0 and c_ui = 1 everywhere else.
    λ > 0 is ``reg``, α ≥ 0 ``alpha``; V starts uniform in [0, 0.01), drawn by ``rng``. One of the
    ``iterations`` costs O(n_likes f² + (n_users + n_items) f³) for f ``factors``. Users are solved
    once more at the end, so that new users, too, are scored by the same one solve. Fitted:
    ``user_factors_``, U (n_users, f), their mean for unknown users, ``mean_factors_``, and
    ``item_factors_``, V (n_items, f).

    Hu, Koren and Volinsky (2008), Collaborative Filtering for Implicit Feedback Datasets, ICDM.

    Notebook: 07_collaborative_filtering
    """

    def __init__(
        self,
        *,
        factors: int = 16,
        reg: float = 10.0,
        alpha: float = 1.0,
        iterations: int = 15,
        positive: float = 4.0,
        rng: int | np.random.Generator = 0,
    ) -> None:
        self.factors = factors
        self.reg = reg
        self.alpha = alpha
        self.iterations = iterations
        self.positive = positive
        self.rng = rng

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        _check_finite("alpha", self.alpha)
        confidence = self._confidence(self.histories_)
        self._fit_confidence(confidence, np.ones(confidence.nnz))
        self.user_factors_ = solve_factors(confidence, self.item_factors_, self.reg)
        self.mean_factors_ = self.user_factors_.mean(axis=0)

    def fit_preference(self, X: sp.csr_array) -> Self:
        """Learn the item factors from graded preferences p in (0, 1), (n_users, n_items).

        Every entry counts, with confidence c = 1 + α p and the weighted target c p = (1 + α) p.
        """
        _check_finite("alpha", self.alpha)
        self._fit_confidence(*self._graded(X))
        return self

    def score_preference(self, X: sp.csr_array) -> Floats:
        """(n, n_items) for such preferences of any users."""
        confidence, preference = self._graded(X)
        users = solve_factors(confidence, self.item_factors_, self.reg, preference)
        return np.asarray(users @ self.item_factors_.T)

    def _graded(self, X: sp.csr_array) -> tuple[sp.csr_array, Floats]:
        confidence = X.copy()
        confidence.data = 1 + self.alpha * X.data
        return confidence, (1 + self.alpha) * X.data / confidence.data

    def _fit_confidence(self, confidence: sp.csr_array, preference: Floats) -> None:
        _check_finite("reg", self.reg, above=True)
        _check_count("factors", self.factors)
        _check_count("iterations", self.iterations)
        entries = (preference, confidence.indices, confidence.indptr)
        by_item = sp.csr_array(confidence.T)
        p_by_item = sp.csr_array(sp.csr_array(entries, shape=confidence.shape).T).data
        rng = np.random.default_rng(self.rng)
        self.item_factors_ = rng.random((confidence.shape[1], self.factors)) * 0.01
        for _ in range(self.iterations):
            users = solve_factors(confidence, self.item_factors_, self.reg, preference)
            self.item_factors_ = solve_factors(by_item, users, self.reg, p_by_item)

    def _confidence(self, histories: sp.csr_array) -> sp.csr_array:
        """c_ui of the likes alone, sparse."""
        liked = histories.data >= LIKED
        confidence = histories.copy()
        confidence.data = np.where(liked, 1 + self.alpha * histories.data, 0.0)
        confidence.eliminate_zeros()
        return confidence

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        users = solve_factors(self._confidence(histories), self.item_factors_, self.reg)
        return np.asarray(users @ self.item_factors_[as_slice(columns)].T)

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        users = self.user_factors_[row]
        users[row < 0] = self.mean_factors_
        known = column >= 0
        scores = np.zeros((len(row), len(column)))
        scores[:, known] = users @ self.item_factors_[as_slice(column[known])].T
        return scores


def solve_factors(
    confidence: sp.csr_array, other: Floats, reg: float, preference: Floats | None = None
) -> Floats:
    """Half a sweep of iALS: each row's best factors, given the other side's.

    u = (VᵀV + Vᵀ(C − I)V + λI)⁻¹ VᵀC p, and C − I is zero but for the row's few entries.

    ``confidence`` is (n, m), with c ≥ 1 of the entries and 1 elsewhere; V, ``other``, is (m, f);
    ``preference`` (nnz,) is p of the entries, 1 if not given. Returns (n, f), zeros for a row
    without entries.
    """
    n_factors = other.shape[1]
    target = confidence.data if preference is None else confidence.data * preference
    length = np.diff(confidence.indptr)
    factors = np.zeros((confidence.shape[0], n_factors))
    # Rows of similar length are solved together, the shorter ones filled up with zeros.
    order = np.argsort(length, kind="stable")
    order = order[length[order] > 0]
    cells = np.cumsum(n_factors * np.maximum(length[order], n_factors))
    batches = np.split(order, np.flatnonzero(np.diff(cells // SOLVED_CELLS)) + 1)
    with single_threaded_blas(), ThreadPoolExecutor(joblib.cpu_count()) as pool:
        gram = other.T @ other + reg * np.eye(n_factors)  # G
        half = np.linalg.solve(gram, other.T).T  # H = V G⁻¹, (m, f)

        def solve(rows: Indices) -> None:
            entry = np.arange(length[rows[-1]])  # the longest row's, which is the last
            real = entry < length[rows, None]
            place = np.where(real, confidence.indptr[rows, None] + entry, 0)
            column = confidence.indices[place]
            v = np.take(other, column, axis=0)  # (n_rows, n_entries, f)
            above = ((confidence.data[place] - 1) * real)[:, :, None]  # C − I
            wanted = (target[place] * real)[:, :, None]  # C p
            if len(entry) < n_factors:  # the smaller system: u = Hᵀe, (I + (C − I) V Hᵀ) e = C p
                h = np.take(half, column, axis=0)
                left = np.eye(len(entry)) + above * (v @ h.mT)
                factors[rows] = (np.linalg.solve(left, wanted).mT @ h)[:, 0]
            else:
                right = (wanted.mT @ v).mT
                v *= np.sqrt(above)
                factors[rows] = np.linalg.solve(gram + v.mT @ v, right)[:, :, 0]

        # A few batches are solved sooner than threads are started.
        run = pool.map if len(batches) > 32 else map
        list(run(solve, filter(len, batches)))
    return factors


def inverse_spd(matrix: Floats) -> Floats:
    """The inverse of a symmetric positive definite matrix, in half the work of ``inv``."""
    with single_threaded_blas():
        triangle, failed = lapack.dpotrf(matrix, lower=1)
        if failed:
            raise np.linalg.LinAlgError("the matrix is not positive definite; raise reg")
        inverse, _ = lapack.dpotri(triangle, lower=1, overwrite_c=1)
    whole = np.asarray(inverse + inverse.T)  # above the diagonal LAPACK left zeros
    whole[np.diag_indices_from(whole)] = np.diag(inverse)
    return whole
