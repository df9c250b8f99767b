"""Adam without momentum (Kingma and Ba, 2014, β1 = 0) for weights that are used as integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.engine.prior import WEIGHT_MOST, rounded
from acgz.engine.products import as_floats
from acgz.engine.simd import absolute, greatest, larger, load, root, splat, store, store_bytes
from acgz.kernel import inline_kernel, kernel

RATE = np.float32(0.0005)
DECAY = np.float32(0.999)
"""β2."""
CALM = np.float32(0.001)
"""Added to the root of the mean square of a gradient."""
LEAST = np.float32(2.0**-30)
"""The largest weight of a row counts as at least this."""

_REST = np.float32(1) - DECAY
_WEIGHT_MOST = np.float32(WEIGHT_MOST)


def units(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """What an integer of 1 is worth in each row, so that the largest weight is `WEIGHT_MOST`."""
    found: NDArray[np.float32] = np.maximum(np.abs(matrix).max(axis=1), LEAST) / _WEIGHT_MOST
    return found


@inline_kernel
def _step(weights, squares, at, gradient, lift):
    """Eight weights after a step, which also go to ``weights[at:]``."""
    s = load(squares, at) * splat(DECAY) + (gradient * gradient) * splat(_REST)
    store(squares, at, s)
    w = load(weights, at)
    w = w - (gradient * splat(RATE)) / (root(s * splat(lift)) + splat(CALM))
    store(weights, at, w)
    return w


@kernel
def descend(weights, squares, gradient, lift):
    """A step of ``weights``, the next of ``squares``; ``lift``: 1 / (1 - DECAY ** steps)."""
    for at in range(0, weights.size, 8):
        _step(weights, squares, at, load(gradient, at), lift)


@kernel
def descend_rows(weights, squares, sums, worth, at, row, rows, inputs, lift, units):
    """The same for a matrix that begins at ``at`` and whose first row is ``row``.

    Gradients are int32 ``sums`` times what those of a row are ``worth``. What an integer of 1 will
    be worth in a row goes to ``units``.
    """
    for i in range(row, row + rows):
        most = splat(LEAST)
        each = splat(worth[i])
        for j in range(at, at + inputs, 8):
            gradient = as_floats(sums, j) * each
            most = larger(most, absolute(_step(weights, squares, j, gradient, lift)))
        at += inputs
        units[i] = greatest(most) / _WEIGHT_MOST


@kernel
def fix(weights, units, at, row, rows, inputs, out):
    """The weights of such a matrix as integers, to the int8 ``out``."""
    for i in range(row, row + rows):
        unit = splat(units[i])
        for j in range(at, at + inputs, 8):
            store_bytes(out, j, rounded(load(weights, j) / unit))
        at += inputs
