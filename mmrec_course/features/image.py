"""Colours of pictures → numbers. Shapes are in image_shape.py, details in visual_words.py.

In: arrays of pixels. Out: one row a picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from mmrec_course.preprocessing.image import convert_color

__all__ = ["ColorHistogram", "ColorMoments"]

Floats = NDArray[np.float64]
CHANNELS = {
    "lab": ("lightness", "green_red", "blue_yellow"),
    "hsv": ("hue", "saturation", "value"),
    "rgb": ("red", "green", "blue"),
}
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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags

    def _describe(self, image: NDArray[np.uint8], place: int) -> Floats:
        image = check_picture(image, place)
        if min(image.shape[:2]) < self.layout:
            raise ValueError(f"X: picture {place} has shape {image.shape}, too small to quarter")
        hsv = convert_color(image, "hsv")
        counts = np.concatenate([_histogram(cell, self.bins) for cell in _cells(hsv, self.layout)])
        return np.asarray(np.sqrt(counts / counts.sum()))


class ColorMoments(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A picture's colours in nine numbers: mean, spread and skewness of each channel.

        E = 1/N Σ_p v_p,   σ = √(1/N Σ_p (v_p − E)²),   s = ∛(1/N Σ_p (v_p − E)³),

    over the N pixels, channel by channel. All three are in the channel's own unit, scaled so that
    its whole range is 1. s is negative where a few pixels are far below the mean.

    Parameters
    ----------
    space
        "lab" (lightness, green–red, blue–yellow: distances are near to what the eye sees), "hsv"
        or "rgb". In "hsv" the mean of hue misleads for reds, which lie at both of its ends: their
        mean is cyan.

    Notes
    -----
    Stricker and Orengo (1995), Similarity of color images, SPIE 2420.

    Notebook: 03_image_features

    Examples
    --------
    >>> half = np.zeros((2, 2, 3), np.uint8); half[0] = 255
    >>> ColorMoments(space="rgb").fit_transform([half])[0, :3].tolist()
    [0.5, 0.5, 0.0]
    """

    def __init__(self, *, space: str = "lab") -> None:
        self.space = space

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Nothing is learned; the parameter is checked.

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
            If space is unknown.
        """
        if self.space not in CHANNELS:
            raise ValueError(f"space: {self.space!r} is not one of {', '.join(CHANNELS)}")
        return self

    def transform(self, X: Iterable[NDArray[np.uint8]]) -> Floats:
        """Moments of pictures.

        Parameters
        ----------
        X
            Arrays (h, w, 3) uint8 RGB, each of its own size.

        Returns
        -------
        (n, 9) float64: means in [0, 1], deviations in [0, 0.5], skewness in (−0.46, 0.46).

        Raises
        ------
        ValueError
            If something is not such an array.
        """
        self.fit()
        rows = [self._describe(image, place) for place, image in enumerate(X)]
        return np.array(rows).reshape(len(rows), 9)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """``lightness_mean``, ``lightness_sd``, ``lightness_skewness``, and so on."""
        self.fit()
        pairs = product(CHANNELS[self.space], ("mean", "sd", "skewness"))
        return np.array([f"{channel}_{moment}" for channel, moment in pairs], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags

    def _describe(self, image: NDArray[np.uint8], place: int) -> Floats:
        pixels = convert_color(check_picture(image, place), self.space)
        top = (180, 255, 255) if self.space == "hsv" else (255, 255, 255)
        return np.concatenate([_moments(pixels[:, :, c], top[c]) for c in range(3)])


def check_picture(image: Any, place: int) -> NDArray[np.uint8]:
    """The array, if it is a picture; else an error that says which one is not."""
    pixels: NDArray[Any] = np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(
            f"X: picture {place} has shape {pixels.shape} and dtype {pixels.dtype}, expected"
            " (h, w, 3) uint8"
        )
    return pixels


def _moments(channel: NDArray[np.uint8], top: int) -> Floats:
    # From the counts of the 256 values: exact, and no large array of floats.
    share = np.bincount(channel.ravel(), minlength=256) / channel.size
    values = np.arange(256) / top
    mean = share @ values
    apart = values - mean
    return np.array([mean, np.sqrt(share @ apart**2), np.cbrt(share @ apart**3)])


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
