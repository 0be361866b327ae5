"""Features of one modality that know which items they belong to, by id, never by position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from sklearn.preprocessing import StandardScaler

from mmrec_course.datasets.validation import _check_count, _other_kind, _shown
from mmrec_course.features.threads import single_threaded_blas

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ids = ArrayLike | Iterable[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureBlock:
    """The features of one modality, one row for each item, and which items have that modality.

    Notebook: 03_image_features

    >>> block = FeatureBlock(modality="image", item_ids=["a", "b"], values=[[1.0], [2.0]],
    ...                      present=[True, True], names=("red",))
    >>> aligned = block.align(["b", "new"])
    >>> aligned.values.tolist(), aligned.present.tolist()
    ([[2.0], [0.0]], [True, False])
    """

    modality: str  # "image", "text", "audio" or any other name
    item_ids: NDArray[Any]  # (n,) unique ids, strings or integers
    values: NDArray[np.float64]  # (n, d); rows of absent items are zero, whatever was passed in
    present: NDArray[np.bool_]  # (n,) a_im of the notation
    names: tuple[str, ...]  # (d,) of the columns
    # Item id → why it is absent although something was listed for it, such as a broken file.
    reasons: Mapping[Any, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Arrays are copied: changing one afterwards must not change which row is whose.
        ids = _as_ids(self.item_ids).copy()
        own = getattr(self.item_ids, "index", None)
        for name in ("values", "present"):
            index = getattr(getattr(self, name), "index", None)  # a list has a method of this name
            if not isinstance(index, pd.Index) or index.equals(own) or index.equals(pd.Index(ids)):
                continue
            if not index.equals(pd.RangeIndex(len(ids))) or index.isin(ids).all():
                remedy = f"pass {name}.loc[item_ids], or {name}.to_numpy() if it is in order"
                raise self._error(f"{name} has an index that differs from item_ids; {remedy}")
        names = tuple(str(name) for name in self.names)
        values = self._checked_values()
        present = as_mask(f"block {self.modality!r}: present", self.present)
        arrays = {"item_ids": ids, "values": values, "present": present}
        for name, array in arrays.items():
            shape = (len(ids), len(names)) if name == "values" else (len(ids),)
            if array.shape != shape:
                raise self._error(f"{name} has shape {array.shape}, expected {shape}")
        index = pd.Index(ids)
        if odd := index[index.isna() | index.duplicated()].tolist():
            raise self._error(f"item_id {odd[0]!r} is missing or occurs more than once")
        values[~present] = 0.0
        if not np.isfinite(values).all():
            row, column = np.argwhere(~np.isfinite(values))[0]
            cell = f"item {ids.tolist()[row]!r}, column {names[column]!r} is {values[row, column]}"
            raise self._error(f"{cell}; mark the item absent or mend the extractor")
        absent = set(ids[~present].tolist())
        reasons = {item: reason for item, reason in self.reasons.items() if item in absent}
        for name, value in {**arrays, "names": names, "reasons": reasons}.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.item_ids)

    def align(self, item_ids: Ids) -> FeatureBlock:
        """Return the features of these ids, in this order; unknown ids become absent rows."""
        wanted = _as_ids(item_ids)
        row = self._rows(wanted)
        if wanted.dtype == self.item_ids.dtype and np.array_equal(row, np.arange(len(self))):
            return self
        values = np.zeros((len(row), len(self.names)))
        values[row >= 0] = self.values[row[row >= 0]]
        present = np.append(self.present, False)[row]  # the last one for unknown ids, index −1
        return replace(self, item_ids=wanted, values=values, present=present)

    def select(self, names: Iterable[str]) -> FeatureBlock:
        """Return the columns of these names, in this order, for the same items."""
        wanted = tuple(names)
        for name in wanted:
            if (count := self.names.count(name)) != 1:
                known = ", ".join(map(repr, self.names[:5]))
                raise self._error(f"{count} columns are called {name!r}; it has {known} …")
        columns = [self.names.index(name) for name in wanted]
        return replace(self, values=self.values[:, columns], names=wanted)

    @classmethod
    def concatenate(cls, blocks: Iterable[FeatureBlock]) -> FeatureBlock:
        """Join blocks of the same items side by side: x_i = (x_i1, x_i2, …).

        Rows are matched by id, in the order of the first block; an item is present if every block
        has it. Columns keep their scale. Of several modalities, they are called ``image red``.
        """
        parts = list(blocks)
        if not parts:
            raise ValueError("blocks: none to concatenate")
        first = parts[0]
        for part in parts[1:]:  # ValueError if the items differ
            first._rows(part.item_ids, all_known=True)
            part._rows(first.item_ids, all_known=True)
        parts = [part.align(first.item_ids) for part in parts]
        modalities = list(dict.fromkeys(part.modality for part in parts))  # each once, in order
        several = len(modalities) > 1
        names = [f"{p.modality} {name}" if several else name for p in parts for name in p.names]
        return cls(
            modality="+".join(modalities),
            item_ids=first.item_ids,
            values=np.hstack([part.values for part in parts]),
            present=np.all([part.present for part in parts], axis=0),
            names=tuple(names),
            reasons={i: why for part in reversed(parts) for i, why in part.reasons.items()},
        )

    def standardize(self, fit_items: Ids | None = None) -> FeatureBlock:
        """Scale every column: x'_ij = (x_ij − mean_j) / sd_j; absent rows stay zero.

        Mean and sd are of the present items among fit_items (None: all); a constant is centred.
        """
        use = self._learnable(fit_items)
        if not use.any() or not self.names:
            return self
        return replace(self, values=StandardScaler().fit(self.values[use]).transform(self.values))

    def reduce(self, n_components: int, fit_items: Ids | None = None) -> FeatureBlock:
        """Principal component analysis (Pearson 1901): z_i = V (x_i − μ).

        V (n_components, d) holds the directions of largest variance and μ the mean, both of the
        present items among fit_items (None: all). The largest loading of a component is positive.
        """
        _check_count("n_components", n_components)
        use = self._learnable(fit_items)
        with single_threaded_blas():
            directions = _principal_directions(self.values[use], n_components)
            values = (self.values - self.values[use].mean(axis=0)) @ directions.T
        # Of loadings that are equal up to rounding, the first one decides the sign.
        largest = np.abs(directions).round(8).argmax(axis=1)
        signs = np.sign(directions[np.arange(n_components), largest])
        names = tuple(f"component{j + 1}" for j in range(n_components))
        return replace(self, values=values * signs, names=names)

    def nearest(self, item_id: Any, k: int = 10) -> pd.DataFrame:
        """Return a table item_id, similarity of the k nearest by cosine; ties are ordered by id."""
        _check_count("k", k)
        row = int(self._rows([item_id], all_known=True)[0])
        if not self.present[row]:
            raise self._error(f"item {item_id!r} is absent: {self.reasons.get(item_id, '')}")
        others = np.flatnonzero(self.present & (np.arange(len(self)) != row))
        unit = normalize_rows(self.values)
        ids, similarity = self.item_ids[others], unit[others] @ unit[row]
        order = np.lexsort((ids, -similarity.round(4)))[:k]
        return pd.DataFrame({"item_id": ids[order], "similarity": similarity[order]})

    def mask(self, item_ids: Ids) -> FeatureBlock:
        """Return the block as if these items did not have this modality."""
        present = self.present.copy()
        present[self._rows(item_ids, all_known=True)] = False
        return replace(self, present=present)

    def shuffle(self, *, rng: int | np.random.Generator = 0) -> FeatureBlock:
        """Permute the rows among the present items: a permutation control, or placebo."""
        rows = np.flatnonzero(self.present)
        values = self.values.copy()
        values[rows] = self.values[np.random.default_rng(rng).permutation(rows)]
        return replace(self, values=values)

    def _error(self, problem: str) -> ValueError:
        return ValueError(f"block {self.modality!r}: {problem}")

    def _rows(self, item_ids: Ids, all_known: bool = False) -> NDArray[np.intp]:
        """Find the row of each id; −1 for an unknown one, or ValueError if all should be known."""
        ids = pd.Index(_as_ids(item_ids))
        row = np.asarray(pd.Index(self.item_ids).get_indexer(ids))
        unknown = ids[row < 0]
        # Where text ids meet numbers, every item would be absent in silence.
        remedy = _other_kind(unknown, self.item_ids)
        if len(unknown) and (all_known or (remedy and len(unknown) == len(ids))):
            raise self._error(f"item {_shown(unknown[0])} is not among the items{remedy}")
        return row

    def _learnable(self, fit_items: Ids | None) -> Mask:
        """(n,) which rows may be learned from: present, and among fit_items if given."""
        if fit_items is None:
            return self.present
        return self.present & np.isin(np.arange(len(self)), self._rows(fit_items))

    def _checked_values(self) -> Floats:
        """Copy values to float64; a masked cell becomes NaN."""
        try:
            if np.iscomplexobj(self.values):
                raise TypeError("complex numbers; take np.abs of them")
            return np.array(np.ma.filled(np.ma.asarray(self.values, np.float64), np.nan))
        except (TypeError, ValueError) as error:
            problem = "values: not a dense array of numbers (of a sparse matrix, pass .toarray())"
            raise self._error(f"{problem}: {error}") from None


def _principal_directions(x: Floats, n_components: int) -> Floats:
    """(n_components, d) orthonormal directions of largest variance of the rows (n, d)."""
    n, d = x.shape
    if 0 < n_components < n < d:  # from eigenvectors of the smaller x xᵀ (Turk and Pentland 1991)
        x = x - x.mean(axis=0)
        variance, u = eigh(x @ x.T, subset_by_index=[n - n_components, n - 1])
        if variance[0] > 1e-3 * variance[-1]:  # as exact as the singular value decomposition
            return np.asarray(u.T[::-1] @ x / np.sqrt(variance[::-1, None]))
    from sklearn.decomposition import PCA  # late: it loads many models

    return np.asarray(PCA(n_components, svd_solver="full").fit(x).components_)


def normalize_rows(values: Floats, centre: Floats | float = 0.0) -> Floats:
    """Subtract ``centre`` and scale rows to length 1; a row equal to it up to rounding is 0."""
    x = values - centre
    length = np.linalg.norm(x, axis=1, keepdims=True)
    before = np.linalg.norm(values, axis=1, keepdims=True) + np.linalg.norm(centre)
    return np.asarray(np.divide(x, length, out=np.zeros_like(x), where=length > 1e-12 * before))


def unit_rows(block: FeatureBlock, training: Mask) -> Floats:
    """Centre rows on the mean of the present training items and scale them to length 1.

    The dot product of two rows of the result, (n_items, d), is their centred cosine similarity.
    Absent items have zero rows. ``training`` is an (n_items,) mask.

    Notebook: 08_weighted_fusion
    """
    use = block.present & training
    centre = block.values[use].mean(axis=0) if use.any() else 0.0
    return np.asarray(normalize_rows(block.values, centre) * block.present[:, None])


def as_mask(name: str, given: ArrayLike) -> Mask:
    """Copy a mask; ValueError for text and numbers: bool("False") and bool(NaN) are True."""
    mask = np.asarray(given)
    if mask.size and mask.dtype != bool:
        raise ValueError(f"{name}: {mask.ravel()[:3].tolist()} are not True and False alone")
    return mask.astype(bool)


def _as_ids(item_ids: Ids) -> NDArray[Any]:
    """Make an array of the very ids given: NumPy may make text of 1, or a float of 2**63."""
    if isinstance(item_ids, str):
        raise ValueError(f"item_ids: one string, {item_ids!r}; pass a list of them")
    if hasattr(item_ids, "dtype"):
        return np.asarray(item_ids)
    given = list(item_ids)  # type: ignore[arg-type]
    ids = np.asarray(given)
    same = ids.ndim > 1 or (ids.dtype.kind != "f" and ids.tolist() == given)
    return ids if same else np.array(given, dtype=object)
