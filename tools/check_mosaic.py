"""Does Mosaic teach what it was made to teach? Its properties, measured with intervals.

In: data/mosaic, the package's own features and models. Out: one table a regime.

    python tools/check_mosaic.py        # ten splits, about two minutes

tests/test_mosaic.py insists on what these tables show, with fewer splits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic
from mmrec_course.datasets.synthetic import make_world
from mmrec_course.evaluation import (
    cold_item_split,
    compare,
    compare_splits,
    evaluate,
    search,
    temporal_split,
)
from mmrec_course.features import FeatureBlock, extract_features
from mmrec_course.features.synthetic import fact_blocks
from mmrec_course.recommenders import EASE, MultimodalRecommender, Popularity, Random

Blocks = Mapping[str, FeatureBlock]
FRACTION = 0.2
CONTROL_SEEDS = (1, 2, 3)


class Truth:
    """A model that knows how much everybody would like everything."""

    def __init__(self, utility: np.ndarray, user_ids: np.ndarray, item_ids: np.ndarray) -> None:
        self.table = pd.DataFrame(utility.astype(float), index=user_ids, columns=item_ids)

    def score(self, user_ids: Any, item_ids: Any) -> np.ndarray:
        """(n_users, n_items) utilities."""
        return self.table.loc[list(user_ids), list(item_ids)].to_numpy()


def cold_models(seen: pd.DataFrame, blocks: Blocks, seed: int) -> dict[str, Any]:
    """Every model that the cold table compares, tuned in the same way, fitted on one split."""
    fused = MultimodalRecommender().fit(seen, blocks)
    return {
        "chance": Random(rng=seed).fit(seen, blocks),
        "collaborative": EASE().fit(seen),  # as every collaborative model: 0 for a new item
        **{m: fused.parts_[m] for m in blocks},
        "fused": fused,
    }


def cold_items(
    ratings: pd.DataFrame,
    blocks: Blocks,
    truth: Truth | None,
    *,
    n_splits: int,
    placebo: bool = True,
) -> dict[str, list[pd.DataFrame]]:
    """Name → per-user results, one table a split into seen and new items."""
    results: dict[str, list[pd.DataFrame]] = {}
    for seed in range(n_splits):
        split = cold_item_split(ratings, fraction=FRACTION, rng=seed)
        models = cold_models(split.train_valid, blocks, seed)
        if placebo:
            dealt = {m: block.shuffle(rng=seed) for m, block in blocks.items()}
            models["placebo"] = MultimodalRecommender().fit(split.train_valid, dealt)
        if truth is not None:
            models["truth"] = truth
        for name, model in models.items():
            results.setdefault(name, []).append(evaluate(model, split, metrics=("ndcg",)))
    return results


def warm_items(
    ratings: pd.DataFrame, blocks: Blocks, truth: Truth | None
) -> dict[str, pd.DataFrame]:
    """Name → per-user results on each user's last ratings."""
    split = temporal_split(ratings)
    ease, _ = search(EASE(), {"reg": [50.0, 100.0, 200.0, 400.0, 800.0]}, split)
    final = MultimodalRecommender().fit(split.train_valid, blocks)
    models: dict[str, Any] = {
        "popularity": Popularity().fit(split.train_valid),
        "EASE": ease,
        "collaborative": MultimodalRecommender().fit(split.train_valid),
        **{m: final.parts_[m] for m in blocks},
        "final": final,
    }
    if truth is not None:
        models["truth"] = truth
    return {name: evaluate(model, split, metrics=("ndcg",)) for name, model in models.items()}


def mosaic() -> tuple[pd.DataFrame, Blocks, Truth]:
    """Ratings, features and truth of the bundled data."""
    data = load_mosaic()
    truth = data.ground_truth()
    known = Truth(truth["utility"], truth["user_ids"], truth["item_ids"])
    return data.ratings, extract_features(data), known


def control(seed: int) -> tuple[pd.DataFrame, Blocks]:
    """Ratings and features of a world in which nothing that media show matters to anybody."""
    world = make_world(media_signal=False, rng=seed)
    return world.ratings, fact_blocks(world.tracks, noise=0.5, rng=seed)


def show(title: str, table: pd.DataFrame) -> None:
    """One table of compare or compare_splits."""
    print(f"\n{title}")
    columns = ["mean", "low", "high", "difference", "diff_low", "diff_high", "p_holm"]
    # Not print_table: a note for maintainers may round either way on another processor.
    print(table[columns].to_string(float_format="{:.4f}".format, na_rep="–"))


def main() -> None:
    """Measure everything and print it."""
    ratings, blocks, truth = mosaic()
    cold = cold_items(ratings, blocks, truth, n_splits=10)
    for baseline in ("chance", "text", "fused"):
        table = compare_splits(cold, test_share=FRACTION, baseline=baseline)
        show(f"Mosaic, new items, NDCG@10 over 10 splits; differences to {baseline}", table)
    mean = table["mean"]
    best = mean[list(blocks)].max()
    print(f"\nfused / best single: {mean['fused'] / best:.2f}")
    print(f"truth / fused: {mean['truth'] / mean['fused']:.2f}")
    warm = warm_items(ratings, blocks, truth)
    for baseline in ("collaborative", "EASE"):
        title = f"Mosaic, last ratings, NDCG@10; differences to {baseline}"
        show(title, compare(warm, baseline=baseline))
    for seed in CONTROL_SEEDS:
        ratings, blocks = control(seed)
        cold = cold_items(ratings, blocks, None, n_splits=5)
        table = compare_splits(cold, test_share=FRACTION, baseline="chance")
        show(f"Control world {seed}, new items; differences to chance", table)
        warm = warm_items(ratings, blocks, None)
        show(f"Control world {seed}, last ratings", compare(warm, baseline="collaborative"))


if __name__ == "__main__":
    main()
