"""Random walks through training sequence, as tokens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.nets.deepgeco.grid import Grid
from acgz.nets.deepgeco.settings import WarmStartPlan


class Streams:
    """Many random walks through the training sequence, on both strands or the forward one.

    Each stream reads on from where it stopped, and now and then (every ``length`` tokens in
    the mean) jumps to another place: what a network with a state meets in the lanes of a codec.
    """

    def __init__(
        self,
        residues: NDArray[np.uint8],
        grid: Grid,
        plan: WarmStartPlan,
    ) -> None:
        self._residues = residues
        self._grid = grid
        self._length = plan.length
        self._both_strands = plan.both_strands
        self._random = np.random.default_rng(plan.seed)
        self._at = np.zeros(plan.batch, dtype=np.int64)
        self._strand = np.ones(plan.batch, dtype=np.int64)
        self._jump(np.ones(plan.batch, dtype=np.bool_))

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
