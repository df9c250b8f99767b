"""Settings of the codec "seqcoder", and of training."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.architecture import NetworkSettings
from acgz.nets.training import OPTIMIZERS, Plan
from acgz.settings import ALWAYS, setting


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
    latent: str = setting(
        "int8",
        "the published network, or, to compare with, one whose latent values are the bases",
        among=("int8", "twobit"),
        stored=ALWAYS,
        flag="--latent",
    )


@dataclass(frozen=True)
class SeqCoderPlan(Plan):
    """What one step of training sees."""

    steps: int = setting(20_000, "of NAdam (the notebook: of each file)", least=1, flag="--steps")
    learning_rate: float = setting(
        5e-4, "of NAdam, at its highest", above=0, flag="--learning-rate"
    )
    falling: bool = setting(
        False, "the learning rate falls along a cosine to a fiftieth", flag="--falling"
    )
    optimizer: str = setting("NAdam", "what takes the steps", among=OPTIMIZERS)
    batch: int = setting(128, "chunks of a step", least=1, flag="--batch")
    short: float = setting(
        0.0,
        "share of the steps that see quarters of chunks: attention is cheaper there",
        least=0,
        most=1,
        flag="--short",
    )
