"""The k best items of very many: exactly, in blocks, or approximately with an index of faiss.

A score is the inner product of a query, such as a user's factors, and an item's vector. Seen items
are (n_queries, n_items) sparse, with an entry for each pair that must not be listed; available is
(n_items,) bool. Results are (n_queries, k) item rows, best first, −1 where nothing is left.

Notebook: 17_scaling
"""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.evaluation import rank_items
from mmrec_course.recommenders.base import BLOCK_CELLS, Floats, Indices

SEARCHED = 1024  # queries that are searched together


def exact_top_k(
    queries: Floats,
    items: Floats,
    k: int,
    *,
    seen: sp.csr_array | None = None,
    available: NDArray[np.bool_] | None = None,
) -> Indices:
    """Score every item for every query, in blocks that stay small whatever n_items is.

    Ties go to the first item. Time O(n_queries n_items f), memory 16 MiB and the result.

    Notebook: 17_scaling
    """
    rows = np.arange(len(items)) if available is None else np.flatnonzero(available)
    candidates = items if available is None else items[rows]
    top = np.full((len(queries), k), -1)
    if not len(rows):
        return top
    mask = None if seen is None else seen[:, rows]
    size = max(1, BLOCK_CELLS // len(rows))
    for start in range(0, len(queries), size):
        block = slice(start, start + size)
        scores = queries[block] @ candidates.T  # (n_block, n_candidates)
        if mask is not None:
            scores[mask[block].nonzero()] = -np.inf
        best = rank_items(scores, k)
        listed = np.take_along_axis(scores, best, axis=1) > -np.inf
        top[block, : best.shape[1]] = np.where(listed, rows[best], -1)
    return top


def build_index(
    items: Floats, kind: str, *, n_lists: int | None = None, n_links: int = 32, rng: int = 0
) -> Any:
    """Build an index of faiss for the largest inner products with rows of ``items``, (n, f).

    "flat" compares all, exactly. "ivf" sorts the items into ``n_lists`` lists by k-means (4 √n by
    default) and looks into a few of them. "hnsw" links each item to about ``n_links`` neighbours
    (at most twice as many) and walks along the links; built by one thread it is the same each time.

    Inverted file: Jégou, Douze and Schmid (2011), IEEE TPAMI 33(1). Malkov and Yashunin (2020),
    IEEE TPAMI 42(4). Douze et al. (2024), The Faiss library.

    Notebook: 17_scaling
    """
    vectors = np.ascontiguousarray(items, dtype=np.float32)
    n, f = vectors.shape
    if kind == "flat":
        index = faiss.IndexFlatIP(f)
    elif kind == "ivf":
        n_lists = n_lists or max(1, min(n // 39, round(4 * n**0.5)))  # k-means wants 39 a list
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(f), f, n_lists, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed = rng + 1
        index.train(vectors)
    elif kind == "hnsw":
        index = faiss.IndexHNSWFlat(f, n_links, faiss.METRIC_INNER_PRODUCT)
    else:
        raise ValueError(f"kind: {kind!r} is none of 'flat', 'ivf' and 'hnsw'")
    index.add(vectors)
    return index


def search_index(
    index: Any,
    queries: Floats,
    k: int,
    *,
    effort: int = 32,
    seen: sp.csr_array | None = None,
    available: NDArray[np.bool_] | None = None,
) -> Indices:
    """Search an index of `build_index`; ``effort`` is lists to look into, or candidates kept.

    Unavailable items are skipped during the search. Of the others, as many more are fetched as a
    query has seen, and the seen ones are dropped: the lists stay k long as far as the index finds
    enough.

    Notebook: 17_scaling
    """
    vectors = np.ascontiguousarray(queries, dtype=np.float32)
    n_seen = np.zeros(len(vectors), int) if seen is None else np.diff(seen.indptr)
    selector = None
    if available is not None:
        selector = faiss.IDSelectorBatch(np.flatnonzero(available))
    top = np.full((len(vectors), k), -1)
    order = np.argsort(n_seen, kind="stable")  # queries that need as many, together
    for start in range(0, len(order), SEARCHED):
        rows = order[start : start + SEARCHED]
        fetched = min(k + int(n_seen[rows[-1]]), index.ntotal)
        parameters = _parameters(index, max(effort, 1), fetched, selector)
        _, found = index.search(vectors[rows], fetched, params=parameters)
        dropped = found < 0
        if seen is not None:
            pairs = np.repeat(rows, fetched), np.maximum(found, 0).ravel()
            dropped |= seen.astype(bool)[pairs].reshape(found.shape)
        kept = np.argsort(dropped, axis=1, kind="stable")[:, :k]
        found = np.where(dropped, -1, found)
        top[rows, : kept.shape[1]] = np.take_along_axis(found, kept, axis=1)
    return top


def _parameters(index: Any, effort: int, fetched: int, selector: Any) -> Any:
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(nprobe=min(effort, index.nlist), sel=selector)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=max(effort, fetched), sel=selector)
    return faiss.SearchParameters(sel=selector)


def recall_of(found: Indices, exact: Indices) -> float:
    """Share of the exact lists' items that were found, over all queries.

    Notebook: 17_scaling
    """
    same = (found[:, :, None] == exact[:, None, :]) & (exact >= 0)[:, None, :]
    return float(same.sum() / np.count_nonzero(exact >= 0))


def index_bytes(index: Any) -> int:
    """Bytes of an index, its vectors included.

    Notebook: 17_scaling
    """
    return len(faiss.serialize_index(index))
