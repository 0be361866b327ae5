"""The final recommender: parts that add up, cold items, placebo, missing modalities."""

from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from mmrec_course.recommenders.multimodal_people import interest
from sklearn.base import clone

from mmrec_course.datasets.synthetic import draw_tracks, make_world
from mmrec_course.evaluation import cold_item_split, evaluate, temporal_split
from mmrec_course.features import FeatureBlock
from mmrec_course.features.synthetic import fact_blocks
from mmrec_course.recommenders import ContentRidge, MultimodalRecommender, Random
from mmrec_course.recommenders.multimodal import LIKED


@pytest.fixture(scope="module")
def world():
    tracks = draw_tracks(160, n_artists=60, rng=1)
    tracks.insert(0, "item_id", [f"t{j:03d}" for j in range(160)])
    return make_world(tracks, n_users=200, n_ratings=6000, rng=1)


@pytest.fixture(scope="module")
def blocks(world):
    return fact_blocks(world.tracks, noise=0.5)


@pytest.fixture(scope="module")
def cold(world):
    return cold_item_split(world.ratings, rng=0)


@pytest.fixture(scope="module")
def model(cold, blocks):
    return MultimodalRecommender().fit(cold.train_valid, blocks)


@pytest.fixture(scope="module")
def shared(cold, blocks):
    return MultimodalRecommender(fusion="multitask").fit(cold.train_valid, blocks)


PARTS = ["collaborative", "image", "text", "audio", "popularity"]


def test_explanations_sum_to_the_scores(model, shared, world):
    items = world.tracks["item_id"].to_numpy()
    for fitted in (model, shared):
        for user in ("u001", "u123", "nobody"):
            parts = fitted.explain(user, [*items, "unheard of"])
            assert list(parts.columns) == PARTS
            expected = fitted.score([user], [*items, "unheard of"])[0]
            np.testing.assert_allclose(parts.sum(axis=1), expected, atol=1e-9)
            assert (parts.loc["unheard of"] == 0).all()


def test_new_items_are_judged_by_content_alone(model, shared, cold):
    for fitted in (model, shared):
        parts = fitted.explain("u001", cold.candidates)
        assert (parts["collaborative"] == 0).all()
        assert (parts[["image", "text", "audio"]].abs().sum(axis=1) > 0).all()


def test_the_formula_of_the_docstring_by_hand(model, cold):
    user, item = "u007", cold.train["item_id"].iloc[0]
    rated = np.unique(cold.train_valid["item_id"])
    mine = cold.train_valid[cold.train_valid["user_id"] == user].sort_values("timestamp")
    n, n_user = (cold.train_valid["item_id"] == item).sum(), len(mine)

    def scores(fading):
        x = np.zeros((1, len(rated)))
        stars = mine["rating"].to_numpy() - 2.5
        age = mine["timestamp"].rank(ascending=False).to_numpy() - 1
        x[0, np.searchsorted(rated, mine["item_id"])] = interest(stars) * (1 + age) ** -fading
        own = model.people_.scores(sp.csr_array(x))
        rho = n_user**3 / (n_user**3 + model.half_user_**3)
        return rho * own + (1 - rho) * model.average_scores_

    g = model.share_ * n / (n + model.half_)
    place = np.searchsorted(model.item_ids_, [item])
    content = 0.0
    for m, w in model.weights_.items():
        part = model.contents_[m]
        y = part.scores(scores(0.0), model.rated_)[0]
        z = (part.scores(scores(0.0), place)[0, 0] - y.mean()) / y.std()
        content += w * z
    content += model.popularity_weight_ * model.appeals_[place[0]]
    c = scores(model.people_.fading)[0, np.searchsorted(rated, item)]
    content *= 1 - model.caution_ * model.half_ / (n + model.half_)
    assert model.score([user], [item])[0, 0] == pytest.approx(g * c + (1 - g) * content)


def test_in_both_fusions_content_finds_new_items(shared, cold, blocks):
    def mean(m):
        return evaluate(m, cold)["ndcg"].mean()

    dealt = {m: block.shuffle(rng=1) for m, block in blocks.items()}
    placebo = MultimodalRecommender(fusion="multitask").fit(cold.train_valid, dealt)
    assert mean(shared) > 1.3 * mean(placebo)


def test_it_beats_its_parts_in_both_regimes(model, world, blocks, cold):
    def mean(m, split):
        return evaluate(m, split)["ndcg"].mean()

    alone = [mean(ContentRidge(modality=m).fit(cold.train_valid, blocks), cold) for m in blocks]
    assert mean(model, cold) > 1.1 * max(alone)
    warm = temporal_split(world.ratings)
    both = mean(MultimodalRecommender().fit(warm.train_valid, blocks), warm)
    assert both > mean(MultimodalRecommender().fit(warm.train_valid), warm)


def test_features_dealt_out_at_random_are_found_out(world, blocks):
    shuffled = {m: block.shuffle(rng=1) for m, block in blocks.items()}
    warm = temporal_split(world.ratings)
    placebo = MultimodalRecommender().fit(warm.train_valid, shuffled)
    assert placebo.share_ >= 0.8, "the collaborative part keeps nearly everything"


def test_without_features_it_is_the_collaborative_part(world):
    split = temporal_split(world.ratings)
    model = MultimodalRecommender().fit(split.train)
    assert model.modalities_ == ()
    parts = model.explain("u000", model.item_ids_)
    assert list(parts.columns) == ["collaborative"]
    assert model.share_ == 1.0
    assert (model.score(["u000"], model.item_ids_) != 0).all()


def test_a_modality_that_an_item_lacks_passes_its_weight_on(world, cold, blocks):
    item = cold.candidates[0]
    bare = {
        m: FeatureBlock(
            modality=m,
            item_ids=b.item_ids,
            values=b.values,
            present=b.present & ((b.item_ids != item) | (m != "audio")),
            names=b.names,
        )
        for m, b in blocks.items()
    }
    model = MultimodalRecommender(weights={"image": 0.2, "text": 0.3, "audio": 0.5})
    whole = model.fit(cold.train_valid, blocks).explain("u001", [item]).iloc[0]
    parts = clone(model).fit(cold.train_valid, bare).explain("u001", [item]).iloc[0]
    assert parts["audio"] == 0
    np.testing.assert_allclose(parts["image"], whole["image"] * 2)  # 0.2 / (0.2 + 0.3), not 0.2
    np.testing.assert_allclose(parts["text"], whole["text"] * 2)


def test_a_modality_that_no_rated_item_has_is_left_out(cold, blocks):
    text = blocks["text"]
    empty = FeatureBlock(
        modality="text",
        item_ids=text.item_ids,
        values=text.values,
        present=np.isin(text.item_ids, cold.candidates),
        names=text.names,
    )
    model = MultimodalRecommender().fit(cold.train_valid, {"image": blocks["image"], "text": empty})
    assert model.modalities_ == ("image",)
    assert list(model.explain("u001", cold.candidates[:2]).columns) == [
        "collaborative",
        "image",
        "popularity",
    ]


def test_the_same_data_in_any_order_give_the_same_model(cold, blocks):
    again = MultimodalRecommender().fit(
        cold.train_valid.sample(frac=1, random_state=3), dict(reversed(blocks.items()))
    )
    first = MultimodalRecommender().fit(cold.train_valid, blocks)
    assert again.weights_ == pytest.approx(first.weights_)
    np.testing.assert_allclose(
        again.score(["u001"], cold.candidates), first.score(["u001"], cold.candidates), atol=1e-9
    )


def test_it_is_an_estimator_and_checks_its_arguments(cold, blocks):
    model = MultimodalRecommender(positive=3.0)
    assert clone(model).get_params()["positive"] == 3.0
    with pytest.raises(ValueError, match="fusion: 'magic' is unknown; choose one of"):
        MultimodalRecommender(fusion="magic").fit(cold.train_valid, blocks)
    with pytest.raises(ValueError, match="weights: none for modality 'audio'"):
        MultimodalRecommender(weights={"image": 1.0, "text": 1.0}).fit(cold.train_valid, blocks)


@pytest.mark.filterwarnings("ignore:ratings. none reaches")
def test_nobody_likes_anything_is_survived(blocks):
    ratings = pd.DataFrame(
        {
            "user_id": ["a", "a", "b"],
            "item_id": ["t001", "t002", "t001"],
            "rating": [1, 2, 1],
            "timestamp": pd.Timestamp("2024-01-01"),
        }
    )
    model = MultimodalRecommender().fit(ratings, blocks)
    assert np.isfinite(model.score(["a", "b", "c"], ["t001", "t050", "t999"])).all()


def without(blocks, item_ids):
    """Blocks that have never heard of these items, and blocks of these items alone."""
    ids = next(iter(blocks.values())).item_ids
    rest = ids[~np.isin(ids, item_ids)]
    return (
        {m: block.align(rest) for m, block in blocks.items()},
        {m: block.align(item_ids) for m, block in blocks.items()},
    )


@pytest.mark.parametrize("fusion", ["weighted", "multitask"])
def test_added_items_score_as_if_they_had_been_there(fusion, cold, blocks, world):
    ids, known = world.tracks["item_id"].to_numpy(), next(iter(blocks.values()))
    assert set(ids) == set(known.item_ids)
    model = MultimodalRecommender(fusion=fusion).fit(cold.train_valid, blocks)
    rest, new = without(blocks, cold.candidates)
    later = MultimodalRecommender(fusion=fusion).fit(cold.train_valid, rest)
    assert (later.score(["u001"], cold.candidates) == 0).all()
    later.add_items({m: new[m] for m in reversed(new)})
    users = ["u001", "u100", "nobody"]
    np.testing.assert_allclose(later.score(users, ids), model.score(users, ids), atol=1e-9)
    first = later.recommend(["u001"], k=160)
    pd.testing.assert_frame_equal(first, model.recommend(["u001"], k=160))
    assert set(cold.candidates) & set(first["item_id"])


def test_items_added_one_at_a_time_are_the_same_as_at_once(cold, blocks):
    rest, new = without(blocks, cold.candidates)
    once, bit = (MultimodalRecommender().fit(cold.train_valid, rest) for _ in range(2))
    once.add_items(new)
    for item in cold.candidates[::-1]:
        bit.add_items({m: block.align([item]) for m, block in new.items()})
    np.testing.assert_allclose(
        once.score(["u001"], once.item_ids_), bit.score(["u001"], bit.item_ids_), atol=1e-9
    )


def test_what_cannot_be_added_is_named(model, cold, blocks):
    with pytest.raises(ValueError, match="is known already; fit again to change it"):
        model.add_items({"image": blocks["image"].align(cold.candidates[:1])})
    with pytest.raises(ValueError, match=r"blocks\['image'\]: 7 is an integer, but the id 't000'"):
        model.add_items({"image": replace(blocks["image"].align(["new"]), item_ids=[7])})
    other = FeatureBlock(
        modality="image", item_ids=["new"], values=[[1.0]], present=[True], names=("one",)
    )
    with pytest.raises(ValueError, match="columns differ from those in fit"):
        model.add_items({"image": other})


def test_a_new_listener_with_another_s_choices_gets_the_other_s_scores(cold, blocks):
    model = MultimodalRecommender().fit(cold.train_valid, blocks)
    before = model.score(["u001", "u002", "nobody"], model.item_ids_)
    mine = cold.train_valid[cold.train_valid["user_id"] == "u001"]
    model.partial_fit(mine.assign(user_id="a newcomer"))
    scores = model.score(["a newcomer", "u002", "nobody"], model.item_ids_)
    np.testing.assert_allclose(scores, before, atol=1e-9)
    listed = model.recommend(["a newcomer"], k=200)["item_id"]
    assert not set(listed) & set(mine["item_id"]), "what was folded in counts as seen"


def test_choosing_what_came_later_strikes_it_out_and_says_nothing_else(cold, blocks):
    model = MultimodalRecommender().fit(cold.train_valid, blocks)
    before = model.score(["u001", "nobody"], model.item_ids_)
    row = cold.train_valid[cold.train_valid["user_id"] == "u001"].iloc[[0]]
    news = pd.concat([row.assign(item_id=item) for item in cold.candidates[:3]])
    model.partial_fit(pd.concat([news, news.assign(user_id="a newcomer")]))
    after = model.score(["u001", "nobody", "a newcomer"], model.item_ids_)
    np.testing.assert_allclose(after[:2], before, atol=1e-9)
    np.testing.assert_allclose(after[2], before[1], atol=1e-9)
    listed = model.recommend(["u001", "a newcomer"], k=160)
    assert not set(cold.candidates[:3]) & set(listed["item_id"])


def test_rehearsed_newcomers_like_what_everybody_likes_a_four_and_not_a_three():
    three, four, five = interest(np.array([0.5, 1.5, 2.5]))
    assert three < LIKED <= four < five


def test_newcomers_start_from_the_average_where_taste_is_common_and_not_where_it_is_not():
    def ratings(chance):
        rng = np.random.default_rng(0)
        user, item = np.nonzero(rng.random(chance.shape) < chance)
        when = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.permutation(len(user)), unit="h")
        table = {"user_id": user, "item_id": item, "rating": 5.0, "timestamp": when}
        return MultimodalRecommender().fit(pd.DataFrame(table))

    hits = np.tile(0.4 * np.exp(-np.arange(600) / 60), (200, 1))
    assert ratings(hits).half_user_ >= 4
    camps = np.where((np.arange(200)[:, None] + np.arange(80)) % 4 == 0, 0.5, 0.01)
    assert ratings(camps).half_user_ <= 1


def test_choices_folded_in_bit_by_bit_equal_those_at_once(cold, blocks):
    mine = cold.train_valid[cold.train_valid["user_id"] == "u001"].assign(user_id="new")
    once, bit = (MultimodalRecommender().fit(cold.train_valid, blocks) for _ in range(2))
    once.partial_fit(mine)
    wrong = mine.iloc[[0]].assign(rating=mine["rating"].iloc[0] % 5 + 1)
    bit.partial_fit(wrong)
    for row in range(len(mine)):
        bit.partial_fit(mine.iloc[[row]])
    np.testing.assert_allclose(
        once.score(["new"], once.item_ids_), bit.score(["new"], bit.item_ids_), atol=1e-9
    )


def test_what_cannot_be_folded_in_is_named(model, cold):
    row = cold.train_valid.iloc[[0]]
    with pytest.raises(ValueError, match="item_id: 'unheard of' is unknown; add_items first"):
        model.partial_fit(row.assign(item_id="unheard of"))
    with pytest.raises(ValueError, match="user_id: 7 is an integer, but the id 'u001' in fit"):
        model.partial_fit(row.assign(user_id=7))
    with pytest.raises(ValueError, match="item_id: 7 is an integer, but the id 't000' in fit"):
        model.partial_fit(row.assign(item_id=7))


@pytest.mark.parametrize("fusion", ["weighted", "multitask"])
def test_a_loaded_model_is_the_saved_one(fusion, cold, blocks, tmp_path):
    rest, new = without(blocks, cold.candidates)
    model = MultimodalRecommender(fusion=fusion, rng=3).fit(cold.train_valid, rest)
    loaded = MultimodalRecommender.load(model.save(tmp_path / "model"))
    assert loaded.get_params() == model.get_params()
    assert loaded.item_ids_.dtype == model.item_ids_.dtype
    users = ["u001", "nobody"]
    for fitted in (model, loaded):
        fitted.add_items(new).partial_fit(cold.train_valid.iloc[:5].assign(user_id="new"))
    np.testing.assert_allclose(
        loaded.score([*users, "new"], loaded.item_ids_),
        model.score([*users, "new"], model.item_ids_),
        atol=1e-9,
    )
    pd.testing.assert_frame_equal(
        loaded.explain("u001", cold.candidates), model.explain("u001", cold.candidates)
    )
    for m, part in model.parts_.items():
        theirs = loaded.parts_[m].score(users, cold.candidates)
        np.testing.assert_allclose(theirs, part.score(users, cold.candidates), atol=1e-9)


def test_whole_number_ids_survive(world, tmp_path):
    table = world.ratings.assign(item_id=world.ratings["item_id"].str[1:].astype(int))
    model = MultimodalRecommender().fit(table)
    loaded = MultimodalRecommender.load(model.save(tmp_path / "model"))
    assert loaded.item_ids_.dtype == np.int64
    np.testing.assert_allclose(
        loaded.score(["u001"], loaded.item_ids_),
        model.score(["u001"], model.item_ids_),
        atol=1e-9,
    )


def small(rng=0, n_items=12, n_columns=3, **more):
    """A few ratings of whole-number ids, and one block of features."""
    random = np.random.default_rng(rng)
    user, item = np.nonzero(random.random((15, n_items)) < 0.5)
    ratings = pd.DataFrame(
        {
            "user_id": user,
            "item_id": item,
            "rating": random.integers(1, 6, len(user)),
            "timestamp": np.arange(len(user)),
        }
    )
    parts = {
        "item_ids": np.arange(n_items + 3),
        "values": random.normal(size=(n_items + 3, n_columns)),
        "present": np.ones(n_items + 3, bool),
        "names": tuple(f"x{j}" for j in range(n_columns)),
    }
    return ratings, {"image": FeatureBlock(modality="image", **(parts | more))}


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"rng": np.int64(3), "positive": np.int64(4)}, np.arange(3)),
        ({"positive": np.float32(3.5), "weights": {"image": np.int64(2)}}, np.linspace(0, 1, 3)),
        ({"fusion": np.str_("multitask")}, pd.Index([("a", 1), ("a", 2), ("b", 1)])),
        ({"weights": {"image": np.float64(1)}}, np.array(["x", "y", "z"])),
        ({"rng": np.uint8(1)}, (True, np.bool_(False), None)),
        ({}, pd.Series(["a", "b", "c"], dtype="category")),
    ],
)
def test_numpy_scalars_as_parameters_and_names_are_saved(parameters, names, tmp_path):
    ratings, features = small(names=names)
    model = MultimodalRecommender(**parameters).fit(ratings, features)
    loaded = MultimodalRecommender.load(model.save(tmp_path / "model"))
    assert loaded.get_params() == model.get_params()
    assert loaded.names_ == model.names_
    assert loaded.user_ids_.dtype == loaded.item_ids_.dtype == np.int64
    new = {"image": replace(features["image"], item_ids=np.arange(100, 115))}
    for fitted in (model, loaded):
        fitted.add_items(new)
    np.testing.assert_allclose(
        loaded.score([0, 1, 99], loaded.item_ids_), model.score([0, 1, 99], model.item_ids_)
    )


@pytest.mark.parametrize(
    "dtype", ["int32", "uint8", "uint64", "Int64", "str", "string", "category"]
)
def test_ids_of_every_kind_that_fit_accepts_survive_saving(dtype, tmp_path):
    ratings, features = small()
    ids = pd.Series(features["image"].item_ids).astype(dtype)
    ratings = ratings.assign(item_id=ratings["item_id"].astype(dtype))
    if dtype == "category":  # of text, as tables have them
        ids, ratings["item_id"] = ids.astype(str), ratings["item_id"].astype(str).astype(dtype)
    block = {"image": replace(features["image"], item_ids=ids.to_numpy())}
    model = MultimodalRecommender().fit(ratings, block)
    loaded = MultimodalRecommender.load(model.save(tmp_path / "model"))
    assert loaded.item_ids_.dtype == model.item_ids_.dtype
    assert loaded.item_ids_.tolist() == model.item_ids_.tolist()
    assert {type(i) for i in loaded.item_ids_} == {type(i) for i in model.item_ids_}
    np.testing.assert_allclose(loaded.score([0], ids), model.score([0], ids))
    kind = str if dtype in ("str", "string", "category") else int
    assert isinstance(loaded.recommend([0])["item_id"].tolist()[0], kind)


def test_what_could_not_be_saved_is_refused_by_fit_or_named_by_save(tmp_path):
    ratings, features = small()
    for rng in (np.random.default_rng(0), None, 1.5, -1, "0"):
        with pytest.raises(ValueError, match=r"rng: .* is not a whole number of at least 0"):
            MultimodalRecommender(rng=rng).fit(ratings, features)
    for w in (-1, np.nan, "1", None, np.ones(2)):
        with pytest.raises(ValueError, match=r"weights\['image'\]: .* is not a finite number"):
            MultimodalRecommender(weights={"image": w}).fit(ratings, features)
    with pytest.raises(TypeError, match=r"weights: .*, expected modality → number"):
        MultimodalRecommender(weights=[1.0]).fit(ratings, features)
    days = small(names=pd.date_range("2024-01-01", periods=3))[1]
    model = MultimodalRecommender().fit(ratings, days)
    with pytest.raises(TypeError, match=r"names_'\]\['image'\]\[0\]: Timestamp.* cannot be saved"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fusion", ["weighted", "multitask"])
def test_features_turned_into_more_columns_than_items_change_nothing(fusion):
    """Turned, with columns of zeros beside them: nobody can tell, but for the cost."""
    random = np.random.default_rng(1)
    narrow = random.normal(size=(15, 6))
    wide = narrow @ np.linalg.qr(random.normal(size=(3000, 6)))[0].T
    present = np.arange(15) != 2
    scores = []
    for values in (narrow, wide):
        names = tuple(range(values.shape[1]))
        ratings, features = small(values=values, names=names, present=present)
        known = {"image": features["image"].align(np.arange(13))}
        model = MultimodalRecommender(fusion=fusion).fit(ratings, known)
        model.add_items({"image": features["image"].align([13, 14])})
        scores.append(model.score([*model.user_ids_, 99], np.arange(16)))
    assert model.contents_["image"].rows.shape[1] <= 13
    assert np.abs(scores[0][:, 12:15]).min() > 0, "cold items have scores"
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-9, atol=1e-9)


def test_more_users_than_items_and_fewer_give_the_same_kind_of_model(world, blocks):
    few = world.ratings[world.ratings["user_id"].isin([f"u{j:03d}" for j in range(40)])]
    split = cold_item_split(few, rng=0)
    model = MultimodalRecommender().fit(split.train_valid, blocks)
    assert len(model.user_ids_) < len(model.rated_)
    assert evaluate(model, split)["ndcg"].mean() > evaluate(Random().fit(few), split)["ndcg"].mean()


def bad_cases():
    ids = [f"i{j}" for j in range(6)]
    values = np.random.default_rng(0).normal(size=(6, 3))

    def block(values, present=None):
        present = np.ones(6, bool) if present is None else present
        names = tuple(f"x{j}" for j in range(np.shape(values)[1]))
        return {
            "image": FeatureBlock(
                modality="image", item_ids=ids, values=values, present=present, names=names
            )
        }

    rows = pd.DataFrame(
        {
            "user_id": [f"u{j // 3}" for j in range(12)],
            "item_id": [ids[(j % 3 + 2 * (j // 3)) % 5] for j in range(12)],
            "rating": [5, 4, 1] * 4,
            "timestamp": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(12), unit="D"),
        }
    )
    return {
        "as it comes": (rows, block(values)),
        "one user": (rows.iloc[:3], block(values)),
        "one item": (rows[rows["item_id"] == "i0"], block(values)),
        "one rating": (rows.iloc[:1], block(values)),
        "no features": (rows, {}),
        "no columns": (rows, block(np.zeros((6, 0)))),
        "all missing": (rows, block(values, np.zeros(6, bool))),
        "only a new item has features": (rows, block(values, np.arange(6) == 5)),
        "constant": (rows, block(np.ones((6, 3)))),
        "huge": (rows, block(values * 1e150)),
        "all ratings equal": (rows.assign(rating=3), block(values)),
        "nobody likes anything": (rows.assign(rating=1), block(values)),
        "one moment": (rows.assign(timestamp=pd.Timestamp("2024-01-01")), block(values)),
    }


@pytest.mark.filterwarnings("ignore:ratings. none reaches")
@pytest.mark.parametrize("fusion", ["weighted", "multitask"])
@pytest.mark.parametrize("name", bad_cases())
def test_poor_input_gives_finite_scores(name, fusion):
    ratings, features = bad_cases()[name]
    model = MultimodalRecommender(fusion=fusion).fit(ratings, features)
    items = [f"i{j}" for j in range(7)]
    scores = model.score(["u0", "nobody"], items)
    assert np.isfinite(scores).all()
    assert (scores[:, 6] == 0).all(), "nobody has heard of that item"
    parts = model.explain("u0", items)
    np.testing.assert_allclose(parts.sum(axis=1), scores[0], atol=1e-9)
    assert len(model.recommend(["u0", "nobody"], k=3))


def test_broken_features_never_reach_the_model():
    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match="item 'a', column 'x' is"):
            FeatureBlock(
                modality="image", item_ids=["a"], values=[[value]], present=[True], names=("x",)
            )
    with pytest.raises(ValueError, match="occurs more than once"):
        FeatureBlock(
            modality="image",
            item_ids=["a", "a"],
            values=[[1.0], [2.0]],
            present=[True, True],
            names=("x",),
        )


def test_fifty_ratings_are_enough_to_say_something(world, blocks):
    some = world.ratings.sample(50, random_state=0)
    model = MultimodalRecommender().fit(some, blocks)
    assert np.isfinite(model.score(model.user_ids_, model.item_ids_)).all()
    again = MultimodalRecommender().fit(some, blocks)
    np.testing.assert_allclose(
        model.score(model.user_ids_, model.item_ids_),
        again.score(again.user_ids_, again.item_ids_),
        atol=1e-9,
    )


def test_other_weights_give_another_model_and_leave_this_one(model, cold, blocks):
    items = cold.candidates
    before, weights = model.score(["u001"], items), dict(model.weights_)
    other = model.with_weights({"image": 3, "text": 1, "audio": 0})
    assert other.weights_ == pytest.approx({"image": 0.75, "text": 0.25, "audio": 0.0})
    by_hand = clone(model).set_params(weights=other.weights_).fit(cold.train_valid, blocks)
    by_hand.popularity_weight_, by_hand.caution_ = model.popularity_weight_, model.caution_
    by_hand.share_, by_hand.half_ = model.share_, model.half_
    np.testing.assert_allclose(
        other.score(["u001", "nobody"], model.item_ids_),
        by_hand.score(["u001", "nobody"], model.item_ids_),
        atol=1e-9,
    )
    assert (other.explain("u001", items)["audio"] == 0).all()
    assert np.abs(other.score(["u001"], items) - before).max() > 0.01
    assert model.weights_ == weights
    np.testing.assert_allclose(model.score(["u001"], items), before, atol=1e-9)
    kept = model.with_weights({"image": weights["image"]})
    assert kept.weights_ == pytest.approx(weights), "modalities that are not named keep theirs"


def test_weights_that_cannot_be_are_named(model):
    with pytest.raises(ValueError, match="weights: 'smell' is no modality of this model; has"):
        model.with_weights({"smell": 1.0})
    for w in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"weights\['text'\]: .* is not a finite number"):
            model.with_weights({"text": w})
    with pytest.raises(ValueError, match="weights: all are zero"):
        model.with_weights(dict.fromkeys(model.weights_, 0))


@pytest.mark.parametrize("fusion", ["weighted", "multitask"])
def test_what_a_copy_learns_does_not_reach_the_original(fusion, cold, blocks):
    rest, new = without(blocks, cold.candidates)
    model = MultimodalRecommender(fusion=fusion).fit(cold.train_valid, rest)
    users, items = ["u001", "new"], model.item_ids_
    before = model.score(users, items)
    alone = model.parts_["text"].score(users, items)
    twin = copy(model)
    twin.add_items(new).partial_fit(cold.train_valid.iloc[:9].assign(user_id="new"))
    assert len(twin.item_ids_) > len(items)
    assert (twin.score(["new"], cold.candidates) != 0).all()
    assert twin.parts_["text"].model is twin
    np.testing.assert_array_equal(model.item_ids_, items)
    np.testing.assert_allclose(model.score(users, items), before, atol=1e-9)
    np.testing.assert_allclose(model.parts_["text"].score(users, items), alone, atol=1e-9)
    assert not model.score(users, cold.candidates).any(), "unknown to the original"
