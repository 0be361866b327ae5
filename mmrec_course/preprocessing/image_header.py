"""What a picture file says about itself, read before anything is decoded.

In: a file's bytes. Out: its size in pixels, and which way up it is.

Notebook: 02_preprocessing
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["UnsupportedError", "header_size", "orientation"]

# Bytes that may be missing at a file's end without its being called a lie.
CUT_OFF = 2**24
PNG = b"\x89PNG\r\n\x1a\n"
TIFF = {b"II*\0": "<", b"MM\0*": ">"}
BIG_TIFF = (b"II+\0", b"MM\0+")
# TIFF 6.0, section 2: tags, and the types that hold whole numbers with their struct codes.
WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION, CHANNELS = 256, 257, 258, 262, 274, 277
PLANAR, TILE_WIDTH, TILE_HEIGHT, SAMPLE_FORMAT = 284, 322, 323, 339
WHOLE = {1: "B", 3: "H", 4: "I"}
MAX_TILE = 50_000_000


class UnsupportedError(ValueError):
    """A picture of a kind that the decoder would get wrong; the message says which.

    Notebook: 02_preprocessing
    """


def header_size(data: bytes) -> tuple[int, int]:
    """Width and height as the header says.

    Parameters
    ----------
    data
        The whole file.

    Returns
    -------
    (width, height) in pixels before any turning; (0, 0) if it is no known header.

    Raises
    ------
    struct.error, IndexError
        If the header is cut off.
    UnsupportedError
        If it is a TIFF that the decoder does not read reliably.

    Notebook: 02_preprocessing
    """
    width = height = 0
    if data.startswith(PNG):
        _check_png_chunks(data)
        width, height = struct.unpack_from(">II", data, 16)
    elif data.startswith(b"GIF8"):
        width, height = struct.unpack_from("<HH", data, 6)
    elif data.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", data, 18)
    elif data.startswith(b"\xff\xd8"):
        width, height = _jpeg_size(data)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        width, height = _webp_size(data)
    elif data[:4] in TIFF:
        width, height = _tiff_size(data)
    elif data[:4] in BIG_TIFF:
        raise UnsupportedError("a BigTIFF file; save it as PNG")
    return abs(width), abs(height)


def _check_png_chunks(data: bytes) -> None:
    """Refuse a chunk far longer than the file: the decoder makes room for whatever it claims.

    A chunk that is merely cut off is left to the decoder.
    """
    at = len(PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if length > len(data) + CUT_OFF:
            raise UnsupportedError(f"a chunk of {length:,} bytes in a file of {len(data):,}")
        at += 12 + length


def orientation(data: bytes) -> int:
    """Which way up a PNG or WebP says it is, for us to turn it.

    Parameters
    ----------
    data
        The whole file.

    Returns
    -------
    1 (upright) … 8 as EXIF numbers them; 1 where nothing, or nothing sound, is said. JPEG and
    TIFF, which OpenCV turns itself, give 1.

    Notebook: 02_preprocessing
    """
    if data.startswith(PNG):
        exif = next((body for kind, body in _chunks(data, 8, ">") if kind == b"eXIf"), b"")
    elif data.startswith(b"RIFF"):
        exif = next((body for kind, body in _chunks(data, 12, "<") if kind == b"EXIF"), b"")
    else:
        return 1
    exif = exif.removeprefix(b"Exif\0\0")
    try:
        how = _tiff_tags(exif).get(ORIENTATION, 1)
    except (struct.error, KeyError):
        return 1
    return how if 1 <= how <= 8 else 1


def _chunks(data: bytes, at: int, order: str) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of a PNG's (big-endian) or a WebP's chunks, as far as they go."""
    png = order == ">"
    while at + 8 <= len(data):
        length = struct.unpack_from(order + "I", data, at if png else at + 4)[0]
        kind = data[at + 4 : at + 8] if png else data[at : at + 4]
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + (4 if png else length % 2)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk from segment to segment up to the start of the frame (ITU-T T.81, B.2.2)."""
    at = 2
    while True:
        while data[at] == 0xFF:
            at += 1
        marker, length = data[at], struct.unpack_from(">H", data, at + 1)[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 4)
            return width, height
        at += 1 + length


def _webp_size(data: bytes) -> tuple[int, int]:
    """The three kinds of WebP (RFC 9649): lossy, lossless, extended."""
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        low_w, high_w, low_h, high_h = struct.unpack_from("<HBHB", data, 24)
        return low_w + (high_w << 16) + 1, low_h + (high_h << 16) + 1
    return 0, 0


def _tiff_size(data: bytes) -> tuple[int, int]:
    """The first page's size, if it is of a kind that OpenCV decodes rightly."""
    tags = _tiff_tags(data)
    bits, channels = tags.get(BITS, 1), tags.get(CHANNELS, 1)
    if bits > 16 or channels > 4 or tags.get(SAMPLE_FORMAT, 1) != 1:
        raise UnsupportedError(
            f"a TIFF of {channels} channels with {bits} bits, signed or of floats perhaps; save it"
            " as PNG"
        )
    # OpenCV 5 leaves white-is-zero uninverted at 16 bits and confuses separate colour planes.
    plain = tags.get(PHOTOMETRIC) in (1, 2) and tags.get(PLANAR, 1) == 1 and channels in (1, 3)
    if bits > 8 and not plain:
        raise UnsupportedError("a 16-bit TIFF that is not plain grey or RGB; save it as PNG")
    if tags.get(TILE_WIDTH, 0) * tags.get(TILE_HEIGHT, 0) > MAX_TILE:
        raise UnsupportedError(f"a TIFF with tiles over the limit of {MAX_TILE:,} pixels")
    return tags.get(WIDTH, 0), tags.get(HEIGHT, 0)


def _tiff_tags(data: bytes) -> dict[int, int]:
    """First value of each whole-number tag in the first directory of a TIFF or of EXIF data."""
    order = TIFF[data[:4]]
    start = struct.unpack_from(order + "I", data, 4)[0]
    n_entries = struct.unpack_from(order + "H", data, start)[0]
    tags = {}
    for at in range(start + 2, start + 2 + 12 * n_entries, 12):
        tag, kind, count = struct.unpack_from(order + "HHI", data, at)
        if kind not in WHOLE or not count:
            continue
        # Up to four bytes stand in the entry itself; more, where it points to.
        inside = count * struct.calcsize(WHOLE[kind]) <= 4
        place = at + 8 if inside else struct.unpack_from(order + "I", data, at + 8)[0]
        tags[tag] = struct.unpack_from(order + WHOLE[kind], data, place)[0]
    return tags
