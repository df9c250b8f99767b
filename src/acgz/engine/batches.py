"""Sums over a batch of 3-mers: slope times integer, for each weight, exactly.

Slopes and integers lie in *panels*: of 16 columns and two 3-mers, `PANEL` int16, column by column
with the two 3-mers side by side; panels of the same columns follow each other. So a sum reads
memory in order, and multiplies two 3-mers at once (``vpmaddwd``).
"""

from __future__ import annotations

import numpy as np

from acgz.engine.prior import TOKENS, rounded
from acgz.engine.simd import load, store, store_pairs
from acgz.kernel import compiles_here, inline_kernel, kernel

COLUMNS = 16
PANEL = 2 * COLUMNS


@kernel
def pack(values, unit, panels):
    """Round ``values[i * unit.size + j] * unit[j]`` to integers, into panels."""
    columns = unit.size
    pairs = values.size // columns // 2
    for i in range(pairs):
        row = 2 * i * columns
        for j in range(0, columns, COLUMNS):
            at = (j // COLUMNS * pairs + i) * PANEL
            for k in range(j, j + COLUMNS, 8):
                one = load(unit, k)
                a = rounded(load(values, row + k) * one)
                b = rounded(load(values, row + columns + k) * one)
                store_pairs(panels, at + 2 * (k - j), a, b)


@kernel
def count(values, unit, tokens, table, totals):
    """Sums of the same integers, which floats hold: of each column, and for each 3-mer.

    Added to ``totals``, and those of the first columns to rows of ``table``, one for each 3-mer.
    """
    columns = unit.size
    some = table.size // TOKENS
    for i in range(tokens.size):
        for j in range(0, columns, 8):
            whole = rounded(load(values, i * columns + j) * load(unit, j))
            store(totals, j, load(totals, j) + whole)
            if j < some:
                at = np.int64(tokens[i]) * some + j
                store(table, at, load(table, at) + whole)


if not compiles_here():

    def _block(s, at, h, to, pairs, out, o, inputs):
        """What the kernel below does, without a compiler."""
        a = np.lib.stride_tricks.as_strided(s[at:], (pairs, 4, 2), (2 * PANEL, 4, 2))
        b = h[to : to + pairs * PANEL].reshape(pairs, COLUMNS, 2)
        sums = np.einsum("tjx,tkx->jk", a.astype(np.int64), b.astype(np.int64))
        for j in range(4):
            out[o + j * inputs : o + j * inputs + COLUMNS] = sums[j]

else:
    from acgz.engine.whole import dot, hold, pair, whole, wide_shorts

    @inline_kernel
    def _block(s, at, h, to, pairs, out, o, inputs):
        """Sums over ``pairs`` of four slopes, from ``s[at]`` on, times 16 integers, from ``h[to]``.

        They go to four rows of ``out``, which have ``inputs``, from ``o`` on.
        """
        a = whole(0)
        b = whole(0)
        c = whole(0)
        d = whole(0)
        for _ in range(pairs):
            x = wide_shorts(h, to)
            a = dot(a, x, pair(s, at))
            b = dot(b, x, pair(s, at + 2))
            c = dot(c, x, pair(s, at + 4))
            d = dot(d, x, pair(s, at + 6))
            at += PANEL
            to += PANEL
        hold(out, o, a)
        hold(out, o + inputs, b)
        hold(out, o + 2 * inputs, c)
        hold(out, o + 3 * inputs, d)


@kernel
def outer(s, first, many, h, begin, inputs, pairs, out):
    """Sums over all 3-mers of slope times integer, to the int32 ``out[:many * inputs]``.

    ``s``, ``h``: panels of ``pairs`` of 3-mers. Taken are ``many`` slopes from ``first`` on and
    ``inputs`` integers from ``begin`` on, all of them multiples of COLUMNS.
    """
    for k in range(0, inputs, COLUMNS):
        to = (begin + k) // COLUMNS * pairs * PANEL
        for j in range(0, many, 4):
            column = first + j
            at = column // COLUMNS * pairs * PANEL + column % COLUMNS * 2
            _block(s, at, h, to, pairs, out, j * inputs + k, inputs)
