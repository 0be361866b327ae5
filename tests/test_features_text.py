"""TfidfText and LatentSemanticAnalysis: by hand, against scikit-learn, with little given."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from mmrec_course.datasets import load_mosaic
from mmrec_course.features import LatentSemanticAnalysis, TfidfText
from mmrec_course.preprocessing import tokenize
from mmrec_course.preprocessing.text import STOP_WORDS

TEXTS = [
    "slow piano, slow waves",
    "slow guitar by the fire",
    "the piano and the guitar",
    "a fast guitar",
]
SEA = [
    "boat sea",
    "ship sea",
    "boat harbour",
    "ship harbour",
    "drum solo",
    "drum solo night",
    "night drum",
]
BOTH = pytest.mark.parametrize("make", [TfidfText, LatentSemanticAnalysis])


@pytest.fixture(scope="module")
def mosaic_texts():
    return load_mosaic().items["text"].dropna().tolist()


def test_by_hand():
    tfidf = TfidfText()
    x = tfidf.fit_transform(TEXTS).toarray()
    assert tfidf.get_feature_names_out().tolist() == ["guitar", "piano", "slow"]
    idf_piano = idf_slow = 1 + np.log(5 / 3)
    first = np.array([0, idf_piano, (1 + np.log(2)) * idf_slow])
    np.testing.assert_allclose(x[0], first / np.linalg.norm(first))
    np.testing.assert_allclose(x[3], [1, 0, 0])


def test_equals_scikit_learn_where_the_words_are_the_same():
    theirs = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words=list(STOP_WORDS))
    ours = TfidfText()
    np.testing.assert_allclose(
        ours.fit_transform(TEXTS).toarray(), theirs.fit_transform(TEXTS).toarray()
    )
    assert (ours.get_feature_names_out() == theirs.get_feature_names_out()).all()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {"tokenizer": lambda t: tokenize(t, stop_words="english"), "token_pattern": None}),
        (
            {"ngram_range": (1, 2), "min_df": 0.01, "max_features": None, "stem": "english"},
            {
                "tokenizer": lambda t: tokenize(t, stop_words="english", stem="english"),
                "token_pattern": None,
                "ngram_range": (1, 2),
                "min_df": 0.01,
            },
        ),
        (
            {"analyzer": "char_wb", "max_features": None},
            {
                "preprocessor": lambda t: " ".join(tokenize(t, stop_words="english")),
                "analyzer": "char_wb",
                "ngram_range": (3, 5),
            },
        ),
    ],
)
def test_equals_scikit_learn_on_a_catalogue(ours, theirs, mosaic_texts):
    reference = TfidfVectorizer(**{"sublinear_tf": True, "min_df": 2, "lowercase": False, **theirs})
    tfidf = TfidfText(**ours).fit(mosaic_texts[:80])
    reference.fit(mosaic_texts[:80])
    assert (tfidf.get_feature_names_out() == reference.get_feature_names_out()).all()
    texts = mosaic_texts[60:120]  # some of them new
    difference = tfidf.transform(texts) - reference.transform(texts)
    assert abs(difference).max() < 1e-12


def test_new_texts_have_the_columns_learned():
    tfidf = TfidfText().fit(TEXTS)
    x = tfidf.transform(["guitar guitar zither", "zither"]).toarray()
    np.testing.assert_allclose(x, [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]], atol=1e-9)


def test_options_reach_the_vectorizer():
    assert (
        "slow piano" in TfidfText(min_df=1, ngram_range=(1, 2)).fit(TEXTS).get_feature_names_out()
    )
    assert "the" in TfidfText(stop_words=None).fit(TEXTS).get_feature_names_out()
    assert "wave" in TfidfText(min_df=1, stem="english").fit(TEXTS).get_feature_names_out()
    assert len(TfidfText(max_features=1).fit(TEXTS).get_feature_names_out()) == 1
    assert clone(TfidfText(min_df=3)).get_params()["min_df"] == 3
    pieces = TfidfText(analyzer="char_wb").fit(TEXTS).get_feature_names_out()
    assert {len(piece) for piece in pieces} == {3, 4, 5}
    assert {" gu", "guit", "itar "} <= set(pieces)
    two = TfidfText(analyzer="char_wb", ngram_range=(2, 2)).fit(TEXTS).get_feature_names_out()
    assert {len(piece) for piece in two} == {2}


def test_the_cap_keeps_the_most_frequent_and_of_equals_the_first_in_the_alphabet():
    kept = TfidfText(max_features=3).fit(["d c b z e e", "z b c d e"])
    assert kept.get_feature_names_out().tolist() == ["b", "c", "e"]
    many = TfidfText(max_features=None, min_df=1, stop_words=None)
    words = [f"{a}{b}{c}" for a in "bcdfghklmn" for b in "aeiou" for c in "bcdfghklmn"]
    texts = [" ".join(words[::-1]), " ".join(words)]
    assert len(many.fit(texts).get_feature_names_out()) == 500
    capped = many.set_params(max_features=7).fit(texts)
    assert capped.get_feature_names_out().tolist() == sorted(words)[:7]


def test_by_default_no_catalogue_has_more_than_5000_columns():
    letters = "abcdefghij"
    words = [a + b + c + d for a in letters for b in letters for c in letters for d in letters]
    assert len(TfidfText().fit([" ".join(words)] * 2).get_feature_names_out()) == 5000


def test_a_cap_where_no_two_are_equal_is_scikit_learns():
    words = [chr(97 + i) * 3 for i in range(20)]
    texts = [" ".join(words[: i + 1]) for i in range(20)]
    theirs = TfidfVectorizer(sublinear_tf=True, max_features=6).fit(texts)
    ours = TfidfText(max_features=6, min_df=1, stop_words=None).fit(texts)
    assert (ours.get_feature_names_out() == theirs.get_feature_names_out()).all()
    np.testing.assert_allclose(ours.transform(texts).toarray(), theirs.transform(texts).toarray())


@BOTH
def test_markup_and_addresses_are_not_words(make):
    texts = ['<p class="slow">sea&nbsp;song</p> https://slow.org', "a sea song <br> me@slow.org"]
    words = make().fit(texts)
    tfidf = words.tfidf_ if make is LatentSemanticAnalysis else words
    assert tfidf.get_feature_names_out().tolist() == ["sea", "song"]


def test_texts_without_spaces_between_words_have_columns():
    texts = ["静かな海辺の歌です", "海辺で聴く", "🎵"]
    tfidf = TfidfText().fit(texts)
    assert tfidf.get_feature_names_out().tolist() == ["海辺"]
    np.testing.assert_allclose(tfidf.transform(texts).toarray().ravel(), [1.0, 1.0, 0.0])


def test_thirty_texts_are_enough(mosaic_texts):
    few = mosaic_texts[:30]
    for transformer in (
        TfidfText(),
        TfidfText(min_df=0.01),
        TfidfText(min_df=0.1),
        TfidfText(analyzer="char_wb"),
        LatentSemanticAnalysis(),
    ):
        x = transformer.fit(few).transform(few)
        x = x if isinstance(x, np.ndarray) else x.toarray()
        np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1)
        assert x.shape == (30, len(transformer.get_feature_names_out()))


@BOTH
def test_a_word_that_only_held_out_texts_have_leaves_no_trace(make):
    options = {"n_components": 2} if make is LatentSemanticAnalysis else {}
    clean = make(**options).fit(SEA)
    planted = clean.transform(["boat glockenspiel", "glockenspiel sea", "glockenspiel"])
    other = clean.transform(["boat", "sea", "anything else"])
    assert abs(planted - other).max() < 1e-9
    assert "glockenspiel" not in str(clean.get_feature_names_out())
    again = make(**options).fit(SEA).transform(SEA)
    assert abs(clean.transform(SEA) - again).max() < 1e-9


@BOTH
def test_nothing_is_said_on_the_error_stream(make, recwarn, capfd):
    make().fit_transform(TEXTS)
    assert not list(recwarn)
    assert capfd.readouterr().err == ""


@BOTH
@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one string", "X: one string"),
        (["a", None], "text 1 is None"),
        ([float("nan")], "text 0 is nan"),
        (["a", 3], "text 1 is 3"),
        (["a", ["b"]], r"text 1 is \['b'\]"),
        (["the one"], "empty vocabulary"),
        (["one song"], "max_df corresponds"),
        (["all different", "words here"], "no terms remain"),
        (["🎵", "..."], "empty vocabulary"),
        ([], "empty vocabulary|max_df"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(make, texts, message):
    with pytest.raises(ValueError, match=message):
        make().fit(texts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"analyzer": "char"}, r"analyzer: 'char' is not among \['char_wb', 'word'\]"),
        ({"stem": "klingon"}, "'klingon' is not supported"),
        ({"min_df": 0.9}, "no terms remain"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        TfidfText(**options).fit(TEXTS)
    with pytest.raises(ValueError, match=message):
        LatentSemanticAnalysis(tfidf=TfidfText(**options)).fit(TEXTS)


@BOTH
def test_before_fit_there_is_nothing(make):
    with pytest.raises(NotFittedError):
        make().transform(["a"])
    with pytest.raises(NotFittedError):
        make().get_feature_names_out()


@pytest.mark.parametrize(
    "changed",
    [TfidfText(min_df=1, stem="english"), LatentSemanticAnalysis(tfidf=TfidfText(min_df=1))],
)
def test_parameters_are_only_stored_and_copies_work(changed):
    assert repr(clone(changed)) == repr(changed)
    fitted = changed.fit(SEA)
    copy = pickle.loads(pickle.dumps(fitted))
    assert abs(copy.transform(SEA) - fitted.transform(SEA)).max() < 1e-9


@pytest.mark.parametrize("n_components", [1, 5, 50, 199])
def test_latent_directions_are_those_of_scikit_learn(n_components, mosaic_texts):
    texts = mosaic_texts[:200]
    lsa = LatentSemanticAnalysis(n_components=n_components).fit(texts)
    x = lsa.tfidf_.transform(texts)
    theirs = TruncatedSVD(n_components, algorithm="arpack", random_state=1).fit(x)
    np.testing.assert_allclose(lsa.singular_values_, theirs.singular_values_)
    sign = np.sign((lsa.components_ * theirs.components_).sum(axis=1))
    np.testing.assert_allclose(lsa.components_, sign[:, None] * theirs.components_, atol=1e-6)
    rows = normalize(sign * theirs.transform(x))
    np.testing.assert_allclose(lsa.transform(texts), rows, atol=1e-6)


def test_by_hand_two_words_that_keep_the_same_company_meet():
    lsa = LatentSemanticAnalysis(n_components=2)
    rows = lsa.fit_transform(SEA)
    x = lsa.tfidf_.transform(SEA).toarray()
    assert x[0] @ x[3] == 0  # "boat sea" and "ship harbour" share no word
    assert rows[0] @ rows[3] == pytest.approx(1)
    assert rows[0] @ rows[4] == pytest.approx(0, abs=1e-9)
    boat, ship = lsa.transform(["boat", "ship"])
    assert boat @ ship == pytest.approx(1)


def test_signs_names_and_words_of_a_component():
    lsa = LatentSemanticAnalysis(n_components=2).fit(SEA)
    assert lsa.get_feature_names_out().tolist() == ["lsa_000", "lsa_001"]
    np.testing.assert_allclose(lsa.components_ @ lsa.components_.T, np.eye(2), atol=1e-12)
    table = lsa.component_words(0, 2)
    assert list(table.columns) == ["word", "loading"]
    assert table["word"].tolist()[0] == "drum"
    sea = lsa.component_words(1, 4)
    assert sea["word"].tolist() == ["boat", "harbour", "sea", "ship"]
    np.testing.assert_allclose(sea["loading"], 0.5)
    assert len(lsa.component_words(0, 100)) == len(lsa.tfidf_.get_feature_names_out())


def test_the_largest_loading_is_positive(mosaic_texts):
    lsa = LatentSemanticAnalysis(n_components=20).fit(mosaic_texts)
    for component in range(20):
        assert lsa.component_words(component, 1)["loading"].item() > 0


@pytest.mark.parametrize("n_components", [1, 3, 100])
def test_fewer_texts_or_words_than_components_give_fewer_columns(n_components):
    lsa = LatentSemanticAnalysis(n_components=n_components)
    assert lsa.fit_transform(TEXTS).shape == (4, min(n_components, 3))
    assert len(lsa.singular_values_) == len(lsa.get_feature_names_out()) == min(n_components, 3)


def test_texts_that_are_all_alike_span_one_direction():
    lsa = LatentSemanticAnalysis(n_components=3)
    same = lsa.fit_transform(["slow sea", "slow sea", "sea, slow"])
    np.testing.assert_allclose(same, [[1.0]] * 3)
    assert LatentSemanticAnalysis(n_components=1).fit_transform(["sea", "sea"]).shape == (2, 1)


def test_a_text_without_a_direction_is_a_row_of_zeros():
    lsa = LatentSemanticAnalysis(n_components=1).fit(SEA)
    # The one direction is the drums': of "sea" only rounding would be left, scaled up to 1.
    rows = lsa.transform(["drum solo", "drum sea", "sea", "nothing known"])
    np.testing.assert_allclose(rows, [[1], [1], [0], [0]], atol=1e-12)


def test_options_of_tfidf_reach_the_directions():
    lsa = LatentSemanticAnalysis(n_components=1, tfidf=TfidfText(min_df=1, stem="english"))
    assert "wave" in lsa.fit(TEXTS).tfidf_.get_feature_names_out()
    assert not hasattr(lsa.tfidf, "vectorizer_")


def test_stop_words_may_be_a_list_and_long_texts_are_read_too():
    texts = ["slow piano and drum", "slow piano and drum " * 200]
    tfidf = TfidfText(stop_words=["piano"], min_df=2).fit(texts)
    assert tfidf.get_feature_names_out().tolist() == ["and", "drum", "slow"]
    assert (tfidf.transform(texts) > 0).sum() == 6
