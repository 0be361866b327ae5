"""Timbre, spectrum, harmony and rhythm of clips, and all of these from one spectrogram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import librosa
import numpy as np
from numpy.typing import NDArray

from mmrec_course.features.audio_clip import FRAME_RATE, N_MELS, Clip, ClipStatistics, mean_and_sd

Floats = NDArray[np.float64]
DELTA_WIDTH = 9
PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# How well each pitch class fits a key, tonic first: Krumhansl and Kessler (1982).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
WINDOW_SECONDS = 8.0  # of the tempogram
TEMPI = tuple(round(40 * 2 ** (step / 4), 1) for step in range(12))
SLOWEST, FASTEST = 30.0, 320.0  # beats per minute


class MFCCStatistics(ClipStatistics):
    """Timbre: means and standard deviations of mel-frequency cepstral coefficients and deltas.

    A discrete cosine transform of the mel bands' decibels gives ``n_mfcc`` coefficients; their
    slopes over nine frames are the deltas. Davis and Mermelstein (1980), IEEE TASSP 28.

    Notebook: 05_audio_features
    """

    def __init__(self, *, n_mfcc: int = 20) -> None:
        self.n_mfcc = n_mfcc

    def _names(self) -> list[str]:
        if not 1 <= self.n_mfcc <= N_MELS:
            raise ValueError(f"n_mfcc: {self.n_mfcc} is not between 1 and {N_MELS}")
        columns = [f"{kind}{{}}_{s}" for kind in ("mfcc", "delta") for s in ("mean", "sd")]
        return [column.format(i) for column in columns for i in range(self.n_mfcc)]

    def _row(self, clip: Clip) -> Floats:
        mfcc = librosa.feature.mfcc(S=clip.log_mel, n_mfcc=self.n_mfcc)  # (n_mfcc, n_frames)
        mode: Literal["interp", "nearest"]
        mode = "interp" if mfcc.shape[1] >= DELTA_WIDTH else "nearest"
        return mean_and_sd(mfcc, librosa.feature.delta(mfcc, width=DELTA_WIDTH, mode=mode))


class LogMelStatistics(ClipStatistics):
    """Loudness of each mel band in decibels: means and standard deviations over the frames.

    The ``n_mels`` bands are equally wide in mel (Stevens, Volkmann and Newman 1937, JASA 8) from
    0 Hz to half the sampling rate; MFCCs are their cosine transform. In silence means are −100 dB.

    Notebook: 05_audio_features
    """

    def __init__(self, *, n_mels: int = 40) -> None:
        self.n_mels = n_mels

    def _names(self) -> list[str]:
        return [f"mel{band}_{s}" for s in ("mean", "sd") for band in range(self.n_mels)]

    def _row(self, clip: Clip) -> Floats:
        return mean_and_sd(clip.mel_decibels(self.n_mels))


class ChromaStatistics(ClipStatistics):
    """Harmony: how strong each of the twelve pitch classes is, in any octave.

    Each frame's power is summed over all octaves of C, of C#, … and divided by the largest of the
    twelve, as ``librosa.feature.chroma_stft`` does (Fujishima 1999, ICMC). ``major_fit`` and
    ``minor_fit`` are the largest correlation of the twelve means with a key profile in any key
    (Krumhansl and Kessler 1982, Psychological Review 89); 0 in silence.

    Notebook: 05_audio_features
    """

    def _names(self) -> list[str]:
        columns = [f"chroma_{name}_{s}" for s in ("mean", "sd") for name in PITCH_CLASSES]
        return [*columns, "major_fit", "minor_fit"]

    def _row(self, clip: Clip) -> Floats:
        row = mean_and_sd(librosa.util.normalize(clip.chroma, axis=0))
        return np.append(row, [_key_fit(row[:12], profile) for profile in (MAJOR, MINOR)])


class SpectralStatistics(ClipStatistics):
    """The shape of the spectrum: means and standard deviations of librosa's five descriptors.

    For each frame, with S_f the magnitude at frequency f and p_f = S_f / Σ S, in hertz where not
    said otherwise: ``contrast0`` … ``contrast6``, decibels between peaks and valleys in seven
    octave bands; ``centroid``, c = Σ f p_f; ``bandwidth``, √(Σ (f − c)² p_f); ``rolloff``, below
    which 85 % of Σ S lie; ``flatness``, geometric over arithmetic mean of S², 1 for white noise.
    Jiang, Lu, Zhang, Tao and Cai (2002), ICME; Tzanetakis and Cook (2002), IEEE TSAP 10.

    Notebook: 05_audio_features
    """

    def _names(self) -> list[str]:
        contrast = [f"contrast{band}" for band in range(7)]
        groups = [contrast, ["centroid"], ["bandwidth"], ["rolloff"], ["flatness"]]
        return [f"{name}_{s}" for group in groups for s in ("mean", "sd") for name in group]

    def _row(self, clip: Clip) -> Floats:
        freq = librosa.fft_frequencies()  # (1 + N_FFT / 2,)
        contrast = librosa.feature.spectral_contrast(S=clip.magnitude)
        # Σ S, Σ f S and Σ f² S in one product are five times as fast as librosa's two functions.
        total, first, second = np.stack([np.ones_like(freq), freq, freq**2]) @ clip.magnitude
        total = np.maximum(total, np.finfo(np.float32).tiny)
        centroid = first / total
        bandwidth = np.sqrt(np.maximum(second / total - centroid**2, 0.0))
        rolloff = librosa.feature.spectral_rolloff(S=clip.magnitude)
        flatness = librosa.feature.spectral_flatness(S=clip.magnitude)
        return mean_and_sd(contrast, centroid[None], bandwidth[None], rolloff, flatness)


class RhythmStatistics(ClipStatistics):
    """When notes begin, and how regularly: onsets, tempo and the tempogram.

    Peaks of the onset strength are onsets; its autocorrelation in windows of 8 s is the tempogram.
    ``tempo``, in beats per minute, is the lag with the largest mean autocorrelation, weighted
    towards 120; 0 where fewer than two onsets are heard. ``pulse_clarity`` is that autocorrelation
    without weights. Grosche, Müller and Kurth (2010), ICASSP; Lartillot et al. (2008), ISMIR.

    Notebook: 05_audio_features
    """

    def _names(self) -> list[str]:
        names = ["onset_strength_mean", "onset_strength_sd", "onset_rate", "tempo", "pulse_clarity"]
        return names + [f"tempogram_{tempo:.0f}" for tempo in TEMPI]

    def _row(self, clip: Clip) -> Floats:
        strength = clip.onset_strength
        onsets = librosa.onset.onset_detect(onset_envelope=strength)
        lags = int(WINDOW_SECONDS * FRAME_RATE)
        tempogram = librosa.feature.tempogram(onset_envelope=strength, win_length=lags)
        tempogram = tempogram.mean(axis=1, keepdims=True)
        tempo = librosa.feature.tempo(tg=tempogram).item() if len(onsets) > 1 else 0.0
        mean = tempogram[:, 0]  # (n_lags,)
        shortest, longest = 60 * FRAME_RATE / FASTEST, 60 * FRAME_RATE / SLOWEST  # lags
        clarity = mean[int(np.ceil(shortest)) : int(longest) + 1].max()
        at_tempi = np.interp(60 * FRAME_RATE / np.array(TEMPI), np.arange(len(mean)), mean)
        first = [strength.mean(), strength.std(), len(onsets) / clip.seconds, tempo, clarity]
        return np.array([*first, *at_tempi], dtype=np.float64)


FAMILIES: dict[str, type[ClipStatistics]] = {
    "mfcc": MFCCStatistics,
    "log_mel": LogMelStatistics,
    "chroma": ChromaStatistics,
    "spectral": SpectralStatistics,
    "rhythm": RhythmStatistics,
}


class AudioDescriptor(ClipStatistics):
    """All families of descriptors side by side, from one spectrogram; columns differ in scale.

    Notebook: 05_audio_features
    """

    def _names(self) -> list[str]:
        return [name for family in FAMILIES.values() for name in family()._names()]

    def _row(self, clip: Clip) -> Floats:
        return np.concatenate([family()._row(clip) for family in FAMILIES.values()])


def _key_fit(chroma: Floats, profile: Sequence[float]) -> float:
    """The largest correlation of twelve strengths with a key profile in any key; 0 if all equal."""
    if np.ptp(chroma) < 1e-6:
        return 0.0
    keys = np.stack([np.roll(profile, tonic) for tonic in range(12)])
    return float(np.corrcoef(chroma, keys)[0, 1:].max())
