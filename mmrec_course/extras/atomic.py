"""Other people's data: RecBole's atomic files, and the form that MMRec gives to them.

Arrays that hold Python objects are refused, for loading them runs code.

Notebook: 13_real_people
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.datasets import validation
from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.validation import RATING_COLUMNS, check_ids, check_ratings, read_table
from mmrec_course.features.block import FeatureBlock

# Column of published files → ours.
NAMES = {"userID": "user_id", "user": "user_id", "itemID": "item_id", "item": "item_id"}
NAMES |= dict.fromkeys(("movie_title", "item_name", "name"), "title") | {"description": "text"}
PARTS = {"0": "train", "1": "valid", "2": "test"}


def load_atomic(path: str | Path, *, features: Mapping[str, str] | None = None) -> Dataset:
    """Read a folder in the form of RecBole (Zhao et al. 2021) or MMRec (Zhou 2023).

    *RecBole*: ``name.inter`` and, if there, ``name.item`` and ``name.user``, as
    :func:`read_atomic_table` reads them; or ``name.train.inter``, ``name.valid.inter`` and
    ``name.test.inter``. *MMRec*: ``name.inter`` with userID, itemID and ``x_label`` (0 training,
    1 validation, 2 test), and ``image_feat.npy`` or any other ``…_feat.npy``, whose row r belongs
    to item r. ``features`` is modality → name of an ``.npy`` file that is called otherwise:
    ``{"text": "all-MiniLM-L6-v2.npy", "audio": "vggish.npy"}``.

    Ids are strings. Ratings are those of the column ``rating``, or else ``label`` (1 counts as 5,
    0 or −1 as 1); where there is neither, or only one value, each row is implicit feedback and
    counts as 5; ``notes`` says so. Of two ratings for one item by one user the later stays;
    without times, the row is the time. A split becomes the column ``part``: "train", "valid",
    "test". ``features`` has a block for every array, in which items whose row has a NaN or only
    zeros are absent. What is malformed is a ValueError that names file, row, column and value.

    Notebook: 13_real_people
    """
    folder = Path(path).resolve()
    tables, name = _inter_tables(folder)
    ratings, notes = _rated(pd.concat(tables, names=["file", "row"]))
    files = {file.name.removesuffix("_feat.npy"): file for file in folder.glob("*_feat.npy")}
    files |= {modality: folder / file for modality, file in (features or {}).items()}
    if rest := sorted({file.name for file in set(folder.glob("*.npy")) - set(files.values())}):
        notes += (f"not read: {', '.join(rest)}",)
    arrays = {modality: _array(file) for modality, file in sorted(files.items())}
    users = None
    if (file := folder / f"{name}.user").exists() or file.is_symlink():
        users = check_ids(_read(file, "user_id"), "user_id", name=file.name)
    if (file := folder / f"{name}.item").exists() or file.is_symlink():
        items = check_ids(_read(file, "item_id"), "item_id", name=file.name)
    else:
        n_rows = max(map(len, arrays.values()), default=0)
        ids = map(str, range(n_rows)) if n_rows else pd.unique(ratings["item_id"])
        items = pd.DataFrame(index=pd.Index(pd.array([*ids], dtype="string"), name="item_id"))
    blocks = {m: _block(m, values, items, files[m].name) for m, values in arrays.items()}
    checked = [
        check_ratings(table.droplevel("file"), items=items.index, scale=None, name=file)
        for file, table in ratings.groupby(level="file", sort=False)
    ]
    ratings = pd.concat(checked, ignore_index=True)
    return Dataset(
        ratings=ratings, items=items, users=users, features=blocks, folder=folder, notes=notes
    )


def read_atomic_table(path: str | Path) -> pd.DataFrame:
    """Read one table with tabs between cells, whose header may give types (``user_id:token``).

    Columns of the type float are float64, but ids among them are strings, "7" for 7.0; all others
    are strings, ``<NA>`` where empty. The index, named "row", is the line of the file.
    """
    path = Path(path)
    table = read_table(path, separator="\t", quotes=False)
    kinds = [column.strip().partition(":")[2] for column in table.columns]
    table.columns = [column.strip().partition(":")[0] for column in table.columns]
    validation._check_frame(table, (), path.name)
    for column in table.columns[np.array(kinds) == "float"]:
        cells, is_id = table[column], NAMES.get(column, column) in ("user_id", "item_id")
        if not is_id:
            cells = cells.mask(cells.str.strip().str.lower() == "nan")
        number = pd.to_numeric(cells, errors="coerce").astype("float64")
        bad = cells.notna() & ~np.isfinite(number)
        validation._refuse(table, column, bad, "{} is not a number", path.name)
        if is_id:
            table[column] = cells.map(_whole_id, na_action="ignore").astype("string")
        else:
            table[column] = number
    return table


def _whole_id(cell: str) -> str:
    """The digits of an id that a table holds as a float, 7.0 or 7e3; exact beyond 2^53 too."""
    number = Decimal(cell)
    return str(int(number)) if number == int(number) else cell


def _read(path: Path, *required: str) -> pd.DataFrame:
    """A table under the course's names."""
    table = read_atomic_table(path)
    names = {c: NAMES[c] for c in table.columns if NAMES.get(c, c) not in table.columns}
    validation._check_frame(table := table.rename(columns=names), required, path.name)
    return table


def _inter_tables(folder: Path) -> tuple[dict[str, pd.DataFrame], str]:
    """File → table of the .inter files, one or one for each part; and the data set's name."""
    files = sorted(file.name for file in folder.glob("*.inter"))
    if not files:
        raise FileNotFoundError(f"path: {str(folder)!r} is no folder with an .inter file")
    name = files[0].removesuffix(".inter")
    if len(files) == 1:
        return {files[0]: _inter_table(folder / files[0])}, name
    name = name.rpartition(".")[0]
    parts = {f"{name}.{part}.inter": part for part in PARTS.values()}
    if not set(files) <= set(parts):
        raise ValueError(
            f"path: {str(folder)!r} has several .inter files ({', '.join(files)}); leave one, or"
            " name.train.inter, name.valid.inter and name.test.inter"
        )
    there = {file: part for file, part in parts.items() if file in files}
    return {f: _inter_table(folder / f).assign(part=part) for f, part in there.items()}, name


def _inter_table(path: Path) -> pd.DataFrame:
    """One .inter table, with its times and parts read."""
    table = _read(path, "user_id", "item_id")
    if "timestamp" in table.columns:
        table["timestamp"] = validation._times(table, "timestamp", path.name)
    if "x_label" in table.columns:
        table["part"] = table["x_label"].astype("string").str.removesuffix(".0").map(PARTS)
        problem = "{} is none of 0 (training), 1 (validation), 2 (test)"
        validation._refuse(table, "x_label", table["part"].isna(), problem, path.name)
        del table["x_label"]
    if "label" in table.columns and "rating" not in table.columns:
        label = pd.to_numeric(table["label"], errors="coerce")
        problem = "{} is none of 1, 0 and -1; call a column of ratings 'rating'"
        validation._refuse(table, "label", ~label.isin([-1, 0, 1]), problem, path.name)
        table["label"] = label
    return table


def _rated(table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Ratings under (file, row), each pair once, and what was decided about them."""
    if "rating" in table.columns:
        table["rating"], _, notes = validation._implicit_feedback(table["rating"], None)
    elif "label" in table.columns:
        table["rating"] = np.where(table["label"] == 1, 5, 1)
        notes = ("implicit feedback: label 1 counts as rating 5, others as 1",)
    else:
        table["rating"] = 5
        notes = ("implicit feedback: there are no ratings, every row counts as 5",)
    if "timestamp" not in table.columns:
        table["timestamp"] = pd.to_datetime(np.arange(len(table)), unit="s")
    # The later of two ratings: in time, and of the same time the one further down.
    order = table["timestamp"].argsort(kind="stable").to_numpy()
    again = table.iloc[order].duplicated(["user_id", "item_id"], keep="last").to_numpy()
    others = [column for column in table.columns if column not in RATING_COLUMNS]
    return table.iloc[np.sort(order[~again])][[*RATING_COLUMNS, *others]], notes


def _array(path: Path) -> NDArray[np.float64]:
    if not path.is_file():
        raise FileNotFoundError(f"{path.name}: there is no such file, or it is no regular one")
    try:
        values = np.load(path, allow_pickle=False)
        if values.ndim != 2 or values.dtype.kind not in "fiu":
            raise ValueError(f"shape {values.shape} of {values.dtype}, expected (n_items, d)")
    except (ValueError, EOFError, AttributeError, MemoryError) as error:  # of an archive, a header
        raise ValueError(
            f"{path.name}: not a plain array of numbers ({error}); arrays of Python objects are"
            " never loaded, because loading would run what they hold"
        ) from None
    return np.asarray(values, dtype=np.float64)


def _block(
    modality: str, values: NDArray[np.float64], items: pd.DataFrame, name: str
) -> FeatureBlock:
    ids = pd.Index(map(str, range(len(values))))
    if set(ids) != set(items.index):
        raise ValueError(
            f"{name}: {len(values)} rows, but {len(items)} items; row 0 is that of the item with"
            " the id 0, and so on"
        )
    finite = np.isfinite(values).all(axis=1)
    return FeatureBlock(
        modality=modality,
        item_ids=ids,
        values=values,
        present=finite & (values != 0).any(axis=1),
        names=tuple(f"{modality}{column}" for column in range(values.shape[1])),
        reasons=dict.fromkeys(ids[~finite].tolist(), "a number is missing"),
    ).align(items.index)
