"""Shapes in pictures → numbers: which way the edges run, cell by cell.

In: arrays of pixels. Out: one row a picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from mmrec_course.features.image import Floats, check_picture
from mmrec_course.preprocessing.image import resize_image

__all__ = ["HOG"]

EPSILON = 1e-5
CLIP = 0.2


class HOG(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Which way the edges run in each part of a picture: histograms of oriented gradients.

    With the brightness differences g_x = I(x+1, y) − I(x−1, y), g_y = I(x, y+1) − I(x, y−1),
    taken in the colour channel where they are largest, a cell's histogram is

        h_b = 1/n Σ_{pixels of the cell, θ in bin b} √(g_x² + g_y²),   θ = atan2(g_y, g_x) mod 180°.

    Cells that touch form overlapping blocks. Each block of cells, v, is brought to one contrast:
    v / √(‖v‖² + ε²), cut at 0.2, and the same again (“L2-Hys”), so that neither the lighting nor
    a single hard edge decides. The blocks side by side are the row.

    θ is the direction in which brightness changes, across the edge: a vertical line has θ = 0°.
    Light on dark and dark on light count as the same. A plain picture's row is zero.

    Parameters
    ----------
    size
        Pictures are first stretched to size × size pixels, so that all rows mean the same.
    cell
        Side of a cell in pixels; divides size.
    block
        Side of a block in cells.
    orientations
        How many bins for 0° to 180°.

    Notes
    -----
    Dalal and Triggs (2005), Histograms of oriented gradients for human detection, CVPR. Equal to
    ``skimage.feature.hog`` with the same sizes and ``channel_axis=-1``. Like it, and unlike the
    paper, a pixel votes for one bin and one cell only. With g cells a side there are
    (g − block + 1)² · block² · orientations columns.

    Notebook: 03_image_features

    Examples
    --------
    >>> stripes = np.zeros((64, 64, 3), np.uint8); stripes[:, ::8] = 255
    >>> hog = HOG(size=64, cell=16)
    >>> x = hog.fit_transform([stripes])
    >>> x.shape, str(hog.get_feature_names_out()[x[0].round(6).argmax()])
    ((1, 324), 'block0_0 cell0_0 10°')
    """

    def __init__(
        self, *, size: int = 64, cell: int = 16, block: int = 2, orientations: int = 9
    ) -> None:
        self.size = size
        self.cell = cell
        self.block = block
        self.orientations = orientations

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Nothing is learned; the parameters are checked.

        Parameters
        ----------
        X, y
            Not looked at.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is below 1, cell does not divide size, or a block is larger than the
            picture.
        """
        for name in ("size", "cell", "block", "orientations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is below 1")
        if self.size % self.cell:
            raise ValueError(f"cell: {self.cell} does not divide size {self.size}")
        if self.block > self.size // self.cell:
            raise ValueError(
                f"block: {self.block} cells a side, but the picture has {self.size // self.cell}"
            )
        return self

    def transform(self, X: Iterable[NDArray[np.uint8]]) -> Floats:
        """Gradient histograms of pictures.

        Parameters
        ----------
        X
            Arrays (h, w, 3) uint8 RGB, each of its own size.

        Returns
        -------
        (n, d) float64 between 0 and 1.

        Raises
        ------
        ValueError
            If something is not such an array.
        """
        self.fit()
        rows = [self._describe(image, place) for place, image in enumerate(X)]
        return np.array(rows).reshape(len(rows), len(self.get_feature_names_out()))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """One name a column, such as ``block0_2 cell1_0 30°``: rows, columns, middle of the bin."""
        blocks = range(self.size // self.cell - self.block + 1)
        cells = range(self.block)
        angles = [180 * (b + 0.5) / self.orientations for b in range(self.orientations)]
        names = [
            f"block{row}_{column} cell{down}_{right} {angle:g}°"
            for row in blocks
            for column in blocks
            for down in cells
            for right in cells
            for angle in angles
        ]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags

    def _describe(self, image: NDArray[np.uint8], place: int) -> Floats:
        pixels = resize_image(check_picture(image, place), self.size)
        histograms = _cell_histograms(pixels, self.cell, self.orientations)
        window = (self.block, self.block)
        # (rows, columns, orientations, down, right) → the cells of a block, each with its bins
        blocks = sliding_window_view(histograms, window, axis=(0, 1)).transpose(0, 1, 3, 4, 2)
        flat = blocks.reshape(-1, self.block**2 * self.orientations)
        return _unit(np.minimum(_unit(flat), CLIP)).ravel()


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.sqrt((rows**2).sum(axis=1, keepdims=True) + EPSILON**2))


def _gradients(pixels: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """(h, w) length and angle in degrees of the largest channel's gradient; 0 at the border."""
    values = pixels.astype(np.float64)
    across, down = np.zeros_like(values), np.zeros_like(values)
    across[:, 1:-1] = values[:, 2:] - values[:, :-2]
    down[1:-1] = values[2:] - values[:-2]
    largest = (across**2 + down**2).argmax(axis=2)[:, :, None]
    across = np.take_along_axis(across, largest, axis=2)[:, :, 0]
    down = np.take_along_axis(down, largest, axis=2)[:, :, 0]
    return np.hypot(across, down), np.rad2deg(np.arctan2(down, across)) % 180


def _cell_histograms(pixels: NDArray[np.uint8], cell: int, orientations: int) -> Floats:
    """(cells down, cells across, orientations): mean gradient length for each direction."""
    length, angle = _gradients(pixels)
    n_cells = len(pixels) // cell
    side = np.arange(len(pixels)) // cell
    bins = np.minimum(angle * orientations // 180, orientations - 1).astype(np.intp)
    place = (side[:, None] * n_cells + side[None, :]) * orientations + bins
    counts = np.bincount(place.ravel(), length.ravel(), n_cells * n_cells * orientations)
    return counts.reshape(n_cells, n_cells, orientations) / cell**2
