"""Features of one modality that know which items they belong to.

In: ids, numbers, a mask. Out: the same, for any other list of ids, never matched by position.

Notebook: 03_image_features
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FeatureBlock"]


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureBlock:
    """The features of one modality, a row an item, and which items have that modality.

    Attributes
    ----------
    modality
        "image", "text", "audio" or any other name.
    item_ids
        (n,) unique ids, strings or integers.
    values
        (n, d) float64. Rows of absent items are zero, whatever was passed in.
    present
        (n,) bool: a_im of the notation.
    names
        d names, one a column.

    Raises
    ------
    ValueError
        If shapes disagree, an id occurs twice, or a present row has a NaN or an infinity (the
        message names the item and the column).

    Notebook: 03_image_features

    Examples
    --------
    >>> block = FeatureBlock(modality="image", item_ids=["a", "b"], values=[[1.0], [2.0]],
    ...                      present=[True, True], names=("red",))
    >>> block.align(["b", "new"]).values.tolist()
    [[2.0], [0.0]]
    >>> block.align(["b", "new"]).present.tolist()
    [True, False]
    """

    modality: str
    item_ids: NDArray[Any]
    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        where = f"block {self.modality!r}"
        ids = np.asarray(self.item_ids)
        values = np.array(self.values, dtype=np.float64)
        present = np.array(self.present, dtype=bool)
        names = tuple(self.names)
        if ids.ndim != 1:
            raise ValueError(f"{where}: item_ids has shape {ids.shape}, expected one dimension")
        if values.ndim != 2 or values.shape != (len(ids), len(names)):
            raise ValueError(
                f"{where}: values has shape {values.shape}, expected ({len(ids)}, {len(names)})"
                " from item_ids and names"
            )
        if present.shape != ids.shape:
            raise ValueError(f"{where}: present has shape {present.shape}, expected {ids.shape}")
        unique, counts = np.unique(ids, return_counts=True)
        if len(unique) < len(ids):
            raise ValueError(f"{where}: item_id {unique[counts > 1][0]!r} occurs more than once")
        values[~present] = 0.0
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"{where}: item {ids[row]!r}, column {names[column]!r} is {values[row, column]};"
                " mark the item absent or mend the extractor"
            )
        for field, value in (
            ("item_ids", ids),
            ("values", values),
            ("present", present),
            ("names", names),
        ):
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        return len(self.item_ids)

    def align(self, item_ids: ArrayLike | Sequence[Any]) -> FeatureBlock:
        """The same features for these ids, in this order; unknown ids become absent rows.

        Parameters
        ----------
        item_ids
            (m,) unique ids.

        Returns
        -------
        FeatureBlock with m rows.
        """
        wanted = np.asarray(item_ids)
        values = np.zeros((len(wanted), len(self.names)))
        present = np.zeros(len(wanted), bool)
        if len(self) and len(wanted):
            order = np.argsort(self.item_ids, kind="stable")
            place = np.searchsorted(self.item_ids, wanted, sorter=order)
            row = order[np.minimum(place, len(self) - 1)]
            known = self.item_ids[row] == wanted
            values[known] = self.values[row[known]]
            present[known] = self.present[row[known]]
        return replace(self, item_ids=wanted, values=values, present=present)

    def shuffle(self, *, rng: int | np.random.Generator = 0) -> FeatureBlock:
        """The placebo: the same rows, dealt out anew among the items that have any.

        Everything about the block stays as it was (columns, scales, correlations, who is
        absent), except that a row no longer says anything about its item.

        Parameters
        ----------
        rng
            Seed or generator.

        Returns
        -------
        FeatureBlock of the same shape.
        """
        rows = np.flatnonzero(self.present)
        values = self.values.copy()
        values[rows] = self.values[np.random.default_rng(rng).permutation(rows)]
        return replace(self, values=values)
