"""Sound files → mono waveforms at one sampling rate; then silence, loudness and length.

In: a path, or a waveform. Out: a float32 waveform, or a MediaError.
"""

from __future__ import annotations

import io
import math
import mmap
import re
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import librosa
import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

from mmrec_course.preprocessing.media import MediaError, check_file, quiet_decoders

__all__ = ["fix_length", "load_audio", "measure_loudness", "normalize_loudness", "trim_silence"]

Wave = NDArray[np.float32]
MAX_BYTES = 2**30
MAX_AMPLITUDE = 1e6
LOWEST_LOUDNESS = -70.0


def load_audio(path: str | Path, sr: int = 22050, max_seconds: float = 60.0) -> Wave:
    """Decode a WAV, FLAC, Ogg or MP3 file into mono at sampling rate ``sr`` (Hz).

    The content decides the format, not the file's name. Channels are averaged; other rates are
    resampled with librosa's default. Joined files (such as two MP3s in one) are read one after
    the other; a file that is cut off, or whose header does not know its length, as far as it
    goes. Of a long file, only the first ``max_seconds`` are read.

    Returns (n_samples,) float32, usually between −1 and 1. MediaError says why a file cannot be
    used: missing, empty, over 1 GiB, damaged, without samples.

    Notebook: 02_preprocessing
    """
    if sr <= 0 or max_seconds <= 0:
        raise ValueError(f"sr and max_seconds: {sr} and {max_seconds} are not both positive")
    path = Path(path)
    check_file(path, MAX_BYTES)
    try:
        with quiet_decoders():
            pieces = _read(path, max_seconds)
    except OSError as error:
        raise MediaError(path, f"cannot be read ({error.strerror})") from None
    # "not <=" is true for NaN too.
    if any(not np.abs(wave).max(initial=0) <= MAX_AMPLITUDE for wave, _ in pieces):
        raise MediaError(path, "the sound has samples that are not finite, or far too large")
    waves = [
        wave if rate == sr else librosa.resample(wave, orig_sr=rate, target_sr=sr)
        for wave, rate in pieces
        if len(wave)
    ]
    if not waves:
        raise MediaError(path, "the sound has no samples")
    return np.concatenate(waves) if len(waves) > 1 else waves[0]


def trim_silence(wave: ArrayLike, top_db: float = 60.0) -> Wave:
    """Cut off silence at the beginning and the end, as ``librosa.effects.trim`` does.

    A frame is silent if its mean power is more than ``top_db`` below that of the loudest frame.
    A wave that is silent throughout is returned whole.

    Notebook: 02_preprocessing
    """
    samples = _checked(wave)
    return np.asarray(librosa.effects.trim(samples, top_db=top_db)[0] if samples.any() else samples)


def measure_loudness(wave: ArrayLike, sr: int = 22050) -> float:
    """Measure the programme loudness of a clip in LUFS; −inf for silence.

        L = −0.691 + 10 log₁₀ (mean of z² over the gated blocks)

    z is the wave after two filters that model head and ear: a shelf that lifts frequencies above
    about 2 kHz by 4 dB, and a high-pass at 38 Hz. Blocks are 0.4 s long, one every 0.1 s. Those
    below −70 LUFS are left out, then those more than 10 LU below the mean of the rest. Sampling
    rates below 8,000 Hz are refused.

    Recommendation ITU-R BS.1770-4 (2015); filters as in Mansbridge, Finn and Reiss (2012, AES 132).

    Notebook: 02_preprocessing
    """
    from scipy.signal import lfilter  # late: it takes longer than the rest of this module

    samples = _checked(wave)
    if sr < 8000:
        raise ValueError(f"sr: {sr} Hz is too low to weigh frequencies; resample to 8,000 or more")
    weighted = samples.astype(np.float64)
    for b, a in _ear_filters(sr):
        weighted = lfilter(b, a, weighted)
    size, step = min(round(0.4 * sr), len(weighted)), round(0.1 * sr)
    energy = np.concatenate([[0.0], np.cumsum(weighted**2)])
    starts = np.arange(0, len(weighted) - size + 1, step)
    power = (energy[starts + size] - energy[starts]) / size  # (n_blocks,)
    power = power[_lufs(power) > LOWEST_LOUDNESS]
    if len(power) == 0:
        return -np.inf
    power = power[_lufs(power) > _lufs(power.mean()) - 10]
    return float(_lufs(power.mean()))


def normalize_loudness(wave: ArrayLike, sr: int = 22050, target: float = -23.0) -> Wave:
    """Multiply a clip by one gain so that its loudness is ``target`` (LUFS).

    The default is the target of European broadcasting (EBU R 128). The result stays within
    −1 … 1: where the target would need a larger gain, the result is quieter. Silence is unchanged.

    Notebook: 02_preprocessing
    """
    samples = _checked(wave)
    loudness = measure_loudness(samples, sr)
    gain = 1.0 if loudness == -np.inf else 10 ** ((target - loudness) / 20)
    peak = float(np.abs(samples).max())
    gain = min(gain, 1.0 / peak) if peak > 0 else gain
    # Rounding to float32 may lift a peak slightly above one.
    return np.clip(gain * samples.astype(np.float64), -1.0, 1.0).astype(np.float32)


def fix_length(wave: ArrayLike, n_samples: int) -> Wave:
    """Cut out the middle of a longer clip, or add silence at the end of a shorter one.

    >>> fix_length([1, 2, 3, 4, 5], 3).tolist(), fix_length([1, 2], 4).tolist()
    ([2.0, 3.0, 4.0], [1.0, 2.0, 0.0, 0.0])

    Notebook: 02_preprocessing
    """
    samples = _checked(wave)
    start = max(0, (len(samples) - n_samples) // 2)
    kept = samples[start : start + n_samples]
    return np.pad(kept, (0, n_samples - len(kept)))


def _checked(wave: ArrayLike) -> Wave:
    samples = np.asarray(wave, dtype=np.float32)
    if samples.ndim != 1 or len(samples) == 0:
        raise ValueError(f"wave: has shape {samples.shape}, expected (n_samples,) with samples")
    if not np.isfinite(samples).all():
        raise ValueError("wave: has samples that are not finite; load_audio refuses such files")
    return samples


def _lufs(power: ArrayLike) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(-0.691 + 10 * np.log10(np.asarray(power, dtype=np.float64)))


def _ear_filters(sr: int) -> tuple[tuple[list[float], list[float]], ...]:
    """Numerator and denominator of the shelf and of the high-pass."""
    k, q, high = np.tan(np.pi * 1681.974450955533 / sr), 0.7071752369554196, 10 ** (3.99984385 / 20)
    band, norm = high**0.4996667741545416, 1 + k / q + k * k
    rise = [high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]
    shelf = (
        [float(value / norm) for value in rise],
        [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm],
    )
    k, q = np.tan(np.pi * 38.13547087602444 / sr), 0.5003270373238773
    norm = 1 + k / q + k * k
    return shelf, ([1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm])


# --- decoding: libsndfile reads the first of several joined files, and trusts their headers ------

Piece = tuple[Wave, int]  # (n_samples,) mono, and its sampling rate
BLOCK = 1024  # samples read at once; so many may be lost where a file is cut off
STUB = 2**14  # bytes of a last part that may be cut off before its first sound
# First bytes of an Ogg stream, a FLAC file and a WAV file; all else is read as MP3.
STARTS = (
    re.compile(rb"OggS\0\x02.{20}\x01.(?:\x01vorbis|OpusHead|\x7fFLAC|Speex)", re.DOTALL),
    re.compile(rb"fLaC[\x00\x80]\0\0\x22"),
    re.compile(rb"(?:RIFF|RIFX|RF64)....WAVE", re.DOTALL),
)
# A WAV whose header says 0 bytes of samples, but something that is no chunk follows.
UNFINISHED_WAV = re.compile(rb"\ARIFF....(WAVE.{0,9999}?data)\0{4}(?=.{8})(?![ -~]{4})", re.DOTALL)
UNTIL_THE_END = b"\xff" * 4
MP3_FRAME = rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]"
# The first frame of most MP3s, with the size of the MP3 in bytes.
MP3_HEADER = MP3_FRAME + rb".{10,36}?(?:(?:Xing|Info)...[\x03\x07\x0b\x0f].{4}|VBRI.{6})(.{4})"


def _read(path: Path, max_seconds: float) -> list[Piece]:
    """Decode a file as one piece, or as the parts it was joined from."""
    whole, fault = None, None
    try:
        whole = _decode(path, path, max_seconds)
    except MediaError as error:
        fault = error
    # A long file is not searched for parts.
    if whole is not None and len(whole[0]) >= math.ceil(max_seconds * whole[1]):
        return [whole]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        parts = _parts(data)
        if whole is not None and (not parts or (len(parts) == 1 and data.find(parts[0]) >= 0)):
            return [whole]
    if not parts and fault is not None:
        raise fault
    pieces: list[Piece] = []
    seconds = 0.0
    for part in parts:
        try:
            pieces.append(_decode(path, io.BytesIO(part), max_seconds - seconds))
        except MediaError as error:
            if pieces and len(part) <= STUB:
                continue
            after = f", after {seconds:.1f} s" if pieces else ""
            raise MediaError(path, error.reason + after) from None
        seconds += len(pieces[-1][0]) / pieces[-1][1]
        if seconds >= max_seconds:
            break
    return pieces


def _decode(path: Path, source: Path | io.BytesIO, max_seconds: float) -> Piece:
    """Read a file or a part of one, until its end, until it is cut off, or until max_seconds."""
    waves = [np.zeros(0, np.float32)]
    n_behind = 0
    try:
        with soundfile.SoundFile(source) as file:
            # soundfile seeks after each read of a seekable file; MP3 and FLAC lose their place.
            file.seekable = lambda: False
            rate, channels = file.samplerate, file.channels
            if channels > 16 or not 1_000 <= rate <= 192_000:
                found = f"{channels} channels at a sampling rate of {rate} Hz"
                raise MediaError(path, f"{found}; at most 16 between 1 and 192 kHz are read")
            n_left = min(file.frames, math.ceil(max_seconds * rate))
            try:
                while n_left > 0:
                    block = file.read(min(BLOCK, n_left), dtype="float32", always_2d=True)
                    if len(block) == 0:
                        break
                    waves.append(block.mean(axis=1))  # (≤ BLOCK, channels) → mono
                    n_left -= len(block)
            except soundfile.SoundFileError:
                with suppress(soundfile.SoundFileError):
                    n_behind = len(file.read(BLOCK))
                if len(waves) == 1 and not n_behind:
                    raise
    except (soundfile.SoundFileError, OSError, TypeError):
        raise MediaError(path, "cannot be decoded as sound") from None
    wave = np.concatenate(waves)
    if n_behind:
        raise MediaError(path, f"cannot be decoded as sound after {len(wave) / rate:.1f} s")
    return wave, rate


def _parts(data: mmap.mmap) -> list[bytes]:
    """Split joined files; headers that do not know a length are completed."""
    start = _content_start(data, 0)
    kind = next((kind for kind in STARTS if kind.match(data, start)), None)
    if kind is not None:
        cuts = [match.start() for match in kind.finditer(data, start)]
        complete = b"RIFF" + UNTIL_THE_END + rb"\1" + UNTIL_THE_END
        return [UNFINISHED_WAV.sub(complete, data[a:b]) for a, b in pairwise([*cuts, len(data)])]
    headers = list(re.finditer(MP3_HEADER, data, re.DOTALL))
    starts = [header.start() for header in headers] + [len(data)]
    parts = [_headless(data, start, starts[0])]
    for header, following in zip(headers, starts[1:], strict=True):
        end = min(header.start() + int.from_bytes(header[1], "big"), following)
        parts += [data[header.start() : end], _headless(data, end, following)]
    return [part for part in parts if part]


def _headless(data: mmap.mmap, start: int, end: int) -> bytes:
    """MP3 frames without a header; b"" if there are none.

    Decoders estimate their length from the size and the first bit rate: zeros make it longer.
    """
    frames = data[_content_start(data, start) : end]
    return frames + bytes(min(10 * len(frames), 2**28)) if re.match(MP3_FRAME, frames) else b""


def _content_start(data: mmap.mmap, start: int) -> int:
    """Position of the sound behind ID3 and APE tags and zeros."""
    while True:
        head = data[start : start + 16]
        if head[:3] == b"ID3":
            size = sum(
                (b & 127) << shift for b, shift in zip(head[6:10], (21, 14, 7, 0), strict=False)
            )
            end = start + 10 + size + (10 if head[5:6] >= b"\x10" else 0)
        elif head[:3] == b"TAG":
            end = start + 128
        elif head[:8] == b"APETAGEX":
            end = start + 32 + int.from_bytes(head[12:], "little")
        else:
            zeros = re.compile(rb"\0+").match(data, start)
            end = zeros.end() if zeros else start
        if end == start or end >= len(data):
            return start
        start = end
