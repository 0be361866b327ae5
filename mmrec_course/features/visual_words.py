"""Describe local details of images: bags of visual words, counted as text is by its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import cv2
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mmrec_course.features.block import normalize_rows
from mmrec_course.features.image import Floats, Image, check_picture
from mmrec_course.preprocessing.image import convert_color, resize_image

Descriptors = NDArray[np.uint8]  # (k, 32) bytes
MAX_DESCRIPTORS, MAX_ITERATIONS = 20_000, 50  # of k-means


def orb_descriptors(image: Image) -> Descriptors:
    """Find the strongest corners and describe each by 256 comparisons of pixels around it.

    The image is first resized to 256 × 256. Returns (k, 32) uint8, 256 bits for each of k ≤ 300
    corners. Rublee, Rabaud, Konolige and Bradski (2011), ORB, ICCV.

    Notebook: 03_image_features
    """
    grey = convert_color(resize_image(image, 256), "gray")
    _, descriptors = cv2.ORB.create(nfeatures=300).detectAndCompute(grey, None)
    return np.zeros((0, 32), np.uint8) if descriptors is None else np.asarray(descriptors)


class BagOfVisualWords(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Count the visual words of an image, weighted by tf-idf and scaled to length 1.

    k-means groups the ORB descriptors of all training images, at most 20,000 at random; the mean of
    a group is a *visual word*. Each descriptor counts for its nearest word:

        x_w = n_w · idf_w / ‖·‖,   idf_w = 1 + log((1 + N) / (1 + N_w)),

    for N training images, N_w of them with word w. An image without corners has a row of zeros.
    Csurka, Dance, Fan, Willamowski and Bray (2004); for tf-idf, Sivic and Zisserman (2003), ICCV.

    Notebook: 03_image_features
    """

    def __init__(self, *, n_words: int = 64, rng: int | np.random.Generator = 0) -> None:
        self.n_words = n_words
        self.rng = rng

    def fit(self, X: Sequence[Image], y: Any = None) -> Self:
        """Learn words and idf; ValueError if no image has a corner."""
        described = self._describe(X)
        sample = np.concatenate([np.zeros((0, 32), np.uint8), *described])
        if not len(sample):
            raise ValueError("X: none of the pictures has a corner to learn visual words from")
        rng = np.random.default_rng(self.rng)
        if len(sample) > MAX_DESCRIPTORS:
            sample = sample[np.sort(rng.choice(len(sample), MAX_DESCRIPTORS, replace=False))]
        n_words = min(self.n_words, len(np.unique(sample, axis=0)))
        self.words_ = _kmeans(_bits(sample), n_words, seed=int(rng.integers(2**31)))  # (k, 256)
        n_with = (self._count(described) > 0).sum(axis=0)  # (k,)
        self.idf_ = 1 + np.log((1 + len(described)) / (1 + n_with))
        return self

    def transform(self, X: Sequence[Image]) -> Floats:
        check_is_fitted(self)
        return normalize_rows(self._count(self._describe(X)) * self.idf_)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        check_is_fitted(self)
        return np.array([f"word{w}" for w in range(len(self.words_))], dtype=object)

    def _describe(self, X: Sequence[Image]) -> list[Descriptors]:
        return [orb_descriptors(check_picture(image, index)) for index, image in enumerate(X)]

    def _count(self, described: list[Descriptors]) -> Floats:
        """(n, n_words) how many descriptors of each image are nearest to each word."""
        nearest = [_nearest(_bits(descriptors), self.words_) for descriptors in described]
        counts = [np.bincount(words, minlength=len(self.words_)) for words in nearest]
        return np.array(counts, dtype=np.float64).reshape(len(counts), len(self.words_))


def _bits(descriptors: Descriptors) -> Floats:
    """(k, 256) zeros and ones; their squared distance is the number of bits that differ."""
    return np.unpackbits(descriptors, axis=1).astype(np.float64)


def _kmeans(bits: Floats, k: int, *, seed: int) -> Floats:
    """Return the means of k groups, (k, 256): Lloyd's algorithm from a k-means++ start."""
    # scikit-learn's KMeans subtracts the mean first, and then rounding decides ties.
    from sklearn.cluster import kmeans_plusplus  # late: it loads many models

    words, _ = kmeans_plusplus(bits, k, random_state=seed)
    nearest = np.full(len(bits), -1)
    for _ in range(MAX_ITERATIONS):
        before, nearest = nearest, _nearest(bits, words)
        if np.array_equal(nearest, before):
            break
        member = sp.csr_array((np.ones(len(bits)), (nearest, np.arange(len(bits)))), (k, len(bits)))
        size = np.bincount(nearest, minlength=k)[:, None]
        words = np.where(size > 0, (member @ bits) / np.maximum(size, 1), words)
    return np.asarray(words)


def _nearest(bits: Floats, words: Floats) -> NDArray[np.intp]:
    """Find the nearest word of each descriptor; of words equal up to rounding, the first."""
    millionths = 1e6 * (words**2).sum(axis=1) - bits @ (2e6 * words.T)
    return np.asarray(np.rint(millionths, out=millionths).argmin(axis=1))
