"""Save and load fitted models: arrays and plain values in one npz file, never pickle.

In: a `MultimodalRecommender`. Out: a folder; and back.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["load_model", "save_model"]

FORMAT = 2
FILE = "model.npz"
PACKAGE = "mmrec_course."
# Attributes that `load` makes anew from the log of ratings.
REMADE = ("histories_", "_lasting", "_recent")
Arrays = dict[str, NDArray[Any]]


def save_model(model: Any, folder: str | Path) -> Path:
    """Write a fitted model to folder/model.npz in one step; TypeError for what cannot be saved."""
    arrays: Arrays = {}
    record = {"format": FORMAT, "model": _pack(model, "model", arrays)}
    arrays["record"] = np.array(json.dumps(record))
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=target, suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        Path(name).replace(target / FILE)
    finally:
        Path(name).unlink(missing_ok=True)
    return target


def load_model(folder: str | Path, kind: type) -> Any:
    """Read what `save_model` wrote.

    ValueError if it is not a saved model of this class, is of another format, or was changed:
    a zip file keeps a checksum of each array, and these are not compressed.
    """
    path = Path(folder) / FILE
    try:
        if not path.is_file():  # nobody may ever write to a pipe
            raise ValueError("there is no such file")
        with zipfile.ZipFile(path) as file:
            if sum(p.file_size for p in file.infolist()) > path.stat().st_size or file.testzip():
                raise ValueError("a size or checksum differs")
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        record = json.loads(str(arrays["record"]))
        found, name = record["format"], record["model"]["class"].rpartition(":")[2]
    except Exception as error:  # a changed byte may be taken for anything
        raise ValueError(f"{path}: not a saved model, or changed since: {error}") from error
    if found != FORMAT:
        raise ValueError(f"{path}: format {found!r}, but this version reads {FORMAT}; save it anew")
    if name != kind.__name__:
        raise ValueError(f"{path}: a saved {name!r}, not a {kind.__name__!r}")
    try:
        model = _unpack(record["model"], arrays)
        model._set_log(pd.DataFrame(model.log_))
        model.score(model.user_ids_[-1:], model.item_ids_)  # with every part
    except Exception as error:  # a part may be anything
        raise ValueError(f"{path}: a part of the model is missing: {error}") from error
    return model


def _pack(value: Any, path: str, arrays: Arrays) -> Any:
    """Return `value` as JSON; arrays are put aside, numbered."""
    if isinstance(value, np.ndarray):
        name = str(len(arrays))  # not the path: `np.load` drops ".npy" from a modality's name
        arrays[name] = value.astype(str) if value.dtype == object else value
        if value.dtype == object and (arrays[name] != value).any():
            raise ValueError(f"{path}: text that ends in a NUL, or no text, cannot be saved")
        return {"array": name, "text": value.dtype == object}
    if isinstance(value, pd.DataFrame):
        table = {key: _pack(c.to_numpy(), f"{path}.{key}", arrays) for key, c in value.items()}
        return {"table": table}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return {"tuple": [_pack(v, f"{path}.{j}", arrays) for j, v in enumerate(value)]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _pack(v, f"{path}.{key}", arrays) for key, v in value.items()}}
    kind = type(value)
    if kind.__module__.startswith(PACKAGE):
        state = {key: v for key, v in vars(value).items() if key not in REMADE}
        inner = _pack(state, path, arrays)["dict"]
        return {"class": f"{kind.__module__}:{kind.__name__}", "state": inner}
    raise TypeError(f"{path}: {value!r} ({type(value).__name__}) cannot be saved")


def _unpack(value: Any, arrays: Arrays) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        array = arrays[value["array"]]
        return array.astype(object) if value["text"] else array
    if "table" in value:
        return pd.DataFrame({key: _unpack(v, arrays) for key, v in value["table"].items()})
    if "tuple" in value:
        return tuple(_unpack(v, arrays) for v in value["tuple"])
    if "dict" in value:
        return {key: _unpack(v, arrays) for key, v in value["dict"].items()}
    module, _, name = value["class"].partition(":")
    kind: Any = getattr(import_module(module), name) if module.startswith(PACKAGE) else None
    if getattr(kind, "__module__", None) != module:
        raise ValueError(f"{value['class']}: not a class of this package")
    model: Any = object.__new__(kind)
    model.__dict__.update({key: _unpack(v, arrays) for key, v in value["state"].items()})
    return model
