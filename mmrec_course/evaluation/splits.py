"""Split ratings (user_id, item_id, rating, timestamp) into training, validation and test parts.

The same seed gives the same split on every platform, for any order of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmrec_course.datasets import validation
from mmrec_course.datasets.validation import RATING_COLUMNS

Rng = int | np.random.Generator


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Three disjoint parts of a ratings table, and the items that may be ranked.

    ``candidates`` and ``valid_candidates`` are the sorted unique ids that a model ranks for the
    test and the validation part. A pair of user and item that occurs twice is refused: a leak.

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
            validation._check_frame(part, RATING_COLUMNS, name)
            for c in ("user_id", "item_id"):
                validation._other_kind(part[c], self.train[c], f"{name}, column {c!r}")
        pairs = pd.concat([part[["user_id", "item_id"]] for part in parts.values()])
        for ids in (self.candidates, self.valid_candidates):
            validation._other_kind(ids, pairs["item_id"], "candidates")
        if len(again := pairs[pairs.duplicated().to_numpy()]):
            user, item = again.iloc[0]
            problem = f"user {user} has item {item} more than once; keep one rating a pair"
            raise ValueError(f"ratings: {problem}")
        for field in ("candidates", "valid_candidates"):
            object.__setattr__(self, field, np.unique(np.asarray(getattr(self, field))))

    @property
    def train_valid(self) -> pd.DataFrame:
        """Train and valid together, which are masked when the test part is ranked."""
        return pd.concat([self.train, self.valid])

    def describe(self, positive: float = 4.0) -> pd.DataFrame:
        """Count ratings, users, items and candidates of each part.

        n_ranked counts the users who like a candidate (rating at least ``positive``) and are
        therefore evaluated, n_skipped the others. The last three columns are 0 for train.
        """
        ranked = (self.candidates[:0], self.valid_candidates, self.candidates)
        rows = []
        for part, candidates in zip((self.train, self.valid, self.test), ranked, strict=True):
            n_users, n_items = part["user_id"].nunique(), part["item_id"].nunique()
            n_ranked = liked(part, candidates, positive)["user_id"].nunique()
            n_skipped = 0 if part is self.train else n_users - n_ranked
            rows.append((len(part), n_users, n_items, len(candidates), n_ranked, n_skipped))
        columns = ["n_ratings", "n_users", "n_items", "n_candidates", "n_ranked", "n_skipped"]
        return pd.DataFrame(rows, pd.Index(["train", "valid", "test"], name="part"), columns)


def temporal_split(ratings: pd.DataFrame, *, valid: float = 0.1, test: float = 0.1) -> Split:
    """Hold out each user's last ratings: the newest ``test``, and before them ``valid``.

    A user with n ≥ 3 ratings gives ⌊test · n⌋ and ⌊valid · n⌋, at least one where the fraction is
    above 0, and keeps at least one; users with fewer only train. The future still leaks across
    users: see :func:`global_time_split`.

    Notebook: 06_evaluation
    """
    ordered = _in_order(ratings, valid=valid, test=test)
    by_user = ordered.groupby("user_id", sort=False, observed=True)
    n = by_user["item_id"].transform("size").to_numpy()
    from_end = by_user.cumcount(ascending=False).to_numpy()
    n_valid, n_test = (
        np.where(n >= 3, np.maximum(_whole(fraction, n), int(fraction > 0)), 0)
        for fraction in (valid, test)
    )
    n_test = np.minimum(n_test, n - 1 - (n_valid > 0))
    n_valid = np.minimum(n_valid, n - 1 - n_test)
    part = np.where(from_end < n_test, 2, np.where(from_end < n_test + n_valid, 1, 0))
    return _divide(ordered, part)


def global_time_split(ratings: pd.DataFrame, *, valid: float = 0.1, test: float = 0.1) -> Split:
    """Split at two moments, the same for all users, so that no part sees a later one.

    Ratings at the moment of a cut all go to the later part. ``candidates`` are all items,
    ``valid_candidates`` those from before the test part.

    Notebook: 06_evaluation
    """
    ordered = _in_order(ratings, valid=valid, test=test)
    time = validation._times(ordered, "timestamp", "ratings").to_numpy()
    part, n = np.zeros(len(time), int), len(time)
    for label, fraction in ((1, valid + test), (2, test)):
        if n_later := int(_whole(fraction, n)):
            part[time >= time[n - n_later]] = label
    if part[0] > 0:
        problem = f"the cut falls on their first moment, {ordered['timestamp'].iloc[0]}, and leaves"
        remedy = "take smaller fractions or random_split"
        raise ValueError(f"ratings: {problem} no training; {remedy}")
    items = [pd.unique(np.asarray(ordered["item_id"])[part < end]) for end in (3, 2)]
    return _divide(ordered, part, *items)


def random_split(
    ratings: pd.DataFrame, *, valid: float = 0.1, test: float = 0.1, rng: Rng = 0
) -> Split:
    """Hold out ratings at random, ignoring users and time, so that the future leaks in.

    Notebook: 06_evaluation
    """
    ordered = _in_order(ratings, valid=valid, test=test)
    return _divide(ordered, _random_parts(len(ordered), valid, test, rng))


def cold_item_split(
    ratings: pd.DataFrame, *, fraction: float = 0.2, valid: float = 0.1, rng: Rng = 0
) -> Split:
    """Hold out whole items: a ``fraction`` of all for the test, ``valid`` for validation.

    Candidates are the held-out items alone. Results depend on which items are drawn; repeat with
    several seeds and use :func:`compare_splits`.

    Notebook: 06_evaluation
    """
    ordered = _in_order(ratings, fraction=fraction, valid=valid)
    item, items = pd.factorize(np.asarray(ordered["item_id"]), sort=True)
    # Indices are shuffled, not ids: the same split for ids of any type.
    part = _random_parts(len(items), valid, fraction, rng)
    return _divide(ordered, part[item], items[part == 2], items[part == 1])


def liked(ratings: pd.DataFrame, candidates: NDArray[Any], positive: float) -> pd.DataFrame:
    """Select the rows that a ranking of these candidates should find."""
    good = pd.to_numeric(ratings["rating"]) >= positive
    return ratings[good & ratings["item_id"].isin(candidates)]


def _in_order(ratings: pd.DataFrame, **fractions: float) -> pd.DataFrame:
    """Validate the table and sort it by time, then user, then item."""
    validation._check_frame(ratings, RATING_COLUMNS, "ratings")
    for column in RATING_COLUMNS:
        absent, remedy = ratings[column].isna(), "{} is missing; fill it in or drop the row"
        validation._refuse(ratings, column, absent, remedy, "ratings")
    if ratings.empty:
        raise ValueError("ratings: no rows to split")
    if not (min(fractions.values()) >= 0 and sum(fractions.values()) < 1):
        raise ValueError(f"{fractions}: a share is below 0, or their sum leaves no training")
    # Plain values, because a categorical column has an order of its own.
    time = validation._times(ratings, "timestamp", "ratings").to_numpy()
    ids = [np.asarray(ratings[column]) for column in ("item_id", "user_id")]
    codes = [pd.factorize(column, sort=True)[0] for column in ids]
    return ratings.iloc[np.lexsort((*codes, time))]


def _whole(fraction: float, n: Any) -> NDArray[np.int_]:
    """⌊fraction · n⌋, and 3 (not 2) for 0.3 · 10, whose float product may fall just below."""
    return np.floor(fraction * np.asarray(n) + 1e-9).astype(int)


def _divide(ordered: pd.DataFrame, part: NDArray[np.int_], *candidates: NDArray[Any]) -> Split:
    """Make a Split of part 0 (train), 1 (valid), 2 (test) of each row; all items are candidates."""
    parts = {name: ordered[part == p] for p, name in enumerate(("train", "valid", "test"))}
    items = pd.unique(np.asarray(ordered["item_id"]))
    ranked, valid_ranked = candidates or (items, items)
    return Split(**parts, candidates=ranked, valid_candidates=valid_ranked)


def _random_parts(n: int, valid: float, test: float, rng: Rng) -> NDArray[np.int_]:
    """(n,) part 0, 1 or 2, drawn at random."""
    rank = np.random.default_rng(rng).permutation(n)
    n_test, n_valid = _whole(test, n), _whole(valid, n)
    return np.where(rank < n_test, 2, np.where(rank < n_test + n_valid, 1, 0))
