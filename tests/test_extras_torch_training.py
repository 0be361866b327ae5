"""The loop that trains both PyTorch models: seeds, threads, early stopping."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch
from sklearn.base import clone
from small_world import BLOCKS, WARM, small

from mmrec_course.extras.torch_models import VBPR, TwoTower

MODELS = [VBPR, TwoTower]
FEW = {"n_epochs": 3, "early_stopping": False, "n_factors": 4}
RATINGS, FEATURES = small()


@pytest.mark.parametrize("kind", MODELS)
def test_same_seed_same_model_and_nothing_global_changes(kind) -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first = kind(**FEW).fit(RATINGS, FEATURES)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.get_num_threads() == threads
    torch.manual_seed(99)
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    second = clone(first).fit(RATINGS, FEATURES)
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)
    assert np.array_equal(first.item_vectors_, second.item_vectors_)
    other = clone(first).set_params(rng=1).fit(RATINGS, FEATURES)
    assert not np.allclose(first.item_vectors_, other.item_vectors_)


@pytest.mark.parametrize("kind", MODELS)
def test_early_stopping_keeps_the_best_number_of_epochs(kind, capsys) -> None:
    model = kind(n_epochs=12, patience=3, verbose=True).fit(WARM.train, BLOCKS)
    history = model.history_
    assert list(history) == ["epoch", "loss", "ndcg"]
    assert model.n_epochs_ == history["epoch"][history["ndcg"].argmax()]
    assert len(history) in (12, model.n_epochs_ + 3)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    printed = capsys.readouterr().out
    assert "epoch 1: loss" in printed and "nan" not in printed
    fixed = clone(model).set_params(early_stopping=False, verbose=False, n_epochs=model.n_epochs_)
    assert np.array_equal(fixed.fit(WARM.train, BLOCKS).item_vectors_, model.item_vectors_)
    assert fixed.history_["ndcg"].isna().all()
