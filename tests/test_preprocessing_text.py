"""normalize_text, strip_markup, tokenize: what is one word, what is none, what costs too much."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.stem.snowball import SnowballStemmer

from mmrec_course.preprocessing import normalize_text, strip_markup, tokenize
from mmrec_course.preprocessing.text import MAX_CHARACTERS

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too
TWO_MB = 2_000_000  # twice of what is read


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        (" \n\t ", ""),
        ("Cafe\u0301", "café"),
        ("CAFÉ", "café"),
        ("STRASSE Straße", "strasse strasse"),
        ("ω\u036f\u0345", "ω\u036fι"),  # the accent stays on its letter where folding parts one
        ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
        ("ﬁne Ｆｕｌｌ ① x² ｶﾞ", "fine full 1 x2 ガ"),
        ("so\u00adft zero\u200bwidth \u202eturned\u202c \ufeff", "soft zerowidth turned"),
        ("a\x00b\x1bc\x7fd\x85e", "a b c d e"),
        ("a\ud800b", "a b"),
        ("it’s itʼs it's", "it's it's it's"),
        ("no\u00a0break\u3000wide", "no break wide"),
        ("A, 80 % ★ 🎵\ufe0f!", "a, 80 % ★ 🎵!"),
    ],
)
def test_what_looks_the_same_is_written_the_same(text, clean):
    assert normalize_text(text) == clean


@settings(max_examples=100)
@given(ANY_TEXT)
def test_normalising_twice_changes_nothing(text):
    once = normalize_text(text)
    assert normalize_text(once) == once
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in once)
    once.encode()


def test_every_single_character_is_normalised_for_good():
    for code in [*range(0x3000), *range(0xA000, 0xAC00), *range(0xD7A4, 0x20000)]:
        once = normalize_text(f"a{chr(code)}\u0301z")
        assert normalize_text(once) == once, hex(code)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("", ""),
        ("plain, 1 & 2!", "plain, 1 & 2!"),
        ("<p>One</p><P class=x>two<br/>three</p>", "One two three"),
        ("<b>r</b>oll <span title='a>b'>on</span>", "roll on"),
        ('<img alt="x" src = "a>b.png">seen', "seen"),
        ("Rock&nbsp;&amp;&#32;roll&hellip; &notanentity; &", "Rock & roll… ¬anentity; &"),
        ("&lt;b&gt; is text", "<b> is text"),
        ("I <3 you, a < b and c > d", "I <3 you, a < b and c > d"),
        ("stray <b never closed", "stray b never closed"),
        ('odd <b "quoted" <i>x</i> y', 'odd b "quoted" x y'),
        ("<b it's fine>shown", "shown"),
        ("a<!-- <p>not</p> -->b<!-- rest", "a b"),
        ("a<SCRIPT>if (x<y) '<p>'</SCRIPT>b<style>p{}</style >c<script>end", "a b c"),
        ("<?xml version='1.0'?><!DOCTYPE html><title>T</title>body", "T body"),
        ("see HTTPS://a.org/b?c=d(e), www.x.org or ftp://y", "see or"),
        ("見https://a.org/歌", "見 歌"),
        ("write to me.too+x@mail.example.org, @home a@b", "write to , @home a@b"),
    ],
)
def test_only_what_is_to_be_read_stays(markup, words):
    assert strip_markup(markup) == words


def test_a_number_too_long_for_python_is_no_error():
    assert strip_markup("a &#" + "9" * 6000 + "; b &#x" + "f" * 6000 + "; &#65;") == "a b A"


@given(ANY_TEXT)
def test_what_has_no_markup_stays_as_it_is(text):
    text = "".join(c for c in text if c not in "<&@:.")
    assert strip_markup(text) == " ".join(text.split())


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
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("Москва ночью", ["москва", "ночью"]),
        ("हिन्दी गीत", ["हिन्दी", "गीत"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("한국어 노래", ["한국어", "노래"]),
        ("🎵🎶 ★ ½ ① 👨\u200d👩\u200d👧", []),
        ("\x00\x07a\x1bb", ["a", "b"]),
        ("\ud800a\udfff", ["a"]),
        ("in\u200bvisible so\u00adft", ["invisible", "soft"]),
        ("ﬁne", ["fine"]),
        ("a" * 100 + " " + "b" * 101, ["a" * 100]),
    ],
)
def test_words_are_runs_of_letters(text, words):
    assert tokenize(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("海边的歌，很慢", ["海边", "边的", "的歌", "很慢"]),
        ("日本語", ["日本", "本語"]),
        ("スーパー 〇一", ["スー", "ーパ", "パー", "〇一"]),
        ("歌", ["歌"]),
        ("1984年の歌", ["年の", "の歌"]),
        ("80s日rock", ["日", "rock"]),
        ("J-POPのｶﾞ", ["j", "pop", "のガ"]),
        ("J-POPの歌", ["j", "pop", "の歌"]),
        ("ง่าย", ["ง่า", "าย"]),
        ("ខ្មែរ", ["ខ្មែ", "មែរ"]),
        ("𠮷野家", ["𠮷野", "野家"]),
    ],
)
def test_scripts_without_spaces_come_as_pairs_of_characters(text, words):
    assert tokenize(text) == words


def test_two_texts_with_a_japanese_word_in_common_share_tokens():
    assert set(tokenize("静かな海辺の歌です")) & set(tokenize("海辺で聴く")) == {"海辺"}


def test_english_stop_words_go_with_their_contractions():
    text = "It's the one that wasn't on their first record, and they're gone: don't cry, fire!"
    assert tokenize(text, stop_words="english") == ["record", "gone", "cry", "fire"]


def test_stop_words_of_your_own():
    assert tokenize("le chat n'est pas là", stop_words={"le", "n"}) == ["chat", "pas", "là"]
    assert tokenize("daß es geht", stop_words=["Daß", "es"]) == ["geht"]
    with pytest.raises(ValueError, match="'french' is not 'english'"):
        tokenize("le chat", stop_words="french")


def test_stems_are_those_of_snowball():
    words = ["singing", "singers", "sings", "quietly", "waves"]
    assert tokenize(" ".join(words), stem="english") == [
        SnowballStemmer("english").stem(word) for word in words
    ]
    assert tokenize("cantando canciones", stem="spanish") == ["cant", "cancion"]
    with pytest.raises(ValueError, match="'klingon' is not supported"):
        tokenize("x", stem="klingon")


@given(ANY_TEXT)
def test_any_string_gives_folded_words_without_blanks(text):
    for word in tokenize(text):
        assert word
        assert word == word.strip("' \n")
        assert word == normalize_text(word)
        assert not any(letter.isspace() or letter in ".,_-" for letter in word)
        word.encode()


# None of these would come back within the hour if its time grew with the square of its length.
@pytest.mark.parametrize(
    "unit", ['<a ">" ', "<a ='", "<!--", "a@", "&#9", "\u0301\u0323", "\ufdfa"]
)
def test_two_megabytes_of_anything_are_read(unit):
    text = unit * (TWO_MB // len(unicodedata.normalize("NFKC", unit)))
    assert len(strip_markup(text)) <= TWO_MB
    assert len(normalize_text(text)) <= MAX_CHARACTERS
    assert len(tokenize(text[:60_000])) <= 200_000  # one of them has four words in it


def test_of_a_long_text_the_beginning_is_read():
    text = "sea " * 300_000 + "fire"
    assert len(tokenize(text)) == 250_000
    assert tokenize("'a" * 600_000) == []
