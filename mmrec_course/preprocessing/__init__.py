"""Raw files → clean arrays and tokens."""

from mmrec_course.preprocessing.audio import load_audio
from mmrec_course.preprocessing.image import load_image
from mmrec_course.preprocessing.media import MediaError
from mmrec_course.preprocessing.text import tokenize

__all__ = ["MediaError", "load_audio", "load_image", "tokenize"]
