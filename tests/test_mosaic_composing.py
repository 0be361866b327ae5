"""Voice leading, and the band's patterns, swing and habits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mosaic.composing import Band, nearest, voice_chord
from mosaic.styles import STYLES

FACTS = {
    "artist_id": 3,
    "genre": "jazz",
    "lead": "piano",
    "tempo": 0.5,
    "energy": 0.0,
    "brightness": 0.0,
    "valence": 0.0,
    "acoustic": 0.9,
}
STRAIGHT = replace(STYLES["jazz"], swing=0.5, looseness=0.0)


def make_band(style=STRAIGHT, seed=1, **changes):
    band = Band({**FACTS, **changes}, style, seed=seed)
    band.part("bass", 32)
    band.part("lead", 0)
    return band


def test_voices_move_little_between_neighbouring_chords():
    c_major = voice_chord([0, 4, 7], 60)
    a_minor = voice_chord([9, 0, 4], 60, c_major)
    assert {p % 12 for p in a_minor} == {9, 0, 4}
    assert sum(min(abs(p - q) for q in c_major) for p in a_minor) <= 2  # only g moves, to a


@pytest.mark.parametrize("tone", range(12))
def test_nearest_stays_within_half_an_octave(tone):
    pitch = nearest(tone, 60)
    assert pitch % 12 == tone
    assert 54 <= pitch < 66


def test_patterns_become_beats_and_lengths():
    band = make_band()
    assert band.onsets("x.x-")[:3] == [(0, 1, "x"), (2, 2, "x"), (4, 1, "x")]
    assert band.onsets("x...|..x-")[:3] == [(0, 1, "x"), (6, 2, "x"), (8, 1, "x")]


def test_swing_delays_the_off_beat_and_leaves_the_beat():
    band = make_band(replace(STRAIGHT, swing=2 / 3))
    for beat in (4.0, 4.5, 5.0):
        band.play("lead", beat, 0.4, 60)
    starts = [note.start for note in band.score().notes]
    assert starts == pytest.approx([4, 4 + 2 / 3, 5])


def test_a_bass_plays_the_roots_of_the_chords():
    band = make_band()
    band.bass("bass", "R...")
    for note in band.score().notes:
        assert note.pitch % 12 == band.chord_at(note.start).root
        assert 34 <= note.pitch <= 46


def test_a_tune_rests_on_chord_tones_and_stays_in_reach():
    band = make_band()
    notes = band.melody("lead", ("x---x---|x---x---",), centre=72, rest=0)
    assert len(notes) >= 4
    for note in notes:
        assert note.pitch % 12 in band.chord_at(note.start).tones
        assert 62 <= note.pitch <= 84


def test_an_echo_comes_later_and_softer():
    band = make_band()
    band.play("lead", 4, 0.5, 60)
    band.echo("bass", band.score().notes, delay=0.75, fade=0.5, times=2)
    first, *echoes = band.score().notes
    assert [note.start - first.start for note in echoes] == pytest.approx([0.75, 1.5])
    assert [note.velocity for note in echoes] == [
        int(first.velocity * 0.5),
        int(first.velocity * 0.25),
    ]


def test_tracks_of_one_artist_share_more_than_strangers():
    def same_key(pairs):
        keys = [
            (make_band(seed=a, artist_id=i).tonic, make_band(seed=b, artist_id=j).tonic)
            for a, i, b, j in pairs
        ]
        return np.mean([x == y for x, y in keys])

    family = same_key([(2 * k, k, 2 * k + 1, k) for k in range(150)])
    strangers = same_key([(2 * k, k, 2 * k + 1, k + 500) for k in range(150)])
    assert family > strangers + 0.1


def test_valence_brightens_the_harmony():
    def share_of_minor_tonics(valence):
        bands = [make_band(seed=s, artist_id=s, valence=valence) for s in range(40)]
        return np.mean(
            [any(c.root == b.tonic and 3 in c.intervals for c in b.chords) for b in bands]
        )

    assert share_of_minor_tonics(-1.5) == 1
    assert share_of_minor_tonics(1.5) == 0
