"""Learning fusion weights: the search over the simplex beside scipy's generic optimisers.

In: nothing; scores and likings are drawn. Out: tables. Run: python benchmarks/fusing.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import differential_evolution, minimize
from timing import best_of, show

from mmrec_course.fusion import (
    learn_weights,
    ndcg_objective,
    stack_weights,
    standardize_scores,
)

Game = tuple[dict[str, Any], Any, dict[str, Any], Any]


def drawn_game(n_modalities: int, n_users: int = 600, n_items: int = 480, rng: int = 0) -> Game:
    """Scores of modalities that know something, what was liked, who has what, five folds."""
    random = np.random.default_rng(rng)
    names = [f"m{j}" for j in range(n_modalities)]
    parts = {m: random.normal(size=(n_users, n_items)) for m in names}
    want = sum((j + 1) / n_modalities * parts[m] for j, m in enumerate(names))
    want = want + 2 * random.normal(size=(n_users, n_items))
    liked = want > np.quantile(want, 0.96, axis=1, keepdims=True)
    scores = {m: standardize_scores(y) for m, y in parts.items()}
    present = {m: random.random(n_items) < 0.93 for m in names}
    return scores, liked, present, np.arange(n_items) % 5


def on_simplex(quality: Callable[[Mapping[str, float]], float], names: list[str], x: Any) -> float:
    """What a minimiser that knows no constraints is to minimise: |x| / Σ|x| are the weights."""
    w = np.abs(x)
    return -quality(dict(zip(names, w / w.sum() if w.sum() > 0 else w + 1, strict=True)))


def beside_scipy(n_modalities: int, step: float) -> None:
    """The same objective, reached how far and how fast; also far from it: on fresh listeners."""
    scores, liked, present, fold = drawn_game(n_modalities)
    new_scores, new_liked, new_present, _ = drawn_game(n_modalities, rng=1)
    names = list(scores)
    quality = ndcg_objective(scores, liked, present, groups=fold)
    fresh = ndcg_objective(new_scores, new_liked, new_present, groups=fold)
    goal = partial(on_simplex, quality, names)
    found: dict[str, Any] = {}

    def keep(name: str, solve: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            found[name] = solve()

        return run

    def generic(result: Any) -> dict[str, float]:
        w = np.abs(result.x)
        return dict(zip(names, w / w.sum(), strict=True))

    start = np.full(n_modalities, 1 / n_modalities)
    ours = f"grid, step {step}"
    seconds = best_of(
        {
            ours: keep(ours, lambda: learn_weights(scores, liked, present, groups=fold, step=step)),
            "Nelder–Mead": keep(
                "Nelder–Mead", lambda: generic(minimize(goal, start, method="Nelder-Mead"))
            ),
            "differential evolution": keep(
                "differential evolution",
                lambda: generic(
                    differential_evolution(goal, [(0, 1)] * n_modalities, rng=0, polish=False)
                ),
            ),
            "least squares": keep(
                "least squares", lambda: stack_weights(scores, liked, present, groups=fold)
            ),
        },
        repeats=2,
    )
    rows = [["way", "NDCG@10 reached", "on fresh data", "seconds", "time / grid"]]
    for name, took in seconds.items():
        w = found[name]
        ratio = f"{took / seconds[ours]:.2f}"
        rows.append([name, f"{quality(w):.4f}", f"{fresh(w):.4f}", f"{took:.2f}", ratio])
    show(f"{n_modalities} modalities, 600 users × 480 items in five folds", rows)


def all_of_mosaics_size() -> None:
    """Every way to learn weights on data of Mosaic's size; the aim is 2 s each on two cores."""
    scores, liked, present, fold = drawn_game(3)
    ways = {
        "search on NDCG@10": lambda: learn_weights(scores, liked, present, groups=fold),
        "least squares": lambda: stack_weights(scores, liked, present, groups=fold),
    }
    rows = [["", "seconds", "aim"]]
    rows += [[name, f"{took:.2f}", "2"] for name, took in best_of(ways, repeats=3).items()]
    show("600 users × 480 items × 3 modalities", rows)


if __name__ == "__main__":
    beside_scipy(3, 0.1)
    beside_scipy(4, 0.1)
    all_of_mosaics_size()
