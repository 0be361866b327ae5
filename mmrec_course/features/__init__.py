"""Turn clean images, texts and sounds into blocks of features, aligned by item id."""

from mmrec_course.features.audio import (
    AudioDescriptor,
    ChromaStatistics,
    LogMelStatistics,
    MFCCStatistics,
    RhythmStatistics,
    SpectralStatistics,
)
from mmrec_course.features.block import FeatureBlock, unit_rows
from mmrec_course.features.extract import extract_features, media_problems
from mmrec_course.features.image import ColorHistogram, ColorMoments
from mmrec_course.features.image_shape import HOG
from mmrec_course.features.text import LatentSemanticAnalysis, TfidfText
from mmrec_course.features.visual_words import BagOfVisualWords, orb_descriptors

__all__ = [
    "HOG",
    "AudioDescriptor",
    "BagOfVisualWords",
    "ChromaStatistics",
    "ColorHistogram",
    "ColorMoments",
    "FeatureBlock",
    "LatentSemanticAnalysis",
    "LogMelStatistics",
    "MFCCStatistics",
    "RhythmStatistics",
    "SpectralStatistics",
    "TfidfText",
    "extract_features",
    "media_problems",
    "orb_descriptors",
    "unit_rows",
]
