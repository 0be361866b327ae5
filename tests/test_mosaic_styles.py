"""Chord symbols and the tables of styles and leads."""

from __future__ import annotations

import pytest
from mosaic.styles import LEADS, STYLES, parse_chord

from mmrec_course.datasets.synthetic import GENRES


@pytest.mark.parametrize(
    ("symbol", "root", "intervals"),
    [
        ("I", 0, (0, 4, 7)),
        ("vi", 9, (0, 3, 7)),
        ("ii9", 2, (0, 3, 7, 10, 14)),
        ("bVImaj7", 8, (0, 4, 7, 11)),
        ("bVII", 10, (0, 4, 7)),
        ("iiø", 2, (0, 3, 6, 10)),
        ("V7b9", 7, (0, 4, 7, 10, 13)),
        ("iadd9", 0, (0, 3, 7, 14)),
        ("Vsus4", 7, (0, 5, 7)),
    ],
)
def test_chord_symbols_give_root_and_intervals(symbol, root, intervals):
    assert parse_chord(symbol) == (root, intervals)


@pytest.mark.parametrize("symbol", ["", "H7", "iiii", "Vxyz"])
def test_an_unknown_symbol_is_refused_by_name(symbol):
    with pytest.raises(ValueError, match="chord: "):
        parse_chord(symbol)


def test_every_genre_has_a_style_whose_progressions_can_be_read():
    assert set(STYLES) == set(GENRES)
    for style in STYLES.values():
        assert style.bpm_limits[0] < style.bpm < style.bpm_limits[1]
        for mood in (style.bright, style.even, style.dark):
            assert len(mood) >= 3  # an artist needs something to choose from
            for progression in mood:
                assert all(parse_chord(symbol) for symbol in progression.split())


def test_every_lead_of_the_world_has_a_programme():
    assert {lead for _, leads in GENRES.values() for lead in leads} == set(LEADS)
