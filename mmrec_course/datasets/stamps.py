"""Stamps: real pictures, words and sounds, made by people for Tux Paint.

In: the folder data/stamps of the course. Out: a Dataset without ratings.
"""

from __future__ import annotations

from pathlib import Path

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.folder import _bundled, load_folder

__all__ = ["load_stamps"]


def load_stamps(folder: str | Path | None = None) -> Dataset:
    """Read the stamps: animals, food, plants, vehicles and more, drawn or photographed.

    A selection from Tux Paint's stamps, under the GPL, version 2 (data/stamps/README.md has the
    credits). Items have title, text, category ("animals"), group ("birds", or ``<NA>``), image
    and, one in five, audio: what is missing here is missing in reality.

    Notebook: 12_real_content
    """
    return load_folder(_bundled("stamps", folder))
