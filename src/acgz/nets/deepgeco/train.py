"""Trains a Warm-Start network on the genomes of many species."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from acgz import models
from acgz.nets.corpus import Corpus, Streams, in_lanes
from acgz.nets.deepgeco.architecture import Description
from acgz.nets.deepgeco.starting import start_with
from acgz.nets.deepgeco.torch_network import WarmStart, arrays
from acgz.nets.training import Plan, Report, train

VALIDATION_LANES = 64
VALIDATION_STEPS = 1024
"""Tokens per lane that validation looks at: 64 kilotokens say bits/base to about 0.005."""


@dataclass(frozen=True)
class Batches:
    """What one step of training sees."""

    streams: int = 128
    steps: int = 64
    """Tokens through which gradients flow back; the state flows on (``gru`` only)."""
    length: int = 4096
    """Mean number of tokens between two new beginnings."""
    both_strands: bool = True


class NextToken:
    """The task (see `acgz.nets.training.Task`): cross-entropy of the next token."""

    def __init__(
        self, corpus: Corpus, description: Description, batches: Batches, seed: int, device: str
    ) -> None:
        self._description = description
        self._batches = batches
        self._device = device
        self._validation = corpus.validation
        self._streams = Streams(
            corpus.training,
            description.grid,
            batches.streams,
            batches.length,
            seed,
            batches.both_strands,
        )
        self._state: torch.Tensor | None = None

    def bits(self, nats: float) -> float:
        return nats / math.log(2) / self._description.s

    def loss(self, network: Any, step: int) -> torch.Tensor:
        if self._description.network == "bigru":
            tokens, _ = self._streams.next(self._description.window)
            return self._window_loss(network, torch.from_numpy(tokens).to(self._device))
        tokens, fresh = self._streams.next(self._batches.steps)
        if self._state is not None:
            self._state[:, torch.from_numpy(fresh).to(self._device)] = 0
        loss, state = self._causal_loss(
            network, torch.from_numpy(tokens).to(self._device), self._state
        )
        self._state = state.detach()
        return loss

    def validate(self, network: Any) -> float:
        grid = self._description.grid
        part = self._validation[: VALIDATION_LANES * VALIDATION_STEPS * grid.s * 8]
        tokens = torch.from_numpy(in_lanes(part, grid, VALIDATION_LANES)).to(self._device)
        tokens = tokens[:VALIDATION_STEPS]
        if self._description.network == "gru":
            return self.bits(float(self._causal_loss(network, tokens, None)[0]))
        width = self._description.window + 1
        losses = [
            float(self._window_loss(network, tokens[first : first + width]))
            for first in range(0, tokens.shape[0] - width, 8)
        ]
        return self.bits(sum(losses) / len(losses))

    def _targets(self, tokens: torch.Tensor) -> torch.Tensor:
        if self._description.plain:
            return tokens
        return tokens % self._description.outputs  # the last s bases

    def _causal_loss(
        self, network: Any, tokens: torch.Tensor, state: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        logits, state = network(tokens[:-1], state)
        targets = self._targets(tokens[1:])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return loss, state

    def _window_loss(self, network: Any, tokens: torch.Tensor) -> torch.Tensor:
        logits, _ = network(tokens[:-1])
        return nn.functional.cross_entropy(logits, self._targets(tokens[-1]))


def train_warm_start(
    corpus: Corpus,
    description: Description,
    batches: Batches,
    plan: Plan,
    output: Path,
    *,
    device: str = "cpu",
    checkpoint: Path | None = None,
    start: models.Weights | None = None,
    report: Callable[[Report], None] = lambda report: None,
) -> bytes:
    """Train a network, write it to ``output``, and return the digest of that file.

    ``start``: a network to begin with; see `acgz.nets.deepgeco.starting.start_with`.
    """
    torch.manual_seed(plan.seed)
    network = WarmStart(description)
    if start is not None:
        start_with(network, start)
    network.to(device)
    task = NextToken(corpus, description, batches, plan.seed, device)
    train(network, task, plan, report, checkpoint)
    return models.write(output, description.to_json(), arrays(network))
