"""Many scores → one."""

from mmrec_course.fusion.weighted import (
    learn_weights,
    standardize_scores,
    weight_grid,
    weighted_sum,
)

__all__ = ["learn_weights", "standardize_scores", "weight_grid", "weighted_sum"]
