"""Sound files → one channel at one sampling rate.

In: a path. Out: a float32 waveform, or a MediaError.

Notebook: 02_preprocessing
"""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import soundfile
from numpy.typing import NDArray

from mmrec_course.preprocessing.media import MediaError, check_file, quiet_decoders

__all__ = ["load_audio"]

MAX_BYTES = 2**30
MAX_CHANNELS = 16
LOUDEST = 1e6
RATES = (1_000, 192_000)


def load_audio(path: str | Path, sr: int = 22050, max_seconds: float = 60.0) -> NDArray[np.float32]:
    """Decode a WAV, FLAC, Ogg or MP3 file into mono at a sampling rate of our choice.

    Channels are averaged; another rate is converted with librosa's default (soxr, high
    quality).

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
            frames = min(file.frames, int(np.ceil(max_seconds * rate)))
            samples = file.read(frames, dtype="float32", always_2d=True)
    except MediaError:
        raise
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
