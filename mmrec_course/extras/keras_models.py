"""A two-tower recommender in Keras, on whichever backend Keras runs: TensorFlow, PyTorch or JAX.

Notebook: 16_tensorflow
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
import pandas as pd
from keras_rs.layers import RemoveAccidentalHits, SamplingProbabilityCorrection
from numpy.typing import NDArray

from mmrec_course.evaluation import Split, cold_item_split, evaluate, random_split
from mmrec_course.features.block import FeatureBlock
from mmrec_course.fusion import early_fusion
from mmrec_course.recommenders.base import Floats, Indices, Recommender
from mmrec_course.recommenders.persistence import load_model, save_model

HELD_OUT = 0.1  # for early stopping


class KerasTwoTower(Recommender):
    """Two towers trained by the in-batch sampled softmax; score = u_uᵀ v_i.

    The user tower is an embedding, the item tower v_i = W x_i + e_i: a map W of the early-fused
    features x_i, and an embedding e_i, which stays 0 for an item without positive ratings. In a
    batch of positive pairs, the other pairs' items are the negatives. An item is there in
    proportion to its popularity p_i, so log p_i is subtracted from its logit (logQ correction).

    With ``early_stopping``, `fit` holds out a tenth of the ratings (``hold_out="ratings"``), or all
    ratings of a tenth of the items ("items"), stops after ``patience`` epochs without a better
    NDCG@10 on them, and trains anew on everything for the best number of epochs. Unknown users get
    the mean user's vector, unknown items 0.

    Fitted: ``user_vectors_`` (n_users, n_factors), ``item_vectors_`` (n_items, n_factors),
    ``n_epochs_``, and ``history_``: DataFrame epoch, loss, ndcg.

    Yi et al. (2019), Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations,
    RecSys.

    Notebook: 16_tensorflow
    """

    def __init__(
        self,
        *,
        n_factors: int = 32,
        learning_rate: float = 0.01,
        reg: float = 1e-6,
        n_components: int = 40,
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
        self.learning_rate = learning_rate
        self.reg = reg
        self.n_components = n_components
        self.batch_size = batch_size
        self.n_epochs = n_epochs
        self.patience = patience
        self.early_stopping = early_stopping
        self.hold_out = hold_out
        self.positive = positive
        self.rng = rng
        self.verbose = verbose

    def _fit(self, ratings: pd.DataFrame, blocks: Mapping[str, FeatureBlock]) -> None:
        rows: Floats = np.zeros((len(self.item_ids_), 1))  # without features W x_i is 0
        if blocks:
            rated = self.item_ids_[self.n_ratings_ > 0]
            fused = early_fusion(blocks, n_components=self.n_components, fit_items=rated)
            rows = fused.align(self.item_ids_).values
        self.n_epochs_, history = self.n_epochs, None
        if self.early_stopping:
            split = _split(ratings, self.hold_out, self.rng)
            history = self._train(split.train, rows, split)
            self.n_epochs_ = int(history["ndcg"].argmax()) + 1
        whole = self._train(ratings, rows)
        self.history_ = whole if history is None else history

    def _train(
        self, ratings: pd.DataFrame, rows: Floats, split: Split | None = None
    ) -> pd.DataFrame:
        """Train for ``n_epochs_`` epochs, or until the split's test part is ranked no better."""
        good = ratings[ratings["rating"] >= self.positive]
        user = pd.Index(self.user_ids_).get_indexer(good["user_id"])
        item = pd.Index(self.item_ids_).get_indexer(good["item_id"])
        if not len(good):
            raise ValueError(f"ratings: none reaches positive={self.positive:g}; nothing to learn")
        share = np.bincount(item, minlength=len(rows)) / len(item)
        network = _Network(rows, share, len(self.user_ids_), self)
        network.compile(
            optimizer=keras.optimizers.Adam(self.learning_rate),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        batches = _Batches(user, item, self.batch_size, self.rng)
        callbacks = []
        if split is not None:

            def validate(_: int, logs: dict[str, float]) -> None:
                self.user_vectors_, self.item_vectors_ = network.vectors()
                logs["ndcg"] = float(evaluate(self, split, metrics=("ndcg",))["ndcg"].mean())

            stop = keras.callbacks.EarlyStopping("ndcg", patience=self.patience, mode="max")
            callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=validate), stop]
        verbose = 2 if self.verbose else 0
        epochs: dict[str, Any] = {"epochs": self.n_epochs_, "verbose": verbose, "shuffle": False}
        table = pd.DataFrame(network.fit(batches, callbacks=callbacks, **epochs).history)
        self.user_vectors_, self.item_vectors_ = network.vectors()
        return table.assign(epoch=np.arange(1, len(table) + 1))

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        users = np.vstack([self.user_vectors_, self.user_vectors_.mean(axis=0)])  # −1: the mean
        items = np.vstack([self.item_vectors_, np.zeros(self.n_factors)])
        return np.asarray(users[row] @ items[column].T)

    def save(self, folder: str | Path) -> Path:
        """Write arrays and plain values to folder/model.npz, without pickle."""
        return save_model(self, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote; ValueError if it is not a saved model or was changed."""
        model: Self = load_model(folder, cls)
        return model


def _split(ratings: pd.DataFrame, hold_out: str, rng: int) -> Split:
    """A tenth of the ratings, or of the items, is the test part."""
    if hold_out == "ratings":
        return random_split(ratings, valid=0.0, test=HELD_OUT, rng=rng)
    if hold_out == "items":
        return cold_item_split(ratings, valid=0.0, fraction=HELD_OUT, rng=rng)
    raise ValueError(f"hold_out: {hold_out!r} is unknown; choose 'ratings' or 'items'")


class _Network(keras.Model):
    """Both towers, and the logits of a batch."""

    def __init__(self, rows: Floats, share: Floats, n_users: int, of: KerasTwoTower) -> None:
        super().__init__(name="two_tower")
        l2 = keras.regularizers.L2(of.reg)
        normal = keras.initializers.RandomNormal(stddev=0.1, seed=of.rng)
        self.users = keras.layers.Embedding(
            n_users, of.n_factors, normal, embeddings_regularizer=l2
        )
        self.own = keras.layers.Embedding(
            len(rows), of.n_factors, "zeros", embeddings_regularizer=l2
        )
        glorot = keras.initializers.GlorotUniform(seed=of.rng)
        self.content = keras.layers.Dense(of.n_factors, use_bias=False, kernel_initializer=glorot)
        self.rows = keras.ops.convert_to_tensor(rows, "float32")  # (n_items, d)
        self.share = keras.ops.convert_to_tensor(share, "float32")  # (n_items,)
        self.correction, self.accidental = SamplingProbabilityCorrection(), RemoveAccidentalHits()

    def items(self, index: Any) -> Any:
        """(n, n_factors) vectors of items."""
        return self.own(index) + self.content(keras.ops.take(self.rows, index, axis=0))

    def call(self, pairs: Any) -> Any:
        """(n, n) logits of a batch of n pairs: row u, column i; the diagonal is positive."""
        user, item = pairs
        logits = keras.ops.matmul(self.users(user), keras.ops.transpose(self.items(item)))
        logits = self.correction(logits, keras.ops.take(self.share, item)[None, :])
        return self.accidental(logits, keras.ops.eye(keras.ops.shape(item)[0]), item)

    def vectors(self) -> tuple[Floats, Floats]:
        """(n_users, n_factors) and (n_items, n_factors) as NumPy arrays."""
        towers = self.users(np.arange(self.users.input_dim)), self.items(np.arange(len(self.rows)))
        users, items = (keras.ops.convert_to_numpy(t).astype(np.float64) for t in towers)
        return users, items


class _Batches(keras.utils.PyDataset):
    """Pairs in a new order in each epoch; pair number j belongs to item number j of the batch."""

    def __init__(self, user: NDArray[Any], item: NDArray[Any], size: int, rng: int) -> None:
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
