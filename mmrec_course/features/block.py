"""Features of one modality that know which items they belong to.

In: ids, numbers, a mask. Out: the same, for any other list of ids, never matched by position.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.preprocessing import StandardScaler, normalize

from mmrec_course.datasets.validation import _other_kind, _shown
from mmrec_course.features.threads import single_threaded_blas

__all__ = ["FeatureBlock", "normalize_rows", "unit_rows"]

Floats = NDArray[np.float64]


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
        If shapes disagree, an id is missing or occurs twice, values are no plain numbers, present
        is no mask, a pandas table or mask has an index of other ids, or a present row has a NaN
        or an infinity (the message names the item and the column).

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
        for name in ("item_ids", "names"):
            if isinstance(getattr(self, name), str):
                raise ValueError(f"{where}: {name}: one string; pass a list of them")
        ids = _as_ids(self.item_ids).copy()
        for name in ("values", "present"):
            index = getattr(getattr(self, name), "index", None)
            if not isinstance(index, pd.Index) or isinstance(index, pd.RangeIndex):
                continue
            if not index.equals(pd.Index(ids)):
                raise ValueError(
                    f"{where}: {name} has an index that differs from item_ids; pass"
                    f" {name}.loc[item_ids], or {name}.to_numpy() if rows are in that order"
                )
        values = _numbers(self.values, where)
        present = _mask(self.present, where)
        names = tuple(n.item() if isinstance(n, np.generic) else n for n in self.names)
        if ids.ndim != 1:
            raise ValueError(f"{where}: item_ids has shape {ids.shape}, expected one dimension")
        if values.ndim != 2 or values.shape != (len(ids), len(names)):
            raise ValueError(
                f"{where}: values has shape {values.shape}, expected ({len(ids)}, {len(names)})"
                " from item_ids and names"
            )
        if present.shape != ids.shape:
            raise ValueError(f"{where}: present has shape {present.shape}, expected {ids.shape}")
        if ids.dtype.kind == "u" and (ids >= 2**63).any():
            raise ValueError(f"{where}: item_id {ids.max()} does not fit 64 bits with a sign")
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
            If an id occurs twice, or all are text and those of the block numbers, or the reverse.
        """
        wanted = _as_ids(item_ids)
        row = pd.Index(self.item_ids).get_indexer(pd.Index(wanted))
        known = row >= 0
        if not known.any():
            self._refuse_other_kind(wanted)
        values = np.zeros((len(wanted), len(self.names)))
        present = np.zeros(len(wanted), bool)
        values[known] = self.values[row[known]]
        present[known] = self.present[row[known]]
        return replace(self, item_ids=wanted, values=values, present=present)

    def select(self, names: Iterable[str]) -> FeatureBlock:
        """Some of the columns, in this order.

        Parameters
        ----------
        names
            Names of columns; the same rows and the same absent items whatever is chosen.

        Returns
        -------
        FeatureBlock with the same items and len(names) columns.

        Raises
        ------
        ValueError
            If a name is no column, is one of several columns, or is asked for twice.
        """
        if isinstance(names, str):
            raise ValueError(f"names: one string; pass [{names!r}]")
        wanted = tuple(names)
        where = f"block {self.modality!r}"
        columns = pd.Index(self.names, dtype=object)
        for name in wanted:
            if (count := int((columns == name).sum())) != 1:
                problem = "is no column" if count == 0 else f"is the name of {count} columns"
                raise ValueError(f"{where}: {name!r} {problem}; it has {_shortened(self.names)}")
            if wanted.count(name) > 1:
                raise ValueError(f"{where}: {name!r} is asked for twice")
        place = columns.get_indexer(pd.Index(wanted, dtype=object))
        return replace(self, values=self.values[:, place], names=wanted)

    @classmethod
    def concatenate(
        cls, blocks: Iterable[FeatureBlock], *, modality: str | None = None
    ) -> FeatureBlock:
        """Several blocks of the same items as one, their columns side by side.

        x_i = (x_i1, x_i2, …). An item is present where it is in every block: half a row would
        say of the other half that it is average. Rows are matched by item id, in the order of
        the first block. Columns are taken as they are; standardise or scale before, so that
        no block drowns another.

        Parameters
        ----------
        blocks
            One block or more, of the same items in any order.
        modality
            What to call the result; by default the blocks' own name if they share it, otherwise
            their names joined with "+".

        Returns
        -------
        FeatureBlock with the sum of the widths. Where the blocks are of different modalities,
        the names of the columns begin with the modality: ``image red``.

        Raises
        ------
        ValueError
            If there is no block, or one has other items than the first.

        Notebook: 08_weighted_fusion
        """
        parts = list(blocks)
        if not parts:
            raise ValueError("blocks: none to concatenate")
        first = parts[0]
        ids = pd.Index(first.item_ids)
        for part in parts[1:]:
            others = pd.Index(part.item_ids)
            odd = [*ids[~ids.isin(others)], *others[~others.isin(ids)]]
            if odd:
                remedy = _other_kind(others, ids) or "; align them to the same ids first"
                raise ValueError(
                    f"blocks: {first.modality!r} and {part.modality!r} differ in item"
                    f" {_shown(odd[0])}{remedy}"
                )
        parts = [part.align(first.item_ids) for part in parts]
        kinds = list(dict.fromkeys(part.modality for part in parts))
        mixed = len(kinds) > 1
        reasons: dict[Any, str] = {}
        for part in reversed(parts):
            reasons |= part.reasons
        return cls(
            modality="+".join(kinds) if modality is None else modality,
            item_ids=first.item_ids,
            values=np.hstack([part.values for part in parts]),
            present=np.all([part.present for part in parts], axis=0),
            names=tuple(
                f"{part.modality} {name}" if mixed else name
                for part in parts
                for name in part.names
            ),
            reasons=reasons,
        )

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
        """
        use = self._learnable(fit_items)
        if not use.any() or not self.names:
            return self
        scaler = StandardScaler().fit(self.values[use])
        return replace(self, values=scaler.transform(self.values))

    def reduce(
        self, n_components: int, fit_items: ArrayLike | Sequence[Any] | None = None
    ) -> FeatureBlock:
        """Fewer columns that keep as much as possible of how items differ: PCA.

        z_i = V (x_i − μ), V (n_components, d) the directions of largest variance, μ the mean,
        both over the present items among fit_items. Columns in large units win: standardise
        first where the units differ.

        Parameters
        ----------
        n_components
            How many directions, at most the number of columns and of items to learn from.
        fit_items
            Ids of the items that may be learned from, the training items; None takes all,
            held-out ones too, which is leakage if they are to be predicted.

        Returns
        -------
        FeatureBlock with n_components columns ``component1`` …, by falling variance; each has
        its sign such that its largest loading is positive. Absent rows stay zero, the mean.

        Raises
        ------
        ValueError
            If n_components is not between 1 and what there is to learn from.

        Notes
        -----
        Pearson (1901), Philosophical Magazine 2; scikit-learn's ``PCA`` with a full singular
        value decomposition, O(n · d · min(n, d)), which has no randomness in it.
        """
        use = self._learnable(fit_items)
        most = min(int(use.sum()), len(self.names))
        if not 1 <= n_components <= most:
            raise ValueError(
                f"block {self.modality!r}: n_components: {n_components} is not between 1 and"
                f" {most}; there are {use.sum()} present items to learn from and"
                f" {len(self.names)} columns"
            )
        from sklearn.decomposition import PCA  # late: it loads many models

        with single_threaded_blas():
            pca = PCA(n_components, svd_solver="full").fit(self.values[use])
        signs = np.sign(pca.components_[np.arange(n_components), _largest(pca.components_)])
        return replace(
            self,
            values=pca.transform(self.values) * signs,
            names=tuple(f"component{j + 1}" for j in range(n_components)),
        )

    def nearest(self, item_id: Any, k: int = 10) -> pd.DataFrame:
        """The items whose rows point most nearly the same way.

        s_ij = x_i·x_j / (‖x_i‖ ‖x_j‖), the cosine of the angle between two rows; 0 where a row
        is all zeros. O(n · d).

        Parameters
        ----------
        item_id
            An item that is present here.
        k
            How many at most; fewer where fewer others are present.

        Returns
        -------
        DataFrame item_id, similarity (−1 … 1), most similar first; of those whose similarity
        is the same to four digits, the one whose id comes first. The item itself is left out.

        Raises
        ------
        ValueError
            If k is not positive, or the item is unknown or absent (with the reason, if known).
        """
        where = f"block {self.modality!r}"
        if k < 1:
            raise ValueError(f"{where}: k: {k} is not positive")
        row = int(pd.Index(self.item_ids).get_indexer(pd.Index(_as_ids([item_id])))[0])
        if row < 0:
            remedy = _other_kind([item_id], self.item_ids)
            raise ValueError(f"{where}: {_shown(item_id)} is not among the items{remedy}")
        if not self.present[row]:
            why = self.reasons.get(item_id, "it has none")
            raise ValueError(f"{where}: item {item_id!r} is absent: {why}")
        others = np.flatnonzero(self.present & (np.arange(len(self)) != row))
        unit = normalize(self.values)
        similarity = unit[others] @ unit[row]
        found = pd.DataFrame({"item_id": self.item_ids[others], "similarity": similarity})
        # Equal rows may differ in their last digits; that must not decide an order.
        found = found.sort_values("item_id").sort_values(
            "similarity", ascending=False, kind="stable", key=lambda s: s.round(4)
        )
        return found.head(k).reset_index(drop=True)

    def mask(self, item_ids: ArrayLike | Sequence[Any]) -> FeatureBlock:
        """The block as it would be if these items did not have this modality.

        Parameters
        ----------
        item_ids
            Ids to hide; repetitions and already absent ones do not matter.

        Returns
        -------
        FeatureBlock of the same shape. Hidden items have no entry in ``reasons``: nothing is
        wrong with them.

        Raises
        ------
        ValueError
            If an id is not among the items; hiding nothing by a slip would leak.

        Notebook: 10_incomplete_data
        """
        hidden = pd.Index(_as_ids(item_ids))
        ids = pd.Index(self.item_ids)
        unknown = hidden[~hidden.isin(ids)]
        if len(unknown):
            raise ValueError(
                f"block {self.modality!r}: item_ids: {_shown(unknown[0])} is not among the items"
                + _other_kind(unknown, self.item_ids)
            )
        return replace(self, present=self.present & ~np.asarray(ids.isin(hidden), dtype=bool))

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

    def _learnable(self, fit_items: ArrayLike | Sequence[Any] | None) -> NDArray[np.bool_]:
        """(n,) which rows may be learned from: present, and among fit_items if given."""
        if fit_items is None:
            return self.present
        learn = _as_ids(fit_items)
        among = pd.Index(self.item_ids).isin(learn)
        if not among.any():
            self._refuse_other_kind(learn)
        return np.asarray(self.present & among, dtype=bool)

    def _refuse_other_kind(self, ids: NDArray[Any]) -> None:
        """Text and numbers cannot meet: without an error all items would be absent."""
        if remedy := _other_kind(ids, self.item_ids):
            raise ValueError(
                f"block {self.modality!r}: item {_shown(pd.Index(ids)[0])} is unknown{remedy}"
            )


def _numbers(values: Any, where: str) -> NDArray[np.float64]:
    """A copy as float64; a masked cell is NaN."""
    if sp.issparse(values):
        kind = type(values).__name__
        raise ValueError(f"{where}: values: a {kind}, expected a dense array; pass .toarray()")
    try:
        if np.iscomplexobj(values):
            raise TypeError("complex numbers")
        filled = np.ma.filled(np.ma.asarray(values, np.float64), np.nan)
        return np.array(filled, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{where}: values: not an array of numbers, (n_items, n_columns): {error}"
        ) from None


def _mask(present: Any, where: str) -> NDArray[np.bool_]:
    """A copy as bool of a mask of True and False, or 1 and 0."""
    if isinstance(present, np.ndarray) and present.dtype.kind == "b":
        return np.array(present, dtype=bool)
    given = np.asarray(present, dtype=object)
    for row, value in enumerate(given.ravel()):
        if isinstance(value, str) or pd.isna(value) or value not in (0, 1):
            raise ValueError(f"{where}: present: row {row}: {value!r} is neither True nor False")
    return given.astype(bool)


def _as_ids(item_ids: ArrayLike | Iterable[Any]) -> NDArray[Any]:
    """An array of ids in which 1 and "1" stay two: NumPy alone would write both as text."""
    if hasattr(item_ids, "dtype"):
        return np.asarray(item_ids)
    given = list(item_ids)  # type: ignore[arg-type]
    ids = np.asarray(given)
    if ids.dtype.kind in "US" and not all(isinstance(item, str) for item in given):
        ids = np.array(given, dtype=object)
    return ids


def _largest(components: NDArray[np.float64]) -> NDArray[np.intp]:
    """(k,) column of each row's largest loading; of loadings equal but for rounding, the first."""
    return np.asarray(np.argmax(np.round(np.abs(components), 8), axis=1))


def _shortened(names: Sequence[str]) -> str:
    """The first few names of many."""
    more = f", … ({len(names)} in all)" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more


def normalize_rows(values: Floats, centre: Floats | float = 0.0) -> Floats:
    """Rows less ``centre``, scaled to length 1; a row that equals it up to rounding becomes zero."""
    x = values - centre
    length = np.linalg.norm(x, axis=1, keepdims=True)
    before = np.linalg.norm(values, axis=1, keepdims=True) + np.linalg.norm(centre)
    return np.asarray(np.divide(x, length, out=np.zeros_like(x), where=length > 1e-12 * before))


def unit_rows(block: FeatureBlock, training: NDArray[np.bool_]) -> Floats:
    """(n_items, d) rows centred on the mean of the present training items and scaled to length 1.

    The dot product of two rows is their centred cosine. Absent items have zero rows.

    Parameters
    ----------
    training
        (n_items,) bool.

    Notebook: 08_weighted_fusion
    """
    use = block.present & training
    centre = block.values[use].mean(axis=0) if use.any() else 0.0
    return np.asarray(normalize_rows(block.values, centre) * block.present[:, None])
