"""Chance, and what everybody likes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmrec_course.datasets.synthetic import make_world
from mmrec_course.recommenders import Popularity, Random
from mmrec_course.recommenders.popularity import pair_noise

RATINGS = pd.DataFrame(
    [
        ("u1", "b", 5, "2024-01-01"),
        ("u2", "b", 4, "2024-01-01"),
        ("u3", "b", 3, "2024-01-31"),
        ("u1", "a", 4, "2024-01-31"),
        ("u2", "c", 5, "2024-01-21"),
        ("u3", "c", 1, "2024-01-31"),
        ("u3", "d", 2, "2024-01-31"),
    ],
    columns=["user_id", "item_id", "rating", "timestamp"],
)
ITEMS = ["a", "b", "c", "d"]


def test_plain_popularity_counts_likes() -> None:
    scores = Popularity().fit(RATINGS).score(["u1", "nobody"], ITEMS)
    assert scores.tolist() == [[1.0, 2.0, 1.0, 0.0]] * 2
    assert Popularity(positive=5).fit(RATINGS).popularity_.tolist() == [0.0, 1.0, 1.0, 0.0]
    assert Popularity(positive=1).fit(RATINGS).popularity_.tolist() == [1.0, 3.0, 2.0, 1.0]


def test_ties_go_to_the_lower_item_id() -> None:
    listed = Popularity().fit(RATINGS).recommend(["nobody"])
    assert listed["item_id"].tolist() == ["b", "a", "c", "d"]


def test_likings_halve_with_each_half_life_before_the_last_rating() -> None:
    scores = Popularity(half_life=10).fit(RATINGS).popularity_
    np.testing.assert_allclose(scores, [1.0, 2 / 8, 1 / 2, 0.0])


def test_a_window_counts_the_days_up_to_its_edge() -> None:
    assert Popularity(window=10).fit(RATINGS).popularity_.tolist() == [1.0, 0.0, 1.0, 0.0]
    assert Popularity(window=9.99).fit(RATINGS).popularity_.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert Popularity(window=30).fit(RATINGS).popularity_.tolist() == [1.0, 2.0, 1.0, 0.0]


def test_a_long_half_life_is_plain_popularity() -> None:
    ratings = make_world(rng=3).ratings
    plain = Popularity().fit(ratings).popularity_
    np.testing.assert_allclose(Popularity(half_life=1e9).fit(ratings).popularity_, plain, rtol=1e-5)
    np.testing.assert_array_equal(Popularity(window=1e9).fit(ratings).popularity_, plain)


def test_the_order_of_rows_does_not_change_a_bit() -> None:
    # Items with the same likes at the same times must tie exactly, whatever order they came in.
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(60) * 7.3, unit="D")
    one = pd.DataFrame({"user_id": range(60), "item_id": 1, "rating": 5, "timestamp": days})
    ratings = pd.concat([one, one.assign(item_id=2)])
    for seed in range(5):
        mixed = ratings.sample(frac=1, random_state=seed)
        scores = Popularity(half_life=11.0).fit(mixed).popularity_
        assert scores[0] == scores[1]
        np.testing.assert_array_equal(scores, Popularity(half_life=11.0).fit(ratings).popularity_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"half_life": 0}, "half_life: 0 is not a finite number above 0"),
        ({"half_life": float("nan")}, "half_life: nan is not a finite number"),
        ({"half_life": "30"}, "half_life: '30' is not a finite number"),
        ({"window": -1.0}, "window: -1.0 is not a finite number above 0"),
        ({"half_life": 3, "window": 3}, "half_life and window: give one or the other"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Popularity(**parameters).fit(RATINGS)


def test_an_order_is_no_number_of_days() -> None:
    order = RATINGS.assign(timestamp=range(45412, 45412 + len(RATINGS)))
    with pytest.warns(UserWarning, match="half_life: all timestamps lie in 1970"):
        Popularity(half_life=3).fit(order)


def test_noise_is_uniform_and_independent_across_rows_columns_and_seeds() -> None:
    noise = pair_noise(7, np.arange(600), np.arange(500))
    assert noise.min() >= 0
    assert noise.max() < 1
    assert stats.kstest(noise.ravel(), "uniform").pvalue > 0.001
    assert len(np.unique(noise)) == noise.size
    other = pair_noise(8, np.arange(600), np.arange(500))
    # Correlations of 300,000 independent pairs have a standard error of 0.0018.
    for a, b in (
        (noise[:-1], noise[1:]),
        (noise[:, :-1], noise[:, 1:]),
        (noise[:-1, :-1], noise[1:, 1:]),
        (noise[:-1, 1:], noise[1:, :-1]),
        (noise, other),
        (noise[:500], noise[:500].T),
    ):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.01
    assert (
        stats.kstest(noise.mean(axis=1), stats.norm(0.5, (1 / 12 / 500) ** 0.5).cdf).pvalue > 0.001
    )
    assert (
        stats.kstest(noise.mean(axis=0), stats.norm(0.5, (1 / 12 / 600) ** 0.5).cdf).pvalue > 0.001
    )


def test_noise_is_the_published_sequence() -> None:
    # SplitMix64 from state 0: the first outputs of the reference implementation.
    row = np.array([-2])  # place −2 starts its sequence at the finaliser of the seed: 0 stays 0
    bits = pair_noise(0, row, np.array([-1, 0, 1])) * 2**53
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert bits[0].astype(np.uint64).tolist() == [value >> 11 for value in expected]


def test_a_random_score_depends_on_the_pair_alone() -> None:
    model = Random(rng=1).fit(RATINGS)
    whole = model.score(["u1", "u2", "u3"], ITEMS)
    np.testing.assert_array_equal(model.score(["u3", "u1"], ["d", "a"]), whole[[2, 0]][:, [3, 0]])
    assert (Random(rng=2).fit(RATINGS).score(["u1"], ITEMS) != whole[0]).all()
    np.testing.assert_array_equal(Random(rng=1).fit(RATINGS).score(["u1"], ITEMS), whole[:1])


def test_random_gives_unknown_users_one_list_and_unknown_items_nothing() -> None:
    model = Random().fit(RATINGS)
    scores = model.score(["x", "y", "u1"], [*ITEMS, "new"])
    np.testing.assert_array_equal(scores[0], scores[1])
    assert (scores[0, :4] != scores[2, :4]).all()
    assert (scores[:, 4] == 0).all()


def test_random_takes_a_generator() -> None:
    first, second = (Random(rng=np.random.default_rng(5)).fit(RATINGS) for _ in range(2))
    np.testing.assert_array_equal(first.score(["u1"], ITEMS), second.score(["u1"], ITEMS))
