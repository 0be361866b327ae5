"""Splits, metrics and comparisons; models are known only through ``score``."""

from mmrec_course.evaluation.beyond_accuracy import (
    calibration,
    coverage,
    gini,
    intra_list_diversity,
    novelty,
    popularity_shown,
)
from mmrec_course.evaluation.comparison import Scorer, compare, compare_splits, evaluate
from mmrec_course.evaluation.metrics import (
    auc,
    average_precision,
    hit_rate,
    mae,
    ndcg,
    precision,
    rank_items,
    recall,
    reciprocal_rank,
    rmse,
)
from mmrec_course.evaluation.probing import probe
from mmrec_course.evaluation.splits import (
    Split,
    cold_item_split,
    global_time_split,
    random_split,
    temporal_split,
)
from mmrec_course.evaluation.tuning import search

__all__ = [
    "Scorer",
    "Split",
    "auc",
    "average_precision",
    "calibration",
    "cold_item_split",
    "compare",
    "compare_splits",
    "coverage",
    "evaluate",
    "gini",
    "global_time_split",
    "hit_rate",
    "intra_list_diversity",
    "mae",
    "ndcg",
    "novelty",
    "popularity_shown",
    "precision",
    "probe",
    "random_split",
    "rank_items",
    "recall",
    "reciprocal_rank",
    "rmse",
    "search",
    "temporal_split",
]
