"""A clip's spectrogram, computed once for all audio descriptors, and their base class."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

import librosa
import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from mmrec_course.features.stateless import StatelessTransformer
from mmrec_course.preprocessing.audio import check_wave

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
# librosa's defaults, so its functions are called without them.
SR, N_FFT, N_MELS = 22050, 2048, 128
FRAME_RATE = SR / 512  # frames per second


class Clip:
    """A waveform (n_samples,), padded with silence to one frame; spectra are computed on demand."""

    def __init__(self, samples: Floats32) -> None:
        self.seconds = len(samples) / SR
        self.wave = np.pad(samples, (0, max(0, N_FFT - len(samples))))

    @cached_property
    def magnitude(self) -> Floats32:
        """|STFT|, (1 + N_FFT / 2, n_frames)."""
        return np.asarray(np.abs(librosa.stft(self.wave)))

    @cached_property
    def power(self) -> Floats32:
        return np.asarray(self.magnitude**2)

    @cached_property
    def log_mel(self) -> Floats32:
        return self.mel_decibels(N_MELS)

    def mel_decibels(self, n_mels: int) -> Floats32:
        """Power in mel bands in decibels, at most 80 below the loudest, (n_mels, n_frames)."""
        return np.asarray(librosa.power_to_db(_mel_filters(n_mels) @ self.power))

    @cached_property
    def chroma(self) -> Floats32:
        """Power in the twelve pitch classes, over all octaves, (12, n_frames)."""
        return np.asarray(_chroma_filters() @ self.power)

    @cached_property
    def onset_strength(self) -> Floats32:
        """How much louder the mel bands have become since the last frame, (n_frames,)."""
        return np.asarray(librosa.onset.onset_strength(S=self.log_mel))


class ClipStatistics(StatelessTransformer):
    """Base class: waveforms at a sampling rate of 22,050 Hz in, one row each out.

    Frames are 2,048 samples long, one every 512 samples. Subclasses define ``_names``, ``_row``.
    """

    def _describe(self, item: ArrayLike, index: int) -> Floats:
        return self._row(Clip(check_wave(item, f"X: waveform {index}")))

    def _row(self, clip: Clip) -> Floats:
        raise NotImplementedError


def mean_and_sd(*frames: NDArray[Any]) -> Floats:
    """Mean and standard deviation over the frames of arrays (d_i, n_frames), one after another."""
    parts = [statistic(x, axis=1) for x in frames for statistic in (np.mean, np.std)]
    return np.concatenate(parts).astype(np.float64)  # (2 Σ d_i,)


@cache
def _mel_filters(n_mels: int) -> sp.csr_array:
    """librosa's mel filter bank without its zeros, which are 98 % of it and most of the cost."""
    return sp.csr_array(librosa.filters.mel(sr=SR, n_fft=N_FFT, n_mels=n_mels))


@cache
def _chroma_filters() -> Floats32:
    return np.asarray(librosa.filters.chroma(sr=SR, n_fft=N_FFT, tuning=0.0))
