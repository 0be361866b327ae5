"""Timbre, spectrum and harmony of clips, and all families with rhythm from one spectrogram."""

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
    """Timbre: means and standard deviations of mel-frequency cepstral coefficients and deltas.

    Each frame's power spectrum is summed in mel bands, converted to decibels, and transformed by
    a discrete cosine transform into ``n_mfcc`` coefficients (0: loudness; 1: dark against bright;
    higher ones: finer shape of the spectrum). Their slopes over nine frames are the deltas. A
    clip played backwards has the same row, except for the sign of the deltas' means.

    Equal to ``librosa.feature.mfcc`` and ``delta``. Davis and Mermelstein (1980), IEEE TASSP 28;
    Tzanetakis and Cook (2002), IEEE TSAP 10.

    Notebook: 05_audio_features

    >>> MFCCStatistics(n_mfcc=2).get_feature_names_out().tolist()[:4]
    ['mfcc0_mean', 'mfcc1_mean', 'mfcc0_sd', 'mfcc1_sd']
    """

    def __init__(
        self, *, n_mfcc: int = 20, sr: int = 22050, n_fft: int = 2048, hop_length: int = 512
    ) -> None:
        super().__init__(sr=sr, n_fft=n_fft, hop_length=hop_length)
        self.n_mfcc = n_mfcc

    def _check(self) -> None:
        super()._check()
        if not 1 <= self.n_mfcc <= N_MELS:
            raise ValueError(f"n_mfcc: {self.n_mfcc} is not between 1 and {N_MELS}")

    def _names(self) -> list[str]:
        columns = [f"{kind}{{}}_{s}" for kind in ("mfcc", "delta") for s in ("mean", "sd")]
        return [column.format(i) for column in columns for i in range(self.n_mfcc)]

    def _row(self, clip: Clip) -> Floats:
        mfcc = librosa.feature.mfcc(S=clip.log_mel, n_mfcc=self.n_mfcc)  # (n_mfcc, n_frames)
        mode = "interp" if mfcc.shape[1] >= DELTA_WIDTH else "nearest"
        return mean_and_sd(mfcc, librosa.feature.delta(mfcc, width=DELTA_WIDTH, mode=mode))


class LogMelStatistics(ClipStatistics):
    """Loudness of each mel band in decibels: means and standard deviations over the frames.

    MFCCs without the cosine transform: neighbouring bands are correlated, but each column has a
    frequency. The ``n_mels`` bands are equally wide in mel (Stevens, Volkmann and Newman 1937,
    JASA 8) from 0 Hz to half the sampling rate. Equal to ``librosa.power_to_db`` of
    ``librosa.feature.melspectrogram``. In silence every mean is −100 dB.

    Notebook: 05_audio_features
    """

    def __init__(
        self, *, n_mels: int = 40, sr: int = 22050, n_fft: int = 2048, hop_length: int = 512
    ) -> None:
        super().__init__(sr=sr, n_fft=n_fft, hop_length=hop_length)
        self.n_mels = n_mels

    def _names(self) -> list[str]:
        return [f"mel{band}_{s}" for s in ("mean", "sd") for band in range(self.n_mels)]

    def _row(self, clip: Clip) -> Floats:
        return mean_and_sd(clip.mel_decibels(self.n_mels))


class ChromaStatistics(ClipStatistics):
    """Harmony: how strong each of the twelve pitch classes is, in any octave.

    Each frame's power is summed over all octaves of C, of C#, … and divided by the largest of the
    twelve; columns are means and standard deviations over the frames. ``major_fit`` and
    ``minor_fit``, the largest correlation of the twelve means with a major and a minor key
    profile in any key, hardly change when a piece is transposed; both are 0 in silence.

    Equal to ``librosa.feature.chroma_stft`` at A = 440 Hz. Fujishima (1999), ICMC; Krumhansl and
    Kessler (1982), Psychological Review 89, for the profiles.

    Notebook: 05_audio_features
    """

    def _names(self) -> list[str]:
        columns = [f"chroma_{name}_{s}" for s in ("mean", "sd") for name in PITCH_CLASSES]
        return [*columns, "major_fit", "minor_fit"]

    def _row(self, clip: Clip) -> Floats:
        strength = _chroma_filters(clip.sr, clip.n_fft) @ clip.power  # (12, n_frames)
        row = mean_and_sd(librosa.util.normalize(strength, axis=0))
        return np.append(row, [_key_fit(row[:12], profile) for profile in (MAJOR, MINOR)])


class SpectralStatistics(ClipStatistics):
    """The shape of the spectrum: means and standard deviations of five descriptors.

    For each frame, with S_f the magnitude at frequency f and p_f = S_f / Σ S:

    * ``contrast0`` … ``contrast6``: decibels between peaks and valleys in seven octave bands
      (the lowest: below 200 Hz). High: clear notes; low: noise;
    * ``centroid``: c = Σ f p_f, the centre of mass, in hertz. High: bright;
    * ``bandwidth``: √(Σ (f − c)² p_f), in hertz;
    * ``rolloff``: the frequency below which 85 % of Σ S lie, in hertz;
    * ``flatness``: geometric over arithmetic mean of S². 1: white noise; near 0: a tone.

    Each equal to librosa's function of that name. In a silent frame all are 0 but flatness, 1.
    Jiang, Lu, Zhang, Tao and Cai (2002), ICME, for contrast; Tzanetakis and Cook (2002), IEEE
    TSAP 10, for centroid and rolloff; Dubnov (2004), IEEE SPL 11, for flatness.

    Notebook: 05_audio_features
    """

    def _check(self) -> None:
        super()._check()
        highest = CONTRAST_FMIN * 2 ** (CONTRAST_BANDS - 1)
        if self.sr <= 2 * highest:
            needed = f"at least {2 * highest + 1:,.0f} Hz for the highest contrast band"
            raise ValueError(f"sr: {self.sr} Hz is too low; {needed}")
        if self.sr / self.n_fft > CONTRAST_FMIN / 2:
            least = int(np.ceil(2 * self.sr / CONTRAST_FMIN))
            raise ValueError(f"n_fft: {self.n_fft} is too short; at least {least} at {self.sr} Hz")

    def _names(self) -> list[str]:
        contrast = [f"contrast{band}" for band in range(CONTRAST_BANDS + 1)]
        groups = [contrast, ["centroid"], ["bandwidth"], ["rolloff"], ["flatness"]]
        return [f"{name}_{s}" for group in groups for s in ("mean", "sd") for name in group]

    def _row(self, clip: Clip) -> Floats:
        freq = librosa.fft_frequencies(sr=clip.sr, n_fft=clip.n_fft)  # (1 + n_fft / 2,)
        spectrum: dict[str, Any] = {"S": clip.magnitude, "sr": clip.sr, "freq": freq}
        contrast = librosa.feature.spectral_contrast(
            fmin=CONTRAST_FMIN, n_bands=CONTRAST_BANDS, **spectrum
        )
        # Σ S, Σ f S and Σ f² S in one product are five times as fast as librosa's two functions.
        total, first, second = np.stack([np.ones_like(freq), freq, freq**2]) @ clip.magnitude
        total = np.maximum(total, np.finfo(np.float32).tiny)
        centroid = first / total
        bandwidth = np.sqrt(np.maximum(second / total - centroid**2, 0.0))
        rolloff = librosa.feature.spectral_rolloff(**spectrum)
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
    """Several families of descriptors side by side, from one spectrogram for each clip.

    ``families`` are names of FAMILIES in the order of the columns; each has its defaults. Columns
    differ in unit and scale: standardise them before anything that adds them up.

    Notebook: 05_audio_features

    >>> AudioDescriptor().transform([np.zeros(22050)]).shape
    (1, 225)
    """

    def __init__(
        self,
        *,
        families: Sequence[str] = tuple(FAMILIES),
        sr: int = 22050,
        n_fft: int = 2048,
        hop_length: int = 512,
    ) -> None:
        super().__init__(sr=sr, n_fft=n_fft, hop_length=hop_length)
        self.families = families

    def _check(self) -> None:
        names = [] if isinstance(self.families, str) else list(self.families)
        if not names or len(set(names)) < len(names) or not set(names) <= set(FAMILIES):
            known = ", ".join(FAMILIES)
            raise ValueError(f"families: {self.families!r}; give a sequence of some of {known}")
        for family in self._members():
            family._check()

    def _members(self) -> list[ClipStatistics]:
        frames: dict[str, Any] = {"sr": self.sr, "n_fft": self.n_fft, "hop_length": self.hop_length}
        return [FAMILIES[name](**frames) for name in self.families]

    def _names(self) -> list[str]:
        return [name for family in self._members() for name in family._names()]

    def _row(self, clip: Clip) -> Floats:
        return np.concatenate([family._row(clip) for family in self._members()])


def _key_fit(chroma: Floats, profile: Sequence[float]) -> float:
    """The largest correlation of twelve strengths with a key profile in any key; 0 if all equal."""
    if np.ptp(chroma) < 1e-6:
        return 0.0
    keys = np.stack([np.roll(profile, tonic) for tonic in range(12)])
    return float(np.corrcoef(chroma, keys)[0, 1:].max())


@lru_cache(maxsize=16)
def _chroma_filters(sr: int, n_fft: int) -> NDArray[np.float32]:
    return np.asarray(librosa.filters.chroma(sr=sr, n_fft=n_fft, tuning=0.0))
