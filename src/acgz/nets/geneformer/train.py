"""Trains GeneFormer as its paper does: lanes of a data set, RMSProp, the best of many validations.

Hybrid training takes part of every batch from each of several data sets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from acgz import models
from acgz.errors import InputError
from acgz.nets.geneformer.architecture import REACH, GeneFormerArchitecture
from acgz.nets.geneformer.genomes import DataSet, DataSets
from acgz.nets.geneformer.settings import GeneFormerPlan
from acgz.nets.geneformer.starting import start_with
from acgz.nets.geneformer.surprise import Surprise
from acgz.nets.geneformer.torch_network import TorchGeneFormer, arrays
from acgz.nets.training import Report, Run, train

read = DataSets.read

VALIDATION_LANES = 128
VALIDATION_STEPS = 288
VALIDATION_START = 32
"""The first steps of a validation are not counted: the memory has to fill."""


class Lanes:
    """Places in a sequence that move on together; a network's memory moves with them."""

    def __init__(self, residues: NDArray[np.uint8], plan: GeneFormerPlan, seed: int) -> None:
        self._residues = residues
        self._steps = plan.unroll
        self._length = plan.length
        self._random = np.random.default_rng(seed)
        self._at = np.zeros(plan.batch, np.int64)
        self._jump(np.ones(plan.batch, np.bool_))

    def next(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Bases (lanes, REACH + steps), of which the last ``steps`` are to be predicted, and
        which lanes have jumped."""
        steps = self._steps
        jumped = self._random.random(self._at.size) < steps / self._length
        jumped |= self._at + steps > self._residues.size
        self._jump(jumped)
        places = self._at[:, None] + np.arange(-REACH, steps)
        self._at += steps
        return self._residues[places].astype(np.int64), jumped

    def _jump(self, who: NDArray[np.bool_]) -> None:
        last = self._residues.size - self._steps
        self._at[who] = self._random.integers(REACH, last + 1, int(who.sum()))


class NextBase:
    """The task (see `acgz.nets.training.Task`): cross-entropy of the next base.

    The memory of a lane comes from the step before, without a gradient.
    """

    unit = "bits/base"

    def __init__(self, data: Sequence[DataSet], plan: GeneFormerPlan, device: str = "cpu") -> None:
        self._data = data
        self._plan = plan
        self._device = device
        self._lanes = [Lanes(part.training, plan, plan.seed + n) for n, part in enumerate(data)]
        self._surprise = Surprise(plan.learn or 1, plan.bfloat16)
        self._memory: torch.Tensor | None = None

    def bits(self, nats: float) -> float:
        return nats / math.log(2)

    def loss(self, network: Any, step: int) -> torch.Tensor:
        drawn = [lanes.next() for lanes in self._lanes]
        bases = self._tensor(np.concatenate([bases for bases, _ in drawn]))
        jumped = np.concatenate([jumped for _, jumped in drawn])
        if self._memory is None:
            self._memory = network.memory(bases.shape[0])
        self._memory[self._tensor(jumped)] = 0
        with torch.autocast(self._device, torch.bfloat16, enabled=self._plan.bfloat16):
            if self._plan.learn is not None:
                loss, self._memory = self._surprise.loss(network, bases, self._memory)
                return loss
            logits, memory = network(bases[:, :-1], self._memory)
        self._memory = memory.float()
        return _cross_entropy(logits.float(), bases[:, REACH:])

    def validate(self, network: Any) -> float:
        """Mean of the data sets."""
        each = [bits_per_base(network, part.validation, self._device) for part in self._data]
        return sum(each) / len(each)

    def _tensor(self, values: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(values).to(self._device)


def bits_per_base(network: Any, residues: NDArray[np.uint8], device: str = "cpu") -> float:
    """Bits/base of a sample of ``residues`` (n,): evenly spaced lanes of some hundred bases."""
    lanes = max(1, min(VALIDATION_LANES, residues.size // (REACH + VALIDATION_STEPS)))
    steps = min(VALIDATION_STEPS, residues.size - REACH)
    start = min(VALIDATION_START, steps - 1)
    at = np.linspace(REACH, residues.size - steps, lanes).astype(np.int64)
    bases = torch.from_numpy(residues[at[:, None] + np.arange(-REACH, steps)].astype(np.int64))
    bases = bases.to(device)
    with torch.no_grad():
        logits, _ = network(bases[:, :-1], network.memory(lanes))
        return float(_cross_entropy(logits[:, start:], bases[:, REACH + start :])) / math.log(2)


def _cross_entropy(logits: torch.Tensor, bases: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(logits.flatten(0, 1), bases.flatten())


def trained(
    data: DataSets, architecture: GeneFormerArchitecture, plan: GeneFormerPlan, run: Run
) -> bytes:
    """Train a network; keep in the output the one of the best validation, return its digest.

    A training that is resumed compares with the one that the output has. InputError if
    learning has gone wrong: no validation gives a number.
    """
    torch.manual_seed(plan.seed)
    network = TorchGeneFormer(architecture, plan.dropout).to(run.device)
    if plan.start is not None:
        drawn = [Lanes(one.training, plan, plan.seed).next()[0] for one in data.sets]
        bases = torch.from_numpy(np.concatenate(drawn)).to(run.device)
        start_with(network, GeneFormerArchitecture.read(plan.start), bases)
    task = NextBase(data.sets, plan, run.device)
    best = math.inf
    if run.checkpoint is not None and run.checkpoint.exists() and run.output.exists():
        best = GeneFormerArchitecture.read(run.output).architecture.bits or math.inf

    def keep_the_best(seen: Report) -> None:
        nonlocal best
        if seen.validation_bits is not None and seen.validation_bits < best:
            best = seen.validation_bits
            replace(architecture, bits=round(best, 5)).write(run.output, arrays(network))
        run.report(seen)

    rate = plan.learning_rate or (0.001 if len(data.sets) == 1 else 0.002)
    train(network, task, replace(plan, learning_rate=rate), keep_the_best, run.checkpoint)
    if math.isinf(best):
        raise InputError("the network has not learned: try a lower learning rate")
    return models.digest_of(run.output)
