"""Neighbours in a feature space, and ridge regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity

from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders import ContentKNN, ContentRidge, content
from mmrec_course.recommenders.content import ContentMap, PopularityPrior, unit_rows


def made(
    n_users: int = 12, n_items: int = 30, d: int = 4, cold: int = 5, absent: int = 4
) -> tuple[pd.DataFrame, FeatureBlock]:
    """Random ratings of all but the last items, and features that some items lack."""
    rng = np.random.default_rng(0)
    user, item = np.nonzero(rng.random((n_users, n_items - cold)) < 0.5)
    ratings = pd.DataFrame(
        {"user_id": user, "item_id": item, "rating": rng.integers(1, 6, len(user)), "timestamp": 0}
    )
    present = np.ones(n_items, bool)
    present[rng.choice(n_items - 1, absent, replace=False)] = False
    block = FeatureBlock(
        modality="text",
        item_ids=np.arange(n_items),
        values=rng.normal(size=(n_items, d)) * [1, 2, 3, 4][:d] + 5,
        present=present,
        names=tuple("abcd"[:d]),
    )
    return ratings, block


def test_unit_rows_are_centred_on_present_training_items() -> None:
    _, block = made()
    training = np.arange(30) < 25
    use = training & block.present
    expected = block.values - block.values[use].mean(axis=0)
    rows = unit_rows(block, training)
    np.testing.assert_allclose(
        rows[block.present] @ rows[block.present].T,
        cosine_similarity(expected[block.present]),
        atol=1e-9,
    )
    assert not rows[~block.present].any()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_a_row_on_the_centre_is_zero_not_rounding_noise(scale: float) -> None:
    values = np.full((7, 3), 0.1) * scale
    block = FeatureBlock(
        modality="image", item_ids=range(7), values=values, present=np.ones(7), names=list("abc")
    )
    assert not unit_rows(block, np.ones(7, bool)).any()
    values[0] += scale
    moved = FeatureBlock(
        modality="image", item_ids=range(7), values=values, present=np.ones(7), names=list("abc")
    )
    lengths = np.linalg.norm(unit_rows(moved, np.ones(7, bool)), axis=1)
    np.testing.assert_allclose(lengths, 1.0)


@pytest.mark.parametrize("k", [None, 1, 3, 24, 100])
def test_knn_is_its_formula(k: int | None) -> None:
    ratings, block = made()
    model = ContentKNN(modality="text", n_neighbors=k).fit(ratings, {"text": block})
    rows = unit_rows(block, model.n_ratings_ > 0)
    likings = model.histories_.toarray()
    expected = np.zeros((12, 30))
    for i in range(30):
        rated = [j for j in range(25) if j != i]
        by_cosine = sorted(rated, key=lambda j: (-(rows[i] @ rows[j]), j))
        for j in by_cosine[: len(rated) if k is None else k]:
            expected[:, i] += max(0.0, rows[i] @ rows[j]) * likings[:, j]
    np.testing.assert_allclose(model.score(range(12), range(30)), expected, atol=1e-9)


def test_the_last_digits_of_a_processor_do_not_choose_neighbours() -> None:
    rng = np.random.default_rng(0)
    values = np.tile(rng.normal(size=(10, 3)), (3, 1))  # every item three times
    ratings = pd.DataFrame(
        {"user_id": np.repeat([0, 1], 15), "item_id": range(30), "rating": 5, "timestamp": 0}
    )
    found = []
    for noise in (0.0, 1e-13):
        block = FeatureBlock(
            modality="text",
            item_ids=range(30),
            values=values + noise * rng.normal(size=values.shape),
            present=np.ones(30),
            names=list("xyz"),
        )
        model = ContentKNN(modality="text", n_neighbors=4).fit(ratings, {"text": block})
        found.append(model.score([0, 1], range(30)))
    np.testing.assert_allclose(*found, atol=1e-3)


def test_of_equally_near_neighbours_the_lower_ids_are_taken() -> None:
    values = [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0], [-10.0, 0.0]]
    block = FeatureBlock(
        modality="text", item_ids=list("abcde"), values=values, present=np.ones(5), names=list("xy")
    )
    ratings = pd.DataFrame(
        {"user_id": "u", "item_id": list("abcde"), "rating": 5, "timestamp": range(5)}
    )
    model = ContentKNN(modality="text", n_neighbors=2).fit(ratings, {"text": block})
    neighbours = model.similarity_.toarray() > 0
    assert [np.flatnonzero(column).tolist() for column in neighbours.T] == [
        [1, 2],
        [0, 2],
        [0, 1],
        [0, 1],
        [],
    ]


def test_knn_in_blocks_is_knn(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings, block = made()
    for k in (None, 3):
        model = ContentKNN(modality="text", n_neighbors=k)
        whole = model.fit(ratings, {"text": block}).score(range(12), range(30))
        with monkeypatch.context() as patch:
            patch.setattr(content, "BLOCK_CELLS", 7 * 30)
            pieces = model.fit(ratings, {"text": block}).score(range(12), range(30))
        np.testing.assert_allclose(whole, pieces, atol=1e-9)
        if k is not None:
            assert model.similarity_.nnz <= 30 * k


def ridge_weights(rows: Any, likings: Any, reg: float) -> Any:
    return Ridge(alpha=reg, fit_intercept=False).fit(rows, likings.T).coef_


@pytest.mark.parametrize(("d", "reg"), [(4, 1.0), (4, 0.01), (2, 30.0)])
def test_ridge_scores_of_cold_items_are_scikit_learn_s(d: int, reg: float) -> None:
    ratings, block = made(d=d)
    model = ContentRidge(modality="text", reg=reg).fit(ratings, {"text": block})
    rows = unit_rows(block, model.n_ratings_ > 0)
    used = model.trained_
    coef = ridge_weights(rows[used], model.histories_.toarray()[:, used], reg)
    cold = np.arange(25, 30)
    assert block.present[cold].any()
    np.testing.assert_allclose(model.score(range(12), cold), coef @ rows[cold].T, atol=1e-9)


def test_ridge_scores_of_trained_items_are_those_of_a_refit_without_their_row() -> None:
    ratings, block = made()
    model = ContentRidge(modality="text", reg=0.5).fit(ratings, {"text": block})
    rows = unit_rows(block, model.n_ratings_ > 0)
    likings = model.histories_.toarray()
    scores = model.score(range(12), range(30))
    for item in model.trained_:
        others = model.trained_[model.trained_ != item]
        coef = ridge_weights(rows[others], likings[:, others], 0.5)
        np.testing.assert_allclose(scores[:, item], coef @ rows[item], atol=1e-9)


def recentred_gap(n_items: int) -> tuple[float, float]:
    """Leave-one-out scores against refits whose centre lacks the item too: gap, correlation."""
    ratings, block = made(n_users=40, n_items=n_items)
    model = ContentRidge(modality="text").fit(ratings, {"text": block})
    items = model.trained_[:: n_items // 12]
    likings = model.histories_.toarray()
    refits = []
    for item in items:
        training = (model.n_ratings_ > 0) & (model.item_ids_ != item)
        rows = unit_rows(block, training)
        others = model.trained_[model.trained_ != item]
        refits.append(ridge_weights(rows[others], likings[:, others], 1.0) @ rows[item])
    scores = model.score(model.user_ids_, model.item_ids_[items])
    refit = np.column_stack(refits)
    gap = np.sqrt(((scores - refit) ** 2).mean()) / scores.std()
    return float(gap), float(np.corrcoef(scores.ravel(), refit.ravel())[0, 1])


def test_the_centre_s_share_in_leave_one_out_is_small_and_falls_with_the_catalogue() -> None:
    gap, correlation = recentred_gap(205)
    assert 0 < gap < 0.1
    assert correlation > 0.99
    assert recentred_gap(1605)[0] < gap / 2


def test_nobodys_liking_of_an_item_takes_part_in_its_score() -> None:
    ratings, block = made()
    item, other = np.flatnonzero(block.present)[:2]
    changed = ratings.assign(
        rating=np.where(ratings["item_id"] == item, 6 - ratings["rating"], ratings["rating"])
    )
    before, after = (
        ContentRidge(modality="text").fit(table, {"text": block}).score(range(12), [item, other])
        for table in (ratings, changed)
    )
    np.testing.assert_allclose(before[:, 0], after[:, 0], atol=1e-9)
    assert np.abs(before[:, 1] - after[:, 1]).max() > 1e-6


def test_absent_items_score_zero_in_both() -> None:
    ratings, block = made()
    for model in (ContentKNN(modality="text", n_neighbors=3), ContentRidge(modality="text")):
        scores = model.fit(ratings, {"text": block}).score(range(12), range(30))
        assert not scores[:, ~block.present].any()
        assert scores[:, block.present].any(axis=0).all()


def test_a_modality_that_no_rated_item_has_gives_zeros() -> None:
    ratings, block = made()
    only_new = FeatureBlock(
        modality="text",
        item_ids=block.item_ids,
        values=block.values,
        present=np.arange(30) >= 25,
        names=block.names,
    )
    for model in (ContentKNN(modality="text", n_neighbors=3), ContentRidge(modality="text")):
        assert not model.fit(ratings, {"text": only_new}).score(range(12), range(30)).any()


def test_many_items_never_need_an_item_by_item_matrix() -> None:
    rng = np.random.default_rng(0)
    n = 20_000
    block = FeatureBlock(
        modality="text",
        item_ids=np.arange(n),
        values=rng.normal(size=(n, 8)),
        present=np.ones(n),
        names=list("abcdefgh"),
    )
    ratings = pd.DataFrame(
        {"user_id": 0, "item_id": np.arange(n), "rating": rng.integers(1, 6, n), "timestamp": 0}
    )
    model = ContentRidge(modality="text").fit(ratings, {"text": block})
    arrays = [value for value in vars(model).values() if isinstance(value, np.ndarray)]
    assert max(array.size for array in arrays) <= n * 8
    assert len(model.recommend([0, 1], candidates=range(0, n, 2), exclude_seen=False)) == 20


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (ContentKNN(modality="audio"), r"no block 'audio'; has \['text'\]"),
        (ContentRidge(modality="audio"), r"no block 'audio'; has \['text'\]"),
        (ContentKNN(modality="text", n_neighbors=0), "n_neighbors: 0 is below 1"),
        (ContentRidge(modality="text", reg=0.0), "reg: 0.0 is not a finite number above 0"),
        (ContentRidge(modality="text", reg=float("nan")), "reg: nan is not a finite"),
    ],
)
def test_bad_parameters_are_named(model: Any, message: str) -> None:
    ratings, block = made()
    with pytest.raises(ValueError, match=message):
        model.fit(ratings, {"text": block})


RATED = np.array([0, 1, 2, 3, 4, 5, 7])


def rows(n: int = 9) -> dict[str, Any]:
    """Feature rows of two modalities; item 3 lacks the images."""
    rng = np.random.default_rng(0)
    fused = {"image": rng.normal(size=(n, 3)), "text": rng.normal(size=(n, 2))}
    fused["image"][3] = 0.0
    return fused


def test_content_map_is_ridge_with_rated_items_left_out_and_a_z_score_over_them() -> None:
    fused, c = rows(), np.random.default_rng(1).normal(size=(4, len(RATED)))
    f = np.hstack(list(fused.values()))
    expected = np.zeros((4, 9))
    for item in range(9):
        rest = item != RATED
        expected[:, item] = ridge_weights(f[RATED[rest]], c[:, rest], 2.0) @ f[item]
    base = expected[:, RATED]
    expected = (expected - base.mean(axis=1, keepdims=True)) / base.std(axis=1, keepdims=True)
    model = ContentMap(reg=2.0).fit(fused, RATED)
    columns = [8, 0, 3, 6, 0]
    shares = model.scores(c, np.array(columns))
    assert list(shares) == ["image", "text"]
    np.testing.assert_allclose(sum(shares.values()), expected[:, columns], atol=1e-9)
    assert ContentMap().fit({}, RATED).scores(c, RATED) == {}


def test_constant_scores_and_features_without_a_signal_give_zeros() -> None:
    for fused in (rows(), {m: np.zeros_like(x) for m, x in rows().items()}):
        shares = ContentMap().fit(fused, RATED).scores(np.zeros((2, 7)), np.arange(9))
        assert not any(y.any() for y in shares.values())


def test_items_appended_to_a_content_map_score_as_if_they_had_been_there() -> None:
    fused, c = rows(), np.random.default_rng(1).normal(size=(4, len(RATED)))
    whole = ContentMap().fit(fused, RATED)
    part = ContentMap().fit({m: x[:8] for m, x in fused.items()}, RATED)
    longer = part.extended({m: x[8:] for m, x in fused.items()})
    assert len(part.right_["text"]) == 8, "the original stays as it is"
    for m, y in longer.scores(c, np.arange(9)).items():
        np.testing.assert_allclose(y, whole.scores(c, np.arange(9))[m], atol=1e-9)


def test_content_map_from_predicted_factors_projects_on_their_directions() -> None:
    rng = np.random.default_rng(2)
    target, c = rng.normal(size=(7, 3)), rng.normal(size=(4, 7))
    predicted = {"image": rng.normal(size=(9, 3)), "text": rng.normal(size=(9, 3))}
    taste = ridge_weights(target, c, 2.0)  # (4, 3)
    expected = taste @ sum(predicted.values()).T
    base = expected[:, RATED]
    expected = (expected - base.mean(axis=1, keepdims=True)) / base.std(axis=1, keepdims=True)
    model = ContentMap(reg=2.0).fit_factors(predicted, target, RATED)
    np.testing.assert_allclose(sum(model.scores(c, np.arange(9)).values()), expected, atol=1e-9)


def test_popularity_prior_predicts_each_rated_item_without_itself() -> None:
    rng = np.random.default_rng(0)
    design = rng.normal(size=(50, 3))
    popularity = np.exp(design @ [1.0, -0.5, 0.0] + 2 + 0.3 * rng.normal(size=50))
    model = PopularityPrior(regs=(1e-2, 1e4)).fit(design, popularity)
    target = np.log1p(popularity)
    left_out = [
        Ridge(1e-2).fit(np.delete(design, i, 0), np.delete(target, i)).predict(design[[i]])[0]
        for i in range(50)
    ]
    centre, scale = np.mean(left_out), np.std(left_out)
    np.testing.assert_allclose(model.left_out_, (left_out - centre) / scale, atol=1e-9)
    whole = Ridge(1e-2).fit(design, target).predict(design)
    np.testing.assert_allclose(model.predict(design), (whole - centre) / scale, atol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_popularity_that_features_cannot_predict_is_finite(n: int) -> None:
    for design in (np.zeros((n, 2)), np.eye(n, 2)):
        model = PopularityPrior().fit(design, np.ones(n))
        assert np.isfinite([*model.left_out_, *model.predict(design)]).all()
        np.testing.assert_allclose(model.predict(design), 0.0, atol=1e-3)
