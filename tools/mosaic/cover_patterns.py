"""Motifs on covers that are patterns: rings, waves, grid, scatter, each of four or five kinds.

In: a pen whose origin is the upper left of the picture, its width and height in pixels, a
palette, a density in 0–1 (the fact ``ornament`` as shown) and a generator. Out: marks. More
density means more, finer parts, never another family.
"""

from __future__ import annotations

import numpy as np

from mosaic.cover_drawing import Inks, Pen, arc, how_many, spread

# rings


def vinyl(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """A record: grooves, two sheens of light, a label with a hole."""
    u = min(w, h)
    x, y = w * rng.choice([0.5, 0.5, 0.28, 0.78]), h * rng.choice([0.5, 0.5, 0.62])
    r = u * rng.uniform(0.42, 0.58)
    pen.disc(x, y, r, inks.figure(0.95))
    n = how_many(4, 26, d)
    for radius in np.linspace(r * 0.4, r * 0.95, n):
        pen.disc(x, y, radius, inks.figure(0.45), width=max(r * 0.18 / n, 2.2))
    for start in (200, 20):
        pen.wedge(x, y, r * 0.95, start, 34, inks.figure(0.2), alpha=0.35)
    pen.disc(x, y, r * 0.34, inks.accent)
    pen.disc(x, y, r * 0.24, inks.ground, width=r * 0.02)
    pen.disc(x, y, r * 0.045, inks.ground)


def planet(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """A banded planet, its tilted rings passing behind and before it, among stars."""
    u = min(w, h)
    for _ in range(how_many(6, 120, d)):
        pen.disc(w * rng.random(), h * rng.random(), rng.uniform(1.2, 3.6), inks.figure(0.9))
    x, y, r = w * rng.uniform(0.4, 0.6), h * rng.uniform(0.42, 0.55), u * rng.uniform(0.2, 0.29)
    tilt = float(rng.uniform(-32, -12))
    n = how_many(2, 9, d)
    with pen.turned(tilt, x, y):
        loops = [(rx, rx * 0.3) for rx in np.linspace(r * 1.35, r * 1.95, n)]
        for rx, ry in loops:
            back = arc(0, 0, rx, ry, 180, 360)
            pen.shape(back, inks.figure(0.8), closed=False, width=r * 0.34 / n)
        pen.disc(0, 0, r, inks.accent)
        for k in range(how_many(2, 7, d)):
            level = r * (-0.8 + 1.6 * k / 6)
            half = float(np.sqrt(max(r**2 - level**2, 0))) * 0.96
            pen.box(-half, level, 2 * half, r * 0.09, inks.second, alpha=0.6, r=r * 0.045)
        for rx, ry in loops:
            front = arc(0, 0, rx, ry, 0, 180)
            pen.shape(front, inks.figure(0.8), closed=False, width=r * 0.34 / n)


def target(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Discs one on another, each a little beside the last."""
    u, n = min(w, h), how_many(3, 12, d)
    x, y = w * rng.uniform(0.3, 0.7), h * rng.uniform(0.35, 0.65)
    slip = rng.uniform(-0.35, 0.35, 2) * u / n
    reach = u * rng.uniform(0.5, 0.72)
    for k in range(n):
        share = 1 - k / n
        colour = inks.figure(0.25 + 0.7 * (k / n)) if k % 2 == 0 else inks.shade(0.3)
        pen.disc(x + slip[0] * k, y + slip[1] * k, reach * share, colour)
    pen.disc(x + slip[0] * n, y + slip[1] * n, reach / n * 0.9, inks.accent)


def ripples(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Rings that spread from two to four stones in one pond."""
    u, n = min(w, h), how_many(4, 17, d)
    for j in range(2 + int(d > 0.45) + int(d > 0.8)):
        x, y = w * rng.uniform(0.12, 0.88), h * rng.uniform(0.12, 0.88)
        for radius in np.linspace(u * 0.06, u * 0.62, n):
            colour = inks.figure(0.9 if j else 0.6)
            pen.disc(x, y, radius, colour, width=u * 0.16 / n, alpha=0.9)
        pen.disc(x, y, u * 0.035, inks.accent)


def chain(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """A lattice of rings that overlap their neighbours."""
    u, n = min(w, h), how_many(2, 6, d)
    r = u * 0.62 / n
    nx, ny = int(np.ceil(w / (1.5 * r))) + 1, int(np.ceil(h / (1.5 * r))) + 1
    colours = [inks.figure(0.9), inks.accent, inks.figure(0.55), inks.second, inks.figure(0.8)]
    for j in range(ny):
        for i in range(nx):
            colour = colours[int(rng.integers(5))]
            pen.disc(i * 1.5 * r, j * 1.5 * r, r, colour, width=r * rng.choice([0.16, 0.16, 0.34]))


# waves


def seigaiha(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """The Japanese wave scales: rows of fans, each row covering the one behind."""
    n = how_many(2.2, 8, d)
    r = w / n / 2 * 1.04
    bands = 3 + int(rng.integers(2))
    row, y = 0, r * 0.6
    while y < h + r * 1.2:
        for i in range(-1, n + 2):
            x = (i + 0.5 * (row % 2)) * 2 * r
            warm = rng.random() < 0.12
            for k in range(bands):
                share = 1 - k / bands
                strong = inks.accent if warm else inks.figure(0.88)
                pen.disc(x, y, r * share, strong if k % 2 == 0 else inks.figure(0.08))
        row, y = row + 1, y + r * 0.5


def moire(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Thick parallel lines with one swelling, one of them marked."""
    n, x = how_many(7, 34, d), np.linspace(-8, w + 8, 150)
    cycles, swell = rng.uniform(0.8, 2.4), h * rng.uniform(0.05, 0.12)
    drift, start = rng.uniform(-2.4, 2.4), rng.uniform(0, 6.28)
    marked = int(rng.integers(n))
    for k, level in enumerate(np.linspace(-0.05, 1.05, n)):
        bump = np.exp(-((x / w - 0.5 - 0.25 * np.sin(level * 4 + start)) ** 2) / 0.05)
        y = h * level + swell * (0.4 + bump) * np.sin(
            2 * np.pi * cycles * x / w + start + drift * level
        )
        strength = 0.45 + 0.5 * float(np.clip(level, 0, 1))
        colour = inks.accent if k == marked else inks.figure(strength)
        pen.shape(np.column_stack([x, y]), colour, closed=False, width=h * 0.42 / n)


def sea(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """A sun over the horizon and rows of waves, larger towards us."""
    horizon = h * rng.uniform(0.34, 0.5)
    r = min(w, h) * rng.uniform(0.14, 0.24)
    pen.fade(0, 0, w, horizon, [inks.shade(0.35), inks.figure(0.12)])
    pen.disc(w * rng.uniform(0.28, 0.72), horizon - r * rng.uniform(0.1, 0.9), r, inks.accent)
    n, x = how_many(3, 13, d), np.linspace(0, w, 120)
    for k in range(n):
        far = k / n
        top = horizon + (h - horizon) * far**1.3
        size = h * (0.012 + 0.05 * far) * (0.8 + 0.4 * rng.random())
        cycles = 7 - 4.5 * far + rng.uniform(-0.5, 0.5)
        y = top + size * np.abs(np.sin(np.pi * cycles * x / w + rng.uniform(0, 6)))
        sheet = np.vstack([np.column_stack([x, y]), [[w, h], [0, h]]])
        pen.shape(sheet, inks.figure(0.3 + 0.65 * far))
        if d > 0.3:
            crest = np.column_stack([x, y])
            pen.shape(crest, inks.figure(0.1), closed=False, width=2.4, alpha=0.7)


def swells(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Sheets of one wave, every other out of step, in five colours."""
    n, x = how_many(4, 15, d), np.linspace(0, w, 120)
    cycles, phase = rng.uniform(0.9, 2.2), rng.uniform(0, 6.28)
    colours = [inks.figure(0.9), inks.figure(0.3), inks.second, inks.figure(0.65), inks.shade(0.35)]
    chosen = int(rng.integers(1, n))
    for k in range(n):
        y = h * (k + 0.3) / n + h / n * 0.62 * np.sin(
            2 * np.pi * cycles * x / w + phase + (k % 2) * np.pi * 0.85
        )
        sheet = np.vstack([np.column_stack([x, y]), [[w, h], [0, h]]])
        pen.shape(sheet, inks.accent if k == chosen else colours[k % 5])


# grid


def quarters(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Tiles with quarter discs, discs and triangles, turned at random."""
    n = how_many(2, 8, d)
    s = w / n
    colours = [inks.figure(0.9), inks.figure(0.55), inks.second, inks.figure(0.25), inks.accent]
    for j in range(int(np.ceil(h / s))):
        for i in range(n):
            back, front = rng.choice(5, 2, replace=False, p=[0.3, 0.25, 0.14, 0.21, 0.1])
            pen.box(i * s, j * s, s + 1, s + 1, colours[back])
            turn, kind = int(rng.integers(4)), rng.random()
            cx, cy = i * s + s * (turn in (1, 2)), j * s + s * (turn in (2, 3))
            if kind < 0.55:
                pen.wedge(cx, cy, s, 90 * turn, 90, colours[front])
                if kind < 0.22:
                    pen.wedge(cx, cy, s * 0.5, 90 * turn, 90, colours[back])
            elif kind < 0.75:
                pen.disc(i * s + s / 2, j * s + s / 2, s * 0.34, colours[front])
            elif kind < 0.9:
                corners = np.array([[0, 0], [s, 0], [s, s], [0, s]])
                pen.shape(corners[np.arange(4) != turn] + [i * s, j * s], colours[front])


def blocks(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """A picture plane cut again and again, with black lines between the fields."""
    cells, wanted = [(0.0, 0.0, w, h)], how_many(6, 46, d)
    while len(cells) < wanted:
        cells.sort(key=lambda c: c[2] * c[3])
        x, y, cw, ch = cells.pop()
        cut = float(rng.choice([0.33, 0.5, 0.67, 0.4]))
        if cw > ch:
            cells += [(x, y, cw * cut, ch), (x + cw * cut, y, cw * (1 - cut), ch)]
        else:
            cells += [(x, y, cw, ch * cut), (x, y + ch * cut, cw, ch * (1 - cut))]
    colours = [inks.figure(0.15), inks.shade(0.4), inks.figure(0.5), inks.second, inks.accent]
    for x, y, cw, ch in cells:
        colour = colours[int(rng.choice(5, p=[0.36, 0.2, 0.22, 0.12, 0.1]))]
        pen.box(x, y, cw, ch, colour)
        pen.box(x, y, cw, ch, inks.figure(1.0), width=min(w, h) * 0.016)


def warped(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """A chessboard that bulges towards us."""
    n = how_many(5, 15, d)
    t = np.linspace(0, 1, n + 1)
    px, py, pull = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7), rng.uniform(0.35, 0.85)

    def at(i: int, j: int) -> list[float]:
        dx, dy = t[i] - px, t[j] - py
        scale = 1 + pull * np.exp(-(dx**2 + dy**2) / 0.07)
        return [w * (px + dx * scale), h * (py + dy * scale)]

    for j in range(n):
        for i in range(n):
            quad = np.array([at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)])
            if (i + j) % 2:
                near = np.exp(-((t[i] - px) ** 2 + (t[j] - py) ** 2) / 0.03)
                pen.shape(quad, inks.accent if near > 0.55 else inks.figure(0.9))


def panes(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Squares in rows whose size runs in waves across the picture."""
    n = how_many(4, 15, d)
    s = w / n
    angle, phase = rng.uniform(0, 6.28), rng.uniform(0, 6.28)
    odd = rng.integers(n, size=(max(n // 3, 1), 2))
    for j in range(int(np.ceil(h / s))):
        for i in range(n):
            run = (i * np.cos(angle) + j * np.sin(angle)) / n
            size = s * (0.5 + 0.38 * np.sin(5.5 * run + phase))
            x, y = (i + 0.5) * s, (j + 0.5) * s
            hot = bool(((odd[:, 0] == i) & (odd[:, 1] == j)).any())
            colour = inks.accent if hot else inks.figure(0.9)
            pen.box(x - size / 2, y - size / 2, size, size, colour)


def plane(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """A sun that sets behind a grid in perspective."""
    horizon, n = h * rng.uniform(0.42, 0.56), how_many(5, 17, d)
    pen.fade(0, 0, w, horizon, [inks.ground, inks.figure(0.35)])
    r = min(w, h) * rng.uniform(0.19, 0.27)
    pen.disc(w / 2, horizon - r * 0.35, r, inks.accent)
    for k in range(how_many(3, 7, d)):
        pen.box(0, horizon - r * 0.2 * k, w, r * 0.012 * (7 - k) + 1, inks.figure(0.3))
    pen.box(0, horizon, w, h - horizon, inks.shade(0.5))
    line = min(w, h) * 0.011
    for slope in np.linspace(-2.4, 2.4, 2 * n + 1):
        ray = np.array([[w / 2 + slope * w * 0.12, horizon], [w / 2 + slope * w, h]])
        pen.shape(ray, inks.figure(0.85), closed=False, width=line)
    for k in range(n):
        y = horizon + (h - horizon) * (k / n) ** 2
        pen.shape(np.array([[0, y], [w, y]]), inks.figure(0.85), closed=False, width=line)


# scatter


def confetti(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Small shapes of five kinds, thrown and turned."""
    n, u = how_many(14, 130, d), min(w, h)
    size = u * 0.48 / n**0.42
    colours = [inks.figure(0.92), inks.figure(0.55), inks.second, inks.accent]
    for x, y in spread(n, rng) * [w, h]:
        colour = colours[int(rng.choice(4, p=[0.4, 0.28, 0.16, 0.16]))]
        kind = int(rng.integers(5))
        with pen.turned(rng.uniform(0, 360), x, y):
            if kind == 0:
                pen.disc(0, 0, size * 0.42, colour)
            elif kind == 1:
                pen.shape(size * np.array([[0, -0.55], [0.5, 0.35], [-0.5, 0.35]]), colour)
            elif kind == 2:
                pen.box(-size * 0.6, -size * 0.14, size * 1.2, size * 0.28, colour)
            elif kind == 3:
                pen.wedge(0, 0, size * 0.5, 0, 180, colour)
            else:
                t = np.linspace(-1, 1, 30)
                squiggle = size * np.column_stack([t * 0.8, 0.2 * np.sin(t * 7)])
                pen.shape(squiggle, colour, closed=False, width=size * 0.17)


def stars(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """A night sky with one constellation drawn in."""
    pen.fade(0, 0, w, h, [inks.figure(0.28), inks.shade(0.3)], radial=True)
    u = min(w, h)
    n = how_many(12, 130, d)
    places = spread(n, rng) * [w, h]
    for x, y in places:
        size = u * rng.choice([0.009, 0.014, 0.022, 0.034], p=[0.35, 0.35, 0.2, 0.1])
        pen.disc(x, y, size, inks.figure(0.98))
    chain = places[np.argsort(places[:, 0])][:: max(n // how_many(5, 9, d), 1)]
    pen.shape(chain, inks.accent, closed=False, width=u * 0.009)
    for x, y in chain:
        arm = u * 0.05
        t = np.arange(8) * np.pi / 4
        r = np.where(np.arange(8) % 2, arm * 0.3, arm)
        pen.shape(np.column_stack([x + r * np.cos(t), y + r * np.sin(t)]), inks.accent)


def terrazzo(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Chips of stone with four to six corners."""
    n, u = how_many(12, 120, d), min(w, h)
    colours = [inks.figure(0.92), inks.figure(0.5), inks.second, inks.accent, inks.shade(0.5)]
    for x, y in spread(n, rng) * [w, h]:
        corners = int(rng.integers(4, 7))
        a = np.sort(rng.uniform(0, 2 * np.pi, corners))
        r = u * 0.4 / n**0.44 * rng.uniform(0.6, 1.2, corners)
        chip = np.column_stack([x + r * np.cos(a), y + r * np.sin(a)])
        pen.shape(chip, colours[int(rng.choice(5, p=[0.32, 0.25, 0.16, 0.14, 0.13]))])


def bubbles(pen: Pen, w: float, h: float, inks: Inks, d: float, rng: np.random.Generator) -> None:
    """Translucent discs of many sizes, with a glint where they are many."""
    n, u = how_many(7, 60, d), min(w, h)
    colours = [inks.figure(0.85), inks.figure(0.5), inks.second, inks.accent]
    for x, y in spread(n, rng) * [w, h]:
        r = u * 0.42 / n**0.5 * rng.uniform(0.3, 1.0)
        colour = colours[int(rng.choice(4, p=[0.42, 0.28, 0.16, 0.14]))]
        pen.disc(x, y, r, colour, alpha=0.88)
        if d > 0.4:
            pen.disc(x - r * 0.3, y - r * 0.3, r * 0.22, inks.ground, alpha=0.8)
