"""What trained models have in common: positive pairs in, vectors of users and items out.

Notebook: 15_pytorch
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from sklearn.utils.validation import check_is_fitted

from mmrec_course.evaluation import Split, cold_item_split, evaluate, random_split
from mmrec_course.features.block import FeatureBlock
from mmrec_course.recommenders.base import Floats, Indices, Recommender, id_array

HELD_OUT = 0.1  # for early stopping
COUNTS = ("n_factors", "n_components", "batch_size", "n_epochs", "patience")
Blocks = Mapping[str, FeatureBlock]
WEIGHTS, RECORD = "weights.safetensors", "model.json"


class VectorRecommender(Recommender):
    """Base of models that are trained epoch by epoch; score = u_uᵀ v_i.

    A pair is positive if its rating is at least ``positive``. With ``early_stopping``, `fit` holds
    out a tenth of the ratings (``hold_out="ratings"``), or all ratings of a tenth of the items
    ("items"), stops after ``patience`` epochs without a better NDCG@10 on them, and trains anew on
    everything for the best number of epochs; else for ``n_epochs``. ``verbose`` shows each epoch.
    Unknown users get the mean of all user vectors, unknown items score 0.

    Fitted: ``user_vectors_`` (n_users, d), ``item_vectors_`` (n_items, d), ``n_epochs_``, and
    ``history_``: DataFrame epoch, loss, ndcg (NaN without early stopping).

    Notebook: 15_pytorch
    """

    arrays: tuple[str, ...] = ("user_vectors_", "item_vectors_")  # what `save` writes
    values: tuple[str, ...] = ()  # lists and numbers that it writes, too

    @abstractmethod
    def _train(
        self, user: Indices, item: Indices, blocks: Blocks, validate: Callable[[], float] | None
    ) -> pd.DataFrame:
        """Train anew on positive pairs, for ``n_epochs_`` epochs or until `stalled`.

        Sets the vectors before ``validate``, which returns NDCG@10, is called after an epoch.
        Returns ``history_``.
        """

    def _fit(self, ratings: pd.DataFrame, blocks: Blocks) -> None:
        for name in COUNTS:
            if name in self.get_params():
                check_number(name, getattr(self, name), 1)
        for name in ("learning_rate", "reg"):
            check_number(name, getattr(self, name), 0)
        self.n_epochs_, history = self.n_epochs, None
        everything = self._pairs(ratings)
        if not len(everything[0]):
            raise ValueError(f"ratings: none reaches positive={self.positive:g}; nothing to learn")
        if self.early_stopping:
            split = _split(ratings, self.hold_out, self.rng)
            pairs = self._pairs(split.train)
            if not len(pairs[0]) or (split.test["rating"] < self.positive).all():
                problem = f"too few ratings reach positive={self.positive:g} to hold some out"
                raise ValueError(f"early_stopping: {problem}; set early_stopping=False")

            def validate() -> float:
                return float(evaluate(self, split, metrics=("ndcg",))["ndcg"].mean())

            history = self._train(*pairs, blocks, validate)
            self.n_epochs_ = int(history["ndcg"].argmax()) + 1
        whole = self._train(*everything, blocks, None)
        self.history_ = whole if history is None else history

    def _pairs(self, ratings: pd.DataFrame) -> tuple[Indices, Indices]:
        """Indices of user and item of each positive pair."""
        good = ratings[ratings["rating"] >= self.positive]
        user = pd.Index(self.user_ids_).get_indexer(good["user_id"])
        item = pd.Index(self.item_ids_).get_indexer(good["item_id"])
        return np.asarray(user), np.asarray(item)

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
        record |= {name: getattr(self, name).tolist() for name in ("user_ids_", "item_ids_")}
        record |= {"n_epochs_": self.n_epochs_, "history_": self.history_.to_dict("list")}
        record |= {name: getattr(self, name) for name in self.values}
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
            for name in cls.values:
                setattr(model, name, record[name])
            model.n_epochs_, model.history_ = record["n_epochs_"], pd.DataFrame(record["history_"])
        except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
            raise ValueError(f"{folder}: not a saved model: {error}") from error
        model.n_ratings_ = np.bincount(model.histories_.indices, minlength=shape[1])
        model.mean_history_ = np.asarray(model.histories_.mean(axis=0)).ravel()
        return model


def stalled(values: list[float], patience: int) -> bool:
    """Tell whether the last ``patience`` values are no better than the best before them."""
    return len(values) - 1 - int(np.argmax(values)) >= patience


def check_number(name: str, value: Any, low: float, high: float = np.inf) -> None:
    """Raise ValueError if value is not a number in [low, high)."""
    if not isinstance(value, int | float | np.number) or not low <= value < high:
        raise ValueError(f"{name}: {value!r} is not in [{low:g}, {high:g})")


def _split(ratings: pd.DataFrame, hold_out: str, rng: int) -> Split:
    """A tenth of the ratings, or of the items, is the test part."""
    if hold_out == "ratings":
        return random_split(ratings, valid=0.0, test=HELD_OUT, rng=rng)
    if hold_out == "items":
        return cold_item_split(ratings, valid=0.0, fraction=HELD_OUT, rng=rng)
    raise ValueError(f"hold_out: {hold_out!r} is unknown; choose 'ratings' or 'items'")
