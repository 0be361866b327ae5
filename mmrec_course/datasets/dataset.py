"""A multimodal data set: who rated what, and what each item looks, reads and sounds like.

In: checked tables. Out: one object with them, which knows what is there and what is missing.

Notebook: 01_the_catalogue
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Dataset"]

MODALITIES = ("image", "text", "audio")


def _no_problems() -> pd.DataFrame:
    return pd.DataFrame(columns=["item_id", "modality", "reason"], dtype="string")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Dataset:
    """Ratings, items with their media, listeners.

    Attributes
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp.
    items
        DataFrame indexed by item_id, with title and whatever else is known, and a column for
        each modality: image and audio hold the path of a file, text the words themselves,
        ``<NA>`` where there is none.
    listeners
        DataFrame indexed by user_id, or None.
    problems
        DataFrame item_id, modality, reason: media that the tables list but that cannot be used.
        Those are ``<NA>`` in items. Files are only looked at from outside here; one that cannot
        be decoded is reported by :func:`mmrec_course.features.extract_features`.
    features
        modality → FeatureBlock, for data that come with features instead of media.
    folder
        Where it was read from, or None.

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
    listeners: pd.DataFrame | None = None
    problems: pd.DataFrame = field(default_factory=_no_problems)
    features: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

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

        Notebook: 01_the_catalogue
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

    def truth(self) -> dict[str, NDArray[Any]]:
        """What the makers of a made-up world know and no model may see.

        Returns
        -------
        dict name → array, all of ``truth.npz`` in the folder.

        Raises
        ------
        FileNotFoundError
            If the data set has no such file; real ones never do.

        Notebook: 01_the_catalogue
        """
        if self.folder is None or not (self.folder / "truth.npz").is_file():
            raise FileNotFoundError("truth.npz: this data set has none; only a made-up world does")
        with np.load(self.folder / "truth.npz", allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def __repr__(self) -> str:
        parts = [f"{len(self.items):,} items, {len(self.ratings):,} ratings"]
        if self.listeners is not None:
            parts[0] += f", {len(self.listeners):,} listeners"
        present = self.present().sum()
        if len(present):
            parts.append("with " + ", ".join(f"{m} {n:,}" for m, n in present.items()))
        if len(self.problems):
            parts.append(f"{len(self.problems):,} problems")
        return f"Dataset({'; '.join(parts)})"
