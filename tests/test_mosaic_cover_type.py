"""Text fitting: no word is cut. A monospaced measure makes the right answers plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mosaic.cover_type import fit_text


def _half_em(text: str) -> float:
    return 0.5 * len(text)


def test_a_short_title_is_as_large_as_allowed_on_one_line() -> None:
    assert fit_text("Drift", 500, 200, _half_em, largest=80) == (["Drift"], pytest.approx(80))


def test_lines_are_broken_where_they_balance() -> None:
    lines, size = fit_text("aaaa bb cc dddd", 100, 400, _half_em, largest=500, max_lines=2)
    assert lines == ["aaaa bb", "cc dddd"]
    assert size == pytest.approx(100 / 3.5)


def test_height_bounds_the_size_too() -> None:
    _, size = fit_text("one two", 1000, 30, _half_em, largest=200)
    assert size == pytest.approx(30)


def test_one_long_word_is_shrunk_and_kept() -> None:
    lines, size = fit_text("Unübersichtlichkeit", 40, 40, _half_em, largest=90, smallest=30)
    assert lines == ["Unübersichtlichkeit"]
    assert size == pytest.approx(40 / (0.5 * 19))


def test_more_lines_than_welcome_are_used_before_words_become_illegible() -> None:
    text = "aaa bbb ccc ddd eee fff"
    lines, size = fit_text(text, 60, 600, _half_em, largest=90, smallest=30, max_lines=2)
    assert len(lines) > 2 and size >= 30
    assert len(fit_text(text, 60, 600, _half_em, largest=90, max_lines=2)[0]) == 2


@given(
    st.lists(st.text("abcdefg", min_size=1, max_size=12), min_size=1, max_size=9),
    st.floats(20, 600),
    st.floats(20, 600),
    st.integers(1, 5),
)
def test_fitted_text_keeps_every_word_and_stays_in_its_box(
    words: list[str], width: float, height: float, lines: int
) -> None:
    rows, size = fit_text(
        " ".join(words), width, height, _half_em, largest=99, max_lines=lines, leading=1.2
    )
    assert " ".join(rows).split() == words
    assert 0 < size <= 99
    assert max(map(_half_em, rows)) * size <= width * (1 + 1e-9)
    assert size * (1 + 1.2 * (len(rows) - 1)) <= height * (1 + 1e-9)


@pytest.mark.parametrize(("text", "width"), [("  ", 100.0), ("word", 0.0)])
def test_blank_texts_and_empty_boxes_are_refused(text: str, width: float) -> None:
    with pytest.raises(ValueError, match=r"text|box"):
        fit_text(text, width, 10, _half_em, largest=10)
