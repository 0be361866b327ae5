"""Out-of-fold scores: each item's from a model that never saw its ratings."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from mmrec_course.evaluation import ScoreTable, out_of_fold_scores


class CountsRatings(BaseEstimator):
    """Scores an item by how often it was rated in training, plus the training's size."""

    def fit(self, ratings, features=None):
        self.counts_ = ratings["item_id"].value_counts()
        return self

    def score(self, user_ids, item_ids):
        seen = self.counts_.reindex(item_ids, fill_value=0).to_numpy()
        return np.tile(seen + self.counts_.sum() / 1000, (len(user_ids), 1))


RATINGS = pd.DataFrame(
    {"user_id": list("aabbc") * 2, "item_id": list("xyxzwvuvux"), "rating": [5, 1] * 5}
)


def test_an_item_is_scored_without_its_fold():
    table = out_of_fold_scores(CountsRatings(), RATINGS, n_folds=3)
    assert table.item_ids.tolist() == sorted(set(RATINGS["item_id"]))
    counts = RATINGS["item_id"].value_counts()
    for fold in range(3):
        held_out = table.item_ids[table.folds == fold]
        assert len(held_out) == 2
        expected = (len(RATINGS) - counts[held_out].sum()) / 1000
        np.testing.assert_allclose(table.values[:, table.folds == fold], expected)


def test_models_share_folds_whatever_the_order_of_rows():
    one = out_of_fold_scores(CountsRatings(), RATINGS, n_folds=2, rng=4)
    other = out_of_fold_scores(CountsRatings(), RATINGS[::-1], n_folds=2, rng=4)
    assert one.folds.tolist() == other.folds.tolist()
    np.testing.assert_allclose(one.values, other.values)


@pytest.mark.parametrize("n_folds", [1, 7])
def test_impossible_folds_are_refused(n_folds):
    with pytest.raises(ValueError, match=f"n_folds: {n_folds} is not between 2 and the 6"):
        out_of_fold_scores(CountsRatings(), RATINGS, n_folds=n_folds)


def test_a_table_scores_by_id():
    table = ScoreTable(np.arange(4.0).reshape(2, 2), np.array(["a", "b"]), np.array(["x", "y"]))
    assert table.score(["b", "?"], ["y", "x", "!"]).tolist() == [[3, 2, 0], [0, 0, 0]]


def test_ids_of_another_type_are_refused():
    table = out_of_fold_scores(CountsRatings(), RATINGS, n_folds=2)
    for users, items, name in (([1], ["x"], "user_ids"), (["a"], [1], "item_ids")):
        with pytest.raises(ValueError, match=f"{name}: ids of another type"):
            table.score(users, items)
