"""MovieLens: what people thought of films.

The data are GroupLens' and may not be passed on, so nothing of them comes with the course.

Notebook: 13_real_people
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from mmrec_course.datasets.bundled import data_folder
from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.validation import RATING_COLUMNS, _refuse, check_ids, check_ratings
from mmrec_course.extras.atomic import read_atomic_table
from mmrec_course.extras.download import fetch, fetch_from_wheel

URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
URL_SHA256 = "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229"
OFFICIAL = ("u.data", "u.item", "u.user", "u.genre")
MIRROR = "recbole==1.2.1"
MIRROR_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
MIRRORED = ("ml-100k.inter", "ml-100k.item", "ml-100k.user")

LICENCE = """\
MovieLens 100K, collected by GroupLens Research at the University of Minnesota. Free for research
and teaching; may not be redistributed, nor used for profit without permission. Cite: F. Maxwell
Harper and Joseph A. Konstan (2015), The MovieLens Datasets: History and Context, ACM
Transactions on Interactive Intelligent Systems 5(4), 19. https://doi.org/10.1145/2827872"""


def load_movielens(
    name: str = "100k", folder: str | Path | None = None, *, download: bool = True
) -> Dataset:
    """Read 100,000 ratings that 943 people gave to 1,682 films in 1997 and 1998.

    They are read from ``folder``, which holds the unpacked ml-100k.zip or recbole's three files,
    itself or in ``ml-100k``; without one, from the cache of earlier downloads, or else downloaded:
    from GroupLens, or the copy inside the Python package recbole (unpacked, never imported).
    FileNotFoundError says what to do. Licence and citation are printed once in a session.

    Items have title, year (Int64), genres (names separated by "|") and text, which is those
    three in a sentence; users age, gender, occupation, zip_code. Ratings are in order of time,
    then user, then item.

    Notebook: 13_real_people
    """
    if name != "100k":
        raise ValueError(f"name: {name!r} is not '100k', the only size this course reads")
    place = _locate(folder, download)
    items, users, ratings = _official(place) if _has(place, OFFICIAL) else _mirrored(place)
    parts = items.assign(genres=items["genres"].str.replace("|", ", "))[["title", "genres", "year"]]
    items["text"] = [". ".join(filter(None, row)) for row in parts.itertuples(index=False)]
    items["year"] = pd.to_numeric(items["year"], errors="coerce").astype("Int64")
    users["age"] = pd.to_numeric(users["age"], errors="coerce").astype("Int64")
    items, users = check_ids(items, "item_id"), check_ids(users, "user_id")
    ratings = check_ratings(ratings, items=items.index, users=users.index)
    ratings = ratings.sort_values(["timestamp", "user_id", "item_id"], ignore_index=True)
    _print_licence()
    return Dataset(ratings=ratings, items=items, users=users, folder=place.resolve())


@cache
def _print_licence() -> None:
    print(LICENCE)


def _has(place: Path, names: tuple[str, ...]) -> bool:
    return all((place / n).is_file() and (place / n).stat().st_size for n in names)


def _locate(folder: str | Path | None, download: bool) -> Path:
    """A folder that holds the official files or the mirrored ones."""
    home = data_folder() if folder is None else Path(folder)
    places = [home / "ml-100k", home / "ml-100k-recbole" if folder is None else home]
    for place in places:
        if _has(place, OFFICIAL) or _has(place, MIRRORED):
            return place
    sources = (
        (fetch, URL, URL_SHA256, "ml-100k", OFFICIAL),
        (fetch_from_wheel, MIRROR, MIRROR_SHA256, "recbole/dataset_example/ml-100k", MIRRORED),
    )
    reasons = []
    for place, (get, source, sha256, inside, names) in zip(places, sources, strict=True):
        try:
            if download and folder is None:
                get(source, sha256, {f"{inside}/{name}": name for name in names}, place)
                return place
        except (OSError, ValueError) as error:
            reasons.append(f"{source}: {type(error).__name__}: {str(error)[:100]}")
    raise FileNotFoundError(
        f"MovieLens 100K is not in {home} ({'; '.join(reasons) or 'nothing was downloaded'})."
        f" With a network, run load_movielens('100k'); without one, fetch {URL} on another"
        " machine, unpack it, and pass load_movielens('100k', folder='where it is')"
    )


def _official(place: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """GroupLens' own files: no headers, tabs or bars, Latin-1."""

    def read(name: str, separator: str, *columns: str) -> pd.DataFrame:
        form = {"sep": separator, "quoting": 3, "encoding": "latin-1", "keep_default_na": False}
        table = pd.read_csv(place / name, header=None, names=columns, dtype="string", **form)
        table.index = pd.RangeIndex(1, len(table) + 1, name="row")
        _refuse(table, columns[-1], table[columns[-1]].eq(""), "the row is cut short", name)
        return table

    genres = read("u.genre", "|", "genre", "number")["genre"]
    items = read("u.item", "|", "item_id", "title", "released", "video", "link", *genres)
    flags = items[[genre for genre in genres if genre != "unknown"]] == "1"
    parts = items["title"].str.extract(r"^(?P<title>.*?)\s*(?:\((?P<year>\d{4})\))?\s*$")
    items = pd.concat([items["item_id"], parts], axis=1).fillna("")
    items["genres"] = ["|".join(flags.columns[row]) for row in flags.to_numpy(bool)]
    users = read("u.user", "|", "user_id", "age", "gender", "occupation", "zip_code")
    return items, users, read("u.data", "\t", *RATING_COLUMNS)


def _mirrored(place: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The same in RecBole's format: titles without the year, genres separated by blanks."""
    ratings, films, users = (read_atomic_table(place / name) for name in MIRRORED)
    names = {"movie_title": "title", "release_year": "year", "class": "genres"}
    items = films.rename(columns=names)[["item_id", *names.values()]]
    items["year"] = items["year"].where(items["year"].str.fullmatch(r"\d{4}"))
    items["genres"] = items["genres"].str.replace("unknown", "").str.split().str.join("|")
    return items.fillna(""), users, ratings
