"""Picture files → (h, w, 3) uint8 RGB arrays; sizes, crops and colour spaces."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile

from mmrec_course.preprocessing.media import MediaError, check_file, quiet_decoders

Pixels = NDArray[np.uint8]
SPACES = {"gray": cv2.COLOR_RGB2GRAY, "hsv": cv2.COLOR_RGB2HSV, "lab": cv2.COLOR_RGB2LAB}
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def load_image(path: str | Path) -> Pixels:
    """Decode a PNG, JPEG, WebP, GIF, BMP or TIFF file into (h, w, 3) uint8 RGB.

    The content decides the format, not the file's name. Transparent pixels are laid on white, 16
    bits are scaled to 8, pictures are turned as their EXIF orientation says, of an animation the
    first frame is taken. MediaError says why a file cannot be used: missing, damaged, of another
    kind, over 256 MiB or 50 million pixels (read from its header before anything is decoded).

    Notebook: 02_preprocessing
    """
    path = Path(path)
    check_file(path, MAX_BYTES)
    with quiet_decoders():
        return _decode(path)


def resize_image(image: Pixels, size: int | tuple[int, int], *, mode: str = "stretch") -> Pixels:
    """Resize an (h, w, 3) or (h, w) uint8 picture to ``size``, (height, width) or one int.

    Shrinking averages areas; enlarging is bilinear. Mode "stretch" ignores the aspect ratio,
    "contain" adds white bars, "cover" cuts off both sides of what is too long.

    Notebook: 02_preprocessing
    """
    image, (height, width) = _checked(image), np.broadcast_to(size, 2).tolist()
    if mode not in ("stretch", "contain", "cover"):
        raise ValueError(f"mode: {mode!r} is not one of stretch, contain, cover")
    if mode == "cover":
        image = center_crop(image, _largest(height, width, image.shape))
    if mode != "contain":
        return _scale(image, height, width)
    inner = _largest(image.shape[0], image.shape[1], (height, width))
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    framed = np.full((height, width, *image.shape[2:]), 255, np.uint8)
    framed[top : top + inner[0], left : left + inner[1]] = _scale(image, *inner)
    return framed


def center_crop(image: Pixels, size: int | tuple[int, int]) -> Pixels:
    """Copy the middle, (height, width) or one int, of a picture; at most all of it.

    Notebook: 02_preprocessing
    """
    image, (height, width) = _checked(image), np.broadcast_to(size, 2).tolist()
    height, width = min(height, image.shape[0]), min(width, image.shape[1])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width].copy()


def convert_color(image: Pixels, space: str) -> Pixels:
    """Convert an (h, w, 3) RGB picture to "rgb" (a copy), "gray", "hsv" or "lab".

    "gray", 0.299 R + 0.587 G + 0.114 B, has shape (h, w). Values are uint8 in OpenCV's ranges:
    hue 0–179, all else 0–255.

    Notebook: 02_preprocessing
    """
    image = _checked(image)
    if space == "rgb":
        return image.copy()
    if space not in SPACES:
        raise ValueError(f"space: {space!r} is not one of rgb, {', '.join(SPACES)}")
    return np.asarray(cv2.cvtColor(image, SPACES[space]), dtype=np.uint8)


def _checked(image: Any) -> Pixels:
    image = np.asarray(image)
    colours = image.ndim == 3 and image.shape[2] == 3
    if image.dtype != np.uint8 or not (colours or image.ndim == 2) or not image.size:
        wanted = "(h, w, 3) or (h, w) uint8, not empty"
        raise ValueError(f"image: {image.shape} {image.dtype}, expected {wanted}")
    return np.ascontiguousarray(image)


def _largest(height: int, width: int, box: tuple[int, ...]) -> tuple[int, int]:
    """The largest size inside of a box with the aspect ratio height : width."""
    h, w = box[:2]
    if height * w >= width * h:
        return h, max(1, round(width * h / height))
    return max(1, round(height * w / width)), w


def _scale(image: Pixels, height: int, width: int) -> Pixels:
    # OpenCV's area method averages only if no side grows; so let no side grow.
    smaller = (min(height, image.shape[0]), min(width, image.shape[1]))
    for shape, method in ((smaller, cv2.INTER_AREA), ((height, width), cv2.INTER_LINEAR)):
        if image.shape[:2] != shape:
            image = np.asarray(cv2.resize(image, shape[::-1], interpolation=method), dtype=np.uint8)
    return image


def _decode(path: Path) -> Pixels:
    """Check the header, then decode, turn upright and lay on white."""
    fault = "not a PNG, JPEG, WebP, GIF, BMP or TIFF picture"
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
            stream.seek(0)
            Image.init()
            # Image.open would refuse large pictures without saying their size.
            decoders = [Image.OPEN[name] for name in FORMATS]
            decoder = next(read for read, accepts in decoders if accepts and accepts(start))
            fault = "the picture's header is cut off, damaged, or of a kind that is not read"
            with decoder(stream, "") as file:
                width, height = file.size
                if width * height > MAX_PIXELS:
                    limit = f"over the limit of {MAX_PIXELS:,}"
                    raise MediaError(path, f"{width:,} × {height:,} pixels, {limit}")
                if file.mode in ("I", "F"):
                    raise MediaError(path, "measurements of 32 bits, not colours; save it as PNG")
                fault = "cannot be decoded as a picture"
                return _to_rgb(file)
    except MediaError:
        raise
    except Exception as error:  # damaged files make Pillow fail in many ways
        unread = getattr(error, "strerror", None)
        raise MediaError(path, f"cannot be read ({unread})" if unread else fault) from None


def _to_rgb(file: ImageFile) -> Pixels:
    key, tags = file.info.get("transparency"), getattr(file, "tag_v2", {})  # tags: of a TIFF
    if file.format == "PNG" and key is not None:  # Pillow scales samples to 8 bits, not their key
        depth, steps = str(file.tile[0][3]), {"L;2": 85, "L;4": 17}
        new = tuple(v >> 8 for v in key) if depth == "RGB;16B" else key * steps.get(depth, 1)
        file.info["transparency"] = new
    file.load()
    with suppress(Exception):  # damaged EXIF data
        ImageOps.exif_transpose(file, in_place=True)
    if file.mode.startswith("I;16"):  # Pillow would cut off at 255, OpenCV ignores the byte order
        values = np.asarray(file).astype(np.uint16)
        grey = cv2.convertScaleAbs(values, alpha=255 / (2 ** tags.get(258, (16,))[0] - 1))
        grey = 255 - grey if tags.get(262) == 0 else grey  # 0: the least value is white
        grey[values == key] = 255
        return np.dstack([grey] * 3)
    if not file.has_transparency_data:
        return np.array(file.convert("RGB"))
    clear = (file.convert("LA") if file.mode == "La" else file).convert("RGBA")
    paper = Image.new("RGB", clear.size, "white")
    paper.paste(clear, mask=clear)
    return np.array(paper)
