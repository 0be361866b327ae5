"""MIDI, mastering and Ogg bytes; playing itself where FluidSynth and its font are installed."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from mosaic.arranging import compose
from mosaic.composing import Note, Part, Score
from mosaic.music import (
    PLAY_RATE,
    SAMPLE_RATE,
    SOUNDFONT,
    make_clip,
    master,
    ogg_checksum,
    play,
    with_serial,
    write_clip,
    write_midi,
)

FACTS = {
    "item_id": "t001",
    "artist_id": 1,
    "genre": "folk",
    "lead": "fiddle",
    "tempo": 0.2,
    "energy": 0.0,
    "brightness": 0.5,
    "valence": 0.3,
    "acoustic": 1.2,
}
needs_synth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not SOUNDFONT.is_file(),
    reason="needs fluidsynth and the sound font FluidR3_GM.sf2",
)


def noise(seconds=7.0, scale=0.05, seed=0):
    shape = (round(seconds * PLAY_RATE), 2)
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def decibels(wave):
    return 20 * np.log10(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))


def tiny(notes):
    return Score(
        bpm=120,
        parts=(Part("lead", 73), Part("drums", 0, bank=128, drums=True)),
        notes=tuple(notes),
        controls=(),
        start=1.0,
        duration=5.0,
        room=0.3,
    )


def messages(score):
    mido = pytest.importorskip("mido")
    return mido.MidiFile(file=io.BytesIO(write_midi(score)))


def test_midi_has_the_tempo_the_programme_and_the_drum_channel():
    file = messages(tiny([Note("lead", 2, 1, 72, 90), Note("drums", 2, 1, 36, 100)]))
    assert next(m for m in file.tracks[0] if m.type == "set_tempo").tempo == 500_000
    assert next(m for m in file.tracks[1] if m.type == "program_change").program == 73
    assert {m.channel for m in file.tracks[1] if not m.is_meta} == {0}
    assert {m.channel for m in file.tracks[2] if not m.is_meta} == {9}
    assert file.length == pytest.approx(7.0)


@pytest.mark.parametrize("genre_lead", [("folk", "fiddle"), ("dub", "organ"), ("ambient", "choir")])
def test_every_note_of_the_file_ends(genre_lead):
    genre, lead = genre_lead
    file = messages(compose({**FACTS, "genre": genre, "lead": lead}, seed=4))
    for track in file.tracks:
        open_notes = set()
        for message in track:
            if message.type == "note_on":
                assert message.note not in open_notes  # a stroke ends before its pitch returns
                open_notes.add(message.note)
            elif message.type == "note_off":
                open_notes.remove(message.note)
        assert not open_notes


def test_a_filter_offset_is_written_in_steps_of_two_cents():
    score = tiny([Note("lead", 2, 1, 72, 90)])
    score = replace(score, parts=(replace(score.parts[0], cutoff=-1000), score.parts[1]))
    controls = [(m.control, m.value) for m in messages(score).tracks[1] if m.is_cc()]
    data = dict(controls)[6] * 128 + dict(controls)[38]
    assert (data - 8192) * 2 == -1000
    # The most significant byte sets the value, so it has to be the last of the four.
    assert [c for c, _ in controls if c in (99, 98, 38, 6)] == [99, 98, 38, 6]


def test_midi_is_the_same_for_the_same_score():
    pytest.importorskip("mido")
    assert write_midi(compose(FACTS, seed=9)) == write_midi(compose(FACTS, seed=9))


def test_a_note_without_a_player_and_a_sixteenth_part_are_refused():
    pytest.importorskip("mido")
    with pytest.raises(ValueError, match="ghost"):
        write_midi(tiny([Note("ghost", 2, 1, 72, 90)]))
    crowd = tuple(Part(f"p{k}", 0) for k in range(16))
    with pytest.raises(ValueError, match="p15"):
        write_midi(replace(tiny([]), parts=crowd))


@pytest.mark.parametrize("level", [-27.0, -23.0, -18.0])
def test_mastering_meets_level_length_and_fades(level):
    clip = master(noise(), start=1.0, duration=5.5, level=level)
    assert clip.dtype == np.float32
    assert len(clip) == round(5.5 * SAMPLE_RATE)
    assert decibels(clip) == pytest.approx(level, abs=0.3)
    assert abs(clip[0]) < 1e-6
    assert abs(clip[-1]) < 1e-6
    middle = decibels(clip[SAMPLE_RATE : 2 * SAMPLE_RATE])
    assert decibels(clip[-300:]) < middle - 15


def test_mastering_never_passes_its_ceiling():
    wave = noise()
    wave[::9000] = 30.0
    clip = master(wave, start=0.5, duration=5.0, level=-12.0, ceiling=-1.5)
    assert np.abs(clip).max() <= 10 ** (-1.5 / 20) + 1e-6
    assert decibels(clip) > -25


def test_the_limiter_turns_down_instead_of_flattening_peaks():
    time = np.arange(7 * PLAY_RATE) / PLAY_RATE
    tone = np.sin(2 * np.pi * 100 * time) * np.where(time % 1 < 0.2, 1.0, 0.05)
    clip = master(np.column_stack([tone, tone]), start=0.5, duration=5.0, level=-6.0)
    top = 10 ** (-1.5 / 20)
    assert np.abs(clip).max() > 0.95 * top
    assert np.mean(np.abs(clip) > 0.999 * top) < 0.02


def test_tilt_and_warmth_move_the_balance_of_the_spectrum():
    def share(low, high, **settings):
        spectrum = np.abs(np.fft.rfft(master(noise(), start=1.0, duration=5.0, **settings))) ** 2
        frequency = np.fft.rfftfreq(5 * SAMPLE_RATE, 1 / SAMPLE_RATE)
        return spectrum[(frequency > low) & (frequency < high)].sum() / spectrum.sum()

    assert share(4000, 9000, tilt=6) > share(4000, 9000) > share(4000, 9000, tilt=-6)
    assert share(40, 120, warmth=6) > 2 * share(40, 120) > share(40, 120, warmth=-6)


def test_silence_and_a_short_recording_are_refused():
    with pytest.raises(ValueError, match="silent"):
        master(noise(scale=0.0), start=1.0, duration=5.0)
    with pytest.raises(ValueError, match=r"7\.00 s recorded"):
        master(noise(), start=3.0, duration=5.0)


def test_checksum_agrees_with_the_check_value_of_its_polynomial():
    # Rocksoft's catalogue has CRC-32/MPEG-2 = 0x0376e6e7 for the nine digits, which starts at
    # all ones; Ogg starts at zero, as does CRC-32/POSIX before its final inversion.
    assert ogg_checksum(b"\x00" * 5) == 0
    assert ogg_checksum(b"\x01") == 0x04C11DB7
    ones = bytes(b ^ 0xFF for b in b"1234") + b"56789"
    assert ogg_checksum(ones) == 0x0376E6E7


def test_libsndfiles_own_pages_carry_the_checksum_we_compute():
    buffer = io.BytesIO()
    soundfile.write(buffer, noise(2.0)[:, 0], SAMPLE_RATE, format="OGG", subtype="VORBIS")
    original = buffer.getvalue()
    assert with_serial(original, int.from_bytes(original[14:18], "little")) == original


def test_clips_are_the_same_bytes_and_decode(tmp_path):
    tone = np.sin(2 * np.pi * 440 * np.arange(7 * PLAY_RATE) / PLAY_RATE)
    clip = master(np.column_stack([tone, tone]), start=1.0, duration=5.0)
    for name in ("a.ogg", "b.ogg"):
        write_clip(tmp_path / name, clip, item_id="t001")
    write_clip(tmp_path / "c.ogg", clip, item_id="t002")
    first, again, other = ((tmp_path / f"{n}.ogg").read_bytes() for n in "abc")
    assert first == again
    assert first != other
    wave, rate = soundfile.read(tmp_path / "a.ogg")
    assert rate == SAMPLE_RATE
    assert len(wave) == len(clip)
    assert decibels(wave) == pytest.approx(decibels(clip), abs=1.0)


def test_what_is_no_ogg_is_refused_with_the_place():
    with pytest.raises(ValueError, match="byte 0 of 40"):
        with_serial(bytes(40), 1)
    buffer = io.BytesIO()
    soundfile.write(buffer, noise(1.0)[:, 0], SAMPLE_RATE, format="OGG", subtype="VORBIS")
    with pytest.raises(ValueError, match="ends before"):
        with_serial(buffer.getvalue()[:-5], 1)


def test_a_missing_program_or_font_is_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="install FluidSynth"):
        play(b"", tmp_path / "font.sf2")
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/true")
    with pytest.raises(FileNotFoundError, match=r"font\.sf2 is not there; install FluidR3"):
        play(b"", tmp_path / "font.sf2")


@needs_synth
def test_a_clip_is_music_of_the_right_length_and_level():
    pytest.importorskip("mido")
    clip = make_clip(FACTS)
    assert 5 <= len(clip) / SAMPLE_RATE <= 6
    assert -27 < decibels(clip) < -18
    assert decibels(clip[: SAMPLE_RATE // 2]) > -40
    assert 0.02 < np.abs(clip).max() < 0.9


@needs_synth
def test_two_processes_make_the_same_bytes(tmp_path, root):
    pytest.importorskip("mido")
    code = (
        "import sys\n"
        "from mosaic.music import make_clip, write_clip\n"
        f"write_clip(sys.argv[1], make_clip({FACTS!r}), item_id='t001')\n"
    )
    here, there = tmp_path / "here.ogg", tmp_path / "there.ogg"
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-c", code, str(there)]
    subprocess.run(command, cwd=root / "tools", check=True, env=environment)
    write_clip(here, make_clip(FACTS), item_id="t001")
    assert here.read_bytes() == there.read_bytes()
