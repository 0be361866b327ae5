"""Describe the colours of images: ColorHistogram and ColorMoments."""

from __future__ import annotations

from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrec_course.features.stateless import StatelessTransformer
from mmrec_course.preprocessing.image import convert_color

__all__ = ["ColorHistogram", "ColorMoments"]

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
CHANNELS = {
    "lab": ("lightness", "green_red", "blue_yellow"),
    "hsv": ("hue", "saturation", "value"),
    "rgb": ("red", "green", "blue"),
}
QUARTERS = ("top left", "top right", "bottom left", "bottom right")


class ColorHistogram(StatelessTransformer):
    """Histogram of an image's colours in hue, saturation and value.

        x_b = √(n_b / Σ_b' n_b'),   n_b the number of pixels in bin b.

    Rows have length 1. With the square root, ‖x − x'‖ is √2 times the Hellinger distance of two
    colour distributions and x·x' is their Bhattacharyya coefficient, so that a large plain
    background does not dominate. Grey has no hue; OpenCV counts it as red of lowest saturation.

    ``bins`` are numbers of bins for hue, saturation and value. With ``layout=2`` each quarter of
    the image has its own histogram, which gives four times the columns.

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

    def _check(self) -> None:
        if len(self.bins) != 3 or min(self.bins) < 1 or self.bins[0] > 180 or max(self.bins) > 256:
            raise ValueError(f"bins: {self.bins} is not three numbers within (180, 256, 256)")
        if self.layout not in (1, 2):
            raise ValueError(f"layout: {self.layout} is neither 1 nor 2")

    def _names(self) -> list[str]:
        counts = [range(n) for n in self.bins]
        names = [f"hue{h}_saturation{s}_value{v}" for h, s, v in product(*counts)]
        if self.layout == 1:
            return names
        return [f"{quarter} {name}" for quarter in QUARTERS for name in names]

    def _describe(self, item: Image, index: int) -> Floats:
        image = check_picture(item, index)
        if min(image.shape[:2]) < self.layout:
            raise ValueError(f"X: picture {index} has shape {image.shape}, too small to quarter")
        hsv = convert_color(image, "hsv")
        counts = np.concatenate(
            [
                self._count(part)
                for half in np.array_split(hsv, self.layout, axis=0)
                for part in np.array_split(half, self.layout, axis=1)
            ]
        )
        return np.asarray(np.sqrt(counts / counts.sum()))

    def _count(self, hsv: NDArray[Any]) -> Floats:
        """Count the pixels in each bin; OpenCV's hue goes from 0 to 179."""
        ranges = [0, 180, 0, 256, 0, 256]
        pixels = [np.ascontiguousarray(hsv)]
        counts = cv2.calcHist(pixels, [0, 1, 2], None, list(self.bins), ranges)
        return np.asarray(counts, dtype=np.float64).ravel()


class ColorMoments(StatelessTransformer):
    """An image's colours in nine numbers: mean, standard deviation and skewness of each channel.

        E = 1/N Σ_p v_p,   σ = √(1/N Σ_p (v_p − E)²),   s = ∛(1/N Σ_p (v_p − E)³),

    over the N pixels of a channel, whose range is scaled to 1: E is in [0, 1], σ in [0, 0.5], s in
    (−0.46, 0.46). s is negative where a few pixels are far below the mean.

    ``space`` is "lab" (distances are close to what the eye sees), "hsv" or "rgb". In "hsv" the
    mean hue misleads for reds, which lie at both ends of the range: their mean is cyan.

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

    def _check(self) -> None:
        if self.space not in CHANNELS:
            raise ValueError(f"space: {self.space!r} is not one of {', '.join(CHANNELS)}")

    def _names(self) -> list[str]:
        pairs = product(CHANNELS[self.space], ("mean", "sd", "skewness"))
        return [f"{channel}_{moment}" for channel, moment in pairs]

    def _describe(self, item: Image, index: int) -> Floats:
        pixels = convert_color(check_picture(item, index), self.space)
        tops = (180, 255, 255) if self.space == "hsv" else (255, 255, 255)
        return np.concatenate([_moments(pixels[:, :, c], top) for c, top in enumerate(tops)])


def check_picture(image: Any, index: int) -> Image:
    """Return the array; ValueError names its position if it is not (h, w, 3) uint8."""
    pixels: NDArray[Any] = np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(
            f"X: picture {index} has shape {pixels.shape} and dtype {pixels.dtype}, expected"
            " (h, w, 3) uint8"
        )
    return pixels


def _moments(channel: Image, top: int) -> Floats:
    # From the counts of the 256 values: exact, and no large array of floats.
    share = np.bincount(channel.ravel(), minlength=256) / channel.size  # (256,)
    values = np.arange(256) / top
    mean = share @ values
    apart = values - mean
    return np.array([mean, np.sqrt(share @ apart**2), np.cbrt(share @ apart**3)])
