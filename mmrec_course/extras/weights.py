"""Trained numbers inside an installed package → arrays, without running anything of it.

In: the name of a package and of a file in it. Out: arrays by name. A package whose weights we
borrow is never imported, and a weights file is read as data: of a PyTorch checkpoint, which is
a small program for a stack machine, only the dozen steps that lay out arrays are known here,
and anything else is refused.

Notebook: 03_image_features
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import math
import pickletools
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["WeightsFile", "read_checkpoint", "read_safetensors"]

INSTALL = 'pip install "mmrec-course[encoders]"'
CHECKPOINT_MAGIC = 0x1950A86A20F9469CFC6C
STORAGE_TYPES: dict[str, np.dtype[Any]] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch LongStorage": np.dtype("<i8"),
}
SAFETENSORS_TYPES: dict[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "I64": np.dtype("<i8"),
}
LONGEST_HEADER = 2**20


@dataclass(frozen=True)
class WeightsFile:
    """A file of trained numbers inside a package that need not be installed.

    Attributes
    ----------
    package
        Name under which the package is imported, which we never do.
    path
        Where the file is inside the package's folder, with ``/`` between names.
    sha256
        Fingerprint of the file that the encoder was tested with.
    """

    package: str
    path: str
    sha256: str

    def find(self) -> Path | None:
        """Where the file is on this machine, or None."""
        spec = importlib.util.find_spec(self.package)
        folders = spec.submodule_search_locations if spec is not None else None
        for folder in folders or ():
            path = Path(folder, *self.path.split("/"))
            if path.is_file():
                return path
        return None

    def read(self) -> bytes:
        """The file's bytes, the right ones.

        Returns
        -------
        bytes

        Raises
        ------
        ImportError
            If the package is not installed; the message says what to type.
        ValueError
            If the file is not the one with this fingerprint.
        """
        path = self.find()
        if path is None:
            raise ImportError(f"{self.package} is not installed; run `{INSTALL}`")
        data = path.read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise ValueError(
                f"{path.name} of {self.package}: its SHA-256 is {found[:12]}…, expected"
                f" {self.sha256[:12]}…; it is damaged or of another version: uninstall"
                f" {self.package} and run `{INSTALL}`"
            )
        return data


def read_safetensors(data: bytes) -> dict[str, NDArray[Any]]:
    """Arrays of a safetensors file: a length, a table in JSON, then raw numbers.

    Parameters
    ----------
    data
        The file's bytes.

    Returns
    -------
    dict name → array, float16, float32 or int64 as stored, read-only.

    Raises
    ------
    ValueError
        If the file is cut off, its table is not JSON, or an entry has another type or a place
        that does not fit its shape.

    Notes
    -----
    The format's own description: safetensors, Hugging Face, 2022.
    """
    if len(data) < 8:
        raise ValueError(f"safetensors: {len(data)} bytes are too few for a header")
    length = struct.unpack_from("<Q", data)[0]
    if length > min(LONGEST_HEADER, len(data) - 8):
        raise ValueError(f"safetensors: a header of {length} bytes does not fit the file")
    try:
        table = json.loads(data[8 : 8 + length])
        table.pop("__metadata__", None)
        return {
            name: _safetensor(
                name, data[8 + length :], entry["dtype"], entry["shape"], *entry["data_offsets"]
            )
            for name, entry in table.items()
        }
    except (UnicodeDecodeError, json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"safetensors: the header cannot be read: {error}") from None


def _safetensor(
    name: str, body: bytes, kind: str, shape: list[int], start: int, end: int
) -> NDArray[Any]:
    if kind not in SAFETENSORS_TYPES:
        raise ValueError(f"safetensors: {name!r} has type {kind!r}, not one of F16, F32, I64")
    dtype = SAFETENSORS_TYPES[kind]
    size = math.prod(shape) * dtype.itemsize
    if min((*shape, start), default=0) < 0 or end > len(body) or end - start != size:
        raise ValueError(
            f"safetensors: {name!r} lies at {start}–{end} of {len(body)} bytes, which does not"
            f" fit its shape {shape}"
        )
    return np.frombuffer(body[start:end], dtype).reshape(shape)


def read_checkpoint(data: bytes) -> dict[str, NDArray[Any]]:
    """Arrays of a PyTorch checkpoint in its first format, before 2020's zip files.

    Such a file is five serialised objects (a magic number, a version, the machine it comes
    from, a table of tensors, the order of the storages) and then the storages as raw numbers.
    A tensor is a view of a storage, with an offset and a stride a dimension that need not be
    those of a C array: the numbers of a kernel that came from TensorFlow lie in TensorFlow's
    order.

    Parameters
    ----------
    data
        The file's bytes.

    Returns
    -------
    dict name → array, float32 or int64, in C order.

    Raises
    ------
    ValueError
        If the file asks for any step or name that a table of arrays has no need of, if it is
        cut off, or if a tensor reaches beyond its storage.
    """
    stream = io.BytesIO(data)
    try:
        magic, version, _, table, keys = [_inert(stream) for _ in range(5)]
        if (magic, version) != (CHECKPOINT_MAGIC, 1001):
            raise ValueError("checkpoint: not a PyTorch checkpoint of the first format")
        tensors = {str(name): _Tensor(*record) for name, record in table.items()}
        kinds = {tensor.key: tensor.kind for tensor in tensors.values()}
        storages = {key: _storage(stream, kinds[key]) for key in keys}
        return {name: tensor.array(name, storages[tensor.key]) for name, tensor in tensors.items()}
    except (AttributeError, IndexError, KeyError, TypeError, struct.error) as error:
        raise ValueError(f"checkpoint: not laid out as a table of arrays: {error!r}") from None


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage, as the checkpoint's table has it."""

    storage: Sequence[Any]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    requires_grad: bool
    hooks: Mapping[str, Any]

    @property
    def kind(self) -> np.dtype[Any]:
        return STORAGE_TYPES[self.storage[1]]

    @property
    def key(self) -> str:
        return str(self.storage[2])

    def array(self, name: str, storage: NDArray[Any]) -> NDArray[Any]:
        reach = self.offset + sum(
            (n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)
        )
        inside = min((self.offset, *self.strides, *self.shape)) >= 0 and reach < len(storage)
        if not inside or math.prod(self.shape) > len(storage):
            raise ValueError(f"checkpoint: {name!r} reaches beyond its {len(storage)} numbers")
        view = np.lib.stride_tricks.as_strided(
            storage[self.offset :],
            self.shape,
            [stride * storage.itemsize for stride in self.strides],
        )
        return np.ascontiguousarray(view).reshape(self.shape)


def _storage(stream: io.BytesIO, kind: np.dtype[Any]) -> NDArray[Any]:
    count = struct.unpack("<q", stream.read(8))[0]
    left = len(stream.getbuffer()) - stream.tell()
    if not 0 <= count * kind.itemsize <= left:
        raise ValueError(f"checkpoint: the file is cut off: {count} numbers in {left} bytes")
    raw = stream.read(count * kind.itemsize)
    return np.frombuffer(raw, kind)


def _inert(stream: io.BytesIO) -> Any:
    """Replay the steps of one serialised object with plain values: nothing is imported or called.

    ``pickletools.genops`` only names the steps. A class stays a string, and of calls only two
    are known: an empty ordered dictionary, and a tensor, which becomes its arguments.
    """
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[Any, Any] = {}

    def since_mark() -> list[Any]:
        start = marks.pop()
        values = stack[start:]
        del stack[start:]
        return values

    for step, value, _ in pickletools.genops(stream):
        match step.name:
            case "PROTO":
                pass
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE" | "GLOBAL":
                stack.append(value)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[step.name])
            case "EMPTY_TUPLE" | "EMPTY_DICT" | "EMPTY_LIST":
                stack.append({"T": (), "D": {}, "L": []}[step.name[6]])
            case "MARK":
                marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case "TUPLE1" | "TUPLE2":
                count = int(step.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "BINPUT" | "LONG_BINPUT":
                memo[value] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[value])
            case "APPENDS":
                values = since_mark()
                stack[-1].extend(values)
            case "SETITEM":
                entry = stack.pop()
                key = stack.pop()
                stack[-1][key] = entry
            case "SETITEMS":
                values = since_mark()
                stack[-1].update(zip(values[::2], values[1::2], strict=True))
            case "BINPERSID":
                pass  # the tuple on the stack says which storage is meant, and may stay as it is
            case "REDUCE":
                arguments = stack.pop()
                stack.append(_called(stack.pop(), arguments))
            case "BUILD":
                stack.pop()  # PyTorch's notes on its modules' versions, which no array needs
            case "STOP":
                return stack.pop()
            case name:
                raise ValueError(f"checkpoint: step {name} is not one that lays out arrays")
    raise ValueError("checkpoint: the file is cut off")


def _called(name: Any, arguments: Any) -> Any:
    if name == "collections OrderedDict" and arguments == ():
        return {}
    if name == "torch._utils _rebuild_tensor_v2" and len(arguments) == 6:
        return arguments
    raise ValueError(f"checkpoint: calls {name!r}, which no table of arrays has to")
