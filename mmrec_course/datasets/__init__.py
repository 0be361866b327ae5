"""Where data come from."""

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.folder import load_folder
from mmrec_course.datasets.mosaic import load_mosaic

__all__ = ["Dataset", "load_folder", "load_mosaic"]
