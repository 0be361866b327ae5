"""HOG: by hand, against a slow reference written here, and known answers of scikit-image."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags

from mmrec_course.features import HOG


@pytest.fixture
def smooth():
    """A picture of 64 × 64 with all directions in it."""
    y, x = np.mgrid[0:64, 0:64]
    return np.stack([3 * x + y // 2, x * y, 255 - 3 * y], axis=2).astype(np.uint8)


def slow_hog(image, cell, block, orientations):
    """Dalal and Triggs, pixel by pixel, as scikit-image counts: one vote a pixel."""
    image = image.astype(float)
    n = len(image) // cell
    cells = np.zeros((n, n, orientations))
    for y in range(len(image)):
        for x in range(len(image)):
            down = image[y + 1, x] - image[y - 1, x] if 0 < y < len(image) - 1 else np.zeros(3)
            across = image[y, x + 1] - image[y, x - 1] if 0 < x < len(image) - 1 else np.zeros(3)
            c = int(np.argmax(down**2 + across**2))
            angle = np.degrees(np.arctan2(down[c], across[c])) % 180
            b = int(angle // (180 / orientations))
            cells[y // cell, x // cell, b] += np.sqrt(down[c] ** 2 + across[c] ** 2) / cell**2
    rows = []
    for y in range(n - block + 1):
        for x in range(n - block + 1):
            v = cells[y : y + block, x : x + block].ravel()
            v = np.minimum(v / np.sqrt(v @ v + 1e-10), 0.2)
            rows.append(v / np.sqrt(v @ v + 1e-10))
    return np.concatenate(rows)


@pytest.mark.parametrize(("cell", "block", "orientations"), [(16, 2, 9), (8, 3, 6), (16, 1, 4)])
def test_equal_to_a_slow_reference(smooth, cell, block, orientations):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    hog = HOG(size=64, cell=cell, block=block, orientations=orientations)
    for row, image in zip(hog.transform([smooth, noise]), (smooth, noise), strict=True):
        np.testing.assert_allclose(row, slow_hog(image, cell, block, orientations), atol=1e-9)


def test_equal_to_scikit_image(smooth):
    # skimage.feature.hog 0.26.0, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2),
    # block_norm="L2-Hys", channel_axis=-1: the first cell of the first block, and sums.
    known = [0.063235, 0.091661, 0.126983, 0.07207, 0.027745, 0, 0, 0, 0]
    (row,) = HOG(size=64, cell=16).transform([smooth])
    np.testing.assert_allclose(row[:9], known, atol=1e-6)
    assert row.sum() == pytest.approx(31.560590634471403, abs=1e-5)
    (row,) = HOG(size=64, cell=8).transform([smooth])
    assert row.sum() == pytest.approx(159.11551201765795, abs=1e-5)


def test_gradients_of_one_cell_by_hand():
    # Brightness rises by 10 a column: every inner pixel has g_x = 20, g_y = 0. The outer columns
    # have no neighbour to compare with, so 6 of 8 columns vote, all for the first bin.
    ramp = np.repeat(np.tile(10 * np.arange(8, dtype=np.uint8), (8, 1))[:, :, None], 3, axis=2)
    (row,) = HOG(size=8, cell=8, block=1, orientations=4).transform([ramp])
    assert row.tolist() == pytest.approx([1, 0, 0, 0])
    (row,) = HOG(size=8, cell=8, block=1, orientations=4).transform([ramp.transpose(1, 0, 2)])
    assert row.tolist() == pytest.approx([0, 0, 1, 0])  # 90° is where the third bin begins


def test_light_on_dark_is_dark_on_light(smooth):
    x = HOG().transform([smooth, 255 - smooth])
    np.testing.assert_allclose(x[0], x[1])


def test_half_the_contrast_changes_nothing(smooth):
    even = smooth // 4 * 4
    np.testing.assert_allclose(*HOG().transform([even, even // 2]), atol=1e-6)


def test_a_plain_picture_has_a_row_of_zeros_and_size_does_not_matter():
    plain = [np.full((1, 1, 3), 9, np.uint8), np.full((70, 200, 3), 200, np.uint8)]
    assert not HOG().transform(plain).any()
    bars = np.zeros((64, 64, 3), np.uint8)
    bars[:, 16:32] = bars[:, 48:] = 255
    x = HOG().transform([bars, bars.repeat(3, axis=0).repeat(3, axis=1)])
    assert x[0] @ x[1] / np.linalg.norm(x[0]) / np.linalg.norm(x[1]) > 0.99


def test_names_say_where_and_which_way():
    image = np.zeros((64, 64, 3), np.uint8)
    image[56:, 16:32] = np.arange(0, 256, 16, dtype=np.uint8)[None, :, None]  # a ramp, low, left
    hog = HOG(size=64, cell=16, block=1, orientations=6)
    names = hog.get_feature_names_out()
    (row,) = hog.transform([image])
    assert len(set(names)) == len(names) == len(row) == 16 * 6
    assert "block3_1 cell0_0 15°" in names[row > 0.5]
    others = [n for n, v in zip(names, row, strict=True) if v > 1e-9 and not n.startswith("block3")]
    assert others == []
    wide = dict(zip(HOG().get_feature_names_out(), HOG().transform([image])[0], strict=True))
    assert wide["block2_1 cell1_0 10°"] > 0.5
    assert wide["block2_1 cell0_1 10°"] == pytest.approx(0, abs=1e-9)


def test_it_is_a_scikit_learn_transformer_without_fitting():
    assert not get_tags(HOG()).requires_fit
    assert clone(HOG(cell=8)).get_params()["cell"] == 8
    assert HOG().transform([]).shape == (0, 324)


def test_cells_must_fill_the_picture():
    with pytest.raises(ValueError, match="cell: 10 does not divide size 64"):
        HOG(cell=10).fit()


def test_what_is_no_picture_is_refused(smooth):
    with pytest.raises(ValueError, match=r"picture 1 has shape \(64, 64\)"):
        HOG().transform([smooth, smooth[:, :, 0]])
