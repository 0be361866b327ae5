"""Eighteen ways to lay out a sleeve: where the picture goes, and how title and artist are set.

In: a ``Sleeve`` (pen, palette, typeface, words, motif). Out: marks on a square of 640 pixels,
four times the cover's size. Words shrink or break into lines, and are set in the ink that
contrasts best with what lies behind them; where nothing contrasts, a panel goes under them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mosaic.cover_drawing import Colour, Pen
from mosaic.cover_motifs import draw_motif
from mosaic.cover_palette import Palette, best_ink, contrast
from mosaic.cover_type import Face, Line, fit_text

__all__ = ["Sleeve"]

FULL = 640
Box = tuple[float, float, float, float]


@dataclass
class Sleeve:
    """Everything a layout needs, and the two acts it has: a picture, some words."""

    pen: Pen
    inks: Palette
    face: Face
    display: Line
    text: Line
    poster: Any
    title: str
    artist: str
    motif: str
    kind: int
    density: float
    screen: str
    mark: int
    rng: np.random.Generator

    def back(self, colour: Colour) -> None:
        """Fill the sleeve."""
        self.pen.box(0, 0, FULL, FULL, colour)

    def picture(
        self, x: float, y: float, w: float, h: float, shape: str = "box",
        inks: Palette | None = None,
    ) -> None:  # fmt: skip
        """Draw the motif into a window, then its printing screen."""
        inks = inks or self.inks
        with self.pen.window(x, y, w, h, shape):
            self.pen.box(0, 0, w, h, inks.ground)
            draw_motif(self.pen, w, h, inks, self.motif, self.kind, self.density, self.rng)
        if shape == "box":
            self._print(int(x), int(y), int(w), int(h))

    def _print(self, x: int, y: int, w: int, h: int) -> None:
        """A halftone or an engraver's lines, deeper where the picture is darker."""
        if self.screen == "none":
            return
        part = self.pen.pixels[y : y + h, x : x + w, :3]
        row, column = np.mgrid[y : y + h, x : x + w].astype(np.float32)
        pitch = np.float32(2 * np.pi / 17)
        if self.screen == "dots":
            wave = np.sin((row + column) * pitch * 0.71) * np.sin((row - column) * pitch * 0.71)
        else:
            wave = np.sin((row + 0.35 * column) * pitch)
        light = part.astype(np.float32)
        grey = light.mean(axis=2) / 255
        depth = (0.16 + 0.2 * self.density) * np.clip((wave - (grey * 2.2 - 1.1)) * 3, 0, 1)
        part[:] = (light * (1 - depth[..., None]) + 0.5).astype(np.uint8)

    def words(
        self, text: str, x: float, y: float, w: float, h: float, *, big: bool = True,
        align: float = 0.0, valign: float = 0.0, largest: float = 150.0, lines: int = 4,
        on: Colour | None = None, colour: Colour | None = None,
    ) -> Box:  # fmt: skip
        """Set a text in a box, as large as fits; returns the box that its ink needs.

        ``on`` is the colour behind; where it is None the pixels themselves are looked at.
        """
        cut = self.display if big else self.text
        lowest = 4 * (self.face.smallest if big else 8.5)
        capitals = text == text.upper()
        if not big and self.face.smallest > 11:
            largest *= 1.15
        rise, fall = cut.extent(text)
        step = cut.cap + (0.24 if capitals else 0.38)
        # fit_text counts a line as one size high; the ink of one line is rise + fall.
        ink = rise + fall
        rows, size = fit_text(
            text, w, h / ink, cut.measure,
            largest=largest, smallest=lowest, leading=step / ink, max_lines=lines,
        )  # fmt: skip
        tall = size * (ink + step * (len(rows) - 1))
        wide = size * max(cut.measure(row) for row in rows)
        left, top = x + align * (w - wide), y + valign * (h - tall)
        chosen = colour or self._ink(left, top, wide, tall, on)
        for k, row in enumerate(rows):
            start = x + align * (w - size * cut.measure(row))
            base = top + size * (rise + step * k)
            cut.draw(self.pen, row, start, base, size, self.pen.paint(chosen))
        return left, top, wide, tall

    def _ink(self, x: float, y: float, w: float, h: float, on: Colour | None) -> Colour:
        inks = [self.inks.paper, self.inks.ink]
        if on is not None:
            warm = self.inks.accent
            thin = self.face.smallest > 10
            if not thin and contrast(warm, on) > 6 and self.rng.random() < 0.5:
                return warm
            return best_ink(inks, [on])[0]
        rows = slice(max(int(y), 0), int(y + h) + 1)
        seen = self.pen.pixels[rows, max(int(x), 0) : int(x + w) + 1, :3].reshape(-1, 3) / 255
        order = np.argsort(seen @ [0.2126, 0.7152, 0.0722])
        ends = [seen[order[int(q * (len(order) - 1))]] for q in (0.06, 0.94)]
        chosen, least = best_ink(inks, [(float(r), float(g), float(b)) for r, g, b in ends])
        if least < 4:
            panel = self.inks.shade(1.0)
            self.pen.box(x - 16, y - 16, w + 32, h + 32, panel)
            chosen = best_ink(inks, [panel])[0]
        return chosen

    def stamp(self, x: float, y: float, colour: Colour) -> None:
        """The record label's mark, 32 pixels wide, its centre at (x, y)."""
        pen, kind = self.pen, self.mark % 6
        if kind == 0:
            pen.disc(x, y, 13, colour, width=6)
            pen.disc(x, y, 4, colour)
        elif kind == 1:
            pen.box(x - 16, y - 16, 32, 32, colour)
            pen.disc(x, y, 9, self.inks.accent)
        elif kind == 2:
            pen.shape(np.array([[x - 16, y + 14], [x, y - 14], [x + 16, y + 14]]), colour)
        elif kind == 3:
            pen.wedge(x, y + 8, 17, 180, 180, colour)
            pen.box(x - 17, y + 11, 34, 5, colour)
        elif kind == 4:
            for k in range(3):
                pen.box(x - 15 + 11 * k, y - 15 + 7 * k, 7, 30 - 7 * k, colour)
        else:
            pen.disc(x - 7, y, 10, colour)
            pen.disc(x + 9, y, 9, colour, width=4)

    def moved(self, by: float) -> Palette:
        """The palette with its ground a step lighter or darker, whichever has room."""
        up = self.inks.level < 0.58
        return replace(self.inks, level=self.inks.level + (by if up else -by))


def _bleed(s: Sleeve) -> None:
    s.picture(0, 0, FULL, FULL)
    base = s.inks.shade(0.8)
    at_top = s.rng.random() < 0.35
    align = float(s.rng.choice([0.0, 0.0, 0.5]))
    s.pen.fade(
        0, 0 if at_top else 220, FULL, 420, [base] * 4,
        (1.0, 0.95, 0.8, 0.0) if at_top else (0.0, 0.8, 0.95, 1.0),
    )  # fmt: skip
    if at_top:
        _, y, _, h = s.words(s.title, 36, 40, 568, 180, align=align, on=base)
        s.words(s.artist, 36, y + h + 18, 568, 50, big=False, align=align, largest=44, on=base)
    else:
        _, y, _, h = s.words(s.title, 36, 400, 568, 200, align=align, valign=1, on=base)
        s.words(
            s.artist, 36, y - 70, 568, 50, big=False, align=align, valign=1, largest=44, on=base
        )


def _framed(s: Sleeve) -> None:
    card = s.inks.shade(1.0)
    s.back(card)
    low = s.rng.random() < 0.6
    y = 48 if low else 190
    s.picture(64, y, 512, 402)
    if s.rng.random() < 0.4:
        s.pen.box(24, 24, 592, 592, s.inks.figure(0.8), width=5)
    align = float(s.rng.choice([0.0, 0.0, 0.5]))
    if align == 0:
        s.stamp(558, 588 if low else 160, best_ink([s.inks.paper, s.inks.ink], [card])[0])
    top = 474 if low else 60
    _, ty, _, th = s.words(
        s.title, 64, top, 512, 76, align=align, largest=66, lines=2, on=card, valign=0.0
    )
    s.words(
        s.artist,
        64,
        ty + th + 15,
        512 if align else 456,
        44,
        big=False,
        align=align,
        largest=38,
        lines=1,
        on=card,
    )


def _side(s: Sleeve) -> None:
    left = s.rng.random() < 0.6
    wide = 176
    strip = s.inks.figure(0.95) if s.rng.random() < 0.3 else s.inks.shade(0.6)
    x = 0 if left else FULL - wide
    s.back(strip)
    s.picture(wide if left else 0, 0, FULL - wide, FULL)
    with s.pen.turned(-90, x, FULL):
        s.words(s.title, 30, 22, 580, 92, largest=100, lines=2, on=strip)
        s.words(s.artist, 30, 122, 580, 38, big=False, largest=38, lines=1, on=strip)


def _deck(s: Sleeve) -> None:
    block = s.inks.figure(0.92) if s.rng.random() < 0.2 else s.inks.shade(0.8)
    s.back(block)
    up = s.rng.random() < 0.7
    s.picture(0, 0 if up else 250, FULL, 390)
    y0 = 390 if up else 0
    _, y, _, h = s.words(s.artist, 32, y0 + 28, 576, 36, big=False, largest=40, lines=1, on=block)
    s.words(s.title, 32, y + h + 20, 576, y0 + 222 - y - h - 20, largest=170, lines=3, on=block)


def _band(s: Sleeve) -> None:
    s.picture(0, 0, FULL, FULL)
    band = s.inks.ink if s.inks.up and s.rng.random() < 0.5 else s.inks.paper
    if s.rng.random() < 0.5:
        band = s.inks.shade(0.9)
    y = float(s.rng.choice([80, 225, 400]))
    s.pen.box(0, y, FULL, 172, band)
    for line in (y + 9, y + 163):
        s.pen.box(0, line - 2, FULL, 4, best_ink([s.inks.paper, s.inks.ink], [band])[0])
    align = float(s.rng.choice([0.0, 0.5, 1.0]))
    s.words(s.title, 36, y + 26, 568, 76, align=align, valign=0.5, largest=84, lines=2, on=band)
    s.words(
        s.artist, 36, y + 114, 568, 36, big=False, align=align, valign=0.5, largest=38, lines=1,
        on=band,
    )  # fmt: skip


def _emblem(s: Sleeve) -> None:
    s.back(s.inks.ground)
    s.picture(130, 128, 380, 380, "oval", s.moved(0.14))
    s.pen.disc(320, 318, 202, s.inks.figure(0.9), width=5)
    s.words(s.title, 36, 26, 568, 72, align=0.5, valign=0.5, largest=78, lines=2, on=s.inks.ground)
    s.words(
        s.artist, 36, 550, 568, 62, big=False, align=0.5, valign=0.5, largest=48, lines=2,
        on=s.inks.ground,
    )  # fmt: skip


def _swiss(s: Sleeve) -> None:
    back = s.inks.shade(0.7)
    s.back(back)
    rule = best_ink([s.inks.paper, s.inks.ink], [back])[0]
    s.pen.box(32, 32, 576, 7, rule)
    s.words(s.title, 32, 58, 576, 172, largest=116, lines=2, on=back, colour=rule)
    s.pen.box(32, 248, 576, 3, rule)
    s.words(s.artist, 32, 266, 576, 38, big=False, largest=40, lines=1, on=back, colour=rule)
    s.picture(200, 330, 408, 278)
    s.stamp(50, 590, rule)


def _huge(s: Sleeve) -> None:
    s.picture(0, 0, FULL, FULL)
    veil = s.inks.ground
    s.pen.box(0, 0, FULL, FULL, veil, alpha=0.55)
    inks = [s.inks.paper, s.inks.ink]
    colour = best_ink(inks, [veil, s.inks.figure(0.3)])[0]
    align = float(s.rng.choice([0.0, 0.5]))
    s.words(s.title, 30, 36, 580, 470, align=align, largest=235, lines=6, colour=colour)
    s.words(s.artist, 30, 546, 580, 62, big=False, align=align, valign=1, largest=52, lines=2)


def _sticker(s: Sleeve) -> None:
    s.picture(0, 0, FULL, FULL)
    right, low = s.rng.random() < 0.5, s.rng.random() < 0.6
    x, y = FULL - 36 - 330 if right else 36, FULL - 36 - 170 if low else 36
    if s.rng.random() < 0.35:
        # Straight on the picture, where it is calm enough.
        side = 1.0 if right else 0.0
        _, ty, _, th = s.words(s.title, x, y, 330, 90, align=side, largest=62, lines=2)
        s.words(s.artist, x, ty + th + 26, 330, 72, big=False, align=side, largest=40, lines=2)
        return
    label = s.inks.paper if s.inks.up else s.inks.ink
    s.pen.box(x, y, 330, 170, label, r=float(s.rng.choice([0, 14])))
    s.words(s.title, x + 24, y + 24, 282, 78, largest=54, lines=2, on=label)
    s.words(s.artist, x + 24, y + 114, 282, 34, big=False, valign=1, largest=36, lines=1, on=label)


def _marquee(s: Sleeve) -> None:
    back = s.inks.figure(0.95) if s.rng.random() < 0.2 else s.inks.shade(0.7)
    s.back(back)
    s.picture(0, 262, FULL, FULL - 262)
    strong = best_ink([s.inks.paper, s.inks.ink], [back])[0]
    other = s.inks.accent if contrast(s.inks.accent, back) > 3 else strong
    _, y, _, h = s.words(s.artist, 28, 26, 584, 84, largest=84, lines=1, colour=other)
    s.words(
        s.title, 28, y + h + 16, 584, 262 - 22 - (y + h + 16), largest=170, lines=2, colour=strong
    )


def _disc_label(s: Sleeve) -> None:
    back = s.inks.ground
    s.back(back)
    s.picture(118, 118, 404, 404, "oval", s.moved(0.14))
    ring = best_ink([s.inks.paper, s.inks.ink], [back])[0]
    s.pen.disc(320, 320, 214, ring, width=5)
    s.pen.disc(320, 320, 308, ring, width=4)
    for text, cut, top in ((s.title, s.display, True), (s.artist, s.text, False)):
        size = min(62.0, 0.86 * np.pi * 242 / cut.measure(text), 50 / cut.cap)
        radius = 261 - size * cut.cap / 2 if top else 261 + size * cut.cap / 2
        cut.around(s.pen, text, 320, 320, radius, size, s.pen.paint(ring), top=top)


def _arch(s: Sleeve) -> None:
    s.back(s.inks.ground)
    shape = str(s.rng.choice(["arch", "arch", "round"]))
    s.picture(122, 92, 396, 372, shape, s.moved(0.14))
    s.words(
        s.artist, 40, 30, 560, 40, big=False, align=0.5, valign=0.5, largest=40, lines=1,
        on=s.inks.ground,
    )  # fmt: skip
    s.words(
        s.title, 40, 486, 560, 124, align=0.5, valign=0.5, largest=96, lines=2, on=s.inks.ground
    )


def _cartouche(s: Sleeve) -> None:
    s.picture(0, 0, FULL, FULL)
    card = s.inks.paper if s.rng.random() < 0.6 else s.inks.shade(1.0)
    y = float(s.rng.choice([36, 36, 205]))
    s.pen.box(100, y, 440, 214, card)
    line = best_ink([s.inks.paper, s.inks.ink], [card])[0]
    s.pen.box(111, y + 11, 418, 192, line, width=6)
    s.pen.box(121, y + 21, 398, 172, line, width=2.5)
    s.words(
        s.artist, 140, y + 36, 360, 36, big=False, align=0.5, valign=0.5, largest=36, lines=1,
        on=card,
    )  # fmt: skip
    s.pen.box(280, y + 80, 80, 3, line)
    s.words(s.title, 140, y + 92, 360, 88, align=0.5, valign=0.5, largest=62, lines=2, on=card)


def _slant(s: Sleeve) -> None:
    s.picture(0, 0, FULL, FULL)
    band = s.inks.figure(1.0) if s.rng.random() < 0.5 else s.inks.shade(1.0)
    lean = float(s.rng.choice([-11, -8, 9]))
    with s.pen.turned(lean, 320, float(s.rng.choice([190, 440]))):
        s.pen.box(-420, -96, 840, 192, band)
        s.words(s.title, -270, -74, 540, 92, align=0.5, valign=0.5, largest=92, lines=2, on=band)
        s.words(
            s.artist, -260, 34, 520, 38, big=False, align=0.5, valign=0.5, largest=40, lines=1,
            on=band,
        )  # fmt: skip


def _four(s: Sleeve) -> None:
    steps = s.rng.permutation([0.0, 0.16, -0.1, 0.3])
    seed = int(s.rng.integers(2**32))
    back = s.inks.shade(0.9)
    s.back(back)
    kept, s.rng = s.rng, np.random.default_rng(seed)
    s.density *= 0.75
    for k, step in enumerate(steps):
        s.rng = np.random.default_rng(seed)
        level = float(np.clip(s.inks.level + (step if s.inks.up else -step), 0.2, 0.93))
        inks = replace(s.inks, level=level, hue=s.inks.hue + 0.5 * float(step))
        s.picture(30 + 293 * (k % 2), 30 + 220 * (k // 2), 287, 214, inks=inks)
    s.rng = kept
    s.words(s.title, 30, 486, 580, 66, largest=76, lines=1, on=back)
    s.words(s.artist, 30, 572, 580, 38, big=False, valign=1, largest=40, lines=1, on=back)


def _quiet(s: Sleeve) -> None:
    back = s.inks.ground
    s.back(back)
    w, h = [(350, 350), (568, 260), (310, 420)][int(s.rng.integers(3))]
    s.picture(FULL - 36 - w, FULL - 36 - h, w, h, inks=s.moved(0.12))
    room = 560 if h < 420 else 540
    if w < 400:
        s.stamp(56, 588, best_ink([s.inks.paper, s.inks.ink], [back])[0])
    _, y, _, th = s.words(
        s.title, 38, 44, room, 118 if h < 400 else 84, largest=64, lines=2, on=back
    )
    s.words(s.artist, 38, y + th + 18, room, 38, big=False, largest=38, lines=1, on=back)


def _half(s: Sleeve) -> None:
    back = s.inks.shade(0.7) if s.rng.random() < 0.8 else s.inks.figure(0.95)
    s.back(back)
    left = s.rng.random() < 0.5
    s.picture(0 if left else 300, 0, 340, FULL)
    x = 364 if left else 24
    s.words(s.title, x, 36, 252, 380, largest=96, lines=6, on=back)
    s.words(s.artist, x, 440, 252, 100, big=False, largest=44, lines=3, on=back)
    s.stamp(x + 18, 590, best_ink([s.inks.paper, s.inks.ink], [back])[0])


def _monogram(s: Sleeve) -> None:
    back = s.inks.shade(0.6)
    s.back(back)
    right = s.rng.random() < 0.5
    s.screen = "none"
    letter = next((c for c in s.title if c.isalnum()), "O").upper()
    edge = s.inks.figure(0.9)
    with s.pen.letter(s.poster, letter, (36, 34, 568, 430), edge):
        s.picture(0, 0, FULL, 480, inks=s.moved(0.26))
    align = 1.0 if right else 0.0
    s.words(s.title, 36, 490, 568, 66, align=align, largest=66, lines=2, on=back)
    x = 104 if right else 36
    s.words(
        s.artist, x, 572, 500, 38, big=False, align=align, valign=1, largest=38, lines=1, on=back
    )
    s.stamp(54 if right else 586, 590, best_ink([s.inks.paper, s.inks.ink], [back])[0])


Layout = Callable[[Sleeve], None]
LAYOUTS: dict[str, Layout] = {
    "bleed": _bleed,
    "framed": _framed,
    "side": _side,
    "deck": _deck,
    "band": _band,
    "emblem": _emblem,
    "swiss": _swiss,
    "huge": _huge,
    "sticker": _sticker,
    "marquee": _marquee,
    "disc label": _disc_label,
    "arch": _arch,
    "cartouche": _cartouche,
    "slant": _slant,
    "four": _four,
    "quiet": _quiet,
    "half": _half,
    "monogram": _monogram,
}
