"""RecBole's and MMRec's files: read as they are published, and refused where they are wrong."""

import numpy as np
import pandas as pd
import pytest

from mmrec_course.datasets import load_atomic
from mmrec_course.datasets.atomic import read_atomic_table
from mmrec_course.evaluation import Split
from mmrec_course.features import FeatureBlock, extract_features

HEADER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
INTER = HEADER + "u1\ta\t4\t10\nu2\tb\t3.5\t20\n"
ITEM = 'item_id:token\tmovie_title:token_seq\tclip:float_seq\nb\tThe "B"\t1 2\na\tA\t\nc\t\t3 4\n'


@pytest.fixture
def recbole(tmp_path):
    (tmp_path / "x.inter").write_text(INTER)
    (tmp_path / "x.item").write_text(ITEM)
    (tmp_path / "x.user").write_text("user_id:token\tage:float\nu1\t20\nu2\t\n")
    return tmp_path


@pytest.fixture
def mmrec(tmp_path):
    rows = ["0\t0\t5.0\t9\t0", "0\t2\t4.0\t8\t1", "1\t2\t3.0\t7\t2", "1\t1\t3.0\t6\t0"]
    header = "userID\titemID\trating\ttimestamp\tx_label"
    (tmp_path / "baby.inter").write_text("\n".join([header, *rows]) + "\n")
    (tmp_path / "i_id_mapping.csv").write_text("asin\titemID\nB00B\t1\nB00A\t0\nB00C\t2\n")
    np.save(tmp_path / "image_feat.npy", np.array([[1, 2], [0, 0], [5, 6]], np.float32))
    np.save(tmp_path / "text_feat.npy", np.array([[1.0], [2.0], [np.nan]]))
    return tmp_path


# --- as they are published ----------------------------------------------------------------------


def test_recboles_form(recbole):
    ds = load_atomic(str(recbole))
    assert ds.ratings[["user_id", "item_id", "rating"]].to_numpy().tolist() == [
        ["u1", "a", 4.0],
        ["u2", "b", 3.5],
    ]
    assert ds.ratings["timestamp"].iloc[1] == pd.Timestamp("1970-01-01 00:00:20")
    assert ds.items.index.tolist() == ["b", "a", "c"]
    assert ds.items.loc["b", "title"] == 'The "B"'
    assert pd.isna(ds.items.loc["c", "title"])
    assert ds.listeners.loc["u1", "age"] == 20
    block = ds.features["clip"]
    assert isinstance(block, FeatureBlock)
    assert block.align(["a", "b", "c"]).values.tolist() == [[0, 0], [1, 2], [3, 4]]
    assert block.align(["a", "b", "c"]).present.tolist() == [False, True, True]


def test_mmrecs_form(mmrec):
    ds = load_atomic(mmrec)
    assert ds.items.index.tolist() == ["0", "1", "2"]
    assert ds.items["title"].tolist() == ["B00A", "B00B", "B00C"]
    assert ds.modalities == ("image", "text")
    assert ds.features["image"].values.tolist() == [[1, 2], [0, 0], [5, 6]]
    assert ds.present()["image"].tolist() == [True, False, True]
    assert ds.present()["text"].tolist() == [True, True, False]
    assert ds.features["text"].reasons == {"2": "a number is missing"}
    blocks = extract_features(ds)
    assert blocks["image"].values.tolist() == ds.features["image"].values.tolist()


def test_the_split_of_the_file_is_kept(mmrec):
    ratings = load_atomic(mmrec).ratings
    assert ratings["part"].tolist() == ["train", "valid", "test", "train"]
    parts = {part: rows.drop(columns="part") for part, rows in ratings.groupby("part")}
    items = np.array(["0", "1", "2"])
    split = Split(**parts, candidates=items, valid_candidates=items)
    assert split.test["item_id"].tolist() == ["2"]


def test_without_ratings_times_items_and_map(tmp_path):
    (tmp_path / "x.inter").write_text("user_id:token\titem_id:token\nu1\tb\nu2\ta\nu1\tb\n")
    ds = load_atomic(tmp_path)
    assert ds.ratings["rating"].tolist() == [5, 5]
    assert ds.ratings["timestamp"].is_monotonic_increasing
    assert sorted(ds.items.index) == ["a", "b"]
    (tmp_path / "x.inter").write_text("userID\titemID\n7\t1\n")
    np.save(tmp_path / "audio_feat.npy", np.ones((3, 2)))
    ds = load_atomic(tmp_path)
    assert ds.items.index.tolist() == ["0", "1", "2"]
    assert ds.features["audio"].names == ("audio0", "audio1")


def test_of_two_ratings_the_later_stays(tmp_path):
    rows = "u\ta\t5\t30\nu\ta\t1\t10\nu\tb\t2\t10\nu\tb\t3\t10\n"
    (tmp_path / "x.inter").write_text(HEADER + rows)
    assert load_atomic(tmp_path).ratings["rating"].tolist() == [5, 3]


def test_a_table_is_typed_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "t"
    path.write_bytes("\ufeffa:token\tb:float\tc:token_seq\r\n'x\t\t p q \r\n".encode())
    table = read_atomic_table(path)
    assert table["a"].tolist() == ["'x"]
    assert np.isnan(table["b"].iloc[0])
    assert table["c"].tolist() == [" p q "]
    assert table.index.tolist() == [2]


# --- malformed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("x.inter", "", "row 1: the file is empty"),
        ("x.inter", "user_id:token\titem_id:token\n", "there is nothing below the header"),
        ("x.inter", "user_id:token\trating:float\nu\t1\n", "column 'item_id' .* is missing"),
        ("x.inter", "user_id:word\titem_id:token\nu\ta\n", "column 'user_id' has type 'word'"),
        ("x.inter", "user_id:token\tuser_id:token\nu\ta\n", "'user_id' is there twice"),
        ("x.inter", "user_id:token\titem_id:token\nu\ta\nu\n", "row 3: 1 cells, but the header"),
        ("x.inter", INTER.replace("3.5", "good"), "row 3, column 'rating': 'good' is not a number"),
        ("x.inter", INTER.replace("b\t3.5", "zz\t3.5"), "'zz' is not among the items"),
        ("x.inter", INTER.replace("\t20", "\tsoon"), "row 3, column 'timestamp': 'soon'"),
        ("x.item", ITEM.replace("3 4", "3 4 5"), "2 numbers, but others have 3|3 numbers"),
        ("x.item", ITEM.replace("3 4", "3 x"), "row 4, column 'clip': 'x' is not a number"),
        ("x.item", ITEM.replace("a\tA", "b\tA"), "'b' occurs before"),
        ("x.item", "title:token\nA\n", "column 'item_id' .* is missing"),
        ("x.user", "age:float\n20\n", "column 'user_id' .* is missing"),
    ],
)
def test_a_malformed_table_is_named(recbole, file, text, message):
    (recbole / file).write_text(text)
    with pytest.raises(ValueError, match=rf"{file}: .*({message})"):
        load_atomic(recbole)


def test_bytes_that_are_no_text_are_named(recbole):
    (recbole / "x.inter").write_bytes(b"user_id:token\titem_id:token\n\xff\ta\n")
    with pytest.raises(ValueError, match=r"x\.inter: byte 28 is not UTF-8"):
        load_atomic(recbole)


def test_folders_without_one_table_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        load_atomic(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"has no \.inter file"):
        load_atomic(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.inter").write_text(INTER)
    with pytest.raises(ValueError, match=r"several \.inter files \(a\.inter, b\.inter\)"):
        load_atomic(tmp_path)


class Runs:
    """Would leave a mark if it were loaded."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('it ran')",))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[Runs()], [Runs()], [Runs()]], dtype=object), "never loaded"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((3, 2, 2)), r"shape \(3, 2, 2\)"),
        (np.array([["a"], ["b"], ["c"]]), "expected"),
        (np.ones((2, 2)), "item '2' has no row; there are 2"),
        (np.ones((4, 2)), "there are 3 items"),
    ],
)
def test_a_malformed_array_is_named(mmrec, array, message):
    np.save(mmrec / "image_feat.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=rf"image_feat\.npy: .*{message}"):
        load_atomic(mmrec)


def test_a_damaged_array_is_named(mmrec):
    (mmrec / "image_feat.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ValueError, match=r"image_feat\.npy: not a plain array"):
        load_atomic(mmrec)


def test_ids_out_of_range_and_wrong_parts_are_named(mmrec):
    path = mmrec / "baby.inter"
    good = path.read_text()
    path.write_text(good.replace("1\t2\t3.0", "1\t9\t3.0"))
    with pytest.raises(ValueError, match=r"baby\.inter: row 4, column 'item_id': '9' is not among"):
        load_atomic(mmrec)
    path.write_text(good.replace("7\t2\n", "7\t3\n"))
    with pytest.raises(ValueError, match=r"row 4, column 'x_label': '3' is none of 0"):
        load_atomic(mmrec)
    path.write_text(good)
    (mmrec / "i_id_mapping.csv").write_text("asin\titemID\nB00B\t1\nB00A\t0\nB00C\t5\n")
    with pytest.raises(ValueError, match=r"i_id_mapping\.csv: row 4, column 'item_id': '5' is not"):
        load_atomic(mmrec)
