"""What each modality adds: leave-one-out ablation, Shapley values and permutation controls.

Notebook: 08_weighted_fusion
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mmrec_course.evaluation.comparison import compare, compare_splits

__all__ = ["modality_shapley"]

Subset = tuple[str, ...]
Values = list[NDArray[np.float64]]  # one array of a value for each user, for each split


def modality_shapley(
    objective: Callable[[Subset], ArrayLike | Sequence[ArrayLike]],
    modalities: Sequence[str],
    *,
    placebos: Mapping[str, Callable[[str], ArrayLike | Sequence[ArrayLike]]] | None = None,
    test_share: float | None = None,
    n_boot: int = 2000,
    rng: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Measure in several ways how much each modality adds to the objective v, with intervals.

    With v(S) the objective of a recommender with the modalities S, and M all of them,

    - *alone*: v({m}) − v(∅);
    - *left out* (leave-one-out ablation): v(M) − v(M \\ {m});
    - *Shapley*: Σ_{S ∌ m} |S|! (|M| − |S| − 1)! / |M|! · (v(S ∪ {m}) − v(S)), what m adds when it
      joins, averaged over all orders. Only these values add up to v(M) − v(∅);
    - each *placebo*: v(M \\ {m} and a fake m) − v(M \\ {m}), which should be about 0.

    All 2^|M| subsets are evaluated once each: exact, for up to about ten modalities.

    The objective is a function from a tuple of modalities, in their order, possibly empty, to
    (n_users,) values, the same users each time; or to a sequence of such arrays, one for each
    split, which needs ``test_share`` (:func:`~mmrec_course.evaluation.compare_splits`). Fusion
    weights should be refitted to each subset inside it. A placebo is a function from a modality to
    such values, for all modalities with a fake in that one's place: permuted rows
    (``FeatureBlock.shuffle``) or Gaussian noise. The intervals are over users, or over splits.

    Shapley (1953), A Value for n-Person Games; Lundberg and Lee (2017), NeurIPS, on models.
    """
    names = tuple(modalities)
    if not names:
        raise ValueError("modalities: there are none")
    if len(set(names)) < len(names):
        raise ValueError(f"modalities: one occurs twice: {list(names)}")
    subsets = [s for n in range(len(names) + 1) for s in combinations(names, n)]
    v = {s: _splits(objective(s), s) for s in subsets}
    rest = {m: tuple(other for other in names if other != m) for m in names}
    parts = {("alone", m): _gain(v[m,], v[()]) for m in names}
    parts |= {("left out", m): _gain(v[names], v[rest[m]]) for m in names}
    parts |= {("Shapley", m): _shapley(v, names, m) for m in names}
    for name, fake in (placebos or {}).items():
        parts |= {(name, m): _gain(_splits(fake(m), (name, m)), v[rest[m]]) for m in names}
    # Each part is a difference already, so its own mean and interval are wanted, not a baseline's.
    tables = {
        f"{measure} {m}": [pd.DataFrame({"value": gain}) for gain in gains]
        for (measure, m), gains in parts.items()
    }
    n_splits = len(v[()])
    if n_splits == 1:
        single = {name: table for name, (table,) in tables.items()}
        table = compare(single, "value", n_boot=n_boot, rng=rng)
    elif test_share is None:
        raise ValueError(f"test_share: missing; {n_splits} splits need it for their interval")
    else:
        table = compare_splits(tables, "value", test_share=test_share)
    result = pd.DataFrame(list(parts), columns=["measure", "modality"])
    estimates = table[["mean", "low", "high"]].reset_index(drop=True)
    return result.join(estimates.rename(columns={"mean": "value"}))


def _splits(values: Any, what: Subset) -> Values:
    """One array for each split, after a check of its shape."""
    nested = not isinstance(values, np.ndarray | pd.Series) and np.ndim(values[0]) > 0
    splits = [np.asarray(v, dtype=np.float64) for v in (values if nested else [values])]
    for split in splits:
        if split.ndim != 1 or not len(split):
            raise ValueError(f"objective of {what}: shape {split.shape}, expected one value a user")
    return splits


def _gain(after: Values, before: Values) -> Values:
    """Differences user by user, split by split."""
    if [len(v) for v in after] != [len(v) for v in before]:
        raise ValueError(
            f"objective: {[len(v) for v in after]} users in one place and"
            f" {[len(v) for v in before]} in another; every subset needs the same users and splits"
        )
    return [a - b for a, b in zip(after, before, strict=True)]


def _shapley(v: Mapping[Subset, Values], names: Subset, m: str) -> Values:
    """Mean gain when m joins, over all orders: weighted by how many orders start with a subset."""
    total = [np.zeros_like(split) for split in v[()]]
    for before in v:
        if m not in before:
            n_orders = factorial(len(before)) * factorial(len(names) - len(before) - 1)
            after = tuple(other for other in names if other in (*before, m))
            gains = _gain(v[after], v[before])
            share = n_orders / factorial(len(names))
            total = [t + share * gain for t, gain in zip(total, gains, strict=True)]
    return total
