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
    (x,) = LogMelStatistics(n_mels=30, n_fft=1024, hop_length=256).transform([wave])
    mel = librosa.feature.melspectrogram(y=wave, sr=RATE, n_mels=30, n_fft=1024, hop_length=256)
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
        "rhythm": RhythmStatistics(),
        "mfcc": MFCCStatistics(),
        "chroma": ChromaStatistics(),
        "log_mel": LogMelStatistics(),
        "spectral": SpectralStatistics(),
    }
    together = AudioDescriptor(families=tuple(families))
    names = [name for family in families.values() for name in family.get_feature_names_out()]
    assert together.get_feature_names_out().tolist() == names
    expected = np.hstack([family.transform(waves) for family in families.values()])
    np.testing.assert_allclose(together.transform(waves), expected, rtol=1e-6, atol=1e-6)
    assert AudioDescriptor().transform(waves).shape == (3, len(names))


def test_the_descriptor_passes_its_frames_on():
    wave = noise(2.0)
    descriptor = AudioDescriptor(families=["mfcc"], n_fft=1024, hop_length=256)
    expected = MFCCStatistics(n_fft=1024, hop_length=256).transform([wave])
    np.testing.assert_allclose(descriptor.transform([wave]), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        (MFCCStatistics(n_mfcc=0), "n_mfcc: 0 is not between 1 and 128"),
        (MFCCStatistics(n_mfcc=129), "n_mfcc: 129 is not between"),
        (SpectralStatistics(sr=12800), "sr: 12800 Hz is too low; at least 12,801 Hz"),
        (SpectralStatistics(n_fft=220), "n_fft: 220 is too short; at least 221 at 22050 Hz"),
        (AudioDescriptor(families=()), r"families: \(\); give a sequence"),
        (AudioDescriptor(families="mfcc"), "families: 'mfcc'; give a sequence"),
        (
            AudioDescriptor(families=("mfcc", "smell")),
            "families: .*'smell'.*; give a sequence of some of mfcc",
        ),
        (AudioDescriptor(families=("mfcc", "mfcc")), "families: .*'mfcc', 'mfcc'"),
        (AudioDescriptor(sr=8000), "sr: 8000 Hz is too low"),
    ],
)
def test_parameters_out_of_range_are_refused(descriptor, message):
    with pytest.raises(ValueError, match=message):
        descriptor.transform([np.ones(10)])


def test_the_smallest_parameters_allowed_work():
    wave = noise(1.0)
    assert np.isfinite(SpectralStatistics(sr=12801).transform([wave])).all()
    assert np.isfinite(SpectralStatistics(n_fft=222).transform([wave])).all()
    assert np.isfinite(
        AudioDescriptor(families=("mfcc", "chroma"), sr=8000).transform([wave])
    ).all()
