"""How training time grows with the data, and where it stands beside known libraries.

In: nothing; the data are drawn. Out: tables. Run: python benchmarks/fitting.py

A slope of s on a log–log scale means: twice the data, 2ˢ times the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from threadpoolctl import threadpool_limits
from timing import best_of, show

from mmrec_course.recommenders import EASE, ImplicitALS
from mmrec_course.recommenders.collaborative import inverse_spd, solve_factors


def drawn_ratings(n_users: int, n_items: int, each: int = 20) -> pd.DataFrame:
    """About ``each`` ratings a user, of uniformly drawn items."""
    rng = np.random.default_rng(0)
    pair = np.unique(
        np.repeat(np.arange(n_users), each) * n_items + rng.integers(n_items, size=n_users * each)
    )
    return pd.DataFrame(
        {
            "user_id": pair // n_items,
            "item_id": pair % n_items,
            "rating": rng.integers(1, 6, len(pair)),
            "timestamp": 0,
        }
    )


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Of the straight line through the points on a log–log scale."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def growth(title: str, sizes: list[int], fit: Callable[[int], Callable[[], Any]]) -> None:
    """Time ``fit(size)()`` for each size, and print the slope."""
    seconds = [best_of({"fit": fit(size)}, repeats=2)["fit"] for size in sizes]
    rows = [["size", "seconds", "slope so far"]]
    for place, (size, took) in enumerate(zip(sizes, seconds, strict=True)):
        so_far = f"{slope(sizes[: place + 1], seconds[: place + 1]):.2f}" if place else ""
        rows.append([f"{size:,}", f"{took:.2f}", so_far])
    rows.append(["last two", "", f"{slope(sizes[-2:], seconds[-2:]):.2f}"])
    show(title, rows)


def ease(n_items: int) -> Callable[[], Any]:
    """EASE for a number of items, with two users to each."""
    ratings = drawn_ratings(2 * n_items, n_items)
    return lambda: EASE().fit(ratings)


def als(n_users: int) -> Callable[[], Any]:
    """ImplicitALS for a number of users, with one item to four of them."""
    ratings = drawn_ratings(n_users, n_users // 4)
    return lambda: ImplicitALS(factors=16, iterations=2).fit(ratings)


def one_by_one(confidence: sp.csr_array, other: np.ndarray, reg: float) -> np.ndarray:
    """Half a sweep of iALS, a row after another."""
    gram = other.T @ other + reg * np.eye(other.shape[1])
    factors = np.zeros((confidence.shape[0], other.shape[1]))
    for row in np.flatnonzero(np.diff(confidence.indptr)):
        entries = slice(confidence.indptr[row], confidence.indptr[row + 1])
        v, c = other[confidence.indices[entries]], confidence.data[entries]
        factors[row] = np.linalg.solve(gram + (v.T * (c - 1)) @ v, c @ v)
    return factors


def beside_a_loop() -> None:
    """Half a sweep of iALS with rows of similar length together, beside a loop over rows."""
    rows = [["users × items", "factors", "loop s", "faster by", "largest difference"]]
    for n_users, n_items in ((600, 480), (50_000, 12_500)):
        histories = ImplicitALS(factors=1, iterations=1).fit(drawn_ratings(n_users, n_items))
        confidence = histories._confidence(histories.histories_)
        for factors in (16, 32):
            other = np.random.default_rng(0).normal(size=(n_items, factors))
            with threadpool_limits(1):
                seconds = best_of(
                    {
                        "ours": lambda c=confidence, v=other: solve_factors(c, v, 10.0),
                        "loop": lambda c=confidence, v=other: one_by_one(c, v, 10.0),
                    },
                    repeats=3,
                )
                ours = solve_factors(confidence, other, 10.0)
                apart = np.abs(ours - one_by_one(confidence, other, 10.0)).max()
            size, ratio = f"{n_users:,} × {n_items:,}", seconds["loop"] / seconds["ours"]
            rows.append(
                [size, f"{factors}", f"{seconds['loop']:.2f}", f"{ratio:.1f}", f"{apart:.0e}"]
            )
    show("half a sweep of iALS", rows)


def beside_inv() -> None:
    """The inverse that EASE needs, by Cholesky, beside the general one."""
    x = np.random.default_rng(0).normal(size=(3000, 1500))
    gram = x.T @ x
    seconds = best_of({"ours": lambda: inverse_spd(gram), "inv": lambda: np.linalg.inv(gram)}, 3)
    ratio = seconds["ours"] / seconds["inv"]
    show("inverse of a 1,500 × 1,500 Gram matrix", [["ours / numpy's inv"], [f"{ratio:.2f}"]])


def beside_implicit() -> None:
    """ImplicitALS beside the library of the same method, on one thread and with its solvers."""
    try:
        from implicit.cpu.als import AlternatingLeastSquares
    except ImportError:
        print("\nimplicit is not installed: not compared (pip install implicit)")
        return
    ratings = drawn_ratings(10_000, 2_500)
    model = ImplicitALS(factors=16, iterations=3).fit(ratings)
    confidence = sp.csr_matrix(model._confidence(model.histories_))

    def theirs(**options: Any) -> None:
        AlternatingLeastSquares(
            factors=16, regularization=10.0, iterations=3, num_threads=1, **options
        ).fit(confidence, show_progress=False)

    with threadpool_limits(1):
        seconds = best_of(
            {
                "ours": lambda: ImplicitALS(factors=16, iterations=3).fit(ratings),
                "implicit, exact solver, float64": lambda: theirs(use_cg=False, dtype=np.float64),
                "implicit, as it comes": theirs,
            },
            repeats=2,
        )
    rows = [["way", "seconds", "ours / this"]]
    for name, took in seconds.items():
        rows.append([name, f"{took:.2f}", f"{seconds['ours'] / took:.1f}"])
    show("10,000 users × 2,500 items, 200,000 ratings, 16 factors, 3 sweeps", rows)


if __name__ == "__main__":
    growth("EASE over the number of items (theory: 3)", [400, 800, 1600, 3200], ease)
    growth(
        "ImplicitALS over the number of users, items in proportion (theory: 1)",
        [2_000, 4_000, 8_000, 16_000],
        als,
    )
    beside_a_loop()
    beside_inv()
    beside_implicit()
