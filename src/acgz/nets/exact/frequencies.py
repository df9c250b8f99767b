"""Integer frequencies for the range coder from whole-number weights."""

from __future__ import annotations

import numpy as np

from acgz.kernel import kernel


@kernel(error_model="numpy")
def from_counts(counts, precision, out):
    """Each row of ``out`` (uint32) sums to ``2**precision``, every entry is at least 1.

    ``counts`` (m, n): whole numbers in float64, below 2**25. What rounding leaves over goes
    to the largest, where it matters least.
    """
    symbols = counts.shape[1]
    room = (np.int64(1) << np.int64(precision)) - symbols
    for row in range(counts.shape[0]):
        total = np.int64(0)
        for j in range(symbols):
            total += np.int64(counts[row, j])
        left = room
        best = 0
        for j in range(symbols):
            share = np.int64(counts[row, j]) * room // total
            left -= share
            out[row, j] = np.uint32(1 + share)
            if counts[row, j] > counts[row, best]:
                best = j
        out[row, best] += np.uint32(left)
