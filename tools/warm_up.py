"""Compile librosa's kernels and list the fonts once, visibly, so that no lesson waits for it.

The first feature call in a new environment compiles for 10–20 s; the result is kept on disk.
"""

import librosa
import matplotlib.font_manager  # noqa: F401  (lists the fonts; later the list is read from disk)
import numpy as np

SAMPLE_RATE = 22050


def main() -> None:
    """Call every kind of audio feature that the lessons use on two seconds of a tone."""
    print("first run only: compiling audio kernels, about 20 s", flush=True)
    seconds = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 220 * seconds) * (seconds % 0.5 < 0.1)
    tone = tone.astype(np.float32)
    librosa.feature.mfcc(y=tone, sr=SAMPLE_RATE)
    librosa.feature.chroma_stft(y=tone, sr=SAMPLE_RATE)
    librosa.feature.spectral_contrast(y=tone, sr=SAMPLE_RATE)
    librosa.feature.zero_crossing_rate(tone)
    librosa.beat.beat_track(y=tone, sr=SAMPLE_RATE)
    librosa.effects.trim(tone)


if __name__ == "__main__":
    main()
