"""Networks of two bidirectional layers over the last k symbols (section 4.2.4).

As in Keras: the first layer hands on the outputs of both directions at every place of the
window, the second one its last state of each direction. What reads backwards begins at the
newest symbol, so nothing of a window can be computed before it is complete, and nothing is
shared with the next one: rows are lanes here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.nets.architecture import Arrays
from acgz.nets.deepzip.architecture import DeepZipArchitecture
from acgz.nets.deepzip.layers import Head, Projection, Recurrent, vector
from acgz.nets.exact.operations import Array, Operations

WAYS = ("forward", "backward")


class Windows:
    """Reads the whole window for each prediction."""

    def __init__(
        self, ops: Operations, d: DeepZipArchitecture, arrays: Arrays, before: NDArray[np.int64]
    ) -> None:
        """``before``: (k, lanes), the symbols before the first prediction."""
        self._ops = ops
        self._window = before
        self._tables = [vector(ops, arrays, f"first.{way}.table") for way in WAYS]
        self._first = [Recurrent(ops, d.cell, arrays, f"first.{way}") for way in WAYS]
        self._inputs = [Projection(ops, arrays, f"second.{way}") for way in WAYS]
        self._second = [Recurrent(ops, d.cell, arrays, f"second.{way}") for way in WAYS]
        self._head = Head(ops, arrays)

    def read(self, symbols: NDArray[np.int64]) -> None:
        """See one more token of each lane; (m, lanes)."""
        self._window = np.concatenate([self._window[symbols.shape[0] :], symbols])

    def logits(self) -> Array:
        """Logits of the next token; (lanes, outputs)."""
        ops = self._ops
        places = range(len(self._window))
        window = [ops.array(row) for row in self._window]
        below: list[list[Array]] = [[], []]
        for way, table in enumerate(self._tables):
            state = self._first[way].start(self._window.shape[1])
            for place in _order(places, way):
                state = self._first[way].step(table[window[place]], state)
                below[way].append(state[0])
        both = zip(below[0], reversed(below[1]), strict=True)
        seen = [ops.quantise(ops.join(outputs), 1) for outputs in both]
        last = []
        for way, inputs in enumerate(self._inputs):
            state = self._second[way].start(self._window.shape[1])
            for place in _order(places, way):
                state = self._second[way].step(inputs.of(seen[place]), state)
            last.append(state[0])
        return self._head.logits(ops.join(last))


def _order(places: range, way: int) -> range:
    return places[::-1] if way else places
