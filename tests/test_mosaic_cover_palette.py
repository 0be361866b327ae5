"""Colours of covers: they follow the facts, and words stay legible on them."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mosaic.cover_palette import (
    best_ink,
    contrast,
    luminance,
    make_palette,
    oklch,
)


def test_oklch_gives_white_black_and_a_grey_without_chroma() -> None:
    assert oklch(1, 0, 0) == pytest.approx((1, 1, 1), abs=1e-3)
    assert oklch(0, 0, 0) == pytest.approx((0, 0, 0), abs=1e-3)
    red, green, blue = oklch(0.6, 0, 2.0)
    assert red == pytest.approx(green, abs=1e-3) and green == pytest.approx(blue, abs=1e-3)


def test_oklch_knows_the_red_of_srgb() -> None:
    # Ottosson's values for (1, 0, 0): lightness 0.628, chroma 0.258, hue 29.2 degrees.
    assert oklch(0.628, 0.2576, np.deg2rad(29.23)) == pytest.approx((1, 0, 0), abs=0.02)


@given(st.floats(0.1, 0.95), st.floats(0, 6.28))
def test_oklch_keeps_hue_and_lightness_where_chroma_must_give_way(level: float, hue: float) -> None:
    full, half = oklch(level, 0.4, hue), oklch(level, 0.02, hue)
    assert all(0 <= c <= 1 for c in full)
    # Luminance is not lightness, but strong and faint colours of one lightness stay near.
    assert abs(luminance(full) ** (1 / 3) - luminance(half) ** (1 / 3)) < 0.17


def test_contrast_is_21_for_black_on_white_and_best_ink_takes_the_worst_case() -> None:
    black, white, grey = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 0.5, 0.5)
    assert contrast(black, white) == pytest.approx(21)
    assert contrast(grey, grey) == pytest.approx(1)
    assert best_ink([black, white], [grey, white])[0] == black
    assert best_ink([black, white], [black, grey])[0] == white


def test_ground_grows_lighter_with_lightness() -> None:
    for hue in np.linspace(0, 6, 7):
        grounds = [luminance(make_palette(hue, x, 0.0).ground) for x in np.linspace(-2.5, 2.5, 11)]
        assert np.all(np.diff(grounds) > 0)


def test_ground_grows_more_colourful_with_vividness() -> None:
    for hue in np.linspace(0, 6, 7):
        ground = [make_palette(hue, 0.0, x).ground for x in np.linspace(-2.5, 2.5, 11)]
        spread_of_channels = [max(c) - min(c) for c in ground]
        assert np.all(np.diff(spread_of_channels) > -1e-6)
        assert spread_of_channels[-1] > 3 * spread_of_channels[0]


def test_hue_goes_once_around_the_circle() -> None:
    angles = np.linspace(0, 2 * np.pi, 37)
    hsv = [colorsys.rgb_to_hsv(*make_palette(a, 0.0, 0.5).ground)[0] for a in angles]
    turned = np.unwrap(2 * np.pi * np.array(hsv))
    assert np.all(np.diff(turned) > 0)
    assert turned[-1] - turned[0] == pytest.approx(2 * np.pi, abs=1e-6)


def test_the_main_hue_carries_ground_and_ramps() -> None:
    palette = make_palette(1.0, -0.5, 1.0, rng=4)
    hues = [colorsys.rgb_to_hsv(*palette.figure(k))[0] for k in (0.0, 0.5, 0.9)]
    assert max(hues) - min(hues) < 0.09


@given(st.floats(0, 6.28), st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 50))
def test_ink_or_paper_is_legible_on_every_ground(
    hue: float, lightness: float, vividness: float, seed: int
) -> None:
    palette = make_palette(hue, lightness, vividness, rng=seed)
    for behind in (palette.ground, palette.shade(0.8), palette.shade(1.0)):
        assert best_ink([palette.paper, palette.ink], [behind])[1] > 3.8
    assert contrast(palette.figure(0.95), palette.ground) > 1.9
