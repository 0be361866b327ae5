"""A catalogue of your own: a folder with a table, and the media that the table lists.

In: a folder with items.csv, its pictures and sounds, and ratings.csv if there is one. Out: a
Dataset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from mmrec_course.datasets.dataset import MODALITIES, Dataset
from mmrec_course.datasets.mosaic import locate_media
from mmrec_course.datasets.validation import (
    _implicit_feedback,
    check_items,
    check_ratings,
    read_table,
)

__all__ = ["load_folder"]


def load_folder(
    path: str | Path,
    *,
    item_id: str | None = None,
    title: str | None = None,
    text: str | None = None,
    image: str | None = None,
    audio: str | None = None,
    user_id: str | None = None,
    rating: str | None = None,
    timestamp: str | None = None,
    separator: str = ",",
    scale: tuple[float, float] | None = (1, 5),
) -> Dataset:
    """Read a folder of your own: items.csv, the media it lists, and ratings.csv if there is one.

    The least that works is an items.csv with a column item_id and one of text, image, audio.
    Tables are CSV in UTF-8 (a byte order mark is all right), commas between cells, quotes
    around a cell that holds a comma or a line break.

    Parameters
    ----------
    path
        The folder.
    item_id, title, text, image, audio
        What these columns of items.csv are called there, if not so. Cells of image and audio
        hold paths relative to the folder, with ``/`` between names, and lead to files inside
        it; an empty cell means that the item has no such thing. All but item_id may be
        missing, and one column may serve several: item_id="file", image="file". Any other
        column is kept under its name, as text.
    user_id, rating, timestamp
        What these columns of ratings.csv are called, if not so. The items' ids have the name
        that item_id gives in both tables.
    separator
        Between cells, of both tables; ";" for a table that a spreadsheet saved where the comma
        is a decimal point. Decimal commas are not read.
    scale
        Lowest and highest rating allowed; None for any number. Implicit feedback may lie
        outside it: see below.

    Returns
    -------
    Dataset. Its columns have the names of the course whatever they were called. A missing title
    is the item's id. Media that are listed and cannot be used (missing, empty, outside the
    folder by ``..``, an absolute path or a link, of another kind) are ``<NA>`` in
    ``items`` and have a row in ``problems``, as with :func:`load_mosaic`; they never stop a
    catalogue. Without ratings.csv, ``ratings`` has its four columns, their types and no row.

    *Implicit feedback.* Where all ratings are 1, or several rows have one and the same rating,
    each counts as the highest rating of the scale. Where they are 0 and 1 alone (or −1 and 1), 1
    counts as the highest and the other as the lowest, unless the scale goes from 0 or less to
    more than 1. Without a scale, or with one that ends at 1, these are 5 and 1. ``notes`` says
    what was done.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no items.csv in it.
    ValueError
        If a table is malformed, is empty, lacks a column that is needed or was named, has an id
        twice or none, or holds a rating of an unknown item; file, row, column and value are
        named.

    Notebook: 02_preprocessing

    Examples
    --------
    Thirty photographs, and nothing else known about them than their names:

    >>> import tempfile
    >>> import cv2, numpy as np
    >>> folder = Path(tempfile.mkdtemp())
    >>> for i in range(30):
    ...     _ = cv2.imwrite(str(folder / f"photo{i}.jpg"), np.full((24, 32, 3), 8 * i, np.uint8))
    >>> files = sorted(file.name for file in folder.glob("*.jpg"))
    >>> table = pd.DataFrame({"item_id": [file[:-4] for file in files], "image": files})
    >>> table.to_csv(folder / "items.csv", index=False)
    >>> load_folder(folder)
    Dataset(30 items, 0 ratings; with image 30)

    A table that speaks of something else:

    >>> table.columns = ["sku", "photo"]
    >>> table.to_csv(folder / "items.csv", index=False, sep=";")
    >>> ds = load_folder(folder, item_id="sku", image="photo", separator=";")
    >>> ds.items.loc["photo0", "title"], ds.modalities
    ('photo0', ('image',))
    """
    folder = Path(path)
    if not folder.is_dir():
        kind = "a file; pass the folder it is in" if folder.exists() else "not there"
        raise FileNotFoundError(f"path: {str(path)!r} is {kind}")
    called = {"item_id": item_id, "title": title, "text": text, "image": image, "audio": audio}
    items = _read(folder / "items.csv", called, ("item_id",), separator)
    if not set(MODALITIES) & set(items.columns):
        raise ValueError(
            f"items.csv: row 1: none of the columns {list(items.columns)} is text, image or"
            " audio; say what they are called, as in load_folder(path, image='photo')"
        )
    with _own_names(called):
        items = check_items(items, dates=(), name="items.csv")
    if "title" not in items.columns:
        items.insert(0, "title", pd.array([pd.NA] * len(items), dtype="string"))
    items["title"] = items["title"].fillna(items.index.to_series())

    called = {"item_id": item_id, "user_id": user_id, "rating": rating, "timestamp": timestamp}
    ratings = _no_ratings(items.index)
    notes: tuple[str, ...] = ()
    if (folder / "ratings.csv").exists():
        table = _read(folder / "ratings.csv", called, tuple(called), separator)
        table["rating"], scale, notes = _implicit_feedback(table["rating"], scale)
        with _own_names(called):
            ratings = check_ratings(table, items=items.index, scale=scale, name="ratings.csv")
        ratings = ratings.reset_index(drop=True)
    elif given := [f"{name}={value!r}" for name, value in list(called.items())[1:] if value]:
        raise FileNotFoundError(f"ratings.csv: no such file in {folder.name!r}, but {given[0]}")
    items, problems = locate_media(items, folder)
    return Dataset(
        ratings=ratings, items=items, problems=problems, folder=folder.resolve(), notes=notes
    )


def _read(
    path: Path, called: Mapping[str, str | None], needed: tuple[str, ...], separator: str
) -> pd.DataFrame:
    """A table whose columns have the course's names."""
    named = [value for name, value in called.items() if value]
    required = tuple(dict.fromkeys([called[name] or name for name in needed] + named))
    table = read_table(path, required=required, separator=separator)
    for name, value in called.items():
        if value and value != name and name in table.columns and name not in named:
            raise ValueError(
                f"{path.name}: row 1: column {name!r} is in the way of {value!r}, which is to be"
                f" read as {name!r}; rename one of them"
            )
    roles = {name: value or name for name, value in called.items()}
    columns: dict[str, pd.Series] = {}
    for column in table.columns:
        names = [name for name, source in roles.items() if source == column]
        columns |= dict.fromkeys(names or [column], table[column])
    return pd.DataFrame(columns)


@contextmanager
def _own_names(called: Mapping[str, str | None]) -> Iterator[None]:
    """Errors name a column as its file does."""
    try:
        yield
    except ValueError as error:
        message = str(error)
        for name, value in called.items():
            message = message.replace(f"column {name!r}", f"column {value or name!r}", 1)
        raise ValueError(message) from None


def _no_ratings(item_ids: pd.Index) -> pd.DataFrame:
    """No ratings, in columns of the types that some would have."""
    return pd.DataFrame(
        {
            "user_id": pd.array([], dtype="string"),
            "item_id": pd.Series([], dtype=item_ids.dtype),
            "rating": pd.Series([], dtype="int64"),
            "timestamp": pd.Series([], dtype="datetime64[us]"),
        }
    )
