"""Texts → numbers: words or character n-grams, or latent directions of meaning."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache, partial
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from mmrec_course.features.block import Floats, normalize_rows
from mmrec_course.preprocessing.text import strip_markup, tokenize

NGRAMS = {"word": (1, 1), "char_wb": (3, 5)}
ZERO_LENGTH = 1e-9  # what is left of a row of length 1 if it is shorter than this, is rounding


class TfidfText(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """How often each word occurs in a text, weighted by how few texts have it.

        x_it = (1 + ln n_it) · (1 + ln((1 + N) / (1 + N_t))),  then divided by the row's length,

    n_it the count of word t in text i (0 gives 0), N_t the number of texts that have it, N the
    number of training texts: scikit-learn's ``TfidfVectorizer`` (kept as ``vectorizer_``) after
    ``strip_markup`` and ``tokenize``. Analyzer "char_wb" takes character n-grams within words,
    which survive misspelling, of 3 to 5 characters. Of equally frequent words, the first in the
    alphabet count for ``max_features``. Spärck Jones (1972), Journal of Documentation 28.

    Notebook: 04_text_features
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
        """Learn the vocabulary and document frequencies; ValueError if no word is left."""
        texts = _checked(X)
        options = self._options()
        counter = CountVectorizer(min_df=self.min_df, **options)
        counts = counter.fit_transform(texts)  # (n_texts, n_words)
        # scikit-learn's choice among equally frequent words differs between processors.
        frequency = np.asarray(counts.sum(axis=0)).ravel()
        kept = np.sort(np.argsort(-frequency, kind="stable")[: self.max_features])
        words = counter.get_feature_names_out()[kept]
        n_with = np.bincount(counts.tocsr()[:, kept].indices, minlength=len(words))
        self.vectorizer_ = TfidfVectorizer(vocabulary=words.tolist(), sublinear_tf=True, **options)
        self.vectorizer_.idf_ = 1 + np.log((1 + len(texts)) / (1 + n_with))
        return self

    def transform(self, X: Iterable[str]) -> sp.csr_matrix:
        """Return (n, n_words) rows of length 1; zeros for a text without a known word."""
        check_is_fitted(self, "vectorizer_")
        return self.vectorizer_.transform(_checked(X))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        check_is_fitted(self, "vectorizer_")
        return np.asarray(self.vectorizer_.get_feature_names_out())

    def _options(self) -> dict[str, Any]:
        """Options of scikit-learn's vectorizers."""
        if self.analyzer not in NGRAMS:
            raise ValueError(f"analyzer: {self.analyzer!r} is not among {sorted(NGRAMS)}")
        stops = self.stop_words
        stops = stops if stops is None or isinstance(stops, str) else frozenset(stops)
        return {
            "analyzer": self.analyzer,
            "ngram_range": self.ngram_range or NGRAMS[self.analyzer],
            "preprocessor": partial(_words, stop_words=stops, stem=self.stem),
            "tokenizer": str.split if self.analyzer == "word" else None,
            "token_pattern": None,
            "lowercase": False,
        }


class LatentSemanticAnalysis(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts in the few directions along which words occur together.

        X ≈ U S Vᵀ,    row i of the result: x_i V,  then divided by its length,

    X (n, d) the TF-IDF matrix of the training texts, U S Vᵀ its truncated singular value
    decomposition, k ≤ ``n_components``. Two texts may be close without sharing a word. Fitted:
    ``tfidf_``; ``components_``, Vᵀ (k, n_words), the largest entry of each row positive;
    ``singular_values_``, S (k,), descending. Deerwester et al. (1990), JASIS 41(6).

    Notebook: 04_text_features
    """

    def __init__(self, *, n_components: int = 100, tfidf: TfidfText | None = None) -> None:
        self.n_components = n_components
        self.tfidf = tfidf

    def fit(self, X: Iterable[str], y: Any = None) -> Self:
        texts = _checked(X)
        self.tfidf_ = clone(self.tfidf or TfidfText()).fit(texts)
        x = self.tfidf_.transform(texts)
        self.singular_values_, self.components_ = _truncated_svd(x, self.n_components)
        return self

    def transform(self, X: Iterable[str]) -> Floats:
        """Return (n, k) rows of length 1; zeros for a text whose words no direction has."""
        check_is_fitted(self, "components_")
        rows = np.asarray(self.tfidf_.transform(X) @ self.components_.T)
        rows[np.linalg.norm(rows, axis=1) < ZERO_LENGTH] = 0
        return normalize_rows(rows)

    def component_words(self, component: int, n_words: int = 10) -> pd.DataFrame:
        """Return the words with the largest loadings on one direction, in a table word, loading."""
        loadings = self.components_[component]
        order = np.argsort(-np.abs(loadings).round(8), kind="stable")[:n_words]
        words = self.tfidf_.get_feature_names_out()
        return pd.DataFrame({"word": words[order], "loading": loadings[order]})

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        check_is_fitted(self, "components_")
        return np.array([f"lsa_{k:03d}" for k in range(len(self.components_))], dtype=object)


# fit, transform and the next model read the same texts again.
@lru_cache(maxsize=4096)
def _words(text: str, stop_words: str | frozenset[str] | None, stem: str | None) -> str:
    return " ".join(tokenize(strip_markup(text), stop_words=stop_words, stem=stem))


def _truncated_svd(x: sp.csr_matrix, n_components: int) -> tuple[Floats, Floats]:
    """(k,) singular values and (k, d) right singular vectors, k ≤ n_components."""
    full = min(x.shape)
    if n_components < full:
        start = np.random.default_rng(0).standard_normal(full)
        _, values, vectors = svds(x, k=n_components, solver="arpack", v0=start)
    else:
        _, values, vectors = np.linalg.svd(x.toarray(), full_matrices=False)
    order = np.argsort(-values, kind="stable")
    # Directions that no text has are rounding, and differ between processors.
    kept = order[values[order] > 1e-7 * values.max()]
    values, vectors = values[kept], vectors[kept]
    largest = np.abs(vectors).round(8).argmax(axis=1)
    return values, vectors * np.sign(vectors[np.arange(len(vectors)), largest])[:, None]


def _checked(X: Iterable[str]) -> list[str]:
    """Return a list of texts; ValueError names the first value that is not a string."""
    if isinstance(X, str):
        raise ValueError(f"X: one string, {X[:40]!r}; pass a list of texts")
    texts = list(X)
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"X: text {index} is {text!r}; leave out items without a text")
    return texts
