"""Out-of-fold scores: each item is scored by a model that has not learned from its ratings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from mmrec_course.datasets.validation import _other_kind


@dataclass(frozen=True)
class ScoreTable:
    """A table of scores with the ``score`` method that `evaluate` needs.

    ``values`` are (n_users, n_items); ``folds`` (n_items,) say in which fold an item was held out.

    Notebook: 08_weighted_fusion
    """

    values: NDArray[np.float64]
    user_ids: NDArray[Any]
    item_ids: NDArray[Any]
    folds: NDArray[np.intp] | None = None

    def score(self, user_ids: ArrayLike, item_ids: ArrayLike) -> NDArray[np.float64]:
        """(n_users, n_items) of these ids; 0 for ids that the table does not have."""
        _other_kind(user_ids, self.user_ids, "user_ids")
        _other_kind(item_ids, self.item_ids, "item_ids")
        row = pd.Index(self.user_ids).get_indexer(user_ids)
        column = pd.Index(self.item_ids).get_indexer(item_ids)
        table = self.values[np.ix_(row, column)]
        table[row < 0], table[:, column < 0] = 0.0, 0.0
        return table


def out_of_fold_scores(
    model: Any, ratings: pd.DataFrame, features: Any = None, *, n_folds: int = 5, rng: int = 0
) -> ScoreTable:
    """Score every rated item by a clone of the model fitted without the ratings of its fold.

    The table is over sorted ids. Two models with the same ``rng`` have the same folds of items.

    Wolpert (1992), Stacked Generalization, Neural Networks 5(2).

    Notebook: 08_weighted_fusion
    """
    users, items = (np.sort(pd.unique(np.asarray(ratings[c]))) for c in ("user_id", "item_id"))
    if not 2 <= n_folds <= len(items):
        raise ValueError(f"n_folds: {n_folds} is not between 2 and the {len(items)} rated items")
    folds = np.random.default_rng(rng).permutation(len(items)) % n_folds
    scores = np.empty((len(users), len(items)))
    for fold in range(n_folds):
        held_out = items[folds == fold]
        train = ratings[~ratings["item_id"].isin(held_out)]
        scores[:, folds == fold] = clone(model).fit(train, features).score(users, held_out)
    return ScoreTable(scores, users, items, folds)
