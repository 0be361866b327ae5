"""The bundled catalogue is what its README says, and its sources still make it.

Covers and clips are made again where skia, the fonts and FluidSynth are installed.
"""

from __future__ import annotations

import importlib
import platform
import shutil
from pathlib import Path

import build_mosaic
import numpy as np
import pandas as pd
import pytest
import soundfile
from mosaic.cover_type import load_fonts
from mosaic.music import SOUNDFONT
from PIL import Image

from mmrec_course.datasets import Dataset, load_mosaic
from mmrec_course.datasets.synthetic import GENRES, LOOK, MOTIFS, SOUND, THEMES

MOSAIC = Path(__file__).resolve().parent.parent / "data" / "mosaic"


@pytest.fixture(scope="module")
def mosaic() -> Dataset:
    """The bundled catalogue."""
    return load_mosaic()


@pytest.fixture(scope="module")
def source() -> pd.DataFrame:
    """Facts and words that it is built from."""
    return build_mosaic.read_source()


@pytest.fixture(scope="module")
def ground_truth(mosaic: Dataset) -> dict[str, np.ndarray]:
    """What the makers know."""
    return dict(mosaic.ground_truth())


# --- as the README says -------------------------------------------------------------------------


def test_sizes_and_what_is_missing(mosaic: Dataset) -> None:
    assert (len(mosaic.items), len(mosaic.users), len(mosaic.ratings)) == (480, 600, 25_000)
    missing = ~mosaic.present()
    assert missing.sum().to_dict() == {"image": 29, "text": 19, "audio": 48}
    assert missing.sum(axis=1).value_counts().to_dict() == {0: 390, 1: 84, 2: 6}
    assert mosaic.problems.empty


def test_readme_names_the_licence_the_missing_and_that_listeners_are_simulated() -> None:
    readme = (MOSAIC / "README.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in readme
    assert "listeners are simulated" in readme
    assert "29 tracks have no cover, 19 no words, 48 no clip; 6 lack two" in readme


def test_nothing_else_lies_in_the_folder(mosaic: Dataset) -> None:
    tables = ["README.md", "items.csv", "listeners.csv", "ratings.csv", "truth.npz"]
    listed = {str(MOSAIC / name) for name in tables}
    listed |= {*mosaic.items["image"].dropna(), *mosaic.items["audio"].dropna()}
    assert {str(path) for path in MOSAIC.rglob("*") if path.is_file()} == listed


def test_every_cover_is_a_small_square_jpeg_in_colour(mosaic: Dataset) -> None:
    for path in mosaic.items["image"].dropna():
        with Image.open(path) as picture:
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (160, 160)), path
            assert np.asarray(picture).std() > 5, f"{path}: one flat colour"


def test_every_clip_is_mono_of_stated_length_and_neither_silent_nor_clipped(
    mosaic: Dataset,
) -> None:
    for path in mosaic.items["audio"].dropna():
        info = soundfile.info(path)
        assert (info.format, info.subtype) == ("OGG", "VORBIS"), path
        assert (info.samplerate, info.channels) == (22_050, 1), path
        wave, _ = soundfile.read(path, dtype="float32")
        assert 5.0 <= len(wave) / 22_050 <= 6.5, path
        assert np.abs(wave).max() <= 1.0, path
        assert np.sqrt(np.mean(wave**2)) > 0.02, f"{path}: quieter than -34 dB"


def test_descriptions_have_40_to_90_words_and_every_track_its_own_title(mosaic: Dataset) -> None:
    words = mosaic.items["text"].dropna().str.split().str.len()
    assert words.between(40, 90).all(), words[~words.between(40, 90)]
    assert mosaic.items["title"].is_unique
    assert mosaic.items["text"].dropna().is_unique
    assert mosaic.items["artist"].nunique() == 160
    assert set(mosaic.items["genre"]) == set(GENRES)


def test_ratings_are_within_the_two_years_in_order_and_after_the_release(mosaic: Dataset) -> None:
    ratings = mosaic.ratings
    assert set(ratings["rating"]) == {1, 2, 3, 4, 5}
    assert ratings["timestamp"].is_monotonic_increasing
    assert ratings["timestamp"].between("2023-01-01", "2024-12-31 23:59:59").all()
    released = ratings["item_id"].map(mosaic.items["released"])
    assert (ratings["timestamp"] >= released).all()
    first = ratings.groupby("user_id")["timestamp"].min().dt.normalize()
    assert first.to_dict() == mosaic.users["joined"].to_dict()


def test_an_item_id_gives_nothing_away(mosaic: Dataset) -> None:
    popularity = mosaic.ratings["item_id"].value_counts().reindex(mosaic.items.index, fill_value=0)
    rank = np.arange(480)
    assert abs(np.corrcoef(rank, popularity.rank())[0, 1]) < 0.12  # 2.6 standard errors
    assert abs(np.corrcoef(rank, mosaic.items["released"].rank())[0, 1]) < 0.12


def test_truth_has_a_row_a_listener_and_a_column_a_track(
    mosaic: Dataset, ground_truth: dict[str, np.ndarray]
) -> None:
    assert ground_truth["item_ids"].tolist() == mosaic.items.index.tolist()
    assert ground_truth["user_ids"].tolist() == mosaic.users.index.tolist()
    for name in ("utility", "part_sound", "part_words", "part_looks", "part_scene"):
        assert ground_truth[name].shape == (600, 480)
        assert np.isfinite(ground_truth[name]).all()
    assert ground_truth["attention"].shape == (600, 3)
    np.testing.assert_allclose(ground_truth["attention"].sum(axis=1), 1, atol=1e-6)
    shapes = {"sound": (480, 5), "look": (480, 5), "scene": (480, 4)}
    assert {name: ground_truth[name].shape for name in shapes} == shapes
    names = ("genre", "lead", "motif", "theme", "second_theme", "quality", "fame", "artist")
    assert all(ground_truth[name].shape == (480,) for name in names)
    assert tuple(ground_truth["sound_names"]) == SOUND
    assert tuple(ground_truth["look_names"]) == LOOK
    assert set(ground_truth["theme"]) == set(THEMES)
    assert set(ground_truth["motif"]) == set(MOTIFS)
    assert ground_truth["genre"].tolist() == mosaic.items["genre"].tolist()


def test_the_true_utility_is_behind_the_ratings(
    mosaic: Dataset, ground_truth: dict[str, np.ndarray]
) -> None:
    row = pd.Index(ground_truth["user_ids"]).get_indexer(mosaic.ratings["user_id"])
    column = pd.Index(ground_truth["item_ids"]).get_indexer(mosaic.ratings["item_id"])
    felt = ground_truth["utility"][row, column].astype(float)
    assert np.corrcoef(felt, mosaic.ratings["rating"])[0, 1] > 0.8


# --- its sources still make it ------------------------------------------------------------------


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables and ground_truth, built anew by the command."""
    folder = tmp_path_factory.mktemp("mosaic")
    build_mosaic.main(["--tables", "--to", str(folder)])
    return folder


def test_the_words_and_facts_of_the_sources_are_those_of_the_catalogue(rebuilt: Path) -> None:
    assert (rebuilt / "items.csv").read_bytes() == (MOSAIC / "items.csv").read_bytes()


def test_the_simulated_tables_come_out_again(
    rebuilt: Path, ground_truth: dict[str, np.ndarray]
) -> None:
    """To the byte on the processors tried; elsewhere a last bit may lead to another choice."""
    if platform.machine() in ("x86_64", "AMD64"):
        for name in ("ratings.csv", "listeners.csv"):
            assert (rebuilt / name).read_bytes() == (MOSAIC / name).read_bytes(), name
    old, new = (pd.read_csv(folder / "ratings.csv") for folder in (MOSAIC, rebuilt))
    assert len(new) == len(old)
    assert len(old.merge(new, on=["user_id", "item_id", "rating"])) > 0.99 * len(old)
    with np.load(rebuilt / "truth.npz", allow_pickle=False) as again:
        assert set(again) == set(ground_truth)
        for name, stored in ground_truth.items():
            assert again[name].dtype == stored.dtype, name
            if stored.dtype.kind == "f":
                np.testing.assert_allclose(again[name], stored, rtol=2e-3, atol=2e-3, err_msg=name)
            else:
                np.testing.assert_array_equal(again[name], stored, err_msg=name)


def chosen(source: pd.DataFrame, has: str) -> dict[str, object]:
    """One track that has this modality."""
    return source[source[has]].iloc[7].to_dict()


def require_same_bytes(modality: str, stored: Path, made: Path) -> None:
    """Compare the files, unless they were made with other versions."""
    here, there = build_mosaic.versions(modality), build_mosaic.MADE_WITH[modality]
    if here != there:
        pytest.skip(f"near, and bytes not compared: made with {there}, here is {here}")
    assert made.read_bytes() == stored.read_bytes()


def test_a_cover_comes_out_again(source: pd.DataFrame, tmp_path: Path) -> None:
    try:
        importlib.import_module("skia")
        load_fonts()
    except (ImportError, FileNotFoundError) as absent:
        pytest.skip(f"cannot draw: {absent}")
    track = chosen(source, "has_image")
    build_mosaic.write_one_cover(tmp_path, track)
    paths = [folder / f"{track['item_id']}.jpg" for folder in (MOSAIC / "images", tmp_path)]
    old, new = (np.asarray(Image.open(path), dtype=float) for path in paths)
    assert np.abs(new - old).mean() < 4
    require_same_bytes("image", *paths)


def test_a_clip_comes_out_again(source: pd.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("mido")
    if shutil.which("fluidsynth") is None or not SOUNDFONT.is_file():
        pytest.skip("cannot play: needs fluidsynth and the sound font FluidR3_GM.sf2")
    track = chosen(source, "has_audio")
    build_mosaic.write_one_clip(tmp_path, track)
    paths = [folder / f"{track['item_id']}.ogg" for folder in (MOSAIC / "audio", tmp_path)]
    old, new = (soundfile.read(path)[0] for path in paths)
    assert len(new) == len(old)
    loudness = [
        np.sqrt(np.mean(wave[: 22_050 * 5].reshape(-1, 2205) ** 2, axis=1)) for wave in (old, new)
    ]
    assert np.corrcoef(loudness)[0, 1] > 0.95
    require_same_bytes("audio", *paths)
