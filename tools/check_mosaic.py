"""Does Mosaic teach what it was made to teach? Its properties, measured with intervals.

In: data/mosaic, the package's own features and models. Out: one table for each regime.

    python tools/check_mosaic.py        # ten splits, about two minutes

tests/test_mosaic.py asserts what these tables show, with fewer splits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.base import clone

from mmrec_course.datasets import load_mosaic
from mmrec_course.datasets.synthetic import make_world
from mmrec_course.evaluation import (
    ScoreTable,
    cold_item_split,
    compare,
    compare_splits,
    evaluate,
    grid_search,
    temporal_split,
)
from mmrec_course.features import FeatureBlock, extract_features
from mmrec_course.features.synthetic import fact_blocks
from mmrec_course.recommenders import (
    EASE,
    ImplicitALS,
    MultimodalRecommender,
    MultimodalRecommenderCV,
    Popularity,
    Random,
)

Blocks = Mapping[str, FeatureBlock]
FRACTION = 0.2
CONTROL_SEEDS = (1, 2, 3)


def cold_models(train: pd.DataFrame, blocks: Blocks, seed: int) -> dict[str, Any]:
    """All models of the cold-start table, with default hyperparameters, fitted on one split."""
    return {
        "chance": Random(rng=seed).fit(train, blocks),
        "collaborative": EASE().fit(train),  # like all collaborative models: 0 for cold-start items
        **{m: MultimodalRecommender().fit(train, {m: block}) for m, block in blocks.items()},
        "fused": MultimodalRecommender().fit(train, blocks),
    }


def cold_items(
    ratings: pd.DataFrame,
    blocks: Blocks,
    truth: ScoreTable | None,
    *,
    n_splits: int,
    placebo: bool = True,
) -> dict[str, list[pd.DataFrame]]:
    """Name → per-user results, one table for each split into warm and cold-start items."""
    results: dict[str, list[pd.DataFrame]] = {}
    for seed in range(n_splits):
        split = cold_item_split(ratings, fraction=FRACTION, rng=seed)
        models = cold_models(split.train_valid, blocks, seed)
        if placebo:
            permuted = {m: block.shuffle(rng=seed) for m, block in blocks.items()}
            models["placebo"] = MultimodalRecommender().fit(split.train_valid, permuted)
        if truth is not None:
            models["truth"] = truth
        for name, model in models.items():
            results.setdefault(name, []).append(evaluate(model, split, metrics=("ndcg",)))
    return results


def warm_items(
    ratings: pd.DataFrame,
    blocks: Blocks,
    truth: ScoreTable | None,
    final: MultimodalRecommender,
) -> dict[str, pd.DataFrame]:
    """Name → per-user results on each user's last ratings."""
    split = temporal_split(ratings)
    train = split.train_valid
    content = MultimodalRecommender(cf_weight=0.0)
    als_grid = {"reg": [10.0, 30.0, 100.0], "alpha": [2.0, 4.0, 8.0, 16.0]}
    models: dict[str, Any] = {
        "popularity": Popularity().fit(train),
        "EASE": grid_search(EASE(), {"reg": [50.0, 100.0, 200.0, 400.0, 800.0]}, split)[0],
        "iALS": grid_search(ImplicitALS(factors=32, iterations=10), als_grid, split)[0],
        "collaborative": clone(final).fit(train),
        **{m: clone(content).fit(train, {m: block}) for m, block in blocks.items()},
        "final": clone(final).fit(train, blocks),
    }
    if truth is not None:
        models["truth"] = truth
    return {name: evaluate(model, split, metrics=("ndcg",)) for name, model in models.items()}


def mosaic() -> tuple[pd.DataFrame, Blocks, ScoreTable]:
    """Ratings, features and true utilities of the bundled data."""
    data = load_mosaic()
    truth = data.ground_truth()
    utility = ScoreTable(truth["utility"], truth["user_ids"], truth["item_ids"])
    return data.ratings, extract_features(data), utility


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
        show(f"Mosaic, cold-start items, NDCG@10, 10 splits; differences to {baseline}", table)
    mean = table["mean"]
    best = mean[list(blocks)].max()
    print(f"\nfused / best single: {mean['fused'] / best:.2f}")
    print(f"truth / fused: {mean['truth'] / mean['fused']:.2f}")
    warm = warm_items(ratings, blocks, truth, MultimodalRecommenderCV())
    for baseline in ("collaborative", "EASE", "iALS"):
        title = f"Mosaic, last ratings, NDCG@10; differences to {baseline}"
        show(title, compare(warm, baseline=baseline))
    for seed in CONTROL_SEEDS:
        ratings, blocks = control(seed)
        cold = cold_items(ratings, blocks, None, n_splits=5)
        table = compare_splits(cold, test_share=FRACTION, baseline="chance")
        show(f"Control world {seed}, cold-start items; differences to chance", table)
        warm = warm_items(ratings, blocks, None, MultimodalRecommenderCV())
        show(f"Control world {seed}, last ratings", compare(warm, baseline="collaborative"))


if __name__ == "__main__":
    main()
