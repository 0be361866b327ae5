"""Describe the colours of images: ColorHistogram and ColorMoments."""

from __future__ import annotations

from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrec_course.features.stateless import StatelessTransformer
from mmrec_course.preprocessing.image import convert_color

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
QUARTERS = ("top left", "top right", "bottom left", "bottom right")


class ColorHistogram(StatelessTransformer):
    """Histogram of an image's colours in hue, saturation and value: ``bins`` are their numbers.

        x_b = √(n_b / Σ_b' n_b'),   n_b the number of pixels in bin b.

    Rows have length 1, and ‖x − x'‖ is √2 times the Hellinger distance of two colour distributions:
    a large plain background does not dominate. Grey has no hue; OpenCV counts it as red. With
    ``layout=2`` each quarter of the image has its own histogram.

    Swain and Ballard (1991), IJCV 7; Arandjelović and Zisserman (2012), CVPR, for the square root.

    Notebook: 03_image_features
    """

    def __init__(self, *, bins: tuple[int, int, int] = (8, 3, 3), layout: int = 1) -> None:
        self.bins = bins
        self.layout = layout

    def _names(self) -> list[str]:
        if self.layout not in (1, 2):
            raise ValueError(f"layout: {self.layout} is neither 1 nor 2")
        counts = [range(n) for n in self.bins]
        names = [f"hue{h}_saturation{s}_value{v}" for h, s, v in product(*counts)]
        if self.layout == 1:
            return names
        return [f"{quarter} {name}" for quarter in QUARTERS for name in names]

    def _describe(self, item: Image, index: int) -> Floats:
        hsv = convert_color(check_picture(item, index), "hsv")
        halves = np.array_split(hsv, self.layout, axis=0)
        parts = [part for half in halves for part in np.array_split(half, self.layout, axis=1)]
        ranges = [0, 180, 0, 256, 0, 256]  # OpenCV's hue goes from 0 to 179
        counts = [
            cv2.calcHist([np.ascontiguousarray(p)], [0, 1, 2], None, list(self.bins), ranges)
            for p in parts
        ]
        counted = np.array(counts, dtype=np.float64).ravel()
        return np.asarray(np.sqrt(counted / counted.sum()))


class ColorMoments(StatelessTransformer):
    """Mean, standard deviation and skewness of an image's three channels in the Lab colour space.

        E = 1/N Σ_p v_p,   σ = √(1/N Σ_p (v_p − E)²),   s = ∛(1/N Σ_p (v_p − E)³),

    over the N pixels of a channel, whose range is scaled to 1: E is in [0, 1], σ in [0, 0.5], s in
    (−0.46, 0.46). In Lab, distances are close to what the eye sees.

    Stricker and Orengo (1995), Similarity of color images, SPIE 2420.

    Notebook: 03_image_features
    """

    def _names(self) -> list[str]:
        pairs = product(("lightness", "green_red", "blue_yellow"), ("mean", "sd", "skewness"))
        return [f"{channel}_{moment}" for channel, moment in pairs]

    def _describe(self, item: Image, index: int) -> Floats:
        pixels = convert_color(check_picture(item, index), "lab")
        return np.concatenate([_moments(pixels[:, :, channel]) for channel in range(3)])


def check_picture(image: Any, index: int) -> Image:
    """Return the array; ValueError names its position if it is not (h, w, 3) uint8."""
    pixels: NDArray[Any] = np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        found = f"X: picture {index} has shape {pixels.shape} and dtype {pixels.dtype}"
        raise ValueError(f"{found}, expected (h, w, 3) uint8")
    return pixels


def _moments(channel: Image) -> Floats:
    # From the counts of the 256 values: exact, and no large array of floats.
    share = np.bincount(channel.ravel(), minlength=256) / channel.size  # (256,)
    values = np.arange(256) / 255
    mean = share @ values
    apart = values - mean
    return np.array([mean, np.sqrt(share @ apart**2), np.cbrt(share @ apart**3)])
