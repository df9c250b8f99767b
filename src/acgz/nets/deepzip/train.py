"""Trains the recurrent networks after DeepZip: on the genomes of many species, or on one input.

The document trains on windows: k steps for one prediction. A network of one layer is trained
on stretches here instead, with the loss at every place but the first few: place t has read t
symbols from a state of zeros, as a window of t symbols has. So a step of the network is a
prediction, k times fewer for the same number of them, and the result serves windows of all
lengths from `SKIPPED` to `STRETCH`. Two bidirectional layers need real windows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from acgz.nets.corpus import Corpus
from acgz.nets.deepzip.architecture import DeepZipArchitecture
from acgz.nets.deepzip.settings import DeepZipPlan
from acgz.nets.deepzip.torch_network import TorchRecurrent, arrays
from acgz.nets.training import Run, train

read = Corpus.read

STRETCH = 128
SKIPPED = 16
"""Places of a stretch that have seen too little to be learned from."""
VALIDATION = 8192
"""Predictions that validation looks at: their mean says bits/base to about 0.005."""

Batches = Callable[[], NDArray[np.int64]]
"""Gives the next symbols to learn from, (length, batch); see `length_of`."""


def length_of(d: DeepZipArchitecture, k: int, longest: int) -> int:
    """Symbols of a stretch or, for two layers, of a window and its token; at most ``longest``."""
    return min(longest, k + d.m if d.bidirectional else max(STRETCH, k) + d.m)


def predictions_of(d: DeepZipArchitecture, length: int) -> int:
    """Places of a stretch that are learned from."""
    return 1 if d.bidirectional else length - d.m - _first(d, length)


def _first(d: DeepZipArchitecture, length: int) -> int:
    return min(SKIPPED, (length - d.m) // 2)


class NextTokens:
    """The task (see `acgz.nets.training.Task`): cross-entropy of the next m symbols."""

    unit = "bits/base"

    def __init__(
        self, d: DeepZipArchitecture, batches: Batches, validation: NDArray[np.int64]
    ) -> None:
        """``validation``: as a batch."""
        self._architecture = d
        self._batches = batches
        self._validation = validation

    def bits(self, nats: float) -> float:
        return nats / math.log(2) / self._architecture.m

    def loss(self, network: Any, step: int) -> torch.Tensor:
        return self._loss(network, self._batches())

    def validate(self, network: Any) -> float:
        return self.bits(float(self._loss(network, self._validation)))

    def _loss(self, network: Any, batch: NDArray[np.int64]) -> torch.Tensor:
        d = self._architecture
        symbols = torch.from_numpy(batch).to(next(network.parameters()).device)
        places = symbols.shape[0] - d.m
        first = places - 1 if d.bidirectional else _first(d, symbols.shape[0])
        logits = network(symbols[:places], first)
        targets = torch.zeros_like(symbols[first + 1 : places + 1])
        for ahead in range(d.m):
            targets = targets * d.alphabet + symbols[first + 1 + ahead : places + 1 + ahead]
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


class Places:
    """`Batches` from random places on both strands."""

    def __init__(self, residues: NDArray[np.uint8], length: int, batch: int, seed: int) -> None:
        self._residues = residues
        self._offsets = np.arange(length)
        self._batch = batch
        self._random = np.random.default_rng(seed)

    def __call__(self) -> NDArray[np.int64]:
        last = self._residues.size - self._offsets.size
        starts = self._random.integers(0, last + 1, self._batch)
        symbols: NDArray[np.int64] = self._residues[starts + self._offsets[:, None]].astype(
            np.int64
        )
        other = self._random.integers(0, 2, self._batch) == 1
        symbols[:, other] = 3 - symbols[::-1, other]  # the complement of A is T
        return symbols


def trained(
    corpus: Corpus, architecture: DeepZipArchitecture, plan: DeepZipPlan, run: Run
) -> bytes:
    """Train a network, write it in float16 to the output, and return the digest of that file."""
    torch.manual_seed(plan.seed)
    d = architecture
    network = TorchRecurrent(d).to(run.device)
    length = length_of(d, plan.k, corpus.training.size)
    held_out = Places(
        corpus.validation, length, -(-VALIDATION // predictions_of(d, length)), seed=0
    )
    batch = plan.batch or (1024 if d.bidirectional else 64)
    task = NextTokens(d, Places(corpus.training, length, batch, plan.seed), held_out())
    train(network, task, plan, run.report, run.checkpoint)
    stored = {name: array.astype(np.float16) for name, array in arrays(network).items()}
    return d.write(run.output, stored)
