"""StatelessTransformer: parameters are checked before anything, rows have their names' shape."""

import numpy as np
import pytest
from sklearn.utils import get_tags

from mmrec_course.features.stateless import StatelessTransformer


class Mean(StatelessTransformer):
    def __init__(self, *, scale=1.0):
        self.scale = scale

    def _names(self):
        if self.scale <= 0:
            raise ValueError(f"scale: {self.scale} is not positive")
        return ["mean"]

    def _describe(self, item, index):
        if not len(item):
            raise ValueError(f"X: item {index} is empty")
        return np.array([self.scale * np.mean(item)])


def test_each_input_is_one_row_without_fitting():
    rows = Mean(scale=2).transform([[1, 3], [5]])
    assert rows.tolist() == [[4.0], [10.0]]
    assert Mean().transform([]).shape == (0, 1)
    assert Mean().get_feature_names_out().tolist() == ["mean"]
    assert not get_tags(Mean()).requires_fit


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_a_wrong_parameter_is_named_before_any_input_is_read(method):
    with pytest.raises(ValueError, match="scale: -1 is not positive"):
        getattr(Mean(scale=-1), method)([[]])


def test_a_malformed_input_is_named_by_its_position():
    with pytest.raises(ValueError, match="X: item 1 is empty"):
        Mean().transform([[1], []])
