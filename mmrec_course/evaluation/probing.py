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
    if not len(table.columns) or not table.columns.is_unique:
        raise ValueError(f"facts: no column, or one name twice; it has {list(table.columns)}")
    # Numeric facts of all items share one decomposition of the features.
    together = [name for name, fact in table.items() if _is_number(fact) and fact.notna().all()]
    batches = [together, *([name] for name in table if name not in together)]
    scaler = StandardScaler() if standardize else "passthrough"
    parts = [_probe(features, table[names], groups, scaler, rng) for names in batches if names]
    return pd.concat(parts).loc[table.columns]


def _is_number(fact: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(fact) and not pd.api.types.is_bool_dtype(fact)


def _probe(features: Any, facts: pd.DataFrame, groups: Any, scaler: Any, rng: int) -> pd.DataFrame:
    """Rows of `probe` for numeric facts of the same items, or for one fact of labels."""
    row = pd.Index(features.item_ids).get_indexer(facts.index)
    use = (row >= 0) & facts.notna().all(axis=1).to_numpy()
    use[use] = features.present[row[use]]
    x, known = features.values[row[use]], facts[use]
    labels = None if groups is None else groups.reindex(known.index).to_numpy()
    folds = _folds(known, labels, rng)
    draws = np.random.default_rng(rng).integers(len(x), size=(2000, len(x)))
    is_number = _is_number(facts.iloc[:, 0])
    y = known.to_numpy(np.float64 if is_number else str)  # (n, n_facts)
    probed, constant = _cross_validated(x, y, scaler, folds)
    rows = []
    for found, base in zip(probed.T, constant.T, strict=True):
        if is_number:
            measure, score, chance = "R2", 1 - found.sum() / base.sum(), 0.0
            resampled = 1 - found[draws].sum(axis=1) / base[draws].sum(axis=1)
        else:
            measure, score, chance = "accuracy", found.mean(), float(base.mean())
            resampled = found[draws].mean(axis=1)
        low, high = np.percentile(resampled, [2.5, 97.5])
        rows.append((measure, len(x), float(score), float(low), float(high), chance))
    columns = ["measure", "n", "score", "low", "high", "chance"]
    return pd.DataFrame(rows, pd.Index(facts.columns, name="fact"), columns)


def _folds(facts: pd.DataFrame, groups: NDArray[Any] | None, rng: int) -> Folds:
    """(train, test) positions of each fold, after a check that the facts can be predicted."""
    from sklearn.model_selection import GroupKFold, KFold  # late: it loads many models

    for name, n_values in facts.nunique().items():
        if len(facts) < N_FOLDS or n_values < 2:
            problem = f"{len(facts)} items with {n_values} values, {N_FOLDS} folds"
            raise ValueError(f"facts[{name!r}]: {problem}")
    if groups is None:
        return list(KFold(N_FOLDS, shuffle=True, random_state=rng).split(facts))
    if pd.isna(groups).any():
        raise ValueError(f"groups: an item of facts[{facts.columns[0]!r}] has none")
    return list(GroupKFold(N_FOLDS, shuffle=True, random_state=rng).split(facts, groups=groups))


def _cross_validated(x: Floats, y: NDArray[Any], scaler: Any, folds: Folds) -> tuple[Any, Any]:
    """(n, n_facts) squared errors, or whether labels are right: of the probe, and of a constant."""
    from sklearn.dummy import DummyClassifier, DummyRegressor  # late: they load many models
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import cross_val_predict

    # λ by leave-one-out prediction, with the decomposition that is fastest for this shape.
    mode = "svd" if x.shape[1] < len(folds[0][0]) else "eigen"
    is_number = y.dtype.kind == "f"
    model = make_pipeline(scaler, RidgeCV(REGS, gcv_mode=mode, alpha_per_target=is_number))
    if is_number:
        models = (model, DummyRegressor())
        predicted, mean = (cross_val_predict(m, x, y, cv=folds).reshape(y.shape) for m in models)
        return (y - predicted) ** 2, (y - mean) ** 2
    # A ridge classifier: regression to 1 for the label and −1 for the others.
    labels = np.unique(y)
    target = 2.0 * (y == labels) - 1  # (n, n_labels)
    predicted = labels[cross_val_predict(model, x, target, cv=folds).argmax(axis=1)]
    usual = cross_val_predict(DummyClassifier(), x, y.ravel(), cv=folds)
    return predicted[:, None] == y, usual[:, None] == y
