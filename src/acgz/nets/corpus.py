"""Sequences to learn from: random places of many genomes, and some that are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.errors import InputError
from acgz.nets.kmers import Grid

PIECE = 1 << 15
"""Bases. The corpus is held out by pieces of this size, so that both parts see every genome."""


@dataclass(frozen=True)
class Corpus:
    """Residues 0..3 to train on, and others to validate on."""

    training: NDArray[np.uint8]
    validation: NDArray[np.uint8]

    @classmethod
    def of(cls, genomes: Sequence[NDArray[np.uint8]], every: int = 64) -> Corpus:
        """Hold out one of ``every`` pieces; InputError if there is too little sequence."""
        residues = np.concatenate([*genomes, np.empty(0, np.uint8)])
        pieces = residues.size // PIECE
        if pieces < 2:
            raise InputError(f"training needs at least {2 * PIECE:,} bases")
        cut = residues[: pieces * PIECE].reshape(pieces, PIECE)
        every = min(every, pieces)
        held_out = np.arange(pieces) % every == every - 1
        return cls(cut[~held_out].reshape(-1), cut[held_out].reshape(-1))


class Streams:
    """Many random walks through the training sequence, on both strands or the forward one.

    Each stream reads on from where it stopped, and now and then (every ``length`` tokens in
    the mean) jumps to another place: what a network with a state meets in the lanes of a codec.
    """

    def __init__(
        self,
        residues: NDArray[np.uint8],
        grid: Grid,
        streams: int,
        length: int,
        seed: int,
        both_strands: bool = True,
    ) -> None:
        self._residues = residues
        self._grid = grid
        self._length = length
        self._both_strands = both_strands
        self._random = np.random.default_rng(seed)
        self._at = np.zeros(streams, dtype=np.int64)
        self._strand = np.ones(streams, dtype=np.int64)
        self._jump(np.ones(streams, dtype=np.bool_))

    def next(self, steps: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The next ``steps`` + 1 tokens, shape (steps + 1, streams), and who begins anew.

        The last token is the first of the next call: it is seen as a target and as an input.
        """
        fresh = self._random.random(self._at.size) < steps / self._length
        span = (steps + 1) * self._grid.s + self._grid.k
        ahead = self._at + span * self._strand
        fresh |= (ahead < 0) | (ahead >= self._residues.size)
        self._jump(fresh)
        # Only a walk that has just jumped can stand too near an end.
        forwards = self._strand == 1
        last = self._residues.size - 1
        low, high = np.where(forwards, 0, span), np.where(forwards, last - span, last)
        self._at = np.clip(self._at, np.minimum(low, last), np.maximum(high, 0))
        offsets = np.arange(steps * self._grid.s + self._grid.k)
        places = self._at[:, None] + offsets * self._strand[:, None]
        bases = self._residues[places].astype(np.int64)
        bases = np.where(self._strand[:, None] == 1, bases, 3 - bases)  # the complement of A is T
        self._at += steps * self._grid.s * self._strand
        return as_tokens(bases, self._grid).T.copy(), fresh

    def _jump(self, who: NDArray[np.bool_]) -> None:
        count = int(who.sum())
        self._at[who] = self._random.integers(0, self._residues.size, count)
        if not self._both_strands:
            return
        self._strand[who] = self._random.choice((-1, 1), count)
        # A walk that would leave the sequence soon turns round.
        margin = min(self._residues.size // 2, 1 << 14)
        self._strand[self._at < margin] = 1
        self._strand[self._at >= self._residues.size - margin] = -1


def as_tokens(bases: NDArray[np.int64], grid: Grid) -> NDArray[np.int64]:
    """K-mers of each row of ``bases`` (rows, steps * s + k); shape (rows, steps + 1)."""
    windows = np.lib.stride_tricks.sliding_window_view(bases, grid.k, axis=1)[:, :: grid.s]
    weights = 4 ** np.arange(grid.k - 1, -1, -1)
    tokens: NDArray[np.int64] = windows @ weights
    return tokens


def in_lanes(residues: NDArray[np.uint8], grid: Grid, lanes: int) -> NDArray[np.int64]:
    """Tokens of ``residues`` cut into equal lanes; shape (steps, lanes)."""
    width = residues.size // lanes
    rows = residues[: lanes * width].reshape(lanes, width).astype(np.int64)
    return as_tokens(rows, grid).T.copy()
