"""Recommenders that look at people: what those who liked this also liked.

Notebook: 07_collaborative_filtering
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Recommender

__all__ = ["EASE"]


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
        if not self.reg > 0:
            raise ValueError(f"reg: {self.reg} is not above 0")
        gram = (self.histories_.T @ self.histories_).toarray()
        gram[np.diag_indices_from(gram)] += self.reg
        p = np.linalg.inv(gram)
        weights = -p / np.diag(p)
        np.fill_diagonal(weights, 0.0)
        self.weights_ = weights

    def _score(self, histories: sp.csr_array, columns: NDArray[np.intp]) -> Floats:
        return np.asarray(histories @ self.weights_[:, columns])
