"""Sound files → one channel at one sampling rate; then trimmed, equally loud, equally long.

In: a path, or a waveform. Out: a float32 waveform, or a MediaError.

Notebook: 02_preprocessing
"""

from __future__ import annotations

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


def load_audio(path: str | Path, sr: int = 22050, max_seconds: float = 60.0) -> Wave:
    """Decode a WAV, FLAC, Ogg or MP3 file into mono at a sampling rate of our choice.

    Channels are averaged; another rate is converted with librosa's default (soxr, high
    quality). What a file is, its bytes say, not its name.

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
        If the file is missing, empty or over 1 GiB, cannot be decoded, has no samples, more than
        16 channels, a rate outside 1–192 kHz, or samples that are not finite or beyond
        ±1,000,000.
    ValueError
        If sr or max_seconds is not positive.

    Notebook: 02_preprocessing
    """
    if sr <= 0 or max_seconds <= 0:
        raise ValueError(f"sr and max_seconds: {sr} and {max_seconds} are not both positive")
    path = Path(path)
    check_file(path, MAX_BYTES)
    try:
        with quiet_decoders(), soundfile.SoundFile(path) as file:
            rate, channels = file.samplerate, file.channels
            if channels > MAX_CHANNELS:
                raise MediaError(path, f"{channels} channels, over the limit of {MAX_CHANNELS}")
            if not RATES[0] <= rate <= RATES[1]:
                raise MediaError(path, f"a sampling rate of {rate} Hz, outside 1–192 kHz")
            # In one go: after each read soundfile seeks, and MP3 decoders lose their place by it.
            frames = min(file.frames, int(np.ceil(max_seconds * rate)))
            samples = file.read(frames, dtype="float32", always_2d=True)
    except MediaError:
        raise
    except MemoryError:
        raise MediaError(path, f"claims {frames:,} samples, more than there is memory") from None
    except (soundfile.SoundFileError, OSError, RuntimeError, TypeError, ValueError):
        raise MediaError(path, "cannot be decoded as sound") from None
    if len(samples) == 0:
        raise MediaError(path, "the sound has no samples")
    # Written so that NaN is refused too: it is on neither side of any limit.
    if not np.abs(samples).max() <= LOUDEST:
        raise MediaError(path, "the sound has samples that are not finite, or far too large")
    wave = np.asarray(samples.mean(axis=1), dtype=np.float32)
    if rate != sr:
        wave = librosa.resample(wave, orig_sr=rate, target_sr=sr)
    return wave


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
