"""The network of the form "twobit" in exact arithmetic.

`acgz.nets.seqcoder.twobit.torch_network` has the same network for training.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.nets.architecture import Arrays
from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.operations import Array, Operations, softmax
from acgz.nets.seqcoder.convolution import Convolution, TransposedConvolution
from acgz.nets.seqcoder.guesses import Guesses
from acgz.nets.seqcoder.network import Norm, layer
from acgz.nets.seqcoder.twobit.architecture import (
    BASES,
    LEVELS,
    PADDING,
    STRIDE,
    TwoBitArchitecture,
)


class TwoBitAutoEncoder:
    """Bases to levels of the latent space, and levels to a number for each possible base.

    Sequences of one batch have equal lengths, multiples of the factor; what comes out for one of
    them does not depend on the others.
    """

    def __init__(self, ops: Operations, d: TwoBitArchitecture, arrays: Arrays) -> None:
        self._ops = ops
        layers = range(len(d.layers))
        self._down = [
            Convolution(ops, *layer(arrays, f"down.{n}"), STRIDE, PADDING) for n in layers
        ]
        self._down_norm = [Norm(ops, arrays, f"down_norm.{n}") for n in layers]
        self._encoder_attention = _SelfAttention(ops, arrays, "encoder_attention")
        self._to_latent = Convolution(ops, *layer(arrays, "to_latent"))
        self._from_latent = Convolution(ops, *layer(arrays, "from_latent"))
        self._from_latent_norm = Norm(ops, arrays, "from_latent_norm")
        self._decoder_attention = _SelfAttention(ops, arrays, "decoder_attention")
        self._up = [
            TransposedConvolution(ops, *layer(arrays, f"up.{n}"), STRIDE, PADDING) for n in layers
        ]
        self._up_norm = [Norm(ops, arrays, f"up_norm.{n}") for n in layers[:-1]]

    def encode(self, bases: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bases (B, L) to levels (B, L / factor, LATENTS), 0 … LEVELS - 1."""
        ops = self._ops
        x = ops.array(np.eye(BASES, dtype=np.float32)[bases])
        for convolution, norm in zip(self._down, self._down_norm, strict=True):
            x = norm.forward(ops.positive(convolution.forward(x)))
        x = self._to_latent.forward(self._encoder_attention.forward(x))
        values = ops.numpy(ops.tanh(x)) * np.float32(LEVELS / 2)
        return np.clip(np.floor(values) + LEVELS / 2, 0, LEVELS - 1).astype(np.uint8)

    def guesses(self, latents: NDArray[np.uint8]) -> Guesses:
        """Levels (B, T, LATENTS) to guesses of B * factor * T bases."""
        return Guesses.by_output(self.decode(latents).reshape(-1, BASES))

    def decode(self, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Levels (B, T, LATENTS) to (B, factor * T, BASES): the larger, the likelier a base."""
        ops = self._ops
        centres = levels.astype(np.float32) - np.float32((LEVELS - 1) / 2)
        x = ops.positive(self._from_latent.forward(ops.array(centres * np.float32(2 / LEVELS))))
        x = self._decoder_attention.forward(self._from_latent_norm.forward(x))
        for number, convolution in enumerate(self._up):
            x = convolution.forward(x)
            if number < len(self._up_norm):
                x = self._up_norm[number].forward(ops.positive(x))
        out: NDArray[np.float32] = ops.numpy(x)
        return out


class _SelfAttention:
    """x + gain * attention(x) over all positions of a sequence, in one head."""

    def __init__(self, ops: Operations, arrays: Arrays, name: str) -> None:
        self._ops = ops
        names = ("query", "key", "value")
        weights = [arrays[f"{name}.{part}.weight"][:, :, 0] for part in names]
        biases = [arrays[f"{name}.{part}.bias"] for part in names]
        self._matrix = Matrix(ops, ops.array(np.concatenate(weights).astype(np.float32).T))
        self._bias = ops.array(np.concatenate(biases).astype(np.float32))
        self._gain = ops.array(arrays[f"{name}.gain"].astype(np.float32))
        self._keys = weights[0].shape[0]

    def forward(self, x: Array) -> Array:
        """x: (B, T, width); the same shape."""
        many, positions, width = x.shape
        rows = self._matrix.forward(x.reshape(many * positions, width)) + self._bias
        rows = rows.reshape(many, positions, -1)
        mixed = self._ops.array(np.zeros((many, positions, width), np.float32))
        for number in range(many):
            mixed[number] = self._attend(rows[number])
        return x + mixed * self._gain

    def _attend(self, rows: Array) -> Array:
        """``rows`` (T, 2 * keys + width): queries, keys and values; (T, width)."""
        ops, keys = self._ops, self._keys
        query = ops.contiguous(rows[:, :keys]) * float(keys) ** -0.5
        key = ops.right_factor(ops.contiguous(rows[:, keys : 2 * keys]), 1)
        scores = ops.product(ops.quantise(query, 1), key)
        weights = ops.single(softmax(ops.counts(scores)))
        value = ops.right_factor(ops.contiguous(rows[:, 2 * keys :]), 0)
        return ops.product(ops.quantise(weights, 1), value)
