"""The models of lessons 14 to 16 beside the closed forms, tuned alike: `make bench-extras`.

In: Mosaic. Out: frameworks.csv, which the lessons print. Warm items: each user's last ratings.
Cold-start items: five splits. Every model tries the same number of settings on the validation part,
its default first and then random ones from its grid; the best is fitted again on both parts and
tested. Differences are paired, against the final model. Seconds are those of one fit with the
defaults. Results of a split are kept in build/frameworks and not computed again; delete that folder
to start anew.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, delayed
from sklearn.model_selection import ParameterSampler

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import (
    Split,
    cold_item_split,
    compare,
    compare_splits,
    evaluate,
    grid_search,
    temporal_split,
)
from mmrec_course.features import FeatureBlock, extract_features
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders import (
    EASE,
    ContentRidge,
    ImplicitALS,
    MultimodalRecommender,
    Popularity,
    Random,
)

FOLDER = Path(__file__).resolve().parent.parent / "build" / "frameworks"
N_TRIALS, N_SPLITS, FRACTION = 6, 5, 0.2
FINAL, DEFAULT = "final model", "final model, default"
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 200.0, 300.0, 500.0, 1000.0, 2000.0)
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "chance": {},
    "popularity": {},
    "EASE": {"reg": STRENGTHS},
    "iALS": {"reg": (3.0, 10.0, 30.0, 100.0), "alpha": (1.0, 4.0, 8.0, 16.0)},
    "joint ridge": {"reg": STRENGTHS},
    FINAL: {
        "als_weight": (0.25, 0.5, 0.65, 0.8, 1.0),
        "als__alpha": (4.0, 8.0, 16.0),
        "ease__reg": (50.0, 100.0, 200.0),
        "decay": (0.0, 0.2, 0.4),
        "content_reg": (0.3, 1.0, 2.0, 5.0, 10.0),
        "weight_power": (1.0, 2.0, 4.0),
        "popularity_weight": (0.0, 0.1, 0.2, 0.35),
    },
    DEFAULT: {},
}
# Model → module of mmrec_course.extras, class, constructor arguments of each situation, grid.
HELD_OUT = {"warm": {"hold_out": "ratings"}, "cold-start": {"hold_out": "items"}}
FRAMEWORKS: dict[str, tuple[str, str, dict[str, dict[str, Any]], dict[str, tuple[Any, ...]]]] = {
    "LightFM": (
        "lightfm_model",
        "LightFMRecommender",
        HELD_OUT,
        {
            "loss": ("warp", "bpr"),
            "n_factors": (16, 32, 64),
            "n_components": (16, 40),
            "learning_rate": (0.02, 0.05, 0.1),
            "content_weight": (0.3, 1.0, 2.0),
        },
    ),
    "VBPR": (
        "torch_models",
        "VBPR",
        HELD_OUT,
        {
            "n_factors": (16, 32, 64),
            "n_components": (20, 40, 80),
            "learning_rate": (0.003, 0.01, 0.03),
            "reg": (0.3, 1.0, 2.0),
        },
    ),
    "two-tower": (
        "torch_models",
        "TwoTower",
        {
            "warm": {"hold_out": "ratings"},
            "cold-start": {"hold_out": "items", "id_dropout": 0.8},
        },
        {
            "n_factors": (32, 64, 128),
            "id_dropout": (0.2, 0.5, 0.8),
            "learning_rate": (0.005, 0.01, 0.02),
            "reg": (0.1, 0.3, 1.0),
        },
    ),
    "Keras two-tower": (
        "keras_models",
        "KerasTwoTower",
        HELD_OUT,
        {
            "n_factors": (16, 32, 64),
            "learning_rate": (0.003, 0.01, 0.03),
            "reg": (1e-6, 1e-5, 1e-4, 1e-3),
        },
    ),
}
NEEDS = {"lightfm_model": "lightfm", "torch_models": "torch", "keras_models": "keras_rs"}
# Models that know no item without ratings, and models that know nothing else.
WARM_ONLY, COLD_ONLY = ("EASE", "iALS"), ("joint ridge",)


def model_of(name: str, situation: str) -> Any:
    """An unfitted model with its defaults."""
    if name in FRAMEWORKS:
        module, kind, arguments, _ = FRAMEWORKS[name]
        return getattr(import_module(f"mmrec_course.extras.{module}"), kind)(**arguments[situation])
    return {
        "chance": Random(rng=0),
        "popularity": Popularity(),
        "EASE": EASE(),
        "iALS": ImplicitALS(factors=32, iterations=10),
        "joint ridge": ContentRidge(modality="fused"),
        FINAL: MultimodalRecommender(),
        DEFAULT: MultimodalRecommender(),
    }[name]


def settings(name: str) -> list[dict[str, list[Any]]]:
    """The default, then random settings of the model's grid, as `grid_search` takes them."""
    grid = FRAMEWORKS[name][3] if name in FRAMEWORKS else GRIDS[name]
    drawn = ParameterSampler(grid, N_TRIALS - 1, random_state=0) if grid else []
    return [{}, *({key: [value] for key, value in some.items()} for some in drawn)]


def split_of(ratings: pd.DataFrame, situation: str, seed: int) -> Split:
    """The split `seed` of a situation."""
    if situation == "warm":
        return temporal_split(ratings)
    return cold_item_split(ratings, fraction=FRACTION, rng=seed)


def measure(name: str, situation: str, seed: int) -> None:
    """Tune, test, and write users' results, unless they are there."""
    path = FOLDER / f"{situation}-{seed}-{name.replace(' ', '_')}.csv"
    if path.exists():
        return
    split, blocks = data_of(name, situation, seed)
    model, table = grid_search(model_of(name, situation), settings(name), split, blocks)
    users = evaluate(model, split)[["ndcg", "n_relevant"]]
    users.assign(trials=len(table)).to_csv(path)
    print(f"{situation} {seed} {name}: {users['ndcg'].mean():.4f}, {table.iloc[0].to_dict()}")


def data_of(name: str, situation: str, seed: int) -> tuple[Split, Mapping[str, FeatureBlock]]:
    """The split, and the features of its training items that the model takes."""
    mosaic = load_mosaic()
    split = split_of(mosaic.ratings, situation, seed)
    items = split.train_valid["item_id"].unique()
    blocks: Mapping[str, FeatureBlock] = extract_features(mosaic, fit_items=items)
    if name in COLD_ONLY:
        blocks = {"fused": early_fusion(blocks, fit_items=items)}
    return split, blocks


def seconds(name: str, situation: str) -> float:
    """Of one fit with the defaults."""
    split, blocks = data_of(name, situation, 0)
    model = model_of(name, situation)
    start = time.perf_counter()
    model.fit(split.train_valid, blocks)
    return time.perf_counter() - start


def names(situation: str) -> Iterator[str]:
    """The models of a situation whose framework is installed."""
    for name in (*GRIDS, *FRAMEWORKS):
        if name in (COLD_ONLY if situation == "warm" else WARM_ONLY):
            continue
        if name in FRAMEWORKS and find_spec(NEEDS[FRAMEWORKS[name][0]]) is None:
            print(f"{name} is left out: its framework is not installed")
            continue
        yield name


def summary(situation: str, seeds: range) -> pd.DataFrame:
    """Model → NDCG@10 with its interval, paired difference to the final model, seconds, trials."""
    results = {
        name: [
            pd.read_csv(FOLDER / f"{situation}-{s}-{name.replace(' ', '_')}.csv", index_col=0)
            for s in seeds
        ]
        for name in names(situation)
    }
    if situation == "warm":
        table = compare({name: tables[0] for name, tables in results.items()}, baseline=FINAL)
    else:
        table = compare_splits(results, test_share=FRACTION, baseline=FINAL)
    table = table.rename(columns={"mean": "ndcg"}).rename_axis("model")
    table["seconds"] = {name: seconds(name, situation) for name in results}
    table["trials"] = {n: t[0]["trials"].iloc[0] for n, t in results.items()}
    columns = ["ndcg", "low", "high", "difference", "diff_low", "diff_high", "seconds", "trials"]
    return table[columns].round(4)


def main() -> None:
    """Measure on two cores, print and write."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    seeds = {"warm": range(1), "cold-start": range(N_SPLITS)}
    jobs = [(n, s, seed) for s in seeds for seed in seeds[s] for n in names(s)]
    Parallel(n_jobs=2)(delayed(measure)(*job) for job in jobs)
    table = pd.concat({s: summary(s, seeds[s]) for s in seeds}, names=["situation"])
    print(table.to_string())
    if set(table.index.get_level_values("model")) >= {*GRIDS, *FRAMEWORKS}:
        table.to_csv(Path(__file__).with_suffix(".csv"))


if __name__ == "__main__":
    sys.exit(main())
