"""Symbols that are coded, and the k-mers that they stand for.

DeepGeCo gives a probability to every k-mer. When s < k, consecutive k-mers overlap, so only
4**s of them are possible, the continuations: by default a symbol is one of these, and no
probability is wasted. The paper's way is kept as ``plain``: a symbol is the dense number of
a k-mer, possible or not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.nets.deepgeco.grid import Grid
from acgz.nets.deepgeco.kmers import Vocabulary


class Alphabet:
    """Turns k-mers into symbols and symbols into k-mers."""

    def __init__(self, grid: Grid, vocabulary: Vocabulary, plain: bool = False) -> None:
        self.grid = grid
        self.vocabulary = vocabulary
        self.continues = grid.s < grid.k and not plain
        self.size = grid.continuations if self.continues else len(vocabulary)

    @property
    def columns(self) -> NDArray[np.int64] | None:
        """Numbers of the Warm-Start network's outputs that stand for the symbols; None: all do."""
        if self.continues or len(self.vocabulary) == self.grid.kmers:
            return None
        return self.vocabulary.kmers.astype(np.int64)

    def symbols(self, kmers: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """The symbols of k-mers, an array of the same shape."""
        if self.continues:
            return kmers & np.uint16(self.grid.continuations - 1)
        return self.vocabulary.number(kmers)

    def kmers(
        self, previous: NDArray[np.uint16], symbols: NDArray[np.integer]
    ) -> NDArray[np.uint16]:
        """The k-mers of ``symbols`` after the k-mers ``previous``, same shape."""
        if self.continues:
            mask = self.grid.kmers - 1
            shifted = previous.astype(np.int64) << 2 * self.grid.s | symbols
            return (shifted & mask).astype(np.uint16)
        return self.vocabulary.kmers[symbols]
