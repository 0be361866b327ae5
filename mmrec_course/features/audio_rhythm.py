"""Rhythm of clips: how often notes begin, how fast the beat is, how clear."""

from __future__ import annotations

from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from mmrec_course.features.audio_clip import Clip, ClipStatistics

__all__ = ["RhythmStatistics"]

WINDOW_SECONDS = 8.0
TEMPI = tuple(round(40 * 2 ** (step / 4), 1) for step in range(12))
SLOWEST, FASTEST = 30.0, 320.0


class RhythmStatistics(ClipStatistics):
    """When notes begin, and how regularly: onsets, tempo and the tempogram.

    The onset strength of a frame is how much louder the mel bands have become since the frame
    before. Its peaks are onsets. Its autocorrelation in windows of eight seconds is the
    tempogram: large at a lag of l frames if the sound repeats after l frames, which is
    60 / l · (frames per second) beats per minute. Columns:

    * ``onset_strength_mean``, ``_sd``: decibels per frame;
    * ``onset_rate``: onsets per second;
    * ``tempo``: beats per minute, the lag with the largest mean autocorrelation, weighted towards
      120. Often half or double of what a person taps. 0 where fewer than two onsets are heard;
    * ``pulse_clarity``: the largest mean autocorrelation between 30 and 320 beats per minute;
    * ``tempogram_40`` … ``tempogram_269``: mean autocorrelation at twelve tempi, four an octave.

    Equal to librosa's functions. Grosche, Müller and Kurth (2010), ICASSP; Lartillot, Eerola,
    Toiviainen and Fornari (2008), ISMIR, for pulse clarity.

    Notebook: 05_audio_features
    """

    def _names(self) -> list[str]:
        names = ["onset_strength_mean", "onset_strength_sd", "onset_rate", "tempo", "pulse_clarity"]
        return names + [f"tempogram_{tempo:.0f}" for tempo in TEMPI]

    def _check(self) -> None:
        super()._check()
        if self.sr / self.hop_length < 2 * FASTEST / 60:
            raise ValueError(
                f"hop_length: {self.hop_length} at {self.sr} Hz is too long a step to tell"
                f" {FASTEST:.0f} beats per minute; at most {int(self.sr * 30 / FASTEST)}"
            )

    def _row(self, clip: Clip) -> NDArray[np.float64]:
        rate = clip.sr / clip.hop_length
        frames: dict[str, Any] = {"sr": clip.sr, "hop_length": clip.hop_length}
        strength = clip.onset_strength
        onsets = librosa.onset.onset_detect(onset_envelope=strength, **frames)
        tempogram = librosa.feature.tempogram(
            onset_envelope=strength, win_length=int(WINDOW_SECONDS * rate), **frames
        ).mean(axis=1, keepdims=True)
        tempo = librosa.feature.tempo(tg=tempogram, **frames).item() if len(onsets) > 1 else 0.0
        mean = tempogram[:, 0]  # (n_lags,)
        clarity = mean[int(np.ceil(60 * rate / FASTEST)) : int(60 * rate / SLOWEST) + 1].max()
        at_tempi = np.interp(60 * rate / np.array(TEMPI), np.arange(len(mean)), mean)
        first = [strength.mean(), strength.std(), len(onsets) / clip.seconds, tempo, clarity]
        return np.array([*first, *at_tempi], dtype=np.float64)
