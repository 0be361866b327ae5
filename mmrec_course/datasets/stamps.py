"""Stamps: real pictures, words and sounds, made by people for Tux Paint.

In: the folder data/stamps of the course. Out: a Dataset without ratings.
"""

from __future__ import annotations

from pathlib import Path

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.folder import load_folder

__all__ = ["load_stamps"]


def load_stamps(folder: str | Path | None = None) -> Dataset:
    """Read the stamps: animals, food, plants, vehicles and more, drawn or photographed.

    A selection from Tux Paint's stamps, under the GPL, version 2 (data/stamps/README.md has the
    credits). Every stamp has a picture and a few English words, one in five has a sound: what
    is missing here is missing in reality.

    Parameters
    ----------
    folder
        Where it is; the course's own data/stamps if not given.

    Returns
    -------
    Dataset. Items have title, text, category (a word such as "animals"), group (a finer one,
    such as "birds", ``<NA>`` where there is none), image, audio. There are no ratings.

    Raises
    ------
    FileNotFoundError
        If the folder or its items.csv is not there.
    ValueError
        If items.csv is malformed or lacks a column.

    Notebook: 12_real_content
    """
    if folder is None:
        folder = Path(__file__).resolve().parents[2] / "data" / "stamps"
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"The stamps are not in {folder}: clone the whole course and install it from there with"
            " `pip install -e .`, or pass load_stamps(folder) the path of its data/stamps"
        )
    ds = load_folder(folder)
    for column in ("title", "text", "category", "image", "audio"):
        if column not in ds.items.columns:
            raise ValueError(f"items.csv: row 1: column {column!r} is missing")
    return ds
