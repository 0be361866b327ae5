"""Try settings of a model and keep the one that ranks best on the validation part.

In: a model, a grid, a split. Out: the best setting, fitted on train and valid; a table of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from sklearn.base import clone

from mmrec_course.evaluation.comparison import check_metrics, evaluate
from mmrec_course.evaluation.splits import Split

__all__ = ["grid_search"]

Model = TypeVar("Model")


def grid_search(
    model: Model,
    grid: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]],
    split: Split,
    features: Any = None,
    *,
    metric: str = "ndcg",
    k: int = 10,
    positive: float = 4.0,
) -> tuple[Model, pd.DataFrame]:
    """Fit every setting on train, judge it on valid by a ranking metric, refit the best on both.

    The test part is not looked at. Give every model its search, the baselines too: a tuned
    favourite beats an untuned opponent for no reason of its own.

    Parameters
    ----------
    model
        An estimator with scikit-learn's ``get_params``, ``fit(ratings, features)`` and
        ``score``; it is cloned and stays as it is.
    grid
        parameter → values to try in all combinations, or a list of such grids; as for
        scikit-learn's ``ParameterGrid``, which says the order.
    split
        With a validation part.
    features
        Handed on to ``fit``. What was learned to make them (vocabulary, scaling, PCA) should
        have seen training items only.
    metric, k, positive
        As in :func:`~mmrec_course.evaluation.comparison.evaluate`.

    Returns
    -------
    (best model, fitted on train and valid; DataFrame of all settings, best first). The table has
    a column a parameter, the metric (mean over users; NaN where the setting failed) and error
    (the message, else ""), and is indexed by place in the grid. Means equal to nine digits count
    as ties, which go to the earlier setting.

    Raises
    ------
    ValueError
        If the metric is unknown, the validation part is empty, or every setting fails (the first
        error is named, and chained).

    Notebook: 07_collaborative_filtering
    """
    from sklearn.model_selection import ParameterGrid  # late: it loads many models

    check_metrics((metric,))
    if split.valid.empty:
        raise ValueError("split: its validation part is empty; make the split with valid > 0")
    settings = list(ParameterGrid(grid))
    rows, failures = [], []
    for setting in settings:
        value, message = np.nan, ""
        try:
            candidate = clone(model).set_params(**setting).fit(split.train, features)
            table = evaluate(
                candidate, split, k, positive=positive, part="valid", metrics=(metric,)
            )
            # Rounded, so that the last digits of a processor's arithmetic do not decide a tie.
            value = round(float(table[metric].mean()), 9)
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            failures.append(error)
        rows.append({**setting, metric: value, "error": message})
    found = pd.DataFrame(rows, index=pd.RangeIndex(len(rows), name="setting"))
    if len(failures) == len(rows):
        raise ValueError(
            f"grid: none of {len(rows)} settings worked; the first: {rows[0]['error']}"
        ) from failures[0]
    # Stable, so that of equal settings the earlier one stays ahead; failures go last.
    found = found.sort_values(metric, ascending=False, kind="stable", na_position="last")
    best = clone(model).set_params(**settings[found.index[0]]).fit(split.train_valid, features)
    return best, found
