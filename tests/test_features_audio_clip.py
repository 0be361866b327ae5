"""Clip and what descriptors share: one STFT a clip, bad waveforms named, nothing to be fitted."""

import warnings

import librosa
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags

from mmrec_course.features import (
    AudioDescriptor,
    ChromaStatistics,
    LogMelStatistics,
    MFCCStatistics,
    RhythmStatistics,
    SpectralStatistics,
)
from mmrec_course.features.audio_clip import Clip, _mel_filters, mean_and_sd

RATE = 22050
DESCRIPTORS = [
    AudioDescriptor(),
    ChromaStatistics(),
    LogMelStatistics(),
    MFCCStatistics(),
    RhythmStatistics(),
    SpectralStatistics(),
]
each_descriptor = pytest.mark.parametrize(
    "descriptor", DESCRIPTORS, ids=[type(d).__name__ for d in DESCRIPTORS]
)


def noise(n):
    rng = np.random.default_rng(0)
    return (0.1 * rng.standard_normal(n) * np.sin(np.linspace(0, 9, n)) ** 2).astype(np.float32)


def test_what_a_clip_offers_equals_librosa():
    wave = noise(2 * RATE)
    clip = Clip(wave)
    np.testing.assert_allclose(clip.magnitude, np.abs(librosa.stft(wave)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(clip.power, np.abs(librosa.stft(wave)) ** 2, rtol=1e-4, atol=1e-6)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=wave, sr=RATE))
    np.testing.assert_allclose(clip.log_mel, mel, atol=1e-3)
    onsets = librosa.onset.onset_strength(y=wave, sr=RATE)
    np.testing.assert_allclose(clip.onset_strength, onsets, atol=1e-3)


def test_seconds_are_those_of_the_sound_not_of_its_padding():
    clip = Clip(noise(441))
    assert clip.seconds == pytest.approx(0.02)
    assert len(clip.wave) == 2048


def test_mel_filters_are_librosas():
    expected = librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=30)
    np.testing.assert_allclose(_mel_filters(30).toarray(), expected, rtol=1e-6)


def test_means_come_before_deviations_for_each_array():
    x = mean_and_sd(np.array([[1.0, 3.0]]), np.array([[2.0, 2.0], [0.0, 4.0]]))
    assert x == pytest.approx([*(2.0, 1.0), *(2.0, 2.0, 0.0, 2.0)])


def test_one_stft_a_clip(monkeypatch):
    calls = []
    stft = librosa.stft
    monkeypatch.setattr(librosa, "stft", lambda *a, **k: calls.append(1) or stft(*a, **k))
    AudioDescriptor().transform([noise(RATE), noise(RATE)])
    assert len(calls) == 2


@each_descriptor
@pytest.mark.parametrize("n", [1, 100, 2047, 2048, 2049, 3000, 512 * 8, 6 * RATE])
def test_any_length_has_a_finite_row_without_a_warning(descriptor, n):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = descriptor.transform([noise(n + 4000)[4000:]])
    assert x.shape == (1, len(descriptor.get_feature_names_out()))
    assert np.isfinite(x).all()


@each_descriptor
@pytest.mark.parametrize(
    "wave",
    [
        np.zeros(RATE),
        np.ones(RATE),
        np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE),
        np.eye(1, RATE, 9000)[0],
        np.full(RATE, 1e-30),
        1e6 * np.cos(np.pi * np.arange(RATE)),
    ],
    ids=["silence", "constant", "tone", "click", "almost silence", "far too loud"],
)
def test_strange_sounds_have_finite_rows_without_a_warning(descriptor, wave):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(descriptor.transform([wave])).all()


@each_descriptor
def test_rows_do_not_depend_on_the_company(descriptor):
    waves = [noise(RATE), noise(3000), np.zeros(100, np.float32)]
    together = descriptor.transform(waves)
    for row, wave in zip(together, waves, strict=True):
        np.testing.assert_allclose(descriptor.transform([wave])[0], row, rtol=1e-6, atol=1e-6)


@each_descriptor
def test_a_waveform_is_not_changed(descriptor):
    wave = noise(RATE)
    before = wave.copy()
    descriptor.transform([wave])
    np.testing.assert_array_equal(wave, before)


@each_descriptor
def test_it_is_a_scikit_learn_transformer_that_learns_nothing(descriptor):
    assert clone(descriptor).get_params() == descriptor.get_params()
    assert not get_tags(descriptor).requires_fit
    assert not get_tags(descriptor).input_tags.two_d_array
    names = descriptor.get_feature_names_out().tolist()
    assert len(set(names)) == len(names)
    assert descriptor.transform([]).shape == (0, len(names))


@each_descriptor
@pytest.mark.parametrize(
    ("wave", "message"),
    [
        (np.ones(0), r"X: waveform 1 has shape \(0,\), expected \(n_samples,\)"),
        (np.ones((2, 10)), r"X: waveform 1 has shape \(2, 10\)"),
        (np.array([1.0, np.nan]), "X: waveform 1 has samples that are not finite"),
        (np.array([1.0, np.inf]), "X: waveform 1 has samples that are not finite"),
    ],
)
def test_what_is_no_waveform_is_named(descriptor, wave, message):
    with pytest.raises(ValueError, match=message):
        descriptor.transform([np.ones(10), wave])
