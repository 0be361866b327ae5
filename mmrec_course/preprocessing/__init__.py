"""Raw files → clean arrays and tokens."""

from mmrec_course.preprocessing.audio import (
    fix_length,
    load_audio,
    measure_loudness,
    normalize_loudness,
    trim_silence,
)
from mmrec_course.preprocessing.image import center_crop, convert_color, load_image, resize_image
from mmrec_course.preprocessing.media import MediaError
from mmrec_course.preprocessing.text import normalize_text, strip_markup, tokenize

__all__ = [
    "MediaError",
    "center_crop",
    "convert_color",
    "fix_length",
    "load_audio",
    "load_image",
    "measure_loudness",
    "normalize_loudness",
    "normalize_text",
    "resize_image",
    "strip_markup",
    "tokenize",
    "trim_silence",
]
