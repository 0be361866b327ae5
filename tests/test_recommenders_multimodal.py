"""The final recommender: its formula, cold-start items, ablations, new items and new users."""

from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from small_world import BLOCKS, COLD, ITEMS, NEW, OLD, WARM, small

from mmrec_course.evaluation import evaluate, grid_search
from mmrec_course.features import FeatureBlock
from mmrec_course.recommenders import EASE, MultimodalRecommender, multimodal

TRAIN = COLD.train_valid
FUSIONS = pytest.mark.parametrize("fusion", ["weighted", "multitask"])
PARTS = ["collaborative", "audio", "image", "text", "popularity"]
WEIGHTS = {"image": 0.2, "text": 0.3, "audio": 0.5}
USERS = ["u001", "u123", "nobody"]


@pytest.fixture(scope="module")
def models():
    """One model for each fusion; no test may change them."""
    return {
        f: MultimodalRecommender(fusion=f).fit(TRAIN, BLOCKS) for f in ("weighted", "multitask")
    }


@pytest.fixture(scope="module")
def old_models():
    """The same without the features of cold-start items; no test may change them."""
    return {f: MultimodalRecommender(fusion=f).fit(TRAIN, OLD) for f in ("weighted", "multitask")}


@pytest.fixture(scope="module")
def weighted():
    """A model with given weights; by default they follow from iALS. No test may change it."""
    return MultimodalRecommender(weights=WEIGHTS).fit(TRAIN, BLOCKS)


@pytest.fixture
def model(models):
    return copy(models["weighted"])


def mean_ndcg(model, split):
    return evaluate(model, split)["ndcg"].mean()


def z(x):
    return (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)


def by_hand(model, users):
    """(n_users, n_items) scores by the formula, from the ratings; of `model` only iALS is used."""
    rated, p = np.unique(TRAIN["item_id"]), model.get_params()
    user_ids = np.unique(TRAIN["user_id"])
    u, j = np.searchsorted(user_ids, TRAIN["user_id"]), np.searchsorted(rated, TRAIN["item_id"])
    lasting, recent = np.zeros((2, len(user_ids) + 1, len(rated)))
    lasting[u, j] = 1 / (1 + 4 ** (1 - (TRAIN["rating"] - 2.5)))
    age = TRAIN.groupby("user_id")["timestamp"].rank(ascending=False) - 1
    recent[u, j] = lasting[u, j] * (1 + age) ** -p["decay"]
    recent[-1] = lasting[-1] = lasting[:-1].mean(axis=0)  # the mean user

    def unit(block):
        x = block.values - block.values[np.isin(ITEMS, rated)].mean(axis=0)
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    plain = np.hstack([unit(BLOCKS[m]) for m in sorted(BLOCKS)])  # (n_items, d)
    scale = np.concatenate(
        [np.full(BLOCKS[m].values.shape[1], model.weights_[m] ** 0.5) for m in sorted(BLOCKS)]
    )
    every, f = plain * scale, (plain * scale)[np.isin(ITEMS, rated)]

    gram = lasting[:-1].T @ lasting[:-1] + p["ease__side_weight"] * f @ f.T
    inverse = np.linalg.inv(gram + p["ease__reg"] * np.eye(len(rated)))
    b = -inverse / np.diag(inverse)
    np.fill_diagonal(b, 0)
    known = np.searchsorted(user_ids, users)
    row = np.where(np.isin(users, user_ids), known, len(user_ids))
    n_user = (lasting[:-1] > 0).sum(axis=1)
    n_user = np.append(n_user, 0)[row][:, None]

    def collaborative(x):
        als = z(model.als_.score_preference(sp.csr_array(x)))
        mixed = (1 - p["als_weight"]) * z(x @ b) + p["als_weight"] * als
        own = n_user**2 / (n_user**2 + p["user_shrinkage"] ** 2)
        return own * mixed[row] + (1 - own) * mixed[-1]

    def ridge(x, y, reg):
        return np.linalg.solve(x.T @ x + reg * np.eye(x.shape[1]), x.T @ y)

    c = collaborative(lasting)
    content = every @ ridge(f, c.T, p["content_reg"])  # (n_items, n)
    for place, item in enumerate(np.flatnonzero(np.isin(ITEMS, rated))):  # leave one out
        rest = np.arange(len(rated)) != place
        content[item] = every[item] @ ridge(f[rest], c.T[rest], p["content_reg"])
    base = content[np.isin(ITEMS, rated)]
    content = (content / base.std(axis=0)).T

    seen, popular = plain[np.isin(ITEMS, rated)], np.log1p(lasting[:-1].sum(axis=0))
    ridge_cv = RidgeCV(model.popularity_.regs).fit(seen, popular)  # leaves one out
    left_out = cross_val_predict(Ridge(ridge_cv.alpha_), seen, popular, cv=LeaveOneOut())
    prior = ridge_cv.predict(plain)
    prior[np.isin(ITEMS, rated)] = left_out
    prior = (prior - left_out.mean()) / left_out.std()

    n = TRAIN["item_id"].value_counts().reindex(ITEMS, fill_value=0).to_numpy()
    rest = np.where(n > 0, 1 - p["cf_weight"], 1 - p["cold_discount"])
    scores = rest * (content + p["popularity_weight"] * prior)
    scores[:, np.isin(ITEMS, rated)] += p["cf_weight"] * collaborative(recent)
    return scores


def test_scores_are_the_formula_of_the_docstring(model):
    np.testing.assert_allclose(model.score(USERS, ITEMS), by_hand(model, USERS), atol=1e-8)


@FUSIONS
def test_explanations_sum_to_the_scores_and_cold_items_are_scored_by_content_alone(models, fusion):
    wanted = [*ITEMS, "unknown"]
    for user in USERS:
        parts = models[fusion].explain(user, wanted)
        assert list(parts.columns) == PARTS
        scores = models[fusion].score([user], wanted)[0]
        np.testing.assert_allclose(parts.sum(axis=1), scores, atol=1e-9)
        assert (parts.loc["unknown"] == 0).all()
        assert (parts.loc[COLD.candidates, "collaborative"] == 0).all()
        assert (parts.loc[COLD.candidates, "image":"text"].abs().sum(axis=1) > 0).all()
    assert not models[fusion].explain("u001", ["unknown"]).to_numpy().any()


@FUSIONS
def test_cold_items_rank_better_than_with_permuted_features_or_one_modality(models, fusion):
    permuted = {m: block.shuffle(rng=1) for m, block in BLOCKS.items()}
    rivals = [permuted] + [{m: block} for m, block in BLOCKS.items() if fusion == "weighted"]
    fitted = [MultimodalRecommender(fusion=fusion).fit(TRAIN, blocks) for blocks in rivals]
    assert mean_ndcg(models[fusion], COLD) > 1.1 * max(mean_ndcg(m, COLD) for m in fitted)


def test_features_help_warm_items_too_and_without_them_it_is_the_collaborative_part():
    plain = MultimodalRecommender().fit(WARM.train_valid)
    both = MultimodalRecommender().fit(WARM.train_valid, BLOCKS)
    assert mean_ndcg(both, WARM) > mean_ndcg(plain, WARM)
    parts = plain.explain("u000", plain.item_ids_)
    assert list(parts.columns) == ["collaborative"]
    assert (parts["collaborative"] != 0).all()
    assert plain.weights_ == {}


def test_a_missing_modality_passes_its_weight_on(weighted):
    item, place = COLD.candidates[0], np.searchsorted(ITEMS, COLD.candidates[0])
    bare = {**BLOCKS, "audio": BLOCKS["audio"].mask([item])}
    fitted = (weighted, clone(weighted).fit(TRAIN, bare))
    whole, lacking = ({m: x[place] for m, x in f.content_.right_.items()} for f in fitted)
    assert not lacking["audio"].any()
    for m in ("image", "text"):  # 0.2 / (0.2 + 0.3) instead of 0.2; rows take the root
        np.testing.assert_allclose(lacking[m], whole[m] * np.sqrt(2))
    assert np.linalg.norm(np.concatenate(list(lacking.values()))) == pytest.approx(1)


def test_a_modality_that_no_rated_item_has_is_left_out():
    empty = BLOCKS["text"].mask(np.setdiff1d(ITEMS, COLD.candidates))
    model = MultimodalRecommender().fit(TRAIN, {"image": BLOCKS["image"], "text": empty})
    assert list(model.weights_) == ["image"]
    assert list(model.explain("u001", ITEMS[:2])) == ["collaborative", "image", "popularity"]


def test_the_same_data_in_any_order_give_the_same_model(model):
    again = MultimodalRecommender().fit(
        TRAIN.sample(frac=1, random_state=3), dict(reversed(BLOCKS.items()))
    )
    assert again.weights_ == pytest.approx(model.weights_)
    np.testing.assert_allclose(again.score(USERS, ITEMS), model.score(USERS, ITEMS), atol=1e-9)


def test_above_so_many_items_ease_is_left_out(monkeypatch):
    monkeypatch.setattr(multimodal, "MAX_EASE_ITEMS", 10)
    model = MultimodalRecommender().fit(TRAIN, BLOCKS)
    assert model.ease_ is None
    alone = model.refitted("als_weight", 1.0)
    np.testing.assert_allclose(model.score(USERS, ITEMS), alone.score(USERS, ITEMS), atol=1e-9)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"fusion": "magic"}, "fusion: 'magic' is neither 'weighted' nor 'multitask'"),
        ({"als_weight": 1.1}, "als_weight: 1.1 is not a number from 0 to 1"),
        ({"cold_discount": "a"}, "cold_discount: 'a' is not a number from 0 to 1"),
        ({"decay": -1}, "decay: -1 is not a number from 0 to inf"),
        ({"user_shrinkage": np.nan}, "user_shrinkage: nan is not a number"),
        ({"content_reg": 0.0}, "reg: 0.0 is not a finite number above 0"),
        ({"content_reg": np.nan}, "reg: nan is not a finite number above 0"),
        ({"ease": EASE(reg=-1.0)}, "reg: -1.0 is not a finite number above 0"),
        ({"weights": {"image": 1.0, "text": 1.0}}, "weights: none for modality 'audio'"),
        ({"weights": {**WEIGHTS, "text": -1}}, r"weights\['text'\]: -1.0 is not a finite number"),
        ({"weights": {**WEIGHTS, "text": "1"}}, r"weights\['text'\]: '1' is not a number"),
        ({"weights": dict.fromkeys(WEIGHTS, 0)}, "weights: all are zero"),
        ({"cf_weight": True}, "cf_weight: True is not a number"),
        ({"n_components": 2.5}, "n_components: 2.5 is not a whole number of at least 1"),
        ({"rng": None}, "rng: None is not a whole number of at least 0"),
        ({"rng": -1}, "rng: -1 is not a whole number of at least 0"),
    ],
)
def test_bad_arguments_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        MultimodalRecommender(**parameters).fit(TRAIN, BLOCKS)
    with pytest.raises(TypeError, match=r"weights: .*, expected modality → number"):
        MultimodalRecommender(weights=[1.0]).fit(TRAIN, BLOCKS)


def test_parameters_reach_the_parts_and_are_never_shared():
    first, second = MultimodalRecommender(positive=3.0), MultimodalRecommender()
    first.set_params(ease__reg=7.0, als__alpha=2.0, decay=0.1)
    again = clone(first)
    for name, value in {"ease__reg": 7.0, "als__alpha": 2.0, "decay": 0.1, "positive": 3.0}.items():
        assert again.get_params()[name] == first.get_params()[name] == value
        assert second.get_params()[name] != value
    given = EASE(reg=7.0)
    model = MultimodalRecommender(ease=given).fit(*small())
    assert model.ease is given and not hasattr(given, "weights_"), "arguments are not fitted"


def test_grid_search_over_its_parameters():
    grid = {"cold_discount": [0.0, 0.9], "ease__reg": [1.0, 100.0]}
    best, table = grid_search(MultimodalRecommender(), grid, WARM, BLOCKS)
    assert len(table) == 4
    assert table["ndcg"].iloc[0] > table["ndcg"].iloc[-1]
    for name in grid:
        assert best.get_params()[name] == table[name].iloc[0]


POOR = {
    "no columns": {"values": np.zeros((15, 0)), "names": ()},
    "all missing": {"present": np.zeros(15, bool)},
    "only new items have features": {"present": np.arange(15) >= 12},
    "constant": {"values": np.ones((15, 3))},
    "huge": {"values": np.random.default_rng(0).normal(size=(15, 3)) * 1e150},
}


@FUSIONS
@pytest.mark.parametrize("name", [*POOR, "no features", "one moment"])
def test_poor_input_gives_finite_scores(name, fusion):
    ratings, features = small(**POOR.get(name, {}))
    features = {} if name == "no features" else features
    ratings = ratings.assign(timestamp=0) if name == "one moment" else ratings
    model = MultimodalRecommender(fusion=fusion).fit(ratings, features)
    scores = model.score([0, 99], range(16))
    assert np.isfinite(scores).all()
    assert not scores[:, 15].any(), "an unknown item"
    np.testing.assert_allclose(model.explain(0, range(16)).sum(axis=1), scores[0], atol=1e-9)
    assert len(model.recommend([0, 99], k=3)) == 6
    unshrunk = model.refitted("user_shrinkage", 0.0)
    assert np.isfinite(unshrunk.score([0, 99], range(16))).all()


@FUSIONS
def test_added_items_score_as_if_they_had_been_there_at_fit(models, old_models, fusion):
    at_fit, later = models[fusion], copy(old_models[fusion])
    assert not later.score(["u001"], COLD.candidates).any(), "unknown so far"
    bit = copy(later)
    later.add_items({m: NEW[m] for m in reversed(NEW)}).add_items({})
    for item in COLD.candidates[::-1]:
        bit.add_items({m: block.align([item]) for m, block in NEW.items()})
    for model in (later, bit):
        np.testing.assert_allclose(model.score(USERS, ITEMS), at_fit.score(USERS, ITEMS), atol=1e-9)
        lists = [m.recommend(USERS, k=160) for m in (model, at_fit)]
        pd.testing.assert_frame_equal(*lists)
    assert set(COLD.candidates) & set(lists[0]["item_id"])


def test_lists_break_ties_by_id_also_after_add_items():
    ratings, features = small(values=np.ones((15, 3)))  # cold-start items score alike
    model = MultimodalRecommender().fit(ratings, {"image": features["image"].align(range(12))})
    for item in (14, 12, 13):
        model.add_items({"image": features["image"].align([item])})
    cold = model.recommend([0], k=15, exclude_seen=False).query("item_id >= 12")
    np.testing.assert_allclose(cold["score"], cold["score"].iloc[0], atol=1e-9)
    assert cold["item_id"].tolist() == [12, 13, 14]


def test_items_that_cannot_be_added_are_named(model):
    block = BLOCKS["image"]
    other = FeatureBlock(
        modality="image", item_ids=["new"], values=[[1.0]], present=[True], names=("one",)
    )
    for given, message in (
        (block.align(COLD.candidates[:1]), "item 't[0-9]+' is known already; fit again"),
        (replace(block.align(["new"]), item_ids=[7]), r"blocks\['image'\]: 7 is not among the ids"),
        (other, "columns differ from those in fit"),
    ):
        with pytest.raises(ValueError, match=message):
            model.add_items({"image": given})


def test_a_new_user_with_another_s_ratings_gets_the_other_s_scores(model):
    before = model.score(USERS, ITEMS)
    theirs = TRAIN[TRAIN["user_id"] == "u001"].assign(user_id="new")
    bit = copy(model)
    model.partial_fit(theirs)
    np.testing.assert_allclose(model.score(["new", *USERS[1:]], ITEMS), before, atol=1e-9)
    listed = model.recommend(["new"], k=200)["item_id"]
    assert set(listed) == set(ITEMS) - set(theirs["item_id"]), "rated items are not listed"
    # The rating of a pair that was rated before takes the place of the old one.
    bit.partial_fit(theirs.iloc[[0]].assign(rating=theirs["rating"].iloc[0] % 5 + 1))
    for row in range(len(theirs)):
        bit.partial_fit(theirs.iloc[[row]])
    np.testing.assert_allclose(bit.score(["new"], ITEMS), before[:1], atol=1e-9)


def test_ratings_of_items_that_came_later_only_exclude_them(model):
    before = model.score(USERS, ITEMS)
    row, news = TRAIN[TRAIN["user_id"] == "u001"].iloc[[0]], COLD.candidates[:3]
    later = pd.concat(
        [row.assign(item_id=item, user_id=u) for item in news for u in ("u001", "new")]
    )
    model.partial_fit(later)
    after = model.score([*USERS, "new"], ITEMS)
    np.testing.assert_allclose(after, before[[0, 1, 2, 2]], atol=1e-9)
    assert not set(news) & set(model.recommend(["u001", "new"], k=160)["item_id"])


def test_ratings_that_cannot_be_folded_in_are_named(model):
    row = TRAIN.iloc[[0]]
    for wrong, message in (
        ({"item_id": "unknown"}, "item_id: 'unknown' is unknown; add_items first"),
        ({"user_id": 7}, r"user_id: 7 is not among .* are text \('u001'\)"),
        ({"item_id": 7}, r"item_id: 7 is not among .* are text \('t000'\)"),
        ({"rating": np.nan}, "rating"),
    ):
        with pytest.raises(ValueError, match=message):
            model.partial_fit(row.assign(**wrong))
    before = model.score(USERS, ITEMS)
    np.testing.assert_allclose(model.partial_fit(row.iloc[:0]).score(USERS, ITEMS), before)


@FUSIONS
def test_what_a_copy_learns_does_not_reach_the_original(old_models, fusion):
    model = old_models[fusion]
    items, before = model.item_ids_, model.score(["u001", "new"], ITEMS)
    twin = copy(model).add_items(NEW).partial_fit(TRAIN.iloc[:9].assign(user_id="new"))
    assert (twin.score(["new"], COLD.candidates) != 0).all()
    np.testing.assert_array_equal(model.item_ids_, items)
    np.testing.assert_allclose(model.score(["u001", "new"], ITEMS), before, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("als_weight", 0.1),
        ("user_shrinkage", 9.0),
        ("cf_weight", 0.4),
        ("cold_discount", 0.1),
        ("popularity_weight", 2.0),
        ("decay", 1.0),
        ("content_reg", 20.0),
        ("ease__reg", 500.0),
        ("ease__side_weight", 90.0),
        ("als__alpha", 1.0),
    ],
)
def test_refitted_is_a_fresh_fit_with_another_value(weighted, name, value):
    # With weights given: by default they follow from iALS, which `refitted` leaves as they are.
    model = weighted
    before, old = model.score(USERS, ITEMS), model.get_params()[name]
    other = model.refitted(name, value)
    fresh = clone(model).set_params(**{name: value}).fit(TRAIN, BLOCKS)
    np.testing.assert_allclose(other.score(USERS, ITEMS), fresh.score(USERS, ITEMS), atol=1e-9)
    assert np.abs(other.score(USERS, ITEMS) - before).max() > 1e-3
    assert other.get_params()[name] == value and model.get_params()[name] == old
    np.testing.assert_allclose(model.score(USERS, ITEMS), before, atol=1e-9)


@FUSIONS
def test_refitted_with_other_weights(models, fusion):
    model = models[fusion]
    before, weights = model.score(USERS, ITEMS), dict(model.weights_)
    other = model.refitted("weights", {"image": 3, "text": 1, "audio": 0})
    assert other.weights_ == pytest.approx({"image": 0.75, "text": 0.25, "audio": 0.0})
    assert not other.explain("u001", ITEMS)["audio"].any()
    cold, before_cold = other.score(USERS, COLD.candidates), model.score(USERS, COLD.candidates)
    assert np.abs(cold - before_cold).max() > 0.01
    assert model.weights_ == weights and model.weights is None
    np.testing.assert_allclose(model.score(USERS, ITEMS), before, atol=1e-9)
    for name, value, message in (
        ("weights", {"image": 1.0}, "weights: none for modality 'audio'"),
        ("weights", dict.fromkeys(weights, 0), "weights: all are zero"),
        ("decay", -1.0, "decay: -1.0 is not a number"),
        ("content_reg", 0.0, "reg: 0.0 is not a finite number above 0"),
        ("n_components", 3, "n_components: cannot be changed without a new fit"),
        ("share", 3, "share"),
    ):
        with pytest.raises(ValueError, match=message):
            model.refitted(name, value)
