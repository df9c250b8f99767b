"""Settings of the codec "geneformer": what a user chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from acgz.codecs.base import JSON, reject_unknown_settings
from acgz.errors import UsageError
from acgz.predictors.geneformer.description import CONTEXT

BACKENDS = ("numpy", "torch")
SHORTEST_GROUP = 2 * CONTEXT
MOST_GROUPS = 1 << 12
"""More of them make nothing faster: the cores are busy with far fewer."""
DEFAULT_GROUP = 213_000
"""Bases (section 4.2): what an extra cost of 0.0006 bits/base allows a good network."""


@dataclass(frozen=True)
class Settings:
    """See GeneFormer, section 3.3."""

    model: str = "human"
    """A network of the package, by the end of its name, or the file of another one."""
    grouped: bool = False
    """False: the sequence is one group."""
    group: int | None = None
    """Bases that a group has at least; more groups are decoded at once if they are short."""
    extra: float | None = None
    """Bits/base that grouping may cost, instead of ``group``."""
    expected: float = 0.0
    """Bits/base that the network is expected to need, for ``extra``."""
    backend: str = "numpy"
    """What computes. It has no influence on the archive."""

    @property
    def length(self) -> int:
        """Bases of a group: 64 of them cost 2 bits instead of what is expected."""
        if self.extra is not None:
            return max(SHORTEST_GROUP, int(CONTEXT * (2 - self.expected) / self.extra))
        return DEFAULT_GROUP if self.group is None else self.group

    def groups_for(self, residues: int) -> int:
        """How many groups: none is shorter than `length`, their lengths differ by one at most."""
        if not self.grouped:
            return 1
        return max(1, min(MOST_GROUPS, residues // self.length))

    @classmethod
    def from_json(cls, settings: Mapping[str, JSON]) -> Settings:
        """UsageError for what makes no sense."""
        reject_unknown_settings(settings, [field.name for field in fields(cls)])
        try:
            chosen = cls(**settings)  # type: ignore[arg-type]
            chosen._check()
        except (TypeError, ValueError) as error:
            raise UsageError(f"geneformer: {error}") from error
        return chosen

    def _check(self) -> None:
        """ValueError for what makes no sense."""
        if self.backend not in BACKENDS or type(self.grouped) is not bool:
            raise ValueError(f"backend is one of {BACKENDS}, grouped is true or false")
        if type(self.model) is not str or not self.model:
            raise ValueError(f"model is a name or a file, not {self.model!r}")
        if not self.grouped and (self.group, self.extra) != (None, None):
            raise ValueError("group and extra are for geneformer-grouped")
        if self.group is not None and self.extra is not None:
            raise ValueError("group and extra exclude each other")
        if self.group is not None and (type(self.group) is not int or self.group < SHORTEST_GROUP):
            raise ValueError(f"group is a number of bases from {SHORTEST_GROUP}, not {self.group}")
        if self.extra is not None and not 0 < self.extra <= 2:
            raise ValueError(f"extra is more than 0 and at most 2 bits/base, not {self.extra}")
        if not 0 <= self.expected < 2:
            raise ValueError(f"expected is from 0 to below 2 bits/base, not {self.expected}")
