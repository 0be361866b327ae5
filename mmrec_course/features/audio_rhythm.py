"""How a clip moves: how often something begins, how fast the beat is, how clear.

In: waveforms. Out: one row a clip.
"""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import NDArray

from mmrec_course.features.audio_clip import Clip, ClipStatistics

__all__ = ["RhythmStatistics"]

Floats = NDArray[np.float64]
WINDOW_SECONDS = 8.0
TEMPI = tuple(round(40 * 2 ** (step / 4), 1) for step in range(12))
SLOWEST, FASTEST = 30.0, 320.0


class RhythmStatistics(ClipStatistics):
    """When notes begin, and how regularly: onsets, tempo and the tempogram.

    The *onset strength* of a frame says how much louder the mel bands have become since the frame
    before. Its peaks are onsets. Its autocorrelation in windows of eight seconds is the
    *tempogram*: large at a lag of l frames if what happens now happens again l frames later, which
    is to say at 60 / l · (frames a second) beats a minute. Columns:

    * ``onset_strength_mean``, ``_sd``: decibels a frame;
    * ``onset_rate``: onsets a second;
    * ``tempo``: beats a minute, the lag with the largest mean autocorrelation, weighed towards
      120. Often half or double of what a person taps. 0 where fewer than two onsets are heard:
      silence has no tempo;
    * ``pulse_clarity``: the largest mean autocorrelation between 30 and 320 beats a minute, 0 … 1;
    * ``tempogram_40`` … ``tempogram_269``: mean autocorrelation at twelve tempi, four an octave.

    Parameters
    ----------
    sr
        Sampling rate of the waveforms, in hertz.
    n_fft, hop_length
        Length of a frame and step to the next one, in samples.

    Notes
    -----
    Equal to librosa's ``onset_strength``, ``onset_detect``, ``tempo`` and ``tempogram``. Grosche,
    Müller and Kurth (2010), ICASSP, for tempograms; Lartillot, Eerola, Toiviainen and Fornari
    (2008), ISMIR, for pulse clarity as the largest autocorrelation. A clip of one frame, silence
    and a single click have rows of finite numbers; in silence all are 0.

    Notebook: 05_audio_features

    Examples
    --------
    >>> clicks = np.zeros(6 * 22050, np.float32)
    >>> clicks[::11025] = 1.0                                     # two a second: 120 BPM
    >>> row = RhythmStatistics().transform([clicks])[0]
    >>> names = RhythmStatistics().get_feature_names_out().tolist()
    >>> bool(abs(row[names.index("tempo")] - 120) < 4)
    True
    """

    def __init__(self, *, sr: int = 22050, n_fft: int = 2048, hop_length: int = 512) -> None:
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length

    def _names(self) -> list[str]:
        return [
            *("onset_strength_mean", "onset_strength_sd", "onset_rate", "tempo", "pulse_clarity"),
            *(f"tempogram_{tempo:.0f}" for tempo in TEMPI),
        ]

    def _check(self) -> None:
        if self.sr / self.hop_length < 2 * FASTEST / 60:
            raise ValueError(
                f"hop_length: {self.hop_length} at {self.sr} Hz is too long a step to tell"
                f" {FASTEST:.0f} beats a minute; at most {int(self.sr * 30 / FASTEST)}"
            )

    def _row(self, clip: Clip) -> Floats:
        rate = clip.sr / clip.hop_length
        strength = clip.onset_strength
        onsets = librosa.onset.onset_detect(
            onset_envelope=strength, sr=clip.sr, hop_length=clip.hop_length
        )
        tempogram = librosa.feature.tempogram(
            onset_envelope=strength,
            sr=clip.sr,
            hop_length=clip.hop_length,
            win_length=int(WINDOW_SECONDS * rate),
        ).mean(axis=1, keepdims=True)
        tempo = librosa.feature.tempo(tg=tempogram, sr=clip.sr, hop_length=clip.hop_length).item()
        mean = tempogram[:, 0]
        lags = 60 * rate / np.array(TEMPI)
        clarity = mean[int(np.ceil(60 * rate / FASTEST)) : int(60 * rate / SLOWEST) + 1].max()
        return np.array(
            [
                *(strength.mean(), strength.std()),
                len(onsets) / clip.seconds,
                tempo if len(onsets) > 1 else 0.0,
                clarity,
                *np.interp(lags, np.arange(len(mean)), mean),
            ],
            dtype=np.float64,
        )
