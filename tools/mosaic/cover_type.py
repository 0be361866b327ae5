"""Type on covers: the open typefaces they use, text fitted into boxes, lines set with kerning.

In: strings, boxes, font files. Out: for ``fit_text`` lines and a size; for ``Line`` marks on a
canvas. skia is imported only where a font is opened, so that fitting needs nothing but the core.

The outlines of these open fonts are drawn into pictures, which every one of their licences
allows; no font file is part of the course.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mosaic.cover_drawing import Pen

__all__ = ["Face", "Line", "fit_text", "load_fonts"]


@dataclass(frozen=True)
class Face:
    """A typeface as covers use it: a display and a text cut, and where they come from.

    ``case`` is how its titles are set: any (the artist's habit decides), upper, or as written
    (title); ``tracking`` extra space between letters, in sizes; ``smallest`` the size in pixels
    of the finished cover under which more lines are preferred to smaller ones.
    """

    display: str
    text: str
    packages: str
    licence: str
    case: str = "any"
    tracking: float = 0.0
    smallest: float = 9.0


_OT, _TT = "/usr/share/fonts/opentype/", "/usr/share/fonts/truetype/"
_GYRE = "/usr/share/texmf/fonts/opentype/public/tex-gyre/"
# name: display cut, text cut, Debian packages, licence of the font files.
FACES: dict[str, Face] = {
    "grotesque": Face(
        _OT + "inter/InterDisplay-ExtraBold.otf", _OT + "inter/Inter-Medium.otf",
        "fonts-inter", "OFL-1.1", tracking=-0.02,
    ),
    "geometric": Face(
        _OT + "league-spartan/LeagueSpartan-Bold.otf",
        _OT + "league-spartan/LeagueSpartan-Medium.otf",
        "fonts-league-spartan", "OFL-1.1",
    ),
    "condensed": Face(
        _OT + "bebas-neue/BebasNeue-Bold.otf", _OT + "bebas-neue/BebasNeue-Bold.otf",
        "fonts-bebas-neue", "OFL-1.1", "upper", 0.02, 10.5,
    ),
    "didone": Face(
        _TT + "fonts-oldstandard/OldStandard-Bold.ttf",
        _TT + "fonts-oldstandard/OldStandard-Italic.ttf",
        "fonts-oldstandard", "OFL-1.1", smallest=10.5,
    ),
    "garamond": Face(
        _OT + "ebgaramond/EBGaramond12-Regular.otf", _OT + "ebgaramond/EBGaramond12-Italic.otf",
        "fonts-ebgaramond", "OFL-1.1", smallest=11.5,
    ),
    "slab": Face(
        _OT + "roboto/slab/RobotoSlab-Bold.otf", _OT + "roboto/slab/RobotoSlab-Regular.otf",
        "fonts-roboto-slab", "Apache-2.0",
    ),
    "script": Face(
        _OT + "lobstertwo/LobsterTwo-BoldItalic.otf", _TT + "lato/Lato-Bold.ttf",
        "fonts-lobstertwo fonts-lato", "OFL-1.1", "title", smallest=12.0,
    ),
    "brush": Face(
        _OT + "kaushanscript/KaushanScript-Regular.otf", _OT + "inter/Inter-Medium.otf",
        "fonts-kaushanscript fonts-inter", "OFL-1.1", "title", smallest=12.0,
    ),
    "typewriter": Face(
        _OT + "courier-prime/Courier Prime Bold.otf", _OT + "courier-prime/Courier Prime Bold.otf",
        "fonts-courier-prime", "OFL-1.1", tracking=-0.04, smallest=10.0,
    ),
    "mono": Face(
        _OT + "league-mono/LeagueMono-Bold.otf", _OT + "league-mono/LeagueMono-NarrowMedium.otf",
        "fonts-league-mono", "OFL-1.1", tracking=-0.02,
    ),
    "rounded": Face(
        _TT + "comfortaa/Comfortaa-Bold.ttf", _TT + "comfortaa/Comfortaa-Bold.ttf",
        "fonts-comfortaa", "OFL-1.1", "title",
    ),
    "airy": Face(
        _TT + "lato/Lato-Regular.ttf", _TT + "lato/Lato-Medium.ttf",
        "fonts-lato", "OFL-1.1", "upper", 0.16, 9.0,
    ),
    "seventies": Face(
        _GYRE + "texgyreadventor-bold.otf", _GYRE + "texgyreadventor-bold.otf",
        "fonts-texgyre", "GUST Font License", tracking=-0.03,
    ),
    "kaffee": Face(
        _OT + "yanone-kaffeesatz/YanoneKaffeesatz-Bold.otf",
        _OT + "yanone-kaffeesatz/YanoneKaffeesatz-SemiBold.otf",
        "fonts-yanone-kaffeesatz", "OFL-1.1", smallest=11.0,
    ),
    "worn": Face(
        _TT + "averia-gwf/AveriaSerifGWF-Bold.ttf", _TT + "averia-gwf/AveriaSerifGWF-Regular.ttf",
        "fonts-averia-serif-gwf", "OFL-1.1", smallest=9.5,
    ),
}  # fmt: skip


@cache
def _typeface(path: str, packages: str) -> Any:
    if not Path(path).exists():
        raise FileNotFoundError(f"font {path} is missing; apt-get install {packages}")
    return import_module("skia").Typeface.MakeFromFile(path)


def load_fonts(faces: Mapping[str, Face] = FACES) -> dict[str, tuple[Any, Any]]:
    """Open the display and the text cut of every face.

    Parameters
    ----------
    faces
        Name → face, as ``FACES``.

    Returns
    -------
    dict name → (display typeface, text typeface), both ``skia.Typeface``.

    Raises
    ------
    FileNotFoundError
        If a font file is not there; the message names the Debian packages that bring it.
    """
    return {
        name: (_typeface(f.display, f.packages), _typeface(f.text, f.packages))
        for name, f in faces.items()
    }


def fit_text(
    text: str,
    width: float,
    height: float,
    measure: Callable[[str], float],
    *,
    largest: float,
    smallest: float = 0.0,
    leading: float = 1.05,
    max_lines: int = 4,
) -> tuple[list[str], float]:
    """Break a text into lines so that it fills a box at the largest size; nothing is ever cut.

    For each number of lines the breaks are those with the narrowest widest line; the size is
    min(largest, width / widest line, height / (1 + (lines − 1) · leading)). Of all numbers of
    lines, the one with the largest size wins; fewer lines win a tie.

    Parameters
    ----------
    text
        Words with single spaces between them; not empty.
    width, height
        The box, in pixels.
    measure
        Width of a string at size 1.
    largest
        Upper bound of the size, in pixels.
    smallest
        More lines than ``max_lines`` are tried when the size would be under this.
    leading
        Distance of base lines, in sizes.
    max_lines
        How many lines are welcome.

    Returns
    -------
    (lines, size): the words in order, and the size in pixels. A single word too long for the
    box is shrunk, also below ``smallest``.

    Raises
    ------
    ValueError
        If the text is blank or the box is empty.
    """
    words = text.split()
    if not words:
        raise ValueError("text: blank; a cover needs a title and an artist")
    if width <= 0 or height <= 0:
        raise ValueError(f"box: {width} × {height} has no room for {text!r}")
    best: tuple[list[str], float] = (words, -1.0)
    for n_lines in range(1, len(words) + 1):
        if n_lines > max_lines and best[1] >= smallest:
            break
        lines = _balanced(words, n_lines, measure)
        widest = max(measure(line) for line in lines)
        size = min(largest, width / widest, height / (1 + (n_lines - 1) * leading))
        if size > best[1] * 1.02:
            best = (lines, size)
    return best


def _balanced(words: list[str], n_lines: int, measure: Callable[[str], float]) -> list[str]:
    """Split into exactly n_lines with the narrowest widest line. O(n_words² · n_lines)."""
    n = len(words)
    line = {(i, j): measure(" ".join(words[i:j])) for i in range(n) for j in range(i + 1, n + 1)}
    cost = {(j, 1): (line[0, j], 0) for j in range(1, n + 1)}
    for k in range(2, n_lines + 1):
        for j in range(k, n + 1):
            cost[j, k] = min((max(cost[i, k - 1][0], line[i, j]), i) for i in range(k - 1, j))
    lines, j = [], n
    for k in range(n_lines, 0, -1):
        i = cost[j, k][1]
        lines.append(" ".join(words[i:j]))
        j = i
    return lines[::-1]


class Line:
    """One cut of a face: measures strings and sets them, with kerning pairs and tracking."""

    def __init__(self, typeface: Any, tracking: float = 0.0) -> None:
        """``tracking`` is extra space after each letter, in sizes."""
        # Loaded by name: no stubs exist, and the package must import without it.
        self._skia = import_module("skia")
        self.typeface, self.tracking = typeface, tracking
        self._unit = self._font(1000)
        self.cap = float(self._unit.getMetrics().fCapHeight) / 1000 or 0.7

    def _font(self, size: float) -> Any:
        font = self._skia.Font(self.typeface, float(size))
        font.setHinting(self._skia.FontHinting.kNone)
        font.setSubpixel(True)
        font.setEdging(self._skia.Font.Edging.kAntiAlias)
        return font

    def _advances(self, text: str) -> tuple[list[int], npt.NDArray[np.float64]]:
        glyphs = self._unit.textToGlyphs(text)
        if 0 in glyphs:
            missing = text[list(glyphs).index(0)]
            raise ValueError(f"text: {text!r}: the font has no letter {missing!r}; use another")
        step = np.array(self._unit.getWidths(glyphs)) / 1000 + self.tracking
        pairs = self.typeface.getKerningPairAdjustments(glyphs)
        if pairs:
            step[:-1] += np.array(pairs) / self.typeface.getUnitsPerEm()
        return glyphs, step

    def _sides(self, glyphs: list[int]) -> tuple[float, float]:
        """How far the first letter's ink starts, and the last one's ends beyond its advance."""
        ends = self._unit.getBounds([glyphs[0], glyphs[-1]])
        advance = self._unit.getWidths([glyphs[-1]])[0]
        return float(ends[0].left()) / 1000, float(ends[1].right() - advance) / 1000

    def measure(self, text: str) -> float:
        """Width at size 1, from the first letter's ink to the last one's."""
        glyphs, step = self._advances(text)
        before, after = self._sides(glyphs)
        return float(step.sum() - self.tracking - before + after)

    def extent(self, text: str) -> tuple[float, float]:
        """How far the ink reaches above and below the base line at size 1."""
        bounds = self._unit.getBounds(self._unit.textToGlyphs(text))
        return -min(b.top() for b in bounds) / 1000, max(b.bottom() for b in bounds) / 1000

    def draw(self, pen: Pen, text: str, x: float, y: float, size: float, paint: Any) -> None:
        """Set one line with its first ink at x and its base line at y."""
        glyphs, step = self._advances(text)
        x -= size * self._sides(glyphs)[0]
        at = np.concatenate([[0], np.cumsum(step)[:-1]]) * size + x
        build = self._skia.TextBlobBuilder()
        places = [self._skia.Point(float(v), float(y)) for v in at]
        build.allocRunPos(self._font(size), glyphs, places)
        pen.canvas.drawTextBlob(build.make(), 0, 0, paint)

    def around(
        self, pen: Pen, text: str, x: float, y: float, r: float, size: float, paint: Any,
        *, top: bool = True,
    ) -> None:  # fmt: skip
        """Set one line along a circle, centred at its top or, reading upright, at its foot."""
        glyphs, step = self._advances(text)
        middle = (np.cumsum(step) - step / 2 - step.sum() / 2) * size
        font = self._font(size)
        for glyph, offset, advance in zip(glyphs, middle, step * size, strict=True):
            turn = np.rad2deg(offset / r) * (1 if top else -1)
            with pen.turned(turn, x, y):
                base = -r if top else r
                build = self._skia.TextBlobBuilder()
                build.allocRunPos(font, [glyph], [self._skia.Point(-float(advance) / 2, base)])
                pen.canvas.drawTextBlob(build.make(), 0, 0, paint)
