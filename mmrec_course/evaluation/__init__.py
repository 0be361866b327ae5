"""Splits, metrics and comparisons; models are known only through ``score``."""

from mmrec_course.evaluation.beyond_accuracy import (
    average_recommendation_popularity,
    calibration,
    coverage,
    gini,
    intra_list_diversity,
    novelty,
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
from mmrec_course.evaluation.out_of_fold import ScoreTable, out_of_fold_scores
from mmrec_course.evaluation.probing import probe
from mmrec_course.evaluation.splits import (
    Split,
    cold_item_split,
    global_time_split,
    random_split,
    temporal_split,
)
from mmrec_course.evaluation.tuning import grid_search

__all__ = [
    "ScoreTable",
    "Scorer",
    "Split",
    "auc",
    "average_precision",
    "average_recommendation_popularity",
    "calibration",
    "cold_item_split",
    "compare",
    "compare_splits",
    "coverage",
    "evaluate",
    "gini",
    "global_time_split",
    "grid_search",
    "hit_rate",
    "intra_list_diversity",
    "mae",
    "ndcg",
    "novelty",
    "out_of_fold_scores",
    "precision",
    "probe",
    "random_split",
    "rank_items",
    "recall",
    "reciprocal_rank",
    "rmse",
    "temporal_split",
]
