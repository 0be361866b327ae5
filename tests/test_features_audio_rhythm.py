"""RhythmStatistics: against librosa, and on clicks whose tempo is known."""

import librosa
import numpy as np
import pytest

from mmrec_course.features import RhythmStatistics
from mmrec_course.features.audio_rhythm import TEMPI

RATE = 22050


def describe(wave, **options):
    rhythm = RhythmStatistics(**options)
    return dict(zip(rhythm.get_feature_names_out(), rhythm.transform([wave])[0], strict=True))


def clicks(bpm, seconds=8.0, start=0.1):
    """A short decaying hiss on every beat."""
    wave = np.zeros(int(seconds * RATE), np.float32)
    hiss = np.random.default_rng(0).standard_normal(1000) * np.exp(-np.arange(1000) / 150)
    for beat in np.arange(start, seconds - 0.1, 60 / bpm):
        wave[int(beat * RATE) :][:1000] += 0.3 * hiss
    return wave


def tune(seconds=4.0):
    """Notes of irregular length over some noise."""
    rng = np.random.default_rng(3)
    wave = 0.01 * rng.standard_normal(int(seconds * RATE))
    start = 0
    while start < len(wave) - 9000:
        n = int(rng.integers(3000, 9000))
        t = np.arange(n) / RATE
        wave[start : start + n] += np.sin(2 * np.pi * rng.integers(200, 900) * t) * np.exp(-6 * t)
        start += n
    return wave.astype(np.float32)


@pytest.mark.parametrize("hop_length", [512, 256])
def test_equals_librosa(hop_length):
    wave = tune()
    x = describe(wave, hop_length=hop_length)
    options = {"sr": RATE, "hop_length": hop_length}
    strength = librosa.onset.onset_strength(y=wave, **options)
    assert x["onset_strength_mean"] == pytest.approx(strength.mean(), abs=1e-3)
    assert x["onset_strength_sd"] == pytest.approx(strength.std(), abs=1e-3)
    onsets = librosa.onset.onset_detect(y=wave, **options)
    assert x["onset_rate"] == pytest.approx(len(onsets) / 4.0)
    assert x["tempo"] == pytest.approx(librosa.feature.tempo(y=wave, **options).item())
    window = int(librosa.time_to_frames(8.0, **options))
    mean = librosa.feature.tempogram(y=wave, win_length=window, **options).mean(axis=1)
    bpm = librosa.tempo_frequencies(window, **options)
    clarity = mean[(bpm >= 30) & (bpm <= 320)].max()
    assert x["pulse_clarity"] == pytest.approx(clarity, abs=1e-3)
    # np.interp wants rising places: lags, not tempi.
    lags = 60 * RATE / hop_length / np.array(TEMPI)
    expected = np.interp(lags, np.arange(window), mean)
    got = [x[f"tempogram_{tempo:.0f}"] for tempo in TEMPI]
    np.testing.assert_allclose(got, expected, atol=1e-3)


@pytest.mark.parametrize("bpm", [80, 100, 120, 150])
def test_the_tempo_of_clicks_is_found(bpm):
    x = describe(clicks(bpm))
    assert x["tempo"] == pytest.approx(bpm, rel=0.04)
    assert x["onset_rate"] == pytest.approx(bpm / 60, rel=0.1)
    assert x["pulse_clarity"] > 0.7


def test_the_tempogram_is_high_at_the_tempo_and_low_between():
    x = describe(clicks(80))
    assert x["tempogram_80"] > 0.6
    assert x["tempogram_113"] < 0.3


def test_a_steady_beat_is_clearer_than_an_irregular_one():
    assert describe(clicks(120))["pulse_clarity"] > describe(tune())["pulse_clarity"] + 0.2


def test_silence_has_no_tempo_and_no_onsets():
    assert max(map(abs, describe(np.zeros(3 * RATE)).values())) < 1e-6


def test_one_click_has_no_tempo():
    wave = np.zeros(3 * RATE)
    wave[RATE : RATE + 50] = 0.5
    x = describe(wave)
    assert x["tempo"] == 0
    assert x["onset_rate"] == pytest.approx(1 / 3)


def test_loudness_does_not_matter():
    wave = tune()
    quiet, loud = describe(0.1 * wave), describe(wave)
    assert quiet == pytest.approx(loud, rel=1e-3, abs=1e-3)


def test_a_step_too_long_for_fast_beats_is_refused():
    with pytest.raises(ValueError, match="hop_length: 4096 at 22050 Hz is too long a step"):
        RhythmStatistics(hop_length=4096).fit()
    limit = 22050 * 30 // 320
    assert np.isfinite(list(describe(tune(), hop_length=limit).values())).all()
    with pytest.raises(ValueError, match=f"at most {limit}$"):
        RhythmStatistics(hop_length=limit + 1).fit()
