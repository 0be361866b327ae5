"""Ways to divide ratings into a past to learn from and a future to be judged by.

In: a ratings DataFrame. Out: a Split (train, valid, test, and the ids that may be ranked).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.datasets.validation import _check_frame, _other_kind, _times

__all__ = [
    "Split",
    "cold_item_split",
    "global_time_split",
    "random_split",
    "temporal_split",
]

COLUMNS = ("user_id", "item_id", "rating", "timestamp")


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Three disjoint parts of a ratings table, and the items that may be ranked.

    The functions below make one; a benchmark that comes already divided can be put into one.

    Attributes
    ----------
    train, valid, test
        DataFrames with the columns of the ratings, their index kept; from the functions below, in
        order of time.
    candidates
        (c,) sorted unique item ids that a model is asked to rank for the test part.
    valid_candidates
        The same for the validation part.

    Raises
    ------
    ValueError
        If a part lacks a column, or a user and item stand together twice, in one part or in
        two: the model would be asked for what it was told.

    Notebook: 06_evaluation
    """

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame
    candidates: NDArray[Any]
    valid_candidates: NDArray[Any]

    def __post_init__(self) -> None:
        parts = {"train": self.train, "valid": self.valid, "test": self.test}
        for name, part in parts.items():
            _check_frame(part, COLUMNS, name)
        pairs = pd.concat([part[["user_id", "item_id"]] for part in parts.values()])
        for ids in (self.candidates, self.valid_candidates):
            if problem := _other_kind(ids, pairs["item_id"]):
                raise ValueError(f"candidates: {pd.Index(ids)[0]!r} is no rated item{problem}")
        again = pairs.duplicated().to_numpy()
        if again.any():
            user, item = pairs.iloc[int(np.argmax(again))]
            same = ((pairs["user_id"] == user) & (pairs["item_id"] == item)).to_numpy()
            where = np.repeat(list(parts), [len(part) for part in parts.values()])[same]
            raise ValueError(
                f"ratings: user {user} has item {item} {same.sum()} times"
                f" (in {', '.join(where)}); keep one rating a pair"
            )
        for field in ("candidates", "valid_candidates"):
            object.__setattr__(self, field, np.unique(np.asarray(getattr(self, field))))

    @property
    def train_valid(self) -> pd.DataFrame:
        """Train and valid together: what is masked when the test part is ranked."""
        return pd.concat([self.train, self.valid])

    def describe(self, positive: float = 4.0) -> pd.DataFrame:
        """How large each part is, and how many of its users can be judged at all.

        Parameters
        ----------
        positive
            The rating from which an item counts as liked.

        Returns
        -------
        DataFrame indexed by part (train, valid, test), integer columns: n_ratings, n_users,
        n_items; n_candidates; n_ranked, the users who like a candidate in that part and are
        therefore ranked; n_skipped, its other users. The last three are 0 for train.
        """
        rows = {}
        for name, part, candidates in (
            ("train", self.train, self.candidates[:0]),
            ("valid", self.valid, self.valid_candidates),
            ("test", self.test, self.candidates),
        ):
            n_users = part["user_id"].nunique()
            n_ranked = liked(part, candidates, positive)["user_id"].nunique()
            rows[name] = {
                "n_ratings": len(part),
                "n_users": n_users,
                "n_items": part["item_id"].nunique(),
                "n_candidates": len(candidates),
                "n_ranked": n_ranked,
                "n_skipped": 0 if name == "train" else n_users - n_ranked,
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("part")


def liked(ratings: pd.DataFrame, candidates: NDArray[Any], positive: float) -> pd.DataFrame:
    """The rows that a ranking of these candidates is asked to find."""
    return ratings[
        (pd.to_numeric(ratings["rating"]) >= positive) & ratings["item_id"].isin(candidates)
    ]


def _in_order(ratings: pd.DataFrame, **fractions: float) -> pd.DataFrame:
    """Checked, and in order of time, then user, then item, whatever order the rows came in."""
    _check_frame(ratings, COLUMNS, "ratings")
    for column in COLUMNS:
        absent = ratings[column].isna().to_numpy()
        if absent.any():
            raise ValueError(
                f"ratings.iloc[{int(np.argmax(absent))}]: no {column}; fill it in or drop the row"
            )
    if ratings.empty:
        raise ValueError("ratings: no rows to split")
    for name, value in fractions.items():
        if not 0 <= value < 1:
            raise ValueError(f"{name}: {value} is outside [0, 1)")
    if sum(fractions.values()) >= 1:
        raise ValueError(f"{' + '.join(fractions)}: {sum(fractions.values())} leaves no training")
    # Through plain values: a categorical column has an order of its own, and must not split
    # differently from the same ids as strings.
    time = _times(ratings, "timestamp", "ratings").to_numpy()
    user, item = (
        pd.factorize(np.asarray(ratings[column]), sort=True)[0] for column in ("user_id", "item_id")
    )
    return ratings.iloc[np.lexsort((item, user, time))]


def _whole(fraction: float, n: Any) -> NDArray[np.int_]:
    """⌊fraction · n⌋, and 3 (not 2) for 0.3 · 10, whose float product may fall just below."""
    return np.floor(fraction * np.asarray(n) + 1e-9).astype(int)


def _divide(ordered: pd.DataFrame, part: NDArray[np.int_]) -> Split:
    """Part 0, 1, 2 a row → train, valid, test, with every item a candidate."""
    train, valid, test = (ordered[part == p] for p in range(3))
    items = np.sort(np.asarray(pd.unique(ordered["item_id"])))
    return Split(train=train, valid=valid, test=test, candidates=items, valid_candidates=items)


def temporal_split(ratings: pd.DataFrame, *, valid: float = 0.1, test: float = 0.1) -> Split:
    """Hold out each user's last ratings: the newest ``test``, and before them ``valid``.

    A user with n ≥ 3 ratings gives ⌊test · n⌋ to the test part and ⌊valid · n⌋ to the
    validation part, at least one to each whose fraction is above 0, and always keeps one to
    train on. Users with fewer than 3 ratings only train. Ratings of one moment are ordered by
    item id. *Across* users the future still leaks, as one user's test may lie before another's
    training: see :func:`global_time_split`.

    Parameters
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp; times as in :func:`check_ratings`.
    valid, test
        Fractions of each user's ratings, in [0, 1), together below 1.

    Returns
    -------
    Split whose candidates are all items of ``ratings``.

    Raises
    ------
    ValueError
        If a column or a value is missing, a time cannot be read, a pair is rated twice, or a
        fraction is out of range.

    Notebook: 06_evaluation
    """
    ordered = _in_order(ratings, valid=valid, test=test)
    by_user = ordered.groupby("user_id", sort=False, observed=True)
    n = by_user["item_id"].transform("size").to_numpy()
    from_end = n - 1 - by_user.cumcount().to_numpy()

    def held_out(fraction: float) -> NDArray[np.int_]:
        return np.where(n >= 3, np.maximum(_whole(fraction, n), int(fraction > 0)), 0)

    n_valid = held_out(valid)
    n_test = np.minimum(held_out(test), n - 1 - (n_valid > 0))
    n_valid = np.minimum(n_valid, n - 1 - n_test)
    part = np.where(from_end < n_test, 2, np.where(from_end < n_test + n_valid, 1, 0))
    return _divide(ordered, part)


def global_time_split(ratings: pd.DataFrame, *, valid: float = 0.1, test: float = 0.1) -> Split:
    """Cut the whole history at two moments, the same for everybody.

    Nothing in training happened after anything in validation, nor that after any of the test.
    The later parts hold users and items that training has never seen.

    Parameters
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp.
    valid, test
        Fractions of all ratings, in [0, 1), together below 1. Ratings that share the moment of
        a cut all go to the later part.

    Returns
    -------
    Split. Candidates are all items of ``ratings``, also those first seen in the test part; for
    validation, those that were there before the test part begins.

    Raises
    ------
    ValueError
        If a column or a value is missing, a time cannot be read, a pair is rated twice, a
        fraction is out of range, or so many ratings share the first moment that nothing is left
        to train on.

    Notebook: 06_evaluation
    """
    ordered = _in_order(ratings, valid=valid, test=test)
    time = _times(ordered, "timestamp", "ratings").to_numpy()
    part = np.zeros(len(time), int)
    for label, fraction in ((1, valid + test), (2, test)):
        first = len(time) - int(_whole(fraction, len(time)))
        if first < len(time):
            part[time >= time[first]] = label
    if part[0] > 0:
        raise ValueError(
            f"ratings: the cut falls on their first moment, {ordered['timestamp'].iloc[0]}, and"
            " leaves no training;"
            " take smaller fractions or random_split"
        )
    earlier = np.asarray(ordered["item_id"])[part < 2]
    return replace(_divide(ordered, part), valid_candidates=earlier)


def random_split(
    ratings: pd.DataFrame,
    *,
    valid: float = 0.1,
    test: float = 0.1,
    rng: int | np.random.Generator = 0,
) -> Split:
    """Hold out ratings at random, whoever gave them and whenever: the future leaks in.

    Parameters
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp.
    valid, test
        Fractions of all ratings (rounded down), in [0, 1), together below 1.
    rng
        Seed or generator. The same seed gives the same split on every platform and for any
        order of the rows.

    Returns
    -------
    Split whose candidates are all items of ``ratings``.

    Raises
    ------
    ValueError
        If a column or a value is missing, a time cannot be read, a pair is rated twice, or a
        fraction is out of range.

    Notebook: 06_evaluation
    """
    ordered = _in_order(ratings, valid=valid, test=test)
    place = np.random.default_rng(rng).permutation(len(ordered))
    n_test, n_valid = _whole(test, len(ordered)), _whole(valid, len(ordered))
    return _divide(ordered, np.where(place < n_test, 2, np.where(place < n_test + n_valid, 1, 0)))


def cold_item_split(
    ratings: pd.DataFrame,
    *,
    fraction: float = 0.2,
    valid: float = 0.1,
    rng: int | np.random.Generator = 0,
) -> Split:
    """Hold out whole items: nobody has rated a test item before the test.

    Which items are drawn is a matter of luck, and with few items a large one. Repeat with
    several seeds and compare by :func:`mmrec_course.evaluation.comparison.compare_splits`.

    Parameters
    ----------
    ratings
        DataFrame user_id, item_id, rating, timestamp.
    fraction, valid
        Fractions of the items that go to the test part and to the validation part (rounded
        down), each in [0, 1), together below 1.
    rng
        Seed or generator. The same seed gives the same split on every platform and for any
        order of the rows.

    Returns
    -------
    Split whose candidates are the test items alone (the validation items, for validation): the
    question is which of the new releases to show to whom.

    Raises
    ------
    ValueError
        If a column or a value is missing, a time cannot be read, a pair is rated twice, or a
        fraction is out of range.

    Notebook: 06_evaluation
    """
    ordered = _in_order(ratings, fraction=fraction, valid=valid)
    items, item = np.unique(np.asarray(ordered["item_id"]), return_inverse=True)
    # Indices are dealt, not ids: a shuffle of numbers is the same for ids of any type.
    place = np.random.default_rng(rng).permutation(len(items))
    n_test, n_valid = _whole(fraction, len(items)), _whole(valid, len(items))
    part = np.where(place < n_test, 2, np.where(place < n_test + n_valid, 1, 0))
    split = _divide(ordered, part[item])
    return replace(split, candidates=items[part == 2], valid_candidates=items[part == 1])
