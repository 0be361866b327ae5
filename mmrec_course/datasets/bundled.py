"""The catalogues that come with the course: Mosaic, a made-up music shop, and the stamps."""

from __future__ import annotations

import os
from pathlib import Path

import pooch

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.folder import load_folder
from mmrec_course.datasets.media import locate_media
from mmrec_course.datasets.validation import RATING_COLUMNS, check_ids, check_ratings, read_table

ITEM_COLUMNS = ("item_id", "title", "artist", "genre", "released", "image", "text", "audio")


def data_folder() -> Path:
    """Where fetched data are kept: the environment variable MMREC_DATA, or the user's cache."""
    return Path(os.environ.get("MMREC_DATA") or pooch.os_cache("mmrec-course") / "datasets")


def load_mosaic(folder: str | Path | None = None) -> Dataset:
    """Read the bundled catalogue: tracks with covers, descriptions and clips, and their ratings.

    Its people are simulated: a lift measured here shows that a method works as claimed, not
    that people behave so. ``folder`` may be another one with items.csv, ratings.csv,
    listeners.csv and media; what is wrong in it is answered as by :func:`load_folder`.

    Notebook: 01_the_catalogue
    """
    folder = _bundled("mosaic", folder).resolve()
    items = read_table(folder / "items.csv", required=ITEM_COLUMNS)
    items = check_ids(items, "item_id", dates=("released",), name="items.csv")
    users = read_table(folder / "listeners.csv", required=("user_id", "joined"))
    users = check_ids(users, "user_id", dates=("joined",), name="listeners.csv")
    ratings = read_table(folder / "ratings.csv", required=RATING_COLUMNS)
    ratings = check_ratings(ratings, items=items.index, users=users.index, name="ratings.csv")
    ratings = ratings.reset_index(drop=True)
    items, problems = locate_media(items, folder)
    return Dataset(ratings=ratings, items=items, users=users, problems=problems, folder=folder)


def load_stamps(folder: str | Path | None = None) -> Dataset:
    """Read the stamps: animals, food, plants, vehicles and more, drawn or photographed.

    Real pictures, words and sounds, without ratings: a selection from Tux Paint's stamps, under
    the GPL, version 2 (data/stamps/README.md has the credits). Items have title, text, category
    ("animals"), group ("birds", or ``<NA>``), image and, one in five, audio.

    Notebook: 12_real_content
    """
    return load_folder(_bundled("stamps", folder))


def _bundled(name: str, folder: str | Path | None) -> Path:
    """Folder of a catalogue: the one given, the clone's, or what `fetch_data` has fetched."""
    places = [Path(__file__).resolve().parents[2] / "data" / name, data_folder() / name]
    for path in [Path(folder)] if folder else places:
        if path.is_dir():
            return path
    remedy = (
        "clone the whole course and `pip install -e .` it, fetch the data once with "
        f"mmrec_course.extras.download.fetch_data, or pass the path of data/{name}"
    )
    raise FileNotFoundError(f"data/{name}: there is no folder {folder or places[0]}; {remedy}")
