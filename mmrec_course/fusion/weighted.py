"""Late weighted fusion: one score from several, and the weights that serve listeners best.

In: scores a modality, (n_users, n_items) each, and who has what. Out: fused scores, weights.

Weights are learned from scores of items that the modality models have not learned from, in the
regime they will be used in. For new items: hide a fifth of the items at a time, and rank each
fifth by itself (``groups``). For known ones: hide each listener's last ratings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from mmrec_course.evaluation.metrics import ndcg, rank_items, tie_tolerance

__all__ = [
    "contributions",
    "learn_user_weights",
    "learn_weights",
    "ndcg_objective",
    "normalize_scores",
    "stack_weights",
    "standardize_scores",
    "weight_grid",
    "weighted_sum",
]

Floats = NDArray[np.float64]
Weights = Mapping[str, ArrayLike]

STRENGTHS = (0.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, float("inf"))


def normalize_scores(
    scores: ArrayLike, method: str = "zscore", reference: ArrayLike | None = None
) -> Floats:
    """Each user's scores on a scale that is the same for every modality.

    "zscore": (y_ui − mean_u) / sd_u. "minmax": (y_ui − min_u) / (max_u − min_u). "rank": the
    share of the reference that y_ui exceeds, equal scores counting half. Mean, sd, minimum and
    maximum are over the user's reference. The z-score keeps distances and an outlier's size,
    min–max hands the scale to the two most extreme items, rank keeps the order only.

    Parameters
    ----------
    scores
        (n_users, n_items).
    method
        "zscore", "minmax" or "rank".
    reference
        (n_users, n_reference) scores of the items that set the scale; the scores themselves
        if not given. Leave out items that lack the modality: their scores are not guesses.

    Returns
    -------
    (n_users, n_items) float64: around 0 for z-scores, in [0, 1] for ranks, and for min–max where
    a score lies within its reference. Where a user's reference is constant, z-scores are centred
    and not scaled, and min–max gives ½ plus the distance to it.

    Raises
    ------
    ValueError
        If the method is unknown, or scores and reference have different numbers of users, or the
        reference has no items.

    Notebook: 08_weighted_fusion

    Examples
    --------
    >>> normalize_scores([[1.0, 2.0, 9.0]], "rank").round(2).tolist()
    [[0.17, 0.5, 0.83]]
    >>> normalize_scores([[1.0, 2.0, 9.0]], "minmax").tolist()
    [[0.0, 0.125, 1.0]]
    """
    y = np.asarray(scores, dtype=np.float64)
    base = y if reference is None else np.asarray(reference, dtype=np.float64)
    if len(base) != len(y):
        raise ValueError(f"reference: {len(base)} users, but scores have {len(y)}")
    if not base.shape[1]:
        raise ValueError("reference: no items, so there is no scale")
    if method == "rank":
        return _ranks(y, base)
    if method == "zscore":
        centre, spread = base.mean(axis=1, keepdims=True), base.std(axis=1, keepdims=True)
        middle = 0.0
    elif method == "minmax":
        centre = base.min(axis=1, keepdims=True)
        spread = base.max(axis=1, keepdims=True) - centre
        middle = 0.5
    else:
        raise ValueError(f"method: {method!r} is unknown; choose 'zscore', 'minmax' or 'rank'")
    flat = spread <= 1e-12 * (1 + np.abs(centre))
    return np.asarray((y - centre) / np.where(flat, 1.0, spread) + np.where(flat, middle, 0.0))


def _ranks(scores: Floats, reference: Floats) -> Floats:
    """Below it, plus half of what equals it, as a share of the reference; a loop over users."""
    out = np.empty_like(scores)
    for row, (y, base) in enumerate(zip(scores, np.sort(reference, axis=1), strict=True)):
        out[row] = np.searchsorted(base, y, "left") + np.searchsorted(base, y, "right")
    return np.asarray(out / (2 * reference.shape[1]))


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
    return normalize_scores(scores, "zscore", reference)


def weighted_sum(
    scores: Mapping[str, ArrayLike],
    weights: Weights,
    present: Mapping[str, ArrayLike] | None = None,
) -> Floats:
    """ŷ_ui = Σ_m a_im w_m y_m,ui / Σ_m a_im w_m: a weighted mean over what an item has.

    Where a modality is missing, the others' weights are scaled up to fill its place, so that
    the item is neither punished nor favoured for the gap: its score is the one it would have if
    the missing modality agreed with the others.

    Parameters
    ----------
    scores
        modality → (n_users, n_items), on comparable scales (:func:`normalize_scores`).
    weights
        modality → w_m ≥ 0, one number, or (n_users,) for weights of every user's own; not all
        zero. Every modality of ``scores`` needs one.
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
    fused: Floats = np.sum(list(contributions(scores, weights, present).values()), axis=0)
    return fused


def contributions(
    scores: Mapping[str, ArrayLike],
    weights: Weights,
    present: Mapping[str, ArrayLike] | None = None,
) -> dict[str, Floats]:
    """What each modality adds to the fused score: a_im w_m y_m,ui / Σ_n a_in w_n.

    The parts of an item add up to its :func:`weighted_sum`. A positive part speaks for the item,
    beside the items that set the scale; a missing modality's part is 0.

    Parameters and errors as in :func:`weighted_sum`.

    Returns
    -------
    modality → (n_users, n_items).

    Notebook: 08_weighted_fusion

    Examples
    --------
    >>> parts = contributions({"image": [[1.0]], "audio": [[3.0]]}, {"image": 0.5, "audio": 0.5})
    >>> {m: part.tolist() for m, part in parts.items()}
    {'image': [[0.5]], 'audio': [[1.5]]}
    """
    shape, w = _checked(scores, weights)
    has = _presence(list(scores), present, shape[-1])
    total = np.sum([w[m] * has[m] for m in scores], axis=0)
    part = {m: w[m] * has[m] * np.asarray(y, dtype=np.float64) for m, y in scores.items()}
    return {m: np.divide(y, total, out=np.zeros(shape), where=total > 0) for m, y in part.items()}


def _checked(
    scores: Mapping[str, ArrayLike], weights: Weights
) -> tuple[tuple[int, ...], dict[str, Floats]]:
    """The scores' common shape, and each modality's weights as (n_users or 1, 1)."""
    if not scores:
        raise ValueError("scores: no modality to fuse")
    shapes = {m: np.shape(y) for m, y in scores.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"scores: shapes differ: {shapes}")
    shape = next(iter(shapes.values()))
    w = {}
    for m in scores:
        if m not in weights:
            raise ValueError(f"weights: none for modality {m!r}; has {sorted(weights)}")
        given = np.asarray(weights[m], dtype=np.float64)
        if given.ndim and given.shape != shape[:1]:
            raise ValueError(
                f"weights[{m!r}]: shape {given.shape}; expected one number or {shape[:1]}"
            )
        w[m] = given.reshape(-1, 1)
        bad = ~(np.isfinite(w[m]) & (w[m] >= 0))
        if bad.any():
            raise ValueError(f"weights[{m!r}]: {w[m][bad][0]} is not a finite number of at least 0")
    positive = np.any(np.broadcast_arrays(*(v > 0 for v in w.values())), axis=0).ravel()
    if not positive.all():
        where = f" for the user in row {int(np.argmin(positive))}" if len(positive) > 1 else ""
        raise ValueError(f"weights: all are zero{where}")
    return shape, w


def _presence(
    names: Sequence[str], present: Mapping[str, ArrayLike] | None, n_items: int
) -> dict[str, Floats]:
    """modality → (n_items,) 1.0 where the item has it."""
    if present is None:
        return {m: np.ones(n_items) for m in names}
    has = {}
    for m in names:
        if m not in present:
            raise ValueError(f"present: nothing for modality {m!r}; has {sorted(present)}")
        has[m] = np.asarray(present[m], dtype=bool).astype(np.float64)
        if has[m].shape != (n_items,):
            raise ValueError(f"present[{m!r}]: shape {has[m].shape}, expected ({n_items},)")
    return has


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


def ndcg_objective(
    scores: Mapping[str, ArrayLike],
    relevant: ArrayLike,
    present: Mapping[str, ArrayLike] | None = None,
    *,
    groups: ArrayLike | None = None,
    k: int = 10,
) -> Callable[[Weights], float]:
    """How well weights rank: a function from weights to mean NDCG@k.

    NDCG depends on the order only, so the function is made of steps: it has no gradient, and
    between two near weights it often does not change at all.

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
    k
        List length.

    Returns
    -------
    A function of weights as in :func:`weighted_sum`: the mean over the users who like something
    in a group, then over groups, in [0, 1].

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
    for m in names:
        if np.shape(scores[m]) != liked.shape:
            raise ValueError(
                f"scores[{m!r}]: shape {np.shape(scores[m])}, but relevant has {liked.shape}"
            )
    label = _labels(groups, liked.shape[1])
    lists = []
    for group in np.unique(label):
        items = np.flatnonzero(label == group)
        users = np.flatnonzero(liked[:, items].any(axis=1))
        if len(users):
            cut = np.ix_(users, items)
            y = {m: np.asarray(scores[m], dtype=np.float64)[cut] for m in names}
            a = None if present is None else {m: np.asarray(present[m])[items] for m in names}
            lists.append((users, y, a, liked[cut]))

    def quality(weights: Weights) -> float:
        means = []
        for users, y, a, good in lists:
            w = {m: np.asarray(weights[m], dtype=np.float64) for m in names}
            mine = {m: value[users] if value.ndim else value for m, value in w.items()}
            scores = weighted_sum(y, mine, a)
            best = rank_items(scores, k, tie_tolerance(scores))
            means.append(ndcg(np.take_along_axis(good, best, axis=1), good.sum(axis=1)).mean())
        return float(np.mean(means))

    return quality


def _labels(groups: ArrayLike | None, n_items: int) -> NDArray[Any]:
    label = np.zeros(n_items) if groups is None else np.asarray(groups)
    if label.shape != (n_items,):
        raise ValueError(f"groups: shape {label.shape}, expected ({n_items},), one an item")
    return label


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
    O(C(1/step + M − 1, M − 1)) rankings of everything: for up to about five modalities.

    Parameters
    ----------
    scores, relevant, present, groups, k
        As in :func:`ndcg_objective`.
    step
        The grid's spacing.

    Returns
    -------
    modality → weight; sums to 1.

    Raises
    ------
    ValueError
        If shapes disagree, nothing is relevant, or the step does not divide 1.

    Notebook: 08_weighted_fusion
    """
    names = list(scores)
    quality = ndcg_objective(scores, relevant, present, groups=groups, k=k)
    grid = weight_grid(len(names), step)
    grid = grid[np.argsort(((grid - 1 / len(names)) ** 2).sum(axis=1).round(9), kind="stable")]
    # Rounded, so that the last digits of a processor's arithmetic do not decide between ties.
    found = np.round([quality(dict(zip(names, w, strict=True))) for w in grid], 9)
    return {m: float(w) for m, w in zip(names, grid[int(np.argmax(found))], strict=True)}


def stack_weights(
    scores: Mapping[str, ArrayLike],
    target: ArrayLike,
    present: Mapping[str, ArrayLike] | None = None,
    *,
    groups: ArrayLike | None = None,
) -> dict[str, float]:
    """Weights by non-negative least squares: the sum of scores nearest to what happened.

    w = argmin_{w ≥ 0} Σ_ui (t_ui − Σ_m w_m y_m,ui)², then divided by their sum, with t and y
    centred on each user's mean in each group. Only items that have every modality take part:
    what fills a gap is not the question here. Milliseconds, one answer, no grid; but it serves
    the squared error of all items and not the first ten places of a list.

    Parameters
    ----------
    scores
        modality → (n_users, n_items), out-of-fold: of items that the models have not learned
        from, on comparable scales.
    target
        (n_users, n_items) what the sum should come near: 1 where the user liked the item and 0
        elsewhere, say.
    present
        modality → (n_items,) bool.
    groups
        (n_items,) labels of lists that are ranked apart, as in :func:`ndcg_objective`.

    Returns
    -------
    modality → weight; sums to 1. All equal if none of them helps.

    Raises
    ------
    ValueError
        If shapes disagree or no item has every modality.

    Notes
    -----
    Breiman (1996), Stacked Regressions, Machine Learning 24; Lawson and Hanson (1974), Solving
    Least Squares Problems, ch. 23, for the algorithm.

    Notebook: 08_weighted_fusion
    """
    sums = _normal_equations(scores, target, present, groups).values()
    gram, hit = (np.sum([part[j].sum(axis=0) for part in sums], axis=0) for j in (0, 1))
    return dict(zip(scores, _shares(_stacked(gram, hit)).tolist(), strict=True))


def _normal_equations(
    scores: Mapping[str, ArrayLike],
    target: ArrayLike,
    present: Mapping[str, ArrayLike] | None,
    groups: ArrayLike | None,
) -> dict[Any, tuple[Floats, Floats]]:
    """Group → every user's ZᵀZ (n_users, M, M) and Zᵀt (n_users, M), over complete items."""
    t = np.asarray(target, dtype=np.float64)
    _checked(scores, dict.fromkeys(scores, 1.0))
    z = np.stack([np.asarray(y, dtype=np.float64) for y in scores.values()], axis=-1)
    if z.shape[:2] != t.shape:
        raise ValueError(f"target: shape {t.shape}, but scores have {z.shape[:2]}")
    complete = np.all(list(_presence(list(scores), present, t.shape[1]).values()), axis=0)
    if not complete.any():
        raise ValueError("present: no item has every modality, so no weights can be learned")
    label = _labels(groups, t.shape[1])
    sums = {}
    for group in np.unique(label[complete]):
        items = complete & (label == group)
        zg, tg = z[:, items], t[:, items]
        zg, tg = zg - zg.mean(axis=1, keepdims=True), tg - tg.mean(axis=1, keepdims=True)
        sums[group] = (zg.transpose(0, 2, 1) @ zg, np.einsum("uim,ui->um", zg, tg))
    return sums


def _stacked(gram: Floats, hit: Floats) -> Floats:
    """(M,) argmin_{w ≥ 0} wᵀGw − 2bᵀw: with G = RᵀR, least squares in M rows, not n_users · n."""
    value, vector = np.linalg.eigh(gram)
    kept = value > 1e-12 * np.abs(value).max()
    if not kept.any():
        return np.zeros(len(hit))
    root = np.sqrt(value[kept])
    found, _ = nnls((vector[:, kept] * root).T, (vector[:, kept] / root).T @ hit)
    return np.asarray(found)


def _shares(weights: Floats) -> Floats:
    """Rows divided by their sums; equal shares where a row is zero."""
    total = weights.sum(axis=-1, keepdims=True)
    equal = np.full_like(weights, 1 / weights.shape[-1])
    return np.asarray(np.divide(weights, total, out=equal, where=total > 0))


def learn_user_weights(
    scores: Mapping[str, ArrayLike],
    relevant: ArrayLike,
    present: Mapping[str, ArrayLike] | None = None,
    *,
    valid: tuple[Mapping[str, ArrayLike], ArrayLike, Mapping[str, ArrayLike] | None] | None = None,
    groups: ArrayLike | None = None,
    common: Mapping[str, float] | None = None,
    strengths: Sequence[float] = STRENGTHS,
    k: int = 10,
) -> tuple[dict[str, Floats], float]:
    """Every user's own weights, shrunk towards the common ones as far as validation asks.

    With w̄ the common weights on the scale of the squared error,

        w_u = argmin_{w ≥ 0} Σ_i (t_ui − Σ_m w_m y_m,ui)² + τ ‖w − w̄‖²,

    t and y centred as in :func:`stack_weights`, then divided by their sum: least squares for a
    user with many items, the common weights for one with few. It is the mode of a Bayesian model
    whose prior for w_u is centred on w̄. One strength τ for all is chosen by NDCG@k on ``valid``;
    τ = ∞ gives everybody the common weights, so nobody gets weights of their own unless these
    rank better. Of equally good strengths it takes the largest.

    ``valid`` must be items that took no part in ``scores`` at all, not even in the models behind
    them. Judging one fold of out-of-fold scores by weights from the other folds will not do: what
    user u said of items i and j is in the score of i and of j, whichever fold they are in, so
    that three numbers a user learn their own validation.

    Parameters
    ----------
    scores, relevant, present, groups, k
        As in :func:`ndcg_objective`; what the weights are learned from, out-of-fold.
    valid
        Scores, relevant and present of the items to choose the strength on, the same users in
        the same order. Not needed where ``strengths`` has one entry.
    common
        modality → w̄_m up to a factor; :func:`stack_weights` if not given.
    strengths
        The τ to choose among, ≥ 0, in items: with z-scores, an item adds about 1 to the squared
        part of each modality.

    Returns
    -------
    modality → (n_users,) weights that sum to 1 for each user, and the chosen τ.

    Raises
    ------
    ValueError
        If there are several strengths and no ``valid``, a strength is negative, shapes disagree,
        nothing is relevant or no item has every modality.

    Notes
    -----
    Morris (1983), Parametric Empirical Bayes Inference, J. Am. Stat. Assoc. 78, for the idea.

    Notebook: 08_weighted_fusion
    """
    for strength in strengths:
        if not strength >= 0:
            raise ValueError(f"strengths: {strength} is negative")
    if not len(strengths) or (valid is None and len(strengths) > 1):
        raise ValueError(
            f"strengths: {len(strengths)} of them and nothing to choose on; give valid=, or one"
        )
    names = list(scores)
    sums = _normal_equations(scores, np.asarray(relevant, dtype=bool), present, groups).values()
    gram, hit = (np.sum([part[j] for part in sums], axis=0) for j in (0, 1))
    prior = _stacked(gram.sum(axis=0), hit.sum(axis=0))
    if common is not None:
        shape = np.array([common[m] for m in names], dtype=np.float64)
        bent = float(shape @ gram.sum(axis=0) @ shape)
        prior = shape * max(shape @ hit.sum(axis=0), 0.0) / bent if bent > 0 else shape
    options = {
        tau: dict(zip(names, _shrunk(gram, hit, prior, tau).T, strict=True))
        for tau in sorted(strengths, reverse=True)
    }
    if valid is None:
        tau = next(iter(options))
    else:
        judge = ndcg_objective(*valid, k=k)
        tau = max(options, key=lambda tau: round(judge(options[tau]), 9))
    return options[tau], tau


def _shrunk(gram: Floats, hit: Floats, prior: Floats, strength: float, sweeps: int = 200) -> Floats:
    """(n_users, M) non-negative least squares of each user, pulled to the prior; rows sum to 1.

    By coordinate descent for all users at once, one modality after another.
    """
    w = np.repeat(prior[None], len(gram), axis=0)
    if np.isfinite(strength):
        a = gram + strength * np.eye(len(prior))
        b = hit + strength * prior
        for _ in range(sweeps):
            before = w.copy()
            for m in range(len(prior)):
                slope = b[:, m] - np.einsum("un,un->u", a[:, m], w) + a[:, m, m] * w[:, m]
                flat = a[:, m, m] <= 0
                w[:, m] = np.where(flat, 0.0, np.maximum(slope, 0) / np.where(flat, 1, a[:, m, m]))
            if np.abs(w - before).max() < 1e-12:
                break
    return _shares(w)
