"""A fitted model in a folder: arrays and JSON, with a version and checksums; never pickle.

In: named arrays, sparse ones too, and plain values. Out: the same, or an error that says what is
wrong with the folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

__all__ = ["FORMAT", "read_folder", "restore_part", "store_part", "write_folder"]

FORMAT = 1
ARRAYS, VALUES, SEAL = "arrays.npz", "values.json", "seal.json"


def write_folder(
    folder: str | Path, kind: str, arrays: Mapping[str, Any], values: Mapping[str, Any]
) -> Path:
    """Write arrays and values beside each other, sealed by a checksum of each file.

    Everything is written into a new folder first, which then takes the old one's place: whatever
    goes wrong on the way, what stands at ``folder`` is a whole model or nothing.

    Parameters
    ----------
    folder
        Where to; it may hold a model already, which is replaced, but nothing else.
    kind
        What kind of model this is; :func:`read_folder` asks for the same.
    arrays
        name → array of numbers or str, or sparse CSR array. Arrays of str objects come back as
        such.
    values
        What JSON can hold; NumPy's numbers are stored as plain ones.

    Returns
    -------
    The folder's path.

    Raises
    ------
    ValueError
        If the folder holds anything that is not a saved model.
    TypeError
        If a value is neither text nor a number, nor made of these.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or _strangers(target)):
        raise ValueError(
            f"{target}: holds something that is not a saved model; choose a new folder"
        )
    packed, text = _pack(arrays), json.dumps(_plain(values, "values"), indent=1)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    made, before = aside / "new", aside / "old"
    try:
        made.mkdir()
        np.savez(made / ARRAYS, **packed)
        (made / VALUES).write_text(text, encoding="utf-8")
        seal = {
            "format": FORMAT,
            "kind": kind,
            "sha256": {n: _sum(made / n) for n in (ARRAYS, VALUES)},
        }
        (made / SEAL).write_text(json.dumps(seal, indent=1), encoding="utf-8")
        if target.exists():
            target.replace(before)
        made.replace(target)
    finally:
        if before.exists() and not target.exists():
            before.replace(target)
        shutil.rmtree(aside, ignore_errors=True)
    return target


def read_folder(folder: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays and values of a folder that :func:`write_folder` wrote; lists come back as tuples.

    Raises
    ------
    ValueError
        If the folder is no saved model, of another kind or of a newer format, or if a file is
        missing or does not have the checksum it was sealed with.
    """
    source = Path(folder)
    try:
        seal = json.loads((source / SEAL).read_text(encoding="utf-8"))
        found, of_kind, sums = seal["format"], seal["kind"], dict(seal["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{source}: not a saved model ({SEAL} is missing or broken)") from error
    if found != FORMAT:
        raise ValueError(
            f"{source}: format {found!r}, this version reads {FORMAT}; update the package"
        )
    if of_kind != kind:
        raise ValueError(f"{source}: a saved {of_kind!r}, not a {kind!r}")
    for name in (ARRAYS, VALUES):
        path = source / name
        if not path.is_file():
            raise ValueError(f"{path}: missing; the model is not whole")
        if sums.get(name) != _sum(path):
            raise ValueError(f"{path}: was changed or cut off since it was saved (SHA-256 differs)")
    try:
        with np.load(source / ARRAYS, allow_pickle=False) as stored:
            arrays = _unpack({name: stored[name] for name in stored.files})
        values = _with_tuples(json.loads((source / VALUES).read_text(encoding="utf-8")))
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{source}: cannot be read: {error}") from error
    return arrays, values


def store_part(part: Any, name: str, arrays: dict[str, Any], values: dict[str, Any]) -> None:
    """Put a dataclass's fields, and those of parts inside it, among the arrays and the values."""
    if part is None:
        values[name] = None
        return
    values[name] = {}
    for field in fields(part):
        value, place = getattr(part, field.name), f"{name}.{field.name}"
        if isinstance(value, np.ndarray) or sp.issparse(value):
            arrays[place] = value
        elif is_dataclass(value):
            store_part(value, place, arrays, values)
        else:
            values[name][field.name] = value


def restore_part(
    kind: Any,
    name: str,
    arrays: Mapping[str, Any],
    values: Mapping[str, Any],
    inside: Mapping[str, Any],
) -> Any:
    """The part that :func:`store_part` took apart.

    ``inside`` says which fields hold parts, and of what kind.
    """
    if values[name] is None:
        return None
    given = dict(values[name])
    for field in fields(kind):
        place = f"{name}.{field.name}"
        if place in values:
            given[field.name] = restore_part(inside[field.name], place, arrays, values, inside)
        elif place in arrays:
            given[field.name] = arrays[place]
    return kind(**given)


def _with_tuples(value: Any) -> Any:
    """What JSON gives back, with a tuple in place of every list."""
    if isinstance(value, dict):
        return {key: _with_tuples(inner) for key, inner in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _plain(value: Any, where: str) -> Any:
    """The same with NumPy's scalars as Python's; TypeError for what JSON would lose."""
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{where}: the key {key!r} cannot be saved; use text")
        return {str(key): _plain(inner, f"{where}[{key!r}]") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{where}[{place}]") for place, inner in enumerate(value)]
    if isinstance(value, np.bool_ | np.number | np.str_):
        value = value.item()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(
        f"{where}: {value!r} ({type(value).__name__}) cannot be saved; use text or a number"
    )


def _strangers(folder: Path) -> list[Path]:
    """What is in the folder and no part of a saved model, which has a seal."""
    known = (ARRAYS, VALUES, SEAL) if (folder / SEAL).is_file() else ()
    return [p for p in folder.iterdir() if p.name not in known]


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(arrays: Mapping[str, Any]) -> dict[str, Any]:
    packed: dict[str, Any] = {}
    for name, array in arrays.items():
        if sp.issparse(array):
            csr = sp.csr_array(array)
            for part in ("data", "indices", "indptr"):
                packed[f"{name}|{part}"] = getattr(csr, part)
            packed[f"{name}|shape"] = np.array(csr.shape)
        elif array.dtype == object:
            packed[f"{name}|text"] = array.astype(str)
            if (packed[f"{name}|text"] != array).any():
                raise ValueError(f"{name}: an id ends in a NUL character, which cannot be stored")
        else:
            packed[name] = array
    return packed


def _unpack(packed: Mapping[str, Any]) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name, array in packed.items():
        base, _, part = name.partition("|")
        if part == "text":
            arrays[base] = array.astype(object)
        elif part == "shape":
            entries = tuple(packed[f"{base}|{p}"] for p in ("data", "indices", "indptr"))
            arrays[base] = sp.csr_array(entries, shape=tuple(int(n) for n in array))
        elif not part:
            arrays[name] = array
    return arrays
