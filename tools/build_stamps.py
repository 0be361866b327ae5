"""Make data/stamps from Debian's package tuxpaint-stamps-default, unpacked.

    apt-get download tuxpaint-stamps-default
    dpkg-deb -x tuxpaint-stamps-default_*.deb unpacked
    python tools/build_stamps.py unpacked

In: the package's folder of stamps. Out: items.csv, images/, audio/. README.md there is written by
hand and stays. Same package and same OpenCV, same bytes.
"""

from __future__ import annotations

import csv
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "data" / "stamps"
STAMPS = Path("usr/share/tuxpaint/stamps")
LARGEST = 256
QUALITY = 85

# Letters, coins, signs and flags are symbols: one can read them, and that is all one can do.
# Weapons are left out of a course that may be taught at school.
LEFT_OUT = ("symbols", "military", "town/roadsigns", "town/flags")
# Upstream's list of contributors (docs/CONTRIBUTORS.txt of its source) names for these a licence
# that does not go together with the package's: GFDL alone, or Creative Commons before 4.0.
OTHER_LICENCE = (
    *("adeenia", "anthoorium", "appooppanthady", "apricot", "australian_rules_football"),
    *("bassoon", "beetle", "bolsom", "brown_slug", "cello", "chemparathi", "cherry_stella"),
    *("christmas_pudding", "chuvanna_plastic_poo", "clock", "cymbal_crash", "double_decker_bus"),
    *("drum", "firetruck", "german_christmas_toy", "green_korean_bus", "guitar_", "guinea"),
    *("helmeted", "heron_greatblue", "highlighter", "holly", "inukshuk-photo", "kettle"),
    *("lightbulb", "mercurythermometer", "mince_pie", "mug", "otter", "pelican"),
    *("pink_tricycle", "roast_turkey", "rugby_goal_posts", "strawberry2", "trumpet"),
    *("uk_post_box", "violin", "wheeliebin", "wheelie_bin", "woodlouse"),
    *("wrapped_chocolate_easter_egg",),
)
MIRRORED = re.compile(r"_(mirror|flip)$")


def main(unpacked: Path) -> None:
    """Build the folder anew."""
    source = unpacked / STAMPS
    if not source.is_dir():
        sys.exit(f"{source}: no such folder; give the folder that the package was unpacked into")
    for name in ("images", "audio"):
        shutil.rmtree(TARGET / name, ignore_errors=True)
        (TARGET / name).mkdir(parents=True)
    pictures = [path for path in sorted(source.rglob("*.png")) if wanted(path, source)]
    names = Counter(plain_name(path) for path in pictures)
    rows = []
    for path in pictures:
        folders = path.relative_to(source).parent.parts
        name = plain_name(path)
        item_id = name if names[name] == 1 else f"{folders[-1]}-{name}"
        text = english(path.with_suffix(".txt"))
        image, audio = f"images/{item_id}.jpg", f"audio/{item_id}.ogg"
        write_picture(path, TARGET / image)
        has_sound = write_sound(path.with_suffix(".ogg"), TARGET / audio)
        group = next((folder for folder in folders[1:] if folder != "cartoon"), "")
        rows.append(
            {
                "item_id": item_id,
                "title": title_of(text),
                "text": text,
                "category": folders[0],
                "group": group,
                "image": image,
                "audio": audio if has_sound else "",
            }
        )
    ids = [row["item_id"] for row in rows]
    if len(set(ids)) != len(ids):
        sys.exit(f"two stamps would be called {Counter(ids).most_common(1)[0][0]!r}")
    with (TARGET / "items.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["item_id"]))
    size = sum(path.stat().st_size for path in TARGET.rglob("*") if path.is_file())
    sounds = sum(bool(row["audio"]) for row in rows)
    print(f"{len(rows)} stamps, {sounds} with a sound, {size / 2**20:.1f} MiB")


def wanted(path: Path, source: Path) -> bool:
    """A picture with English words that is no symbol, no mirror image and under the licence."""
    place = path.relative_to(source).as_posix()
    return not (
        place.startswith(tuple(f"{folder}/" for folder in LEFT_OUT))
        or MIRRORED.search(path.stem)
        or path.stem.lower().startswith(OTHER_LICENCE)
        or not english(path.with_suffix(".txt"))
    )


def plain_name(path: Path) -> str:
    """The file's name in lower case, with hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")


def english(path: Path) -> str:
    """The first line of a stamp's description; other languages follow with their codes."""
    if not path.is_file():
        return ""
    line = path.read_text(encoding="utf-8", errors="replace").split("\n")[0].strip()
    return "" if "=" in line or "�" in line else line


def title_of(text: str) -> str:
    """A name for a shelf: the words up to the first pause, without their article."""
    words = re.split(r"[.!?;:—–(]", text)[0].strip()
    words = re.sub(r"^(?:an?|the|some)\s+", "", words, flags=re.IGNORECASE)
    return words[:1].upper() + words[1:]


def write_picture(source: Path, target: Path) -> None:
    """At most 256 px, on white, as JPEG without anything but pixels."""
    picture = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
    if picture is None:
        sys.exit(f"{source.name}: cannot be decoded")
    if picture.dtype == np.uint16:
        picture = np.round(picture / 257).astype(np.uint8)
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if picture.shape[2] == 4:
        alpha = picture[:, :, 3:].astype(np.float64) / 255
        picture = np.round(picture[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    height, width = picture.shape[:2]
    scale = LARGEST / max(height, width)
    if scale < 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def write_sound(source: Path, target: Path) -> bool:
    """The sound effect as it is; files named _desc are spoken descriptions and are left out."""
    if not source.is_file():
        return False
    samples, _ = soundfile.read(source)
    if not samples.any():  # a few files hold nothing but silence
        return False
    shutil.copyfile(source, target)
    return True


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
