"""The final model beside known hybrids: time to fit and to rank, accuracy, and growth.

In: Mosaic, and drawn ratings. Out: tables. Run: python benchmarks/hybrids.py

LightFM and cornac's VBPR are compared where they are installed, on the same split, features and
users. Their settings are chosen on the validation part from the same short list, which is not part
of the time; ours has its default hyperparameters, or ("tuned") chooses them as part of the time.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from io import StringIO
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from fitting import drawn_ratings, slope
from timing import show

from mmrec_course.datasets import load_mosaic
from mmrec_course.evaluation import Split, cold_item_split, evaluate, temporal_split
from mmrec_course.features import FeatureBlock, extract_features
from mmrec_course.recommenders import MultimodalRecommender, MultimodalRecommenderCV

Blocks = Mapping[str, FeatureBlock]
FACTORS, EPOCHS = (16, 48), (10, 30)
DIRECTIONS = 16


class Factors:
    """Scores q_iᵀ p_u + b_i of somebody else's factors."""

    def __init__(self, user_ids: Any, item_ids: Any, p: Any, q: Any, bias: Any) -> None:
        self.users, self.items = pd.Index(user_ids), pd.Index(item_ids)
        self.p, self.q, self.bias = (np.asarray(a, dtype=np.float64) for a in (p, q, bias))

    def score(self, user_ids: Any, item_ids: Any) -> np.ndarray:
        """(n_users, n_items)."""
        i = self.items.get_indexer(item_ids)
        return self.p[self.users.get_indexer(user_ids)] @ self.q[i].T + self.bias[i]


def beside(blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """All items' ids, and each modality's strongest directions side by side.

    Both libraries pay for every feature of an item at every step: with all columns, LightFM takes
    minutes for a fit.
    """
    ids = np.unique(np.concatenate([block.item_ids for block in blocks.values()]))
    reduced = [
        block.standardize().reduce(min(DIRECTIONS, block.values.shape[1])).align(ids)
        for block in blocks.values()
    ]
    return ids, np.hstack([block.values for block in reduced])


def lightfm(ratings: pd.DataFrame, blocks: Blocks, factors: int, epochs: int) -> Factors:
    """LightFM with WARP: an embedding for each item and one for each of its features."""
    from lightfm import LightFM

    likes = ratings[ratings["rating"] >= 4]
    ids, x = beside(blocks)
    users = np.unique(ratings["user_id"])
    place = (
        pd.Index(users).get_indexer(likes["user_id"]),
        pd.Index(ids).get_indexer(likes["item_id"]),
    )
    matrix = sp.coo_matrix((np.ones(len(likes), np.float32), place), shape=(len(users), len(ids)))
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    features = sp.csr_matrix(np.hstack([np.eye(len(ids)), x]).astype(np.float32))
    model = LightFM(no_components=factors, loss="warp", random_state=0)
    model.fit(matrix, item_features=features, epochs=epochs, num_threads=2)
    bias, q = model.get_item_representations(features)
    return Factors(users, ids, model.get_user_representations()[1], q, bias)


def vbpr(ratings: pd.DataFrame, blocks: Blocks, factors: int, epochs: int) -> Factors:
    """cornac's VBPR, with all modalities in the place of pictures."""
    from cornac.data import Dataset, ImageModality
    from cornac.models import VBPR

    likes = ratings[ratings["rating"] >= 4]
    ids, x = beside(blocks)
    rows = list(likes[["user_id", "item_id", "rating"]].itertuples(index=False, name=None))
    data = Dataset.build(rows, seed=0)
    # Items that nobody liked are unknown to its data set; they follow after those that are known.
    order = [*data.item_ids, *(item for item in ids if item not in data.iid_map)]
    picture = x[pd.Index(ids).get_indexer(order)]
    data.add_modalities(item_image=ImageModality(features=picture, ids=order, normalized=True))
    data.item_image.build(id_map={item: place for place, item in enumerate(order)})
    with redirect_stdout(StringIO()):  # it reports its end even so
        model = VBPR(k=factors, k2=factors, n_epochs=epochs, seed=0, verbose=False).fit(data)
    known = len(data.item_ids)
    q = np.zeros((len(order), factors))
    q[:known] = model.gamma_item
    bias = np.zeros(len(order))
    bias[:known] = model.beta_item
    bias += np.asarray(picture @ model.beta_prime).ravel()
    q = np.hstack([q, picture @ model.emb_matrix])
    return Factors(data.user_ids, order, np.hstack([model.gamma_user, model.theta_user]), q, bias)


def chosen(fit: Callable[..., Any], split: Split, blocks: Blocks) -> Callable[[], Any]:
    """The fit on train and valid with the factors and epochs that rank valid best."""
    settings = product(FACTORS, EPOCHS)
    quality = {s: mean(fit(split.train, blocks, *s), split, "valid") for s in settings}
    best = max(quality, key=quality.__getitem__)
    return lambda: fit(split.train_valid, blocks, *best)


def mean(model: Any, split: Split, part: str = "test") -> float:
    """Mean NDCG@10 over users that the model knows."""
    table = evaluate(model, split, metrics=("ndcg",), part=part)
    return float(table["ndcg"].mean())


def beside_hybrids() -> None:
    """Fit time, rank time and accuracy on Mosaic, one row for each model."""
    data = load_mosaic()
    blocks = extract_features(data)
    for regime, split in (
        ("last ratings", temporal_split(data.ratings)),
        ("cold-start items", cold_item_split(data.ratings, rng=0)),
    ):
        fits: dict[str, Callable[[], Any]] = {
            f"ours, {fusion}": lambda fusion=fusion, split=split: MultimodalRecommender(
                fusion=fusion
            ).fit(split.train_valid, blocks)
            for fusion in ("weighted", "multitask")
        }
        fits["ours, tuned"] = lambda split=split: MultimodalRecommenderCV().fit(
            split.train_valid, blocks
        )
        for name, fit in (("LightFM", lightfm), ("VBPR (cornac)", vbpr)):
            try:
                fits[name] = chosen(fit, split, blocks)
            except ImportError as error:
                print(f"\n{name} is not compared: {error}")
        rows = [["model", "fit s", "rank s", "fit, ours weighted / this", "NDCG@10"]]
        ours = 0.0
        for name, fit_one in fits.items():
            start = time.perf_counter()
            model = fit_one()
            fitted = time.perf_counter()
            ndcg = mean(model, split)
            ranked = time.perf_counter() - fitted
            ours = ours or fitted - start
            ratio = ours / (fitted - start)
            rows.append(
                [name, f"{fitted - start:.1f}", f"{ranked:.1f}", f"{ratio:.2f}", f"{ndcg:.3f}"]
            )
        show(f"Mosaic, {regime} (simulated users)", rows)


def fit_large(size: int, queue: Any) -> None:
    """One fit to so many ratings, 20 a user, four users to an item; puts seconds and peaks."""
    n_users = size // 20
    n_items = max(200, n_users // 4)
    ratings = drawn_ratings(n_users, n_items)
    block = FeatureBlock(
        modality="text",
        item_ids=np.arange(n_items),
        values=np.random.default_rng(0).normal(size=(n_items, 32)),
        present=np.ones(n_items, bool),
        names=tuple(str(j) for j in range(32)),
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    MultimodalRecommender().fit(ratings, {"text": block})
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    queue.put((n_users, n_items, took, before, peak))


def growth() -> None:
    """Seconds and peak memory of a fit from 10⁴ to 10⁶ ratings, each in a process of its own."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    sizes, seconds = [10_000, 100_000, 1_000_000], []
    rows = [["ratings", "users", "items", "fit s", "MiB before", "MiB at its peak", "slope so far"]]
    for size in sizes:
        child = context.Process(target=fit_large, args=(size, queue))
        child.start()
        n_users, n_items, took, before, peak = queue.get()
        child.join()
        seconds.append(took)
        so_far = f"{slope(sizes[: len(seconds)], seconds):.2f}" if len(seconds) > 1 else ""
        cells = [f"{n:,}" for n in (size, n_users, n_items)]
        rows.append([*cells, f"{took:.1f}", f"{before:,.0f}", f"{peak:,.0f}", so_far])
    show("fit, over the number of ratings", rows)


if __name__ == "__main__":
    growth()  # first: a child's peak starts at what its parent holds
    beside_hybrids()
