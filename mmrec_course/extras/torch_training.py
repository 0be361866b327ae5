"""What both PyTorch models share: a training loop with early stopping, scores, saved weights.

Notebook: 15_pytorch
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from mmrec_course.evaluation import Split, cold_item_split, evaluate, random_split
from mmrec_course.extras.torch_networks import Network
from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Indices, Recommender, id_array

HELD_OUT = 0.1  # for early stopping
Blocks = Mapping[str, FeatureBlock]
WEIGHTS, RECORD = "weights.safetensors", "model.json"


class TorchRecommender(Recommender):
    """Base of `VBPR` and `TwoTower`: positive pairs in, vectors of users and items out.

    A pair is positive if its rating is at least ``positive``. AdamW takes steps of
    ``learning_rate`` with weight decay ``reg``, over batches of ``batch_size`` pairs, on one
    thread, in float64. With ``early_stopping``, `fit` holds out a tenth of the ratings
    (``hold_out="ratings"``), or all ratings of a tenth of the items ("items"), stops after
    ``patience`` epochs without a better NDCG@10 on them, and trains anew on everything for the
    best number of epochs, ``n_epochs_``; else for ``n_epochs``. ``verbose`` prints each epoch.
    Unknown users get the mean of all user vectors, unknown items score 0.

    Fitted: ``user_vectors_`` (n_users, d), ``item_vectors_`` (n_items, d), ``n_epochs_``,
    ``history_``: DataFrame epoch, loss, ndcg (NaN without early stopping), and ``modalities_``, the
    names of those used.

    Notebook: 15_pytorch
    """

    arrays: tuple[str, ...] = ("user_vectors_", "item_vectors_")  # what `save` writes

    @abstractmethod
    def _network(self, blocks: Blocks, user: Tensor, item: Tensor) -> Network:
        """A new network for these positive pairs."""

    def _usable(self, blocks: Blocks, item: Tensor) -> tuple[Tensor, dict[str, FeatureBlock]]:
        """(n_items,) bool, which items have a positive pair; modalities that two of them have."""
        known = torch.bincount(item, minlength=len(self.item_ids_)) > 0
        has = {m: b.present[known.numpy()].sum() > 1 and len(b.names) for m, b in blocks.items()}
        self.modalities_ = [m for m in blocks if has[m]]
        return known, {m: blocks[m] for m in self.modalities_}

    def _fit(self, ratings: pd.DataFrame, blocks: Blocks) -> None:
        for name in ("n_factors", "n_components", "batch_size", "n_epochs", "patience"):
            check_number(name, getattr(self, name), 1)
        for name in ("learning_rate", "reg"):
            check_number(name, getattr(self, name), 0)
        self.n_epochs_, history = self.n_epochs, None
        if self.early_stopping:
            split = _split(ratings, self.hold_out, self.rng)
            if any((part["rating"] < self.positive).all() for part in (split.train, split.test)):
                problem = f"too few ratings reach positive={self.positive:g} to hold a tenth out"
                raise ValueError(f"early_stopping: {problem}; set early_stopping=False")
            history = self._train(split.train, blocks, split)
            self.n_epochs_ = int(history["ndcg"].argmax()) + 1
        whole = self._train(ratings, blocks)
        self.history_ = whole if history is None else history

    def _train(
        self,
        ratings: pd.DataFrame,
        blocks: Blocks,
        split: Split | None = None,
    ) -> pd.DataFrame:
        """Train a new network; with a split, until its test part is ranked no better."""
        good = ratings[ratings["rating"] >= self.positive]
        if good.empty:
            raise ValueError(f"ratings: none reaches positive={self.positive:g}; nothing to learn")
        user = torch.from_numpy(pd.Index(self.user_ids_).get_indexer(good["user_id"]))
        item = torch.from_numpy(pd.Index(self.item_ids_).get_indexer(good["item_id"]))
        n_threads, rows = torch.get_num_threads(), []
        torch.set_num_threads(1)  # sums in one order, whatever the machine
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.rng)
                network = self._network(blocks, user, item)
                optimizer = torch.optim.AdamW(
                    network.parameters(), lr=self.learning_rate, weight_decay=self.reg
                )
                for epoch in range(1, self.n_epochs_ + 1):
                    loss = self._epoch(network, optimizer, user, item)
                    self._keep(network)
                    ndcg = np.nan
                    if split is not None:
                        ndcg = float(evaluate(self, split, metrics=("ndcg",))["ndcg"].mean())
                    if self.verbose:
                        print(f"epoch {epoch}: loss {loss:.4f}, NDCG@10 {ndcg:.4f}")
                    rows.append({"epoch": epoch, "loss": loss, "ndcg": ndcg})
                    if split is not None and _stalled([r["ndcg"] for r in rows], self.patience):
                        break
        finally:
            torch.set_num_threads(n_threads)
        return pd.DataFrame(rows)

    def _epoch(self, network: Network, optimizer: Any, user: Tensor, item: Tensor) -> float:
        """One pass over all pairs in a new order; the mean loss."""
        total = 0.0
        for batch in torch.randperm(len(user)).split(self.batch_size):
            loss = network.loss(user[batch], item[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        if not np.isfinite(total):
            raise ValueError(
                f"learning_rate: with {self.learning_rate} the loss is {total}; lower it"
            )
        return total / len(user)

    def _keep(self, network: Network) -> None:
        """Store what `score` needs as NumPy arrays."""
        with torch.no_grad():
            self.user_vectors_, self.item_vectors_ = (v.numpy() for v in network.vectors())

    def _score_indices(self, row: Indices, column: Indices) -> Floats:
        users = np.vstack([self.user_vectors_, self.user_vectors_.mean(axis=0)])  # −1: the mean
        items = np.vstack([self.item_vectors_, np.zeros(self.item_vectors_.shape[1])])
        return np.asarray(users[row] @ items[column].T)

    def save(self, folder: str | Path) -> Path:
        """Write arrays to weights.safetensors, parameters and ids to model.json; no pickle."""
        check_is_fitted(self, "item_ids_")
        target, h = Path(folder), self.histories_
        target.mkdir(parents=True, exist_ok=True)
        arrays = {"data": h.data, "indices": h.indices, "indptr": h.indptr}
        arrays |= {name: getattr(self, name) for name in self.arrays}
        save_file({k: np.ascontiguousarray(a) for k, a in arrays.items()}, target / WEIGHTS)
        record = {"class": type(self).__name__, "params": self.get_params()}
        record |= {"modalities_": self.modalities_}
        record |= {name: getattr(self, name).tolist() for name in ("user_ids_", "item_ids_")}
        record |= {"n_epochs_": self.n_epochs_, "history_": self.history_.to_dict("list")}
        text = json.dumps(record, default=lambda value: value.item())  # NumPy's numbers
        (target / RECORD).write_text(text, encoding="utf-8")
        return target

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what `save` wrote; ValueError if it is not a saved model of this class."""
        try:
            record = json.loads((Path(folder) / RECORD).read_text(encoding="utf-8"))
            arrays = load_file(Path(folder) / WEIGHTS)
            if record["class"] != cls.__name__:
                raise ValueError(f"a saved {record['class']}, not a {cls.__name__}")
            model = cls(**record["params"])
            for name in ("user_ids_", "item_ids_"):
                setattr(model, name, id_array(record[name], name))
            parts = tuple(arrays.pop(name) for name in ("data", "indices", "indptr"))
            shape = (len(model.user_ids_), len(model.item_ids_))
            model.histories_ = sp.csr_array(parts, shape=shape)
            for name in cls.arrays:
                setattr(model, name, arrays[name])
            model.modalities_ = record["modalities_"]
            model.n_epochs_, model.history_ = record["n_epochs_"], pd.DataFrame(record["history_"])
        except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
            raise ValueError(f"{folder}: not a saved model: {error}") from error
        model.n_ratings_ = np.bincount(model.histories_.indices, minlength=shape[1])
        model.mean_history_ = np.asarray(model.histories_.mean(axis=0)).ravel()
        return model


def _split(ratings: pd.DataFrame, hold_out: str, rng: int) -> Split:
    """A tenth of the ratings, or of the items, is the test part."""
    if hold_out == "ratings":
        return random_split(ratings, valid=0.0, test=HELD_OUT, rng=rng)
    if hold_out == "items":
        return cold_item_split(ratings, valid=0.0, fraction=HELD_OUT, rng=rng)
    raise ValueError(f"hold_out: {hold_out!r} is unknown; choose 'ratings' or 'items'")


def _stalled(values: list[float], patience: int) -> bool:
    """Whether the last `patience` values are no better than the best before them."""
    return len(values) - 1 - int(np.argmax(values)) >= patience


def check_number(name: str, value: Any, low: float, high: float = np.inf) -> None:
    """ValueError if value is not a number in [low, high)."""
    if not low <= value < high:
        raise ValueError(f"{name}: {value!r} is not in [{low:g}, {high:g})")
