"""The final recommender: collaborative scores, content scores, and a mixing weight between them.

In: ratings and feature blocks. Out: one ranked list of warm and cold-start items, and its reasons.
Nothing here chooses a hyperparameter: see multimodal_cv.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from mmrec_course.datasets.validation import _check_count, _check_finite, _is_number, check_ratings
from mmrec_course.features.block import FeatureBlock
from mmrec_course.fusion.early import Projection, fused_rows, variance_weights
from mmrec_course.fusion.weighted import standardize_scores
from mmrec_course.recommenders.base import (
    LIKED,
    Floats,
    Indices,
    Recommender,
    check_blocks,
    id_array,
    indices_of,
)
from mmrec_course.recommenders.collaborative import EASE, ImplicitALS, implicit_preference
from mmrec_course.recommenders.content import ContentMap, MultitaskMap, PopularityPrior
from mmrec_course.recommenders.persistence import load_model, save_model

__all__ = ["Components", "MultimodalRecommender", "combine"]

# EASE inverts a matrix of all rated items, O(n³); with more than these it is left out.
MAX_EASE_ITEMS = 6000
# Arguments of `combine` → largest value; the smallest is 0.
COMBINED = {
    "als_weight": 1.0,
    "user_shrinkage": np.inf,
    "cf_weight": 1.0,
    "cold_discount": 1.0,
    "popularity_weight": np.inf,
}
# Other parameters of a fitted model → the step of `fit` that they act on.
REFIT = {"als": "_fit_als", "ease": "_fit_ease", "decay": "_set_preferences"}
REFIT |= dict.fromkeys(("weights", "weight_power", "content_reg"), "_fit_content")


class Components(NamedTuple):
    """What the parts say of n users and m items before `combine` weighs them."""

    ease: Floats  # (n + 1, m) z-scores, 0 for items without ratings; the last row: the mean user
    als: Floats  # (n + 1, m) likewise
    n_user: Indices  # (n,) ratings of each user
    n_item: Indices  # (m,) ratings of each item
    content: Mapping[str, Floats]  # modality → (n, m); their sum has standard deviation 1
    prior: Floats  # (m,) predicted log popularity, in standard deviations


def blend(
    ease: Floats, als: Floats, n_user: Indices, als_weight: float, user_shrinkage: float
) -> Floats:
    """(n, m) (1 − β) EASE + β iALS, shrunk to the mean user's by n_u² / (n_u² + shrinkage²)."""
    mixed = (1 - als_weight) * ease + als_weight * als  # (n + 1, m)
    # Squared, so that users with a few times more ratings keep nearly all that is their own.
    own = (n_user**2 / np.maximum(n_user**2 + user_shrinkage**2, 1e-9))[:, None]  # (n, 1)
    return np.asarray(own * mixed[:-1] + (1 - own) * mixed[-1:])


def combine(
    p: Components,
    *,
    als_weight: float,
    user_shrinkage: float,
    cf_weight: float,
    cold_discount: float,
    popularity_weight: float,
) -> dict[str, Floats]:
    """Part → (n, m) what it adds to the score; the sum of the parts is the score."""
    warm = p.n_item > 0  # (m,)
    rest = np.where(warm, 1 - cf_weight, 1 - cold_discount)
    c = blend(p.ease, p.als, p.n_user, als_weight, user_shrinkage)  # (n, m)
    parts = {"collaborative": cf_weight * warm * c}
    parts |= {m: rest * y for m, y in p.content.items()}
    if p.content:
        prior = rest * popularity_weight * p.prior
        parts["popularity"] = np.broadcast_to(prior, c.shape)
    return parts


class MultimodalRecommender(Recommender):
    """Rank warm and cold-start items in one list, with additive reasons.

    warm items:        ŷ_ui = κ c_ui + (1 − κ) (Σ_m y_m,ui + v p̂_i),     κ = cf_weight
    cold-start items:  ŷ_ui = (1 − δ) (Σ_m y_m,ui + v p̂_i),              δ = cold_discount

    - c, collaborative: (1 − β) z(EASE) + β z(iALS) of implicit preferences; with
      ``ease__side_weight`` above 0, EASE has the features as side information. A preference counts
      (1 + a)^−decay after a later ratings of the user;
      n_u² / (n_u² + user_shrinkage²) of c is the user's own, the rest the mean user's.
    - y_m, content: one ridge regression on the weighted, early-fused rows of all modalities
      carries c, without decay, over to any item. Modality m's columns give its share y_m, in
      standard deviations of the sum. With ``fusion="multitask"``, `MultitaskRidge` does this.
    - p̂, popularity prior: log popularity predicted from the features, in standard deviations.

    Unknown users count as the mean user. Unknown items score 0.

    Parameters
    ----------
    ease, als
        The collaborative models; by default `EASE(reg=50)` and
        `ImplicitALS(factors=32, reg=20, alpha=8, iterations=10)`. Above 6,000 rated items EASE is
        left out.
    als_weight, popularity_weight
        β in [0, 1] and v ≥ 0.
    weights
        modality → w_m ≥ 0. If not given, w_m ∝ (R²_m)^weight_power (`variance_weights`), with R²_m
        the share of the iALS item factors' variance that modality m explains.
    content_reg
        λ > 0 of the content ridge.
    n_components, rng
        A modality with more columns is reduced to these (truncated SVD with this seed).

    Attributes
    ----------
    weights_, explained_
        modality → w_m, and modality → R²_m; each divided by its sum.
    ease_, als_, content_, popularity_
        The fitted parts.

    Notes
    -----
    Burke (2002), User Modeling and User-Adapted Interaction 12(4): weighted hybrids. Steck (2019),
    WWW: EASE. Hu, Koren and Volinsky (2008), ICDM: iALS. Gantner et al. (2010), ICDM:
    attribute-to-feature mappings. Bühlmann (1967), ASTIN Bulletin 4(3): credibility weights.

    Notebook: 11_the_recommender
    """

    def __init__(
        self,
        *,
        ease: EASE | None = None,
        als: ImplicitALS | None = None,
        als_weight: float = 0.65,
        decay: float = 0.4,
        fusion: str = "weighted",
        weights: Mapping[str, float] | None = None,
        weight_power: float = 2.0,
        content_reg: float = 2.0,
        popularity_weight: float = 0.1,
        cf_weight: float = 0.85,
        user_shrinkage: float = 3.0,
        cold_discount: float = 0.5,
        n_components: int = 256,
        positive: float = 4.0,
        rng: int = 0,
    ) -> None:
        # Instances, not None, so that `set_params(ease__reg=…)` works; never shared between models.
        self.ease = ease or EASE(reg=50.0)
        self.als = als or ImplicitALS(factors=32, reg=20.0, alpha=8.0, iterations=10)
        self.als_weight = als_weight
        self.decay = decay
        self.fusion = fusion
        self.weights = weights
        self.weight_power = weight_power
        self.content_reg = content_reg
        self.popularity_weight = popularity_weight
        self.cf_weight = cf_weight
        self.user_shrinkage = user_shrinkage
        self.cold_discount = cold_discount
        self.n_components = n_components
        self.positive = positive
        self.rng = rng

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        _check_parameters(self)
        rated = self.n_ratings_ > 0
        self.rated_ = np.flatnonzero(rated)
        self.names_ = {m: block.names for m, block in blocks.items()}
        # In one order, so that the order of the dict does not matter.
        used = {m: blocks[m] for m in sorted(blocks) if blocks[m].present[rated].any()}
        projection = Projection(n_components=self.n_components, rng=self.rng)
        self.projections_ = {m: clone(projection).fit(block, rated) for m, block in used.items()}
        self.rows_ = {m: self.projections_[m].rows(block) for m, block in used.items()}
        self.present_ = {m: block.present for m, block in used.items()}
        self.mean_preference_ = None
        self._set_log(self._log_of(ratings))
        self._fit_als()
        seen = {m: x[rated] for m, x in self.rows_.items()}
        has = {m: a[rated] for m, a in self.present_.items()}
        self.explained_ = variance_weights(seen, has, self.als_.item_factors_, power=1.0)
        self._fit_content()
        self._fit_ease()
        design = _design(self.rows_, self.present_, len(rated))
        popularity = np.asarray(self._lasting[:-1].sum(axis=0)).ravel()
        self.popularity_ = PopularityPrior().fit(design[rated], popularity)
        self.prior_ = self.popularity_.predict(design)
        self.prior_[rated] = self.popularity_.left_out_

    def _log_of(self, ratings: pd.DataFrame) -> pd.DataFrame:
        """Ratings with users and items as indices."""
        time = pd.to_datetime(ratings["timestamp"]).to_numpy("datetime64[ns]").astype(np.int64)
        return pd.DataFrame(
            {
                "user": indices_of(self.user_ids_, ratings["user_id"], "user_ids"),
                "item": indices_of(self.item_ids_, ratings["item_id"], "item_ids"),
                "centred": ratings["rating"].to_numpy(float) - (self.positive - LIKED),
                "time": time,
            }
        )

    def _set_log(self, log: pd.DataFrame) -> None:
        """Build histories and preferences; of rows about the same pair the last one counts."""
        log = log.drop_duplicates(["user", "item"], keep="last").sort_values(["user", "item"])
        self.log_ = {name: column.to_numpy() for name, column in log.items()}
        shape = (len(self.user_ids_), len(self.item_ids_))
        self.histories_ = sp.csr_array((log["centred"], (log["user"], log["item"])), shape=shape)
        self._set_preferences()

    def _set_preferences(self) -> None:
        self._lasting, self._recent, self.mean_preference_ = _preferences(
            self.log_, self.rated_, len(self.user_ids_), self.decay, self.mean_preference_
        )

    def _fit_als(self) -> None:
        self.als_ = clone(self.als).fit_preference(self._lasting[:-1])

    def _fit_ease(self) -> None:
        self.ease_ = None
        if len(self.rated_) <= MAX_EASE_ITEMS:
            fused = fused_rows(self.rows_, self.present_, self.weights_)
            side = np.hstack([x[self.rated_] for x in fused.values()]) if fused else None
            self.ease_ = clone(self.ease).fit_matrix(self._lasting[:-1], side)

    def _fit_content(self) -> None:
        """Learn modality weights and the map from collaborative to content scores."""
        factors = self.als_.item_factors_  # (n_rated, f)
        given = self.weights
        if given is None:
            given = {m: share**self.weight_power for m, share in self.explained_.items()}
        shared = self.fusion == "multitask" and self.rows_
        content = (MultitaskMap if shared else ContentMap)(reg=self.content_reg)
        # `fit` refuses weights that are missing, negative or all zero.
        self.content_ = content.fit(self.rows_, self.present_, self.rated_, given, factors)
        total = sum(float(given[m]) for m in self.rows_)
        self.weights_ = {m: float(given[m] / total) for m in self.rows_}

    def refitted(self, name: str, value: Any) -> MultimodalRecommender:
        """Return a copy with one parameter changed; only what it acts on is fitted anew.

        New weights act on the content part, while EASE keeps its side information.
        """
        check_is_fitted(self, "als_")
        twin = MultimodalRecommender()
        twin.__dict__.update(vars(self))
        twin.ease, twin.als = clone(self.ease), clone(self.als)
        twin.set_params(**{name: value})
        _check_parameters(twin)
        step = REFIT.get(name.partition("__")[0])
        if step:
            getattr(twin, step)()
        elif name not in COMBINED:
            raise ValueError(f"{name}: cannot be changed without a new fit")
        return twin

    def components(self, row: Indices, column: Indices) -> Components:
        """Return the parts' scores of users and items by index; user −1 is the mean user."""
        content = self.content_.scores(self.lasting_scores(row), column) if self.rows_ else {}
        ease, als = self.collaborative(row, column)
        n_item, prior = self.n_ratings_[column], self.prior_[column]
        return Components(ease, als, self._n_user(row), n_item, content, prior)

    def collaborative(self, row: Indices, column: Indices) -> tuple[Floats, Floats]:
        """`ease` and `als` of `Components`."""
        place = np.full(len(self.item_ids_), -1)
        place[self.rated_] = np.arange(len(self.rated_))
        at = place[column]
        ease, als = self._z_scores(self._recent, row)
        return np.where(at >= 0, ease[:, at], 0.0), np.where(at >= 0, als[:, at], 0.0)

    def lasting_scores(self, row: Indices) -> Floats:
        """(n, n_rated) c without decay: whom content suits is a matter of lasting taste."""
        z = self._z_scores(self._lasting, row)
        return blend(*z, self._n_user(row), self.als_weight, self.user_shrinkage)

    def combine(self, components: Components) -> dict[str, Floats]:
        """`combine` with this model's numbers."""
        return combine(components, **{name: getattr(self, name) for name in COMBINED})

    def _z_scores(self, preferences: sp.csr_array, row: Indices) -> tuple[Floats, Floats]:
        """(n + 1, n_rated) by EASE and by iALS, the mean user last; iALS twice without EASE."""
        X = preferences[np.append(row, -1)]
        als = standardize_scores(self.als_.score_preference(X))
        return (als if self.ease_ is None else standardize_scores(X @ self.ease_.weights_)), als

    def _n_user(self, row: Indices) -> Indices:
        return np.where(row >= 0, np.diff(self._lasting.indptr)[row], 0)

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        scores, known = np.zeros((len(row), len(column))), column >= 0
        if len(row) and known.any():
            parts = self.combine(self.components(row, column[known]))
            scores[:, known] = np.sum(list(parts.values()), axis=0)
        return scores

    def explain(self, user_id: Any, item_ids: ArrayLike) -> pd.DataFrame:
        """Split a user's scores into their parts.

        Returns a DataFrame indexed by item_id, one column for each part ("collaborative", the
        modalities, "popularity"). Each row sums to the item's score; unknown items have zeros.

        Notebook: 00_start_here
        """
        check_is_fitted(self, "als_")
        row = indices_of(self.user_ids_, [user_id], "user_id")
        column = indices_of(self.item_ids_, item_ids, "item_ids")
        parts = self.combine(self.components(row, column[column >= 0]))
        index = pd.Index(item_ids, name="item_id")
        table = pd.DataFrame(0.0, index=index, columns=list(parts))
        table.loc[column >= 0] = np.column_stack([y[0] for y in parts.values()])
        return table

    def add_items(self, blocks: Mapping[str, FeatureBlock]) -> Self:
        """Make cold-start items recommendable, scored as if they had been there in `fit`.

        Nothing is learned from them. Modalities that the model did not learn are ignored.
        ValueError if an item is known, ids are of another type, or columns differ from `fit`.
        """
        check_is_fitted(self, "als_")
        given = check_blocks(blocks)
        for m, block in given.items():
            known = indices_of(self.item_ids_, block.item_ids, f"blocks[{m!r}]") >= 0
            if known.any():
                item = block.item_ids[known].tolist()[0]
                raise ValueError(f"blocks[{m!r}]: item {item!r} is known already; fit again")
            if block.names != self.names_.get(m, block.names):
                raise ValueError(f"blocks[{m!r}]: columns differ from those in fit")
        ids = [self.item_ids_[:0], *(block.item_ids for block in given.values())]
        new = np.unique(np.concatenate(ids).astype(self.item_ids_.dtype))
        rows, present = {}, {}
        for m, x in self.rows_.items():
            rows[m], present[m] = np.zeros((len(new), x.shape[1])), np.zeros(len(new), bool)
            if m in given:
                block = given[m].align(new)
                rows[m], present[m] = self.projections_[m].rows(block), block.present
        self.content_ = self.content_.extended(rows, present)
        design = _design(rows, present, len(new))
        self.prior_ = np.append(self.prior_, self.popularity_.predict(design))
        self.item_ids_ = np.concatenate([self.item_ids_, new])
        self.rows_ = {m: np.vstack([x, rows[m]]) for m, x in self.rows_.items()}
        self.present_ = {m: np.append(a, present[m]) for m, a in self.present_.items()}
        self.n_ratings_ = np.append(self.n_ratings_, np.zeros(len(new), int))
        self.mean_history_ = np.append(self.mean_history_, np.zeros(len(new)))
        self._set_log(pd.DataFrame(self.log_))
        return self

    def partial_fit(self, ratings: pd.DataFrame) -> Self:
        """Fold in later ratings of known or new users; no parameter is learned anew.

        A pair that was rated before takes the new rating. The mean user stays, and so do the
        cold-start items. ValueError if the ratings are malformed, an item is unknown or ids are
        of another type.
        """
        check_is_fitted(self, "als_")
        table = check_ratings(ratings, scale=None)
        if table.empty:
            return self
        users = id_array(table["user_id"].unique(), "ratings, column 'user_id'")
        new = users[indices_of(self.user_ids_, users, "user_id") < 0]
        unknown = indices_of(self.item_ids_, table["item_id"].to_numpy(), "item_id") < 0
        if unknown.any():
            item = table["item_id"][unknown].tolist()[0]
            raise ValueError(f"item_id: {item!r} is unknown; add_items first")
        self.user_ids_ = np.concatenate([self.user_ids_, new])
        self._set_log(pd.concat([pd.DataFrame(self.log_), self._log_of(table)]))
        return self

    def save(self, folder: str | Path) -> Path:
        """Write the fitted model to folder/model.npz, without pickle; return the folder."""
        check_is_fitted(self, "als_")
        return save_model(self, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote; ValueError if it is not a saved model or was changed."""
        model: Self = load_model(folder, cls)
        return model


def _check_parameters(model: MultimodalRecommender) -> None:
    if model.fusion not in ("weighted", "multitask"):
        raise ValueError(f"fusion: {model.fusion!r} is neither 'weighted' nor 'multitask'")
    for name, most in {**COMBINED, "decay": np.inf, "weight_power": np.inf}.items():
        value = getattr(model, name)
        if not _is_number(value) or not 0 <= value <= most:
            raise ValueError(f"{name}: {value!r} is not a number from 0 to {most:g}")
    if not isinstance(model.weights, Mapping | None):
        raise TypeError(f"weights: {model.weights!r}, expected modality → number")
    _check_finite("content_reg", model.content_reg, above=True)
    _check_count("n_components", model.n_components)
    _check_count("rng", model.rng, least=0)


def _preferences(
    log: Mapping[str, Any], rated: Indices, n_users: int, decay: float, mean: Floats | None
) -> tuple[sp.csr_array, sp.csr_array, Floats]:
    """(n_users + 1, n_rated) without and with decay, and their last row, (1, n_rated): the mean.

    The mean user stays as given; None makes it from the log.
    """
    table = pd.DataFrame(log)
    # What users chose of items that `add_items` brought says nothing to the fitted parts.
    column = indices_of(rated, table["item"], "items")
    table, column = table[column >= 0], column[column >= 0]
    # 0 for a user's newest rating; ratings of one moment share a mean.
    age = table.groupby("user")["time"].rank(ascending=False).to_numpy() - 1
    p = implicit_preference(table["centred"])
    if mean is None:
        mean = (np.bincount(column, p, len(rated)) / n_users).reshape(1, -1)

    def with_mean(values: Floats) -> sp.csr_array:
        rows = sp.csr_array((values, (table["user"], column)), shape=(n_users, len(rated)))
        return sp.csr_array(sp.vstack([rows, sp.csr_array(mean)]))

    return with_mean(p), with_mean(p * (1 + age) ** -decay), mean


def _design(rows: Mapping[str, Floats], present: Mapping[str, Any], n: int) -> Floats:
    """(n, 1 + Σ d_m + M) unit rows of all modalities, and which of them an item has."""
    return np.hstack([np.zeros((n, 1)), *(np.c_[x, present[m]] for m, x in rows.items())])
