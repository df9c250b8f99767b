"""Products of whole numbers in 16 bits, for processors that multiply 32 of them at once.

A product has rows of 8 and panels of 32 columns: a *tile* of sums that stays in registers while it
runs along both factors. What it adds are integers below 2**24 (`matmul`), so BLAS, which adds them
as floats, finds the same.

A *panel* is a part of a factor with 8 rows, or 32 columns: two inputs at a time, of these row by
row (column by column). A left factor can also be read row by row as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz import kernel as kernels
from acgz.kernel import inline_kernel, kernel
from acgz.nets.exact.matmul import quantise_row, scale_columns

Shorts = NDArray[np.int16]

ROWS, COLUMNS = 8, 32
STRIP = 256
"""Columns that are worked on together: read three times to quantise them, for example, they stay
near meanwhile. A multiple of both."""


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
    from acgz.nets.exact.tile import tile as tile
    from acgz.nets.exact.tile import turned_tile as turned_tile
else:
    tile, turned_tile = plain_tile, plain_turned_tile


class Panels(NamedTuple):
    """A factor in panels."""

    numbers: Shorts
    """Flat; filled up with zeros to whole panels and an even number of inputs."""
    inputs: int
    others: int
    """Rows of a left factor, columns of a right one."""


def columns_in_panels(
    x: NDArray[np.float32], width: int, norm: float, allowance: float
) -> tuple[Panels, NDArray[np.float32]]:
    """A right factor (k, n), quantised along its columns (`matmul`), and n inverse scales.

    ``width``: `COLUMNS`; or `ROWS`, for a left factor that is the transpose of ``x``.
    """
    k, n = x.shape
    made, inverse = _empty(k, n, width), np.empty(n, np.float32)
    largest, scale = np.empty(STRIP, np.float32), np.empty(STRIP, np.float32)
    squares, two = np.empty(STRIP, np.int64), np.empty((2, STRIP), np.int32)
    words = made.numbers.view(np.int32)
    _round_columns(x, width, norm, allowance, words, inverse, largest, scale, squares, two)
    return made, inverse


def rows_in_panels(
    x: NDArray[np.float32], norm: float, allowance: float
) -> tuple[Panels, NDArray[np.float32]]:
    """A right factor that is the transpose of ``x`` (n, k), quantised along the rows of it."""
    n, k = x.shape
    made, inverse = _empty(k, n, COLUMNS), np.empty(n, np.float32)
    rows = np.zeros((COLUMNS, k + k % 2), np.int16)
    words, out = rows.view(np.int32), made.numbers.view(np.int32)
    _round_rows(x, x.view(np.int32), norm, allowance, rows, words, out, inverse)
    return made, inverse


def in_panels(values: Shorts, width: int) -> Panels:
    """Whole numbers (k, n), any order of the axes."""
    k, n = values.shape
    made = _empty(k, n, width)
    if values.flags.c_contiguous:
        _panels(values, width, made.numbers)
    elif values.flags.f_contiguous and k % 2 == 0:
        _turned_panels(values.T.view(np.int32), width, made.numbers.view(np.int32))
    else:
        _panels(np.ascontiguousarray(values), width, made.numbers)
    return made


def product(
    left: Shorts | Panels, right: Panels, rows: NDArray[Any], columns: NDArray[Any]
) -> NDArray[np.float32]:
    """``(sum * rows[i]) * columns[j]`` for each element: float32 (m, n).

    ``left``: (m, k), any order of its axes, or in panels.
    """
    inputs = left.inputs if isinstance(left, Panels) else left.shape[1]
    if inputs != right.inputs:
        raise ValueError(f"{inputs} inputs on the left, {right.inputs} on the right")
    out = np.empty((rows.size, right.others), np.float32)
    if not inputs:
        out[:] = 0
        return out
    sums = np.empty(ROWS * COLUMNS, np.int32)
    if isinstance(left, np.ndarray):
        if left.flags.c_contiguous and rows.size >= ROWS and inputs % 2 == 0:
            flat = left.reshape(-1)
            _product(flat, right.numbers, inputs // 2, rows, columns, sums, out)
            return out
        left = in_panels(left.T, ROWS)
    pairs = (inputs + 1) // 2
    _turned_product(left.numbers, right.numbers, pairs, rows, columns, sums, out)
    return out


def _empty(inputs: int, others: int, width: int) -> Panels:
    """Panels with nothing in them but zeros where they are filled up."""
    size = (inputs + inputs % 2) * -(-others // width) * width
    room = np.empty(size + 32, np.int16)
    first = -room.ctypes.data % 64 // 2  # a load that crosses lines of the cache takes two
    numbers = room[first : first + size]
    if inputs % 2 or others % width:
        numbers[:] = 0
    return Panels(numbers, inputs, others)


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


@inline_kernel
def _write(sums, rows, columns, top, first, out):
    for i in range(min(ROWS, rows.size - top)):
        write_row(sums[COLUMNS * i :], rows[top + i], columns[first:], out[top + i, first:])


@inline_kernel
def write_row(sums, row, columns, out):
    """A row of a tile: ``(sums[j] * row) * columns[j]``, as far as there are columns."""
    if columns.size >= COLUMNS:
        for j in range(COLUMNS):
            out[j] = (np.float32(sums[j]) * row) * columns[j]
    else:
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
    for first in range(0, n, width):
        _turned_panel(words[first : min(first + width, n)], width, out[first * pairs :])


@kernel
def _turned_panel(words, width, out):
    n, pairs = words.shape
    for i in range(pairs):
        for j in range(n):
            out[i * width + j] = words[j, i]


@kernel
def _round_columns(x, width, norm, allowance, out, inverse, largest, scale, squares, two):
    k, n = x.shape
    pairs = (k + 1) // 2
    for start in range(0, n, STRIP):
        end = min(start + STRIP, n)
        ends = inverse[start:end]
        scale_columns(x, start, end, norm, allowance, ends, largest, scale, squares)
        for pair in range(pairs):
            _round(x[2 * pair, start:end], scale, two[0])
            if 2 * pair + 1 < k:
                _round(x[2 * pair + 1, start:end], scale, two[1])
            else:
                two[1] = 0
            at = start * pairs + pair * width
            _spread(two[0], two[1], end - start, width, pairs, out[at:])


@kernel
def _round(x, scale, out):
    for j in range(x.size):
        out[j] = np.int32(np.rint(x[j] * scale[j]))


@inline_kernel
def _spread(even, odd, size, width, pairs, out):
    """Two inputs of a strip to their panels, as words of both."""
    for j in range(size):
        even[j] = (even[j] & np.int32(0xFFFF)) | (odd[j] << np.int32(16))
    for first in range(0, size, width):
        at = first * pairs
        if first + width > size:
            for j in range(size - first):
                out[at + j] = even[first + j]
        elif width == ROWS:
            for j in range(ROWS):
                out[at + j] = even[first + j]
        else:
            for j in range(COLUMNS):
                out[at + j] = even[first + j]


@kernel
def _round_rows(x, bits, norm, allowance, rows, words, out, inverse):
    n, k = x.shape
    pairs = words.shape[1]
    for first in range(0, n, COLUMNS):
        count = min(COLUMNS, n - first)
        for i in range(count):
            at = first + i
            quantise_row(x[at], bits[at], norm, allowance, rows[i, :k], inverse, at)
        _turned_panel(words[:count], COLUMNS, out[first * pairs :])
