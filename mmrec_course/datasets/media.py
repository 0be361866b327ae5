"""Find the media files that a catalogue's table lists, and look at their first bytes alone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pandas as pd

from mmrec_course.datasets.dataset import _problem_table
from mmrec_course.datasets.validation import _plain

# First bytes of a file, and what it seems to be. Other files are left to the decoders.
SIGNS = (
    (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|RIFF....WEBP|BM.{4}\0{4}", "a picture"),
    (rb"OggS|fLaC|ID3|(RIFF|RIFX|RF64)....WAVE|FORM....AIF|\xff[\xf2-\xfb]", "a sound"),
    (rb"\s*<(!doctype html|html|head|body|script)", "a web page (HTML)"),
    (rb"....ftyp", "an MP4, HEIC or AVIF file"),
    (rb"\xff\xfe|\xfe\xff|([\t\n\r -~]|[\xc2-\xf4][\x80-\xbf]+)+[\xc2-\xf4]?$", "text"),
)
LEADS_OUT = re.compile(r"::|[/\\]\.\.")  # :: opens one address inside another
READABLE = {"image": "picture", "audio": "sound"}
Listing = Callable[[Path], dict[str, list[Path]]]


def locate_media(
    items: pd.DataFrame, folder: Path, addresses: str = ""
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn the relative paths in the columns image and audio into paths on this machine.

    Where there is no such file, one is taken whose path differs only in ``\\`` for ``/``, blanks,
    Unicode's normal form or case, if there is exactly one. Refused are files outside of the
    folder, web addresses, and what is no regular file, empty, or begins like something else.
    An address that begins with ``addresses``, and has no ``..`` or ``::``, is kept, unread.
    Returns a copy of items with absolute paths, ``<NA>`` for what cannot be used; and the
    reasons, a DataFrame item_id, modality, reason.
    """
    items, problems = items.copy(), []
    folder = Path(os.path.realpath(folder))
    listing: Listing = cache(_listing)  # a folder is searched once for all of its files
    for modality in [m for m in READABLE if m in items.columns]:
        paths = {}
        for item_id, cell in items[modality].dropna().items():
            address = str(cell).strip()
            allowed = "://" in addresses and address.startswith(addresses)
            if not allowed or LEADS_OUT.search(unquote(address)):
                paths[item_id], reason = _find(folder, str(cell), modality, listing)
            else:
                paths[item_id], reason = address, ""
            if reason:
                problems.append((item_id, modality, reason))
        items[modality] = pd.array([paths.get(i) for i in items.index], dtype="string")
    return items, _problem_table(problems)


def _find(folder: Path, cell: str, modality: str, listing: Listing) -> tuple[str | None, str]:
    """Path of a listed file and "", or None and the reason why it cannot be used."""
    plain = re.fullmatch(r"[\w./](?:[\w./ -]{,98}\w)?", cell)
    shown = cell if plain else f"'{cell[:80]}{'…' * (len(cell) > 80)}'"
    if re.match(r"\s*(?:[a-z][a-z0-9+.-]+://|data:)", cell, re.IGNORECASE):
        return None, f"{shown}: a web address; put the file into the folder and list its path"
    try:
        path = Path(os.path.realpath(folder / cell.strip().replace("\\", "/")))
        similar = [] if path.exists() else _similar(folder, cell, listing)
        if len(similar) > 1:
            names = ", ".join(str(file.relative_to(folder)) for file in similar[:3])
            return None, f"{shown}: several files differ only in case or blanks: {names}"
        path = Path(os.path.realpath(similar[0])) if similar else path
        if not path.is_relative_to(folder):
            return None, f"{shown}: the path leads out of the catalogue's folder"
        if not path.exists():
            return None, f"{shown}: there is no such file"
        shown = path.name
        if not path.is_file():  # opening a pipe would wait for ever
            return None, f"{shown}: not a regular file"
        with path.open("rb") as file:
            start = file.read(2000)
    except (OSError, ValueError) as error:
        return None, f"{shown}: cannot be read ({getattr(error, 'strerror', error)})"
    if not start:
        return None, f"{shown}: the file is empty"
    flags, wanted = re.DOTALL | re.IGNORECASE, READABLE[modality]
    kind = next((kind for sign, kind in SIGNS if re.match(sign, start, flags)), wanted)
    if not kind.endswith(wanted):
        return None, f"{shown}: seems to be {kind}, which is no readable {wanted}"
    return str(path), ""


def _similar(folder: Path, cell: str, listing: Listing) -> list[Path]:
    """Existing files whose path differs in slashes, blanks, normal form or case only."""
    found = [folder]
    for part in re.split(r"[/\\]", cell):
        if _plain(part) not in ("", "."):
            found = [path for above in found for path in listing(above).get(_plain(part), [])]
    return [] if found == [folder] else found


def _listing(folder: Path) -> dict[str, list[Path]]:
    """What is in a folder, by names without what `_similar` forgives; links are not followed."""
    names: dict[str, list[Path]] = {}
    if folder.is_dir() and not folder.is_symlink():
        for path in sorted(folder.iterdir()):
            names.setdefault(_plain(path.name), []).append(path)
    return names
