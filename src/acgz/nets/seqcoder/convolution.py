"""Convolutions along sequences, as exact products of windows with a matrix.

Sequences lie position by position: (B, L, channels), B of them of L positions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.operations import Array, Operations


class Convolution:
    """What PyTorch calls Conv1d, with zeros beyond both ends; L is a multiple of the stride."""

    def __init__(
        self,
        ops: Operations,
        weight: NDArray[Any],
        bias: NDArray[Any],
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        """``weight``: (outputs, inputs, kernel), ``bias``: (outputs,)."""
        outputs, inputs, self._kernel = weight.shape
        taps = weight.astype(np.float32).transpose(2, 1, 0)  # (kernel, inputs, outputs)
        self._ops = ops
        self._matrix = Matrix(ops, ops.array(taps.reshape(self._kernel * inputs, outputs)))
        self._bias = ops.array(bias.astype(np.float32))
        self._stride = stride
        self._padding = padding

    def forward(self, x: Array) -> Array:
        """x: (B, L, inputs) to (B, L / stride, outputs)."""
        rows = windows(self._ops, x, -self._padding, self._kernel, self._stride)
        out = self._matrix.forward(rows) + self._bias
        return out.reshape(x.shape[0], x.shape[1] // self._stride, -1)


class TransposedConvolution:
    """What PyTorch calls ConvTranspose1d, with an output padding that makes it ``stride`` times as
    long; the kernel is at most ``stride + 2 * padding``.

    Every position becomes ``stride`` positions. Each of them is an ordinary convolution with
    some of the taps, so all are one product of a window with a matrix that is partly zero.
    """

    def __init__(
        self,
        ops: Operations,
        weight: NDArray[Any],
        bias: NDArray[Any],
        stride: int,
        padding: int,
    ) -> None:
        """``weight``: (inputs, outputs, kernel), ``bias``: (outputs,)."""
        inputs, outputs, kernel = weight.shape
        # Input t - d reaches output stride * t + place through tap place + padding + stride * d.
        self._reach = -(-padding // stride)
        taps = np.zeros((2 * self._reach + 1, inputs, stride, outputs), np.float32)
        for place in range(stride):
            for d in range(-self._reach, self._reach + 1):
                tap = place + padding + stride * d
                if 0 <= tap < kernel:
                    taps[self._reach - d, :, place] = weight[:, :, tap]
        self._ops = ops
        self._matrix = Matrix(ops, ops.array(taps.reshape(-1, stride * outputs)))
        self._bias = ops.array(np.tile(bias.astype(np.float32), stride))
        self._stride = stride

    def forward(self, x: Array) -> Array:
        """x: (B, L, inputs) to (B, stride * L, outputs)."""
        rows = windows(self._ops, x, -self._reach, 2 * self._reach + 1, 1)
        out = self._matrix.forward(rows) + self._bias
        return out.reshape(x.shape[0], x.shape[1] * self._stride, -1)


def windows(ops: Operations, x: Array, first: int, width: int, stride: int) -> Array:
    """Windows of x (B, L, channels) at every ``stride``-th position: (B * L / stride, width *
    channels).

    The window of position t begins at t + ``first`` <= t; beyond the ends there are zeros.
    """
    many, length, channels = x.shape
    places = length // stride
    reach = stride * (places - 1) + 1
    if width == 1:
        return x[:, ::stride].reshape(many * places, channels)
    padded = ops.array(np.zeros((many, max(length - first, reach + width - 1), channels), "f4"))
    padded[:, -first : length - first] = x
    parts = [padded[:, k : k + reach : stride] for k in range(width)]
    return ops.join([part.reshape(many * places, channels) for part in parts])
