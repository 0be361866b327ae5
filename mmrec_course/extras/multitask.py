"""Multitask fusion: ridge regressions of several modalities that share one matrix W.

In: feature blocks, and targets with a row an item (say, everybody's liking of it). Out: one
prediction a modality and a fused one, also for items whose targets nobody knows.

Notebook: 09_multitask_fusion
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve, eigh
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import ThreadpoolController

from mmrec_course.features.block import FeatureBlock
from mmrec_course.fusion.weighted import stack_weights

__all__ = ["MultitaskRidge"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SHARINGS = ("separate", "shared", "shared+own", "low_rank")
PROJECTIONS = ("factors", "pca", None)
PROJECTION_REGS = (1.0, 3.0, 10.0, 30.0, 100.0)
# Of the mean eigenvalue of the modalities' Gram matrices, added up: what λ is large or small to.
RELATIVE_REGS = (0.001, 0.01, 0.1, 1.0, 10.0)
RELATIVE_OWN_REGS = (0.01, 0.1, 1.0, 10.0, 100.0)
RANKS = (4, 8, 16, 32, 64)
FUSED = "fused"
# Up to so many items or features, threads would wait for each other more than they work.
ONE_THREAD = 2000
# NumPy's and SciPy's BLAS are loaded by now; to look for them in every fit would cost milliseconds.
BLAS = ThreadpoolController()


class MultitaskRidge(BaseEstimator):  # type: ignore[misc]
    """y_m = z_m W_m: every modality in one common space, and matrices W_m that may be shared.

    *The common space.* z_m = P_mᵀ x_m is what modality m says about an item, in k numbers whose
    axes must mean the same whoever speaks, or sharing W makes no sense. Targets give such axes.
    With the centred targets T ≈ C Vᵀ (a singular value decomposition cut to k, C the items'
    *factors*), P_m is the ridge regression from modality m's features to C: z_m is modality m's
    guess of the factors. As E[t | x_m] = E[c | x_m] Vᵀ up to what the cut leaves out, one and the
    same matrix is then right for every modality. Principal axes have no such meaning in common:
    "pca" is for comparison, and for "separate" and "low_rank", which do not need one.

    *The matrices* minimise, with i over the training items that have modality m,

        Σ_m Σ_i |t_i − z_im W_m|² + penalty,

    ===============  ============================  =============================================
    ``sharing``      penalty                       closed form, with G_m = Z_mᵀZ_m, B_m = Z_mᵀT_m
    ===============  ============================  =============================================
    "separate"       Σ_m λ |W_m|²                  W_m = (G_m + λI)⁻¹ B_m
    "shared"         λ |W|², all W_m = W           W = (Σ G_m + λI)⁻¹ Σ B_m
    "shared+own"     λ |W|² + μ Σ_m |V_m|²,        W = (Σ R_m G_m + λ/μ I)⁻¹ Σ R_m B_m,
                     W_m = W + V_m                 V_m = R_m (B_m − G_m W), R_m = (G_m + μI)⁻¹
    "low_rank"       Σ_m λ |W_m|², and             W_m = A_m D, D the r leading right singular
                     rank of all W_m stacked ≤ r   vectors of the stacked (G_m + λI)^-½ B_m
    ===============  ============================  =============================================

    As μ → ∞ "shared+own" becomes "shared"; as λ → ∞ it becomes "separate" with μ in λ's place.
    "low_rank" lets each modality read its own axes (A_m) and shares only D: the directions in
    which targets differ.

    *Cost.* n² · d once for a modality with more features than items, whose rows are first turned
    into n numbers each. Then, once a fold and once more at the end: a singular value
    decomposition of the targets, n · n_targets · min(n, n_targets); a triangular decomposition
    for each λ of a P_m, n · min(n, d)²; the matrices, M (n + k) k · n_targets. Memory
    O(n · (d + n_targets)). Small problems are computed on one thread, large ones on all.

    Parameters
    ----------
    sharing
        "separate", "shared", "shared+own" or "low_rank".
    projection
        "factors"; "pca", the k leading principal axes of each modality; or None: the blocks are
        in one common space already and are taken as they are, neither centred nor scaled. For
        the other two, feature rows are centred on the training items' mean and scaled to
        length 1.
    n_components
        k. None: as many as there are; for "pca" each modality has its own number then.
    projection_reg
        λ of P_m for "factors", above 0: a number, or modality → number. None: chosen.
    reg
        λ > 0: a number or, for "separate" and "low_rank", modality → number. None: chosen.
    own_reg
        μ > 0, for "shared+own". None: chosen.
    rank
        r, for "low_rank". None: chosen.
    weights
        modality → w_m ≥ 0 for the fused prediction. None: by least squares
        (:func:`stack_weights`) on hidden items.
    auxiliary_weight
        α ≥ 0. Auxiliary columns are scaled so that together they vary α times as much as the
        targets together. They act through what is common: the factors, and D. With "pca" or
        None, and full rank, each column of W is learned by itself, and they change nothing.
    fit_intercept
        Centre targets on their mean over the training items; else 0 is the neutral value.
    n_folds
        How many groups of items are hidden in turn.
    rng
        Seed for which items are hidden together.

    What is None is chosen by squared error on hidden items, each modality counting by what it
    predicts: projections first, with W = Vᵀ, then the rest. Squared error is what the closed
    forms minimise, needs no idea of a list, and is smooth: two processors choose alike. (The
    recommenders' own tuning goes by NDCG; use ``predict_oof`` for such choices.) With fewer
    than two items or nothing that varies, the middle of each list is taken.

    Attributes
    ----------
    item_ids_, folds_
        (n_items,) ids of the training items and the group in which each was hidden.
    modalities_
        Those with at least one training item; other blocks are left out.
    present_
        modality → (n_items,) bool.
    intercept_
        (n_targets,).
    coef_, shared_, own_
        modality → (k, n_targets) W_m; W (None where there is none); modality → V_m (empty where
        there are none).
    directions_
        (r, n_targets), D with orthonormal rows; None but for "low_rank".
    centres_, axes_
        modality → (d,) and (d, k) P_m.
    weights_, reg_, own_reg_, rank_, projection_reg_
        What was given or chosen.
    auxiliary_coef_, auxiliary_intercept_
        modality → (k, n_auxiliary) and (n_auxiliary,): the same for the auxiliary columns.

    Notes
    -----
    Evgeniou and Pontil (2004), Regularized Multi-Task Learning, KDD, for W + V_m. Izenman (1975),
    Reduced-Rank Regression for the Multivariate Linear Model, J. Multivariate Analysis 5, for the
    closed form of the rank. Caruana (1997), Multitask Learning, Machine Learning 28, for the idea
    and for auxiliary tasks.

    Notebook: 09_multitask_fusion

    Examples
    --------
    >>> def block(name, values):
    ...     return FeatureBlock(modality=name, item_ids=["a", "b"], values=values,
    ...                         present=[True, True], names=("axis",))
    >>> blocks = {"image": block("image", [[1.0], [2.0]]), "text": block("text", [[2.0], [1.0]])}
    >>> model = MultitaskRidge(sharing="shared", projection=None, reg=1.0, fit_intercept=False,
    ...                        weights={"image": 1.0, "text": 1.0})
    >>> model.fit(blocks, [[2.0], [4.0]], item_ids=["a", "b"]).coef_["image"].round(3).tolist()
    [[1.636]]
    """

    def __init__(
        self,
        *,
        sharing: str = "shared+own",
        projection: str | None = "factors",
        n_components: int | None = 32,
        projection_reg: float | Mapping[str, float] | None = None,
        reg: float | Mapping[str, float] | None = None,
        own_reg: float | None = None,
        rank: int | None = None,
        weights: Mapping[str, float] | None = None,
        auxiliary_weight: float = 0.1,
        fit_intercept: bool = True,
        n_folds: int = 5,
        rng: int = 0,
    ) -> None:
        self.sharing = sharing
        self.projection = projection
        self.n_components = n_components
        self.projection_reg = projection_reg
        self.reg = reg
        self.own_reg = own_reg
        self.rank = rank
        self.weights = weights
        self.auxiliary_weight = auxiliary_weight
        self.fit_intercept = fit_intercept
        self.n_folds = n_folds
        self.rng = rng

    def fit(
        self,
        blocks: Mapping[str, FeatureBlock],
        targets: pd.DataFrame | ArrayLike,
        *,
        item_ids: ArrayLike | None = None,
        auxiliary: pd.DataFrame | ArrayLike | None = None,
        folds: ArrayLike | None = None,
    ) -> Self:
        """Learn projections, matrices, weights, and everything not fixed by hand.

        Parameters
        ----------
        blocks
            modality → FeatureBlock, one or more; rows are found by id. Items without targets
            take no part, and an item without a modality takes no part in that modality.
        targets
            (n_items, n_targets): a DataFrame indexed by item id, or an array with ``item_ids``.
        item_ids
            (n_items,) ids of the rows of ``targets`` (and ``auxiliary``) where these are arrays.
        auxiliary
            (n_items, n_auxiliary) further targets, learned along and not predicted; a DataFrame
            is aligned by id.
        folds
            (n_items,) labels: items with one label are hidden together. Drawn if not given.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is out of its range, there is nothing to learn from, ids are missing or
            repeated, a target is not finite, or blocks that should share axes differ in width.
        """
        self._check_parameters()
        table = _table(targets, item_ids, "targets")
        extra = _auxiliary(auxiliary, table.index)
        self.item_ids_ = table.index.to_numpy()
        aligned = {m: block.align(self.item_ids_) for m, block in _checked(blocks).items()}
        self.modalities_ = tuple(m for m, block in aligned.items() if block.present.any())
        if not self.modalities_:
            raise ValueError("blocks: no item that has targets has any modality")
        self._check_widths(aligned)
        self.present_ = {m: aligned[m].present for m in self.modalities_}
        self.folds_ = self._folds(folds, len(table))
        self._n_targets = table.shape[1]
        columns = self._columns(table.to_numpy(np.float64), extra)
        self._n_features = {m: len(aligned[m].names) for m in self.modalities_}
        with _threads(len(table), max(self._n_features.values())):
            self._learn(aligned, columns)
        return self

    def transform(
        self, blocks: Mapping[str, FeatureBlock], item_ids: ArrayLike | None = None
    ) -> dict[str, Floats]:
        """What each modality says of each item in the common space, z_m.

        Parameters
        ----------
        blocks
            modality → FeatureBlock; those that were not trained on are passed over.
        item_ids
            (n_items,) ids, in this order; without it the blocks' own, which must then agree.

        Returns
        -------
        modality → (n_items, k); zero where the item lacks the modality.

        Raises
        ------
        ValueError
            If no block is one that was trained on, widths differ, or ids are needed.
        """
        check_is_fitted(self, "coef_")
        return self._placed(self._aligned(blocks, item_ids))

    def predict(
        self, blocks: Mapping[str, FeatureBlock], item_ids: ArrayLike | None = None
    ) -> dict[str, Floats]:
        """One prediction a modality, and their weighted mean.

        fused_i = intercept + Σ_m a_im w_m z_im W_m / Σ_m a_im w_m: where a modality is missing,
        the others' weights fill its place.

        Parameters
        ----------
        blocks
            modality → FeatureBlock: any of those trained on.
        item_ids
            (n_items,) ids, in this order; without it the blocks' own, which must then agree.

        Returns
        -------
        modality → (n_items, n_targets), and "fused" the same shape. ``intercept_`` where the item
        lacks the modality; for "fused", where it lacks all that have a weight.

        Raises
        ------
        ValueError
            As :meth:`transform`.
        """
        check_is_fitted(self, "coef_")
        aligned = self._aligned(blocks, item_ids)
        z = self._placed(aligned)
        present = {m: block.present for m, block in aligned.items()}
        return self._fused({m: z[m] @ self.coef_[m] for m in z}, present, self.intercept_)

    def predict_oof(self) -> dict[str, Floats]:
        """As :meth:`predict`, for the training items, each by the fit in which it was hidden.

        Neither an item's targets nor its features took part in what is said about it here (its
        fold did in choosing λ, μ and r). For learning fusion weights, and for scores of known
        items that do not repeat what was known. One product a modality, O(n_items · k ·
        n_targets): nothing is fitted.

        Returns
        -------
        modality → (n_items, n_targets), and "fused"; rows in the order of ``item_ids_``.
        """
        check_is_fitted(self, "coef_")
        shape = (len(self.item_ids_), self._n_targets)
        centre = np.tile(self.intercept_, (shape[0], 1))
        parts = {m: np.zeros(shape) for m in self.modalities_}
        for hidden, z, coef, intercept in self._hidden:
            centre[hidden] = intercept
            for m in self.modalities_:
                parts[m][hidden] = z[m] @ coef[m]
        return self._fused(parts, self.present_, centre)

    def _fused(
        self, parts: Mapping[str, Floats], present: Mapping[str, Bools], centre: Floats
    ) -> dict[str, Floats]:
        total = np.sum([self.weights_[m] * present[m] for m in parts], axis=0)[:, None]
        mean = np.sum([self.weights_[m] * y for m, y in parts.items()], axis=0)
        mean = np.divide(mean, total, out=np.zeros_like(mean), where=total > 0)
        return {m: centre + y for m, y in parts.items()} | {FUSED: centre + mean}

    def _aligned(
        self, blocks: Mapping[str, FeatureBlock], item_ids: ArrayLike | None
    ) -> dict[str, FeatureBlock]:
        known = {m: block for m, block in _checked(blocks).items() if m in self.modalities_}
        if not known:
            raise ValueError(
                f"blocks: none of {sorted(blocks)} was trained on; has {self.modalities_}"
            )
        if item_ids is None:
            item_ids = next(iter(known.values())).item_ids
            for m, block in known.items():
                if not np.array_equal(block.item_ids, item_ids):
                    raise ValueError(f"blocks[{m!r}]: ids differ from other blocks'; give item_ids")
        return {m: block.align(np.asarray(item_ids)) for m, block in known.items()}

    def _placed(self, aligned: Mapping[str, FeatureBlock]) -> dict[str, Floats]:
        """z_m of these rows."""
        z = {}
        for m, block in aligned.items():
            width = self._n_features[m]
            if block.values.shape[1] != width:
                raise ValueError(
                    f"blocks[{m!r}]: {block.values.shape[1]} columns, trained on {width}"
                )
            rows = block.values
            if self.projection is not None:
                rows = _unit(rows, block.present, self.centres_[m])
            z[m] = rows @ self.axes_[m]
        return z

    # --- learning ------------------------------------------------------------------------------

    def _learn(self, blocks: Mapping[str, FeatureBlock], columns: Floats) -> None:
        """Every fold's common space and that of all items; then choices, matrices and weights."""
        rows = {m: _compact(blocks[m], self.projection) for m in self.modalities_}
        if self.projection is None:
            rows = self._spanned(rows)
        splits = []
        for label in np.unique(self.folds_) if len(columns) > 1 else ():
            hidden = self.folds_ == label
            if not hidden.all():
                splits.append((hidden, self._project(rows, columns, ~hidden)))
        whole = self._project(rows, columns, np.ones(len(columns), bool))
        self._choose_projections(splits, columns)
        known = [self._statistics(space) for _, space in splits]
        of_all = self._statistics(whole)
        self._choose(splits, known, of_all, columns)
        self._keep_hidden(splits, known)
        self._keep(whole, of_all, rows)
        self.weights_ = self._weights(columns)

    def _spanned(self, rows: Mapping[str, _Rows]) -> dict[str, _Rows]:
        """Blocks that are taken as they are, on axes of the span of their rows if these are fewer.

        Modalities that share W also share the axes.
        """
        groups = [list(rows)] if self._common_reg() else [[m] for m in rows]
        turned = dict(rows)
        for group in groups:
            all_rows = np.vstack([rows[m].values[rows[m].present] for m in group])
            if all_rows.shape[1] > len(all_rows):
                turn = np.linalg.qr(all_rows.T)[0].T
                for m in group:
                    turned[m] = rows[m]._replace(values=rows[m].values @ turn.T, turn=turn)
        return turned

    def _columns(self, targets: Floats, extra: Floats) -> Floats:
        """Targets and scaled auxiliary columns side by side."""
        mean = targets.mean(axis=0) if self.fit_intercept else 0.0
        spread = ((targets - mean) ** 2).sum()
        self._auxiliary_mean = extra.mean(axis=0)
        varies = ((extra - self._auxiliary_mean) ** 2).sum()
        scale = self.auxiliary_weight * spread / varies if varies > 0 else 0.0
        self._auxiliary_scale = float(np.sqrt(scale))
        return np.hstack([targets, (extra - self._auxiliary_mean) * self._auxiliary_scale])

    def _project(self, rows: Mapping[str, _Rows], columns: Floats, training: Bools) -> _Space:
        """The common space as these training items define it."""
        intercept = columns[training].mean(axis=0) if self.fit_intercept else 0.0 * columns[0]
        t = np.where(training[:, None], columns - intercept, 0.0)
        k = self.n_components
        right = t[:0]
        if self.projection == "factors":
            found, right = _factors(t[training], k)
            factors = np.zeros((len(t), len(right)))
            factors[training] = found
        bases = {}
        for m, (values, present, _, _) in rows.items():
            use = training & present
            centre = values[use].mean(axis=0) if use.any() else 0 * values[0]
            if self.projection is None:
                bases[m] = _Basis(values, 0 * centre, axes=np.eye(values.shape[1]))
                continue
            x = _unit(values, present, centre)
            if self.projection == "pca":
                axes = _principal_axes(x[use], k)
                bases[m] = _Basis(x @ axes, centre, axes=axes)
            else:
                bases[m] = _Basis(x, centre, gram=x[use].T @ x[use], hit=x[use].T @ factors[use])
        return _Space(training, intercept, t, right, bases)

    def _axes(self, space: _Space, m: str, reg: float) -> Floats:
        """From the rows of a basis to the common space; P_m for "factors"."""
        basis = space.bases[m]
        return basis.axes if self.projection != "factors" else _ridge(basis.gram, basis.hit, reg)

    def _z(self, space: _Space, m: str, reg: float, at: Bools | slice = slice(None)) -> Floats:
        """Indices of these items in the common space, (n, k)."""
        places = space.bases[m].places[at]
        return places @ self._axes(space, m, reg) if self.projection == "factors" else places

    def _statistics(self, space: _Space) -> _Statistics:
        """z_m, Gram matrices G_m and products B_m: all that the matrices depend on."""
        z, grams, hits = {}, [], []
        for m in self.modalities_:
            z[m] = self._z(space, m, self.projection_reg_.get(m, 0.0))
            use = space.training & self.present_[m]
            grams.append(z[m][use].T @ z[m][use])
            hits.append(z[m][use].T @ space.targets[use])
        return z, grams, hits

    def _choose_projections(self, splits: _Splits, columns: Floats) -> None:
        """Set projection_reg_."""
        n = self._n_targets
        self.projection_reg_: dict[str, float] = {}
        for m in self.modalities_ if self.projection == "factors" else ():
            given = self._given(self.projection_reg, m, "projection_reg")
            regs = PROJECTION_REGS if given is None else (given,)
            losses = np.zeros(len(regs))
            for hidden, space in splits if given is None else ():
                ask = hidden & self.present_[m]
                truth = columns[ask, :n] - space.intercept[:n]
                for j, reg in enumerate(regs):
                    missed = truth - self._z(space, m, reg, ask) @ space.right[:, :n]
                    losses[j] += np.vdot(missed, missed)
            self.projection_reg_[m] = _best(regs, losses.tolist())

    def _choose(
        self,
        splits: _Splits,
        known: Sequence[_Statistics],
        of_all: _Statistics,
        columns: Floats,
    ) -> None:
        """Set reg_, own_reg_ and rank_."""
        n = self._n_targets
        options = self._options(of_all[1])
        losses = np.zeros((len(options), len(self.modalities_)))
        for (hidden, space), (z, g, b) in zip(splits, known, strict=True):
            if len(options) == 1:
                break
            asked = []
            for m in self.modalities_:
                ask = hidden & self.present_[m]
                truth, places = columns[ask, :n] - space.intercept[:n], z[m][ask]
                asked.append((np.vdot(truth, truth), places.T @ truth, places.T @ places))
            solver = _Solver(self.sharing, g, b)
            for row, setting in enumerate(options):
                coefs = solver(*setting)[0]
                for j, (size, hit, gram) in enumerate(asked):
                    # |T − ZW|² = |T|² − W·(2ZᵀT − ZᵀZW): as high as the space, not as the fold.
                    w = coefs[j][:, :n]
                    losses[row, j] += size - np.vdot(w, 2 * hit - gram @ w)
        self._settle(options, losses)

    def _options(self, grams: Sequence[Floats]) -> list[_Setting]:
        """Every combination of λ a modality, μ and r that is to be tried."""
        widths = [len(g) for g in grams]
        if self.projection is None:  # also where the axes are fewer
            widths = [self._n_features[m] for m in self.modalities_]
        size = np.array([np.trace(g) / max(1, w) for g, w in zip(grams, widths, strict=True)])
        unit = np.full(len(grams), size.sum()) if self._common_reg() else size
        unit = np.where(unit > 0, unit, 1.0)
        given = [self._given(self.reg, m, "reg") for m in self.modalities_]
        steps = RELATIVE_REGS if None in given else (1.0,)
        regs = [
            tuple(float(s * u) if r is None else r for r, u in zip(given, unit, strict=True))
            for s in steps
        ]
        own: tuple[float, ...] = (1.0,) if self.own_reg is None else (self.own_reg,)
        if self.sharing == "shared+own" and self.own_reg is None:
            own = tuple(float(s * unit[0]) for s in RELATIVE_OWN_REGS)
        most = max(1, min(sum(widths), self._n_targets))
        ranks: tuple[int, ...] = (most if self.rank is None else min(self.rank, most),)
        if self.sharing == "low_rank" and self.rank is None:
            ranks = tuple(r for r in RANKS if r < most) + ranks
        return list(product(regs, own, ranks))

    def _common_reg(self) -> bool:
        return self.sharing in ("shared", "shared+own")

    def _settle(self, options: Sequence[_Setting], losses: Floats) -> None:
        regs, own_reg, rank = _best(options, losses.sum(axis=1).tolist())
        if self.sharing == "separate":  # nothing in common: each modality takes its own best
            regs = tuple(
                _best([option[0][j] for option in options], losses[:, j].tolist())
                for j in range(len(regs))
            )
        self._regs = regs
        common = self._common_reg()
        self.reg_ = regs[0] if common else dict(zip(self.modalities_, regs, strict=True))
        self.own_reg_ = own_reg if self.sharing == "shared+own" else None
        self.rank_ = rank if self.sharing == "low_rank" else None

    def _solve(self, statistics: _Statistics) -> _Solution:
        solver = _Solver(self.sharing, *statistics[1:])
        return solver(self._regs, self.own_reg_ or 1.0, self.rank_ or 1)

    def _keep_hidden(self, splits: _Splits, known: Sequence[_Statistics]) -> None:
        """What predict_oof needs, in the common space."""
        self._hidden = []
        n = self._n_targets
        for (hidden, space), statistics in zip(splits, known, strict=True):
            z = {m: statistics[0][m][hidden] for m in self.modalities_}
            coefs = self._solve(statistics)[0]
            coef = {m: c[:, :n] for m, c in zip(self.modalities_, coefs, strict=True)}
            self._hidden.append((hidden, z, coef, space.intercept[:n]))

    def _keep(self, space: _Space, statistics: _Statistics, rows: Mapping[str, _Rows]) -> None:
        n = self._n_targets
        coefs, shared, directions = self._solve(statistics)
        if self.projection is None:  # from the span of the rows back to the features
            turns = [rows[m].turn for m in self.modalities_]
            coefs = [c if t is None else t.T @ c for c, t in zip(coefs, turns, strict=True)]
            if shared is not None and turns[0] is not None:
                shared = turns[0].T @ shared
        both = dict(zip(self.modalities_, coefs, strict=True))
        self.coef_ = {m: c[:, :n] for m, c in both.items()}
        self.shared_ = None if shared is None else shared[:, :n]
        self.own_: dict[str, Floats] = {}
        if self.sharing == "shared+own" and shared is not None:
            self.own_ = {m: c - shared[:, :n] for m, c in self.coef_.items()}
        self.directions_ = None if directions is None else directions[:, :n]
        self.intercept_ = space.intercept[:n]
        scale = self._auxiliary_scale or 1.0
        self.auxiliary_coef_ = {m: c[:, n:] / scale for m, c in both.items()}
        self.auxiliary_intercept_ = space.intercept[n:] / scale + self._auxiliary_mean
        self.centres_, self.axes_ = {}, {}
        for m, (_, _, mean, turn) in rows.items():
            if self.projection is None:
                self.centres_[m], self.axes_[m] = 0 * mean, sp.eye_array(len(mean))
                continue
            centre = space.bases[m].centre
            axes = self._axes(space, m, self.projection_reg_.get(m, 0.0))
            self.centres_[m] = centre if turn is None else mean + centre @ turn
            self.axes_[m] = axes if turn is None else turn.T @ axes

    def _weights(self, columns: Floats) -> dict[str, float]:
        """w_m as given, or by least squares on what was hidden."""
        if self.weights is not None:
            if lacking := set(self.modalities_) - set(self.weights):
                raise ValueError(f"weights: none for modality {sorted(lacking)[0]!r}")
            chosen = {m: float(self.weights[m]) for m in self.modalities_}
            if not (min(chosen.values()) >= 0 and 0 < sum(chosen.values()) < np.inf):
                raise ValueError(f"weights: {chosen}; finite numbers of at least 0, one above it")
            return chosen
        equal = dict.fromkeys(self.modalities_, 1 / len(self.modalities_))
        if not self._hidden or not np.all(list(self.present_.values()), axis=0).any():
            return equal
        self.weights_ = equal  # predict_oof's fused part is not looked at
        hidden = self.predict_oof()
        scores = {m: hidden[m].T for m in self.modalities_}
        t = columns[:, : self._n_targets].T
        return stack_weights(scores, t, self.present_, groups=self.folds_)

    # --- checks --------------------------------------------------------------------------------

    def _check_parameters(self) -> None:
        if self.sharing not in SHARINGS:
            raise ValueError(f"sharing: {self.sharing!r} is unknown; choose one of {SHARINGS}")
        if self.projection not in PROJECTIONS:
            raise ValueError(f"projection: {self.projection!r}; choose one of {PROJECTIONS}")
        for name in ("n_components", "rank"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}: {value} is below 1")
        if self.own_reg is not None and not 0 < self.own_reg < np.inf:
            raise ValueError(f"own_reg: {self.own_reg} is not a finite number above 0")
        if isinstance(self.reg, Mapping) and self._common_reg():
            raise ValueError(f"reg: one number for sharing={self.sharing!r}, not one a modality")
        if not 0 <= self.auxiliary_weight < np.inf:
            raise ValueError(f"auxiliary_weight: {self.auxiliary_weight} is not at least 0")
        if self.n_folds < 2:
            raise ValueError(f"n_folds: {self.n_folds} is below 2")

    def _check_widths(self, blocks: Mapping[str, FeatureBlock]) -> None:
        """Blocks whose columns are to share W have equally many."""
        widths = {m: len(blocks[m].names) for m in self.modalities_}
        if not self._common_reg() or len(set(widths.values())) == 1:
            return
        if self.projection is None:
            raise ValueError(f"blocks: columns differ: {widths}; project them to share W")
        if self.projection == "pca" and self.n_components is None:
            raise ValueError("n_components: modalities that share W need one number, not None")

    def _given(
        self, value: float | Mapping[str, float] | None, modality: str, name: str
    ) -> float | None:
        if isinstance(value, Mapping):
            if modality not in value:
                raise ValueError(f"{name}: none for modality {modality!r}; has {sorted(value)}")
            value = value[modality]
        if value is not None and not 0 < value < np.inf:
            raise ValueError(f"{name}: {value} is not a finite number above 0")
        return None if value is None else float(value)

    def _folds(self, folds: ArrayLike | None, n: int) -> NDArray[Any]:
        if folds is None:
            return np.random.default_rng(self.rng).permutation(n) % min(self.n_folds, n)
        label = np.asarray(folds)
        if label.shape != (n,):
            raise ValueError(f"folds: shape {label.shape}, expected ({n},) as targets have rows")
        return label


class _Rows(NamedTuple):
    """One modality's features of the training items, in at most as many columns as items."""

    values: Floats  # (n, r)
    present: Bools  # (n,)
    mean: Floats  # (d,); a feature row is mean + values @ turn
    turn: Floats | None  # (r, d) orthonormal rows; None: the features as they are


NOTHING = np.zeros((0, 0))


@dataclass(frozen=True)
class _Basis:
    """One modality before the common space: rows, and what P_m is made of for "factors"."""

    places: Floats  # (n, r) rows of all items, on the common axes if these are known already
    centre: Floats  # (r,)
    axes: Floats = field(default_factory=lambda: NOTHING)  # (r, k)
    gram: Floats = field(default_factory=lambda: NOTHING)  # (r, r) of the training rows
    hit: Floats = field(default_factory=lambda: NOTHING)  # (r, k) their products with the factors


@dataclass(frozen=True)
class _Space:
    """What one set of training items defines."""

    training: Bools
    intercept: Floats
    targets: Floats  # (n, columns), centred; zero for items that are not trained on
    right: Floats  # (k, columns), Vᵀ of the factors
    bases: dict[str, _Basis]


_Splits = Sequence[tuple[Bools, _Space]]
_Statistics = tuple[dict[str, Floats], list[Floats], list[Floats]]
_Setting = tuple[tuple[float, ...], float, int]
_Solution = tuple[list[Floats], Floats | None, Floats | None]


class _Solver:
    """W_m from G_m and B_m in closed form; see the table of :class:`MultitaskRidge`."""

    def __init__(self, sharing: str, grams: Sequence[Floats], hits: Sequence[Floats]) -> None:
        self.sharing = sharing
        if sharing == "shared":
            grams, hits = [np.sum(grams, axis=0)] * len(grams), [np.sum(hits, axis=0)] * len(hits)
        self.grams, self.hits = grams, hits
        # One decomposition, and every λ is a division.
        once = grams[:1] if sharing == "shared" else grams
        self.roots = [eigh(g) for g in once]
        self.turned = [q.T @ b for (_, q), b in zip(self.roots, hits, strict=False)]
        self.full: tuple[tuple[float, ...], list[Floats]] = ((), [])
        self.right: tuple[tuple[tuple[float, ...], bool], Floats] | None = None
        self.sums: dict[float, tuple[Floats, Floats]] = {}

    def __call__(self, regs: Sequence[float], own_reg: float, rank: int) -> _Solution:
        """(W_m), W, D for λ a modality, μ and r."""
        if self.sharing == "shared":
            w = self._ridge(0, regs[0])
            return [w] * len(self.grams), w, None
        if self.sharing == "shared+own":
            return self._with_own(regs[0], own_reg)
        if self.full[0] != tuple(regs):  # the same for every rank
            self.full = tuple(regs), [self._ridge(j, reg) for j, reg in enumerate(regs)]
        full = self.full[1]
        if self.sharing == "separate":
            return full, None, None
        directions = self._directions(tuple(regs), rank)
        return [(w @ directions.T) @ directions for w in full], None, directions

    def _ridge(self, j: int, reg: float) -> Floats:
        length, q = self.roots[j]
        return np.asarray(q @ (self.turned[j] / (np.maximum(length, 0) + reg)[:, None]))

    def _with_own(self, reg: float, own_reg: float) -> _Solution:
        if own_reg not in self.sums:
            left, right = np.zeros_like(self.grams[0]), np.zeros_like(self.hits[0])
            for (length, q), b in zip(self.roots, self.turned, strict=True):
                length = np.maximum(length, 0)
                left += (q * (length / (length + own_reg))) @ q.T
                right += q @ (b / (length + own_reg)[:, None])
            self.sums[own_reg] = left, right
        left, right = self.sums[own_reg]
        left = left + (reg / own_reg) * np.eye(len(left))
        shared: Floats = np.asarray(np.linalg.solve(left, right), dtype=np.float64)
        coefs: list[Floats] = []
        for (length, q), g, b in zip(self.roots, self.grams, self.hits, strict=True):
            rest = q.T @ (b - g @ shared)
            coefs.append(shared + q @ (rest / (np.maximum(length, 0) + own_reg)[:, None]))
        return coefs, shared, None

    def _directions(self, regs: tuple[float, ...], rank: int) -> Floats:
        """The leading right singular vectors of the stacked (G_m + λI)^-½ B_m."""
        height = sum(len(length) for length, _ in self.roots)
        many = rank > max(RANKS) or height <= 4 * max(RANKS)  # few of many are found faster
        if self.right is None or self.right[0] != (regs, many):
            stacked = np.vstack(
                [
                    b / np.sqrt(np.maximum(length, 0) + reg)[:, None]
                    for (length, _), b, reg in zip(self.roots, self.turned, regs, strict=True)
                ]
            )
            self.right = (regs, many), _factors(stacked, None if many else max(RANKS))[1]
        return self.right[1][:rank]


def _factors(t: Floats, k: int | None) -> tuple[Floats, Floats]:
    """C (n, k) and Vᵀ (k, columns) of the singular value decomposition t ≈ C Vᵀ, cut to k.

    By the smaller of the two Gram matrices. Directions along which nothing varies are left out.
    """
    n, columns = t.shape
    small = t @ t.T if n <= columns else t.T @ t
    keep = len(small) if k is None else min(k, len(small))
    if not keep:
        return t[:, :0], t[:0]
    length, q = eigh(small, subset_by_index=(len(small) - keep, len(small) - 1))
    length, q = length[::-1], q[:, ::-1]
    varies = length > 1e-10 * max(float(np.trace(small)), 1e-300)
    length, q = length[varies], q[:, varies]
    root = np.sqrt(length)
    if n <= columns:
        return q * root, (q / root).T @ t
    return t @ q, q.T


def _principal_axes(rows: Floats, k: int | None) -> Floats:
    """(d, r) orthonormal axes of the rows, the strongest first.

    An axis and its opposite serve alike; it points to the row that lies farthest out on it, so
    that every processor has the same one. With k given, r = k: axes along which nothing varies
    are zero.
    """
    scores, right = _factors(rows, k)
    farthest = np.take_along_axis(scores, np.abs(scores).argmax(axis=0)[None], axis=0)[0]
    axes = right.T * np.where(farthest < 0, -1.0, 1.0)
    return np.pad(axes, ((0, 0), (0, 0 if k is None else k - axes.shape[1])))


def _ridge(gram: Floats, hit: Floats, reg: float) -> Floats:
    """(G + λI)⁻¹ B by Cholesky: for few λ faster than one eigendecomposition."""
    if not hit.size:
        return hit
    reg = max(reg, 1e-12 * float(np.trace(gram)))  # below, rounding is all there is
    return np.asarray(cho_solve(cho_factor(gram + reg * np.eye(len(gram))), hit))


def _compact(block: FeatureBlock, projection: str | None) -> _Rows:
    """More features than items: n items span n directions, and all else is the same in these."""
    x, present = block.values, block.present
    mean = x[present].mean(axis=0)
    if projection is None or x.shape[1] <= present.sum():
        return _Rows(x, present, mean, None)
    found, turn = _factors(_unit(x, present, mean, scale=False)[present], None)
    values = np.zeros((len(x), found.shape[1]))
    values[present] = found
    return _Rows(values, present, mean, turn)


def _unit(x: Floats, present: Bools, centre: Floats, *, scale: bool = True) -> Floats:
    """Rows centred and scaled to length 1; zero where absent or on the centre, up to rounding."""
    before = np.linalg.norm(x, axis=1, keepdims=True) + np.linalg.norm(centre)
    x = (x - centre) * present[:, None]
    length = np.linalg.norm(x, axis=1, keepdims=True)
    by = length if scale else np.ones_like(length)
    return np.asarray(np.divide(x, by, out=np.zeros_like(x), where=length > 1e-12 * before))


def _threads(n_items: int, n_features: int) -> AbstractContextManager[Any]:
    """One BLAS thread where the smaller side is small: the same bits then, however many cores."""
    limiter: AbstractContextManager[Any] = BLAS.limit(
        limits=1 if min(n_items, n_features) <= ONE_THREAD else None
    )
    return limiter


def _best(options: Sequence[Any], losses: Sequence[float]) -> Any:
    """The option with the least loss, the earliest of equal ones; the middle if nothing is known.

    Losses are rounded to nine digits, so that a processor's last digits do not decide.
    """
    worst = max(losses, default=0.0)
    if worst <= 0:
        return options[len(options) // 2]
    return options[int(np.argmin(np.round(np.asarray(losses) / worst, 9)))]


def _checked(blocks: Any) -> dict[str, FeatureBlock]:
    if not isinstance(blocks, Mapping):
        raise TypeError(f"blocks: {type(blocks).__name__}, expected modality → FeatureBlock")
    if not blocks:
        raise ValueError("blocks: no modality")
    for m, block in blocks.items():
        if not isinstance(block, FeatureBlock):
            raise TypeError(f"blocks[{m!r}]: {type(block).__name__}, expected a FeatureBlock")
    if FUSED in blocks:
        raise ValueError(f"blocks: the name {FUSED!r} is taken by the fused prediction")
    return dict(blocks)


def _table(values: Any, item_ids: ArrayLike | None, name: str) -> pd.DataFrame:
    """A DataFrame of finite numbers, indexed by unique item ids."""
    if isinstance(values, pd.DataFrame):
        table = values
        if item_ids is not None and not table.index.equals(pd.Index(np.asarray(item_ids))):
            raise ValueError(f"{name}: its index and item_ids differ; give one of the two")
    else:
        array = np.asarray(values, dtype=np.float64)
        if item_ids is None:
            raise ValueError(f"{name}: rows of an array have no ids; give item_ids")
        ids = np.asarray(item_ids)
        if array.ndim != 2 or len(array) != len(ids):
            raise ValueError(f"{name}: shape {array.shape}, expected ({len(ids)}, n_targets)")
        table = pd.DataFrame(array, index=ids)
    if not table.size:
        raise ValueError(f"{name}: shape {table.shape}, nothing to learn from")
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()][0]
        raise ValueError(f"{name}: item {twice!r} occurs more than once")
    bad = np.argwhere(~np.isfinite(table.to_numpy(np.float64)))
    if len(bad):
        row, column = bad[0]
        value = table.to_numpy()[row, column]
        raise ValueError(
            f"{name}: item {table.index[row]!r}, column {table.columns[column]!r} is {value};"
            " fill it or leave the item out"
        )
    return table


def _auxiliary(values: Any, index: pd.Index[Any]) -> Floats:
    """(n_items, n_auxiliary), rows as in index; no columns if none are given."""
    if values is None:
        return np.zeros((len(index), 0))
    if not isinstance(values, pd.DataFrame):
        return np.asarray(_table(values, index.to_numpy(), "auxiliary"), dtype=np.float64)
    missing = index.difference(values.index)
    if len(missing):
        raise ValueError(f"auxiliary: no row for item {missing[0]!r}")
    return np.asarray(_table(values.loc[index], None, "auxiliary"), dtype=np.float64)
