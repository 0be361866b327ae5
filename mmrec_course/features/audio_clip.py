"""A clip's spectrogram, computed once for all audio descriptors, and their base class."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import librosa
import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from mmrec_course.features.stateless import StatelessTransformer

__all__ = ["Clip", "ClipStatistics", "mean_and_sd"]

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
N_MELS = 128


class Clip:
    """A waveform (n_samples,), padded with silence to one frame; spectra are computed on demand."""

    def __init__(self, wave: ArrayLike, *, sr: int, n_fft: int, hop_length: int) -> None:
        samples = np.asarray(wave, dtype=np.float32)
        if samples.ndim != 1 or len(samples) == 0:
            raise ValueError(f"has shape {samples.shape}, expected (n_samples,)")
        if not np.isfinite(samples).all():
            raise ValueError("has samples that are not finite")
        self.seconds = len(samples) / sr
        self.wave = np.pad(samples, (0, max(0, n_fft - len(samples))))
        self.sr, self.n_fft, self.hop_length = sr, n_fft, hop_length

    @cached_property
    def magnitude(self) -> Floats32:
        """|STFT|, (1 + n_fft / 2, n_frames)."""
        spectrum = librosa.stft(self.wave, n_fft=self.n_fft, hop_length=self.hop_length)
        return np.asarray(np.abs(spectrum))

    @cached_property
    def power(self) -> Floats32:
        return np.asarray(self.magnitude**2)

    def mel_decibels(self, n_mels: int) -> Floats32:
        """Power in mel bands in decibels, at most 80 below the loudest, (n_mels, n_frames)."""
        mel = _mel_filters(self.sr, self.n_fft, n_mels) @ self.power
        return np.asarray(librosa.power_to_db(mel))

    @cached_property
    def log_mel(self) -> Floats32:
        return self.mel_decibels(N_MELS)

    @cached_property
    def onset_strength(self) -> Floats32:
        """How much louder the mel bands have become since the last frame, (n_frames,)."""
        frames: dict[str, Any] = {"sr": self.sr, "n_fft": self.n_fft, "hop_length": self.hop_length}
        return np.asarray(librosa.onset.onset_strength(S=self.log_mel, **frames))


class ClipStatistics(StatelessTransformer):
    """Base class: waveforms at sampling rate ``sr`` in, one row each out.

    Frames are ``n_fft`` samples long, one every ``hop_length`` samples. Subclasses define
    ``_names`` and ``_row``.
    """

    def __init__(self, *, sr: int = 22050, n_fft: int = 2048, hop_length: int = 512) -> None:
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length

    def _check(self) -> None:
        for name in ("sr", "n_fft", "hop_length"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is not positive")

    def _describe(self, item: ArrayLike, index: int) -> Floats:
        try:
            clip = Clip(item, sr=self.sr, n_fft=self.n_fft, hop_length=self.hop_length)
        except ValueError as error:
            raise ValueError(f"X: waveform {index} {error}") from None
        return self._row(clip)

    def _row(self, clip: Clip) -> Floats:
        raise NotImplementedError


def mean_and_sd(*frames: NDArray[Any]) -> Floats:
    """Mean and standard deviation over the frames of arrays (d_i, n_frames), one after another."""
    parts = [statistic(x, axis=1) for x in frames for statistic in (np.mean, np.std)]
    return np.concatenate(parts).astype(np.float64)  # (2 Σ d_i,)


@lru_cache(maxsize=16)
def _mel_filters(sr: int, n_fft: int, n_mels: int) -> sp.csr_array:
    """librosa's mel filter bank without its zeros, which are 98 % of it and most of the cost."""
    return sp.csr_array(librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels))
