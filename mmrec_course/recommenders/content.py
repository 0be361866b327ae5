"""Recommenders that look at the items: neighbours in a feature space, and ridge regression.

In: ratings and one or more feature blocks. Out: scores, also for items that nobody has rated.

Notebook: 03_image_features
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Recommender

__all__ = ["ContentKNN", "ContentRidge"]


def unit_rows(block: FeatureBlock, training: NDArray[np.bool_]) -> Floats:
    """Rows centred on the mean of the present training items and scaled to length 1.

    The dot product of two rows is then their (centred) cosine. Absent rows are zero.
    """
    use = block.present & training
    centre = block.values[use].mean(axis=0) if use.any() else 0.0
    x = (block.values - centre) * block.present[:, None]
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(np.divide(x, length, out=np.zeros_like(x), where=length > 1e-12))


def _only_block(modality: str, blocks: Mapping[str, FeatureBlock]) -> FeatureBlock:
    if modality not in blocks:
        raise ValueError(f"features: no block {modality!r}; has {sorted(blocks)}")
    return blocks[modality]


class ContentKNN(Recommender):
    """Items like those you liked: a sum of similarities to your history.

    score_ui = Σ_{j ∈ N_k(i)} s_ij · x_uj, with the cosine s of centred features, the liking x
    (:class:`Recommender`) and the k rated items most similar to i.

    Parameters
    ----------
    modality
        Which block to look at.
    n_neighbors
        k; None takes all items.
    positive
        The rating from which an item counts as liked.

    Notebook: 03_image_features
    """

    def __init__(
        self, *, modality: str, n_neighbors: int | None = None, positive: float = 4.0
    ) -> None:
        self.modality = modality
        self.n_neighbors = n_neighbors
        self.positive = positive

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        if self.n_neighbors is not None and self.n_neighbors < 1:
            raise ValueError(f"n_neighbors: {self.n_neighbors} is below 1")
        rated = self.n_ratings_ > 0
        x = unit_rows(_only_block(self.modality, blocks), rated)
        similarity = np.clip(x @ x.T, 0.0, None)
        np.fill_diagonal(similarity, 0.0)
        similarity[~rated] = 0.0
        k = self.n_neighbors
        if k is not None and k < rated.sum():
            threshold = -np.partition(-similarity, k - 1, axis=0)[k - 1]
            similarity[similarity < threshold] = 0.0
        self.similarity_ = similarity

    def _score(self, histories: sp.csr_array, columns: NDArray[np.intp]) -> Floats:
        return np.asarray(histories @ self.similarity_[:, columns])


class ContentRidge(Recommender):
    """A ridge regression from an item's features to who likes it, all users at once.

    With unit feature rows F (n, d) of the rated items that have the modality, and histories X,

        W = (FᵀF + λI)⁻¹ Fᵀ Xᵀ  (d, n_users),   y = Wᵀ f,

    one column of W for each user's taste in this modality. For an item that was itself trained
    on, the score is the leave-one-out prediction (y − h x) / (1 − h), h its leverage: what the
    model would say had nobody rated it yet. Warm and cold items are thus on one scale, and the
    training scores can serve to choose λ and fusion weights.

    One thin singular value decomposition, O(n · d · min(n, d)), serves every λ.

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
        (n_items,) bool: items whose score means something; the others score 0.

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
        if not self.reg > 0:
            raise ValueError(f"reg: {self.reg} is not above 0")
        block = _only_block(self.modality, blocks)
        rated = self.n_ratings_ > 0
        self.rows_ = unit_rows(block, rated)
        self.present_ = block.present
        self.trained_ = np.flatnonzero(rated & block.present)
        u, s, vt = np.linalg.svd(self.rows_[self.trained_], full_matrices=False)
        shrink = s / (s**2 + self.reg)
        self.hat_ = (u * shrink) @ vt  # (n_trained, d): W = hat_ᵀ Xᵀ
        self.leverage_ = np.zeros(len(self.item_ids_))
        self.leverage_[self.trained_] = (u**2) @ (s * shrink)

    def _score(self, histories: sp.csr_array, columns: NDArray[np.intp]) -> Floats:
        weights = histories[:, self.trained_] @ self.hat_
        scores = np.asarray(weights @ self.rows_[columns].T)
        h = self.leverage_[columns]
        own = np.asarray(histories[:, columns].toarray())
        return np.asarray((scores - own * h) / (1 - h))
