"""Lessons, code and the page speak in the field's words: homemade ones are gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Homemade word → the field's.
HOMEMADE = {
    r"guess(es|ed|ing)?|promised": "prediction, predicted score or rating",
    r"(known|new) (tracks|items|films|songs|stamps)": "warm items, cold-start items",
    r"newcomers?|comers|guests?|visitors?": "cold-start users, new users",
    r"liking|average people": "centred rating; mean user",
    r"people only|people alone": "collaborative-only",
    r"ClosedForm": "EASE",
    r"carr(y|ies|ied) over|carry-over|speaks? for|likeness": "attribute-to-feature mapping",
    r"appeal|foretold|foreseen?": "popularity prior, predicted popularity",
    r"leaning|drawn to": "feature-based prior",
    r"half_user|caution|fading": "user_shrinkage, cold-item discount, recency weighting",
    r"clearly_best|first_of_the_best|average_of_the_best": "one-standard-error rule",
    r"judge[ds]?|judging": "objective, validation score",
    r"hid(e|es|den|ing)|unseen": "held-out, out-of-fold, validation, test",
    r"dealt out|decoys?": "permuted rows, permutation control",
    r"handed on|hands? on": "weights renormalised over the present modalities",
    r"sp(y|ies)": "missing indicator",
    r"translators?": "projection, encoder",
    r"dearer|dials?": "regularisation strength, cost; parameter",
    r"(bent|straight) similarit(y|ies)|without both": "kernel; nested cross-validation",
    r"kin|close relatives": "near-duplicates",
    r"shel(f|ves)|stacks?": "split, fold",
    r"(\d+|two|three|five|ten|each|every|this|other|one|another) draws?": "split, repetition",
    r"pieces": "character n-grams",
    r"nearness|spread": "correlation; standard deviation",
    r"wish(es)?|rehearsals?": "weighted target; simulated cold start",
    r"genres off": "miscalibration",
    r"gay|of late(?! fusion)|aslant|levelled": "plain English",
}
# What is no homemade word there: a stack machine, a shelving filter.
EXEMPT = {"weights": r"stacks?", "audio": r"shelf"}
SOURCES = [
    *sorted(ROOT.glob("notebooks/src/**/*.py")),
    *sorted(ROOT.glob("apps/**/*.py")),
    *sorted(ROOT.glob("apps/**/*.js")),
    *sorted(ROOT.glob("mmrec_course/**/*.py")),
    *sorted(ROOT.glob("mmrec_course/**/*.jinja")),
    ROOT / "README.md",
]


def homemade(text: str, html: bool = False, exempt: str = "$^") -> list[str]:
    """Each homemade word with its line and the field's word."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, better in HOMEMADE.items():
            for match in re.finditer(rf"(?<![\w.])(?:{pattern})(?!\w)", line, re.IGNORECASE):
                if ("hid" in pattern and html) or re.fullmatch(exempt, match.group()):
                    continue
                found.append(f"line {number}: {match.group()!r}; say {better}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_fields_words_are_used(path: Path) -> None:
    # `hidden` is an attribute of HTML.
    html = path.suffix in (".js", ".jinja")
    problems = homemade(path.read_text(encoding="utf-8"), html, EXEMPT.get(path.stem, "$^"))
    assert not problems, "\n".join([str(path.relative_to(ROOT)), *problems])


def test_a_homemade_word_is_found() -> None:
    assert homemade("The guess for\nnew tracks") == [
        "line 1: 'guess'; say prediction, predicted score or rating",
        "line 2: 'new tracks'; say warm items, cold-start items",
    ]
    assert homemade("A prediction for cold-start items; np.vstack(x); stacked") == []
