"""One protocol for content on cold-start items, used from lesson 03 to lesson 11.

Notebook: 03_image_features
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from mmrec_course.evaluation import cold_item_split, compare_splits, evaluate, grid_search
from mmrec_course.features import FeatureBlock
from mmrec_course.recommenders import ContentRidge, Random

N_SPLITS, FRACTION = 5, 0.2
GRID = {"reg": (1.0, 10.0, 100.0, 1000.0)}
Results = dict[str, list[pd.DataFrame]]


def cold_start_results(
    ratings: pd.DataFrame, blocks_of: Callable[[Any], Mapping[str, FeatureBlock]]
) -> Results:
    """Evaluate a `ContentRidge` for each feature block on cold-start items, on five splits.

    Split j holds out a fifth of the items (`cold_item_split`, seed j). ``blocks_of`` gets the ids
    of the training items and returns name → FeatureBlock. Each model's regularisation strength is
    chosen on the split's validation items. Returns name → NDCG@10 of each user, one table of
    `evaluate` for each split; "chance" is a random order.

    Notebook: 03_image_features
    """
    results: Results = {}
    for seed in range(N_SPLITS):
        split = cold_item_split(ratings, fraction=FRACTION, rng=seed)
        chance = Random(rng=seed).fit(ratings)  # looks at ids alone
        results.setdefault("chance", []).append(evaluate(chance, split, metrics=["ndcg"]))
        for name, block in blocks_of(split.train_valid["item_id"].unique()).items():
            features = {name: replace(block, modality=name)}
            model, _ = grid_search(ContentRidge(modality=name), GRID, split, features)
            results.setdefault(name, []).append(evaluate(model, split, metrics=["ndcg"]))
    return results


def running_table(results: Results) -> pd.DataFrame:
    """NDCG@10 of each model with its 95 % interval over the splits, and its lead over chance.

    Notebook: 03_image_features
    """
    table = compare_splits(results, test_share=FRACTION, baseline="chance")
    columns = {"mean": "NDCG@10", "difference": "above chance"}
    shown = ["mean", "low", "high", "difference", "diff_low", "diff_high"]
    return table[shown].rename(columns=columns)
