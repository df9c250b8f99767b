"""Settings of the codec "engine"."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.settings import ALWAYS, CHANGED, Settings, setting


@dataclass(frozen=True)
class EngineSettings(Settings):
    """What a user may choose."""

    preset: str = setting(
        "plus", "size of the mixture", among=("fast", "plus", "ultra"), stored=ALWAYS
    )
    lanes: int | None = setting(
        None,
        "engines that code side by side, each with a thread",
        least=1,
        most=16,
        stored=CHANGED,
        flag="--lanes",
        metavar="N",
    )
    prior: str | None = setting(
        None,
        "network that has learned from other genomes: a name, a file, or none",
        flag="--prior",
        metavar="NAME",
    )
    dictionary: str | None = setting(
        None,
        "genomes in small that are known beforehand: a file, or none",
        flag="--dictionary",
        metavar="NAME",
    )
    reference: str | None = setting(
        None,
        "sequence that is known when the archive is read, too",
        flag="--reference",
        metavar="FILE",
    )
