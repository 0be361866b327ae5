"""Cards say what the items are, safely and the same way each time; tables line up."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

import mmrec_course.display as shop
from mmrec_course.display import (
    fixed,
    interval,
    print_table,
    show_history_and_list,
    show_items,
    show_list,
    show_track,
    stars,
)

# What JupyterLab 4.6 leaves of an output that is not trusted; other declarations are dropped.
KEPT_TAGS = {"div", "span", "ul", "li", "img", "audio"}
KEPT_CSS = {
    *("align-items", "background-color", "border", "border-bottom", "border-radius"),
    *("border-top", "box-sizing", "display", "flex", "flex-direction", "flex-wrap", "font-size"),
    *("font-style", "font-weight", "gap", "height", "justify-content", "left", "line-height"),
    *("list-style-type", "margin", "margin-left", "margin-top", "max-width", "min-width"),
    *("opacity", "overflow", "overflow-wrap", "padding", "padding-top", "position"),
    *("text-align", "top", "width", "zoom"),
}


class Page(HTMLParser):
    """The tags, attributes and words of a piece of HTML; fails where tags do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data)

    def values(self, tag: str, attribute: str) -> list[str]:
        return [found[attribute] or "" for name, found in self.tags if name == tag]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course's folders, with the kernel where a lesson's kernel starts."""
    for name in ("notebooks", "data/mosaic/images", "data/mosaic/audio"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


@pytest.fixture
def items(folder: Path) -> pd.DataFrame:
    """Three items: complete; a nasty one that lacks its sound; one that lacks all but words."""
    media = folder / "data" / "mosaic"
    table = pd.DataFrame(
        {
            "item_id": ["t001", "t002", "t003"],
            "title": ["Low Tide", "<script>alert('&')</script>", "Rye"],
            "artist": ["Marla Quist", 'Ada "Wire" & Sons', pd.NA],
            "genre": ["dub", "folk", "folk"],
            "image": [str(media / "images/t001.jpg"), str(media / "images/a #1'\".jpg"), pd.NA],
            "text": ["Slow & low.", pd.NA, "Thin <b>guitars</b>."],
            "audio": [str(media / "audio/t001.ogg"), pd.NA, pd.NA],
        }
    )
    return table.set_index("item_id")


@pytest.fixture
def parts(items: pd.DataFrame) -> pd.DataFrame:
    """What `explain` returns: each row sums to the item's score."""
    return pd.DataFrame(
        {"collaborative": [0.5, 0.1, 0.0], "image": [0.2, -0.25, 0.0], "mood": [0.05, 0.3, 0.0]},
        index=items.index,
    )


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., shop.TextAndHtml]:
    """Call a show_ function and return what it displayed."""
    outputs: list[Any] = []
    monkeypatch.setattr(shop, "display", outputs.append)

    def call(function: Callable[..., None], *args: Any, **kwargs: Any) -> shop.TextAndHtml:
        outputs.clear()
        assert function(*args, **kwargs) is None
        (output,) = outputs
        assert isinstance(output, shop.TextAndHtml)
        return output

    return call


@pytest.fixture
def everything(
    shown: Callable[..., shop.TextAndHtml], items: pd.DataFrame, parts: pd.DataFrame
) -> list[shop.TextAndHtml]:
    """Every kind of output of the same three items."""
    rated = pd.DataFrame({"item_id": ["t003", "t002"], "rating": [5, 2]})
    best = pd.DataFrame({"rank": [1, 2], "item_id": ["t001", "t002"], "score": [0.75, 0.15]})
    return [
        shown(show_items, items, items.index),
        shown(show_items, items, items.index, parts=parts, captions=["a <i>", "b", "c"]),
        shown(show_items, items, items.index, words=True),
        shown(show_list, items, items.index, parts=parts),
        shown(show_history_and_list, items, rated, best, parts),
        shown(show_track, items, "t002"),
    ]


def test_every_output_is_well_formed_and_survives_jupyterlabs_sanitiser(
    everything: list[shop.TextAndHtml],
) -> None:
    for cards in everything:
        page = Page(cards._repr_html_())
        assert {tag for tag, _ in page.tags} <= KEPT_TAGS
        for _, attributes in page.tags:
            assert not {"id", "class", "onclick", "onerror"} & set(attributes)
            for declaration in filter(None, (attributes.get("style") or "").split(";")):
                name, value = declaration.strip().split(":", 1)
                assert name in KEPT_CSS, declaration
                assert "flex-end" not in value and "var(" not in value, declaration


def test_words_of_the_catalogue_are_escaped(everything: list[shop.TextAndHtml]) -> None:
    for cards in everything:
        assert "<script" not in cards.html
        assert "<b>" not in cards.html and "<i>" not in cards.html
        page = Page(cards.html)
        assert any("<script>alert('&')</script>" in word for word in page.words)


def test_media_are_found_from_the_notebooks_folder_by_quoted_relative_path(
    everything: list[shop.TextAndHtml],
) -> None:
    for cards in everything:
        page = Page(cards.html)
        addresses = page.values("img", "src") + page.values("audio", "src")
        for address in addresses:
            assert address.startswith("../data/mosaic/"), address
            assert not re.search(r"[ #\"'\\]", address), address
    page = Page(everything[0].html)
    assert page.values("img", "src")[0] == "../data/mosaic/images/t001.jpg"
    assert unquote(page.values("img", "src")[1]) == "../data/mosaic/images/a #1'\".jpg"
    assert page.values("audio", "src") == ["../data/mosaic/audio/t001.ogg"]


@pytest.mark.parametrize("frame", shop.EMBED)
def test_where_html_cannot_see_the_folder_media_are_embedded(
    frame: str,
    tmp_path: Path,
    shown: Callable[..., shop.TextAndHtml],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, content in (("a.png", b"picture"), ("a.ogg", b"sound")):
        (tmp_path / name).write_bytes(content)
    items = pd.DataFrame(
        {"image": [str(tmp_path / "a.png")], "audio": [str(tmp_path / "a.ogg")]}, index=["t1"]
    )
    monkeypatch.setenv(frame, "1")
    page = Page(shown(shop.show_items, items, ["t1"]).html)
    assert page.values("img", "src") == ["data:image/png;base64,cGljdHVyZQ=="]
    (sound,) = page.values("audio", "src")
    assert sound.startswith("data:audio/ogg;base64,")


def test_an_address_is_left_as_it_is(shown: Callable[..., shop.TextAndHtml]) -> None:
    items = pd.DataFrame({"image": ["https://shop.example/a b.png"]}, index=["t1"])
    page = Page(shown(shop.show_items, items, ["t1"]).html)
    assert page.values("img", "src") == ["https://shop.example/a b.png"]


def test_no_output_names_a_folder_of_this_machine(
    everything: list[shop.TextAndHtml], folder: Path
) -> None:
    for cards in everything:
        assert str(folder) not in cards.html + repr(cards)
        assert not re.search(r'="/|file:|https?:|//', cards.html)


def test_a_relative_path_means_from_here(
    shown: Callable[..., shop.TextAndHtml], items: pd.DataFrame
) -> None:
    items.loc["t001", "image"] = os.path.join("..", "pictures", "a.png")  # noqa: PTH118
    page = Page(shown(show_items, items, ["t001"]).html)
    assert page.values("img", "src") == ["../pictures/a.png"]


def test_covers_and_players_have_names_and_players_load_nothing_unasked(
    everything: list[shop.TextAndHtml],
) -> None:
    page = Page(everything[0].html)
    assert page.values("img", "alt") == [
        "Cover of Low Tide by Marla Quist",
        "Cover of <script>alert('&')</script> by Ada \"Wire\" & Sons",
    ]
    ((_, player),) = [tag for tag in page.tags if tag[0] == "audio"]
    assert player["preload"] == "none" and "controls" in player and "autoplay" not in player
    assert player["aria-label"] == player["title"] == "Listen to Low Tide by Marla Quist"


def test_what_an_item_lacks_is_said(everything: list[shop.TextAndHtml]) -> None:
    words = Page(everything[2].html).words
    assert [words.count(gap) for gap in ("no cover", "no sound", "no description")] == [1, 2, 1]
    assert repr(everything[0]).count("no sound") == 2


def test_a_catalogue_without_media_columns_has_plain_cards(
    shown: Callable[..., shop.TextAndHtml], items: pd.DataFrame
) -> None:
    page = Page(shown(show_items, items[["title"]], ["t001"]).html)
    assert page.words == ["Low Tide"]


def test_the_same_items_give_the_same_bytes(
    shown: Callable[..., shop.TextAndHtml], items: pd.DataFrame, parts: pd.DataFrame
) -> None:
    first = shown(show_list, items, items.index, parts=parts)
    again = shown(show_list, items.copy(), list(items.index), parts=parts + 1e-12)
    assert first.html == again.html and repr(first) == repr(again)


def test_the_plain_text_twin_can_be_read(everything: list[shop.TextAndHtml]) -> None:
    assert repr(everything[4]).splitlines() == [
        "What this listener rated: 2 items",
        "  1. Rye | folk | ★★★★★ | no cover | no sound",
        "  2. <script>alert('&')</script> | Ada \"Wire\" & Sons · folk | ★★☆☆☆ | no sound",
        "Recommended: 2 items",
        "  1. Low Tide | Marla Quist · dub | collaborative 0.50 + image 0.20 + mood 0.05 = 0.75",
        "  2. <script>alert('&')</script> | Ada \"Wire\" & Sons · folk | no sound |"
        " collaborative 0.10 + image -0.25 + mood 0.30 = 0.15",
    ]


def bars(html: str) -> list[tuple[float, float, str]]:
    """Left edge, width (both in % of the track) and colour of every bar."""
    pattern = r"height:10px;left:([\d.]+)%;\s*width:([\d.]+)%;background-color:(#\w+)"
    return [(float(x), float(w), color) for x, w, color in re.findall(pattern, html)]


def test_bars_share_one_scale_and_sum_to_the_score(
    shown: Callable[..., shop.TextAndHtml], items: pd.DataFrame, parts: pd.DataFrame
) -> None:
    html = shown(show_items, items, items.index, parts=parts).html
    scale, zero = 0.75, 100 * 0.25 / 0.75  # from −0.25 to 0.5
    drawn = bars(html)
    assert len(drawn) == parts.size
    for (left, width, _), value in zip(drawn, parts.to_numpy().ravel(), strict=True):
        start = left if value >= 0 else left + width
        assert start == pytest.approx(zero, abs=0.11)
        assert width * scale / 100 == pytest.approx(abs(value), abs=0.001)
    words = Page(html).words
    scores = [words[place + 1] for place, word in enumerate(words) if word == "score"]
    assert [float(score) for score in scores] == pytest.approx(parts.sum(axis=1).tolist())
    assert "-0.25" in words


def test_each_part_keeps_its_colour_and_no_two_share_one(
    shown: Callable[..., shop.TextAndHtml], items: pd.DataFrame, parts: pd.DataFrame
) -> None:
    colors = [
        color for _, _, color in bars(shown(show_items, items, items.index, parts=parts).html)
    ]
    assert colors[:3] == colors[3:6]
    assert colors[0] == shop.MODALITY_COLORS["collaborative"]
    assert colors[1] == shop.MODALITY_COLORS["image"]
    assert len(set(colors)) == 3


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_bars_stand_out_from_light_and_dark_themes() -> None:
    named = [shop.MODALITY_COLORS[name] for name in ("image", "text", "audio", "collaborative")]
    for color in [*named, *shop.OTHER_COLORS]:
        assert 1.05 / (luminance(color) + 0.05) >= 2.9, color
        assert (luminance(color) + 0.05) / (luminance("#111111") + 0.05) >= 2.9, color


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"item_ids": ["t009"]}, KeyError, "t009"),
        ({"captions": ["only one"]}, ValueError, "1 for 3 items"),
        ({"parts": pd.DataFrame({"image": [1.0]}, ["t001"])}, KeyError, "t002"),
        (
            {"parts": pd.DataFrame({"image": [1.0, np.nan, 0]}, ["t001", "t002", "t003"])},
            ValueError,
            "parts: a number is NaN",
        ),
    ],
)
def test_what_cannot_be_shown_is_named(
    items: pd.DataFrame, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    arguments: dict[str, Any] = {"item_ids": list(items.index), **change}
    with pytest.raises(error, match=message):
        show_items(items, **arguments)


def test_stars() -> None:
    assert [stars(r) for r in (0, 3, 4.5, np.int64(5))] == ["☆☆☆☆☆", "★★★☆☆", "★★★★½", "★★★★★"]
    for wrong in (-1, 5.5, 3.7, float("nan")):
        with pytest.raises(ValueError, match="round it first"):
            stars(wrong)


@pytest.mark.parametrize(
    ("x", "digits", "text"),
    [
        (0.1251, 2, "0.13"),
        (0.1249, 2, "0.12"),
        (np.float32(0.1), 2, "0.10"),
        (-0.001, 2, "0.00"),
        (-0.0, 0, "0"),
        (-0.006, 2, "-0.01"),
        (float("nan"), 2, "–"),
        (float("inf"), 1, "inf"),
        (25_000_000.0, 2, "25000000.00"),
        (7, 0, "7"),
        (1234.56, 1, "1234.6"),
    ],
)
def test_fixed_digits(x: float, digits: int, text: str) -> None:
    assert fixed(x, digits) == text


def test_interval() -> None:
    assert interval(0.2513, 0.2377, 0.2681) == "0.25 [0.24, 0.27]"
    assert interval(-0.001, -0.02, 0.018, digits=1) == "0.0 [0.0, 0.0]"


def test_a_table_of_everything(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame(
        {
            "ndcg": [0.2513, -0.0001, np.nan],
            "p": [0.0004998, 0.51, None],
            "users": [600, 1200, 7],
            "ok": [True, False, True],
            "best": pd.array([1, None, 3], dtype="Int64"),
            "words": ["a\nline", pd.NA, "x" * 60],
            "day": pd.to_datetime(["2024-05-01", "2024-05-02 10:20:30", None], format="ISO8601"),
        },
        index=pd.Index(["EASE", "chance", "kNN"], name="model"),
    )
    print_table(frame, digits={"p": 4}, max_width=20)
    assert capsys.readouterr().out.splitlines() == [
        "model   ndcg       p  users  ok   best  words                 day",
        "EASE    0.25  0.0005    600  yes     1  a line                2024-05-01",
        "chance  0.00  0.5100   1200  no      –  –                     2024-05-02 10:20:30",
        "kNN        –       –      7  yes     3  xxxxxxxxxxxxxxxxxxx…  –",
    ]


def test_a_table_can_be_printed_from_a_series_and_without_its_index(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(pd.Series([1, 2], index=pd.Index(["a", "b"], name="x"), name="n"))
    assert capsys.readouterr().out == "x  n\na  1\nb  2\n"
    print_table(pd.DataFrame({"n": [1.0, 2.5]}), index=False)
    assert capsys.readouterr().out == "   n\n1.00\n2.50\n"
    with pytest.raises(ValueError, match="digits: no column 'maen' in the table"):
        print_table(pd.DataFrame({"mean": [0.1]}), digits={"maen": 3})
    print_table(pd.DataFrame({"n": [1]}, index=pd.MultiIndex.from_tuples([("u1", "t1")])))
    assert capsys.readouterr().out == "        n\nu1  t1  1\n"
