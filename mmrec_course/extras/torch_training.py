"""The training loop of both PyTorch models; read `torch_networks.py` for what it trains.

Notebook: 15_pytorch
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mmrec_course.extras.torch_networks import Network
from mmrec_course.extras.vectors import Blocks, VectorRecommender, stalled
from mmrec_course.recommenders.base import Indices


class TorchRecommender(VectorRecommender):
    """Base of `VBPR` and `TwoTower`: AdamW over batches of positive pairs.

    AdamW takes steps of ``learning_rate`` with weight decay ``reg``, over batches of
    ``batch_size`` pairs, on one thread, in float64, so that a seed gives one model. Other
    arguments and what is fitted: `VectorRecommender`; also ``modalities_``, the names of those
    used.

    Loshchilov and Hutter (2019), Decoupled Weight Decay Regularization, ICLR.

    Notebook: 15_pytorch
    """

    values = ("modalities_",)

    @abstractmethod
    def _network(self, blocks: Blocks, user: Tensor, item: Tensor) -> Network:
        """A new network for these positive pairs."""

    def _usable(self, blocks: Blocks, item: Tensor) -> tuple[Tensor, Blocks]:
        """(n_items,) bool, which items have a positive pair; modalities that two of them have."""
        known = torch.bincount(item, minlength=len(self.item_ids_)) > 0
        has = {m: b.present[known.numpy()].sum() > 1 and len(b.names) for m, b in blocks.items()}
        self.modalities_ = [m for m in blocks if has[m]]
        return known, {m: blocks[m] for m in self.modalities_}

    def _train(
        self, user: Indices, item: Indices, blocks: Blocks, validate: Callable[[], float] | None
    ) -> pd.DataFrame:
        rows: list[dict[str, float]] = []
        pairs = torch.from_numpy(user), torch.from_numpy(item)
        n_threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums in one order, whatever the machine
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.rng)
                network = self._network(blocks, *pairs)
                optimizer = torch.optim.AdamW(
                    network.parameters(), lr=self.learning_rate, weight_decay=self.reg
                )
                for epoch in range(1, self.n_epochs_ + 1):
                    loss = self._epoch(network, optimizer, *pairs)
                    self._keep(network)
                    ndcg = validate() if validate else np.nan
                    if self.verbose:
                        quality = f", NDCG@10 {ndcg:.4f}" if validate else ""
                        print(f"epoch {epoch}: loss {loss:.4f}{quality}")
                    rows.append({"epoch": epoch, "loss": loss, "ndcg": ndcg})
                    if validate and stalled([row["ndcg"] for row in rows], self.patience):
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
            problem = f"with {self.learning_rate} the loss becomes {total}; lower it"
            raise ValueError(f"learning_rate: {problem}")
        return total / len(user)

    def _keep(self, network: Network) -> None:
        """Store what `score` needs as NumPy arrays."""
        with torch.no_grad():
            self.user_vectors_, self.item_vectors_ = (v.numpy().copy() for v in network.vectors())
