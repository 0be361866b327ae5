"""Choosing and judging lists: time beside ranx and bare NumPy, and the memory it takes.

In: nothing; the data are drawn. Out: tables of ratios. Run: python benchmarks/metrics.py
"""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import ranx
from timing import best_of, show

from mmrec_course.evaluation import Split, evaluate, rank_items
from mmrec_course.evaluation.metrics import METRICS

K = 10


def beside_ranx(n_users: int = 20_000, n_items: int = 5_000) -> None:
    """All six metrics at 10, equal first; alone, and with what leads there from item ids."""
    rng = np.random.default_rng(0)
    n_relevant = rng.integers(1, 20, n_users)
    relevant = [rng.choice(n_items, n, replace=False) for n in n_relevant]
    # Two hits a list, where there are two, among items at random; none twice.
    drawn = [np.append(items[:2], rng.choice(n_items, K, replace=False)) for items in relevant]
    lists = np.array([rng.permutation(list(dict.fromkeys(items))[:K]) for items in drawn])

    names = [f"{name}@{K}" for name in METRICS]

    def hits() -> Any:
        pairs = np.repeat(np.arange(n_users), n_relevant) * n_items + np.concatenate(relevant)
        return np.isin(np.arange(n_users)[:, None] * n_items + lists, pairs)

    def inputs() -> tuple[Any, Any]:
        users = [f"{user:05}" for user in range(n_users)]
        qrels = {
            user: {str(item): 1 for item in items}
            for user, items in zip(users, relevant, strict=True)
        }
        run = {
            user: {str(item): float(K - place) for place, item in enumerate(items)}
            for user, items in zip(users, lists, strict=True)
        }
        return ranx.Qrels(qrels), ranx.Run(run)

    def ours(found: Any) -> dict[str, Any]:
        return {f"{name}@{K}": metric(found, n_relevant) for name, metric in METRICS.items()}

    def theirs(qrels: Any, run: Any) -> Any:
        return ranx.evaluate(qrels, run, names, return_mean=False)

    found, ready = hits(), inputs()
    expected = theirs(*ready)  # and compiles it
    for name, values in ours(found).items():
        np.testing.assert_allclose(values, expected[name], atol=1e-12)
    alone = best_of({"ours": lambda: ours(found), "ranx": lambda: theirs(*ready)})
    whole = best_of({"ours": lambda: ours(hits()), "ranx": lambda: theirs(*inputs())}, repeats=2)
    rows = [["", "ours", "ranx", "ours / ranx", "aim"]]
    for name, seconds in (("metrics alone", alone), ("from item ids", whole)):
        times = [f"{1000 * seconds[who]:.0f} ms" for who in ("ours", "ranx")]
        rows.append([name, *times, f"{seconds['ours'] / seconds['ranx']:.3f}", "1"])
    show(f"six metrics at {K} for {n_users:,} users, equal to 1e-12", rows)


def bare(scores: Any) -> Any:
    """The usual few lines: ties as they fall, NaN unseen."""
    n = scores.shape[1]
    best = np.argpartition(scores, n - K, axis=1)[:, n - K :]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


def beside_argpartition() -> None:
    """The best ten with ties by item id, beside argpartition and a sort that ignore them."""
    rng = np.random.default_rng(0)
    cases = {
        f"{n_users:,} × {n_items:,}": rng.normal(size=(n_users, n_items))
        for n_users, n_items in ((8_000, 500), (800, 5_000), (200, 20_000))
    }
    for scores in cases.values():
        np.testing.assert_array_equal(rank_items(scores, K), bare(scores))
    cases["8,000 × 500, whole numbers"] = rng.poisson(20, size=(8_000, 500)).astype(float)
    rows = [["users × items", "ours", "bare", "ours / bare", "aim"]]
    for name, scores in cases.items():
        seconds = best_of(
            {
                "ours": lambda scores=scores: rank_items(scores, K),
                "bare": lambda scores=scores: bare(scores),
            },
            repeats=15,
        )
        times = [f"{1000 * seconds[who]:.1f} ms" for who in ("ours", "bare")]
        aim = "" if "whole" in name else "1.1"
        rows.append([name, *times, f"{seconds['ours'] / seconds['bare']:.2f}", aim])
    show(f"the best {K}, ties in order; argpartition and a sort without", rows)


class Factors:
    """A factor model of random numbers."""

    def __init__(self, n_users: int, n_items: int) -> None:
        rng = np.random.default_rng(0)
        self.users, self.items = (rng.normal(size=(n, 16)) for n in (n_users, n_items))

    def score(self, user_ids: Any, item_ids: Any) -> Any:
        """The product."""
        return self.users[user_ids] @ self.items[item_ids].T


def large_catalogue(n_users: int = 200_000, n_items: int = 20_000) -> None:
    """What evaluate allocates for a full ranking of everything."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(n_users), 10),
            "item_id": rng.integers(n_items, size=10 * n_users),
            "rating": 5,
            "timestamp": 0,
        }
    ).drop_duplicates(["user_id", "item_id"])
    held_out = table.groupby("user_id").cumcount() < 3
    items = np.arange(n_items)
    split = Split(
        train=table[~held_out],
        valid=table.iloc[:0],
        test=table[held_out],
        candidates=items,
        valid_candidates=items,
    )
    model = Factors(n_users, n_items)
    tracemalloc.start()
    start = time.perf_counter()
    evaluate(model, split, K, metrics=tuple(METRICS))
    took, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    show(
        f"evaluate {n_users:,} users × {n_items:,} items: memory beside model and split",
        [["", "MiB", "aim"], [f"peak ({took:.0f} s)", f"{peak / 2**20:.0f}", "1024"]],
    )


if __name__ == "__main__":
    beside_ranx()
    beside_argpartition()
    large_catalogue()
