"""Sequences as (s,k)-mers and back (DeepGeCo, section "(s, k)-mer Encoder").

A k-mer is the number whose base-4 digits are its bases, the first base the highest: 0 … 4**k - 1.
Consecutive tokens share k - s bases, so after one k-mer only 4**s k-mers are possible: its
*continuations*, which differ in their last s bases.

A sequence of n ≥ 1 residues has N = ⌈(n - k + s) / s⌉ tokens (one if n < k). The tail that
does not fill the last token is filled with A; n says where the sequence ends.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import kernel
from acgz.nets.deepgeco.grid import Grid

_CHUNK = 1 << 20
"""Tokens that one thread makes at a time. It has no influence on the tokens."""


def encode(residues: NDArray[np.uint8], grid: Grid, threads: int = 1) -> NDArray[np.uint16]:
    """The k-mers of ``residues`` (values 0..3, shape (n,)); shape (N,), whatever ``threads``.

    >>> encode(np.array([0, 1, 2, 3, 1], dtype=np.uint8), Grid(2, 3)).tolist()
    [6, 45]
    """
    count = grid.tokens(residues.size)
    tokens = np.empty(count, dtype=np.uint16)
    firsts = range(0, count, _CHUNK)

    def fill(first: int) -> None:
        part = tokens[first : first + _CHUNK]
        _encode(residues[first * grid.s :], grid.s, grid.k, part)

    if threads == 1 or len(firsts) < 2:
        for first in firsts:
            fill(first)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, firsts))
    return tokens


def join(head: int, tokens: NDArray[np.integer], grid: Grid, count: int) -> NDArray[np.uint8]:
    """Residues from the first k - s of them, as a number, and the last s of every token."""
    overlap = grid.k - grid.s
    residues = np.empty(overlap + tokens.size * grid.s, dtype=np.uint8)
    for place in range(overlap):
        residues[place] = head >> 2 * (overlap - 1 - place) & 3
    rows = residues[overlap:].reshape(-1, grid.s)
    for place in range(grid.s):
        rows[:, place] = tokens >> 2 * (grid.s - 1 - place) & 3
    return residues[:count]


@kernel
def _encode(residues, s, k, tokens):
    for at in range(tokens.size):
        kmer = 0
        for place in range(at * s, at * s + k):
            base = residues[place] if place < residues.size else 0
            kmer = kmer << 2 | base
        tokens[at] = kmer


class Vocabulary:
    """Dense numbers 0, 1, … of the k-mers that occur, in the order of the k-mers."""

    def __init__(self, kmers: NDArray[np.uint16], grid: Grid) -> None:
        """``kmers``: the k-mers that occur, ascending, each once."""
        self.kmers = kmers
        self._grid = grid
        self._numbers = np.zeros(grid.kmers, dtype=np.uint16)
        self._numbers[kmers] = np.arange(kmers.size, dtype=np.uint16)

    @classmethod
    def of(cls, tokens: NDArray[np.uint16], grid: Grid) -> Vocabulary:
        """The vocabulary of the k-mers among ``tokens``.

        >>> Vocabulary.of(np.array([9, 2, 9], dtype=np.uint16), Grid(2, 2)).kmers.tolist()
        [2, 9]
        """
        return cls(np.unique(tokens), grid)

    @classmethod
    def complete(cls, grid: Grid) -> Vocabulary:
        """The vocabulary in which all k-mers occur."""
        return cls(np.arange(grid.kmers).astype(np.uint16), grid)

    def __len__(self) -> int:
        return int(self.kmers.size)

    def number(self, kmers: NDArray[np.integer]) -> NDArray[np.uint16]:
        """Dense numbers of ``kmers``, same shape; 0 for a k-mer that does not occur."""
        return self._numbers[kmers]

    def to_bytes(self) -> bytes:
        """One bit for each of the 4**k k-mers; nothing if all of them occur."""
        if len(self) == self._grid.kmers:
            return b""
        occurs = np.zeros(self._grid.kmers, dtype=np.uint8)
        occurs[self.kmers] = 1
        return np.packbits(occurs).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, grid: Grid) -> Vocabulary:
        """The inverse of `to_bytes`; ValueError for anything it cannot have written."""
        if not data:
            return cls.complete(grid)
        if len(data) != -(-grid.kmers // 8):
            raise ValueError(f"{len(data)} bytes are no set of {grid.k}-mers")
        occurs = np.unpackbits(np.frombuffer(data, dtype=np.uint8))
        if occurs[grid.kmers :].any() or not occurs.any():
            raise ValueError(f"no set of {grid.k}-mers")
        return cls(np.flatnonzero(occurs).astype(np.uint16), grid)
