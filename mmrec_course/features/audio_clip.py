"""One clip, cut into frames once, for every descriptor that wants to look at it.

In: a waveform. Out: its spectrogram and what follows from it, each computed at most once; and
the frame that all audio descriptors share.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any, Self

import librosa
import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

__all__ = ["Clip", "ClipStatistics", "mean_and_sd"]

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
N_MELS = 128


class Clip:
    """A waveform and its short-time Fourier transform, computed once and shared.

    Parameters
    ----------
    wave
        (n_samples,) finite samples. Padded with silence up to one frame if it is shorter.
    sr
        Sampling rate in hertz.
    n_fft, hop_length
        Length of a frame and step to the next one, in samples.

    Attributes
    ----------
    magnitude, power
        (1 + n_fft / 2, n_frames) float32: |STFT| and its square.
    log_mel
        (128, n_frames) float32: decibels in 128 mel bands.
    onset_strength
        (n_frames,) float32: how much louder the bands have become since the last frame.

    Raises
    ------
    ValueError
        If the waveform is empty, not one-dimensional or not finite.
    """

    def __init__(self, wave: ArrayLike, *, sr: int, n_fft: int, hop_length: int) -> None:
        samples = np.asarray(wave, dtype=np.float32)
        if samples.ndim != 1 or len(samples) == 0:
            raise ValueError(f"has shape {samples.shape}, expected (n_samples,)")
        if not np.isfinite(samples).all():
            raise ValueError("has samples that are not finite")
        self.seconds = len(samples) / sr
        if len(samples) < n_fft:
            samples = np.pad(samples, (0, n_fft - len(samples)))
        self.wave, self.sr, self.n_fft, self.hop_length = samples, sr, n_fft, hop_length

    @cached_property
    def magnitude(self) -> Floats32:
        spectrum = librosa.stft(self.wave, n_fft=self.n_fft, hop_length=self.hop_length)
        return np.asarray(np.abs(spectrum))

    @cached_property
    def power(self) -> Floats32:
        return np.asarray(self.magnitude**2)

    def mel_decibels(self, n_mels: int) -> Floats32:
        """(n_mels, n_frames) power in mel bands, in decibels, at most 80 below the loudest."""
        mel = _mel_filters(self.sr, self.n_fft, n_mels) @ self.power
        return np.asarray(librosa.power_to_db(mel))

    @cached_property
    def log_mel(self) -> Floats32:
        return self.mel_decibels(N_MELS)

    @cached_property
    def onset_strength(self) -> Floats32:
        return np.asarray(
            librosa.onset.onset_strength(
                S=self.log_mel, sr=self.sr, n_fft=self.n_fft, hop_length=self.hop_length
            )
        )


class ClipStatistics(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What every audio descriptor has in common: clips in, one row each out, nothing learned.

    A descriptor says what its columns are called (``_names``) and how a :class:`Clip` becomes a
    row (``_row``); it may check more parameters in ``_check``.
    """

    sr: int
    n_fft: int
    hop_length: int

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
            If a parameter is out of range.
        """
        for name, least in (("sr", 1), ("n_fft", 2), ("hop_length", 1)):
            value = getattr(self, name)
            if value < least:
                problem = "is not positive" if least == 1 else f"is under {least}"
                raise ValueError(f"{name}: {value} {problem}")
        self._check()
        return self

    def transform(self, X: Iterable[ArrayLike]) -> Floats:
        """Describe waveforms.

        Parameters
        ----------
        X
            One-dimensional float arrays, each of its own length, sampled at ``sr``.

        Returns
        -------
        (n, d) float64, finite, columns as :meth:`get_feature_names_out` names them.

        Raises
        ------
        ValueError
            If a waveform is empty, not one-dimensional or not finite, or a parameter is out of
            range.
        """
        self.fit()
        rows = []
        for place, wave in enumerate(X):
            try:
                clip = Clip(wave, sr=self.sr, n_fft=self.n_fft, hop_length=self.hop_length)
            except ValueError as error:
                raise ValueError(f"X: waveform {place} {error}") from None
            rows.append(self._row(clip))
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self._names()))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """(d,) what each column holds."""
        return np.array(self._names(), dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Nothing has to be fitted, and waveforms are no matrix."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags

    def _check(self) -> None:
        """More parameters to check; none by default."""

    def _names(self) -> list[str]:
        raise NotImplementedError

    def _row(self, clip: Clip) -> Floats:
        raise NotImplementedError


def mean_and_sd(*frames: NDArray[Any]) -> Floats:
    """Mean over the frames and standard deviation over the frames of each array, one after another.

    Parameters
    ----------
    frames
        Arrays (d_i, n_frames).

    Returns
    -------
    (2 Σ d_i,) float64: d_1 means, d_1 deviations, d_2 means, …
    """
    parts = [statistic(x, axis=1) for x in frames for statistic in (np.mean, np.std)]
    return np.concatenate(parts).astype(np.float64)


@lru_cache(maxsize=16)
def _mel_filters(sr: int, n_fft: int, n_mels: int) -> sp.csr_array:
    """librosa's mel filter bank without its zeros, which are 98 % of it and most of the cost."""
    return sp.csr_array(librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels))
