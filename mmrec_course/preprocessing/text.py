"""Descriptions → lists of words.

In: a string. Out: tokens, in the order of the text.

Notebook: 02_preprocessing
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from functools import lru_cache

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

__all__ = ["STOP_WORDS", "tokenize"]

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


def tokenize(
    text: str, *, stop_words: str | Collection[str] | None = None, stem: str | None = None
) -> list[str]:
    """Split a text into lower-case words.

    A word is a run of letters of any script with their combining marks, and apostrophes between
    letters: *don't*, *l'été*, *naïve*, *Москва*. Digits, punctuation, symbols and emoji part
    words and are dropped; letters glued to a digit before them (the *s* of *80s*) go with it.
    Unicode is brought to one form (NFKC) first, and ’ becomes '. A script without spaces comes
    out as one long word between punctuation marks.

    Parameters
    ----------
    text
        Any string.
    stop_words
        Words to leave out: "english" for :data:`STOP_WORDS`, or words of your own, in lower
        case. A contraction goes with its first part (*it's* with *it*), and in English
        everything on *n't* goes.
    stem
        A language of NLTK's Snowball stemmer, say "english", to cut words to their stems
        after stop words are gone.

    Returns
    -------
    List of tokens, possibly empty.

    Raises
    ------
    ValueError
        If stop_words is another string than "english", or NLTK cannot stem that language.

    Notebook: 02_preprocessing

    Examples
    --------
    >>> tokenize("It's the SEA’s slow, slow song: 1984!")
    ["it's", 'the', "sea's", 'slow', 'slow', 'song']
    >>> tokenize("It's the SEA’s slow, slow song: 1984!", stop_words="english", stem="english")
    ['sea', 'slow', 'slow', 'song']
    """
    clean = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    tokens = _word_pattern().findall(clean)
    if stop_words is not None:
        stops, english = _stop_set(stop_words)
        tokens = [
            token
            for token in tokens
            if token.partition("'")[0] not in stops and not (english and token.endswith("n't"))
        ]
    if stem is not None:
        cut = _stemmer(stem)
        tokens = [cut(token) for token in tokens]
    return tokens


def _stop_set(stop_words: str | Collection[str]) -> tuple[Collection[str], bool]:
    if isinstance(stop_words, str):
        if stop_words != "english":
            raise ValueError(f"stop_words: {stop_words!r} is not 'english'; pass the words")
        return STOP_WORDS, True
    return stop_words, False


@lru_cache(maxsize=1)
def _word_pattern() -> re.Pattern[str]:
    """Letters with marks; ``re`` has no class for marks, without which Hindi falls apart."""
    marks = "".join(
        re.escape(chr(code))
        for code in range(0x300, 0x1E00)
        if unicodedata.category(chr(code)) in ("Mn", "Mc")
    )
    letter = rf"[^\W\d_][{marks}]*"
    return re.compile(rf"(?<![^\W_]){letter}(?:'?{letter})*")


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Callable[[str], str]:
    """Imported where it is used: loading NLTK takes longer than stemming a catalogue."""
    from nltk.stem.snowball import SnowballStemmer

    if language not in SnowballStemmer.languages:
        known = ", ".join(SnowballStemmer.languages)
        raise ValueError(f"stem: {language!r} is not among {known}")
    return lru_cache(maxsize=100_000)(SnowballStemmer(language).stem)
