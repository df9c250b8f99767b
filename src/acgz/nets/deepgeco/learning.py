"""Steps of Adam as kernels: of a gradient that is there, or of a product, tile by tile.

The gradient of a large matrix of parameters would be written to memory and read again. In a tile
(`acgz.nets.exact.tiles`) it is used where it comes out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import inline_kernel, kernel
from acgz.nets.exact.functions import elementwise
from acgz.nets.exact.tiles import COLUMNS, ROWS, STRIP, Panels, turned_tile, write_row

LONGEST_STEP = 8.0
"""Adam moves a parameter by at most this many learning rates. Without momentum a rare large
gradient would move it by up to 31 for β2 = 0.999 (the root of 1000), and 5.8 for 0.97."""
_LONGEST = np.float32(LONGEST_STEP)


class Step(NamedTuple):
    """The numbers of a step of Adam."""

    rate: np.float32
    """Learning rate."""
    decay: np.float32
    """β2."""
    rest: np.float32
    """1 - β2."""
    lift: np.float32
    """What the root of the mean square is multiplied by, since few gradients are in it."""


def adam_of_tiles(
    p: NDArray[np.float32],
    v: NDArray[np.float32],
    left: Panels,
    right: Panels,
    rows: NDArray[np.float32],
    columns: NDArray[np.float32],
    step: Step,
) -> None:
    """A step of parameters (m, n) whose gradients are ``(sum * rows[i]) * columns[j]``."""
    sums = np.empty(ROWS * COLUMNS, np.int32)
    gradient = np.empty((ROWS, STRIP), np.float32)
    pairs = (left.inputs + 1) // 2
    factors = left.numbers, right.numbers
    _move_tiles(p, v, *factors, pairs, rows, columns, sums, gradient, *step)


@inline_kernel(**elementwise)
def move(p, v, g, rate, decay, rest, lift):
    """A step of flat arrays of parameters."""
    for i in range(p.size):
        v[i] = decay * v[i] + rest * (g[i] * g[i])
        step = g[i] / (np.sqrt(v[i]) * lift + np.float32(1e-6))
        p[i] -= rate * min(max(step, -_LONGEST), _LONGEST)


@kernel(**elementwise)
def _move_tiles(p, v, left, right, pairs, rows, columns, sums, gradient, rate, decay, rest, lift):
    m, n = p.shape
    for start in range(0, n, STRIP):
        size = min(STRIP, n - start)
        part = columns[start : start + size]
        for top in range(0, m, ROWS):
            count = min(ROWS, m - top)
            for first in range(0, size, COLUMNS):
                at = 2 * (start + first) * pairs
                turned_tile(left, 2 * top * pairs, right, at, pairs, sums)
                for i in range(count):
                    write_row(sums[COLUMNS * i :], rows[top + i], part[first:], gradient[i, first:])
            for i in range(count):
                at = top + i
                move(
                    p[at, start : start + size], v[at, start : start + size], gradient[i],
                    rate, decay, rest, lift,
                )  # fmt: skip
