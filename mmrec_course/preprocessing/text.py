"""Descriptions as they come → clean text → lists of words.

In: a string. Out: a cleaner string, or tokens, in the order of the text. Nothing here raises for
what a text contains, and time grows in proportion to its length.
"""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import regex
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

__all__ = ["MAX_CHARACTERS", "STOP_WORDS", "normalize_text", "strip_markup", "tokenize"]

# A thick novel. More of one text would cost time and tell a recommender nothing new.
MAX_CHARACTERS = 1_000_000
# Longer runs of letters are no words: encoded files, a key held down.
LONGEST_WORD = 100

# scikit-learn's list also holds words that say what a text is about; those are kept.
STOP_WORDS: frozenset[str] = ENGLISH_STOP_WORDS - {
    "bill",
    "bottom",
    "cry",
    "detail",
    "empty",
    "fill",
    "fire",
    "front",
    "full",
    "interest",
    "mill",
    "move",
    "serious",
    "show",
    "side",
    "sincere",
    "system",
    "thick",
    "thin",
    "top",
}

# Scripts written without spaces between words, with the signs they share (ー is in two of them).
# Tibetan is not among them: its dots part syllables.
UNSPACED = "".join(
    rf"\p{{Script_Extensions={script}}}"
    for script in (
        *("Thai", "Lao", "Myanmar", "Khmer", "Tai_Le", "New_Tai_Lue", "Tai_Tham", "Javanese"),
        *("Balinese", "Han", "Hiragana", "Katakana", "Bopomofo", "Yi"),
    )
)
# A letter of these scripts, or of any other, with its combining marks: Hindi is full of them.
CHARACTER = rf"(?=[\p{{L}}\p{{Nl}}])[{UNSPACED}]\p{{M}}*"
LETTER = rf"(?![{UNSPACED}])[\p{{L}}\p{{Nl}}]\p{{M}}*"
# Tags that format within a word; every other tag parts words.
INLINE = "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike"
INLINE_TAGS = frozenset([*INLINE.split(), "strong", "sub", "sup", "tt", "u", "var", "wbr"])


def normalize_text(
    text: str,
    *,
    form: Literal["NFC", "NFKC"] = "NFKC",
    casefold: bool = True,
    max_characters: int = MAX_CHARACTERS,
) -> str:
    """One way to write what looks the same, without what cannot be seen.

    In this order: invisible characters (zero-width spaces and joiners, soft hyphens, direction
    marks, variation selectors) vanish, control characters and lone surrogates become blanks;
    Unicode's normal form; case; ’ and ʼ become '; runs of blanks become one. Punctuation,
    digits and emoji stay.

    Parameters
    ----------
    text
        Any string.
    form
        Both forms make one character of a letter and its accent, so that two ways to store *é*
        are one word. "NFKC" also takes letters in fancy dress for what they say: *ﬁ* → fi,
        *Ｆｕｌｌ* → Full, *①* → 1, *ｶﾞ* → ガ; it loses what only looks tell (*x²* → x2), which
        is right for search and wrong for print. "NFC" leaves those as they are.
    casefold
        Fold case as Unicode does, which is more than lower case: *STRASSE* and *Straße* become
        strasse, *ΟΔΟΣ* and *οδος* οδοσ.
    max_characters
        Of a longer text, only this much of its beginning is read.

    Returns
    -------
    String; normalising it again changes nothing.

    Raises
    ------
    ValueError
        If form is another one, or max_characters is negative.

    Notes
    -----
    Unicode Standard Annex #15. Of a row of combining marks, the first 30 count, as in its
    "stream-safe" format: sorting a longer one takes quadratic time.

    Notebook: 02_preprocessing

    Examples
    --------
    >>> normalize_text("CAFE\\u0301  ﬁne\\u200b\\x00\\n🎵")
    'café fine 🎵'
    """
    if form not in ("NFC", "NFKC"):
        raise ValueError(f"form: {form!r} is not 'NFC' or 'NFKC'")
    if max_characters < 0:
        raise ValueError(f"max_characters: {max_characters} is negative")
    clean = text[:max_characters]
    if not clean.isascii():
        clean = _MANY_MARKS.sub(r"\1", clean.translate(_unseen()))
        # One ligature of Arabic stands for eighteen letters.
        clean = unicodedata.normalize(form, clean)[:max_characters]
    if casefold:
        # Folding may part what was one character, and a folded one may combine with what follows.
        clean = unicodedata.normalize("NFD", clean).casefold()
        clean = unicodedata.normalize(form, clean).casefold()
        clean = unicodedata.normalize(form, clean)
    clean = clean.translate(_APOSTROPHES_AND_CONTROLS)
    return " ".join(clean.split())


def strip_markup(text: str) -> str:
    """The words of a web page or a shop's export, without what was never meant to be read.

    Tags, comments, what stands in ``<script>`` and ``<style>``, web and e-mail addresses are
    taken out, and entities become their characters. A tag within a word (``<b>``, ``<span>``)
    leaves no gap, any other a blank. What only looks like a tag (*I <3 you*, *a < b*, a ``<b``
    that is never closed) stays, without a ``<`` that opens nothing; a comment or a script that
    is never closed goes on to the end, as in a browser. Tags written with entities
    (``&lt;b&gt;``) are text. One pass from left to right, O(length).

    Parameters
    ----------
    text
        Any string, of any length.

    Returns
    -------
    String with single blanks; case, digits, punctuation and emoji as they were.

    Notebook: 02_preprocessing

    Examples
    --------
    >>> strip_markup("<p>Rock&nbsp;&amp; <b>r</b>oll<br>for ever: www.example.org</p>")
    'Rock & roll for ever:'
    """
    clean = _without_tags(text) if "<" in text else text
    if "&" in clean:
        # Python refuses to read numbers of thousands of digits; no character has such a number.
        clean = html.unescape(_NO_ENTITY.sub(" ", clean))
    clean = _WEB_ADDRESS.sub(" ", clean)
    if "@" in clean:
        clean = _MAIL_ADDRESS.sub(" ", clean)
    return " ".join(clean.split())


def tokenize(
    text: str,
    *,
    stop_words: str | Collection[str] | None = None,
    stem: str | None = None,
    max_characters: int = MAX_CHARACTERS,
) -> list[str]:
    """Split a text into case-folded words.

    A word is a run of letters of any script with their combining marks, and apostrophes between
    letters: *don't*, *l'été*, *naïve*, *Москва*. Digits, punctuation, symbols and emoji part
    words and are dropped; letters glued to a digit before them (the *s* of *80s*) go with it. A
    run of more than 100 letters is no word and is dropped.

    Chinese, Japanese, Thai, Lao, Khmer, Burmese and other scripts without spaces between words
    come out as overlapping pairs of characters: *日本語* as 日本, 本語. That needs no dictionary,
    and two texts that share a word share its pairs. A character alone stays alone.

    The text is brought to one form by :func:`normalize_text` first.

    Parameters
    ----------
    text
        Any string.
    stop_words
        Words to leave out: "english" for :data:`STOP_WORDS`, or words of your own. A
        contraction goes with its first part (*it's* with *it*), and in English everything on
        *n't* goes.
    stem
        A language of NLTK's Snowball stemmer, say "english", to cut words to their stems
        after stop words are gone.
    max_characters
        Of a longer text, only this much of its beginning is read.

    Returns
    -------
    List of tokens, possibly empty.

    Raises
    ------
    ValueError
        If stop_words is another string than "english", or NLTK cannot stem that language.

    Notes
    -----
    Pairs of characters for Chinese and Japanese: Nie, Gao, Zhang and Zhou (2000), IRAL.

    Notebook: 02_preprocessing

    Examples
    --------
    >>> tokenize("It's the SEA’s slow, slow song: 1984!")
    ["it's", 'the', "sea's", 'slow', 'slow', 'song']
    >>> tokenize("It's the SEA’s slow, slow song: 1984!", stop_words="english", stem="english")
    ['sea', 'slow', 'slow', 'song']
    >>> tokenize("1984年の歌 🎵")
    ['年の', 'の歌']
    """
    stops, english = _stop_set(stop_words)
    cut = None if stem is None else _stemmer(stem)
    tokens: list[str] = []
    clean = normalize_text(text, max_characters=max_characters)
    for unspaced, word in _WORD.findall(clean):
        if unspaced:
            tokens += _pairs(unspaced)
        elif (
            len(word) <= LONGEST_WORD
            and word.partition("'")[0] not in stops
            and not (english and word.endswith("n't"))
        ):
            tokens.append(word if cut is None else cut(word))
    return tokens


def _stop_set(stop_words: str | Collection[str] | None) -> tuple[frozenset[str], bool]:
    if stop_words is None:
        return frozenset(), False
    if isinstance(stop_words, str):
        if stop_words != "english":
            raise ValueError(f"stop_words: {stop_words!r} is not 'english'; pass the words")
        return STOP_WORDS, True
    return frozenset(word.casefold() for word in stop_words), False


def _pairs(run: str) -> Iterable[str]:
    """Neighbouring characters, each with its marks, of a run without spaces."""
    characters = _CHARACTER.findall(run)
    return [a + b for a, b in pairwise(characters)] if len(characters) > 1 else characters


@lru_cache(maxsize=1)
def _unseen() -> dict[int, str | None]:
    """Format characters and variation selectors → nothing, surrogates → a blank."""
    nothing = [c for c in range(sys.maxunicode) if unicodedata.category(chr(c)) == "Cf"]
    nothing += [0x34F, *range(0x180B, 0x180E), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
    return {**dict.fromkeys(nothing), **dict.fromkeys(range(0xD800, 0xE000), " ")}


_APOSTROPHES_AND_CONTROLS = {
    0x2019: "'",
    0x02BC: "'",
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " "),
}


# Two groups: a run of a script without spaces, or a word. A word may follow such a script at once,
# but not a digit.
_WORD = regex.compile(
    rf"((?:{CHARACTER})+)|(?:(?<![\p{{L}}\p{{N}}])|(?<=[{UNSPACED}]))({LETTER}(?:'?{LETTER})*)"
)
_CHARACTER = regex.compile(CHARACTER)
_MANY_MARKS = regex.compile(r"(\p{M}{30})\p{M}+")
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_TAG_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9:-]{0,30})")
# What may end a tag, or hide its end: only a quote after an equals sign opens a value.
_TAG_STOP = re.compile(r"""=[ \t\r\n]*(["'])|[<>]""")
_CODE_END = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in ("script", "style")}
_NO_ENTITY = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9A-Fa-f]{8,});?")
_WEB_ADDRESS = re.compile(
    r"""(?<![A-Za-z0-9])(?:(?:https?|ftp)://|www\.)[!#-;=?-~]+""", re.IGNORECASE
)
# The name starts where a run of its letters does, so that no run is tried twice.
_MAIL_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)


def _without_tags(text: str) -> str:
    """Text between tags. Every character is looked at a fixed number of times at most."""
    parts: list[str] = []
    place = 0
    while (found := _TAG_START.search(text, place)) is not None:
        start = found.start()
        parts.append(text[place:start])
        if text.startswith("<!--", start):
            end = text.find("-->", start + 4)
            parts.append(" ")
            place = len(text) if end < 0 else end + 3
            continue
        closed, end = _tag_end(text, start + 1)
        if not closed:  # all of this is text, so that no part of it is looked at again
            parts.append(" " + text[start + 1 : end])
            place = end
            continue
        name_match = _TAG_NAME.match(text, start + 1)
        name = name_match[1].lower() if name_match else ""
        parts.append("" if name in INLINE_TAGS else " ")
        place = end
        if name in _CODE_END and text[start + 1] != "/":
            code_end = _CODE_END[name].search(text, end)
            place = len(text) if code_end is None else code_end.start()
    parts.append(text[place:])
    return "".join(parts)


def _tag_end(text: str, place: int) -> tuple[bool, int]:
    """(True, behind the tag's ``>``), or (False, where it is clear that this is no tag)."""
    while (stop := _TAG_STOP.search(text, place)) is not None:
        if stop[1] is None:
            closed = stop[0] == ">"
            return closed, stop.end() if closed else stop.start()
        quote = text.find(stop[1], stop.end())
        place = stop.end() if quote < 0 else quote + 1
    return False, len(text)


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Callable[[str], str]:
    """Imported where it is used: loading NLTK takes longer than stemming a catalogue."""
    from nltk.stem.snowball import SnowballStemmer

    if language not in SnowballStemmer.languages:
        known = ", ".join(SnowballStemmer.languages)
        raise ValueError(f"stem: {language!r} is not among {known}")
    return lru_cache(maxsize=100_000)(SnowballStemmer(language).stem)
