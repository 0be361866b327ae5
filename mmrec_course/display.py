"""What a notebook shows of items and numbers: cards with cover, words and player; plain tables.

In: the items table, ids, frames of numbers. Out: one HTML output that looks the same trusted,
untrusted (JupyterLab then drops style sheets, scripts and some CSS) and on a web page, or text
whose digits are the same on every processor.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from IPython.display import display

__all__ = [
    "MODALITY_COLORS",
    "fixed",
    "format_table",
    "interval",
    "print_table",
    "show_history_and_list",
    "show_items",
    "show_list",
    "show_track",
    "stars",
]

# Okabe and Ito's colours, those of middle lightness: they stand out from white and from black.
MODALITY_COLORS = {
    "image": "#d55e00",
    "text": "#0072b2",
    "audio": "#009e73",
    "collaborative": "#cc79a7",
    "fused": "#222222",
    "chance": "#767676",
    "placebo": "#767676",
}
OTHER_COLORS = ("#8c7a1d", "#3d9fd6", "#767676")

COVER_PX = 160
GAP_PX = 20
MISSING = "–"

# How far the same computation may land on another processor (see `fixed`).
GUARD_UNITS = 1e-4
GUARD_RELATIVE = 1e-6


# --- cards ----------------------------------------------------------------------------------------


class _Cards:
    """One HTML output with a readable plain-text twin; the same items give the same bytes.

    Parameters
    ----------
    html
        For notebooks and web pages.
    text
        For terminals, diffs and readers of the stored file.
    """

    def __init__(self, html: str, text: str) -> None:
        self.html = html
        self.text = text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def show_items(
    items: pd.DataFrame,
    item_ids: Iterable[Any],
    *,
    captions: Mapping[Any, str] | Sequence[str] | None = None,
    parts: pd.DataFrame | None = None,
    words: bool = False,
    columns: int = 5,
    digits: int = 2,
) -> None:
    """Show items as cards: cover, title, artist and genre, player.

    Parameters
    ----------
    items
        Indexed by item_id: title, and where there are such columns artist, genre, image, audio
        (paths, <NA> where missing) and text. A table without an image or audio column gives
        cards without covers or players.
    item_ids
        Which, in this order.
    captions
        A line a card, by item_id or in the order of `item_ids`.
    parts
        What `explain` returns: item × part, each row summing to the score; drawn as bars on one
        scale for all cards.
    words
        Show the descriptions too, on wider cards.
    columns
        Cards a row at most; fewer where the page is narrow.
    digits
        Of the numbers beside the bars. A number too near a rounding boundary to be the same on
        every processor gets one digit more.

    Raises
    ------
    ValueError
        If an id is unknown, captions do not match, or a part is missing or not finite.
    """
    shown = _facts(items, item_ids, captions, parts, digits)
    width = 400 if words else 204 if parts is not None else COVER_PX
    cards = "".join(_card(fact, width, words) for fact in shown)
    if words:
        columns = min(columns, 2)
    html = _legend(shown) + _grid(cards, columns * width + (columns - 1) * GAP_PX)
    display(_Cards(_page(html), _text("", shown, words)))  # type: ignore[no-untyped-call]


def show_list(
    items: pd.DataFrame,
    item_ids: Iterable[Any],
    *,
    captions: Mapping[Any, str] | Sequence[str] | None = None,
    parts: pd.DataFrame | None = None,
    words: bool = False,
    digits: int = 2,
) -> None:
    """Show items as a numbered list, one a row, cover at the left.

    Parameters and errors are those of :func:`show_items`.
    """
    shown = _facts(items, item_ids, captions, parts, digits)
    rows = "".join(_row(fact, rank, words) for rank, fact in enumerate(shown, start=1))
    html = _legend(shown) + _list(rows, 760)
    display(_Cards(_page(html), _text("", shown, words)))  # type: ignore[no-untyped-call]


def show_history_and_list(
    items: pd.DataFrame,
    history: pd.DataFrame | Iterable[Any],
    recommendations: pd.DataFrame | Iterable[Any],
    parts: pd.DataFrame | None = None,
    *,
    captions: Mapping[Any, str] | Sequence[str] | None = None,
    titles: tuple[str, str] = ("What this listener rated", "Recommended"),
    columns: int = 5,
    digits: int = 2,
) -> None:
    """Show what a listener rated beside what is recommended; below it where the page is narrow.

    Parameters
    ----------
    items
        As for :func:`show_items`.
    history
        Ratings with item_id and rating, shown with stars, or item ids. Give the few that matter.
    recommendations
        What `recommend` returns for one listener, or item ids, best first.
    parts
        What `explain` returns for the recommendations.
    captions
        A line a recommendation.
    titles
        Above the history and above the recommendations.
    columns
        Recommendations a row at most.
    digits
        Of the numbers beside the bars.

    Raises
    ------
    ValueError
        As :func:`show_items`, and :func:`stars` for ratings off the scale.
    """
    rated: list[str] | None = None
    if isinstance(history, pd.DataFrame) and "rating" in history.columns:
        rated = [stars(rating) for rating in history["rating"]]
    past = _facts(items, _ids(history), rated, None, digits)
    best = _facts(items, _ids(recommendations), captions, parts, digits)
    width = 204 if parts is not None else COVER_PX
    rows = "".join(_row(fact, None, False) for fact in past)
    cards = "".join(_card(fact, width, False) for fact in best)
    left = _heading(titles[0]) + _grid(rows, 900)
    right = (
        _heading(titles[1]) + _legend(best) + _grid(cards, columns * width + (columns - 1) * GAP_PX)
    )
    html = (
        '<div style="display:flex;flex-wrap:wrap;gap:28px">'
        # The right part takes all that is left; once below the left one, each has the full width.
        f'<div style="flex:1 1 272px;min-width:0">{left}</div>'
        f'<div style="flex:999 1 {3 * width + 2 * GAP_PX}px;min-width:0">{right}</div></div>'
    )
    text = _text(titles[0], past, False) + "\n" + _text(titles[1], best, False)
    display(_Cards(_page(html), text))  # type: ignore[no-untyped-call]


def show_track(items: pd.DataFrame, item_id: Any) -> None:
    """Show one item large: cover at the left; title, words and player at the right.

    Parameters
    ----------
    items
        As for :func:`show_items`.
    item_id
        Which.

    Raises
    ------
    ValueError
        If the id is unknown.
    """
    (fact,) = _facts(items, [item_id], None, None, 2)
    html = (
        '<div style="display:flex;flex-wrap:wrap;gap:24px;max-width:760px">'
        f'<div style="flex:0 0 200px">{_cover(fact, 200)}</div>'
        '<div style="flex:1 1 280px;min-width:0;display:flex;flex-direction:column;gap:12px">'
        f"<div>{_names(fact, 20)}</div>{_words(fact, 14)}<div>{_player(fact)}</div></div></div>"
    )
    display(_Cards(_page(html), _text("", [fact], True)))  # type: ignore[no-untyped-call]


class _Fact:
    """One item, ready to be drawn: plain strings, not yet escaped."""

    def __init__(self, item_id: Any, row: pd.Series, caption: str, digits: int) -> None:
        self.title = _string(row.get("title")) or str(item_id)
        self.artist = _string(row.get("artist"))
        self.byline = " · ".join(filter(None, (self.artist, _string(row.get("genre")))))
        self.by = f"{self.title} by {self.artist}" if self.artist else self.title
        self.words = _string(row.get("text"))
        self.caption = caption
        # None: the table has no such column. Empty: this item lacks what others have.
        self.image = _address(row["image"]) if "image" in row.index else None
        self.audio = _address(row["audio"]) if "audio" in row.index else None
        self.digits = digits
        self.parts: dict[str, str] = {}
        self.score = ""
        self.low = self.high = 0.0

    def set_parts(self, values: pd.Series) -> None:
        """Keep the parts as rounded strings: bars are drawn from these, so bytes are stable."""
        numbers = {str(name): float(value) for name, value in values.items()}
        for name, number in numbers.items():
            if not math.isfinite(number):
                raise ValueError(f"parts: item {values.name!r}, part {name!r} is {number}")
        self.parts = {name: _steady(number, self.digits) for name, number in numbers.items()}
        self.score = _steady(math.fsum(numbers.values()), self.digits)


def _facts(
    items: pd.DataFrame,
    item_ids: Iterable[Any],
    captions: Mapping[Any, str] | Sequence[str] | None,
    parts: pd.DataFrame | None,
    digits: int,
) -> list[_Fact]:
    ids = list(item_ids)
    if captions is None:
        lines = [""] * len(ids)
    elif isinstance(captions, Mapping):
        lines = [str(captions.get(item_id, "")) for item_id in ids]
    elif len(captions) != len(ids):
        raise ValueError(f"captions: {len(captions)} for {len(ids)} items; give one an item")
    else:
        lines = [str(line) for line in captions]
    facts = []
    for item_id, line in zip(ids, lines, strict=True):
        if item_id not in items.index:
            raise ValueError(f"item_ids: {item_id!r} is not in the items table")
        fact = _Fact(item_id, items.loc[item_id], line, digits)
        if parts is not None:
            if item_id not in parts.index:
                raise ValueError(f"parts: no row for item {item_id!r}; explain the items you show")
            fact.set_parts(parts.loc[item_id])
        facts.append(fact)
    ends = [float(value) for fact in facts for value in fact.parts.values()]
    for fact in facts:
        fact.low, fact.high = min([0.0, *ends]), max([0.0, *ends])
    return facts


def _ids(listed: pd.DataFrame | Iterable[Any]) -> list[Any]:
    return list(listed["item_id"] if isinstance(listed, pd.DataFrame) else listed)


def _string(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _address(value: Any) -> str:
    """The media file seen from the notebook's folder, as a URL; empty where there is none."""
    path = _string(value)
    if not path:
        return ""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # Windows: another drive
        raise ValueError(
            f"media file {Path(path).name!r} is on another drive than the notebook; a page can"
            " only show what lies beside it: copy the catalogue there"
        ) from None
    return quote(Path(relative).as_posix())


# --- pieces of HTML: inline CSS only, and only what JupyterLab's sanitiser lets through ----------

LINE = "rgba(128,128,128,0.35)"
TINT = "rgba(128,128,128,0.12)"
SOFT = "opacity:0.8"


def _page(body: str) -> str:
    return f'<div style="padding:8px 2px 12px 2px;line-height:1.4">{body}</div>'


def _heading(text: str) -> str:
    return (
        '<div style="font-size:16px;font-weight:600;margin:0 0 12px 0;padding:0 0 6px 0;'
        f'border-bottom:1px solid {LINE}">{escape(text)}</div>'
    )


def _grid(cards: str, max_width: int) -> str:
    return (
        f'<ul style="display:flex;flex-wrap:wrap;gap:24px {GAP_PX}px;list-style-type:none;'
        f'padding:0;margin:0;max-width:{max_width}px">{cards}</ul>'
    )


def _list(rows: str, max_width: int) -> str:
    return (
        '<ul style="display:flex;flex-direction:column;gap:20px;list-style-type:none;padding:0;'
        f'margin:0;max-width:{max_width}px">{rows}</ul>'
    )


def _card(fact: _Fact, width: int, words: bool) -> str:
    # A browser's player needs more than a cover's width to show all its buttons.
    small = "height:38px;zoom:0.85"
    if words:
        body = (
            f'<div style="display:flex;gap:16px">{_cover(fact, 120)}'
            f'<div style="flex:1 1 0px;min-width:0">{_names(fact, 14)}</div></div>'
            + _words(fact, 13)
        )
    else:
        body = _cover(fact, COVER_PX) + f"<div>{_names(fact, 14)}</div>"
    return (
        f'<li style="display:flex;flex-direction:column;gap:8px;width:{width}px;max-width:100%;'
        f'margin:0;padding:0">{body}{_bars(fact)}'
        f'<div style="margin-top:auto">{_player(fact, small)}</div></li>'
    )


def _row(fact: _Fact, rank: int | None, words: bool) -> str:
    number = (
        f'<div style="flex:0 0 20px;text-align:right;font-size:14px;{SOFT}">{rank}</div>'
        if rank is not None
        else ""
    )
    side = 72 if rank is None else 96
    narrow = ";flex:1 1 256px;max-width:420px" if rank is None else ""
    aside = f'<div style="flex:0 0 204px;margin-left:8px">{_bars(fact)}</div>' if fact.parts else ""
    return (
        f'<li style="display:flex;gap:16px;margin:0;padding:0{narrow}">'
        f"{number}{_cover(fact, side)}"
        '<div style="flex:1 1 0px;min-width:0;display:flex;flex-direction:column;gap:6px">'
        f"<div>{_names(fact, 14)}</div>{_words(fact, 13) if words else ''}"
        f"<div>{_player(fact)}</div></div>"
        f"{aside}</li>"
    )


def _cover(fact: _Fact, side: int) -> str:
    """A square of fixed size: a wide picture has bands above and below, a tall one is cropped."""
    if fact.image is None:
        return ""
    box = (
        f"flex:0 0 auto;width:{side}px;height:{side}px;border-radius:8px;overflow:hidden;"
        f"display:flex;align-items:center;justify-content:center;background-color:{TINT}"
    )
    if not fact.image:
        inner = f'<span style="font-size:12px;text-align:center;{SOFT}">no cover</span>'
        return f'<div style="{box};box-sizing:border-box;border:1px dashed {LINE}">{inner}</div>'
    alt = escape(f"Cover of {fact.by}")
    return (
        f'<div style="{box}"><img src="{escape(fact.image)}" alt="{alt}" loading="lazy"'
        ' style="width:100%;max-width:100%;height:auto;margin:0"></div>'
    )


def _names(fact: _Fact, size: int) -> str:
    lines = (
        f'<div style="font-size:{size}px;font-weight:600;line-height:1.3;'
        f'overflow-wrap:break-word">{escape(fact.title)}</div>'
    )
    if fact.byline:
        lines += (
            f'<div style="font-size:{max(12, size - 6)}px;{SOFT};overflow-wrap:break-word">'
            f"{escape(fact.byline)}</div>"
        )
    if fact.caption:
        lines += f'<div style="font-size:13px;margin-top:4px">{escape(fact.caption)}</div>'
    return lines


def _words(fact: _Fact, size: int) -> str:
    if fact.words:
        return (
            f'<div style="font-size:{size}px;line-height:1.5;overflow-wrap:break-word">'
            f"{escape(fact.words)}</div>"
        )
    return f'<div style="font-size:{size}px;font-style:italic;{SOFT}">no description</div>'


def _player(fact: _Fact, style: str = "height:32px") -> str:
    if fact.audio is None:
        return ""
    if not fact.audio:
        return (
            f'<div style="height:32px;line-height:32px;font-size:12px;text-align:center;'
            f'border-radius:16px;background-color:{TINT}"><span style="{SOFT}">no sound</span>'
            "</div>"
        )
    # The sanitiser drops aria-label and keeps title, which names the player as well.
    name = escape(f"Listen to {fact.by}")
    return (
        f'<audio controls preload="none" src="{escape(fact.audio)}" title="{name}"'
        f' aria-label="{name}" style="display:block;width:100%;{style}"></audio>'
    )


def _part_colors(names: Iterable[str]) -> dict[str, str]:
    others = [name for name in names if name not in MODALITY_COLORS]
    spare = {name: OTHER_COLORS[n % len(OTHER_COLORS)] for n, name in enumerate(others)}
    return {**MODALITY_COLORS, **spare}


def _legend(facts: list[_Fact]) -> str:
    if not facts or not facts[0].parts:
        return ""
    colors = _part_colors(facts[0].parts)
    keys = "".join(
        '<span style="display:inline-flex;align-items:center;gap:6px">'
        '<span style="display:inline-block;width:12px;height:12px;border-radius:3px;'
        f'background-color:{colors[name]}"></span>{escape(name)}</span>'
        for name in facts[0].parts
    )
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:4px 18px;font-size:13px;margin:0 0 16px 0">'
        f"<span>Where each score comes from:</span>{keys}</div>"
    )


def _bars(fact: _Fact) -> str:
    if not fact.parts:
        return ""
    colors = _part_colors(fact.parts)
    span = (fact.high - fact.low) or 1.0
    rows = ""
    for name, number in fact.parts.items():
        value = float(number)
        left = (min(value, 0.0) - fact.low) / span
        zero = -fact.low / span
        rows += (
            '<div style="display:flex;align-items:center;gap:8px">'
            f'<span style="flex:0 0 80px;overflow-wrap:break-word">{escape(name)}</span>'
            '<span style="flex:1 1 0px;position:relative;height:14px">'
            f'<span style="position:absolute;top:2px;height:10px;left:{left:.1%};'
            f'width:{abs(value) / span:.1%};background-color:{colors[name]}"></span>'
            f'<span style="position:absolute;top:0;height:14px;left:{zero:.1%};width:1px;'
            'background-color:rgba(128,128,128,0.8)"></span></span>'
            f'<span style="flex:0 0 44px;text-align:right">{_minus(number)}</span></div>'
        )
    total = (
        f'<div style="display:flex;gap:8px;border-top:1px solid {LINE};margin-top:3px;'
        'padding-top:3px;font-weight:600"><span style="flex:1 1 0px">score</span>'
        f"<span>{_minus(fact.score)}</span></div>"
    )
    return f'<div style="font-size:12px;line-height:1.5">{rows}{total}</div>'


def _minus(number: str) -> str:
    return number.replace("-", "−")


def _text(title: str, facts: list[_Fact], words: bool) -> str:
    lines = [f"{title or 'Cards'}: {len(facts)} item{'s' * (len(facts) != 1)}"]
    for rank, fact in enumerate(facts, start=1):
        gaps = [
            f"no {name}"
            for name, address in (("cover", fact.image), ("sound", fact.audio))
            if address == ""
        ]
        details = [fact.byline, fact.caption, *gaps]
        if fact.parts:
            sums = " + ".join(f"{name} {number}" for name, number in fact.parts.items())
            details.append(f"{sums} = {fact.score}")
        lines.append(f"{rank:>3}. " + " | ".join(filter(None, [fact.title, *details])))
        if words:
            lines.append(f"     {fact.words or 'no description'}")
    return "\n".join(lines)


def stars(rating: float) -> str:
    """A rating as five stars.

    Parameters
    ----------
    rating
        0 to 5, whole or half.

    Returns
    -------
    Five characters: ★ a whole star, ½ half a star, ☆ none.

    Raises
    ------
    ValueError
        If the rating is off the scale or between two halves.

    Examples
    --------
    >>> stars(4)
    '★★★★☆'
    >>> stars(2.5)
    '★★½☆☆'
    """
    if not 0 <= rating <= 5 or 2 * rating != int(2 * rating):
        raise ValueError(f"rating: {rating} is not 0, 0.5, …, 5; round it first")
    whole = int(rating)
    half = int(rating != whole)
    return "★" * whole + "½" * half + "☆" * (5 - whole - half)


# --- numbers and tables ---------------------------------------------------------------------------


def fixed(x: float, digits: int = 2) -> str:
    """A number with fixed digits, or an error where another processor might print other ones.

    The same computation lands in slightly different places: 1e-12 of the value apart with
    float64 on two processors, up to 1e-6 with float32 media. So x may not lie within
    max(0.0001 unit, 1e-6 |x|) of the middle between two printable numbers, a unit being
    10^-digits. Whole numbers are exact and never raise.

    Parameters
    ----------
    x
        Any real number; NaN gives "–", infinity "inf".
    digits
        After the point, 0 or more.

    Returns
    -------
    The text, without a sign where everything printed is zero.

    Raises
    ------
    ValueError
        If x lies on a rounding boundary, or has fewer reliable digits than asked for.

    Examples
    --------
    >>> fixed(0.1251), fixed(-0.001), fixed(3)
    ('0.13', '0.00', '3.00')
    >>> fixed(0.125)
    Traceback (most recent call last):
    ...
    ValueError: 0.125 lies on the boundary between 0.12 and 0.13 ...
    """
    if digits < 0:
        raise ValueError(f"digits: {digits} is negative")
    x = float(x)
    if math.isnan(x):
        return MISSING
    if not _is_steady(x, digits):
        unit = 10.0**-digits
        low = math.floor(x / unit) * unit
        raise ValueError(
            f"{x!r} lies on the boundary between {low:.{digits}f} and {low + unit:.{digits}f}"
            f" and may round either way on another processor; choose other digits than {digits}"
        )
    text = f"{x:.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def _is_steady(x: float, digits: int) -> bool:
    if not math.isfinite(x) or x == math.floor(x):
        return True
    units = abs(x) * 10.0**digits
    distance = abs(units - math.floor(units) - 0.5)
    return distance > max(GUARD_UNITS, GUARD_RELATIVE * units)


def _steady(x: float, digits: int) -> str:
    """Like `fixed`, with one digit more, or fewer, where `digits` would lie on a boundary.

    For cards: a reader who asks for another listener shall see cards, not an error.
    """
    for count in (digits, digits + 1, *range(digits - 1, -1, -1)):
        if _is_steady(x, count):
            return fixed(x, count)
    return f"{x:.1g}"


def interval(mean: float, low: float, high: float, digits: int = 2) -> str:
    """A mean and its interval for a table's cell, with the check of :func:`fixed`.

    Parameters
    ----------
    mean, low, high
        Numbers in the same unit.
    digits
        After the point.

    Returns
    -------
    Text such as "0.25 [0.24, 0.27]".

    Raises
    ------
    ValueError
        As :func:`fixed`.

    Examples
    --------
    >>> interval(0.2513, 0.2377, 0.2681)
    '0.25 [0.24, 0.27]'
    """
    return f"{fixed(mean, digits)} [{fixed(low, digits)}, {fixed(high, digits)}]"


def print_table(
    frame: pd.DataFrame | pd.Series,
    *,
    digits: int | Mapping[Any, int] = 2,
    index: bool = True,
    max_width: int = 48,
) -> None:
    """Print :func:`format_table`.

    Parameters and errors are those of :func:`format_table`.
    """
    print(format_table(frame, digits=digits, index=index, max_width=max_width))


def format_table(
    frame: pd.DataFrame | pd.Series,
    *,
    digits: int | Mapping[Any, int] = 2,
    index: bool = True,
    max_width: int = 48,
) -> str:
    """A table as aligned text that is the same on every processor and with every pandas.

    Numbers are right-aligned with fixed digits (whole-number columns without any), words
    left-aligned, missing values "–", a time at midnight is a date.

    Parameters
    ----------
    frame
        A frame, or a series as one column.
    digits
        After the point, for all columns or by column; columns not named have 2.
    index
        Print the index as well.
    max_width
        Longer words are cut and end in "…".

    Returns
    -------
    Lines joined by newlines, without trailing spaces.

    Raises
    ------
    ValueError
        If a number lies on a rounding boundary (column and row are named; see :func:`fixed`),
        or `digits` names a column that is not there.

    Examples
    --------
    >>> table = pd.DataFrame({"ndcg": [0.2513, 0.031], "users": [600, 600]}, ["EASE", "chance"])
    >>> print(format_table(table))
            ndcg  users
    EASE    0.25    600
    chance  0.03    600
    """
    if isinstance(frame, pd.Series):
        frame = frame.to_frame(name="" if frame.name is None else frame.name)
    if isinstance(digits, Mapping) and (unknown := set(digits) - set(frame.columns)):
        raise ValueError(f"digits: no column {sorted(map(str, unknown))[0]!r} in the table")
    columns: list[list[str]] = []
    right: list[bool] = []
    if index:
        for level in range(frame.index.nlevels):
            labels = frame.index.get_level_values(level)
            columns.append([_string(labels.name), *(_label(label) for label in labels)])
            right.append(False)
    for position, name in enumerate(frame.columns):
        count = digits.get(name, 2) if isinstance(digits, Mapping) else digits
        cells = [str(name)]
        values = list(frame.iloc[:, position])
        for label, value in zip(frame.index, values, strict=True):
            try:
                cells.append(_cell(value, count))
            except ValueError as error:
                raise ValueError(f"column {name!r}, row {label!r}: {error}") from None
        columns.append(cells)
        right.append(all(_is_number(value) or _is_missing(value) for value in values))
    columns = [[_cut(cell, max_width) for cell in cells] for cells in columns]
    widths = [max(map(len, cells)) for cells in columns]
    lines = []
    for row in zip(*columns, strict=True):
        padded = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def _is_missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(
        value, bool | np.bool_
    )


def _cell(value: Any, digits: int) -> str:
    if _is_missing(value):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return fixed(float(value), digits)
    return _label(value)


def _label(value: Any) -> str:
    """Words as they are; a time at midnight as a date; line breaks as spaces."""
    if _is_missing(value):
        return MISSING
    if isinstance(value, pd.Timestamp):
        return str(value.date() if value == value.normalize() else value.floor("s"))
    return " ".join(str(value).split())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + "…"
