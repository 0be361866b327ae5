"""A two-tower recommender in Keras, on whichever backend Keras runs: TensorFlow, PyTorch or JAX.

Notebook: 16_tensorflow
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras_rs.layers import SamplingProbabilityCorrection

from mmrec_course.extras.vectors import Blocks, VectorRecommender
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders.base import Floats, Indices


class KerasTwoTower(VectorRecommender):
    """Two towers trained by the in-batch sampled softmax; score = u_uᵀ v_i.

    The user tower is an embedding, the item tower v_i = A x_i + e_i: a map A of the early-fused
    features x_i (``n_components`` of each modality), and an embedding e_i, which stays 0 for an
    item without positive ratings. In a batch of positive pairs, the other pairs' items are the
    negatives. An item is there in proportion to its popularity p_i, so log p_i is subtracted from
    its logit (logQ correction). Adam takes steps of ``learning_rate``; ``reg`` is the L2
    regularisation of the embeddings in a batch. The same ``rng`` gives the same model on one
    backend. Other arguments and what is fitted: `VectorRecommender`.

    Yi et al. (2019), Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations,
    RecSys.

    Notebook: 16_tensorflow
    """

    def __init__(
        self,
        *,
        n_factors: int = 32,
        n_components: int = 40,
        learning_rate: float = 0.01,
        reg: float = 1e-6,
        batch_size: int = 512,
        n_epochs: int = 40,
        patience: int = 4,
        early_stopping: bool = True,
        hold_out: str = "ratings",
        positive: float = 4.0,
        rng: int = 0,
        verbose: bool = False,
    ) -> None:
        self.n_factors = n_factors
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.reg = reg
        self.batch_size = batch_size
        self.n_epochs = n_epochs
        self.patience = patience
        self.early_stopping = early_stopping
        self.hold_out = hold_out
        self.positive = positive
        self.rng = rng
        self.verbose = verbose

    def _train(
        self, user: Indices, item: Indices, blocks: Blocks, validate: Callable[[], float] | None
    ) -> pd.DataFrame:
        network = _Network(self._rows(item, blocks), item, len(self.user_ids_), self)
        network.compile(
            optimizer=keras.optimizers.Adam(self.learning_rate),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

        def after_epoch(_: int, logs: dict[str, float]) -> None:
            self.user_vectors_, self.item_vectors_ = network.vectors()
            logs["ndcg"] = validate() if validate else np.nan

        callbacks: list[Any] = [keras.callbacks.LambdaCallback(on_epoch_end=after_epoch)]
        callbacks.append(keras.callbacks.TerminateOnNaN())
        if validate:
            options: dict[str, Any] = {"monitor": "ndcg", "mode": "max"}
            callbacks.append(keras.callbacks.EarlyStopping(patience=self.patience, **options))
        options = {"epochs": self.n_epochs_, "verbose": 2 * self.verbose, "shuffle": False}
        batches = _Batches(user, item, self.batch_size, self.rng)
        table = pd.DataFrame(network.fit(batches, callbacks=callbacks, **options).history)
        if not np.isfinite(self.item_vectors_).all():
            raise ValueError(f"learning_rate: with {self.learning_rate} the loss is NaN; lower it")
        table.insert(0, "epoch", np.arange(1, len(table) + 1))
        return table

    def _rows(self, item: Indices, blocks: Blocks) -> Floats:
        """(n_items, d) early-fused features; scales are learned from items with a pair."""
        known = np.bincount(item, minlength=len(self.item_ids_)) > 0
        usable = {m: b for m, b in blocks.items() if len(b.names) and b.present[known].sum() > 1}
        if not usable:
            return np.zeros((len(known), 1))  # A x_i is 0
        fit_items = self.item_ids_[known]
        return early_fusion(usable, n_components=self.n_components, fit_items=fit_items).values


class _Network(keras.Model):
    """Both towers, and the logits of a batch."""

    def __init__(self, rows: Floats, item: Indices, n_users: int, of: KerasTwoTower) -> None:
        super().__init__(name="two_tower")
        share = np.bincount(item, minlength=len(rows)) / len(item)
        self.rows = keras.ops.convert_to_tensor(rows, "float32")  # (n_items, d)
        self.share = keras.ops.convert_to_tensor(share, "float32")  # (n_items,)
        normal = keras.initializers.RandomNormal(stddev=0.1, seed=of.rng)
        glorot = keras.initializers.GlorotUniform(seed=of.rng)
        options: dict[str, Any] = {"embeddings_regularizer": keras.regularizers.L2(of.reg)}
        self.users = keras.layers.Embedding(n_users, of.n_factors, normal, **options)
        self.own = keras.layers.Embedding(len(rows), of.n_factors, "zeros", **options)
        self.content = keras.layers.Dense(of.n_factors, use_bias=False, kernel_initializer=glorot)
        self.correction = SamplingProbabilityCorrection()

    def items(self, index: Any) -> Any:
        """(n, n_factors) vectors of items."""
        return self.own(index) + self.content(keras.ops.take(self.rows, index, axis=0))

    def call(self, pairs: Any) -> Any:
        """(n, n) logits of a batch of n pairs: row u, column i; the diagonal is positive."""
        user, item = pairs
        logits = keras.ops.matmul(self.users(user), keras.ops.transpose(self.items(item)))
        logits = self.correction(logits, keras.ops.take(self.share, item)[None, :])
        # By hand: RemoveAccidentalHits of keras-rs 0.4.0 changes nothing (keras-rs#206).
        rivals = 1 - keras.ops.eye(keras.ops.shape(item)[0])
        again = keras.ops.cast(item[:, None] == item[None, :], "float32") * rivals
        return logits - 1e9 * again  # the positive item is no negative

    def vectors(self) -> tuple[Floats, Floats]:
        """(n_users, n_factors) and (n_items, n_factors) as NumPy arrays."""
        towers = self.users(np.arange(self.users.input_dim)), self.items(np.arange(len(self.rows)))
        users, items = (keras.ops.convert_to_numpy(t).astype(np.float64) for t in towers)
        return users, items


class _Batches(keras.utils.PyDataset):
    """Pairs in a new order in each epoch; pair number j belongs to item number j of the batch."""

    def __init__(self, user: Indices, item: Indices, size: int, rng: int) -> None:
        super().__init__()
        self.user, self.item, self.size = user, item, size
        self.rng = np.random.default_rng(rng)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.user) // self.size)

    def __getitem__(self, number: int) -> tuple[Any, Any]:
        pick = self.order[number * self.size : (number + 1) * self.size]
        return (self.user[pick], self.item[pick]), np.arange(len(pick))

    def on_epoch_end(self) -> None:
        self.order = self.rng.permutation(len(self.user))
