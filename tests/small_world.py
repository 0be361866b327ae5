"""A small synthetic catalogue with features, for the tests of the final model."""

import numpy as np
import pandas as pd

from mmrec_course.datasets.synthetic import draw_tracks, make_world
from mmrec_course.evaluation import cold_item_split, temporal_split
from mmrec_course.features import FeatureBlock
from mmrec_course.features.synthetic import fact_blocks

TRACKS = draw_tracks(160, n_artists=60, rng=1)
TRACKS.insert(0, "item_id", [f"t{j:03d}" for j in range(160)])
RATINGS = make_world(TRACKS, n_users=200, n_ratings=6000, rng=1).ratings
BLOCKS = fact_blocks(TRACKS, noise=0.5)
ITEMS = TRACKS["item_id"].to_numpy()
COLD, WARM = cold_item_split(RATINGS, rng=0), temporal_split(RATINGS)
# Blocks that lack the cold-start items, and blocks of these items alone.
OLD = {m: b.align(ITEMS[~np.isin(ITEMS, COLD.candidates)]) for m, b in BLOCKS.items()}
NEW = {m: b.align(COLD.candidates) for m, b in BLOCKS.items()}


def small(n_items=12, n_columns=3, **more):
    """Return a few ratings with integer ids, and one block of features, also of three new items."""
    rng = np.random.default_rng(0)
    user, item = np.nonzero(rng.random((15, n_items)) < 0.5)
    stars = rng.integers(1, 6, len(user))
    table = {"user_id": user, "item_id": item, "rating": stars, "timestamp": np.arange(len(user))}
    parts = {
        "modality": "image",
        "item_ids": np.arange(n_items + 3),
        "values": rng.normal(size=(n_items + 3, n_columns)),
        "present": np.ones(n_items + 3, bool),
        "names": tuple(f"x{j}" for j in range(n_columns)),
    }
    return pd.DataFrame(table), {"image": FeatureBlock(**(parts | more))}
