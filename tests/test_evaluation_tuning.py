"""A search on the validation part, by the metric that counts."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from mmrec_course.evaluation import Split, evaluate, grid_search


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
    assert (table["error"] == "").all()


def test_the_table_holds_what_evaluate_says_of_a_model_fitted_on_train() -> None:
    _, table = grid_search(OneFavourite(), {"favourite": ["c", "e"]}, split(), metric="recall", k=2)
    for favourite, value in zip(table["favourite"], table["recall"], strict=True):
        model = OneFavourite(favourite=favourite).fit(split().train)
        assert value == evaluate(model, split(), 2, part="valid")["recall"].mean()
    assert list(table.columns) == ["favourite", "recall", "error"]


def test_ties_go_to_the_earlier_setting() -> None:
    grid = {"favourite": ["b", "c"], "noise": [5, 3, 4]}
    best, table = grid_search(OneFavourite(), grid, split())
    assert (best.favourite, best.noise) == ("c", 5)
    assert table["noise"].tolist() == [5, 3, 4, 5, 3, 4]
    best, _ = grid_search(OneFavourite(), [{"noise": [9]}, {"noise": [1]}], split())
    assert best.noise == 9


def test_one_setting_that_fails_is_reported_and_the_others_go_on() -> None:
    best, table = grid_search(OneFavourite(), {"favourite": ["broken", "c"]}, split())
    assert best.favourite == "c"
    assert table.loc[0, "error"] == "ZeroDivisionError: no such item"
    assert np.isnan(table.loc[0, "ndcg"])
    assert table.index.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"grid": {"favourite": ["broken"]}}, "none of 1 settings worked; the first: ZeroDiv"),
        ({"grid": {"colour": [1, 2]}}, "none of 2 settings worked; .*'colour'"),
        ({"metric": "nDCG"}, "metrics: 'nDCG' is unknown"),
        ({"k": 0}, "k: 0 is not a whole number"),
        ({"positive": 6}, "valid: no candidate has a rating of 6 or more"),
    ],
)
def test_when_nothing_works_the_reason_is_named(keywords: dict[str, Any], message: str) -> None:
    arguments = {"grid": {"favourite": ["b", "c"]}, **keywords}
    with pytest.raises(ValueError, match=message):
        grid_search(OneFavourite(), split=split(), **arguments)
