"""The cache on disk: whole or not at all, and never believed when damaged."""

import hashlib
import os

import numpy as np
import pytest

from mmrec_course.features import cache
from mmrec_course.features.cache import add_to_cache, cache_folder, file_digest, read_cache

KNOWN = {"b" * 64: np.array([1.5, -2.0]), "a" * 64: "cannot be decoded as sound"}


def plain(entries):
    return {digest: e if isinstance(e, str) else e.tolist() for digest, e in entries.items()}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "new folder" / "audio.npz"


def test_what_was_written_is_read_and_what_is_added_replaces_what_was_there(place):
    assert read_cache(place) == {}
    add_to_cache(place, {})
    assert read_cache(place) == {}
    add_to_cache(place, {"a" * 64: "cannot be decoded as sound"})
    add_to_cache(place, KNOWN)
    assert plain(read_cache(place)) == plain(KNOWN)
    new = {"c" * 64: np.ones(2), "a" * 64: np.zeros(2)}
    add_to_cache(place, new)
    assert plain(read_cache(place)) == plain(KNOWN | new)
    assert [path.name for path in place.parent.iterdir()] == ["audio.npz"]


def test_a_file_is_read_again_only_when_it_has_changed_whatever_its_date_says(tmp_path):
    file = tmp_path / "cover.png"
    file.write_bytes(b"old")
    kept = cache._digest.cache_info()
    assert file_digest(str(file)) == hashlib.sha256(b"old").hexdigest()
    assert cache._digest.cache_info() == kept  # nothing is kept of what changed just now
    date = file.stat().st_mtime_ns - 10**10
    os.utime(file, ns=(date, date))
    before = file_digest(str(file))
    reads = cache._digest.cache_info().misses
    assert file_digest(str(file)) == before == hashlib.sha256(b"old").hexdigest()
    assert cache._digest.cache_info().misses == reads == kept.misses + 1
    other = tmp_path / "other"
    other.write_bytes(b"new")
    os.utime(other, ns=(date, date))
    other.replace(file)
    assert file_digest(str(file)) == hashlib.sha256(b"new").hexdigest()
    assert file_digest(str(tmp_path)) == ""


def test_no_damage_is_believed(place):
    add_to_cache(place, KNOWN)
    whole = place.read_bytes()
    for cut in range(0, len(whole), 37):
        place.write_bytes(whole[:cut])
        assert read_cache(place) == {}
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        place.write_bytes(damaged)
        # A flipped bit in a date or a name of the archive does no harm; in the data it must show.
        assert plain(read_cache(place)) in ({}, plain(KNOWN))


def test_pickles_are_not_opened(place):
    place.parent.mkdir()
    digests = np.array(["a"], dtype=object)
    np.savez(place, digests=digests, values=np.ones((1, 2)), reasons=np.array([""]))
    assert read_cache(place) == {}


def test_a_write_that_is_interrupted_leaves_the_old_file_and_nothing_else(place, monkeypatch):
    add_to_cache(place, KNOWN)
    before = place.read_bytes()

    def interrupt(path, **_):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(cache.np, "savez", interrupt)
    with pytest.raises(KeyboardInterrupt):
        add_to_cache(place, {"c" * 64: np.ones(2)})
    assert place.read_bytes() == before
    assert [path.name for path in place.parent.iterdir()] == ["audio.npz"]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    add_to_cache(tmp_path / "file" / "audio.npz", KNOWN)
    assert read_cache(tmp_path / "file" / "audio.npz") == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_not_waited_for_and_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "audio.npz")
    assert read_cache(tmp_path / "audio.npz") == {}
    add_to_cache(tmp_path / "audio.npz", KNOWN)
    assert plain(read_cache(tmp_path / "audio.npz")) == plain(KNOWN)


def test_the_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("MMREC_CACHE")
    assert cache_folder().name == "mmrec-course"
