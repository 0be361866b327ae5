"""Many scores or feature blocks → one."""

from mmrec_course.fusion.early import early_fusion
from mmrec_course.fusion.missing import dropout_ridge, fill_missing
from mmrec_course.fusion.multitask import MultitaskRidge
from mmrec_course.fusion.weighted import (
    contributions,
    learn_personal_weights,
    learn_weights,
    normalize_scores,
    ranking_quality,
    stack_weights,
    standardize_scores,
    weight_grid,
    weighted_sum,
)
from mmrec_course.fusion.worth import modality_values

__all__ = [
    "MultitaskRidge",
    "contributions",
    "dropout_ridge",
    "early_fusion",
    "fill_missing",
    "learn_personal_weights",
    "learn_weights",
    "modality_values",
    "normalize_scores",
    "ranking_quality",
    "stack_weights",
    "standardize_scores",
    "weight_grid",
    "weighted_sum",
]
