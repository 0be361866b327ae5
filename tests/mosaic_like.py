"""A catalogue in Mosaic's format, small enough for a test: eight tracks, four listeners."""

import io
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import soundfile

RATE = 22050
TEXTS = (
    "A slow piano by the sea, waves under every note.",
    "Slow guitar for a winter night; the sea is far away.",
    '"Fast, loud, machines"',
    "",
    "Night train, fast drums, a city of machines.",
    "The piano again, in winter.",
    "Guitar and drums. Guitar!",
    "Nothing but a zither.",
)
IDS = tuple(f"t{i}" for i in range(8))


def write_cover(path: Path, hue: int) -> None:
    """A plain cover with a square on it."""
    hsv = np.full((40, 40, 3), (hue, 200, 220), np.uint8)
    hsv[10:20, 10:20] = ((hue + 60) % 180, 255, 90)
    cv2.imwrite(str(path), cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR))


def write_clip(path: Path, pitch: float, seconds: float = 0.5) -> None:
    """A decaying tone, as Ogg."""
    path.write_bytes(_clip(pitch, seconds))


@cache
def _clip(pitch: float, seconds: float) -> bytes:
    t, file = np.arange(int(RATE * seconds)) / RATE, io.BytesIO()
    wave = 0.5 * np.sin(2 * np.pi * pitch * t) * np.exp(-3 * t)
    soundfile.write(file, wave, RATE, format="OGG")
    return file.getvalue()


def make_catalogue(folder: Path) -> Path:
    """Write items.csv, ratings.csv, listeners.csv and media; t3 has no words, t5 no cover,
    t6 no clip."""
    for name in ("images", "audio"):
        (folder / name).mkdir(parents=True)
    lines = ["item_id,title,artist,genre,released,image,text,audio"]
    for i, item in enumerate(IDS):
        image = "" if i == 5 else f"images/{item}.png"
        audio = "" if i == 6 else f"audio/{item}.ogg"
        if image:
            write_cover(folder / image, hue=20 * i)
        if audio:
            write_clip(folder / audio, pitch=110.0 * (i + 1))
        text = '"' + TEXTS[i].replace('"', '""') + '"'
        lines.append(f"{item},Title {i},Artist,jazz,2024-01-0{i + 1},{image},{text},{audio}")
    (folder / "items.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    users = [f"u{u}" for u in range(4)]
    ratings = [
        f"{user},{item},{(u + 2 * i) % 5 + 1},2024-02-0{u + 1} 10:00:0{i}"
        for u, user in enumerate(users)
        for i, item in enumerate(IDS)
        if (u + i) % 3
    ]
    (folder / "ratings.csv").write_text(
        "user_id,item_id,rating,timestamp\n" + "\n".join(ratings) + "\n", encoding="utf-8"
    )
    (folder / "listeners.csv").write_text(
        "user_id,joined\n" + "".join(f"{user},2023-12-01\n" for user in users), encoding="utf-8"
    )
    return folder
