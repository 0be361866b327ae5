"""TfidfText: by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer

from mmrec_course.features import TfidfText
from mmrec_course.preprocessing.text import STOP_WORDS

TEXTS = [
    "slow piano, slow waves",
    "slow guitar by the fire",
    "the piano and the guitar",
    "a fast guitar",
]


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


def test_new_texts_have_the_columns_learned():
    tfidf = TfidfText().fit(TEXTS)
    x = tfidf.transform(["guitar guitar zither", "zither"]).toarray()
    assert x.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_options_reach_the_vectorizer():
    assert (
        "slow piano" in TfidfText(min_df=1, ngram_range=(1, 2)).fit(TEXTS).get_feature_names_out()
    )
    assert "the" in TfidfText(stop_words=None).fit(TEXTS).get_feature_names_out()
    assert "wave" in TfidfText(min_df=1, stem="english").fit(TEXTS).get_feature_names_out()
    assert len(TfidfText(max_features=1).fit(TEXTS).get_feature_names_out()) == 1
    assert clone(TfidfText(min_df=3)).get_params()["min_df"] == 3


def test_nothing_is_said_on_the_error_stream(recwarn, capfd):
    TfidfText().fit_transform(TEXTS)
    assert not list(recwarn)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one string", "X: one string"),
        (["a", None], "text 1 is missing"),
        ([float("nan")], "text 0 is missing"),
        (["a", 3], "text 1 is 3"),
        (["a", ["b"]], r"text 1 is \['b'\]"),
        (["the one"], "empty vocabulary"),
        (["one song"], "max_df corresponds"),
        (["all different", "words here"], "no terms remain"),
        ([], "empty vocabulary"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        TfidfText().fit(texts)


def test_before_fit_there_is_nothing():
    with pytest.raises(NotFittedError):
        TfidfText().transform(["a"])
    with pytest.raises(NotFittedError):
        TfidfText().get_feature_names_out()
