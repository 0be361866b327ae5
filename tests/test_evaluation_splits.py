"""Splits lose nothing, mix nothing, and do not let the future into the past."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrec_course.datasets.validation import check_ratings
from mmrec_course.evaluation import (
    Split,
    cold_item_split,
    global_time_split,
    random_split,
    temporal_split,
)

SPLITS: dict[str, Callable[..., Split]] = {
    "temporal": temporal_split,
    "global": global_time_split,
    "random": random_split,
    "cold": cold_item_split,
}
every_split = pytest.mark.parametrize("make", SPLITS.values(), ids=SPLITS)


@st.composite
def ratings_tables(draw: st.DrawFn) -> pd.DataFrame:
    """Few users and items, few moments (many ties), rows in any order."""
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, 7), st.integers(0, 9)), min_size=1, max_size=60, unique=True
        )
    )
    moments = draw(st.lists(st.integers(0, 20), min_size=len(pairs), max_size=len(pairs)))
    stars = draw(st.lists(st.integers(1, 5), min_size=len(pairs), max_size=len(pairs)))
    return pd.DataFrame(
        {
            "user_id": [f"u{user}" for user, _ in pairs],
            "item_id": [f"t{item}" for _, item in pairs],
            "rating": stars,
            "timestamp": pd.to_datetime(moments, unit="D", origin="2024-01-01"),
        }
    )


def world(n_users: int = 30, n_items: int = 40, seed: int = 0) -> pd.DataFrame:
    """A plain random table, each pair at most once, 15 ratings a user, all times different."""
    rng = np.random.default_rng(seed)
    items = [rng.choice(n_items, size=15, replace=False) for _ in range(n_users)]
    n = 15 * n_users
    return pd.DataFrame(
        {
            "user_id": np.repeat([f"u{u:02}" for u in range(n_users)], 15),
            "item_id": [f"t{i:02}" for row in items for i in row],
            "rating": rng.integers(1, 6, size=n),
            "timestamp": rng.permutation(n),
        }
    )


fractions = st.tuples(st.floats(0, 0.95), st.floats(0, 0.95)).filter(lambda f: sum(f) < 0.999)


def attempt(make: Callable[..., Split], table: pd.DataFrame, **keywords: Any) -> Split | None:
    """The split; None where the first moment alone is too large for a cut in time."""
    try:
        return make(table, **keywords)
    except ValueError as error:
        assert make is global_time_split and "leaves no training" in str(error)
        return None


# --- what holds for every split -----------------------------------------------------------------


@every_split
@settings(max_examples=30)
@given(table=ratings_tables(), parts=fractions)
def test_parts_are_disjoint_and_nothing_is_lost(
    make: Callable[..., Split], table: pd.DataFrame, parts: tuple[float, float]
) -> None:
    names = ("fraction", "valid") if make is cold_item_split else ("test", "valid")
    split = attempt(make, table, **dict(zip(names, parts, strict=True)))
    if split is None:
        return
    together = pd.concat([split.train, split.valid, split.test])
    assert together.index.is_unique
    pd.testing.assert_frame_equal(together.sort_index(), table)
    assert len(split.train) > 0
    pd.testing.assert_frame_equal(
        split.train_valid, together[: len(split.train) + len(split.valid)]
    )
    for ids in (split.candidates, split.valid_candidates):
        assert list(ids) == sorted(set(ids))
    assert set(split.test["item_id"]) <= set(split.candidates)
    assert set(split.valid["item_id"]) <= set(split.valid_candidates)


@every_split
def test_row_order_and_index_do_not_matter(make: Callable[..., Split]) -> None:
    table = world()
    table["timestamp"] //= 50  # ties
    split = make(table)
    again = make(table.sample(frac=1, random_state=3).reset_index(drop=True))
    for part in ("train", "valid", "test"):
        one, other = (getattr(s, part).reset_index(drop=True) for s in (split, again))
        pd.testing.assert_frame_equal(one, other)


@every_split
def test_the_type_of_the_columns_does_not_matter(make: Callable[..., Split]) -> None:
    table = world()
    table["timestamp"] //= 50  # ties, which go by id
    backwards = sorted(set(table["item_id"]), reverse=True)
    typed = table.assign(
        user_id=table["user_id"].astype("category"),
        item_id=pd.Categorical(table["item_id"], categories=backwards),
        timestamp=pd.to_datetime(table["timestamp"], unit="D"),
    )
    split, again = make(table), make(typed)
    for part in ("train", "valid", "test"):
        assert list(getattr(split, part).index) == list(getattr(again, part).index)
    assert list(split.candidates) == list(again.candidates)


def fingerprint(split: Split) -> str:
    """Which row went where."""
    text = "|".join(
        ",".join(f"{row.user_id}{row.item_id}" for row in part.itertuples())
        for part in (split.train, split.valid, split.test)
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def test_a_seed_means_the_same_split_everywhere() -> None:
    # Stored, so that another platform, NumPy or pandas that draws differently is noticed.
    table = world(seed=1)
    assert fingerprint(random_split(table, rng=7)) == "0a672313c39e"
    assert fingerprint(cold_item_split(table, rng=7)) == "19c006d1896f"


@pytest.mark.parametrize("make", [random_split, cold_item_split])
def test_seeds_differ_and_a_generator_is_accepted(make: Callable[..., Split]) -> None:
    table = world()
    assert fingerprint(make(table, rng=1)) != fingerprint(make(table, rng=2))
    assert fingerprint(make(table, rng=np.random.default_rng(1))) == fingerprint(make(table, rng=1))


@every_split
def test_the_table_is_left_as_it_was(make: Callable[..., Split]) -> None:
    table = world()
    before = table.copy()
    make(table)
    pd.testing.assert_frame_equal(table, before)


# --- per user, in time --------------------------------------------------------------------------


def test_temporal_by_hand() -> None:
    table = pd.DataFrame(
        {
            "user_id": ["a"] * 10 + ["b"] * 3 + ["c"] * 2,
            "item_id": [f"t{i}" for i in range(10)] + ["t1", "t2", "t3"] + ["t1", "t2"],
            "rating": 4,
            "timestamp": [*range(9, -1, -1), 5, 5, 5, 1, 2],
        }
    )
    split = temporal_split(table, valid=0.1, test=0.3)
    assert list(split.test["item_id"]) == ["t3", "t2", "t1", "t0"]  # b's last id, a's newest
    assert list(split.test["user_id"]) == ["b", "a", "a", "a"]
    assert list(split.valid["item_id"]) == ["t2", "t3"]
    assert set(split.train["user_id"]) == {"a", "b", "c"}
    assert list(split.candidates) == [f"t{i}" for i in range(10)]


@given(table=ratings_tables(), parts=fractions)
def test_no_future_in_a_users_training(table: pd.DataFrame, parts: tuple[float, float]) -> None:
    test, valid = parts
    split = temporal_split(table, test=test, valid=valid)
    n = table.groupby("user_id").size()
    for part, earlier, fraction in (
        (split.test, split.train_valid, test),
        (split.valid, split.train, valid),
    ):
        first = part.groupby("user_id")["timestamp"].min()
        last = earlier.groupby("user_id")["timestamp"].max().reindex(first.index)
        assert (last <= first).all()  # also: everybody who is tested has something earlier
        # At least one of each for users with three ratings, and not far from the fraction.
        counts = part.groupby("user_id").size().reindex(n.index, fill_value=0)
        if fraction > 0:
            assert ((counts >= 1) == (n >= 3)).all()
        assert (counts <= np.maximum(fraction * n + 1e-6, 1)).all()
    assert set(split.train["user_id"]) == set(table["user_id"])


@pytest.mark.parametrize(
    ("valid", "test", "sizes"), [(0.01, 0.98, (1, 1, 13)), (0.98, 0.01, (1, 13, 1))]
)
def test_extreme_fractions_leave_everybody_one_rating_to_train_on(
    valid: float, test: float, sizes: tuple[int, int, int]
) -> None:
    split = temporal_split(world(), valid=valid, test=test)
    for part, size in zip((split.train, split.valid, split.test), sizes, strict=True):
        assert (part.groupby("user_id").size() == size).all()
        assert part["user_id"].nunique() == 30


# --- one moment for all -------------------------------------------------------------------------


@given(table=ratings_tables(), parts=fractions)
def test_global_parts_follow_each_other_in_time(
    table: pd.DataFrame, parts: tuple[float, float]
) -> None:
    test, valid = parts
    split = attempt(global_time_split, table, test=test, valid=valid)
    if split is None:
        return
    last = split.train["timestamp"].max()
    for part in (split.valid, split.test):
        if len(part):
            assert last < part["timestamp"].min()
            last = part["timestamp"].max()
    assert len(split.test) >= np.floor(test * len(table))
    assert set(split.candidates) == set(table["item_id"])
    assert set(split.valid_candidates) == set(split.train_valid["item_id"])


def test_global_by_hand_ties_go_to_the_later_part() -> None:
    table = world().iloc[:10].assign(timestamp=[0, 1, 2, 3, 4, 5, 6, 7, 7, 7])
    split = global_time_split(table, valid=0.2, test=0.1)
    assert list(split.test["timestamp"]) == [7, 7, 7]
    assert len(split.valid) == 0  # both cuts fall on the same moment
    split = global_time_split(table.assign(timestamp=range(10)), valid=0.2, test=0.3)
    assert list(split.test["timestamp"]) == [7, 8, 9]
    assert list(split.valid["timestamp"]) == [5, 6]


def test_global_refuses_a_history_of_one_moment() -> None:
    with pytest.raises(ValueError, match=r"first moment, 3, and leaves no training; take"):
        global_time_split(world().assign(timestamp=3))


# --- random, cold -------------------------------------------------------------------------------


def test_random_sizes_and_candidates() -> None:
    table = world()
    split = random_split(table, valid=0.1, test=0.3)
    assert (len(split.valid), len(split.test)) == (45, 135)
    assert list(split.candidates) == list(split.valid_candidates) == sorted(set(table["item_id"]))


def test_random_holds_out_every_rating_equally_often() -> None:
    table = world()
    held = pd.concat([random_split(table, test=0.2, rng=s).test for s in range(100)]).index
    counts = held.value_counts().reindex(table.index, fill_value=0).to_numpy()
    # Binomial(100, 0.2): mean 20, standard deviation 4; less than five of them either way.
    assert counts.sum() == 100 * 90
    assert counts.min() > 3 and counts.max() < 37


@settings(max_examples=30)
@given(
    table=ratings_tables(),
    parts=st.tuples(st.floats(0, 0.95), st.floats(0, 0.95)).filter(lambda f: sum(f) < 0.999),
    seed=st.integers(0, 2**32),
)
def test_cold_items_are_never_trained_on(
    table: pd.DataFrame, parts: tuple[float, float], seed: int
) -> None:
    fraction, valid = parts
    split = cold_item_split(table, fraction=fraction, valid=valid, rng=seed)
    assert set(split.candidates) == set(split.test["item_id"])
    assert set(split.valid_candidates) == set(split.valid["item_id"])
    items = [set(part["item_id"]) for part in (split.train, split.valid, split.test)]
    assert not (items[0] & items[1] or items[0] & items[2] or items[1] & items[2])
    n = table["item_id"].nunique()
    assert len(split.candidates) == int(np.floor(fraction * n + 1e-9))
    assert len(split.valid_candidates) == int(np.floor(valid * n + 1e-9))


def test_fractions_that_floats_cannot_hold_are_counted_as_meant() -> None:
    # 0.29 · 100 = 28.999999999999996
    table = pd.DataFrame(
        {"user_id": "u", "item_id": range(100), "rating": 5, "timestamp": range(100)}
    )
    assert len(random_split(table, test=0.29).test) == 29
    assert len(temporal_split(table, test=0.29).test) == 29
    assert len(global_time_split(table, test=0.29).test) == 29
    assert len(cold_item_split(table, fraction=0.29).candidates) == 29


# --- the Split itself ---------------------------------------------------------------------------


def test_describe_counts_who_can_be_judged() -> None:
    def part(*rows: tuple[str, str, int]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]).assign(timestamp=0)

    split = Split(
        train=part(("a", "x", 5), ("b", "x", 1)),
        valid=part(("a", "y", 5)),
        test=part(("a", "z", 4), ("b", "z", 3), ("c", "other", 5), ("d", "z", 5), ("d", "y", 5)),
        candidates=np.array(["z", "y", "z"]),
        valid_candidates=np.array(["y"]),
    )
    assert list(split.candidates) == ["y", "z"]
    table = split.describe()
    assert table.loc["test"].to_dict() == {
        "n_ratings": 5,
        "n_users": 4,
        "n_items": 3,
        "n_candidates": 2,
        "n_ranked": 2,  # a and d; b likes nothing, c likes no candidate
        "n_skipped": 2,
    }
    assert list(table["n_skipped"]) == [0, 0, 2]
    assert split.describe(positive=3).loc["test", "n_ranked"] == 3


def test_a_pair_that_stands_twice_is_refused() -> None:
    table = world()
    with pytest.raises(ValueError, match=r"user u00 has item \w+ more than once; keep one"):
        random_split(pd.concat([table, table.iloc[:1]]), valid=0, test=0)
    split = random_split(table)
    with pytest.raises(ValueError, match="more than once"):
        Split(
            train=split.train,
            valid=split.valid,
            test=split.train.iloc[:1],
            candidates=split.candidates,
            valid_candidates=split.candidates,
        )


def test_a_part_without_a_column_is_refused() -> None:
    split = random_split(world())
    with pytest.raises(ValueError, match="valid: row 1: column 'rating' is missing"):
        Split(
            train=split.train,
            valid=split.valid.drop(columns="rating"),
            test=split.test,
            candidates=split.candidates,
            valid_candidates=split.candidates,
        )


# --- bad input ----------------------------------------------------------------------------------


@every_split
@pytest.mark.parametrize("column", ["user_id", "item_id", "rating", "timestamp"])
def test_missing_columns_and_values_are_named(make: Callable[..., Split], column: str) -> None:
    with pytest.raises(ValueError, match=f"ratings: row 1: column '{column}' is missing"):
        make(world().drop(columns=column))
    table = world()
    table[column] = table[column].astype(object).mask(table.index == 17)
    with pytest.raises(ValueError, match=rf"ratings: row 19, column '{column}': .* is missing"):
        make(table)


@every_split
@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan"), float("inf")])
def test_impossible_fractions_are_named(make: Callable[..., Split], value: float) -> None:
    name = "fraction" if make is cold_item_split else "test"
    with pytest.raises(
        ValueError, match=rf"'{name}': {value}.* below 0, or their sum leaves no training"
    ):
        make(world(), **{name: value})
    with pytest.raises(ValueError, match="leaves no training"):
        make(world(), **{name: 0.6, "valid": 0.4})


@every_split
def test_an_empty_table_is_refused(make: Callable[..., Split]) -> None:
    with pytest.raises(ValueError, match="ratings: no rows"):
        make(world().iloc[:0])


# --- raw times ----------------------------------------------------------------------------------


def moments(t: pd.Series) -> pd.Series:
    return pd.to_datetime(t, unit="s")


MOMENTS = 999_999_990 + 5 * np.random.default_rng(0).permutation(60)  # 9 and 10 digits
FORMS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "numbers as text": lambda t: t.astype(str),
    "floats as text": lambda t: t.astype(float).astype(str),
    "milliseconds": lambda t: t * 1000,
    "datetimes": moments,
    "datetimes with a zone": lambda t: moments(t).dt.tz_localize("Asia/Tokyo"),
    "ISO 8601": lambda t: moments(t).astype(str),
    "Python's datetimes": lambda t: pd.Series(moments(t).tolist(), dtype=object),
    "categories": lambda t: t.astype(str).astype("category"),
}  # fmt: skip


@every_split
@pytest.mark.parametrize("form", FORMS)
def test_raw_times_split_as_checked_ones(make: Callable[..., Split], form: str) -> None:
    table = world(n_users=4).assign(timestamp=MOMENTS)
    raw = table.assign(timestamp=FORMS[form](table["timestamp"]))
    split, checked = make(table), make(check_ratings(table))
    again = make(raw)
    for part in ("train", "valid", "test"):
        rows = list(getattr(split, part).index)
        assert rows == list(getattr(checked, part).index) == list(getattr(again, part).index)
    pd.testing.assert_frame_equal(again.train, raw.loc[again.train.index])


@every_split
@pytest.mark.parametrize("time", ["9/1/2024", "soon", "now", 9e12])
def test_text_that_is_no_time_is_refused(make: Callable[..., Split], time: Any) -> None:
    table = world()
    table["timestamp"] = (table["timestamp"] + 10**9).astype(object)
    table.loc[17, "timestamp"] = time
    with pytest.raises(ValueError, match=r"ratings: row 19, column 'timestamp': .* is not a time"):
        make(table)


def test_candidates_of_another_kind_than_the_rated_ids_are_refused() -> None:
    split = random_split(world().assign(item_id=lambda t: t["item_id"].str[1:].astype(int)))
    with pytest.raises(ValueError, match=r"candidates: .*'\d+'.*astype\(int\)"):
        replace(split, candidates=split.candidates.astype(str))


@pytest.mark.parametrize("column", ["user_id", "item_id"])
def test_parts_whose_ids_are_of_another_kind_are_refused(column: str) -> None:
    split = random_split(world())
    other = split.test.assign(**{column: range(len(split.test))})
    with pytest.raises(ValueError, match=rf"test, column '{column}': .*astype\(str\)"):
        replace(split, test=other)
    mixed = world().astype({column: object})
    mixed.loc[::3, column] = 7
    mixed = mixed.drop_duplicates(["user_id", "item_id"])
    with pytest.raises(ValueError, match=rf"train, column '{column}': .*mixed"):
        random_split(mixed)


def test_ratings_as_text_are_counted_as_numbers() -> None:
    split = random_split(world())
    raw = random_split(world().astype({"rating": str}))
    pd.testing.assert_frame_equal(split.describe(), raw.describe())


def test_ratings_that_are_no_table_are_refused() -> None:
    for make in SPLITS.values():
        with pytest.raises(TypeError, match="ratings: dict, expected a DataFrame with user_id"):
            make(world().to_dict("list"))
