"""Two recommenders in PyTorch: VBPR, and a two-tower with modality dropout and a gate.

Read beside it: `torch_networks.py`, what is computed, and `torch_training.py`, how it is trained.

Notebook: 15_pytorch
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mmrec_course.extras.torch_networks import Network, TwoTowerNetwork, VBPRNetwork
from mmrec_course.extras.torch_training import TorchRecommender
from mmrec_course.extras.vectors import Blocks, check_number
from mmrec_course.fusion import early_fusion

__all__ = ["VBPR", "TwoTower"]

LOSSES = ("full", "corrected", "uncorrected")


class VBPR(TorchRecommender):
    """Bayesian personalised ranking with features: score = β_i + γ_uᵀγ_i + θ_uᵀ(E f_i) + bᵀf_i.

    γ (``n_factors``) are factors of ids, θ_u (``n_factors``) the user's taste in E f_i, the map of
    the early-fused features f_i; β_i and bᵀf_i are biases. For each positive pair (u, i) an item j
    is drawn that is not positive for u, and the loss is −log σ(score_ui − score_uj). Items without
    positive pairs have γ_i = 0 and β_i = 0, and are never drawn. Without features this is BPR-MF.
    Other arguments and what is fitted: `TorchRecommender`.

    He and McAuley (2016), VBPR: Visual Bayesian Personalized Ranking from Implicit Feedback, AAAI.
    There f_i comes from one picture by a deep network.

    Notebook: 15_pytorch
    """

    def __init__(
        self,
        *,
        n_factors: int = 32,
        n_components: int = 40,
        learning_rate: float = 0.01,
        reg: float = 1.0,
        batch_size: int = 512,
        n_epochs: int = 60,
        patience: int = 5,
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

    def _network(self, blocks: Blocks, user: Tensor, item: Tensor) -> Network:
        known, usable = self._usable(blocks, item)
        rows = np.zeros((len(known), 0))
        if usable:
            ids = self.item_ids_[known.numpy()]
            rows = early_fusion(usable, n_components=self.n_components, fit_items=ids).values
        n_users = len(self.user_ids_)
        return VBPRNetwork(torch.from_numpy(rows), known, n_users, user, item, self.n_factors)


class TwoTower(TorchRecommender):
    """Two towers with a softmax loss; score = u_uᵀ v_i, v_i = Σ_m g_im (W_m f_im + c_m) + e_i.

    The user tower is an embedding. The item tower adds up the encoded features f_im of the present
    modalities with weights g_im, and an embedding e_i, which is 0 for items without positive pairs.
    All present modalities have equal weights, or ``gate=True`` learns g_i = softmax over the
    present m of a_mᵀ tanh(W_m f_im + c_m) + d_m. In training a modality is dropped with
    the rate ``modality_dropout`` (never the last one), e_i with ``id_dropout``, so that the rest
    learns to do without them.

    ``loss`` is "full", the softmax over all items with positive pairs, or the in-batch sampled
    softmax, whose negatives are the other pairs' items: "corrected" by logQ (log q_i of item i's
    share q_i of the pairs is subtracted from its logit), or "uncorrected". ``contrastive`` is the
    weight of an InfoNCE loss between each two modalities of the same items. Other arguments and
    what is fitted: `TorchRecommender`; also ``gate_`` (n_items, M), the g_im, and ``encoded_``
    (n_items, M, n_factors), the W_m f_im + c_m, in the order of ``modalities_``.

    Yi et al. (2019), Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations,
    RecSys; Neverova et al. (2016), ModDrop, TPAMI; van den Oord, Li and Vinyals (2018),
    Representation Learning with Contrastive Predictive Coding.

    Notebook: 15_pytorch
    """

    arrays = (*TorchRecommender.arrays, "encoded_", "gate_")

    def __init__(
        self,
        *,
        n_factors: int = 64,
        n_components: int = 40,
        gate: bool = False,
        modality_dropout: float = 0.3,
        id_dropout: float = 0.2,
        loss: str = "full",
        contrastive: float = 0.0,
        learning_rate: float = 0.01,
        reg: float = 0.3,
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
        self.gate = gate
        self.modality_dropout = modality_dropout
        self.id_dropout = id_dropout
        self.loss = loss
        self.contrastive = contrastive
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

    def _network(self, blocks: Blocks, user: Tensor, item: Tensor) -> Network:
        check_number("modality_dropout", self.modality_dropout, 0, 1)
        check_number("id_dropout", self.id_dropout, 0, 1)
        check_number("contrastive", self.contrastive, 0)
        if self.loss not in LOSSES:
            raise ValueError(f"loss: {self.loss!r} is unknown; choose one of {LOSSES}")
        known, usable = self._usable(blocks, item)
        ids = self.item_ids_[known.numpy()]
        rows = [
            early_fusion({m: block}, n_components=self.n_components, fit_items=ids).values
            for m, block in usable.items()
        ]
        present = np.array([b.present for b in usable.values()]).reshape(-1, len(known)).T
        tensors = [torch.from_numpy(x) for x in rows], torch.from_numpy(present.astype(bool))
        return TwoTowerNetwork(*tensors, len(self.user_ids_), item, self)

    def _keep(self, network: Network) -> None:
        super()._keep(network)
        with torch.no_grad():
            everything = torch.arange(len(self.item_ids_))
            encoded = network.encode(everything)
            self.encoded_ = encoded.numpy()
            self.gate_ = network.gates(encoded, network.present).numpy()
