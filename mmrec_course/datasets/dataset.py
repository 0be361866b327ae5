"""A multimodal data set: who rated what, and what each item looks, reads and sounds like.

In: checked tables. Out: one object with them, which knows what is there and what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.datasets.validation import (
    RATING_COLUMNS,
    _check_frame,
    _other_kind,
    _shown,
)

__all__ = ["Dataset"]

MODALITIES = ("image", "text", "audio")


def _no_problems() -> pd.DataFrame:
    return pd.DataFrame(columns=["item_id", "modality", "reason"], dtype="string")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Dataset:
    """Ratings, items with their media, users.

    Attributes
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp, of items in ``items``.
    items
        DataFrame indexed by item_id, with title and whatever else is known, and a column for
        each modality: image and audio hold the path of a file, text the words themselves,
        ``<NA>`` where there is none. A column item_id becomes the index.
    users
        DataFrame indexed by user_id, or None. A column user_id becomes the index.
    problems
        DataFrame item_id, modality, reason: media that the tables list but that cannot be used.
        Those are ``<NA>`` in items. Files are only looked at from outside here; one that cannot
        be decoded is reported by :func:`mmrec_course.features.extract_features`.
    features
        modality → FeatureBlock, for data that come with features instead of media.
    folder
        Where it was read from, or None.
    notes
        What a loader decided about the data, in sentences; ``repr`` shows them.

    Raises
    ------
    ValueError
        If the index of items (or users) is missing, is the bare row numbers, has an id twice
        or none; if ratings lack a column or have an item that is not among the items.
    TypeError
        If one of the three is no DataFrame.

    Notebook: 01_the_catalogue

    Examples
    --------
    >>> ratings = pd.DataFrame({"user_id": ["u1"], "item_id": ["a"], "rating": [5],
    ...                         "timestamp": pd.to_datetime(["2024-05-01"])})
    >>> items = pd.DataFrame({"title": ["A", "B"], "text": ["slow and warm", None]},
    ...                      index=pd.Index(["a", "b"], name="item_id"))
    >>> Dataset(ratings=ratings, items=items)
    Dataset(2 items, 1 ratings; with text 1)
    """

    ratings: pd.DataFrame
    items: pd.DataFrame
    users: pd.DataFrame | None = None
    problems: pd.DataFrame = field(default_factory=_no_problems)
    features: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", _indexed(self.items, "item_id", "items"))
        if self.users is not None:
            users = _indexed(self.users, "user_id", "users")
            object.__setattr__(self, "users", users)
        _check_frame(self.ratings, RATING_COLUMNS, "ratings")
        rated = self.ratings["item_id"]
        unknown = rated[~rated.isin(self.items.index).to_numpy()]
        if len(unknown):
            remedy = _other_kind(unknown, self.items.index) or (
                "; leave such ratings out: ratings[ratings['item_id'].isin(items.index)]"
            )
            raise ValueError(
                f"ratings, column 'item_id': {_shown(unknown.iloc[0])} is not in the index of"
                f" items{remedy}"
            )

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities: columns of items, in a fixed order, then features."""
        columns = [m for m in MODALITIES if m in self.items.columns]
        return (*columns, *(m for m in self.features if m not in columns))

    def present(self) -> pd.DataFrame:
        """Which item has which modality: a_im.

        Returns
        -------
        DataFrame of bool, items × modalities, indexed as ``items``.
        """
        return pd.DataFrame(
            {
                m: self.features[m].align(self.items.index).present
                if m in self.features
                else self.items[m].notna().to_numpy(dtype=bool)
                for m in self.modalities
            },
            index=self.items.index,
        )

    def ground_truth(self) -> dict[str, NDArray[Any]]:
        """What the makers of a made-up world know and no model may see.

        Returns
        -------
        dict name → array, all of ``truth.npz`` in the folder.

        Raises
        ------
        FileNotFoundError
            If the data set has no such file; real ones never do.
        """
        if self.folder is None or not (self.folder / "truth.npz").is_file():
            raise FileNotFoundError("truth.npz: this data set has none; only a made-up world does")
        with np.load(self.folder / "truth.npz", allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def __repr__(self) -> str:
        parts = [f"{len(self.items):,} items, {len(self.ratings):,} ratings"]
        if self.users is not None:
            parts[0] += f", {len(self.users):,} users"
        present = self.present().sum()
        if len(present):
            parts.append("with " + ", ".join(f"{m} {n:,}" for m, n in present.items()))
        if len(self.problems):
            parts.append(f"{len(self.problems):,} problems")
        parts += [f"note: {note}" for note in self.notes]
        return f"Dataset({'; '.join(parts)})"


def _indexed(table: pd.DataFrame, key: str, name: str) -> pd.DataFrame:
    """The table under unique ids; row numbers are not taken for ids."""
    _check_frame(table, (), name)
    if key in table.columns and table.index.name != key:
        table = table.set_index(key)
    index = table.index
    if key in table.columns and not index.equals(pd.Index(table[key])):
        raise ValueError(f"{name}: column {key!r} differs from the index of that name; drop one")
    if index.nlevels > 1:
        raise ValueError(f"{name}: the index has {index.nlevels} levels, expected one of {key}")
    if index.name is None and index.dtype.kind in "iu" and len(index):
        raise ValueError(
            f"{name}: the index looks like row numbers and has no name; pass"
            f" {name}.set_index(the column of ids), or {name}.rename_axis({key!r}) if it holds ids"
        )
    if index.hasnans:
        row = int(np.argmax(index.isna()))
        raise ValueError(f"{name}: the {key} of row {row} (counted from 0) is missing")
    if not index.is_unique:
        twice = _shown(index[index.duplicated()][0])
        raise ValueError(f"{name}: {key} {twice} occurs more than once; keep one row of it")
    return table
