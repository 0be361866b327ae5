"""Picture files → arrays of the same kind, whatever was in the file.

In: a path. Out: an (h, w, 3) uint8 array in RGB, or a MediaError.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ExifTags import Base
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import PHOTOMETRIC_INTERPRETATION, TILELENGTH, TILEWIDTH, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

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
# First bytes → Pillow's decoder; Image.open would warn of large pictures before we see their size.
DECODERS: dict[bytes, type[ImageFile]] = {
    rb"\x89PNG\r\n\x1a\n": PngImageFile,
    rb"\xff\xd8\xff": JpegImageFile,
    rb"RIFF....WEBP": WebPImageFile,
    rb"GIF8[79]a": GifImageFile,
    rb"BM": BmpImageFile,
    rb"(?:II|MM)(?:[*+]\0|\0[*+])": TiffImageFile,
}
# PNGs give their transparent colour before the samples are scaled to 8 bits.
KEY_SCALES = {"L;2": 85.0, "L;4": 17.0, "RGB;16B": 1 / 256}


def load_image(path: str | Path, size: int | tuple[int, int] | None = None) -> Pixels:
    """Decode a PNG, JPEG, WebP, GIF, BMP or TIFF file into RGB.

    The kind is told by the content, whatever the file's name. Grey becomes three equal channels,
    transparent pixels are laid on white, 16 bits are scaled to 8, pictures are turned as their
    EXIF orientation says, of an animation or several pages the first one is taken.

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
        before anything is decoded), of another kind, cut off, holds measurements (floats, 32
        bits) instead of colours, or cannot be decoded.
    ValueError
        If size is not positive.

    Notebook: 02_preprocessing
    """
    shape = None if size is None else _checked_size(size)
    path = Path(path)
    check_file(path, MAX_BYTES)
    with quiet_decoders():
        image = _decode(path)
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


def _decode(path: Path) -> Pixels:
    """Check the header, then decode, turn upright and lay on white."""
    fault = "cannot be read"
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
            stream.seek(0)
            fault = "not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
            decoder = next(d for kind, d in DECODERS.items() if re.match(kind, start, re.DOTALL))
            fault = "the picture's header is cut off or damaged"
            if decoder is TiffImageFile:
                fault = "a TIFF that is cut off, or of a kind that is not read; save it as PNG"
            with decoder(stream) as file:
                _check_header(path, file)
                fault = "cannot be decoded as a picture"
                image = _to_rgb(file)
                return _turn(image, _orientation(file))
    except MediaError:
        raise
    except Image.DecompressionBombError:
        fault = f"more pixels than the limit of {MAX_PIXELS:,}"
    # Damaged files make Pillow stumble in many ways, and all of them mean the same.
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:
            fault = f"cannot be read ({error.strerror})"
    raise MediaError(path, fault)


def _check_header(path: Path, file: ImageFile) -> None:
    """Refuse what is too large, and what would come out wrong, before anything is decoded."""
    width, height = file.size
    if width * height > MAX_PIXELS:
        raise MediaError(path, f"{width:,} × {height:,} pixels, over the limit of {MAX_PIXELS:,}")
    if file.mode in ("I", "F"):
        raise MediaError(path, "measurements of 32 bits, not colours; save it as PNG")
    if isinstance(file, TiffImageFile):
        if file.tag_v2.get(TILEWIDTH, 0) * file.tag_v2.get(TILELENGTH, 0) > MAX_PIXELS:
            raise MediaError(path, f"tiles over the limit of {MAX_PIXELS:,} pixels")
        # Pillow leaves white-is-zero and 12 bits as they are.
        plain = file.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == 1 and _raw_mode(file) != "I;12"
        if file.mode.startswith("I;16") and not plain:
            raise MediaError(path, "a deep TIFF that is not plain 16-bit grey; save it as PNG")


def _raw_mode(file: ImageFile) -> str:
    """How the file stores its samples, in Pillow's words; "" once it is decoded."""
    args = file.tile[0][3] if file.tile else ""
    return str(args[0] if isinstance(args, tuple) and args else args)


def _to_rgb(file: ImageFile) -> Pixels:
    raw_mode = _raw_mode(file)
    file.load()
    key = file.info.get("transparency")  # a colour or an index, an alpha for each index, or None
    if file.mode.startswith("I;16"):
        deep = np.asarray(file)  # (h, w) uint16
        grey = cv2.convertScaleAbs(deep, alpha=1 / 257)
        if key is not None:
            grey[deep == key] = 255
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    if key is not None and file.mode in ("1", "L", "RGB"):
        del file.info["transparency"]
        image = np.array(file.convert("RGB"))
        scaled = np.floor(np.multiply(key, KEY_SCALES.get(raw_mode, 1.0)))
        image[(image == scaled).all(axis=2)] = 255
        return image
    if key is not None or file.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        clear = file.convert({"La": "LA"}.get(file.mode, "RGBA")).convert("RGBA")
        paper = Image.new("RGB", clear.size, "white")
        paper.paste(clear, mask=clear)
        return np.array(paper)
    return np.array(file.convert("RGB"))


def _orientation(file: ImageFile) -> int:
    """EXIF's number, 1 (upright) … 8; 1 where nothing, or nothing sound, is said."""
    try:
        how = file.getexif().get(Base.Orientation)
    except Exception:
        return 1
    return how if isinstance(how, int) and 1 <= how <= 8 else 1


def _turn(image: Pixels, how: int) -> Pixels:
    """The picture upright, from EXIF's eight ways to hold a camera."""
    if how >= 5:
        image = image.transpose(1, 0, 2)
    if how in (3, 4, 7, 8):
        image = image[::-1]
    if how in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
