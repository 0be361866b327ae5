"""Features of one modality that know which items they belong to.

In: ids, numbers, a mask. Out: the same, for any other list of ids, never matched by position.

Notebook: 03_image_features
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.preprocessing import StandardScaler

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
    reasons
        item id → why it is absent although something was listed for it (a file that cannot be
        decoded, say). Absent items without an entry never had this modality.

    Raises
    ------
    ValueError
        If shapes disagree, an id is missing or occurs twice, or a present row has a NaN or an
        infinity (the message names the item and the column).

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
    reasons: Mapping[Any, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"block {self.modality!r}"
        # Copies: who changes an array afterwards must not change which row is whose.
        ids = np.array(self.item_ids)
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
        index = pd.Index(ids)
        if index.hasnans:
            row = int(np.flatnonzero(index.isna())[0])
            raise ValueError(f"{where}: the item_id of row {row} is missing")
        if not index.is_unique:
            twice = index[index.duplicated()][0]
            raise ValueError(f"{where}: item_id {twice!r} occurs more than once")
        values[~present] = 0.0
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = bad[0]
            item, value = ids.tolist()[row], values[row, column]
            raise ValueError(
                f"{where}: item {item!r}, column {names[column]!r} is {value};"
                " mark the item absent or mend the extractor"
            )
        absent = set(ids[~present].tolist())
        reasons = {item: reason for item, reason in self.reasons.items() if item in absent}
        for name, value in (
            ("item_ids", ids),
            ("values", values),
            ("present", present),
            ("names", names),
            ("reasons", reasons),
        ):
            object.__setattr__(self, name, value)

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

        Raises
        ------
        ValueError
            If an id occurs twice.

        Notebook: 03_image_features
        """
        wanted = np.asarray(item_ids)
        row = pd.Index(self.item_ids).get_indexer(pd.Index(wanted))
        known = row >= 0
        values = np.zeros((len(wanted), len(self.names)))
        present = np.zeros(len(wanted), bool)
        values[known] = self.values[row[known]]
        present[known] = self.present[row[known]]
        return replace(self, item_ids=wanted, values=values, present=present)

    def standardize(self, fit_items: ArrayLike | Sequence[Any] | None = None) -> FeatureBlock:
        """Every column with mean 0 and standard deviation 1 over the items it may look at.

        x'_ij = (x_ij − mean_j) / sd_j, mean and sd over the present items among fit_items. A
        column that is constant there is only centred; without any such item nothing changes.

        Parameters
        ----------
        fit_items
            Ids of the items that mean and sd are computed from, the training items; None takes
            all, held-out ones too, which is leakage if they are to be predicted.

        Returns
        -------
        FeatureBlock of the same shape; absent rows stay zero, which now is the mean.

        Notebook: 03_image_features
        """
        use = self.present.copy()
        if fit_items is not None:
            use &= pd.Index(self.item_ids).isin(np.asarray(fit_items))
        if not use.any() or not self.names:
            return self
        scaler = StandardScaler().fit(self.values[use])
        return replace(self, values=scaler.transform(self.values))

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

        Notebook: 08_weighted_fusion
        """
        rows = np.flatnonzero(self.present)
        values = self.values.copy()
        values[rows] = self.values[np.random.default_rng(rng).permutation(rows)]
        return replace(self, values=values)
