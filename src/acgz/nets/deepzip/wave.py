"""Networks of one layer: all windows that are being read are advanced together.

Every prediction reads the last k symbols from a state of zeros. A window begins at every
token; at any time k / m of them are being read. They are rows of one matrix, so a symbol of
all lanes is one product of (windows × lanes) rows, instead of k products of (lanes) rows, one
after the other: a decoder does the same work in the same order, and one lane is enough to
keep a CPU busy.

The state of a window that has read its first few symbols depends on nothing but them, so
they are looked up in a table of all possible beginnings: that spares up to 6 of k steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.nets.architecture import Arrays
from acgz.nets.deepzip.architecture import DeepZipArchitecture
from acgz.nets.deepzip.layers import Head, Recurrent, State, vector
from acgz.nets.exact.operations import Array, Operations

MOST_BEGINNINGS = 4**6
ROWS = 1024
"""Rows that are computed at a time: what is between the kernels stays in the cache."""


class _Layer:
    """The recurrent layer of a network, fed with symbols, and the dense layers behind it."""

    def __init__(self, ops: Operations, d: DeepZipArchitecture, arrays: Arrays) -> None:
        self.ops = ops
        self.recurrent = Recurrent(ops, d.cell, arrays, "first.forward")
        self.table = vector(ops, arrays, "first.forward.table")  # (alphabet, gates)
        self.head = Head(ops, arrays)

    def from_symbols(self, symbols: NDArray[np.int64]) -> Array:
        """(lanes,) -> (lanes, gates)."""
        return self.table[self.ops.array(symbols)]


class Carried:
    """A state that runs on along the lane and forgets nothing: one step for each symbol."""

    def __init__(
        self, ops: Operations, d: DeepZipArchitecture, arrays: Arrays, before: NDArray[np.int64]
    ) -> None:
        """``before``: (k, lanes), the symbols before the first prediction."""
        self._layer = _Layer(ops, d, arrays)
        self._state = self._layer.recurrent.start(before.shape[1])
        self.read(before)

    def read(self, symbols: NDArray[np.int64]) -> None:
        """See some more symbols of each lane; (any number, lanes)."""
        for row in symbols:
            inputs = self._layer.from_symbols(row)
            self._state = self._layer.recurrent.step(inputs, self._state)

    def logits(self) -> Array:
        """Logits of the next token; (lanes, outputs)."""
        return self._layer.head.logits(self._state[0])


class Wave:
    """The document's windows."""

    def __init__(
        self, ops: Operations, d: DeepZipArchitecture, arrays: Arrays, before: NDArray[np.int64]
    ) -> None:
        """``before``: (k, lanes), the symbols before the first prediction."""
        k, lanes = before.shape
        self._layer = _Layer(ops, d, arrays)
        self._alphabet = d.alphabet
        known = beginnings(d.alphabet, d.m, k)
        self._beginnings = self._all_beginnings(known)
        self._size = d.alphabet**known
        self._windows = (k - known) // d.m
        """Windows that are being read."""
        zeros = np.zeros((self._windows, lanes, d.units), np.float32)
        self._states = [ops.array(zeros.copy()) for _ in self._beginnings]
        self._oldest = 0
        self._code = np.zeros(lanes, np.int64)
        """The last ``known`` symbols as a number in the base of the alphabet."""
        for row in before[:known]:
            self._note(row)
        for at in range(known, k, d.m):
            self.read(before[at : at + d.m])

    def read(self, symbols: NDArray[np.int64]) -> None:
        """See one more token of each lane; (m, lanes)."""
        begun = self._layer.ops.array(self._code)
        for states, possible in zip(self._states, self._beginnings, strict=True):
            states[self._oldest] = possible[begun]
        for row in symbols:
            self._advance(self._layer.from_symbols(row))
            self._note(row)
        self._oldest = (self._oldest + 1) % self._windows

    def logits(self) -> Array:
        """Logits of the next token; (lanes, outputs)."""
        return self._layer.head.logits(self._states[0][self._oldest])

    def _advance(self, inputs: Array) -> None:
        """One symbol into every window; ``inputs``: (lanes, gates)."""
        lanes, units = self._code.size, self._layer.recurrent.units
        together = max(1, ROWS // lanes)
        for first in range(0, self._windows, together):
            parts = [states[first : first + together] for states in self._states]
            state = tuple(part.reshape(-1, units) for part in parts)
            after = self._layer.recurrent.step(inputs, state)
            for part, new in zip(parts, after, strict=True):
                part[:] = new.reshape(-1, lanes, units)

    def _note(self, symbols: NDArray[np.int64]) -> None:
        self._code = (self._code * self._alphabet + symbols) % self._size

    def _all_beginnings(self, known: int) -> State:
        """States after every possible row of ``known`` symbols, by its number."""
        state = self._layer.recurrent.start(1)
        for length in range(1, known + 1):
            number = np.arange(self._alphabet**length, dtype=np.int64)
            before, last = divmod(number, self._alphabet)
            at = self._layer.ops.array(before)
            inputs = self._layer.from_symbols(last)
            state = self._layer.recurrent.step(inputs, tuple(part[at] for part in state))
        return state


def beginnings(alphabet: int, m: int, k: int) -> int:
    """Symbols of a window that are looked up: a multiple of m, and not the whole window.

    >>> beginnings(4, 1, 32), beginnings(4, 4, 32), beginnings(5, 1, 64), beginnings(4, 4, 4)
    (6, 4, 5, 0)
    """
    known = 0
    while known + m < k and alphabet ** (known + m) <= MOST_BEGINNINGS:
        known += m
    return known
