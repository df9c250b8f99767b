"""Mismatches as SeqCoder stores them: places and bases, predictively coded, then zstd.

A place is the number of bases since the mismatch before it, in bytes of 7 bits, the lowest
first (LEB128). A base is its rank behind the wrong guess in what the decoder finds likely: 0, 1
or 2. First all places, then all bases, a byte each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.coding import zstd
from acgz.errors import DamagedError
from acgz.nets.seqcoder.chunks import Guesses

_LONGEST_NUMBER = 10
"""Bytes; enough for 2**63."""


def encode(residues: NDArray[np.uint8], guesses: Guesses) -> bytes:
    """What turns the reconstruction into ``residues``; nothing if there is no mismatch."""
    places = np.flatnonzero(guesses.best != residues)
    if not places.size:
        return b""
    ranks = np.argmax(guesses.ranking[places] == residues[places, None], axis=1) - 1
    gaps = np.diff(places, prepend=-1) - 1
    return zstd.compress(_numbers_to_bytes(gaps) + ranks.astype(np.uint8).tobytes())


def decode(payload: bytes, guesses: Guesses, mismatches: int) -> NDArray[np.uint8]:
    """The residues again; DamagedError unless there are exactly so many ``mismatches``."""
    residues = guesses.best.copy()
    if not mismatches and not payload:
        return residues
    most = (_LONGEST_NUMBER + 1) * mismatches
    data = np.frombuffer(zstd.decompress(payload, most), np.uint8)
    gaps = _bytes_to_numbers(data[: max(0, data.size - mismatches)])
    ranks = data[data.size - gaps.size :].astype(np.int64) + 1
    if not gaps.size == ranks.size == mismatches or ranks.max(initial=1) > 3:
        raise DamagedError("the mismatches do not decode")
    if gaps.max(initial=0) >= residues.size:
        raise DamagedError("a mismatch lies beyond the end")
    places = np.cumsum(gaps + 1) - 1
    if places[-1] >= residues.size:
        raise DamagedError("a mismatch lies beyond the end")
    residues[places] = guesses.ranking[places, ranks]
    return residues


def _numbers_to_bytes(numbers: NDArray[np.int64]) -> bytes:
    """
    >>> _numbers_to_bytes(np.array([5, 300])).hex()
    '05ac02'
    """
    columns = []
    left = numbers
    present = np.ones(numbers.size, np.bool_)
    while present.any():
        more = left > 127
        columns.append((np.where(more, 128, 0) | (left & 127), present))
        left, present = left >> 7, present & more
    table = np.stack([column for column, _ in columns], 1).astype(np.uint8)
    return table[np.stack([mask for _, mask in columns], 1)].tobytes()


def _bytes_to_numbers(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The inverse; DamagedError for a number without an end or a very long one.

    >>> _bytes_to_numbers(np.array([5, 0xAC, 2], np.uint8)).tolist()
    [5, 300]
    """
    if not data.size:
        return np.zeros(0, np.int64)
    ends = np.flatnonzero(data < 128)
    starts = np.concatenate([[0], ends[:-1] + 1]) if ends.size else ends
    lengths = ends - starts + 1
    if not ends.size or ends[-1] != data.size - 1 or lengths.max() >= _LONGEST_NUMBER:
        raise DamagedError("a number does not decode")
    shifts = 7 * (np.arange(data.size) - np.repeat(starts, lengths))
    return np.add.reduceat((data & 127).astype(np.int64) << shifts, starts)
