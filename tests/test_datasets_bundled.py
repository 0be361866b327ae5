"""load_mosaic on a small catalogue in its format; the stamps: complete, small, rebuilt alike."""

import re
import shutil
from pathlib import Path

import build_stamps
import cv2
import numpy as np
import pandas as pd
import pytest
import soundfile
from mosaic_like import IDS, make_catalogue

from mmrec_course.datasets import load_mosaic, load_stamps
from mmrec_course.datasets.media import locate_media
from mmrec_course.preprocessing import load_image

FOLDER = Path(__file__).resolve().parent.parent / "data" / "stamps"


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


# --- the stamps ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stamps():
    return load_stamps()


def test_what_is_there(stamps):
    assert stamps.modalities == ("image", "text", "audio")
    assert len(stamps.problems) == 0
    assert len(stamps.ratings) == 0
    assert stamps.items.index.is_unique
    present = stamps.present()
    assert 380 <= len(stamps.items) <= 520
    assert present["image"].all()
    assert present["text"].all()
    assert 80 <= present["audio"].sum() <= 120
    assert stamps.items["title"].str.fullmatch(r"\S.*").all()
    assert (stamps.items["category"].value_counts() > 1).all()
    assert stamps.items["category"].nunique() >= 10


def test_every_file_can_be_read_and_belongs_to_an_item(stamps):
    shapes = [load_image(path).shape for path in stamps.items["image"]]
    assert max(max(shape) for shape in shapes) == 256
    assert all(soundfile.read(path)[0].any() for path in stamps.items["audio"].dropna())
    listed = {*stamps.items["image"], *stamps.items["audio"].dropna()}
    files = {str(path) for name in ("images", "audio") for path in (FOLDER / name).iterdir()}
    assert {str(Path(path)) for path in listed} == files


def test_the_folder_is_small_and_has_its_own_licence():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 8 * 2**20
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "GNU General Public License, version 2" in readme
    assert "Childsplay" in readme
    assert "GNU GENERAL PUBLIC LICENSE" in (FOLDER / "COPYING").read_text(encoding="utf-8")


def test_symbols_spoken_words_and_other_licences_are_left_out(stamps):
    assert not set(stamps.items["category"]) & {"symbols", "military"}
    assert not any("desc" in Path(path).stem for path in stamps.items["audio"].dropna())
    stems = [item.replace("-", "_") for item in stamps.items.index]
    other = tuple(name.replace("-", "_") for name in build_stamps.OTHER_LICENCE)
    assert [stem for stem in stems if stem.startswith(other)] == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="data/stamps: there is no folder"):
        load_stamps(tmp_path / "nowhere")


# --- the builder, on a package of our own -------------------------------------------------------


@pytest.fixture
def unpacked(tmp_path):
    """Some stamps: wanted, mirrored, a letter, without words; and a sound."""
    stamps = tmp_path / "unpacked" / build_stamps.STAMPS
    picture = np.zeros((300, 150, 4), np.uint8)
    picture[:150] = (0, 0, 255, 255)
    for name in ("animals/birds/Hen", "food/cartoon/hen", "animals/birds/Hen_mirror", "symbols/a"):
        path = stamps / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture)
        path.with_suffix(".txt").write_text(
            "A hen. It clucks!\nde.utf8=Ein Huhn.\n", encoding="utf-8"
        )
    cv2.imwrite(str(stamps / "food" / "silent.png"), picture)
    (stamps / "food" / "silent.txt").write_text("de.utf8=Nichts.\n")
    sound = next((FOLDER / "audio").iterdir())
    for name in ("Hen", "Hen_desc"):
        shutil.copy(sound, stamps / "animals" / "birds" / f"{name}.ogg")
    return tmp_path / "unpacked"


def test_the_builder_selects_shrinks_and_names(unpacked, tmp_path, monkeypatch):
    monkeypatch.setattr(build_stamps, "TARGET", tmp_path / "stamps")
    build_stamps.main(unpacked)
    stamps = load_stamps(tmp_path / "stamps")
    assert stamps.items.index.tolist() == ["birds-hen", "cartoon-hen"]
    hen = stamps.items.loc["birds-hen"]
    assert (hen["title"], hen["text"]) == ("Hen", "A hen. It clucks!")
    assert (hen["category"], hen["group"]) == ("animals", "birds")
    assert stamps.present()["audio"].tolist() == [True, False]
    image = load_image(hen["image"])
    assert image.shape == (256, 128, 3)
    assert image[10, 60, 0] > 240
    assert image[10, 60, 1] < 20
    assert (image[250, 60] > 240).all()
    first = {path.name: path.read_bytes() for path in (tmp_path / "stamps").rglob("*.*")}
    build_stamps.main(unpacked)
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "stamps").rglob("*.*")}
