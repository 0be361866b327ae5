"""The door: ratings and items are checked once, and what is wrong is named with its place.

In: a DataFrame, from a file or from anywhere. Out: a clean copy, or a ValueError.

Notebook: 01_the_catalogue
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

__all__ = ["check_items", "check_ratings", "read_table"]

RATING_COLUMNS = ("user_id", "item_id", "rating", "timestamp")


def read_table(path: Path, *, required: tuple[str, ...]) -> pd.DataFrame:
    """Read a UTF-8 CSV with these columns, every cell as text, empty cells as missing.

    Parameters
    ----------
    path
        The file.
    required
        Columns that must be there; others are kept.

    Returns
    -------
    DataFrame of strings, in file order, indexed 0, 1, ….

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty, is not UTF-8 (line named), is not a CSV, or lacks a column.

    Notebook: 01_the_catalogue
    """
    try:
        raw = path.read_bytes()
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path.name}: line {line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the"
            " file as UTF-8"
        ) from None
    try:
        table = pd.read_csv(
            path, dtype="string", encoding="utf-8-sig", keep_default_na=False, na_values=[""]
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{path.name}: not a CSV table: {error}") from None
    for column in required:
        if column not in table.columns:
            raise ValueError(
                f"{path.name}: column {column!r} is missing; it has {list(table.columns)}"
            )
    return table


def _first(bad: Any) -> int | None:
    """Position of the first True, or None."""
    where = np.flatnonzero(np.asarray(bad))
    return int(where[0]) if len(where) else None


def check_ratings(
    ratings: pd.DataFrame,
    *,
    items: Any | None = None,
    scale: tuple[float, float] | None = (1, 5),
    name: str = "ratings",
) -> pd.DataFrame:
    """A clean copy of a ratings table, or an error that names row, column and value.

    Rows are numbered as in a file: the header is row 1, the first rating row 2.

    Parameters
    ----------
    ratings
        user_id, item_id, rating, timestamp, as text or already parsed; other columns kept.
        Times are ISO 8601 (``2024-05-01 10:20:30``), datetimes, or Unix seconds.
    items
        Known item ids; anything else is an error. None: any id will do.
    scale
        Lowest and highest rating; None: any finite number.
    name
        What to call the table in messages, say the file's name.

    Returns
    -------
    DataFrame with rating float64 (int64 where all are whole) and timestamp datetime64.

    Raises
    ------
    ValueError
        For a missing column, a missing id, a rating that is no number, NaN, infinite or off
        the scale, a time that cannot be read, an unknown item, a pair rated twice.

    Notebook: 01_the_catalogue

    Examples
    --------
    >>> table = pd.DataFrame({"user_id": ["u1"], "item_id": ["t1"], "rating": [9],
    ...                       "timestamp": ["2024-05-01"]})
    >>> check_ratings(table)
    Traceback (most recent call last):
    ...
    ValueError: ratings: row 2, column 'rating': 9 is outside 1–5
    """

    def fail(row: int, column: str, problem: str) -> None:
        raise ValueError(f"{name}: row {row + 2}, column {column!r}: {problem}")

    for column in RATING_COLUMNS:
        if column not in ratings.columns:
            raise ValueError(
                f"{name}: column {column!r} is missing; it has {list(ratings.columns)}"
            )
    table = ratings.copy()
    for column in ("user_id", "item_id"):
        if (row := _first(table[column].isna())) is not None:
            fail(row, column, "is missing")

    given = table["rating"]
    rating = pd.to_numeric(given, errors="coerce").astype("float64")
    if (row := _first(~np.isfinite(rating.to_numpy()))) is not None:
        fail(row, "rating", f"{given.iloc[row]} is not a number")
    if scale is not None:
        low, high = scale
        if (row := _first((rating < low) | (rating > high))) is not None:
            fail(row, "rating", f"{given.iloc[row]} is outside {low:g}–{high:g}")
    whole = bool((rating == np.round(rating)).all())
    table["rating"] = rating.astype("int64") if whole else rating

    given = table["timestamp"]
    if is_datetime64_any_dtype(given.dtype):
        time = given
    else:
        seconds = given if is_numeric_dtype(given.dtype) else pd.to_numeric(given, errors="coerce")
        if seconds.notna().all():
            time = pd.to_datetime(seconds.astype("float64"), unit="s", errors="coerce")
        else:
            time = pd.to_datetime(given, format="ISO8601", errors="coerce")
    if (row := _first(time.isna())) is not None:
        fail(row, "timestamp", f"{given.iloc[row]!r} is not a time such as 2024-05-01 10:20:30")
    table["timestamp"] = time

    if items is not None and (row := _first(~table["item_id"].isin(items))) is not None:
        fail(row, "item_id", f"{table['item_id'].iloc[row]!r} is not among the items")
    repeated = table.duplicated(["user_id", "item_id"])
    if (row := _first(repeated)) is not None:
        user, item = table.loc[table.index[row], ["user_id", "item_id"]]
        same = (table["user_id"] == user) & (table["item_id"] == item)
        fail(row, "item_id", f"user {user!r} has rated {item!r} before, in row {_first(same) + 2}")  # type: ignore[operator]
    return table


def check_items(items: pd.DataFrame, *, name: str = "items") -> pd.DataFrame:
    """Items indexed by their id, or an error that names the row.

    Parameters
    ----------
    items
        A column item_id and any others.
    name
        What to call the table in messages.

    Returns
    -------
    DataFrame indexed by item_id, order kept.

    Raises
    ------
    ValueError
        If item_id is missing, as a column or in a row, or occurs twice.

    Notebook: 01_the_catalogue
    """
    if "item_id" not in items.columns:
        raise ValueError(f"{name}: column 'item_id' is missing; it has {list(items.columns)}")
    if (row := _first(items["item_id"].isna())) is not None:
        raise ValueError(f"{name}: row {row + 2}, column 'item_id': is missing")
    if (row := _first(items["item_id"].duplicated())) is not None:
        value = items["item_id"].iloc[row]
        before = _first(items["item_id"] == value)
        assert before is not None
        raise ValueError(
            f"{name}: row {row + 2}, column 'item_id': {value!r} occurs before, in row {before + 2}"
        )
    return items.set_index("item_id")
