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

from mmrec_course.preprocessing.image_header import UnsupportedError, header_size, orientation
from mmrec_course.preprocessing.media import MediaError, check_file, quiet_decoders

__all__ = ["center_crop", "convert_color", "load_image", "resize_image"]

Pixels = NDArray[np.uint8]
MODES = ("stretch", "contain", "cover")
SPACES = {
    "gray": cv2.COLOR_RGB2GRAY,
    "hsv": cv2.COLOR_RGB2HSV,
    "lab": cv2.COLOR_RGB2LAB,
    "ycrcb": cv2.COLOR_RGB2YCrCb,
}
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 50_000_000
STRIP_PIXELS = 1_000_000


def load_image(path: str | Path, size: int | tuple[int, int] | None = None) -> Pixels:
    """Decode a PNG, JPEG, WebP, GIF, BMP or TIFF file into RGB.

    The kind is told by the content, whatever the file's name. Grey becomes three equal channels,
    transparent pixels are laid on white, 16 bits are scaled to 8, pictures are turned as their
    EXIF orientation says, of an animation or several pages the first one is taken. Of TIFF, what
    OpenCV reads reliably: 8 bits of any kind, 16 bits in plain grey or RGB.

    Parameters
    ----------
    path
        The file.
    size
        (height, width) to stretch to, an int for both, or None to leave the size as it is;
        :func:`resize_image` can also keep the aspect ratio.

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
    shape = None if size is None else _checked_size(size)
    path = Path(path)
    check_file(path, MAX_BYTES)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MediaError(path, f"cannot be read ({error.strerror})") from None
    try:
        width, height = header_size(data)
    except (struct.error, IndexError):
        raise MediaError(path, "the picture's header is cut off") from None
    except UnsupportedError as error:
        raise MediaError(path, str(error)) from None
    if (width, height) == (0, 0):
        raise MediaError(path, "not a PNG, JPEG, WebP, GIF, BMP or TIFF picture")
    if width * height > MAX_PIXELS:
        raise MediaError(path, f"{width:,} × {height:,} pixels, over the limit of {MAX_PIXELS:,}")
    # Only the plain mode turns JPEGs by EXIF and knows CMYK; only the other keeps transparency.
    mode = cv2.IMREAD_COLOR if data[:2] in (b"\xff\xd8", b"BM") else cv2.IMREAD_UNCHANGED
    try:
        with quiet_decoders():
            decoded = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except cv2.error:
        decoded = None
    if decoded is None or decoded.size == 0 or decoded.dtype not in (np.uint8, np.uint16):
        raise MediaError(path, "cannot be decoded as a picture")
    image = _turn(_to_rgb(decoded, premultiplied=data[:2] in (b"II", b"MM")), orientation(data))
    return image if shape is None else resize_image(image, shape)


def resize_image(
    image: Pixels,
    size: int | tuple[int, int],
    *,
    mode: str = "stretch",
    color: tuple[int, int, int] = (255, 255, 255),
) -> Pixels:
    """Bring a picture to a given size.

    Shrinking averages areas, so that fine patterns turn grey instead of into stripes that were
    never there; enlarging is bilinear. A side that shrinks is averaged first, also where the
    other one grows.

    Parameters
    ----------
    image
        (h, w, 3) or (h, w) uint8.
    size
        (height, width), or an int for both.
    mode
        "stretch" to that size, whatever becomes of the shape; "contain": as large as fits inside
        with its shape kept, in the middle, with bars in ``color``; "cover": as small as covers
        everything with its shape kept, what sticks out cut off on both sides alike.
    color
        Of the bars, RGB.

    Returns
    -------
    The same kind of array, of exactly that size.

    Raises
    ------
    ValueError
        If size is not positive or has more than 50 million pixels, mode is unknown, or image is
        not such an array.

    Notebook: 02_preprocessing
    """
    image, (height, width) = _checked(image), _checked_size(size)
    if mode not in MODES:
        raise ValueError(f"mode: {mode!r} is not one of {', '.join(MODES)}")
    if mode == "cover":
        image = _largest_crop(image, height, width)
    if mode != "contain":
        return _scale(image, height, width)
    h, w = image.shape[:2]
    # The side that touches is exact; the other one is at least a pixel.
    if h * width >= w * height:
        inner = (height, max(1, round(w * height / h)))
    else:
        inner = (max(1, round(h * width / w)), width)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    fill = np.asarray(color, np.uint8)
    if image.ndim == 2:
        fill = convert_color(fill[None, None], "gray")[0, 0]
    framed = np.empty((height, width, *image.shape[2:]), np.uint8)
    framed[:] = fill
    framed[top : top + inner[0], left : left + inner[1]] = _scale(image, *inner)
    return framed


def center_crop(image: Pixels, size: int | tuple[int, int]) -> Pixels:
    """Cut the middle out of a picture.

    Parameters
    ----------
    image
        (h, w, 3) or (h, w) uint8.
    size
        (height, width), or an int for both. A side that is longer than the picture's is taken
        as the picture's: nothing is enlarged or padded.

    Returns
    -------
    The same kind of array, a copy. Where the margin is odd, the larger half is cut at the bottom
    and on the right.

    Raises
    ------
    ValueError
        If size is not positive, or image is not such an array.

    Notebook: 02_preprocessing
    """
    image, (height, width) = _checked(image), _checked_size(size)
    height, width = min(height, image.shape[0]), min(width, image.shape[1])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width].copy()


def convert_color(image: Pixels, space: str) -> Pixels:
    """The same colours, said in other numbers.

    Parameters
    ----------
    image
        (h, w, 3) uint8 RGB.
    space
        "rgb" (a copy), "gray" (0.299 R + 0.587 G + 0.114 B), "hsv" (hue, saturation, value), "lab"
        (lightness, green to red, blue to yellow) or "ycrcb" (brightness and two differences, as
        JPEG has them).

    Returns
    -------
    (h, w) for "gray", else (h, w, 3); uint8 in OpenCV's ranges: hue 0–179 (half degrees), all
    else 0–255; in "lab" lightness is 2.55 times its usual value and the two others are shifted
    by 128.

    Raises
    ------
    ValueError
        If space is unknown or image is not such an array.

    Notebook: 02_preprocessing
    """
    image = _checked(image)
    if image.ndim != 3:
        raise ValueError(f"image: shape {image.shape} has no colours, expected (h, w, 3)")
    if space == "rgb":
        return image.copy()
    if space not in SPACES:
        raise ValueError(f"space: {space!r} is not one of rgb, {', '.join(SPACES)}")
    return np.asarray(cv2.cvtColor(image, SPACES[space]), dtype=np.uint8)


def _checked(image: Any) -> Pixels:
    image = np.asarray(image)
    colours = image.ndim == 3 and image.shape[2] == 3
    if image.dtype != np.uint8 or not (colours or image.ndim == 2) or not image.size:
        raise ValueError(
            f"image: shape {image.shape} and dtype {image.dtype}, expected (h, w, 3) or (h, w)"
            " uint8, not empty"
        )
    return np.ascontiguousarray(image)


def _checked_size(size: int | tuple[int, int]) -> tuple[int, int]:
    height, width = (size, size) if isinstance(size, (int, np.integer)) else size
    if min(height, width) < 1:
        raise ValueError(f"size: {size} is not positive")
    if height * width > MAX_PIXELS:
        raise ValueError(f"size: {size} is over the limit of {MAX_PIXELS:,} pixels")
    return height, width


def _largest_crop(image: Pixels, height: int, width: int) -> Pixels:
    """The middle part that has the shape height : width, at least one pixel."""
    h, w = image.shape[:2]
    if h * width >= w * height:
        return center_crop(image, (max(1, round(w * height / width)), w))
    return center_crop(image, (h, max(1, round(h * width / height))))


def _scale(image: Pixels, height: int, width: int) -> Pixels:
    # OpenCV's area method averages only if no side grows; so let no side grow.
    smaller = (min(height, image.shape[0]), min(width, image.shape[1]))
    for shape, method in ((smaller, cv2.INTER_AREA), ((height, width), cv2.INTER_LINEAR)):
        if image.shape[:2] != shape:
            image = np.asarray(cv2.resize(image, shape[::-1], interpolation=method), dtype=np.uint8)
    return image


def _to_rgb(decoded: NDArray[Any], *, premultiplied: bool) -> Pixels:
    """(h, w), (h, w, 3) BGR or (h, w, 4) BGRA of 8 or 16 bits → (h, w, 3) uint8 RGB."""
    if decoded.dtype == np.uint16:
        decoded = cv2.convertScaleAbs(decoded, alpha=1 / 257)
    if decoded.ndim == 2 or decoded.shape[2] == 1:
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    if decoded.shape[2] == 3:
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    image = np.empty((*decoded.shape[:2], 3), np.uint8)
    # A strip of rows at a time, because 16 bits a channel of a whole large picture fill memory.
    step = max(1, STRIP_PIXELS // decoded.shape[1])
    for top in range(0, len(decoded), step):
        bgra = decoded[top : top + step].astype(np.uint16)
        color, alpha = bgra[:, :, 2::-1], bgra[:, :, 3:]
        if premultiplied:
            laid = np.minimum(color + (255 - alpha), 255)
        else:
            laid = (color * alpha + 255 * (255 - alpha) + 127) // 255
        image[top : top + step] = laid
    return image


def _turn(image: Pixels, how: int) -> Pixels:
    """The picture upright, from EXIF's eight ways to hold a camera."""
    if how >= 5:
        image = image.transpose(1, 0, 2)
    if how in (3, 4, 7, 8):
        image = image[::-1]
    if how in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
