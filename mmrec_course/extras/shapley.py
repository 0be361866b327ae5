"""What is each modality worth? Five ways to ask, on one scale, each with its interval.

In: a function that says how good a recommender with a given set of modalities is. Out: a table
modality × question. How the recommender is built, and how its weights are refitted for each set,
is the function's business.

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

Floats = NDArray[np.float64]
Subset = tuple[str, ...]
Quality = Callable[[Subset], ArrayLike | Sequence[ArrayLike]]


def modality_shapley(
    quality: Quality,
    modalities: Sequence[str],
    *,
    placebos: Mapping[str, Callable[[str], ArrayLike | Sequence[ArrayLike]]] | None = None,
    test_share: float | None = None,
    level: float = 0.95,
    n_boot: int = 2000,
    rng: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """How much each modality adds to the quality of a recommender, asked in several ways.

    With v(S) the quality with the modalities S, and M all of them,

    - *alone*: v({m}) − v(∅), what it can do without the others;
    - *left out*: v(M) − v(M \\ {m}), what goes when it goes;
    - *Shapley*: Σ_{S ∌ m} |S|! (|M| − |S| − 1)! / |M|! · (v(S ∪ {m}) − v(S)), what it adds when
      it joins, averaged over all orders in which modalities can join. These values add up to
      v(M) − v(∅), which neither of the other two does;
    - a *placebo*: v(M \\ {m} and a fake m) − v(M \\ {m}), what something that looks like m and
      knows nothing adds. It should be about nothing; if not, the machinery earns what content is
      credited with.

    All 2^|M| subsets are asked for, once each: exact, for up to about ten modalities.

    Parameters
    ----------
    quality
        A function of a tuple of modalities (in the order of ``modalities``, possibly empty) that
        returns (n_users,) values, the same users each time; or a sequence of such arrays, one a
        split. Weights belong refitted to each subset inside it.
    modalities
        Names, at least one.
    placebos
        name → function of a modality that returns the same for all modalities, with the fake in
        that one's place: rows of features dealt out anew (``FeatureBlock.shuffle``), Gaussian
        noise of the same shape. Weights refitted here, too.
    test_share
        For several splits: the share held out in each, as in
        :func:`~mmrec_course.evaluation.compare_splits`.
    level
        Of the intervals.
    n_boot, rng
        Of the bootstrap over users, for one split.

    Returns
    -------
    DataFrame with columns measure ("alone", "left out", "Shapley", placebo names), modality,
    value, low, high; a row for each modality in each measure, in the units of the quality. The
    interval is over users for one split, over splits for several.

    Raises
    ------
    ValueError
        If there are no modalities, one occurs twice, the numbers of splits or users differ, or
        there are several splits and no test_share.

    Notes
    -----
    Shapley (1953), A Value for n-Person Games. Lundberg and Lee (2017), NeurIPS, for its use on
    models.

    Notebook: 08_weighted_fusion
    """
    names = list(modalities)
    if not names:
        raise ValueError("modalities: there are none")
    if len(set(names)) < len(names):
        raise ValueError(f"modalities: one occurs twice: {names}")
    everything = tuple(names)
    worth = {s: _splits(quality(s), s) for n in range(len(names) + 1) for s in _choose(names, n)}
    parts: dict[tuple[str, str], list[Floats]] = {}
    for m in names:
        rest = tuple(other for other in names if other != m)
        parts["alone", m] = _gap(worth[m,], worth[()])
        parts["left out", m] = _gap(worth[everything], worth[rest])
        parts["Shapley", m] = _shapley(worth, names, m)
        for name, fake in (placebos or {}).items():
            parts[name, m] = _gap(_splits(fake(m), (name, m)), worth[rest])
    measures = dict.fromkeys(measure for measure, _ in parts)
    ordered = {(measure, m): parts[measure, m] for measure in measures for m in names}
    return _with_intervals(ordered, test_share, level=level, n_boot=n_boot, rng=rng)


def _choose(names: Sequence[str], n: int) -> list[Subset]:
    return list(combinations(names, n))


def _splits(values: Any, what: Subset) -> list[Floats]:
    """One array a split, after a look at its shape."""
    nested = not isinstance(values, np.ndarray | pd.Series) and np.ndim(values[0]) > 0
    splits = [np.asarray(v, dtype=np.float64) for v in (values if nested else [values])]
    for split in splits:
        if split.ndim != 1 or not len(split):
            raise ValueError(f"quality of {what}: shape {split.shape}, expected one value a user")
    return splits


def _gap(of: list[Floats], to: list[Floats]) -> list[Floats]:
    if [len(v) for v in of] != [len(v) for v in to]:
        raise ValueError(
            f"quality: {[len(v) for v in of]} users in one place and {[len(v) for v in to]} in"
            " another; every subset needs the same users and splits"
        )
    return [a - b for a, b in zip(of, to, strict=True)]


def _shapley(worth: Mapping[Subset, list[Floats]], names: Sequence[str], m: str) -> list[Floats]:
    """The average over orders, by how many modalities are there before m joins."""
    total = [np.zeros_like(v) for v in worth[()]]
    rest = [other for other in names if other != m]
    for size in range(len(names)):
        share = factorial(size) * factorial(len(names) - size - 1) / factorial(len(names))
        for before in _choose(rest, size):
            after = tuple(other for other in names if other in before or other == m)
            gap = _gap(worth[after], worth[before])
            total = [t + share * g for t, g in zip(total, gap, strict=True)]
    return total


def _with_intervals(
    parts: Mapping[tuple[str, str], list[Floats]],
    test_share: float | None,
    *,
    level: float,
    n_boot: int,
    rng: int | np.random.Generator,
) -> pd.DataFrame:
    # Every value is a difference already, so its own mean and interval are what is wanted.
    tables = {
        f"{measure}\n{m}": [pd.DataFrame({"value": v}) for v in splits]
        for (measure, m), splits in parts.items()
    }
    n_splits = len(next(iter(tables.values())))
    if n_splits == 1:
        single = {name: found[0] for name, found in tables.items()}
        table = compare(single, "value", level=level, n_boot=n_boot, rng=rng)
    elif test_share is None:
        raise ValueError(f"test_share: missing; {n_splits} splits need it for their interval")
    else:
        table = compare_splits(tables, "value", test_share=test_share, level=level)
    return pd.DataFrame(
        {
            "measure": [measure for measure, _ in parts],
            "modality": [m for _, m in parts],
            "value": table["mean"].to_numpy(),
            "low": table["low"].to_numpy(),
            "high": table["high"].to_numpy(),
        }
    )
