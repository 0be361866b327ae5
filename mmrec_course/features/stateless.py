"""The base class of descriptors that learn nothing from data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin


class StatelessTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A transformer that learns nothing. Subclasses define ``_names`` and ``_describe``."""

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Only check the parameters."""
        self._names()
        return self

    def transform(self, X: Iterable[Any]) -> NDArray[np.float64]:
        """Return one row for each input; ValueError names the position of a malformed one."""
        names = self.get_feature_names_out()
        rows = [self._describe(item, index) for index, item in enumerate(X)]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(names))  # (n, d)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        return np.array(self._names(), dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = tags.input_tags.two_d_array = False
        return tags

    def _names(self) -> list[str]:
        """Name the columns; ValueError if a parameter is out of range."""
        raise NotImplementedError

    def _describe(self, item: Any, index: int) -> NDArray[np.float64]:
        raise NotImplementedError
