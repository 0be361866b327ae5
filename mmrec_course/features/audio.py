"""Sounds → numbers.

In: waveforms. Out: one row a clip.

Notebook: 05_audio_features
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Self

import librosa
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

__all__ = ["MFCCStatistics"]

Floats = NDArray[np.float64]
N_MELS = 128
DELTA_WIDTH = 9


class MFCCStatistics(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What a clip sounds like on the whole: means and spreads of its MFCCs and their slopes.

    A clip is cut into overlapping frames; each frame's power spectrum is summed in mel bands,
    taken to decibels, and turned by a cosine transform into n_mfcc numbers (coefficient 0:
    loudness; 1: dark against bright; higher ones: ever finer shape of the spectrum, which is
    timbre). Their slopes over nine frames are the deltas. Of each, mean and standard deviation
    over the frames.

    Order is forgotten: a clip played backwards in time has the same row but for the sign of the
    deltas' means.

    Parameters
    ----------
    n_mfcc
        Coefficients, 1 … 128.
    sr
        Sampling rate of the waveforms, in hertz.
    n_fft, hop_length
        Length of a frame and step to the next one, in samples.

    Notes
    -----
    Davis and Mermelstein (1980), IEEE TASSP 28; Tzanetakis and Cook (2002), IEEE TSAP 10, for
    means and spreads as a description of genre. Equal to ``librosa.feature.mfcc`` and ``delta``,
    from one STFT. A clip of fewer than nine frames has its edges repeated for the deltas, one
    shorter than a frame is padded with silence.

    Notebook: 05_audio_features

    Examples
    --------
    >>> MFCCStatistics(n_mfcc=2).get_feature_names_out().tolist()[:4]
    ['mfcc0_mean', 'mfcc1_mean', 'mfcc0_sd', 'mfcc1_sd']
    """

    def __init__(
        self, *, n_mfcc: int = 20, sr: int = 22050, n_fft: int = 2048, hop_length: int = 512
    ) -> None:
        self.n_mfcc = n_mfcc
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Nothing is learned; the parameters are checked.

        Parameters
        ----------
        X, y
            Not looked at.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If n_mfcc is outside 1 … 128, or another parameter is not positive.
        """
        if not 1 <= self.n_mfcc <= N_MELS:
            raise ValueError(f"n_mfcc: {self.n_mfcc} is not between 1 and {N_MELS}")
        for name in ("sr", "n_fft", "hop_length"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is not positive")
        return self

    def transform(self, X: Iterable[NDArray[np.float32]]) -> Floats:
        """Statistics of waveforms.

        Parameters
        ----------
        X
            One-dimensional float arrays, each of its own length, sampled at ``sr``.

        Returns
        -------
        (n, 4 · n_mfcc) float64, in decibels and decibels a frame.

        Raises
        ------
        ValueError
            If a waveform is empty, not one-dimensional or not finite.
        """
        self.fit()
        rows = [self._describe(wave, place) for place, wave in enumerate(X)]
        return np.array(rows, dtype=np.float64).reshape(len(rows), 4 * self.n_mfcc)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """``mfcc0_mean`` …, ``mfcc0_sd`` …, ``delta0_mean`` …, ``delta0_sd`` …."""
        names = [
            f"{kind}{i}_{statistic}"
            for kind in ("mfcc", "delta")
            for statistic in ("mean", "sd")
            for i in range(self.n_mfcc)
        ]
        return np.array(names, dtype=object)

    def _describe(self, wave: NDArray[np.float32], place: int) -> Floats:
        wave = np.asarray(wave, dtype=np.float32)
        if wave.ndim != 1 or len(wave) == 0:
            raise ValueError(f"X: waveform {place} has shape {wave.shape}, expected (n_samples,)")
        if not np.isfinite(wave).all():
            raise ValueError(f"X: waveform {place} has samples that are not finite")
        if len(wave) < self.n_fft:
            wave = np.pad(wave, (0, self.n_fft - len(wave)))
        spectrum = librosa.stft(wave, n_fft=self.n_fft, hop_length=self.hop_length)
        mel = _mel_filters(self.sr, self.n_fft) @ (np.abs(spectrum) ** 2)
        mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=self.n_mfcc)
        enough = mfcc.shape[1] >= DELTA_WIDTH
        delta = librosa.feature.delta(
            mfcc, width=DELTA_WIDTH, mode="interp" if enough else "nearest"
        )
        parts = [f(x, axis=1) for x in (mfcc, delta) for f in (np.mean, np.std)]
        return np.concatenate(parts).astype(np.float64)


@lru_cache(maxsize=8)
def _mel_filters(sr: int, n_fft: int) -> sp.csr_array:
    """librosa's mel filter bank without its zeros, which are 98 % of it and most of the cost."""
    return sp.csr_array(librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=N_MELS))
