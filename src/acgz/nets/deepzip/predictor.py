"""A network of the family as a predictor of tokens."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from acgz.coding.predictor import precision_for
from acgz.nets.architecture import Arrays
from acgz.nets.deepzip.architecture import DeepZipArchitecture
from acgz.nets.deepzip.wave import Carried, Wave
from acgz.nets.deepzip.windows import Windows
from acgz.nets.exact import operations
from acgz.nets.exact.operations import Array, Operations


class Reader(Protocol):
    """A frozen network that has read the past of every lane."""

    def read(self, symbols: NDArray[np.int64]) -> None:
        """See one more token of each lane; (m, lanes)."""
        ...

    def logits(self) -> Array:
        """Logits of the next token; (lanes, outputs)."""
        ...


def make(
    ops: Operations,
    d: DeepZipArchitecture,
    arrays: Arrays,
    before: NDArray[np.int64],
    carried: bool,
) -> Reader:
    """The network after the symbols ``before`` (k, lanes).

    ``carried``: the state runs on along the lane instead of starting anew for each window.
    """
    if d.bidirectional:
        return Windows(ops, d, arrays, before)
    return (Carried if carried else Wave)(ops, d, arrays, before)


class DeepZip:
    """The networks as an `acgz.coding.predictor.Predictor`; its symbols are tokens of m symbols."""

    def __init__(self, ops: Operations, d: DeepZipArchitecture, network: Reader) -> None:
        self.alphabet = d.outputs
        self.precision = precision_for(d.outputs)
        self._ops = ops
        self._architecture = d
        self._network = network

    def frequencies(self) -> NDArray[np.uint32]:
        counts = self._ops.counts(self._network.logits())
        return operations.frequencies(self._ops.numpy(counts), self.precision)

    def update(self, symbols: NDArray[np.integer]) -> None:
        d = self._architecture
        self._network.read(digits(symbols, d.m, d.alphabet))


def digits(tokens: NDArray[np.integer], m: int, alphabet: int) -> NDArray[np.int64]:
    """The symbols of tokens (n,), the first symbol first; (m, n).

    >>> digits(np.array([6, 15]), 2, 4).tolist()
    [[1, 3], [2, 3]]
    """
    rest = tokens.astype(np.int64)
    symbols = np.empty((m, tokens.size), np.int64)
    for place in range(m - 1, -1, -1):
        rest, symbols[place] = divmod(rest, alphabet)
    return symbols
