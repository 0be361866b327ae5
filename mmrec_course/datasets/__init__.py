"""Where data come from."""

from typing import Any

from mmrec_course.datasets.dataset import Dataset
from mmrec_course.datasets.folder import load_folder
from mmrec_course.datasets.mosaic import load_mosaic
from mmrec_course.datasets.stamps import load_stamps

__all__ = [
    "Dataset",
    "load_atomic",
    "load_folder",
    "load_mosaic",
    "load_movielens",
    "load_stamps",
]


def __getattr__(name: str) -> Any:
    """Import the loaders of `extras` when they are asked for (PEP 562)."""
    if name == "load_atomic":
        from mmrec_course.extras.atomic import load_atomic

        return load_atomic
    if name == "load_movielens":
        from mmrec_course.extras.movielens import load_movielens

        return load_movielens
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
