"""Many scores or feature blocks → one."""

from mmrec_course.fusion.early import early_fusion
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

__all__ = [
    "contributions",
    "early_fusion",
    "learn_personal_weights",
    "learn_weights",
    "normalize_scores",
    "ranking_quality",
    "stack_weights",
    "standardize_scores",
    "weight_grid",
    "weighted_sum",
]
