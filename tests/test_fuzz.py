"""Whatever is in a file or a text: an answer or a MediaError, in bounded memory, and silence.

Real covers, clips and descriptions are damaged at random, 2,000 times; the environment variable
MMREC_FUZZ_CASES asks for more (the first cases stay the same, so what was found stays found).
"""

import io
import os
import signal
import struct
import zlib
from contextlib import contextmanager

import cv2
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mmrec_course.datasets import Dataset, load_mosaic
from mmrec_course.features import (
    AudioDescriptor,
    ColorHistogram,
    ColorMoments,
    MFCCStatistics,
    TfidfText,
    extract_features,
)
from mmrec_course.preprocessing import (
    MediaError,
    load_audio,
    load_image,
    normalize_text,
    strip_markup,
    tokenize,
)

CASES = int(os.environ.get("MMREC_FUZZ_CASES", "2000"))
HANG = 60  # seconds until a case counts as one that never ends
PEAK = 2**30  # bytes by which all cases together may raise the process's peak memory

try:
    import resource
except ImportError:  # Windows
    resource = None


@pytest.fixture(scope="module")
def mosaic():
    return load_mosaic()


@pytest.fixture(scope="module")
def pictures(mosaic):
    """kind → whole files; small, so that damage often hits what matters."""
    covers = [cv2.imread(path) for path in mosaic.items["image"].dropna().iloc[:3]]
    files = {}
    for kind in ("png", "jpg", "webp", "bmp", "tiff", "gif"):
        small = [cv2.resize(cover, (40, 30), interpolation=cv2.INTER_AREA) for cover in covers]
        files[kind] = [_saved(picture, kind) for picture in small]
    files["png"].append(cv2.imencode(".png", covers[0][:20, :20].astype(np.uint16) * 257)[1])
    files["png"].append(cv2.imencode(".png", cv2.cvtColor(covers[1], cv2.COLOR_BGR2BGRA))[1])
    return {kind: [bytes(file) for file in of_kind] for kind, of_kind in files.items()}


@pytest.fixture(scope="module")
def sounds(mosaic):
    """kind → whole files of a fifth of a second; and one of Mosaic's as it is."""
    paths = mosaic.items["audio"].dropna().iloc[:3]
    files = {"ogg": [open(paths.iloc[0], "rb").read()]}  # noqa: SIM115, PTH123
    for kind, form in (("wav", "WAV"), ("flac", "FLAC"), ("ogg", "OGG"), ("mp3", "MP3")):
        for path in paths:
            wave, rate = soundfile.read(path, frames=4410)
            buffer = io.BytesIO()
            soundfile.write(buffer, np.column_stack([wave, -wave]), rate, format=form)
            files.setdefault(kind, []).append(buffer.getvalue())
    return files


def _saved(picture, kind):
    buffer = io.BytesIO()
    Image.fromarray(picture[:, :, ::-1]).save(buffer, {"jpg": "jpeg"}.get(kind, kind))
    return buffer.getvalue()


def damaged(data, rng):
    """One to four accidents: flipped bytes, a cut, a hole, a doubled or an alien piece."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        if len(data) < 8:
            break
        # Half of the accidents happen in the first bytes, where a file says what it is.
        reach = 64 if rng.random() < 0.5 else len(data)
        at = int(rng.integers(min(reach, len(data))))
        size = int(rng.integers(1, 9))
        kind = rng.integers(7)
        if kind == 0:
            data[at] ^= int(rng.integers(1, 256))
        elif kind == 1:
            data[at : at + size] = bytes([rng.choice([0, 127, 128, 255])]) * size
        elif kind == 2:
            del data[at : at + 40 * size if rng.random() < 0.5 else None]
        elif kind == 3:
            data[at:at] = data[at : at + 40 * size]
        elif kind == 4:
            data[at : at + size] = rng.bytes(size)
        else:
            data[at : at + 4] = struct.pack(">I" if kind % 2 else "<I", 2 ** int(rng.integers(32)))
    return bytes(data)


@contextmanager
def bounded(case):
    """Fail instead of waiting for ever, and say which case it was when anything else goes wrong."""

    def hangs(*_):
        raise AssertionError(f"{case}: no answer after {HANG} s")

    clock = getattr(signal, "setitimer", None)
    if clock:
        before = signal.signal(signal.SIGALRM, hangs)
        clock(signal.ITIMER_REAL, HANG)
    try:
        yield
    except MediaError:
        raise
    except Exception as error:
        raise AssertionError(f"{case}: {type(error).__name__}: {error}") from error
    finally:
        if clock:
            clock(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True, scope="module")
def memory():
    """All cases of this file together do not fill the memory."""
    if resource is None:
        yield
        return
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before
    assert grown < PEAK, f"peak memory has grown by {grown:,} bytes"


def answer(load, path, case):
    """What a loader makes of a file: a sound array, or a MediaError that names file and reason."""
    try:
        with bounded(case):
            loaded = load(path)
    except MediaError as error:
        assert error.name == path.name, case
        assert error.reason, case
        assert str(path.parent) not in str(error), case
        return None
    if load is load_image:
        assert loaded.dtype == np.uint8, case
        assert loaded.ndim == 3, case
        assert loaded.shape[2] == 3, case
    else:
        assert loaded.dtype == np.float32, case
        assert loaded.ndim == 1, case
        assert np.isfinite(loaded).all(), case
    assert loaded.size > 0, case
    return loaded


def flood(load, files, tmp_path, cases, seed):
    """Damage files and load them; how many were still answered, and how many refused."""
    rng = np.random.default_rng(seed)
    kinds = sorted(files)
    counts = {True: 0, False: 0}
    for i in range(cases):
        kind = kinds[i % len(kinds)]
        content = damaged(files[kind][int(rng.integers(len(files[kind])))], rng)
        path = tmp_path / f"case{i}.{kind}"
        path.write_bytes(content)
        counts[answer(load, path, f"case {i} ({kind}, {content[:24]!r}…)") is not None] += 1
        path.unlink()
    return counts


def test_damaged_pictures_are_answered_or_refused(pictures, tmp_path, capfd):
    counts = flood(load_image, pictures, tmp_path, CASES * 9 // 20, seed=1)
    assert min(counts.values()) > CASES // 20, f"damage is too mild or too wild: {counts}"
    assert capfd.readouterr().err == ""


def test_damaged_sounds_are_answered_or_refused(sounds, tmp_path, capfd):
    counts = flood(load_audio, sounds, tmp_path, CASES * 6 // 20, seed=2)
    assert min(counts.values()) > CASES // 40, f"damage is too mild or too wild: {counts}"
    assert capfd.readouterr().err == ""


def test_a_damaged_catalogue_is_extracted(pictures, sounds, mosaic, tmp_path, capfd):
    """Every item gets a row or a reason; the good ones get the row they would have had alone."""
    rng = np.random.default_rng(3)
    rows, n = [], CASES // 20
    for i in range(n):
        paths = {}
        for modality, files in (("image", pictures), ("audio", sounds)):
            kind = sorted(files)[i % len(files)]
            whole = files[kind][i % len(files[kind])]
            path = tmp_path / f"{modality}{i}.{kind}"
            path.write_bytes(whole if i % 4 == 0 else damaged(whole, rng))
            paths[modality] = str(path)
        rows.append(paths | {"title": str(i), "text": mosaic.items["text"].iloc[i % 400]})
    items = pd.DataFrame(rows, index=pd.Index([f"i{i}" for i in range(n)], name="item_id"))
    ds = Dataset(ratings=mosaic.ratings.iloc[:0], items=items)
    extractors = {
        "image": [ColorHistogram(), ColorMoments()],
        "audio": [MFCCStatistics(), AudioDescriptor()],
    }
    with bounded("the whole catalogue"):
        blocks = extract_features(ds, n_jobs=1, cache=False, extractors=extractors)
    for modality in ("image", "audio"):
        block = blocks[modality]
        reasons = np.array([item in block.reasons for item in block.item_ids])
        assert (block.present ^ reasons).all()
        assert block.present[::4].all()
        assert 0 < reasons.sum() < n
    assert capfd.readouterr().err == ""


@pytest.fixture(scope="module")
def tfidf(mosaic):
    return TfidfText().fit(mosaic.items["text"].dropna())


def check_text(text, tfidf):
    with bounded(repr(text[:80])):
        tokens = tokenize(strip_markup(text), stop_words="english", stem="english")
        assert all(isinstance(token, str) and token for token in tokens)
        once = normalize_text(text[:10_000])
        assert normalize_text(once) == once
        row = tfidf.transform([text])
    assert np.isfinite(row.data).all()
    assert row.multiply(row).sum() < 1 + 1e-9


pieces = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Mn", "So", "Lo"]), max_size=20),
    st.sampled_from(["<b>", "</p>", "<!--", "&amp;", "&#x110000;", "<script>", "http://", "a@b.c"]),
    st.sampled_from(
        ["slow piano", "don't", "日本語の歌", "สวัสดี", "🎵🎶", "ﬁ", "\0", "e\u0301" * 9]
    ),
)


@settings(max_examples=CASES // 20)
@given(st.lists(pieces, max_size=6).map("".join))
def test_any_text_has_tokens_and_a_row(tfidf, text):
    check_text(text, tfidf)


@settings(max_examples=CASES // 40)
@given(st.integers(0, 2**32 - 1))
def test_descriptions_read_in_the_wrong_encoding_have_tokens_and_a_row(mosaic, tfidf, seed):
    rng = np.random.default_rng(seed)
    texts = mosaic.items["text"].dropna()
    raw = damaged(texts.iloc[seed % len(texts)].encode(), rng)
    for encoding, errors in (("utf-8", "surrogateescape"), ("utf-16", "replace"), ("latin-1", "")):
        check_text(raw.decode(encoding, errors or "strict"), tfidf)


# --- horrors made by hand -----------------------------------------------------------------------


def png(width, height, content, depth=8, color=0):
    """A PNG that says what it is told to say."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def saved(picture, form, **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def gradient(mode="RGB", size=(40, 30)):
    ramp = np.linspace(0, 255, size[0] * size[1]).reshape(size[1], size[0]).astype(np.uint8)
    return Image.fromarray(ramp).convert(mode)


FRAMES = [Image.new("P", (20, 10), color) for color in (0, 1, 2)]
PICTURES = {
    "one pixel": (png(1, 1, b"\0\x80"), (1, 1)),
    "30,000 wide": (png(30_000, 2, (b"\0" + bytes(30_000)) * 2), (2, 30_000)),
    "16 bits": (png(3, 2, (b"\0" + b"\x12\x34" * 3) * 2, depth=16), (2, 3)),
    "1 bit": (saved(gradient("1"), "PNG"), (30, 40)),
    "animated": (saved(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]), (10, 20)),
    "CMYK": (saved(gradient("CMYK"), "JPEG"), (30, 40)),
    "bomb": (png(60_000, 60_000, bytes(10_000_000)), "over the limit"),
    "larger than any": (png(2**31 - 1, 2**31 - 1, b""), "over the limit"),
    "no pixels": (png(0, 10, b""), None),
    "big header, no data": (png(7_000, 7_000, b"\0"), None),
    "truncated": (saved(gradient(), "PNG")[:60], None),
    "header alone": (saved(gradient(), "PNG")[:20], "cut off"),
    "empty": (b"", "empty"),
    "a sound": (b"RIFF\x24\0\0\0WAVEfmt ", "not a PNG"),
    "a page": (b"<html><body>404 Not Found</body></html>", "not a PNG"),
}


def wav(channels, rate, content, bits=16, claimed=None, kind=1):
    """A WAV that says what it is told to say."""
    size = len(content) if claimed is None else claimed
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame % 2**32, frame, bits)
    return (
        b"RIFF" + struct.pack("<I", (size + 36) % 2**32) + b"WAVEfmt " + struct.pack("<I", 16)
        + form + b"data" + struct.pack("<I", size) + content
    )  # fmt: skip


TONE = (np.sin(np.arange(4410) / 5) * 9000).astype("<i2")
FLOATS = np.zeros(100, "<f4")
SOUNDS = {
    "plain": (wav(1, 22_050, TONE.tobytes()), 4410),
    "8 channels": (wav(8, 22_050, np.repeat(TONE, 8).tobytes()), 4410),
    "huge header": (wav(1, 22_050, TONE.tobytes(), claimed=2**32 - 40), 4410),
    "17 channels": (wav(17, 22_050, bytes(34 * 10)), "channels"),
    "no channel": (wav(0, 22_050, bytes(10)), None),
    "1 Hz": (wav(1, 1, TONE.tobytes()), "sampling rate"),
    "4 GHz": (wav(1, 2**32 - 1, TONE.tobytes()), None),
    "no samples": (wav(1, 22_050, b""), "no samples"),
    "not a number": (wav(1, 22_050, (FLOATS * np.nan).tobytes(), 32, kind=3), "not finite"),
    "too loud": (wav(1, 22_050, (FLOATS + 3e38).tobytes(), 32, kind=3), "too large"),
    "one sample": (wav(1, 22_050, b"\0\1"), 1),
    "header alone": (wav(1, 22_050, b"")[:30], None),
    "empty": (b"", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "cannot be decoded"),
    "zeros": (bytes(5000), "cannot be decoded"),
}


@pytest.mark.parametrize("load, extension, horrors", [
    (load_image, "png", PICTURES), (load_audio, "wav", SOUNDS),
])  # fmt: skip
def test_horrors_made_by_hand(load, extension, horrors, tmp_path, capfd):
    for name, (content, expected) in horrors.items():
        path = tmp_path / f"{name}.{extension}"
        path.write_bytes(content)
        if isinstance(expected, str):
            with pytest.raises(MediaError, match=expected):
                load(path)
            continue
        loaded = answer(load, path, name)
        if expected is not None:
            assert loaded is not None, name
            assert loaded.shape[:2] == (expected if load is load_image else (expected,)), name
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "text",
    [
        "", " \n\t ", "\x00\x01\x1b[31m" * 50, "🎵" * 1000, "\ud800" * 10, "\u200b\u200d\u202e",
        "a\u0301" + "\u0301" * 100_000, "<" * 100_000, "&" * 100_000, "<!--" * 30_000, "'" * 99_999,
        "ﷺ" * 10_000, "a" * 100_000, "歌" * 100_000, "<b>" * 50_000, "slow piano " * 100_000,
        "&#" + "9" * 100_000 + ";", "http://" * 20_000, "a@" * 50_000,
    ],
    ids=lambda text: f"{text[:6]!a} x{len(text)}",
)  # fmt: skip
def test_horrible_texts(text, tfidf):
    check_text(text, tfidf)
