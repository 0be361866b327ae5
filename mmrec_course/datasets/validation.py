"""The door: ratings and items are checked once, and what is wrong is named with its place.

In: a CSV file, or a DataFrame from anywhere. Out: a clean copy, or a ValueError.

Notebook: 01_the_catalogue
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

__all__ = ["check_items", "check_listeners", "check_ratings", "read_table"]

RATING_COLUMNS = ("user_id", "item_id", "rating", "timestamp")
LONGEST_CELL = 2**30
# What must not be in a cell: NUL, and the stand-ins that Python decodes broken bytes to.
FOREIGN = re.compile("[\0\udc80-\udcff]")


def read_table(path: Path, *, required: tuple[str, ...], separator: str = ",") -> pd.DataFrame:
    """Read a UTF-8 CSV with these columns, every cell as text, blank cells as missing.

    A byte order mark, Windows line ends, blank lines and line breaks inside quoted cells are
    all right.

    Parameters
    ----------
    path
        The file.
    required
        Columns that must be there; others are kept.
    separator
        The character between cells.

    Returns
    -------
    DataFrame of strings in file order. Its index, named "row", is the line of the file on
    which each row begins (the header is on line 1); the checks below report it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty or has no row below its header, has a cell that is not UTF-8 or
        holds a NUL byte, is not a CSV, has a row longer or shorter than its header, or lacks a
        column or has it twice. Row, column and value are named; where another separator
        would have found the columns, that is said.

    Notebook: 01_the_catalogue
    """
    name = path.name
    if len(separator) != 1 or separator in '"\r\n':
        raise ValueError(f"separator: {separator!r} is not one character such as ',' or ';'")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{name}: no such file in folder {path.parent.name!r}") from None
    except OSError as error:
        raise ValueError(f"{name}: cannot be read ({error.strerror})") from None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError(f"{name}: row 1: the file is UTF-16; save it as CSV in UTF-8")
    text = raw.decode("utf-8-sig", errors="surrogateescape")
    rows, lines = _records(text, name, separator)
    if not rows:
        raise ValueError(f"{name}: row 1: the file is empty; its header should name {required}")
    header = rows[0]
    if FOREIGN.search(text):
        _refuse_foreign_bytes(rows, lines, name)
    _check_separator(header, required, name, separator)
    _check_columns(header, required, name)
    mark = "comma" if separator == "," else repr(separator)
    for cells, line in zip(rows, lines, strict=True):
        if len(cells) != len(header):
            raise ValueError(
                f"{name}: row {line}: {len(cells)} cells, but the header has {len(header)}; the"
                f" last is {cells[-1]!r}; put quotes around a cell that holds a {mark}"
            )
    if len(rows) == 1:
        raise ValueError(f"{name}: row 2: there is nothing below the header")
    columns = zip(*rows[1:], strict=True)
    return pd.DataFrame(
        {
            column: pd.array([cell if cell.strip() else None for cell in cells], dtype="string")
            for column, cells in zip(header, columns, strict=True)
        },
        index=pd.Index(lines[1:], name="row"),
    )


def _check_separator(
    header: list[str], required: tuple[str, ...], name: str, separator: str
) -> None:
    """Say so where a table is cut at another character than we cut it."""
    if len(header) > 1 or header[0] in required:
        return
    for other in {",", ";", "\t", "|"} - {separator}:
        if set(required) <= set(header[0].replace('"', "").split(other)):
            raise ValueError(
                f"{name}: row 1: {header[0]!r} is one cell; the table seems to have {other!r}"
                f" between cells, not {separator!r}"
            )


def _records(text: str, name: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """The rows of a CSV and the line on which each begins; blank lines are left out."""
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        for cells in reader:
            if cells:
                rows.append(cells)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{name}: row {line}: not a CSV table: {error}") from None
    finally:
        csv.field_size_limit(before)
    return rows, lines


def _refuse_foreign_bytes(rows: list[list[str]], lines: list[int], name: str) -> None:
    """Name the first cell with a NUL or with bytes that are not UTF-8."""
    for cells, line in zip(rows, lines, strict=True):
        for place, cell in enumerate(cells):
            if found := FOREIGN.search(cell):
                column = rows[0][place] if line > lines[0] and place < len(rows[0]) else place + 1
                value = cell.encode("utf-8", errors="surrogateescape")
                if len(value) > 80:
                    value = value[:80] + b"..."
                problem = "holds a NUL byte" if found[0] == "\0" else "is not UTF-8"
                raise ValueError(
                    f"{name}: row {line}, column {column!r}: {value!r} {problem}; save the file"
                    " as CSV in UTF-8"
                )


def _check_columns(columns: Any, required: tuple[str, ...], name: str) -> None:
    """Refuse a table that lacks a column or has one twice."""
    has = list(columns)
    for column in has:
        if has.count(column) > 1:
            raise ValueError(f"{name}: row 1: column {column!r} is there twice; it has {has}")
    for column in required:
        if column not in has:
            raise ValueError(f"{name}: row 1: column {column!r} is missing; it has {has}")


def _first(bad: Any) -> int | None:
    """Position of the first True, or None."""
    where = np.flatnonzero(np.asarray(bad, dtype=bool))
    return int(where[0]) if len(where) else None


def _rows(table: pd.DataFrame) -> NDArray[Any]:
    """The rows' numbers in their file; in a table from elsewhere, as if under a header."""
    if table.index.name == "row":
        return np.asarray(table.index)
    return np.arange(len(table)) + 2


def _refuse(table: pd.DataFrame, row: int, column: str, problem: str, name: str) -> NoReturn:
    raise ValueError(f"{name}: row {_rows(table)[row]}, column {column!r}: {problem}")


def _numbered(table: pd.DataFrame, column: str, name: str) -> NDArray[np.int64]:
    """(n,) the same number for the same id; a row without an id is refused."""
    number, ids = pd.factorize(table[column])
    blank = number < 0
    if not is_numeric_dtype(ids.dtype):
        blank |= (ids.astype(str) == "")[number]
    if (row := _first(blank)) is not None:
        _refuse(table, row, column, f"{table[column].iloc[row]!r}: the id is missing", name)
    return np.asarray(number, dtype=np.int64)


def _times(table: pd.DataFrame, column: str, name: str, *, seconds: bool, optional: bool) -> Any:
    """A column of times as datetime64[us] in UTC, without a zone."""
    given = table[column]
    if is_datetime64_any_dtype(given.dtype):
        times = pd.to_datetime(given, utc=True)
    else:
        # Reading text as numbers is slow; the first row says whether there is any point in it.
        numeric = seconds and pd.to_numeric(given.iloc[:1], errors="coerce").notna().all()
        number = pd.to_numeric(given, errors="coerce").astype("float64") if numeric else None
        if number is not None and number.notna().all():
            times = pd.to_datetime(number, unit="s", errors="coerce", utc=True)
        else:
            times = pd.to_datetime(
                given.astype("string"), format="ISO8601", errors="coerce", utc=True
            )
    bad = times.isna() & given.notna() if optional else times.isna()
    if (row := _first(bad)) is not None:
        example = "2024-05-01 10:20:30" if seconds else "2024-05-01"
        _refuse(table, row, column, f"{given.iloc[row]!r} is not a time such as {example}", name)
    return times.dt.tz_localize(None).dt.as_unit("us")


def check_ratings(
    ratings: pd.DataFrame,
    *,
    items: Any | None = None,
    users: Any | None = None,
    scale: tuple[float, float] | None = (1, 5),
    name: str = "ratings",
) -> pd.DataFrame:
    """A clean copy of a ratings table, or an error that names row, column and value.

    Rows are numbered as in a file: the header is row 1, the first rating row 2.

    Parameters
    ----------
    ratings
        user_id, item_id, rating, timestamp, as text or already parsed; other columns kept.
        Times are ISO 8601 (``2024-05-01 10:20:30``), datetimes, or Unix seconds; where a time
        has a zone it is turned into UTC.
    items
        Known item ids; anything else is an error. None: any id will do.
    users
        Known user ids, likewise.
    scale
        Lowest and highest rating; None: any finite number.
    name
        What to call the table in messages, say the file's name.

    Returns
    -------
    DataFrame with rating float64 (int64 where all are whole) and timestamp datetime64[us].

    Raises
    ------
    ValueError
        For a missing or doubled column, a missing id, a rating that is no number, NaN, infinite
        or off the scale, a time that cannot be read, an unknown item or user, a pair rated
        twice.

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
    _check_columns(ratings.columns, RATING_COLUMNS, name)
    table = ratings.copy()
    user = _numbered(table, "user_id", name)
    item = _numbered(table, "item_id", name)
    for column, number in (("user_id", user), ("item_id", item)):
        # Equal ids become one object: from here on they are found several times as fast.
        first = np.flatnonzero(~pd.Index(number).duplicated())
        table[column] = table[column].array[first].take(number)

    given = table["rating"]
    rating = pd.to_numeric(given, errors="coerce").astype("float64")
    if (row := _first(~np.isfinite(rating.to_numpy()))) is not None:
        _refuse(table, row, "rating", f"{given.iloc[row]} is not a number", name)
    if scale is not None:
        low, high = scale
        if (row := _first((rating < low) | (rating > high))) is not None:
            problem = f"{given.iloc[row]} is outside {low:g}–{high:g}"
            _refuse(table, row, "rating", problem, name)
    whole = bool((rating == np.round(rating)).all())
    table["rating"] = rating.astype("int64") if whole else rating
    table["timestamp"] = _times(table, "timestamp", name, seconds=True, optional=False)

    for column, known, kind in (("item_id", items, "items"), ("user_id", users, "listeners")):
        if known is not None and (row := _first(~table[column].isin(known))) is not None:
            value = table[column].iloc[row]
            _refuse(table, row, column, f"{value!r} is not among the {kind}", name)
    pair = user * (item.max(initial=0) + 1) + item
    if (row := _first(pd.Index(pair).duplicated())) is not None:
        who, what = table["user_id"].iloc[row], table["item_id"].iloc[row]
        before = _first(pair == pair[row])
        problem = f"user {who!r} has rated {what!r} before, in row {_rows(table)[before]}"
        _refuse(table, row, "item_id", problem, name)
    return table


def check_items(
    items: pd.DataFrame, *, dates: tuple[str, ...] = ("released",), name: str = "items"
) -> pd.DataFrame:
    """Items indexed by their id, or an error that names row, column and value.

    Parameters
    ----------
    items
        A column item_id and any others.
    dates
        Columns to read as dates (ISO 8601), where they are there; an empty cell is no error.
    name
        What to call the table in messages.

    Returns
    -------
    DataFrame indexed by item_id, order kept; dates are datetime64[us].

    Raises
    ------
    ValueError
        If item_id is missing, as a column or in a row, or occurs twice; if a date cannot be
        read.

    Notebook: 01_the_catalogue
    """
    return _by_id(items, "item_id", dates, name)


def check_listeners(listeners: pd.DataFrame, *, name: str = "listeners") -> pd.DataFrame:
    """Listeners indexed by user_id, with the date they joined; as :func:`check_items`.

    Parameters
    ----------
    listeners
        A column user_id and any others; joined is read as a date.
    name
        What to call the table in messages.

    Returns
    -------
    DataFrame indexed by user_id, order kept.

    Raises
    ------
    ValueError
        As :func:`check_items`.

    Notebook: 01_the_catalogue
    """
    return _by_id(listeners, "user_id", ("joined",), name)


def _by_id(table: pd.DataFrame, key: str, dates: tuple[str, ...], name: str) -> pd.DataFrame:
    """The table indexed by unique ids."""
    _check_columns(table.columns, (key,), name)
    table = table.copy()
    _numbered(table, key, name)
    if (row := _first(table[key].duplicated())) is not None:
        value = table[key].iloc[row]
        before = _rows(table)[_first(table[key] == value)]
        _refuse(table, row, key, f"{value!r} occurs before, in row {before}", name)
    for column in dates:
        if column in table.columns:
            table[column] = _times(table, column, name, seconds=False, optional=True)
    return table.set_index(key)
