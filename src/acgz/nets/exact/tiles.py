"""Products of whole numbers in 16 bits, for processors that multiply 32 of them at once.

A product has rows of 8 and panels of 32 columns: a *tile* of sums that stays in registers while it
runs along both factors. What it adds are integers below 2**24 (`matmul`), so BLAS, which adds them
as floats, finds the same.

A *panel* is a part of a factor with 8 rows, or 32 columns: two inputs at a time, of these row by
row (column by column). A left factor can also be read row by row as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz import kernel as kernels
from acgz.kernel import kernel

Shorts = NDArray[np.int16]

ROWS, COLUMNS = 8, 32


def plain_tile(left, at, panels, panel, pairs, sums):
    """`tile` without a compiler."""
    _sum(left[at : at + 2 * ROWS * pairs].reshape(ROWS, -1), panels, panel, sums)


def plain_turned_tile(left, at, panels, panel, pairs, sums):
    """`turned_tile` without a compiler."""
    rows = left[at : at + 2 * ROWS * pairs].reshape(-1, ROWS, 2)
    _sum(rows.transpose(1, 0, 2).reshape(ROWS, -1), panels, panel, sums)


def _sum(rows, panels, panel, sums):
    columns = panels[panel : panel + COLUMNS * rows.shape[1]].reshape(-1, COLUMNS, 2)
    columns = columns.transpose(0, 2, 1).reshape(-1, COLUMNS)
    sums[:] = (rows.astype(np.int32) @ columns.astype(np.int32)).ravel()


if kernels.compiles_here():
    from acgz.nets.exact.tile import tile, turned_tile
else:
    tile, turned_tile = plain_tile, plain_turned_tile


def right_factor(values: Shorts) -> Shorts:
    """Panels of a right factor (k, n), any order of its axes; flat."""
    return _panels_of(values, COLUMNS)


def product(
    left: Shorts, panels: Shorts, rows: NDArray[Any], columns: NDArray[Any]
) -> NDArray[Any]:
    """``(sum * rows[i]) * columns[j]`` for each element: float32 (m, n).

    ``left``: (m, k), any order of its axes; ``panels``: of a right factor (k, n).
    """
    m, k = left.shape
    out = np.empty((m, columns.size), np.float32)
    sums = np.empty(ROWS * COLUMNS, np.int32)
    if left.flags.c_contiguous and m >= ROWS and k % 2 == 0:
        _product(left.ravel(), panels, k // 2, rows, columns, sums, out)
    else:
        turned = _panels_of(left.T, ROWS)
        _turned_product(turned, panels, (k + 1) // 2, rows, columns, sums, out)
    return out


def _panels_of(values: Shorts, width: int) -> Shorts:
    """``values`` (k, n) in panels of ``width`` columns, filled up with zeros."""
    k, n = values.shape
    even = k % 2 == 0
    size = (k + k % 2) * -(-n // width) * width
    room = np.empty(size + 32, np.int16)
    first = -room.ctypes.data % 64 // 2  # a load that crosses lines of the cache takes two
    out = room[first : first + size]
    if not even or n % width:
        out[:] = 0
    if values.flags.c_contiguous:
        _panels(values, width, out)
    elif even:
        _turned_panels(values.T.view(np.int32), width, out.view(np.int32))
    else:
        _panels(np.ascontiguousarray(values), width, out)
    return out


@kernel
def _product(left, panels, pairs, rows, columns, sums, out):
    m, n = out.shape
    for first in range(0, n, COLUMNS):
        for start in range(0, m, ROWS):
            top = min(start, m - ROWS)  # the last tile begins earlier, so that it has all its rows
            tile(left, 2 * top * pairs, panels, 2 * first * pairs, pairs, sums)
            _write(sums, rows, columns, top, first, out)


@kernel
def _turned_product(left, panels, pairs, rows, columns, sums, out):
    m, n = out.shape
    for first in range(0, n, COLUMNS):
        for top in range(0, m, ROWS):
            turned_tile(left, 2 * top * pairs, panels, 2 * first * pairs, pairs, sums)
            _write(sums, rows, columns, top, first, out)


@kernel
def _write(sums, rows, columns, top, first, out):
    part = columns[first : min(first + COLUMNS, columns.size)]
    for i in range(min(ROWS, rows.size - top)):
        _scale(sums[COLUMNS * i :], rows[top + i], part, out[top + i, first:])


@kernel
def _scale(sums, row, columns, out):
    for j in range(columns.size):
        out[j] = (np.float32(sums[j]) * row) * columns[j]


@kernel
def _panels(values, width, out):
    k, n = values.shape
    at = 0
    for first in range(0, n, width):
        end = min(first + width, n)
        for i in range(0, k - 1, 2):
            _pairs(values[i, first:end], values[i + 1, first:end], out[at:])
            at += 2 * width
        if k % 2:
            for j in range(first, end):
                out[at + 2 * (j - first)] = values[k - 1, j]
            at += 2 * width


@kernel
def _pairs(even, odd, out):
    for j in range(even.size):
        out[2 * j] = even[j]
        out[2 * j + 1] = odd[j]


@kernel
def _turned_panels(words, width, out):
    n, pairs = words.shape
    at = 0
    for first in range(0, n, width):
        for i in range(pairs):
            for j in range(first, min(first + width, n)):
                out[at + j - first] = words[j, i]
            at += width
