"""Descriptions as they come → clean text → lists of words. No string raises an error."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Collection
from functools import lru_cache
from itertools import pairwise

import regex
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

MAX_CHARACTERS = 1_000_000  # of one text: a thick novel
LONGEST_WORD = 100  # longer runs of letters are encoded files, or a key held down

# scikit-learn's list also holds words that say what a text is about; those are kept.
CONTENT_WORDS = "bill bottom cry detail empty fill fire front full interest mill move serious show"
CONTENT_WORDS += " side sincere system thick thin top"
STOP_WORDS: frozenset[str] = ENGLISH_STOP_WORDS - frozenset(CONTENT_WORDS.split())

# Scripts written without spaces between words, with the signs they share (ー is in two of them).
SCRIPTS = "Thai Lao Myanmar Khmer Tai_Le New_Tai_Lue Tai_Tham Javanese Balinese Han Hiragana"
SCRIPTS += " Katakana Bopomofo Yi"
UNSPACED = "".join(rf"\p{{Script_Extensions={script}}}" for script in SCRIPTS.split())
# A letter of these scripts, or of any other (of Latin, a run: the fastest), with combining marks.
CHARACTER = rf"(?=[\p{{L}}\p{{Nl}}])[{UNSPACED}]\p{{M}}*"
LETTER = rf"(?:[a-z]+|(?![{UNSPACED}])[\p{{L}}\p{{Nl}}])\p{{M}}*"
# Tags that format within a word; every other tag separates words.
INLINE = "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike"
INLINE_TAGS = frozenset([*INLINE.split(), "strong", "sub", "sup", "tt", "u", "var", "wbr"])


def normalize_text(text: str) -> str:
    """Write in one way what looks the same, and remove what cannot be seen.

    Invisible characters vanish, control characters and lone surrogates become blanks. Then
    Unicode's normal form NFKC (Annex #15): one character for a letter and its accent, *ﬁ* → fi,
    *①* → 1. Case is folded (*Straße* becomes strasse), ’ and ʼ become ', runs of blanks become
    one. At most 1,000,000 characters are read.

    Notebook: 02_preprocessing

    >>> normalize_text("CAFE\\u0301  ﬁne\\u200b\\x00\\n🎵")
    'café fine 🎵'
    """
    clean = text[:MAX_CHARACTERS]
    if not clean.isascii():
        clean = _MANY_MARKS.sub(r"\1", _INVISIBLE.sub("", clean))
        # One ligature of Arabic stands for eighteen letters.
        clean = unicodedata.normalize("NFKC", clean)[:MAX_CHARACTERS]
    # Folding may part what was one character, and a folded one may combine with what follows.
    clean = unicodedata.normalize("NFD", clean).casefold()
    clean = unicodedata.normalize("NFKC", clean).casefold()
    clean = unicodedata.normalize("NFKC", clean)
    return " ".join(_CONTROL.sub(" ", re.sub("[’ʼ]", "'", clean)).split())


def strip_markup(text: str) -> str:
    """Remove HTML tags, comments, scripts, web and e-mail addresses; decode entities.

    A tag within a word (``<b>``, ``<span>``) leaves no gap, any other a blank. What only looks
    like a tag stays (*I <3 you*, *a < b*).

    Notebook: 02_preprocessing

    >>> strip_markup("<p>Rock&nbsp;&amp; <b>r</b>oll<br>for ever: www.example.org</p>")
    'Rock & roll for ever:'
    """
    clean = _MARKUP.sub(_without_tag, text) if "<" in text else text
    if "&" in clean:
        # Python refuses to read numbers of thousands of digits; no character has such a number.
        clean = html.unescape(_NO_ENTITY.sub(" ", clean))
    clean = _WEB_ADDRESS.sub(" ", clean)
    if "@" in clean:
        clean = _MAIL_ADDRESS.sub(" ", clean)
    return " ".join(clean.split())


def tokenize(
    text: str, *, stop_words: str | Collection[str] | None = None, stem: str | None = None
) -> list[str]:
    """Split a text, normalised by :func:`normalize_text`, into words.

    A word is a run of at most 100 letters of any script, with apostrophes between letters: *don't*,
    *Москва*. Digits, with letters that follow at once, punctuation and emoji are dropped. Scripts
    without spaces between words give overlapping pairs of characters, 日本語 → 日本, 本語 (Nie
    et al. 2000, IRAL). ``stop_words`` are left out: "english" for ``STOP_WORDS`` and every *…n't*,
    or your own; a contraction goes with its first part. ``stem`` is a language of NLTK's Snowball.

    Notebook: 02_preprocessing

    >>> tokenize("It's the SEA’s slow, slow song: 1984!", stop_words="english", stem="english")
    ['sea', 'slow', 'slow', 'song']
    """
    english = stop_words == "english"
    if isinstance(stop_words, str) and not english:
        raise ValueError(f"stop_words: {stop_words!r} is not 'english'; pass the words")
    stops = STOP_WORDS if english else frozenset(word.casefold() for word in stop_words or ())
    cut = None if stem is None else _stemmer(stem)
    tokens: list[str] = []
    for word, unspaced in _WORD.findall(normalize_text(text)):
        if unspaced:
            characters = _CHARACTER.findall(unspaced)
            tokens += [a + b for a, b in pairwise(characters)] or characters
        elif (
            len(word) <= LONGEST_WORD
            and word.partition("'")[0] not in stops
            and not (english and word.endswith("n't"))
        ):
            tokens.append(word if cut is None else cut(word))
    return tokens


_INVISIBLE = regex.compile(r"[\p{Cf}\p{Variation_Selector}\u034f]+")
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}]+")
# Sorting a longer row of combining marks takes quadratic time (UAX #15, "stream-safe").
_MANY_MARKS = regex.compile(r"(\p{M}{30})\p{M}+")
# Two groups: a word (never behind a digit or a word at once), or a run of a script without spaces.
_WORD = regex.compile(
    rf"(?=[\p{{L}}\p{{Nl}}])(?:(?:(?<![\p{{L}}\p{{N}}])|(?<=[{UNSPACED}]))({LETTER}(?:'?{LETTER})*+)"
    rf"|((?:{CHARACTER})+))"
)
_CHARACTER = regex.compile(CHARACTER)
# Inside of a tag: only a quote after an equals sign opens a value, which may hold < and >. The
# quantifiers with + never give back what they took, so that the time is linear.
_INSIDE = r"""(?:[^<>=]|=[ \t\r\n]*+(?:"[^"]*+"|'[^']*+')?+)*+"""
_MARKUP = re.compile(
    rf"""<!--.*?(?:-->|\Z)
    | <(?P<code>script|style)(?![A-Za-z0-9:-]){_INSIDE}>.*?(?=</(?P=code)|\Z)
    | <(?=[A-Za-z/!?])/?(?P<name>[A-Za-z0-9:-]*){_INSIDE}(?P<end>>?)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
)
_NO_ENTITY = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9A-Fa-f]{8,});?")
_WEB_ADDRESS = re.compile(r"(?i)(?<![A-Za-z0-9])(?:(?:https?|ftp)://|www\.)[!#-;=?-~]+")
# The name starts where a run of its letters does, so that no run is tried twice.
_MAIL_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)


def _without_tag(match: re.Match[str]) -> str:
    """Return what replaces a tag, a comment or a script; of a tag never closed, its text."""
    if match["end"] == "":
        return " " + match[0][1:]
    return "" if (match["name"] or "").lower() in INLINE_TAGS else " "


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Callable[[str], str]:
    from nltk.stem.snowball import SnowballStemmer  # late: it takes longer than stemming

    return lru_cache(maxsize=100_000)(SnowballStemmer(language).stem)
