"""A catalogue of your own: a folder with a table, and the media that the table lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from mmrec_course.datasets import validation
from mmrec_course.datasets.dataset import MODALITIES, Dataset
from mmrec_course.datasets.media import locate_media
from mmrec_course.datasets.validation import RATING_COLUMNS, check_ids, check_ratings, read_table


def load_folder(
    path: str | Path,
    *,
    item_id: str | None = None,
    title: str | None = None,
    text: str | None = None,
    image: str | None = None,
    audio: str | None = None,
    user_id: str | None = None,
    rating: str | None = None,
    timestamp: str | None = None,
    separator: str = ",",
    scale: tuple[float, float] | None = (1, 5),
    addresses: str = "",
) -> Dataset:
    """Read a folder of your own: items.csv, the media it lists, and ratings.csv if there is one.

    The least that works is an items.csv with a column item_id and one of text, image, audio.
    Tables are CSV in UTF-8, with ``separator`` between cells; decimal commas are not read. Media
    that are listed and cannot be used are ``<NA>`` in ``items`` and have a row in ``problems``;
    they never stop a catalogue. A malformed table is a ValueError that names file, row, column
    and value.

    ``item_id`` to ``timestamp`` say what these columns are called in the tables, if not so. Cells
    of image and audio hold paths relative to the folder. One column may serve several:
    item_id="file", image="file". Other columns are kept, as text.

    The folder is one of this machine. With ``addresses="s3://bucket/covers/"`` (end it with a /)
    cells of image and audio may be addresses that begin so; `extract_features` opens them.

    ``scale`` is the lowest and highest rating allowed; None for any number. Ratings that are all
    alike, or 0 and 1 (−1 and 1) alone, are implicit feedback: yes counts as the highest, no as
    the lowest of the scale (of 1–5 without one, or with one that ends at 1). ``notes`` says so.

    Notebook: 02_preprocessing
    """
    folder = Path(path).resolve()
    if not folder.is_dir():
        raise FileNotFoundError(f"path: {str(path)!r} is not a folder")
    called = {"item_id": item_id, "title": title, "text": text, "image": image, "audio": audio}
    tables = {validation._plain(file.name): file.name for file in sorted(folder.iterdir())}
    if wrong := [n for n in ("items.csv", "ratings.csv") if tables.get(n, n) != n]:
        raise FileNotFoundError(f"{wrong[0]}: no such file; rename {tables[wrong[0]]!r}")
    items = _read(folder / "items.csv", called, ("item_id",), separator)
    if not set(MODALITIES) & set(items.columns):
        raise ValueError(
            f"items.csv: row 1: none of the columns {validation._shown([*items])} is text, image or"
            " audio; say what they are called, as in load_folder(path, image='photo')"
        )
    items = check_ids(items, "item_id", name="items.csv")
    if "title" not in items.columns:
        items.insert(0, "title", items.index.astype("string"))
    items["title"] = items["title"].fillna(items.index.to_series())
    called = {"item_id": item_id, "user_id": user_id, "rating": rating, "timestamp": timestamp}
    table = pd.DataFrame(columns=list(RATING_COLUMNS), dtype="string")
    notes: tuple[str, ...] = ()
    check_ratings(table, scale=scale)  # refuses a scale before ratings are read with it
    if "ratings.csv" in tables:  # if only as a link that leads nowhere
        table = _read(folder / "ratings.csv", called, tuple(called), separator)
        table["rating"], scale, notes = validation._implicit_feedback(table["rating"], scale)
    elif given := [f"{name}={value!r}" for name, value in list(called.items())[1:] if value]:
        raise FileNotFoundError(f"ratings.csv: no such file in {folder.name!r}, but {given[0]}")
    ratings = check_ratings(table, items=items.index, scale=scale, name="ratings.csv")
    ratings = ratings.reset_index(drop=True)
    items, problems = locate_media(items, folder, addresses)
    return Dataset(ratings=ratings, items=items, problems=problems, folder=folder, notes=notes)


def _read(
    path: Path, called: Mapping[str, str | None], needed: tuple[str, ...], separator: str
) -> pd.DataFrame:
    """A table whose columns have the course's names; what a named column replaces is left out."""
    roles = {name: value or name for name, value in called.items()}
    required = {roles[name]: None for name in called if called[name] or name in needed}
    table = read_table(path, required=tuple(required), separator=separator)
    columns: dict[str, pd.Series] = {}
    for column in table.columns:
        names = [name for name, source in roles.items() if source == column]
        if names or column not in roles:
            columns |= dict.fromkeys(names or [column], table[column])
    return pd.DataFrame(columns)
