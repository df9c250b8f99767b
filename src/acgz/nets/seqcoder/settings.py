"""Settings of the codec "seqcoder", and of training."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.architecture import NetworkSettings
from acgz.nets.seqcoder.architecture import LATENTS
from acgz.nets.training import OPTIMIZERS, Plan
from acgz.settings import ALWAYS, CHANGED, setting


@dataclass(frozen=True)
class SeqCoderSettings(NetworkSettings):
    """What a user may choose; see `acgz.nets.seqcoder.codec`."""

    residual: str = setting(
        "zstd",
        "how latents and mismatches are stored: as published, or coded under adaptive contexts",
        among=("zstd", "coded"),
        stored=ALWAYS,
        flag="--residual",
    )
    latents: int = setting(
        LATENTS,
        "values that are kept at each position of the latent space; the fewer, the more the "
        "residual has to say",
        least=0,
        most=LATENTS,
        stored=CHANGED,
    )


@dataclass(frozen=True)
class SeqCoderPlan(Plan):
    """What one step of training sees."""

    steps: int = setting(1000, "of NAdam", least=1, flag="--steps")
    learning_rate: float = setting(
        5e-3, "of NAdam, at its highest", above=0, flag="--learning-rate"
    )
    optimizer: str = setting("NAdam", "what takes the steps", among=OPTIMIZERS)
    batch: int = setting(4, "chunks of a step", least=1, flag="--batch")
