"""The networks of VBPR and the two-tower: scores and losses equal their formulas."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch
from sklearn.base import clone
from small_world import BLOCKS, ITEMS, WARM, small

from mmrec_course.extras.torch_models import VBPR, TwoTower

FEW = {"n_epochs": 3, "early_stopping": False, "n_factors": 4}
RATINGS, FEATURES = small()


def network(model, ratings=RATINGS, blocks=FEATURES):
    """The model's network for the positive pairs of these ratings, and the pairs."""
    model = clone(model).fit(ratings, blocks)
    good = ratings[ratings["rating"] >= 4]
    user = torch.tensor(np.searchsorted(model.user_ids_, good["user_id"]))
    item = torch.tensor(np.searchsorted(model.item_ids_, good["item_id"]))
    aligned = {m: block.align(model.item_ids_) for m, block in blocks.items()}
    torch.manual_seed(0)
    made = model._network(aligned, user, item)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=0.5)
    return made, user, item


def test_vbpr_s_score_is_its_formula_and_its_loss_that_of_bpr() -> None:
    net, user, item = network(VBPR(**FEW))
    with torch.no_grad():
        users, items = net.vectors()
        f = net.rows @ net.encoder
        bias = (net.beta_item * net.known[:, None] + net.rows @ net.feature_bias)[:, 0]
        score = net.gamma_user @ (net.gamma_item * net.known[:, None]).T + net.theta_user @ f.T
        assert np.allclose(users @ items.T, score + bias)
        torch.manual_seed(1)
        loss = net.loss(user, item).item()
        torch.manual_seed(1)
        other = net.drawable[torch.randint(len(net.drawable), user.shape)]
    pairs = set(zip(user.tolist(), item.tolist(), strict=True))
    score = (users @ items.T).numpy()
    losses = [
        np.log1p(np.exp(score[u, j] - score[u, i]))
        for u, i, j in zip(user.tolist(), item.tolist(), other.tolist(), strict=True)
        if (u, j) not in pairs
    ]
    assert len(losses) < len(user)  # some drawn items were positive
    assert loss == pytest.approx(np.mean(losses))


def softmax_loss(logits, target):
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(target)), target])


def test_the_softmax_losses_are_their_formulas() -> None:
    options = {**FEW, "gate": True, "modality_dropout": 0.0, "id_dropout": 0.0}
    nets = {name: network(TwoTower(loss=name, **options)) for name in ("full", "corrected")}
    net, user, item = nets["full"]
    with torch.no_grad():
        score = (net.vectors()[0] @ net.vectors()[1].T).numpy()
        known = net.known.numpy()
        full = softmax_loss(
            score[user.numpy()][:, known], np.searchsorted(np.flatnonzero(known), item.numpy())
        )
        assert net.loss(user, item).item() == pytest.approx(full)
        net, user, item = nets["corrected"]
        score = (net.vectors()[0] @ net.vectors()[1].T).numpy()
        batch, share = item.numpy()[:9], np.bincount(item.numpy()) / len(item)
        logits = score[user[:9]][:, batch] - np.log(share[batch])
        assert len(set(batch)) < 9  # an item is there twice, and is no negative of itself
        logits[(batch[:, None] == batch) & ~np.eye(9, dtype=bool)] = -np.inf
        corrected = softmax_loss(logits, np.arange(9))
        assert net.loss(user[:9], item[:9]).item() == pytest.approx(corrected)


def test_modality_dropout_leaves_each_item_a_modality() -> None:
    net, _, _ = network(TwoTower(**FEW, gate=True, modality_dropout=0.99), WARM.train, BLOCKS)
    index, seen = torch.arange(len(net.known)), []
    net.gates, gates = lambda e, present: seen.append(present) or gates(e, present), net.gates
    net.items(index)
    assert torch.equal(seen[0].any(1), net.present.any(1))
    assert seen[0].sum() < net.present.sum()
    net.eval()
    net.items(index)
    assert torch.equal(seen[1], net.present)


def test_info_nce_is_its_formula_and_brings_modalities_together() -> None:
    mask = {"image": BLOCKS["image"].mask(ITEMS[:5])}
    two = {"image": mask["image"], "text": BLOCKS["text"]}
    net, _, _ = network(TwoTower(**FEW), WARM.train, two)
    with torch.no_grad():
        z = net.encode(torch.arange(8))[5:].numpy()
        z /= np.linalg.norm(z, axis=2, keepdims=True)
        cosines = 10 * z[:, 0] @ z[:, 1].T
        both = [softmax_loss(c, np.arange(3)) for c in (cosines, cosines.T)]
        assert net.info_nce(torch.arange(8)).item() == pytest.approx(np.mean(both))
        assert net.info_nce(torch.arange(5)).item() == 0  # no item has both
    without = TwoTower(**FEW).fit(WARM.train, two)
    aligned = clone(without).set_params(contrastive=1.0).fit(WARM.train, two)
    assert not np.allclose(without.item_vectors_, aligned.item_vectors_)
