"""What each ingredient of the final model adds: NDCG@10 with it, minus NDCG@10 without it.

In: Mosaic, and MovieLens where it was downloaded (`make movielens`). Out: a table, printed and
written to ablation.csv. Every row is the default model with one ingredient switched off, on the
same held-out ratings; 95 % intervals over users, or, where items are new, over splits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmrec_course.datasets import load_mosaic, load_movielens
from mmrec_course.evaluation import (
    Split,
    cold_item_split,
    compare,
    compare_splits,
    evaluate,
    temporal_split,
)
from mmrec_course.features import extract_features
from mmrec_course.recommenders import MultimodalRecommender

# Ingredient → the parameters that switch it off.
OFF: dict[str, dict[str, Any]] = {
    "features": {},  # fitted without them
    "iALS": {"als_weight": 0.0},
    "EASE": {"als_weight": 1.0},
    "recency decay": {"decay": 0.0},
    "user shrinkage": {"user_shrinkage": 0.0},
    "content for warm items": {"cf_weight": 1.0},
    "cold-item discount": {"cold_discount": 0.0},
    "popularity prior": {"popularity_weight": 0.0},
    "learned weights": {"weight_power": 0.0},
}
# What is no part of the default model, and the parameters that switch it on.
ON: dict[str, dict[str, Any]] = {
    "side information in EASE": {"ease__side_weight": 30.0},
    "multitask fusion": {"fusion": "multitask"},
}
# Regime → the ingredients that act there.
ACTIVE = {
    "last ratings": [
        "features",
        "iALS",
        "EASE",
        "recency decay",
        "user shrinkage",
        "content for warm items",
        "cold-item discount",
        "side information in EASE",
    ],
    "cold-start items": [
        "iALS",
        "EASE",
        "user shrinkage",
        "popularity prior",
        "learned weights",
        "side information in EASE",
        "multitask fusion",
    ],
    "items with one rating": ["content for warm items"],
    "cold-start users": ["features", "recency decay", "user shrinkage", "side information in EASE"],
}
N_SPLITS, N_WINDOWS = 10, 4
OVER_ITEMS = ("cold-start items", "items with one rating")
Features = Callable[[Any], Any]


def last_ratings(ratings: pd.DataFrame) -> Iterator[tuple[Split, pd.DataFrame]]:
    """Each user's last tenth; then the tenth before it, the rest forgotten; and so on."""
    for _ in range(N_WINDOWS):
        split = temporal_split(ratings)
        yield split, ratings.head(0)
        ratings = split.train_valid


def cold_items(ratings: pd.DataFrame) -> Iterator[tuple[Split, pd.DataFrame]]:
    """A fifth of the items without ratings, again and again."""
    for seed in range(N_SPLITS):
        yield cold_item_split(ratings, rng=seed), ratings.head(0)


def one_rating(ratings: pd.DataFrame) -> Iterator[tuple[Split, pd.DataFrame]]:
    """The same items, each with its first rating known."""
    for seed in range(N_SPLITS):
        split = cold_item_split(ratings, rng=seed)
        later = split.test.sort_values("timestamp", kind="stable")
        first = later.groupby("item_id").cumcount() == 0
        train = pd.concat([split.train_valid, later[first]])
        yield _split(train, later[~first], split.candidates), ratings.head(0)


def cold_users(ratings: pd.DataFrame) -> Iterator[tuple[Split, pd.DataFrame]]:
    """A fifth of the users, known by their first three ratings, which `partial_fit` folds in."""
    users = np.unique(ratings["user_id"])
    new = np.random.default_rng(0).choice(users, len(users) // 5, replace=False)
    theirs = ratings["user_id"].isin(new)
    items = np.unique(ratings["item_id"][~theirs])
    later = ratings[theirs & ratings["item_id"].isin(items)]
    later = later.sort_values("timestamp", kind="stable")
    first = later.groupby("user_id").cumcount() < 3
    train = pd.concat([ratings[~theirs], later[first]])
    yield _split(train, later[~first], items), later[first]


def _split(train: pd.DataFrame, test: pd.DataFrame, items: Any) -> Split:
    return Split(
        train=train, valid=train.head(0), test=test, candidates=items, valid_candidates=items
    )


REGIMES = {
    "last ratings": last_ratings,
    "cold-start items": cold_items,
    "items with one rating": one_rating,
    "cold-start users": cold_users,
}


def ablate(ratings: pd.DataFrame, features: Features, regime: str) -> pd.DataFrame:
    """Ingredient → NDCG@10 with it, without it, difference, low, high."""
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in ("full", *ACTIVE[regime])}
    for split, later in REGIMES[regime](ratings):
        train = split.train_valid.drop(index=later.index)
        blocks = features(train["item_id"].unique())
        if len(blocks) < 2:  # one modality has nothing to weigh or to share
            for name in ("learned weights", "multitask fusion"):
                tables.pop(name, None)
        for name, found in tables.items():
            model = MultimodalRecommender().set_params(**(OFF | ON).get(name, {}))
            model.fit(train, {} if name == "features" else blocks).partial_fit(later)
            found.append(evaluate(model, split, metrics=("ndcg",)))
    if regime in OVER_ITEMS:
        table = compare_splits(tables, test_share=0.2, baseline="full")
    else:  # the mean of each user's lists
        mean = {name: pd.concat(found).groupby(level=0).mean() for name, found in tables.items()}
        table = compare(mean, baseline="full")
    off = table.drop("full")
    sign = np.where(off.index.isin(list(ON)), 1, -1)  # with it, minus without it
    bounds = np.sort(sign[:, None] * off[["diff_low", "diff_high"]].to_numpy(), axis=1)
    full = np.full(len(off), table.loc["full", "mean"])
    on = off.index.isin(list(ON))
    return pd.DataFrame(
        {
            "with": np.where(on, off["mean"], full),
            "without": np.where(on, full, off["mean"]),
            "difference": sign * off["difference"],
            "low": bounds[:, 0],
            "high": bounds[:, 1],
        },
        index=off.index.rename("ingredient"),
    )


def catalogues() -> Iterator[tuple[str, pd.DataFrame, Features, list[str]]]:
    """Name, ratings, features of training items and regimes, of the catalogues that are here."""
    mosaic = load_mosaic()

    def features(items: Any) -> Any:
        return extract_features(mosaic, fit_items=items)

    def permuted(items: Any) -> Any:
        blocks = features(items)
        return {**blocks, "image": blocks["image"].shuffle(rng=0)}

    yield "Mosaic", mosaic.ratings, features, list(REGIMES)
    yield "Mosaic, covers permuted", mosaic.ratings, permuted, ["cold-start items"]
    try:
        films = load_movielens(download=False)
    except FileNotFoundError:
        print("MovieLens is not here: `make movielens` fetches it")
        return
    yield (
        "MovieLens",
        films.ratings,
        lambda items: extract_features(films, fit_items=items),
        list(REGIMES),
    )


def main() -> None:
    """Measure, print, write."""
    tables = {}
    for name, ratings, features, regimes in catalogues():
        for regime in regimes:
            table = ablate(ratings, features, regime)
            tables[name, regime] = table
            print(
                f"\n{name}, {regime}\n{table.to_string(float_format='{:.4f}'.format)}", flush=True
            )
    everything = pd.concat(tables, names=["catalogue", "regime"]).round(4)
    everything.to_csv(Path(__file__).with_suffix(".csv"))


if __name__ == "__main__":
    main()
