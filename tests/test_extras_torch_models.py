"""VBPR and the two-tower: the contract, the losses by hand, what they learn, bad input."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from sklearn.base import clone
from small_world import BLOCKS, COLD, ITEMS, WARM, small

from mmrec_course.evaluation import evaluate, grid_search
from mmrec_course.extras.torch_models import VBPR, TwoTower
from mmrec_course.recommenders import Random

MODELS = [VBPR, TwoTower]
FEW = {"n_epochs": 3, "early_stopping": False, "n_factors": 4}
RATINGS, FEATURES = small()


@pytest.mark.parametrize("kind", MODELS)
def test_warm_and_cold_start_items_are_ranked_above_chance(kind) -> None:
    warm = evaluate(kind(n_epochs=20).fit(WARM.train_valid, BLOCKS), WARM)["ndcg"].mean()
    assert warm > 2 * evaluate(Random().fit(WARM.train_valid), WARM)["ndcg"].mean()
    model = kind(n_epochs=20, hold_out="items").fit(COLD.train_valid, BLOCKS)
    cold = evaluate(model, COLD)["ndcg"].mean()
    assert cold > 1.5 * evaluate(Random().fit(COLD.train_valid), COLD)["ndcg"].mean()


@pytest.mark.parametrize("kind", MODELS)
def test_a_saved_model_is_the_same_and_others_are_refused(kind, tmp_path) -> None:
    for ratings, blocks in ((RATINGS, FEATURES), (WARM.train, BLOCKS)):  # ids: numbers, text
        model = kind(**FEW, learning_rate=np.float64(0.02)).fit(ratings, blocks)
        folder = model.save(tmp_path / str(len(ratings)))
        assert {p.name for p in folder.iterdir()} == {"weights.safetensors", "model.json"}
        loaded = kind.load(folder)
        assert loaded.get_params() == model.get_params()
        assert loaded.history_.equals(model.history_)
        assert loaded.modalities_ == model.modalities_
        users = model.user_ids_[:3]
        assert loaded.recommend(users, k=4).equals(model.recommend(users, k=4))
    other = MODELS[1 - MODELS.index(kind)]
    with pytest.raises(ValueError, match="not a saved model: a saved"):
        other.load(folder)
    (folder / "weights.safetensors").write_bytes(b"changed")
    with pytest.raises(ValueError, match="not a saved model"):
        kind.load(folder)


@pytest.mark.parametrize("kind", MODELS)
def test_unknown_users_get_the_mean_and_unknown_items_zero(kind) -> None:
    model = kind(**FEW).fit(RATINGS, FEATURES)
    scores = model.score([*model.user_ids_, 999], [*model.item_ids_, 999])
    assert scores[-1] == pytest.approx(scores[:-1].mean(axis=0))
    assert (scores[:, -1] == 0).all()


@pytest.mark.parametrize("kind", MODELS)
def test_cold_start_items_are_scored_by_their_features_alone(kind) -> None:
    model = kind(**FEW).fit(RATINGS, FEATURES)
    cold = model.score(model.user_ids_, [12, 13, 14])
    assert np.abs(cold).min() > 0
    assert (np.ptp(cold, axis=1) > 0).all()
    missing = {"image": FEATURES["image"].mask([13])}
    assert (clone(model).fit(RATINGS, missing).score([0], [13]) == 0).all()


@pytest.mark.parametrize("kind", MODELS)
def test_few_users_items_and_features_are_enough(kind) -> None:
    one = RATINGS.iloc[:1].assign(rating=5)
    absent = {"image": FEATURES["image"].mask(np.arange(15))}
    empty = {"image": FEATURES["image"].select([])}
    wide = {"image": FEATURES["image"], "audio": small(n_columns=50)[1]["image"]}
    for ratings in (one, RATINGS[RATINGS["user_id"] == 0], RATINGS):
        for blocks in (None, {}, absent, empty, FEATURES, wide):
            model = kind(**FEW).fit(ratings, blocks)
            assert np.isfinite(model.score(model.user_ids_, model.item_ids_)).all()


@pytest.mark.parametrize("kind", MODELS)
def test_bad_numbers_are_named(kind) -> None:
    for name, value in {
        "n_factors": 0,
        "n_components": 0,
        "batch_size": 0,
        "n_epochs": 0,
        "patience": 0,
        "learning_rate": np.nan,
        "reg": -1.0,
        "hold_out": "users",
    }.items():
        with pytest.raises(ValueError, match=f"^{name}: "):
            kind(**{name: value}).fit(RATINGS, FEATURES)
    with pytest.raises(ValueError, match="learning_rate: with 1e"):
        kind(**FEW | {"learning_rate": 1e200}).fit(RATINGS, FEATURES)
    low = RATINGS[RATINGS["rating"] < 4]
    with (
        pytest.warns(UserWarning, match="nothing is liked"),
        pytest.raises(ValueError, match="ratings: none reaches positive=4"),
    ):
        kind(**FEW).fit(low, FEATURES)
    nothing = RATINGS.iloc[:0]
    with pytest.raises(ValueError, match="ratings: no rows to learn from"):
        kind(**FEW).fit(nothing, FEATURES)
    one_liked = low.assign(rating=np.where(np.arange(len(low)) == 7, 5, low["rating"]))
    with pytest.raises(ValueError, match="early_stopping: too few ratings reach"):
        kind().fit(one_liked, FEATURES)


def test_bad_numbers_of_the_two_tower_are_named() -> None:
    for name, value in {
        "modality_dropout": 1.0,
        "id_dropout": -0.1,
        "contrastive": -1.0,
        "loss": "bpr",
    }.items():
        with pytest.raises(ValueError, match=f"^{name}: "):
            TwoTower(**{name: value}).fit(RATINGS, FEATURES)


@pytest.mark.parametrize("kind", MODELS)
def test_grid_search_takes_it(kind) -> None:
    best, table = grid_search(kind(**FEW), {"n_factors": [2, 4]}, WARM, BLOCKS)
    assert best.n_factors == table["n_factors"].iloc[0]


def test_gates_are_shares_of_the_present_modalities() -> None:
    mask = {"image": BLOCKS["image"].mask(ITEMS[:5]), "text": BLOCKS["text"].mask(ITEMS[4:9])}
    model = TwoTower(**FEW, gate=True).fit(WARM.train, BLOCKS | mask)
    gate = model.gate_[np.searchsorted(model.item_ids_, ITEMS)]
    image, text = model.modalities_.index("image"), model.modalities_.index("text")
    assert gate.sum(axis=1) == pytest.approx(1)
    assert (gate[:5, image] == 0).all()
    assert (gate[4:9, text] == 0).all()
    assert np.ptp(gate[20:, text]) > 0
    cold = TwoTower(**FEW, gate=True).fit(COLD.train, BLOCKS)
    j = np.searchsorted(cold.item_ids_, COLD.candidates)
    content = (cold.gate_[j, :, None] * cold.encoded_[j]).sum(axis=1)
    assert cold.item_vectors_[j] == pytest.approx(content)
    equal = clone(model).set_params(gate=False).fit(WARM.train, BLOCKS)
    assert equal.gate_ == pytest.approx(1 / len(BLOCKS))
