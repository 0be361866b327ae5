"""Picture files → arrays of the same kind, whatever was in the file.

In: a path. Out: an (h, w, 3) uint8 array in RGB, or a MediaError.

Notebook: 02_preprocessing
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrec_course.preprocessing.media import MediaError, check_file, quiet_decoders

__all__ = ["load_image"]

Pixels = NDArray[np.uint8]
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 50_000_000


def load_image(path: str | Path, size: int | tuple[int, int] | None = None) -> Pixels:
    """Decode a PNG, JPEG, WebP, GIF or BMP file into RGB.

    Grey becomes three equal channels, transparent pixels are laid on white, 16 bits are scaled
    to 8, a JPEG is turned as its EXIF orientation says, of an animation the first frame is
    taken.

    Parameters
    ----------
    path
        The file.
    size
        (height, width) to resize to, an int for both, or None to leave the size as it is. The
        aspect ratio is not kept. Shrinking averages areas, enlarging is bilinear.

    Returns
    -------
    (h, w, 3) uint8, RGB.

    Raises
    ------
    MediaError
        If the file is missing, empty, over 256 MiB or 50 million pixels (read from its header
        before anything is decoded), of another kind, or cannot be decoded.
    ValueError
        If size is not positive.

    Notebook: 02_preprocessing
    """
    shape = (size, size) if isinstance(size, int) else size
    if shape is not None and min(shape) < 1:
        raise ValueError(f"size: {size} is not positive")
    path = Path(path)
    check_file(path, MAX_BYTES)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MediaError(path, f"cannot be read ({error.strerror})") from None
    try:
        width, height = _header_size(data)
    except (struct.error, IndexError):
        raise MediaError(path, "the picture's header is cut off") from None
    if (width, height) == (0, 0):
        raise MediaError(path, "not a PNG, JPEG, WebP, GIF or BMP picture")
    if width * height > MAX_PIXELS:
        raise MediaError(path, f"{width:,} × {height:,} pixels, over the limit of {MAX_PIXELS:,}")
    # Only the plain mode turns JPEGs by EXIF and knows CMYK; only the other keeps transparency.
    mode = cv2.IMREAD_COLOR if data[:2] in (b"\xff\xd8", b"BM") else cv2.IMREAD_UNCHANGED
    try:
        with quiet_decoders():
            decoded = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:
        decoded = None
    if decoded is None or decoded.size == 0:
        raise MediaError(path, "cannot be decoded as a picture")
    image = _to_rgb(decoded)
    if shape is None or image.shape[:2] == shape:
        return image
    shrinks = shape[0] <= image.shape[0] and shape[1] <= image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, shape[::-1], interpolation=method), dtype=np.uint8)


def _to_rgb(decoded: NDArray[Any]) -> Pixels:
    """(h, w), (h, w, 3) BGR or (h, w, 4) BGRA of 8 or 16 bits → (h, w, 3) uint8 RGB."""
    if decoded.dtype == np.uint16:
        decoded = np.round(decoded.astype(np.float32) / 257).astype(np.uint8)
    if decoded.ndim == 2 or decoded.shape[2] == 1:
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    if decoded.shape[2] == 3:
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    rgba = np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA), dtype=np.uint16)
    alpha = rgba[:, :, 3:]
    return ((rgba[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _header_size(data: bytes) -> tuple[int, int]:
    """(width, height) as the header says, (0, 0) if it is no known header."""
    width = height = 0
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack_from(">II", data, 16)
    elif data.startswith(b"GIF8"):
        width, height = struct.unpack_from("<HH", data, 6)
    elif data.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", data, 18)
    elif data.startswith(b"\xff\xd8"):
        width, height = _jpeg_size(data)
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        width, height = _webp_size(data)
    return abs(width), abs(height)


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
