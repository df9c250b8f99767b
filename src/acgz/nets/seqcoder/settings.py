"""Settings of the codec "seqcoder"."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.seqcoder.architecture import LATENTS
from acgz.settings import ALWAYS, CHANGED, Settings, setting


@dataclass(frozen=True)
class SeqCoderSettings(Settings):
    """See `acgz.nets.seqcoder.codec`."""

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
    model: str | None = setting(
        None, "file of a network (default: the package's)", flag="--model", metavar="PATH"
    )
    backend: str = setting(
        "numpy", "what computes; never changes the archive", among=("numpy", "torch")
    )
