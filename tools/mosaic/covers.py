"""Covers of the made-up catalogue: a track's facts, its title and its artist become a picture.

In: one row of the facts table of ``world``, two strings, an item id. Out: a cover of 160 × 160
pixels, red green blue. The facts set the palette (hue, lightness, vividness), the family of the
motif and its density (ornament); the artist sets typeface and habits of layout, so that covers
of one artist are relatives; the item id sets everything else. What is shown differs a little
from the facts, as a designer's reading of a record would.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from math import erf, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mosaic.cover_drawing import Pen
from mosaic.cover_layouts import FULL, LAYOUTS, Sleeve
from mosaic.cover_motifs import KINDS
from mosaic.cover_palette import make_palette
from mosaic.cover_type import FACES, Line, load_fonts

__all__ = ["draw_cover", "finish", "stable_seed", "write_cover"]

SIZE = 160
# Spread of the designer's reading: radians for the hue, standard deviations for the others.
HUE_NOISE, LOOK_NOISE = 0.28, 0.3
# Genres lean towards some faces and layouts, lightly: these count three times.
LEANINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ambient": (("airy", "grotesque", "garamond"), ("quiet", "framed", "bleed")),
    "bossa nova": (("seventies", "rounded", "script"), ("deck", "half", "swiss")),
    "chamber": (("didone", "garamond", "airy"), ("cartouche", "framed", "arch")),
    "dub": (("slab", "kaffee", "condensed"), ("disc label", "emblem", "band")),
    "folk": (("worn", "brush", "typewriter"), ("arch", "framed", "bleed")),
    "house": (("geometric", "mono", "grotesque"), ("disc label", "side", "sticker")),
    "jazz": (("condensed", "slab", "didone"), ("marquee", "deck", "half")),
    "rock": (("condensed", "kaffee", "worn"), ("huge", "bleed", "slant")),
    "soul": (("script", "seventies", "brush"), ("marquee", "slant", "four")),
    "synth-pop": (("geometric", "rounded", "mono"), ("side", "four", "band")),
}


def stable_seed(*parts: object) -> int:
    """A seed that depends on the parts' text alone, in every process: CRC-32 of their join.

    >>> stable_seed("cover", "t115")
    477214017
    """
    return zlib.crc32("\x1f".join(str(p) for p in parts).encode())


def _weighted(
    rng: np.random.Generator, names: Sequence[str], liked: Sequence[str], n: int
) -> list[str]:
    weights = np.array([3.0 if name in liked else 1.0 for name in names])
    return list(rng.choice(names, n, replace=False, p=weights / weights.sum()))


def draw_cover(
    facts: Mapping[str, Any],
    *,
    title: str,
    artist: str,
    item_id: str,
    fonts: Mapping[str, tuple[Any, Any]] | None = None,
) -> npt.NDArray[np.uint8]:
    """Draw one cover.

    Parameters
    ----------
    facts
        A row of ``draw_tracks``: hue_cos, hue_sin, lightness, vividness, ornament (float),
        motif (one of ``MOTIFS``), artist_id, genre. A Series or a dict.
    title, artist
        What is set on the cover; shrunk or broken into lines, never cut.
    item_id
        Seeds what the facts and the artist leave open.
    fonts
        From ``load_fonts``; opened here where None.

    Returns
    -------
    (160, 160, 3) uint8, red green blue; the same for the same arguments in every process.

    Raises
    ------
    FileNotFoundError
        If a font is missing; the message names the Debian package.
    ValueError
        If the motif is unknown, or a text is blank or has a letter that the typeface lacks.
    """
    if facts["motif"] not in KINDS:
        raise ValueError(f"motif: {facts['motif']!r} is not one of {', '.join(KINDS)}")
    fonts = load_fonts() if fonts is None else fonts
    habit = np.random.default_rng(stable_seed("artist", facts["artist_id"]))
    rng = np.random.default_rng(stable_seed("cover", item_id))
    liked_faces, liked_layouts = LEANINGS.get(str(facts["genre"]), ((), ()))
    name = _weighted(habit, list(FACES), liked_faces, 1)[0]
    habits = _weighted(habit, list(LAYOUTS), liked_layouts, 3)
    capitals = habit.random() < 0.4
    layout = habits[int(rng.integers(3))]
    if rng.random() < 0.3:
        layout = str(rng.choice(list(LAYOUTS)))

    hue = np.arctan2(facts["hue_sin"], facts["hue_cos"]) + HUE_NOISE * rng.standard_normal()
    shown = [
        float(facts[f]) + LOOK_NOISE * rng.standard_normal()
        for f in ("lightness", "vividness", "ornament")
    ]
    density = 0.5 * (1 + erf(shown[2] / sqrt(2)))
    face = FACES[name]
    if face.case == "upper" or (capitals and face.case == "any"):
        title = title.upper()
    if capitals or face.case == "upper":
        artist = artist.upper()
    screens, odds = (
        ["none", "dots", "lines"],
        np.array([1.5 - density, 0.5 * density, 0.35 * density]),
    )
    sleeve = Sleeve(
        pen=Pen(np.zeros((FULL, FULL, 4), np.uint8)),
        inks=make_palette(float(hue), shown[0], shown[1], rng=rng),
        face=face,
        display=Line(fonts[name][0], face.tracking),
        text=Line(fonts[name][1], 0.08 if capitals else 0.0),
        poster=fonts["grotesque" if face.smallest > 10 or name == "airy" else name][0],
        title=" ".join(title.split()),
        artist=" ".join(artist.split()),
        motif=str(facts["motif"]),
        kind=int(rng.integers(60)),
        density=density,
        screen=str(rng.choice(screens, p=odds / odds.sum())),
        mark=stable_seed("label", facts["genre"], int(facts["artist_id"]) % 3),
        rng=rng,
    )
    LAYOUTS[layout](sleeve)
    return finish(sleeve.pen.pixels[..., :3], sleeve.inks.level, density=density, rng=rng)


def finish(
    pixels: npt.NDArray[np.uint8], level: float, *, density: float, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Grade, print, age and shrink a drawing: misregistration, paper, grain, wear.

    Parameters
    ----------
    pixels
        (640, 640, 3) uint8.
    level
        OKLCH lightness in 0–1 that the whole is graded towards, so that a busy figure does not
        turn a dark record light.
    density
        In 0–1; more means coarser grain.
    rng
        What happens to this copy.

    Returns
    -------
    (160, 160, 3) uint8, each pixel the mean of 4 × 4.
    """
    drawn = pixels.astype(np.float32) / 255
    if rng.random() < 0.16:
        plate, slip = int(rng.integers(3)), rng.integers(-3, 4, 2)
        drawn[..., plate] = np.roll(drawn[..., plate], tuple(slip), (0, 1))
    small = drawn.reshape(SIZE, FULL // SIZE, SIZE, FULL // SIZE, 3).mean(axis=(1, 3))
    grey = float((small @ np.array([0.3, 0.59, 0.11], np.float32)).mean())
    wanted = 1.055 * level**1.25 - 0.055
    small **= np.clip(np.log(wanted) / np.log(np.clip(grey, 0.03, 0.97)), 0.6, 1.6) ** 0.6
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / (SIZE - 1) * 2 - 1
    if rng.random() < 0.3:
        cloud = rng.standard_normal((9, 9)).astype(np.float32)
        at = np.linspace(0, 8, SIZE)
        rows = np.stack([np.interp(at, np.arange(9), column) for column in cloud.T], axis=1)
        cloud = np.stack([np.interp(at, np.arange(9), row) for row in rows]).astype(np.float32)
        small += 0.012 * cloud[..., None]
    if rng.random() < 0.3:
        small *= (1 - 0.13 * np.clip(x**2 + y**2 - 0.5, 0, 2) / 1.5)[..., None]
    if rng.random() < 0.07:
        # The record inside wears a pale circle into its sleeve.
        radius = np.hypot(x - rng.uniform(-0.03, 0.03), y - rng.uniform(-0.03, 0.03))
        worn = np.exp(-(((radius - 0.9) / 0.016) ** 2)) * rng.uniform(0.4, 1.0, x.shape)
        small += (0.16 * worn * (1 - small.mean(axis=2)))[..., None]
    grain = (0.004 + 0.016 * density * rng.random()) * rng.standard_normal((SIZE, SIZE, 1))
    small = small + grain
    return np.asarray(np.clip(np.rint(small * 255), 0, 255), dtype=np.uint8)


def write_cover(path: str | Path, pixels: npt.NDArray[np.uint8]) -> None:
    """Save a cover as JPEG, quality 88, without subsampling of colour.

    Parameters
    ----------
    path
        File to write; its folder must exist.
    pixels
        (height, width, 3) uint8, red green blue.
    """
    from PIL import Image

    Image.fromarray(pixels).save(path, "JPEG", quality=88, subsampling=0, optimize=True)
