"""The SeqCoder autoencoder in exact arithmetic, encoder and decoder.

`acgz.nets.seqcoder.torch_network` has the same network for training. Both directions are exact:
the encoder so that compressing gives the same archive everywhere, and without PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.nets.architecture import Arrays
from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.operations import Array, Operations
from acgz.nets.seqcoder.architecture import (
    EPSILON,
    LIMIT,
    PADDING,
    STRIDE,
    SeqCoderArchitecture,
)
from acgz.nets.seqcoder.convolution import Convolution, TransposedConvolution
from acgz.nets.seqcoder.guesses import Guesses
from acgz.nets.seqcoder.positions import codes
from acgz.nets.seqcoder.values import RESIDUE, VALUE_OF

ZERO = 128
"""The byte of a latent value of 0: one more or less is a step of the grid."""
_INNER, _CUBE = 2 * 0.7978845608028654, 0.044715
"""Of GELU: 2 √(2/π), and the weight of the cube."""


class AutoEncoder:
    """Bases to bytes of the latent space, and bytes to a value for each base.

    Sequences of one batch have equal lengths, multiples of the factor; what comes out for one of
    them does not depend on the others.
    """

    def __init__(self, ops: Operations, d: SeqCoderArchitecture, arrays: Arrays) -> None:
        self._ops = ops
        self._grid = d.grid
        layers, steps = range(len(d.layers)), len(d.ascent) - 1
        self._down = [
            Convolution(ops, *layer(arrays, f"down.{n}"), STRIDE, PADDING) for n in layers
        ]
        self._down_norm = [Norm(ops, arrays, f"down_norm.{n}") for n in layers]
        self._bottleneck = _Block(ops, arrays, "bottleneck", d.heads)
        self._funnel = [Convolution(ops, *layer(arrays, f"funnel.{n}")) for n in (0, 1)]
        self._funnel_norm = [Norm(ops, arrays, f"funnel_norm.{n}") for n in (0, 1)]
        self._to_latent = Convolution(ops, *layer(arrays, "to_latent"))
        self._from_latent = Convolution(ops, *layer(arrays, "from_latent"))
        self._up = [
            TransposedConvolution(ops, *layer(arrays, f"up.{n}"), STRIDE, PADDING)
            for n in range(steps)
        ]
        self._up_norm = [Norm(ops, arrays, f"up_norm.{n}") for n in range(steps - 1)]
        self._blocks = [_Block(ops, arrays, f"block.{n}", d.heads) for n in range(steps - 1)]

    def encode(self, residues: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Residues (B, L) to bytes (B, L / factor, P)."""
        ops = self._ops
        x = ops.array(VALUE_OF[residues][:, :, None])
        for convolution, norm in zip(self._down, self._down_norm, strict=True):
            x = ops.positive(norm.forward(convolution.forward(x)))
        x = self._bottleneck.forward(x)
        for convolution, norm in zip(self._funnel, self._funnel_norm, strict=True):
            x = ops.positive(norm.forward(convolution.forward(x)))
        latents = np.rint(ops.numpy(self._to_latent.forward(x)) * np.float32(self._grid))
        most = LIMIT * self._grid
        return (np.clip(latents, -most, most - 1) + ZERO).astype(np.uint8)

    def guesses(self, latents: NDArray[np.uint8]) -> Guesses:
        """Bytes (B, T, P) to guesses of B * factor * T bases."""
        return Guesses.by_value(self.decode(latents).reshape(-1), RESIDUE)

    def decode(self, latents: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Bytes (B, T, P) to values of bases (B, factor * T), from 0 to 1."""
        ops = self._ops
        known = (latents.astype(np.float32) - np.float32(ZERO)) * np.float32(1 / self._grid)
        x = self._from_latent.forward(ops.array(known))
        steps = zip(self._up, self._up_norm, self._blocks, strict=False)
        for convolution, norm, block in steps:
            x = block.forward(ops.positive(norm.forward(convolution.forward(x))))
        values: NDArray[np.float32] = ops.numpy(ops.sigmoid(self._up[-1].forward(x)))
        return values[:, :, 0]


class Norm:
    """Batch norm of a trained network: a scale and a shift per channel."""

    def __init__(self, ops: Operations, arrays: Arrays, name: str) -> None:
        self._scale = ops.array(arrays[f"{name}.scale"].astype(np.float32))
        self._shift = ops.array(arrays[f"{name}.shift"].astype(np.float32))

    def forward(self, x: Array) -> Array:
        return x * self._scale + self._shift


class _LayerNorm(Norm):
    """Rows (m, n) with mean 0 and variance 1, times a scale, plus a shift; n is a power of two."""

    def __init__(self, ops: Operations, arrays: Arrays, name: str) -> None:
        super().__init__(ops, arrays, name)
        self._ops = ops

    def forward(self, x: Array) -> Array:
        share = 1.0 / x.shape[1]  # a power of two: exact
        centred = x - _folded(x) * share
        variance = _folded(centred * centred) * share
        inverse = 1.0 / self._ops.root(variance + EPSILON)
        return super().forward(centred * inverse)


class _Linear:
    """A matrix and a bias, as PyTorch's Linear has them."""

    def __init__(self, ops: Operations, arrays: Arrays, name: str) -> None:
        weight, bias = layer(arrays, name)
        self._matrix = Matrix(ops, ops.array(weight.astype(np.float32).T))
        self._bias = ops.array(bias.astype(np.float32))

    def forward(self, x: Array) -> Array:
        return self._matrix.forward(x) + self._bias


class _Block:
    """Self-attention over all places of a sequence, then a feed-forward layer."""

    def __init__(self, ops: Operations, arrays: Arrays, name: str, heads: int) -> None:
        self._ops = ops
        self._heads = heads
        self._enter = Convolution(ops, *layer(arrays, f"{name}.enter"))
        self._attention, self._mix, self._wide, self._narrow = (
            _Linear(ops, arrays, f"{name}.{part}")
            for part in ("attention", "mix", "wide", "narrow")
        )
        self._first_norm = _LayerNorm(ops, arrays, f"{name}.first_norm")
        self._second_norm = _LayerNorm(ops, arrays, f"{name}.second_norm")

    def forward(self, x: Array) -> Array:
        """x: (B, T, width); the same shape."""
        many, places, width = x.shape
        h = self._enter.forward(x) + self._ops.array(codes(places, width).copy())
        h = h.reshape(many * places, width)
        rows = self._attention.forward(h).reshape(many, places, 3 * width)
        mixed = self._ops.array(np.empty((many, places, width), np.float32))
        for number in range(many):
            self._attend(rows[number], mixed[number])
        h = self._first_norm.forward(h + self._mix.forward(mixed.reshape(h.shape)))
        h = self._second_norm.forward(h + self._narrow.forward(self._gelu(self._wide.forward(h))))
        return h.reshape(many, places, width)

    def _attend(self, rows: Array, out: Array) -> None:
        """``rows`` (T, 3 * width): queries, keys and values of all heads; ``out``: (T, width)."""
        ops, width = self._ops, out.shape[1]
        size = width // self._heads
        for first in range(0, width, size):
            query, key, value = (
                ops.contiguous(rows[:, begin : begin + size])
                for begin in range(first, 3 * width, width)
            )
            asked = ops.quantise(query * float(size) ** -0.5, 1)
            scores = ops.product(asked, ops.right_factor(key, 1))
            counts = ops.counts(scores)  # whole numbers up to 2**24: exact in float32
            weights = ops.quantise(ops.single(counts), 1)
            total = ops.single(counts.sum(1))[:, None]
            out[:, first : first + size] = ops.product(weights, ops.right_factor(value, 0)) / total

    def _gelu(self, x: Array) -> Array:
        return x * self._ops.sigmoid((x + x * x * x * _CUBE) * _INNER)


def _folded(x: Array) -> Array:
    """Sums of rows (m, n), halves added to each other: (m, 1); an order that is written down."""
    while x.shape[1] > 1:
        half = x.shape[1] // 2
        x = x[:, :half] + x[:, half:]
    return x


def layer(arrays: Arrays, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weight and bias."""
    return arrays[f"{name}.weight"], arrays[f"{name}.bias"]
