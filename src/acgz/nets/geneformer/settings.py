"""Settings of the codec "geneformer", and of training."""

from __future__ import annotations

from dataclasses import dataclass

from acgz.nets.architecture import NetworkSettings
from acgz.nets.geneformer.architecture import CONTEXT
from acgz.nets.training import OPTIMIZERS, Plan
from acgz.settings import ALWAYS, setting

SHORTEST_GROUP = 2 * CONTEXT
MOST_GROUPS = 1 << 12
"""More of them make nothing faster: the cores are busy with far fewer."""
DEFAULT_GROUP = 213_000
"""Bases (section 4.2): what an extra cost of 0.0006 bits/base allows a good network."""


@dataclass(frozen=True)
class GeneFormerSettings(NetworkSettings):
    """What a user may choose: GeneFormer, section 3.3."""

    model: str | None = setting(
        "human",
        "a network of the package (human, fish, hybrid), or the file of another one",
        flag="--model",
        metavar="NAME|PATH",
    )
    grouped: bool = setting(False, "groups that are coded and decoded side by side", stored=ALWAYS)
    group: int | None = setting(
        None,
        "bases that a group has at least; more groups are decoded at once if they are short",
        least=SHORTEST_GROUP,
    )
    extra: float | None = setting(
        None, "bits/base that grouping may cost, instead of group", above=0, most=2
    )
    expected: float = setting(
        0.0, "bits/base that the network is expected to need, for extra", least=0, below=2
    )

    @property
    def length(self) -> int:
        """Bases of a group: 64 of them cost 2 bits instead of what is expected."""
        if self.extra is not None:
            return max(
                SHORTEST_GROUP, int(min(CONTEXT * (2 - self.expected) / self.extra, 1 << 62))
            )
        return DEFAULT_GROUP if self.group is None else self.group

    def groups_for(self, residues: int) -> int:
        """How many groups: none is shorter than `length`, their lengths differ by one at most."""
        if not self.grouped:
            return 1
        return max(1, min(MOST_GROUPS, residues // self.length))

    def check(self) -> None:
        if not self.grouped and (self.group, self.extra) != (None, None):
            raise ValueError("group and extra are for geneformer-grouped")
        if self.group is not None and self.extra is not None:
            raise ValueError("group and extra exclude each other")


@dataclass(frozen=True)
class GeneFormerPlan(Plan):
    """What one step of training sees, of each data set (section 4.1)."""

    steps: int = setting(20_000, "of RMSProp", least=1, flag="--steps")
    epochs: int = setting(20, "validations, in equal distances", least=1, flag="--epochs")
    learning_rate: float | None = setting(  # type: ignore[assignment]
        None, "of RMSProp (default: 0.001, of a hybrid 0.002)", above=0, flag="--learning-rate"
    )
    falling: bool = setting(False, "the learning rate falls along a cosine", flag="--falling")
    optimizer: str = setting("RMSprop", "what takes the steps", among=OPTIMIZERS)
    batch: int = setting(64, "lanes of each file: the paper's batch", least=1, flag="--batch")
    unroll: int = setting(
        1,
        "bases that a lane moves on by; more of them share features, which is faster on a CPU",
        least=1,
        flag="--unroll",
    )
    learn: int | None = setting(
        None,
        "bases of a step that the network learns from, drawn by how much they surprise it; the "
        "others are only read (default: all are learned from)",
        least=1,
        flag="--learn",
    )
    start: str | None = setting(
        None,
        "a network to begin with, of the same sizes",
        flag="--start",
        metavar="PATH",
    )
    bfloat16: bool = setting(
        False,
        "16 bits are enough for products; several times as fast where the processor has them",
        flag="--bfloat16",
    )
    length: int = setting(4096, "mean number of bases between two jumps of a lane", least=1)
    dropout: float = setting(0.1, "share of the features", least=0, below=1, flag="--dropout")
