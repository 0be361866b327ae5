"""A search on the validation part, by the metric that counts."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from small_world import RATINGS

from mmrec_course.evaluation import Split, evaluate, grid_search, random_split
from mmrec_course.recommenders import EASE

SPLIT = random_split(RATINGS)


class OneFavourite(BaseEstimator):  # type: ignore[misc]
    """Ranks one item first, by its place in the alphabet; remembers what it was fitted on."""

    def __init__(self, *, favourite: str = "a", noise: int = 0) -> None:
        self.favourite = favourite
        self.noise = noise

    def fit(self, ratings: pd.DataFrame, features: Any = None) -> Self:
        if self.favourite == "broken":
            raise ZeroDivisionError("no such item")
        self.fitted_on_ = list(ratings["item_id"])
        self.features_ = features
        return self

    def score(self, user_ids: Any, item_ids: Any) -> NDArray[np.float64]:
        self.asked_ = list(item_ids)
        return np.tile((np.asarray(item_ids) == self.favourite).astype(float), (len(user_ids), 1))


def split() -> Split:
    """c is liked in the validation part, d in the test part."""

    def part(*rows: tuple[str, str]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=["user_id", "item_id"]).assign(rating=5, timestamp=0)

    return Split(
        train=part(("u", "a"), ("v", "a")),
        valid=part(("u", "c"), ("v", "c"), ("v", "e")),
        test=part(("u", "d"), ("v", "d")),
        candidates=np.array(list("abcde")),
        valid_candidates=np.array(list("abcde")),
    )


def test_the_best_on_validation_is_refitted_on_train_and_valid() -> None:
    model = OneFavourite()
    best, table = grid_search(model, {"favourite": list("bcd")}, split(), {"image": 1}, k=1)
    assert best.favourite == "c"  # d would be best on the test part, which is not looked at
    assert best.fitted_on_ == ["a", "a", "c", "c", "e"]
    assert best.features_ == {"image": 1}
    assert best is not model and not hasattr(model, "fitted_on_")
    assert table.index.tolist() == [1, 0, 2] and table.index.name == "setting"
    assert table["favourite"].tolist() == list("cbd")
    assert table["ndcg"].tolist() == pytest.approx([1.0, 0.0, 0.0])


def test_the_table_holds_what_evaluate_says_of_a_model_fitted_on_train() -> None:
    _, table = grid_search(OneFavourite(), {"favourite": ["c", "e"]}, split(), metric="recall", k=2)
    for favourite, value in zip(table["favourite"], table["recall"], strict=True):
        model = OneFavourite(favourite=favourite).fit(split().train)
        assert value == evaluate(model, split(), 2, part="valid")["recall"].mean()
    assert list(table.columns) == ["favourite", "recall"]


def test_ratings_are_indexed_once_for_all_settings_with_the_same_threshold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    index = EASE._index
    monkeypatch.setattr(EASE, "_index", lambda *given: calls.append(1) or index(*given))
    grid = {"positive": [3.0, 4.0], "reg": [1.0, 10.0, 100.0]}
    best, table = grid_search(EASE(), grid, SPLIT)
    assert len(calls) == 3  # for each threshold, and of train and valid
    for row in table.itertuples():
        model = EASE(positive=row.positive, reg=row.reg).fit(SPLIT.train)
        assert row.ndcg == pytest.approx(evaluate(model, SPLIT, part="valid")["ndcg"].mean())
    for name in ("item_ids_", "mean_history_", "weights_"):
        expected = getattr(EASE(**best.get_params()).fit(SPLIT.train_valid), name)
        np.testing.assert_array_equal(getattr(best, name), expected)


def test_a_setting_does_not_see_what_another_ones_fit_wrote() -> None:
    given = []

    class Writing(EASE):
        def _fit(self, ratings: pd.DataFrame, blocks: Any) -> None:
            super()._fit(ratings, blocks)
            given.append((ratings["rating"].sum(), self.histories_.sum(), self.n_ratings_.sum()))
            ratings["rating"] = 0
            self.histories_.data[:] = 0
            self.n_ratings_[:] = 0

    grid_search(Writing(), {"reg": [1.0, 10.0]}, SPLIT)
    assert given[0] == given[1] and given[0][0] == SPLIT.train["rating"].sum()


def test_a_fit_of_a_subclass_is_called_for_each_setting() -> None:
    fits = []

    class Counting(EASE):
        def fit(self, ratings: pd.DataFrame, features: Any = None) -> Self:
            fits.append(self.reg)
            return super().fit(ratings, features)

    grid_search(Counting(), {"reg": [1.0, 10.0]}, SPLIT)
    assert fits[:2] == [1.0, 10.0] and len(fits) == 3


def test_ties_go_to_the_earlier_setting() -> None:
    grid = {"favourite": ["b", "c"], "noise": [5, 3, 4]}
    best, table = grid_search(OneFavourite(), grid, split())
    assert (best.favourite, best.noise) == ("c", 5)
    assert table["noise"].tolist() == [5, 3, 4, 5, 3, 4]
    best, _ = grid_search(OneFavourite(), [{"noise": [9]}, {"noise": [1]}], split())
    assert best.noise == 9


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"grid": {"favourite": ["c", "broken"]}}, ZeroDivisionError, "no such item"),
        ({"grid": {"colour": [1, 2]}}, ValueError, "'colour'"),
        ({"metric": "nDCG"}, ValueError, "metrics: 'nDCG' is unknown"),
        ({"k": 0}, ValueError, "k: 0 is not a whole number"),
        ({"positive": 6}, ValueError, "valid: no candidate has a rating of 6 or more"),
    ],
)
def test_what_does_not_work_is_named(
    keywords: dict[str, Any], error: type[Exception], message: str
) -> None:
    arguments: dict[str, Any] = {"grid": {"favourite": ["b", "c"]}, **keywords}
    with pytest.raises(error, match=message):
        grid_search(OneFavourite(), split=split(), **arguments)
