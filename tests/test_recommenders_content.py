"""Neighbours in a feature space, and ridge regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity

from mmrec_course.features.block import FeatureBlock
from mmrec_course.fusion.early import fused_rows
from mmrec_course.recommenders import ContentKNN, ContentRidge, content
from mmrec_course.recommenders.content import (
    ContentMap,
    MultitaskMap,
    PopularityPrior,
    unit_rows,
)


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
        values=rng.normal(size=(n_items, d)) * np.resize([1, 2, 3, 4], d) + 5,
        present=present,
        names=tuple(map(str, range(d))),
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
        modality="image",
        item_ids=range(7),
        values=values,
        present=np.ones(7, bool),
        names=list("abc"),
    )
    assert not unit_rows(block, np.ones(7, bool)).any()
    values[0] += scale
    moved = FeatureBlock(
        modality="image",
        item_ids=range(7),
        values=values,
        present=np.ones(7, bool),
        names=list("abc"),
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
            present=np.ones(30, bool),
            names=list("xyz"),
        )
        model = ContentKNN(modality="text", n_neighbors=4).fit(ratings, {"text": block})
        found.append(model.score([0, 1], range(30)))
    np.testing.assert_allclose(*found, atol=1e-3)


def test_of_equally_near_neighbours_the_lower_ids_are_taken() -> None:
    values = [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0], [-10.0, 0.0]]
    block = FeatureBlock(
        modality="text",
        item_ids=list("abcde"),
        values=values,
        present=np.ones(5, bool),
        names=list("xy"),
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


@pytest.mark.parametrize(("d", "reg"), [(4, 1.0), (4, 0.01), (2, 30.0), (50, 0.1)])
def test_ridge_scores_of_cold_items_are_scikit_learn_s(d: int, reg: float) -> None:
    ratings, block = made(d=d)
    model = ContentRidge(modality="text", reg=reg).fit(ratings, {"text": block})
    rows = unit_rows(block, model.n_ratings_ > 0)
    used = model.trained_
    coef = ridge_weights(rows[used], model.histories_.toarray()[:, used], reg)
    cold = np.arange(25, 30)
    assert block.present[cold].any()
    np.testing.assert_allclose(model.score(range(12), cold), coef @ rows[cold].T, atol=1e-9)


@pytest.mark.parametrize("d", [4, 50])
def test_ridge_scores_of_trained_items_are_those_of_a_refit_without_their_row(d: int) -> None:
    ratings, block = made(d=d)
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
        present=np.ones(n, bool),
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
        (ContentKNN(modality="text", n_neighbors=0), "n_neighbors: 0 is not a whole number"),
        (ContentKNN(modality="text", n_neighbors=True), "n_neighbors: True is not a whole number"),
        (ContentRidge(modality="text", reg="1"), "reg: '1' is not a finite number above 0"),
        (ContentRidge(modality="text", reg=0.0), "reg: 0.0 is not a finite number above 0"),
        (ContentRidge(modality="text", reg=float("nan")), "reg: nan is not a finite"),
    ],
)
def test_bad_parameters_are_named(model: Any, message: str) -> None:
    ratings, block = made()
    with pytest.raises(ValueError, match=message):
        model.fit(ratings, {"text": block})


RATED = np.array([0, 1, 2, 3, 4, 5, 7])
HALVES = {"image": 0.5, "text": 0.5}


def rows(n: int = 9) -> tuple[dict[str, Any], dict[str, Any]]:
    """Feature rows of two modalities and who has them; item 3 lacks the images."""
    rng = np.random.default_rng(0)
    found = {"image": rng.normal(size=(n, 3)), "text": rng.normal(size=(n, 2))}
    found["image"][3] = 0.0
    return found, {"image": np.arange(n) != 3, "text": np.ones(n, bool)}


def fitted(kind: Any = ContentMap, n: int = 9, reg: float = 2.0) -> Any:
    factors = np.random.default_rng(2).normal(size=(len(RATED), 3))
    x, present = rows()
    x, present = ({m: v[:n] for m, v in table.items()} for table in (x, present))
    return kind(reg=reg).fit(x, present, RATED, HALVES, factors)


def test_content_map_is_ridge_with_rated_items_left_out_and_shares_that_are_so_too() -> None:
    c = np.random.default_rng(1).normal(size=(4, len(RATED)))
    fused = fused_rows(*rows(), HALVES)
    f, ends = np.hstack(list(fused.values())), [3]
    expected = {m: np.zeros((4, 9)) for m in fused}
    for item in range(9):
        rest = item != RATED
        taste = ridge_weights(f[RATED[rest]], c[:, rest], 2.0)  # (4, 5)
        for m, w in zip(fused, np.split(taste, ends, axis=1), strict=True):
            expected[m][:, item] = w @ fused[m][item]
    spread = sum(expected.values())[:, RATED].std(axis=1, keepdims=True)
    columns = [8, 0, 3, 6, 0]
    shares = fitted().scores(c, np.array(columns))
    assert list(shares) == ["image", "text"]
    for m, y in shares.items():
        np.testing.assert_allclose(y, expected[m][:, columns] / spread, atol=1e-9)
    assert not shares["image"][:, 2].any(), "item 3 has no image"
    assert ContentMap().fit({}, {}, RATED, {}, np.zeros((7, 1))).scores(c, RATED) == {}


@pytest.mark.parametrize("kind", [ContentMap, MultitaskMap])
def test_constant_scores_give_zeros(kind: Any) -> None:
    shares = fitted(kind).scores(np.zeros((2, 7)), np.arange(9))
    assert not any(y.any() for y in shares.values())


@pytest.mark.parametrize("kind", [ContentMap, MultitaskMap])
def test_items_appended_to_a_content_map_score_as_if_they_had_been_there(kind: Any) -> None:
    c = np.random.default_rng(1).normal(size=(4, len(RATED)))
    part = fitted(kind, n=8)
    x, present = ({m: v[8:] for m, v in table.items()} for table in rows())
    longer = part.extended(x, present)
    assert len(part.right_["text"]) == 8, "the original stays as it is"
    whole = fitted(kind).scores(c, np.arange(9))
    for m, y in longer.scores(c, np.arange(9)).items():
        np.testing.assert_allclose(y, whole[m], atol=1e-9)


def test_multitask_map_scores_by_what_its_ridge_predicts_of_the_factors() -> None:
    rng = np.random.default_rng(2)
    factors, c = rng.normal(size=(7, 3)), np.random.default_rng(1).normal(size=(4, 7))
    model, (x, present) = fitted(MultitaskMap), rows()
    taste = ridge_weights(factors, c, 2.0)  # (4, 3)
    ids = np.arange(9)
    blocks = {
        m: FeatureBlock(
            modality=m, item_ids=ids, values=v, present=present[m], names=list("abc")[: v.shape[1]]
        )
        for m, v in x.items()
    }
    predicted = model.model_.predict(blocks, ids)
    own = {m: (taste @ (predicted[m] - model.model_.intercept_).T)[:, 8] / 2 for m in x}
    base = sum(model.scores(c, RATED).values())
    np.testing.assert_allclose(base.std(axis=1), 1.0)
    shares = model.scores(c, np.array([8]))
    ratio = [own[m] / shares[m][:, 0] for m in x]
    np.testing.assert_allclose(ratio[0], ratio[1], err_msg="one scale for every modality")


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
