"""Any sound file becomes one float32 channel or a MediaError; then trimmed, levelled, cut."""

import io
import os
import struct
import sys
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from mmrec_course.preprocessing import (
    MediaError,
    audio,
    fix_length,
    load_audio,
    measure_loudness,
    normalize_loudness,
    trim_silence,
)

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
        ("a.wav", {"subtype": "FLOAT"}, 1e-6),
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
    np.testing.assert_allclose(load_audio(path, max_seconds=1.0), tone(1.0), atol=1e-6)
    assert len(load_audio(path)) == 3 * RATE


def test_one_sample_is_a_sound(save):
    assert len(load_audio(save("click.wav", np.array([0.5])))) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "a.wav: the file is empty"),
        (b"hello", "a.wav: cannot be decoded as sound"),
        (b"ID3\x03" + b"\x00\xff\xfb\x11\x01" * 300, "a.wav: cannot be decoded as sound"),
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
    with pytest.raises(MediaError, match=r"wide\.wav: 24 channels at"):
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


def test_what_a_file_is_its_bytes_say(save):
    path = save("a.mp3", tone())
    expected = load_audio(path)
    renamed = load_audio(path.rename(path.with_suffix(".wav")))
    np.testing.assert_allclose(renamed, expected, atol=1e-6)


def test_a_header_that_promises_weeks_is_no_danger(tmp_path):
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(), RATE, format="FLAC")
    data = bytearray(buffer.getvalue())
    # STREAMINFO holds the number of samples in 36 bits, the last four of byte 13 and bytes 14–17.
    data[8 + 13] |= 0x0F
    data[8 + 14 : 8 + 18] = b"\xff" * 4
    path = tmp_path / "liar.flac"
    path.write_bytes(data)
    for seconds in (60.0, 1e9):
        try:
            wave = load_audio(path, max_seconds=seconds)
        except MediaError as error:
            assert str(error).startswith("liar.flac: ")
        else:
            np.testing.assert_allclose(wave, tone(), atol=1e-4)


def encoded(form, seconds=1.0, rate=44100, channels=1, **options):
    buffer = io.BytesIO()
    samples = np.column_stack([tone(seconds, rate, 441.0)] * channels)
    soundfile.write(buffer, samples, rate, format=form, **options)
    return buffer.getvalue()


def id3(size):
    """An ID3v2 tag with random bytes, as a cover has them."""
    sizes = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + sizes + np.random.default_rng(0).bytes(size)


def untagged(mp3):
    """Without the encoder's first frame, which says how long the sound is."""
    return mp3[mp3.index(mp3[:2], 10) :] if b"Xing" in mp3[:60] else mp3


MP3, OGG, FLAC, WAV = (encoded(form) for form in ("MP3", "OGG", "FLAC", "WAV"))
OPUS = encoded("OGG", rate=48000, subtype="OPUS")
JUNK = np.random.default_rng(1).bytes(3000)
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 64, 0, 0xA0000000) + bytes(8 + 64)
ID3_1 = b"TAG" + bytes(125)


@pytest.mark.parametrize(
    "content",
    [APE + MP3, id3(20_000) + MP3, JUNK + MP3, MP3 + JUNK, untagged(MP3), id3(9) + untagged(MP3)],
)
def test_an_mp3_is_read_to_the_end(tmp_path, content):
    (tmp_path / "a.mp3").write_bytes(content)
    wave = load_audio(tmp_path / "a.mp3")
    # An encoder adds some hundredths of a second, which only its header says.
    assert 0.97 < len(wave) / RATE < 1.08
    loud = np.abs(wave[:RATE].reshape(-1, RATE // 5)).max(axis=1)
    assert loud.min() > 0.2, "silence in between"
    half = load_audio(tmp_path / "a.mp3", max_seconds=0.5)
    assert len(half) == pytest.approx(0.5 * RATE, abs=2)


@pytest.mark.parametrize(
    "content",
    [OGG, OPUS, FLAC, WAV, encoded("RF64"), OGG + JUNK, WAV + JUNK, id3(300) + FLAC],
)
def test_other_files_are_read_to_the_end(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert len(load_audio(tmp_path / "a")) == pytest.approx(RATE, abs=20)


def unknown_length(flac):
    """Number of samples 0 in STREAMINFO: unknown, as a recorder writes it into a pipe."""
    data = bytearray(flac)
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    return bytes(data)


@pytest.mark.parametrize("max_seconds", [0.5, 1.0, 60.0, 1e9])
def test_a_flac_without_a_length_is_read_as_far_as_it_goes(tmp_path, max_seconds):
    for content, seconds in (
        (unknown_length(FLAC), 1.0),
        (unknown_length(encoded("FLAC", seconds=3.0)), 3.0),
        (id3(100) + unknown_length(FLAC), 1.0),
    ):
        (tmp_path / "a.flac").write_bytes(content)
        wave = load_audio(tmp_path / "a.flac", max_seconds=max_seconds)
        # The last block may be lost.
        assert -25 <= len(wave) / RATE * 1000 - 1000 * min(seconds, max_seconds) <= 1


def with_sizes(wav, data_size, riff_size=None):
    content = bytearray(wav)
    place = content.index(b"data") + 4
    content[place : place + 4] = struct.pack("<I", data_size)
    if riff_size is not None:
        content[4:8] = struct.pack("<I", riff_size)
    return bytes(content)


@pytest.mark.parametrize(
    "sizes",
    [(2**32 - 1, None), (2**32 - 1, 2**32 - 1), (2**31 - 1, 2**31 - 1)],
)
def test_a_wav_with_wrong_sizes_is_read_as_far_as_it_goes(tmp_path, sizes):
    (tmp_path / "a.wav").write_bytes(WAV)
    expected = load_audio(tmp_path / "a.wav")
    (tmp_path / "a.wav").write_bytes(with_sizes(WAV, *sizes))
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav"), expected, atol=1e-6)


def test_an_empty_wav_with_a_chunk_behind_has_no_samples(tmp_path):
    content = with_sizes(encoded("WAV", seconds=0.0), 0) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(MediaError, match="the sound has no samples"):
        load_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("form", ["MP3", "OGG", "FLAC", "WAV"])
def test_of_a_file_cut_off_what_is_there_is_read(tmp_path, form):
    whole = encoded(form, seconds=20.0)
    (tmp_path / "a").write_bytes(whole)
    expected = load_audio(tmp_path / "a")
    (tmp_path / "a").write_bytes(whole[: len(whole) // 2])
    wave = load_audio(tmp_path / "a")
    assert 6 < len(wave) / RATE < 14
    sound = slice(0, len(wave) - RATE // 10)
    np.testing.assert_allclose(wave[sound], expected[: len(wave)][sound], atol=1e-3)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfb\x10\x00\x00" * 200_000, b"OggS" * 300_000, bytes(3_000_000), JUNK * 1000],
)
def test_what_only_looks_like_sound_comes_to_an_end(tmp_path, content):
    (tmp_path / "a.mp3").write_bytes(content)
    with pytest.raises(MediaError, match="cannot be decoded as sound"):
        load_audio(tmp_path / "a.mp3")


def hiss(seconds=3.0, level=0.05):
    return (level * np.random.default_rng(0).standard_normal(int(seconds * RATE))).astype("f4")


def test_silence_is_trimmed_at_both_ends_only():
    gap = np.zeros(RATE, np.float32)
    wave = np.concatenate([gap, tone(), gap, tone(), gap])
    trimmed = trim_silence(wave)
    assert 2 * RATE <= len(trimmed) <= 2 * RATE + 2 * 2048
    np.testing.assert_allclose(trimmed, librosa.effects.trim(wave)[0], atol=1e-6)


def test_top_db_says_what_counts_as_silent():
    wave = np.concatenate([0.01 * tone(1.0), tone(1.0)])
    assert len(trim_silence(wave, top_db=60)) == len(wave)
    assert len(trim_silence(wave, top_db=20)) < 1.2 * RATE


def test_a_silent_wave_is_not_trimmed_away():
    assert len(trim_silence(np.zeros(500))) == 500


@pytest.mark.parametrize("sr", [44100, 48000])
def test_a_full_scale_sine_has_the_loudness_of_the_recommendation(sr):
    sine = np.sin(2 * np.pi * 997 * np.arange(2 * sr) / sr)
    assert measure_loudness(sine, sr) == pytest.approx(-3.01, abs=0.02)
    assert measure_loudness(0.1 * sine, sr) == pytest.approx(-23.01, abs=0.02)


def test_the_filters_are_those_of_the_recommendation():
    (shelf_b, shelf_a), (pass_b, pass_a) = audio._ear_filters(48000)
    # ITU-R BS.1770-4, tables 1 and 2.
    table = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    np.testing.assert_allclose(shelf_b, table, atol=1e-6)
    np.testing.assert_allclose(shelf_a, [1, -1.69065929318241, 0.73248077421585], atol=1e-6)
    np.testing.assert_allclose(pass_b, [1, -2, 1])
    np.testing.assert_allclose(pass_a, [1, -1.99004745483398, 0.99007225036621], atol=1e-6)


def test_pauses_and_quiet_passages_do_not_count():
    loud = measure_loudness(hiss())
    assert measure_loudness(np.concatenate([hiss(), np.zeros(9 * RATE)])) == pytest.approx(
        loud, abs=0.3
    )
    assert measure_loudness(np.concatenate([hiss(), hiss(9.0, 0.004)])) == pytest.approx(
        loud, abs=0.3
    )
    # Only 6 dB quieter: this counts.
    assert measure_loudness(np.concatenate([hiss(), hiss(9.0, 0.025)])) < loud - 2


def test_treble_sounds_louder_than_bass():
    low, high = tone(2.0, pitch=30.0), tone(2.0, pitch=4000.0)
    assert measure_loudness(high) > measure_loudness(low) + 5


def test_a_clip_shorter_than_a_block_is_one_block():
    assert measure_loudness(tone(0.1)) == pytest.approx(measure_loudness(tone(2.0)), abs=0.5)
    assert np.isfinite(measure_loudness([0.5]))


@pytest.mark.parametrize("gain", [0.01, 0.3, 1.0, 5.0])
def test_after_normalising_all_are_equally_loud(gain):
    wave = normalize_loudness(gain * hiss())
    assert wave.dtype == np.float32
    assert measure_loudness(wave) == pytest.approx(-23, abs=0.01)
    np.testing.assert_allclose(wave, normalize_loudness(hiss()), rtol=1e-4, atol=1e-7)


def test_it_never_clips():
    wave = hiss()
    wave[1000] = 0.9
    loud = normalize_loudness(wave, target=-5.0)
    assert np.abs(loud).max() == pytest.approx(1.0)
    # The shape is kept: still one gain for all samples.
    np.testing.assert_allclose(loud, wave / 0.9, rtol=1e-5)
    assert np.abs(normalize_loudness(1000 * tone(), target=0.0)).max() <= 1


def test_silence_stays_silence():
    assert not normalize_loudness(np.zeros(RATE)).any()
    faint = hiss(level=1e-5)
    np.testing.assert_allclose(normalize_loudness(faint), faint, rtol=1e-6)
    assert measure_loudness(faint) == -np.inf


def test_length_is_fixed_by_the_centre_or_by_silence():
    assert fix_length(np.arange(1, 8), 3).tolist() == [3, 4, 5]
    assert fix_length(np.arange(1, 7), 3).tolist() == [2, 3, 4]
    assert fix_length([1, 2], 5).tolist() == [1, 2, 0, 0, 0]
    assert fix_length([1, 2], 2).tolist() == [1, 2]
    assert fix_length([1], 1).dtype == np.float32


@pytest.mark.parametrize(
    "function",
    [trim_silence, measure_loudness, normalize_loudness, lambda wave: fix_length(wave, 3)],
)
@pytest.mark.parametrize(
    ("wave", "message"),
    [
        ([], r"wave has shape \(0,\)"),
        (np.ones((2, 5)), r"wave has shape \(2, 5\)"),
        ([1.0, np.nan], "wave has samples that are not finite"),
        ([1.0, np.inf], "wave has samples that are not finite"),
    ],
)
def test_what_is_no_wave_is_refused(function, wave, message):
    with pytest.raises(ValueError, match=message):
        function(wave)


def test_a_rate_too_low_for_loudness_is_refused():
    with pytest.raises(ValueError, match="sr: 4000 Hz is too low"):
        measure_loudness(tone(), sr=4000)


def flac_of(n_samples):
    """Two seconds of FLAC, of which STREAMINFO counts only so many samples."""
    data = bytearray(encoded("FLAC", seconds=2.0))
    data[22:26] = struct.pack(">I", n_samples)
    return bytes(data)


def hole(content):
    middle = len(content) // 2
    return content[:middle] + bytes(3000) + content[middle + 3000 :]


MP3_VBR = encoded("MP3", seconds=3.0, bitrate_mode="VARIABLE")
SHORT = encoded("MP3", seconds=0.15)
WAV_JUNK = WAV[:12] + b"JUNK" + struct.pack("<I", 6000) + bytes(5000) + WAV[:12] + bytes(988)


@pytest.mark.parametrize(
    "content",
    [
        MP3_VBR + untagged(MP3_VBR),
        untagged(MP3_VBR) + MP3_VBR,
        SHORT + SHORT,
        hole(MP3_VBR),
        hole(encoded("FLAC", seconds=2.0)),
        flac_of(10_000),
        with_sizes(WAV, 1000),
        with_sizes(WAV, 0),
    ],
)
def test_more_sound_than_is_decoded_is_a_reason(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(MediaError, match=r"a: more sound follows after [0-3]\.\d s"):
        load_audio(tmp_path / "a")


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (id3(0)[:9] + b"\x0aTour Info\0" + untagged(MP3_VBR), 3),
        (untagged(MP3_VBR) + b"TAG" + b"Info".ljust(125), 3),
        (WAV_JUNK + WAV[12:], 1),
    ],
)
def test_words_in_tags_and_what_chunks_hold_are_no_headers(tmp_path, content, seconds):
    (tmp_path / "a").write_bytes(content)
    assert len(load_audio(tmp_path / "a")) == pytest.approx(seconds * RATE, abs=RATE // 10)


def test_wavs_in_a_row_are_called_that(tmp_path):
    (tmp_path / "a.wav").write_bytes(WAV + WAV)
    with pytest.raises(MediaError, match="several sounds are joined"):
        load_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("max_seconds", [0, -1, np.nan])
def test_seconds_are_above_zero_and_may_have_no_end(save, max_seconds):
    path = save("a.wav", tone())
    assert len(load_audio(path, max_seconds=np.inf)) == len(tone())
    with pytest.raises(ValueError, match=r"max_seconds: .* is not above 0"):
        load_audio(path, max_seconds=max_seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_name_may_be_of_any_bytes(tmp_path):
    path = Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.wav"))
    path.write_bytes(WAV)
    assert len(load_audio(path)) == pytest.approx(RATE, abs=20)


@pytest.mark.parametrize("form", ["MP3", "OGG", "FLAC", "WAV"])
def test_several_sounds_in_one_file_are_refused_and_not_lost(tmp_path, form):
    soundfile.write(tmp_path / "one", 0.3 * np.sin(np.arange(44100) / 10), 44100, format=form)
    one = (tmp_path / "one").read_bytes()
    assert len(load_audio(tmp_path / "one")) == pytest.approx(22050, abs=2000)
    (tmp_path / "two").write_bytes(one + one)
    with pytest.raises(MediaError):
        load_audio(tmp_path / "two")
    if form != "WAV":  # which libsndfile refuses at once
        assert len(load_audio(tmp_path / "two", max_seconds=0.5)) == 11025
