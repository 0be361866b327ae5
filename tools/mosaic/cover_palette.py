"""Colours of a cover from three facts: main hue, lightness, vividness.

In: an angle and two numbers with mean 0 and standard deviation 1. Out: a palette whose ground
and ramps keep the main hue, with two further colours that relate to it. Colours are mixed in
OKLCH (Ottosson, 2020), where equal steps look equal, and clipped to sRGB by giving up chroma,
never hue or lightness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, erf, sin, sqrt

import numpy as np

from mosaic.cover_drawing import Colour

__all__ = ["Palette", "best_ink", "contrast", "luminance", "make_palette", "oklch", "widest"]


def oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """Convert OKLCH to sRGB, with as much of the chroma as sRGB can show.

    Parameters
    ----------
    lightness
        0 (black) to 1 (white).
    chroma
        0 (grey) to about 0.3.
    hue
        Radians.

    Returns
    -------
    (red, green, blue), each in 0–1.

    Source: B. Ottosson, A perceptual color space for image processing (2020).
    """
    return _encode(_linear(lightness, min(max(chroma, 0.0), widest(lightness, hue)), hue))


def widest(lightness: float, hue: float) -> float:
    """The largest chroma, up to 0.4, that sRGB shows at a lightness and a hue in radians."""
    low, high = 0.0, 0.4
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if _inside(_linear(lightness, middle, hue)) else (low, middle)
    return low


def _linear(lightness: float, chroma: float, hue: float) -> Colour:
    a, b = chroma * cos(hue), chroma * sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _inside(rgb: Colour) -> bool:
    return all(-1e-4 <= c <= 1 + 1e-4 for c in rgb)


def _encode(rgb: Colour) -> Colour:
    def gamma(c: float) -> float:
        c = min(max(c, 0.0), 1.0)
        return 12.92 * c if c <= 0.0031308 else float(1.055 * c ** (1 / 2.4) - 0.055)

    return gamma(rgb[0]), gamma(rgb[1]), gamma(rgb[2])


def luminance(colour: Colour) -> float:
    """Relative luminance in 0–1, as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio of two colours, 1 (none) to 21 (black on white), as WCAG 2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def best_ink(inks: Sequence[Colour], behind: Sequence[Colour]) -> tuple[Colour, float]:
    """The ink whose lowest contrast with anything behind it is highest, and that contrast."""
    worst = [min(contrast(ink, b) for b in behind) for ink in inks]
    best = int(np.argmax(worst))
    return inks[best], worst[best]


def _share(x: float) -> float:
    """Where a number with mean 0 and standard deviation 1 lies among its like: 0–1."""
    return 0.5 * (1 + erf(x / sqrt(2)))


@dataclass(frozen=True)
class Palette:
    """A cover's colours: a ground, two ramps of its hue, and two colours that relate to it.

    Attributes: ``hue`` the main hue in radians; ``level`` the ground's lightness in OKLCH;
    ``purity`` the share of the chroma that sRGB has at a lightness (of 0.21 at most);
    ``drift`` how far in radians the ramp's far end turns; ``accent_hue`` and ``second_hue`` the
    hues of the others in radians; ``accent_chroma`` the chroma of the accent.
    """

    hue: float
    level: float
    purity: float
    drift: float
    accent_hue: float
    second_hue: float
    accent_chroma: float

    def at(self, level: float, turn: float = 0.0, purity: float | None = None) -> Colour:
        """A colour of the main hue, turned by some radians, at a lightness."""
        hue = self.hue + turn
        share = self.purity if purity is None else purity
        return oklch(level, share * min(widest(level, hue), 0.21), hue)

    @property
    def up(self) -> bool:
        """Whether figures are lighter than the ground."""
        return self.level < 0.56

    @property
    def ground(self) -> Colour:
        """The colour that covers most of the sleeve."""
        return self.at(self.level)

    def figure(self, k: float) -> Colour:
        """From the ground (0) to the strongest contrast in the main hue (1)."""
        room = min(0.44, 0.95 - self.level) if self.up else -min(0.46, self.level - 0.17)
        return self.at(self.level + k * room, self.drift * k)

    def shade(self, k: float) -> Colour:
        """From the ground (0) the other way."""
        room = -min(0.2, self.level - 0.12) if self.up else min(0.2, 0.975 - self.level)
        return self.at(self.level + k * room, -0.5 * self.drift * k)

    @property
    def accent(self) -> Colour:
        """A small, strong colour: across the circle, beside the main hue, or nearly none."""
        if self.accent_chroma < 0.04:
            return oklch(0.95 if self.level < 0.82 else 0.24, self.accent_chroma, self.accent_hue)
        # Yellows are only yellow when light, blues only strong when dark.
        ripe = 0.7 + 0.16 * cos(self.accent_hue - 1.9)
        level = 0.5 * ripe + 0.5 * (self.level + (0.36 if self.up else -0.22))
        if abs(level - self.level) < 0.16:
            level = self.level + (0.18 if self.up else -0.18)
        return oklch(float(np.clip(level, 0.42, 0.9)), self.accent_chroma, self.accent_hue)

    @property
    def second(self) -> Colour:
        """A neighbour of the main hue."""
        level = self.level + (0.2 if self.up else -0.26)
        return self.at(level, self.second_hue - self.hue, max(self.purity, 0.3))

    @property
    def paper(self) -> Colour:
        """Nearly white, with a breath of the main hue."""
        return oklch(0.965, 0.018, self.hue)

    @property
    def ink(self) -> Colour:
        """Nearly black, with a breath of the main hue."""
        return oklch(0.19, 0.03, self.hue)


def make_palette(
    hue: float, lightness: float, vividness: float, *, rng: int | np.random.Generator = 0
) -> Palette:
    """Mix a palette whose main hue, lightness and saturation follow the facts.

    The ground's lightness is 0.24 + 0.68 Φ(lightness), its purity 0.07 + 0.9 Φ(vividness);
    Φ is the standard normal distribution function.

    Parameters
    ----------
    hue
        Radians.
    lightness, vividness
        In standard deviations from the mean.
    rng
        Seed or generator: which relation the other two colours have.

    Returns
    -------
    Palette
    """
    rng = np.random.default_rng(rng)
    level = 0.24 + 0.68 * _share(lightness)
    purity = 0.07 + 0.9 * _share(vividness)
    side = float(rng.choice([-1.0, 1.0]))
    relation = rng.choice(["across", "beside", "neutral"], p=[0.38, 0.34, 0.28])
    turn = {"across": np.pi, "beside": 0.75, "neutral": 0.0}[str(relation)] * side
    accent_chroma = 0.02 if relation == "neutral" else 0.07 + 0.14 * purity
    return Palette(
        hue=float(hue),
        level=level,
        purity=purity,
        drift=0.28 * side,
        accent_hue=float(hue + turn + rng.normal(0, 0.15)),
        second_hue=float(hue - side * rng.uniform(0.35, 0.6)),
        accent_chroma=accent_chroma,
    )
