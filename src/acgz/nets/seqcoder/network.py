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
from acgz.nets.exact.matmul import Quantised
from acgz.nets.exact.operations import Array, Operations, softmax
from acgz.nets.seqcoder.architecture import (
    BASES,
    LATENTS,
    LEVELS,
    PADDING,
    STRIDE,
    SeqCoderArchitecture,
)
from acgz.nets.seqcoder.convolution import Convolution, TransposedConvolution


class AutoEncoder:
    """Bases to levels of the latent space, and levels to a number for each possible base.

    Sequences of one batch have equal lengths, multiples of P; what comes out for one of them
    does not depend on the others.
    """

    def __init__(self, ops: Operations, d: SeqCoderArchitecture, arrays: Arrays) -> None:
        self._ops = ops
        layers = range(len(d.layers))
        self._down = [
            Convolution(ops, *_layer(arrays, f"down.{n}"), STRIDE, PADDING) for n in layers
        ]
        self._down_norm = [_Norm(ops, arrays, f"down_norm.{n}") for n in layers]
        self._encoder_attention = _SelfAttention(ops, arrays, "encoder_attention")
        self._to_latent = Convolution(ops, *_layer(arrays, "to_latent"))
        self._from_latent = Convolution(ops, *_layer(arrays, "from_latent"))
        self._from_latent_norm = _Norm(ops, arrays, "from_latent_norm")
        self._decoder_attention = _SelfAttention(ops, arrays, "decoder_attention")
        self._up = [
            TransposedConvolution(ops, *_layer(arrays, f"up.{n}"), STRIDE, PADDING) for n in layers
        ]
        self._up_norm = [_Norm(ops, arrays, f"up_norm.{n}") for n in layers[:-1]]

    def encode(self, bases: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bases (B, L) to levels (B, L / P, LATENTS), 0 … LEVELS - 1."""
        ops = self._ops
        x = ops.array(np.eye(BASES, dtype=np.float32)[bases])
        for layer, norm in zip(self._down, self._down_norm, strict=True):
            x = norm.forward(ops.positive(layer.forward(x)))
        x = self._to_latent.forward(self._encoder_attention.forward(x))
        values = ops.numpy(ops.tanh(x)) * np.float32(LEVELS / 2)
        return np.clip(np.floor(values) + LEVELS / 2, 0, LEVELS - 1).astype(np.uint8)

    def decode(self, levels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Levels (B, T, n) to (B, P * T, BASES): the larger, the more likely is that base.

        n may be below LATENTS: the values that are missing are the last ones of each position.
        """
        ops = self._ops
        many, positions, kept = levels.shape
        known = np.zeros((many, positions, LATENTS), np.float32)
        centres = levels.astype(np.float32) - np.float32((LEVELS - 1) / 2)
        known[:, :, :kept] = centres * np.float32(2 / LEVELS)
        x = ops.positive(self._from_latent.forward(ops.array(known)))
        x = self._decoder_attention.forward(self._from_latent_norm.forward(x))
        for number, layer in enumerate(self._up):
            x = layer.forward(x)
            if number < len(self._up_norm):
                x = self._up_norm[number].forward(ops.positive(x))
        out: NDArray[np.float32] = ops.numpy(x)
        return out


class _Norm:
    """Batch norm of a trained network: a scale and a shift per channel."""

    def __init__(self, ops: Operations, arrays: Arrays, name: str) -> None:
        self._scale = ops.array(arrays[f"{name}.scale"].astype(np.float32))
        self._shift = ops.array(arrays[f"{name}.shift"].astype(np.float32))

    def forward(self, x: Array) -> Array:
        return x * self._scale + self._shift


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
        key = ops.quantise(ops.contiguous(rows[:, keys : 2 * keys]), 1)
        scores = ops.product(ops.quantise(query, 1), Quantised(key.values.T, key.inverse.T))
        weights = ops.single(softmax(ops.counts(scores)))
        value = ops.quantise(ops.contiguous(rows[:, 2 * keys :]), 0)
        return ops.product(ops.quantise(weights, 1), value)


def _layer(arrays: Arrays, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    return arrays[f"{name}.weight"], arrays[f"{name}.bias"]
