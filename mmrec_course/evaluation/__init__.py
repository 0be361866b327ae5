"""Splits, metrics and comparisons; models are known only through ``score``."""

from mmrec_course.evaluation.comparison import compare, evaluate
from mmrec_course.evaluation.splits import (
    Split,
    cold_item_split,
    global_time_split,
    random_split,
    temporal_split,
)

__all__ = [
    "Split",
    "cold_item_split",
    "compare",
    "evaluate",
    "global_time_split",
    "random_split",
    "temporal_split",
]
