"""The cache on disk: whole or not at all, and never believed when damaged."""

import os
import subprocess
import sys

import numpy as np
import pytest

from mmrec_course.features import cache
from mmrec_course.features.cache import Description, add_to_cache, read_cache, write_cache

KNOWN = {
    "b" * 64: Description(np.array([1.5, -2.0])),
    "a" * 64: Description(None, "cannot be decoded as sound"),
}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "new folder" / "audio.npz"


def test_what_was_written_is_read(place):
    assert write_cache(place, KNOWN, width=2)
    read = read_cache(place, width=2)
    assert read["b" * 64].numbers.tolist() == [1.5, -2.0]
    assert read["a" * 64] == Description(None, "cannot be decoded as sound")
    assert [path.name for path in place.parent.iterdir()] == ["audio.npz"]


def test_nothing_there_is_nothing_known(place):
    assert read_cache(place, width=2) == {}
    assert write_cache(place, {}, width=2)
    assert read_cache(place, width=2) == {}


def test_another_width_is_not_believed(place):
    write_cache(place, KNOWN, width=2)
    assert read_cache(place, width=3) == {}


def test_no_damage_is_believed(place):
    write_cache(place, KNOWN, width=2)
    whole = place.read_bytes()
    intact = {digest: d.reason or d.numbers.tolist() for digest, d in KNOWN.items()}
    for cut in range(0, len(whole), 37):
        place.write_bytes(whole[:cut])
        assert read_cache(place, width=2) == {}
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        place.write_bytes(damaged)
        # A flipped bit in a date or a name of the archive does no harm; in the data it must show.
        for digest, description in read_cache(place, width=2).items():
            assert (description.reason or description.numbers.tolist()) == intact[digest]


def test_pickles_are_not_opened(place):
    place.parent.mkdir()
    np.savez(
        place,
        digests=np.array(["a"], dtype=object),
        values=np.ones((1, 2)),
        reasons=np.array([""]),
    )
    assert read_cache(place, width=2) == {}


def test_a_write_that_is_interrupted_leaves_the_old_file_and_nothing_else(place, monkeypatch):
    write_cache(place, KNOWN, width=2)
    before = place.read_bytes()

    def interrupt(file, **_):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(cache.np, "savez", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_cache(place, {}, width=2)
    assert place.read_bytes() == before
    assert [path.name for path in place.parent.iterdir()] == ["audio.npz"]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert not write_cache(tmp_path / "file" / "audio.npz", KNOWN, width=2)


def test_the_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path / "mine"))
    assert cache.cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("MMREC_CACHE")
    assert cache.cache_folder().name == "mmrec-course"


def test_adding_keeps_what_is_there_and_replaces_what_is_new(place):
    write_cache(place, KNOWN, width=2)
    assert add_to_cache(place, {"c" * 64: Description(np.ones(2))}, width=2)
    assert add_to_cache(place, {"a" * 64: Description(np.zeros(2))}, width=None)
    read = read_cache(place, width=2)
    assert sorted(read) == ["a" * 64, "b" * 64, "c" * 64]
    assert read["a" * 64].numbers.tolist() == [0.0, 0.0]
    assert read["b" * 64].numbers.tolist() == [1.5, -2.0]


def test_an_unknown_width_is_that_of_the_rows(place):
    assert add_to_cache(place, KNOWN, width=None)
    assert read_cache(place, width=2).keys() == KNOWN.keys()
    assert read_cache(place, width=None)["b" * 64].numbers.tolist() == [1.5, -2.0]


def test_what_a_killed_process_left_behind_is_swept_up_and_work_in_progress_is_not(place):
    place.parent.mkdir()
    old, fresh = place.parent / "old.part", place.parent / "fresh.part"
    for part in (old, fresh):
        part.write_bytes(b"half of it")
    os.utime(old, (0, 0))
    add_to_cache(place, KNOWN, width=2)
    assert not old.exists()
    assert fresh.exists()


def test_adding_where_nothing_can_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert not add_to_cache(tmp_path / "file" / "cache" / "audio.npz", KNOWN, width=2)


# Without the package around it, whose imports take longer than all that is tested here.
ADDER = """
import importlib.util, pathlib, sys, time
spec = importlib.util.spec_from_file_location("cache", sys.argv[1])
cache = sys.modules["cache"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cache)
read = cache.read_cache

def slow(path, width):
    known = read(path, width)
    time.sleep(0.1)  # without a lock, the other one reads and writes meanwhile
    return known

cache.read_cache = slow
print("ready", flush=True)
sys.stdin.readline()
place, who = pathlib.Path(sys.argv[2]), int(sys.argv[3])
for i in range(3):
    row = cache.np.array([who, i], float)
    cache.add_to_cache(place, {f"{who}{i}": cache.Description(row)}, width=2)
"""


@pytest.mark.skipif(cache.fcntl is None, reason="no locks between processes on this system")
def test_two_processes_that_add_at_once_lose_nothing(place):
    command = [sys.executable, "-c", ADDER, cache.__file__, str(place)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen([*command, who], **pipes) for who in "12"]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=120)
        assert worker.returncode == 0
    read = read_cache(place, width=2)
    assert len(read) == 6
    assert all(d.numbers.tolist() == [int(k[0]), int(k[1:])] for k, d in read.items())
