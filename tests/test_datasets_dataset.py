"""Dataset: one object that knows what is there and what is missing."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from mosaic_like import make_catalogue

from mmrec_course.datasets import Dataset, load_mosaic
from mmrec_course.features import FeatureBlock


@pytest.fixture
def ds():
    items = pd.DataFrame(
        {"text": ["x", None, "y"], "title": ["A", "B", "C"]},
        index=pd.Index(["a", "b", "c"], name="item_id"),
    )
    ratings = pd.DataFrame(
        {"user_id": ["u"], "item_id": ["a"], "rating": [3], "timestamp": pd.to_datetime(["2024"])}
    )
    return Dataset(ratings=ratings, items=items)


def test_modalities_are_the_columns_that_exist(ds):
    assert ds.modalities == ("text",)
    assert ds.present().columns.tolist() == ["text"]
    assert ds.present()["text"].tolist() == [True, False, True]
    assert ds.present()["text"].dtype == bool


def test_ready_made_features_count_as_modalities(ds):
    block = FeatureBlock(
        modality="visual",
        item_ids=np.array(["c", "a"]),
        values=np.ones((2, 1)),
        present=np.array([True, False]),
        names=("v",),
    )
    with_features = dataclasses.replace(ds, features={"visual": block})
    assert with_features.modalities == ("text", "visual")
    assert with_features.present()["visual"].tolist() == [False, False, True]


def test_repr_is_one_line_of_counts_without_a_path(ds, tmp_path):
    assert repr(ds) == "Dataset(3 items, 1 ratings; with text 2)"
    folder = make_catalogue(tmp_path / "m")
    (folder / "images" / "t0.png").unlink()
    assert repr(load_mosaic(folder)) == (
        "Dataset(8 items, 21 ratings, 4 listeners; with image 6, text 7, audio 7; 1 problems)"
    )


def test_it_cannot_be_changed_by_accident(ds):
    with pytest.raises(dataclasses.FrozenInstanceError):
        ds.items = None


def test_a_data_set_from_memory_has_no_truth(ds):
    with pytest.raises(FileNotFoundError, match="has none"):
        ds.truth()
