"""Grid search by a ranking metric on the validation part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd
from sklearn.base import clone

from mmrec_course.evaluation.comparison import _evaluate, _held_out
from mmrec_course.evaluation.splits import Split

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
    """Fit every setting on train, evaluate it on valid, and refit the best on both.

    ``grid`` is as for scikit-learn's ``ParameterGrid``. Tune the baselines, too: a tuned favourite
    beats an untuned opponent for no reason of its own. ``features`` are passed to ``fit``.

    Returns the best model, and a DataFrame of all settings, best first: the parameters and the
    metric's mean over users. Means equal to nine digits tie; the earlier setting wins.

    Notebook: 07_collaborative_filtering
    """
    from sklearn.model_selection import ParameterGrid  # late: it loads many models

    settings = list(ParameterGrid(grid))
    held_out = _held_out(split, "valid", positive)
    if fit_each := getattr(model, "_fit_each", None):  # one of ours
        fitted = fit_each(settings, split.train, features)
    else:
        fitted = (clone(model).set_params(**s).fit(split.train, features) for s in settings)
    rows = []
    for setting, candidate in zip(settings, fitted, strict=True):
        # Rounded, so that the last digits of a processor's arithmetic do not decide a tie.
        value = round(float(_evaluate(candidate, held_out, k, (metric,))[metric].mean()), 9)
        rows.append({**setting, metric: value})
    table = pd.DataFrame(rows).rename_axis("setting")
    table = table.sort_values(metric, ascending=False, kind="stable")  # the earlier of equals first
    best = clone(model).set_params(**settings[table.index[0]]).fit(split.train_valid, features)
    return best, table
