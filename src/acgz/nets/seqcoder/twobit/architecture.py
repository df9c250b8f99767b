"""What a network of the form "twobit" looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from acgz.errors import InputError
from acgz.nets.architecture import Architecture
from acgz.settings import setting

BASES = 4
LEVELS = 4
"""A latent value has as many levels as there are bases: 2 bits."""
LATENTS = 4
"""Values at a position of the latent space; 2 bits each, so a position is one int8."""

MOST_CHUNK = 1 << 14
MOST_WIDTH = 1 << 10
MOST_LAYERS = 8

KERNEL, STRIDE, PADDING = 4, 2, 1
"""Sizes of every layer that halves or doubles the length."""


@dataclass(frozen=True)
class TwoBitArchitecture(Architecture):
    """Sizes of a network with latent values of 2 bits, four at a place: an int8.

    After SeqCoder's text, which names the layers but no width; with one head of attention.
    """

    kind = "seqcoder-twobit"

    chunk: int = setting(
        1280,
        "bases that are coded together; attention looks no further",
        least=1,
        most=MOST_CHUNK,
        flag="--chunk",
    )
    widths: str = setting(
        "32,32",
        "channels after each layer of the encoder, which halves the length",
        flag="--widths",
        metavar="N,N",
    )
    keys: int = setting(
        8, "width of the queries and keys of self-attention", least=1, most=MOST_WIDTH
    )
    trained_on: str | None = setting(None, "names of files, for people")

    def check(self) -> None:
        widths = self.widths.split(",")
        if not all(width.isdigit() and 1 <= int(width[:9]) <= MOST_WIDTH for width in widths):
            raise ValueError(f"widths must be numbers from 1 to {MOST_WIDTH} with commas")
        if len(widths) > MOST_LAYERS:
            raise ValueError(f"there are more than {MOST_LAYERS} widths")
        if self.chunk % self.factor:
            raise ValueError(f"chunk must be a multiple of {self.factor}")

    @property
    def layers(self) -> tuple[int, ...]:
        """Channels after each layer of the encoder; the decoder mirrors it."""
        return tuple(int(width) for width in self.widths.split(","))

    @property
    def factor(self) -> int:
        """Bases of a place of the latent space."""
        return 1 << len(self.layers)

    @property
    def latents(self) -> int:
        """Latent values of a place."""
        return LATENTS

    @property
    def attended(self) -> int:
        """Places that attend to each other."""
        return self.chunk // self.factor

    @property
    def decoder_widths(self) -> tuple[int, ...]:
        """Channels before each layer of the decoder, and after the last one."""
        return (*self.layers[::-1], BASES)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "widths": list(self.layers)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        widths = stored.get("widths")
        if not isinstance(widths, list):
            raise InputError(f"this is no network of the kind {cls.kind}: it has no widths")
        return super().from_json({**stored, "widths": ",".join(map(str, widths))})

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the arrays; convolutions as PyTorch has them."""
        width = self.layers[-1]
        found: dict[str, tuple[int, ...]] = {}

        def layer(name: str, weight: tuple[int, ...], outputs: int) -> None:
            found[f"{name}.weight"] = weight
            found[f"{name}.bias"] = (outputs,)

        def norm(name: str, channels: int) -> None:
            found[f"{name}.scale"] = found[f"{name}.shift"] = (channels,)

        inputs = (BASES, *self.layers)
        for n, outputs in enumerate(self.layers):
            layer(f"down.{n}", (outputs, inputs[n], KERNEL), outputs)
            norm(f"down_norm.{n}", outputs)
        for name in ("encoder_attention", "decoder_attention"):
            for part, outputs in (("query", self.keys), ("key", self.keys), ("value", width)):
                layer(f"{name}.{part}", (outputs, width, 1), outputs)
            found[f"{name}.gain"] = (1,)
        layer("to_latent", (LATENTS, width, 1), LATENTS)
        layer("from_latent", (width, LATENTS, 1), width)
        norm("from_latent_norm", width)
        for n, outputs in enumerate(self.decoder_widths[1:]):
            layer(f"up.{n}", (self.decoder_widths[n], outputs, KERNEL), outputs)
            if n < len(self.layers) - 1:
                norm(f"up_norm.{n}", outputs)
        return found
