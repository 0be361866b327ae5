"""Words → numbers.

In: texts. Out: one row a text; one column a word, a piece of a word, or a direction of meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache, partial
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from mmrec_course.preprocessing.text import strip_markup, tokenize

__all__ = ["LatentSemanticAnalysis", "TfidfText"]

Floats = NDArray[np.float64]
StopWords = str | frozenset[str] | None

# Single words; of characters, pieces long enough to mean something and short enough to recur.
NGRAMS = {"word": (1, 1), "char_wb": (3, 5)}
# Texts of up to so many characters are remembered as words: fit, transform and the next model
# read the same ones again.
REMEMBERED = 2000
# Shorter than this, what is left of a row of length 1 is rounding.
NOTHING = 1e-9


class TfidfText(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """How often each word occurs in a text, weighed by how few texts have it.

        x_it = (1 + ln n_it) · (1 + ln((1 + N) / (1 + N_t))),  then divided by the row's length,

    n_it the times word t occurs in text i (0 gives 0), N_t the number of texts that have it, N
    the number of texts learned from. This is scikit-learn's ``TfidfVectorizer`` after the
    course's ``strip_markup`` and ``tokenize``, with defaults for short texts.

    Parameters
    ----------
    analyzer
        "word", or "char_wb": pieces of words, n characters long, a blank before and behind each
        word. Pieces survive typing errors and endings, and are hard to read.
    min_df
        A word in fewer texts is left out: it cannot link two items. A fraction is a share of
        the texts.
    ngram_range
        (shortest, longest). (1, 2) with "word" adds pairs of neighbouring words. None stands for
        (1, 1) with "word" and (3, 5) with "char_wb".
    stop_words, stem
        As in :func:`mmrec_course.preprocessing.tokenize`.
    max_features
        Keep only so many words, those that occur most often over all texts; of equals, the
        first in the alphabet. None keeps all: of ten thousand texts that may be 60,000 columns.

    Attributes
    ----------
    vectorizer_
        The fitted ``TfidfVectorizer``; ``vectorizer_.idf_`` has the second factor.

    Notes
    -----
    Spärck Jones (1972), Journal of Documentation 28; scikit-learn's smoothing of the idf.
    Of each text, markup aside, the first ``MAX_CHARACTERS`` of preprocessing/text.py are read.

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
        analyzer: str = "word",
        min_df: int | float = 2,
        ngram_range: tuple[int, int] | None = None,
        stop_words: str | Collection[str] | None = "english",
        stem: str | None = None,
        max_features: int | None = 5000,
    ) -> None:
        self.analyzer = analyzer
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
            If X is one string or holds something else than strings, if no word is in min_df
            texts, or if a parameter is not one of those above.
        """
        texts = _texts(X)
        if self.max_features is not None and self.max_features < 1:
            raise ValueError(f"max_features: {self.max_features} is below 1; None keeps all")
        options = self._options()
        words, counts = _count(texts, self.min_df, options)
        if self.max_features is not None and len(words) > self.max_features:
            # scikit-learn's own choice among equally frequent words depends on how the
            # processor sorts.
            frequency = np.asarray(counts.sum(axis=0)).ravel()
            kept = np.sort(np.lexsort((np.arange(len(words)), -frequency))[: self.max_features])
            words, counts = words[kept], counts[:, kept]
        n_with = np.bincount(counts.indices, minlength=len(words))
        vectorizer = TfidfVectorizer(vocabulary=words.tolist(), sublinear_tf=True, **options)
        vectorizer.idf_ = 1 + np.log((1 + len(texts)) / (1 + n_with))
        self.vectorizer_ = vectorizer
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
            If X is one string or holds something else than strings.
        """
        check_is_fitted(self, "vectorizer_")
        return self.vectorizer_.transform(_texts(X))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """The words or pieces, in alphabetical order, one a column."""
        check_is_fitted(self, "vectorizer_")
        return np.asarray(self.vectorizer_.get_feature_names_out(), dtype=object)

    def _options(self) -> dict[str, Any]:
        """What scikit-learn's vectorizers need to read texts as this class promises."""
        if self.analyzer not in NGRAMS:
            raise ValueError(f"analyzer: {self.analyzer!r} is not among {sorted(NGRAMS)}")
        stops = self.stop_words
        stops = stops if stops is None or isinstance(stops, str) else frozenset(stops)
        read = partial(_words, stop_words=stops, stem=self.stem)
        ngrams = NGRAMS[self.analyzer] if self.ngram_range is None else tuple(self.ngram_range)
        options: dict[str, Any] = {"lowercase": False, "ngram_range": ngrams}
        if self.analyzer == "word":
            return {**options, "tokenizer": read, "token_pattern": None}
        return {**options, "analyzer": "char_wb", "preprocessor": partial(_joined, read)}


class LatentSemanticAnalysis(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts as mixtures of a few directions along which words occur together.

        X ≈ U S Vᵀ,    row i of the result: x_i V,  then divided by its length,

    X (n, d) the TF-IDF matrix of the texts learned from, U S Vᵀ its best approximation of rank
    k (the truncated singular value decomposition). Words that keep the same company get similar
    rows in V, so that two texts may come close without sharing a word.

    Parameters
    ----------
    n_components
        k. Fewer come out where texts or words do not span so many directions.
    analyzer, min_df, ngram_range, stop_words, stem, max_features
        As in :class:`TfidfText`.
    unit_rows
        Divide each row by its length, as latent semantic analysis is mostly used: only the
        direction counts. If False, a row's length says how much of the text the k directions
        keep (1 for all of it).

    Attributes
    ----------
    tfidf_
        The fitted :class:`TfidfText`.
    components_
        (k, n_words) Vᵀ, orthonormal rows. Of each row the entry that is largest in size is
        positive (of equals, to eight digits, the first), so that signs do not depend on chance.
    singular_values_
        (k,) S, falling.

    Notes
    -----
    Deerwester, Dumais, Furnas, Landauer and Harshman (1990), Journal of the American Society
    for Information Science 41(6). Exact up to rounding (Lanczos iterations from a fixed start,
    or LAPACK where k leaves none out), so no seed is needed. O(k · non-zeros) a step.

    Notebook: 04_text_features

    Examples
    --------
    >>> texts = ["boat sea", "ship sea", "boat harbour", "ship harbour", "solo drum", "drum solo"]
    >>> rows = LatentSemanticAnalysis(n_components=2).fit_transform(["ship sea", *texts])
    >>> (rows @ rows[0] > 0.5).tolist()  # "boat harbour" shares no word with "ship sea"
    [True, True, True, True, True, False, False]
    """

    def __init__(
        self,
        *,
        n_components: int = 100,
        analyzer: str = "word",
        min_df: int | float = 2,
        ngram_range: tuple[int, int] | None = None,
        stop_words: str | Collection[str] | None = "english",
        stem: str | None = None,
        max_features: int | None = 5000,
        unit_rows: bool = True,
    ) -> None:
        self.n_components = n_components
        self.analyzer = analyzer
        self.min_df = min_df
        self.ngram_range = ngram_range
        self.stop_words = stop_words
        self.stem = stem
        self.max_features = max_features
        self.unit_rows = unit_rows

    def fit(self, X: Iterable[str], y: Any = None) -> Self:
        """Learn the vocabulary, how rare each word is, and the directions.

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
            As :meth:`TfidfText.fit`, or if n_components is below 1.
        """
        if self.n_components < 1:
            raise ValueError(f"n_components: {self.n_components} is below 1")
        texts = _texts(X)
        self.tfidf_ = TfidfText(
            analyzer=self.analyzer,
            min_df=self.min_df,
            ngram_range=self.ngram_range,
            stop_words=self.stop_words,
            stem=self.stem,
            max_features=self.max_features,
        ).fit(texts)
        self.singular_values_, self.components_ = _truncated_svd(
            self.tfidf_.transform(texts), self.n_components
        )
        return self

    def transform(self, X: Iterable[str]) -> Floats:
        """Rows of texts in the directions learned.

        Parameters
        ----------
        X
            Texts.

        Returns
        -------
        (n, k) float64. A text of which no word is known, or only words that none of the
        directions has, is a row of zeros.

        Raises
        ------
        ValueError
            If X is one string or holds something else than strings.
        """
        check_is_fitted(self, "components_")
        rows = np.asarray(self.tfidf_.transform(X) @ self.components_.T)
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        rows[length[:, 0] < NOTHING] = 0.0
        if self.unit_rows:
            np.divide(rows, length, out=rows, where=length >= NOTHING)
        return rows

    def component_words(self, component: int, n_words: int = 10) -> pd.DataFrame:
        """The words that say most about one direction.

        Parameters
        ----------
        component
            Its number, from 0, the order of the columns.
        n_words
            How many words.

        Returns
        -------
        DataFrame word, loading: those largest in size first (of equals, to eight digits, in
        alphabetical order). Words of opposite sign pull texts apart.

        Raises
        ------
        ValueError
            If there is no such component.
        """
        check_is_fitted(self, "components_")
        if not 0 <= component < len(self.components_):
            raise ValueError(f"component: {component} is not in 0 … {len(self.components_) - 1}")
        loadings = self.components_[component]
        order = np.argsort(-np.abs(loadings).round(8), kind="stable")[:n_words]
        words = self.tfidf_.get_feature_names_out()
        return pd.DataFrame({"word": words[order], "loading": loadings[order]})

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """lsa_000, lsa_001, …, one a direction."""
        check_is_fitted(self, "components_")
        names = [f"lsa_{component:03d}" for component in range(len(self.components_))]
        return np.asarray(names, dtype=object)


def _words(text: str, stop_words: StopWords, stem: str | None) -> tuple[str, ...]:
    read = _remembered_words if len(text) <= REMEMBERED else _remembered_words.__wrapped__
    return read(text, stop_words, stem)


@lru_cache(maxsize=4096)
def _remembered_words(text: str, stop_words: StopWords, stem: str | None) -> tuple[str, ...]:
    return tuple(tokenize(strip_markup(text), stop_words=stop_words, stem=stem))


def _joined(read: Callable[[str], tuple[str, ...]], text: str) -> str:
    return " ".join(read(text))


def _count(
    texts: list[str], min_df: int | float, options: dict[str, Any]
) -> tuple[NDArray[np.object_], sp.csr_matrix]:
    """Words that enough texts have, in alphabetical order, and how often each text has each."""
    enough = f"{min_df} of the {len(texts)} texts" if min_df >= 1 else f"a share {min_df} of them"
    nothing = f"X: no word is in {enough} to learn from; lower min_df, or pass more texts"
    if isinstance(min_df, int) and min_df > len(texts):
        raise ValueError(nothing)
    try:
        counter = CountVectorizer(min_df=min_df, **options)
        counts = counter.fit_transform(texts)
    except ValueError as error:
        if "empty vocabulary" in str(error) or "no terms remain" in str(error):
            raise ValueError(nothing) from None
        raise
    return np.asarray(counter.get_feature_names_out(), dtype=object), counts.tocsr()


def _truncated_svd(x: sp.csr_matrix, n_components: int) -> tuple[Floats, Floats]:
    """(k,) singular values and (k, d) right singular vectors; k may come out below n_components."""
    full = min(x.shape)
    if n_components < full:
        start = np.random.default_rng(0).standard_normal(full)
        _, values, vectors = svds(x, k=n_components, solver="arpack", v0=start)
    else:
        _, values, vectors = np.linalg.svd(x.toarray(), full_matrices=False)
    order = np.argsort(-values, kind="stable")
    values, vectors = values[order], vectors[order]
    # Directions that no text has: pure rounding, and another one on every processor.
    kept = values > 1e-7 * values[0]
    values, vectors = values[kept], vectors[kept]
    largest = np.abs(vectors).round(8).argmax(axis=1)
    return values, vectors * np.sign(vectors[np.arange(len(vectors)), largest])[:, None]


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
