"""Dataset: one object that knows what is there and what is missing."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from mosaic_like import make_catalogue

from mmrec_course.datasets import Dataset, load_mosaic
from mmrec_course.features import FeatureBlock, extract_features


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
        "Dataset(8 items, 21 ratings, 4 users; with image 6, text 7, audio 7; 1 problems)"
    )


def test_it_cannot_be_changed_by_accident(ds):
    with pytest.raises(dataclasses.FrozenInstanceError):
        ds.items = None


def test_a_data_set_from_memory_has_no_truth(ds):
    with pytest.raises(FileNotFoundError, match="has none"):
        ds.ground_truth()


# --- ids are never row numbers ------------------------------------------------------------------

RATINGS = pd.DataFrame({"user_id": [7, 8], "item_id": [1, 3], "rating": 5, "timestamp": [0, 1]})
ITEMS = pd.DataFrame(
    {"item_id": [1, 2, 3, 4], "text": ["jazz piano", "jazz trio", "rock guitar", "rock band"]}
)


def test_a_column_item_id_becomes_the_index():
    for table in (ITEMS, ITEMS.set_index("item_id"), ITEMS.rename_axis("row")):
        ds = Dataset(ratings=RATINGS, items=table, users=pd.DataFrame({"user_id": [7, 8]}))
        assert ds.items.index.tolist() == [1, 2, 3, 4]
        assert ds.users.index.tolist() == [7, 8]
        block = extract_features(ds, cache=False)["text"]
        assert block.item_ids.tolist() == [1, 2, 3, 4]
        assert "item_id" in ITEMS.columns


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (ITEMS.rename(columns={"item_id": "sku"}), "items: the index looks like row numbers"),
        (ITEMS.drop(columns="item_id"), r"items: .* row numbers .*rename_axis\('item_id'\)"),
        (ITEMS.rename(columns={"item_id": "sku"}).iloc[[0, 1, 3]], "row numbers"),
        (ITEMS.replace({"item_id": {4: 1}}), "items: row 5, column 'item_id': 1 occurs before"),
        (
            ITEMS.assign(item_id=[1, 3, None, 4]),
            "items: row 4, column 'item_id': nan: the id is missing",
        ),
        (ITEMS.rename_axis("item_id"), "column 'item_id' differs from the index of that name"),
        (ITEMS.query("item_id != 3"), "row 3, column 'item_id': 3 is not among the items; leave"),
        (ITEMS.astype({"item_id": str}), r"numbers \(1\), .* text \('1'\).*astype\(str\)"),
    ],
)
def test_items_without_the_rated_ids_are_refused(items, message):
    with pytest.raises(ValueError, match=message):
        Dataset(ratings=RATINGS, items=items)


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="ratings: dict, expected a DataFrame with user_id, item"):
        Dataset(ratings=RATINGS.to_dict("list"), items=ITEMS)
    with pytest.raises(TypeError, match="items: list, expected a DataFrame"):
        Dataset(ratings=RATINGS, items=[1, 2, 3])
    with pytest.raises(ValueError, match="ratings: row 1: column 'timestamp' is missing"):
        Dataset(ratings=RATINGS.drop(columns="timestamp"), items=ITEMS)


def test_notes_are_shown():
    ds = Dataset(ratings=RATINGS, items=ITEMS, notes=("all ratings were 1",))
    assert repr(ds) == "Dataset(4 items, 2 ratings; with text 4; note: all ratings were 1)"
