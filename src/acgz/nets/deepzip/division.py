"""How a sequence is cut: lanes, and in each of them a head and tokens of m symbols.

Section 6.1.1: the first k + r symbols of a lane are its head, coded with equal probabilities;
r is what is left over when the others are cut into tokens of m. Section 6.1.2: lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.coding.streams import lane_starts
from acgz.nets.deepzip.predictor import digits


@dataclass(frozen=True)
class Division:
    """How ``count`` symbols of an ``alphabet`` are divided into ``lanes``."""

    count: int
    lanes: int
    k: int
    m: int
    alphabet: int

    def _tokens_of(self, length: int) -> int:
        return max(0, length - self.k) // self.m

    def _head_of(self, length: int) -> int:
        return length - self.m * self._tokens_of(length)

    @property
    def tokens(self) -> int:
        """Tokens of all lanes; the first lanes are longer by at most one symbol and one token."""
        length, longer = divmod(self.count, self.lanes)
        shorter = self.lanes - longer
        return longer * self._tokens_of(length + 1) + shorter * self._tokens_of(length)

    @property
    def _in_heads(self) -> NDArray[np.bool_]:
        """Which symbols belong to heads; (count,)."""
        length, longer = divmod(self.count, self.lanes)
        marks = np.zeros(self.count, np.bool_)
        for lane, start in enumerate(lane_starts(self.count, self.lanes)):
            marks[start : start + self._head_of(length + (lane < longer))] = True
        return marks

    @property
    def head_symbols(self) -> int:
        """Symbols before the first prediction, of all lanes."""
        return self.count - self.m * self.tokens

    def split(self, symbols: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Heads (head_symbols,) and tokens (tokens,), lane after lane."""
        in_heads = self._in_heads
        parts = symbols[~in_heads].reshape(-1, self.m).astype(np.uint16)
        tokens = parts[:, 0]
        for place in range(1, self.m):
            tokens = tokens * np.uint16(self.alphabet) + parts[:, place]
        return symbols[in_heads], tokens

    def join(
        self, heads: NDArray[np.unsignedinteger], tokens: NDArray[np.unsignedinteger]
    ) -> NDArray[np.uint8]:
        """The inverse of `split`."""
        in_heads = self._in_heads
        symbols = np.empty(self.count, np.uint8)
        symbols[in_heads] = heads
        symbols[~in_heads] = digits(tokens, self.m, self.alphabet).T.reshape(-1)
        return symbols

    def before(self, heads: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
        """The last k symbols of the head of each lane, (k, lanes); zeros where it is shorter."""
        length, longer = divmod(self.count, self.lanes)
        window = np.zeros((self.k, self.lanes), np.int64)
        end = 0
        for lane in range(self.lanes):
            size = self._head_of(length + (lane < longer))
            end += size
            seen = min(self.k, size)
            window[self.k - seen :, lane] = heads[end - seen : end]
        return window
