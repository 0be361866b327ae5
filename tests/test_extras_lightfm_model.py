"""LightFM behind the course's contract: its scores, what it learns from, bad input."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

pytest.importorskip("lightfm")
pytest.importorskip("safetensors")

from sklearn.base import clone
from small_world import BLOCKS, COLD, WARM, small

from mmrec_course.evaluation import compare, evaluate, grid_search
from mmrec_course.extras.lightfm_model import LOSSES, LightFMRecommender
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders import Random

FEW = {"n_epochs": 3, "early_stopping": False, "n_factors": 4}
RATINGS, FEATURES = small()


@pytest.fixture(scope="module")
def fitted():
    return LightFMRecommender(**FEW).fit(RATINGS, FEATURES)


def ndcg(model, split):
    return evaluate(model, split, metrics=("ndcg",))["ndcg"].mean()


def test_warm_and_cold_start_items_are_ranked_above_chance() -> None:
    for split, hold_out, times in ((WARM, "ratings", 2.0), (COLD, "items", 1.5)):
        model = LightFMRecommender(n_factors=16, hold_out=hold_out).fit(split.train_valid, BLOCKS)
        assert ndcg(model, split) > times * ndcg(Random().fit(split.train_valid), split)


def test_permuted_features_are_no_help_on_cold_start_items() -> None:
    options = {"early_stopping": False, "n_epochs": 10, "n_factors": 16}
    permuted = {m: block.shuffle(rng=0) for m, block in BLOCKS.items()}
    results = {
        name: evaluate(LightFMRecommender(**options).fit(COLD.train_valid, blocks), COLD)
        for name, blocks in {"permuted": permuted, "content": BLOCKS}.items()
    }
    assert compare(results).loc["content", "diff_low"] > 0


@pytest.mark.parametrize("loss", LOSSES)
def test_scores_are_the_librarys(loss) -> None:
    model = LightFMRecommender(loss=loss, **FEW).fit(RATINGS, FEATURES)
    known = RATINGS["rating"] >= (0 if loss == "logistic" else 4)
    fit_items = np.unique(RATINGS["item_id"][known])
    x = early_fusion(FEATURES, n_components=16, fit_items=fit_items).values
    identity = (np.arange(15)[:, None] == fit_items).astype(float)  # zero for cold-start items
    columns = sp.csr_matrix(np.hstack([x, identity]), dtype=np.float32)
    active = np.unique(RATINGS["user_id"][known])
    users, items = (a.ravel() for a in np.meshgrid(active, np.arange(15), indexing="ij"))
    library = model.model_.predict(users, items, item_features=columns).reshape(-1, 15)
    np.testing.assert_allclose(model.score(active, np.arange(15)), library, rtol=1e-4, atol=1e-6)


def test_same_seed_same_model(fitted) -> None:
    again = clone(fitted).fit(RATINGS, FEATURES)
    assert np.array_equal(fitted.item_vectors_, again.item_vectors_)
    other = clone(fitted).set_params(rng=1).fit(RATINGS, FEATURES)
    assert not np.allclose(fitted.item_vectors_, other.item_vectors_)


def test_early_stopping_keeps_the_best_number_of_epochs(capsys) -> None:
    model = LightFMRecommender(n_epochs=8, patience=2, verbose=True).fit(WARM.train)
    history = model.history_
    assert list(history) == ["epoch", "loss", "ndcg"]
    assert history["loss"].isna().all()  # LightFM does not tell it
    assert model.n_epochs_ == history["epoch"][history["ndcg"].argmax()]
    assert len(history) in (8, model.n_epochs_ + 2)
    assert "epoch 1: NDCG@10 0." in capsys.readouterr().out
    fixed = clone(model).set_params(early_stopping=False, verbose=False, n_epochs=model.n_epochs_)
    assert np.array_equal(fixed.fit(WARM.train).item_vectors_, model.item_vectors_)
    assert fixed.history_["ndcg"].isna().all()


def test_cold_start_items_take_no_part_in_training(fitted) -> None:
    ids = np.arange(12)
    without = {m: block.align(ids) for m, block in FEATURES.items()}
    alone = clone(fitted).fit(RATINGS, without)
    np.testing.assert_allclose(fitted.score([0, 1], ids), alone.score([0, 1], ids))


def test_cold_start_items_are_scored_by_their_features_alone(fitted) -> None:
    assert np.ptp(fitted.score([0], [12, 13, 14])) > 0
    absent = {"image": FEATURES["image"].mask([13])}
    model = clone(fitted).fit(RATINGS, absent)
    assert model.score([0], [13])[0, 0] == pytest.approx(model.user_vectors_[0, -1])


def test_unknown_users_get_the_mean_and_unknown_items_zero(fitted) -> None:
    scores = fitted.score([*fitted.user_ids_, 999], [*fitted.item_ids_, 999])
    assert scores[-1] == pytest.approx(scores[:-1].mean(axis=0))
    assert (scores[:, -1] == 0).all()


def test_users_without_a_positive_rating_get_the_mean_of_the_others() -> None:
    low = RATINGS.assign(rating=RATINGS["rating"].where(RATINGS["user_id"] > 0, 1))
    model = LightFMRecommender(**FEW).fit(low, FEATURES)
    active = np.isin(model.user_ids_, low["user_id"][low["rating"] >= 4])
    np.testing.assert_allclose(model.user_vectors_[0], model.user_vectors_[active].mean(axis=0))


def test_a_user_may_like_everything() -> None:
    everything = RATINGS.assign(rating=5)
    full = everything.iloc[:12].assign(user_id=77, item_id=np.arange(12))
    for ratings in (full, pd.concat([everything, full])):
        for loss in LOSSES:
            model = LightFMRecommender(loss=loss, **FEW).fit(ratings, FEATURES)
            assert np.isfinite(model.score([77], np.arange(15))).all()


def test_few_users_items_and_features_are_enough() -> None:
    one = RATINGS.iloc[:1].assign(rating=5)
    absent = {"image": FEATURES["image"].mask(np.arange(15))}
    empty = {"image": FEATURES["image"].select([])}
    for ratings, blocks in ((one, FEATURES), (RATINGS, None), (RATINGS, absent), (one, empty)):
        for identity in (True, False):
            model = LightFMRecommender(identity=identity, **FEW).fit(ratings, blocks)
            assert np.isfinite(model.score(model.user_ids_, model.item_ids_)).all()


def test_a_saved_model_is_the_same_and_needs_no_lightfm(fitted, tmp_path, monkeypatch) -> None:
    folder = fitted.save(tmp_path / "model")
    monkeypatch.setitem(sys.modules, "lightfm", None)  # as if it were not installed
    loaded = LightFMRecommender.load(folder)
    assert loaded.get_params() == fitted.get_params()
    users = fitted.user_ids_[:3]
    assert loaded.recommend(users, k=4).equals(fitted.recommend(users, k=4))
    with pytest.raises(ImportError, match="pip install lightfm-next"):
        clone(fitted).fit(RATINGS, FEATURES)


def test_bad_numbers_are_named() -> None:
    for name, value in {
        "loss": "hinge",
        "n_factors": 0,
        "n_components": "ten",
        "content_weight": -1.0,
        "n_epochs": 0,
        "patience": 0,
        "max_sampled": 0,
        "learning_rate": np.nan,
        "reg": -1.0,
    }.items():
        with pytest.raises(ValueError, match=f"^{name}: "):
            LightFMRecommender(**{name: value}).fit(RATINGS, FEATURES)
    with pytest.raises(ValueError, match=r"^hold_out: "):
        LightFMRecommender(hold_out="users").fit(RATINGS, FEATURES)
    with pytest.raises(ValueError, match="learning_rate: 1e"):
        LightFMRecommender(**FEW | {"learning_rate": 1e30}).fit(RATINGS, FEATURES)
    low = RATINGS[RATINGS["rating"] < 4]
    with (
        pytest.warns(UserWarning, match="nothing is liked"),
        pytest.raises(ValueError, match="ratings: none reaches positive=4"),
    ):
        LightFMRecommender(**FEW).fit(low, FEATURES)


def test_grid_search_takes_it() -> None:
    model = LightFMRecommender(early_stopping=False, n_epochs=5)
    best, table = grid_search(model, {"n_factors": [2, 16]}, WARM)
    assert best.n_factors == table["n_factors"].iloc[0]
