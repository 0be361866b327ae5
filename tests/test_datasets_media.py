"""Media files are looked at from outside, and whatever is wrong becomes a reason."""

import io
import os
import struct
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from mosaic_like import write_clip, write_cover
from PIL import Image

from mmrec_course.datasets.media import locate_media
from mmrec_course.preprocessing import load_audio, load_image


def find_media(folder, cell, modality):
    """What becomes of one cell: the path, None; or None and the reason."""
    items = pd.DataFrame({modality: [cell]}, index=pd.Index(["a"], name="item_id"))
    items, problems = locate_media(items, folder)
    path, reasons = items.loc["a", modality], problems["reason"].tolist()
    assert pd.isna(path) == (len(reasons) == 1)
    return (None, reasons[0]) if reasons else (path, None)


@pytest.fixture
def home(tmp_path):
    """A catalogue's folder with a good cover and clip, and a cover outside of it."""
    folder = (tmp_path / "home").resolve()
    folder.mkdir()
    write_cover(folder / "a.png", 10)
    write_clip(folder / "a.ogg", 440.0)
    write_cover(tmp_path / "outside.png", 10)
    return folder


@pytest.mark.parametrize(("name", "modality"), [("a.png", "image"), ("a.ogg", "audio")])
def test_a_good_file_is_found(home, name, modality):
    assert find_media(home, name, modality) == (str(home / name), None)


@pytest.mark.parametrize(
    "given", ["../outside.png", "..\\outside.png", "\\\\pc\\a.png", "/etc/a.png", "x/../../a.png"]
)
def test_a_path_that_leads_outside_is_refused(home, given):
    path, reason = find_media(home, given, "image")
    assert path is None
    assert reason.endswith("the path leads out of the catalogue's folder")


def test_links_may_stay_inside_but_not_lead_outside(home):
    (home / "in.png").symlink_to(home / "a.png")
    (home / "out.png").symlink_to(home.parent / "outside.png")
    (home / "folder").symlink_to(home.parent)
    assert find_media(home, "in.png", "image") == (str(home / "a.png"), None)
    for given in ("out.png", "folder/outside.png"):
        path, reason = find_media(home, given, "image")
        assert path is None
        assert "leads out of the catalogue's folder" in reason


def test_a_neighbour_whose_name_begins_alike_is_outside(home):
    neighbour = home.parent / "home2"
    neighbour.mkdir()
    write_cover(neighbour / "a.png", 10)
    (home / "next").symlink_to(neighbour)
    assert find_media(home, "next/a.png", "image")[0] is None


@pytest.mark.parametrize(
    ("content", "name", "modality", "reason"),
    [
        (None, "gone.png", "image", "gone.png: there is no such file"),
        (b"", "empty.png", "image", "empty.png: the file is empty"),
        (b"<html>404", "b.jpg", "image", "b.jpg: seems to be a web page (HTML), which is no reada"),
        (b"\n<!DOCTYPE html>", "b.mp3", "audio", "b.mp3: seems to be a web page (HTML), which is "),
        (b"not here", "b.jpg", "image", "b.jpg: seems to be text, which is no readable picture"),
        ("café".encode(), "b.jpg", "image", "b.jpg: seems to be text"),
        ("a".encode("utf-16"), "b.mp3", "audio", "b.mp3: seems to be text"),
        (b"\0\0\0\x20ftypheic", "b.jpg", "image", "b.jpg: seems to be an MP4, HEIC or AVIF file"),
        (b"\0\0\0\x20ftypM4A ", "b.mp3", "audio", "b.mp3: seems to be an MP4, HEIC or AVIF file"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "b.webp", "image", "b.webp: seems to be a sound, which"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "b.wav", "audio", "b.wav: seems to be a picture, which"),
        (b"\x89PNG\r\n\x1a\n", "b.png", "audio", "b.png: seems to be a picture, which is no"),
        (b"x", "noextension", "image", "noextension: seems to be text"),
    ],
)
def test_what_cannot_be_used_has_a_reason(home, content, name, modality, reason):
    if content is not None:
        (home / name).write_bytes(content)
    path, found = find_media(home, name, modality)
    assert path is None
    assert found.startswith(reason)


@pytest.mark.parametrize("name", ["cover.jpg", "cover", "cover.dat", "cover.mp3"])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_is_used_whatever_its_name(home, form, name):
    Image.new("RGB", (4, 4)).save(home / name, form)
    assert find_media(home, name, "image") == (str(home / name), None)
    assert load_image(home / name).shape == (4, 4, 3)


def encoded(form):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.sin(np.arange(8000) / 9) / 2, 8000, format=form)
    return buffer.getvalue()


ID3 = b"ID3\x03\0\0\0\0\0\x0a" + bytes(10)
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 32, 0, 0xA0000000) + bytes(8 + 32)
JUNK = np.random.default_rng(0).bytes(3000)


PLAIN = ["WAV", "RF64", "FLAC", "OGG", "MP3", "AIFF"]


@pytest.mark.parametrize(
    ("before", "form", "name"),
    [
        *((b"", form, name) for form in PLAIN for name in ("clip.wav", "clip", "clip.jpg")),
        *((before, "MP3", "clip.mp3") for before in (b"", ID3, APE, bytes(5000), JUNK)),
        (ID3, "FLAC", "clip.mp3"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)
def test_a_sound_is_used_whatever_its_name(home, before, form, name):
    (home / name).write_bytes(before + encoded(form))
    assert find_media(home, name, "audio") == (str(home / name), None)
    assert len(load_audio(home / name, sr=8000)) == pytest.approx(8000, rel=0.2)


@pytest.mark.parametrize(
    ("given", "there"),
    [
        ("images\\b.png", "images/b.png"),
        (".\\images\\deep\\b.png", "images/deep/b.png"),
        (" images / b.png\t", "images/b.png"),
        ("b.png ", "b.png"),
        ("b.png", " b.png"),
        ("B.PNG", "b.png"),
        ("IMAGES/b.Png", "Images/B.png"),
        (unicodedata.normalize("NFC", "café/é.png"), unicodedata.normalize("NFD", "café/é.png")),
        (unicodedata.normalize("NFD", "CAFÉ.png"), unicodedata.normalize("NFC", "café.PNG")),
        ("images\\B.png ", "Images/b.png"),
    ],
)
def test_a_path_spelled_almost_right_is_found(home, given, there):
    (home / there).parent.mkdir(parents=True, exist_ok=True)
    write_cover(home / there, 10)
    assert find_media(home, given, "image") == (str(home / there), None)


def test_the_right_spelling_wins_and_a_tie_is_told(home):
    for name in ("b.png", "B.png", "b.PNG"):
        write_cover(home / name, 10)
    if len(list(home.glob("[bB].*"))) < 3:
        pytest.skip("names differ in more than case here")
    assert find_media(home, "B.png", "image") == (str(home / "B.png"), None)
    assert find_media(home, "b.png ", "image") == (str(home / "b.png"), None)
    path, reason = find_media(home, "B.PNG", "image")
    assert path is None
    assert reason == ("B.PNG: several files differ only in case or blanks: B.png, b.PNG, b.png")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("https://example.org/a.png", "'https://example.org/a.png': a web address; put the file"),
        ("HTTP://example.org/a.png", "'HTTP://example.org/a.png': a web address"),
        ("file:///x/a.png", "'file:///x/a.png': a web address"),
        ("s3://bucket/a.png", "'s3://bucket/a.png': a web address"),
        ("data:image/png;base64,iVBORw0KGgo=", "'data:image/png;base64,iVBORw0KGgo=': a web ad"),
        ("data:," + "x" * 10**6, "'data:," + "x" * 74 + "…': a web address"),
        ("//example.org/a.png", "//example.org/a.png: the path leads out of"),
        ("\\pc\\a.png", "'\\pc\\a.png': the path leads out of"),
        (" /etc/a.png", "' /etc/a.png': the path leads out of"),
        ("x/ .. /a.png", "x/ .. /a.png: there is no such file"),
        ("images/a.png", "images/a.png: there is no such file"),
        ("images\\a.png", "'images\\a.png': there is no such file"),
        ("a.png\0", "'a.png\0': "),  # the rest differs between Pythons
        ("a.png/b", "a.png/b: there is no such file"),
    ],
)
def test_what_is_not_found_is_quoted_whole(home, given, reason):
    path, found = find_media(home, given, "image")
    assert path is None
    assert found.startswith(reason)


def test_no_search_leads_through_a_link(home):
    (home / "link").symlink_to(home.parent)
    for given in ("LINK/outside.png", "link\\outside.png", "link /OUTSIDE.png"):
        assert find_media(home, given, "image")[0] is None


def test_a_folder_is_searched_once_for_all_of_its_files(home, monkeypatch):
    searched = []
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda place: searched.append(place) or iterdir(place))
    items = pd.DataFrame({"image": [f"gone{i}.png" for i in range(20)]})
    assert len(locate_media(items, home)[1]) == 20
    assert searched == [home]


def test_only_regular_files_are_opened(home):
    (home / "d.png").mkdir()
    os.mkfifo(home / "pipe.png")  # opening it would wait for ever
    for name in ("d.png", "pipe.png"):
        assert find_media(home, name, "image") == (None, f"{name}: not a regular file")


def test_a_name_no_file_can_have_is_a_reason_too(home):
    path, reason = find_media(home, "x" * 5000 + ".png", "image")
    assert path is None
    assert "cannot be read" in reason


def test_a_link_to_itself_is_a_reason_too(home):
    (home / "loop.png").symlink_to(home / "loop.png")
    assert find_media(home, "loop.png", "image")[0] is None
