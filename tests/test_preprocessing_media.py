"""MediaError and silence."""

import os
import pickle
import threading

import pytest

from mmrec_course.preprocessing import MediaError
from mmrec_course.preprocessing.media import check_file, quiet_decoders


def test_the_error_names_the_file_and_not_its_folder(tmp_path):
    error = MediaError(tmp_path / "a.png", "is blue")
    assert str(error) == "a.png: is blue"
    assert isinstance(error, ValueError)


def test_the_error_survives_another_process():
    error = pickle.loads(pickle.dumps(MediaError("x/a.png", "is blue")))
    assert (error.name, error.reason, str(error)) == ("a.png", "is blue", "a.png: is blue")


def test_sizes_are_checked_before_reading(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    check_file(path, 5)
    with pytest.raises(MediaError, match="a: 5 bytes, over the limit of 4"):
        check_file(path, 4)
    path.write_bytes(b"")
    with pytest.raises(MediaError, match="a: the file is empty"):
        check_file(path, 4)
    with pytest.raises(MediaError, match="not a regular file"):
        check_file(tmp_path, 10**9)
    with pytest.raises(MediaError, match="gone: there is no such file"):
        check_file(tmp_path / "gone", 4)
    for name in ("x" * 5000, "a\0.png"):
        with pytest.raises(MediaError, match="cannot be read"):
            check_file(tmp_path / name, 4)


def test_the_error_stream_is_silent_inside_and_back_afterwards(capfd):
    os.write(2, b"before ")
    with quiet_decoders():
        os.write(2, b"outer ")
        with quiet_decoders():
            os.write(2, b"inner ")
        os.write(2, b"outer again ")
    with pytest.raises(KeyError), quiet_decoders():
        raise KeyError
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_the_error_stream_is_back_after_overlapping_threads(capfd):
    first, second = threading.Event(), threading.Event()

    def one():
        with quiet_decoders():
            first.set()
            second.wait(10)

    thread = threading.Thread(target=one)
    thread.start()
    first.wait(10)
    with quiet_decoders():
        second.set()
        thread.join()
        os.write(2, b"hidden")
    os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"
