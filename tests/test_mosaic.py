"""What the course claims about Mosaic, and about a world without signal, with intervals.

The tables themselves: ``python tools/check_mosaic.py``.
"""

import numpy as np
import pytest
from check_mosaic import FRACTION, cold_items, mosaic

from mmrec_course.datasets.synthetic import draw_tracks, make_world
from mmrec_course.evaluation import (
    cold_item_split,
    compare,
    compare_splits,
    evaluate,
    grid_search,
    temporal_split,
)
from mmrec_course.features.synthetic import fact_blocks
from mmrec_course.recommenders import EASE, MultimodalRecommender, Popularity

MODALITIES = ["image", "text", "audio"]


@pytest.fixture(scope="module")
def data():
    return mosaic()


@pytest.fixture(scope="module")
def cold(data):
    return cold_items(*data, n_splits=5)


@pytest.fixture(scope="module")
def to_chance(cold):
    return compare_splits(cold, test_share=FRACTION, baseline="chance")


@pytest.fixture(scope="module")
def warm(data):
    """Name → per-user results on each user's last ratings; EASE is tuned, the rest by default."""
    ratings, blocks, _ = data
    split = temporal_split(ratings)
    train = split.train_valid
    models = {
        "popularity": Popularity().fit(train),
        "EASE": grid_search(EASE(), {"reg": [50.0, 100.0, 200.0, 400.0, 800.0]}, split)[0],
        "collaborative": MultimodalRecommender().fit(train),
        **{m: MultimodalRecommender(cf_weight=0.0).fit(train, {m: blocks[m]}) for m in blocks},
        "final": MultimodalRecommender().fit(train, blocks),
    }
    return {name: evaluate(model, split, metrics=("ndcg",)) for name, model in models.items()}


def test_each_modality_alone_ranks_cold_start_items_better_than_chance(to_chance):
    assert (to_chance.loc[MODALITIES, "diff_low"] > 0).all()


def test_all_three_fused_beat_every_single_one_and_the_best_by_a_tenth(cold, to_chance):
    for rival in ("collaborative", *MODALITIES):
        table = compare_splits(cold, test_share=FRACTION, baseline=rival)
        assert table.loc["fused", "diff_low"] > 0, rival
    assert to_chance.loc["fused", "mean"] >= 1.10 * to_chance.loc[MODALITIES, "mean"].max()


def test_the_truth_leaves_room_to_learn(cold):
    table = compare_splits(cold, test_share=FRACTION, baseline="fused")
    assert table.loc["truth", "diff_low"] > 0
    assert table.loc["truth", "mean"] >= 1.15 * table.loc["fused", "mean"]


def test_a_collaborative_model_says_nothing_on_cold_start_items(data, to_chance):
    split = cold_item_split(data[0], fraction=FRACTION, rng=0)
    for model in (MultimodalRecommender(), EASE()):
        model.fit(split.train_valid)
        assert np.abs(model.score(model.user_ids_, split.candidates)).max() < 1e-9
    row = to_chance.loc["collaborative"]
    assert row["diff_low"] < 0 < row["diff_high"]


def test_features_permuted_among_the_items_bring_nothing(to_chance):
    row = to_chance.loc["placebo"]
    assert row["diff_low"] < 0 < row["diff_high"]
    assert row["high"] < to_chance.loc[MODALITIES, "mean"].min()
    assert row["diff_high"] < to_chance.loc[MODALITIES, "diff_low"].min()


def test_collaborative_filtering_beats_content_and_popularity_on_warm_items(warm):
    table = compare(warm, baseline="collaborative")
    assert (table.loc[[*MODALITIES, "popularity"], "diff_high"] < 0).all()


def test_the_final_model_beats_tuned_ease_and_content_on_warm_items(warm):
    for rival in ("EASE", *MODALITIES):
        assert compare(warm, baseline=rival).loc["final", "diff_low"] > 0, rival
    # What content adds to the collaborative part there is too little for 600 users to show.
    table = compare(warm, baseline="collaborative")
    assert table.loc["final", "mean"] > 0.99 * table.loc["collaborative", "mean"]


def test_in_a_world_without_signal_content_brings_nothing():
    tracks = draw_tracks(240, n_artists=90, rng=1)
    tracks.insert(0, "item_id", [f"t{j:03d}" for j in range(240)])
    world = make_world(tracks, n_users=300, n_ratings=9000, media_signal=False, rng=1)
    ratings, blocks = world.ratings, fact_blocks(world.tracks, noise=0.5, rng=1)
    cold = cold_items(ratings, blocks, None, n_splits=3, placebo=False)
    table = compare_splits(cold, test_share=FRACTION, baseline="chance")
    assert (table.loc[[*MODALITIES, "fused"], "p_holm"] > 0.05).all()
    split = temporal_split(ratings)
    given = {"collaborative": {}, "final": blocks}
    warm = {
        name: evaluate(MultimodalRecommender().fit(split.train_valid, features), split)
        for name, features in given.items()
    }
    table = compare(warm)  # differences to the first
    assert table.loc["final", "diff_low"] < 0
    assert table.loc["final", "mean"] > 0.9 * table.loc["collaborative", "mean"]


def test_the_placebo_keeps_every_feature_row(data):
    blocks = data[1]
    for block in blocks.values():
        permuted = block.shuffle(rng=0)
        kept = np.sort(permuted.values[permuted.present].sum(axis=1))
        np.testing.assert_allclose(kept, np.sort(block.values[block.present].sum(axis=1)))
        assert (permuted.values != block.values).any()
