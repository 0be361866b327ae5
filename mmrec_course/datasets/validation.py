"""The door: ratings and items are checked once, and what is wrong is named with its place.

In: a CSV file, or a DataFrame from anywhere. Out: a clean copy, or a ValueError.
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
from pandas.api.types import (
    infer_dtype,
    is_datetime64_any_dtype,
    is_hashable,
    is_numeric_dtype,
)

__all__ = ["check_items", "check_ratings", "check_users", "read_table"]

RATING_COLUMNS = ("user_id", "item_id", "rating", "timestamp")
LONGEST_CELL = 2**30
# What must not be in a cell: NUL, and the stand-ins that Python decodes broken bytes to.
FOREIGN = re.compile("[\0\udc80-\udcff]")
# Numbers of Unix time tell their unit by their size: each bound is March 1973 in its unit, and
# the year 5138 in the unit before.
UNITS = {"s": 0.0, "ms": 1e11, "us": 1e14, "ns": 1e17}
# Dates written as one number: digits → format.
DATES = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
KINDS = {"string": "text", "integer": "numbers", "floating": "numbers"}


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


def _shown(value: Any) -> str:
    """A cell as its owner would write it: 'text' in quotes, 1 and not np.int64(1)."""
    return repr(value) if isinstance(value, str | bytes) else str(value)


def _check_frame(table: Any, columns: tuple[str, ...], name: str) -> None:
    """Refuse anything but a DataFrame with these columns, each once."""
    if isinstance(table, pd.DataFrame):
        return _check_columns(table.columns, columns, name)
    if hasattr(table, "to_pandas"):
        remedy = "call its to_pandas()"
    elif isinstance(table, str | Path):
        remedy = "read the file first, as with pd.read_csv"
    else:
        remedy = "make one, as with pd.DataFrame"
    wanted = f"a DataFrame with {', '.join(columns)}" if columns else "a DataFrame"
    raise TypeError(f"{name}: {type(table).__name__}, expected {wanted}; {remedy}")


def _kind(ids: Any) -> str:
    """Whether ids are "text" or "numbers"; "" of a mixture."""
    index = pd.Index(ids)
    return KINDS.get(infer_dtype(getattr(index, "categories", index), skipna=True), "")


def _other_kind(given: Any, known: Any) -> str:
    """The remedy, to be appended to a message, where text ids meet numbers; else ""."""
    if not len(given) or not len(known):
        return ""
    ours, theirs = _kind(given), _kind(known)
    if not ours or not theirs or ours == theirs:
        return ""
    example, other = (_shown(pd.Index(ids)[0]) for ids in (given, known))
    return (
        f"; the ids given are {ours} ({example}), the known ids are {theirs} ({other}): convert"
        f" one side, as with .astype({'str' if theirs == 'text' else 'int'})"
    )


def _numbered(table: pd.DataFrame, column: str, name: str) -> NDArray[np.int64]:
    """(n,) the same number for the same id; a row without a usable id is refused."""
    try:
        number, ids = pd.factorize(table[column])
    except TypeError:  # a list or a dict in a cell
        odd = _first([not is_hashable(value) for value in table[column]]) or 0
        problem = f"{table[column].iloc[odd]!r}: an id is text or a whole number"
        _refuse(table, odd, column, problem, name)
    blank = number < 0
    if not is_numeric_dtype(ids.dtype):
        blank |= (ids.astype(str).str.strip() == "")[number]
    if (row := _first(blank)) is not None:
        _refuse(table, row, column, f"{_shown(table[column].iloc[row])}: the id is missing", name)
    if ids.dtype.kind in "uO":
        large = [isinstance(i, int | np.integer) and not -(2**63) <= i < 2**63 for i in ids]
        if (row := _first(np.array(large, dtype=bool)[number])) is not None:
            value = table[column].iloc[row]
            problem = f"{value} does not fit 64 bits with a sign; make the ids text: .astype(str)"
            _refuse(table, row, column, problem, name)
    return np.asarray(number, dtype=np.int64)


def _times(
    table: pd.DataFrame, column: str, name: str, *, seconds: bool = True, optional: bool = False
) -> Any:
    """A column of times as datetime64[us] in UTC, without a zone: :func:`check_ratings` says how.

    ``seconds``: numbers count from 1970, and years lie between 1900 and 2100. ``optional``: a
    cell may be empty.
    """
    given = table[column]
    if isinstance(given.dtype, pd.CategoricalDtype):
        given = given.astype(given.cat.categories.dtype)
    if isinstance(given.dtype, pd.PeriodDtype):
        given = given.dt.to_timestamp()
    elif given.dtype.kind == "O":
        given = given.mask(given.astype("string").str.strip().eq("").fillna(False))
    years = (1900, 2100) if seconds else (1, 9999)
    if is_datetime64_any_dtype(given.dtype):
        times, like = pd.to_datetime(given, utc=True), f" of the years {years[0]} to {years[1]}"
        if times.dt.nanosecond.any() and (times.dt.year == 1970).all():
            times = times.where(times.dt.nanosecond == 0)
            like = " of a rating; were numbers read as nanoseconds? pd.to_datetime(…, unit='s')"
    elif given.dtype.kind in "bmc":
        times, like = pd.Series(pd.NaT, given.index).dt.tz_localize("UTC"), ""
    else:
        times, like = _read_times(given, seconds, years)
    bad = times.isna() | ~times.dt.year.between(*years)
    if (row := _first(bad & given.notna() if optional else bad)) is not None:
        value = given.iloc[row]
        if pd.isna(value):
            like = "; fill it in or leave the row out"
        _refuse(table, row, column, f"{_shown(value)} is not a time{like}", name)
    return times.dt.tz_localize(None).dt.as_unit("us")


def _read_times(given: pd.Series, seconds: bool, years: tuple[int, int]) -> tuple[Any, str]:
    """Times in UTC of a column of numbers or text, NaT where a cell is none; and what is one."""
    if given.dtype.kind == "f" and (given.isna() | (given % 1 == 0)).all():
        given = given.astype("Int64")  # 2024, not 2024.0
    text = given.astype("string").str.strip()

    def as_numbers() -> tuple[Any, str]:
        number = given if is_numeric_dtype(given.dtype) else pd.to_numeric(text, errors="coerce")
        return _from_numbers(number.replace([np.inf, -np.inf], np.nan))

    def as_text() -> tuple[Any, str]:
        # pandas would read "now" and "today".
        begun = text.where(text.str.match(r"\d"))
        times = pd.to_datetime(begun, format="ISO8601", errors="coerce", utc=True)
        example = f"2024-05-01{' 10:20:30' if seconds else ''}"
        return times, f" such as {example}; convert others with pd.to_datetime(…, format=…)"

    if not seconds:
        return as_text()
    # Reading text as numbers is slow; the first cell says what to try first.
    first = pd.to_numeric(text.dropna().iloc[:1], errors="coerce").notna().all()
    ways = [as_numbers, as_text] if first else [as_text, as_numbers]
    read = []
    for way in ways:
        read.append(way())
        if not (read[-1][0].isna() & given.notna()).any():
            return read[-1]
    return min(read, key=lambda result: int(result[0].isna().sum()))


def _from_numbers(number: pd.Series) -> tuple[Any, str]:
    """Times in UTC of numbers that are all Unix times of one unit, or all dates of one form."""
    for digits, form in DATES.items():
        inside = number.between(19000101 * 10 ** (digits - 8), 2101 * 10 ** (digits - 4) - 1)
        if inside.sum() * 2 <= number.notna().sum():
            continue
        whole = number.where(inside & (number % 1 == 0)).astype("Int64").astype("string")
        times = pd.to_datetime(whole, format=form, errors="coerce", utc=True)
        if digits != 10:
            return times, f" such as {form.replace('%', '')}, which most others are"
        if times.notna().all():
            doubt = ": Unix seconds after 2030, or a date and its hour? write 2024-05-01 10:00"
            return times.mask(times.notna()), doubt
    size = number.astype("float64").abs()
    unit = np.searchsorted(list(UNITS.values()), size, side="right") - 1
    usual = int(np.bincount(unit[number.notna()], minlength=1).argmax())
    odd = pd.Series(unit != usual, number.index)
    # 0 and −1 stand for "no time" among times of the present.
    none = number.isin([0, -1])
    if usual == 0 and not none.all() and (size[~none] >= 1e8).all():
        odd |= none
    code = list(UNITS)[usual]
    times = pd.to_datetime(number.mask(odd), unit=code, errors="coerce", utc=True)
    return times, f" of the years 1900 to 2100 in Unix time, unit {code!r}, which the others are"


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
        Times are ISO 8601 (``2024-05-01 10:20:30``), datetimes, or numbers, also as text; where
        a time has a zone it is turned into UTC, without one it counts as UTC.
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
        For a missing or doubled column, a missing id or one beyond 64 bits, a rating that is no
        number, NaN, infinite or off the scale, a time that cannot be read, an unknown item or
        user, a pair rated twice.
    TypeError
        If ``ratings`` is no DataFrame.

    Notes
    -----
    *Times as numbers.* A number of 8 digits is a date, 20240501, one of 12 or 14 digits has its
    hour, minute (and second) too. All others are Unix time, whose unit follows from the size:
    seconds below 10¹¹, then milliseconds below 10¹⁴, microseconds below 10¹⁷, nanoseconds. A
    column has one form; a number of another one is refused. 0, 1, 2, … are an order, in seconds
    from 1970; so are years alone. Times lie between 1900 and 2100.

    Examples
    --------
    >>> table = pd.DataFrame({"user_id": ["u1"], "item_id": ["t1"], "rating": [9],
    ...                       "timestamp": ["2024-05-01"]})
    >>> check_ratings(table)
    Traceback (most recent call last):
    ...
    ValueError: ratings: row 2, column 'rating': 9 is outside 1–5
    """
    _check_frame(ratings, RATING_COLUMNS, name)
    table = ratings.copy()
    user = _numbered(table, "user_id", name)
    item = _numbered(table, "item_id", name)
    for column, number in (("user_id", user), ("item_id", item)):
        # Equal ids become one object: from here on they are found several times as fast.
        first = np.flatnonzero(~pd.Index(number).duplicated())
        table[column] = table[column].array[first].take(number)

    given = table["rating"]
    if given.dtype.kind in "mMc" and len(given):
        _refuse(table, 0, "rating", f"{given.iloc[0]} is not a number", name)
    rating = pd.to_numeric(given, errors="coerce").astype("float64")
    if (row := _first(~np.isfinite(rating.to_numpy()))) is not None:
        _refuse(table, row, "rating", f"{given.iloc[row]} is not a number", name)
    if scale is not None:
        low, high = _check_scale(scale)
        off = (rating < low) | (rating > high)
        if (row := _first(off)) is not None:
            problem = f"{given.iloc[row]} is outside {low:g}–{high:g}"
            if off.all() and len(off) > 1:
                problem += f"; none fits: ratings are {rating.min():g} to {rating.max():g}"
            _refuse(table, row, "rating", problem, name)
    whole = bool((rating == np.round(rating)).all())
    table["rating"] = rating.astype("int64") if whole else rating
    table["timestamp"] = _times(table, "timestamp", name)

    for column, known, kind in (("item_id", items, "items"), ("user_id", users, "users")):
        if known is not None and (row := _first(~table[column].isin(known))) is not None:
            problem = f"{_shown(table[column].iloc[row])} is not among the {kind}"
            _refuse(table, row, column, problem + _other_kind(table[column], known), name)
    pair = user * (item.max(initial=0) + 1) + item
    if (row := _first(pd.Index(pair).duplicated())) is not None:
        who, what = table["user_id"].iloc[row], table["item_id"].iloc[row]
        before = _first(pair == pair[row])
        problem = (
            f"user {_shown(who)} has rated {_shown(what)} before, in row {_rows(table)[before]}"
        )
        _refuse(table, row, "item_id", problem, name)
    return table


def _check_scale(scale: Any) -> tuple[float, float]:
    try:
        low, high = map(float, scale)
    except (TypeError, ValueError):
        low = high = np.nan
    if isinstance(scale, str) or not low < high:
        raise ValueError(f"scale: {scale!r} is not (lowest, highest), such as (1, 5)")
    return low, high


def _implicit_feedback(
    rating: pd.Series, scale: tuple[float, float] | None
) -> tuple[pd.Series, tuple[float, float] | None, tuple[str, ...]]:
    """Ratings, their scale and a note, of a column that may say yes (or yes and no) alone.

    One value above 0 in all of several rows, or 1 in all, becomes the highest rating; 1 beside 0
    or −1 the highest, the other the lowest. Any other column is returned as it is.
    """
    number = pd.to_numeric(rating, errors="coerce").astype("float64")
    low, high = (1.0, 5.0) if scale is None else _check_scale(scale)
    values = set(number.unique())
    best, worst = (5.0, 1.0) if high <= 1 else (high, low)
    value = min(values, default=np.nan)
    if values == {1} or (
        len(values) == 1
        and len(rating) > 1
        and value > 0
        and (scale is None or low <= value < high)
    ):
        best = max(best, value) if scale is None else best
        if value == best:
            return rating, scale, ()
        number = pd.Series(best, index=rating.index)
        note = f"implicit feedback: every rating is {value:g} and counts as {best:g}"
    elif values in ({0, 1}, {-1, 1}) and not (scale is not None and low <= 0 and high > 1):
        number = number.map({1: best, value: worst})
        note = f"implicit feedback: rating 1 counts as {best:g}, {value:g} as {worst:g}"
    else:
        return rating, scale, ()
    return number, (worst, best), (note,)


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
    """
    return _by_id(items, "item_id", dates, name)


def check_users(users: pd.DataFrame, *, name: str = "users") -> pd.DataFrame:
    """Listeners indexed by user_id, with the date they joined; as :func:`check_items`.

    Parameters
    ----------
    users
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
    """
    return _by_id(users, "user_id", ("joined",), name)


def _by_id(table: pd.DataFrame, key: str, dates: tuple[str, ...], name: str) -> pd.DataFrame:
    """The table indexed by unique ids."""
    _check_frame(table, (key,), name)
    table = table.copy()
    _numbered(table, key, name)
    if (row := _first(table[key].duplicated())) is not None:
        value = table[key].iloc[row]
        before = _rows(table)[_first(table[key] == value)]
        _refuse(table, row, key, f"{_shown(value)} occurs before, in row {before}", name)
    for column in dates:
        if column in table.columns:
            table[column] = _times(table, column, name, seconds=False, optional=True)
    return table.set_index(key)
