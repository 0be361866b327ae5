"""tokenize: what is a word, what is left out, what is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem.snowball import SnowballStemmer

from mmrec_course.preprocessing import tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t", []),
        ("Slow, slow SONG.", ["slow", "slow", "song"]),
        ("don't stop the rock'n'roll", ["don't", "stop", "the", "rock'n'roll"]),
        ("‘quoted’ and 'quoted'", ["quoted", "and", "quoted"]),
        ("it’s", ["it's"]),
        ("synth-pop/dub_house", ["synth", "pop", "dub", "house"]),
        ("a 1980s hit, 7th, mp3", ["a", "hit", "mp"]),
        ("L'ÉTÉ à Łódź", ["l'été", "à", "łódź"]),
        ("e\u0301te\u0301", ["été"]),
        ("Москва ночью", ["москва", "ночью"]),
        ("हिन्दी गीत", ["हिन्दी", "गीत"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("海边的歌，很慢", ["海边的歌", "很慢"]),
        ("🎵🎶 ★ ½ ①", []),
        ("\x00\x07a\x1bb", ["a", "b"]),
        ("ﬁne", ["fine"]),
    ],
)
def test_words_are_runs_of_letters(text, words):
    assert tokenize(text) == words


def test_english_stop_words_go_with_their_contractions():
    text = "It's the one that wasn't on their first record, and they're gone: don't cry, fire!"
    assert tokenize(text, stop_words="english") == ["record", "gone", "cry", "fire"]


def test_stop_words_of_your_own():
    assert tokenize("le chat n'est pas là", stop_words={"le", "n"}) == ["chat", "pas", "là"]
    with pytest.raises(ValueError, match="'french' is not 'english'"):
        tokenize("le chat", stop_words="french")


def test_stems_are_those_of_snowball():
    words = ["singing", "singers", "sings", "quietly", "waves"]
    assert tokenize(" ".join(words), stem="english") == [
        SnowballStemmer("english").stem(word) for word in words
    ]
    assert tokenize("cantando canciones", stem="spanish") == ["cant", "cancion"]
    with pytest.raises(ValueError, match="stem: 'klingon' is not among"):
        tokenize("x", stem="klingon")


@settings(deadline=None)
@given(st.text())
def test_any_string_gives_lower_case_words_without_blanks(text):
    for word in tokenize(text):
        assert word
        assert word == word.strip("' \n")
        assert not any(letter.isspace() or letter in ".,_-" for letter in word)


def test_a_long_text_takes_no_longer_than_it_must():
    assert len(tokenize("a" * 2_000_000 + " " + "'a" * 500_000)) == 2
