"""What every model of this package is: a predictor of the next symbol of many lanes at once."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PRECISION = 16
"""Frequencies of one lane sum to 2**PRECISION. A symbol of frequency 1 costs 16 bits; the
rounding of a distribution to this grid costs less than 0.001 bits/base."""


class Predictor(Protocol):
    """Given the past of every lane, how likely is each next symbol?

    The caller alternates: `frequencies`, `update`, `frequencies`, … Compression and
    decompression make the same calls, so the same numbers must come out on every machine:
    integers, or arithmetic with only one possible result.
    """

    alphabet: int

    def frequencies(self) -> NDArray[np.uint32]:
        """Shape (lanes, alphabet): every one ≥ 1, rows sum to 2**PRECISION."""
        ...

    def update(self, symbols: NDArray[np.integer]) -> None:
        """Learn what was there: shape (lanes,), one symbol of every lane."""
        ...
