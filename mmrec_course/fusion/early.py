"""Early fusion: one feature block from several, for any content model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmrec_course.features.block import FeatureBlock, normalize_rows
from mmrec_course.fusion.weighted import contributions

__all__ = ["early_fusion"]


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
    learn = block.present.copy()
    if fit_items is not None:
        learn &= np.isin(block.item_ids, np.asarray(fit_items))
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
