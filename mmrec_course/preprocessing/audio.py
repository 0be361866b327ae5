"""Sound files → mono float32 waveforms at one sampling rate; silence, loudness and length."""

from __future__ import annotations

import io
import math
import mmap
import re
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import librosa
import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

from mmrec_course.preprocessing.media import MediaError, check_file, quiet_decoders

Wave = NDArray[np.float32]
MAX_BYTES = 2**30
MAX_AMPLITUDE = 1e6
BLOCK = 1024  # samples read at once; so many may be lost where a file is cut off
LOWEST_LOUDNESS = -70.0
# Where a sound begins: an Ogg stream, a FLAC, a WAV.
SOUND = re.compile(rb"(?s)OggS\0\x02.{20}\x01|fLaC[\x00\x80]\0\0\x22|(RIFF|RIFX|RF64)....WAVE")
HEADER = 4096  # bytes in which the begin of one sound may be found twice
MP3_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xeb]")
# How frames of an MP3 and a FLAC begin, and bytes in which chance makes less than half of one.
FRAMES = {MP3_FRAME: 3000, re.compile(rb"\xff[\xf8\xf9][\x12-\xcd][\x00-\xac]"): 30_000}


def load_audio(path: str | Path, sr: int = 22050, max_seconds: float = 60.0) -> Wave:
    """Decode a WAV, FLAC, Ogg or MP3 file into mono at ``sr`` Hz: (n_samples,) float32.

    The content decides the format, not the file's name. Channels are averaged. A file that is cut
    off, or whose header does not know its length, is read as far as it goes; of a long one, only
    the first ``max_seconds``. MediaError says why a file cannot be used: missing, empty, over
    1 GiB, damaged, without samples, longer than its header says, or several files joined.

    Notebook: 02_preprocessing
    """
    if not max_seconds > 0:  # "not >" is true for NaN too
        raise ValueError(f"max_seconds: {max_seconds} is not above 0")
    path = Path(path)
    check_file(path, MAX_BYTES)
    with quiet_decoders():
        wave, rate, end = _decode(path, max_seconds)
    if len(wave) < max_seconds * rate:
        _refuse_rest(path, end, len(wave) / rate)
    if len(wave) == 0:
        raise MediaError(path, "the sound has no samples")
    if not np.abs(wave).max() <= MAX_AMPLITUDE:
        raise MediaError(path, "the sound has samples that are not finite, or far too large")
    return wave if rate == sr else librosa.resample(wave, orig_sr=rate, target_sr=sr)


def trim_silence(wave: ArrayLike, top_db: float = 60.0) -> Wave:
    """Cut off frames at both ends that are ``top_db`` below the loudest one, unless all are silent.

    Notebook: 02_preprocessing
    """
    samples = check_wave(wave)
    return np.asarray(librosa.effects.trim(samples, top_db=top_db)[0] if samples.any() else samples)


def measure_loudness(wave: ArrayLike, sr: int = 22050) -> float:
    """Measure the programme loudness of a clip in LUFS; −inf for silence.

        L = −0.691 + 10 log₁₀ (mean of z² over the gated blocks)

    z is the wave after two filters that model head and ear (Mansbridge, Finn and Reiss 2012, AES
    132). Blocks are 0.4 s long, one every 0.1 s. Those below −70 LUFS are left out, then those more
    than 10 LU below the mean of the rest. Recommendation ITU-R BS.1770-4 (2015).

    Notebook: 02_preprocessing
    """
    from scipy.signal import lfilter  # late: it takes longer than the rest of this module

    samples = check_wave(wave)
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
    """Multiply a clip by one gain so that its loudness is ``target`` (LUFS; default: EBU R 128).

    Where a sample would leave −1 … 1, the gain is smaller. Silence is unchanged.

    Notebook: 02_preprocessing
    """
    samples = check_wave(wave)
    loudness = measure_loudness(samples, sr)
    gain = 1.0 if loudness == -np.inf else 10 ** ((target - loudness) / 20)
    peak = float(np.abs(samples).max())
    gain = min(gain, 1.0 / peak) if peak > 0 else gain
    # Rounding to float32 may lift a peak slightly above one.
    return np.clip(gain * samples.astype(np.float64), -1.0, 1.0).astype(np.float32)


def fix_length(wave: ArrayLike, n_samples: int) -> Wave:
    """Cut out the middle of a longer clip, or add silence at the end of a shorter one.

    Notebook: 02_preprocessing
    """
    samples = check_wave(wave)
    start = max(0, (len(samples) - n_samples) // 2)
    kept = samples[start : start + n_samples]
    return np.pad(kept, (0, n_samples - len(kept)))


def check_wave(wave: ArrayLike, name: str = "wave") -> Wave:
    """Return the samples; ValueError begins with ``name`` if they are not (n_samples,), finite."""
    samples = np.asarray(wave, dtype=np.float32)
    if samples.ndim != 1 or len(samples) == 0:
        raise ValueError(f"{name} has shape {samples.shape}, expected (n_samples,) with samples")
    if not np.isfinite(samples).all():
        raise ValueError(f"{name} has samples that are not finite; load_audio refuses such files")
    return samples


def _decode(path: Path, max_seconds: float) -> tuple[Wave, int, int]:
    """Read mono samples until the end, a fault, or max_seconds; their rate; and the bytes read."""
    waves = [np.zeros(0, np.float32)]
    try:
        with path.open("rb") as stream:
            source = _source(stream) or path
            with soundfile.SoundFile(source) as file:
                # soundfile seeks after each read of a seekable file; MP3 and FLAC lose their place.
                file.seekable = lambda: False
                rate, channels = file.samplerate, file.channels
                if channels > 16 or not 1_000 <= rate <= 192_000:
                    found = f"{channels} channels at a sampling rate of {rate} Hz"
                    raise MediaError(path, f"{found}; at most 16 between 1 and 192 kHz are read")
                n_left = math.ceil(min(file.frames, max_seconds * rate))
                with suppress(soundfile.SoundFileError):
                    while n_left > 0 and len(b := file.read(min(BLOCK, n_left), "float32", True)):
                        waves.append(b.mean(axis=1))  # (≤ BLOCK, channels) → mono
                        n_left -= len(b)
                end = MAX_BYTES if isinstance(source, Path) else source.tell()
    except OSError as error:
        raise MediaError(path, f"cannot be read ({error.strerror})") from None
    except (soundfile.SoundFileError, TypeError, UnicodeError):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            n_waves = len(re.findall(rb"RIFF(?s:....)WAVE", data))
        problem = "several sounds are joined" if n_waves > 1 else "cannot be decoded as sound"
        raise MediaError(path, problem) from None
    return np.concatenate(waves), rate, end


def _source(stream: BinaryIO) -> BinaryIO | None:
    """The stream, or an MP3 with zeros behind it; None if only the file's name says what it is."""
    start = stream.read(3)
    if re.match(rb"ID3|\xff[\xe2-\xfb]", start):
        content = start + stream.read()
        marks = [mark.start() for mark in re.finditer(rb"Xing|Info|VBRI", content)]
        if not any(MP3_FRAME.search(content, max(0, mark - 40), mark) for mark in marks):
            # It does not say its length: decoders estimate it from the first bit rate, and stop.
            return io.BytesIO(content + bytes(min(10 * len(content), 2**28)))
    elif start not in (b"Ogg", b"fLa", b"RIF", b"RF6", b"FOR", b"caf", b"rif", b".sn"):
        return None
    stream.seek(0)
    return stream


def _refuse_rest(path: Path, end: int, seconds: float) -> None:
    """MediaError if the sound goes on behind ``end``, where decoding ended, or another begins."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        again = SOUND.search(data, HEADER if data[:4] in (b"OggS", b"fLaC") else end)
        rest, n_more = data[end : end + 2**20], len(data) - end
        wav = data[:4] == b"RIFF" and not re.match(rb"\0?[ -~]{4}", rest)  # no name of a chunk
    often = max(len(frame.findall(rest)) - len(rest) / size for frame, size in FRAMES.items())
    if again or often > 3 or (wav and n_more > max(HEADER, end / 4)):
        problem = "it is damaged, several sounds are joined, or its header is wrong"
        raise MediaError(path, f"more sound follows after {seconds:.1f} s: {problem}")


def _lufs(power: ArrayLike) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(-0.691 + 10 * np.log10(np.asarray(power, dtype=np.float64)))


def _ear_filters(sr: int) -> tuple[tuple[list[float], list[float]], ...]:
    """Numerator and denominator of the shelf and of the high-pass."""
    k, q, high = np.tan(np.pi * 1681.974450955533 / sr), 0.7071752369554196, 10 ** (3.99984385 / 20)
    band, norm = high**0.4996667741545416, 1 + k / q + k * k
    rise = [high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]
    fall = [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]
    shelf = ([float(value / norm) for value in rise], fall)
    k, q = np.tan(np.pi * 38.13547087602444 / sr), 0.5003270373238773
    norm = 1 + k / q + k * k
    return shelf, ([1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm])
