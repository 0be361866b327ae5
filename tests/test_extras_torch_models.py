"""VBPR and the two-tower: the contract, the losses by hand, what they learn, bad input."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from sklearn.base import clone  # noqa: E402
from small_world import BLOCKS, COLD, ITEMS, WARM, small  # noqa: E402

from mmrec_course.evaluation import evaluate, grid_search  # noqa: E402
from mmrec_course.extras.torch_models import VBPR, TwoTower  # noqa: E402
from mmrec_course.recommenders import Random  # noqa: E402

MODELS = [VBPR, TwoTower]
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


@pytest.mark.parametrize("kind", MODELS)
def test_warm_and_cold_start_items_are_ranked_above_chance(kind) -> None:
    warm = evaluate(kind(n_epochs=20).fit(WARM.train_valid, BLOCKS), WARM)["ndcg"].mean()
    assert warm > 2 * evaluate(Random().fit(WARM.train_valid), WARM)["ndcg"].mean()
    model = kind(n_epochs=20, hold_out="items").fit(COLD.train_valid, BLOCKS)
    cold = evaluate(model, COLD)["ndcg"].mean()
    assert cold > 1.5 * evaluate(Random().fit(COLD.train_valid), COLD)["ndcg"].mean()


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
    assert "epoch 1: loss" in capsys.readouterr().out
    fixed = clone(model).set_params(early_stopping=False, verbose=False, n_epochs=model.n_epochs_)
    assert np.array_equal(fixed.fit(WARM.train, BLOCKS).item_vectors_, model.item_vectors_)
    assert fixed.history_["ndcg"].isna().all()


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
