"""Other people's data: RecBole's atomic files, and the form that MMRec gives to them.

In: a folder with one ``.inter`` table and what belongs to it. Out: a Dataset, with ready-made
features as blocks. Nothing is executed to read a file: arrays that hold Python objects are
refused.

Notebook: 13_real_people
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.validation import (
    _implicit_feedback,
    _times,
    check_items,
    check_ratings,
    check_users,
)
from mmrec_course.features.block import FeatureBlock

__all__ = ["load_atomic", "read_atomic_table"]

TYPES = ("token", "float", "token_seq", "float_seq")
# Column of ours → what it is called in published files.
CALLED = {
    "user_id": ("user_id", "userID", "user"),
    "item_id": ("item_id", "itemID", "item"),
    "title": ("title", "movie_title", "name", "item_name"),
    "text": ("text", "description"),
}
PARTS = {"0": "train", "1": "valid", "2": "test"}
# What is between the name and .inter, where a file holds one part: d.train.inter
FILES = {"train": "train", "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid",
         "test": "test"}  # fmt: skip


def load_atomic(path: str | Path, *, features: Mapping[str, str | Path] | None = None) -> Dataset:
    """Read a data set in RecBole's or MMRec's form.

    *RecBole*: ``name.inter`` and, if there, ``name.item`` and ``name.user``: tables with tabs
    between cells, whose header names every column with its type, as in ``user_id:token``. In
    place of ``name.inter`` there may be ``name.train.inter``, ``name.valid.inter`` and
    ``name.test.inter``.

    *MMRec*: ``name.inter`` with userID, itemID and ``x_label`` (0 training, 1 validation, 2 test);
    ``image_feat.npy``, ``text_feat.npy`` or any other ``…_feat.npy``, whose row r belongs to item
    r; and, if there, ``i_id_mapping.csv``, which says what item r was called before.

    Parameters
    ----------
    path
        A folder with one ``.inter`` file, or with one for each part.
    features
        modality → name of an ``.npy`` file in the folder, for files that are not called
        ``…_feat.npy``: ``{"text": "all-MiniLM-L6-v2.npy", "audio": "vggish.npy"}``. A modality
        may have any name, and one that is given here replaces its ``…_feat.npy``.

    Returns
    -------
    Dataset. Ids are strings; one typed float loses its ".0". Without a time ratings get the
    number of their row, in seconds from 1970. Of two ratings for one item by one user the later
    stays. Where there is a split, ratings have a column ``part``: "train", "valid", "test", for
    :class:`mmrec_course.evaluation.Split`. ``features`` has a block for every ``…_feat.npy`` and
    every float_seq column of ``.item``; items whose row has a NaN or only zeros are absent from
    it.

    Ratings are those of the column ``rating``, or else ``label``. Without either, each row is
    implicit feedback and counts as 5, the best; so is each where the column has one value (5 or
    lower, in several rows, or 1). Where it has only 0 and 1, or only −1 and 1, 1 counts as 5 and
    the other as 1, the lowest. ``notes`` says what was done.

    Raises
    ------
    FileNotFoundError
        If the folder, its ``.inter`` file, or a file of ``features`` is not there.
    ValueError
        If there are several tables that are not parts of one, a column is missing, a cell is not
        of its type, an id has no row in a feature file, a feature file is outside the folder, an
        array has another shape or holds Python objects; file, row, column and value are named.

    Notes
    -----
    Zhao et al. (2021), RecBole, CIKM; Zhou (2023), MMRec, MMAsia workshops.

    Notebook: 13_real_people
    """
    folder = Path(path)
    if not folder.is_dir():
        raise FileNotFoundError(f"path: {str(path)!r} is not a folder")
    arrays = _feature_files(folder, features)
    parts = _parts(folder)
    name = next(iter(parts)).name.removesuffix(".inter")
    if len(parts) > 1:
        name = name.rpartition(".")[0]
    ratings, notes = _ratings(parts)
    item_file, user_file = folder / f"{name}.item", folder / f"{name}.user"
    blocks: dict[str, FeatureBlock] = {}
    if item_file.exists():
        items, blocks = _items(item_file)
    elif arrays:
        items = _mapped_items(folder, next(iter(arrays.values())))
    else:
        items = pd.DataFrame({"item_id": pd.unique(ratings["item_id"])}, dtype="string")
    items = check_items(items, dates=(), name=item_file.name)
    blocks |= _ready_features(arrays, items.index)
    users = None
    if user_file.exists():
        people = _renamed(read_atomic_table(user_file), ("user_id",), user_file.name)
        users = check_users(people, name=user_file.name)
    used = {*arrays.values(), item_file, user_file}
    rest = [p.name for kind in ("npy", "item", "user") for p in sorted(folder.glob(f"*.{kind}"))
            if p not in used]  # fmt: skip
    if rest:
        notes += (f"not read: {', '.join(rest)}",)
    checked = [
        check_ratings(table, items=items.index, scale=None, name=str(file))
        for file, table in (
            (file, ratings.loc[[file]].droplevel("file")) for file in ratings.index.unique("file")
        )
    ]
    return Dataset(
        ratings=pd.concat(checked, ignore_index=True),
        items=items,
        users=users,
        features=blocks,
        folder=folder.resolve(),
        notes=notes,
    )


def read_atomic_table(path: str | Path) -> pd.DataFrame:
    """Read one table with tabs between cells and, if its header has them, typed columns.

    Parameters
    ----------
    path
        The file, UTF-8. Quotes have no meaning in it.

    Returns
    -------
    DataFrame: token and token_seq are strings, the latter with its words separated by blanks;
    float is float64, NaN where empty, but ids (user_id, item_id) are strings, "7" for 7.0;
    float_seq holds an array a cell. A column without a type is a string. Empty tokens are
    ``<NA>``. The index, named "row", is the line of the file.

    Raises
    ------
    ValueError
        If the file is empty or no UTF-8, a type is unknown, a column is there twice, a row has
        more or fewer cells than the header, or a cell is no number where one is due.

    Notebook: 13_real_people
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: byte {error.start} is not UTF-8") from None
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise ValueError(f"{path.name}: row 1: the file is empty; expected a header")
    rows = [line.rstrip("\r").split("\t") for line in lines]
    names, types = [], []
    for column in rows[0]:
        name, colon, kind = column.strip().partition(":")
        if colon and kind not in TYPES:
            raise ValueError(
                f"{path.name}: row 1: column {name!r} has type {kind!r}, which is none of {TYPES}"
            )
        if name in names:
            raise ValueError(f"{path.name}: row 1: column {name!r} is there twice")
        names.append(name)
        is_id = name in CALLED["user_id"] + CALLED["item_id"]
        types.append("id" if is_id and kind == "float" else kind or "token")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise ValueError(
                f"{path.name}: row {number}: {len(row)} cells, but the header has {len(names)};"
                " cells are separated by tabs"
            )
    index = pd.RangeIndex(2, len(rows) + 1, name="row")
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(names)
    return pd.DataFrame(
        {
            name: _column(cells, kind, f"{path.name}: row {{}}, column {name!r}")
            for name, kind, cells in zip(names, types, columns, strict=True)
        },
        index=index,
    )


def _column(cells: Iterable[str], kind: str, place: str) -> Any:
    """Cells of one column, read as its type says."""
    if kind == "float":
        return np.array([_number(c, place, r) for r, c in enumerate(cells, start=2)], np.float64)
    if kind == "id":
        ids = [_whole_id(cell, place, row) or None for row, cell in enumerate(cells, start=2)]
        return pd.array(ids, dtype="string")
    if kind == "float_seq":
        values = [
            np.array([_number(part, place, row) for part in cell.split()], np.float64)
            for row, cell in enumerate(cells, start=2)
        ]
        return pd.Series(values, dtype=object).array
    return pd.array([cell if cell.strip() else None for cell in cells], dtype="string")


def _number(cell: str, place: str, row: int) -> float:
    try:
        return float(cell) if cell.strip() else float("nan")
    except ValueError:
        raise ValueError(f"{place.format(row)}: {cell!r} is not a number") from None


def _whole_id(cell: str, place: str, row: int) -> str:
    """The digits of an id that a table holds as a float, 7.0 or 7e3; exact beyond 2^53 too."""
    if re.fullmatch(r"\s*-?\d+(\.0*)?\s*", cell):
        return cell.strip().partition(".")[0]
    number = _number(cell, place, row)
    return str(int(number)) if number.is_integer() else cell.strip()


def _renamed(table: pd.DataFrame, needed: tuple[str, ...], name: str) -> pd.DataFrame:
    """Columns under the course's names."""
    for ours, theirs in CALLED.items():
        found = [column for column in theirs if column in table.columns]
        if found:
            table = table.rename(columns={found[0]: ours})
        elif ours in needed:
            raise ValueError(
                f"{name}: row 1: column {theirs[0]!r} (or {' or '.join(theirs[1:])}) is missing;"
                f" it has {list(table.columns)}"
            )
    return table


def _parts(folder: Path) -> dict[Path, str | None]:
    """The .inter tables of a folder: one, or one for each part, by what lies between the dots."""
    tables = sorted(folder.glob("*.inter"))
    if not tables:
        raise FileNotFoundError(f"path: {str(folder)!r} has no .inter file")
    if len(tables) == 1:
        return {tables[0]: None}
    split = [table.name.removesuffix(".inter").rpartition(".") for table in tables]
    parts = [FILES.get(part.lower()) for _, _, part in split]
    if len({name for name, _, _ in split}) > 1 or None in parts or len(set(parts)) < len(parts):
        names = ", ".join(table.name for table in tables)
        raise ValueError(
            f"path: {str(folder)!r} has several .inter files ({names}); leave one, or parts of one"
            " called name.train.inter, name.valid.inter and name.test.inter"
        )
    by_part = dict(zip(parts, tables, strict=True))
    return {by_part[part]: part for part in ("train", "valid", "test") if part in by_part}


def _ratings(parts: Mapping[Path, str | None]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Ratings under (file, row), and what was decided about them."""
    tables = {path.name: _one_part(path, part) for path, part in parts.items()}
    if any(set(table) != set(next(iter(tables.values()))) for table in tables.values()):
        differ = "; ".join(f"{name}: {list(table)}" for name, table in tables.items())
        raise ValueError(f"the parts have different columns: {differ}")
    table = pd.concat(tables, names=["file", "row"])
    if "timestamp" not in table.columns:
        table["timestamp"] = pd.to_datetime(np.arange(len(table)), unit="s")
    if "rating" in table.columns:
        table["rating"], _, notes = _implicit_feedback(table["rating"], None)
    elif "label" in table.columns:
        table["rating"], notes = _labels(table)
    else:
        table["rating"] = 5
        notes = ("implicit feedback: there are no ratings, every row counts as 5",)
    # The later of two ratings: in time, and of the same time the one further down.
    pair = ["user_id", "item_id"]
    order = table["timestamp"].argsort(kind="stable")
    table = table.iloc[np.sort(order[~table[pair].iloc[order].duplicated(keep="last").to_numpy()])]
    columns = [*pair, "rating", "timestamp"]
    return table[[*columns, *(c for c in table if c not in (*columns, "x_label"))]], notes


def _one_part(path: Path, part: str | None) -> pd.DataFrame:
    """One .inter table under the course's names, its times read and its part named."""
    table = _renamed(read_atomic_table(path), ("user_id", "item_id"), path.name)
    if not len(table):
        raise ValueError(f"{path.name}: row 2: there is nothing below the header")
    if "timestamp" in table.columns:
        table["timestamp"] = _times(table, "timestamp", path.name)
    if part is not None:
        table["part"] = part
    elif "x_label" in table.columns:
        label = table["x_label"].astype("string").str.removesuffix(".0")
        wrong = ~label.isin(PARTS)
        if wrong.any():
            row = wrong.idxmax()
            raise ValueError(
                f"{path.name}: row {row}, column 'x_label': {table.loc[row, 'x_label']!r} is none"
                " of 0 (training), 1 (validation), 2 (test)"
            )
        table["part"] = label.map(PARTS)
    return table


def _labels(table: pd.DataFrame) -> tuple[pd.Series, tuple[str, ...]]:
    """Ratings 5 and 1 of RecBole's label: 1, and 0 or −1."""
    label = pd.to_numeric(table["label"], errors="coerce").astype("float64")
    wrong = ~label.isin([0, 1] if 0 in label.to_numpy() else [-1, 1])
    if wrong.any():
        (file, row), value = wrong.idxmax(), table["label"][wrong].iloc[0]
        raise ValueError(
            f"{file}: row {row}, column 'label': {value!r} is none of 1 and 0 (or 1 and -1); call"
            " a column of ratings 'rating'"
        )
    note = "implicit feedback: label 1 counts as rating 5, others as 1"
    return label.map(lambda value: 5.0 if value == 1 else 1.0), (note,)


def _items(path: Path) -> tuple[pd.DataFrame, dict[str, FeatureBlock]]:
    """Items, and a block for every column of number sequences."""
    table = _renamed(read_atomic_table(path), ("item_id",), path.name)
    blocks = {}
    for column in table.columns:
        if table[column].dtype != object:
            continue
        lengths = table[column].map(len)
        wide = int(lengths.max()) if len(lengths) else 0
        wrong = (lengths != wide) & (lengths != 0)
        if wrong.any():
            row = wrong.idxmax()
            raise ValueError(
                f"{path.name}: row {row}, column {column!r}: {lengths[row]} numbers, but others"
                f" have {wide}; features of all items are equally many"
            )
        values = np.zeros((len(table), wide))
        for place, numbers in enumerate(table[column]):
            values[place, : len(numbers)] = numbers
        check_items(table[["item_id"]], dates=(), name=path.name)
        blocks[column] = _block(column, table["item_id"].to_numpy(), values)
    kept = [column for column in table.columns if column not in blocks]
    return table[kept], blocks


def _mapped_items(folder: Path, features: Path) -> pd.DataFrame:
    """MMRec's items 0, 1, …: as many as the id map has, or else as rows of features."""
    mapping = folder / "i_id_mapping.csv"
    if not mapping.exists():
        ids = [str(row) for row in range(len(_array(features)))]
        return pd.DataFrame({"item_id": pd.array(ids, dtype="string")})
    table = _renamed(read_atomic_table(mapping), ("item_id",), mapping.name)
    wanted = pd.Index(map(str, range(len(table))))
    wrong = ~table["item_id"].isin(wanted) | table["item_id"].duplicated()
    if wrong.any():
        row = wrong.idxmax()
        raise ValueError(
            f"{mapping.name}: row {row}, column 'item_id': {table.loc[row, 'item_id']!r} is not one"
            f" of 0 … {len(table) - 1}, each once, for {len(table)} rows"
        )
    others = [column for column in table.columns if column != "item_id"]
    if "title" not in table.columns and others:
        table["title"] = table[others[0]]
    return table.set_index("item_id").loc[wanted].rename_axis("item_id").reset_index()


def _feature_files(folder: Path, features: Mapping[str, str | Path] | None) -> dict[str, Path]:
    """modality → array file: those that are named, and every …_feat.npy."""
    if features is not None and not isinstance(features, Mapping):
        kind = type(features).__name__
        raise TypeError(f"features: {kind}, expected a dict such as {{'audio': 'vggish.npy'}}")
    files = {file.name.removesuffix("_feat.npy"): file for file in folder.glob("*_feat.npy")}
    for modality, name in (features or {}).items():
        if not isinstance(modality, str) or not isinstance(name, str | Path):
            raise TypeError(f"features: {modality!r}: {name!r}, expected modality: file name")
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"features: {modality!r}: {str(name)!r} leads out of the folder")
        if not file.is_file():
            here = ", ".join(sorted(path.name for path in folder.glob("*.npy"))) or "none"
            raise FileNotFoundError(
                f"features: {modality!r}: there is no file {str(name)!r}; .npy files there: {here}"
            )
        files[modality] = file
    return dict(sorted(files.items()))


def _ready_features(paths: Mapping[str, Path], item_ids: pd.Index) -> dict[str, FeatureBlock]:
    """A block a file; row r belongs to item r."""
    blocks = {}
    for modality, path in paths.items():
        values = _array(path)
        wanted = pd.Index(map(str, range(len(values))))
        lost = ~item_ids.isin(wanted)
        if lost.any():
            raise ValueError(
                f"{path.name}: item {item_ids[lost][0]!r} has no row; there are {len(values)}, for"
                f" the ids 0 … {len(values) - 1}"
            )
        if len(values) != len(item_ids):
            raise ValueError(
                f"{path.name}: shape {values.shape}, but there are {len(item_ids)} items; every"
                " item has a row"
            )
        blocks[modality] = _block(modality, wanted.to_numpy(), values).align(item_ids)
    return blocks


def _array(path: Path) -> NDArray[np.float64]:
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(
            f"{path.name}: not a plain array of numbers ({error}); arrays of Python objects are"
            " never loaded, because loading would run what they hold"
        ) from None
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.dtype.kind not in "fiu":
        shape, kind = getattr(values, "shape", None), getattr(values, "dtype", type(values))
        raise ValueError(
            f"{path.name}: shape {shape} of {kind}, expected (n_items, d) numbers: a row an item"
        )
    return np.asarray(values, dtype=np.float64)


def _block(modality: str, item_ids: NDArray[Any], values: NDArray[np.float64]) -> FeatureBlock:
    finite = np.asarray(np.isfinite(values).all(axis=1), dtype=bool)
    filled = np.asarray(np.any(values != 0, axis=1), dtype=bool)
    return FeatureBlock(
        modality=modality,
        item_ids=item_ids,
        values=values,
        present=np.logical_and(finite, filled),
        names=tuple(f"{modality}{column}" for column in range(values.shape[1])),
        reasons=dict.fromkeys(item_ids[~finite].tolist(), "a number is missing"),
    )
