"""What each modality adds: leave-one-out ablation, Shapley values and permutation controls.

Notebook: 08_weighted_fusion
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mmrec_course.evaluation.comparison import compare_splits

Subset = tuple[str, ...]
Values = list[NDArray[np.float64]]  # one array of a value for each user, for each split


def modality_shapley(
    objective: Callable[[Subset], Sequence[ArrayLike]],
    modalities: Sequence[str],
    *,
    test_share: float,
    placebos: Mapping[str, Callable[[str], Sequence[ArrayLike]]] | None = None,
) -> pd.DataFrame:
    """Measure in several ways how much each modality adds to the objective v, with intervals.

    With v(S) the objective of a recommender with the modalities S, and M all of them,

    - *alone*: v({m}) − v(∅);
    - *left out* (leave-one-out ablation): v(M) − v(M \\ {m});
    - *Shapley*: ``Σ_{S ∌ m} |S|! (|M| − |S| − 1)! / |M|! · (v(S ∪ {m}) − v(S))``, what m adds when
      it joins, averaged over all orders. Only these values add up to v(M) − v(∅);
    - each *placebo*: v(M \\ {m} and a fake m) − v(M \\ {m}), which should be about 0.

    The objective, called once for each of the ``2^|M|`` subsets, maps a tuple of modalities,
    possibly empty, to one array for each split, with a value for each user, always the same users.
    Fusion weights should be refitted inside it. A placebo maps a modality to such arrays, for M
    with a fake in its place: permuted rows (``FeatureBlock.shuffle``) or Gaussian noise. For the
    intervals and ``test_share`` see :func:`~mmrec_course.evaluation.compare_splits`.

    Shapley (1953), A Value for n-Person Games; Lundberg and Lee (2017), NeurIPS, on models.
    """
    names = tuple(modalities)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"modalities: {list(names)}; give at least one, and none twice")
    subsets = [s for n in range(len(names) + 1) for s in combinations(names, n)]
    v = {s: [np.asarray(values, dtype=np.float64) for values in objective(s)] for s in subsets}
    rest = {m: tuple(other for other in names if other != m) for m in names}
    parts = {("alone", m): _gain(v[m,], v[()]) for m in names}
    parts |= {("left out", m): _gain(v[names], v[rest[m]]) for m in names}
    parts |= {("Shapley", m): _shapley(v, names, m) for m in names}
    for name, fake in (placebos or {}).items():
        parts |= {(name, m): _gain(fake(m), v[rest[m]]) for m in names}
    # Each part is a difference already, so its own mean and interval are wanted, not a baseline's.
    tables = {
        " ".join(key): [pd.DataFrame({"mean": gain}) for gain in gains]
        for key, gains in parts.items()
    }
    table = compare_splits(tables, "mean", test_share=test_share)[["mean", "low", "high"]]
    table.index = pd.MultiIndex.from_tuples(parts, names=["measure", "modality"])
    return table.rename(columns={"mean": "value"}).reset_index()


def _gain(after: Sequence[ArrayLike], before: Values) -> Values:
    """Differences user by user, split by split."""
    return [np.asarray(a) - b for a, b in zip(after, before, strict=True)]


def _shapley(v: Mapping[Subset, Values], names: Subset, m: str) -> Values:
    """Mean gain when m joins, over all orders: weighted by how many orders start with a subset."""
    total = [np.zeros_like(split) for split in v[()]]
    for before in v:
        if m not in before:
            n_orders = factorial(len(before)) * factorial(len(names) - len(before) - 1)
            after = tuple(other for other in names if other in (*before, m))
            share = n_orders / factorial(len(names))
            gains = _gain(v[after], v[before])
            total = [t + share * gain for t, gain in zip(total, gains, strict=True)]
    return total
