"""A look at media files from outside: is there a file, may it be used, is it what it says?

In: a catalogue's folder and a path from its table. Out: the path on this machine, or why not.
Nothing is decoded here; a file that turns out to be broken inside is found at extraction.

Notebook: 02_preprocessing
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

__all__ = ["MEDIA", "find_media"]

# Modality → extension → the bytes such a file begins with; a dot stands for any byte.
MEDIA: dict[str, dict[str, re.Pattern[bytes]]] = {
    "image": {
        ".png": re.compile(rb"\x89PNG\r\n\x1a\n"),
        ".jpg": re.compile(rb"\xff\xd8\xff"),
        ".jpeg": re.compile(rb"\xff\xd8\xff"),
        ".webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
        ".gif": re.compile(rb"GIF8[79]a"),
        ".bmp": re.compile(rb"BM"),
    },
    "audio": {
        ".ogg": re.compile(rb"OggS"),
        ".oga": re.compile(rb"OggS"),
        ".opus": re.compile(rb"OggS"),
        ".flac": re.compile(rb"fLaC"),
        ".wav": re.compile(rb"RIFF....WAVE", re.DOTALL),
        ".mp3": re.compile(rb"ID3|\xff[\xe0-\xff]"),
    },
}
LONGEST_SIGNATURE = 16


def find_media(folder: Path, given: str, modality: str) -> tuple[str | None, str | None]:
    """Where a listed media file is, or why it cannot be used.

    Parameters
    ----------
    folder
        The catalogue's folder, absolute and with its own links resolved.
    given
        Path from the catalogue's table, relative to the folder, with ``/`` between names.
    modality
        "image" or "audio".

    Returns
    -------
    (absolute path, None), or (None, reason). Refused are paths that lead out of the folder
    (absolute, with ``..``, through a link), anything but a regular file, an empty file, and a
    file that does not begin as its extension says. Never raises for a bad file.

    Notebook: 02_preprocessing
    """
    name = re.split(r"[/\\]", given)[-1]
    if re.match(r"[/\\]|[A-Za-z]:", given) or ".." in re.split(r"[/\\]", given):
        return None, f"{name}: the path leads out of the catalogue's folder"
    home = str(folder)
    try:
        path = os.path.realpath(os.path.join(home, given))  # noqa: PTH118 (880 of these a load)
        if not path.startswith(home.rstrip(os.sep) + os.sep):
            return None, f"{name}: a link leads out of the catalogue's folder"
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(status.st_mode):
            return None, f"{name}: not a regular file"
        if status.st_size == 0:
            return None, f"{name}: the file is empty"
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            start = file.read(LONGEST_SIGNATURE)
    except FileNotFoundError:
        return None, f"{name}: there is no such file"
    except OSError as error:
        return None, f"{name}: cannot be read ({error.strerror})"
    extension = os.path.splitext(name)[1].lower()  # noqa: PTH122
    signature = MEDIA[modality].get(extension)
    if signature is None:
        known = ", ".join(MEDIA[modality])
        return None, f"{name}: {extension!r} is none of {known}"
    if not signature.match(start):
        return None, f"{name}: not a {extension[1:]} file, whatever its name says"
    return path, None
