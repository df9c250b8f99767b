"""The smallest predictor: the same frequencies at every step.

With equal frequencies it is the baseline "equal probabilities", with those of the whole
sequence "fair probabilities", of the paper on RNN compressors after DeepZip (section 2.2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acgz.predictors.base import PRECISION


class Static:
    """Predicts ``frequencies`` (integers ≥ 1 of sum 2**PRECISION), whatever has been there."""

    def __init__(self, frequencies: Sequence[int], lanes: int) -> None:
        self.alphabet = len(frequencies)
        self.precision = PRECISION
        row = np.asarray(frequencies, dtype=np.uint32)
        self._rows = np.tile(row, (lanes, 1))

    def frequencies(self) -> NDArray[np.uint32]:
        return self._rows

    def update(self, symbols: NDArray[np.integer]) -> None:
        """Nothing to learn."""


def equal_frequencies(alphabet: int) -> list[int]:
    """2**PRECISION cut into equal parts; ``alphabet`` is a power of two.

    >>> equal_frequencies(4)
    [16384, 16384, 16384, 16384]
    """
    return [(1 << PRECISION) // alphabet] * alphabet


def fair_frequencies(counts: Sequence[int]) -> list[int]:
    """Integers ≥ 1 of sum 2**PRECISION, in proportion to the counts of the symbols.

    What rounding leaves over goes to the most frequent symbol, where it matters least.

    >>> fair_frequencies([1, 1, 0, 0])
    [32767, 32767, 1, 1]
    """
    total = sum(counts)
    if total == 0:
        return equal_frequencies(len(counts))
    room = (1 << PRECISION) - len(counts)
    frequencies = [1 + count * room // total for count in counts]
    frequencies[counts.index(max(counts))] += (1 << PRECISION) - sum(frequencies)
    return frequencies
