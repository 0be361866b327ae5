"""The final recommender: parts that add up, cold items, placebo, missing modalities."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from mmrec_course.evaluation import cold_item_split, evaluate, temporal_split
from mmrec_course.features import FeatureBlock
from mmrec_course.recommenders import EASE, ContentRidge, MultimodalRecommender
from mmrec_course.simulation.world import draw_tracks, fact_blocks, make_world


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
    return MultimodalRecommender().fit(cold.seen, blocks)


def test_explanations_sum_to_the_scores(model, world):
    items = world.tracks["item_id"].to_numpy()
    for user in ("u001", "u123", "nobody"):
        parts = model.explain(user, items)
        assert list(parts.columns) == ["collaborative", "image", "text", "audio"]
        np.testing.assert_allclose(parts.sum(axis=1), model.score([user], items)[0], atol=1e-12)


def test_new_items_are_judged_by_content_alone(model, cold):
    parts = model.explain("u001", cold.candidates)
    assert (parts["collaborative"] == 0).all()
    assert (parts[["image", "text", "audio"]].abs().sum(axis=1) > 0).all()


def test_the_formula_of_the_docstring_by_hand(model, blocks, cold):
    user, item = "u007", cold.train["item_id"].iloc[0]
    rated = np.unique(cold.seen["item_id"])
    n = (cold.seen["item_id"] == item).sum()
    gate = model.share_ * n / (n + model.half_)

    def z(part):
        reference = part.score([user], rated)[0]
        return (part.score([user], [item])[0, 0] - reference.mean()) / reference.std()

    expected = gate * z(EASE(reg=model.collaborative_reg_).fit(cold.seen))
    for m, w in model.weights_.items():
        ridge = ContentRidge(modality=m, reg=model.regs_[m]).fit(cold.seen, blocks)
        expected += (1 - gate) * w * z(ridge)
    assert model.score([user], [item])[0, 0] == pytest.approx(expected)


def test_it_beats_its_parts_in_both_regimes(model, world, blocks, cold):
    def mean(m, split):
        return evaluate(m, split)["ndcg"].mean()

    alone = [mean(ContentRidge(modality=m).fit(cold.seen, blocks), cold) for m in blocks]
    assert mean(model, cold) > 1.1 * max(alone)
    warm = temporal_split(world.ratings)
    both = mean(MultimodalRecommender().fit(warm.seen, blocks), warm)
    assert both > mean(MultimodalRecommender().fit(warm.seen), warm)


def test_features_dealt_out_at_random_are_found_out(world, cold, blocks):
    shuffled = {m: block.shuffle(rng=1) for m, block in blocks.items()}
    warm = temporal_split(world.ratings)
    placebo = MultimodalRecommender().fit(warm.seen, shuffled)
    assert placebo.share_ >= 0.8, "the collaborative part keeps nearly everything"


def test_without_features_it_is_ease(world):
    split = temporal_split(world.ratings)
    model = MultimodalRecommender().fit(split.train)
    ease = EASE(reg=model.collaborative_reg_).fit(split.train)
    users = model.user_ids_[:20]
    assert model.modalities_ == ()
    # the gate damps items with few ratings, so orders agree where counts do
    parts = model.explain(users[0], model.item_ids_)
    gate = model.share_ * model.n_ratings_ / (model.n_ratings_ + model.half_)
    score = ease.score(users[:1], model.item_ids_)[0]
    z = (score - score.mean()) / score.std()
    np.testing.assert_allclose(parts["collaborative"], gate * z, atol=1e-10)


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
    whole = model.fit(cold.seen, blocks).explain("u001", [item]).iloc[0]
    parts = clone(model).fit(cold.seen, bare).explain("u001", [item]).iloc[0]
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
    model = MultimodalRecommender().fit(cold.seen, {"image": blocks["image"], "text": empty})
    assert model.modalities_ == ("image",)
    assert list(model.explain("u001", cold.candidates[:2]).columns) == ["collaborative", "image"]


def test_the_same_data_in_any_order_give_the_same_model(cold, blocks):
    again = MultimodalRecommender().fit(
        cold.seen.sample(frac=1, random_state=3), dict(reversed(blocks.items()))
    )
    first = MultimodalRecommender().fit(cold.seen, blocks)
    assert again.weights_ == first.weights_
    np.testing.assert_allclose(
        again.score(["u001"], cold.candidates), first.score(["u001"], cold.candidates), atol=1e-9
    )


def test_it_is_an_estimator_and_checks_its_arguments(cold, blocks):
    model = MultimodalRecommender(positive=3.0)
    assert clone(model).get_params()["positive"] == 3.0
    with pytest.raises(ValueError, match="fusion: 'magic' is unknown; choose 'weighted'"):
        MultimodalRecommender(fusion="magic").fit(cold.seen, blocks)
    with pytest.raises(ValueError, match="weights: none for modality 'audio'"):
        MultimodalRecommender(weights={"image": 1.0, "text": 1.0}).fit(cold.seen, blocks)


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
