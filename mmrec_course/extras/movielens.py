"""MovieLens: what people thought of films.

In: a folder with the files, a cache, or the network. Out: a Dataset. The data are GroupLens' and
may not be passed on, so nothing of them comes with the course.

Notebook: 13_real_people
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.validation import check_items, check_ratings, check_users
from mmrec_course.extras.atomic import read_atomic_table
from mmrec_course.extras.download import data_folder, fetch, fetch_from_wheel, unpack

__all__ = ["load_movielens"]

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

_shown: set[str] = set()


def load_movielens(
    name: str = "100k", folder: str | Path | None = None, *, download: bool = True
) -> Dataset:
    """100,000 ratings that 943 people gave to 1,682 films in 1997 and 1998.

    Looked for in the folder, if one is given, else in the cache of earlier downloads; only then
    downloaded, from GroupLens, or else the copy inside the Python package recbole 1.2.1 (which
    is unpacked, never imported). Whatever comes has to have the fingerprint we know. Licence
    and citation are printed the first time in a session.

    Parameters
    ----------
    name
        "100k", the only one so far.
    folder
        A folder of yours with the unpacked ml-100k.zip, or with recbole's three files, or one
        with such a folder ``ml-100k`` inside.
    download
        Whether the network may be asked.

    Returns
    -------
    Dataset. Items have title, year (Int64), genres (names separated by "|") and text, which is
    those three in a sentence; there are neither pictures nor sounds. Listeners are the raters:
    age, gender, occupation, zip_code. Ratings are in order of time, then user, then item.

    Raises
    ------
    FileNotFoundError
        If the data are not there and cannot be had; the message says what to do.
    ValueError
        If the name is another, or a file is malformed.

    Notebook: 13_real_people
    """
    if name != "100k":
        raise ValueError(f"name: {name!r} is not '100k', the only size this course reads")
    ds = _read(_locate(folder, download))
    if name not in _shown:
        print(LICENCE)
        _shown.add(name)
    return ds


def _locate(folder: str | Path | None, download: bool) -> Path:
    """A folder that holds the official files or the mirrored ones."""
    if folder is not None:
        for place in (Path(folder), Path(folder) / "ml-100k"):
            if _complete(place):
                return place
        raise FileNotFoundError(
            f"folder: {str(folder)!r} has neither {', '.join(OFFICIAL)} nor {', '.join(MIRRORED)};"
            f" unpack {URL} there"
        )
    cache = data_folder()
    places = [cache / "ml-100k", cache / "ml-100k-recbole"]
    reasons = ["downloads are turned off"]
    if download and not any(map(_complete, places)):
        reasons = _download(cache, *places)
    for place in places:
        if _complete(place):
            return place
    raise FileNotFoundError(
        f"MovieLens 100K is not in {cache} and could not be downloaded ({'; '.join(reasons)})."
        f" With a network, run this again; without one, fetch {URL} on another machine, unpack"
        " it, and pass load_movielens('100k', folder='where it is')"
    )


def _complete(place: Path) -> bool:
    return any(all((place / name).is_file() for name in names) for names in (OFFICIAL, MIRRORED))


def _download(cache: Path, official: Path, mirrored: Path) -> list[str]:
    """Try one source after the other; say why each failed."""
    reasons = []
    try:
        cache.mkdir(parents=True, exist_ok=True)
        archive = fetch(URL, URL_SHA256, cache)
        unpack(archive, {f"ml-100k/{name}": name for name in OFFICIAL}, official)
        return []
    except (OSError, ValueError) as error:
        reasons.append(f"GroupLens: {_short(error)}")
    try:
        members = {f"recbole/dataset_example/ml-100k/{name}": name for name in MIRRORED}
        fetch_from_wheel(MIRROR, MIRROR_SHA256, members, mirrored)
    except (OSError, ValueError) as error:
        reasons.append(f"mirror: {_short(error)}")
    return reasons


def _short(error: Exception) -> str:
    """Libraries wrap one failure in three others; the first hundred letters say which it is."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:100]}"


def _read(place: Path) -> Dataset:
    official = all((place / name).is_file() for name in OFFICIAL)
    ratings, items, users = _official(place) if official else _mirrored(place)
    items["text"] = [
        ". ".join(part for part in (title, genres.replace("|", ", "), year) if part)
        for title, genres, year in zip(items["title"], items["genres"], items["year"], strict=True)
    ]
    items["year"] = pd.to_numeric(items["year"], errors="coerce").astype("Int64")
    items = check_items(items, dates=(), name="films")
    users = check_users(users, name="people")
    users["age"] = pd.to_numeric(users["age"], errors="coerce").astype("Int64")
    ratings = check_ratings(ratings, items=items.index, users=users.index)
    order = ratings.sort_values(["timestamp", "user_id", "item_id"], kind="stable")
    return Dataset(
        ratings=order.reset_index(drop=True),
        items=items,
        users=users,
        folder=place.resolve(),
    )


def _official(place: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """GroupLens' own files: no headers, tabs or bars, Latin-1."""
    ratings = _rows(place / "u.data", "\t", ("user_id", "item_id", "rating", "timestamp"))
    people = ("user_id", "age", "gender", "occupation", "zip_code")
    users = _rows(place / "u.user", "|", people)
    genres = [line.split("|")[0] for line in _lines(place / "u.genre")]
    films = ("item_id", "title", "released", "video", "link", *genres)
    table = _rows(place / "u.item", "|", films)
    # "Star Wars (1977)"
    parts = [re.fullmatch(r"(.*?)\s*(?:\((\d{4})\))?\s*", title) for title in table["title"]]
    named = [genre for genre in genres if genre != "unknown"]
    items = pd.DataFrame(
        {
            "item_id": table["item_id"],
            "title": [match[1] if match else "" for match in parts],
            "year": [(match[2] or "") if match else "" for match in parts],
            "genres": [
                "|".join(genre for genre, flag in zip(named, flags, strict=True) if flag == "1")
                for flags in table[named].itertuples(index=False, name=None)
            ],
        }
    )
    return ratings, items, users


def _rows(path: Path, separator: str, columns: tuple[str, ...]) -> pd.DataFrame:
    rows = [line.split(separator) for line in _lines(path)]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise ValueError(
                f"{path.name}: row {number}: {len(row)} cells, expected {len(columns)}"
            )
    return pd.DataFrame(rows, columns=list(columns), dtype="string")


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="latin-1").split("\n") if line.strip()]


def _mirrored(place: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The same in RecBole's format: titles without the year, genres separated by blanks."""
    ratings = read_atomic_table(place / "ml-100k.inter")
    films = read_atomic_table(place / "ml-100k.item")
    users = read_atomic_table(place / "ml-100k.user")
    for table, name, columns in (
        (ratings, "inter", ("user_id", "item_id", "rating", "timestamp")),
        (films, "item", ("item_id", "movie_title", "release_year", "class")),
        (users, "user", ("user_id", "age")),
    ):
        for column in columns:
            if column not in table.columns:
                raise ValueError(f"ml-100k.{name}: column {column!r} is missing")
    items = pd.DataFrame(
        {
            "item_id": films["item_id"],
            "title": films["movie_title"],
            "year": films["release_year"].where(films["release_year"].str.fullmatch(r"\d{4}"), ""),
            "genres": films["class"].str.replace("unknown", "").str.split().str.join("|"),
        }
    ).fillna("")
    return ratings, items, users
