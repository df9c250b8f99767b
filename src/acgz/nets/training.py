"""The one training loop: steps, a schedule of the learning rate, validation, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from acgz.errors import InputError
from acgz.nets.exact import pytorch
from acgz.settings import Settings, setting

OPTIMIZERS = ("Adam", "NAdam", "RMSprop")
"""Names that PyTorch has for what takes the steps."""


@dataclass(frozen=True)
class Plan(Settings):
    """How long and how fast to learn; those with a flag can be chosen for ``acgz train``."""

    steps: int = setting(4000, "of the optimizer", least=1, flag="--steps")
    epochs: int = setting(
        10, "validations, and checkpoints, in equal distances", least=1, flag="--epochs"
    )
    learning_rate: float = setting(
        3e-3, "after a short rise, if it is to fall", above=0, flag="--learning-rate"
    )
    falling: bool = setting(
        True, "the learning rate falls along a cosine to a fiftieth", flag="--falling"
    )
    optimizer: str = setting("Adam", "what takes the steps", among=OPTIMIZERS)
    beta1: float = setting(
        0.9, "share of earlier gradients in the mean that Adam follows", least=0, below=1
    )
    clip: float = setting(1.0, "longest gradient", above=0)
    seed: int = setting(1, "of all that is drawn", least=0, most=1 << 31, flag="--seed")

    def rate(self, step: int) -> float:
        """Learning rate of a step, 0-based."""
        if not self.falling:
            return self.learning_rate
        rise = max(1, min(100, self.steps // 10))
        if step < rise:
            return self.learning_rate * (step + 1) / rise
        done = (step - rise) / max(1, self.steps - rise)
        return self.learning_rate * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)


@dataclass(frozen=True)
class Report:
    """How training goes."""

    step: int
    steps: int
    training_bits: float
    """Loss of the last steps, on what was trained on, in ``unit``."""
    validation_bits: float | None
    """Bits/base on what was held out; None between validations."""
    seconds: float
    unit: str = "bits/base"
    """What ``training_bits`` counts."""


def _silent(report: Report) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Run:
    """Where a training runs, and where its results go."""

    output: Path
    device: str = "cpu"
    """The device, as PyTorch names it."""
    checkpoint: Path | None = None
    report: Callable[[Report], None] = _silent


class Task(Protocol):
    """What is learned: gives the loss of a step, and says how good a network is."""

    unit: str
    """What `bits` counts: "bits/base", or what the loss is if it is no such thing."""

    def loss(self, network: Any, step: int) -> Any:
        """Mean loss in nats/symbol, a scalar tensor."""
        ...

    def bits(self, nats: float) -> float:
        """A mean loss in `unit`."""
        ...

    def validate(self, network: Any) -> float:
        """Bits/base on held-out sequence."""
        ...


def train(
    network: Any,
    task: Task,
    plan: Plan,
    report: Callable[[Report], None] = _silent,
    checkpoint: Path | None = None,
    groups: list[dict[str, Any]] | None = None,
) -> float:
    """Train ``network`` in place; return the bits/base of the last validation.

    With a ``checkpoint`` the state is written there at every validation, and read from there
    if the file exists (InputError if it does not fit). What was seen before is not stored:
    a resumed training sees other random places.

    ``groups``: ``params``, as PyTorch's optimizers take them, and the ``share`` of the learning
    rate that is theirs. By default all parameters learn at the full rate.
    """
    torch = pytorch.load()
    groups = groups or [{"params": network.parameters(), "share": 1.0}]
    optimizer = getattr(torch.optim, plan.optimizer)(groups, lr=plan.learning_rate)
    first = 0
    if checkpoint is not None and checkpoint.exists():
        first = _resume(torch, checkpoint, network, optimizer)
    began, every = time.monotonic(), max(1, plan.steps // plan.epochs)
    recent = bits = math.nan
    for step in range(first, plan.steps):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate(step) * group["share"]
            if "betas" in group:
                group["betas"] = (plan.beta1, group["betas"][1])
        network.train()
        loss = task.loss(network, step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
        optimizer.step()
        nats = float(loss.detach())
        recent = nats if math.isnan(recent) else 0.98 * recent + 0.02 * nats
        last = step + 1 == plan.steps
        validation = None
        if (step + 1) % every == 0 or last:
            bits = validation = _validated(torch, task, network)
            if checkpoint is not None:
                _save(torch, checkpoint, network, optimizer, step + 1)
        if validation is not None or (step + 1) % 20 == 0:
            seconds = time.monotonic() - began
            report(Report(step + 1, plan.steps, task.bits(recent), validation, seconds, task.unit))
    return bits if not math.isnan(bits) else _validated(torch, task, network)


def _validated(torch: Any, task: Task, network: Any) -> float:
    network.eval()
    with torch.no_grad():
        return task.validate(network)


def _save(torch: Any, path: Path, network: Any, optimizer: Any, step: int) -> None:
    part = path.with_name(path.name + ".part")
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save(state, part)
    part.replace(path)


def _resume(torch: Any, path: Path, network: Any, optimizer: Any) -> int:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])
    except Exception as error:  # PyTorch has no class for a misfit
        raise InputError(f"{path}: no checkpoint of this training: {error}") from error
