"""Settings of the codec "deepgeco"."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.coding.streams import MOST_LANES
from acgz.nets.deepgeco.supporter import GROUP
from acgz.nets.kmers import Grid
from acgz.settings import ALWAYS, CHANGED, Settings, setting

SHORTEST_LANE = 256
"""Tokens. Shorter lanes would spend most of their symbols on their beginnings."""


@dataclass(frozen=True)
class DeepGeCoSettings(Settings):
    """See DeepGeCo, sections "(s, k)-mer Encoder" to "Compression Modes"."""

    level: str = setting(
        "plus", "the mode of Table 1", among=("mini", "plus", "ultra"), stored=ALWAYS
    )
    sk: str = setting(
        "3,3", "tokens of K bases, S apart", stored=CHANGED, flag="--sk", metavar="S,K"
    )
    plain: bool = setting(
        False,
        "probabilities for all k-mers, as in the paper, not only for those that can follow",
        stored=CHANGED,
    )
    warm_start: str = setting(
        "gru",
        "kind of Warm-Start network; none leaves Module 2 and 3 away",
        among=("gru", "bigru", "none"),
        flag="--warm-start",
    )
    model: str | None = setting(
        None,
        "file of a Warm-Start network (default: the package's)",
        flag="--model",
        metavar="PATH",
    )
    lanes: int = setting(
        320,
        "lanes to code in lockstep: the paper's batch size; short sequences have fewer",
        least=1,
        most=MOST_LANES,
        flag="--lanes",
        metavar="N",
    )
    context: int = setting(
        32,
        "tokens that the Supporter sees: the first ones of a lane are coded without it",
        least=1,
        most=1024,
        stored=CHANGED,
    )
    ts: float = setting(
        10.0,
        "per cent of the batches that the Warm-Start network takes part in",
        least=0,
        most=100,
        stored=CHANGED,
    )
    least: int = setting(
        4000,
        "batches that it takes part in at least (0: the paper's letter)",
        least=0,
        most=1 << 30,
        stored=CHANGED,
    )
    rounds: int = setting(
        1, "of fine-tuning (ultra): how often it sees the input", least=1, most=1000
    )
    learning_rate: float = setting(1e-3, "of fine-tuning (ultra)", above=0, below=1)
    backend: str = setting(
        "numpy", "what computes; never changes the archive", among=("numpy", "torch")
    )

    @property
    def grid(self) -> Grid:
        s, k = self.sk.split(",")
        return Grid(int(s), int(k))

    @property
    def supported(self) -> bool:
        """Is there a Supporter?"""
        return self.level != "mini"

    def lanes_for(self, tokens: int) -> int:
        """Lanes of a sequence of that many tokens."""
        return max(1, min(self.lanes, tokens // SHORTEST_LANE))

    def check(self) -> None:
        self.grid  # noqa: B018 - raises ValueError
        if self.supported and self.context % GROUP:
            raise ValueError(f"context must be a multiple of {GROUP}, not {self.context}")
        if self.level != "plus" and self.warm_start == "none":
            raise ValueError(f"{self.level} needs a Warm-Start network")
