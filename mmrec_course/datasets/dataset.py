"""A multimodal data set: who rated what, and what each item looks, reads and sounds like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.datasets import validation

MODALITIES = ("image", "text", "audio")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Dataset:
    """Ratings, items with their media, users.

    Columns item_id of ``items`` and user_id of ``users`` become the index. Of items, the columns
    image and audio hold the path of a file, text the words, ``<NA>`` where there is none.

    Notebook: 01_the_catalogue
    """

    ratings: pd.DataFrame  # user_id, item_id, rating, timestamp, of items in ``items``
    items: pd.DataFrame  # indexed by item_id
    users: pd.DataFrame | None = None  # indexed by user_id
    # item_id, modality, reason of the listed media that cannot be used, <NA> in items.
    problems: pd.DataFrame = field(default_factory=lambda: _problem_table([]))
    features: Mapping[str, Any] = field(default_factory=dict)  # modality → FeatureBlock
    folder: Path | None = None
    notes: tuple[str, ...] = ()  # what a loader decided about the data; ``repr`` shows them

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", _indexed(self.items, "item_id", "items"))
        if self.users is not None:
            object.__setattr__(self, "users", _indexed(self.users, "user_id", "users"))
        validation._check_frame(self.ratings, validation.RATING_COLUMNS, "ratings")
        remedy = "; leave such ratings out: ratings[ratings['item_id'].isin(items.index)]"
        validation._refuse_unknown(self.ratings, "item_id", self.items.index, "ratings", remedy)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities: columns of items, in a fixed order, then features."""
        columns = [m for m in MODALITIES if m in self.items.columns]
        return (*columns, *(m for m in self.features if m not in columns))

    def present(self) -> pd.DataFrame:
        """Which item has which modality: a_im, DataFrame of bool (n_items, n_modalities)."""
        there = {m: self.items[m].notna() for m in MODALITIES if m in self.items.columns}
        there |= {m: block.align(self.items.index).present for m, block in self.features.items()}
        return pd.DataFrame(there, index=self.items.index)

    def ground_truth(self) -> dict[str, NDArray[Any]]:
        """Arrays of ``truth.npz``: what the makers of a made-up world know and no model may see."""
        if self.folder is None or not (self.folder / "truth.npz").is_file():
            raise FileNotFoundError("truth.npz: this data set has none; only a made-up world does")
        with np.load(self.folder / "truth.npz", allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    def __repr__(self) -> str:
        parts = [f"{len(self.items):,} items, {len(self.ratings):,} ratings"]
        if self.users is not None:
            parts[0] += f", {len(self.users):,} users"
        if self.modalities:
            present = self.present().sum()
            parts.append("with " + ", ".join(f"{m} {n:,}" for m, n in present.items()))
        if len(self.problems):
            parts.append(f"{len(self.problems):,} problems")
        parts += [f"note: {note}" for note in self.notes]
        return f"Dataset({'; '.join(parts)})"


def _problem_table(rows: list[tuple[Any, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item_id", "modality", "reason"], dtype="string")


def _indexed(table: pd.DataFrame, key: str, name: str) -> pd.DataFrame:
    """The table under unique ids; row numbers are not taken for ids."""
    validation._check_frame(table, (), name)
    index = table.index
    if key not in table.columns:
        if index.name is None and index.dtype.kind in "iu" and len(index):
            raise ValueError(
                f"{name}: the index looks like row numbers and has no name; pass {name}.set_index"
                f"(the column of ids), or {name}.rename_axis({key!r}) if it holds ids"
            )
        table = table.reset_index(names=key)
    elif index.name == key and not index.equals(pd.Index(table[key])):
        raise ValueError(f"{name}: column {key!r} differs from the index of that name; drop one")
    return validation.check_ids(table, key, name=name)
