"""Build data/mosaic from its sources: the made-up music shop that the course bundles.

In: tools/mosaic/tracks.csv (latent facts, drawn once, then frozen) and tools/mosaic/words.csv
(artist, title and description, written for those facts). Out: data/mosaic with items, ratings,
listeners, covers, clips and truth. The same versions of everything give the same bytes.

    python tools/build_mosaic.py               # everything, about five minutes
    python tools/build_mosaic.py --tables      # items, ratings, listeners and truth only
    python tools/build_mosaic.py --to FOLDER   # somewhere else

Covers need skia-python and fonts, clips need mido, the fluidsynth program and the FluidR3 GM
sound font; CONTRIBUTING.md lists the packages. Learners never need to run this.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from joblib import Parallel, delayed
from mosaic.covers import draw_cover, write_cover
from mosaic.music import make_clip, write_clip

from mmrec_course.datasets.synthetic import LOOK, PARTS, SOUND, World, make_world

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "tools" / "mosaic"
TARGET = ROOT / "data" / "mosaic"
SEED = 2023
# What made the files in data/mosaic. Other versions draw and play the same, bytes apart.
MADE_WITH = {
    "image": {"skia-python": "144.1", "pillow": "13.0.0"},
    "audio": {"fluidsynth": "2.3.1", "libsndfile": "1.2.2"},
}


def read_source() -> pd.DataFrame:
    """Facts and words of every track, in order of item_id."""
    tracks = pd.read_csv(SOURCE / "tracks.csv", keep_default_na=False)
    words = pd.read_csv(SOURCE / "words.csv", keep_default_na=False)
    table = tracks.merge(words, on="item_id", validate="one_to_one").sort_values("item_id")
    if len(table) != len(tracks):
        raise ValueError(f"words.csv: {len(tracks) - len(table)} tracks have no words")
    table["released"] = pd.to_datetime(table["released"])
    table["second_theme"] = table["second_theme"].replace("", pd.NA)
    return table.reset_index(drop=True)


def write_tables(tracks: pd.DataFrame, world: World, target: Path) -> None:
    """items.csv, ratings.csv, listeners.csv and truth.npz."""
    ids = tracks["item_id"]
    items = pd.DataFrame(
        {
            "item_id": ids,
            "title": tracks["title"],
            "artist": tracks["artist"],
            "genre": tracks["genre"],
            "released": tracks["released"].dt.strftime("%Y-%m-%d"),
            "image": ("images/" + ids + ".jpg").where(tracks["has_image"]),
            "text": tracks["text"].where(tracks["has_text"]),
            "audio": ("audio/" + ids + ".ogg").where(tracks["has_audio"]),
        }
    )
    ratings = world.ratings
    joined = ratings.groupby("user_id")["timestamp"].min().reindex(world.user_ids)
    listeners = pd.DataFrame({"user_id": world.user_ids, "joined": joined.dt.strftime("%Y-%m-%d")})
    for name, table in (("items", items), ("ratings", ratings), ("listeners", listeners)):
        table.to_csv(target / f"{name}.csv", index=False, lineterminator="\n")
    text_columns = ("genre", "lead", "motif", "theme", "second_theme")
    scenes = sorted(column for column in tracks if column.startswith("scene_"))
    truth = {
        "item_ids": ids.to_numpy(str),
        "user_ids": world.user_ids,
        "utility": world.utility.astype("float16"),
        "attention": world.attention.astype("float32"),
        "sound": tracks[list(SOUND)].to_numpy("float32"),
        "sound_names": np.array(SOUND),
        "look": tracks[list(LOOK)].to_numpy("float32"),
        "look_names": np.array(LOOK),
        "scene": tracks[scenes].to_numpy("float32"),
        "quality": tracks["quality"].to_numpy("float32"),
        "fame": tracks["fame"].to_numpy("float32"),
        "artist": tracks["artist_id"].to_numpy("int16"),
        **{name: tracks[name].fillna("").to_numpy(str) for name in text_columns},
        **{
            f"part_{name}": part.astype("float16")
            for name, part in zip(PARTS, world.parts, strict=True)
        },
    }
    np.savez_compressed(target / "truth.npz", **truth)


def write_media(
    tracks: pd.DataFrame, column: str, target: Path, write: Callable[..., None]
) -> None:
    """One file for each track that has it, two at a time; files of other tracks are removed."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    chosen = tracks[tracks[column]]
    Parallel(n_jobs=2)(
        delayed(write)(target, row._asdict()) for row in chosen.itertuples(index=False)
    )


def write_one_cover(target: Path, facts: dict[str, object]) -> None:
    """Draw and store the cover of one track."""
    cover = draw_cover(
        facts, title=facts["title"], artist=facts["artist"], item_id=facts["item_id"]
    )
    write_cover(target / f"{facts['item_id']}.jpg", cover)


def write_one_clip(target: Path, facts: dict[str, object]) -> None:
    """Compose, play and store the clip of one track."""
    item_id = str(facts["item_id"])
    write_clip(target / f"{item_id}.ogg", make_clip(facts), item_id=item_id)


def versions(modality: str) -> dict[str, str]:
    """What would make the files of a modality here; "" for what is not installed."""
    if modality == "image":
        return {name: _distribution(name) for name in ("skia-python", "pillow")}
    executable = shutil.which("fluidsynth")
    found = None
    if executable is not None:
        command = [executable, "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        found = re.search(r"version (\S+)", said)
    return {
        "fluidsynth": found[1] if found else "",
        "libsndfile": soundfile.__libsndfile_version__,
    }


def _distribution(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description="Build data/mosaic from its sources.")
    parser.add_argument("--tables", action="store_true", help="leave covers and clips alone")
    parser.add_argument(
        "--to", type=Path, default=TARGET, metavar="FOLDER", help="default: %(default)s"
    )
    options = parser.parse_args(arguments)
    tracks, target = read_source(), options.to
    target.mkdir(parents=True, exist_ok=True)
    write_tables(tracks, make_world(tracks, rng=SEED), target)
    if not options.tables:
        write_media(tracks, "has_image", target / "images", write_one_cover)
        write_media(tracks, "has_audio", target / "audio", write_one_clip)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{target}: {len(tracks)} tracks, {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
