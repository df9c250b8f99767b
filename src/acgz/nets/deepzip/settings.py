"""Settings of the codec "deepzip" (sections 4 to 6 of the document), and of training."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.coding.predictor import MOST_LANES
from acgz.nets.architecture import NetworkSettings
from acgz.nets.deepzip.architecture import DENSE, MOST_UNITS, NETWORKS, DeepZipArchitecture
from acgz.nets.training import Plan
from acgz.settings import ALWAYS, CHANGED, setting

LANES = 320
SHORTEST_LANE = 512
"""Symbols. The first k of a lane are coded with equal probabilities: some 3 bytes lost."""


@dataclass(frozen=True)
class DeepZipSettings(NetworkSettings):
    """What a user may choose."""

    network: str = setting(
        "lstm",
        "the recurrent cell; bi: two layers that read both ways",
        among=NETWORKS,
        stored=ALWAYS,
    )
    units: int = setting(32, "units of a recurrent layer", least=1, most=MOST_UNITS, stored=ALWAYS)
    k: int = setting(32, "bases that a prediction reads", least=1, most=1024, stored=ALWAYS)
    m: int | None = setting(
        None,
        "bases that are predicted at once: 1, 2 or 4 (default: 1, or 2 for two layers)",
        among=(1, 2, 4),
        stored=ALWAYS,
    )
    alphabet: int = setting(4, "5: with N, as the document has it", among=(4, 5), stored=CHANGED)
    dense: int = setting(
        DENSE, "units of the dense layer", least=1, most=MOST_UNITS, stored=CHANGED
    )
    state: str = setting(
        "window",
        "carried: the state of a single layer runs on along the lane",
        among=("window", "carried"),
        stored=CHANGED,
    )
    lanes: int | None = setting(
        None,
        "lanes to code in lockstep (default: 320, fewer for short sequences)",
        least=1,
        most=MOST_LANES,
        flag="--lanes",
        metavar="N",
    )
    fit: bool | None = setting(
        None, "train the network on the input and store it in the archive", flag="--fit"
    )
    epochs: int = setting(10, "of training on the input", least=1, most=1000)
    learning_rate: float = setting(5e-3, "of training on the input", above=0, below=1)
    seed: int = setting(1, "of training on the input", least=0, most=1 << 31)

    @property
    def architecture(self) -> DeepZipArchitecture:
        m = self.m or (2 if self.network.startswith("bi") else 1)
        return DeepZipArchitecture(self.network, self.units, m, self.alphabet, self.dense)

    def lanes_for(self, count: int) -> int:
        """Lanes of a sequence of that many symbols."""
        most = count if self.lanes else count // SHORTEST_LANE
        return max(1, min(self.lanes or LANES, most))

    def check(self) -> None:
        if self.k % self.architecture.m:
            raise ValueError(f"k must be a multiple of m, not {self.k}")
        if self.state == "carried" and self.architecture.bidirectional:
            raise ValueError("two bidirectional layers read windows: there is no state to carry")
        if self.fit and self.model is not None:
            raise ValueError("either a model or fit, not both")


@dataclass(frozen=True)
class DeepZipPlan(Plan):
    """What one step of training sees."""

    learning_rate: float = setting(5e-3, "of Adam, at its highest", above=0, flag="--learning-rate")
    k: int = setting(32, "bases of a window (two layers)", least=1, flag="--k")
    batch: int | None = setting(
        None,
        "stretches of a step (default: 64), or windows (two layers, default: 1024)",
        least=1,
        flag="--batch",
    )
