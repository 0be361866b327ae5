"""Multitask fusion: ridge regressions of several modalities that share one matrix W.

Notebook: 09_multitask_fusion
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from sklearn.base import BaseEstimator
from sklearn.utils.extmath import svd_flip
from sklearn.utils.validation import check_is_fitted

from mmrec_course.features.block import FeatureBlock, normalize_rows
from mmrec_course.features.threads import single_threaded_blas
from mmrec_course.fusion.weighted import stack_weights, weighted_sum

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Blocks = Mapping[str, FeatureBlock]
Predictions = dict[str, Floats]
Ids = ArrayLike | None

# Grids for what is None; relative ones are in units of the mean eigenvalue of a Gram matrix.
PROJECTION_REGS = (1.0, 3.0, 10.0, 30.0, 100.0)
RELATIVE_REGS = (0.001, 0.01, 0.1, 1.0, 10.0)
RANKS = (4, 8, 16, 32, 64)


@dataclass(eq=False, repr=False)
class CommonSpace(BaseEstimator):  # type: ignore[misc]
    """Project every modality to axes that mean the same in all: the factors of the targets.

    z_m = P_mᵀ x_m; x_m are features, centred on the training items' mean and scaled to length 1.
    With the singular value decomposition T ≈ C Vᵀ of the centred targets, cut to k, P_m (d, k) is
    the ridge regression from x_m to the factors C, learned for every λ of ``regs``. Instead,
    ``projection`` may be "pca", principal axes, or None, the features as they are.
    """

    projection: str | None = "factors"
    n_components: int | None = 32
    regs: Sequence[float] = PROJECTION_REGS
    fit_intercept: bool = True

    def fit(self, blocks: Blocks, targets: Floats, training: Bools) -> Self:
        """Learn from the training rows; blocks and targets have the same rows."""
        self.training_ = training
        self.intercept_ = targets[training].mean(axis=0) * self.fit_intercept
        t = targets - self.intercept_
        if self.projection == "factors":
            factors, directions = _truncated_svd(t[training], self.n_components)
        self.means_: dict[str, Floats] = {}
        self.paths_: dict[str, Any] = {}  # modality → P_m (d, k) for each λ
        self.losses_: dict[str, Floats] = {}
        for m, block in blocks.items():
            use, held_out = block.present & training, block.present & ~training
            self.means_[m] = block.values[use].sum(axis=0) / max(1, int(use.sum()))
            x, self.losses_[m] = self._rows(m, block), np.zeros(len(self.regs))
            if self.projection == "factors":
                self.paths_[m] = _ridge_path(x[use], factors[use[training]], self.regs)
                errors = (t[held_out] - x[held_out] @ path @ directions for path in self.paths_[m])
                self.losses_[m] = np.array([(error**2).sum() for error in errors])
            elif self.projection == "pca":
                self.paths_[m] = [_truncated_svd(x[use], self.n_components)[1].T] * len(self.regs)
            else:
                self.paths_[m] = [np.eye(x.shape[1])] * len(self.regs)
        return self

    def select(self, index: Mapping[str, int], blocks: Blocks, targets: Floats) -> Self:
        """Use modality → place in ``regs``; store what the W_m of these rows depend on."""
        chosen = {m: path[index[m]] for m, path in self.paths_.items()}
        k = max(p.shape[1] for p in chosen.values())  # columns of zeros make all equally wide
        self.projections_ = {m: np.pad(p, ((0, 0), (0, k - p.shape[1]))) for m, p in chosen.items()}
        self.z_ = z = np.stack([*self.transform(blocks).values()])  # (n_modalities, n_items, k)
        parts = ((z[:, r], targets[r] - self.intercept_) for r in (self.training_, ~self.training_))
        self.train_, self.test_ = ((x.mT @ x, x.mT @ t) for x, t in parts)  # G_m and B_m
        return self

    def transform(self, blocks: Blocks) -> dict[str, Floats]:
        """Return modality → z_m (n_items, k), zero for absent items."""
        return {m: self._rows(m, block) @ self.projections_[m] for m, block in blocks.items()}

    def _rows(self, m: str, block: FeatureBlock) -> Floats:
        if self.projection is None:
            return block.values
        return normalize_rows(block.values, self.means_[m]) * block.present[:, None]


@dataclass(kw_only=True, eq=False, repr=False)
class MultitaskRidge(BaseEstimator):  # type: ignore[misc]
    """Predict y_m = z_m W_m: every modality in a common space, by matrices that may be shared.

    The matrices minimise ``Σ_m Σ_i |t_i − z_im W_m|² + penalty`` over the training items i that
    have modality m; SOLVERS has the penalties and the solutions. ``projection``,
    ``n_components`` and ``projection_reg`` belong to the :class:`CommonSpace`. Where
    ``projection_reg``, λ (``reg``), μ (``own_reg``) or r (``rank``) is None, the squared error of
    out-of-fold predictions chooses it on a grid; where ``weights`` is, :func:`stack_weights` learns
    it from these predictions.

    Learned: ``coef_``, modality → W_m (k, n_targets); ``shared_``, W or None; ``own_``, modality
    → V_m = W_m − W; ``intercept_``, ``weights_``, ``reg_``, ``own_reg_``, ``rank_``. Caruana
    (1997); for W + V_m Evgeniou and Pontil (2004); for reduced rank Izenman (1975).
    """

    sharing: str = "shared+own"
    projection: str | None = "factors"
    n_components: int | None = 32
    projection_reg: float | None = None
    reg: float | None = None
    own_reg: float | None = None
    rank: int | None = None
    weights: Mapping[str, float] | None = None
    fit_intercept: bool = True
    n_folds: int = 5
    rng: int = 0

    def fit(self, blocks: Blocks, targets: Any, *, item_ids: Ids = None) -> Self:
        """Learn the space, the matrices and the weights.

        ``targets`` (n_items, n_targets): a DataFrame indexed by item id, or an array with
        ``item_ids``. Items without targets take no part.
        """
        if not isinstance(targets, pd.DataFrame):
            targets = pd.DataFrame(np.asarray(targets), pd.Index(item_ids))
        ids, names, n = targets.index, targets.columns, len(targets)
        table = FeatureBlock(  # which refuses a NaN, and an id that occurs twice
            modality="targets", item_ids=ids, values=targets, present=np.ones(n, bool), names=names
        )
        self.item_ids_, self._targets = table.item_ids, table.values
        aligned = {m: block.align(self.item_ids_) for m, block in blocks.items()}
        aligned = {m: block for m, block in aligned.items() if block.present.any()}
        if not aligned:
            raise ValueError("blocks: no item that has targets has any modality")
        self.present_ = {m: block.present for m, block in aligned.items()}
        self.folds_ = np.random.default_rng(self.rng).permutation(n) % min(self.n_folds, n)
        masks = [mask for f in np.unique(self.folds_) if (mask := self.folds_ != f).any()]
        masks.append(table.present)  # the last split holds nothing out
        regs = PROJECTION_REGS if self.projection_reg is None else (self.projection_reg,)
        options = self.projection, self.n_components, regs, self.fit_intercept
        with single_threaded_blas():
            spaces = [CommonSpace(*options).fit(aligned, self._targets, mask) for mask in masks]
            losses = {m: np.sum([space.losses_[m] for space in spaces], axis=0) for m in aligned}
            best = {m: _best(range(len(regs)), loss) for m, loss in losses.items()}
            self._spaces = [space.select(best, aligned, self._targets) for space in spaces]
        self.space_, self.intercept_ = spaces[-1], spaces[-1].intercept_
        return self.refit()

    def refit(self, **parameters: Any) -> Self:
        """Set parameters that are not the space's; learn matrices and weights in the same space."""
        self.set_params(**parameters)._check()
        solve, (*folds, whole) = SOLVERS[self.sharing], self._spaces
        grid, others = self._settings(whole.train_[0])
        settings = [*product(others, grid)]
        losses = np.zeros((len(others), len(grid), len(whole.z_)))
        with single_threaded_blas():
            for space, row in product(folds if len(settings) > 1 else (), range(len(others))):
                w, _ = solve(*space.train_, np.array(grid), *others[row])
                # |T − ZW|² − |T|², at the size of the space instead of the fold's.
                losses[row] += np.vecdot(w, space.test_[0] @ w - 2 * space.test_[1]).sum(axis=-1)
            (self.own_reg_, self.rank_), regs = _best(settings, losses.sum(axis=-1).ravel())
            if self.sharing == "separate":  # each modality takes its own best
                columns = zip(zip(*grid, strict=True), losses[0].T, strict=True)
                regs = tuple(_best(column, loss) for column, loss in columns)
            chosen = np.array([regs]), self.own_reg_, self.rank_
            solutions = [solve(*space.train_, *chosen) for space in self._spaces]
        self.reg_ = dict(zip(self.present_, regs, strict=True))
        self._coefs = [w[0] for w, _ in solutions]
        self.coef_ = dict(zip(self.present_, self._coefs[-1], strict=True))
        self.shared_ = None if solutions[-1][1] is None else solutions[-1][1][0]
        self.own_ = {m: w - self.shared_ for m, w in self.coef_.items() if self.shared_ is not None}
        self.weights_ = dict(self.weights or dict.fromkeys(self.coef_, 1 / len(self.coef_)))
        if self.weights is None and folds and np.all([*self.present_.values()], axis=0).any():
            y = {m: part.T for m, part in self.predict_oof().items() if m in self.coef_}
            self.weights_ = stack_weights(y, self._targets.T, self.present_, groups=self.folds_)
        return self

    def predict(self, blocks: Blocks, item_ids: Ids = None) -> Predictions:
        """Return modality → predictions (n_items, n_targets), and "fused", their weighted mean.

        Without ``item_ids`` the rows are those of the first block. Where an item lacks a modality
        its prediction is the intercept, and the weights of the others are scaled up for "fused".
        """
        check_is_fitted(self, "coef_")
        known = {m: block for m, block in blocks.items() if m in self.coef_}
        if not known:
            raise ValueError(f"blocks: none of {[*blocks]} was trained on; has {[*self.coef_]}")
        for m, block in known.items():
            if len(block.names) != (width := len(self.space_.means_[m])):
                raise ValueError(f"blocks[{m!r}]: {len(block.names)} columns, trained on {width}")
        ids = next(iter(known.values())).item_ids if item_ids is None else item_ids
        known = {m: block.align(ids) for m, block in known.items()}
        y = {m: z @ self.coef_[m] for m, z in self.space_.transform(known).items()}
        return self._fuse(y, {m: block.present for m, block in known.items()}, self.intercept_)

    def predict_oof(self) -> Predictions:
        """As ``predict``, for the training items, each by the fit that held out its fold."""
        y = np.zeros((len(self.present_), *self._targets.shape))
        intercept = np.tile(self.intercept_, (len(self._targets), 1))
        for space, coefs in zip(self._spaces, self._coefs, strict=True):
            held_out = ~space.training_
            intercept[held_out] = space.intercept_
            y[:, held_out] = space.z_[:, held_out] @ coefs
        return self._fuse(dict(zip(self.present_, y, strict=True)), self.present_, intercept)

    def _fuse(self, y: Predictions, present: Mapping[str, Bools], intercept: Floats) -> Predictions:
        fused = np.zeros_like(next(iter(y.values())))
        if any(self.weights_.get(m, 1) for m in y) or not any(self.weights_.values()):
            fused = weighted_sum({m: part.T for m, part in y.items()}, self.weights_, present).T
        return {m: intercept + part for m, part in {**y, "fused": fused}.items()}

    def _settings(self, grams: Floats) -> tuple[list[tuple[float, ...]], list[tuple[Any, Any]]]:
        """Every λ of each modality, and every combination of μ and r, that is to be tried."""
        widths = [path[0].shape[1] for path in self.space_.paths_.values()]
        sizes = np.trace(grams, axis1=1, axis2=2) / np.maximum(widths, 1)
        if self.sharing in ("shared", "shared+own"):
            if len(set(widths)) > 1:
                raise ValueError(f"blocks: columns differ: {widths}; project them to share W")
            sizes[:] = sizes.sum()
        sizes[sizes <= 0] = 1.0
        relative = [tuple(r * sizes) for r in RELATIVE_REGS]
        regs = relative if self.reg is None else [(self.reg,) * len(widths)]
        own_regs, ranks = [self.own_reg], [self.rank]
        if self.sharing == "shared+own" and self.own_reg is None:
            own_regs = [10 * r * sizes[0] for r in RELATIVE_REGS]
        if self.sharing == "low_rank" and self.rank is None:
            most = min(len(self.intercept_), sum(widths))
            ranks = [*(r for r in RANKS if r < most), most]
        return regs, [*product(own_regs, ranks)]

    def _check(self) -> None:
        for name, choices in (("sharing", [*SOLVERS]), ("projection", ["factors", "pca", None])):
            if (value := getattr(self, name)) not in choices:
                raise ValueError(f"{name}: {value!r} is unknown; choose one of {choices}")
        for name in ("n_components", "projection_reg", "reg", "own_reg", "rank"):
            if (value := getattr(self, name)) is not None and not 0 < value < np.inf:
                raise ValueError(f"{name}: {value} is not a finite number above 0")
        if self.n_folds < 2:
            raise ValueError(f"n_folds: {self.n_folds} is below 2")


# W_m of each modality for each setting, (n_settings, M, k, n_targets), and W, or None.
_Solution = tuple[Floats, Floats | None]


def _separate(grams: Floats, crosses: Floats, regs: Floats, own_reg: Any, rank: Any) -> _Solution:
    """Penalty Σ_m λ |W_m|²: W_m = (G_m + λI)⁻¹ B_m, for each row of λ, (n_settings, M)."""
    return _ridge(grams, crosses, regs), None


def _shared(grams: Floats, crosses: Floats, regs: Floats, own_reg: Any, rank: Any) -> _Solution:
    """Penalty λ |W|², all W_m = W: W = (Σ G_m + λI)⁻¹ Σ B_m."""
    w = _ridge(grams.sum(axis=0), crosses.sum(axis=0), regs[:, 0])
    return np.repeat(w[:, None], len(grams), axis=1), w


def _own(grams: Floats, crosses: Floats, regs: Floats, own_reg: Any, rank: Any) -> _Solution:
    """Penalty λ |W|² + μ Σ_m |V_m|², W_m = W + V_m. With R_m = (G_m + μI)⁻¹, see the comments."""
    inverses = _ridge(grams, np.eye(grams.shape[1]), own_reg)  # R_m
    left, right = (inverses @ grams).sum(axis=0), (inverses @ crosses).sum(axis=0)
    w = _ridge(left, right, regs[:, 0] / own_reg)  # W = (Σ R_m G_m + λ/μ I)⁻¹ Σ R_m B_m
    return inverses @ (crosses + own_reg * w[:, None]), w  # W_m = R_m (B_m + μW)


def _low_rank(grams: Floats, crosses: Floats, regs: Floats, own_reg: Any, rank: Any) -> _Solution:
    """Penalty Σ_m λ |W_m|², stacked W_m of rank r at most: W_m = (G_m + λI)⁻¹ B_m Dᵀ D."""
    # D: leading right singular vectors of all L_m⁻¹ B_m, stacked; L_m L_mᵀ = G_m + λI.
    roots = np.linalg.cholesky(grams + regs[..., None, None] * np.eye(grams.shape[1]))
    stacked = np.linalg.solve(roots, crosses).reshape(len(regs), -1, crosses.shape[2])
    bases = [_truncated_svd(x, rank)[1] for x in stacked]
    full = _ridge(grams, crosses, regs)
    return np.stack([(w @ d.T) @ d for w, d in zip(full, bases, strict=True)]), None


def _ridge(gram: Floats, cross: Floats, reg: ArrayLike) -> Floats:
    """(G + λI)⁻¹ B, also for several λ, with one G and B for all or one for each."""
    least = 1e-12 * np.trace(gram, axis1=-2, axis2=-1)  # below, rounding is all there is
    diagonal = np.maximum(reg, least)[..., None, None] * np.eye(gram.shape[-1])
    return np.asarray(np.linalg.solve(gram + diagonal, cross), dtype=np.float64)


def _ridge_path(x: Floats, y: Floats, regs: Sequence[float]) -> Floats:
    """(XᵀX + λI)⁻¹ Xᵀy for every λ, by the smaller of the Gram matrices XᵀX and XXᵀ."""
    if x.shape[1] > len(x):
        return x.T @ _ridge(x @ x.T, y, regs)
    return _ridge(x.T @ x, x.T @ y, regs)


def _truncated_svd(t: Floats, k: int | None) -> tuple[Floats, Floats]:
    """C (n, k) and Vᵀ (k, d) of t ≈ C Vᵀ, by the smaller Gram matrix; k is at most the rank."""
    wide = len(t) < t.shape[1]
    gram = t @ t.T if wide else t.T @ t
    n = len(gram)
    if not n:
        return t[:, :0], t[:0]
    length, q = eigh(gram, subset_by_index=(max(0, n - (k or n)), n - 1))
    q = q[:, length > 1e-10 * np.trace(gram)][:, ::-1]
    right = normalize_rows(q.T @ t) if wide else q.T
    left, right = svd_flip(t @ right.T, right)  # the same signs on every processor
    return left, right


def _best(options: Sequence[Any], losses: Floats) -> Any:
    """The option with the least loss, to nine digits; the middle one if nothing is known."""
    scale = float(np.abs(losses).max())
    return options[int(np.argmin(np.round(losses / scale, 9))) if scale else len(options) // 2]


SOLVERS = {"separate": _separate, "shared": _shared, "shared+own": _own, "low_rank": _low_rank}
