"""What to do about an item that lacks a modality: interchangeable choices.

In: feature blocks with gaps. Out: blocks of the same modalities, filled, cut, or left to a fusion
that can cope; and a ridge regression that has been trained to do without.

Notebook: 10_incomplete_data
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock

__all__ = ["METHODS", "dropout_ridge", "impute_missing"]

METHODS = ("drop", "zero", "mean", "neighbours", "renormalize")
Floats = NDArray[np.float64]
Chosen = tuple[Any, sp.csr_array]


def impute_missing(
    blocks: Mapping[str, FeatureBlock],
    method: str,
    *,
    fit_items: ArrayLike | None = None,
    ratings: pd.DataFrame | None = None,
    n_neighbors: int = 10,
) -> dict[str, FeatureBlock]:
    """The same catalogue with its gaps dealt with.

    ==============  ===========================================================================
    ``method``      an item that lacks a modality
    ==============  ===========================================================================
    "drop"          is left out of every block: only complete items remain
    "zero"          gets a row of zeros, which a linear model takes for a fact
    "mean"          gets the mean of the fit items that have the modality
    "neighbours"    gets the mean over the ``n_neighbors`` fit items that the same people chose,
                    by the cosine of their columns of training interactions; the mean where
                    nobody has chosen it yet
    "renormalize"   stays absent: :func:`~mmrec_course.fusion.weighted.weighted_sum` lets the
                    other modalities' weights fill its place
    ==============  ===========================================================================

    Filled items count as present. :func:`dropout_ridge` is the choice that changes the model
    instead of the data.

    Parameters
    ----------
    blocks
        modality → FeatureBlock, in any order of items.
    method
        One of :data:`METHODS`.
    fit_items
        Ids whose features may be looked at for means: the training items; None: all.
    ratings
        Training interactions, user_id and item_id, for "neighbours". Never give it held-out
        ones: who will choose an item is what is to be found out.
    n_neighbors
        At least 1.

    Returns
    -------
    modality → FeatureBlock. A modality that no fit item has stays as it is under "mean" and
    "neighbours".

    Raises
    ------
    ValueError
        If the method is unknown, n_neighbors is below 1, or "neighbours" has no ratings.

    Notes
    -----
    Malitesta et al. (2024), Do We Really Need to Drop Items with Missing Modalities in Multimodal
    Recommendation?, CIKM, for the comparison and for neighbours in the graph of interactions.

    Notebook: 10_incomplete_data

    Examples
    --------
    >>> block = FeatureBlock(modality="image", item_ids=["a", "b", "c"], names=("red",),
    ...                      values=[[1.0], [3.0], [0.0]], present=[True, True, False])
    >>> impute_missing({"image": block}, "mean")["image"].values.tolist()
    [[1.0], [3.0], [2.0]]
    """
    if method not in METHODS:
        raise ValueError(f"method: {method!r} is unknown; choose one of {METHODS}")
    if n_neighbors < 1:
        raise ValueError(f"n_neighbors: {n_neighbors} is below 1")
    if method == "renormalize" or not blocks:
        return dict(blocks)
    if method == "drop":
        whole = [block.item_ids[block.present] for block in blocks.values()]
        kept = reduce(np.intersect1d, whole)
        return {m: block.align(kept) for m, block in blocks.items()}
    if method == "neighbours" and ratings is None:
        raise ValueError("ratings: 'neighbours' needs the training interactions")
    chosen = _columns(ratings) if method == "neighbours" and ratings is not None else None
    filled = {}
    for m, block in blocks.items():
        taught = block.present.copy()
        if fit_items is not None:
            taught &= pd.Index(block.item_ids).isin(np.asarray(fit_items))
        filled[m] = _filled(block, taught, method, chosen, n_neighbors)
    return filled


def _filled(
    block: FeatureBlock,
    taught: NDArray[np.bool_],
    method: str,
    chosen: Chosen | None,
    n_neighbors: int,
) -> FeatureBlock:
    gaps = np.flatnonzero(~block.present)
    if method != "zero" and not taught.any():
        return block
    values = block.values.copy()
    if method != "zero":
        values[gaps] = values[taught].mean(axis=0)
    if chosen is not None and len(gaps):
        near = _chosen_together(block.item_ids, chosen, gaps, np.flatnonzero(taught))
        weight = _nearest_only(near, n_neighbors)
        count = weight.sum(axis=1)
        some = count > 0
        values[gaps[some]] = (weight[some] @ block.values[taught]) / count[some, None]
    return replace(block, values=values, present=np.ones(len(block), bool))


def _columns(ratings: pd.DataFrame) -> Chosen:
    """Ids of the rated items, and a row of 0/1 interactions for each, scaled to length 1.

    One more row, of zeros, for items that nobody has chosen.
    """
    item, ids = pd.factorize(ratings["item_id"])
    user, names = pd.factorize(ratings["user_id"])
    x = sp.csr_array((np.ones(len(item)), (item, user)), shape=(len(ids) + 1, len(names)))
    x.data[:] = 1.0
    length = np.sqrt(np.asarray(x.sum(axis=1)).ravel())
    return pd.Index(ids), sp.csr_array(sp.diags_array(1 / np.maximum(length, 1.0)) @ x)


def _chosen_together(
    item_ids: NDArray[Any], chosen: Chosen, gaps: NDArray[np.intp], taught: NDArray[np.intp]
) -> Floats:
    """(n_gaps, n_taught) cosines of the items' rows of interactions."""
    ids, x = chosen
    row = ids.get_indexer(pd.Index(item_ids))
    return np.asarray((x[row[gaps]] @ x[row[taught]].T).toarray())


def _nearest_only(similarity: Floats, k: int) -> Floats:
    """1 for each row's k largest positive similarities, 0 elsewhere; equal weights as in a mean."""
    best = rank_items(similarity, k, 1e-5)
    weight = np.zeros_like(similarity)
    np.put_along_axis(weight, best, 1.0, axis=1)
    return np.asarray(weight * (similarity > 0))


def dropout_ridge(
    blocks: Mapping[str, FeatureBlock], targets: ArrayLike, *, reg: float = 1.0, rate: float = 0.5
) -> dict[str, Floats]:
    """Ridge regression under modality dropout, in closed form: no modality may be relied upon.

    ŷ_i = Σ_m a_im x_im W_m. Were each modality of each item hidden with probability p in ever new
    rounds, the mean squared error over all rounds would be least for

        (E[ZᵀZ] + λI) W = E[ZᵀT],  E[Z_mᵀZ_m] = (1 − p) F_mᵀF_m,
        E[Z_mᵀZ_n] = (1 − p)² F_mᵀF_n (m ≠ n),  E[Z_mᵀT] = (1 − p) F_mᵀT:

    modalities that say the same are asked to say it each by itself. p = 0 is ridge regression on
    the blocks side by side, absent ones zero. One linear system of Σ_m min(d_m, n_m) equations,
    with n_m items that have the modality.

    Parameters
    ----------
    blocks
        modality → FeatureBlock with the same items in the same order, features centred.
    targets
        (n_items, n_targets), centred.
    reg
        λ > 0.
    rate
        p, 0 ≤ p < 1.

    Returns
    -------
    modality → W_m (d_m, n_targets).

    Raises
    ------
    ValueError
        If items differ between blocks, the targets have other rows, or λ or p is out of range.

    Notes
    -----
    van der Maaten et al. (2013), Learning with Marginalized Corrupted Features, ICML; modality
    dropout: Neverova et al. (2016), ModDrop, IEEE TPAMI 38(8).

    Notebook: 10_incomplete_data
    """
    if not 0 < reg < np.inf:
        raise ValueError(f"reg: {reg} is not a finite number above 0")
    if not 0 <= rate < 1:
        raise ValueError(f"rate: {rate} is outside 0 ≤ rate < 1")
    if not blocks:
        raise ValueError("blocks: no modality")
    t = np.asarray(targets, dtype=np.float64)
    first = next(iter(blocks.values()))
    for m, block in blocks.items():
        if not np.array_equal(block.item_ids, first.item_ids):
            raise ValueError(f"blocks[{m!r}]: other items, or in another order; use align")
    if t.ndim != 2 or len(t) != len(first):
        raise ValueError(f"targets: shape {t.shape}, expected ({len(first)}, n_targets)")
    bases = [_row_space(block) for block in blocks.values()]
    widths = [basis.shape[1] for basis in bases]
    owner = np.repeat(np.arange(len(widths)), widths)
    f = np.hstack([block.values @ q for block, q in zip(blocks.values(), bases, strict=True)])
    keep = 1 - rate
    gram = f.T @ f * np.where(owner[:, None] == owner, keep, keep**2)
    solved = np.linalg.solve(gram + reg * np.eye(len(gram)), keep * (f.T @ t))
    edges = np.cumsum([0, *widths])
    return {
        m: np.asarray(q @ solved[start:stop], dtype=np.float64)
        for m, q, start, stop in zip(blocks, bases, edges[:-1], edges[1:], strict=True)
    }


def _row_space(block: FeatureBlock) -> Any:
    """(d, r) orthonormal axes that span the rows, in which W_m lies; all d where d ≤ n."""
    rows = block.values[block.present]
    n, d = rows.shape
    return np.linalg.qr(rows.T)[0] if d > n else sp.eye_array(d)
