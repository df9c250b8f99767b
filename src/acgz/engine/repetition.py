"""How repetitive a sequence is: a sketch of its k-mers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import kernel

LENGTH = 24
"""Residues of a k-mer: chance does not repeat these within a genome."""
_ONE_IN = np.uint64(16)
_BITS = 22
_HASH = np.uint64(0x9E3779B97F4A7C15)


def repeated_share(residues: NDArray[np.uint8]) -> float:
    """Share of the 24-mers that have occurred before, from one in sixteen of them; 0 to 1.

    The memory is bounded, so distant repeats of sequences above some 60 Mb are missed.
    """
    table = np.zeros(1 << _BITS, np.uint32)
    counts = np.zeros(2, np.int64)
    _sketch(residues, table, counts)
    return float(counts[1] / max(counts[0], 1))


@kernel
def _sketch(residues, table, counts):
    """Count into ``counts`` (2,) the k-mers looked at and those of them seen before."""
    mask = (np.uint64(1) << np.uint64(2 * LENGTH)) - np.uint64(1)
    history = np.uint64(0)
    for i in range(residues.size):
        history = ((history << np.uint64(2)) | np.uint64(residues[i])) & mask
        hashed = (history + np.uint64(1)) * _HASH
        if i + 1 >= LENGTH and (hashed >> np.uint64(8)) % _ONE_IN == np.uint64(0):
            slot = np.int64(hashed >> np.uint64(64 - _BITS))
            mark = np.uint32((hashed >> np.uint64(12)) & np.uint64(0xFFFFFFFF)) | np.uint32(1)
            counts[0] += 1
            counts[1] += np.int64(table[slot] == mark)
            table[slot] = mark
