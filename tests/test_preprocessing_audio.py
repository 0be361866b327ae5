"""load_audio: any sound file becomes one float32 channel at one rate, or a MediaError."""

import io
import struct

import librosa
import numpy as np
import pytest
import soundfile

from mmrec_course.preprocessing import MediaError, audio, load_audio

RATE = 22050


def tone(seconds=0.5, rate=RATE, pitch=440.0):
    return (0.4 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)).astype("f4")


@pytest.fixture
def save(tmp_path):
    def write(name, samples, rate=RATE, **options):
        soundfile.write(tmp_path / name, samples, rate, **options)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("a.wav", {"subtype": "FLOAT"}, 0),
        ("a.wav", {"subtype": "PCM_U8"}, 0.01),
        ("a.flac", {}, 1e-4),
        ("a.ogg", {}, 0.1),
        ("a.mp3", {}, None),
    ],
)
def test_samples_come_back(save, name, options, tolerance):
    wave = load_audio(save(name, tone(), **options))
    assert wave.dtype == np.float32
    assert wave.shape == tone().shape
    if tolerance is not None:
        assert np.abs(wave - tone()).max() <= tolerance


def test_channels_are_averaged(save):
    eight = np.stack([tone() * c for c in range(8)], axis=1) / 8
    wave = load_audio(save("eight.wav", eight, subtype="FLOAT"))
    np.testing.assert_allclose(wave, tone() * 3.5 / 8, atol=1e-6)


def test_another_rate_is_converted_as_librosa_does(save):
    path = save("cd.wav", tone(rate=44100), rate=44100, subtype="FLOAT")
    expected, _ = librosa.load(path, sr=RATE)
    np.testing.assert_allclose(load_audio(path), expected, atol=1e-6)
    assert len(load_audio(path, sr=8000)) == 4000


def test_of_a_long_file_the_beginning_is_read(save):
    path = save("long.wav", tone(3.0), subtype="FLOAT")
    assert (load_audio(path, max_seconds=1.0) == tone(1.0)).all()
    assert len(load_audio(path)) == 3 * RATE


def test_one_sample_is_a_sound(save):
    assert len(load_audio(save("click.wav", np.array([0.5])))) == 1


def test_parameters_are_checked(save):
    path = save("a.wav", tone())
    for options in ({"sr": 0}, {"max_seconds": 0.0}):
        with pytest.raises(ValueError, match="not both positive"):
            load_audio(path, **options)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "a.wav: the file is empty"),
        (b"hello", "a.wav: cannot be decoded as sound"),
        (b"ID3\x03" + b"\x00\xff\xfb\x11" * 300, "a.wav: cannot be decoded as sound"),
        (b"OggS" + bytes(60), "a.wav: cannot be decoded as sound"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "a.wav: cannot be decoded as sound"),
    ],
)
def test_what_is_no_sound_is_an_error_without_a_word(tmp_path, capfd, content, reason):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(MediaError) as caught:
        load_audio(tmp_path / "a.wav")
    assert str(caught.value) == reason
    assert capfd.readouterr().err == ""


def test_raw_samples_without_a_header_are_an_error(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(1000))
    with pytest.raises(MediaError, match=r"a\.raw: cannot be decoded"):
        load_audio(tmp_path / "a.raw")


def test_no_samples_and_samples_that_are_no_numbers_are_errors(save):
    with pytest.raises(MediaError, match=r"none\.wav: the sound has no samples"):
        load_audio(save("none.wav", np.zeros(0)))
    bad = tone()
    bad[7] = np.nan
    with pytest.raises(MediaError, match=r"nan\.wav: the sound has samples that are not finite"):
        load_audio(save("nan.wav", bad, subtype="FLOAT"))


def test_what_would_take_too_much_memory_is_an_error(save, monkeypatch):
    with pytest.raises(MediaError, match=r"wide\.wav: 24 channels, over the limit of 16"):
        load_audio(save("wide.wav", np.zeros((10, 24))))
    with pytest.raises(MediaError, match="a sampling rate of 10 Hz"):
        load_audio(save("slow.wav", np.zeros(10), rate=10))
    path = save("a.wav", tone())
    monkeypatch.setattr(audio, "MAX_BYTES", 10)
    with pytest.raises(MediaError, match="over the limit of 10"):
        load_audio(path)


def test_a_header_that_promises_hours_gets_what_is_there(tmp_path):
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(), RATE, format="WAV")
    data = bytearray(buffer.getvalue())
    place = data.index(b"data") + 4
    data[place : place + 4] = struct.pack("<I", 2**31)
    (tmp_path / "liar.wav").write_bytes(data)
    assert len(load_audio(tmp_path / "liar.wav")) == len(tone())


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_flipped_and_missing_bytes_never_crash_and_never_speak(save, capfd, name):
    path = save(name, tone())
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for trial in range(60):
        data = bytearray(whole[: int(rng.integers(1, len(whole)))] if trial % 3 == 0 else whole)
        for place in rng.integers(len(data), size=3):
            data[place] ^= int(rng.integers(1, 256))
        path.write_bytes(data)
        try:
            wave = load_audio(path)
        except MediaError as error:
            assert str(error).startswith(name)
        else:
            assert wave.ndim == 1
            assert len(wave)
            assert np.isfinite(wave).all()
    assert capfd.readouterr().err == ""
