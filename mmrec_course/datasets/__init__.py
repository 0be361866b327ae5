"""Where data come from."""

from importlib import import_module
from typing import Any

from mmrec_course.datasets.bundled import load_mosaic, load_stamps
from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.folder import load_folder

EXTRAS = {"load_atomic": "atomic", "load_movielens": "movielens"}

__all__ = ["Dataset", "load_atomic", "load_folder", "load_mosaic", "load_movielens", "load_stamps"]


def __getattr__(name: str) -> Any:
    """Import the loaders of `extras` when they are asked for (PEP 562)."""
    if name in EXTRAS:
        return getattr(import_module(f"mmrec_course.extras.{EXTRAS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
