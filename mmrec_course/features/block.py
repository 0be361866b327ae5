"""FeatureBlock, where one looks for it: among the features.

It is written down in :mod:`mmrec_course.datasets.block`, because some data sets come with features
instead of media, and a data set never imports the room of those who compute features.

Notebook: 03_image_features
"""

from mmrec_course.datasets.block import FeatureBlock

__all__ = ["FeatureBlock"]
