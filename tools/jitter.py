"""Compute features as another processor might: with other last digits.

Vector units differ between processors, so the same code gives features that differ by about 1e-7
of their value. The notebook builder runs each lesson again in kernels that have called
:func:`install`, and refuses a cell that then prints something else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

RELATIVE = 1e-6


def install(seed: int) -> None:
    """Change, in this process, what extraction, transformers and the audio loader return.

    Parameters
    ----------
    seed
        Of the relative changes, normal with standard deviation 1e-6 (1e-7 for sound, which has
        fewer digits); each call draws new ones.
    """
    from mmrec_course import features, preprocessing
    from mmrec_course.extras import encoders

    rng = np.random.default_rng(seed)
    extracting = False

    def noisy(values: Any, relative: float) -> Any:
        if sp.issparse(values):
            values = values.copy()
            values.data = noisy(values.data, relative)
            return values
        values = np.asarray(values)
        if values.dtype.kind != "f":
            return values
        noise = 1 + relative * rng.standard_normal(values.shape)
        return (values * noise).astype(values.dtype)

    def changed(function: Callable[..., Any], relative: float) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            # What extraction computes is cached for others, so only its result is changed.
            return result if extracting else noisy(result, relative)

        return wrapper

    extract_features = features.extract_features

    @functools.wraps(extract_features)
    def changed_extract_features(*args: Any, **kwargs: Any) -> Any:
        nonlocal extracting
        extracting = True
        try:
            blocks = extract_features(*args, **kwargs)
        finally:
            extracting = False
        return {m: replace(b, values=noisy(b.values, RELATIVE)) for m, b in blocks.items()}

    features.extract_features = changed_extract_features
    preprocessing.load_audio = changed(preprocessing.load_audio, RELATIVE / 10)
    public = [getattr(module, name) for module in (features, encoders) for name in module.__all__]
    for kind in public:
        if isinstance(kind, type) and hasattr(kind, "transform"):
            kind.transform = changed(kind.transform, RELATIVE)
