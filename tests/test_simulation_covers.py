"""Covers: colours follow the facts, words are never cut, seeds are stable, drawings repeat.

What needs skia or the fonts is skipped, with its reason, where they are absent.
"""

from __future__ import annotations

import colorsys
import hashlib
import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrec_course.simulation import cover_layouts, covers
from mmrec_course.simulation.cover_drawing import how_many, spread
from mmrec_course.simulation.cover_layouts import FULL, LAYOUTS, Sleeve
from mmrec_course.simulation.cover_motifs import KINDS
from mmrec_course.simulation.cover_palette import (
    best_ink,
    contrast,
    luminance,
    make_palette,
    oklch,
)
from mmrec_course.simulation.cover_type import FACES, Face, Line, fit_text, load_fonts
from mmrec_course.simulation.covers import LEANINGS, draw_cover, stable_seed, write_cover
from mmrec_course.simulation.world import GENRES, MOTIFS, draw_tracks

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


# palette


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
    assert contrast(grey, grey) == 1
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


# text fitting: a monospaced measure makes the right answers plain.


def _half_em(text: str) -> float:
    return 0.5 * len(text)


def test_a_short_title_is_as_large_as_allowed_on_one_line() -> None:
    assert fit_text("Drift", 500, 200, _half_em, largest=80) == (["Drift"], 80)


def test_lines_are_broken_where_they_balance() -> None:
    lines, size = fit_text("aaaa bb cc dddd", 100, 400, _half_em, largest=500, max_lines=2)
    assert lines == ["aaaa bb", "cc dddd"]
    assert size == pytest.approx(100 / 3.5)


def test_height_bounds_the_size_too() -> None:
    _, size = fit_text("one two", 1000, 30, _half_em, largest=200)
    assert size == 30


def test_one_long_word_is_shrunk_and_kept() -> None:
    lines, size = fit_text("Unübersichtlichkeit", 40, 40, _half_em, largest=90, smallest=30)
    assert lines == ["Unübersichtlichkeit"]
    assert size == pytest.approx(40 / (0.5 * 19))


def test_more_lines_than_welcome_are_used_before_words_become_illegible() -> None:
    text = "aaa bbb ccc ddd eee fff"
    lines, size = fit_text(text, 60, 600, _half_em, largest=90, smallest=30, max_lines=2)
    assert len(lines) > 2 and size >= 30
    assert len(fit_text(text, 60, 600, _half_em, largest=90, max_lines=2)[0]) == 2


@given(
    st.lists(st.text("abcdefg", min_size=1, max_size=12), min_size=1, max_size=9),
    st.floats(20, 600),
    st.floats(20, 600),
    st.integers(1, 5),
)
def test_fitted_text_keeps_every_word_and_stays_in_its_box(
    words: list[str], width: float, height: float, lines: int
) -> None:
    rows, size = fit_text(
        " ".join(words), width, height, _half_em, largest=99, max_lines=lines, leading=1.2
    )
    assert " ".join(rows).split() == words
    assert 0 < size <= 99
    assert max(map(_half_em, rows)) * size <= width * (1 + 1e-9)
    assert size * (1 + 1.2 * (len(rows) - 1)) <= height * (1 + 1e-9)


@pytest.mark.parametrize(("text", "width"), [("  ", 100.0), ("word", 0.0)])
def test_blank_texts_and_empty_boxes_are_refused(text: str, width: float) -> None:
    with pytest.raises(ValueError, match=r"text|box"):
        fit_text(text, width, 10, _half_em, largest=10)


# seeds, tables, geometry


def test_seeds_are_those_of_crc32_and_tell_their_parts_apart() -> None:
    assert stable_seed("a") == 0xE8B7BE43  # a published check value
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


def test_covers_can_be_imported_without_skia() -> None:
    code = "import sys, mmrec_course.simulation.covers; sys.exit('skia' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


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
    for artist_id in range(6):
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
    from mmrec_course.simulation.cover_drawing import Pen

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
        "import sys; from mmrec_course.simulation.covers import draw_cover, write_cover;"
        f"write_cover(sys.argv[1], draw_cover({FACTS!r}, title='Salt', artist='Ósk', item_id='t7'))"
    )
    hashes = set()
    for k in range(2):
        path = tmp_path / f"{k}.jpg"
        subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    here = tmp_path / "here.jpg"
    write_cover(here, draw_cover(FACTS, title="Salt", artist="Ósk", item_id="t7"))
    hashes.add(hashlib.sha256(here.read_bytes()).hexdigest())
    assert len(hashes) == 1


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
    from mmrec_course.simulation.cover_drawing import Pen
    from mmrec_course.simulation.cover_motifs import draw_motif

    for family, kinds in KINDS.items():
        for kind in range(len(kinds)):
            for density in (0.0, 0.5, 1.0):
                pen, inks = Pen(np.zeros((FULL, FULL, 4), np.uint8)), make_palette(1.0, 0.0, 0.5)
                rng = np.random.default_rng(1)
                pen.box(0, 0, FULL, FULL, inks.ground)
                bare = pen.pixels.copy()
                draw_motif(pen, FULL, FULL, inks, family, kind, density, rng)
                changed = (np.abs(pen.pixels.astype(int) - bare).max(axis=2) > 20).mean()
                assert changed > 0.02, (family, kind, density)


@needs_drawing
def test_pictures_follow_the_facts() -> None:
    """Rank correlation of plain picture statistics with the facts, over a drawn catalogue."""
    tracks = draw_tracks(90, n_artists=60, rng=5)
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
    for artist_id in range(25):
        for k in range(3):
            facts = FACTS | {"artist_id": artist_id}
            draw_cover(facts, title="A", artist="B", item_id=f"t{artist_id}-{k}")
    per_artist = [set(seen[3 * a : 3 * a + 3]) for a in range(25)]
    assert all(len(faces) == 1 for faces in per_artist)
    assert len(set.union(*per_artist)) >= 6
    assert cover_layouts.LAYOUTS["bleed"] is LAYOUTS["bleed"]
