"""LightFM as a recommender of the course: embeddings of identity and of dense content features.

Notebook: 14_lightfm
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from mmrec_course.extras.vectors import Blocks, VectorRecommender, check_number, stalled
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders.base import LIKED, Indices

LOSSES = ("warp", "bpr", "logistic")
INSTALL = (
    "LightFM is not installed. `pip install lightfm-next` has wheels for Linux (x86-64) and macOS"
    " (ARM) on Python 3.12 and 3.13; elsewhere it needs a C compiler"
)


class LightFMRecommender(VectorRecommender):
    """Sums of feature embeddings, trained by LightFM: s_ui = p_uᵀ q_i + b_u + b_i.

    q_i = Σ_f x_if e_f and b_i = Σ_f x_if b_f over the features f of item i: its own one (the
    identity column, if ``identity``), and early-fused content, ``n_components`` of each modality,
    as rows of length ``content_weight``. A cold-start item has the same columns without identity.
    It takes no part in training: LightFM would draw it as a negative item. ``loss`` is "warp",
    "bpr" or "logistic", which takes lower ratings as its negatives. ``reg`` is the
    L2 regularisation of all embeddings, ``max_sampled`` the most negatives that WARP draws for a
    pair. One thread: the same ``rng`` gives the same model. LightFM reports no loss, so it is NaN
    in ``history_``. Other arguments and what is fitted: `VectorRecommender`; a vector is the
    embedding with its bias and a 1, and ``model_`` is the library's model (not saved).

    Kula (2015), Metadata Embeddings for User and Item Cold-start Recommendations, CBRecSys.

    Notebook: 14_lightfm
    """

    def __init__(
        self,
        *,
        loss: str = "warp",
        n_factors: int = 32,
        n_components: int = 16,
        identity: bool = True,
        content_weight: float = 1.0,
        learning_rate: float = 0.05,
        reg: float = 0.0,
        max_sampled: int = 10,
        n_epochs: int = 30,
        patience: int = 5,
        early_stopping: bool = True,
        hold_out: str = "ratings",
        positive: float = 4.0,
        rng: int = 0,
        verbose: bool = False,
    ) -> None:
        self.loss = loss
        self.n_factors = n_factors
        self.n_components = n_components
        self.identity = identity
        self.content_weight = content_weight
        self.learning_rate = learning_rate
        self.reg = reg
        self.max_sampled = max_sampled
        self.n_epochs = n_epochs
        self.patience = patience
        self.early_stopping = early_stopping
        self.hold_out = hold_out
        self.positive = positive
        self.rng = rng
        self.verbose = verbose

    def _fit(self, ratings: pd.DataFrame, blocks: Blocks) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"loss: {self.loss!r} is unknown; choose one of {', '.join(LOSSES)}")
        check_number("max_sampled", self.max_sampled, 1)
        check_number("content_weight", self.content_weight, 0)
        super()._fit(ratings, blocks)

    def _pairs(self, ratings: pd.DataFrame) -> tuple[Indices, Indices]:
        """Positive pairs; for the logistic loss all rated pairs."""
        return super()._pairs(ratings if self.loss != "logistic" else ratings.assign(rating=np.inf))

    def _train(
        self, user: Indices, item: Indices, blocks: Blocks, validate: Callable[[], float] | None
    ) -> pd.DataFrame:
        try:
            from lightfm import LightFM  # late: a saved model is loaded and scores without it
        except ImportError as error:
            raise ImportError(INSTALL) from error
        known = np.unique(item)  # the items that are trained on
        features = self._features(known, blocks)
        value = np.where(self.histories_[user, item] > LIKED - 1e-9, 1.0, -1.0)
        shape = (len(self.user_ids_), len(known))
        pairs = sp.coo_matrix((value, (user, np.searchsorted(known, item))), shape, np.float32)
        self.model_ = LightFM(
            no_components=self.n_factors,
            loss=self.loss,
            learning_rate=self.learning_rate,
            item_alpha=self.reg,
            user_alpha=self.reg,
            max_sampled=self.max_sampled,
            random_state=self.rng,
        )
        values: list[float] = []
        for epoch in range(1, self.n_epochs_ + 1):
            try:
                self.model_.fit_partial(pairs, item_features=features[known], num_threads=1)
            except ValueError as error:  # numbers that are not finite
                raise ValueError(f"learning_rate: {self.learning_rate}: {error}") from error
            if validate or epoch == self.n_epochs_:
                self._keep(features, np.unique(user))
            values.append(validate() if validate else np.nan)
            if self.verbose:
                print(f"epoch {epoch}: NDCG@10 {values[-1]:.4f}")
            if validate and stalled(values, self.patience):
                break
        epochs = np.arange(1, len(values) + 1)
        return pd.DataFrame({"epoch": epochs, "loss": np.nan, "ndcg": values})

    def _features(self, known: Indices, blocks: Blocks) -> sp.csr_matrix:
        """(n_items, d) content columns, then one identity column for each item trained on."""
        n, fit_items = len(self.item_ids_), self.item_ids_[known]
        parts: list[Any] = []
        usable = {m: b for m, b in blocks.items() if len(b.names) and b.present[known].sum() > 1}
        if usable and self.content_weight > 0:
            fused = early_fusion(usable, n_components=self.n_components, fit_items=fit_items)
            parts.append(sp.csr_matrix(self.content_weight * fused.values))
        if self.identity or not parts:
            columns = np.arange(len(known))
            parts.append(sp.csr_matrix((np.ones(len(known)), (known, columns)), (n, len(known))))
        return sp.hstack(parts, format="csr", dtype=np.float32)

    def _keep(self, features: sp.csr_matrix, active: Indices) -> None:
        """Store vectors; users without a pair were never trained and get the mean of the others."""
        b_item, q = self.model_.get_item_representations(features)
        b_user, p = self.model_.get_user_representations()
        users = np.column_stack([p, np.ones(len(p)), b_user]).astype(np.float64)
        untrained = np.setdiff1d(np.arange(len(p)), active)
        users[untrained] = users[active].mean(axis=0)
        self.user_vectors_ = users  # (n_users, n_factors + 2)
        self.item_vectors_ = np.column_stack([q, b_item, np.ones(len(q))]).astype(np.float64)
