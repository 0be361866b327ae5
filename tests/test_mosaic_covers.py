"""Covers: pictures follow the facts, words are never cut, seeds are stable, drawings repeat.

What needs skia or the fonts is skipped, with its reason, where they are absent.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mosaic import cover_layouts, covers
from mosaic.cover_drawing import how_many, spread
from mosaic.cover_layouts import FULL, LAYOUTS, Sleeve
from mosaic.cover_motifs import KINDS
from mosaic.cover_palette import make_palette
from mosaic.cover_type import FACES, Face, Line, load_fonts
from mosaic.covers import LEANINGS, draw_cover, stable_seed, write_cover

from mmrec_course.datasets.synthetic import GENRES, MOTIFS, draw_tracks

TOOLS = Path(__file__).resolve().parent.parent / "tools"
LONG_TITLE = "Postgraduates of Leisure Studies Remember the Extraordinary Winter Timetable"
LONG_ARTIST = "Brother Lumen & the Disconsolate Harbourmasters"
FACTS = {
    "hue_cos": 1.0, "hue_sin": 0.0, "lightness": 0.0, "vividness": 0.5, "ornament": 0.2,
    "motif": "rings", "artist_id": 3, "genre": "jazz",
}  # fmt: skip


def _missing() -> str:
    if importlib.util.find_spec("skia") is None:
        return "skia is not installed: pip install '.[data]'"
    try:
        importlib.import_module("skia")
        load_fonts()
    except (ImportError, FileNotFoundError) as absent:
        return str(absent)
    return ""


needs_drawing = pytest.mark.skipif(bool(_missing()), reason=_missing() or "never")


# seeds, tables, geometry


def test_seeds_are_those_of_crc32_and_tell_their_parts_apart() -> None:
    assert stable_seed("a") == 0xE8B7BE43  # a published check value
    assert stable_seed("cover", "t115") == 477214017
    assert stable_seed("a", "bc") != stable_seed("ab", "c")


def test_every_motif_genre_and_leaning_is_known() -> None:
    assert set(KINDS) == set(MOTIFS)
    assert set(LEANINGS) == set(GENRES)
    assert all(len(kinds) >= 3 for kinds in KINDS.values())
    for faces, layouts in LEANINGS.values():
        assert set(faces) <= set(FACES) and set(layouts) <= set(LAYOUTS)


def test_a_missing_font_names_its_package(tmp_path: Path) -> None:
    gone = Face(str(tmp_path / "gone.otf"), str(tmp_path / "gone.otf"), "fonts-gone", "OFL-1.1")
    with pytest.raises(FileNotFoundError, match="apt-get install fonts-gone"):
        load_fonts({"gone": gone})


def test_an_unknown_motif_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(ValueError, match="'hearts' is not one of rings"):
        draw_cover(FACTS | {"motif": "hearts"}, title="A", artist="B", item_id="t1", fonts={})


def test_counts_grow_geometrically_and_places_keep_apart() -> None:
    assert [how_many(4, 64, d) for d in (0, 0.5, 1)] == [4, 16, 64]
    places = spread(40, np.random.default_rng(0))
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(40)
    loose = np.random.default_rng(0).random((40, 2))
    loose_gaps = np.linalg.norm(loose[:, None] - loose[None], axis=2) + 9 * np.eye(40)
    assert gaps.min(axis=1).mean() > 1.3 * loose_gaps.min(axis=1).mean()


@pytest.mark.skipif(not importlib.util.find_spec("skia"), reason="this file's imports show it")
def test_covers_can_be_imported_without_skia() -> None:
    code = "import sys, mosaic.covers; sys.exit('skia' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=TOOLS, check=False).returncode == 0


# drawing


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Any, ...]]]:
    """Every text that is set: (text, rows as drawn, its box, the box it may use)."""
    notes: list[tuple[Any, ...]] = []
    rows: list[str] = []
    set_words, draw = Sleeve.words, Line.draw

    def draws(self: Line, pen: Any, text: str, *rest: Any) -> None:
        rows.append(text)
        draw(self, pen, text, *rest)

    def sets(self: Sleeve, text: str, x: float, y: float, w: float, h: float, **more: Any) -> Any:
        rows.clear()
        used = set_words(self, text, x, y, w, h, **more)
        notes.append((text, list(rows), used, (x, y, w, h)))
        return used

    monkeypatch.setattr(Line, "draw", draws)
    monkeypatch.setattr(Sleeve, "words", sets)
    yield notes


def _only(monkeypatch: pytest.MonkeyPatch, layout: str) -> None:
    monkeypatch.setattr(covers, "LAYOUTS", dict.fromkeys(LAYOUTS, LAYOUTS[layout]))


@needs_drawing
@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_long_words_stay_in_their_box_and_on_the_sleeve(
    layout: str, noted: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, layout)
    for artist_id in range(3):
        facts = FACTS | {"artist_id": artist_id}
        draw_cover(facts, title=LONG_TITLE, artist=LONG_ARTIST, item_id=f"t{artist_id}")
    assert noted or layout == "disc label"  # which sets its words along a circle
    for text, rows, (x, y, w, h), (bx, by, bw, bh) in noted:
        assert " ".join(rows).split() == text.split()
        assert bx - 1 <= x and x + w <= bx + bw + 1
        assert by - 1 <= y and y + h <= by + bh + 1
        assert x >= -FULL and x + w <= FULL and y + h <= FULL


@needs_drawing
@pytest.mark.parametrize("name", list(FACES))
def test_ink_lies_where_the_measure_says(name: str) -> None:
    from mosaic.cover_drawing import Pen

    pen = Pen(np.zeros((200, 900, 4), np.uint8))
    line = Line(load_fonts({name: FACES[name]})[name][0], FACES[name].tracking)
    line.draw(pen, "Öjgrotfly", 20, 130, 90, pen.paint((1, 1, 1)))
    rows, columns = np.nonzero(pen.pixels[..., 3] > 60)
    rise, fall = line.extent("Öjgrotfly")
    assert columns.min() >= 18 and columns.max() <= 20 + 90 * line.measure("Öjgrotfly") + 2
    assert rows.min() >= 130 - 90 * rise - 2 and rows.max() <= 130 + 90 * fall + 2


@needs_drawing
def test_a_letter_that_the_typeface_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no letter"):
        draw_cover(FACTS, title="漢字", artist="B", item_id="t1")


@needs_drawing
def test_same_arguments_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys; from mosaic.covers import draw_cover, write_cover;"
        f"write_cover(sys.argv[1], draw_cover({FACTS!r}, title='Salt', artist='Ósk', item_id='t7'))"
    )
    here, there = tmp_path / "here.jpg", tmp_path / "there.jpg"
    command = [sys.executable, "-c", code, str(there)]
    subprocess.run(command, cwd=TOOLS, check=True, capture_output=True)
    write_cover(here, draw_cover(FACTS, title="Salt", artist="Ósk", item_id="t7"))
    assert here.read_bytes() == there.read_bytes()


@needs_drawing
def test_a_cover_is_small_in_pixels_and_bytes_and_differs_by_item(tmp_path: Path) -> None:
    from PIL import Image

    one = draw_cover(FACTS, title="Salt", artist="Ósk", item_id="t7")
    other = draw_cover(FACTS, title="Salt", artist="Ósk", item_id="t8")
    assert one.shape == (160, 160, 3) and one.dtype == np.uint8
    assert np.abs(one.astype(int) - other).mean() > 3
    write_cover(tmp_path / "one.jpg", one)
    assert 2_000 < (tmp_path / "one.jpg").stat().st_size < 30_000
    back = np.asarray(Image.open(tmp_path / "one.jpg"))
    assert np.abs(back.astype(int) - one).mean() < 4


@needs_drawing
def test_every_kind_of_motif_marks_the_picture_at_every_density() -> None:
    from mosaic.cover_drawing import Pen
    from mosaic.cover_motifs import draw_motif

    side = FULL // 2
    for family, kinds in KINDS.items():
        for kind in range(len(kinds)):
            for density in (0.0, 0.5, 1.0):
                pen, inks = Pen(np.zeros((side, side, 4), np.uint8)), make_palette(1.0, 0.0, 0.5)
                rng = np.random.default_rng(1)
                pen.box(0, 0, side, side, inks.ground)
                bare = pen.pixels.copy()
                draw_motif(pen, side, side, inks, family, kind, density, rng)
                changed = (np.abs(pen.pixels.astype(int) - bare).max(axis=2) > 20).mean()
                assert changed > 0.02, (family, kind, density)


@needs_drawing
def test_pictures_follow_the_facts() -> None:
    """Rank correlation of plain picture statistics with the facts, over a drawn catalogue."""
    tracks = draw_tracks(60, n_artists=40, rng=5)
    pictures = np.array(
        [
            draw_cover(row, title="Low Tide", artist="The Vanes", item_id=f"t{k}")
            for k, row in enumerate(tracks.to_dict("records"))
        ]
    ).astype(float)
    grey = pictures @ [0.3, 0.59, 0.11]
    high, low = pictures.max(axis=3), pictures.min(axis=3)
    saturation = ((high - low) / np.maximum(high, 1)).mean(axis=(1, 2))
    small = grey.reshape(len(grey), 80, 2, 80, 2).mean(axis=(2, 4))
    edges = np.log(np.abs(np.diff(small, axis=1)).mean(axis=(1, 2)) + 1)
    for statistic, fact, least in (
        (grey.mean(axis=(1, 2)), "lightness", 0.65),
        (saturation, "vividness", 0.55),
        (edges, "ornament", 0.25),
    ):
        ranks = [np.argsort(np.argsort(v)) for v in (statistic, tracks[fact].to_numpy())]
        assert np.corrcoef(ranks)[0, 1] > least, fact


@needs_drawing
def test_an_artist_keeps_one_typeface(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def note(sleeve: Sleeve) -> None:
        seen.append(next(n for n, f in FACES.items() if f is sleeve.face))

    monkeypatch.setattr(covers, "LAYOUTS", dict.fromkeys(LAYOUTS, note))
    for artist_id in range(15):
        for k in range(2):
            facts = FACTS | {"artist_id": artist_id}
            draw_cover(facts, title="A", artist="B", item_id=f"t{artist_id}-{k}")
    per_artist = [set(seen[2 * a : 2 * a + 2]) for a in range(15)]
    assert all(len(faces) == 1 for faces in per_artist)
    assert len(set.union(*per_artist)) >= 6
    assert cover_layouts.LAYOUTS["bleed"] is LAYOUTS["bleed"]
