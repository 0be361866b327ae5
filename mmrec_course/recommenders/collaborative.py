"""Recommenders that look at people: what those who liked this also liked.

In: a ratings DataFrame. Out: scores for items that somebody has rated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import (
    Floats,
    Indices,
    Recommender,
    as_slice,
    single_threaded_blas,
)

__all__ = ["EASE", "ImplicitALS", "solve_factors"]

# Numbers in the systems that are solved together: they should stay near the processor.
SOLVED_CELLS = 2**17


class EASE(Recommender):
    """An item–item model in closed form: the best linear reconstruction with no self-weight.

    min_B ‖X − XB‖² + λ‖B‖², diag(B) = 0;  with P = (XᵀX + λI)⁻¹, B_ij = −P_ij / P_jj (i ≠ j).

    X holds the likings of :class:`Recommender`, dislikes negative. Items without ratings have a
    zero column: EASE knows nothing about them, and they all score 0.

    Parameters
    ----------
    reg
        λ > 0, in units of squared liking.
    positive
        The rating from which an item counts as liked.

    Attributes
    ----------
    weights_
        B, (n_items, n_items). Cost O(n_items³) once, O(n_items²) memory.

    Notes
    -----
    Steck (2019), Embarrassingly Shallow Autoencoders for Sparse Data, WWW, eq. 8.

    Notebook: 07_collaborative_filtering
    """

    def __init__(self, *, reg: float = 200.0, positive: float = 4.0) -> None:
        self.reg = reg
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        _check_reg(self.reg)
        gram = (self.histories_.T @ self.histories_).toarray()
        gram[np.diag_indices_from(gram)] += self.reg
        p = inverse_spd(gram)
        weights = p / -np.diag(p)
        np.fill_diagonal(weights, 0.0)
        self.weights_ = weights

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        if 4 * len(columns) < len(self.item_ids_):
            return np.asarray(histories @ self.weights_[:, columns])
        # Copying most columns of B would cost more than the products for all of them.
        return np.asarray((histories @ self.weights_)[:, as_slice(columns)])


class ImplicitALS(Recommender):
    """Matrix factorisation of likes, where what is not liked counts a little: iALS.

    min_{U,V} Σ_ui c_ui (p_ui − u_uᵀ v_i)² + λ (‖U‖² + ‖V‖²)

    over *all* pairs: p_ui = 1 and c_ui = 1 + α x_ui where the rating is at least ``positive``,
    with the liking x of :class:`Recommender` (1.5 for a 4, 2.5 for a 5); p_ui = 0 and c_ui = 1
    everywhere else. With V fixed, each u_u solves a small ridge regression, and the other way
    round: ``iterations`` sweeps of users, then items, and once more the users, whose factors
    are then exactly what their histories ask for. Anybody with a history is scored by the same
    one solve, new listeners too.

    A sweep costs O(n_likes f² + (n_users + n_items) f³), not O(n_users n_items): VᵀV is
    computed once, and each user adds what differs from it.

    Unknown users get the mean of all users' factors. Items that nobody likes have factors of
    (nearly) zero.

    Parameters
    ----------
    factors
        f, the length of u_u and v_i.
    reg
        λ > 0, in units of squared factors' length. It is the same for everybody, as in the paper.
    alpha
        α ≥ 0: how much more a like counts than its absence.
    iterations
        Sweeps, at least 1.
    positive
        The rating from which an item counts as liked.
    rng
        Seed or generator of the item factors' start, uniform in [0, 0.01).

    Attributes
    ----------
    user_factors_, item_factors_
        U (n_users, f) and V (n_items, f).
    average_factors_
        (f,) the mean of U.

    Notes
    -----
    Hu, Koren and Volinsky (2008), Collaborative Filtering for Implicit Feedback Datasets, ICDM,
    eq. 3–5.

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
        _check_reg(self.reg)
        for name in ("factors", "iterations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is below 1")
        if not 0 <= self.alpha < np.inf:
            raise ValueError(f"alpha: {self.alpha} is not a finite number of at least 0")
        confidence = self._confidence(self.histories_)
        by_item = sp.csr_array(confidence.T)
        rng = np.random.default_rng(self.rng)
        self.item_factors_ = rng.random((len(self.item_ids_), self.factors)) * 0.01
        for _ in range(self.iterations):
            users = solve_factors(confidence, self.item_factors_, self.reg)
            self.item_factors_ = solve_factors(by_item, users, self.reg)
        self.user_factors_ = solve_factors(confidence, self.item_factors_, self.reg)
        self.average_factors_ = self.user_factors_.mean(axis=0)

    def _confidence(self, histories: sp.csr_array) -> sp.csr_array:
        """c_ui of the likes alone, sparse."""
        liked = histories.data >= 1.5  # a rating of at least `positive`
        confidence = histories.copy()
        confidence.data = np.where(liked, 1 + self.alpha * histories.data, 0.0)
        confidence.eliminate_zeros()
        return confidence

    def _score(self, histories: sp.csr_array, columns: Indices) -> Floats:
        users = solve_factors(self._confidence(histories), self.item_factors_, self.reg)
        return np.asarray(users @ self.item_factors_[as_slice(columns)].T)

    def _score_places(self, row: Indices, column: Indices) -> Floats:
        users = self.user_factors_[row]
        users[row < 0] = self.average_factors_
        known = column >= 0
        if known.all():
            return np.asarray(users @ self.item_factors_[as_slice(column)].T)
        scores = np.zeros((len(row), len(column)))
        scores[:, known] = users @ self.item_factors_[column[known]].T
        return scores


def solve_factors(
    confidence: sp.csr_array,
    other: Floats,
    reg: float,
    preference: Floats | None = None,
    towards: Floats | None = None,
) -> Floats:
    """Half a sweep of iALS: each row's best factors, given the other side's.

    u = (VᵀV + Vᵀ(C − I)V + λI)⁻¹ (VᵀC p + λ μ), and C − I is zero but for the row's few entries.

    Rows of similar length are solved together, the shorter ones filled up with entries of no
    weight, so many at once that 1 MiB holds what their systems are made of; the processor's cores
    take turns at these batches.

    Parameters
    ----------
    confidence
        (n, m) sparse CSR, c ≥ 1 of the entries; 1 elsewhere.
    other
        V, (m, f).
    reg
        λ > 0.
    preference
        (nnz,) p of the entries, in the order of ``confidence.data``; 1 if not given.
    towards
        μ (n, f), where λ draws the factors; 0 if not given.

    Returns
    -------
    (n, f); a row without entries gives zeros.
    """
    n_factors = other.shape[1]
    wish = confidence.data if preference is None else confidence.data * preference
    entries = (wish, confidence.indices, confidence.indptr)
    right = np.asarray(sp.csr_array(entries, shape=confidence.shape) @ other)
    if towards is not None:
        right += reg * towards
    root = np.sqrt(confidence.data - 1)
    length = np.diff(confidence.indptr)
    factors = np.zeros((confidence.shape[0], n_factors))

    def solve(rows: Indices) -> None:
        entry = np.arange(length[rows[-1]])  # the longest row's, which is the last
        real = entry < length[rows, None]
        place = np.where(real, confidence.indptr[rows, None] + entry, 0)
        v = np.take(other, confidence.indices[place], axis=0)
        v *= (root[place] * real)[:, :, None]
        left = gram + v.transpose(0, 2, 1) @ v
        factors[rows] = np.linalg.solve(left, right[rows, :, None])[:, :, 0]

    with single_threaded_blas(), ThreadPoolExecutor(joblib.cpu_count()) as pool:
        gram = other.T @ other + reg * np.eye(n_factors)
        list(pool.map(solve, _of_similar_length(length, n_factors)))
    return factors


def _of_similar_length(length: NDArray[np.int_], n_factors: int) -> Iterator[Indices]:
    """Rows that are not empty, in batches whose longest row is at most a tenth longer (or by 2)."""
    order = np.argsort(length, kind="stable")
    order = order[length[order] > 0]
    ascending, start = length[order], 0
    while start < len(order):
        end = int(np.searchsorted(ascending, int(1.1 * ascending[start] + 2), side="right"))
        cells = n_factors * max(int(ascending[end - 1]), n_factors)
        end = min(end, start + max(1, SOLVED_CELLS // cells))
        yield order[start:end]
        start = end


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


def _check_reg(reg: float) -> None:
    if not 0 < reg < np.inf:
        raise ValueError(f"reg: {reg} is not a finite number above 0")
