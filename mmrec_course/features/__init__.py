"""Clean pictures, words and sounds → numbers, aligned by item id."""

from mmrec_course.features.audio import MFCCStatistics
from mmrec_course.features.block import FeatureBlock
from mmrec_course.features.extract import extract_features, media_problems
from mmrec_course.features.image import ColorHistogram
from mmrec_course.features.text import TfidfText

__all__ = [
    "ColorHistogram",
    "FeatureBlock",
    "MFCCStatistics",
    "TfidfText",
    "extract_features",
    "media_problems",
]
