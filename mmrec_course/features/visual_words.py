"""Details of pictures → counts of visual words, as a text is counted by its words.

In: arrays of pixels. Out: one row a picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import cv2
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mmrec_course.features.image import Floats, check_picture
from mmrec_course.preprocessing.image import convert_color, resize_image

__all__ = ["BagOfVisualWords", "orb_descriptors"]

Descriptors = NDArray[np.uint8]
ORB_BYTES = 32
MAX_ROUNDS = 50


def orb_descriptors(
    image: NDArray[np.uint8], *, size: int = 256, n_keypoints: int = 300
) -> Descriptors:
    """Corners of a picture, each described by 256 comparisons of pixels around it.

    Parameters
    ----------
    image
        (h, w, 3) uint8 RGB.
    size
        The picture is first stretched to size × size pixels, so that large and small pictures
        give details of the same scale.
    n_keypoints
        At most so many, those with the strongest corners.

    Returns
    -------
    (k, 32) uint8, 256 bits a keypoint, k ≤ n_keypoints; (0, 32) where nothing has a corner, a
    plain picture for instance.

    Raises
    ------
    ValueError
        If image is not such an array.

    Notes
    -----
    Rublee, Rabaud, Konolige and Bradski (2011), ORB: an efficient alternative to SIFT or SURF,
    ICCV; as OpenCV has it.

    Notebook: 03_image_features
    """
    grey = convert_color(resize_image(check_picture(image, 0), size), "gray")
    _, descriptors = cv2.ORB.create(nfeatures=n_keypoints).detectAndCompute(grey, None)
    if descriptors is None:
        return np.zeros((0, ORB_BYTES), np.uint8)
    return np.asarray(descriptors, dtype=np.uint8)


class BagOfVisualWords(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Which details a picture has, and how many of each: a bag of visual words.

    ORB finds corners and describes each with 256 bits. Similar descriptions, of all pictures to
    learn from, are grouped by k-means; the middle of a group is a *visual word*. A picture is the
    count of its words,

        x_w = n_w · idf_w / ‖·‖,   idf_w = 1 + log((1 + N) / (1 + N_w)),

    N pictures to learn from, N_w of them with word w. Where in the picture a word stands is
    forgotten. On bits, the squared distance of k-means is the number of bits that differ.

    Parameters
    ----------
    n_words
        How many visual words; fewer if fewer different descriptions are there.
    n_keypoints
        At most so many corners a picture.
    size
        Pictures are first stretched to size × size pixels.
    tfidf
        Weigh words by idf; otherwise idf = 1.
    max_descriptors
        k-means sees a sample of so many descriptions at most.
    rng
        Seed of the sample and of k-means.

    Attributes
    ----------
    words_
        (n_words, 256) float64, the middles.
    idf_
        (n_words,) float64.

    Notes
    -----
    Csurka, Dance, Fan, Willamowski and Bray (2004), Visual categorization with bags of keypoints;
    Sivic and Zisserman (2003), Video Google, ICCV, for tf-idf. A picture without any corner has
    a row of zeros.

    Notebook: 03_image_features
    """

    def __init__(
        self,
        *,
        n_words: int = 64,
        n_keypoints: int = 300,
        size: int = 256,
        tfidf: bool = True,
        max_descriptors: int = 20_000,
        rng: int | np.random.Generator = 0,
    ) -> None:
        self.n_words = n_words
        self.n_keypoints = n_keypoints
        self.size = size
        self.tfidf = tfidf
        self.max_descriptors = max_descriptors
        self.rng = rng

    def fit(self, X: Iterable[NDArray[np.uint8]], y: Any = None) -> Self:
        """Learn the words from pictures, the training pictures only.

        Parameters
        ----------
        X
            Arrays (h, w, 3) uint8 RGB, each of its own size.
        y
            Not looked at.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is below 1, something is not a picture, or no picture has a corner.
        """
        self._learn(X)
        return self

    def fit_transform(
        self, X: Iterable[NDArray[np.uint8]], y: Any = None, **fit_params: Any
    ) -> Floats:
        """The same as fit and then transform, with every picture described once."""
        return self._weigh(self._learn(X))

    def transform(self, X: Iterable[NDArray[np.uint8]]) -> Floats:
        """Word counts of pictures, each row of length 1.

        Parameters
        ----------
        X
            Arrays (h, w, 3) uint8 RGB, each of its own size.

        Returns
        -------
        (n, n_words) float64, not negative; zeros for a picture without a corner.

        Raises
        ------
        ValueError
            If something is not such an array.
        """
        check_is_fitted(self)
        return self._weigh([self._count(found) for found in self._describe(X)])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """``word0``, ``word1``, …"""
        check_is_fitted(self)
        return np.array([f"word{w}" for w in range(len(self.words_))], dtype=object)

    def _describe(self, X: Iterable[NDArray[np.uint8]]) -> list[Descriptors]:
        return [
            orb_descriptors(
                check_picture(image, place), size=self.size, n_keypoints=self.n_keypoints
            )
            for place, image in enumerate(X)
        ]

    def _learn(self, X: Iterable[NDArray[np.uint8]]) -> list[Floats]:
        """Words and idf; the counts of the pictures learned from."""
        for name in ("n_words", "n_keypoints", "size", "max_descriptors"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} is below 1")
        described = self._describe(X)
        found = np.concatenate([np.zeros((0, ORB_BYTES), np.uint8), *described])
        if not len(found):
            raise ValueError("X: none of the pictures has a corner to learn visual words from")
        rng = np.random.default_rng(self.rng)
        sample = found
        if len(found) > self.max_descriptors:
            kept = np.sort(rng.choice(len(found), self.max_descriptors, replace=False))
            sample = found[kept]
        n_words = min(self.n_words, len(np.unique(sample, axis=0)))
        self.words_ = _kmeans(_bits(sample), n_words, seed=int(rng.integers(2**31)))
        counts = [self._count(one) for one in described]
        n_with = (np.array(counts) > 0).sum(axis=0)
        idf = 1 + np.log((1 + len(counts)) / (1 + n_with))
        self.idf_ = idf if self.tfidf else np.ones(n_words)
        return counts

    def _count(self, descriptors: Descriptors) -> Floats:
        """(n_words,) how many descriptions are nearest to each word; of equals the first."""
        nearest = _nearest(_bits(descriptors), self.words_)
        return np.bincount(nearest, minlength=len(self.words_)).astype(np.float64)

    def _weigh(self, counts: list[Floats]) -> Floats:
        rows = np.array(counts).reshape(len(counts), len(self.words_)) * self.idf_
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 0))


def _bits(descriptors: Descriptors) -> Floats:
    """(k, 32) bytes → (k, 256) zeros and ones."""
    return np.unpackbits(descriptors, axis=1).astype(np.float64)


def _kmeans(bits: Floats, k: int, *, seed: int) -> Floats:
    """(k, 256) middles of k groups, by Lloyd's rounds from a k-means++ start.

    scikit-learn's ``KMeans`` subtracts the mean first, after which whether two middles are
    equally far depends on the processor, and with it the outcome. On plain zeros and ones the
    start and the sums are whole numbers, the same everywhere.
    """
    from sklearn.cluster import kmeans_plusplus  # late: it loads many models

    words, _ = kmeans_plusplus(bits, k, random_state=seed)
    before = None
    for _ in range(MAX_ROUNDS):
        nearest = _nearest(bits, words)
        if before is not None and np.array_equal(nearest, before):
            break
        member = sp.csr_array((np.ones(len(bits)), (nearest, np.arange(len(bits)))), (k, len(bits)))
        size = np.bincount(nearest, minlength=k)[:, None]
        words = np.where(size > 0, (member @ bits) / np.maximum(size, 1), words)
        before = nearest
    return np.asarray(words)


def _nearest(bits: Floats, words: Floats) -> NDArray[np.intp]:
    """Which word is nearest to each description; of those equal but for rounding, the first."""
    distances = (words**2).sum(axis=1) - 2 * bits @ words.T
    return np.asarray(np.round(distances, 6).argmin(axis=1))
