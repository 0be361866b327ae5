"""Describe the shapes in images: HOG, histograms of oriented gradients."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mmrec_course.features.image import Floats, Image, check_picture
from mmrec_course.features.stateless import StatelessTransformer
from mmrec_course.preprocessing.image import resize_image

EPSILON = 1e-5
CLIP = 0.2


class HOG(StatelessTransformer):
    """Directions of the edges in each part of an image: histograms of oriented gradients.

    With the brightness differences g_x = I(x+1, y) − I(x−1, y), g_y = I(x, y+1) − I(x, y−1),
    taken in the colour channel where they are largest, a cell's histogram is

        h_b = 1/n Σ_{pixels of the cell, θ in bin b} √(g_x² + g_y²),   θ = atan2(g_y, g_x) mod 180°.

    Each block of cells, v, is normalised, v / √(‖v‖² + ε²), clipped at 0.2, and normalised again
    ("L2-Hys"). ``size`` and ``cell`` are in pixels, ``block`` is in cells, and ``orientations``
    bins divide 0° to 180°. Dalal and Triggs (2005), CVPR; equal to ``skimage.feature.hog``.

    Notebook: 03_image_features
    """

    def __init__(
        self, *, size: int = 64, cell: int = 16, block: int = 2, orientations: int = 9
    ) -> None:
        self.size = size
        self.cell = cell
        self.block = block
        self.orientations = orientations

    def _names(self) -> list[str]:
        if self.size % self.cell:
            raise ValueError(f"cell: {self.cell} does not divide size {self.size}")
        blocks, cells = range(self.size // self.cell - self.block + 1), range(self.block)
        angles = [180 * (b + 0.5) / self.orientations for b in range(self.orientations)]
        places = product(blocks, blocks, cells, cells, angles)
        return [f"block{r}_{c} cell{down}_{right} {a:g}°" for r, c, down, right, a in places]

    def _describe(self, item: Image, index: int) -> Floats:
        pixels = resize_image(check_picture(item, index), self.size)
        histograms = _cell_histograms(pixels, self.cell, self.orientations)
        windows = sliding_window_view(histograms, (self.block, self.block), axis=(0, 1))
        blocks = windows.transpose(0, 1, 3, 4, 2)  # (rows, columns, down, right, orientations)
        flat = blocks.reshape(-1, self.block**2 * self.orientations)  # (n_blocks, numbers in one)
        return _normalise(np.minimum(_normalise(flat), CLIP)).ravel()


def _normalise(rows: Floats) -> Floats:
    return np.asarray(rows / np.sqrt((rows**2).sum(axis=1, keepdims=True) + EPSILON**2))


def _cell_histograms(pixels: Image, cell: int, orientations: int) -> Floats:
    """(cells down, cells across, orientations) mean gradient length for each direction."""
    values = pixels.astype(np.float64)
    across, down = np.zeros_like(values), np.zeros_like(values)  # 0 at the border
    across[:, 1:-1] = values[:, 2:] - values[:, :-2]
    down[1:-1] = values[2:] - values[:-2]
    largest = (across**2 + down**2).argmax(axis=2)[:, :, None]
    across = np.take_along_axis(across, largest, axis=2)[:, :, 0]  # (h, w)
    down = np.take_along_axis(down, largest, axis=2)[:, :, 0]
    angle = np.rad2deg(np.arctan2(down, across)) % 180
    bins = np.minimum(angle * orientations // 180, orientations - 1).astype(np.intp)
    n_cells = len(pixels) // cell
    side = np.arange(len(pixels)) // cell
    place = (side[:, None] * n_cells + side) * orientations + bins
    length = np.hypot(across, down)
    counts = np.bincount(place.ravel(), length.ravel(), n_cells * n_cells * orientations)
    return counts.reshape(n_cells, n_cells, orientations) / cell**2
