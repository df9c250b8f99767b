"""How a network of the form "twobit" is trained."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.training import OPTIMIZERS, Plan
from acgz.settings import setting


@dataclass(frozen=True)
class TwoBitPlan(Plan):
    """What one step of training sees."""

    steps: int = setting(1000, "of NAdam", least=1, flag="--steps")
    learning_rate: float = setting(
        5e-3, "of NAdam, at its highest", above=0, flag="--learning-rate"
    )
    optimizer: str = setting("NAdam", "what takes the steps", among=OPTIMIZERS)
    batch: int = setting(4, "chunks of a step", least=1, flag="--batch")
