"""Ranking everything for everybody: time beside known ways to do it, and peak memory.

In: nothing; the data are drawn. Out: tables of ratios. Run: python benchmarks/ranking.py
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import surprise
from threadpoolctl import threadpool_limits
from timing import best_of, show

from mmrec_course.recommenders import ImplicitALS, SurpriseRecommender
from mmrec_course.recommenders.base import BLOCK_CELLS

K = 10
MIB = 2**20


def drawn_ratings(n_users: int, n_items: int, n_ratings: int) -> pd.DataFrame:
    """About that many ratings of uniformly drawn pairs."""
    rng = np.random.default_rng(0)
    pair = np.unique(rng.integers(n_users * n_items, size=n_ratings))
    return pd.DataFrame(
        {
            "user_id": pair // n_items,
            "item_id": pair % n_items,
            "rating": rng.integers(1, 6, len(pair)),
            "timestamp": 0,
        }
    )


def model_with_factors(n_users: int, n_items: int, factors: int, n_rated: int) -> ImplicitALS:
    """A model as ``fit`` leaves it, but with factors drawn and not learned: ranking is the same."""
    rng = np.random.default_rng(0)
    model = ImplicitALS(factors=factors)
    model.user_ids_, model.item_ids_ = np.arange(n_users), np.arange(n_items)
    # A random walk round the catalogue: no item twice for a user.
    step = rng.integers(1, n_items // n_rated, size=(n_users, n_rated))
    item = np.sort(np.cumsum(step, axis=1) % n_items, axis=1).astype(np.int32)
    pointer = np.arange(0, n_users * n_rated + 1, n_rated, dtype=np.int32)
    model.histories_ = sp.csr_array(
        (np.full(item.size, 1.5), item.ravel(), pointer), shape=(n_users, n_items)
    )
    model.user_factors_ = rng.normal(size=(n_users, factors))
    model.mean_factors_ = model.user_factors_.mean(axis=0)
    model.item_factors_ = rng.normal(size=(n_items, factors))
    return model


def beside_surprise() -> None:
    """Predictions and lists against Surprise's own loop over everything not rated."""
    ratings = drawn_ratings(943, 1682, 100_000)
    rows = [["algorithm", "Surprise's loop", "score: faster by", "recommend: faster by", "aim"]]
    cases: list[tuple[Any, int, str]] = [
        (surprise.SVD(n_epochs=2), 1, "300"),
        # The loop would take minutes: every 40th pair, and the time times 40.
        (surprise.KNNBaseline(sim_options={"user_based": False}), 40, ""),
    ]
    for algo, every, aim in cases:
        model = SurpriseRecommender(algo=algo).fit(ratings)
        users = model.user_ids_
        start = time.perf_counter()
        model.algo_.test(model.algo_.trainset.build_anti_testset()[::every])
        loop = every * (time.perf_counter() - start)
        ours = best_of(
            {
                "score": lambda m=model, u=users: m.score(u, m.item_ids_),
                "recommend": lambda m=model, u=users: m.recommend(u, K),
            },
            repeats=5 if every == 1 else 1,
        )
        times = [f"{loop / ours[name]:.0f}" for name in ("score", "recommend")]
        rows.append([type(algo).__name__, f"{loop:.1f} s", *times, aim])
    show("943 users × 1,682 items, every pair not rated", rows)


def bare(model: ImplicitALS) -> None:
    """The least there is to do: the product and numpy's partial sort, nothing left out."""
    n_block = BLOCK_CELLS // len(model.item_ids_)
    for start in range(0, len(model.user_ids_), n_block):
        scores = model.user_factors_[start : start + n_block] @ model.item_factors_.T
        top = np.argpartition(scores, -K, axis=1)[:, -K:]
        np.take_along_axis(scores, top, axis=1)


def beside_implicit() -> None:
    """The same factors, ranked by ``recommend``, by implicit, and by a bare product."""
    model = model_with_factors(20_000, 5_000, 64, 20)
    functions = {
        "ours": lambda: model.recommend(model.user_ids_, K),
        "product and argpartition": lambda: bare(model),
    }
    aims = {"product and argpartition": "1.1", "implicit (float32)": "0.5"}
    try:
        from implicit.cpu.als import AlternatingLeastSquares
    except ImportError:
        print("\nimplicit is not installed: not compared (pip install implicit)")
    else:
        seen = sp.csr_matrix(model.histories_)
        with threadpool_limits(1):  # it warns where BLAS has threads; its ranking has its own
            theirs = AlternatingLeastSquares(factors=64)
        theirs.user_factors = model.user_factors_.astype(np.float32)
        theirs.item_factors = model.item_factors_.astype(np.float32)
        functions["implicit (float32)"] = lambda: theirs.recommend(model.user_ids_, seen, N=K)
    seconds = best_of(functions, repeats=3)
    rows = [["way", "seconds", "ours / this", "aim"]]
    for name, took in seconds.items():
        rows.append([name, f"{took:.2f}", f"{seconds['ours'] / took:.2f}", aims.get(name, "")])
    show("20,000 users × 5,000 items, 64 factors, 20 rated items each left out", rows)


def large_catalogue(queue: Any) -> None:
    """Lists for 200,000 users over 20,000 items; puts seconds and the process's peaks."""
    start_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model = model_with_factors(200_000, 20_000, 16, 20)
    model_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    listed = model.recommend(model.user_ids_, K)
    took = time.perf_counter() - start
    assert len(listed) == K * len(model.user_ids_)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    queue.put((took, start_peak, model_peak, peak))


def memory() -> None:
    """Peak memory in a process of its own, beside what all scores at once would take."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=large_catalogue, args=(queue,))
    child.start()
    took, start_peak, model_peak, peak = queue.get()
    child.join()
    show(
        "200,000 users × 20,000 items, 16 factors: peak memory of the whole process",
        [
            ["", "MiB", "aim"],
            ["Python and its libraries", f"{start_peak:.0f}", ""],
            ["with the model", f"{model_peak:.0f}", ""],
            [f"with every list ({took:.0f} s)", f"{peak:.0f}", "1024"],
            ["all scores at once would be", f"{200_000 * 20_000 * 8 / MIB:.0f}", ""],
        ],
    )


if __name__ == "__main__":
    memory()  # first: a child's peak starts at what its parent holds
    beside_implicit()
    beside_surprise()
