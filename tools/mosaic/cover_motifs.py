"""The pictures on covers: eight families of motif, each with four or five kinds.

In: a pen whose origin is the upper left of the picture, its width and height in pixels, a
palette, a density in 0–1 (the fact ``ornament`` as shown) and a generator. Out: marks. More
density means more, finer parts, never another family. Four families that are patterns stand in
``cover_patterns``, the four that are things or places here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mosaic import cover_patterns as patterns
from mosaic.cover_drawing import Colour, Inks, Pen, Points, arc, how_many, spread

__all__ = ["draw_motif"]

Motif = Callable[[Pen, float, float, Inks, float, np.random.Generator], None]


def _profile(n: int, rough: float, rng: np.random.Generator) -> Points:
    """A ridge line in −1…1 at n places: octaves of random straight pieces."""
    x, total = np.linspace(0, 1, n), np.zeros(n)
    for octave in range(1, 6):
        knots = 2**octave + 1
        total += rough**octave * np.interp(x, np.linspace(0, 1, knots), rng.uniform(-1, 1, knots))
    return np.asarray(total / np.abs(total).max())


# peaks


def _mountains(
    pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator
) -> None:
    pen.fade(0, 0, w, h, [inks.shade(0.4), inks.figure(0.15)])
    r = min(w, h) * rng.uniform(0.08, 0.17)
    pen.disc(w * rng.uniform(0.2, 0.8), h * rng.uniform(0.18, 0.32), r, inks.accent)
    n, m = how_many(2, 7, d), 90
    for k in range(n):
        near = (k + 1) / n
        crest = h * (0.34 + 0.5 * near) - h * 0.2 * (1.2 - 0.6 * near) * _profile(
            m, 0.42 + 0.16 * d, rng
        )
        edge = np.column_stack([np.linspace(0, w, m), crest])
        pen.shape(np.vstack([edge, [[w, h], [0, h]]]), inks.figure(0.22 + 0.75 * near))


def _skyline(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    pen.fade(0, 0, w, h, [inks.shade(0.3), inks.figure(0.2)])
    r = min(w, h) * rng.uniform(0.1, 0.19)
    pen.disc(w * rng.uniform(0.25, 0.75), h * rng.uniform(0.2, 0.35), r, inks.second)
    for depth, strength in ((0, 0.5), (1, 0.95)):
        n = how_many(4, 11, d)
        edges = np.cumsum(rng.uniform(0.6, 1.5, n))
        lefts = np.concatenate([[0], edges[:-1]]) / edges[-1] * w
        for left, right in zip(lefts, edges / edges[-1] * w, strict=True):
            tall = h * rng.uniform(0.3, 0.68) * (1.1 - 0.35 * depth)
            wide = right - left
            pen.box(left, h - tall, wide + 1, tall, inks.figure(strength))
            if rng.random() < 0.35:
                roof = [[left, h - tall], [left + wide / 2, h - tall - wide * 0.7]]
                pen.shape(np.array([*roof, [right, h - tall]]), inks.figure(strength))
            pane = w / (16 + 18 * d)
            if depth:
                for wx in np.arange(left + pane * 0.6, right - pane, pane * 1.3):
                    for wy in np.arange(h - tall + pane, h, pane * 1.7):
                        if rng.random() < 0.25 + 0.45 * d:
                            lit = inks.accent if rng.random() < 0.6 else inks.figure(0.15)
                            pen.box(wx, wy, pane * 0.66, pane * 0.9, lit)


def _zigzag(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    rows, teeth = how_many(3, 13, d), how_many(1.6, 6, d)
    x = np.linspace(-0.5, teeth + 0.5, 2 * teeth + 3) * w / teeth
    tall = h * rng.uniform(0.16, 0.26) * (1.2 - 0.7 * d)
    chosen = int(rng.integers(1, rows))
    colours = [inks.figure(0.92), inks.shade(0.2), inks.figure(0.5), inks.second]
    for k in range(rows + 1):
        y = h * k / rows - h / rows * 0.3 + tall * (np.arange(len(x)) % 2)
        sheet = np.vstack([np.column_stack([x, y]), [[x[-1], h], [x[0], h]]])
        pen.shape(sheet, inks.accent if k == chosen else colours[k % (2 + 2 * int(d > 0.4))])


def _facets(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    pen.fade(0, 0, w, h, [inks.shade(0.5), inks.figure(0.1)])
    n = how_many(2, 9, d)
    if rng.random() < 0.6:
        pen.disc(w * rng.uniform(0.2, 0.8), h * 0.27, min(w, h) * 0.13, inks.accent)
    for k in range(n):
        base = w * rng.uniform(0.32, 0.55) * (1.15 - 0.5 * k / n)
        x, top = w * ((k * 0.618 + 0.45) % 1), h * (0.2 + 0.5 * k / n + rng.uniform(-0.05, 0.1))
        foot = x + base * rng.uniform(-0.15, 0.2)
        light, dark = inks.figure(0.35 + 0.3 * k / n), inks.figure(0.7 + 0.3 * k / n)
        pen.shape(np.array([[x, top], [foot, h], [x - base, h]]), light)
        pen.shape(np.array([[x, top], [foot, h], [x + base, h]]), dark)
        snow = 0.22
        cap = [[x, top], [x + (foot - x) * snow, top + (h - top) * snow]]
        side = [[x - base * snow, top + (h - top) * snow * 0.92]]
        pen.shape(np.array(cap + side), inks.shade(0.7))


# leaves


def _leaf(
    pen: Pen, x: float, y: float, long: float, wide: float, turn: float, fill: Colour,
    vein: Colour | None = None,
) -> None:  # fmt: skip
    """One leaf from its stalk at (x, y) along ``turn`` degrees."""
    t = np.linspace(0, 1, 26)
    half = wide / 2 * np.sin(np.pi * t**0.8) * (1 - 0.15 * t)
    with pen.turned(turn, x, y):
        side = np.column_stack([long * t, half])
        pen.shape(np.vstack([side, side[::-1] * [1, -1]]), fill)
        if vein is not None:
            rib = np.array([[0, 0], [long * 0.9, 0]])
            pen.shape(rib, vein, closed=False, width=max(wide * 0.05, 1.5))
            for k in np.linspace(0.2, 0.75, 5):
                for up in (-1, 1):
                    tip = [long * (k + 0.14), up * wide * 0.34 * np.sin(np.pi * k**0.8)]
                    fine = max(wide * 0.03, 1.2)
                    pen.shape(np.array([[long * k, 0], tip]), vein, closed=False, width=fine)


def _branch(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    u = min(w, h)
    for stem in range(1 + int(d > 0.45) + int(d > 0.75)):
        lean, bend = rng.uniform(-22, 22), rng.uniform(-0.22, 0.22)
        x0 = w * (0.5 if stem == 0 else rng.uniform(0.15, 0.85))
        n = how_many(4, 11, d)
        t = np.linspace(0, 1, 40)
        sx = x0 + w * bend * t**2 + h * 0.8 * t * np.sin(np.deg2rad(lean)) * 0.5
        sy = h * 1.02 - h * 0.86 * t
        ink = inks.figure(0.9) if stem == 0 else inks.figure(0.5)
        pen.shape(np.column_stack([sx, sy]), ink, closed=False, width=u * 0.014)
        for k, at in enumerate(np.linspace(0.2, 0.97, n)):
            i = int(at * 39)
            long = u * 0.34 * (1.15 - 0.6 * at) * (1.15 - 0.35 * d)
            for side in (-1, 1):
                warm = rng.random() < 0.16
                fill = inks.accent if warm else (ink if (k + side) % 3 else inks.second)
                turn = -90 + side * (55 - 20 * at) + lean * 0.5
                vein = inks.ground if d > 0.35 else None
                _leaf(pen, sx[i], sy[i], long, long * 0.42, turn, fill, vein)


def _palms(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    u = min(w, h)
    corners = [(0.0, h, -45.0), (w, h, -135.0), (w, 0.0, 135.0), (0.0, 0.0, 45.0)]
    order = rng.permutation(4)[: 2 + int(d > 0.3) + int(d > 0.65)]
    if rng.random() < 0.5:
        pen.disc(w * 0.5, h * 0.46, u * 0.2, inks.accent)
    for j, c in enumerate(order):
        x, y, middle = corners[c]
        colour = [inks.figure(0.92), inks.figure(0.62), inks.second, inks.figure(0.4)][j]
        n = how_many(5, 12, d)
        for turn in np.linspace(middle - 62, middle + 62, n):
            long = u * rng.uniform(0.52, 0.74)
            _leaf(
                pen, x, y, long, u * 0.62 / n, float(turn), colour, inks.ground if d > 0.6 else None
            )


def _foliage(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    n = how_many(2.6, 7.5, d)
    s, tilt = w / n, rng.uniform(-60, 60)
    colours = [inks.figure(0.92), inks.figure(0.5), inks.second, inks.figure(0.72)]
    for j in range(int(np.ceil(h / s)) + 1):
        for i in range(n + 1):
            x, y = (i + 0.5 * (j % 2)) * s, (j + 0.4) * s
            turn = tilt + (180 if (i + j) % 2 else 0) + rng.uniform(-18, 18)
            rad = np.deg2rad(turn)
            fill = inks.accent if rng.random() < 0.13 else colours[int(rng.integers(4))]
            x0, y0 = x - s * 0.5 * np.cos(rad), y - s * 0.5 * np.sin(rad)
            _leaf(pen, x0, y0, s * 1.02, s * 0.5, turn, fill, inks.ground if d > 0.25 else None)


def _cutout(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Paper cut-outs: fronds with round fingers on panels of colour."""
    columns = how_many(1, 3.4, d)
    rows = max(round(columns * h / w), 1)
    cw, ch = w / columns, h / rows
    panels = [inks.figure(0.2), inks.shade(0.35), inks.second, inks.figure(0.4)]
    for j in range(rows):
        for i in range(columns):
            pen.box(i * cw, j * ch, cw + 1, ch + 1, panels[int(rng.integers(4))])
            fill = inks.accent if rng.random() < 0.2 else inks.figure(0.95)
            with pen.turned(rng.uniform(-25, 25), (i + 0.5) * cw, (j + 0.92) * ch):
                stem = np.array([[0, 0], [0, -ch * 0.8]])
                pen.shape(stem, fill, closed=False, width=cw * 0.07)
                fingers = 3 + int(3 * d) + int(rng.integers(2))
                for at in np.linspace(0.12, 0.8, fingers):
                    for side in (-1, 1):
                        t = np.linspace(0, 1, 16)
                        reach = cw * 0.38 * np.sin(np.pi * (0.25 + 0.6 * at))
                        fx = side * reach * t
                        fy = -ch * at - ch * 0.16 * t**1.8 + cw * 0.02 * np.sin(5 * t)
                        curve = np.column_stack([fx, fy])
                        pen.shape(curve, fill, closed=False, width=ch * 0.42 / fingers)


# rays


def _sunburst(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    u, n = min(w, h), how_many(7, 30, d)
    x, y = w * rng.uniform(0.3, 0.7), h * rng.choice([0.5, 0.62, 0.85, 1.0])
    reach, turn = 1.5 * float(np.hypot(w, h)), rng.uniform(0, 360)
    for k in range(n):
        colour = inks.second if k % 5 == 3 else inks.figure(0.85 if k % 2 else 0.6)
        pen.wedge(x, y, reach, turn + 360 * k / n, 180 / n, colour)
    r = u * rng.uniform(0.13, 0.22)
    pen.disc(x, y, r * 1.25, inks.ground)
    pen.disc(x, y, r, inks.accent)


def _dawn(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    u, n = min(w, h), how_many(6, 23, d)
    x, y, r = w / 2, h * rng.uniform(0.68, 0.86), u * rng.uniform(0.2, 0.28)
    for k, turn in enumerate(np.linspace(180, 360, n)):
        far = u * (0.72 if k % 2 else 0.56)
        rad = np.deg2rad(turn)
        ends = np.array([[r * 1.2], [far]]) * [[np.cos(rad), np.sin(rad)]] + [x, y]
        width = u * 0.5 / n
        pen.shape(ends, inks.figure(0.9 if k % 2 else 0.6), closed=False, width=width)
    pen.wedge(x, y, r, 180, 180, inks.accent)
    for k in range(how_many(2, 7, d)):
        level = y + (h - y) * (0.12 + k / how_many(2, 7, d))
        half = w * rng.uniform(0.25, 0.46)
        pen.box(x - half, level, 2 * half, u * 0.018, inks.figure(0.8), r=u * 0.009)


def _fans(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Fans of rays, row over row, as on the doors of a cinema."""
    n, spokes = how_many(1.2, 4.2, d), 5 + 2 * int(2 * d)
    r = w / n / 2 * 1.02
    shift = float(rng.choice([0.0, 0.5]))
    row, y = 0, r * 1.05
    while y - r < h:
        for i in range(-1, n + 1):
            x = (i + 0.5 + shift + 0.5 * (row % 2)) * 2 * r
            pen.wedge(x, y, r, 180, 180, inks.ground)
            for k in range(spokes):
                colour = inks.second if k == spokes // 2 else inks.figure(0.9 if k % 2 else 0.6)
                pen.wedge(x, y, r * 0.96, 180 + 180 * (k + 0.14) / spokes, 129 / spokes, colour)
            pen.wedge(x, y, r * 0.3, 180, 180, inks.ground)
            pen.wedge(x, y, r * 0.23, 180, 180, inks.accent)
        row, y = row + 1, y + r
    pen.box(0, y - r, w, h, inks.figure(0.9))


def _clock(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Spokes with round tips of uneven length, as a dandelion has."""
    u, n = min(w, h), how_many(11, 64, d)
    x, y, turn = w / 2, h * rng.uniform(0.44, 0.54), rng.uniform(0, 6.28)
    for k in range(n):
        a = turn + 2 * np.pi * k / n
        far = u * (0.47 if k % 2 else 0.34) * rng.uniform(0.9, 1.0)
        tip = [x + far * np.cos(a), y + far * np.sin(a)]
        start = [x + u * 0.1 * np.cos(a), y + u * 0.1 * np.sin(a)]
        pen.shape(np.array([start, tip]), inks.figure(0.75), closed=False, width=u * 0.16 / n + 2)
        ball = inks.accent if k % 4 == 1 else inks.figure(0.95)
        pen.disc(tip[0], tip[1], u * (0.1 / n**0.5 + 0.006), ball)
    pen.disc(x, y, u * 0.075, inks.accent)


# ribbons


def _bundle(
    pen: Pen, line: Points, colours: list[Colour], width: float, cap: str = "Round"
) -> None:
    """Parallel stripes along a line, side by side."""
    step = np.gradient(line, axis=0)
    normal = np.column_stack([-step[:, 1], step[:, 0]])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    n = len(colours)
    for k, colour in enumerate(colours):
        stripe = line + normal * width * (k - (n - 1) / 2)
        pen.shape(stripe, colour, closed=False, width=width * 0.86, cap=cap)


def _stripes(inks: Inks, n: int) -> list[Colour]:
    ramp = [inks.figure(k) for k in np.linspace(0.35, 0.95, n)]
    ramp[n // 2] = inks.accent
    if n > 3:
        ramp[1] = inks.second
    return ramp


def _rainbow(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    n, u = how_many(3, 9, d), min(w, h)
    flip = rng.random() < 0.5
    level, drop, r = h * rng.uniform(0.3, 0.45), h * 1.1, u * rng.uniform(0.18, 0.26)
    x = w * rng.uniform(0.45, 0.62)
    corner = arc(x - r, level + r, r, r, -90, 0)
    line = np.vstack([np.linspace([-u * 0.3, level], [x - r, level], 30), corner,
                      np.linspace([x, level + r], [x, drop], 30)])  # fmt: skip
    if flip:
        line = line * [-1, 1] + [w, 0]
    _bundle(pen, line, _stripes(inks, n), u * 0.5 / n)
    if d > 0.35:
        second = line * [-1, -1] + [w, h * 1.12]
        _bundle(pen, second, _stripes(inks, n)[::-1], u * 0.32 / n)


def _streamer(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    n, u = how_many(3, 16, d), min(w, h)
    t = np.linspace(-0.1, 1.1, 130)
    for _ in range(1 + int(d > 0.7)):
        swing, cycles, phase = rng.uniform(0.16, 0.26), rng.uniform(0.8, 1.5), rng.uniform(0, 6.28)
        x = w * t
        y = h * (0.5 + swing * np.sin(2 * np.pi * cycles * t + phase))
        twist = u * 0.27 * np.cos(np.pi * cycles * 1.5 * t + phase) + u * 0.05
        for k, colour in enumerate(_stripes(inks, n)):
            offset = (k - (n - 1) / 2) / n
            stripe = np.column_stack([x + twist * offset * 0.5, y + twist * 1.5 * offset])
            pen.shape(stripe, colour, closed=False, width=u * 0.36 / n)


def _knot(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    u, n = min(w, h), how_many(2, 6, d)
    a, b = [(1, 2), (2, 3), (3, 4), (3, 2)][int(rng.integers(4)) if d > 0.4 else 0]
    t = np.linspace(0, 2 * np.pi, 320)
    # Halfway between the phases at which the curve would run back over itself.
    phase = np.pi / (2 * b) * rng.uniform(0.8, 1.2)
    line = np.column_stack(
        [w / 2 + w * 0.36 * np.cos(a * t + phase), h / 2 + h * 0.35 * np.cos(b * t)]
    )
    width = u * (0.17 - 0.05 * d) / n
    # Drawn piece by piece so that later pieces pass over earlier ones, with an edge of ground.
    for start in range(0, 320, 20):
        piece = line[np.arange(start - 2, start + 22) % 319]
        pen.shape(piece[2:-1], inks.ground, closed=False, width=width * (n + 1.4), cap="Butt")
        _bundle(pen, piece, _stripes(inks, n), width, "Butt")


def _streams(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    n, u = how_many(10, 60, d), min(w, h)
    kx, ky = rng.uniform(1.2, 2.6, 2)
    phase = rng.uniform(0, 6.28, 2)
    colours = [inks.figure(0.95), inks.figure(0.6), inks.figure(0.8), inks.second, inks.accent]
    for x0, y0 in spread(n, rng) * [1.2, 1.0] - [0.2, 0.0]:
        line = [[x0, y0]]
        for _ in range(46):
            x, y = line[-1]
            turn = 0.9 * np.sin(kx * 2.2 * x + phase[0]) + 0.9 * np.cos(ky * 2.2 * y + phase[1])
            line.append([x + 0.013 * np.cos(turn), y + 0.013 * np.sin(turn)])
        colour = colours[int(rng.choice(5, p=[0.3, 0.24, 0.22, 0.12, 0.12]))]
        width = u * 0.3 / n**0.72 * rng.uniform(0.6, 1.2)
        pen.shape(np.array(line) * [w, h], colour, closed=False, width=width)


KINDS: dict[str, tuple[Motif, ...]] = {
    "rings": (patterns.vinyl, patterns.planet, patterns.target, patterns.ripples, patterns.chain),
    "waves": (patterns.seigaiha, patterns.moire, patterns.sea, patterns.swells),
    "peaks": (_mountains, _skyline, _zigzag, _facets),
    "grid": (patterns.quarters, patterns.blocks, patterns.warped, patterns.panes, patterns.plane),
    "leaves": (_branch, _palms, _foliage, _cutout),
    "rays": (_sunburst, _dawn, _fans, _clock),
    "scatter": (patterns.confetti, patterns.stars, patterns.terrazzo, patterns.bubbles),
    "ribbons": (_rainbow, _streamer, _knot, _streams),
}


def draw_motif(
    pen: Pen, w: float, h: float, inks: Inks, motif: str, kind: int, density: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Draw one motif into a picture whose corner is the origin.

    Parameters
    ----------
    pen
        Where to draw; what lies outside (0, 0, w, h) must be clipped by the caller.
    w, h
        Size in pixels.
    inks
        Colours.
    motif, kind
        Family, and which of its kinds (modulo how many there are).
    density
        In 0–1.
    rng
        Places, turns and counts.

    Raises
    ------
    ValueError
        If the family is unknown.
    """
    if motif not in KINDS:
        raise ValueError(f"motif: {motif!r} is not one of {', '.join(KINDS)}")
    kinds = KINDS[motif]
    kinds[kind % len(kinds)](pen, w, h, inks, float(np.clip(density, 0, 1)), rng)
