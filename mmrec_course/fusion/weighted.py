"""Late fusion: weighted sums of the modalities' scores, and how to learn the weights.

Scores are modality → (n_users, n_items), on comparable scales (:func:`normalize_scores`), and
``present`` is modality → (n_items,) bool. Learn weights from out-of-fold scores, in the regime in
which they are used: for cold-start items hold out folds of items (``groups``), for warm ones each
user's last ratings. ``relevant`` is (n_users, n_items) bool: what the user liked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from mmrec_course.evaluation.metrics import ndcg, rank_items, tie_tolerance
from mmrec_course.features.block import as_mask

Floats = NDArray[np.float64]
Scores = Mapping[str, ArrayLike]
Weights = Mapping[str, ArrayLike]
Present = Mapping[str, ArrayLike] | None
Groups = ArrayLike | None


def normalize_scores(
    scores: ArrayLike, method: str = "zscore", reference: ArrayLike | None = None
) -> Floats:
    """Bring each user's scores to a scale that is the same for every modality.

    "zscore": (y_ui − mean_u) / sd_u. "minmax": (y_ui − min_u) / (max_u − min_u). "rank": the
    share of the reference below y_ui, equal scores counting half. All are over the user's
    ``reference``, (n_users, n_reference) scores of items with the modality, by default the scores
    themselves. If it is constant, z-scores are centred only, and min–max gives ½ plus the distance.

    Notebook: 08_weighted_fusion
    """
    y = np.asarray(scores, dtype=np.float64)
    base = y if reference is None else np.asarray(reference, dtype=np.float64)
    if len(base) != len(y) or not base.shape[1]:
        raise ValueError(f"reference: shape {base.shape}, expected ({len(y)}, at least 1)")
    if method == "rank":
        pairs = zip(np.sort(base, axis=1), y, strict=True)
        ranks = [np.searchsorted(b, v) + np.searchsorted(b, v, "right") for b, v in pairs]
        return np.asarray(np.reshape(ranks, y.shape) / (2 * base.shape[1]))
    if method == "zscore":
        centre, scale = base.mean(axis=1, keepdims=True), base.std(axis=1, keepdims=True)
    elif method == "minmax":
        centre, scale = base.min(axis=1, keepdims=True), np.ptp(base, axis=1, keepdims=True)
    else:
        raise ValueError(f"method: {method!r} is unknown; choose 'zscore', 'minmax' or 'rank'")
    flat = scale <= 1e-12 * (1 + np.abs(centre))
    middle = 0.5 if method == "minmax" else 0.0
    return np.asarray((y - centre) / np.where(flat, 1.0, scale) + np.where(flat, middle, 0.0))


def standardize_scores(scores: ArrayLike, reference: ArrayLike | None = None) -> Floats:
    """Compute z-scores for each user: :func:`normalize_scores` with its first method.

    Notebook: 08_weighted_fusion
    """
    return normalize_scores(scores, "zscore", reference)


def weighted_sum(scores: Scores, weights: Weights, present: Present = None) -> Floats:
    """Fuse scores: ŷ_ui = Σ_m a_im w_m y_m,ui / Σ_m a_im w_m, a weighted mean over what is present.

    Where a modality is missing, the weights are renormalised over the others. An item without any
    weighted modality scores 0. A weight is a number ≥ 0, or (n_users,).

    Notebook: 08_weighted_fusion
    """
    fused: Floats = np.sum(list(contributions(scores, weights, present).values()), axis=0)
    return fused


def contributions(scores: Scores, weights: Weights, present: Present = None) -> dict[str, Floats]:
    """Take :func:`weighted_sum` apart: a_im w_m y_m,ui / Σ_n a_in w_n for each modality m.

    Notebook: 08_weighted_fusion
    """
    shape = _common_shape(scores)
    has, w = _presence(scores, present, shape[1]), _weights(scores, weights, shape[0])
    total = np.sum([w[m] * has[m] for m in scores], axis=0)  # (n_users or 1, n_items)
    part = {m: w[m] * has[m] * np.asarray(y, dtype=np.float64) for m, y in scores.items()}
    return {m: np.divide(y, total, out=np.zeros(shape), where=total > 0) for m, y in part.items()}


def _common_shape(scores: Scores) -> tuple[int, ...]:
    """The shape that all scores have."""
    shapes = {m: np.shape(y) for m, y in scores.items()}
    if len(set(shapes.values())) != 1:
        raise ValueError(f"scores: no modality, or shapes differ: {shapes}")
    return next(iter(shapes.values()))


def _weights(names: Iterable[str], weights: Weights, n_users: int) -> dict[str, Floats]:
    """modality → (n_users or 1, 1) weights, of one shape."""
    columns = {}
    for m in names:
        if m not in weights:
            raise ValueError(f"weights: none for modality {m!r}; has {sorted(weights)}")
        if np.asarray(weights[m]).dtype.kind not in "biuf":
            raise ValueError(f"weights[{m!r}]: {weights[m]!r:.60} is not a number")
        w = np.asarray(weights[m], dtype=np.float64)
        if w.shape not in ((), (n_users,)):
            raise ValueError(f"weights[{m!r}]: shape {w.shape}; expected one number or {n_users}")
        if len(bad := w[~(np.isfinite(w) & (w >= 0))]):
            raise ValueError(f"weights[{m!r}]: {bad[0]} is not a finite number of at least 0")
        columns[m] = w.reshape(-1, 1)
    columns = dict(zip(columns, np.broadcast_arrays(*columns.values()), strict=True))
    some = np.any([*columns.values()], axis=0)
    if not some.all():
        raise ValueError(f"weights: all are zero for the user in row {np.argmin(some)}")
    return columns


def _presence(names: Iterable[str], present: Present, n_items: int) -> dict[str, Floats]:
    """modality → (n_items,) 1.0 where the item has it."""
    if present is None:
        return dict.fromkeys(names, np.ones(n_items))
    has = {m: as_mask(f"present[{m!r}]", present[m]).astype(np.float64) for m in names}
    for m, a in has.items():
        if a.shape != (n_items,):
            raise ValueError(f"present[{m!r}]: shape {a.shape}, expected ({n_items},)")
    return has


def weight_grid(n_modalities: int, step: float = 0.1) -> Floats:
    """All weights in multiples of ``step`` that sum to 1: a grid over the simplex.

    Returns (C(1/step + M − 1, M − 1), M), at most 100,000 rows; 1 / step must be a whole number.

    Notebook: 08_weighted_fusion
    """
    n, last = round(1 / step) if step > 0 else 0, n_modalities - 1
    if not abs(n * step - 1) <= 1e-9:
        raise ValueError(f"step: {step} does not divide 1")
    if comb(n + last, n) > 100_000:
        raise ValueError(f"step: {step} gives over 100,000 weights of {n_modalities} modalities")
    bars = np.array(list(combinations(range(n + last), last)))  # between n stars, in M heaps
    return np.asarray((np.diff(bars, prepend=-1, append=n + last) - 1) / n, np.float64)


def ndcg_objective(
    scores: Scores,
    relevant: ArrayLike,
    present: Present = None,
    *,
    groups: Groups = None,
    k: int = 10,
) -> Callable[[Weights], float]:
    """Make the objective for weights: a function from weights to the mean NDCG@k.

    ``groups`` are (n_items,) labels such as folds, each ranked by itself; the result is the mean
    over the users who like something in a group, then over groups.

    Notebook: 08_weighted_fusion
    """
    liked = as_mask("relevant", relevant)
    if not liked.any():
        raise ValueError("relevant: nobody likes anything, so no weights can be learned")
    _common_shape({**scores, "relevant": liked})
    lists = []  # of each group: users, scores, presence, relevant
    for items in _groups(groups, liked.shape[1]):
        users = np.flatnonzero(liked[:, items].any(axis=1))
        if len(users):
            cut = np.ix_(users, items)
            y = {m: np.asarray(values, np.float64)[cut] for m, values in scores.items()}
            a = None if present is None else {m: np.asarray(present[m])[items] for m in scores}
            lists.append((users, y, a, liked[cut]))

    def objective(weights: Weights) -> float:
        means = []
        for users, y, a, good in lists:
            w = {m: np.asarray(weights[m])[users] if np.ndim(weights[m]) else weights[m] for m in y}
            fused = weighted_sum(y, w, a)
            best = rank_items(fused, k, tie_tolerance(fused))
            means.append(ndcg(np.take_along_axis(good, best, axis=1), good.sum(axis=1)).mean())
        return float(np.mean(means))

    return objective


def _groups(groups: Groups, n_items: int) -> list[NDArray[np.intp]]:
    """The positions of each group's items."""
    labels = np.zeros(n_items) if groups is None else np.asarray(groups)
    if labels.shape != (n_items,):
        raise ValueError(f"groups: shape {labels.shape}, expected ({n_items},), one an item")
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def learn_weights(
    scores: Scores,
    relevant: ArrayLike,
    present: Present = None,
    *,
    groups: Groups = None,
    k: int = 10,
    step: float = 0.1,
) -> dict[str, float]:
    """Grid search for the weights with the largest :func:`ndcg_objective`; they sum to 1.

    Of equally good weights it takes those nearest to equal. For up to about five modalities.

    Notebook: 08_weighted_fusion
    """
    names = list(scores)
    objective = ndcg_objective(scores, relevant, present, groups=groups, k=k)
    grid = weight_grid(len(names), step)
    grid = grid[np.argsort(((grid - 1 / len(names)) ** 2).sum(axis=1).round(9), kind="stable")]
    # Rounded, so that the last digits of a processor's arithmetic do not decide between ties.
    values = np.round([objective(dict(zip(names, w, strict=True))) for w in grid], 9)
    return dict(zip(names, grid[int(np.argmax(values))].tolist(), strict=True))


def stack_weights(
    scores: Scores, target: ArrayLike, present: Present = None, *, groups: Groups = None
) -> dict[str, float]:
    """Learn weights by non-negative least squares (stacking); they sum to 1.

    w = argmin_{w ≥ 0} Σ_ui (t_ui − Σ_m w_m y_m,ui)², divided by its sum, with t and y centred on
    each user's mean in each of ``groups``. Only items with every modality take part. Weights are
    equal if no modality helps.

    Breiman (1996), Stacked Regressions, Machine Learning 24.

    Notebook: 08_weighted_fusion
    """
    w = _non_negative(*_normal_equations(scores, target, present, groups))
    w = w / w.sum() if w.sum() > 0 else np.full(len(w), 1 / len(w))
    return dict(zip(scores, w.tolist(), strict=True))


def _normal_equations(
    scores: Scores, target: ArrayLike, present: Present, groups: Groups
) -> tuple[Floats, Floats]:
    """(M, M) ZᵀZ and (M,) Zᵀt over all users, centred by user and group, of complete items."""
    t = np.asarray(target, dtype=np.float64)
    _common_shape({**scores, "target": t})
    z = np.stack([np.asarray(y, dtype=np.float64) for y in scores.values()], axis=-1)
    complete = np.all(list(_presence(scores, present, t.shape[1]).values()), axis=0)
    if not complete.any():
        raise ValueError("present: no item has every modality, so no weights can be learned")
    gram, cross = np.zeros((z.shape[2], z.shape[2])), np.zeros(z.shape[2])
    for group in _groups(groups, t.shape[1]):
        items = group[complete[group]]
        if len(items):
            zg, tg = z[:, items], t[:, items]  # (n_users, n_group, M), (n_users, n_group)
            zg, tg = zg - zg.mean(axis=1, keepdims=True), tg - tg.mean(axis=1, keepdims=True)
            gram += np.tensordot(zg, zg, axes=((0, 1), (0, 1)))
            cross += np.tensordot(zg, tg, axes=((0, 1), (0, 1)))
    return gram, cross


def _non_negative(gram: Floats, cross: Floats) -> Floats:
    """(M,) argmin_{w ≥ 0} wᵀGw − 2bᵀw: with G = RᵀR, least squares in M rows, not n_users · n."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-12 * np.abs(values).max()
    if not kept.any():
        return np.zeros(len(cross))
    scale = np.sqrt(values[kept])
    w, _ = nnls((vectors[:, kept] * scale).T, (vectors[:, kept] / scale).T @ cross)
    return np.asarray(w)
