"""Find the media files that a catalogue's table lists, and look at their first bytes.

In: a catalogue's folder and a path from its table. Out: the path on this machine, or why not.
Nothing is decoded here; a file that turns out to be broken inside is found at extraction.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path

__all__ = ["MEDIA", "find_media"]

# Modality → the first bytes of the files that can be read, whatever their names.
MEDIA: dict[str, re.Pattern[bytes]] = {
    "image": re.compile(
        rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP|GIF8[79]a|(?:II|MM)(?:[*+]\0|\0[*+])"
        rb"|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
        re.DOTALL,
    ),
    "audio": re.compile(
        rb"OggS|fLaC|(?:RIFF|RIFX|RF64)....WAVE|ID3|FORM....AIF[FC]|caff\0|\.snd\0"
        rb"|riff\x2e\x91\xcf\x11|\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd][\x10-\xef]",
        re.DOTALL,
    ),
}
# First bytes of what cannot be read, and its name in a message.
OTHERS = (
    (rb"\s*(?:<!doctype html|<html|<head|<body|<script)", "a web page (HTML)"),
    (rb"\s*(?:<\?xml.{,400}?)?<svg", "a drawing (SVG)"),
    (rb"....ftyp(?:avif|avis)", "an AVIF picture"),
    (rb"....ftyp(?:hei|hev|mif1|msf1)", "a HEIC picture"),
    (rb"....ftyp", "an MP4 file (AAC sound or video)"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "an AAC sound"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (rb"\x1a\x45\xdf\xa3", "a WebM or Matroska file"),
    (rb"MThd", "a MIDI file"),
    (rb"\0\0[\1\2]\0", "an icon (ICO)"),
    (rb"8BPS", "a Photoshop file"),
    (rb"%PDF", "a PDF document"),
    (rb"PK[\3\5]", "a ZIP archive"),
    (rb"\x1f\x8b|Rar!|7z\xbc\xaf|BZh|\xfd7zXZ", "an archive"),
    (rb"\0+$", "nothing but zero bytes"),
    (rb"\xff\xfe|\xfe\xff|(?:[\t\n\r -~]|[\xc2-\xf4][\x80-\xbf]+)+(?:[\xc2-\xf4][\x80-\xbf]*)?$",
     "text"),
)  # fmt: skip
NAMES = {"image": "picture", "audio": "sound"}
SNIFFED = 64
SEARCHED = 2**18
ADDRESS = re.compile(
    r"\s*(?:(https?|ftps?)|([A-Za-z][A-Za-z0-9+.-]+)):(?://|(?<=data:)|(?<=file:))", re.IGNORECASE
)
OUTSIDE = re.compile(r"\s*(?:[/\\]|[A-Za-z]:)|(?:.*[/\\])?\s*\.\.\s*(?:[/\\]|$)", re.DOTALL)
# Four MP3 frames of a kind, which tags or junk may precede.
MP3_FRAMES = re.compile(
    rb"(\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd])[\x10-\xef](?:.{20,1800}?\1[\x10-\xef]){3}", re.DOTALL
)


def find_media(
    folder: Path,
    given: str,
    modality: str,
    listings: dict[str, dict[str, list[str]]] | None = None,
) -> tuple[str | None, str | None]:
    """Where a listed media file is, or why it cannot be used.

    Parameters
    ----------
    folder
        The catalogue's folder, absolute and with its own links resolved.
    given
        Path from the catalogue's table, relative to the folder, with ``/`` between names. If
        there is no such file, one is taken whose path differs only in ``\\`` for ``/``, blanks
        around names, Unicode's normal form or case, if there is exactly one.
    modality
        "image" or "audio".
    listings
        What is in the folders that had to be searched, to be shared by many calls.

    Returns
    -------
    (absolute path, None), or (None, reason). Refused are paths that lead out of the folder
    (absolute, with ``..``, through a link), web addresses, anything but a regular file, an empty
    file, and a file whose first bytes are not those of a picture or a sound that can be read,
    whatever its name. Never raises for a bad file.
    """
    address = ADDRESS.match(given)
    if address:
        kind = "a web address" if address[1] else f"a {address[2].lower()}: address"
        return None, f"{_quoted(given)}: {kind}; put the file into the folder and list its path"
    home = str(folder)
    if OUTSIDE.match(given):
        # A path into the folder would tell where it is on this machine.
        shown = re.split(r"[/\\]", given)[-1] if home in given else _quoted(given)
        return None, f"{shown}: the path leads out of the catalogue's folder"
    name, start = given.rpartition("/")[2], b""
    try:
        path, status = _status(home, given)
        if status is None:
            found = _alike(home, given, {} if listings is None else listings)
            if len(found) != 1:
                lack = "there is no such file"
                if found:
                    lack = f"several files differ only in case or blanks: {', '.join(found[:3])}"
                return None, f"{_quoted(given)}: {lack}"
            name = found[0].rpartition("/")[2]
            path, status = _status(home, found[0])
        if not path.startswith(home.rstrip(os.sep) + os.sep):
            return None, f"{name}: a link leads out of the catalogue's folder"
        if status is None:
            return None, f"{_quoted(given)}: there is no such file"
        if not stat.S_ISREG(status.st_mode):
            return None, f"{name}: not a regular file"
        if status.st_size == 0:
            return None, f"{name}: the file is empty"
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            start = file.read(SNIFFED)
            if not MEDIA[modality].match(start):
                start += file.read(SEARCHED)
    except ValueError:
        return None, f"{_quoted(given)}: no file can have such a name"
    except OSError as error:
        return None, f"{_quoted(given)}: cannot be read ({error.strerror})"
    if MEDIA[modality].match(start) or (modality == "audio" and _hidden_sound(start)):
        return path, None
    return None, f"{name}: {_seen_as(start, modality)}"


def _status(home: str, given: str) -> tuple[str, os.stat_result | None]:
    """The path with its links resolved, and None if there is nothing."""
    path = os.path.realpath(os.path.join(home, given))  # noqa: PTH118 (880 of these a load)
    # Outside of the folder not even whether something exists is asked.
    if not path.startswith(home.rstrip(os.sep) + os.sep):
        return path, os.stat(home)  # noqa: PTH116
    try:
        return path, os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return path, None


def _alike(home: str, given: str, listings: dict[str, dict[str, list[str]]]) -> list[str]:
    """Paths of existing files that differ in slashes, blanks, normal form or case only."""
    found = [""]
    for part in re.split(r"[/\\]", given):
        if _plain(part) in ("", "."):
            continue
        below: list[str] = []
        for above in found[:3]:
            inside = _names(os.path.join(home, above), listings)  # noqa: PTH118
            names = inside.get(_plain(part).casefold(), [])
            # What differs in less is meant.
            for key in (str, str.strip, _plain):
                if same := [name for name in names if key(name) == key(part)]:
                    names = same[:1] if key is str else same
                    break
            below += [f"{above}/{name}".lstrip("/") for name in names]
        found = below
    return [path for path in found if path]


def _names(place: str, listings: dict[str, dict[str, list[str]]]) -> dict[str, list[str]]:
    """What is in a folder of the catalogue, by names without case; read once."""
    if place not in listings:
        names: dict[str, list[str]] = {}
        if os.path.isdir(place) and not os.path.islink(place):  # noqa: PTH112, PTH114
            for name in sorted(os.listdir(place)):  # noqa: PTH208
                names.setdefault(_plain(name).casefold(), []).append(name)
        listings[place] = names
    return listings[place]


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _quoted(given: str) -> str:
    """A cell of the table as it is, in quotes where they help to see it."""
    shown = given if len(given) <= 100 else given[:80] + "…"
    return shown if re.fullmatch(r"[\w./ -]*\w", shown) and shown == shown.strip() else f"'{shown}'"


def _hidden_sound(start: bytes) -> bool:
    """Whether an MP3, or another sound, begins behind zeros, an APE tag or junk."""
    if start.startswith(b"APETAGEX") or MEDIA["audio"].match(start.lstrip(b"\0")):
        return True
    return not _is_text(start) and MP3_FRAMES.search(start) is not None


def _is_text(start: bytes) -> bool:
    return re.match(OTHERS[-1][0], start[:2000]) is not None


def _seen_as(start: bytes, modality: str) -> str:
    """What a file seems to be that is not what it should be."""
    kinds = [(pattern, f"a {NAMES[other]}") for other, pattern in MEDIA.items()]
    kinds += [(re.compile(sign, re.DOTALL | re.IGNORECASE), what) for sign, what in OTHERS]
    what = next((what for pattern, what in kinds if pattern.match(start[:2000])), None)
    if what is None:
        return f"not a {NAMES[modality]} of a known kind, whatever its name says"
    return f"seems to be {what}, which is no readable {NAMES[modality]}"
