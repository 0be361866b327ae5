"""FeatureBlock: a row is never matched by position."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from mmrec_course.features import FeatureBlock


def make(ids, values, present=None, **more):
    values = np.asarray(values, float)
    return FeatureBlock(
        modality="image",
        item_ids=np.asarray(ids),
        values=values,
        present=np.ones(len(values), bool) if present is None else present,
        names=tuple(f"c{j}" for j in range(values.shape[1])),
        **more,
    )


ids_of_a_kind = st.one_of(
    st.lists(st.integers(-50, 50), unique=True, max_size=12).map(lambda x: np.array(x, int)),
    st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=12).map(
        lambda x: np.array(x, object)
    ),
    st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=12).map(
        lambda x: np.array(x, np.str_)
    ),
)


@settings(deadline=None)
@given(ids_of_a_kind, ids_of_a_kind, st.randoms(use_true_random=False))
def test_align_never_mixes_rows(ids, wanted, random):
    mask = [random.random() < 0.7 for _ in ids]
    own = np.arange(1.0, len(ids) + 1)
    block = make(ids, np.column_stack([own, own]), np.array(mask, bool))
    aligned = block.align(wanted)
    truth = {i: (v, p) for i, v, p in zip(ids.tolist(), own, mask, strict=True)}
    assert aligned.item_ids.tolist() == wanted.tolist()
    assert len(aligned) == len(wanted)
    for row, item in enumerate(wanted.tolist()):
        value, present = truth.get(item, (0.0, False))
        assert aligned.present[row] == present
        assert aligned.values[row].tolist() == [value * present] * 2


def test_align_takes_a_pandas_index():
    block = make(["a", "b"], [[1.0], [2.0]])
    index = pd.Index(["b", "a"], dtype="string")
    assert block.align(index).values.tolist() == [[2.0], [1.0]]


def test_numbers_and_their_names_are_different_ids():
    assert not make([1, 2], [[1.0], [2.0]]).align(["1", "2"]).present.any()


def test_reasons_follow_their_items_and_only_absent_ones_have_any():
    block = make(
        ["a", "b", "c"],
        np.ones((3, 1)),
        [False, True, False],
        reasons={"a": "broken", "b": "wrong", "x": "unknown"},
    )
    assert block.reasons == {"a": "broken"}
    assert block.align(["c", "a"]).reasons == {"a": "broken"}
    assert block.align(["c"]).reasons == {}
    assert block.shuffle().reasons == {"a": "broken"}


def test_absent_rows_are_zero_whatever_was_there():
    block = make(["a", "b"], [[np.nan], [2.0]], [False, True])
    assert block.values.tolist() == [[0.0], [2.0]]


def test_changing_the_arrays_afterwards_changes_no_block():
    ids, values, present = np.array(["a", "b"]), np.array([[1.0], [2.0]]), np.array([True, True])
    block = make(ids, values, present)
    ids[:], values[:], present[:] = ["b", "a"], 9.0, False
    assert block.align(["a"]).values.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("ids", "values", "present", "message"),
    [
        (["a", "a"], [[1.0], [2.0]], [True, True], "item_id 'a' occurs more than once"),
        (np.array(["a", None]), [[1.0], [2.0]], [True, True], "item_id of row 1 is missing"),
        (["a"], [[1.0], [2.0]], [True, True], r"values has shape \(2, 1\), expected \(1, 1\)"),
        (["a", "b"], [[1.0], [2.0]], [True], r"present has shape \(1,\), expected \(2,\)"),
        ([["a"]], [[1.0]], [True], "expected one dimension"),
        (["a", "b"], [[1.0], [np.inf]], [True, True], "item 'b', column 'c0' is inf"),
    ],
)
def test_what_does_not_fit_together_is_refused(ids, values, present, message):
    with pytest.raises(ValueError, match=f"block 'image': .*{message}"):
        make(ids, values, np.array(present))


def test_standardize_looks_at_present_training_items_alone():
    values = [[1.0, 5.0], [3.0, 5.0], [100.0, 7.0], [77.0, 1.0]]
    block = make(list("abcd"), values, [True, True, True, False])
    scaled = block.standardize(["a", "b", "d", "d"])
    expected = StandardScaler().fit(np.array(values)[:2]).transform(np.array(values)[:3])
    np.testing.assert_allclose(scaled.values[:3], expected)
    assert scaled.values[:2].tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert scaled.values[3].tolist() == [0.0, 0.0]


def test_standardize_without_anything_to_learn_from_changes_nothing():
    block = make(["a", "b"], [[1.0], [2.0]], [True, False])
    assert (block.standardize(["b"]).values == block.values).all()
    empty = make([], np.zeros((0, 2)))
    assert empty.standardize().values.shape == (0, 2)


def test_shuffle_deals_out_the_same_rows_among_present_items():
    present = np.arange(40) % 4 != 0
    block = make(np.arange(40), np.arange(80.0).reshape(40, 2), present)
    shuffled = block.shuffle(rng=1)
    assert (shuffled.present == present).all()
    assert sorted(map(tuple, shuffled.values[present])) == sorted(map(tuple, block.values[present]))
    assert (shuffled.values != block.values).any()
    assert (shuffled.values == block.shuffle(rng=1).values).all()
