"""The stamps: complete, small, apart from other licences, and rebuilt byte for byte."""

import shutil
from pathlib import Path

import build_stamps
import cv2
import numpy as np
import pytest
import soundfile

from mmrec_course.datasets import load_stamps
from mmrec_course.preprocessing import load_image

FOLDER = Path(__file__).resolve().parent.parent / "data" / "stamps"


@pytest.fixture(scope="module")
def ds():
    return load_stamps()


def test_what_is_there(ds):
    assert ds.modalities == ("image", "text", "audio")
    assert len(ds.problems) == 0
    assert len(ds.ratings) == 0
    assert ds.items.index.is_unique
    present = ds.present()
    assert 380 <= len(ds.items) <= 520
    assert present["image"].all()
    assert present["text"].all()
    assert 80 <= present["audio"].sum() <= 120
    assert ds.items["title"].str.fullmatch(r"\S.*").all()
    assert (ds.items["category"].value_counts() > 1).all()
    assert ds.items["category"].nunique() >= 10


def test_every_file_can_be_read_and_belongs_to_an_item(ds):
    shapes = [load_image(path).shape for path in ds.items["image"]]
    assert max(max(shape) for shape in shapes) == 256
    assert all(soundfile.read(path)[0].any() for path in ds.items["audio"].dropna())
    listed = {*ds.items["image"], *ds.items["audio"].dropna()}
    files = {str(path) for name in ("images", "audio") for path in (FOLDER / name).iterdir()}
    assert {str(Path(path)) for path in listed} == files


def test_the_folder_is_small_and_has_its_own_licence():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 8 * 2**20
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "GNU General Public License, version 2" in readme
    assert "Childsplay" in readme
    assert "GNU GENERAL PUBLIC LICENSE" in (FOLDER / "COPYING").read_text(encoding="utf-8")


def test_symbols_spoken_words_and_other_licences_are_left_out(ds):
    assert not set(ds.items["category"]) & {"symbols", "military"}
    assert not any("desc" in Path(path).stem for path in ds.items["audio"].dropna())
    stems = [item.replace("-", "_") for item in ds.items.index]
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
    ds = load_stamps(tmp_path / "stamps")
    assert ds.items.index.tolist() == ["birds-hen", "cartoon-hen"]
    hen = ds.items.loc["birds-hen"]
    assert (hen["title"], hen["text"]) == ("Hen", "A hen. It clucks!")
    assert (hen["category"], hen["group"]) == ("animals", "birds")
    assert ds.present()["audio"].tolist() == [True, False]
    image = load_image(hen["image"])
    assert image.shape == (256, 128, 3)
    assert image[10, 60, 0] > 240
    assert image[10, 60, 1] < 20
    assert (image[250, 60] > 240).all()
    first = {path.name: path.read_bytes() for path in (tmp_path / "stamps").rglob("*.*")}
    build_stamps.main(unpacked)
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "stamps").rglob("*.*")}
