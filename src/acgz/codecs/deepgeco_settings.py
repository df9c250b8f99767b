"""Settings of the codec "deepgeco": what a user chooses, and what an archive stores of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from acgz.codecs.base import JSON, reject_unknown_settings
from acgz.codecs.streams import MOST_LANES
from acgz.errors import DamagedError, UsageError, VersionError
from acgz.predictors.deepgeco.supporter import GROUP
from acgz.predictors.deepgeco.versions import LATEST, VERSIONS
from acgz.sequence.kmers import Grid

LEVELS = ("mini", "plus", "ultra")
WARM_STARTS = ("gru", "bigru", "none")
BACKENDS = ("numpy", "torch")
MOST_CONTEXT = 1024
MOST_LEAST = 1 << 30
SHORTEST_LANE = 256
"""Tokens. Shorter lanes would spend most of their symbols on their beginnings."""


@dataclass(frozen=True)
class Settings:
    """See DeepGeCo, sections "(s, k)-mer Encoder" to "Compression Modes"."""

    level: str = "plus"
    """The mode of Table 1."""
    sk: str = "3,3"
    plain: bool = False
    """True: probability for all k-mers, as in the paper, not only for those that can follow."""
    warm_start: str = "gru"
    """Which network; "none" leaves Module 2 and 3 away."""
    model: str | None = None
    """File of a Warm-Start network; None: that of the package."""
    lanes: int = 320
    """The paper's batch size. Short sequences have fewer."""
    context: int = 32
    """Tokens that the Supporter sees: the first ones of a lane are coded without it."""
    ts: float = 10.0
    """Per cent of the batches that the Warm-Start network takes part in."""
    least: int = 4000
    """Batches that it takes part in at least (0: the paper's letter)."""
    rounds: int = 1
    """Of fine-tuning (ultra): how often it sees the input."""
    learning_rate: float = 1e-3
    """Of fine-tuning."""
    backend: str = "numpy"
    """What computes. It has no influence on the archive."""
    version: int = LATEST
    """Of the numbers that the paper leaves open."""

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

    @classmethod
    def from_json(cls, settings: Mapping[str, JSON]) -> Settings:
        """UsageError for what makes no sense."""
        reject_unknown_settings(settings, [field.name for field in fields(cls)])
        plain = {**settings}
        sk = plain.get("sk")
        if isinstance(sk, list | tuple):
            plain["sk"] = ",".join(str(number) for number in sk)
        try:
            chosen = cls(**plain)  # type: ignore[arg-type]
            chosen._check()
        except (TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"deepgeco: {error}") from error
        return chosen

    def _check(self) -> None:
        """ValueError for what makes no sense."""
        self.grid  # noqa: B018 - raises ValueError
        for name, values in (
            ("level", LEVELS),
            ("warm_start", WARM_STARTS),
            ("backend", BACKENDS),
            ("plain", (False, True)),
        ):
            if getattr(self, name) not in values:
                raise ValueError(f"{name} is one of {values}, not {getattr(self, name)!r}")
        for name, most in (("lanes", MOST_LANES), ("context", MOST_CONTEXT), ("rounds", 1000)):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name} must be a whole number from 1 to {most}, not {value!r}")
        if self.version not in VERSIONS:
            raise ValueError(f"the version is one of {tuple(VERSIONS)}, not {self.version!r}")
        if self.supported and self.context % GROUP:
            raise ValueError(f"context must be a multiple of {GROUP}, not {self.context}")
        if type(self.least) is not int or not 0 <= self.least <= MOST_LEAST:
            raise ValueError(f"least must be a number of batches, not {self.least!r}")
        if not 0 <= self.ts <= 100:
            raise ValueError(f"ts is a share in per cent, not {self.ts!r}")
        if not 0 < self.learning_rate < 1:
            raise ValueError(f"the learning rate is between 0 and 1, not {self.learning_rate!r}")
        if self.level != "plus" and self.warm_start == "none":
            raise ValueError(f"{self.level} needs a Warm-Start network")

    def to_parameters(self) -> dict[str, JSON]:
        """What decoding must know; what has its usual value is left out."""
        stored: dict[str, JSON] = {"level": self.level}
        if self.sk != "3,3":
            stored["sk"] = self.sk
        if self.plain:
            stored["plain"] = True
        if self.supported:
            stored["context"] = self.context
            stored["ts"] = float(self.ts)
            stored["least"] = self.least
            stored["version"] = self.version
        return stored

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, JSON]) -> Settings:
        """The inverse; DamagedError for anything that `to_parameters` cannot have written.

        VersionError for a later version of it.
        """
        version = parameters.get("version", LATEST)
        if type(version) is int and version > LATEST:
            raise VersionError("a later version of acgz has written this block of deepgeco")
        known = ("level", "sk", "plain", "context", "ts", "least", "version")
        try:
            chosen = cls(**{name: parameters[name] for name in known if name in parameters})  # type: ignore[arg-type]
            chosen._check()
        except (TypeError, ValueError, AttributeError) as error:
            raise DamagedError(f"parameters of deepgeco: {error}") from error
        return chosen
