"""Weighted fusion: scales, sums, missing modalities, learned weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize
from scipy.stats import rankdata, zscore

from mmrec_course.fusion import (
    contributions,
    learn_weights,
    ndcg_objective,
    normalize_scores,
    stack_weights,
    standardize_scores,
    weight_grid,
    weighted_sum,
)

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
    with pytest.raises(ValueError, match=r"reference: shape \(1, 1\), expected \(2, at least 1\)"):
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
    for step in (0, -1.0, 2.0, np.nan):
        with pytest.raises(ValueError, match=f"step: {step} does not divide 1"):
            weight_grid(3, step)


def test_a_grid_too_large_to_be_tried_is_refused():
    assert len(weight_grid(8, 0.1)) == 19448
    for n, step in ((8, 0.05), (2, 1e-6), (50, 0.1)):
        with pytest.raises(ValueError, match=f"step: {step} gives over 100,000 weights of {n} mod"):
            weight_grid(n, step)


@pytest.mark.parametrize("mask", [["True", "False"], [True, np.nan], [1, 0], [True, None]])
def test_a_mask_of_words_or_gaps_is_refused(mask):
    y = {"a": np.array([[2.0, 1.0]])}
    with pytest.raises(ValueError, match=r"present\['a'\]: .* are not True and False alone"):
        weighted_sum(y, {"a": 1}, {"a": mask})
    with pytest.raises(ValueError, match=r"relevant: .* are not True and False alone"):
        ndcg_objective(y, [mask])


def _scores_with(signal, n_users=80, n_items=60, rng=0):
    """Each modality = its share of the preferences, plus noise of sd 1."""
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

    def objective(w):
        fused = weighted_sum(scores, w)
        order = np.argsort(-fused, axis=1, kind="stable")[:, :5]
        hits = np.take_along_axis(liked, order, axis=1)
        discount = 1 / np.log2(np.arange(2, 7))
        return ((hits * discount).sum(axis=1) / discount.sum()).mean()

    best = learn_weights(scores, liked, k=5)
    others = [dict(zip(scores, w, strict=True)) for w in weight_grid(2)]
    assert objective(best) == pytest.approx(max(objective(w) for w in others))


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


def test_ranks_are_scipys_midranks_as_shares():
    y = np.random.default_rng(0).integers(0, 6, (5, 20)).astype(float)
    expected = (rankdata(y, axis=1) - 0.5) / 20
    np.testing.assert_allclose(normalize_scores(y, "rank"), expected)


def test_minmax_spans_the_reference_and_goes_on_beyond_it():
    np.testing.assert_allclose(normalize_scores([[2.0, 4.0, 7.0]], "minmax"), [[0, 0.4, 1]])
    np.testing.assert_allclose(normalize_scores([[9.0]], "minmax", [[1.0, 5.0]]), [[2.0]])
    assert normalize_scores([[3.0, 3.0]], "minmax").tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("method", ["zscore", "minmax", "rank"])
@given(st.floats(0.01, 100), st.floats(-50, 50))
def test_units_do_not_reach_the_normalised_scores(method, a, b):
    y = np.random.default_rng(1).normal(size=(3, 15))
    np.testing.assert_allclose(
        normalize_scores(a * y + b, method), normalize_scores(y, method), atol=1e-6
    )


def test_only_ranks_forget_how_far_an_outlier_is():
    near, far = [[0.0, 1.0, 2.0, 3.0]], [[0.0, 1.0, 2.0, 300.0]]
    assert (normalize_scores(near, "rank") == normalize_scores(far, "rank")).all()
    assert normalize_scores(far, "minmax")[0, 2] < 0.01, "the outlier squeezes all others"


def test_what_cannot_be_normalised_is_named():
    with pytest.raises(ValueError, match="method: 'softmax' is unknown"):
        normalize_scores([[1.0]], "softmax")
    with pytest.raises(ValueError, match=r"reference: shape \(1, 0\)"):
        normalize_scores([[1.0]], reference=np.empty((1, 0)))


def test_contributions_add_up_to_the_fused_score():
    rng = np.random.default_rng(0)
    scores = {m: rng.normal(size=(4, 6)) for m in "abc"}
    weights = {"a": 0.2, "b": 0.5, "c": 0.3}
    present = {m: rng.random(6) < 0.6 for m in "abc"}
    parts = contributions(scores, weights, present)
    np.testing.assert_allclose(sum(parts.values()), weighted_sum(scores, weights, present))
    for m in "abc":
        assert (parts[m][:, ~present[m]] == 0).all(), "what is not there adds nothing"


def test_hiding_a_modality_gives_what_agreement_with_the_rest_would_give():
    # What "never punished" means: not a zero in its place, but the mean of what is there.
    rng = np.random.default_rng(0)
    scores = {m: rng.normal(size=(4, 6)) for m in "abc"}
    weights = {"a": 0.2, "b": 0.5, "c": 0.3}
    gone = {"a": np.ones(6, bool), "b": np.zeros(6, bool), "c": np.ones(6, bool)}
    agreeing = {**scores, "b": (0.2 * scores["a"] + 0.3 * scores["c"]) / 0.5}
    np.testing.assert_allclose(weighted_sum(scores, weights, gone), weighted_sum(agreeing, weights))


def test_an_item_keeps_its_expected_place_when_its_modalities_go_at_random():
    # Hide modalities of half of the items at random: on average these neither rise nor fall,
    # while counting a gap as the worst guess (0 of a min–max scale) sinks them.
    rng = np.random.default_rng(5)
    n = 400
    scores = {m: normalize_scores(rng.normal(size=(50, n)), "minmax") for m in "abc"}
    hit = np.arange(n) < n // 2
    present = {m: ~hit | (rng.random(n) < 0.5) for m in "abc"}
    present["a"] |= ~np.any(list(present.values()), axis=0)
    equal = dict.fromkeys("abc", 1.0)
    place = normalize_scores(weighted_sum(scores, equal, present), "rank")
    filled = normalize_scores(sum(scores[m] * present[m] for m in "abc"), "rank")
    assert abs(place[:, hit].mean() - 0.5) < 0.01
    assert filled[:, hit].mean() < 0.35


def test_every_user_may_have_weights_of_their_own():
    scores = {"a": [[1.0, 2.0], [1.0, 2.0]], "b": [[5.0, 5.0], [5.0, 5.0]]}
    out = weighted_sum(scores, {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0])})
    assert out.tolist() == [[1.0, 2.0], [5.0, 5.0]]
    mixed = weighted_sum(scores, {"a": np.array([0.0, 1.0]), "b": 1.0})
    assert mixed.tolist() == [[5.0, 5.0], [3.0, 3.5]]
    with pytest.raises(ValueError, match="all are zero for the user in row 1"):
        weighted_sum(scores, {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 0.0])})
    with pytest.raises(ValueError, match=r"weights\['a'\]: shape \(3,\); expected one number"):
        weighted_sum(scores, {"a": np.ones(3), "b": 1.0})


def test_ndcg_objective_by_hand():
    scores = {"a": [[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]], "b": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]}
    objective = ndcg_objective(scores, [[True, False, False], [False, False, False]], k=2)
    assert objective({"a": 1.0, "b": 0.0}) == pytest.approx(1), (
        "the second user likes nothing and is left out"
    )
    assert objective({"a": 0.0, "b": 1.0}) == 0.0
    idle = [[False, False, False], [True, False, False]]
    personal = {"a": np.array([0.0, 1.0]), "b": np.array([1.0, 0.0])}
    assert ndcg_objective(scores, idle, k=2)(personal) == pytest.approx(1), (
        "weights follow their users"
    )
    with pytest.raises(ValueError, match=r"shapes differ: .*'relevant': \(1, 2\)"):
        ndcg_objective(scores, [[True, False]])
    with pytest.raises(ValueError, match=r"groups: shape \(2,\), expected \(3,\)"):
        ndcg_objective(scores, [[True, False, False]] * 2, groups=[0, 1])


def test_stacked_weights_are_the_generic_optimisers():
    rng = np.random.default_rng(0)
    scores = {m: rng.normal(size=(20, 30)) for m in "abc"}
    target = 1.0 * scores["a"] + 0.5 * scores["b"] - 0.8 * scores["c"] + rng.normal(size=(20, 30))
    centred = {m: y - y.mean(axis=1, keepdims=True) for m, y in scores.items()}
    goal = target - target.mean(axis=1, keepdims=True)

    def error(w):
        return ((goal - sum(x * y for x, y in zip(w, centred.values(), strict=True))) ** 2).sum()

    found = minimize(error, np.ones(3), bounds=[(0, None)] * 3, tol=1e-12).x
    expected = found / found.sum()
    np.testing.assert_allclose(list(stack_weights(scores, target).values()), expected, atol=1e-6)
    assert stack_weights(scores, target)["c"] == 0, "a modality that misleads is not turned round"


def test_stacking_looks_at_complete_items_and_within_groups():
    rng = np.random.default_rng(1)
    scores = {m: rng.normal(size=(20, 40)) for m in "ab"}
    target = scores["a"] + scores["b"]
    has = np.arange(40) >= 10
    broken = {"a": np.where(has, scores["a"], 99.0), "b": scores["b"]}
    weights = stack_weights(broken, target, {"a": has, "b": np.ones(40, bool)})
    assert weights == pytest.approx({"a": 0.5, "b": 0.5})
    label = np.arange(40) % 2
    shifted = {"a": scores["a"] + 50 * label, "b": scores["b"]}
    assert stack_weights(shifted, target, groups=label) == pytest.approx({"a": 0.5, "b": 0.5})
    with pytest.raises(ValueError, match="no item has every modality"):
        stack_weights(scores, target, {"a": has, "b": ~has})


def test_stacking_survives_twins_and_noise():
    y = np.random.default_rng(2).normal(size=(5, 30))
    twins = stack_weights({"a": y, "b": y}, y)
    assert sum(twins.values()) == pytest.approx(1)
    assert stack_weights({"a": y, "b": y}, -y) == {"a": 0.5, "b": 0.5}, "neither helps"
    assert stack_weights({"a": 0 * y, "b": 0 * y}, y) == {"a": 0.5, "b": 0.5}
