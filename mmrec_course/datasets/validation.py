"""Validate input tables and parameters; errors name file, row, column and value."""

from __future__ import annotations

import csv
import io
import unicodedata
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype, is_datetime64_any_dtype

RATING_COLUMNS = ("user_id", "item_id", "rating", "timestamp")
# Upper bounds of Unix times in seconds, milliseconds and so on: the year 5138.
UNITS = {"s": 1e11, "ms": 1e14, "us": 1e17, "ns": np.inf}
# 2024-05…, 20240501, 20240501T…, 202405011020 and 20240501102030
DATE = r"\d{4}-\d|\d{8}(?:T|\d{4}|\d{6}|$)"
# 31012024, 1022024, 310120241020, 202405, 20243101 and 2024050110, which is also a second of 2034
Y, M, D = r"(?:19|20)\d\d", "(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
OTHER_DATE = rf"(?:{D}{M}|{M}{D}){Y}(?:\d{{4}}|\d{{6}})?|00{Y}{M}|{Y}(?:{D}{M}|{M}{D}[0-2]\d)"
KINDS = {"string": "text", "integer": "numbers", "floating": "numbers", "mixed-integer": "mixed"}


def read_table(
    path: Path, *, required: tuple[str, ...] = (), separator: str = ",", quotes: bool = True
) -> pd.DataFrame:
    """Read a table in UTF-8: every cell a string, blank cells missing, blank lines left out.

    The index, named "row", is the line of the file on which each row begins, for messages.
    (`pd.read_csv` would fill up rows that are too short, as in a file cut off, in silence.)
    """
    if not path.is_file():  # reading a pipe would wait for ever
        raise FileNotFoundError(f"{path}: there is no such file, or it is no regular one")
    raw, line = path.read_bytes(), 1
    cells: list[Any] = []  # of all rows, one after the other
    lengths, lines = [], []
    csv.field_size_limit(2**30)  # characters in a cell: some texts are long

    def wrong(row: int, problem: str) -> ValueError:
        return ValueError(f"{path.name}: row {row}: {problem}")

    try:
        text = io.StringIO(raw.decode().lstrip("\ufeff"), newline="")
        quoting: Any = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
        reader = csv.reader(text, delimiter=separator, quoting=quoting, strict=True)
        for row in reader:
            if row:
                cells += row
                lengths.append(len(row))
                lines.append(line)
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n")
        shown = raw.splitlines()[line][:80]
        raise wrong(line + 1, f"{shown!r} is not UTF-8; save the file as CSV in UTF-8") from None
    except csv.Error as error:
        raise wrong(line, f"not a CSV table: {error}") from None
    if not lines:
        raise wrong(1, "the file is empty")
    names = [name.strip() for name in cells[: lengths[0]]]
    for other in {",", ";", "\t", "|"} - {separator}:
        if required and names[0] not in required and {*required} <= {*names[0].split(other)}:
            seems = f"the table seems to have {other!r} between cells, not {separator!r}"
            raise wrong(1, f"{_shown(names[0])} is one cell; {seems}")
    for length, line in zip(lengths, lines, strict=True):
        if length != len(names):
            remedy = f"cells are separated by {separator!r}" + ", or quoted" * quotes
            raise wrong(line, f"{length} cells, expected {len(names)}; {remedy}")
    if len(lines) < 2:
        raise wrong(2, "there is nothing below the header")
    _check_frame(pd.DataFrame(columns=names), required, path.name)
    cells = [cell if cell.strip() else None for cell in cells]
    table = {name: cells[len(names) + j :: len(names)] for j, name in enumerate(names)}
    return pd.DataFrame(table, pd.Index(lines[1:], name="row"), dtype="string")


def check_ratings(
    ratings: pd.DataFrame,
    *,
    items: Any | None = None,
    users: Any | None = None,
    scale: tuple[float, float] | None = (1, 5),
    name: str = "ratings",
) -> pd.DataFrame:
    """Return a clean copy of a table user_id, item_id, rating, timestamp, … of text or values.

    Times are ISO 8601, datetimes, dates as numbers (20240501, 202405011020, 20240501102030) or
    Unix times, in seconds to nanoseconds by their size; all in one form, of the years 1900 to
    2100. 0, 1, 2, … are an order, in seconds from 1970. Without a zone they count as UTC. Two ids
    that differ only in blanks, Unicode form or type are refused. ``items`` and ``users`` are the
    known ids, ``scale`` the lowest and highest rating; None is any. Messages call the table
    ``name`` and count rows as in a file: the first is row 2. The copy has rating float64 (int64
    where all are whole) and timestamp datetime64[us] in UTC.
    """
    _check_frame(ratings, RATING_COLUMNS, name)
    table = ratings.copy()
    user = _id_codes(table, "user_id", name)
    item = _id_codes(table, "item_id", name)
    given = table["rating"]
    given = given.astype("string") if given.dtype.kind in "mMcO" else given  # a time, 1j, 10**400
    rating = pd.to_numeric(given, errors="coerce").astype("float64").to_numpy()
    _refuse(table, "rating", ~np.isfinite(rating), "{} is not a number", name)
    whole = bool((rating == np.round(rating)).all())
    table["rating"] = rating.astype("int64") if whole else rating
    if scale is not None:
        bounds = np.asarray(scale)
        if bounds.shape != (2,) or bounds.dtype.kind not in "iuf" or not bounds[0] < bounds[1]:
            raise ValueError(f"scale: {scale!r} is not (lowest, highest), such as (1, 5)")
        low, high = bounds
        problem = f"{{}} is outside {low:g}–{high:g}"
        _refuse(table, "rating", (rating < low) | (rating > high), problem, name)
    table["timestamp"] = _times(table, "timestamp", name)
    _refuse_unknown(table, "item_id", items, name)
    _refuse_unknown(table, "user_id", users, name)
    pair = user * (item.max(initial=0) + 1) + item
    _refuse_again(table, "item_id", pair, "the same user has rated {} before", name)
    return table


def check_ids(
    table: pd.DataFrame, key: str, *, dates: tuple[str, ...] = (), name: str | None = None
) -> pd.DataFrame:
    """Return a copy indexed by ``key``, whose ids are unique, with the columns ``dates`` read."""
    name = name or key.replace("_id", "s")
    _check_frame(table, (key,), name)
    table = table.copy()
    _refuse_again(table, key, _id_codes(table, key, name), "{} occurs before", name)
    for column in dates:
        table[column] = _times(table, column, name, dates=True)
    return table.set_index(key)


def _is_number(value: Any, kind: type = Real) -> bool:
    """Whether a parameter is a number; True and False are none."""
    return isinstance(value, kind) and not isinstance(value, bool)


def _check_count(name: str, value: Any, least: int = 1) -> None:
    """Refuse a parameter that is no whole number, or too small."""
    if not _is_number(value, Integral) or value < least:
        raise ValueError(f"{name}: {value!r} is not a whole number of at least {least}")


def _check_finite(name: str, value: Any, *, above: bool = False) -> None:
    """Refuse a parameter that is no finite number of at least 0, or above 0."""
    if not _is_number(value) or not 0 <= value < np.inf or (above and value == 0):
        least = "above" if above else "of at least"
        raise ValueError(f"{name}: {value!r} is not a finite number {least} 0")


def _implicit_feedback(
    rating: pd.Series, scale: tuple[float, float] | None
) -> tuple[pd.Series, tuple[float, float] | None, tuple[str, ...]]:
    """Return ratings, their scale, and a note if they say only yes (or yes and no).

    One value above 0 in several rows, or 1 in all, becomes the highest rating; 1 beside 0 or −1
    the highest, the other the lowest. Any other column is returned as it is.
    """
    number = pd.to_numeric(rating, errors="coerce").astype("float64")
    low, high = scale or (1, 5)
    best, worst = (5, 1) if high <= 1 else (high, low)
    values = set(number.unique())
    value = min(values, default=np.nan)
    on_scale = value < best if scale is None else low <= value < high
    if values == {1} or (len(values) == 1 < len(rating) and value > 0 and on_scale):
        counts, note = {value: best}, f"every rating is {value:g} and counts as {best:g}"
    elif values in ({0, 1}, {-1, 1}) and (scale is None or low > 0 or high <= 1):
        counts = {1: best, value: worst}
        note = f"rating 1 counts as {best:g}, {value:g} as {worst:g}"
    else:
        return rating, scale, ()
    return number.map(counts), (worst, best), (f"implicit feedback: {note}",)


def _times(table: pd.DataFrame, column: str, name: str, *, dates: bool = False) -> Any:
    """Return a column of times as datetime64[us] in UTC; :func:`check_ratings` says how.

    ``dates``: they may be of any year, or a year alone, and cells may be missing.
    """
    given = table[column]
    times = given if is_datetime64_any_dtype(given.dtype) else _read_times(given, dates)
    # pd.to_datetime(seconds) without unit="s" takes them for nanoseconds of 1970.
    if times is given and times.dt.unit == "ns" and (times.dt.year == 1970).all():
        times = times.where((times.dt.nanosecond == 0) & (times.dt.microsecond == 0))
    if not isinstance(times.dtype, np.dtype):  # with a time zone
        times = pd.to_datetime(times, utc=True).dt.tz_localize(None)
    possible = given.isna() | times.notna() if dates else times.between("1900", "2101", "left")
    like = "" if dates else " 10:20:30 or 1714558830 (Unix time), in the form of most others"
    remedy = f"such as 2024-05-01{like}; convert it with pd.to_datetime(…, format=…)"
    _refuse(table, column, ~possible, f"{{}} is not a time {remedy}", name)
    return times.dt.as_unit("us")


def _read_times(given: pd.Series, dates: bool) -> pd.Series:
    """Times in UTC of text or numbers; NaT for a cell in another form than most."""
    text = given.astype("string").str.strip().str.removesuffix(".0")
    # pandas would read "now" and "today"; 2024 is a year, or a number of seconds.
    iso = text.where(text.str.match(r"\d" if dates else DATE))
    compact = iso.str.len().isin([12, 14])
    iso[compact] = iso[compact].str.replace(r"^(\d{8})(\d{4,6})$", r"\1T\2", regex=True)
    times = pd.to_datetime(iso, format="ISO8601", errors="coerce", utc=True)
    if dates:
        return times
    times = times.where(times.dt.year.between(1900, 2100))
    if 2 * times.notna().sum() >= given.notna().sum():
        return times
    number = given if given.dtype.kind in "iuf" else pd.to_numeric(text, errors="coerce")
    size = number.astype("float64")
    unit = np.searchsorted(list(UNITS.values()), size.abs())
    usual = np.bincount(unit[np.isfinite(size)], minlength=1).argmax()
    date = text.str.zfill(8).str.fullmatch(OTHER_DATE).fillna(False).to_numpy(bool)
    odd = (unit != usual) | ~np.isfinite(size) | date & (2 * date.sum() >= len(date))
    if size.median() > 1e8:  # times of the present, among which 0 and −1 stand for "no time"
        odd |= size <= 0
    return pd.to_datetime(number.mask(odd), unit=list(UNITS)[usual], errors="coerce", utc=True)


def _id_codes(table: pd.DataFrame, column: str, name: str) -> NDArray[np.int64]:
    """(n,) the same number for the same id; equal ids become one object, found much faster."""
    # Of plain values: pandas is slower with its own types of text.
    codes, ids = pd.factorize(table[column].to_numpy())
    plain = pd.Index([unicodedata.normalize("NFC", str(i).strip()) for i in ids] + [""])
    _refuse(table, column, (plain == "")[codes], "{}: the id is missing", name)  # "" for index −1
    problem = "{} differs from an id above only in blanks, Unicode form or type"
    _refuse(table, column, plain.duplicated()[codes], problem, name)
    large = [isinstance(i, int | np.integer) and not -(2**63) <= i < 2**63 for i in ids.tolist()]
    problem = "{} does not fit 64 bits with a sign; make the ids text: .astype(str)"
    _refuse(table, column, np.array(large, dtype=bool)[codes], problem, name)
    table[column] = pd.Index(ids, dtype=table[column].dtype).take(codes)
    return np.asarray(codes, dtype=np.int64)


def _other_kind(given: Any, known: Any, name: str = "") -> str:
    """Return the remedy where text ids meet numbers, else ""; with a name, raise ValueError."""
    if not len(given) or not len(known):
        return ""
    ids = [pd.Index(given), pd.Index(known)]
    kinds = [infer_dtype(getattr(index, "categories", index), skipna=True) for index in ids]
    ours, theirs = (KINDS.get(kind) for kind in kinds)
    if not ours or not theirs or ours == theirs != "mixed":
        return ""
    differ = f"the ids given are {ours} ({_shown(ids[0][0])}), the known ids are {theirs}"
    remedy = f"convert one side, as with .astype({'int' if theirs == 'numbers' else 'str'})"
    remedy = f"; {differ} ({_shown(ids[1][0])}): {remedy}"
    if name:
        raise ValueError(f"{name}: ids of another type{remedy}")
    return remedy


def _check_frame(table: Any, columns: tuple[str, ...], name: str) -> None:
    """Refuse anything but a DataFrame with these columns, and no column twice."""
    if not isinstance(table, pd.DataFrame):
        wanted = "a DataFrame" + f" with {', '.join(columns)}" * bool(columns)
        remedy = "make one with pd.DataFrame, pd.read_csv or its to_pandas()"
        raise TypeError(f"{name}: {type(table).__name__}, expected {wanted}; {remedy}")
    has = list(table.columns)
    twice = [f"{_shown(c)} is there twice" for c in table.columns[table.columns.duplicated()]]
    missing = [f"{c!r} is missing" for c in columns if c not in has]
    if twice or missing:
        raise ValueError(f"{name}: row 1: column {(twice + missing)[0]}; it has {_shown(has)}")


def _refuse(table: pd.DataFrame, column: str, bad: Any, problem: str, name: str) -> None:
    """Raise ValueError for the first bad row, if there is one; "{}" is its cell."""
    where = np.flatnonzero(np.asarray(bad, dtype=bool))
    if len(where):
        row, value = _rows(table)[where[0]], _shown(table[column].iloc[where[0]])
        raise ValueError(f"{name}: row {row}, column {column!r}: {problem.replace('{}', value)}")


def _refuse_unknown(
    table: pd.DataFrame, column: str, known: Any, name: str, hint: str = ""
) -> None:
    """Raise ValueError for the first row whose id is not known; None knows all."""
    if known is not None and (unknown := ~table[column].isin(known)).any():
        given = table[column][unknown]
        for similar in [i for i in known if _plain(str(i)) == _plain(str(given.iloc[0]))][:1]:
            hint = f"; it differs from {_shown(similar)} only in blanks, case or Unicode form"
        hint = _other_kind(given, known) or hint
        problem = f"{{}} is not among the {column.removesuffix('_id')}s{hint}"
        _refuse(table, column, unknown, problem, name)


def _refuse_again(
    table: pd.DataFrame, column: str, codes: NDArray[np.int64], problem: str, name: str
) -> None:
    """Raise ValueError for the first row with the code of a row before."""
    if (again := pd.Index(codes).duplicated()).any():
        before = _rows(table)[codes == codes[again.argmax()]][0]
        _refuse(table, column, again, f"{problem}, in row {before}", name)


def _rows(table: pd.DataFrame) -> NDArray[Any]:
    """Row numbers in the file; of a table from elsewhere, as if under a header."""
    return np.asarray(table.index if table.index.name == "row" else np.arange(len(table)) + 2)


def _shown(value: Any) -> str:
    """A cell as its owner would write it: 'text' in quotes, 1 and not np.int64(1)."""
    text = repr(value) if isinstance(value, str | bytes) else str(value)
    return text[:200] + "…" * (len(text) > 200)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
