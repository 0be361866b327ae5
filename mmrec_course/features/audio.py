"""Sounds → numbers: timbre, spectrum, harmony, and all of them with rhythm from one look.

In: waveforms. Out: one row a clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from mmrec_course.features.audio_clip import N_MELS, Clip, ClipStatistics, mean_and_sd
from mmrec_course.features.audio_rhythm import RhythmStatistics

__all__ = [
    "AudioDescriptor",
    "ChromaStatistics",
    "LogMelStatistics",
    "MFCCStatistics",
    "SpectralStatistics",
]

Floats = NDArray[np.float64]
DELTA_WIDTH = 9
PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# How well each pitch class fits a key, tonic first: Krumhansl and Kessler (1982).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
CONTRAST_FMIN, CONTRAST_BANDS = 200.0, 6


class MFCCStatistics(ClipStatistics):
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

    def _check(self) -> None:
        if not 1 <= self.n_mfcc <= N_MELS:
            raise ValueError(f"n_mfcc: {self.n_mfcc} is not between 1 and {N_MELS}")

    def _names(self) -> list[str]:
        return [
            f"{kind}{i}_{statistic}"
            for kind in ("mfcc", "delta")
            for statistic in ("mean", "sd")
            for i in range(self.n_mfcc)
        ]

    def _row(self, clip: Clip) -> Floats:
        mfcc = librosa.feature.mfcc(S=clip.log_mel, n_mfcc=self.n_mfcc)
        enough = mfcc.shape[1] >= DELTA_WIDTH
        delta = librosa.feature.delta(
            mfcc, width=DELTA_WIDTH, mode="interp" if enough else "nearest"
        )
        return mean_and_sd(mfcc, delta)


class LogMelStatistics(ClipStatistics):
    """How loud each band of pitches is, and how much that changes, in decibels.

    MFCCs without the cosine transform: neighbouring bands say nearly the same, but each column
    has a pitch that can be named. The means of n MFCCs are n weighted sums of the means of 128
    bands; only their spreads know more.

    Parameters
    ----------
    n_mels
        Bands, equally wide in mel from 0 hertz to half the sampling rate.
    sr
        Sampling rate of the waveforms, in hertz.
    n_fft, hop_length
        Length of a frame and step to the next one, in samples.

    Notes
    -----
    Stevens, Volkmann and Newman (1937), JASA 8, for the mel scale. Equal to
    ``librosa.power_to_db(librosa.feature.melspectrogram(…))``, which cuts at 80 dB below the
    loudest band of the clip. Columns ``mel0_mean`` …, ``mel0_sd`` …; in silence every mean is
    −100 dB, the floor, and every spread 0.

    Notebook: 05_audio_features
    """

    def __init__(
        self, *, n_mels: int = 40, sr: int = 22050, n_fft: int = 2048, hop_length: int = 512
    ) -> None:
        self.n_mels = n_mels
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length

    def _check(self) -> None:
        # A band must be wider than the step between two frequencies, or nothing falls into it.
        if not 1 <= self.n_mels <= self.n_fft // 16:
            raise ValueError(
                f"n_mels: {self.n_mels} is not between 1 and n_fft / 16 = {self.n_fft // 16}"
            )

    def _names(self) -> list[str]:
        return [
            f"mel{band}_{statistic}" for statistic in ("mean", "sd") for band in range(self.n_mels)
        ]

    def _row(self, clip: Clip) -> Floats:
        return mean_and_sd(clip.mel_decibels(self.n_mels))


class ChromaStatistics(ClipStatistics):
    """Which of the twelve pitch classes sound, in any octave: harmony.

    Each frame's power is summed over all octaves of C, of C#, … and divided by the largest of the
    twelve. Of each, mean and standard deviation over the frames. Then two columns that hardly
    change if a piece is transposed: ``major_fit`` and ``minor_fit``, the largest correlation of
    the twelve means with a major and with a minor key profile in any of the twelve keys, −1 … 1.
    The larger the first less the second, the more major it sounds.

    Parameters
    ----------
    tuning
        How far the instruments are from A = 440 Hz, as a share of a semitone, −0.5 … 0.5. Where
        recordings differ, ``librosa.estimate_tuning`` guesses it.
    sr
        Sampling rate of the waveforms, in hertz.
    n_fft, hop_length
        Length of a frame and step to the next one, in samples.

    Notes
    -----
    Fujishima (1999), ICMC, for chroma; Krumhansl and Kessler (1982), Psychological Review 89, for
    the profiles, and Krumhansl (1990), Cognitive Foundations of Musical Pitch, for finding keys
    with them. The chroma equal ``librosa.feature.chroma_stft``. Silent frames have zeros; of
    silence, and where all pitch classes are equally strong, both fits are 0.

    Notebook: 05_audio_features

    Examples
    --------
    >>> a = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> x = ChromaStatistics().transform([a])[0]
    >>> str(ChromaStatistics().get_feature_names_out()[x[:12].argmax()])
    'chroma_A_mean'
    """

    def __init__(
        self, *, tuning: float = 0.0, sr: int = 22050, n_fft: int = 2048, hop_length: int = 512
    ) -> None:
        self.tuning = tuning
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length

    def _check(self) -> None:
        if not -0.5 <= self.tuning <= 0.5:
            raise ValueError(f"tuning: {self.tuning} is not between −0.5 and 0.5 of a semitone")

    def _names(self) -> list[str]:
        columns = [f"chroma_{name}_{s}" for s in ("mean", "sd") for name in PITCH_CLASSES]
        return [*columns, "major_fit", "minor_fit"]

    def _row(self, clip: Clip) -> Floats:
        strength = _chroma_filters(clip.sr, clip.n_fft, self.tuning) @ clip.power
        row = mean_and_sd(librosa.util.normalize(strength, axis=0))
        return np.append(row, [_key_fit(row[:12], profile) for profile in (MAJOR, MINOR)])


class SpectralStatistics(ClipStatistics):
    """The shape of the spectrum in a few numbers that have names.

    For each frame, with S_f the magnitude at frequency f and p_f = S_f / Σ S:

    * ``contrast0`` … ``contrast6``: decibels between peaks and valleys in seven octave bands
      (the lowest: under 200 Hz). High: clear notes; low: noise;
    * ``centroid``: c = Σ f p_f, the centre of mass, in hertz. High: bright;
    * ``bandwidth``: √(Σ (f − c)² p_f), in hertz;
    * ``rolloff``: the frequency under which 85 % of Σ S lie, in hertz;
    * ``flatness``: geometric over arithmetic mean of S². 1: white noise; near 0: a tone.

    Of each, mean and standard deviation over the frames.

    Parameters
    ----------
    sr
        Sampling rate of the waveforms, in hertz; over 12,800, or the highest band is empty.
    n_fft, hop_length
        Length of a frame and step to the next one, in samples.

    Notes
    -----
    Jiang, Lu, Zhang, Tao and Cai (2002), ICME, for contrast; Tzanetakis and Cook (2002), IEEE
    TSAP 10, for centroid and rolloff; Dubnov (2004), IEEE SPL 11, for flatness. Each equal to
    librosa's function of that name. In a silent frame all are 0 but flatness, which is 1.

    Notebook: 05_audio_features
    """

    def __init__(self, *, sr: int = 22050, n_fft: int = 2048, hop_length: int = 512) -> None:
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length

    def _check(self) -> None:
        highest = CONTRAST_FMIN * 2 ** (CONTRAST_BANDS - 1)
        if self.sr <= 2 * highest:
            raise ValueError(
                f"sr: {self.sr} Hz; the highest band begins at {highest:,.0f} Hz, so at least"
                f" {2 * highest + 1:,.0f} is needed"
            )
        if self.sr / self.n_fft > CONTRAST_FMIN / 2:
            raise ValueError(
                f"n_fft: {self.n_fft} is too short for bands from {CONTRAST_FMIN:.0f} Hz on;"
                f" at least {int(np.ceil(2 * self.sr / CONTRAST_FMIN))} at {self.sr} Hz"
            )

    def _names(self) -> list[str]:
        contrast = [f"contrast{band}" for band in range(CONTRAST_BANDS + 1)]
        groups = [contrast, ["centroid"], ["bandwidth"], ["rolloff"], ["flatness"]]
        return [f"{name}_{s}" for group in groups for s in ("mean", "sd") for name in group]

    def _row(self, clip: Clip) -> Floats:
        freq = librosa.fft_frequencies(sr=clip.sr, n_fft=clip.n_fft)
        contrast = librosa.feature.spectral_contrast(
            S=clip.magnitude,
            sr=clip.sr,
            freq=freq,
            fmin=CONTRAST_FMIN,
            n_bands=CONTRAST_BANDS,
        )
        # Σ S, Σ f S and Σ f² S in one product are five times as fast as librosa's two functions.
        total, first, second = np.stack([np.ones_like(freq), freq, freq**2]) @ clip.magnitude
        total = np.maximum(total, np.finfo(np.float32).tiny)
        centroid = first / total
        bandwidth = np.sqrt(np.maximum(second / total - centroid**2, 0.0))
        rolloff = librosa.feature.spectral_rolloff(S=clip.magnitude, sr=clip.sr, freq=freq)
        flatness = librosa.feature.spectral_flatness(S=clip.magnitude)
        return mean_and_sd(contrast, centroid[None], bandwidth[None], rolloff, flatness)


FAMILIES: dict[str, type[ClipStatistics]] = {
    "mfcc": MFCCStatistics,
    "log_mel": LogMelStatistics,
    "chroma": ChromaStatistics,
    "spectral": SpectralStatistics,
    "rhythm": RhythmStatistics,
}


class AudioDescriptor(ClipStatistics):
    """Several families of descriptors, columns side by side, from one STFT a clip.

    Parameters
    ----------
    families
        Which, in the order of the columns: "mfcc" (:class:`MFCCStatistics`, timbre), "log_mel"
        (:class:`LogMelStatistics`), "chroma" (:class:`ChromaStatistics`, harmony), "spectral"
        (:class:`SpectralStatistics`), "rhythm" (:class:`RhythmStatistics`), each as it comes.
    sr
        Sampling rate of the waveforms, in hertz.
    n_fft, hop_length
        Length of a frame and step to the next one, in samples.

    Notes
    -----
    The same numbers as the families one by one; what they share, STFT and log-mel bands, is
    computed once. Columns differ in unit and scale: standardise before anything that adds them up.

    Notebook: 05_audio_features

    Examples
    --------
    >>> AudioDescriptor().transform([np.zeros(22050)]).shape
    (1, 225)
    """

    def __init__(
        self,
        *,
        families: Sequence[str] = ("mfcc", "log_mel", "chroma", "spectral", "rhythm"),
        sr: int = 22050,
        n_fft: int = 2048,
        hop_length: int = 512,
    ) -> None:
        self.families = families
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length

    def _check(self) -> None:
        chosen = self._families()
        for family in chosen:
            family.fit()

    def _families(self) -> list[ClipStatistics]:
        if isinstance(self.families, str) or not len(self.families):
            raise ValueError(
                f"families: {self.families!r}; give a sequence of some of {tuple(FAMILIES)}"
            )
        for place, name in enumerate(self.families):
            if name not in FAMILIES:
                raise ValueError(f"families: {name!r} is not among {tuple(FAMILIES)}")
            if name in tuple(self.families)[:place]:
                raise ValueError(f"families: {name!r} occurs twice")
        frames: dict[str, Any] = {
            "sr": self.sr,
            "n_fft": self.n_fft,
            "hop_length": self.hop_length,
        }
        return [FAMILIES[name](**frames) for name in self.families]

    def _names(self) -> list[str]:
        return [name for family in self._families() for name in family._names()]

    def _row(self, clip: Clip) -> Floats:
        return np.concatenate([family._row(clip) for family in self._families()])


def _key_fit(chroma: Floats, profile: Sequence[float]) -> float:
    """The largest correlation of twelve strengths with a key profile in any key; 0 if all equal."""
    if np.ptp(chroma) < 1e-6:
        return 0.0
    keys = np.stack([np.roll(profile, tonic) for tonic in range(12)])
    return float(np.corrcoef(chroma, keys)[0, 1:].max())


@lru_cache(maxsize=16)
def _chroma_filters(sr: int, n_fft: int, tuning: float) -> NDArray[np.float32]:
    return np.asarray(librosa.filters.chroma(sr=sr, n_fft=n_fft, tuning=tuning))
