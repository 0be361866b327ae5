"""Gates, and how options are judged where little is left to judge them by."""

import numpy as np
import pytest
import scipy.sparse as sp

from mmrec_course.recommenders.multimodal_parts import (
    _mean_ndcg,
    average_of_the_best,
    clearly_best,
    each_ndcg,
    first_of_the_best,
    gates,
    ndcg_by_fold,
    towards,
    without,
)


def test_the_first_option_stays_unless_another_is_better_by_more_than_its_error() -> None:
    plain = np.array([0.2, 0.3, 0.1, 0.4])
    lucky = plain + np.array([0.2, -0.05, -0.05, -0.05])  # mean 0.0125, standard error 0.0625
    steady = plain + np.array([0.02, 0.01, 0.02, 0.01])
    assert clearly_best({"plain": plain, "lucky": lucky}) == "plain"
    assert clearly_best({"plain": plain, "steady": steady}) == "steady"
    assert clearly_best({"plain": plain, "same": plain}) == "plain"
    assert clearly_best({"plain": plain[:1], "steady": steady[:1]}) == "plain", "nothing to go by"
    assert clearly_best({"plain": plain[:0], "steady": steady[:0]}) == "plain"


def test_options_that_cannot_be_told_from_the_best_are_averaged() -> None:
    options = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    judged = np.array([[0.30, 0.20, 0.30], [0.29, 0.22, 0.28], [0.1, 0.1, 0.1]])
    np.testing.assert_allclose(average_of_the_best(options, judged), [0.75, 0.25])
    np.testing.assert_allclose(average_of_the_best(options, judged[::-1]), [0.25, 0.75])
    one = np.array([[0.1], [0.3], [0.2]])
    np.testing.assert_allclose(average_of_the_best(options, one), [0.5, 0.5])


def test_the_mildest_of_those_that_cannot_be_told_from_the_best_is_taken() -> None:
    best = np.array([0.5, 0.3, 0.6, 0.4])
    worse = best - np.array([0.02, 0.01, 0.02, 0.01])
    alike = best - np.array([0.05, -0.04, 0.04, -0.04])
    assert first_of_the_best({0.0: worse, 0.3: alike, 0.6: best}) == 0.3
    assert first_of_the_best({0.0: worse, 0.6: best, 0.9: worse}) == 0.6
    assert first_of_the_best({0.0: best[:1] - 0.1, 0.6: best[:1]}) == 0.6


def test_gates_open_with_ratings() -> None:
    g, rest = gates(np.array([0, 1, 9]), share=0.8, half=1.0, caution=0.5)
    np.testing.assert_allclose(g, [0, 0.4, 0.72])
    np.testing.assert_allclose(rest, [0.5, 0.6 * 0.75, 0.28 * 0.95])


def test_users_with_few_ratings_are_drawn_to_the_average() -> None:
    scores = np.array([[4.0, 0.0], [4.0, 0.0]])
    drawn = towards(scores, np.array([0.0, 2.0]), np.array([1, 2]), 1.0)
    np.testing.assert_allclose(drawn, [[2.0, 1.0], [32 / 9, 2 / 9]])
    kept = towards(scores, np.array([0.0, 2.0]), np.array([1, 3]), 0.0)
    np.testing.assert_allclose(kept, scores)
    nobody = towards(scores, np.array([0.0, 2.0]), np.array([0, 0]), 0.0)
    np.testing.assert_allclose(nobody, [[0.0, 2.0], [0.0, 2.0]])


def test_hidden_items_leave_no_trace() -> None:
    x = sp.csr_array(np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0]]))
    kept = without(x, np.array([False, True, False]))
    np.testing.assert_array_equal(kept.toarray(), [[1, 0, 0], [0, 0, 4]])
    assert kept.nnz == 2
    assert x.nnz == 4


def test_ranking_is_judged_fold_by_fold_among_the_items_that_are_there() -> None:
    scores = np.array([[3.0, 2.0, 1.0, 9.0], [0.0, 1.0, 2.0, 9.0]])
    liked = np.array([[False, True, True, False], [False, False, True, False]])
    fold, present = np.array([0, 0, 1, 1]), np.array([True, True, True, False])
    second = 1 / np.log2(3)
    each = each_ndcg(scores[:, :2], liked[:, :2])
    np.testing.assert_allclose(each, [second, np.nan], atol=1e-9)
    found = ndcg_by_fold(scores, liked, present, fold)
    np.testing.assert_allclose(found, [second, 1.0], atol=1e-9)
    assert _mean_ndcg(scores, np.zeros_like(liked)) == 0.0
    assert len(ndcg_by_fold(scores, np.zeros_like(liked), present, fold)) == 0
    assert _mean_ndcg(scores, liked) == pytest.approx(np.nanmean(each_ndcg(scores, liked)))
