"""MFCCStatistics: against librosa, and on sounds whose answer is known."""

import librosa
import numpy as np
import pytest
from sklearn.base import clone

from mmrec_course.features import MFCCStatistics

RATE = 22050


def noise(seconds, seed=0):
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    envelope = np.sin(np.linspace(0, 9, n)) ** 2
    return (0.1 * rng.standard_normal(n) * envelope).astype(np.float32)


@pytest.mark.parametrize("options", [{}, {"n_mfcc": 13, "n_fft": 1024, "hop_length": 256}])
def test_equals_librosa(options):
    wave = noise(2.0)
    (x,) = MFCCStatistics(**options).transform([wave])
    mfcc = librosa.feature.mfcc(y=wave, sr=RATE, **({"n_mfcc": 20} | options))
    delta = librosa.feature.delta(mfcc)
    expected = np.concatenate(
        [mfcc.mean(axis=1), mfcc.std(axis=1), delta.mean(axis=1), delta.std(axis=1)]
    )
    np.testing.assert_allclose(x, expected, rtol=1e-3, atol=1e-3)


def test_names_say_what_is_in_each_column():
    statistics = MFCCStatistics(n_mfcc=3)
    names = statistics.get_feature_names_out().tolist()
    assert len(set(names)) == len(names) == 12
    quiet, loud = noise(1.0), 10 * noise(1.0)
    x = statistics.transform([quiet, loud])
    change = dict(zip(names, x[1] - x[0], strict=True))
    # 20 dB more in each of 128 bands; the transform is orthonormal, so the first gets √128 · 20.
    assert change.pop("mfcc0_mean") == pytest.approx(20 * np.sqrt(128), rel=1e-3)
    assert max(map(abs, change.values())) < 0.01


def test_a_bright_sound_has_a_lower_first_coefficient():
    t = np.arange(RATE) / RATE
    dark, bright = (np.sin(2 * np.pi * f * t).astype(np.float32) for f in (200, 5000))
    x = MFCCStatistics().transform([dark, bright])
    assert x[0, 1] > x[1, 1] + 50


def test_played_backwards_only_the_slopes_turn():
    # A whole number of hops, so that both ways are cut into the same frames.
    wave = noise(2.0)[: 512 * 80 + 1]
    x = MFCCStatistics(n_mfcc=5).transform([wave, wave[::-1].copy()])
    np.testing.assert_allclose(x[1, :10], x[0, :10], rtol=1e-3, atol=0.01)
    np.testing.assert_allclose(x[1, 10:15], -x[0, 10:15], rtol=1e-3, atol=0.01)


@pytest.mark.parametrize("n", [1, 100, 2047, 2048, 3000, 512 * 8])
def test_short_clips_have_numbers_without_a_warning(n, recwarn):
    x = MFCCStatistics().transform([noise(1.0)[2000 : 2000 + n]])
    assert np.isfinite(x).all()
    assert not [w for w in recwarn if issubclass(w.category, UserWarning)]


def test_silence_has_numbers_and_no_movement():
    (x,) = MFCCStatistics().transform([np.zeros(RATE, np.float32)])
    assert np.isfinite(x).all()
    np.testing.assert_allclose(x[20:], 0, atol=0.01)


def test_no_waves_give_no_rows():
    assert MFCCStatistics().transform([]).shape == (0, 80)


def test_it_is_a_scikit_learn_transformer():
    assert clone(MFCCStatistics(n_mfcc=7)).get_params()["n_mfcc"] == 7


@pytest.mark.parametrize(
    ("options", "wave", "message"),
    [
        ({"n_mfcc": 0}, np.ones(10), "n_mfcc: 0"),
        ({"n_mfcc": 129}, np.ones(10), "n_mfcc: 129"),
        ({"hop_length": 0}, np.ones(10), "hop_length: 0 is not positive"),
        ({}, np.ones(0), r"waveform 0 has shape \(0,\)"),
        ({}, np.ones((2, 10)), r"waveform 0 has shape \(2, 10\)"),
        ({}, np.array([1.0, np.nan]), "waveform 0 has samples that are not finite"),
    ],
)
def test_what_is_no_sound_is_refused(options, wave, message):
    with pytest.raises(ValueError, match=message):
        MFCCStatistics(**options).transform([wave])
