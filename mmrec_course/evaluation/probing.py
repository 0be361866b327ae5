"""What does a feature block know? Linear probes: read a known fact of the items off their features.

In: features of items and facts about the same items. Out: a score with an interval for each fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

__all__ = ["probe"]

Floats = NDArray[np.float64]
Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
REGS = np.logspace(-2, 5, 15)


class _ItemFeatures(Protocol):
    """All that a probe needs of a feature block: rows with their item ids."""

    @property
    def item_ids(self) -> NDArray[Any]:
        """(n,) ids."""

    @property
    def values(self) -> Floats:
        """(n, d) numbers."""

    @property
    def present(self) -> NDArray[np.bool_]:
        """(n,) which items have any."""


def probe(
    features: _ItemFeatures,
    facts: pd.DataFrame | pd.Series,
    *,
    groups: pd.Series | None = None,
    standardize: bool = True,
    n_folds: int = 5,
    n_boot: int = 2000,
    rng: int = 0,
) -> pd.DataFrame:
    """How well a linear model reads each fact off the features of items it has not seen.

    A fact in numbers is predicted by ridge regression and judged by

        R² = 1 − Σ_i (y_i − ŷ_i)² / Σ_i (y_i − ȳ_i)²,

    ŷ_i and the mean ȳ_i both from the folds that item i is not in: 1 is perfect, 0 no better
    than always saying the mean, below 0 worse. A fact in labels is predicted by a ridge
    classifier and judged by accuracy; ``chance`` is what always saying the training folds' most
    frequent label gets. λ is chosen within the training folds.

    A low score says that the fact is not there *for a linear model*; a high one, that the
    features carry it, not that anybody's taste depends on it.

    Parameters
    ----------
    features
        A :class:`~mmrec_course.features.FeatureBlock`; absent items are left out.
    facts
        A column a fact, indexed by item id; items with a missing fact are left out.
    groups
        Label an item, indexed by item id, such as its artist: items of one group are never on
        both sides. Without it, what relates an item to its siblings counts as known.
    standardize
        Bring every column to mean 0 and standard deviation 1 on the training folds: right for
        columns with units of their own. False for columns that are on one scale already, such
        as TF-IDF, where a word's rareness is meant to count.
    n_folds
        How many parts the items are dealt into.
    n_boot
        Bootstrap samples of items, for the interval.
    rng
        Seed of the folds and the bootstrap.

    Returns
    -------
    DataFrame indexed by fact: measure ("R2" or "accuracy"), n (items), score, low, high (95 %
    percentile interval), chance.

    Raises
    ------
    ValueError
        If a fact has fewer than ``n_folds`` usable items (or groups), or only one value.

    Notes
    -----
    Alain and Bengio (2016), Understanding intermediate layers using linear classifier probes.
    The interval is over items, given the fitted folds; it leaves out the luck of the folds.

    Notebook: 03_image_features
    """
    table = facts.to_frame() if isinstance(facts, pd.Series) else facts
    scaler = StandardScaler() if standardize else "passthrough"
    rows = [
        _probe_one(features, table[name], scaler, groups, n_folds, n_boot, rng) for name in table
    ]
    return pd.DataFrame(rows, index=pd.Index(table.columns, name="fact"))


def _probe_one(
    features: _ItemFeatures,
    fact: pd.Series,
    scaler: Any,
    groups: pd.Series | None,
    n_folds: int,
    n_boot: int,
    rng: int,
) -> dict[str, Any]:
    place = pd.Index(features.item_ids).get_indexer(fact.index)
    use = (place >= 0) & fact.notna().to_numpy()
    use[use] = features.present[place[use]]
    x, y = features.values[place[use]], fact[use].to_numpy()
    _check(fact.name, y, n_folds)
    numeric = pd.api.types.is_numeric_dtype(fact) and not pd.api.types.is_bool_dtype(fact)
    labels = None if groups is None else groups.reindex(fact.index[use]).to_numpy()
    folds = _folds(len(y), labels, n_folds, rng, fact.name)
    right, base = (_squared_errors if numeric else _hits)(x, y, scaler, folds)
    draws = np.random.default_rng(rng).integers(len(y), size=(n_boot, len(y)))
    if numeric:
        score = 1 - right.sum() / base.sum()
        again = 1 - right[draws].sum(axis=1) / base[draws].sum(axis=1)
    else:
        score, again = right.mean(), right[draws].mean(axis=1)
    low, high = np.percentile(again, [2.5, 97.5])
    return {
        "measure": "R2" if numeric else "accuracy",
        "n": len(y),
        "score": float(score),
        "low": float(low),
        "high": float(high),
        "chance": 0.0 if numeric else float(base.mean()),
    }


def _check(name: Any, y: NDArray[Any], n_folds: int) -> None:
    if len(y) < n_folds:
        raise ValueError(f"facts[{name!r}]: {len(y)} items to learn from, below {n_folds} folds")
    if len(pd.unique(y)) < 2:
        raise ValueError(f"facts[{name!r}]: every item has the same value; nothing to predict")


def _folds(n: int, groups: NDArray[Any] | None, n_folds: int, rng: int, name: Any) -> Folds:
    from sklearn.model_selection import GroupKFold, KFold  # late: it loads many models

    if groups is None:
        return list(KFold(n_folds, shuffle=True, random_state=rng).split(np.zeros(n)))
    if pd.isna(groups).any():
        raise ValueError(f"groups: an item of facts[{name!r}] has none")
    if len(pd.unique(groups)) < n_folds:
        raise ValueError(f"groups: fewer than {n_folds} among the items of facts[{name!r}]")
    splitter = GroupKFold(n_folds, shuffle=True, random_state=rng)
    return list(splitter.split(np.zeros(n), groups=groups))


def _squared_errors(x: Floats, y: NDArray[Any], scaler: Any, folds: Folds) -> tuple[Floats, Floats]:
    """(n,) each: of the probe, and of the training folds' mean."""
    y = y.astype(np.float64)
    error, base = np.zeros(len(y)), np.zeros(len(y))
    for learn, ask in folds:
        model = make_pipeline(scaler, _ridge(x[learn])).fit(x[learn], y[learn])
        error[ask] = (y[ask] - model.predict(x[ask])) ** 2
        base[ask] = (y[ask] - y[learn].mean()) ** 2
    return error, base


def _ridge(x: Floats) -> Any:
    """λ by leave-one-out prediction, with the decomposition that is fastest for this shape."""
    from sklearn.linear_model import RidgeCV  # late: it loads many models

    return RidgeCV(REGS, gcv_mode="svd" if x.shape[1] < x.shape[0] else "eigen")


def _hits(x: Floats, y: NDArray[Any], scaler: Any, folds: Folds) -> tuple[Floats, Floats]:
    """(n,) each, 1 where right: the probe, and the training folds' most frequent label."""
    y = y.astype(str)
    hit, base = np.zeros(len(y)), np.zeros(len(y))
    for learn, ask in folds:
        labels, counts = np.unique(y[learn], return_counts=True)
        base[ask] = y[ask] == labels[counts.argmax()]
        if len(labels) < 2:
            hit[ask] = base[ask]
            continue
        # A ridge classifier: regression to 1 for the label and −1 for the others.
        target = 2.0 * (y[learn, None] == labels) - 1  # (n_learn, n_labels)
        model = make_pipeline(scaler, _ridge(x[learn])).fit(x[learn], target)
        hit[ask] = labels[model.predict(x[ask]).argmax(axis=1)] == y[ask]
    return hit, base
