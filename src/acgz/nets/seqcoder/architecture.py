"""What a SeqCoder network looks like: its file says so, training and inference read it.

After the notebook of SeqCoder (`ConvolutionalAutoEncoder1D`, P = 4, K = 1280).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from acgz.errors import InputError
from acgz.nets.architecture import Architecture
from acgz.settings import setting

MOST_CHUNK = 1 << 14
MOST_WIDTH = 1 << 10
MOST_LAYERS = 8

KERNEL, STRIDE, PADDING = 3, 2, 1
"""Sizes of every layer that halves or doubles the length."""
LIMIT = 4
"""Latent values are clipped to ±LIMIT."""
EPSILON = 1e-5
"""Of layer norm, added to the variance."""


@dataclass(frozen=True)
class SeqCoderArchitecture(Architecture):
    """Sizes of a network; those of the published one unless others are given."""

    kind = "seqcoder"

    chunk: int = setting(
        1280,
        "K: bases that are coded together; attention looks no further",
        least=1,
        most=MOST_CHUNK,
        flag="--chunk",
    )
    latents: int = setting(
        4, "P: values at a place of the latent space, an int8 each", least=1, most=64, flag="--p"
    )
    widths: str = setting(
        "32,64,128,128",
        "channels after each layer of the encoder, which halves the length; powers of two",
        flag="--widths",
        metavar="N,N",
    )
    grid: int = setting(
        8,
        "latent values are multiples of 1/N up to 4: of 8N levels (32: all that an int8 has)",
        among=(1, 2, 4, 8, 16, 32),
        flag="--grid",
    )
    heads: int = setting(4, "heads of self-attention", among=(1, 2, 4, 8), flag="--heads")
    trained_on: str | None = setting(None, "names of files, for people")

    def check(self) -> None:
        widths = self.widths.split(",")
        if not all(width.isdigit() and 1 <= int(width[:9]) <= MOST_WIDTH for width in widths):
            raise ValueError(f"widths must be numbers from 1 to {MOST_WIDTH} with commas")
        if not 2 <= len(widths) <= MOST_LAYERS:
            raise ValueError(f"there must be 2 to {MOST_LAYERS} widths")
        # A head needs a column; position codes come by square roots (see `network`).
        least = max(4, self.heads)
        if any(width < least or width & (width - 1) for width in self.layers):
            raise ValueError(f"widths must be powers of two from {least} on")
        if self.chunk % self.factor:
            raise ValueError(f"chunk must be a multiple of {self.factor}")

    @property
    def layers(self) -> tuple[int, ...]:
        """Channels after each layer of the encoder."""
        return tuple(int(width) for width in self.widths.split(","))

    @property
    def factor(self) -> int:
        """Bases of a place of the latent space."""
        return 1 << len(self.layers)

    @property
    def attended(self) -> int:
        """Places that attend to each other, at most."""
        return self.chunk // STRIDE

    @property
    def funnel(self) -> tuple[int, ...]:
        """Channels between the encoder's attention and the latent space."""
        return self.layers[-1] // 2, self.layers[-1] // 4

    @property
    def ascent(self) -> tuple[int, ...]:
        """Channels before each layer of the decoder, which doubles the length, and after them."""
        return (self.funnel[-1], *self.layers[-2::-1], 1)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "widths": list(self.layers)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        widths = stored.get("widths")
        if not isinstance(widths, list):
            raise InputError(f"this is no network of the kind {cls.kind}: it has no widths")
        return super().from_json({**stored, "widths": ",".join(map(str, widths))})

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the arrays; convolutions and matrices as PyTorch has them."""
        found: dict[str, tuple[int, ...]] = {}

        def layer(name: str, weight: tuple[int, ...], outputs: int) -> None:
            found[f"{name}.weight"] = weight
            found[f"{name}.bias"] = (outputs,)

        def norm(name: str, channels: int) -> None:
            found[f"{name}.scale"] = found[f"{name}.shift"] = (channels,)

        def block(name: str, width: int) -> None:
            layer(f"{name}.enter", (width, width, 1), width)
            for part, outputs, inputs in (
                ("attention", 3 * width, width),
                ("mix", width, width),
                ("wide", 4 * width, width),
                ("narrow", width, 4 * width),
            ):
                layer(f"{name}.{part}", (outputs, inputs), outputs)
            norm(f"{name}.first_norm", width)
            norm(f"{name}.second_norm", width)

        for n, (inputs, outputs) in enumerate(zip((1, *self.layers), self.layers, strict=False)):
            layer(f"down.{n}", (outputs, inputs, KERNEL), outputs)
            norm(f"down_norm.{n}", outputs)
        block("bottleneck", self.layers[-1])
        narrowing = (self.layers[-1], *self.funnel)
        for n, outputs in enumerate(self.funnel):
            layer(f"funnel.{n}", (outputs, narrowing[n], 1), outputs)
            norm(f"funnel_norm.{n}", outputs)
        layer("to_latent", (self.latents, self.funnel[-1], 1), self.latents)
        layer("from_latent", (self.ascent[0], self.latents, 1), self.ascent[0])
        for n, outputs in enumerate(self.ascent[1:]):
            layer(f"up.{n}", (self.ascent[n], outputs, KERNEL), outputs)
            if outputs > 1:
                norm(f"up_norm.{n}", outputs)
                block(f"block.{n}", outputs)
        return found
