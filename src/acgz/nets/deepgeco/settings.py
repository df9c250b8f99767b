"""Settings of the codec "deepgeco", and of the training of its Warm-Start networks."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.coding.predictor import MOST_LANES
from acgz.nets.architecture import NetworkSettings
from acgz.nets.deepgeco.grid import Grid
from acgz.nets.training import Plan
from acgz.settings import ALWAYS, CHANGED, setting

GROUP = 4
"""Tokens of one position of the Supporter."""

SHORTEST_LANE = 256
"""Tokens. Shorter lanes would spend most of their symbols on their beginnings."""


LANES = 320
LANES_OF_COLLECTIONS = 64
"""A Supporter learns after every batch. One that has less to code between two steps knows a genome
sooner that comes again and again."""


@dataclass(frozen=True)
class DeepGeCoSettings(NetworkSettings):
    """What a user may choose: DeepGeCo, "(s, k)-mer Encoder" to "Compression Modes"."""

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
    lanes: int | None = setting(
        None,
        "lanes to code in lockstep (default: 320, the paper's batch size, and 64 for a Supporter "
        "and a collection of like genomes); short sequences have fewer",
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
        100.0,
        "per cent of the batches that the Warm-Start network takes part in",
        least=0,
        most=100,
        stored=CHANGED,
    )
    least: int = setting(
        4000,
        "batches over which its share falls, at least (0: the paper's letter)",
        least=0,
        most=1 << 30,
        stored=CHANGED,
    )
    pace: int = setting(
        1,
        "the Supporter learns after one of so many batches: 4 is twice as fast, and larger",
        least=1,
        most=1024,
        stored=CHANGED,
    )
    rounds: int = setting(
        1,
        "of fine-tuning (ultra): how often it sees the input, which is 200 steps at least",
        least=1,
        most=1000,
    )
    learning_rate: float = setting(1e-3, "of fine-tuning (ultra)", above=0, below=1)

    @property
    def grid(self) -> Grid:
        return Grid.of(self.sk)

    @property
    def supported(self) -> bool:
        """Is there a Supporter?"""
        return self.level != "mini"

    def lanes_for(self, tokens: int, repeated: float = 0.0) -> int:
        """Lanes of a sequence of so many tokens, of which the part ``repeated`` comes again."""
        collection = self.supported and repeated > 0.5
        wanted = self.lanes or (LANES_OF_COLLECTIONS if collection else LANES)
        return max(1, min(wanted, tokens // SHORTEST_LANE))

    def check(self) -> None:
        self.grid  # noqa: B018 - raises ValueError
        if self.supported and self.context % GROUP:
            raise ValueError(f"context must be a multiple of {GROUP}, not {self.context}")
        if self.level != "plus" and self.warm_start == "none":
            raise ValueError(f"{self.level} needs a Warm-Start network")


@dataclass(frozen=True)
class WarmStartPlan(Plan):
    """What one step of training sees, and what training begins with."""

    batch: int = setting(128, "streams (gru) or windows (bigru) of a step", least=1, flag="--batch")
    unroll: int = setting(
        64, "tokens through which gradients flow back; the state flows on (gru only)", least=1
    )
    length: int = setting(4096, "mean number of tokens between two new beginnings", least=1)
    both_strands: bool = setting(True, "streams read either strand")
    beta1: float = setting(
        0.9,
        "share of earlier gradients in the mean that Adam follows (the paper: 0)",
        least=0,
        below=1,
        flag="--beta1",
    )
    start: str | None = setting(
        None,
        "a network to begin with, of as many units; a gru can begin with one of fewer, a bigru "
        "with a gru",
        flag="--start",
        metavar="PATH",
    )
    bfloat16: bool = setting(
        False,
        "16 bits are enough for products; faster where the processor has them",
        flag="--bfloat16",
    )
