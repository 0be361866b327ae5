"""Pictures → numbers.

In: arrays of pixels. Out: one row a picture.

Notebook: 03_image_features
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

__all__ = ["ColorHistogram"]

Floats = NDArray[np.float64]
CELLS = ("top left", "top right", "bottom left", "bottom right")


class ColorHistogram(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Which colours a picture has, and how much of each: a histogram in hue, saturation, value.

        x_b = √(n_b / Σ_b' n_b'),   n_b the number of pixels in bin b.

    Dividing by the number of pixels makes pictures of any size comparable. With the square root,
    ‖x − x'‖ is √2 times the Hellinger distance of two colour distributions and x·x' their
    overlap (the Bhattacharyya coefficient), so that a large plain background no longer drowns
    everything else. Rows have length 1.

    Hue, saturation and value instead of red, green and blue, because they part what the eye
    parts: a dark and a light blue share their hue. Grey has no hue; OpenCV files it under red,
    in the bins of lowest saturation.

    Parameters
    ----------
    bins
        How many bins for hue, saturation and value.
    layout
        1 for the whole picture; 2 for a histogram of each quarter, which tells a red sky from a
        red floor, at four times the columns.

    Notes
    -----
    Swain and Ballard (1991), Color indexing, IJCV 7; Arandjelović and Zisserman (2012), CVPR, for
    the square root.

    Notebook: 03_image_features

    Examples
    --------
    >>> red = np.zeros((4, 4, 3), np.uint8); red[:, :, 0] = 255
    >>> histogram = ColorHistogram()
    >>> x = histogram.fit_transform([red])
    >>> x.shape, str(histogram.get_feature_names_out()[x[0].argmax()])
    ((1, 72), 'hue0_saturation2_value2')
    """

    def __init__(self, *, bins: tuple[int, int, int] = (8, 3, 3), layout: int = 1) -> None:
        self.bins = bins
        self.layout = layout

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
            If bins or layout is out of range.
        """
        if len(self.bins) != 3 or min(self.bins) < 1 or self.bins[0] > 180 or max(self.bins) > 256:
            raise ValueError(f"bins: {self.bins} is not three numbers within (180, 256, 256)")
        if self.layout not in (1, 2):
            raise ValueError(f"layout: {self.layout} is neither 1 nor 2")
        return self

    def transform(self, X: Iterable[NDArray[np.uint8]]) -> Floats:
        """Histograms of pictures.

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
            If something is not such an array, or is too small for the layout.
        """
        self.fit()
        rows = [self._describe(image, place) for place, image in enumerate(X)]
        return np.array(rows).reshape(len(rows), len(self.get_feature_names_out()))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """One name a column, such as ``hue0_saturation2_value1``; low numbers are low values."""
        counts = [range(n) for n in self.bins]
        names = [f"hue{h}_saturation{s}_value{v}" for h, s, v in product(*counts)]
        if self.layout == 2:
            names = [f"{cell} {name}" for cell in CELLS for name in names]
        return np.array(names, dtype=object)

    def _describe(self, image: NDArray[np.uint8], place: int) -> Floats:
        image = np.asarray(image)
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"X: picture {place} has shape {image.shape} and dtype {image.dtype}, expected"
                " (h, w, 3) uint8"
            )
        if min(image.shape[:2]) < self.layout:
            raise ValueError(f"X: picture {place} has shape {image.shape}, too small to quarter")
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        counts = np.concatenate([_histogram(cell, self.bins) for cell in _cells(hsv, self.layout)])
        return np.asarray(np.sqrt(counts / counts.sum()))


def _cells(image: NDArray[Any], layout: int) -> list[NDArray[Any]]:
    """The picture, or its quarters row by row."""
    if layout == 1:
        return [image]
    halves = np.array_split(image, 2, axis=0)
    return [quarter for half in halves for quarter in np.array_split(half, 2, axis=1)]


def _histogram(hsv: NDArray[Any], bins: Sequence[int]) -> Floats:
    """Pixels in each bin; OpenCV's hue goes from 0 to 179."""
    counts = cv2.calcHist(
        [np.ascontiguousarray(hsv)], [0, 1, 2], None, list(bins), [0, 180, 0, 256, 0, 256]
    )
    return np.asarray(counts, dtype=np.float64).ravel()
