"""The collaborative part of the final model: two ways of asking what people like you chose.

In: sparse interests, (n_users, n_items). Out: one standardised score a pair, also for histories
that were not there when it learned.

Notebook: 11_the_recommender
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

from mmrec_course.fusion.weighted import standardize_scores
from mmrec_course.recommenders.base import Floats
from mmrec_course.recommenders.collaborative import inverse_spd

__all__ = ["ClosedForm", "People", "fit_people", "interest", "item_factors", "recency"]

# The closed form inverts a matrix of users or of items, whichever are fewer: 3,000 cost 1–2 s.
MAX_CLOSED = 3000
REGS = (25.0, 50.0, 100.0, 200.0, 400.0, 800.0)
FADINGS = (0.0, 0.2, 0.35, 0.5, 0.7)
ALS_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
FACTORS, ALS_REG, SWEEPS = 32, 10.0, 6

Quality = Callable[[Floats], float]


def interest(liking: NDArray[np.float64]) -> Floats:
    """x = 1 / (1 + 4^(½ − liking)): how much a rating says "more of this", in (0, 1).

    Having chosen an item at all says something, whatever the stars: with likings of ratings
    1 … 5 (−1.5 … 2.5) x is 0.06, 0.20, 0.50, 0.80, 0.94.

    Notebook: 11_the_recommender
    """
    return np.asarray(1 / (1 + 4.0 ** (0.5 - np.asarray(liking, dtype=np.float64))))


def recency(user: NDArray[np.intp], when: NDArray[np.int64]) -> Floats:
    """How many ratings the same user gave after each one; ratings of one moment share a mean.

    Parameters
    ----------
    user, when
        (n,) user numbers in ascending order, and times in any unit.

    Returns
    -------
    (n,) 0 for a user's newest rating.

    Notebook: 11_the_recommender
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

    B_ij = −P_ij / P_jj with P = (XᵀX + λI)⁻¹, and where users are fewer than items, by the
    matrix identity λP = I − Xᵀ(XXᵀ + λI)⁻¹X, which never makes an item × item matrix.

    Attributes
    ----------
    weights
        (n_items, n_items) B; or (n_users, n_items) K = (XXᵀ + λI)⁻¹X.
    diagonal
        (n_items,) λP_jj; None with B.
    users
        X, sparse; None with B.

    Notebook: 11_the_recommender
    """

    weights: Floats
    diagonal: Floats | None = None
    users: sp.csr_array | None = None

    def scores(self, x: sp.csr_array) -> Floats:
        """(n, n_items) for these interests."""
        if self.users is None or self.diagonal is None:
            return np.asarray(x @ self.weights)
        alike = np.asarray((x @ self.users.T).toarray())
        own = x.tocoo()
        scores = alike @ self.weights
        scores[own.row, own.col] -= own.data
        scores /= self.diagonal
        scores[own.row, own.col] += own.data
        return np.asarray(scores)


def fit_closed(x: sp.csr_array, reg: float) -> ClosedForm:
    """Learn the item–item model from interests (n_users, n_items); O(min(n_users, n_items)³).

    Notebook: 11_the_recommender
    """
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
    return ClosedForm(k, np.asarray(1.0 - taken), x)


def fold_in(x: sp.csr_array, other: Floats, reg: float = ALS_REG) -> Floats:
    """Each row's factors, given the other side's: (VᵀV + Vᵀ diag(x) V + λI)⁻¹ Vᵀ 2x.

    The half sweep of iALS with confidence 1 + x and preference 2x / (1 + x), both of which rise
    smoothly with the interest x, and are 1 and 0 where there is none.

    Notebook: 11_the_recommender
    """
    gram = other.T @ other + reg * np.eye(other.shape[1])
    factors = np.zeros((x.shape[0], other.shape[1]))
    for row in np.flatnonzero(np.diff(x.indptr)):
        entries = slice(x.indptr[row], x.indptr[row + 1])
        v, weight = other[x.indices[entries]], x.data[entries]
        factors[row] = lapack.dposv(gram + (v.T * weight) @ v, 2 * (weight @ v))[1]
    return factors


def item_factors(
    x: sp.csr_array, rng: int, start: Floats | None = None, sweeps: int = SWEEPS
) -> Floats:
    """V (n_items, 32 or less) after so many sweeps over users and items.

    Notebook: 11_the_recommender
    """
    size = min(FACTORS, *x.shape)
    v = start
    if v is None:
        v = np.random.default_rng(rng).random((x.shape[1], size)) * 0.1
    by_item = sp.csr_array(x.T)
    with threadpool_limits(1):
        for _ in range(sweeps):
            v = fold_in(by_item, fold_in(x, v))
    return np.asarray(v)


@dataclass
class People:
    """c = (1 − β) z(EASE) + β z(iALS), standardised over the items.

    Attributes
    ----------
    closed, reg
        The item–item model and its λ; None where it costs too much, and then β = 1.
    factors
        V (n_items, f) of iALS.
    als_share
        β.
    fading
        γ: an interest counts (1 + a)^−γ once the user has rated a items after it.

    Notebook: 11_the_recommender
    """

    factors: Floats
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
            with threadpool_limits(1):
                users = fold_in(x, self.factors)
            mixed += self.als_share * standardize_scores(users @ self.factors.T)
        return standardize_scores(mixed)


def fit_people(
    x: sp.csr_array,
    past: sp.csr_array,
    faded: Callable[[float], sp.csr_array],
    quality: Quality | None,
    rng: int,
) -> tuple[People, People]:
    """Choose λ, γ and β on the past, then learn from everything.

    Parameters
    ----------
    x, past
        Interests of all users: all of them, and those before the held-out ones.
    faded
        γ → past interests of the users who are judged, faded.
    quality
        Scores of these users → how good; None: nobody can be judged, so nothing is chosen.

    Returns
    -------
    The part that learned from the past (for choosing what builds on it), and from everything.

    Notebook: 11_the_recommender
    """
    affordable = min(x.shape) <= MAX_CLOSED
    earlier = People(item_factors(past, rng), als_share=0.5 if affordable else 1.0)
    if affordable:
        earlier.closed = fit_closed(past, earlier.reg)
    if quality is not None:
        _choose(earlier, past, faded, quality)
    final = People(
        item_factors(x, rng, start=earlier.factors, sweeps=2),
        earlier.als_share,
        earlier.fading,
        earlier.reg,
    )
    if affordable:
        final.closed = fit_closed(x, final.reg)
    return earlier, final


def _choose(
    part: People,
    past: sp.csr_array,
    faded: Callable[[float], sp.csr_array],
    quality: Quality,
) -> None:
    """γ, then λ, then β: each the best with the others held."""

    def best(options: Sequence[float], scores: Callable[[float], Floats]) -> float:
        judged = {option: quality(scores(option)) for option in options}
        return max(judged, key=judged.__getitem__)

    part.fading = best(FADINGS, lambda g: part.scores(faded(g)))
    x = faded(part.fading)
    with threadpool_limits(1):
        users = fold_in(x, part.factors)
    als = standardize_scores(users @ part.factors.T)
    if part.closed is None:
        return
    part.reg = best(REGS, lambda reg: standardize_scores(fit_closed(past, reg).scores(x)))
    part.closed = fit_closed(past, part.reg)
    closed = standardize_scores(part.closed.scores(x))
    part.als_share = best(ALS_SHARES, lambda b: (1 - b) * closed + b * als)
