"""Early fusion: one feature block from several, before any model sees them.

In: a feature block a modality. Out: one block in which every item has a row that speaks for all
that the item has. It goes wherever a block goes, say into ContentRidge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmrec_course.features.block import FeatureBlock

__all__ = ["early_fusion"]

Floats = NDArray[np.float64]


def early_fusion(
    blocks: Mapping[str, FeatureBlock],
    weights: Mapping[str, float] | None = None,
    method: str = "concatenate",
    *,
    n_components: int | None = 40,
    fit_items: ArrayLike | Sequence[Any] | None = None,
    modality: str = "fused",
) -> FeatureBlock:
    """Features of all modalities in one row: their weighted concatenation, or their weighted sum.

    Each block is aligned to the same items, centred, reduced to n_components by PCA, and its
    rows are scaled to length 1, so that neither units nor the number of columns speak: x_m. With
    the weights of what the item has, w_im = a_im w_m / Σ_n a_in w_n,

        concatenate: x_i = (√w_i1 x_i1, √w_i2 x_i2, …),    sum: x_i = Σ_m w_im x_im.

    *Concatenate*: the dot product of two complete items is Σ_m w_m x_imᵀx_jm, the weighted sum
    of their similarities in each modality; hence the root.

    *Sum*: adds the first component of the picture to the first component of the words, the
    second to the second, … What such a sum means depends on how the components happen to be
    numbered and signed. The dot product of two items is Σ_m,n w_m w_n x_imᵀx_jn: the terms with
    m ≠ n compare the picture of one with the words of the other, and are noise, unless the
    blocks were brought to common axes before (a jointly trained encoder, say). The function has
    it because many texts do it, and lesson 08 measures what it costs.

    Parameters
    ----------
    blocks
        modality → FeatureBlock; their items may differ.
    weights
        modality → w_m ≥ 0, not all zero; equal if not given. For a sum to 1, only their ratios
        count.
    method
        "concatenate" or "sum".
    n_components
        Columns that each modality is reduced to, at most what its training items allow. None:
        no reduction, for concatenation only.
    fit_items
        Ids that the centre and the components may be learned from, the training items; None
        takes all, held-out ones too, which is leakage if they are to be predicted.
    modality
        The name of the result.

    Returns
    -------
    FeatureBlock over the sorted ids of all blocks; an item is present if it has any modality of
    positive weight. A complete item's row has length 1 under "concatenate", also where
    modalities are missing.

    Raises
    ------
    ValueError
        If there is no block, the method is unknown, a weight is missing, negative or not finite,
        all are zero, a modality has no training item, or a sum's modalities cannot have the same
        number of components.

    Notebook: 08_weighted_fusion
    """
    if method not in ("concatenate", "sum"):
        raise ValueError(f"method: {method!r} is unknown; choose 'concatenate' or 'sum'")
    w = _checked_weights(blocks, weights)
    used = [m for m in blocks if w[m] > 0]
    ids = np.unique(np.concatenate([np.asarray(block.item_ids) for block in blocks.values()]))
    parts = [_prepared(blocks[m].align(ids), n_components, fit_items) for m in used]
    widths = {m: len(part.names) for m, part in zip(used, parts, strict=True)}
    if method == "sum" and len(set(widths.values())) > 1:
        raise ValueError(
            f"n_components: the columns to be added up differ in number: {widths}; choose at most"
            f" {min(widths.values())}"
        )
    present = np.column_stack([part.present for part in parts])
    share = present * np.array([w[m] for m in used])
    total = share.sum(axis=1, keepdims=True)
    share = np.divide(share, total, out=np.zeros_like(share), where=total > 0)
    if method == "sum":
        values = np.sum([share[:, [j]] * part.values for j, part in enumerate(parts)], axis=0)
        names = tuple(f"sum {name}" for name in parts[0].names)
    else:
        values = np.hstack([np.sqrt(share[:, [j]]) * part.values for j, part in enumerate(parts)])
        names = tuple(
            f"{m} {name}" for m, part in zip(used, parts, strict=True) for name in part.names
        )
    return FeatureBlock(
        modality=modality,
        item_ids=ids,
        values=values,
        present=np.asarray(present.any(axis=1)),
        names=names,
    )


def _checked_weights(
    blocks: Mapping[str, FeatureBlock], weights: Mapping[str, float] | None
) -> dict[str, float]:
    if not blocks:
        raise ValueError("blocks: no modality to fuse")
    given = dict.fromkeys(blocks, 1.0) if weights is None else weights
    for m in blocks:
        if m not in given:
            raise ValueError(f"weights: none for modality {m!r}; has {sorted(given)}")
        if not (np.isfinite(given[m]) and given[m] >= 0):
            raise ValueError(f"weights[{m!r}]: {given[m]} is not a finite number of at least 0")
    if not any(given[m] > 0 for m in blocks):
        raise ValueError("weights: all are zero")
    return {m: float(given[m]) for m in blocks}


def _prepared(
    block: FeatureBlock, n_components: int | None, fit_items: ArrayLike | Sequence[Any] | None
) -> FeatureBlock:
    """Centred, reduced, rows of length 1; a row that lies on the centre stays zero."""
    learn = block.present.copy()
    if fit_items is not None:
        learn &= np.isin(block.item_ids, np.asarray(fit_items))
    if not learn.any():
        raise ValueError(f"block {block.modality!r}: none of the items to learn from is present")
    if n_components is None:
        centred = block.values - block.values[learn].mean(axis=0)
        block = replace(block, values=centred)  # absent rows are set to zero again
    else:
        most = min(int(learn.sum()), len(block.names))
        block = block.reduce(min(n_components, most), fit_items)
    length = np.linalg.norm(block.values, axis=1, keepdims=True)
    typical = float(np.sqrt((length[learn] ** 2).mean()))
    unit = np.divide(
        block.values, length, out=np.zeros_like(block.values), where=length > 1e-12 * typical
    )
    return replace(block, values=unit)
