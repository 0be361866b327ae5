"""Words → numbers.

In: texts. Out: one row a text, one column a word.

Notebook: 04_text_features
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from mmrec_course.preprocessing.text import tokenize

__all__ = ["TfidfText"]


class TfidfText(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """How often each word occurs in a text, weighed by how few texts have it.

        x_it = (1 + ln n_it) · (1 + ln((1 + N) / (1 + N_t))),  then divided by the row's length,

    n_it the times word t occurs in text i (0 gives 0), N_t the number of texts that have it, N
    the number of texts learned from. This is scikit-learn's ``TfidfVectorizer`` with the
    course's tokenizer and with defaults for short texts.

    Parameters
    ----------
    min_df
        A word in fewer texts is left out: it cannot link two items. A fraction is a share of
        the texts.
    ngram_range
        (1, 2) adds pairs of neighbouring words.
    stop_words, stem
        As in :func:`mmrec_course.preprocessing.tokenize`.
    max_features
        Keep only so many of the most frequent words.

    Attributes
    ----------
    vectorizer_
        The fitted ``TfidfVectorizer``.

    Notes
    -----
    Spärck Jones (1972), Journal of Documentation 28; scikit-learn's smoothing of the idf.

    Notebook: 04_text_features

    Examples
    --------
    >>> tfidf = TfidfText().fit(["slow piano", "slow guitar", "a fast guitar"])
    >>> tfidf.get_feature_names_out().tolist()
    ['guitar', 'slow']
    """

    def __init__(
        self,
        *,
        min_df: int | float = 2,
        ngram_range: tuple[int, int] = (1, 1),
        stop_words: str | Collection[str] | None = "english",
        stem: str | None = None,
        max_features: int | None = None,
    ) -> None:
        self.min_df = min_df
        self.ngram_range = ngram_range
        self.stop_words = stop_words
        self.stem = stem
        self.max_features = max_features

    def fit(self, X: Iterable[str], y: Any = None) -> Self:
        """Learn the vocabulary and how rare each word is.

        Parameters
        ----------
        X
            Texts, of training items alone.
        y
            Not looked at.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X is one string or holds something else than strings, or, from scikit-learn, if no
            word is in min_df texts.
        """
        texts = _texts(X)
        vectorizer = TfidfVectorizer(
            tokenizer=partial(tokenize, stop_words=self.stop_words, stem=self.stem),
            token_pattern=None,
            lowercase=False,
            ngram_range=self.ngram_range,
            min_df=self.min_df,
            max_features=self.max_features,
            sublinear_tf=True,
        )
        self.vectorizer_ = vectorizer.fit(texts)
        return self

    def transform(self, X: Iterable[str]) -> sp.csr_matrix:
        """TF-IDF of texts; words not in the vocabulary count for nothing.

        Parameters
        ----------
        X
            Texts.

        Returns
        -------
        (n, n_words) sparse float64, rows of length 1, or 0 where no word is known.

        Raises
        ------
        ValueError
            As in ``fit``.
        """
        check_is_fitted(self, "vectorizer_")
        return self.vectorizer_.transform(_texts(X))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """The words, in alphabetical order, one a column."""
        check_is_fitted(self, "vectorizer_")
        return np.asarray(self.vectorizer_.get_feature_names_out(), dtype=object)


def _texts(X: Iterable[str]) -> list[str]:
    """A list of strings, or an error that names the first thing that is none."""
    if isinstance(X, str):
        raise ValueError(f"X: one string, {X[:40]!r}; pass a list of texts")
    texts = list(X)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            kind = "missing" if pd.api.types.is_scalar(text) and pd.isna(text) else repr(text)
            raise ValueError(f"X: text {place} is {kind}; leave out items without a text")
    return texts
