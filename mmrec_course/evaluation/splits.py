"""Ways to divide ratings into a past to learn from and a future to be judged by.

In: a ratings DataFrame. Out: a Split (train, valid, test, and the ids that may be ranked).

Notebook: 06_evaluation
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "Split",
    "cold_item_split",
    "global_time_split",
    "random_split",
    "temporal_split",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Three disjoint parts of a ratings table, and the items that may be ranked.

    Attributes
    ----------
    train, valid, test
        DataFrames with the columns of the ratings, their index kept.
    candidates
        (c,) sorted item ids that a model is asked to rank for the test part.
    valid_candidates
        The same for the validation part.

    Notebook: 06_evaluation
    """

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame
    candidates: NDArray[Any]
    valid_candidates: NDArray[Any]

    @property
    def seen(self) -> pd.DataFrame:
        """Train and valid together: what is masked when the test part is ranked."""
        return pd.concat([self.train, self.valid])


def _check(ratings: pd.DataFrame, **fractions: float) -> None:
    missing = {"user_id", "item_id", "rating", "timestamp"} - set(ratings.columns)
    if missing:
        raise ValueError(f"ratings: column {sorted(missing)[0]!r} is missing")
    for name, value in fractions.items():
        if not 0 <= value < 1:
            raise ValueError(f"{name}: {value} is outside [0, 1)")
    if sum(fractions.values()) >= 1:
        raise ValueError(f"{' + '.join(fractions)}: {sum(fractions.values())} leaves no training")


def _assemble(ratings: pd.DataFrame, part: NDArray[np.int_]) -> Split:
    """Part 0, 1, 2 per row → train, valid, test, with every item a candidate."""
    items = np.unique(ratings["item_id"].to_numpy())
    train, valid, test = (ratings[part == p] for p in range(3))
    return Split(train=train, valid=valid, test=test, candidates=items, valid_candidates=items)


def _chronological(ratings: pd.DataFrame) -> pd.DataFrame:
    """In time order; equal times in order of user and item, so that input order is irrelevant."""
    return ratings.sort_values(["timestamp", "user_id", "item_id"], kind="stable")


def temporal_split(ratings: pd.DataFrame, *, valid: float = 0.1, test: float = 0.1) -> Split:
    """Hold out each user's last ratings: the newest ``test``, and before them ``valid``.

    A user with n ratings gives ⌊test · n⌋ (at least one, where test > 0 and n ≥ 3) to the test
    part and likewise to the validation part; users with fewer than 3 ratings only train.
    Across users the future still leaks (one user's test may lie before another's training):
    see :func:`global_time_split`.

    Parameters
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp.
    valid, test
        Fractions of each user's ratings, in [0, 1), together below 1.

    Returns
    -------
    Split whose candidates are all items of ``ratings``.

    Raises
    ------
    ValueError
        If a column is missing or a fraction is out of range.

    Notebook: 06_evaluation
    """
    _check(ratings, valid=valid, test=test)
    ordered = _chronological(ratings)
    by_user = ordered.groupby("user_id", sort=False)
    n = by_user["item_id"].transform("size").to_numpy()
    from_end = n - 1 - by_user.cumcount().to_numpy()

    def held(fraction: float) -> NDArray[np.int_]:
        count = np.maximum(np.floor(fraction * n + 1e-9).astype(int), 1 if fraction > 0 else 0)
        return np.where(n >= 3, count, 0)

    n_test, n_valid = held(test), held(valid)
    part = np.where(from_end < n_test, 2, np.where(from_end < n_test + n_valid, 1, 0))
    return _assemble(ordered, part)


def global_time_split(ratings: pd.DataFrame, *, valid: float = 0.1, test: float = 0.1) -> Split:
    """Cut the whole history at two moments, the same for everybody.

    Parameters
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp.
    valid, test
        Fractions of all ratings, in [0, 1), together below 1. Ratings that share the moment of
        a cut all go to the later part.

    Returns
    -------
    Split whose candidates are all items of ``ratings``, also those first seen in the test part.

    Raises
    ------
    ValueError
        If a column is missing or a fraction is out of range.

    Notebook: 06_evaluation
    """
    _check(ratings, valid=valid, test=test)
    ordered = _chronological(ratings)
    time = ordered["timestamp"].to_numpy()
    n = len(time)
    part = np.zeros(n, int)
    for fraction, label in ((valid + test, 1), (test, 2)):
        first = int(np.ceil((1 - fraction) * n - 1e-9))
        if fraction > 0 and first < n:
            part[time >= time[first]] = label
    return _assemble(ordered, part)


def random_split(
    ratings: pd.DataFrame,
    *,
    valid: float = 0.1,
    test: float = 0.1,
    rng: int | np.random.Generator = 0,
) -> Split:
    """Hold out ratings at random, whoever gave them and whenever.

    Parameters
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp.
    valid, test
        Fractions of all ratings, in [0, 1), together below 1.
    rng
        Seed or generator. The same seed gives the same split for any order of the rows.

    Returns
    -------
    Split whose candidates are all items of ``ratings``.

    Raises
    ------
    ValueError
        If a column is missing or a fraction is out of range.

    Notebook: 06_evaluation
    """
    _check(ratings, valid=valid, test=test)
    ordered = _chronological(ratings)
    n = len(ordered)
    place = np.random.default_rng(rng).permutation(n)
    n_test, n_valid = int(test * n + 1e-9), int(valid * n + 1e-9)
    return _assemble(ordered, np.where(place < n_test, 2, np.where(place < n_test + n_valid, 1, 0)))


def cold_item_split(
    ratings: pd.DataFrame,
    *,
    fraction: float = 0.2,
    valid: float = 0.1,
    rng: int | np.random.Generator = 0,
) -> Split:
    """Hold out whole items: nobody has rated a test item before the test.

    Parameters
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp.
    fraction, valid
        Fractions of the items that go to the test part and to the validation part, each in
        [0, 1), together below 1.
    rng
        Seed or generator. The same seed gives the same split for any order of the rows.

    Returns
    -------
    Split whose candidates are the test items alone: the question is which of the new releases
    to show to whom.

    Raises
    ------
    ValueError
        If a column is missing or a fraction is out of range.

    Notebook: 06_evaluation
    """
    _check(ratings, fraction=fraction, valid=valid)
    ordered = _chronological(ratings)
    items = np.unique(ordered["item_id"].to_numpy())
    dealt = np.random.default_rng(rng).permutation(items)
    n_test, n_valid = int(fraction * len(items) + 1e-9), int(valid * len(items) + 1e-9)
    cold, cool = np.sort(dealt[:n_test]), np.sort(dealt[n_test : n_test + n_valid])
    item = ordered["item_id"]
    part = np.where(item.isin(cold), 2, np.where(item.isin(cool), 1, 0))
    split = _assemble(ordered, part)
    return replace(split, candidates=cold, valid_candidates=cool)
