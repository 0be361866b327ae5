"""Early fusion: the features of all modalities in one row, for any content model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from mmrec_course.features.block import FeatureBlock, normalize_rows
from mmrec_course.features.threads import single_threaded_blas
from mmrec_course.fusion.weighted import contributions

__all__ = ["Projection", "early_fusion", "fused_rows", "hat_matrix", "variance_weights"]

Floats = NDArray[np.float64]
Present = Mapping[str, NDArray[np.bool_]]
WEIGHT_REGS = (3.0, 10.0, 30.0)


def early_fusion(
    blocks: Mapping[str, FeatureBlock],
    weights: Mapping[str, float] | None = None,
    method: str = "concatenate",
    *,
    n_components: int | None = 40,
    fit_items: ArrayLike | Sequence[Any] | None = None,
) -> FeatureBlock:
    """Concatenate, or add up, the weighted features of all modalities.

    Each block is aligned to the same items, centred, reduced to ``n_components`` by PCA (None: not
    reduced), and its rows are scaled to length 1: x_m. With the weights renormalised over the
    present modalities, w_im = a_im w_m / Σ_n a_in w_n,

        concatenate: x_i = (√w_i1 x_i1, √w_i2 x_i2, …),    sum: x_i = Σ_m w_im x_im.

    Under *concatenate*, the dot product of two complete items is Σ_m w_m x_imᵀx_jm, the weighted
    sum of their similarities in each modality. Under *sum* it is Σ_m,n w_m w_n x_imᵀx_jn, whose
    terms with m ≠ n compare unrelated components: noise, unless the blocks have common axes.

    Centre and components are learned from ``fit_items``, the ids of the training items; by default
    from all items, which leaks if held-out ones are to be predicted. The result is over the sorted
    ids of all blocks; an item is present if it has any modality of positive weight.

    Notebook: 08_weighted_fusion
    """
    if method not in ("concatenate", "sum"):
        raise ValueError(f"method: {method!r} is unknown; choose 'concatenate' or 'sum'")
    if not blocks:
        raise ValueError("blocks: no modality to fuse")
    w = dict.fromkeys(blocks, 1.0) if weights is None else weights
    ids = np.unique(np.concatenate([np.asarray(block.item_ids) for block in blocks.values()]))
    aligned = {m: block.align(ids) for m, block in blocks.items()}
    present = {m: block.present for m, block in aligned.items()}
    shares = contributions({m: np.ones((1, len(ids))) for m in blocks}, w, present)
    parts = {m: _unit(b, n_components, fit_items) for m, b in aligned.items() if w[m] > 0}
    widths = {m: len(part.names) for m, part in parts.items()}
    if method == "concatenate":
        values = np.hstack([np.sqrt(shares[m].T) * part.values for m, part in parts.items()])
        names = tuple(f"{m} {name}" for m, part in parts.items() for name in part.names)
    elif len(set(widths.values())) > 1:
        raise ValueError(
            f"n_components: the columns to be added up differ in number: {widths}; choose at most"
            f" {min(widths.values())}"
        )
    else:
        values = np.sum([shares[m].T * part.values for m, part in parts.items()], axis=0)
        names = tuple(f"sum {name}" for name in next(iter(parts.values())).names)
    return FeatureBlock(
        modality="fused",
        item_ids=ids,
        values=values,
        present=np.any([part.present for part in parts.values()], axis=0),
        names=names,
    )


def _unit(block: FeatureBlock, n_components: int | None, fit_items: Any) -> FeatureBlock:
    """Centre, reduce, and scale rows to length 1; a row that lies on the centre becomes zero."""
    learn = block._learnable(fit_items)
    if not learn.any():
        raise ValueError(f"block {block.modality!r}: none of the items to learn from is present")
    if n_components is None:
        x = (block.values - block.values[learn].mean(axis=0)) * block.present[:, None]
    else:
        most = min(int(learn.sum()), len(block.names))
        block = block.reduce(min(n_components, most), fit_items)
        x = block.values
    length = np.linalg.norm(x, axis=1)
    typical = np.sqrt((length[learn] ** 2).mean())
    on_centre = length <= 1e-12 * typical  # up to rounding, whose direction means nothing
    return replace(block, values=normalize_rows(np.where(on_centre[:, None], 0.0, x)))


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


def fused_rows(
    rows: Mapping[str, Floats], present: Present, weights: Mapping[str, float]
) -> dict[str, Floats]:
    """modality → (n_items, d_m) its columns of the concatenated rows of `early_fusion`.

    ``rows`` are unit rows, all of the same items, zero where the modality is missing.
    """
    if not rows:
        return {}
    ones = {m: np.ones((1, len(x))) for m, x in rows.items()}
    shares = contributions(ones, weights, present)
    return {m: np.sqrt(shares[m].T) * x for m, x in rows.items()}


def variance_weights(
    rows: Mapping[str, Floats], present: Present, target: Floats, power: float = 2.0
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
            hat = hat_matrix(f, reg)  # (n_m, d_m)
            leverage = (hat * f).sum(axis=1, keepdims=True)
            left_out = (t - f @ (hat.T @ t)) / (1 - leverage)  # leave-one-out residuals
            errors.append(float((left_out**2).sum()) / max(float((t**2).sum()), 1e-300))
        explained[m] = max(0.0, 1 - min(errors)) ** power
    total = sum(explained.values())
    if not total > 0:  # nothing is explained, so there is no reason for unequal weights
        return {m: 1 / len(rows) for m in rows}
    return {m: value / total for m, value in explained.items()}


def hat_matrix(f: Floats, reg: float) -> Floats:
    """(n, d) F (FᵀF + λI)⁻¹, by the smaller of two systems."""
    n, d = f.shape
    with single_threaded_blas():
        if n < d:
            return np.asarray(np.linalg.solve(f @ f.T + reg * np.eye(n), f))
        return np.asarray(np.linalg.solve(f.T @ f + reg * np.eye(d), f.T).T)
