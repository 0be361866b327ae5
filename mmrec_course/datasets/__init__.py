"""Where data come from."""

from mmrec_course.datasets.atomic import load_atomic
from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.folder import load_folder
from mmrec_course.datasets.mosaic import load_mosaic
from mmrec_course.datasets.movielens import load_movielens
from mmrec_course.datasets.stamps import load_stamps

__all__ = [
    "Dataset",
    "load_atomic",
    "load_folder",
    "load_mosaic",
    "load_movielens",
    "load_stamps",
]
