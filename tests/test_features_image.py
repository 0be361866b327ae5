"""ColorHistogram and ColorMoments: by hand, against OpenCV, NumPy and SciPy."""

import cv2
import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.utils import get_tags

from mmrec_course.features import ColorHistogram, ColorMoments


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, shape, dtype=np.uint8) for shape in [(9, 7, 3), (20, 31, 3)]]


def column(histogram, name):
    return list(histogram.get_feature_names_out()).index(name)


def test_by_hand():
    image = np.zeros((2, 2, 3), np.uint8)
    image[0] = (255, 0, 0)
    image[1, 0] = (0, 0, 255)  # hue 120 of 180: bin 5 of 8; the last pixel stays black
    histogram = ColorHistogram()
    (x,) = histogram.fit_transform([image])
    assert x[column(histogram, "hue0_saturation2_value2")] == pytest.approx(np.sqrt(0.5))
    assert x[column(histogram, "hue5_saturation2_value2")] == pytest.approx(0.5)
    assert x[column(histogram, "hue0_saturation0_value0")] == pytest.approx(0.5)
    assert np.count_nonzero(x) == 3


def test_counts_equal_numpy_and_opencv(pictures):
    bins = (6, 4, 5)
    for row, image in zip(ColorHistogram(bins=bins).transform(pictures), pictures, strict=True):
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        counts, _ = np.histogramdd(
            hsv.reshape(-1, 3).astype(float), bins, [(0, 180), (0, 256), (0, 256)]
        )
        np.testing.assert_allclose(row**2 * counts.sum(), counts.ravel(), atol=1e-9)
        opencv = cv2.calcHist([hsv], [0, 1, 2], None, bins, [0, 180, 0, 256, 0, 256])
        cv2.normalize(opencv, opencv, 1, 0, cv2.NORM_L1)
        np.testing.assert_allclose(row, np.sqrt(opencv.ravel()), atol=1e-6)


def test_distance_is_hellingers(pictures):
    a, b = ColorHistogram().transform(pictures)
    hellinger = cv2.compareHist(
        (a**2).astype(np.float32), (b**2).astype(np.float32), cv2.HISTCMP_BHATTACHARYYA
    )
    assert np.linalg.norm(a - b) / np.sqrt(2) == pytest.approx(hellinger, abs=1e-4)
    assert np.linalg.norm(a) == pytest.approx(1)


def test_size_does_not_matter_but_colour_does():
    small, large = np.full((2, 2, 3), 200, np.uint8), np.full((50, 30, 3), 200, np.uint8)
    dark = np.full((2, 2, 3), 20, np.uint8)
    x = ColorHistogram().transform([small, large, dark])
    np.testing.assert_allclose(x[0], x[1], atol=1e-9)
    assert x[0] @ x[2] == pytest.approx(0, abs=1e-9)


def test_quarters_tell_where_a_colour_is():
    image = np.zeros((4, 6, 3), np.uint8)
    image[:2, 3:] = (0, 255, 0)
    upside_down = image[::-1].copy()
    plain, quarters = ColorHistogram(), ColorHistogram(layout=2)
    np.testing.assert_allclose(*plain.transform([image, upside_down]), atol=1e-9)
    x = quarters.transform([image, upside_down])
    assert x.shape == (2, 4 * 72)
    assert x[0, column(quarters, "top right hue2_saturation2_value2")] == pytest.approx(0.5)
    assert x[1, column(quarters, "bottom right hue2_saturation2_value2")] == pytest.approx(0.5)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1)


def test_names_fit_columns_and_are_unique(pictures):
    for histogram in (ColorHistogram(bins=(2, 3, 4)), ColorHistogram(layout=2)):
        names = histogram.get_feature_names_out()
        assert len(set(names)) == len(names) == histogram.transform(pictures).shape[1]


def test_no_pictures_give_no_rows():
    assert ColorHistogram().transform([]).shape == (0, 72)


def test_it_is_a_scikit_learn_transformer():
    histogram = clone(ColorHistogram(bins=(4, 2, 2), layout=2))
    assert histogram.get_params() == {"bins": (4, 2, 2), "layout": 2}


@pytest.mark.parametrize(
    ("options", "image", "message"),
    [
        ({"layout": 3}, np.zeros((1, 1, 3), np.uint8), "layout: 3"),
        ({}, np.zeros((2, 2), np.uint8), r"picture 0 has shape \(2, 2\)"),
        ({}, np.zeros((2, 2, 4), np.uint8), "picture 0"),
        ({}, np.zeros((2, 2, 3)), "dtype float64"),
    ],
)
def test_what_cannot_be_counted_is_refused(options, image, message):
    with pytest.raises(ValueError, match=message):
        ColorHistogram(**options).transform([image])


def test_moments_equal_numpy_and_scipy(pictures):
    for row, image in zip(ColorMoments().transform(pictures), pictures, strict=True):
        values = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).reshape(-1, 3) / 255
        mean, sd, skewness = row.reshape(3, 3).T
        np.testing.assert_allclose(mean, values.mean(axis=0))
        np.testing.assert_allclose(sd, values.std(axis=0))
        np.testing.assert_allclose(skewness, np.cbrt(stats.moment(values, 3)))


def test_moments_by_hand():
    image = np.zeros((2, 2, 3), np.uint8)
    image[0, 0] = 255  # lightness: 1, 0, 0, 0; grey has 128 in the two others
    x = dict(zip(*named(ColorMoments(), image), strict=True))
    assert x["lightness_mean"] == pytest.approx(0.25)
    assert x["lightness_sd"] == pytest.approx(np.sqrt(3) / 4)
    assert x["lightness_skewness"] == pytest.approx(np.cbrt((0.75**3 - 3 * 0.25**3) / 4))
    assert x["green_red_mean"] == pytest.approx(128 / 255)
    assert [x[n] for n in ("green_red_sd", "blue_yellow_skewness")] == pytest.approx([0, 0])


def named(transformer, image):
    return transformer.get_feature_names_out(), transformer.transform([image])[0]


def test_moments_know_light_from_dark_and_blue_from_yellow():
    plain = {c: np.full((3, 3, 3), c, np.uint8) for c in [(0, 0, 255), (255, 255, 0), (9, 9, 9)]}
    blue, yellow, dark = ColorMoments().transform(plain.values())
    names = list(ColorMoments().get_feature_names_out())
    assert blue[names.index("blue_yellow_mean")] < 0.5 < yellow[names.index("blue_yellow_mean")]
    assert dark[names.index("lightness_mean")] < 0.1 < blue[names.index("lightness_mean")]
    np.testing.assert_allclose([x[1::3] for x in (blue, yellow, dark)], 0, atol=1e-12)


def test_moments_stay_in_their_range(pictures):
    lopsided = np.zeros((100, 1, 3), np.uint8)
    for n in (1, 21, 50, 79):  # 21 of 100 is the most lopsided of all
        lopsided[:n] = 255
        x = ColorMoments().transform([lopsided])[0].reshape(3, 3)
        assert (np.abs(x[:, 2]) < 0.46).all()
        assert (x[:, 1] <= 0.5 + 1e-9).all()


def test_moments_have_names_and_defined_shapes(pictures):
    names = ColorMoments().get_feature_names_out()
    assert len(set(names)) == 9 == ColorMoments().transform(pictures).shape[1]
    assert ColorMoments().transform([]).shape == (0, 9)


@pytest.mark.parametrize("image", [np.zeros((0, 4, 3), np.uint8), np.zeros((2, 2))])
def test_moments_of_what_is_no_picture_are_refused(image):
    with pytest.raises(ValueError, match="picture 0"):
        ColorMoments().transform([image])


def test_neither_needs_fitting():
    for transformer in (ColorHistogram(), ColorMoments()):
        assert not get_tags(transformer).requires_fit
