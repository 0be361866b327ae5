"""Recommenders that look at the items: neighbours in a feature space, and ridge regression.

In: ratings and one or more feature blocks. Out: scores, also for items that nobody has rated.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock, unit_rows
from mmrec_course.recommenders.base import BLOCK_CELLS, Floats, Indices, Recommender, as_slice

__all__ = ["ContentKNN", "ContentRidge"]


def _only_block(modality: str, blocks: Mapping[str, FeatureBlock]) -> FeatureBlock:
    if modality not in blocks:
        raise ValueError(f"features: no block {modality!r}; has {sorted(blocks)}")
    return blocks[modality]


class ContentKNN(Recommender):
    """Items like those you liked: a sum of similarities to your history.

    score_ui = Σ_{j ∈ N_k(i)} s_ij · x_uj, with s = max(0, cosine of the centred features), the
    liking x (:class:`Recommender`) and N_k(i) the k rated items other than i most similar to i;
    of equally similar ones, those with the lower id.

    Parameters
    ----------
    modality
        Which block to look at.
    n_neighbors
        k; None takes all items.
    positive
        The rating from which an item counts as liked.

    Attributes
    ----------
    similarity_
        (n_items, n_items), column i the neighbours of i: sparse with at most k
        entries a column, built in blocks; dense, O(n_items²) memory, if ``n_neighbors`` is None.
        Cost O(n_items² · d).

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
        if k is not None and k < 1:
            raise ValueError(f"n_neighbors: {k} is below 1")
        rated = self.n_ratings_ > 0
        x = unit_rows(_only_block(self.modality, blocks), rated)
        n_block = max(1, BLOCK_CELLS // len(x))
        parts = [
            self._neighbours(x, rated, np.arange(start, min(start + n_block, len(x))))
            for start in range(0, len(x), n_block)
        ]
        if k is None:
            self.similarity_: Floats | sp.csr_array = np.vstack(parts).T
        else:
            self.similarity_ = sp.csr_array(sp.vstack(parts).T)

    def _neighbours(
        self, x: Floats, rated: NDArray[np.bool_], items: Indices
    ) -> Floats | sp.csr_array:
        """A row of similarities for each of these items, zero but for its neighbours."""
        similarity = np.clip(x[items] @ x.T, 0.0, None)
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
    """A ridge regression from an item's features to who likes it, all users at once.

    With unit feature rows F (n, d) of the rated items that have the modality, and histories X,

        W = (FᵀF + λI)⁻¹ Fᵀ Xᵀ  (d, n_users),   y = Wᵀ f,

    one column of W for each user's taste in this modality. For an item that was itself trained
    on, the score is the leave-one-out prediction (y − h x) / (1 − h), with its leverage
    h = fᵀ(FᵀF + λI)⁻¹f: exactly what W would say of it, had its row been left out of F and of
    X, so that nobody's liking of it takes part. (Its features still take part in the centre on
    which all rows are, one n-th of a mean; likings never do.) Warm and cold items are thus on
    one scale. For fusion weights rather hide items a fifth at a time: leave-one-out leans against
    its own answer (an item left out of X lowers what is said of it), and not equally much in
    every modality.

    One linear system, O(n · d · min(n, d)) time and O(n · d) memory.

    Parameters
    ----------
    modality
        Which block to look at.
    reg
        λ > 0, in units of the squared length of a feature row.
    positive
        The rating from which an item counts as liked.

    Attributes
    ----------
    present_
        (n_items,) bool: items that have the modality; the others score 0.
    trained_
        (n_trained,) columns of ``item_ids_`` that W was learned from: present and rated.
    leverage_
        (n_items,) h, in [0, 1 / (1 + λ)]; 0 for items that were not trained on.

    Notes
    -----
    Hoerl and Kennard (1970), Technometrics 12(1); leave-one-out: Allen (1974), Technometrics
    16(1).

    Notebook: 08_weighted_fusion
    """

    def __init__(self, *, modality: str, reg: float = 1.0, positive: float = 4.0) -> None:
        self.modality = modality
        self.reg = reg
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        if not 0 < self.reg < np.inf:
            raise ValueError(f"reg: {self.reg} is not a finite number above 0")
        block = _only_block(self.modality, blocks)
        rated = self.n_ratings_ > 0
        self.rows_ = unit_rows(block, rated)
        self.present_ = block.present
        self.trained_ = np.flatnonzero(rated & block.present)
        f = self.rows_[self.trained_]
        n, d = f.shape
        # (n_trained, d), W = hat_ᵀ Xᵀ: the same matrix by the smaller of two systems.
        if n <= d:
            self.hat_ = np.linalg.solve(f @ f.T + self.reg * np.eye(n), f)
        else:
            self.hat_ = np.linalg.solve(f.T @ f + self.reg * np.eye(d), f.T).T
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
