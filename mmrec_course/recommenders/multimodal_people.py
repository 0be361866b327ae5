"""The collaborative part of the final model: two ways of asking what people like you chose.

In: sparse interests, (n_users, n_items). Out: one standardised score a pair, also for histories
that were not there when it learned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.fusion.weighted import standardize_scores
from mmrec_course.recommenders.base import Floats, single_threaded_blas
from mmrec_course.recommenders.collaborative import inverse_spd, solve_factors
from mmrec_course.recommenders.multimodal_content import leave_one_out

__all__ = ["ClosedForm", "People", "fit_people", "interest", "recency"]

# The closed form inverts a matrix of users or of items, whichever are fewer: 3,000 cost 1–2 s.
MAX_CLOSED = 3000
REGS = (25.0, 50.0, 100.0, 200.0, 400.0, 800.0)
FADINGS = (0.0, 0.2, 0.35, 0.5, 0.7)
# (α, λ) of iALS: the more an interest counts, the more the factors are held back.
ALS_SETTINGS = ((1.0, 10.0), (4.0, 15.0), (8.0, 20.0))
ALS_SHARES = tuple(j / 10 for j in range(11))
LEANINGS = (10.0, 30.0, 100.0)
FACTORS, SWEEPS, MORE_SWEEPS = 32, 6, 3

Quality = Callable[[Floats], float]


def interest(liking: NDArray[np.float64]) -> Floats:
    """x = 1 / (1 + 4^(1 − liking)): how much a rating says "more of this", in (0, 1).

    ½ lies half-way between the lowest rating that counts as liked and the one below it. Having
    chosen an item at all says something, whatever the stars: with likings of ratings 1 … 5
    (−1.5 … 2.5) x is 0.03, 0.11, 0.33, 0.67, 0.89.
    """
    return np.asarray(1 / (1 + 4.0 ** (1 - np.asarray(liking, dtype=np.float64))))


def recency(user: NDArray[np.intp], when: NDArray[np.int64]) -> Floats:
    """How many ratings the same user gave after each one; ratings of one moment share a mean.

    Parameters
    ----------
    user, when
        (n,) user numbers in ascending order, and times in any unit.

    Returns
    -------
    (n,) 0 for a user's newest rating.
    """
    order = np.lexsort((-when, user))
    u, t = user[order], when[order]
    start = np.flatnonzero(np.r_[True, u[1:] != u[:-1]][: len(u)])
    first = np.repeat(start, np.diff(np.r_[start, len(u)]))
    place = np.arange(len(u)) - first
    moment = np.cumsum(np.r_[False, (u[1:] != u[:-1]) | (t[1:] != t[:-1])][: len(u)])
    mean = np.bincount(moment, place) / np.maximum(np.bincount(moment), 1) if len(u) else place
    age = np.empty(len(u))
    age[order] = mean[moment] if len(u) else 0.0
    return age


@dataclass
class ClosedForm:
    """EASE on interests, by whichever inverse is smaller.

    B_ij = −P_ij / P_jj (i ≠ j) with P = (XᵀX + λI)⁻¹, and where users are fewer than items, by
    the matrix identity λP = I − XᵀK, K = (XXᵀ + λI)⁻¹X.

    Attributes
    ----------
    weights
        (n_items, n_items) B; or, where items are too many for that, (n_users, n_items) K.
    diagonal
        (n_items,) λP_jj; None with B.
    users
        X, sparse; None with B.
    """

    weights: Floats
    diagonal: Floats | None = None
    users: sp.csr_array | None = None

    def scores(self, x: sp.csr_array) -> Floats:
        """(n, n_items) for these interests."""
        if self.users is None or self.diagonal is None:
            return np.asarray(x @ self.weights)
        alike = np.asarray((x @ self.users.T).toarray())
        return _apart_from_itself(alike @ self.weights, x, self.diagonal)


def fit_closed(x: sp.csr_array, reg: float) -> ClosedForm:
    """Learn the item–item model from interests (n_users, n_items); O(min(n_users, n_items)³)."""
    n_users, n_items = x.shape
    if n_items <= n_users:
        gram = (x.T @ x).toarray()
        gram[np.diag_indices_from(gram)] += reg
        p = inverse_spd(gram)
        weights = p / -np.diag(p)
        np.fill_diagonal(weights, 0.0)
        return ClosedForm(weights)
    gram = (x @ x.T).toarray()
    gram[np.diag_indices_from(gram)] += reg
    k = np.asarray((x.T @ inverse_spd(gram)).T)
    entries = x.tocoo()
    taken = np.bincount(entries.col, entries.data * k[entries.row, entries.col], minlength=n_items)
    if n_items > MAX_CLOSED:
        return ClosedForm(k, np.asarray(1.0 - taken), x)
    weights = np.asarray(x.T @ k) / (1.0 - taken)
    np.fill_diagonal(weights, 0.0)
    return ClosedForm(weights)


def _closed_scores(
    x: sp.csr_array, asked: sp.csr_array, regs: Iterable[float]
) -> Iterator[tuple[float, Floats]]:
    """(λ, what :func:`fit_closed` on x would score these interests) for many λ at little cost.

    With X = USVᵀ and F = S²/(S² + λ), λP = I − VFVᵀ: one decomposition serves every λ.
    """
    wide = x.shape[0] < x.shape[1]
    with single_threaded_blas():
        values, v = np.linalg.eigh(((x @ x.T) if wide else (x.T @ x)).toarray())
        values = np.maximum(values, 0)
        if wide:  # from users' directions to items'; those without length are not needed
            kept = values > 1e-9 * max(values.max(), 1e-300)
            values = values[kept]
            v = np.asarray(x.T @ v[:, kept]) / np.sqrt(values)
    turned = np.asarray(asked @ v)
    for reg in regs:
        share = values / (values + reg)
        yield reg, _apart_from_itself((turned * share) @ v.T, asked, 1.0 - v**2 @ share)


def _apart_from_itself(through_all: Floats, x: sp.csr_array, diagonal: Floats) -> Floats:
    """x(I − λP) → xB: what an item says of itself is taken out; the array is overwritten."""
    own = x.tocoo()
    through_all[own.row, own.col] -= own.data
    through_all /= diagonal
    through_all[own.row, own.col] += own.data
    return through_all


def fold_in(
    x: sp.csr_array, other: Floats, alpha: float, reg: float, towards: Floats | None = None
) -> Floats:
    """Each row's factors, given the other side's: (VᵀV + α Vᵀ diag(x) V + λI)⁻¹ Vᵀ (1 + α) x.

    The half sweep of iALS with confidence c = 1 + αx and preference p = (1 + α) x / (1 + αx),
    both of which rise smoothly with the interest x: 1 + α and 1 at its highest, 1 and 0 where
    there is none. ``towards`` is what λ draws the factors to, if not to 0.
    """
    confidence = sp.csr_array((1 + alpha * x.data, x.indices, x.indptr), shape=x.shape)
    wish = (1 + alpha) * x.data / confidence.data
    return solve_factors(confidence, other, reg, wish, towards)


def _item_factors(
    x: sp.csr_array,
    setting: tuple[float, float],
    rng: int,
    start: Floats | None = None,
    sweeps: int = SWEEPS,
) -> Floats:
    """V (n_items, 32 or less) after so many sweeps over users and items; setting is (α, λ)."""
    size = min(FACTORS, *x.shape)
    v = start
    if v is None:
        v = np.random.default_rng(rng).random((x.shape[1], size)) * 0.1
    by_item = sp.csr_array(x.T)
    for _ in range(sweeps):
        v = fold_in(by_item, fold_in(x, v, *setting), *setting)
    return np.asarray(v)


def drawn_to_features(
    x: sp.csr_array, factors: Floats, setting: tuple[float, float], design: Floats, reg: float
) -> Floats:
    """V once more, each item's factors drawn to what its features foretell, not to 0.

    v_i = argmin Σ_u c_ui (p_ui − u_uᵀ v_i)² + λ ‖v_i − μ_i‖². μ_i is what a ridge regression
    from features to the factors of all other items says of item i; the fewer people chose i, the
    more it counts.

    Parameters
    ----------
    x
        (n_users, n_items) interests.
    factors
        (n_items, f).
    setting
        (α, λ).
    design
        (n_items, q) features.
    reg
        λ of that regression.
    """
    by_item = sp.csr_array(x.T)
    rated = np.diff(by_item.indptr) > 0
    foretold = np.zeros_like(factors)
    foretold[rated] = leave_one_out(design[rated], factors[rated], (reg,))[2]
    return fold_in(by_item, fold_in(x, factors, *setting), *setting, towards=foretold)


@dataclass
class People:
    """c = (1 − β) z(EASE) + β z(iALS), standardised over the items.

    Attributes
    ----------
    closed, reg
        The item–item model and its λ; None where it costs too much, and then β = 1.
    factors, als_setting
        V (n_items, f) of iALS, and its (α, λ).
    leaning
        λ of the regression that V is drawn to (:func:`drawn_to_features`); None: drawn to 0.
    als_share
        β.
    fading
        γ: an interest counts (1 + a)^−γ once the user has rated a items after it.
    """

    factors: Floats
    als_setting: tuple[float, float] = ALS_SETTINGS[0]
    leaning: float | None = None
    als_share: float = 0.5
    fading: float = 0.0
    reg: float = 100.0
    closed: ClosedForm | None = field(default=None, repr=False)

    def scores(self, x: sp.csr_array) -> Floats:
        """(n, n_items) for interests that are already faded as the caller wants them."""
        mixed = np.zeros(x.shape)
        if self.closed is not None and self.als_share < 1:
            mixed += (1 - self.als_share) * standardize_scores(self.closed.scores(x))
        if self.als_share > 0:
            mixed += self.als_share * self.by_factors(x)
        return standardize_scores(mixed)

    def by_factors(self, x: sp.csr_array) -> Floats:
        """z(iALS)."""
        users = fold_in(x, self.factors, *self.als_setting)
        return standardize_scores(users @ self.factors.T)


def fit_people(
    x: sp.csr_array,
    past: sp.csr_array,
    faded: Callable[[float], sp.csr_array],
    quality: Quality | None,
    rng: int,
    design: Floats | None = None,
) -> tuple[People, People]:
    """Choose γ, both λ, α and β on the past, then learn from everything.

    Parameters
    ----------
    x, past
        Interests of all users: all of them, and those before the held-out ones.
    faded
        γ → past interests of the users who are judged, faded.
    quality
        Scores of these users → how good; None: nobody can be judged, so nothing is chosen.
    rng
        Seed of the factors' start.
    design
        (n_items, q) features, if there are any, to lean on where that ranks better.

    Returns
    -------
    The part that learned from the past (for choosing what builds on it), and from everything.
    """
    affordable = min(x.shape) <= MAX_CLOSED
    first = _item_factors(past, ALS_SETTINGS[0], rng)
    earlier = People(first, als_share=0.5 if affordable else 1.0)
    if affordable:
        earlier.closed = fit_closed(past, earlier.reg)
    if quality is not None:
        _choose(earlier, past, faded, quality, rng, design)
    factors = _item_factors(x, earlier.als_setting, rng, earlier.factors, MORE_SWEEPS)
    if earlier.leaning is not None and design is not None:
        factors = drawn_to_features(x, factors, earlier.als_setting, design, earlier.leaning)
    final = replace(earlier, factors=factors, closed=None)
    if affordable:
        final.closed = fit_closed(x, final.reg)
    return earlier, final


def learned_from(x: sp.csr_array, like: People, rng: int) -> People:
    """The part learned from these interests, with another one's settings."""
    factors = _item_factors(x, like.als_setting, rng, like.factors, MORE_SWEEPS)
    closed = None if like.closed is None else fit_closed(x, like.reg)
    return replace(like, factors=factors, closed=closed)


def _choose(
    part: People,
    past: sp.csr_array,
    faded: Callable[[float], sp.csr_array],
    quality: Quality,
    rng: int,
    design: Floats | None,
) -> None:
    """γ, then (α, λ) of iALS and whether it leans on features, then λ of the item–item model and
    β: the others held."""
    judged = {g: quality(part.scores(faded(g))) for g in FADINGS}
    part.fading = max(judged, key=judged.__getitem__)
    x = faded(part.fading)
    tried: dict[tuple[float, float], tuple[float, Floats, Floats]] = {}
    v = part.factors
    for setting in ALS_SETTINGS:
        if tried:  # each goes on from where the one before stood
            v = _item_factors(past, setting, rng, v, MORE_SWEEPS)
        als = People(v, setting).by_factors(x)
        tried[setting] = quality(als), v, als
    part.als_setting = max(tried, key=lambda setting: tried[setting][0])
    found, part.factors, als = tried[part.als_setting]
    if design is not None:
        upright = part.factors
        for reg in LEANINGS:
            v = drawn_to_features(past, upright, part.als_setting, design, reg)
            leaning = replace(part, factors=v).by_factors(x)
            better = quality(leaning)
            if better > found:
                found, part.leaning, part.factors, als = better, reg, v, leaning
    if part.closed is None:
        return
    best, before = -1.0, part.reg
    for reg, scores in _closed_scores(past, x, REGS):
        standardized = standardize_scores(scores)
        found = quality(standardized)
        if found > best:
            best, part.reg, closed = found, reg, standardized
    if part.reg != before:
        part.closed = fit_closed(past, part.reg)
    shares = {b: quality((1 - b) * closed + b * als) for b in ALS_SHARES}
    part.als_share = max(shares, key=shares.__getitem__)
