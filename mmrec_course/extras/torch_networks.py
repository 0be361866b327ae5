"""The two networks of lesson 15: parameters, vectors of users and items, losses.

In: positive pairs and rows of features, as tensors. Out: the loss of a batch; vectors.

Notebook: 15_pytorch
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

TEMPERATURE = 0.1  # of InfoNCE
FLOAT = torch.float64  # whatever the default, so that a seed gives one result


class Network(nn.Module, ABC):
    """What the loop needs of a network: the loss of a batch, and vectors of users and items."""

    @abstractmethod
    def loss(self, user: Tensor, item: Tensor) -> Tensor:
        """Mean loss of positive pairs, indices (n,) and (n,)."""

    @abstractmethod
    def vectors(self) -> tuple[Tensor, Tensor]:
        """(n_users, d) and (n_items, d); score = their dot product."""


class VBPRNetwork(Network):
    """The parameters of `VBPR`, its score and its loss."""

    def __init__(
        self, rows: Tensor, known: Tensor, n_users: int, user: Tensor, item: Tensor, k: int
    ) -> None:
        super().__init__()
        self.rows, self.known = rows, known  # (n_items, d), (n_items,)
        self.pairs = user * len(known) + item  # one number for each positive pair
        self.drawable = torch.nonzero(known)[:, 0]
        self.gamma_user = _normal(n_users, k)
        self.theta_user = _normal(n_users, k)
        self.gamma_item = _normal(len(known), k)
        self.beta_item = _zeros(len(known), 1)
        self.encoder = _normal(rows.shape[1], k)  # Eᵀ
        self.feature_bias = _zeros(rows.shape[1], 1)

    def users(self, index: Tensor) -> Tensor:
        """(n, 2 n_factors + 1): γ_u, θ_u, 1."""
        ones = torch.ones(len(index), 1, dtype=FLOAT)
        return torch.cat([self.gamma_user[index], self.theta_user[index], ones], 1)

    def items(self, index: Tensor) -> Tensor:
        """(n, 2 n_factors + 1): γ_i, E f_i, β_i + bᵀf_i."""
        rows, known = self.rows[index], self.known[index, None]
        bias = self.beta_item[index] * known + rows @ self.feature_bias
        return torch.cat([self.gamma_item[index] * known, rows @ self.encoder, bias], 1)

    def loss(self, user: Tensor, item: Tensor) -> Tensor:
        """−log σ(score_ui − score_uj); a drawn j that is positive for u does not count."""
        other = self.drawable[torch.randint(len(self.drawable), user.shape)]
        counts = ~torch.isin(user * len(self.known) + other, self.pairs)
        margin = (self.users(user) * (self.items(item) - self.items(other))).sum(1)
        return (functional.softplus(-margin) * counts).sum() / counts.sum().clamp(min=1)

    def vectors(self) -> tuple[Tensor, Tensor]:
        """All users' and all items' vectors."""
        users, items = torch.arange(len(self.gamma_user)), torch.arange(len(self.known))
        return self.users(users), self.items(items)


class TwoTowerNetwork(Network):
    """The parameters of `TwoTower`, ``of``, its towers and its losses."""

    def __init__(
        self, rows: list[Tensor], present: Tensor, n_users: int, item: Tensor, of: Any
    ) -> None:
        super().__init__()
        self.rows, self.present, self.of = rows, present, of  # M × (n_items, d_m), (n_items, M)
        count = torch.bincount(item, minlength=len(present))
        self.known = count > 0  # (n_items,)
        self.log_q = torch.log(count.to(FLOAT) / len(item))  # −∞ for items that are in no batch
        self.candidates = torch.nonzero(self.known)[:, 0]
        self.place = torch.cumsum(self.known, 0) - 1  # item → its number among the candidates
        k = of.n_factors
        self.user = _normal(n_users, k)
        self.own = _zeros(len(present), k)
        self.encoders = nn.ModuleList([nn.Linear(x.shape[1], k, dtype=FLOAT) for x in rows])
        self.gate = nn.ModuleList([nn.Linear(k, 1, dtype=FLOAT) for _ in rows])

    def encode(self, index: Tensor) -> Tensor:
        """(n, M, n_factors): W_m f_im + c_m."""
        if not self.rows:
            return self.own.new_zeros(len(index), 0, self.own.shape[1])
        parts = zip(self.encoders, self.rows, strict=True)
        return torch.stack([encoder(x[index]) for encoder, x in parts], 1)

    def gates(self, encoded: Tensor, present: Tensor) -> Tensor:
        """(n, M) weights: 0 where a modality is missing, else adding up to 1."""
        logits = encoded.new_zeros(present.shape)
        if self.of.gate and self.rows:
            columns = [gate(torch.tanh(encoded[:, m])) for m, gate in enumerate(self.gate)]
            logits = torch.cat(columns, 1)
        return torch.softmax(logits.masked_fill(~present, -1e9), 1) * present

    def items(self, index: Tensor) -> Tensor:
        """(n, n_factors) item vectors; modalities and embeddings are dropped in training only."""
        encoded, present, known = self.encode(index), self.present[index], self.known[index]
        if self.training:
            keep = torch.rand(present.shape, dtype=FLOAT) >= self.of.modality_dropout
            present = present & (keep | ~(keep & present).any(1, keepdim=True))
            known = known & (torch.rand(known.shape, dtype=FLOAT) >= self.of.id_dropout)
        content = (self.gates(encoded, present)[:, :, None] * encoded).sum(1)
        return content + self.own[index] * known[:, None]

    def loss(self, user: Tensor, item: Tensor) -> Tensor:
        """Softmax loss over all candidates or over the batch, and the contrastive loss."""
        if self.of.loss == "full":
            logits, target = self.user[user] @ self.items(self.candidates).T, self.place[item]
        else:
            logits, target = self.user[user] @ self.items(item).T, torch.arange(len(item))
            if self.of.loss == "corrected":
                logits = logits - self.log_q[item]
            again = (item[:, None] == item) & (target[:, None] != target)
            logits = logits.masked_fill(again, -torch.inf)  # the positive item is no negative
        value = functional.cross_entropy(logits, target)
        if self.of.contrastive:
            value = value + self.of.contrastive * self.info_nce(item.unique())
        return value

    def info_nce(self, index: Tensor) -> Tensor:
        """Each item's modalities should find each other among those of the other items."""
        z, present = functional.normalize(self.encode(index), dim=2), self.present[index]
        values = [z.new_zeros(())]
        for m, n in combinations(range(len(self.rows)), 2):
            both = present[:, m] & present[:, n]
            if both.any():
                cosines = z[both, m] @ z[both, n].T / TEMPERATURE
                target = torch.arange(len(cosines))
                values += [functional.cross_entropy(c, target) for c in (cosines, cosines.T)]
        return torch.stack(values).sum() / max(1, len(values) - 1)

    def vectors(self) -> tuple[Tensor, Tensor]:
        """All users' and all items' vectors, nothing dropped."""
        self.eval()
        items = self.items(torch.arange(len(self.known)))
        self.train()
        return self.user, items


def _normal(*shape: int) -> nn.Parameter:
    return nn.Parameter(0.1 * torch.randn(*shape, dtype=FLOAT))


def _zeros(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(*shape, dtype=FLOAT))
