"""Settings of the codec "seqcoder": what a user chooses, and what an archive stores of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from acgz.codecs.base import JSON, reject_unknown_settings
from acgz.errors import DamagedError, UsageError
from acgz.predictors.seqcoder.description import LATENTS

RESIDUALS = ("zstd", "coded")
BACKENDS = ("numpy", "torch")


@dataclass(frozen=True)
class Settings:
    """See `acgz.codecs.seqcoder`."""

    residual: str = "zstd"
    """``zstd``: as SeqCoder stores latents and mismatches. ``coded``: both by the range coder
    under adaptive contexts."""
    latents: int = LATENTS
    """Values that are kept at each position of the latent space. The fewer, the less the decoder
    knows, and the more the residual has to say."""
    model: str | None = None
    """File of a network; None: that of the package."""
    backend: str = "numpy"
    """What computes. It has no influence on the archive."""

    @classmethod
    def from_json(cls, settings: Mapping[str, JSON]) -> Settings:
        """UsageError for what makes no sense."""
        reject_unknown_settings(settings, [field.name for field in fields(cls)])
        chosen = cls(**settings)  # type: ignore[arg-type]
        try:
            chosen._check()
        except ValueError as error:
            raise UsageError(f"seqcoder: {error}") from error
        return chosen

    def _check(self) -> None:
        """ValueError for what makes no sense."""
        for name, values in (("residual", RESIDUALS), ("backend", BACKENDS)):
            if getattr(self, name) not in values:
                raise ValueError(f"{name} is one of {values}, not {getattr(self, name)!r}")
        if type(self.latents) is not int or not 0 <= self.latents <= LATENTS:
            raise ValueError(f"latents is a number from 0 to {LATENTS}, not {self.latents!r}")
        if self.model is not None and not isinstance(self.model, str):
            raise ValueError(f"model is the path of a file, not {self.model!r}")

    def to_parameters(self) -> dict[str, JSON]:
        """What decoding must know; what has its usual value is left out."""
        stored: dict[str, JSON] = {"residual": self.residual}
        if self.latents != LATENTS:
            stored["latents"] = self.latents
        return stored

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, JSON]) -> Settings:
        """The inverse; DamagedError for anything that `to_parameters` cannot have written."""
        try:
            chosen = cls(
                parameters["residual"],  # type: ignore[arg-type]
                parameters.get("latents", LATENTS),  # type: ignore[arg-type]
            )
            chosen._check()
        except (KeyError, ValueError) as error:
            raise DamagedError(f"parameters of seqcoder: {error}") from error
        return chosen
