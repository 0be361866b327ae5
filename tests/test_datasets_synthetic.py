"""The synthetic catalogue: its facts, its users, its ratings."""

import numpy as np
import pandas as pd
import pytest

from mmrec_course.datasets.synthetic import (
    GENRES,
    LOOK,
    RATING_STEPS,
    SOUND,
    THEMES,
    draw_tracks,
    make_world,
    simulate_listeners,
    simulate_ratings,
)


@pytest.fixture(scope="module")
def world():
    return make_world(rng=5)


def test_the_same_seed_makes_the_same_world_and_another_seed_another():
    world, again, other = (make_world(n_users=40, n_ratings=1000, rng=seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(world.ratings, again.ratings)
    np.testing.assert_allclose(world.utility, again.utility, rtol=1e-9)
    assert not world.ratings.equals(other.ratings)


@pytest.mark.parametrize(
    ("signal", "first_items", "stars"),
    [
        (True, ["t047", "t183", "t403"], [967, 3408, 6710, 7781, 6134]),
        (False, ["t356", "t479", "t240"], [1043, 3588, 6645, 7772, 5952]),
    ],
)
def test_a_seed_draws_what_the_lessons_show(signal, first_items, stars):
    world = make_world(media_signal=signal, rng=1)
    first = world.tracks.iloc[0]
    facts = ["item_id", "genre", "lead", "motif", "theme", "second_theme"]
    assert first[facts].tolist() == ["t155", "dub", "muted guitar", "ribbons", "space", "winter"]
    np.testing.assert_allclose(
        first[["tempo", "ornament"]].astype(float), [-2.406410, 0.447084], 1e-5
    )
    assert world.ratings["item_id"].head(3).tolist() == first_items
    # A last bit on another processor may lead to another choice, and then to others.
    counts = world.ratings["rating"].value_counts().sort_index()
    np.testing.assert_allclose(counts, stars, rtol=0.05)


def test_tracks_have_facts_on_the_stated_scales(world):
    tracks = world.tracks
    assert tracks["item_id"].is_unique
    assert set(tracks["genre"]) == set(GENRES)
    assert set(tracks["theme"]) <= set(THEMES)
    assert not (tracks["theme"] == tracks["second_theme"]).fillna(False).any()
    columns = tracks["genre"], tracks["lead"]
    assert all(lead in GENRES[genre][1] for genre, lead in zip(*columns, strict=True))
    np.testing.assert_allclose(tracks["hue_cos"] ** 2 + tracks["hue_sin"] ** 2, 1)
    numbers = tracks[[*SOUND, *LOOK[2:], "quality", "fame"]]
    assert numbers.mean().abs().max() < 0.35
    assert numbers.std().between(0.7, 1.4).all()


def test_tracks_of_one_artist_are_alike(world):
    tracks = world.tracks
    for column in (*SOUND, *LOOK, "scene_0"):
        within = tracks.groupby("artist_id")[column].transform("mean")
        assert (tracks[column] - within).var() < 0.8 * tracks[column].var(), column


def test_sizes_are_as_asked():
    assert len(draw_tracks(50, n_artists=20, rng=1)) == 50
    assert draw_tracks(50, n_artists=20, rng=1)["artist_id"].nunique() == 20


def test_utility_is_the_stated_sum(world):
    attention, parts, utility = simulate_listeners(world.tracks, 40, rng=2)
    np.testing.assert_allclose(attention.sum(axis=1), 1)
    np.testing.assert_allclose(parts.mean(axis=2), 0, atol=1e-12)
    np.testing.assert_allclose(parts.std(axis=2), 1)
    shown = sum(2.6 * attention[:, [p]] * parts[p] for p in range(3))
    rest = utility - shown - 0.6 * parts[3]
    np.testing.assert_allclose(rest, np.tile(rest[0], (40, 1)), atol=1e-12)  # quality, for all
    assert np.corrcoef(rest[0], world.tracks["quality"])[0, 1] > 0.999


def test_in_the_control_world_nothing_shown_matters(world):
    _, parts, utility = simulate_listeners(world.tracks, 200, media_signal=False, rng=2)
    centred = utility - utility.mean(axis=0)
    for p in range(3):
        assert abs(np.corrcoef(centred.ravel(), parts[p].ravel())[0, 1]) < 0.05
    assert np.corrcoef(centred.ravel(), parts[3].ravel())[0, 1] > 0.9


def test_ratings_keep_the_rules_of_the_shop(world):
    ratings = world.ratings
    assert len(ratings) == 25_000
    assert not ratings.duplicated(["user_id", "item_id"]).any()
    assert set(ratings["rating"]) == {1, 2, 3, 4, 5}
    assert ratings.groupby("user_id").size().min() >= 12
    assert ratings["timestamp"].is_monotonic_increasing
    assert ratings["timestamp"].between("2023-01-01", "2024-12-31 23:59:59").all()
    released = ratings["item_id"].map(world.tracks.set_index("item_id")["released"])
    assert (ratings["timestamp"] >= released).all(), "nobody rates what is not out yet"


def test_ratings_follow_utility_and_what_is_rated_is_not_random(world):
    row = pd.Index(world.user_ids).get_indexer(world.ratings["user_id"])
    column = pd.Index(world.tracks["item_id"]).get_indexer(world.ratings["item_id"])
    felt = world.utility[row, column]
    exact = 1 + np.searchsorted(RATING_STEPS, felt)
    assert (np.abs(exact - world.ratings["rating"]) <= 1).mean() > 0.95
    assert felt.mean() > world.utility.mean() + 0.3
    counts = np.sort(np.bincount(column, minlength=480))[::-1]
    assert counts[:48].sum() > 0.25 * counts.sum(), "a tenth of the tracks, over a quarter of all"


def test_impossible_numbers_of_ratings_are_refused(world):
    with pytest.raises(ValueError, match="n_ratings: 100 is outside 7200–144000"):
        simulate_ratings(world.tracks, world.utility, 100)
