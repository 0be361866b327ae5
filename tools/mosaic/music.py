"""From a track's facts to a clip: compose, write MIDI, play it with samples, master, encode.

In: a row of facts with its item id. Out: a mono wave at 22,050 Hz or an Ogg Vorbis file whose
bytes depend on nothing but the facts and the versions of FluidSynth, libsndfile and the font.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mosaic.arranging import compose
from mosaic.composing import Score

__all__ = ["make_clip", "master", "ogg_checksum", "play", "with_serial", "write_clip", "write_midi"]

SAMPLE_RATE = 22_050
PLAY_RATE = 44_100  # played at twice the rate, then halved: pitched samples would alias otherwise
TICKS = 480
PATIENCE = 120  # seconds
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
FILTER_NRPN = (120, 8)  # SoundFont 2.04, section 9.6: NRPN MSB 120, generator 8 initialFilterFc


def write_midi(score: Score) -> bytes:
    """Write a score as a standard MIDI file (type 1, one track a part).

    Parameters
    ----------
    score
        The piece; drums go to channel 10, at most 15 other parts to the rest.

    Returns
    -------
    bytes of the file. It lasts a second longer than the clip, so that nothing is cut.

    Raises
    ------
    ValueError
        If there are more parts than channels, or a note names a part that nobody plays.
    """
    import mido

    channels = _channels(score)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=round(60e6 / score.bpm))])
    file.tracks.append(head)
    end = round((score.start + score.duration + 1) * score.bpm / 60 * TICKS)
    for part in score.parts:
        channel = channels[part.name]
        setup = [(7, part.volume), (10, part.pan), (91, part.reverb), (93, part.chorus)]
        data = int(np.clip(8192 + part.cutoff // 2, 0, 16383))  # one step is two cents
        setup += [(99, FILTER_NRPN[0]), (98, FILTER_NRPN[1]), (38, data & 127), (6, data >> 7)]
        events = [
            (
                0,
                0,
                mido.Message("control_change", channel=channel, control=0, value=part.bank % 128),
            ),
            (0, 0, mido.Message("program_change", channel=channel, program=part.program)),
        ]
        for control, value in setup:
            message = mido.Message("control_change", channel=channel, control=control, value=value)
            events.append((0, 0, message))
        for beat, name, control, value in score.controls:
            if name == part.name:
                message = mido.Message(
                    "control_change", channel=channel, control=control, value=value
                )
                events.append((round(beat * TICKS), 1, message))
        for pitch, start, stop, velocity in _without_overlaps(score, part.name):
            on = mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)
            off = mido.Message("note_off", channel=channel, note=pitch)
            # At one tick, ends come before starts: a repeated note must sound again.
            if start < end:
                events += [(start, 3, on), (min(stop, end), 2, off)]
        # Long releases would be recorded to their last breath, seconds after the clip.
        silence = mido.Message("control_change", channel=channel, control=120, value=0)
        events.append((end, 4, silence))
        events = sorted((event for event in events if event[0] <= end), key=lambda e: e[:2])
        track, now = mido.MidiTrack(), 0
        for tick, _, message in events:
            track.append(message.copy(time=tick - now))
            now = tick
        track.append(mido.MetaMessage("end_of_track", time=end - now))
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _channels(score: Score) -> dict[str, int]:
    free = [channel for channel in range(16) if channel != 9]
    channels: dict[str, int] = {}
    for part in score.parts:
        if part.drums:
            channels[part.name] = 9
        elif free:
            channels[part.name] = free.pop(0)
        else:
            raise ValueError(f"score: part {part.name!r} is the 16th without drums; MIDI has 15")
    strangers = {note.part for note in score.notes} - set(channels)
    if strangers:
        raise ValueError(f"score: notes for {sorted(strangers)}, which no part plays")
    return channels


def _without_overlaps(score: Score, name: str) -> list[tuple[int, int, int, int]]:
    """Pitch, start, stop (ticks) and velocity; a note stops where its pitch is struck again."""
    by_pitch: dict[int, dict[int, tuple[int, int]]] = {}
    for note in score.notes:
        if note.part != name:
            continue
        start = round(note.start * TICKS)
        stop = start + max(12, round(note.length * TICKS))
        strokes = by_pitch.setdefault(note.pitch, {})
        if start not in strokes or strokes[start][1] < note.velocity:
            strokes[start] = (stop, note.velocity)
    cut = []
    for pitch, strokes in by_pitch.items():
        starts = sorted(strokes)
        for start, following in zip(starts, [*starts[1:], None], strict=True):
            stop, velocity = strokes[start]
            cut.append(
                (pitch, start, stop if following is None else min(stop, following), velocity)
            )
    return cut


def play(
    midi: bytes, soundfont: str | Path = SOUNDFONT, *, room: float = 0.5
) -> NDArray[np.float32]:
    """Play a MIDI file with sampled instruments, by the ``fluidsynth`` executable.

    Parameters
    ----------
    midi
        Bytes of a MIDI file.
    soundfont
        Path of a General MIDI sound font.
    room
        Size of the reverb, 0–1.

    Returns
    -------
    (n_samples, 2) float32 at 44,100 Hz. One core, no driver, no dither: the same every time.

    Raises
    ------
    FileNotFoundError
        If the executable or the sound font is missing.
    RuntimeError
        If FluidSynth fails, or has not finished within two minutes.
    """
    import soundfile

    executable = shutil.which("fluidsynth")
    if executable is None:
        raise FileNotFoundError(
            "fluidsynth: not on the path; install FluidSynth (Debian: apt install fluidsynth)"
        )
    if not Path(soundfont).is_file():
        raise FileNotFoundError(
            f"sound font: {soundfont} is not there; install FluidR3 GM "
            "(Debian: apt install fluid-soundfont-gm)"
        )
    settings = {
        "synth.cpu-cores": 1,
        "synth.dynamic-sample-loading": 1,  # reads only the samples a piece needs
        "synth.lock-memory": 0,
        "synth.midi-bank-select": "gs",
        "synth.polyphony": 512,
        "synth.reverb.room-size": round(room, 4),
        "synth.reverb.damp": 0.35,
        "synth.reverb.level": 0.7,
        "synth.reverb.width": 0.8,
        "synth.chorus.depth": 6,
        "synth.chorus.level": 1.2,
        "synth.gain": 0.35,
    }
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "score.mid"), Path(folder, "score.wav")
        source.write_bytes(midi)
        command = [executable, "-n", "-i", "-q", "-r", str(PLAY_RATE), "-O", "float", "-T", "wav"]
        for name, value in settings.items():
            command += ["-o", f"{name}={value}"]
        command += ["-F", str(target), str(soundfont), str(source)]
        # FluidSynth plays on while a note hangs, so a file without its note-offs would never end.
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired as slow:
            raise RuntimeError(
                f"fluidsynth: not done after {PATIENCE} s; does a note of the file never end?"
            ) from slow
        if done.returncode != 0 or not target.is_file():
            raise RuntimeError(f"fluidsynth: exit {done.returncode}: {done.stderr.strip()}")
        wave, _ = soundfile.read(target, dtype="float32", always_2d=True)
    return np.asarray(wave, dtype=np.float32)


def master(
    wave: NDArray[np.floating],
    *,
    start: float = 0.0,
    duration: float | None = None,
    level: float = -23.0,
    tilt: float = 0.0,
    warmth: float = 0.0,
    ceiling: float = -1.5,
) -> NDArray[np.float32]:
    """Cut a clip from a recording and make it ready to encode.

    Parameters
    ----------
    wave
        (n_samples, n_channels) at 44,100 Hz.
    start, duration
        Which seconds to keep; ``None`` keeps the rest.
    level
        Root mean square of the result, dB relative to full scale.
    tilt
        Gain of everything above about 2 kHz, dB.
    warmth
        Gain of everything below about 250 Hz, dB.
    ceiling
        Peak that is never passed, dB relative to full scale; a limiter sees to it, so that a
        recording with sharp peaks may come out below ``level``.

    Returns
    -------
    (n,) float32 at 22,050 Hz, faded in over 10 ms and out over 150 ms.

    Raises
    ------
    ValueError
        If the recording is silent or shorter than the clip.
    """
    from scipy.signal import butter, resample_poly, sosfilt

    mono = np.asarray(wave, dtype=np.float64).mean(axis=1)
    first = round(start * PLAY_RATE)
    n = len(mono) - first if duration is None else round(duration * PLAY_RATE)
    if n < PLAY_RATE // 2 or first + n > len(mono):
        seconds = len(mono) / PLAY_RATE
        raise ValueError(f"wave: {seconds:.2f} s recorded, the clip wants {start:.2f} s onwards")
    high = sosfilt(butter(1, 2000, "highpass", fs=PLAY_RATE, output="sos"), mono)
    low = sosfilt(butter(1, 250, "lowpass", fs=PLAY_RATE, output="sos"), mono)
    shaped = mono + (10 ** (tilt / 20) - 1) * high + (10 ** (warmth / 20) - 1) * low
    shaped = sosfilt(butter(2, 32, "highpass", fs=PLAY_RATE, output="sos"), shaped)
    clip = resample_poly(shaped[first : first + n], SAMPLE_RATE, PLAY_RATE)
    fade_in, fade_out = round(0.010 * SAMPLE_RATE), round(0.150 * SAMPLE_RATE)
    clip[:fade_in] *= np.linspace(0, 1, fade_in)
    clip[-fade_out:] *= np.cos(np.linspace(0, np.pi / 2, fade_out)) ** 2
    power = float(np.sqrt(np.mean(clip**2)))
    if power < 1e-6:
        raise ValueError(f"wave: silent from {start:.2f} s on; no note sounds in the clip")
    # Two rounds, since limiting takes away some of the level that was asked for.
    for _ in range(2):
        clip *= 10 ** (level / 20) / float(np.sqrt(np.mean(clip**2)))
        clip = _limited(clip, 10 ** (ceiling / 20))
    return np.asarray(clip, dtype=np.float32)


def _limited(clip: NDArray[np.float64], ceiling: float) -> NDArray[np.float64]:
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    wanted = np.minimum(1.0, ceiling / np.maximum(np.abs(clip), 1e-9))
    # The gain goes down 4 ms before a peak; averaging a minimum of twice the width stays below it.
    width = 2 * round(0.004 * SAMPLE_RATE) + 1
    gain = uniform_filter1d(minimum_filter1d(wanted, 2 * width - 1), width)
    return np.asarray(np.clip(clip * gain, -ceiling, ceiling))


def make_clip(
    facts: Mapping[str, Any], *, soundfont: str | Path = SOUNDFONT
) -> NDArray[np.float32]:
    """Compose, play and master the clip of one track.

    Parameters
    ----------
    facts
        A row of facts: item_id, artist_id, genre, lead and the five of ``SOUND``.
    soundfont
        Path of a General MIDI sound font.

    Returns
    -------
    (n,) float32 at 22,050 Hz, 5–6 s; louder with energy, brighter with brightness, and either
    with some noise of its own. The seed is a checksum of the item id.

    Raises
    ------
    FileNotFoundError
        As ``play`` does.
    """
    seed = zlib.crc32(str(facts["item_id"]).encode())
    score = compose(facts, seed=seed)
    rng = np.random.default_rng([seed, 1])
    studio = np.random.default_rng(zlib.crc32(f"studio {facts['artist_id']}".encode()))
    energy = float(np.clip(facts["energy"], -2.0, 2.0))
    brightness = float(np.clip(facts["brightness"], -2.0, 2.0))
    return master(
        play(write_midi(score), soundfont, room=score.room),
        start=score.start,
        duration=score.duration,
        level=-22.0 + 2.0 * energy + rng.normal(0, 0.8),
        tilt=4.5 * brightness + rng.normal(0, 2.0),
        warmth=-1.0 * brightness + studio.normal(0, 3.5) + rng.normal(0, 1.5),
    )


def write_clip(
    path: str | Path, wave: NDArray[np.floating], *, item_id: str, compression: float = 0.85
) -> None:
    """Write a clip as Ogg Vorbis, the same bytes every time.

    Parameters
    ----------
    path
        File to write; its folder must exist.
    wave
        (n,) samples at 22,050 Hz, within ±1.
    item_id
        Its checksum becomes the serial number of the stream, which libsndfile draws at random.
    compression
        0 (large) to 1 (small).
    """
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(
        buffer, wave, SAMPLE_RATE, format="OGG", subtype="VORBIS", compression_level=compression
    )
    Path(path).write_bytes(with_serial(buffer.getvalue(), zlib.crc32(str(item_id).encode())))


def with_serial(ogg: bytes, serial: int) -> bytes:
    """Give every page of an Ogg stream a serial number, and the checksum that goes with it.

    Parameters
    ----------
    ogg
        A whole Ogg file that holds one stream.
    serial
        Serial number, 0 to 2³² − 1.

    Returns
    -------
    bytes of the same length.

    Raises
    ------
    ValueError
        If a page does not start with ``OggS`` or is cut short.

    Source: RFC 3533 (S. Pfeiffer, 2003), section 6.
    """
    out, at = bytearray(ogg), 0
    while at < len(out):
        if out[at : at + 4] != b"OggS" or at + 27 > len(out):
            raise ValueError(f"ogg: no page header at byte {at} of {len(out)}")
        n_segments = out[at + 26]
        size = 27 + n_segments + sum(out[at + 27 : at + 27 + n_segments])
        if at + size > len(out):
            raise ValueError(f"ogg: the page at byte {at} wants {size} bytes, the file ends before")
        out[at + 14 : at + 18] = serial.to_bytes(4, "little")
        out[at + 22 : at + 26] = bytes(4)
        out[at + 22 : at + 26] = ogg_checksum(bytes(out[at : at + size])).to_bytes(4, "little")
        at += size
    return bytes(out)


def _checksum_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


_TABLE = _checksum_table()


def ogg_checksum(page: bytes) -> int:
    """CRC-32 of an Ogg page whose checksum bytes are zero (generator 0x04c11db7, not reflected)."""
    value = 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ _TABLE[(value >> 24) ^ byte]
    return value
