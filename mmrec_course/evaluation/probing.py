"""Linear probes: predict known facts of the items from their features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = NDArray[np.float64]
Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
REGS = np.logspace(-2, 5, 15)
N_FOLDS = 5


def probe(
    features: Any,
    facts: pd.DataFrame | pd.Series,
    *,
    groups: pd.Series | None = None,
    standardize: bool = True,
    rng: int = 0,
) -> pd.DataFrame:
    """Measure how well a linear model predicts each fact of held-out items, by cross-validation.

    A numeric fact is predicted by ridge regression and measured by R² = 1 − Σ_i (y_i − ŷ_i)² /
    Σ_i (y_i − ȳ_i)², ŷ_i and the mean ȳ_i both from the folds without item i; labels by a ridge
    classifier and accuracy, beside that of the most frequent training label (``chance``). λ is
    chosen within the training folds, on which columns are also standardised; for columns on one
    scale, as TF-IDF, set ``standardize=False``.

    ``features`` is a FeatureBlock; ``facts`` has a column for each fact, indexed by item id. Absent
    items and missing facts are left out. Items of one of the ``groups`` (item id → label such as
    the artist) are never in two folds. Returns for each fact measure ("R2" or "accuracy"), n
    (items), score, low, high (95 % percentile bootstrap over items, given the folds) and chance.

    Alain and Bengio (2016), Understanding intermediate layers using linear classifier probes.

    Notebook: 03_image_features
    """
    table = facts.to_frame() if isinstance(facts, pd.Series) else facts
    scaler = StandardScaler() if standardize else "passthrough"
    rows = []
    for name, fact in table.items():
        row = pd.Index(features.item_ids).get_indexer(fact.index)
        use = (row >= 0) & fact.notna().to_numpy()
        use[use] = features.present[row[use]]
        x, y = features.values[row[use]], fact[use].to_numpy()
        labels = None if groups is None else groups.reindex(fact.index[use]).to_numpy()
        folds = _folds(y, labels, rng, name)
        draws = np.random.default_rng(rng).integers(len(y), size=(2000, len(y)))
        if pd.api.types.is_numeric_dtype(fact) and not pd.api.types.is_bool_dtype(fact):
            error, base = _cross_validated(x, y.astype(np.float64), scaler, folds)
            measure, score, chance = "R2", 1 - error.sum() / base.sum(), 0.0
            resampled = 1 - error[draws].sum(axis=1) / base[draws].sum(axis=1)
        else:
            correct, base = _cross_validated(x, y.astype(str), scaler, folds)
            measure, score, chance = "accuracy", correct.mean(), float(base.mean())
            resampled = correct[draws].mean(axis=1)
        low, high = np.percentile(resampled, [2.5, 97.5])
        rows.append((measure, len(y), float(score), float(low), float(high), chance))
    columns = ["measure", "n", "score", "low", "high", "chance"]
    return pd.DataFrame(rows, pd.Index(table.columns, name="fact"), columns)


def _folds(y: Any, groups: NDArray[Any] | None, rng: int, name: Any) -> Folds:
    """(train, test) positions of each fold, after a check that the fact can be predicted."""
    from sklearn.model_selection import GroupKFold, KFold  # late: it loads many models

    n, n_values = len(y), len(pd.unique(y))
    if n < N_FOLDS or n_values < 2:
        raise ValueError(f"facts[{name!r}]: {n} items with {n_values} values, {N_FOLDS} folds")
    if groups is None:
        return list(KFold(N_FOLDS, shuffle=True, random_state=rng).split(y))
    if pd.isna(groups).any():
        raise ValueError(f"groups: an item of facts[{name!r}] has none")
    return list(GroupKFold(N_FOLDS, shuffle=True, random_state=rng).split(y, groups=groups))


def _cross_validated(x: Floats, y: NDArray[Any], scaler: Any, folds: Folds) -> tuple[Any, Any]:
    """(n,) squared errors, or whether labels are correct: of the probe, and of a constant."""
    from sklearn.dummy import DummyClassifier, DummyRegressor  # late: they load many models
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import cross_val_predict

    # λ by leave-one-out prediction, with the decomposition that is fastest for this shape.
    mode = "svd" if x.shape[1] < len(folds[0][0]) else "eigen"
    model = make_pipeline(scaler, RidgeCV(REGS, gcv_mode=mode))
    if y.dtype.kind == "f":
        predicted, mean = (cross_val_predict(m, x, y, cv=folds) for m in (model, DummyRegressor()))
        return (y - predicted) ** 2, (y - mean) ** 2
    # A ridge classifier: regression to 1 for the label and −1 for the others.
    labels = np.unique(y)
    target = 2.0 * (y[:, None] == labels) - 1  # (n, n_labels)
    predicted = labels[cross_val_predict(model, x, target, cv=folds).argmax(axis=1)]
    return predicted == y, cross_val_predict(DummyClassifier(), x, y, cv=folds) == y
