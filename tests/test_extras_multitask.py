"""Multitask fusion: closed forms, limits, missing modalities, choices, out-of-fold predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.linear_model import Ridge

from mmrec_course.extras.multitask import MultitaskRidge
from mmrec_course.features import FeatureBlock
from mmrec_course.recommenders import ContentRidge

N, USERS = 40, 12
IDS = np.array([f"t{j:02d}" for j in range(N)])


def make_block(modality, values, present=None, item_ids=IDS):
    values = np.asarray(values, float)
    return FeatureBlock(
        modality=modality,
        item_ids=item_ids,
        values=values,
        present=np.ones(len(values), bool) if present is None else present,
        names=tuple(f"c{j}" for j in range(values.shape[1])),
    )


def world(seed=0, width=5, missing=0.2):
    """Two modalities in one space of 5 axes, a third of the signal in each, and targets."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(N, width))
    targets = factors @ rng.normal(size=(width, USERS)) + 0.5 * rng.normal(size=(N, USERS))
    blocks = {
        m: make_block(m, factors + rng.normal(size=factors.shape), rng.random(N) >= missing)
        for m in ("image", "text")
    }
    return blocks, pd.DataFrame(targets, index=IDS)


def given(sharing, **options):
    """A model with nothing left to choose, on blocks as they are."""
    equal = {"image": 1.0, "text": 1.0}
    common = {"projection": None, "weights": equal, "fit_intercept": False, "reg": 2.0}
    return MultitaskRidge(sharing=sharing, **(common | options))


def loss(blocks, targets, coefs):
    """Squared error of every modality on the items that have it."""
    total = 0.0
    for m, block in blocks.items():
        rows = block.present
        total += ((targets.to_numpy()[rows] - block.values[rows] @ coefs[m]) ** 2).sum()
    return total


def smallest(objective, size, seed=0):
    """What a generic optimiser finds, from a random start."""
    start = np.random.default_rng(seed).normal(size=size)
    return minimize(
        objective,
        start,
        method="L-BFGS-B",
        jac="3-point",
        tol=0.0,
        options={"maxiter": 20_000, "maxfun": 10**7, "maxcor": 50, "gtol": 1e-9},
    )


# --- closed forms -------------------------------------------------------------------------------


def test_separate_is_scikit_learns_ridge_of_each_modality():
    blocks, targets = world()
    model = given("separate").fit(blocks, targets)
    for m in blocks:
        rows = blocks[m].present
        ridge = Ridge(alpha=2.0, fit_intercept=False).fit(blocks[m].values[rows], targets[rows])
        np.testing.assert_allclose(model.coef_[m], ridge.coef_.T, atol=1e-9)


def test_separate_on_all_principal_axes_is_content_ridge():
    blocks, _ = world(width=7)
    rng = np.random.default_rng(1)
    pairs = [(u, i) for u in range(USERS) for i in range(N) if rng.random() < 0.5 and i < 30]
    ratings = pd.DataFrame(pairs, columns=["user", "item"])
    ratings = pd.DataFrame(
        {
            "user_id": ratings["user"],
            "item_id": IDS[ratings["item"]],
            "rating": rng.integers(1, 6, len(ratings)),
            "timestamp": 0,
        }
    )
    likings = ratings.pivot_table(index="item_id", columns="user_id", values="rating") - 2.5
    model = MultitaskRidge(
        sharing="separate", projection="pca", n_components=None, fit_intercept=False, reg=3.0
    ).fit(blocks, likings.fillna(0.0))
    for m in blocks:
        peer = ContentRidge(modality=m, reg=3.0).fit(ratings, blocks)
        new = IDS[30:]
        expected = peer.score(likings.columns, new).T
        np.testing.assert_allclose(model.predict(blocks, new)[m], expected, atol=1e-9)


def test_shared_is_least_squares_on_stacked_rows():
    blocks, targets = world()
    model = given("shared").fit(blocks, targets)
    x = np.vstack([b.values[b.present] for b in blocks.values()])
    t = np.vstack([targets[b.present] for b in blocks.values()])
    by_hand = np.linalg.solve(x.T @ x + 2.0 * np.eye(5), x.T @ t)
    for m in blocks:
        np.testing.assert_allclose(model.coef_[m], by_hand, atol=1e-9)
    np.testing.assert_allclose(model.shared_, by_hand, atol=1e-9)


def test_shared_and_own_is_what_a_generic_optimiser_finds():
    blocks, targets = world()
    targets = targets.iloc[:, :2]
    model = given("shared+own", own_reg=3.0).fit(blocks, targets)

    def objective(flat):
        w, a, b = flat.reshape(3, 5, 2)
        fit = loss(blocks, targets, {"image": w + a, "text": w + b})
        return fit + 2.0 * (w**2).sum() + 3.0 * ((a**2).sum() + (b**2).sum())

    w, a, b = smallest(objective, 3 * 5 * 2).x.reshape(3, 5, 2)
    np.testing.assert_allclose(model.shared_, w, atol=1e-6)
    np.testing.assert_allclose(model.own_["image"], a, atol=1e-6)
    np.testing.assert_allclose(model.own_["text"], b, atol=1e-6)
    np.testing.assert_allclose(model.coef_["text"], w + b, atol=1e-6)


@pytest.mark.parametrize("rank", [1, 2])
def test_low_rank_is_what_a_generic_optimiser_finds(rank):
    blocks, targets = world()
    targets = targets.iloc[:, :3]
    model = given("low_rank", rank=rank).fit(blocks, targets)

    def coefs(flat):
        left, right = flat[: 10 * rank].reshape(10, rank), flat[10 * rank :].reshape(rank, 3)
        w = left @ right
        return {"image": w[:5], "text": w[5:]}

    def objective(flat):
        w = coefs(flat)
        return loss(blocks, targets, w) + 2.0 * sum((c**2).sum() for c in w.values())

    found = min((smallest(objective, 13 * rank, seed) for seed in range(3)), key=lambda f: f.fun)
    for m, w in coefs(found.x).items():
        np.testing.assert_allclose(model.coef_[m], w, atol=1e-6)
    stacked = np.vstack(list(model.coef_.values()))
    assert np.linalg.matrix_rank(stacked) == rank


def test_an_own_part_that_costs_everything_leaves_the_shared_one():
    blocks, targets = world()
    both = given("shared+own", own_reg=1e12).fit(blocks, targets)
    shared = given("shared").fit(blocks, targets)
    np.testing.assert_allclose(both.coef_["image"], shared.coef_["image"], atol=1e-8)


def test_a_shared_part_that_costs_everything_leaves_separate_ones():
    blocks, targets = world()
    both = given("shared+own", reg=1e12, own_reg=2.0).fit(blocks, targets)
    separate = given("separate").fit(blocks, targets)
    for m in blocks:
        np.testing.assert_allclose(both.coef_[m], separate.coef_[m], atol=1e-8)


def test_full_rank_is_separate():
    blocks, targets = world()
    full = given("low_rank", rank=USERS).fit(blocks, targets)
    separate = given("separate").fit(blocks, targets)
    for m in blocks:
        np.testing.assert_allclose(full.coef_[m], separate.coef_[m], atol=1e-9)


def test_factor_projection_by_hand():
    blocks, targets = world(missing=0.0)
    model = MultitaskRidge(sharing="shared", n_components=3, projection_reg=4.0, reg=2.0)
    model.fit(blocks, targets)
    t = targets.to_numpy() - targets.to_numpy().mean(axis=0)
    u, s, _ = np.linalg.svd(t, full_matrices=False)
    z = []
    for block in blocks.values():
        x = block.values - block.values.mean(axis=0)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        z.append(x @ np.linalg.solve(x.T @ x + 4.0 * np.eye(5), x.T @ (u[:, :3] * s[:3])))
    w = np.linalg.solve(sum(y.T @ y for y in z) + 2.0 * np.eye(3), sum(y.T @ t for y in z))
    predicted = model.predict(blocks)
    for m, y in zip(blocks, z, strict=True):
        np.testing.assert_allclose(predicted[m], targets.to_numpy().mean(axis=0) + y @ w)


@pytest.mark.parametrize("projection", ["factors", "pca"])
def test_more_features_than_items_are_the_same_ridge(projection):
    rng = np.random.default_rng(5)
    x = 100.0 + rng.normal(size=(N, 150))  # far from zero, as features may be
    block, targets = make_block("text", x), world()[1]
    learn, reg = np.arange(N) < 30, 4.0
    options = {"projection_reg": reg} if projection == "factors" else {"n_components": None}
    model = MultitaskRidge(sharing="separate", projection=projection, reg=2.0)
    model.set_params(**({"n_components": 3} | options)).fit({"text": block}, targets[learn])
    mean = targets.to_numpy()[learn].mean(axis=0)
    t = targets.to_numpy()[learn] - mean
    z = x - x[learn].mean(axis=0)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    if projection == "factors":
        u, s, _ = np.linalg.svd(t, full_matrices=False)
        dual = np.linalg.solve(z[learn] @ z[learn].T + reg * np.eye(30), u[:, :3] * s[:3])
        z = z @ z[learn].T @ dual
    w = np.linalg.solve(z[learn].T @ z[learn] + 2.0 * np.eye(z.shape[1]), z[learn].T @ t)
    predicted = model.predict({"text": block})["text"]
    np.testing.assert_allclose(predicted, mean + z @ w, atol=1e-8)
    np.testing.assert_allclose(model.space_.means_["text"], x[learn].mean(axis=0))


@pytest.mark.parametrize("sharing", ["separate", "shared", "shared+own", "low_rank"])
@pytest.mark.parametrize("projection", ["factors", "pca", None])
def test_rotated_features_with_more_columns_change_no_prediction(sharing, projection):
    blocks, targets = world(missing=0.3)
    rotation = np.linalg.qr(np.random.default_rng(6).normal(size=(400, 5)))[0].T
    wide = {m: make_block(m, b.values @ rotation, b.present) for m, b in blocks.items()}
    model = MultitaskRidge(sharing=sharing, projection=projection, n_components=4)
    model.set_params(reg=2.0, own_reg=3.0, rank=3)
    narrow, broad = (clone(model).fit(b, targets.iloc[:30]) for b in (blocks, wide))
    for one, other in (
        (narrow.predict(blocks), broad.predict(wide)),
        (narrow.predict_oof(), broad.predict_oof()),
    ):
        for name, y in one.items():
            np.testing.assert_allclose(other[name], y, atol=1e-8)


def test_a_principal_axis_does_not_turn_round_with_its_block():
    blocks, targets = world(width=50)
    order = np.random.default_rng(3).permutation(50)
    mixed = {m: make_block(m, b.values[:, order], b.present) for m, b in blocks.items()}
    model = MultitaskRidge(sharing="shared", projection="pca", n_components=4)
    one, other = (model.fit(b, targets).predict(b)["fused"] for b in (blocks, mixed))
    np.testing.assert_allclose(one, other, atol=1e-8)
    z = model.space_.transform(mixed)["image"]
    assert (z[np.abs(z).argmax(axis=0), np.arange(4)] > 0).all()


def test_more_users_than_items_and_the_reverse_give_the_same_factors():
    blocks, targets = world(missing=0.0)
    wide = pd.concat([targets] * 5, axis=1)  # 60 columns for 40 items, each five times
    wide.columns = range(60)
    options = {"sharing": "shared", "n_components": 3, "projection_reg": 4.0}
    narrow = MultitaskRidge(reg=2.0, **options).fit(blocks, targets).predict(blocks)
    # Singular values are √5 times as large, so z is, and its Gram matrix is five times as large.
    again = MultitaskRidge(reg=10.0, **options).fit(blocks, wide).predict(blocks)
    np.testing.assert_allclose(again["image"][:, :USERS], narrow["image"], atol=1e-8)


# --- what is missing ----------------------------------------------------------------------------


def test_items_that_lack_a_modality_take_no_part_in_it_and_get_the_intercept():
    blocks, targets = world()
    absent = ~blocks["image"].present
    assert absent.any()
    model = MultitaskRidge(n_components=4).fit(blocks, targets)
    predicted = model.predict(blocks)
    np.testing.assert_allclose(
        predicted["image"][absent], np.tile(model.intercept_, (absent.sum(), 1))
    )
    alone = absent & blocks["text"].present
    np.testing.assert_allclose(predicted["fused"][alone], predicted["text"][alone])
    neither = absent & ~blocks["text"].present
    assert neither.any()
    np.testing.assert_allclose(predicted["fused"][neither], predicted["image"][neither])


def test_the_fused_prediction_is_the_weighted_mean_of_those_there():
    blocks, targets = world(missing=0.0)
    model = MultitaskRidge(n_components=4, weights={"image": 1.0, "text": 3.0}).fit(blocks, targets)
    y = model.predict(blocks)
    np.testing.assert_allclose(y["fused"], (y["image"] + 3 * y["text"]) / 4)
    only = model.predict({"text": blocks["text"]})
    np.testing.assert_allclose(only["fused"], y["text"])
    assert set(only) == {"text", "fused"}


def test_one_modality_serves_too_and_a_modality_nobody_has_is_left_out():
    blocks, targets = world()
    empty = make_block("audio", np.zeros((N, 3)), np.zeros(N, bool))
    for sharing in ("separate", "shared", "shared+own", "low_rank"):
        one = MultitaskRidge(sharing=sharing).fit({"image": blocks["image"]}, targets)
        assert set(one.coef_) == {"image"}
        assert one.weights_ == {"image": 1.0}
        more = MultitaskRidge(sharing=sharing).fit(blocks | {"audio": empty}, targets)
        assert set(more.coef_) == {"image", "text"}


def test_rows_are_found_by_id_and_not_by_place():
    blocks, targets = world()
    order = np.random.default_rng(3).permutation(N)
    turned = {m: b.align(IDS[order]) for m, b in blocks.items()}
    options = {
        "reg": 1.0,
        "own_reg": 5.0,
        "projection_reg": 3.0,
        "weights": {"image": 1, "text": 1},
    }
    model = MultitaskRidge(**options).fit(blocks, targets)
    other = MultitaskRidge(**options).fit(turned, targets.iloc[order[::-1]])
    np.testing.assert_allclose(
        model.predict(blocks)["fused"], other.predict(turned, IDS)["fused"], atol=1e-8
    )
    mixed = model.predict({"image": blocks["image"], "text": turned["text"]})
    np.testing.assert_allclose(mixed["fused"], model.predict(blocks, IDS)["fused"], atol=1e-8)


def test_items_without_targets_change_nothing():
    blocks, targets = world()
    model = MultitaskRidge().fit(blocks, targets.iloc[:30])
    fewer = MultitaskRidge().fit(
        {m: b.align(IDS[:30]) for m, b in blocks.items()}, targets.iloc[:30]
    )
    new = model.predict(blocks, IDS[30:])["fused"]
    np.testing.assert_allclose(new, fewer.predict(blocks, IDS[30:])["fused"])
    assert np.isfinite(new).all()


# --- choices and hidden items --------------------------------------------------------------------


def test_hidden_predictions_are_those_of_a_fit_without_the_fold():
    blocks, targets = world()
    options = {
        "reg": 1.0,
        "own_reg": 5.0,
        "projection_reg": 3.0,
        "n_components": 4,
        "weights": {"image": 1.0, "text": 1.0},
    }
    model = MultitaskRidge(n_folds=4, **options).fit(blocks, targets)
    hidden, folds = model.predict_oof(), model.folds_
    for label in range(4):
        rest = MultitaskRidge(**options).fit(blocks, targets[folds != label])
        expected = rest.predict(blocks, IDS[folds == label])
        for name, y in expected.items():
            np.testing.assert_allclose(hidden[name][folds == label], y, atol=1e-8)


@pytest.mark.parametrize(
    ("sharing", "name", "options"),
    [
        ("separate", "reg", np.geomspace(0.01, 100, 9)),
        ("shared", "reg", np.geomspace(0.01, 100, 9)),
        ("shared+own", "own_reg", np.geomspace(0.01, 1000, 9)),
        ("low_rank", "rank", [1, 2, 4, 8]),
    ],
)
def test_no_number_is_much_better_out_of_fold_than_the_chosen_one(sharing, name, options):
    blocks, targets = world()
    model = MultitaskRidge(sharing=sharing, n_components=4).fit(blocks, targets)

    def error():
        y, t = model.predict_oof(), targets.to_numpy()
        return sum(((y[m] - t)[b.present] ** 2).sum() for m, b in blocks.items())

    best = error()
    assert min(error() for value in options if model.refit(**{name: value})) > 0.99 * best
    assert max(error() for value in options if model.refit(**{name: value})) > 1.01 * best


def test_refit_is_fit_in_the_same_space():
    blocks, targets = world()
    model = MultitaskRidge(sharing="separate", n_components=4).fit(blocks, targets)
    for sharing in ("shared", "shared+own", "low_rank"):
        other = MultitaskRidge(sharing=sharing, n_components=4).fit(blocks, targets)
        again = model.refit(sharing=sharing).predict(blocks)["fused"]
        np.testing.assert_allclose(again, other.predict(blocks)["fused"], atol=1e-9)


def test_the_same_seed_chooses_the_same_and_another_deals_anew():
    blocks, targets = world()
    first = MultitaskRidge(rng=4).fit(blocks, targets)
    again = MultitaskRidge(rng=4).fit(blocks, targets)
    assert (first.folds_ == again.folds_).all()
    assert (first.reg_, first.own_reg_, first.weights_) == (
        again.reg_,
        again.own_reg_,
        again.weights_,
    )
    assert (first.folds_ != MultitaskRidge(rng=5).fit(blocks, targets).folds_).any()


def test_a_modality_of_noise_gets_little_weight():
    blocks, targets = world(missing=0.0)
    noise = np.random.default_rng(9).normal(size=(N, 5))
    model = MultitaskRidge(n_components=4).fit(
        blocks | {"audio": make_block("audio", noise)}, targets
    )
    assert model.weights_["audio"] < min(model.weights_["image"], model.weights_["text"])
    assert sum(model.weights_.values()) == pytest.approx(1.0)


def test_factors_give_axes_one_meaning_and_principal_axes_do_not():
    rng = np.random.default_rng(2)
    factors = rng.normal(size=(200, 4)) * [4, 3, 2, 1]
    ids = np.arange(200)
    targets = pd.DataFrame(factors @ rng.normal(size=(4, 30)), index=ids)
    turned = factors @ np.linalg.qr(rng.normal(size=(4, 4)))[0] * [1, 5, 1, 3]
    blocks = {
        "image": make_block("image", factors, item_ids=ids),
        "text": make_block("text", turned, item_ids=ids),
    }
    left = {}
    for projection in ("factors", "pca"):
        model = MultitaskRidge(sharing="shared", projection=projection, n_components=4)
        y = model.fit(blocks, targets.iloc[:150]).predict(blocks, ids[150:])
        wrong = [((y[m] - targets.iloc[150:]) ** 2).to_numpy().mean() for m in blocks]
        left[projection] = max(wrong) / targets.to_numpy().var()
    assert left["factors"] < 0.4 < left["pca"]


# --- auxiliary columns ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "acts"),
    [
        ({"sharing": "shared"}, False),
        ({"sharing": "low_rank", "rank": 1}, True),
        ({"sharing": "shared", "projection": "factors", "n_components": 1}, True),
    ],
)
def test_an_auxiliary_target_acts_through_what_targets_share_only(options, acts):
    blocks, targets = world()
    extra = pd.DataFrame(5 * np.random.default_rng(0).normal(size=(N, 2)), index=IDS)
    model = given(**options, projection_reg=1.0)
    alone = clone(model).fit(blocks, targets).predict(blocks)["text"]
    along = clone(model).fit(blocks, pd.concat([targets, extra], axis=1)).predict(blocks)["text"]
    assert (np.abs(along[:, :USERS] - alone).max() > 0.01) == acts


# --- edges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sharing", ["separate", "shared", "shared+own", "low_rank"])
@pytest.mark.parametrize("projection", ["factors", "pca", None])
def test_constant_inputs_and_a_single_item_predict_the_mean(sharing, projection):
    blocks, targets = world()
    model = MultitaskRidge(sharing=sharing, projection=projection, n_components=3)
    flat = targets * 0 + 2.5
    np.testing.assert_allclose(model.fit(blocks, flat).predict(blocks)["fused"], 2.5)
    one = targets.iloc[:1]
    np.testing.assert_allclose(
        model.fit({"image": blocks["image"]}, one).predict(blocks, IDS)["fused"],
        np.tile(one, (N, 1)),
    )
    for width in (4, N + 5) if projection is not None else ():
        still = {"image": make_block("image", np.full((N, width), 0.1))}
        y = model.fit(still, targets).predict(still)["fused"]
        np.testing.assert_allclose(y, np.tile(targets.mean(), (N, 1)), atol=1e-8)


def test_a_modality_with_one_item_and_a_fold_without_it_are_no_trouble():
    blocks, targets = world()
    one = np.zeros(N, bool)
    one[3] = True
    blocks["image"] = make_block("image", blocks["image"].values, one)
    for sharing in ("separate", "shared", "shared+own", "low_rank"):
        model = MultitaskRidge(sharing=sharing).fit(blocks, targets)
        assert np.isfinite(model.predict_oof()["fused"]).all()
        assert np.isfinite(model.predict(blocks)["fused"]).all()


def call(**options):
    blocks, targets = world()
    fit = {"blocks": blocks, "targets": targets} | options.pop("fit", {})
    return MultitaskRidge(**options).fit(fit.pop("blocks"), fit.pop("targets"), **fit)


BAD = world()[1].copy()
BAD.iloc[2, 1] = np.nan


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sharing": "all"}, "sharing: 'all' is unknown"),
        ({"projection": "cca"}, "projection: 'cca' is unknown"),
        ({"n_components": 0}, "n_components: 0 is not a finite number above 0"),
        ({"reg": 0.0}, "reg: 0.0 is not a finite number above 0"),
        ({"own_reg": np.inf}, "own_reg: inf"),
        ({"weights": {"image": 1.0}}, "weights: none for modality 'text'"),
        ({"weights": {"image": 0.0, "text": 0.0}}, "weights: all are zero"),
        ({"n_folds": 1}, "n_folds: 1 is below 2"),
        ({"fit": {"targets": BAD}}, "block 'targets': item 't02', column '1' is nan"),
        (
            {"fit": {"targets": BAD.iloc[[0, 0]]}},
            "'t00' is missing or occurs more than once",
        ),
        ({"fit": {"targets": pd.DataFrame({"u": [1.0]}, index=["other"])}}, "has any modality"),
    ],
)
def test_what_cannot_be_is_said(options, message):
    with pytest.raises(ValueError, match=message):
        call(**options).predict(world()[0])


def test_rows_of_an_array_need_ids():
    blocks, targets = world()
    with pytest.raises(TypeError, match="Index"):
        MultitaskRidge().fit(blocks, targets.to_numpy())
    model = MultitaskRidge(n_components=4)
    y = model.fit(blocks, targets.to_numpy(), item_ids=IDS).predict(blocks)["fused"]
    np.testing.assert_allclose(y, model.fit(blocks, targets).predict(blocks)["fused"])


def test_blocks_of_different_widths_share_no_matrix_unless_projected():
    blocks, targets = world()
    blocks["text"] = make_block("text", np.ones((N, 3)))
    for options in ({"projection": None}, {"projection": "pca", "n_components": None}):
        with pytest.raises(ValueError, match="columns differ"):
            MultitaskRidge(sharing="shared", **options).fit(blocks, targets)
    model = MultitaskRidge(sharing="shared").fit(blocks, targets)
    with pytest.raises(ValueError, match="5 columns, trained on 3"):
        model.predict({"text": make_block("text", np.ones((N, 5)))})
    with pytest.raises(ValueError, match="was trained on"):
        model.predict({"video": make_block("video", np.ones((N, 5)))})
