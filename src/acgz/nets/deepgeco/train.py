"""Trains a Warm-Start network on the genomes of many species."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from acgz.nets.architecture import Network
from acgz.nets.corpus import Corpus
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.settings import WarmStartPlan
from acgz.nets.deepgeco.starting import start_with
from acgz.nets.deepgeco.streams import Streams, in_lanes
from acgz.nets.deepgeco.torch_network import TorchWarmStart, arrays
from acgz.nets.training import Run, train

read = Corpus.read

VALIDATION_LANES = 64
VALIDATION_STEPS = 1024
"""Tokens per lane that validation looks at: 64 kilotokens say bits/base to about 0.005."""


class NextToken:
    """The task (see `acgz.nets.training.Task`): cross-entropy of the next token."""

    unit = "bits/base"

    def __init__(
        self,
        corpus: Corpus,
        architecture: WarmStartArchitecture,
        plan: WarmStartPlan,
        device: str = "cpu",
    ) -> None:
        self._architecture = architecture
        self._unroll = plan.unroll
        self._device = device
        self._bfloat16 = plan.bfloat16
        self._validation = corpus.validation
        self._streams = Streams(corpus.training, architecture.grid, plan)
        self._state: torch.Tensor | None = None

    def bits(self, nats: float) -> float:
        return nats / math.log(2) / self._architecture.s

    def loss(self, network: Any, step: int) -> torch.Tensor:
        with torch.autocast(self._device, torch.bfloat16, enabled=self._bfloat16):
            if self._architecture.network == "bigru":
                tokens, _ = self._streams.next(self._architecture.window)
                return self._window_loss(network, torch.from_numpy(tokens).to(self._device))
            tokens, fresh = self._streams.next(self._unroll)
            if self._state is not None:
                self._state[:, torch.from_numpy(fresh).to(self._device)] = 0
            loss, state = self._causal_loss(
                network, torch.from_numpy(tokens).to(self._device), self._state
            )
        self._state = state.detach().float()
        return loss

    def validate(self, network: Any) -> float:
        grid = self._architecture.grid
        part = self._validation[: VALIDATION_LANES * VALIDATION_STEPS * grid.s * 8]
        tokens = torch.from_numpy(in_lanes(part, grid, VALIDATION_LANES)).to(self._device)
        tokens = tokens[:VALIDATION_STEPS]
        if self._architecture.network == "gru":
            return self.bits(float(self._causal_loss(network, tokens, None)[0]))
        width = self._architecture.window + 1
        losses = [
            float(self._window_loss(network, tokens[first : first + width]))
            for first in range(0, tokens.shape[0] - width, 8)
        ]
        return self.bits(sum(losses) / len(losses))

    def _targets(self, tokens: torch.Tensor) -> torch.Tensor:
        if self._architecture.plain:
            return tokens
        return tokens % self._architecture.outputs  # the last s bases

    def _causal_loss(
        self, network: Any, tokens: torch.Tensor, state: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        logits, state = network(tokens[:-1], state)
        targets = self._targets(tokens[1:])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())
        return loss, state

    def _window_loss(self, network: Any, tokens: torch.Tensor) -> torch.Tensor:
        logits, _ = network(tokens[:-1])
        return nn.functional.cross_entropy(logits.float(), self._targets(tokens[-1]))


def trained(
    corpus: Corpus,
    architecture: WarmStartArchitecture,
    plan: WarmStartPlan,
    run: Run,
    start: Network[WarmStartArchitecture] | None = None,
) -> bytes:
    """Train a network, write it to the output, and return the digest of that file.

    It begins with the network ``start``, otherwise with the one that the plan names, if any.
    """
    torch.manual_seed(plan.seed)
    network = TorchWarmStart(architecture, own_loop=True)
    if start is None and plan.start is not None:
        start = WarmStartArchitecture.read(plan.start)
    if start is not None:
        start_with(network, start)
    network.to(run.device)
    task = NextToken(corpus, architecture, plan, run.device)
    train(network, task, plan, run.report, run.checkpoint)
    return architecture.write(run.output, arrays(network))
