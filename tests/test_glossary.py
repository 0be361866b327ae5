"""Each term of the glossary is introduced by the lesson that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from course_map import LESSONS

ROOT = Path(__file__).resolve().parent.parent
ENTRY = re.compile(
    r"^### (?P<term>.+)\n\n(?P<chinese>.+) · \[lesson (?P<number>\d\d)\]\((?P<link>.+)\)\n\n"
    r"(?P<meaning>.+)$",
    re.MULTILINE,
)
TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ENTRIES = [match.groupdict() for match in ENTRY.finditer(TEXT)]


def words(text: str) -> str:
    """Lower-case words with single spaces: marks, hyphens and line breaks do not count."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def test_every_entry_has_a_chinese_term_a_meaning_and_one_place_in_the_alphabet() -> None:
    terms = [entry["term"] for entry in ENTRIES]
    assert len(terms) == len(re.findall(r"^### ", TEXT, re.MULTILINE)) >= 120
    assert terms == sorted(set(terms), key=str.lower)
    for entry in ENTRIES:
        assert re.search(r"[\u4e00-\u9fff]", entry["chinese"]), entry["term"]
        assert 1 <= len(re.findall(r"[.!?](?:\s|$)", entry["meaning"])) <= 4, entry["term"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["term"])
def test_the_lesson_uses_its_term(entry: dict[str, str]) -> None:
    (lesson,) = (name for name in LESSONS if name.startswith(entry["number"]))
    assert entry["link"] == f"../notebooks/{lesson}.ipynb"
    sources = [
        ROOT / f"notebooks/src/{lesson}.py",
        *ROOT.glob(f"notebooks/src/deeper/{entry['number']}_*.py"),
    ]
    text = words(
        "\n".join(
            re.sub(r"^# ?", "", path.read_text(encoding="utf-8"), flags=re.M) for path in sources
        )
    )
    assert words(entry["term"]) in text
