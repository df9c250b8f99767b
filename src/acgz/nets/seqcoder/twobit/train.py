"""Trains a network of the form "twobit": mean squared error of bases through rounded values."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from acgz.nets.corpus import Corpus
from acgz.nets.seqcoder.torch_network import arrays
from acgz.nets.seqcoder.train import cost_of_mismatches, entropy
from acgz.nets.seqcoder.twobit.architecture import BASES, TwoBitArchitecture
from acgz.nets.seqcoder.twobit.settings import TwoBitPlan
from acgz.nets.seqcoder.twobit.torch_network import ENCODER, TorchTwoBit, centres
from acgz.nets.training import Run, train

read = Corpus.read

VALIDATION_CHUNKS = 64
ENCODER_SHARE = 0.003
"""Of the learning rate. At the full rate the encoder forgets the code that it begins with and
finds no other that tells all 4-mers apart (76 to 82 % of the bases right instead of all)."""


class Reconstruction:
    """The task (see `acgz.nets.training.Task`): the bases again, one-hot, by squared error."""

    unit = "squared error"

    def __init__(
        self,
        corpus: Corpus,
        architecture: TwoBitArchitecture,
        plan: TwoBitPlan,
        device: str = "cpu",
    ) -> None:
        self._corpus = corpus
        self._chunk = architecture.chunk
        self._batch = plan.batch
        self._device = device
        self._random = np.random.default_rng(plan.seed)

    def bits(self, nats: float) -> float:
        """The mean squared error itself: it is no measure of bits."""
        return nats

    def loss(self, network: Any, step: int) -> torch.Tensor:
        """Sum over the four outputs of the squared error, mean over the bases."""
        bases = self._chunks(self._corpus.training, self._batch, self._random)
        values = network.encode(bases)
        # Straight through: rounding counts as the identity on the way back.
        latents = values + (centres(values) - values).detach()
        output = network.decode(latents)
        target = one_hot(bases)
        loss: torch.Tensor = (output - target).square().sum(1).mean()
        return loss

    def validate(self, network: Any) -> float:
        """Bits/base of what the format needs: an ideal code of the latent values, and one of the
        places and bases of the mismatches."""
        random = np.random.default_rng(0)
        bases = self._chunks(self._corpus.validation, VALIDATION_CHUNKS, random)
        latents = centres(network.encode(bases))
        wrong = float((network.decode(latents).argmax(1) != bases).float().mean())
        per_base = latents[0].numel() / bases.shape[1]
        return per_base * entropy(latents.cpu().numpy().ravel()) + cost_of_mismatches(wrong)

    def _chunks(
        self, residues: NDArray[np.uint8], count: int, random: np.random.Generator
    ) -> torch.Tensor:
        """Random chunks (count, chunk)."""
        starts = random.integers(0, residues.size - self._chunk + 1, count)
        rows = residues[starts[:, None] + np.arange(self._chunk)]
        return torch.from_numpy(rows.astype(np.int64)).to(self._device)


def parameter_groups(network: TorchTwoBit) -> list[dict[str, Any]]:
    """Parameters of the encoder and of the decoder; see `acgz.nets.training.train`."""
    encoder: list[torch.nn.Parameter] = []
    decoder: list[torch.nn.Parameter] = []
    for name, parameter in network.named_parameters():
        (encoder if name.startswith(ENCODER) else decoder).append(parameter)
    return [{"params": encoder, "share": ENCODER_SHARE}, {"params": decoder, "share": 1.0}]


def one_hot(bases: torch.Tensor) -> torch.Tensor:
    """(B, L) to (B, BASES, L)."""
    return torch.nn.functional.one_hot(bases, BASES).float().transpose(1, 2)


def trained(corpus: Corpus, architecture: TwoBitArchitecture, plan: TwoBitPlan, run: Run) -> bytes:
    """Train a network, write it to the output, and return the digest of that file."""
    torch.manual_seed(plan.seed)
    network = TorchTwoBit(architecture).to(run.device)
    task = Reconstruction(corpus, architecture, plan, run.device)
    train(network, task, plan, run.report, run.checkpoint, parameter_groups(network))
    network.eval()
    return architecture.write(run.output, arrays(network))
