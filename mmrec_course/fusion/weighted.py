"""Late weighted fusion: one score from several, and the weights that serve listeners best.

In: scores a modality, (n_users, n_items) each, and who has what. Out: fused scores, weights.

Notebook: 08_weighted_fusion
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmrec_course.evaluation.metrics import ndcg, rank_items

__all__ = ["learn_weights", "standardize_scores", "weight_grid", "weighted_sum"]

Floats = NDArray[np.float64]


def standardize_scores(scores: ArrayLike, reference: ArrayLike | None = None) -> Floats:
    """Per-user z-scores, so that a modality's weight is not at the mercy of its units.

    z_ui = (y_ui − mean_u) / sd_u, with mean and standard deviation over the reference.

    Parameters
    ----------
    scores
        (n_users, n_items).
    reference
        (n_users, n_reference) scores of the items that set the scale; the scores themselves
        if not given.

    Returns
    -------
    (n_users, n_items) float64; rows whose reference is constant are centred and not scaled.

    Raises
    ------
    ValueError
        If the two have different numbers of users.

    Notebook: 08_weighted_fusion

    Examples
    --------
    >>> standardize_scores([[1.0, 2.0, 3.0]]).round(2).tolist()
    [[-1.22, 0.0, 1.22]]
    """
    y = np.asarray(scores, dtype=np.float64)
    base = y if reference is None else np.asarray(reference, dtype=np.float64)
    if len(base) != len(y):
        raise ValueError(f"reference: {len(base)} users, but scores have {len(y)}")
    mean = base.mean(axis=1, keepdims=True)
    sd = base.std(axis=1, keepdims=True)
    flat = sd <= 1e-12 * (1 + np.abs(mean))
    return np.asarray((y - mean) / np.where(flat, 1.0, sd))


def weighted_sum(
    scores: Mapping[str, ArrayLike],
    weights: Mapping[str, float],
    present: Mapping[str, ArrayLike] | None = None,
) -> Floats:
    """ŷ_ui = Σ_m a_im w_m y_m,ui / Σ_m a_im w_m: a weighted mean over what an item has.

    Where a modality is missing, the others' weights are scaled up to fill its place, so that
    the item is neither punished nor favoured for the gap.

    Parameters
    ----------
    scores
        modality → (n_users, n_items), on comparable scales (:func:`standardize_scores`).
    weights
        modality → w_m ≥ 0, not all zero. Every modality of ``scores`` needs one.
    present
        modality → (n_items,) bool, a_im; everything present if not given.

    Returns
    -------
    (n_users, n_items); 0 for an item without any weighted modality.

    Raises
    ------
    ValueError
        If a weight is missing, negative or not finite, or all are zero, or shapes disagree.

    Notebook: 08_weighted_fusion

    Examples
    --------
    >>> scores = {"image": [[1.0, 1.0]], "audio": [[3.0, 3.0]]}
    >>> weighted_sum(scores, {"image": 0.5, "audio": 0.5},
    ...              {"image": [True, True], "audio": [True, False]}).tolist()
    [[2.0, 1.0]]
    """
    if not scores:
        raise ValueError("scores: no modality to fuse")
    shapes = {m: np.shape(y) for m, y in scores.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"scores: shapes differ: {shapes}")
    for m in scores:
        if m not in weights:
            raise ValueError(f"weights: none for modality {m!r}; has {sorted(weights)}")
        if not (np.isfinite(weights[m]) and weights[m] >= 0):
            raise ValueError(f"weights[{m!r}]: {weights[m]} is not a finite number of at least 0")
    if not any(weights[m] > 0 for m in scores):
        raise ValueError("weights: all are zero")
    n_items = next(iter(shapes.values()))[-1]
    total = np.zeros(n_items)
    fused = np.zeros(next(iter(shapes.values())))
    for m, y in scores.items():
        a = np.ones(n_items) if present is None else np.asarray(present[m], dtype=np.float64)
        if a.shape != (n_items,):
            raise ValueError(f"present[{m!r}]: shape {a.shape}, expected ({n_items},)")
        total += weights[m] * a
        fused += weights[m] * a * np.asarray(y, dtype=np.float64)
    return np.asarray(np.divide(fused, total, out=np.zeros_like(fused), where=total > 0))


def weight_grid(n_modalities: int, step: float = 0.1) -> Floats:
    """Every way to share out a weight of 1 in whole steps: the simplex as a grid.

    Parameters
    ----------
    n_modalities
        M.
    step
        1 / step must be a whole number.

    Returns
    -------
    (C(1/step + M − 1, M − 1), M), rows sum to 1, in a fixed order.

    Raises
    ------
    ValueError
        If M is below 1 or the step does not divide 1.

    Notebook: 08_weighted_fusion

    Examples
    --------
    >>> weight_grid(2, step=0.5).tolist()
    [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    """
    n = round(1 / step) if step > 0 else 0
    if n < 1 or abs(n * step - 1) > 1e-9:
        raise ValueError(f"step: {step} does not divide 1")
    if n_modalities < 1:
        raise ValueError(f"n_modalities: {n_modalities} is below 1")
    # Stars and bars: M − 1 bars among n stars; the stars between two bars are one weight.
    slots = n + n_modalities - 1
    edges = np.array([(-1, *bars, slots) for bars in combinations(range(slots), n_modalities - 1)])
    return np.asarray((np.diff(edges, axis=1) - 1) / n)


def learn_weights(
    scores: Mapping[str, ArrayLike],
    relevant: ArrayLike,
    present: Mapping[str, ArrayLike] | None = None,
    *,
    groups: ArrayLike | None = None,
    k: int = 10,
    step: float = 0.1,
) -> dict[str, float]:
    """The weights on a grid over the simplex that rank best: largest mean NDCG@k.

    Give it scores of items that the modality models have not learned from, or it will trust
    whichever modality overfits most. Of equally good weights it takes those nearest to equal.

    Parameters
    ----------
    scores
        modality → (n_users, n_items), on comparable scales.
    relevant
        (n_users, n_items) bool: what the user liked.
    present
        modality → (n_items,) bool.
    groups
        (n_items,) labels, say of the fold in which an item was hidden: each group is ranked by
        itself, and the results are averaged. One list of all items if not given.
    k, step
        List length, and the grid's spacing.

    Returns
    -------
    modality → weight; sums to 1.

    Raises
    ------
    ValueError
        If shapes disagree or nothing is relevant.

    Notebook: 08_weighted_fusion
    """
    liked = np.asarray(relevant, dtype=bool)
    if not liked.any():
        raise ValueError("relevant: nobody likes anything, so no weights can be learned")
    names = list(scores)
    label = np.zeros(liked.shape[1]) if groups is None else np.asarray(groups)
    lists = []
    for group in np.unique(label):
        items = np.flatnonzero(label == group)
        users = np.flatnonzero(liked[:, items].any(axis=1))
        if len(users):
            cut = np.ix_(users, items)
            y = {m: np.asarray(scores[m], dtype=np.float64)[cut] for m in names}
            a = None if present is None else {m: np.asarray(present[m])[items] for m in names}
            lists.append((y, a, liked[cut]))

    def quality(weights: Floats) -> float:
        """Mean NDCG@k over users, then over the lists."""
        by_name = dict(zip(names, weights, strict=True))
        means = []
        for y, a, good in lists:
            best = rank_items(weighted_sum(y, by_name, a), k)
            means.append(ndcg(np.take_along_axis(good, best, axis=1), good.sum(axis=1)).mean())
        return float(np.mean(means))

    grid = weight_grid(len(names), step)
    grid = grid[np.argsort(((grid - 1 / len(names)) ** 2).sum(axis=1), kind="stable")]
    # Rounded, so that the last digits of a processor's arithmetic do not decide between ties.
    best = int(np.argmax(np.round([quality(w) for w in grid], 9)))
    return {m: float(w) for m, w in zip(names, grid[best], strict=True)}
