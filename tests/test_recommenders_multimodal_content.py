"""Content parts: smoothers by hand, leave-one-out, and popularity from features."""

import numpy as np
import pytest

from mmrec_course.features import FeatureBlock
from mmrec_course.recommenders.multimodal_content import (
    NEIGHBOURS,
    RIDGES,
    Projection,
    View,
    _fit_projection,
    _neighbour_weights,
    fit_appeal,
    fit_content,
    hidden_scores,
    leave_one_out,
)

RATED = np.array([0, 1, 2, 3, 4, 5, 7])


def block(n: int = 9, d: int = 3, rng: int = 0) -> FeatureBlock:
    return FeatureBlock(
        modality="image",
        item_ids=np.arange(n),
        values=np.random.default_rng(rng).normal(size=(n, d)),
        present=np.arange(n) != 3,
        names=tuple(f"x{j}" for j in range(d)),
    )


def test_ridge_scores_a_trained_item_as_if_it_had_been_left_out() -> None:
    features = block()
    projection = _fit_projection(features, np.isin(np.arange(9), RATED), 0)
    rows = projection.rows(features)
    part = fit_content(
        View(projection, rows, features.present, np.zeros(len(rows))), RATED, ("ridge", 2.0)
    )
    c = np.random.default_rng(1).normal(size=(4, len(RATED)))
    scores = part.scores(c, np.arange(9))
    for item in range(9):
        taught = [j for j, r in enumerate(RATED) if r not in (3, item)]
        f = rows[RATED[taught]]
        taste = np.linalg.solve(f.T @ f + 2.0 * np.eye(3), f.T @ c[:, taught].T)
        np.testing.assert_allclose(scores[:, item], taste.T @ rows[item], atol=1e-9)


def test_neighbours_are_a_shrunk_mean_of_what_looks_alike() -> None:
    rows = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-1.0, 0.0], [0.6, 0.8]])
    own, training = np.array([0, 1, 2, 3, -1]), np.arange(4)
    a = _neighbour_weights(rows, own, rows[:4], training, 4, k=2).toarray()
    np.testing.assert_allclose(a[:, 4], [0, 0.96 / 2.76, 0.8 / 2.76, 0], atol=1e-9)
    np.testing.assert_allclose(a[:, 0], [0, 0.8 / 1.8, 0, 0], atol=1e-9)
    np.testing.assert_allclose(a[:, 3], 0)


@pytest.mark.parametrize("setting", [*RIDGES[:2], *NEIGHBOURS[:2]])
def test_hidden_items_are_scored_by_what_is_left(setting: tuple[str, float]) -> None:
    features = block(60, 4)
    everything = np.arange(60)
    projection = _fit_projection(features, np.ones(60, bool), 0)
    rows, c = projection.rows(features), np.random.default_rng(1).normal(size=(5, 60))
    hide = everything % 5 == 0
    found = hidden_scores(rows, features.present, c, hide)[setting]
    shown = everything[~hide]
    part = fit_content(
        View(projection, rows, features.present, np.zeros(len(rows))), shown, setting
    )
    np.testing.assert_allclose(found, part.scores(c[:, shown], everything[hide]), atol=1e-9)
    again = c.copy()
    again[:, hide] = 99.0
    np.testing.assert_allclose(
        found, hidden_scores(rows, features.present, again, hide)[setting], atol=1e-9
    )


def test_wide_features_keep_their_strongest_directions() -> None:
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(400, 5))
    features = FeatureBlock(
        modality="text",
        item_ids=np.arange(400),
        values=latent @ rng.normal(size=(5, 600)),
        present=np.ones(400, bool),
        names=tuple(f"word {j}" for j in range(600)),
    )
    projection = _fit_projection(features, np.arange(400) < 300, 0)
    assert projection.matrix is not None
    assert projection.matrix.shape == (600, 256)
    rows = projection.rows(features)
    plain = Projection(features.values[:300].mean(axis=0)).rows(features)
    np.testing.assert_allclose(rows @ rows.T, plain @ plain.T, atol=1e-8)


@pytest.mark.parametrize("n_training", [1, 5, 8])
def test_more_columns_than_training_items_become_as_many_numbers_without_loss(
    n_training: int,
) -> None:
    features, training = block(12, 50), np.arange(12) < n_training
    projection = _fit_projection(features, training, 0)
    rows = projection.rows(features)
    use = features.present & training
    plain = Projection(features.values[use].mean(axis=0)).rows(features)
    assert rows.shape == (12, use.sum() + 1)
    np.testing.assert_allclose(rows @ rows[use].T, plain @ plain[use].T, atol=1e-9)
    np.testing.assert_allclose((rows**2).sum(axis=1), (plain**2).sum(axis=1), atol=1e-9)
    assert not rows[3].any(), "an absent item"


@pytest.mark.parametrize(("n", "d"), [(20, 7), (7, 20), (7, 7)])
def test_what_is_said_of_a_row_left_out_is_what_the_others_say(n: int, d: int) -> None:
    rng = np.random.default_rng(0)
    design, target = rng.normal(size=(n, d)), rng.normal(size=(n, 2))
    _, theta, unseen = leave_one_out(design, target, (0.5,))
    t = target - target.mean(axis=0)
    for row in range(n):
        rest = np.arange(n) != row
        gram = design[rest].T @ design[rest] + 0.5 * np.eye(d)
        said = design[row] @ np.linalg.solve(gram, design[rest].T @ t[rest])
        np.testing.assert_allclose(unseen[row], said + target.mean(axis=0), atol=1e-9)
    whole = np.linalg.solve(design.T @ design + 0.5 * np.eye(d), design.T @ t)
    np.testing.assert_allclose(theta, whole, atol=1e-9)


def test_constant_features_say_nothing() -> None:
    features = FeatureBlock(
        modality="image",
        item_ids=np.arange(4),
        values=np.full((4, 3), 0.1),
        present=np.ones(4, bool),
        names=("a", "b", "c"),
    )
    assert (_fit_projection(features, np.ones(4, bool), 0).rows(features) == 0).all()


def test_appeal_predicts_each_rated_item_without_itself() -> None:
    rng = np.random.default_rng(0)
    design = rng.normal(size=(50, 3))
    drawn = np.exp(design @ [1.0, -0.5, 0.0] + 2 + 0.3 * rng.normal(size=50))
    appeal, alone = fit_appeal(design, drawn)
    target = np.log1p(drawn) - np.log1p(drawn).mean()
    item = 7
    rest = np.arange(50) != item
    gram = design[rest].T @ design[rest] + appeal.reg * np.eye(3)
    theta = np.linalg.solve(gram, design[rest].T @ target[rest])
    raw = design[item] @ theta + np.log1p(drawn).mean()
    assert alone[item] == pytest.approx((raw - appeal.centre) / appeal.scale)
    assert np.corrcoef(appeal.predict(design), target)[0, 1] > 0.8
    assert alone.mean() == pytest.approx(0, abs=1e-12)
    assert alone.std() == pytest.approx(1)


def test_words_weigh_by_the_strength_of_their_direction_and_their_number_counts() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.05, size=(300, 400)) * (1 + np.arange(400) % 7)
    features = FeatureBlock(
        modality="text",
        item_ids=np.arange(300),
        values=counts,
        present=np.arange(300) != 5,
        names=tuple(f"word {j}" for j in range(400)),
    )
    training = np.arange(300) < 290
    projection = _fit_projection(features, training, 0)
    assert projection.matrix is not None
    length = np.linalg.norm(projection.matrix, axis=0)
    assert length[0] == pytest.approx(1)
    assert (np.diff(length) <= 1e-12).all()
    assert length[-1] < 0.9
    spread = np.linalg.norm(
        features.values[training & features.present] @ projection.matrix, axis=0
    )
    np.testing.assert_allclose(spread / spread[0], length**2, rtol=1e-2)
    filled = np.log1p((counts > 0).sum(axis=1))
    expected = filled - filled[training & features.present].mean()
    expected[5] = 0.0
    np.testing.assert_allclose(projection.amount(features), expected)
    assert (_fit_projection(block(), np.ones(9, bool), 0).amount(block()) == 0).all()


def test_of_several_regularisations_the_one_that_foretells_best_is_taken() -> None:
    rng = np.random.default_rng(0)
    design = rng.normal(size=(60, 5))
    design -= design.mean(axis=0)
    target = design @ rng.normal(size=(5, 2)) + 0.1 * rng.normal(size=(60, 2))
    reg, _, unseen = leave_one_out(design, target, (1e-3, 1e4))
    assert reg == 1e-3
    np.testing.assert_allclose(unseen, target, atol=0.5)
