"""The two-tower in Keras: the contract, its loss by hand, what it learns, bad input."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras")
pytest.importorskip("keras_rs")

from sklearn.base import clone  # noqa: E402
from small_world import BLOCKS, COLD, WARM, small  # noqa: E402

from mmrec_course.evaluation import evaluate  # noqa: E402
from mmrec_course.extras.keras_models import KerasTwoTower, _Batches, _Network  # noqa: E402
from mmrec_course.recommenders import Random  # noqa: E402

FEW = {"n_epochs": 2, "early_stopping": False, "n_factors": 4}
RATINGS, FEATURES = small()


@pytest.fixture(scope="module")
def fitted():
    return KerasTwoTower(**FEW).fit(RATINGS, FEATURES)


def test_warm_and_cold_start_items_are_ranked_above_chance() -> None:
    for split, times in ((WARM, 2.0), (COLD, 1.5)):
        model = KerasTwoTower(n_epochs=8, early_stopping=False).fit(split.train_valid, BLOCKS)
        chance = evaluate(Random().fit(split.train_valid), split)["ndcg"].mean()
        assert evaluate(model, split)["ndcg"].mean() > times * chance


def test_same_seed_same_model(fitted) -> None:
    keras.utils.set_random_seed(99)
    again = clone(fitted).fit(RATINGS, FEATURES)
    assert np.array_equal(fitted.item_vectors_, again.item_vectors_)
    other = clone(fitted).set_params(rng=1).fit(RATINGS, FEATURES)
    assert not np.allclose(fitted.item_vectors_, other.item_vectors_)


def test_early_stopping_keeps_the_best_number_of_epochs(capsys) -> None:
    model = KerasTwoTower(n_epochs=5, patience=2, verbose=True).fit(WARM.train, BLOCKS)
    history = model.history_
    assert list(history) == ["epoch", "loss", "ndcg"]
    assert model.n_epochs_ == history["epoch"][history["ndcg"].argmax()]
    assert len(history) in (5, model.n_epochs_ + 2)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert "Epoch 1/5" in capsys.readouterr().out
    fixed = clone(model).set_params(early_stopping=False, verbose=False, n_epochs=model.n_epochs_)
    assert np.array_equal(fixed.fit(WARM.train, BLOCKS).item_vectors_, model.item_vectors_)
    assert fixed.history_["ndcg"].isna().all()


def test_the_loss_is_the_corrected_softmax_without_accidental_hits() -> None:
    item, user = np.array([0, 1, 0, 2]), np.array([0, 1, 2, 3])
    rows = np.random.default_rng(0).normal(size=(3, 2))
    network = _Network(rows, item, 4, KerasTwoTower(n_factors=5))
    logits = np.asarray(keras.ops.convert_to_numpy(network((user, item))))
    users, items = network.vectors()
    expected = users @ items[item].T - np.log(np.array([0.5, 0.25, 0.25])[item])
    assert (logits[[0, 2], [2, 0]] < -1e8).all()
    expected[[0, 2], [2, 0]] = logits[[0, 2], [2, 0]]
    np.testing.assert_allclose(logits, expected, rtol=1e-5)


def test_every_pair_is_in_one_batch_and_the_order_changes() -> None:
    user = np.arange(10)
    batches = _Batches(user, user + 100, 4, rng=0)
    orders = []
    for _ in range(2):
        pairs = [batches[j] for j in range(len(batches))]
        assert [len(labels) for _, labels in pairs] == [4, 4, 2]
        for (some, others), labels in pairs:
            assert np.array_equal(others, some + 100)
            assert np.array_equal(labels, np.arange(len(some)))
        orders.append(np.concatenate([some for (some, _), _ in pairs]))
        assert np.array_equal(np.sort(orders[-1]), user)
        batches.on_epoch_end()
    assert not np.array_equal(*orders)


def test_cold_start_items_are_scored_by_their_features_alone(fitted) -> None:
    cold = fitted.score(fitted.user_ids_, [12, 13, 14])
    assert np.abs(cold).min() > 0
    missing = {"image": FEATURES["image"].mask([13])}
    assert (clone(fitted).fit(RATINGS, missing).score([0], [13]) == 0).all()


def test_few_users_items_and_features_are_enough() -> None:
    one = RATINGS.iloc[:1].assign(rating=5)
    absent = {"image": FEATURES["image"].mask(np.arange(15))}
    empty = {"image": FEATURES["image"].select([])}
    for ratings, blocks in ((one, FEATURES), (RATINGS, None), (RATINGS, absent), (one, empty)):
        model = KerasTwoTower(**FEW).fit(ratings, blocks)
        assert np.isfinite(model.score(model.user_ids_, model.item_ids_)).all()


def test_a_loss_that_is_not_finite_is_named() -> None:
    with pytest.raises(ValueError, match="learning_rate: with 1e"):
        KerasTwoTower(**FEW | {"learning_rate": 1e30}).fit(RATINGS, FEATURES)


def test_the_model_runs_on_pytorch_too() -> None:
    pytest.importorskip("torch")
    program = (
        "from small_world import small; from mmrec_course.extras.keras_models import KerasTwoTower;"
        "m = KerasTwoTower(n_epochs=2, early_stopping=False, n_factors=4).fit(*small());"
        "import keras, sys; print(keras.backend.backend(), 'tensorflow' in sys.modules,"
        " m.item_vectors_.shape)"
    )
    environment = os.environ | {"KERAS_BACKEND": "torch", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "torch False (15, 4)"
