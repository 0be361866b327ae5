"""A pen for covers, and the small geometry that motifs share.

In: numbers, and colours as (red, green, blue) in 0–1. Out: marks on a canvas of pixels. skia is
imported only where a canvas is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Pen"]

Colour = tuple[float, float, float]
Points = npt.NDArray[np.float64]


class Inks(Protocol):
    """What a motif needs of a palette: two ramps away from the ground, and two more colours."""

    @property
    def ground(self) -> Colour:
        """The colour behind everything."""

    @property
    def accent(self) -> Colour:
        """A small, strong colour."""

    @property
    def second(self) -> Colour:
        """A neighbour of the main hue."""

    def figure(self, k: float) -> Colour:
        """From the ground (0) to the strongest contrast in the main hue (1)."""

    def shade(self, k: float) -> Colour:
        """From the ground (0) the other way."""


def how_many(few: float, many: float, d: float) -> int:
    """A number of parts that grows geometrically with density."""
    return round(float(few * (many / few) ** d))


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> Points:
    """(64, 2) points on an ellipse about (x, y), from one angle to another, in degrees."""
    t = np.linspace(np.deg2rad(start), np.deg2rad(end), 64)
    return np.column_stack([x + rx * np.cos(t), y + ry * np.sin(t)])


def spread(n: int, rng: np.random.Generator) -> Points:
    """n places in the unit square that keep apart: of some candidates, the farthest."""
    places = np.zeros((n, 2))
    for k in range(n):
        offered = rng.random((8, 2))
        gap = np.linalg.norm(offered[:, None] - places[None, :k], axis=2)
        places[k] = offered[gap.min(axis=1).argmax()] if k else offered[0]
    return places


class Pen:
    """A canvas with the few marks that covers are made of.

    Coordinates are pixels from the upper left, angles degrees clockwise from three o'clock.
    """

    def __init__(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Draw into ``pixels`` (height, width, 4) uint8, red green blue alpha."""
        self._skia = skia = import_module("skia")
        self._surface = skia.Surface(pixels, skia.ColorType.kRGBA_8888_ColorType)
        self.pixels = pixels
        self.canvas = self._surface.getCanvas()

    def paint(
        self, colour: Colour, alpha: float = 1.0, width: float | None = None, *, cap: str = "Round"
    ) -> Any:
        """A fill, or a stroke of ``width`` pixels with ends Round or Butt."""
        skia = self._skia
        r, g, b = (float(np.clip(c, 0, 1)) for c in colour)
        made = skia.Paint(Color4f=skia.Color4f(r, g, b, float(alpha)), AntiAlias=True)
        if width is not None:
            made.setStyle(skia.Paint.kStroke_Style)
            made.setStrokeWidth(float(width))
            made.setStrokeCap(getattr(skia.Paint, f"k{cap}_Cap"))
            made.setStrokeJoin(skia.Paint.kRound_Join)
        return made

    def disc(self, x: float, y: float, r: float, colour: Colour, **style: Any) -> None:
        """A circle; a ring if ``width`` is given."""
        self.canvas.drawCircle(float(x), float(y), float(r), self.paint(colour, **style))

    def box(
        self, x: float, y: float, w: float, h: float, colour: Colour, *, r: float = 0, **style: Any
    ) -> None:
        """A rectangle with corners of radius ``r``."""
        rect = self._skia.Rect.MakeXYWH(float(x), float(y), float(w), float(h))
        self.canvas.drawRoundRect(rect, float(r), float(r), self.paint(colour, **style))

    def shape(self, points: Points, colour: Colour, *, closed: bool = True, **style: Any) -> None:
        """A polygon (n, 2), or an open line where ``closed`` is False and ``width`` given."""
        self.canvas.drawPath(self._path(points, closed), self.paint(colour, **style))

    def wedge(
        self, x: float, y: float, r: float, start: float, sweep: float, colour: Colour,
        *, hub: bool = True, **style: Any,
    ) -> None:  # fmt: skip
        """A slice of a disc, or an arc where ``hub`` is False."""
        rect = self._skia.Rect.MakeLTRB(float(x - r), float(y - r), float(x + r), float(y + r))
        paint = self.paint(colour, **style)
        self.canvas.drawArc(rect, float(start), float(sweep), hub, paint)

    def fade(
        self, x: float, y: float, w: float, h: float, colours: list[Colour],
        alphas: tuple[float, ...] | None = None, *, degrees: float = 90, radial: bool = False,
    ) -> None:  # fmt: skip
        """A gradient over a rectangle, along ``degrees`` or from its centre outwards."""
        skia = self._skia
        stops = [
            skia.Color4f(*(float(np.clip(v, 0, 1)) for v in c), float(a)).toColor()
            for c, a in zip(colours, alphas or (1.0,) * len(colours), strict=True)
        ]
        cx, cy, turn = x + w / 2, y + h / 2, np.deg2rad(degrees)
        if radial:
            reach = float(np.hypot(w, h) / 2)
            shader = skia.GradientShader.MakeRadial(skia.Point(cx, cy), reach, stops)
        else:
            dx = float(np.cos(turn) * w / 2)
            dy = float(np.sin(turn) * h / 2)
            ends = [skia.Point(cx - dx, cy - dy), skia.Point(cx + dx, cy + dy)]
            shader = skia.GradientShader.MakeLinear(ends, stops)
        paint = skia.Paint(Shader=shader, Dither=True)
        rect = skia.Rect.MakeXYWH(float(x), float(y), float(w), float(h))
        self.canvas.drawRect(rect, paint)

    @contextmanager
    def window(self, x: float, y: float, w: float, h: float, shape: str = "box") -> Iterator[None]:
        """Clip to a box, round, arch, oval or slant, with the origin at its corner."""
        skia, canvas = self._skia, self.canvas
        canvas.save()
        canvas.translate(float(x), float(y))
        rect = skia.Rect.MakeWH(float(w), float(h))
        if shape == "oval":
            outline = skia.RRect.MakeOval(rect)
        elif shape == "round":
            outline = skia.RRect.MakeRectXY(rect, float(min(w, h) * 0.08), float(min(w, h) * 0.08))
        else:
            outline = skia.RRect.MakeRectXY(rect, 0, 0)
        if shape == "arch":
            turn = np.linspace(np.pi, 2 * np.pi, 60)
            crown = w / 2 * (1 + np.column_stack([np.cos(turn), np.sin(turn)]))
            canvas.clipPath(
                self._path(np.vstack([crown, [[w, h], [0, h]]]), True), doAntiAlias=True
            )
        else:
            canvas.clipRRect(outline, doAntiAlias=True)
        try:
            yield
        finally:
            canvas.restore()

    @contextmanager
    def letter(
        self, typeface: Any, text: str, box: tuple[float, float, float, float], edge: Colour
    ) -> Iterator[None]:
        """Clip to one large letter that fills a box, then draw its edge; the origin stays."""
        skia, (x, y, w, h) = self._skia, box
        font = skia.Font(typeface, 1000)
        outline = font.getPath(font.textToGlyphs(text[0])[0])
        bounds = outline.getBounds()
        scale = min(w / bounds.width(), h / bounds.height())
        place = skia.Matrix()
        place.setScale(scale, scale)
        place.postTranslate(
            x + (w - scale * bounds.width()) / 2 - scale * bounds.left(),
            y + (h - scale * bounds.height()) / 2 - scale * bounds.top(),
        )
        outline.transform(place)
        self.canvas.save()
        self.canvas.clipPath(outline, doAntiAlias=True)
        try:
            yield
        finally:
            self.canvas.restore()
        self.canvas.drawPath(outline, self.paint(edge, width=5))

    @contextmanager
    def turned(self, degrees: float, x: float, y: float) -> Iterator[None]:
        """Move the origin to (x, y) and turn the axes."""
        self.canvas.save()
        self.canvas.translate(float(x), float(y))
        self.canvas.rotate(float(degrees))
        try:
            yield
        finally:
            self.canvas.restore()

    def _path(self, points: Points, closed: bool) -> Any:
        skia = self._skia
        corners = [skia.Point(float(px), float(py)) for px, py in points]
        return skia.Path.Polygon(corners, closed)
