"""Clean pictures, words and sounds → numbers, aligned by item id."""

from mmrec_course.features.block import FeatureBlock

__all__ = ["FeatureBlock"]
