"""Trains a SeqCoder autoencoder: mean squared error of bases through latent values of an int8."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from acgz.nets.corpus import Corpus
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture
from acgz.nets.seqcoder.settings import SeqCoderPlan
from acgz.nets.seqcoder.torch_network import TorchAutoEncoder, arrays, rounded
from acgz.nets.seqcoder.values import PLACE, VALUE_OF, VALUES
from acgz.nets.training import Run, train

read = Corpus.read

VALIDATION_CHUNKS = 64
SETTLING = 60
"""Batches of 8 chunks that say what batch norms see."""
PARTS = 4
"""Short pieces are a chunk cut into so many."""


class Reconstruction:
    """The task (see `acgz.nets.training.Task`): the values of the bases again."""

    unit = "squared error"

    def __init__(
        self,
        corpus: Corpus,
        architecture: SeqCoderArchitecture,
        plan: SeqCoderPlan,
        device: str = "cpu",
    ) -> None:
        self._corpus = corpus
        self._d = architecture
        self._plan = plan
        self._device = device
        self._random = np.random.default_rng(plan.seed)

    def bits(self, nats: float) -> float:
        """The mean squared error itself: it is no measure of bits."""
        return nats

    def loss(self, network: Any, step: int) -> torch.Tensor:
        """Mean of the squared errors of the values."""
        parts = PARTS if step < self._plan.short * self._plan.steps else 1
        if (self._d.chunk // parts) % self._d.factor:
            parts = 1
        count, length = self._plan.batch * parts, self._d.chunk // parts
        values = self._values(self._pieces(self._corpus.training, count, length, self._random))
        output = network.decode(rounded(network.encode(values), self._d.grid))
        loss: torch.Tensor = (output - values).square().mean()
        return loss

    def validate(self, network: Any) -> float:
        """Bits/base of what the format needs: an ideal code of the latent values, and one of the
        places and bases of the mismatches. Batch norms are settled first."""
        random = np.random.default_rng(0)
        self._settle(network, np.random.default_rng(1))
        residues = self._corpus.validation
        right, latents = measured(
            network, self._pieces(residues, VALIDATION_CHUNKS, self._d.chunk, random)
        )
        return self._d.latents / self._d.factor * entropy(latents) + cost_of_mismatches(1 - right)

    def _settle(self, network: Any, random: np.random.Generator) -> None:
        """Measure the means and variances of batch norms for the network as it is now.

        Those that it has kept while it learned are of what it was ("precise batch norm", Wu and
        Johnson, 2021): after 16,000 steps 39 % of the bases came back with them, and 68 % with
        these.
        """
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d)]
        usual = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a mean of all batches, not of the last ones
        network.train()
        for _ in range(SETTLING):
            pieces = self._pieces(self._corpus.training, 8, self._d.chunk, random)
            network.decode(rounded(network.encode(self._values(pieces)), self._d.grid))
        network.eval()
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum

    def _pieces(
        self, residues: NDArray[np.uint8], count: int, length: int, random: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Random pieces (count, length)."""
        starts = random.integers(0, residues.size - length + 1, count)
        return residues[starts[:, None] + np.arange(length)]

    def _values(self, residues: NDArray[np.uint8]) -> torch.Tensor:
        return torch.from_numpy(VALUE_OF[residues]).to(self._device)


def measured(network: Any, residues: NDArray[np.uint8]) -> tuple[float, NDArray[Any]]:
    """The share of ``residues`` (B, L) that come back through an int8, and the latent values."""
    values = torch.from_numpy(VALUE_OF[residues]).to(next(network.parameters()).device)
    grid = network.architecture.grid
    latents = rounded(network.encode(values), grid)
    found = (network.decode(latents) * VALUES).round().clamp(0, VALUES - 1)
    right = float((found.cpu().numpy() == PLACE[residues]).mean())
    return right, (latents * grid).round().cpu().numpy().ravel()


def entropy(values: NDArray[Any]) -> float:
    """Bits per value, without any context."""
    _, counts = np.unique(values, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def cost_of_mismatches(share: float) -> float:
    """Bits/base to say which bases are wrong and which of the three others is right.

    >>> cost_of_mismatches(0.0), round(cost_of_mismatches(0.1), 2)
    (0.0, 0.63)
    """
    if share <= 0:
        return 0.0
    right = max(1 - share, 1e-12)
    return -share * math.log2(share / 3) - right * math.log2(right)


def trained(
    corpus: Corpus, architecture: SeqCoderArchitecture, plan: SeqCoderPlan, run: Run
) -> bytes:
    """Train a network, write it to the output, and return the digest of that file."""
    torch.manual_seed(plan.seed)
    network = TorchAutoEncoder(architecture).to(run.device)
    task = Reconstruction(corpus, architecture, plan, run.device)
    train(network, task, plan, run.report, run.checkpoint)
    network.eval()
    return architecture.write(run.output, arrays(network))
