"""FeatureBlock: a row is never matched by position."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
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


numbers = st.lists(st.integers(-50, 50), unique=True, max_size=12)
texts = st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=12)
text_ids = st.builds(np.array, texts, st.sampled_from([object, np.str_]))
number_ids = st.builds(np.array, numbers, st.just(int))


@given(
    st.one_of(st.tuples(text_ids, text_ids), st.tuples(number_ids, number_ids)),
    st.randoms(use_true_random=False),
)
def test_align_never_mixes_rows(two, random):
    ids, wanted = two
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


def test_align_to_its_own_ids_changes_nothing():
    block = make(["b", "a"], [[1.0], [2.0]])
    assert block.align(["b", "a"]).values.tolist() == block.values.tolist()
    assert block.align(["a", "b"]).values.tolist() == [[2.0], [1.0]]


def test_align_takes_a_pandas_index():
    block = make(["a", "b"], [[1.0], [2.0]])
    index = pd.Index(["b", "a"], dtype="string")
    assert block.align(index).values.tolist() == [[2.0], [1.0]]


OTHER_KIND = {
    "align": lambda b, ids: b.align(ids),
    "mask": lambda b, ids: b.mask(ids),
    "nearest": lambda b, ids: b.nearest(ids[0]),
    "standardize": lambda b, ids: b.standardize(ids),
    "reduce": lambda b, ids: b.reduce(1, ids),
    "concatenate": lambda b, ids: FeatureBlock.concatenate([b, make(ids, [[1.0], [2.0]])]),
}


@pytest.mark.parametrize("step", OTHER_KIND)
def test_numbers_and_their_names_are_different_ids_and_never_meet_in_silence(step):
    two = [[1.0], [2.0]]
    for own, other, remedy in (
        ([1, 2], ["1", "2"], r"text \('1'\).*numbers \(1\)"),
        (["1", "2"], pd.Series([1, 2]), r"numbers \(1\).*text \('1'\)"),
        (["1", "2"], np.array([1.0, 2.0]), r"numbers \(1.0\).*text"),
    ):
        with pytest.raises(ValueError, match=remedy):
            OTHER_KIND[step](make(own, two), other)


def test_a_mask_of_words_or_gaps_is_refused():
    for present in (["True", "False"], [True, np.nan], [True, None], [1, 2], [1.0, 0.5]):
        with pytest.raises(ValueError, match=r"block 'image': present: .* are not True and False"):
            make(["a", "b"], [[1.0], [2.0]], present)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (sp.csr_array(np.eye(2)), r"values: not a dense array .* pass \.toarray"),
        ([["x", "y"], ["z", "w"]], "values: not a dense array of numbers"),
        ([[1.0], [2.0, 3.0]], "values: not a dense array of numbers"),
        ([[1.0, 2.0], [3.0, 4.0j]], "values: .* complex numbers"),
        (np.ma.masked_equal([[1.0, 2.0], [3.0, 9.0]], 9.0), "item 'b', column 'c1' is nan"),
    ],
)
def test_values_that_are_no_plain_numbers_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        FeatureBlock(
            modality="image", item_ids=["a", "b"], values=values, present=[True, True],
            names=("c0", "c1"),
        )  # fmt: skip


def test_a_table_of_values_in_another_order_is_refused():
    ids, table = ["a", "b"], pd.DataFrame({"c": [2.0, 1.0]}, index=["b", "a"])
    with pytest.raises(ValueError, match=r"values has an index .* values\.loc\[item_ids\]"):
        FeatureBlock(modality="m", item_ids=ids, values=table, present=[True, True], names=["c"])
    with pytest.raises(ValueError, match="present has an index"):
        make(ids, [[1.0], [2.0]], pd.Series([True, False], index=["b", "a"]))
    block = FeatureBlock(
        modality="m", item_ids=ids, values=table.loc[ids], present=[True, True], names=["c"]
    )
    assert block.values.tolist() == [[1.0], [2.0]]


def test_a_default_index_may_be_that_of_other_items_and_a_table_may_bring_its_own_ids():
    table = pd.DataFrame({"id": [7, 5, 3], "c": [0.0, 1.0, 2.0]})
    numbers = {"modality": "m", "present": [True] * 3, "names": ["c"]}
    for ids, rows in ((range(3), table[::-1]), ([2, 1, 0], table), ("abc", table[::-1])):
        with pytest.raises(ValueError, match="values has an index that differs from item_ids"):
            FeatureBlock(item_ids=list(ids), values=rows[["c"]], **numbers)
    for ids, rows in ((list("abc"), table), (range(3), table), (table["id"][::-1], table[::-1])):
        block = FeatureBlock(item_ids=ids, values=rows[["c"]], **numbers)
        assert block.values.ravel().tolist() == rows["c"].tolist()


@pytest.mark.parametrize("ids", [[2**63, 1, 2], ["a\0", "b", "a"], [1, "1", 2]])
def test_ids_stay_what_they_are(ids):
    block = make([0, 1, 2], np.eye(3))
    block = FeatureBlock(
        modality="m", item_ids=ids, values=block.values, present=block.present, names=block.names
    )
    assert block.item_ids.tolist() == ids
    assert [type(i) for i in block.item_ids.tolist()] == [type(i) for i in ids]
    assert block.align(ids[:1]).values.tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize("number", [-1, 0, 0.9, True, "2", None])
def test_counts_that_are_none_are_refused(number):
    block = make(["a", "b", "c"], np.eye(3))
    for name, call in (
        ("k", lambda: block.nearest("a", k=number)),
        ("n_components", lambda: block.reduce(number)),
    ):
        with pytest.raises(ValueError, match=f"{name}: {number!r} is not a whole number"):
            call()


def test_nothing_cannot_be_concatenated():
    with pytest.raises(ValueError, match="blocks: none to concatenate"):
        FeatureBlock.concatenate([])


def test_one_string_is_no_list_of_ids():
    with pytest.raises(ValueError, match="one string, 'ab'; pass a list"):
        FeatureBlock(
            modality="m", item_ids="ab", values=[[1], [2]], present=[True] * 2, names=["c"]
        )
    with pytest.raises(ValueError, match="one string, 'a'; pass a list"):
        make(["a"], [[1.0]]).mask("a")


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
        (
            ["a", "a"],
            [[1.0], [2.0]],
            [True, True],
            "item_id 'a' is .*more than once",
        ),
        (np.array(["a", None]), [[1.0], [2.0]], [True, True], "item_id nan is missing"),
        (["a"], [[1.0], [2.0]], [True, True], r"values has shape \(2, 1\), expected \(1, 1\)"),
        (["a", "b"], [[1.0], [2.0]], [True], r"present has shape \(1,\), expected \(2,\)"),
        ([["a"]], [[1.0]], [True], r"item_ids has shape \(1, 1\), expected \(1,\)"),
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


def random_block(n=14, d=5, seed=0, modality="image"):
    rng = np.random.default_rng(seed)
    present = rng.random(n) < 0.8
    present[:6] = True
    return FeatureBlock(
        modality=modality,
        item_ids=np.array([f"i{j:02}" for j in range(n)]),
        values=rng.normal(size=(n, d)) * np.arange(1, d + 1),
        present=present,
        names=tuple(f"c{j}" for j in range(d)),
    )


STEPS = {
    "select": lambda b, fit: b.select(["c3", "c0"]),
    "standardize": lambda b, fit: b.standardize(fit),
    "reduce": lambda b, fit: b.reduce(3, fit),
    "mask": lambda b, fit: b.mask(fit[:2]),
    "concatenate": lambda b, fit: FeatureBlock.concatenate([b, b.select(["c1"])]),
}


@pytest.mark.parametrize("step", list(STEPS))
@given(st.permutations(range(14)), st.integers(0, 5))
def test_permuting_items_permutes_results(step, order, seed):
    block = random_block(seed=seed)
    fit = block.item_ids[:9].tolist()
    result = STEPS[step](block, fit)
    turned = STEPS[step](block.align(block.item_ids[list(order)]), fit)
    assert turned.item_ids.tolist() == block.item_ids[list(order)].tolist()
    back = turned.align(result.item_ids)
    np.testing.assert_allclose(back.values, result.values, atol=1e-9)
    assert (back.present == result.present).all()
    assert back.names == result.names


@given(st.permutations(range(14)), st.integers(0, 5))
def test_neighbours_do_not_depend_on_the_order_of_items(order, seed):
    block = random_block(seed=seed)
    pd.testing.assert_frame_equal(
        block.nearest("i03", k=4), block.align(block.item_ids[list(order)]).nearest("i03", k=4)
    )


def test_select_takes_columns_by_name():
    block = make(["a", "b"], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    chosen = block.select(["c2", "c0"])
    assert chosen.values.tolist() == [[3.0, 1.0], [6.0, 4.0]]
    assert chosen.names == ("c2", "c0")
    assert block.select([]).values.shape == (2, 0)
    with pytest.raises(ValueError, match="block 'image': 0 columns are called 'x'; it has 'c0'"):
        block.select(["x"])
    doubled = FeatureBlock.concatenate([block, block])
    with pytest.raises(ValueError, match="2 columns are called 'c0'"):
        doubled.select(["c0"])


def test_concatenate_matches_by_id_and_needs_every_part():
    first = make(["a", "b", "c"], [[1.0], [2.0], [3.0]], [True, True, False], reasons={"c": "bad"})
    second = make(["c", "b", "a"], [[30.0], [20.0], [10.0]], [True, False, True])
    both = FeatureBlock.concatenate([first, second])
    assert both.item_ids.tolist() == ["a", "b", "c"]
    assert both.values.tolist() == [[1.0, 10.0], [0.0, 0.0], [0.0, 0.0]]
    assert both.present.tolist() == [True, False, False]
    assert both.reasons == {"c": "bad"}
    assert both.modality == "image"
    assert both.names == ("c0", "c0")


def test_concatenate_of_modalities_says_whose_a_column_is():
    both = FeatureBlock.concatenate([random_block(), random_block(modality="text", seed=1)])
    assert both.modality == "image+text"
    assert both.names[0] == "image c0"
    assert both.names[-1] == "text c4"


def test_concatenate_refuses_other_items():
    block = random_block()
    fewer = block.align(block.item_ids[1:])
    for pair in ((block, fewer), (fewer, block)):
        with pytest.raises(ValueError, match="item 'i00' is not among the items"):
            FeatureBlock.concatenate(pair)


@pytest.mark.parametrize("d", [5, 60], ids=["more rows", "more columns"])
def test_reduce_is_the_pca_of_present_training_items(d):
    block = random_block(n=30, d=d)
    fit = block.item_ids[:20]
    use = block.present & np.isin(block.item_ids, fit)
    reduced = block.reduce(2, fit)
    x = block.values - block.values[use].mean(axis=0)
    axes = np.linalg.svd(x[use], full_matrices=False)[2][:2]
    expected = x[block.present] @ axes.T
    got = reduced.values[block.present]
    np.testing.assert_allclose(np.abs(got), np.abs(expected), atol=1e-9)
    assert reduced.names == ("component1", "component2")
    assert (reduced.values[~block.present] == 0).all()
    variance = got[np.isin(block.item_ids[block.present], fit)].var(axis=0)
    assert variance[0] > variance[1]


def test_components_without_variance_change_no_distance():
    wide = make(range(6), np.outer(np.arange(6.0), np.arange(1.0, 10.0)))
    expected = np.ptp(wide.values, axis=0) ** 2
    reduced = wide.reduce(3).values
    np.testing.assert_allclose((np.ptp(reduced, axis=0) ** 2).sum(), expected.sum())


def test_all_components_keep_all_distances():
    block = random_block(n=20, d=4)
    reduced = block.reduce(4)
    for x in (block, reduced):
        assert x.present.sum() > 5
    gaps = [
        np.linalg.norm(b.values[:6, None] - b.values[None, :6], axis=2) for b in (block, reduced)
    ]
    np.testing.assert_allclose(*gaps, atol=1e-9)


def test_held_out_items_leave_no_trace_in_scaler_and_components():
    block = random_block(n=20, d=4)
    train = block.item_ids[:12]
    values = block.values.copy()
    values[12:] *= 1e6
    other = FeatureBlock(
        modality="image", item_ids=block.item_ids, values=values, present=block.present,
        names=block.names,
    )  # fmt: skip
    for learn in (lambda b: b.standardize(train), lambda b: b.reduce(2, train)):
        assert (learn(block).values[:12] == learn(other).values[:12]).all()


def test_reduce_says_how_much_there_is_to_learn_from():
    block = random_block(n=14, d=5)
    for n_components, fit in ((6, None), (3, ["i00", "i01"])):
        with pytest.raises(ValueError, match=f"n_components={n_components} must be between"):
            block.reduce(n_components, fit)


def test_nearest_is_the_cosine_and_ties_break_by_id():
    values = [[1.0, 0.0], [2.0, 0.0], [1.0, 1.0], [3.0, 0.0], [-1.0, 0.0], [0.0, 0.0], [9.0, 9.0]]
    block = make(list("adcbefg"), values, [True] * 6 + [False])
    found = block.nearest("a", k=10)
    assert found["item_id"].tolist() == ["b", "d", "c", "f", "e"]
    np.testing.assert_allclose(found["similarity"], [1, 1, 0.5**0.5, 0, -1])
    assert block.nearest("a", k=2)["item_id"].tolist() == ["b", "d"]


def test_nearest_refuses_what_is_not_there():
    block = make(["a", "b"], [[1.0], [2.0]], [True, False], reasons={"b": "b.png: broken"})
    with pytest.raises(ValueError, match=r"item 'b' is absent: b\.png: broken"):
        block.nearest("b")
    with pytest.raises(ValueError, match="'z' is not among the items"):
        block.nearest("z")
    assert make(["a"], [[1.0]]).nearest("a").empty


def test_mask_hides_items_and_nothing_else():
    block = random_block()
    masked = block.mask(["i01", "i01", "i03"])
    changed = block.present != masked.present
    assert block.item_ids[changed].tolist() == ["i01", "i03"]
    assert (masked.values[~changed] == block.values[~changed]).all()
    assert (masked.values[changed] == 0).all()
    assert block.present[1]
    with pytest.raises(ValueError, match="item 'x' is not among the items"):
        block.mask(["i01", "x"])


def test_ids_of_two_kinds_stay_apart():
    block = FeatureBlock(
        modality="image",
        item_ids=[1, "1"],
        values=[[1.0], [2.0]],
        present=[True, True],
        names=("v",),
    )
    assert block.item_ids.tolist() == [1, "1"]
    assert block.align(["1", 1]).values.tolist() == [[2.0], [1.0]]
    assert block.mask([1]).present.tolist() == [False, True]
    assert block.mask({1}).present.tolist() == [False, True]
