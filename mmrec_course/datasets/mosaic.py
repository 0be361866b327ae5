"""Mosaic, the bundled catalogue of a made-up music shop.

In: the folder data/mosaic of the course. Out: a Dataset.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.media import MEDIA, find_media
from mmrec_course.datasets.validation import (
    check_items,
    check_ratings,
    check_users,
    read_table,
)

__all__ = ["load_mosaic"]

ITEM_COLUMNS = ("item_id", "title", "artist", "genre", "released", "image", "text", "audio")
RATING_COLUMNS = ("user_id", "item_id", "rating", "timestamp")
LISTENER_COLUMNS = ("user_id", "joined")


def load_mosaic(folder: str | Path | None = None) -> Dataset:
    """Read the bundled catalogue: tracks with covers, descriptions and clips, and their ratings.

    Its people are simulated: a lift measured here shows that a method works as claimed, not
    that people behave so.

    Parameters
    ----------
    folder
        Where it is; the course's own data/mosaic if not given. It holds items.csv,
        ratings.csv, listeners.csv and the media files, whose paths in items.csv are relative to
        it.

    Returns
    -------
    Dataset. A cover or clip that is listed and cannot be used (missing, empty, outside the
    folder, of another kind) is ``<NA>`` in ``items``, with its reason in ``problems``.

    Raises
    ------
    FileNotFoundError
        If the folder or one of the three tables is not there.
    ValueError
        If a table is malformed; file, row, column and value are named.

    Notebook: 01_the_catalogue
    """
    if folder is None:
        folder = Path(__file__).resolve().parents[2] / "data" / "mosaic"
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"Mosaic is not in {folder}: clone the whole course and install it from there with"
            " `pip install -e .`, or pass load_mosaic(folder) the path of its data/mosaic"
        )
    items = check_items(read_table(folder / "items.csv", required=ITEM_COLUMNS), name="items.csv")
    users = check_users(
        read_table(folder / "listeners.csv", required=LISTENER_COLUMNS), name="listeners.csv"
    )
    ratings = check_ratings(
        read_table(folder / "ratings.csv", required=RATING_COLUMNS),
        items=items.index,
        users=users.index,
        name="ratings.csv",
    ).reset_index(drop=True)
    items, problems = locate_media(items, folder)
    return Dataset(
        ratings=ratings,
        items=items,
        users=users,
        problems=problems,
        folder=folder.resolve(),
    )


def locate_media(items: pd.DataFrame, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn the relative paths of a catalogue into paths on this machine.

    Parameters
    ----------
    items
        Indexed by item_id; its columns image and audio, where it has them, hold relative paths.
    folder
        The catalogue's folder.

    Returns
    -------
    A copy with absolute paths, ``<NA>`` for what cannot be used; and the reasons, a DataFrame
    item_id, modality, reason.
    """
    items = items.copy()
    folder = folder.resolve()
    problems = []
    listings: dict[str, dict[str, list[str]]] = {}
    for modality in MEDIA:
        if modality not in items.columns:
            continue
        paths: list[str | None] = []
        for item_id, given in items[modality].items():
            path = reason = None
            if not pd.isna(given):
                path, reason = find_media(folder, str(given), modality, listings)
            paths.append(path)
            if reason is not None:
                problems.append((item_id, modality, reason))
        items[modality] = pd.array(paths, dtype="string")
    columns = ["item_id", "modality", "reason"]
    return items, pd.DataFrame(problems, columns=columns, dtype="string")
