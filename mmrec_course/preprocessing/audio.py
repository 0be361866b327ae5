"""Sound files → one channel at one sampling rate; then trimmed, equally loud, equally long.

In: a path, or a waveform. Out: a float32 waveform, or a MediaError.
"""

from __future__ import annotations

import io
import math
import mmap
import re
import struct
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import librosa
import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

from mmrec_course.preprocessing.media import MediaError, check_file, quiet_decoders

__all__ = ["fix_length", "load_audio", "measure_loudness", "normalize_loudness", "trim_silence"]

Wave = NDArray[np.float32]
MAX_BYTES = 2**30
MAX_CHANNELS = 16
LOUDEST = 1e6
RATES = (1_000, 192_000)
LOWEST_LOUDNESS = -70.0
BLOCK = 1024  # samples a channel that are read at once; a cut costs less than that
STUB = 2**14  # bytes of a last part that may be cut off before its first sound
# Runs of bytes that look like an MP3 frame and are none, until a file is given up.
MAX_FALSE_STARTS = 200_000
# kbit/s of MPEG audio (ISO 11172-3 and 13818-3), by version and layer.
BIT_RATES = {
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
WAV = rb"(?:RIFF|RIFX|RF64)....WAVE"
SYNC = re.compile(rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd][\x10-\xef]")
XING = re.compile(rb".{13,38}?(Xing|Info|VBRI)", re.DOTALL)


def load_audio(path: str | Path, sr: int = 22050, max_seconds: float = 60.0) -> Wave:
    """Decode a WAV, FLAC, Ogg or MP3 file into mono at a sampling rate of our choice.

    Channels are averaged; another rate is converted with librosa's default (soxr, high
    quality). What a file is, its bytes say, not its name. Files put together into one (MP3s,
    chained Ogg streams, FLACs, WAVs) are read one after the other, and a file whose header does
    not know its length, or that is cut off, as far as it goes.

    Parameters
    ----------
    path
        The file.
    sr
        Sampling rate of the result, in hertz.
    max_seconds
        Of a longer file, only this much of its beginning is read: a three-hour mix costs no
        more than a song.

    Returns
    -------
    (n_samples,) float32, as a rule between −1 and 1.

    Raises
    ------
    MediaError
        If the file is missing, empty or over 1 GiB, cannot be decoded or is damaged in the
        middle, has no samples, more than 16 channels, a rate outside 1–192 kHz, or samples that
        are not finite or beyond ±1,000,000.
    ValueError
        If sr or max_seconds is not positive.

    Notebook: 02_preprocessing
    """
    if sr <= 0 or max_seconds <= 0:
        raise ValueError(f"sr and max_seconds: {sr} and {max_seconds} are not both positive")
    path = Path(path)
    check_file(path, MAX_BYTES)
    try:
        with quiet_decoders():
            pieces = _read(path, max_seconds)
    except MemoryError:
        raise MediaError(path, "more samples than there is memory for") from None
    except OSError as error:
        raise MediaError(path, f"cannot be read ({error.strerror})") from None
    waves = []
    for rate, group in groupby(pieces, key=lambda piece: piece[1]):
        wave = np.concatenate([samples for samples, _ in group])
        # Written so that NaN is refused too: it is on neither side of any limit.
        if len(wave) and not np.abs(wave).max() <= LOUDEST:
            raise MediaError(path, "the sound has samples that are not finite, or far too large")
        if len(wave):
            waves.append(wave if rate == sr else librosa.resample(wave, orig_sr=rate, target_sr=sr))
    if not waves:
        raise MediaError(path, "the sound has no samples")
    return np.concatenate(waves) if len(waves) > 1 else waves[0]


def trim_silence(wave: ArrayLike, top_db: float = 60.0) -> Wave:
    """Cut off what is silent at the beginning and at the end.

    A frame of 2,048 samples is silent if its mean power is more than top_db below that of the
    loudest frame; the cut falls on a multiple of 512 samples, the step from frame to frame.

    Parameters
    ----------
    wave
        (n_samples,) finite samples.
    top_db
        Decibels below the loudest frame; smaller cuts more.

    Returns
    -------
    (≤ n_samples,) float32; pauses in the middle stay. Never empty: a wave that is silent
    throughout has no loudest frame and is returned whole.

    Raises
    ------
    ValueError
        If wave is empty, not one-dimensional or not finite, or top_db is not positive.

    Notes
    -----
    The same as ``librosa.effects.trim``.

    Notebook: 02_preprocessing

    Examples
    --------
    >>> tone = np.sin(np.arange(8192) / 10)
    >>> len(trim_silence(np.concatenate([np.zeros(22050), tone, np.zeros(22050)]))) < 13000
    True
    """
    samples = _checked(wave)
    if not top_db > 0:
        raise ValueError(f"top_db: {top_db} is not positive")
    if not samples.any():
        return samples
    trimmed: Wave = librosa.effects.trim(samples, top_db=top_db)[0]
    return trimmed


def measure_loudness(wave: ArrayLike, sr: int = 22050) -> float:
    """How loud a clip sounds, in LUFS: the programme loudness of ITU-R BS.1770.

        L = −0.691 + 10 log₁₀ (mean of z² over the blocks that count)

    z is the wave after two filters that imitate the ear and the head: a shelf that lifts what is
    above about 2 kHz by 4 dB, and a high-pass at 38 Hz. Blocks are 0.4 s long and start every
    0.1 s. Those under −70 LUFS do not count (pauses), nor do those more than 10 LU under the
    mean of the rest (quiet passages).

    Parameters
    ----------
    wave
        (n_samples,) finite samples. A clip shorter than 0.4 s is one block.
    sr
        Sampling rate in hertz, at least 8,000.

    Returns
    -------
    LUFS, where one is a decibel: a full-scale sine of 997 Hz has −3.01. −inf if no block counts.

    Raises
    ------
    ValueError
        If wave is empty, not one-dimensional or not finite, or sr is under 8,000.

    Notes
    -----
    Recommendation ITU-R BS.1770-4 (2015). It tabulates its filters at 48 kHz only; at other rates
    they are derived from the same analogue prototypes (Mansbridge, Finn and Reiss, 2012, AES 132).

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
    power = (energy[starts + size] - energy[starts]) / size
    power = power[_lufs(power) > LOWEST_LOUDNESS]
    if len(power) == 0:
        return -np.inf
    power = power[_lufs(power) > _lufs(power.mean()) - 10]
    return float(_lufs(power.mean()))


def normalize_loudness(wave: ArrayLike, sr: int = 22050, target: float = -23.0) -> Wave:
    """Multiply a clip so that it sounds as loud as every other: one gain, no compression.

    Parameters
    ----------
    wave
        (n_samples,) finite samples.
    sr
        Sampling rate in hertz, at least 8,000.
    target
        Loudness wanted, in LUFS; the default is European broadcasting's (EBU R 128).

    Returns
    -------
    (n_samples,) float32 within −1 … 1. The gain is never larger than the peak allows: where
    reaching the target would clip, the result is as loud as it can be without. Silence
    (:func:`measure_loudness` is −inf) is left as it is, save for peaks beyond ±1.

    Raises
    ------
    ValueError
        As :func:`measure_loudness`, and if target is not between −70 and 0.

    Notebook: 02_preprocessing
    """
    if not LOWEST_LOUDNESS < target <= 0:
        raise ValueError(f"target: {target} LUFS is not between −70 and 0")
    samples = _checked(wave)
    loudness = measure_loudness(samples, sr)
    gain = 1.0 if loudness == -np.inf else 10 ** ((target - loudness) / 20)
    peak = float(np.abs(samples).max())
    gain = min(gain, 1.0 / peak) if peak > 0 else gain
    # Rounding to float32 may lift a peak a hair above one.
    return np.clip(gain * samples.astype(np.float64), -1.0, 1.0).astype(np.float32)


def fix_length(wave: ArrayLike, n_samples: int) -> Wave:
    """Bring a clip to a length: cut out its centre, or add silence at its end.

    Parameters
    ----------
    wave
        (any,) finite samples.
    n_samples
        The length wanted, at least 1.

    Returns
    -------
    (n_samples,) float32. Of a longer clip the middle is kept, since intros and fades say least.

    Raises
    ------
    ValueError
        If wave is empty, not one-dimensional or not finite, or n_samples is not positive.

    Notebook: 02_preprocessing

    Examples
    --------
    >>> fix_length([1, 2, 3, 4, 5], 3).tolist(), fix_length([1, 2], 4).tolist()
    ([2.0, 3.0, 4.0], [1.0, 2.0, 0.0, 0.0])
    """
    samples = _checked(wave)
    if n_samples < 1:
        raise ValueError(f"n_samples: {n_samples} is not positive")
    start = max(0, (len(samples) - n_samples) // 2)
    kept = samples[start : start + n_samples]
    return np.pad(kept, (0, n_samples - len(kept)))


Piece = tuple[Wave, int]  # (n_samples,) mono, and its sampling rate


def _read(path: Path, max_seconds: float) -> list[Piece]:
    """The sound as pieces, one for each file that was put into this one."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = _content_start(data)
        kind = data[start : start + 12]
        kinds = {rb"OggS": _ogg_parts, rb"fLaC": _flac_parts, WAV: _wav_parts}
        matches = (find for sign, find in kinds.items() if re.match(sign, kind, re.DOTALL))
        find_parts = next(matches, _mp3_parts)
        whole: Piece | None = None
        if find_parts is not _mp3_parts:
            try:
                whole = _decode(path, path, max_seconds)
            except MediaError as error:
                fault = error
            # A long file is not searched: it costs no more than what is read of it.
            if whole is not None and len(whole[0]) >= math.ceil(max_seconds * whole[1]):
                return [whole]
        pieces: list[Piece] = []
        seconds = 0.0
        for part in find_parts(data, start, max_seconds):
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
    if pieces:
        return pieces
    if find_parts is _mp3_parts:
        return [_decode(path, path, max_seconds)]
    if whole is None:
        raise fault
    return [whole]


class _Stream(soundfile.SoundFile):  # type: ignore[misc]
    """Read on and on: soundfile seeks after each read, where MP3 and FLAC may lose their place."""

    def seekable(self) -> bool:
        return False


def _decode(path: Path, source: Path | io.BytesIO, max_seconds: float) -> Piece:
    """Read a file, or a part of one, up to its end, to where it is cut off, or to max_seconds."""
    blocks: list[Wave] = []
    failed = False
    try:
        with _Stream(source) as file:
            rate, channels = file.samplerate, file.channels
            if channels > MAX_CHANNELS:
                raise MediaError(path, f"{channels} channels, over the limit of {MAX_CHANNELS}")
            if not RATES[0] <= rate <= RATES[1]:
                raise MediaError(path, f"a sampling rate of {rate} Hz, outside 1–192 kHz")
            left = min(file.frames, math.ceil(max_seconds * rate))
            block = np.empty((BLOCK, channels), np.float32)
            while left > 0:
                try:
                    n = len(file.read(out=block[:left]))
                except soundfile.SoundFileError:
                    if failed:
                        break
                    failed = True
                    continue
                if n == 0:
                    break
                if failed:
                    seconds = sum(map(len, blocks)) / rate
                    raise MediaError(path, f"cannot be decoded as sound after {seconds:.1f} s")
                blocks.append(block[:n].mean(axis=1, dtype=np.float32))
                left -= n
    except MediaError:
        raise
    except (soundfile.SoundFileError, OSError, RuntimeError, TypeError, ValueError):
        raise MediaError(path, "cannot be decoded as sound") from None
    if failed and not blocks:
        raise MediaError(path, "cannot be decoded as sound")
    return np.concatenate([np.zeros(0, np.float32), *blocks]), rate


def _content_start(data: mmap.mmap, at: int = 0) -> int:
    """Where the sound begins, behind tags and zeros that were put in front of it."""
    start = before = at
    while True:
        if data[start : start + 3] == b"ID3":
            size = _syncsafe(data[start + 6 : start + 10])
            start += 10 + size + (10 if data[start + 5 : start + 6] >= b"\x10" else 0)
        elif data[start : start + 8] == b"APETAGEX":
            start += 32 + int.from_bytes(data[start + 12 : start + 16], "little")
        elif zeros := re.compile(rb"\0+").match(data, start):
            start = zeros.end()
        if start >= len(data):
            return before
        if start == before:
            return start
        before = start


def _syncsafe(four: bytes) -> int:
    """ID3's numbers, seven bits a byte."""
    return sum((byte & 0x7F) << shift for byte, shift in zip(four, (21, 14, 7, 0), strict=False))


def _ogg_parts(data: mmap.mmap, start: int, max_seconds: float) -> Iterator[bytes]:
    """Chained streams (RFC 3533): a page that begins one, behind pages that do not."""
    cuts, at, inside = [start], start, False
    while 0 <= at < len(data) - 27:
        begins = bool(data[at + 5] & 2)
        if begins and inside:
            cuts.append(at)
        inside = not begins
        n = data[at + 26]
        at = data.find(b"OggS", at + 27 + n + sum(data[at + 27 : at + 27 + n]))
    if len(cuts) > 1 or start > 0:
        yield from (data[a:b] for a, b in pairwise([*cuts, len(data)]))


def _flac_parts(data: mmap.mmap, start: int, max_seconds: float) -> Iterator[bytes]:
    """Files behind each other; each begins with its STREAMINFO (RFC 9639)."""
    cuts = [match.start() for match in re.finditer(rb"fLaC[\x00\x80]\0\0\x22", data)]
    if len(cuts) > 1 or start > 0:
        yield from (data[a:b] for a, b in pairwise([*cuts, len(data)]))


def _wav_parts(data: mmap.mmap, start: int, max_seconds: float) -> Iterator[bytes]:
    """Files behind each other; and a recording whose header was never completed."""
    at = start
    while re.match(WAV, data[at : at + 12], re.DOTALL):
        order = ">" if data[at : at + 4] == b"RIFX" else "<"
        (size,) = struct.unpack_from(order + "I", data, at + 4)
        end = claimed = min(at + 8 + size + size % 2, len(data))
        if not re.match(WAV, data[end : end + 12], re.DOTALL):
            end = len(data)
        place = _unfinished(data, at, end, claimed if size else end, order)
        if place or (at, end) != (0, len(data)):
            part = bytearray(data[at:end])
            if place:  # "to the end", as programs write it that do not know
                part[:4] = part[:4].replace(b"RF64", b"RIFF")
                part[4:8] = part[place - at : place - at + 4] = b"\xff" * 4
            yield bytes(part)
        at = end


def _unfinished(data: mmap.mmap, at: int, end: int, claimed: int, order: str) -> int:
    """Where the number of bytes of samples stands if it is wrong, or 0.

    It is wrong if what follows is no chunk, unless the whole file is said to end there as well.
    """
    long_size, at_chunk = 0, at + 12
    for _ in range(1000):
        if at_chunk + 8 >= end:
            break
        name, size = struct.unpack_from(order + "4sI", data, at_chunk)
        if name == b"ds64" and at_chunk + 24 <= end:
            (long_size,) = struct.unpack_from("<Q", data, at_chunk + 16)
        if name == b"data":
            long = data[at : at + 4] == b"RF64"
            size = long_size if long and size == 0xFFFFFFFF else size
            behind = at_chunk + 8 + size + size % 2
            wrong = behind + 8 < end and not re.match(rb"[ -~]{4}", data[behind : behind + 4])
            wrong = wrong and (size == 0 or claimed > behind + 8)
            return at_chunk + 4 if wrong or (long and behind > end + 1) else 0
        at_chunk += 8 + size + size % 2
    return 0


def _mp3_parts(data: mmap.mmap, start: int, max_seconds: float) -> Iterator[bytes]:
    """MP3s behind each other, without tags and junk, each with a header that tells its length.

    A part begins where an encoder wrote such a header (Xing or Info), or where the sampling rate
    or the number of channels changes. Where there is none, decoders take the length for what the
    first frame's bit rate would make of it.
    """
    part: _Mp3 | None = None
    false_starts = iter(range(MAX_FALSE_STARTS))
    at = _next_frame(data, start, false_starts)
    # A second more, because decoders drop what encoders have added at both ends.
    while at >= 0 and (part is None or part.seconds() < max_seconds + 1):
        frame = _mp3_frame(data, at)
        changed = part is None or frame is None or frame[1:] != part.form
        if frame is None or (changed and not _is_chain(data, at)):
            at = _next_frame(data, at, false_starts)
            continue
        length, form = frame[0], frame[1:]
        header = XING.match(data, at, max(at, min(at + length, len(data)) - 8))
        if part is None or changed or header:
            if part is not None and part.frames:
                yield part.file(data)
            part = _Mp3(form)
        if header:
            flags, n_frames = struct.unpack_from(">II", data, header.end())
            if header[1] != b"VBRI" and flags & 1:
                part.header, part.n_claimed = data[at : at + length], n_frames
        else:
            part.frames.append(slice(at, at + length))
        at += length
    if part is not None and part.frames:
        yield part.file(data)


class _Mp3:
    """One of the MP3s in a file: its form (as :func:`_mp3_frame` says), header and frames."""

    def __init__(self, form: tuple[int, ...]) -> None:
        self.form = form
        self.header, self.n_claimed = b"", -1
        self.frames: list[slice] = []

    def seconds(self) -> float:
        return len(self.frames) * self.form[1] / self.form[0]

    def file(self, data: mmap.mmap) -> bytes:
        """As a file of its own, with a header that is true."""
        frames = b"".join(data[where] for where in self.frames)
        if len(self.frames) <= self.n_claimed + 1:
            return self.header + frames
        first = frames[:4]
        if self.form[2] == 3:
            # 128 kbit/s (version 2: 64), which leaves room enough; no checksum.
            rate = 0x90 if first[1] & 8 else 0x80
            start = bytes([first[0], first[1] | 1, rate | first[2] & 0x0C, first[3]])
            mono, version_1 = first[3] >> 6 == 3, first[1] & 8
            silence = bytes((17 if mono else 32) if version_1 else (9 if mono else 17))
            start += silence + b"Info" + struct.pack(">II", 1, len(self.frames))
            frames = start.ljust(_mp3_frame(start, 0)[0], b"\0") + frames  # type: ignore[index]
        return frames


def _mp3_frame(data: mmap.mmap | bytes, at: int) -> tuple[int, int, int, int, bool] | None:
    """Bytes of a frame, sampling rate, samples, layer, mono or not; None if it is no frame."""
    head = data[at : at + 4]
    if not SYNC.match(head) or len(head) < 4:
        return None
    version = {3: 1, 2: 2, 0: 4}[head[1] >> 3 & 3]  # 4 is called 2.5
    layer = 4 - (head[1] >> 1 & 3)
    if head[2] >> 2 & 3 == 3:
        return None
    rate = (44_100, 48_000, 32_000)[head[2] >> 2 & 3] // version
    samples = 576 if layer == 3 and version > 1 else 1152
    kbit = BIT_RATES[min(version, 2), layer][(head[2] >> 4) - 1]
    length = samples // 8 * kbit * 1000 // rate + (head[2] >> 1 & 1)
    return length, rate, samples, layer, head[3] >> 6 == 3


def _is_chain(data: mmap.mmap, at: int) -> bool:
    """Whether three frames of one form are in a row here, or two at the file's end."""
    forms = set()
    for n in range(3):
        frame = _mp3_frame(data, at)
        if frame is None:
            return False
        forms.add(frame[1:])
        at += frame[0]
        if n and at > len(data) - 4:
            break
    return len(forms) == 1


def _next_frame(data: mmap.mmap, at: int, false_starts: Iterator[int]) -> int:
    """Where the next frames begin, behind tags and junk; −1 if there are none."""
    for match in SYNC.finditer(data, _content_start(data, at)):
        if _is_chain(data, match.start()):
            return match.start()
        if next(false_starts, None) is None:
            break
    return -1


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
    """Numerator and denominator of the shelf and of the high-pass, for any rate."""
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
