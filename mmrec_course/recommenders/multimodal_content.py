"""The content parts of the final model: what people like you chose, carried over by likeness.

In: feature blocks and collaborative scores of rated items. Out: scores of any item with
features, and how well liked an item with such features tends to be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from mmrec_course.evaluation.metrics import rank_items
from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import BLOCK_CELLS, Floats, Indices, single_threaded_blas

__all__ = ["Appeal", "Content", "Projection", "fit_appeal", "fit_content", "hidden_scores"]

Setting = tuple[str, float]
# The first is taken unless another is clearly better.
RIDGES: tuple[Setting, ...] = tuple(("ridge", reg) for reg in (3.0, 1.0, 10.0, 30.0, 100.0))
NEIGHBOURS: tuple[Setting, ...] = tuple(("neighbours", k) for k in (20, 60, 200))
LEFT_OUT_REGS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
MAX_COLUMNS = 256
# Cosines that differ by less are of items with equal features; the lower id is the nearer one.
SAME = 1e-5
# Neighbours look at every pair of items; beyond this many, ridge regression alone is tried.
MAX_PAIRED = 20_000


@dataclass
class Projection:
    """Raw features → unit rows: fewer columns where there are many, centred, scaled to length 1.

    Attributes
    ----------
    matrix
        (d, q) the q ≤ 256 strongest directions of the training items; None keeps all columns. Of
        features that are mostly 0, as words are, each direction is weighted by its strength (its
        singular value, the largest being 1): what many items share says more than rare words.
    centre
        (q,) mean of the training items.
    basis
        (q, n) orthonormal axes that span the n training rows, where these have more columns than
        that: rows become n + 1 numbers, the last one the length of what lies outside the span.
        No length and no product with a training row changes. None elsewhere.
    usual
        Mean of log(1 + how many columns are not 0) over the training items, where features are
        mostly 0, so that their number says something; None elsewhere.
    then_centre, then_matrix
        (q,) and (q, k): a second step, that of `MultitaskRidge`, after which rows are what
        an item's features say of its collaborative factors; None leaves unit rows.
    """

    centre: Floats
    matrix: Floats | None = None
    basis: Floats | None = None
    usual: float | None = None
    then_centre: Floats | None = None
    then_matrix: Floats | None = None

    def amount(self, block: FeatureBlock) -> Floats:
        """(n,) how much there is to an item, more or less than usual; 0 where that means nothing.

        Of words: log(1 + how many different ones) less its mean.
        """
        if self.usual is None:
            return np.zeros(len(block))
        count = np.log1p(np.count_nonzero(block.values, axis=1))
        return np.asarray((count - self.usual) * block.present)

    def rows(self, block: FeatureBlock) -> Floats:
        """(n, q), or (n, n_training + 1); zero for absent items and those on the centre."""
        raw = block.values if self.matrix is None else block.values @ self.matrix
        rows = _unit(raw, self.centre) * block.present[:, None]
        if self.basis is not None:
            inside = rows @ self.basis
            outside = np.linalg.norm(rows - inside @ self.basis.T, axis=1)
            rows = np.column_stack([inside, outside])
        return self.onward(rows) * block.present[:, None]

    def onward(self, rows: Floats) -> Floats:
        """The second step alone, from unit rows."""
        if self.then_centre is None or self.then_matrix is None:
            return rows
        return np.asarray(_unit(rows, self.then_centre) @ self.then_matrix)


def _unit(raw: Floats, centre: Floats) -> Floats:
    x = raw - centre
    length = np.linalg.norm(x, axis=1, keepdims=True)
    before = np.linalg.norm(raw, axis=1, keepdims=True) + np.linalg.norm(centre)
    return np.asarray(np.divide(x, length, out=np.zeros_like(x), where=length > 1e-9 * before))


def _fit_projection(block: FeatureBlock, training: NDArray[np.bool_], rng: int) -> Projection:
    """From the training items that have the modality."""
    values = block.values[block.present & training]
    matrix, usual = None, None
    filled = np.count_nonzero(values, axis=1)
    sparse = filled.sum() < values.size / 5
    if sparse and values.size:
        usual = float(np.log1p(filled).mean())
    if min(values.shape) > MAX_COLUMNS:
        from sklearn.decomposition import TruncatedSVD  # late: it loads many models

        # A product that skips empty cells is many times faster where most are empty.
        table = sp.csr_array(values) if sparse else values
        with single_threaded_blas():
            svd = TruncatedSVD(MAX_COLUMNS, n_iter=3, random_state=rng).fit(table)
        strength = svd.singular_values_ / svd.singular_values_[0]
        matrix = np.ascontiguousarray(svd.components_.T * (strength if sparse else 1.0))
        values = np.asarray(table @ matrix)
    centre, basis = values.mean(axis=0), None
    if values.shape[1] > len(values):
        with single_threaded_blas():
            basis = np.linalg.qr(_unit(values, centre).T)[0]
    return Projection(centre, matrix, basis, usual)


@dataclass
class View:
    """What a modality shows of every item: rows (n_items, q) of a projection, which have any, and
    how much there is (:meth:`Projection.amount`).
    """

    projection: Projection
    rows: Floats
    present: NDArray[np.bool_]
    amount: Floats


def view_of(block: FeatureBlock, training: NDArray[np.bool_], rng: int) -> View:
    """By a projection learned from the training items."""
    projection = _fit_projection(block, training, rng)
    return View(projection, projection.rows(block), block.present, projection.amount(block))


@dataclass
class Content:
    """One modality's part: y_ui = Σ_j c_uj A_ji, the rated items j that look like i speak for it.

    A is one of two linear smoothers of the features, as hidden items were served best:

    - neighbours: A_ji = s_ji / (1 + Σ_j s_ji), s the positive cosines to the k nearest;
    - ridge: A = F_t (FᵀF + λI)⁻¹ fᵢ, and for an item that was itself trained on, what A would
      be without it, so that its own likings take no part.

    Attributes
    ----------
    setting
        ("ridge", λ) or ("neighbours", k), or ("multitask", 0) for factors from elsewhere.
    projection, rows, present, amount
        How features become the rows (n_items, q), which items have any, and how much.
    training
        (n_t,) columns, among the rated items, of those that taught.
    left
        (n_t, q): A = left · rowsᵀ; None for neighbours alone.
    near
        A of neighbours, sparse (n_rated, n_items), or None.
    leverage
        (n_items,) h_i = A_ii of ridge, 0 elsewhere; ``own`` (n_items,) is each item's column
        among the rated ones, −1 for the others.
    """

    setting: Setting
    projection: Projection
    rows: Floats
    present: NDArray[np.bool_]
    amount: Floats
    training: Indices
    left: Floats | None
    leverage: Floats
    own: Indices
    near: sp.csr_array | None = None

    def scores(self, c: Floats, columns: Indices) -> Floats:
        """(n, len(columns)) from collaborative scores (n, n_rated)."""
        if self.near is not None:
            return np.asarray((self.near[:, columns].T @ c.T).T)
        assert self.left is not None
        y = (c[:, self.training] @ self.left) @ self.rows[columns].T
        h = self.leverage[columns]
        taught = np.flatnonzero(h)
        y[:, taught] -= h[taught] * c[:, self.own[columns[taught]]]
        y[:, taught] /= 1 - h[taught]
        return np.asarray(y)

    def extend(
        self, block: FeatureBlock | None, n_new: int, rated: Indices, order: Indices
    ) -> None:
        """Take in items that nobody has rated, then put all items into this order."""
        width = self.rows.shape[1]
        rows = np.zeros((n_new, width)) if block is None else self.projection.rows(block)
        present = np.zeros(n_new, bool) if block is None else block.present
        amount = np.zeros(n_new) if block is None else self.projection.amount(block)
        nobody = np.full(n_new, -1)
        if self.near is not None:
            f, k = self.rows[rated[self.training]], int(self.setting[1])
            new = _neighbour_weights(rows, nobody, f, self.training, len(rated), k)
            self.near = sp.csr_array(sp.hstack([self.near, new], format="csc")[:, order])
        self.rows = np.vstack([self.rows, rows])[order]
        self.present = np.concatenate([self.present, present])[order]
        self.amount = np.concatenate([self.amount, amount])[order]
        self.leverage = np.concatenate([self.leverage, np.zeros(n_new)])[order]
        self.own = np.concatenate([self.own, nobody])[order]


def fit_content(view: View, rated: Indices, setting: Setting) -> Content:
    """Learn A from all rated items that have the modality."""
    rows = view.rows
    own = np.full(len(rows), -1)
    own[rated] = np.arange(len(rated))
    training = np.flatnonzero(view.present[rated])
    f, leverage = rows[rated[training]], np.zeros(len(rows))
    near, left = None, None
    if setting[0] == "neighbours":
        near = _neighbour_weights(rows, own, f, training, len(rated), int(setting[1]))
    else:
        with single_threaded_blas():
            left = f @ np.linalg.inv(f.T @ f + setting[1] * np.eye(f.shape[1]))
        leverage[rated[training]] = (left * f).sum(axis=1)
    return Content(
        setting,
        view.projection,
        rows,
        view.present,
        view.amount,
        training,
        left,
        leverage,
        own,
        near,
    )


def _neighbour_weights(
    rows: Floats, own: Indices, f: Floats, training: Indices, n_rated: int, k: int
) -> sp.csr_array:
    """A (n_rated, n_items), sparse; in blocks of items, O(n_items · n_training · q)."""
    place = np.full(n_rated + 1, -1)
    place[training] = np.arange(len(training))
    parts = []
    step = max(1, BLOCK_CELLS // max(1, len(f)))
    for start in range(0, len(rows), step):
        s = np.clip(rows[start : start + step] @ f.T, 0.0, None)
        itself = place[own[start : start + step]]
        found = np.flatnonzero(itself >= 0)
        s[found, itself[found]] = 0.0
        best = rank_items(s, k, SAME)
        weight = np.take_along_axis(s, best, axis=1)
        weight /= 1 + weight.sum(axis=1, keepdims=True)
        item = np.repeat(np.arange(len(s)), best.shape[1])
        shape = (len(s), n_rated)
        part = sp.csr_array((weight.ravel(), (item, training[best].ravel())), shape=shape)
        part.eliminate_zeros()
        parts.append(part)
    return sp.csr_array(sp.vstack(parts).T)


def hidden_scores(
    rows: Floats, present: NDArray[np.bool_], c: Floats, hide: NDArray[np.bool_]
) -> dict[Setting, Floats]:
    """Setting → (n_users, n_hidden) scores of hidden rated items, learned from the others.

    Parameters
    ----------
    rows, present
        (n_rated, q) and (n_rated,) of one modality.
    c
        (n_users, n_rated) collaborative scores that have not seen the hidden items' ratings.
    hide
        (n_rated,) bool.
    """
    learn = np.flatnonzero(present & ~hide)
    f, ask, known = rows[learn], rows[hide], c[:, learn]
    with single_threaded_blas():
        values, vectors = np.linalg.eigh(f.T @ f)
    taste, turned = known @ f @ vectors, ask @ vectors
    scores = {}
    for setting in RIDGES:
        scores[setting] = (taste / (np.maximum(values, 0) + setting[1])) @ turned.T
    if len(rows) > MAX_PAIRED or not len(learn):
        return scores
    similarity = np.clip(ask @ f.T, 0.0, None)
    best = rank_items(similarity, int(max(k for _, k in NEIGHBOURS)), SAME)
    nearest = np.take_along_axis(similarity, best, axis=1)
    for setting in NEIGHBOURS:
        weight = nearest[:, : int(setting[1])]
        weight = weight / (1 + weight.sum(axis=1, keepdims=True))
        item = np.repeat(np.arange(len(ask)), weight.shape[1])
        column = best[:, : int(setting[1])].ravel()
        a = sp.csr_array((weight.ravel(), (item, column)), shape=similarity.shape)
        scores[setting] = np.asarray((a @ known.T).T)
    return scores


@dataclass
class Appeal:
    """How well liked an item with such features tends to be: p̂ = z(b + θᵀ d).

    d are the unit rows of all modalities side by side, which of them are present, and how much
    there is (:meth:`Projection.amount`); the ridge
    regression's target is log(1 + Σ_u x_ui), the interest that a rated item drew.

    Attributes
    ----------
    coefficients, intercept
        θ and b.
    centre, scale
        Mean and standard deviation over the rated items, each predicted without itself.
    reg
        λ, chosen by that same leave-one-out prediction.
    """

    coefficients: Floats
    intercept: float
    centre: float
    scale: float
    reg: float

    def predict(self, design: Floats) -> Floats:
        """(n_items,) in standard deviations."""
        raw = design @ self.coefficients + self.intercept
        return np.asarray((raw - self.centre) / self.scale)


def fit_appeal(design: Floats, drawn: Floats) -> tuple[Appeal, Floats]:
    """Learn p̂ from rated items; also return their leave-one-out predictions, standardised.

    Parameters
    ----------
    design
        (n_rated, q).
    drawn
        (n_rated,) interest that each drew.
    """
    target = np.log1p(drawn)
    reg, theta, unseen = leave_one_out(design, target[:, None])
    out = unseen[:, 0]
    scale = float(out.std())
    scale = scale if scale > 1e-9 else 1.0
    appeal = Appeal(theta[:, 0], float(target.mean()), float(out.mean()), scale, reg)
    return appeal, (out - appeal.centre) / appeal.scale


def leave_one_out(
    design: Floats, target: Floats, regs: Iterable[float] = LEFT_OUT_REGS
) -> tuple[float, Floats, Floats]:
    """Ridge regression around the target's mean, its λ chosen by what it says of rows left out.

    For the row left out, t̄ + (ŷ − h (t − t̄)) / (1 − h) with the row's leverage h; t̄ and the
    centre of the design, which hardly depend on one row, stay as they are.

    Parameters
    ----------
    design
        (n, q).
    target
        (n, k).
    regs
        The λ to choose among, by squared error.

    Returns
    -------
    λ, coefficients (q, k), and the predictions of rows left out (n, k).
    """
    mean = target.mean(axis=0)
    with single_threaded_blas():
        if design.shape[1] > len(design):  # as many directions as rows, and not as columns
            _, length, right = np.linalg.svd(design, full_matrices=False)
            values, vectors = length**2, right.T
        else:
            values, vectors = np.linalg.eigh(design.T @ design)
    turned = design @ vectors
    hit = turned.T @ (target - mean)
    best: tuple[float, float, Floats, Floats] | None = None
    for reg in regs:
        shrunk = 1 / (np.maximum(values, 0) + reg)
        h = np.minimum((turned**2) @ shrunk, 1 - 1e-6)[:, None]
        fitted = turned @ (shrunk[:, None] * hit)
        out = mean + (fitted - h * (target - mean)) / (1 - h)
        error = round(float(np.mean((out - target) ** 2)), 9)
        if best is None or error < best[0]:
            best = error, reg, vectors @ (shrunk[:, None] * hit), out
    assert best is not None
    return best[1:]


def side_by_side(views: Iterable[View | Content], columns: Indices | slice = slice(None)) -> Floats:
    """d of these items: every modality's rows, whether there are any, and how much there is."""
    parts = [
        np.column_stack([v.rows[columns], v.present[columns] - 0.5, v.amount[columns]])
        for v in views
    ]
    return np.hstack(parts)
