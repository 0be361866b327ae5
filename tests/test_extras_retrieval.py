"""Exact lists are the best there are; an index finds most of them and nothing forbidden."""

import numpy as np
import pytest
import scipy.sparse as sp

faiss = pytest.importorskip("faiss")

from mmrec_course.extras import retrieval  # noqa: E402
from mmrec_course.extras.retrieval import (  # noqa: E402
    build_index,
    exact_top_k,
    index_bytes,
    recall_of,
    search_index,
)

KINDS = ("flat", "ivf", "hnsw")


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(0)
    items, queries = rng.normal(size=(3000, 16)), rng.normal(size=(50, 16))
    seen = sp.random_array((50, 3000), density=0.01, rng=rng, format="csr")
    return queries, items, seen, rng.random(3000) < 0.6


def test_exact_lists_by_hand():
    items = np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 0.0], [2.0, 0.0]])
    assert exact_top_k(np.eye(2), items, 3).tolist() == [[2, 3, 0], [1, 0, 2]]
    seen = sp.csr_array(np.array([[0, 0, 1, 0], [0, 0, 0, 0]]))
    available = np.array([True, False, True, True])
    top = exact_top_k(np.eye(2), items, 3, seen=seen, available=available)
    assert top.tolist() == [[3, 0, -1], [0, 2, 3]]
    assert (exact_top_k(np.eye(2), items, 3, available=np.zeros(4, bool)) == -1).all()


def test_blocks_do_not_change_the_lists(world, monkeypatch):
    queries, items, seen, available = world
    whole = exact_top_k(queries, items, 10, seen=seen, available=available)
    monkeypatch.setattr(retrieval, "BLOCK_CELLS", 7 * available.sum())
    assert (exact_top_k(queries, items, 10, seen=seen, available=available) == whole).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_that_looks_everywhere_is_nearly_exact(world, kind):
    queries, items, seen, available = world
    index = build_index(items, kind)
    exact = exact_top_k(queries, items, 10, seen=seen, available=available)
    found = search_index(index, queries, 10, effort=3000, seen=seen, available=available)
    assert recall_of(found, exact) > (0.9 if kind == "hnsw" else 0.999)


@pytest.mark.parametrize("kind", KINDS)
def test_seen_and_unavailable_items_are_never_listed_and_lists_stay_full(world, kind, monkeypatch):
    queries, items, seen, available = world
    monkeypatch.setattr(retrieval, "SEARCHED", 7)
    index = build_index(items, kind)
    found = search_index(index, queries, 10, effort=8, seen=seen, available=available)
    user = np.repeat(np.arange(50), 10)[found.ravel() >= 0]
    item = found.ravel()[found.ravel() >= 0]
    assert available[item].all()
    assert not seen.toarray()[user, item].any()
    assert len(item) > 0.95 * 500
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in found)


def test_more_effort_finds_more(world):
    queries, items, *_ = world
    exact = exact_top_k(queries, items, 10)
    index = build_index(items, "ivf")
    few, many = (recall_of(search_index(index, queries, 10, effort=e), exact) for e in (1, 40))
    assert few < many


def test_a_list_longer_than_the_catalogue_ends_with_minus_one(world):
    queries, items, *_ = world
    for found in (
        search_index(build_index(items[:4], "flat"), queries, 6),
        exact_top_k(queries, items[:4], 6),
    ):
        assert found.shape == (50, 6)
        assert (found[:, 4:] == -1).all()


def test_recall_counts_what_was_found():
    assert recall_of(np.array([[1, 2], [5, 9]]), np.array([[2, 3], [9, 5]])) == 0.75
    assert recall_of(np.array([[1, -1]]), np.array([[1, -1]])) == 1.0


def test_an_index_is_at_least_as_large_as_its_vectors(world):
    _, items, *_ = world
    sizes = [index_bytes(build_index(items, kind)) for kind in KINDS]
    assert sizes == sorted(sizes)
    assert sizes[0] >= items.size * 4


def test_an_unknown_kind_is_an_error(world):
    with pytest.raises(ValueError, match="kind: 'tree'"):
        build_index(world[1], "tree")
