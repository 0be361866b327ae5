"""RecBole's and MMRec's files: read as they are published, and refused where they are wrong."""

import io

import numpy as np
import pandas as pd
import pytest

from mmrec_course.datasets import load_atomic
from mmrec_course.evaluation import Split
from mmrec_course.extras.atomic import read_atomic_table
from mmrec_course.features import extract_features
from mmrec_course.recommenders import Popularity

HEADER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
INTER = HEADER + "u1\ta\t4\t10\nu2\tb\t3.5\t20\n"
ITEM = 'item_id:token\tmovie_title:token_seq\tyear:float\nb\tThe "B"\t1990\na\tA\t\nc\t\tnan\n'


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
    assert ds.users.loc["u1", "age"] == 20
    assert ds.items["year"].isna().tolist() == [False, True, True]


def test_mmrecs_form(mmrec):
    ds = load_atomic(mmrec)
    assert ds.items.index.tolist() == ["0", "1", "2"]
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


# --- ratings that are none ----------------------------------------------------------------------


def inter(folder, header, *rows):
    lines = [header, *rows]
    text = "\n".join("\t".join(line.split()) for line in lines) + "\n"
    (folder / "d.inter").write_text(text)
    return load_atomic(folder)


@pytest.mark.parametrize(
    ("column", "given", "expected"),
    [
        ("label:float", "1 0 0", [5, 1, 1]),
        ("label:token", "1 0 0", [5, 1, 1]),
        ("label:float", "1.0 -1 -1.0", [5, 1, 1]),
        ("label", "1 1 1", [5, 5, 5]),
        ("label:float", "0 0 0", [1, 1, 1]),
        ("rating:float", "1 1 1", [5, 5, 5]),
        ("rating", "1.0 1.0 1.0", [5, 5, 5]),
        ("rating:float", "3 3 3", [5, 5, 5]),
        ("rating:float", "10 10 10", [10, 10, 10]),
        ("rating:float", "0 1 0", [1, 5, 1]),
        ("rating:float", "-1 1 1", [1, 5, 5]),
        ("rating:float", "5 5 5", [5, 5, 5]),
        ("rating:float", "1 2 1", [1, 2, 1]),
        ("rating:float", "0 1 2", [0, 1, 2]),
    ],
)
def test_implicit_feedback_is_liking_and_its_no_is_none(tmp_path, column, given, expected):
    rows = [f"u{n} i{n} {value}" for n, value in enumerate(given.split())]
    ds = inter(tmp_path, f"user_id:token item_id:token {column}", *rows)
    assert ds.ratings["rating"].tolist() == expected
    assert ("implicit feedback" in repr(ds)) == (list(map(float, given.split())) != expected)
    if 5 in expected:
        model = Popularity().fit(ds.ratings)
        liked = {f"i{n}": float(rating >= 4) for n, rating in enumerate(expected)}
        assert dict(zip(model.item_ids_, model.popularity_, strict=True)) == liked


def test_what_published_files_call_one_star_is_liking(tmp_path):
    ds = inter(tmp_path, "userID itemID rating x_label", "0 0 1 0", "0 1 1 0", "1 1 1 2")
    assert ds.ratings["rating"].tolist() == [5, 5, 5]
    assert ds.notes == ("implicit feedback: every rating is 1 and counts as 5",)


def test_a_rating_goes_before_a_label(tmp_path):
    head = "user_id:token item_id:token rating:float label:float"
    ds = inter(tmp_path, head, "u a 2 0", "u b 4 1")
    assert ds.ratings["rating"].tolist() == [2, 4]
    assert ds.ratings["label"].tolist() == [0, 1]
    assert ds.notes == ()


@pytest.mark.parametrize("value", ["2", "0.5", "yes", ""])
def test_a_label_that_is_none_is_named(tmp_path, value):
    (tmp_path / "d.inter").write_text(f"user_id\titem_id\tlabel\nu\ta\t1\nu\tb\t{value}\n")
    with pytest.raises(ValueError, match=r"d\.inter: row 3, column 'label'"):
        load_atomic(tmp_path)


# --- times, ids, parts, names of files ----------------------------------------------------------


def test_the_later_of_two_ratings_is_found_in_times_of_any_form(tmp_path):
    head = "user_id:token item_id:token rating:float timestamp:token"
    for late, soon in (("2024-05-02", "2024-05-01"), ("1000000000", "999999999")):
        ds = inter(tmp_path, head, f"u a 2 {late}", f"u a 3 {soon}")
        assert ds.ratings["rating"].tolist() == [2]


def test_an_empty_time_is_named_in_its_own_row(tmp_path):
    for kind, value in (("float", "nan"), ("token", "<NA>")):
        text = HEADER.replace("timestamp:float", f"timestamp:{kind}")
        (tmp_path / "x.inter").write_text(text + "u\ta\t4\t1714558830\nu\tb\t4\t\n")
        with pytest.raises(ValueError, match=rf"x\.inter: row 3, column 'timestamp': {value} is"):
            load_atomic(tmp_path)


def test_ids_typed_float_are_their_digits(tmp_path):
    large = "9007199254740993"  # 2^53 + 1, which no float64 is
    rows = ["1 1", "1.0 2.0", f"{large} 3", f"{int(large) - 1} 3e0"]
    ds = inter(tmp_path, "user_id:float item_id:float", *rows)
    assert ds.ratings["user_id"].tolist() == ["1", "1", large, str(int(large) - 1)]
    assert ds.ratings["item_id"].tolist() == ["1", "2", "3", "3"]
    assert ds.items.index.tolist() == ["1", "2", "3"]
    (tmp_path / "d.item").write_text("item_id:token\ttitle:token\n1\tA\n2\tB\n3\tC\n")
    assert load_atomic(tmp_path).items["title"].tolist() == ["A", "B", "C"]
    with pytest.raises(ValueError, match=r"d\.inter: row 2, column 'user_id': 'x' is not a number"):
        inter(tmp_path, "user_id:float item_id:float", "x 1")


@pytest.fixture
def three(tmp_path):
    for number, part in enumerate(("train", "valid", "test")):
        row = f"u\ti{number}\t{5 - number}\t{number}\n"
        (tmp_path / f"d.{part}.inter").write_text(HEADER + row)
    (tmp_path / "d.item").write_text("item_id:token\ttitle:token\ni0\tA\ni1\tB\ni2\tC\n")
    return tmp_path


def test_three_files_are_three_parts(three):
    ds = load_atomic(three)
    assert ds.ratings["part"].tolist() == ["train", "valid", "test"]
    assert ds.ratings["rating"].tolist() == [5, 4, 3]
    assert ds.items["title"].tolist() == ["A", "B", "C"]
    (three / "d.valid.inter").unlink()
    assert load_atomic(three).ratings["part"].tolist() == ["train", "test"]


def test_parts_are_judged_together_and_named_alone(three):
    (three / "d.test.inter").write_text(HEADER + "u\ti2\t3\t2\nu\ti9\t3\t2\n")
    with pytest.raises(ValueError, match=r"d\.test\.inter: row 3, column 'item_id': 'i9' is not"):
        load_atomic(three)
    (three / "d.test.inter").write_text("user_id:token\titem_id:token\nu\ti2\n")
    with pytest.raises(ValueError, match=r"d\.test\.inter: row 2, column 'rating': nan is not"):
        load_atomic(three)
    for number, part in enumerate(("train", "valid", "test")):
        (three / f"d.{part}.inter").write_text(f"user_id\titem_id\trating\nu\ti{number}\t1\n")
    ds = load_atomic(three)
    assert ds.ratings["rating"].tolist() == [5, 5, 5]
    assert ds.ratings["timestamp"].is_unique
    (three / "d.part4.inter").write_text(HEADER + "u\ti2\t3\t2\n")
    with pytest.raises(ValueError, match=r"several \.inter files .* name\.train\.inter"):
        load_atomic(three)


@pytest.fixture
def named(mmrec):
    (mmrec / "text_feat.npy").rename(mmrec / "all-MiniLM-L6-v2.npy")
    np.save(mmrec / "vggish.npy", np.ones((3, 4)))
    np.save(mmrec / "other.npy", np.ones((2, 4)))
    return mmrec


def test_features_may_have_any_file_name_and_any_modality(named):
    files = {"text": "all-MiniLM-L6-v2.npy", "audio": "vggish.npy", "sentence": "vggish.npy"}
    ds = load_atomic(named, features=files)
    assert set(ds.modalities) == {"image", "text", "audio", "sentence"}
    assert ds.features["text"].present.tolist() == [True, True, False]
    assert ds.features["audio"].values.shape == (3, 4)
    assert extract_features(ds)["sentence"].names[0] == "sentence0"
    assert ds.notes == ("not read: other.npy",)
    assert load_atomic(named, features={"image": "vggish.npy"}).features["image"].values.sum() == 12


@pytest.mark.parametrize(
    ("features", "error", "message"),
    [
        ({"audio": "other.npy"}, ValueError, r"other\.npy: 2 rows, but 3 items; row 0 is"),
        ({"audio": "baby.inter"}, ValueError, r"baby\.inter: not a plain array"),
        ({"audio": "gone.npy"}, FileNotFoundError, r"gone\.npy"),
        ({"audio": "."}, FileNotFoundError, "no regular one"),
    ],
)
def test_a_feature_file_that_does_not_fit_is_named(named, features, error, message):
    with pytest.raises(error, match=message):
        load_atomic(named, features=features)


# --- malformed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("x.inter", "", "row 1: the file is empty"),
        ("x.inter", "user_id:token\titem_id:token\n", "there is nothing below the header"),
        ("x.inter", "user_id:token\trating:float\nu\t1\n", "column 'item_id' is missing"),
        ("x.inter", "user_id:token\tuser_id:float\nu\ta\n", "'user_id' is there twice"),
        ("x.inter", "user_id:token\titem_id:token\nu\ta\nu\n", "row 3: 1 cells, expected 2"),
        ("x.inter", INTER.replace("3.5", "good"), "row 3, column 'rating': 'good' is not a number"),
        ("x.inter", INTER.replace("b\t3.5", "zz\t3.5"), "'zz' is not among the items"),
        ("x.inter", INTER.replace("\t20", "\tsoon"), "row 3, column 'timestamp': 'soon'"),
        ("x.item", ITEM.replace("nan", "old"), "row 4, column 'year': 'old' is not a number"),
        ("x.item", ITEM.replace("a\tA", "b\tA"), "'b' occurs before"),
        ("x.item", "title:token\nA\n", "column 'item_id' is missing"),
        ("x.user", "age:float\n20\n", "column 'user_id' is missing"),
    ],
)
def test_a_malformed_table_is_named(recbole, file, text, message):
    (recbole / file).write_text(text)
    with pytest.raises(ValueError, match=rf"{file}: .*({message})"):
        load_atomic(recbole)


def test_bytes_that_are_no_text_are_named(recbole):
    (recbole / "x.inter").write_bytes(b"user_id:token\titem_id:token\n\xff\ta\n")
    with pytest.raises(ValueError, match=r"x\.inter: row 2: .* is not UTF-8"):
        load_atomic(recbole)


def test_folders_without_one_table_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="is no folder with an"):
        load_atomic(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"an \.inter file"):
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
        (np.ones((2, 2)), "2 rows, but 3 items; row 0 is"),
    ],
)
def test_a_malformed_array_is_named(mmrec, array, message):
    np.save(mmrec / "image_feat.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=rf"image_feat\.npy: .*{message}"):
        load_atomic(mmrec)


def test_a_damaged_array_is_named(mmrec):
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        huge, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 4)}
    )
    packed = io.BytesIO()
    np.savez(packed, np.ones((3, 2)))
    for content in (b"\x93NUMPY", huge.getvalue(), packed.getvalue()):
        (mmrec / "image_feat.npy").write_bytes(content)
        with pytest.raises(ValueError, match=r"image_feat\.npy: not a plain array"):
            load_atomic(mmrec)


def test_a_link_that_leads_nowhere_is_not_overlooked(recbole):
    (recbole / "x.user").unlink()
    (recbole / "x.user").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError, match=r"x\.user"):
        load_atomic(recbole)


def test_ids_out_of_range_and_wrong_parts_are_named(mmrec):
    path = mmrec / "baby.inter"
    good = path.read_text()
    path.write_text(good.replace("1\t2\t3.0", "1\t9\t3.0"))
    with pytest.raises(ValueError, match=r"baby\.inter: row 4, column 'item_id': '9' is not among"):
        load_atomic(mmrec)
    path.write_text(good.replace("7\t2\n", "7\t3\n"))
    with pytest.raises(ValueError, match=r"row 4, column 'x_label': '3' is none of 0"):
        load_atomic(mmrec)
