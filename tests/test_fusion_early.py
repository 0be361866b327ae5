"""Early fusion: lengths, weights, gaps, what may be learned from, and why sums disappoint."""

import numpy as np
import pytest

from mmrec_course.features import FeatureBlock
from mmrec_course.fusion import early_fusion
from mmrec_course.fusion.early import Projection, fused_rows, hat_matrix, variance_weights


def block(modality, values, present=None, ids=None):
    values = np.asarray(values, float)
    return FeatureBlock(
        modality=modality,
        item_ids=[f"t{j:03d}" for j in range(len(values))] if ids is None else ids,
        values=values,
        present=np.ones(len(values), bool) if present is None else present,
        names=tuple(f"x{j}" for j in range(values.shape[1])),
    )


@pytest.fixture
def blocks():
    rng = np.random.default_rng(0)
    has = np.ones(30, bool)
    has[:5] = False
    return {
        "image": block("image", 1000 * rng.normal(size=(30, 6)) + 7, has),
        "text": block("text", 0.01 * rng.normal(size=(30, 12))),
    }


def unit(part):
    x = part.values - part.values[part.present].mean(axis=0)
    x[~part.present] = 0
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def test_similarity_in_the_concatenation_is_the_weighted_sum_of_similarities(blocks):
    fused = early_fusion(blocks, {"image": 1, "text": 3}, n_components=None)
    x, y, z = fused.values, unit(blocks["image"]), unit(blocks["text"])
    complete = slice(5, None)
    expected = 0.25 * y @ y.T + 0.75 * z @ z.T
    np.testing.assert_allclose((x @ x.T)[complete, complete], expected[complete, complete])


def test_a_missing_modality_hands_its_weight_on_and_rows_keep_their_length(blocks):
    fused = early_fusion(blocks, {"image": 1, "text": 3}, n_components=None)
    np.testing.assert_allclose(np.linalg.norm(fused.values, axis=1), 1)
    np.testing.assert_allclose(fused.values[:5, 6:], unit(blocks["text"])[:5])
    assert (fused.values[:5, :6] == 0).all()


def test_units_and_numbers_of_columns_do_not_speak(blocks):
    loud = {**blocks, "image": block("image", 1e6 * blocks["image"].values + 3)}
    twice = np.hstack([blocks["text"].values] * 2)
    wide = {**blocks, "text": block("text", twice)}
    plain = early_fusion({**blocks, "image": block("image", blocks["image"].values)})
    np.testing.assert_allclose(early_fusion(loud).values, plain.values, atol=1e-9)
    x = early_fusion(blocks, n_components=None).values
    y = early_fusion(wide, n_components=None).values
    np.testing.assert_allclose(x @ x.T, y @ y.T, atol=1e-9)


def test_the_sum_by_hand(blocks):
    fused = early_fusion(blocks, {"image": 0.5, "text": 1.5}, "sum", n_components=3)
    image, text = (
        early_fusion({m: b}, n_components=3).align(fused.item_ids).values for m, b in blocks.items()
    )
    np.testing.assert_allclose(fused.values[5:], 0.25 * image[5:] + 0.75 * text[5:])
    np.testing.assert_allclose(fused.values[:5], text[:5])
    assert fused.values.shape == (30, 3)


def test_a_sum_loses_what_a_concatenation_keeps():
    # Two unrelated modalities: the concatenation keeps the sum of their similarities exactly,
    # in the sum they are blurred by comparisons of one modality with the other.
    rng = np.random.default_rng(1)
    both = {m: block(m, rng.normal(size=(200, 8))) for m in ("a", "b")}
    want = sum(unit(b) @ unit(b).T for b in both.values())
    off = ~np.eye(200, dtype=bool)
    alike = {}
    for method in ("concatenate", "sum"):
        x = early_fusion(both, method=method, n_components=8).values
        alike[method] = np.corrcoef((x @ x.T)[off], want[off])[0, 1]
    assert alike["concatenate"] > 0.999
    assert alike["sum"] < 0.8


def test_only_training_items_set_the_centre_and_the_components(blocks):
    train = [f"t{j:03d}" for j in range(20)]
    text = blocks["text"].values.copy()
    text[25] += 100
    moved = {**blocks, "text": block("text", text)}
    others = [f"t{j:03d}" for j in range(30) if j != 25]
    for k in (None, 4):
        a, b = (early_fusion(x, n_components=k, fit_items=train) for x in (blocks, moved))
        np.testing.assert_allclose(a.align(others).values, b.align(others).values)
    leaky = early_fusion(moved, n_components=4).align(others)
    assert np.abs(leaky.values - early_fusion(blocks, n_components=4).align(others).values).max()


def test_items_are_matched_by_id():
    a = block("a", [[1.0, 0], [0, 1], [3, 4]], ids=["x", "y", "z"])
    b = block("b", [[5.0, 1], [2, 2]], ids=["z", "w"])
    fused = early_fusion({"a": a, "b": b}, n_components=None)
    assert fused.item_ids.tolist() == ["w", "x", "y", "z"]
    swapped = early_fusion({"a": a.align(["z", "x", "y"]), "b": b}, n_components=None)
    np.testing.assert_allclose(fused.values, swapped.values)
    assert fused.names == ("a x0", "a x1", "b x0", "b x1")


def test_an_item_with_nothing_is_absent_and_weight_zero_leaves_a_modality_out(blocks):
    none = {"image": blocks["image"], "text": blocks["text"].mask(["t000"])}
    fused = early_fusion(none)
    assert not fused.present[0] and not fused.values[0].any()
    assert fused.present[1:].all()
    alone = early_fusion(blocks, {"image": 1, "text": 0}, n_components=None)
    assert alone.present.sum() == 25 and alone.values.shape[1] == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "product"}, "method: 'product' is unknown"),
        ({"weights": {"image": 1}}, "weights: none for modality 'text'"),
        ({"weights": {"image": 1, "text": -1}}, r"weights\['text'\]: -1.0 is not a finite"),
        ({"weights": {"image": 0, "text": 0}}, "all are zero"),
        ({"method": "sum", "n_components": 9}, "'image': 6, 'text': 9.*choose at most 6"),
        ({"fit_items": ["nobody"]}, "block 'image': none of the items to learn from"),
    ],
)
def test_what_cannot_be_is_named(blocks, options, message):
    with pytest.raises(ValueError, match=message):
        early_fusion(blocks, **options)
    with pytest.raises(ValueError, match="no modality"):
        early_fusion({})


def test_projection_gives_centred_unit_rows_and_zeros_for_absent_items(blocks):
    image, training = blocks["image"], np.arange(30) < 20
    rows = Projection().fit(image, training).rows(image)
    x = image.values - image.values[5:20].mean(axis=0)  # present and in training
    np.testing.assert_allclose(rows[5:], x[5:] / np.linalg.norm(x[5:], axis=1, keepdims=True))
    assert not rows[:5].any()
    constant = block("image", np.full((30, 3), 0.1))
    assert not Projection().fit(constant, training).rows(constant).any()


def test_projection_keeps_the_strongest_directions_of_wide_features():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.03, size=(80, 400)) * (1.0 + np.arange(400) % 7)  # sparse
    training = np.arange(80) < 60
    for k in (60, 30):
        wide = block("text", counts)
        projection = Projection(n_components=k).fit(wide, training)
        s = np.linalg.svd(counts[:60], compute_uv=False)
        explained = (counts[:60] @ projection.components_) ** 2
        assert explained.sum() > 0.97 * (s[:k] ** 2).sum()
        # The same numbers in a dense table, in which nothing is zero, take the other way.
        dense = Projection(n_components=k).fit(block("text", counts + 1e-12), training)
        rows, same = (p.rows(wide) for p in (projection, dense))
        np.testing.assert_allclose(rows @ rows.T, same @ same.T, atol=1e-6)
    narrow = block("text", counts[:, :30])
    assert Projection(n_components=30).fit(narrow, training).components_ is None


def test_fused_rows_are_those_of_early_fusion(blocks):
    rows = {m: Projection().fit(b, np.ones(30, bool)).rows(b) for m, b in blocks.items()}
    present = {m: b.present for m, b in blocks.items()}
    fused = fused_rows(rows, present, {"image": 1, "text": 3})
    expected = early_fusion(blocks, {"image": 1, "text": 3}, n_components=None).values
    np.testing.assert_allclose(np.hstack(list(fused.values())), expected, atol=1e-9)
    assert fused_rows({}, {}, {}) == {}


@pytest.mark.parametrize("shape", [(20, 7), (7, 20), (7, 7)])
def test_hat_matrix_by_hand(shape):
    f = np.random.default_rng(0).normal(size=shape)
    expected = f @ np.linalg.inv(f.T @ f + 0.5 * np.eye(shape[1]))
    np.testing.assert_allclose(hat_matrix(f, 0.5), expected, atol=1e-9)


def explained_alone(f, target):
    """R² of leave-one-out predictions by the best of three ridge regressions."""
    t = target - target.mean(axis=0)
    errors = []
    for reg in (3.0, 10.0, 30.0):
        error = 0.0
        for i in range(len(f)):
            x, y = np.delete(f, i, 0), np.delete(t, i, 0)
            coef = np.linalg.solve(x.T @ x + reg * np.eye(x.shape[1]), x.T @ y)
            error += ((t[i] - f[i] @ coef) ** 2).sum()
        errors.append(error)
    return 1 - min(errors) / (t**2).sum()


def test_variance_weights_follow_what_each_modality_explains_left_out():
    rng = np.random.default_rng(0)
    unit_of = {m: rng.normal(size=(120, 4)) for m in ("clear", "faint", "noise")}
    target = unit_of["clear"] + 0.6 * unit_of["faint"] + 0.3 * rng.normal(size=(120, 4))
    present = {m: np.ones(120, bool) for m in unit_of}
    present["faint"][:20] = False
    unit_of["faint"][:20] = 0.0
    r2 = {m: max(0, explained_alone(x[present[m]], target[present[m]])) for m, x in unit_of.items()}
    for power in (1.0, 2.0):
        expected = {m: r2[m] ** power / sum(v**power for v in r2.values()) for m in r2}
        found = variance_weights(unit_of, present, target, power)
        assert found == pytest.approx(expected, abs=1e-9)
        assert found["noise"] < 0.02 < found["faint"] < found["clear"]


def test_variance_weights_of_twins_and_of_noise_are_equal():
    rng = np.random.default_rng(0)
    x, ones = rng.normal(size=(120, 4)), {m: np.ones(120, bool) for m in ("a", "b")}
    twins = variance_weights({"a": x, "b": x}, ones, x + rng.normal(size=x.shape))
    assert twins == pytest.approx({"a": 0.5, "b": 0.5})
    noise = {m: rng.normal(size=(120, 30)) for m in ones}
    assert variance_weights(noise, ones, x) == {"a": 0.5, "b": 0.5}
    assert variance_weights(noise, ones, np.zeros((120, 2))) == {"a": 0.5, "b": 0.5}
