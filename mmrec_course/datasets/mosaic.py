"""Mosaic, the bundled catalogue of a made-up music shop.

In: the folder data/mosaic of the course. Out: a Dataset.
"""

from __future__ import annotations

from pathlib import Path

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.folder import _bundled
from mmrec_course.datasets.media import locate_media
from mmrec_course.datasets.validation import RATING_COLUMNS, check_ids, check_ratings, read_table

__all__ = ["load_mosaic"]

ITEM_COLUMNS = ("item_id", "title", "artist", "genre", "released", "image", "text", "audio")


def load_mosaic(folder: str | Path | None = None) -> Dataset:
    """Read the bundled catalogue: tracks with covers, descriptions and clips, and their ratings.

    Its people are simulated: a lift measured here shows that a method works as claimed, not
    that people behave so. A cover or clip that is listed and cannot be used is ``<NA>`` in
    ``items``, with its reason in ``problems``.

    ``folder`` may be another one with items.csv, ratings.csv, listeners.csv and the media files,
    whose paths in items.csv are relative to it. FileNotFoundError if one of the tables is not
    there, ValueError if one is malformed; file, row, column and value are named.

    Notebook: 01_the_catalogue
    """
    folder = _bundled("mosaic", folder)
    items = read_table(folder / "items.csv", required=ITEM_COLUMNS)
    items = check_ids(items, "item_id", dates=("released",), name="items.csv")
    users = read_table(folder / "listeners.csv", required=("user_id", "joined"))
    users = check_ids(users, "user_id", dates=("joined",), name="listeners.csv")
    ratings = read_table(folder / "ratings.csv", required=RATING_COLUMNS)
    ratings = check_ratings(ratings, items=items.index, users=users.index, name="ratings.csv")
    ratings = ratings.reset_index(drop=True)
    items, problems = locate_media(items, folder)
    folder = folder.resolve()
    return Dataset(ratings=ratings, items=items, users=users, problems=problems, folder=folder)
