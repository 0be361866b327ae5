"""Many scores or feature blocks → one."""

from mmrec_course.fusion.early import early_fusion
from mmrec_course.fusion.weighted import (
    contributions,
    learn_weights,
    ndcg_objective,
    normalize_scores,
    stack_weights,
    standardize_scores,
    weight_grid,
    weighted_sum,
)

__all__ = [
    "contributions",
    "early_fusion",
    "learn_weights",
    "ndcg_objective",
    "normalize_scores",
    "stack_weights",
    "standardize_scores",
    "weight_grid",
    "weighted_sum",
]
