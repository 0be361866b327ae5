"""Methods for items that lack a modality: deletion, imputation, and modality dropout.

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
from sklearn.preprocessing import normalize

from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock

METHODS = ("drop", "zero", "mean", "neighbours", "renormalize")
Floats = NDArray[np.float64]


def impute_missing(
    blocks: Mapping[str, FeatureBlock],
    method: str,
    *,
    fit_items: ArrayLike | None = None,
    ratings: pd.DataFrame | None = None,
    n_neighbors: int = 10,
) -> dict[str, FeatureBlock]:
    """Return the blocks with their missing modalities treated by one of :data:`METHODS`.

    ==============  ===========================================================================
    ``method``      an item that lacks a modality
    ==============  ===========================================================================
    "drop"          is left out of every block: only complete items remain
    "zero"          gets a row of zeros
    "mean"          gets the mean of the fit items that have the modality
    "neighbours"    gets the mean of the ``n_neighbors`` fit items with the largest cosine of
                    training interactions; the overall mean if it has none
    "renormalize"   stays absent: :func:`~mmrec_course.fusion.weighted_sum` renormalises weights
    ==============  ===========================================================================

    Imputed items count as present. A modality that no fit item has stays as it is. Fit items, by
    default all, and ``ratings``, for "neighbours", are for training; held-out ones would leak.

    Malitesta et al. (2024), Do We Really Need to Drop Items with Missing Modalities in Multimodal
    Recommendation?, CIKM.
    """
    if method not in METHODS:
        raise ValueError(f"method: {method!r} is unknown; choose one of {METHODS}")
    if method == "renormalize":
        return dict(blocks)
    if method == "drop":
        complete = reduce(np.intersect1d, [b.item_ids[b.present] for b in blocks.values()])
        return {m: block.align(complete) for m, block in blocks.items()}
    if method == "neighbours" and ratings is None:
        raise ValueError("ratings: 'neighbours' needs the training interactions")
    imputed = {}
    for m, block in blocks.items():
        values, missing, fit = block.values.copy(), ~block.present, block._learnable(fit_items)
        if method != "zero":
            if not fit.any():
                imputed[m] = block
                continue
            values[missing] = values[fit].mean(axis=0)
        if method == "neighbours" and ratings is not None:
            similarity = _cosines(ratings, block.item_ids[missing], block.item_ids[fit])
            weight = np.zeros_like(similarity)
            np.put_along_axis(weight, rank_items(similarity, n_neighbors, 1e-5), 1.0, axis=1)
            weight *= similarity > 0  # (n_missing, n_fit)
            n_near = weight.sum(axis=1, keepdims=True)
            mean = weight @ block.values[fit] / np.maximum(n_near, 1)
            values[missing] = np.where(n_near > 0, mean, values[missing])
        imputed[m] = replace(block, values=values, present=np.ones(len(block), bool))
    return imputed


def _cosines(ratings: pd.DataFrame, these: NDArray[Any], those: NDArray[Any]) -> Floats:
    """(n_these, n_those) cosines of the items' rows of 0/1 interactions; 0 without any."""
    pairs = ratings[["user_id", "item_id"]].drop_duplicates()
    item, ids = pd.factorize(pairs["item_id"])
    user, users = pd.factorize(pairs["user_id"])
    shape = (len(ids) + 1, len(users))  # one more row, of zeros, for items without interactions
    x = normalize(sp.csr_array((np.ones(len(item)), (item, user)), shape=shape))
    row = pd.Index(ids)
    return np.asarray((x[row.get_indexer(these)] @ x[row.get_indexer(those)].T).toarray())


def dropout_ridge(
    blocks: Mapping[str, FeatureBlock], targets: ArrayLike, *, reg: float = 1.0, rate: float = 0.5
) -> dict[str, Floats]:
    """Ridge regression ŷ_i = Σ_m a_im x_im W_m under modality dropout, in closed form.

    If each modality of each item is dropped with probability p (``rate``), the expected squared
    error plus ``λ |W|²`` (``reg``) is least for

        (E[ZᵀZ] + λI) W = E[ZᵀT],  E[Z_mᵀZ_m] = (1 − p) F_mᵀF_m,
        E[Z_mᵀZ_n] = (1 − p)² F_mᵀF_n (m ≠ n),  E[Z_mᵀT] = (1 − p) F_mᵀT.

    p = 0 is ridge regression on the concatenated blocks. Blocks have the same items in the same
    order; they and the targets (n_items, n_targets) are centred. Returns modality → W_m.

    van der Maaten et al. (2013), Learning with Marginalized Corrupted Features, ICML; modality
    dropout: Neverova et al. (2016), ModDrop, IEEE TPAMI 38(8).
    """
    if not reg > 0 or not 0 <= rate < 1:
        raise ValueError(f"reg: {reg}, rate: {rate}; expected reg > 0 and 0 ≤ rate < 1")
    first = next(iter(blocks.values()))
    for m, block in blocks.items():
        if not np.array_equal(block.item_ids, first.item_ids):
            raise ValueError(f"blocks[{m!r}]: other items, or in another order; use align")
    f = np.hstack([block.values for block in blocks.values()])
    widths = [len(block.names) for block in blocks.values()]
    modality = np.repeat(np.arange(len(blocks)), widths)  # of each column
    keep = 1 - rate
    gram = f.T @ f * np.where(modality[:, None] == modality, keep, keep**2)
    w = np.linalg.solve(gram + reg * np.eye(len(gram)), keep * (f.T @ np.asarray(targets)))
    return {m: w[modality == j] for j, m in enumerate(blocks)}
