"""Coverage, concentration, novelty, diversity and calibration of lists."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrec_course.evaluation import (
    average_recommendation_popularity,
    calibration,
    coverage,
    gini,
    intra_list_diversity,
    novelty,
)
from mmrec_course.features import FeatureBlock


def table(**items: str) -> pd.DataFrame:
    """table(u="ab", v="a"): the items of each user, one letter an item."""
    rows = [(user, item) for user, listed in items.items() for item in listed]
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


# --- all lists together -------------------------------------------------------------------------


def test_coverage_by_hand() -> None:
    assert coverage(table(u="ab", v="bc"), list("abcdef")) == 0.5
    assert coverage(table(u="ab", v="ab"), list("ab")) == 1.0
    assert coverage(table(u="a"), list("aabb")) == 0.5  # a candidate named twice is one candidate


def test_gini_by_hand() -> None:
    assert gini(table(u="ab", v="cd"), list("abcd")) == 0.0
    assert gini(table(u="a", v="a"), list("abcd")) == pytest.approx(1 - 1 / 4)
    # counts 0, 1, 2: (−2·0 + 0·1 + 2·2) / (3 · 3)
    assert gini(table(u="ab", v="b"), list("abc")) == pytest.approx(4 / 9)


@settings(max_examples=30)
@given(counts=st.lists(st.integers(0, 6), min_size=1, max_size=8).filter(any))
def test_gini_is_half_the_relative_mean_difference(counts: list[int]) -> None:
    rows = [(f"u{u}", item) for item, c in enumerate(counts) for u in range(c)]
    lists = pd.DataFrame(rows, columns=["user_id", "item_id"])
    c = np.array(counts)
    expected = np.abs(c[:, None] - c).mean() / (2 * c.mean())
    assert gini(lists, range(len(c))) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", [coverage, gini])
def test_an_item_from_outside_is_named(measure: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match="lists: item z is not among the candidates"):
        measure(table(u="az"), list("abc"))


# --- what is known ------------------------------------------------------------------------------

TRAIN = table(p="abc", q="ab", r="a")  # a has 3 ratings, b 2, c 1, of 3 users


def test_novelty_by_hand() -> None:
    bits = novelty(table(v="a", u="bd"), TRAIN)
    assert bits.index.tolist() == ["u", "v"]
    # p: b (2 + 1) / 4, d (0 + 1) / 4, a 1
    assert bits.tolist() == pytest.approx([(-math.log2(3 / 4) + 2) / 2, 0.0])


def test_popularity_shown_by_hand() -> None:
    shown = average_recommendation_popularity(table(v="a", u="bd"), TRAIN)
    assert shown.to_dict() == {"u": 1.0, "v": 3.0}


def test_known_items_are_found_by_id_not_by_position_or_type() -> None:
    lists, train = table(u="ab", v="c"), TRAIN.sample(frac=1, random_state=0)
    expected = average_recommendation_popularity(lists, TRAIN).to_dict()
    for frame in (lists, lists.set_index(pd.Index([7, 7, 7])), lists.astype("category")):
        assert average_recommendation_popularity(frame, train).to_dict() == expected


# --- variety ------------------------------------------------------------------------------------

BLOCK = FeatureBlock(
    modality="image",
    item_ids=list("abcdz"),
    values=[[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [0.0, 0.0]],
    present=[True] * 5,
    names=("x", "y"),
)


def test_diversity_by_hand() -> None:
    lists = table(same="ab", right_angle="ac", opposite="ad", three="abc", one="a", zero="az")
    values = intra_list_diversity(lists, BLOCK)
    expected = {"same": 0, "right_angle": 1, "opposite": 2, "three": 2 / 3, "zero": 1}
    assert values.drop("one").to_dict() == pytest.approx(expected)
    assert math.isnan(values["one"])


def test_items_without_features_are_left_out_of_a_list() -> None:
    values = intra_list_diversity(table(u="acd?", v="ad"), BLOCK.mask(["d"]))
    assert values["u"] == pytest.approx(1.0)
    assert math.isnan(values["v"])


def test_diversity_is_the_mean_over_pairs() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(30, 7))
    block = FeatureBlock(
        modality="image",
        item_ids=np.arange(30),
        values=features,
        present=np.ones(30, bool),
        names=tuple("abcdefg"),
    )
    lists = pd.DataFrame(
        [(u, i) for u in range(5) for i in rng.choice(30, 8, replace=False)],
        columns=["user_id", "item_id"],
    )
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    for user, value in intra_list_diversity(lists, block).items():
        items = lists.loc[lists["user_id"] == user, "item_id"]
        pairs = [1 - unit[i] @ unit[j] for i, j in combinations(items, 2)]
        assert value == pytest.approx(np.mean(pairs))


def test_diversity_goes_by_id() -> None:
    lists = table(u="abc", v="ad")
    shuffled = BLOCK.align(list("dazcb"))
    one, other = (intra_list_diversity(lists, block) for block in (BLOCK, shuffled))
    pd.testing.assert_series_equal(one, other)


# --- calibration --------------------------------------------------------------------------------

GENRES = pd.Series({"a": "rock", "b": "rock", "c": "folk", "d": "jazz", "e": None})


def test_calibration_by_hand() -> None:
    lists = table(half="ac", rock="ab", jazz="d", unknown="e", new="a")
    history = table(half="bc", rock="acb", jazz="ab", unknown="a")
    values = calibration(lists, history, GENRES, alpha=0.1)
    assert values["half"] == pytest.approx(0, abs=1e-12)  # half rock, half folk, before and now
    # p = (2/3 rock, 1/3 folk), q = (1, 0): q̃ = (0.9 + 0.1 · 2/3, 0.1 / 3)
    expected = 2 / 3 * math.log((2 / 3) / (0.9 + 0.2 / 3)) + 1 / 3 * math.log(10)
    assert values["rock"] == pytest.approx(expected)
    assert values["jazz"] == pytest.approx(-math.log(0.1))  # nothing in common: the most there is
    assert np.isnan(values[["unknown", "new"]]).all()
    assert values.index.tolist() == sorted(["half", "rock", "jazz", "unknown", "new"])


@settings(max_examples=30)
@given(
    listed=st.sets(st.sampled_from("abcd"), min_size=1),
    past=st.sets(st.sampled_from("abcd"), min_size=1),
)
def test_calibration_is_never_negative_and_never_above_its_bound(
    listed: set[str], past: set[str]
) -> None:
    value = calibration(table(u="".join(listed)), table(u="".join(past)), GENRES)["u"]
    assert 0 <= value <= -math.log(0.01) + 1e-12


# --- bad lists ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "measure",
    [
        lambda lists: coverage(lists, list("abc")),
        lambda lists: gini(lists, list("abc")),
        lambda lists: novelty(lists, TRAIN),
        lambda lists: average_recommendation_popularity(lists, TRAIN),
        lambda lists: intra_list_diversity(lists, BLOCK),
        lambda lists: calibration(lists, TRAIN, GENRES),
    ],
)
def test_lists_are_checked(measure: Callable[[pd.DataFrame], Any]) -> None:
    with pytest.raises(ValueError, match="lists: no rows"):
        measure(table())
    with pytest.raises(ValueError, match="lists: user u has item a more than once"):
        measure(table(u="aba"))
    with pytest.raises(ValueError, match="lists, column 'item_id': ids of another type"):
        measure(table(u="ab").assign(item_id=[1, 2]))


@pytest.mark.parametrize("measure", [novelty, average_recommendation_popularity])
def test_what_is_known_is_checked_too(measure: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="train: no rows"):
        measure(table(u="a"), table())


def test_a_history_of_users_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="history, column 'user_id': ids of another type"):
        calibration(table(u="a"), table(u="a").assign(user_id=1), GENRES)
