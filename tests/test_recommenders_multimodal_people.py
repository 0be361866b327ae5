"""The collaborative part: both inverses, the solve of iALS, recency, and the mix."""

import numpy as np
import pytest
import scipy.sparse as sp

from mmrec_course.fusion import standardize_scores
from mmrec_course.recommenders import multimodal_people as people
from mmrec_course.recommenders.multimodal_people import (
    People,
    _closed_scores,
    _item_factors,
    drawn_to_features,
    fit_closed,
    fit_people,
    fold_in,
    interest,
    recency,
)


def drawn(n_users: int, n_items: int, rng: int = 0) -> sp.csr_array:
    generator = np.random.default_rng(rng)
    x = generator.random((n_users, n_items)) * (generator.random((n_users, n_items)) < 0.3)
    return sp.csr_array(x)


def test_interest_rises_with_the_stars_and_a_choice_is_never_nothing() -> None:
    stars = interest(np.arange(1, 6) - 2.5)
    np.testing.assert_allclose(stars, [1 / 33, 1 / 9, 1 / 3, 2 / 3, 8 / 9])


def test_recency_counts_what_came_after_and_ties_share() -> None:
    user = np.array([0, 0, 0, 0, 1, 1])
    when = np.array([5, 1, 9, 5, 7, 7])
    assert recency(user, when).tolist() == [1.5, 3.0, 0.0, 1.5, 0.5, 0.5]
    assert recency(user[:0], when[:0]).tolist() == []


@pytest.mark.parametrize(("shape", "most"), [((12, 30), 99), ((12, 30), 20), ((30, 12), 99)])
def test_both_inverses_give_the_item_item_model(
    shape: tuple[int, int], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MAX_CLOSED", most)
    x = drawn(*shape)
    p = np.linalg.inv((x.T @ x).toarray() + 3.0 * np.eye(shape[1]))
    weights = p / -np.diag(p)
    np.fill_diagonal(weights, 0.0)
    model = fit_closed(x, 3.0)
    assert (model.users is None) == (shape[1] <= most), "items too many for a square of them"
    asked = drawn(5, shape[1], rng=1)
    np.testing.assert_allclose(model.scores(asked), asked @ weights, atol=1e-9)
    for reg, scores in _closed_scores(x, asked, (0.5, 3.0)):
        np.testing.assert_allclose(scores, fit_closed(x, reg).scores(asked), atol=1e-9)


def test_fold_in_minimises_its_loss() -> None:
    x, v = drawn(6, 9), np.random.default_rng(1).normal(size=(9, 3))
    users = fold_in(x, v, 3.0, 2.0)
    dense = x.toarray()
    for u in range(6):
        confidence, wish = 1 + 3 * dense[u], 4 * dense[u] / (1 + 3 * dense[u])
        left = (v.T * confidence) @ v + 2.0 * np.eye(3)
        np.testing.assert_allclose(users[u], np.linalg.solve(left, v.T @ (confidence * wish)))


def test_more_sweeps_fit_better_and_a_start_is_taken_up() -> None:
    x, setting = drawn(40, 20), (4.0, 15.0)
    dense = x.toarray()

    def loss(v: np.ndarray) -> float:
        u = fold_in(x, v, *setting)
        wish = 5 * dense / (1 + 4 * dense)
        fit = ((1 + 4 * dense) * (wish - u @ v.T) ** 2).sum()
        return float(fit + 15 * ((u**2).sum() + (v**2).sum()))

    one, six = _item_factors(x, setting, 0, sweeps=1), _item_factors(x, setting, 0, sweeps=6)
    assert loss(six) < loss(one)
    np.testing.assert_allclose(_item_factors(x, setting, 0, start=one, sweeps=5), six)


def test_the_two_are_mixed_on_one_scale() -> None:
    x, setting = drawn(30, 12), (4.0, 15.0)
    v, closed = _item_factors(x, setting, 0), fit_closed(x, 3.0)
    mixed = People(v, setting, als_share=0.25, closed=closed).scores(x)
    a = standardize_scores(closed.scores(x))
    b = standardize_scores(fold_in(x, v, *setting) @ v.T)
    np.testing.assert_allclose(mixed, standardize_scores(0.75 * a + 0.25 * b))
    np.testing.assert_allclose(mixed.mean(axis=1), 0, atol=1e-9)


def test_where_the_closed_form_costs_too_much_ials_works_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(people, "MAX_CLOSED", 10)
    x = drawn(30, 12)
    earlier, final = fit_people(x, x, lambda _: x, None, 0)
    for part in (earlier, final):
        assert part.closed is None
        assert part.als_share == 1.0
        assert np.isfinite(part.scores(x)).all()


def test_the_best_fading_is_chosen() -> None:
    x = drawn(30, 12)
    asked: list[float] = []

    def faded(fading: float) -> sp.csr_array:
        asked.append(fading)
        return sp.csr_array(x * (1 + fading))

    # What is judged best is what was faded by 0.35: the factors' scores grow with the interests.
    earlier, final = fit_people(x, x, faded, lambda _: -abs(asked[-1] - 0.35), 0)
    assert earlier.fading == final.fading == 0.35


@pytest.mark.parametrize("setting", people.ALS_SETTINGS)
def test_the_settings_of_ials_that_rank_best_are_chosen_and_kept(
    setting: tuple[float, float],
) -> None:
    x = drawn(30, 12)
    tried: list[np.ndarray] = []

    def quality(scores: np.ndarray) -> float:
        tried.append(scores)
        # After the five fadings come the settings of iALS, one after another.
        return float(len(tried) == len(people.FADINGS) + people.ALS_SETTINGS.index(setting) + 1)

    earlier, final = fit_people(x, x, lambda _: x, quality, 0)
    assert earlier.als_setting == final.als_setting == setting
    place = len(people.FADINGS) + people.ALS_SETTINGS.index(setting)
    np.testing.assert_allclose(earlier.by_factors(x), tried[place])


def test_factors_are_drawn_to_what_the_features_of_other_items_foretell() -> None:
    x, setting, reg = drawn(20, 9), (4.0, 15.0), 3.0
    design = np.random.default_rng(3).normal(size=(9, 4))
    v = _item_factors(x, setting, 0)
    users = fold_in(x, v, *setting)
    found = drawn_to_features(x, v, setting, design, reg)
    dense, mean = x.toarray(), v.mean(axis=0)
    for item in range(9):
        rest = np.arange(9) != item
        gram = design[rest].T @ design[rest] + reg * np.eye(4)
        theta = np.linalg.solve(gram, design[rest].T @ (v[rest] - mean))
        foretold = mean + design[item] @ theta
        confidence, wish = 1 + 4 * dense[:, item], 5 * dense[:, item] / (1 + 4 * dense[:, item])
        left = (users.T * confidence) @ users + 15 * np.eye(v.shape[1])
        right = users.T @ (confidence * wish) + 15 * foretold
        np.testing.assert_allclose(found[item], np.linalg.solve(left, right), atol=1e-9)


def test_features_are_leant_on_only_where_that_ranks_better() -> None:
    x = drawn(30, 12)
    design = np.random.default_rng(3).normal(size=(12, 4))
    for gain in (-1.0, 1.0):
        asked: list[float] = []

        def quality(_: np.ndarray, gain: float = gain, asked: list[float] = asked) -> float:
            asked.append(0.0)
            first = len(people.FADINGS) + len(people.ALS_SETTINGS)
            return gain if first < len(asked) <= first + len(people.LEANINGS) else 0.0

        earlier, final = fit_people(x, x, lambda _: x, quality, 0, design)
        assert earlier.leaning == final.leaning == (people.LEANINGS[0] if gain > 0 else None)
