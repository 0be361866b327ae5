"""FeatureBlock lives among the data sets, which bring blocks along, and is one class everywhere.

What it does is tested in test_features_block.py.
"""

import subprocess
import sys

from mmrec_course.datasets.block import FeatureBlock
from mmrec_course.features import FeatureBlock as OfFeatures
from mmrec_course.features.block import FeatureBlock as OfBlock


def test_there_is_one_class():
    assert FeatureBlock is OfFeatures is OfBlock


def test_data_sets_are_read_without_the_room_that_computes_features():
    code = "import sys, mmrec_course.datasets; print('mmrec_course.features' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
