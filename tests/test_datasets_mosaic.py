"""load_mosaic on a small catalogue in Mosaic's format."""

import re

import numpy as np
import pandas as pd
import pytest
from mosaic_like import IDS, make_catalogue

from mmrec_course.datasets import load_mosaic
from mmrec_course.datasets.media import locate_media


@pytest.fixture
def folder(tmp_path):
    return make_catalogue(tmp_path / "mosaic")


def test_tables_and_media_arrive(folder):
    ds = load_mosaic(folder)
    assert list(ds.items.index) == list(IDS)
    assert list(ds.items.columns) == [
        "title", "artist", "genre", "released", "image", "text", "audio",
    ]  # fmt: skip
    assert ds.items["released"].iloc[1] == pd.Timestamp("2024-01-02")
    assert ds.items["text"].iloc[2] == '"Fast, loud, machines"'
    assert ds.items["image"].iloc[0] == str(folder.resolve() / "images" / "t0.png")
    assert list(ds.ratings.columns) == ["user_id", "item_id", "rating", "timestamp"]
    assert list(ds.ratings.index) == list(range(len(ds.ratings)))
    assert ds.users.index.tolist() == ["u0", "u1", "u2", "u3"]
    assert ds.modalities == ("image", "text", "audio")
    assert ds.problems.empty


def test_what_is_not_listed_is_missing_without_a_problem(folder):
    ds = load_mosaic(str(folder))
    absent = ~ds.present()
    assert absent.sum().to_dict() == {"image": 1, "text": 1, "audio": 1}
    assert absent.loc["t5", "image"]
    assert absent.loc["t3", "text"]
    assert absent.loc["t6", "audio"]
    assert ds.items["image"].isna()["t5"]


def test_a_bad_file_marks_one_item_in_one_modality_and_nothing_else(folder):
    (folder / "images" / "t0.png").unlink()
    (folder / "audio" / "t1.ogg").write_bytes(b"")
    ds = load_mosaic(folder)
    assert ds.problems.to_numpy().tolist() == [
        ["t0", "image", "images/t0.png: there is no such file"],
        ["t1", "audio", "t1.ogg: the file is empty"],
    ]
    assert list(ds.items.index) == list(IDS)
    assert not ds.present().loc["t0", "image"]
    assert ds.present().loc["t0", "audio"]
    assert not ds.present().loc["t1", "audio"]


def test_a_catalogue_need_not_have_every_modality(folder):
    items, problems = locate_media(load_mosaic(folder).items[["title", "text"]], folder)
    assert list(items.columns) == ["title", "text"]
    assert problems.empty


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("items.csv", "t1,Title 1", "t0,Title 1", "items.csv: row 3, column 'item_id': 't0'"),
        ("items.csv", "2024-01-02", "soon", "items.csv: row 3, column 'released': 'soon'"),
        ("items.csv", ",audio", ",sound", "items.csv: row 1: column 'audio' is missing"),
        ("ratings.csv", "u0,t1", "u0,t99", "ratings.csv: row 2, column 'item_id': 't99'"),
        ("ratings.csv", "u0,t1", "u99,t1", "ratings.csv: row 2, column 'user_id': 'u99'"),
        ("ratings.csv", "u0,t2", "u0,t1", "ratings.csv: row 3, column 'item_id': the same user"),
        ("listeners.csv", "u1", "u0", "listeners.csv: row 3, column 'user_id': 'u0'"),
        ("listeners.csv", "joined", "since", "listeners.csv: row 1: column 'joined' is missing"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(folder, name, old, new, message):
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(message)):
        load_mosaic(folder)


def test_without_its_folder_the_remedy_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="clone the whole course"):
        load_mosaic(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["items.csv", "ratings.csv", "listeners.csv"])
def test_a_missing_table_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=re.escape(name)):
        load_mosaic(folder)


def test_truth_is_read_and_never_unpickled(folder):
    ds = load_mosaic(folder)
    with pytest.raises(FileNotFoundError, match="only a made-up world"):
        ds.ground_truth()
    np.savez(folder / "truth.npz", quality=np.arange(3.0), names=np.array(["a", "b"]))
    assert ds.ground_truth()["quality"].tolist() == [0.0, 1.0, 2.0]
    assert ds.ground_truth()["names"].tolist() == ["a", "b"]
    np.savez(folder / "truth.npz", evil=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        ds.ground_truth()
