"""EASE and implicit ALS."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from mmrec_course.datasets.synthetic import make_world
from mmrec_course.evaluation import evaluate, temporal_split
from mmrec_course.features.synthetic import fact_blocks
from mmrec_course.recommenders import EASE, ImplicitALS, Popularity, collaborative
from mmrec_course.recommenders.collaborative import (
    implicit_preference,
    inverse_spd,
    solve_factors,
)


def made(n_users: int = 40, n_items: int = 15) -> pd.DataFrame:
    """Random ratings, about every third pair; nobody likes item 0."""
    rng = np.random.default_rng(0)
    user, item = np.nonzero(rng.random((n_users, n_items)) < 0.35)
    rating = np.where(item == 0, 2, rng.integers(1, 6, len(user)))
    return pd.DataFrame({"user_id": user, "item_id": item, "rating": rating, "timestamp": 0})


@pytest.fixture(scope="module")
def ratings() -> Any:
    return make_world(rng=3).ratings


@pytest.mark.parametrize("reg", [0.5, 20.0, 500.0])
def test_ease_solves_its_definition_column_by_column(reg: float) -> None:
    model = EASE(reg=reg).fit(made())
    x = model.histories_.toarray()
    for column in range(x.shape[1]):
        others = np.flatnonzero(np.arange(x.shape[1]) != column)
        # Ridge without the item itself, as an ordinary least-squares problem with λ's rows.
        design = np.vstack([x[:, others], np.sqrt(reg) * np.eye(len(others))])
        target = np.concatenate([x[:, column], np.zeros(len(others))])
        expected = np.linalg.lstsq(design, target)[0]
        np.testing.assert_allclose(model.weights_[others, column], expected, atol=1e-9)
    assert not np.diag(model.weights_).any()


def test_ease_with_side_information_by_hand(ratings: pd.DataFrame) -> None:
    tracks = make_world(rng=3).tracks
    item = ratings["item_id"].iloc[0]  # rated by nobody, so that it scores 0 in spite of features
    absent = tracks["item_id"].to_numpy(str)[:9]
    blocks = {m: b.mask(absent) for m, b in fact_blocks(tracks).items()}
    model = EASE(reg=50.0, side_weight=30.0).fit(ratings[ratings["item_id"] != item], blocks)
    rated, x = model.n_ratings_ > 0, model.histories_.toarray()
    present = ~np.isin(model.item_ids_.astype(str), absent)
    gram = x.T @ x + 50.0 * np.eye(len(rated))
    for block in blocks.values():
        f = block.align(model.item_ids_).values
        f = f - f[rated & present].mean(axis=0)
        f /= np.linalg.norm(f, axis=1, keepdims=True)
        f[~(rated & present)] = 0.0
        gram += 30.0 / 3 * f @ f.T  # three modalities of equal weight
    p = np.linalg.inv(gram)
    expected = -p / np.diag(p)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(model.weights_, expected, atol=1e-9)
    assert not model.score(model.user_ids_, [item]).any()


def test_ease_without_side_weight_ignores_features(ratings: pd.DataFrame) -> None:
    blocks = fact_blocks(make_world(rng=3).tracks)
    plain = EASE().fit(ratings).weights_
    np.testing.assert_allclose(EASE(side_weight=0.0).fit(ratings, blocks).weights_, plain)
    np.testing.assert_allclose(EASE(side_weight=9.0).fit(ratings).weights_, plain)
    none = {"text": blocks["text"].mask(blocks["text"].item_ids)}
    np.testing.assert_allclose(EASE(side_weight=9.0).fit(ratings, none).weights_, plain)


def test_ease_scores_a_few_columns_as_it_scores_all(ratings: pd.DataFrame) -> None:
    model = EASE().fit(ratings)
    x = model.histories_.toarray()
    whole = model.score(model.user_ids_, model.item_ids_)
    np.testing.assert_allclose(whole, x @ model.weights_, atol=1e-9)
    for columns in ([3], [7, 2, 7], np.arange(100, 350), np.arange(479, -1, -1)):
        part = model.score(model.user_ids_, model.item_ids_[columns])
        np.testing.assert_allclose(part, whole[:, columns], atol=1e-9)


def test_ease_knows_nothing_of_unrated_items(ratings: pd.DataFrame) -> None:
    blocks = fact_blocks(make_world(rng=3).tracks)
    item = ratings["item_id"].iloc[0]
    model = EASE().fit(ratings[ratings["item_id"] != item], blocks)
    assert item in model.item_ids_
    assert not model.score(model.user_ids_, [item]).any()


def test_inverse_of_a_symmetric_positive_definite_matrix() -> None:
    x = np.random.default_rng(0).normal(size=(60, 40))
    gram = x.T @ x + np.eye(40)
    before = gram.copy()
    inverse = inverse_spd(gram)
    np.testing.assert_allclose(inverse @ gram, np.eye(40), atol=1e-9)
    np.testing.assert_array_equal(inverse, inverse.T)
    np.testing.assert_array_equal(gram, before)
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite; raise reg"):
        inverse_spd(-gram)


def dense(model: ImplicitALS) -> tuple[Any, Any]:
    """c and p over all pairs, from the definition."""
    x = model.histories_.toarray()
    p = (x >= 1.5).astype(float)
    return 1 + model.alpha * x * p, p


def loss(model: ImplicitALS) -> float:
    c, p = dense(model)
    u, v = model.user_factors_, model.item_factors_
    return float((c * (p - u @ v.T) ** 2).sum() + model.reg * ((u**2).sum() + (v**2).sum()))


def test_half_a_sweep_solves_each_row_s_weighted_ridge() -> None:
    rng = np.random.default_rng(1)
    c = np.where(rng.random((20, 9)) < 0.3, 1 + 3 * rng.random((20, 9)), 0.0)
    c[4] = 0.0
    v = rng.normal(size=(9, 3))
    factors = solve_factors(sp.csr_array(c), v, 0.7)
    for row in range(20):
        weight, p = np.where(c[row] > 0, c[row], 1.0), c[row] > 0
        design = np.vstack([np.sqrt(weight)[:, None] * v, np.sqrt(0.7) * np.eye(3)])
        target = np.concatenate([np.sqrt(weight) * p, np.zeros(3)])
        np.testing.assert_allclose(factors[row], np.linalg.lstsq(design, target)[0], atol=1e-9)
    assert not factors[4].any()


def test_more_sweeps_never_raise_the_loss() -> None:
    losses = [
        loss(ImplicitALS(factors=3, reg=2.0, iterations=n).fit(made()))
        for n in (1, 2, 3, 5, 10, 40)
    ]
    assert all(b <= a + 1e-9 for a, b in pairwise(losses))
    assert losses[-1] < 0.99 * losses[0]


def test_at_convergence_no_small_change_lowers_the_loss() -> None:
    model = ImplicitALS(factors=2, reg=2.0, iterations=500).fit(made())
    c, p = dense(model)
    u, v = model.user_factors_, model.item_factors_
    error = c * (u @ v.T - p)
    np.testing.assert_allclose(error @ v + 2.0 * u, 0.0, atol=1e-9)
    np.testing.assert_allclose(error.T @ u + 2.0 * v, 0.0, atol=1e-6)


def test_a_like_is_a_rating_of_at_least_positive_also_between_whole_numbers() -> None:
    table = pd.DataFrame(
        {"user_id": range(4), "item_id": range(4), "rating": [3.6, 3.7, 3.5, 5], "timestamp": 0}
    )
    model = ImplicitALS(positive=3.6, alpha=2.0, iterations=1, factors=2).fit(table)
    confidence = model._confidence(model.histories_).toarray()
    np.testing.assert_allclose(np.diag(confidence), [4.0, 4.2, 0.0, 6.8])


def test_factors_of_known_users_are_what_their_histories_ask_for(ratings: pd.DataFrame) -> None:
    model = ImplicitALS(factors=5, iterations=3).fit(ratings)
    columns = np.arange(len(model.item_ids_))
    np.testing.assert_allclose(
        model._score(model.histories_, columns),
        model.score(model.user_ids_, model.item_ids_),
        atol=1e-9,
    )


def test_an_unknown_item_before_the_first_takes_no_score_away() -> None:
    model = ImplicitALS(factors=3, reg=0.1).fit(made().query("item_id > 0"))
    known = model.score([3, 99], model.item_ids_)
    assert (np.abs(known[:, :2]) > 0.01).all()
    for unknown in (-7, 99):
        scores = model.score([3, 99], [unknown, *model.item_ids_])
        np.testing.assert_allclose(scores[:, 1:], known, rtol=1e-9)
        assert not scores[:, 0].any()
        scores = model.score([3, 99], [model.item_ids_[1], unknown, model.item_ids_[0]])
        np.testing.assert_allclose(scores[:, [2, 0]], known[:, :2], rtol=1e-9, atol=1e-9)


def test_items_nobody_likes_and_users_who_like_nothing_have_no_factors() -> None:
    table = made()
    table.loc[table["user_id"] == 3, "rating"] = 1
    model = ImplicitALS(factors=3).fit(table)
    assert not model.item_factors_[0].any()
    assert not model.user_factors_[3].any()


def test_the_start_comes_from_rng() -> None:
    table = made()
    first, same, other = (
        ImplicitALS(factors=3, iterations=1, rng=rng).fit(table).item_factors_
        for rng in (1, np.random.default_rng(1), 2)
    )
    np.testing.assert_allclose(first, same, rtol=1e-9)
    assert np.abs(first - other).max() > 1e-6


def test_als_takes_the_sweeps_of_the_implicit_library(ratings: pd.DataFrame) -> None:
    als = pytest.importorskip("implicit.cpu.als", reason="the implicit library is not installed")
    ours = ImplicitALS(factors=8, reg=3.0, alpha=2.0, iterations=4, rng=5).fit(ratings)
    with threadpool_limits(1):  # it warns where BLAS has threads of its own
        theirs = als.AlternatingLeastSquares(
            factors=8, regularization=3.0, alpha=1.0, iterations=4, use_cg=False, dtype=np.float64
        )
    theirs.item_factors = np.random.default_rng(5).random((len(ours.item_ids_), 8)) * 0.01
    theirs.user_factors = np.zeros((len(ours.user_ids_), 8))
    confidence = sp.csr_matrix(ours._confidence(ours.histories_))
    theirs.fit(confidence, show_progress=False)
    np.testing.assert_allclose(ours.item_factors_, theirs.item_factors, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(
        ours.user_factors_,
        theirs.recalculate_user(np.arange(len(ours.user_ids_)), confidence),
        rtol=1e-8,
        atol=1e-9,
    )


def test_both_rank_better_than_popularity(ratings: pd.DataFrame) -> None:
    split = temporal_split(ratings)
    popular, ease, als = (
        evaluate(model.fit(split.train), split)["ndcg"].mean()
        for model in (Popularity(), EASE(), ImplicitALS())
    )
    assert ease > 1.5 * popular
    assert als > 1.5 * popular


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (EASE(reg=0.0), "reg: 0.0 is not a finite number above 0"),
        (EASE(reg=float("inf")), "reg: inf is not"),
        (EASE(side_weight=-1.0), "side_weight: -1.0 is not a finite number of at least 0"),
        (ImplicitALS(reg=-1.0), "reg: -1.0 is not"),
        (ImplicitALS(factors=0), "factors: 0 is not a whole number of at least 1"),
        (ImplicitALS(iterations=0), "iterations: 0 is not a whole number"),
        (ImplicitALS(factors=2.5), "factors: 2.5 is not a whole number"),
        (ImplicitALS(alpha="1"), "alpha: '1' is not a finite number"),
        (EASE(reg="5"), "reg: '5' is not a finite number"),
        (EASE(side_weight=True), "side_weight: True is not a finite number"),
        (ImplicitALS(alpha=-0.5), "alpha: -0.5 is not a finite number of at least 0"),
        (ImplicitALS(alpha=float("nan")), "alpha: nan is not"),
    ],
)
def test_bad_parameters_are_named(model: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model.fit(made())


def test_rows_solved_together_are_those_solved_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    x = rng.random((60, 50)) * (rng.random((60, 50)) < rng.random((60, 1)) ** 3)
    x[7] = 0.0
    c = sp.csr_array(x)
    c.data += 1
    v, p = rng.normal(size=(50, 4)), rng.random(c.nnz)
    expected = np.zeros((60, 4))
    for row in range(60):
        at = slice(c.indptr[row], c.indptr[row + 1])
        mine, weight = v[c.indices[at]], c.data[at]
        left = v.T @ v + 2.0 * np.eye(4) + (mine.T * (weight - 1)) @ mine
        expected[row] = np.linalg.solve(left, mine.T @ (weight * p[at]))
    for cells in (1, 300, 2**18):
        monkeypatch.setattr(collaborative, "SOLVED_CELLS", cells)
        np.testing.assert_allclose(solve_factors(c, v, 2.0, p), expected, atol=1e-9)


def test_implicit_preference_rises_with_the_stars_and_a_choice_is_never_nothing() -> None:
    stars = implicit_preference(np.arange(1, 6) - 2.5)
    np.testing.assert_allclose(stars, [1 / 33, 1 / 9, 1 / 3, 2 / 3, 8 / 9])


def preferences(n_users: int, n_items: int, rng: int = 0) -> Any:
    """Graded preferences in (0, 1) of about every third pair."""
    generator = np.random.default_rng(rng)
    x = generator.random((n_users, n_items)) * (generator.random((n_users, n_items)) < 0.3)
    return sp.csr_array(x)


def graded_loss(x: Any, u: Any, v: Any, alpha: float, reg: float) -> float:
    c = 1 + alpha * x
    error = (c * ((1 + alpha) * x / c - u @ v.T) ** 2).sum()
    return float(error + reg * ((u**2).sum() + (v**2).sum()))


def test_graded_preferences_are_folded_in_by_minimising_their_loss() -> None:
    model = ImplicitALS(factors=3, reg=2.0, alpha=4.0).fit_preference(preferences(40, 20))
    new, v = preferences(6, 20, rng=1).toarray(), model.item_factors_
    for row, scores in zip(new, model.score_preference(sp.csr_array(new)), strict=True):
        c, target = 1 + 4 * row, 5 * row / (1 + 4 * row)
        user = np.linalg.solve((v.T * c) @ v + 2.0 * np.eye(3), v.T @ (c * target))
        np.testing.assert_allclose(scores, v @ user, atol=1e-9)


def test_more_sweeps_over_graded_preferences_never_raise_the_loss() -> None:
    x = preferences(40, 20)
    dense, losses = x.toarray(), []
    for n in (1, 2, 5, 20):
        model = ImplicitALS(factors=3, reg=2.0, alpha=4.0, iterations=n).fit_preference(x)
        scores = model.score_preference(x)  # U Vᵀ
        u = np.linalg.lstsq(model.item_factors_, scores.T)[0].T
        losses.append(graded_loss(dense, u, model.item_factors_, 4.0, 2.0))
    assert all(b <= a + 1e-9 for a, b in pairwise(losses))
    assert losses[-1] < 0.99 * losses[0]
