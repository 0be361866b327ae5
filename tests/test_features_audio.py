"""Audio descriptors: against librosa, and on sounds whose answer is known."""

import librosa
import numpy as np
import pytest
from scipy.fft import dct

from mmrec_course.features import (
    AudioDescriptor,
    ChromaStatistics,
    LogMelStatistics,
    MFCCStatistics,
    RhythmStatistics,
    SpectralStatistics,
    audio,
)

RATE = 22050


def noise(seconds, seed=0):
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    envelope = np.sin(np.linspace(0, 9, n)) ** 2
    return (0.1 * rng.standard_normal(n) * envelope).astype(np.float32)


@pytest.mark.parametrize("options", [{}, {"n_mfcc": 13}])
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


def describe(descriptor, wave):
    names = descriptor.get_feature_names_out()
    return dict(zip(names, descriptor.transform([wave])[0], strict=True))


def tones(*pitches, seconds=1.0):
    t = np.arange(int(seconds * RATE)) / RATE
    return sum(0.2 * np.sin(2 * np.pi * pitch * t) for pitch in pitches).astype(np.float32)


def midi(*notes):
    return [440 * 2 ** ((note - 69) / 12) for note in notes]


def test_log_mel_equals_librosa():
    wave = noise(2.0)
    (x,) = LogMelStatistics(n_mels=30).transform([wave])
    mel = librosa.feature.melspectrogram(y=wave, sr=RATE, n_mels=30)
    level = librosa.power_to_db(mel)
    np.testing.assert_allclose(x[:30], level.mean(axis=1), atol=1e-3)
    np.testing.assert_allclose(x[30:], level.std(axis=1), atol=1e-3)


def test_mean_mfccs_are_weighted_sums_of_mean_log_mel_bands():
    wave = noise(2.0)
    (mel,) = LogMelStatistics(n_mels=128).transform([wave])
    (mfcc,) = MFCCStatistics().transform([wave])
    np.testing.assert_allclose(dct(mel[:128], norm="ortho")[:20], mfcc[:20], atol=1e-2)


def test_a_tone_stands_out_in_its_band_and_silence_lies_on_the_floor():
    centres = librosa.mel_frequencies(42, fmax=RATE / 2)[1:-1]
    (x,) = LogMelStatistics().transform([tones(1000)])
    assert centres[x[:40].argmax()] == pytest.approx(1000, rel=0.1)
    (silence,) = LogMelStatistics().transform([np.zeros(RATE)])
    np.testing.assert_allclose(silence, [-100.0] * 40 + [0.0] * 40, atol=1e-3)


def test_chroma_equals_librosa():
    wave = noise(2.0) + tones(300, 700, seconds=2.0)
    (x,) = ChromaStatistics().transform([wave])
    chroma = librosa.feature.chroma_stft(y=wave, sr=RATE, tuning=0.0)
    np.testing.assert_allclose(x[:12], chroma.mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(x[12:24], chroma.std(axis=1), atol=1e-4)


def test_pitch_classes_are_named_and_octaves_do_not_matter():
    for note, name in ((60, "C"), (73, "C#"), (57, "A"), (81, "A")):
        x = describe(ChromaStatistics(), tones(*midi(note)))
        means = {key: value for key, value in x.items() if key.endswith("_mean")}
        assert max(means, key=means.get) == f"chroma_{name}_mean"


@pytest.mark.parametrize("up", [0, 3, 7, 11])
def test_major_sounds_more_major_than_minor_in_any_key(up):
    major = describe(ChromaStatistics(), tones(*midi(60 + up, 64 + up, 67 + up)))
    minor = describe(ChromaStatistics(), tones(*midi(60 + up, 63 + up, 67 + up)))
    difference = [x["major_fit"] - x["minor_fit"] for x in (major, minor)]
    assert difference[0] > difference[1] + 0.15


def test_the_fit_is_the_best_correlation_with_a_rotated_profile():
    x = describe(ChromaStatistics(), tones(*midi(62, 66, 69)))
    chroma = [x[f"chroma_{name}_mean"] for name in audio.PITCH_CLASSES]
    fits = [np.corrcoef(chroma, np.roll(audio.MAJOR, k))[0, 1] for k in range(12)]
    assert int(np.argmax(fits)) == 2
    assert x["major_fit"] == pytest.approx(max(fits))


def test_silence_has_no_harmony():
    assert not ChromaStatistics().transform([np.zeros(RATE)]).any()


def test_spectral_statistics_equal_librosa():
    wave = noise(2.0) + tones(300, 4000, seconds=2.0)
    x = describe(SpectralStatistics(), wave)
    contrast = librosa.feature.spectral_contrast(y=wave, sr=RATE)
    expected = {f"contrast{band}": contrast[band] for band in range(7)} | {
        name: getattr(librosa.feature, f"spectral_{name}")(y=wave, **options)[0]
        for name, options in (
            ("centroid", {"sr": RATE}),
            ("bandwidth", {"sr": RATE}),
            ("rolloff", {"sr": RATE}),
            ("flatness", {}),
        )
    }
    assert len(x) == 2 * len(expected)
    for name, values in expected.items():
        assert x[f"{name}_mean"] == pytest.approx(values.mean(), rel=1e-3), name
        assert x[f"{name}_sd"] == pytest.approx(values.std(), rel=1e-3, abs=1e-6), name


def test_spectral_statistics_know_a_tone_from_noise():
    tone = describe(SpectralStatistics(), tones(2000))
    hiss = describe(
        SpectralStatistics(), np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    )
    assert tone["centroid_mean"] == pytest.approx(2000, rel=0.02)
    assert tone["rolloff_mean"] == pytest.approx(2000, rel=0.02)
    assert hiss["centroid_mean"] == pytest.approx(RATE / 4, rel=0.02)
    assert tone["flatness_mean"] < 0.01 < 0.4 < hiss["flatness_mean"]
    assert tone["bandwidth_mean"] < hiss["bandwidth_mean"] / 5


def test_silence_is_flat_and_has_no_centre():
    x = describe(SpectralStatistics(), np.zeros(RATE))
    assert x.pop("flatness_mean") == pytest.approx(1.0)
    assert max(map(abs, x.values())) < 1e-6


def test_the_descriptor_is_its_families_side_by_side():
    waves = [noise(2.0), tones(440), np.zeros(500, np.float32)]
    families = {
        "mfcc": MFCCStatistics(),
        "log_mel": LogMelStatistics(),
        "chroma": ChromaStatistics(),
        "spectral": SpectralStatistics(),
        "rhythm": RhythmStatistics(),
    }
    together = AudioDescriptor()
    names = [name for family in families.values() for name in family.get_feature_names_out()]
    assert together.get_feature_names_out().tolist() == names
    expected = np.hstack([family.transform(waves) for family in families.values()])
    np.testing.assert_allclose(together.transform(waves), expected, rtol=1e-6, atol=1e-6)
    assert list(families) == list(audio.FAMILIES)


@pytest.mark.parametrize("n_mfcc", [0, 129])
def test_a_number_of_coefficients_out_of_range_is_refused(n_mfcc):
    with pytest.raises(ValueError, match=f"n_mfcc: {n_mfcc} is not between 1 and 128"):
        MFCCStatistics(n_mfcc=n_mfcc).transform([np.ones(10)])


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


def test_rhythm_equals_librosa():
    wave = tune()
    x = describe(RhythmStatistics(), wave)
    options = {"sr": RATE, "hop_length": 512}
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
    lags = 60 * RATE / 512 / np.array(audio.TEMPI)
    expected = np.interp(lags, np.arange(window), mean)
    got = [x[f"tempogram_{tempo:.0f}"] for tempo in audio.TEMPI]
    np.testing.assert_allclose(got, expected, atol=1e-3)


@pytest.mark.parametrize("bpm", [80, 100, 120, 150])
def test_the_tempo_of_clicks_is_found(bpm):
    x = describe(RhythmStatistics(), clicks(bpm))
    assert x["tempo"] == pytest.approx(bpm, rel=0.04)
    assert x["onset_rate"] == pytest.approx(bpm / 60, rel=0.1)
    assert x["pulse_clarity"] > 0.7


def test_the_tempogram_is_high_at_the_tempo_and_low_between():
    x = describe(RhythmStatistics(), clicks(80))
    assert x["tempogram_80"] > 0.6
    assert x["tempogram_113"] < 0.3


def test_a_steady_beat_is_clearer_than_an_irregular_one():
    assert (
        describe(RhythmStatistics(), clicks(120))["pulse_clarity"]
        > describe(RhythmStatistics(), tune())["pulse_clarity"] + 0.2
    )


def test_silence_has_no_tempo_and_no_onsets():
    assert max(map(abs, describe(RhythmStatistics(), np.zeros(3 * RATE)).values())) < 1e-6


def test_one_click_has_no_tempo():
    wave = np.zeros(3 * RATE)
    wave[RATE : RATE + 50] = 0.5
    x = describe(RhythmStatistics(), wave)
    assert x["tempo"] == 0
    assert x["onset_rate"] == pytest.approx(1 / 3)


def test_loudness_does_not_matter():
    wave = tune()
    quiet, loud = describe(RhythmStatistics(), 0.1 * wave), describe(RhythmStatistics(), wave)
    assert quiet == pytest.approx(loud, rel=1e-3, abs=1e-3)
