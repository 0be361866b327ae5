"""Show items as cards with cover, words and player, and print tables of numbers.

The cards' HTML has inline styles only: JupyterLab removes all others from untrusted notebooks.
"""

from __future__ import annotations

import base64
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from numbers import Integral, Real
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from IPython.display import display
from jinja2 import Environment

# Okabe and Ito's colours, those of middle lightness: they stand out from white and from black.
MODALITY_COLORS = {
    "image": "#d55e00",
    "text": "#0072b2",
    "audio": "#009e73",
    "collaborative": "#cc79a7",
    "fused": "#222222",
    "chance": "#767676",
    "permuted": "#767676",
}
OTHER_COLORS = ("#8c7a1d", "#3d9fd6", "#767676")

# Set where HTML is shown in a frame that cannot see the notebook's folder: Colab, VS Code, by hand.
EMBED = ("COLAB_RELEASE_TAG", "VSCODE_PID", "MMREC_EMBED_MEDIA")

_TEMPLATE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    Path(__file__).with_name("cards.html.jinja").read_text(encoding="utf-8")
)


def show_items(
    items: pd.DataFrame,
    item_ids: Iterable[Any],
    *,
    captions: Sequence[str] | None = None,
    parts: pd.DataFrame | None = None,
    words: bool = False,
    columns: int = 5,
) -> None:
    """Show items as cards: cover, title, artist and genre, player.

    ``items`` is indexed by item_id, with columns title, artist, genre, text, image and audio
    (paths), any of which may be missing. ``captions`` has one line for each item; ``parts`` is what
    `explain` returns, items × parts of the score, drawn as bars on one scale. With ``words``, wider
    cards show the descriptions as well. ``columns`` is the number of cards in a row at most.
    """
    look: dict[str, Any] = {"columns": columns}
    if words:
        look = {"columns": min(columns, 2), "width": 400, "side": 120, "words": True}
    _show(_section(items, item_ids, captions, parts, **look))


def show_list(
    items: pd.DataFrame,
    item_ids: Iterable[Any],
    *,
    captions: Sequence[str] | None = None,
    parts: pd.DataFrame | None = None,
) -> None:
    """Show items as a numbered list; parameters as :func:`show_items`."""
    _show(_section(items, item_ids, captions, parts, width=760, side=96, numbered=True))


def show_history_and_list(
    items: pd.DataFrame,
    history: pd.DataFrame | Iterable[Any],
    recommendations: pd.DataFrame | Iterable[Any],
    parts: pd.DataFrame | None = None,
    *,
    captions: Sequence[str] | None = None,
    titles: tuple[str, str] = ("What this listener rated", "Recommended"),
) -> None:
    """Show a user's history beside a recommendation list, which captions and parts belong to.

    Both are item ids or tables with item_id; a ``rating`` in the history is shown with stars.
    """
    rated = None
    if isinstance(history, pd.DataFrame) and "rating" in history.columns:
        rated = [stars(rating) for rating in history["rating"]]
    _show(
        _section(items, history, rated, title=titles[0], width=272, side=72),
        _section(items, recommendations, captions, parts, title=titles[1], columns=5),
    )


def show_track(items: pd.DataFrame, item_id: Any) -> None:
    """Show one item large, with its description; `items` as for :func:`show_items`."""
    _show(_section(items, [item_id], width=760, side=200, words=True, font_size=20))


def stars(rating: float) -> str:
    """Write a rating as five stars; ValueError unless it is one of 0, 0.5, …, 5.

    >>> stars(4), stars(2.5)
    ('★★★★☆', '★★½☆☆')
    """
    if not 0 <= rating <= 5 or 2 * rating != int(2 * rating):
        raise ValueError(f"rating: {rating} is not 0, 0.5, …, 5; round it first")
    whole, half = int(rating), int(rating != int(rating))
    return "★" * whole + "½" * half + "☆" * (5 - whole - half)


def fixed(x: float, digits: int = 2) -> str:
    """Write a number with fixed digits after the point, "–" for NaN, and zero without a sign."""
    return "–" if math.isnan(x) else f"{float(x):z.{digits}f}"


def interval(mean: float, low: float, high: float, digits: int = 2) -> str:
    """Write a mean and its interval, as in ``0.25 [0.24, 0.27]``, each as :func:`fixed` does."""
    return f"{fixed(mean, digits)} [{fixed(low, digits)}, {fixed(high, digits)}]"


def print_table(
    frame: pd.DataFrame | pd.Series,
    *,
    digits: int | Mapping[Any, int] = 2,
    index: bool = True,
    max_width: int = 48,
) -> None:
    """Print a table as aligned text that is the same with every version of pandas.

    ``digits`` after the point are for all columns or by column; columns not named have 2, whole
    numbers none. Words longer than ``max_width`` are cut and end in "…".
    """
    if isinstance(frame, pd.Series):
        frame = frame.to_frame(name="" if frame.name is None else frame.name)
    by_column = digits if isinstance(digits, Mapping) else dict.fromkeys(frame.columns, digits)
    if unknown := set(by_column) - set(frame.columns):
        raise ValueError(f"digits: no column {min(map(str, unknown))!r} in the table")
    columns = []
    for level in range(frame.index.nlevels if index else 0):
        labels = frame.index.get_level_values(level)
        columns.append(([_string(labels.name), *map(_label, labels)], str.ljust))
    for name, values in frame.items():
        cells = [str(name), *(_cell(value, by_column.get(name, 2)) for value in values)]
        known = [value for value in values if not _is_missing(value)]
        is_number = all(isinstance(v, Real) and not isinstance(v, bool) for v in known)
        columns.append((cells, str.rjust if is_number else str.ljust))
    padded = []
    for cells, pad in columns:
        cut = [c if len(c) <= max_width else c[: max_width - 1].rstrip() + "…" for c in cells]
        padded.append([pad(cell, max(map(len, cut))) for cell in cut])
    for row in zip(*padded, strict=True):
        print("  ".join(row).rstrip())


def _is_missing(value: Any) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _cell(value: Any, digits: int) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    is_real = isinstance(value, Real) and not isinstance(value, Integral)
    return fixed(value, digits) if is_real else _label(value)


def _label(value: Any) -> str:
    """Words on one line, a time at midnight as a date."""
    if _is_missing(value):
        return "–"
    if isinstance(value, pd.Timestamp):
        return str(value.date() if value == value.normalize() else value.floor("s"))
    return " ".join(str(value).split())


def _string(value: Any) -> str:
    return "" if _is_missing(value) else str(value)


@dataclass(repr=False)
class TextAndHtml:
    """One output: HTML for notebooks and web pages, text for terminals and diffs."""

    text: str
    html: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def _show(*sections: dict[str, Any]) -> None:
    html = re.sub(r">\s+<", "><", _TEMPLATE.render(sections=sections))
    display(TextAndHtml("\n".join(map(_text, sections)), html))  # type: ignore[no-untyped-call]


def _section(
    items: pd.DataFrame,
    item_ids: pd.DataFrame | Iterable[Any],
    captions: Sequence[str] | None = None,
    parts: pd.DataFrame | None = None,
    *,
    width: int = 0,
    **look: Any,
) -> dict[str, Any]:
    """Cards and their look, for the template. Given a width (px), covers stand at the left."""
    ids = list(item_ids["item_id"] if isinstance(item_ids, pd.DataFrame) else item_ids)
    captions = [""] * len(ids) if captions is None else captions
    if len(captions) != len(ids):
        raise ValueError(f"captions: {len(captions)} for {len(ids)} items; give one an item")
    if parts is not None and not np.isfinite(parts.loc[ids].to_numpy(float)).all():
        raise ValueError("parts: a number is NaN or infinite")
    cards = []
    for item_id, caption in zip(ids, captions, strict=True):
        row = {column: _string(value) for column, value in items.loc[item_id].items()}
        title, artist = row.get("title") or str(item_id), row.get("artist")
        card: dict[str, Any] = {
            "title": title,
            "name": f"{title} by {artist}" if artist else title,
            "byline": " · ".join(filter(None, (artist, row.get("genre")))),
            "caption": str(caption),
            "words": row.get("text") or "no description",
        }
        for medium in [medium for medium in ("image", "audio") if medium in row]:
            # "" where this item lacks what others have.
            card[medium] = row[medium] and _url(row[medium], medium)
        if parts is not None:
            card["parts"] = {str(name): fixed(x) for name, x in parts.loc[item_id].items()}
            card["score"] = fixed(math.fsum(parts.loc[item_id]))
        cards.append(card)
    # Bars are drawn from what is printed, so the same items give the same HTML everywhere.
    values = [0.0, *(float(x) for card in cards for x in card.get("parts", {}).values())]
    scale = 100 / ((max(values) - min(values)) or 1.0)
    names = [] if parts is None else map(str, parts.columns)
    others = [name for name in names if name not in MODALITY_COLORS]
    return {
        "cards": cards,
        "beside": width > 0,
        "width": width or (160 if parts is None else 204),  # bars need more room than a cover
        "scale": scale,
        "zero": round(-scale * min(values), 1),
        "colors": {**MODALITY_COLORS, **dict(zip(others, cycle(OTHER_COLORS), strict=False))},
        **look,
    }


def _url(path: str, medium: str) -> str:
    """Address of a file as seen from the notebook's folder, or the whole file as one (EMBED)."""
    if "://" in path:  # load_folder(addresses=…): a browser opens it, or shows the name
        return path
    if not any(name in os.environ for name in EMBED):
        return quote(Path(os.path.relpath(path)).as_posix())
    # Named after the file's ending: what a system's table of types knows differs.
    content = base64.b64encode(Path(path).read_bytes()).decode()
    return f"data:{medium}/{Path(path).suffix[1:].lower()};base64,{content}"


def _text(section: dict[str, Any]) -> str:
    cards = section["cards"]
    lines = [f"{section.get('title', 'Cards')}: {len(cards)} item{'s' * (len(cards) != 1)}"]
    for rank, card in enumerate(cards, start=1):
        details = [card["title"], card["byline"], card["caption"]]
        gaps = {"image": "no cover", "audio": "no sound"}
        details += [gap for medium, gap in gaps.items() if card.get(medium) == ""]
        if "parts" in card:
            terms = " + ".join(f"{name} {number}" for name, number in card["parts"].items())
            details.append(f"{terms} = {card['score']}")
        lines.append(f"{rank:>3}. " + " | ".join(filter(None, details)))
        if section.get("words"):
            lines.append(f"     {card['words']}")
    return "\n".join(lines)
