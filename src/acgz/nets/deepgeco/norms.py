"""Layer norms, forward and backward: in operations of a backend, and as kernels of the same bits.

NumPy passes over an array for each operation, eleven times for a norm. The kernels go over each row
while it is near, and do the same with it, one operation after the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from acgz.kernel import inline_kernel, kernel
from acgz.nets.exact.functions import elementwise
from acgz.nets.exact.operations import Array

GRID = 2.0**24
"""Sums are taken of multiples of 1/GRID, which float64 adds without rounding."""
LIMIT = 2.0**14
"""Numbers are clipped to ±LIMIT before they are summed: 2**15 of them stay below 2**53."""
_MAGIC = 1.5 * 2.0**52
"""Adding it rounds half to even, and leaves the whole number in the last bits."""
_MAGIC_BITS = np.float64(_MAGIC).view(np.int64)
_SMALL = np.float32(1e-5)
_ONE = np.float32(1.0)


class Norms:
    """Layer norms of a backend that has ``total`` and ``root``."""

    total: Any
    root: Any

    def norm(self, x: Array, gain: Array, bias: Array, unit: float) -> tuple[Array, Array, Array]:
        """Rows of x (m, n) with mean 0 and variance 1, times ``gain`` (n,), plus ``bias`` (n,);
        the rows before that; and (m, 1): 1 / standard deviation.

        Squares are summed in ``unit`` * ``unit``, a power of two: a sum clips what is above
        `LIMIT`, so x may be 128 units from its mean.
        """
        share = 1.0 / x.shape[1]
        centred = x - (self.total(x, 1) * share)[:, None]
        scaled = centred * (1.0 / unit)
        variance = self.total(scaled * scaled, 1) * (share * unit * unit)
        inverse = (1.0 / self.root(variance + 1e-5))[:, None]
        direction = centred * inverse
        return direction * gain + bias, direction, inverse

    def norm_gradient(
        self, direction: Array, inverse: Array, gain: Array, gradient: Array
    ) -> Array:
        """Gradient of x (m, n), from that of the result and what `norm` gave besides."""
        share = 1.0 / gradient.shape[1]
        inner = gradient * gain
        mean = (self.total(inner, 1) * share)[:, None]
        along = (self.total(inner * direction, 1) * share)[:, None]
        return (inner - mean - direction * along) * inverse


@inline_kernel
def on_grid(x):
    """A float32 in units of 1/GRID, rounded half to even, as an integer: they can be added in any
    order, so a loop over them runs on many at once."""
    clipped = min(max(np.float64(x), -LIMIT), LIMIT)
    return np.float64(clipped * GRID + _MAGIC).view(np.int64) - _MAGIC_BITS


@inline_kernel
def from_grid(whole):
    """A sum of numbers `on_grid`, as a float32."""
    return np.float32(np.float64(whole) / GRID)


@kernel(**elementwise)
def total_rows(x, out):
    """Sums of the rows."""
    for i in range(x.shape[0]):
        out[i] = _total(x[i])


@kernel(**elementwise)
def _total(x):
    whole = np.int64(0)
    for j in range(x.size):
        whole += on_grid(x[j])
    return from_grid(whole)


@kernel(**elementwise)
def norm_rows(x, gain, bias, unit, out, direction, inverse):
    """`Norms.norm`."""
    for i in range(x.shape[0]):
        _norm_row(x[i], gain, bias, unit, out[i], direction[i], inverse[i])


@kernel(**elementwise)
def _norm_row(x, gain, bias, unit, out, direction, inverse):
    n = x.size
    share = np.float32(1.0 / n)
    mean = _total(x) * share
    smaller = np.float32(1.0 / unit)
    whole = np.int64(0)
    for j in range(n):
        centred = x[j] - mean
        direction[j] = centred
        scaled = centred * smaller
        whole += on_grid(scaled * scaled)
    variance = from_grid(whole) * np.float32(1.0 / n * unit * unit)
    inverted = _ONE / np.sqrt(variance + _SMALL)
    inverse[0] = inverted
    for j in range(n):
        one = direction[j] * inverted
        direction[j] = one
        out[j] = one * gain[j] + bias[j]


@kernel(**elementwise)
def norm_gradient_rows(direction, inverse, gain, gradient, out):
    """`Norms.norm_gradient`."""
    for i in range(out.shape[0]):
        _norm_gradient_row(direction[i], inverse[i, 0], gain, gradient[i], out[i])


@kernel(**elementwise)
def _norm_gradient_row(direction, inverse, gain, gradient, out):
    n = out.size
    share = np.float32(1.0 / n)
    whole = np.int64(0)
    along_whole = np.int64(0)
    for j in range(n):
        inner = gradient[j] * gain[j]
        out[j] = inner
        whole += on_grid(inner)
        along_whole += on_grid(inner * direction[j])
    mean = from_grid(whole) * share
    along = from_grid(along_whole) * share
    for j in range(n):
        out[j] = ((out[j] - mean) - direction[j] * along) * inverse
