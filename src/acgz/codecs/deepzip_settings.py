"""Settings of the codec "deepzip": what a user chooses, and what an archive stores of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from acgz.codecs.base import JSON, reject_unknown_settings
from acgz.codecs.streams import MOST_LANES
from acgz.errors import DamagedError, UsageError
from acgz.predictors.deepzip.description import DENSE, Description

STATES = ("window", "carried")
BACKENDS = ("numpy", "torch")
MOST_K = 1024
MOST_EPOCHS = 1000
LANES = 320
SHORTEST_LANE = 512
"""Symbols. The first k of a lane are coded with equal probabilities: some 3 bytes lost."""


@dataclass(frozen=True)
class Settings:
    """Sections 4 to 6 of the document."""

    network: str = "lstm"
    units: int = 32
    k: int = 32
    """Symbols that a prediction reads; the document has 32 and 64."""
    m: int | None = None
    """Symbols that are predicted at once: 1, 2 or 4; None: 1, or 2 for two layers."""
    alphabet: int = 4
    """5: the document's, with N, which here is never among the residues."""
    dense: int = DENSE
    state: str = "window"
    """"carried": the state of a single layer runs on along the lane."""
    lanes: int | None = None
    """None: 320, fewer for short sequences."""
    fit: bool | None = None
    """Train on the very input; None: if there is no model."""
    epochs: int = 10
    """Of training on the input: how often each symbol is predicted."""
    learning_rate: float = 5e-3
    """Of training on the input."""
    seed: int = 1
    """Of training on the input."""
    model: str | None = None
    """File of a trained network; None: that of the package, if there is one."""
    backend: str = "numpy"
    """What computes. It has no influence on the archive."""

    @property
    def description(self) -> Description:
        m = self.m or (2 if self.network.startswith("bi") else 1)
        return Description(self.network, self.units, m, self.alphabet, self.dense)

    def lanes_for(self, count: int) -> int:
        """Lanes of a sequence of that many symbols."""
        most = count if self.lanes else count // SHORTEST_LANE
        return max(1, min(self.lanes or LANES, most))

    @classmethod
    def from_json(cls, settings: Mapping[str, JSON]) -> Settings:
        """UsageError for what makes no sense."""
        reject_unknown_settings(settings, [field.name for field in fields(cls)])
        try:
            chosen = cls(**settings)  # type: ignore[arg-type]
            chosen._check()
        except (TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"deepzip: {error}") from error
        return chosen

    def _check(self) -> None:
        """ValueError for what makes no sense."""
        d = self.description
        d.check()
        for name, value, most in (
            ("k", self.k, MOST_K),
            ("lanes", self.lanes or 1, MOST_LANES),
            ("epochs", self.epochs, MOST_EPOCHS),
            ("seed", self.seed, 1 << 31),
        ):
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name} is a whole number from 1 to {most}, not {value!r}")
        if self.k % d.m:
            raise ValueError(f"k must be a multiple of m, not {self.k}")
        for name, values in (("state", STATES), ("backend", BACKENDS)):
            if getattr(self, name) not in values:
                raise ValueError(f"{name} is one of {values}, not {getattr(self, name)!r}")
        if self.state == "carried" and d.bidirectional:
            raise ValueError("two bidirectional layers read windows: there is no state to carry")
        if self.lanes == 0:
            raise ValueError("there is at least one lane")
        if self.fit not in (None, False, True):
            raise ValueError(f"fit is true or false, not {self.fit!r}")
        if self.fit and self.model is not None:
            raise ValueError("either a model or fit, not both")
        if not 0 < self.learning_rate < 1:
            raise ValueError(f"the learning rate is between 0 and 1, not {self.learning_rate!r}")

    def to_parameters(self) -> dict[str, JSON]:
        """What decoding must know; what has its usual value is left out."""
        d = self.description
        stored: dict[str, JSON] = {
            "network": d.network, "units": d.units, "k": self.k, "m": d.m,
        }  # fmt: skip
        if d.alphabet != 4:
            stored["alphabet"] = d.alphabet
        if d.dense != DENSE:
            stored["dense"] = d.dense
        if self.state != "window":
            stored["state"] = self.state
        return stored

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, JSON]) -> Settings:
        """The inverse; DamagedError for anything that `to_parameters` cannot have written."""
        known = ("network", "units", "k", "m", "alphabet", "dense", "state")
        try:
            chosen = cls(**{name: parameters[name] for name in known if name in parameters})  # type: ignore[arg-type]
            if not {"network", "units", "k", "m"} <= parameters.keys() or chosen.m is None:
                raise ValueError("one is missing")
            chosen._check()
        except (TypeError, ValueError, AttributeError) as error:
            raise DamagedError(f"parameters of deepzip: {error}") from error
        return chosen
