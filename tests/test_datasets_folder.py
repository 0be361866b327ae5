"""load_folder: somebody's own folder, with everything that is wrong with such folders."""

import re

import numpy as np
import pandas as pd
import pytest
from mosaic_like import IDS, make_catalogue, write_clip, write_cover

from mmrec_course.datasets import load_folder, load_mosaic
from mmrec_course.features import extract_features
from mmrec_course.recommenders import ContentKNN, Popularity

RATINGS = "user_id,item_id,rating,timestamp\nu1,a,5,2024-05-01\nu1,b,1,2024-05-02\n"


@pytest.fixture
def folder(tmp_path):
    """Three items with a picture each, no ratings."""
    home = tmp_path / "mine"
    (home / "pictures").mkdir(parents=True)
    for i, item in enumerate("abc"):
        write_cover(home / "pictures" / f"{item}.png", hue=30 * i)
    write_items(home, "item_id,image\na,pictures/a.png\nb,pictures/b.png\nc,pictures/c.png\n")
    return home


def write_items(home, content, name="items.csv"):
    (home / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def test_the_least_that_works_is_a_list_of_pictures(folder):
    ds = load_folder(str(folder))
    assert list(ds.items.index) == ["a", "b", "c"]
    assert list(ds.items["title"]) == ["a", "b", "c"]
    assert ds.modalities == ("image",)
    assert ds.items["image"]["a"] == str(folder.resolve() / "pictures" / "a.png")
    assert ds.problems.empty
    assert ds.folder == folder.resolve()


def test_without_ratings_the_frame_is_empty_and_of_the_types_that_some_would_have(folder):
    empty = load_folder(folder).ratings
    write_items(folder, RATINGS, "ratings.csv")
    full = load_folder(folder).ratings
    assert len(empty) == 0
    assert len(full) == 2
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    pd.testing.assert_frame_equal(pd.concat([empty, full]), full)


def test_content_works_without_ratings(folder):
    ds = load_folder(folder)
    blocks = extract_features(ds, cache=False)
    assert sorted(blocks["image"].nearest("a", k=5)["item_id"]) == ["b", "c"]
    assert ds.present()["image"].all()
    assert "3 items, 0 ratings" in repr(ds)


def test_mosaic_is_such_a_folder_too(tmp_path):
    folder = make_catalogue(tmp_path / "mosaic")
    ours, theirs = load_folder(folder), load_mosaic(folder)
    pd.testing.assert_frame_equal(ours.ratings, theirs.ratings)
    pd.testing.assert_frame_equal(
        ours.items.drop(columns="released"), theirs.items.drop(columns="released")
    )
    assert list(ours.items.index) == list(IDS)
    model = Popularity().fit(ours.ratings)
    assert len(model.recommend(["u0"], k=2)) == 2
    blocks = extract_features(ours, ["image"], cache=False)
    assert len(ContentKNN(modality="image").fit(ours.ratings, blocks).recommend(["u0"])) > 0


def test_columns_may_have_any_name_and_others_are_kept(folder):
    write_items(
        folder,
        "sku;name;photo;colour;Beschreibung\n1;Chair;pictures/a.png;red;Ein Stuhl\n"
        "2;;pictures/b.png;007;\n",
    )
    write_items(folder, "who;sku;stars;when\nu;1;7.5;1700000000\n", "ratings.csv")
    ds = load_folder(
        folder, item_id="sku", title="name", image="photo", text="Beschreibung", separator=";",
        user_id="who", rating="stars", timestamp="when", scale=None,
    )  # fmt: skip
    assert list(ds.items.columns) == ["title", "image", "colour", "text"]
    assert list(ds.items["title"]) == ["Chair", "2"]
    assert list(ds.items["colour"]) == ["red", "007"]
    assert ds.items["text"].isna().tolist() == [False, True]
    assert list(ds.ratings.columns) == ["user_id", "item_id", "rating", "timestamp"]
    assert ds.ratings["rating"].tolist() == [7.5]
    assert ds.ratings["timestamp"][0] == pd.Timestamp("2023-11-14 22:13:20")


def test_bad_media_are_problems_and_stop_nothing(folder):
    write_cover(folder.parent / "outside.png", 10)
    (folder / "link.png").symlink_to(folder.parent / "outside.png")
    (folder / "empty.png").write_bytes(b"")
    (folder / "page.png").write_text("<html>", encoding="utf-8")
    write_clip(folder / "a.ogg", 440.0)
    cells = ["../outside.png", "/etc/passwd", "link.png", "empty.png", "page.png", "gone.png",
             "pictures", "a.ogg", str(folder / "pictures" / "a.png"), ""]  # fmt: skip
    rows = "".join(f"{i},{cell}\n" for i, cell in enumerate(cells))
    write_items(folder, "item_id,image\n" + rows)
    ds = load_folder(folder)
    assert ds.items["image"].notna().tolist() == [False] * 8 + [True, False]
    assert list(ds.problems["item_id"]) == list("01234567")
    reasons = ds.problems["reason"].tolist()
    for reason, part in zip(
        reasons,
        ["leads out", "leads out", "leads out", "is empty", "a web page", "no such file",
         "not a regular", "seems to be a sound, which is no readable picture"],
        strict=True,
    ):  # fmt: skip
        assert part in reason
    assert not any(str(folder.parent) in reason for reason in reasons)
    block = extract_features(ds, cache=False)["image"]
    assert block.present.tolist() == ds.items["image"].notna().tolist()
    assert len(block.reasons) == 8


def test_a_byte_order_mark_windows_lines_and_blank_lines_are_all_right(folder):
    content = "item_id,image,text\r\n\r\na,pictures/a.png,Überall\r\n"
    write_items(folder, b"\xef\xbb\xbf" + content.encode())
    assert load_folder(folder).items["text"].tolist() == ["Überall"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "items.csv: row 1: the file is empty"),
        ("item_id,image\n", "items.csv: row 2: there is nothing below the header"),
        ("id,image\na,x.png\n", "items.csv: row 1: column 'item_id' is missing; it has ['id', 'im"),
        ("item_id,image\na,x.png\n,y.png\n", "items.csv: row 3, column 'item_id': <NA>: the id is"),
        ("item_id,image\na,x.png\nb,y.png\na,z.png\n", "items.csv: row 4, column 'item_id': 'a' o"),
        ("item_id,image\na,x,y.png\n", "items.csv: row 2: 3 cells, expected 2"),
        ("item_id;image\na;x.png\n", "the table seems to have ';' between cells, not ','"),
        ("item_id\timage\na\tx.png\n", r"the table seems to have '\t' between cells, not ','"),
        ("item_id,text\na,Stühle\n".encode("latin-1"), "items.csv: row 2: b'a,St"),
        ("item_id,text\na,x\n".encode("utf-16"), "items.csv: row 1: b'\\xff\\xfe"),
        ("item_id,price\na,3\n", "none of the columns ['item_id', 'price'] is text, image or aud"),
        ("item_id,image,image\na,x,y\n", "items.csv: row 1: column 'image' is there twice"),
        ('item_id,text\na,"open\n', "items.csv: row 2: not a CSV table"),
    ],
)
def test_what_is_wrong_with_the_table_is_named_with_its_place(folder, content, message):
    write_items(folder, content)
    with pytest.raises(ValueError, match=re.escape(message)):
        load_folder(folder)


def test_a_named_column_must_be_there_and_replaces_the_one_of_that_name(folder):
    write_items(folder, "item_id,photo,image\na,pictures/a.png,pictures/b.png\n")
    with pytest.raises(ValueError, match="column 'sku' is missing"):
        load_folder(folder, item_id="sku", image="photo")
    for order in ("photo,image", "image,photo"):
        cells = "pictures/a.png,pictures/b.png" if order[0] == "p" else "gone.png,pictures/a.png"
        write_items(folder, f"item_id,{order}\na,{cells}\n")
        assert load_folder(folder, image="photo").items.loc["a", "image"].endswith("a.png")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("u1,z,5,2024-05-01", "ratings.csv: row 2, column 'item_id': 'z' is not among the items"),
        ("u1,a,6,2024-05-01", "ratings.csv: row 2, column 'rating': 6 is outside 1–5"),
        ("u1,a,,2024-05-01", "ratings.csv: row 2, column 'rating': <NA> is not a number"),
        ("u1,a,5,yesterday", "ratings.csv: row 2, column 'timestamp': 'yesterday' is not a time"),
    ],
)
def test_bad_ratings_are_named_with_their_place(folder, row, message):
    write_items(folder, f"user_id,item_id,rating,timestamp\n{row}\n", "ratings.csv")
    with pytest.raises(ValueError, match=re.escape(message)):
        load_folder(folder)


def test_a_wrong_path_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        load_folder(folder / "items.csv")
    with pytest.raises(FileNotFoundError, match=r"ratings.csv: .* rating='stars'"):
        load_folder(folder, rating="stars")
    (folder / "items.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"mine.items.csv"):
        load_folder(folder)


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("ratings.csv", "nowhere", "ratings.csv: there is no such file"),
        ("ratings.csv", "ratings.csv", "ratings.csv: there is no such file"),
        ("Ratings.CSV", "items.csv", "ratings.csv: no such file; rename 'Ratings.CSV'"),
    ],
)
def test_ratings_that_are_a_broken_link_or_misnamed_are_not_overlooked(
    folder, name, target, message
):
    (folder / name).symlink_to(folder / target)
    with pytest.raises(FileNotFoundError, match=message):
        load_folder(folder)


def test_a_scale_is_checked_before_it_is_used(folder):
    with pytest.raises(ValueError, match=r"scale: 5 is not \(lowest, highest\)"):
        load_folder(folder, scale=5)


def test_a_separator_is_one_character(folder):
    with pytest.raises(TypeError, match="1-character"):
        load_folder(folder, separator=", ")


def test_thirty_photographs_find_their_like(tmp_path):
    """The docstring's promise: pictures alone are enough for neighbours."""
    import cv2

    for i in range(30):
        picture = np.zeros((24, 32, 3), np.uint8)
        picture[:, :, i % 3] = 200 + i
        cv2.imwrite(str(tmp_path / f"photo{i}.jpg"), picture)
    rows = "".join(f"photo{i},photo{i}.jpg\n" for i in range(30))
    write_items(tmp_path, "item_id,image\n" + rows)
    block = extract_features(load_folder(tmp_path), cache=False)["image"]
    assert block.nearest("photo0", k=9)["item_id"].str[5:].astype(int).mod(3).eq(0).all()


# --- one column for two roles -------------------------------------------------------------------


def test_one_column_may_serve_two_roles(folder):
    write_items(folder, "item_id,name\n1,Red car\n2,Blue bus\n")
    items = load_folder(folder, title="name", text="name").items
    assert list(items.columns) == ["title", "text"]
    assert items["title"].tolist() == items["text"].tolist() == ["Red car", "Blue bus"]
    write_items(folder, "item_id,title\n1,Red car\n")
    items = load_folder(folder, text="title").items
    assert items.loc["1"].to_dict() == {"title": "Red car", "text": "Red car"}
    write_items(folder, "item_id,title\n1,Red car\n")
    assert load_folder(folder, text="item_id").items["text"].tolist() == ["1"]


def test_the_name_of_a_picture_may_be_the_id(folder):
    write_items(folder, "file\npictures/a.png\npictures/b.png\n")
    write_items(folder, "file,user_id,rating,timestamp\npictures/a.png,u,5,0\n", "ratings.csv")
    ds = load_folder(folder, item_id="file", image="file")
    assert ds.items.index.tolist() == ["pictures/a.png", "pictures/b.png"]
    assert ds.items["image"].notna().all()
    write_items(folder, "image\npictures/a.png\n")
    (folder / "ratings.csv").unlink()
    assert load_folder(folder, item_id="image").present()["image"].tolist() == [True]
    write_items(folder, "title,text\npictures/a.png,A\n")
    turned = load_folder(folder, item_id="title", title="text", text="title").items
    assert turned.loc["pictures/a.png"].to_dict() == {"text": "pictures/a.png", "title": "A"}


# --- implicit feedback --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "scale", "expected"),
    [
        ("1 1", (1, 5), [5, 5]),
        ("3 3", (1, 5), [5, 5]),
        ("1 1", (1, 10), [10, 10]),
        ("1 1", None, [5, 5]),
        ("1 1", (0, 1), [5, 5]),
        ("0 1", (1, 5), [1, 5]),
        ("1.0 0.0", (1, 5), [5, 1]),
        ("0 1", (0, 1), [1, 5]),
        ("-1 1", (-1, 1), [1, 5]),
        ("0 1", None, [1, 5]),
        ("0 1", (0, 10), [0, 1]),
        ("0.5 1", (0, 1), [0.5, 1]),
        ("5 5", (1, 5), [5, 5]),
        ("1 2", (1, 5), [1, 2]),
    ],
)
def test_implicit_feedback_is_liking_and_its_no_is_none(folder, given, scale, expected):
    one, other = given.split()
    rows = f"u,a,{one},1\nu,b,{other},2\n"
    write_items(folder, "user_id,item_id,rating,timestamp\n" + rows, "ratings.csv")
    ds = load_folder(folder, scale=scale)
    assert ds.ratings["rating"].tolist() == expected
    changed = [float(one), float(other)] != expected
    assert ("note: implicit feedback" in repr(ds)) == changed == bool(ds.notes)


@pytest.mark.parametrize(
    ("given", "scale", "message"),
    [
        ("0 0", (1, 5), "row 2, column 'rating': 0 is outside 1–5"),
        ("9 9", (1, 5), "9 is outside 1–5"),
        ("3 4", (10, 20), "3 is outside 10–20"),
        ("1 x", (1, 5), "row 3, column 'rating': 'x' is not a number"),
        ("1 2", (5, 1), r"scale: (5, 1) is not (lowest, highest)"),
    ],
)
def test_a_scale_that_does_not_fit_is_said(folder, given, scale, message):
    one, other = given.split()
    rows = f"u,a,{one},1\nu,b,{other},2\n"
    write_items(folder, "user_id,item_id,rating,timestamp\n" + rows, "ratings.csv")
    with pytest.raises(ValueError, match=re.escape(message)):
        load_folder(folder, scale=scale)


def test_times_of_any_unit_are_read_and_an_empty_one_is_named(folder):
    head = "user_id,item_id,rating,timestamp\n"
    for time in ("1714558830", "1714558830000", "20240501102030", "2024-05-01T10:20:30Z"):
        write_items(folder, head + f"u,a,5,{time}\n", "ratings.csv")
        assert load_folder(folder).ratings["timestamp"][0] == pd.Timestamp("2024-05-01 10:20:30")
    write_items(folder, head + "u,a,5,1714558830\nu,b,5,\n", "ratings.csv")
    with pytest.raises(ValueError, match=r"ratings.csv: row 3, column 'timestamp': <NA> is not"):
        load_folder(folder)


def test_addresses_are_kept_only_where_the_caller_allows_them(folder):
    pytest.importorskip("fsspec")
    near = (folder / "pictures").as_uri() + "/"
    cells = ["a.png", "../pictures/b.png", "%2e%2e/x.png", "a.png::http://x/y.png"]
    rows = [near + cell for cell in cells] + ["file:///etc/x.png", "../x.png", "pictures/c.png"]
    write_items(folder, "item_id,image\n" + "".join(f"i{j},{r}\n" for j, r in enumerate(rows)))
    assert load_folder(folder).items["image"].notna().tolist() == [False] * 6 + [True]
    ds = load_folder(folder, addresses=near)
    assert ds.items["image"].dropna().to_dict() == {
        "i0": near + "a.png",
        "i6": str(folder.resolve() / "pictures" / "c.png"),
    }
    assert ds.problems["item_id"].tolist() == ["i1", "i2", "i3", "i4", "i5"]
    assert extract_features(ds, cache=False)["image"].present.tolist() == [True, *[False] * 5, True]
