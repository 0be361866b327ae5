"""Media files are looked at from outside, and whatever is wrong becomes a reason."""

import os

import pytest
from mosaic_like import write_clip, write_cover

from mmrec_course.datasets.media import find_media


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
    "given",
    [
        "../outside.png",
        "x/../a.png",
        "{home}/a.png",
        "..\\outside.png",
        "C:\\a.png",
        "\\\\pc\\a.png",
    ],
)
def test_a_path_that_may_lead_outside_is_refused(home, given):
    path, reason = find_media(home, given.format(home=home), "image")
    assert path is None
    assert reason.endswith("the path leads out of the catalogue's folder")
    assert str(home) not in reason


def test_links_may_stay_inside_but_not_lead_outside(home):
    (home / "in.png").symlink_to(home / "a.png")
    (home / "out.png").symlink_to(home.parent / "outside.png")
    (home / "folder").symlink_to(home.parent)
    assert find_media(home, "in.png", "image") == (str(home / "a.png"), None)
    for given in ("out.png", "folder/outside.png"):
        path, reason = find_media(home, given, "image")
        assert path is None
        assert "a link leads out" in reason


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
        (b"GIF89a....", "b.png", "image", "b.png: not a png file, whatever its name says"),
        (b"<html>", "b.jpg", "image", "b.jpg: not a jpg file, whatever its name says"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "b.webp", "image", "b.webp: not a webp file"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "b.wav", "audio", "b.wav: not a wav file"),
        (b"MZ", "b.exe", "image", "b.exe: '.exe' is none of .png"),
        (b"\x89PNG\r\n\x1a\n", "b.png", "audio", "b.png: '.png' is none of .ogg"),
        (b"x", "noextension", "image", "noextension: '' is none of"),
    ],
)
def test_what_cannot_be_used_has_a_reason(home, content, name, modality, reason):
    if content is not None:
        (home / name).write_bytes(content)
    path, found = find_media(home, name, modality)
    assert path is None
    assert found.startswith(reason)


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
