"""Weighted fusion: scales, sums, missing modalities, learned weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import zscore

from mmrec_course.fusion import learn_weights, standardize_scores, weight_grid, weighted_sum

FLOATS = st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3))


def test_standardized_scores_are_scipys_z_scores():
    y = np.random.default_rng(0).normal(5, 3, (4, 20))
    np.testing.assert_allclose(standardize_scores(y), zscore(y, axis=1))


def test_the_reference_sets_the_scale_and_other_items_keep_their_place_on_it():
    z = standardize_scores([[10.0, 4.0]], reference=[[1.0, 3.0]])
    np.testing.assert_allclose(z, [[8.0, 2.0]])


def test_a_constant_row_is_centred_and_not_blown_up():
    assert standardize_scores([[2.0, 2.0, 2.0]]).tolist() == [[0, 0, 0]]
    tiny = standardize_scores([[0.1 + 0.2, 0.3, 0.3]])
    assert np.abs(tiny).max() < 1e-12, "rounding noise is not a preference"


def test_users_of_scores_and_reference_must_agree():
    with pytest.raises(ValueError, match="reference: 1 users, but scores have 2"):
        standardize_scores([[1.0], [2.0]], reference=[[1.0]])


def test_the_weighted_sum_by_hand():
    scores = {"image": [[1.0, 2.0]], "text": [[4.0, 5.0]], "audio": [[7.0, 8.0]]}
    weights = {"image": 0.3, "text": 0.4, "audio": 0.3}
    np.testing.assert_allclose(weighted_sum(scores, weights), [[4.0, 5.0]])


def test_a_missing_modality_hands_its_weight_to_the_others():
    scores = {"image": [[9.0, 9.0]], "text": [[4.0, 4.0]], "audio": [[7.0, 7.0]]}
    weights = {"image": 0.2, "text": 0.6, "audio": 0.2}
    present = {"image": [False, True], "text": [True, True], "audio": [True, True]}
    np.testing.assert_allclose(
        weighted_sum(scores, weights, present), [[(0.6 * 4 + 0.2 * 7) / 0.8, 5.6]]
    )


@given(arrays(float, (3, 4), elements=FLOATS), st.floats(0.01, 1), st.floats(0.01, 1))
def test_an_item_liked_equally_in_all_it_has_is_never_punished_for_a_gap(y, w1, w2):
    full = weighted_sum({"a": y, "b": y}, {"a": w1, "b": w2})
    gap = weighted_sum({"a": y, "b": y}, {"a": w1, "b": w2}, {"a": [True] * 4, "b": [False] * 4})
    np.testing.assert_allclose(full, y, atol=1e-9)
    np.testing.assert_allclose(gap, y, atol=1e-9)


def test_an_item_with_nothing_scores_zero():
    out = weighted_sum({"a": [[3.0, 3.0]]}, {"a": 1.0}, {"a": [True, False]})
    assert out.tolist() == [[3.0, 0.0]]
    out = weighted_sum({"a": [[3.0]], "b": [[5.0]]}, {"a": 1, "b": 0}, {"a": [False], "b": [True]})
    assert out.tolist() == [[0.0]], "what remains has no weight"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"a": 1.0}, "none for modality 'b'"),
        ({"a": -0.1, "b": 1.0}, r"weights\['a'\]: -0.1 is not a finite number of at least 0"),
        ({"a": float("nan"), "b": 1.0}, r"weights\['a'\]: nan"),
        ({"a": 0.0, "b": 0.0}, "all are zero"),
    ],
)
def test_bad_weights_are_named(weights, message):
    with pytest.raises(ValueError, match=message):
        weighted_sum({"a": [[1.0]], "b": [[1.0]]}, weights)


def test_bad_shapes_are_named():
    with pytest.raises(ValueError, match="shapes differ"):
        weighted_sum({"a": [[1.0]], "b": [[1.0, 2.0]]}, {"a": 1, "b": 1})
    with pytest.raises(ValueError, match=r"present\['a'\]: shape \(2,\), expected \(1,\)"):
        weighted_sum({"a": [[1.0]]}, {"a": 1}, {"a": [True, False]})
    with pytest.raises(ValueError, match="no modality"):
        weighted_sum({}, {})


@given(st.integers(1, 4), st.sampled_from([1.0, 0.5, 0.25, 0.2, 0.1]))
def test_the_grid_is_the_whole_simplex_once(n, step):
    grid = weight_grid(n, step)
    np.testing.assert_allclose(grid.sum(axis=1), 1)
    assert (grid >= 0).all()
    assert len(np.unique(np.round(grid, 6), axis=0)) == len(grid)
    parts = round(1 / step)
    expected = 1
    for j in range(1, n):
        expected = expected * (parts + j) // j
    assert len(grid) == expected


def test_a_step_that_does_not_divide_one_is_refused():
    with pytest.raises(ValueError, match=r"step: 0.3 does not divide 1"):
        weight_grid(3, 0.3)
    with pytest.raises(ValueError, match="n_modalities: 0 is below 1"):
        weight_grid(0)


def _scores_with(signal, n_users=80, n_items=60, rng=0):
    """Each modality = its share of what users want, plus noise of sd 1."""
    rng = np.random.default_rng(rng)
    want = {m: rng.standard_normal((n_users, n_items)) for m in signal}
    total = sum(strength * want[m] for m, strength in signal.items())
    return {m: want[m] for m in signal}, total > np.quantile(total, 0.9, axis=1, keepdims=True)


def test_learned_weights_find_what_matters():
    scores, liked = _scores_with({"image": 0.2, "text": 0.5, "audio": 1.0})
    weights = learn_weights(scores, liked)
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["audio"] > weights["text"] > weights["image"]


def test_a_modality_of_noise_gets_next_to_nothing():
    scores, liked = _scores_with({"image": 0.0, "text": 1.0})
    assert learn_weights(scores, liked)["image"] <= 0.1


def test_no_other_point_of_the_grid_ranks_better():
    scores, liked = _scores_with({"image": 0.6, "text": 0.9}, rng=4)

    def quality(w):
        fused = weighted_sum(scores, w)
        order = np.argsort(-fused, axis=1, kind="stable")[:, :5]
        hits = np.take_along_axis(liked, order, axis=1)
        discount = 1 / np.log2(np.arange(2, 7))
        return ((hits * discount).sum(axis=1) / discount.sum()).mean()

    best = learn_weights(scores, liked, k=5)
    others = [dict(zip(scores, w, strict=True)) for w in weight_grid(2)]
    assert quality(best) == pytest.approx(max(quality(w) for w in others))


def test_equal_weights_win_ties():
    y = {"a": np.array([[3.0, 2.0, 1.0]]), "b": np.array([[3.0, 2.0, 1.0]])}
    assert learn_weights(y, [[False, True, False]], k=1) == {"a": 0.5, "b": 0.5}


def test_groups_are_ranked_by_themselves():
    # "within" orders the liked item's group rightly and the groups wrongly; "across" inversely.
    scores = {
        "within": np.array([[1.0, 0.0, 5.0, 6.0]]),
        "across": np.array([[1.0, 2.0, 0.1, 0.0]]),
    }
    liked = [[True, False, False, False]]
    assert learn_weights(scores, liked, groups=[0, 0, 1, 1], k=2)["within"] >= 0.5
    assert learn_weights(scores, liked, k=2)["within"] < 0.5


def test_nothing_liked_is_an_error():
    with pytest.raises(ValueError, match="nobody likes anything"):
        learn_weights({"a": [[1.0]]}, [[False]])
