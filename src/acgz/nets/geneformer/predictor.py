"""GeneFormer as a predictor: groups as lanes, computed some lanes at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.coding.predictor import PRECISION, equal_frequencies
from acgz.nets.architecture import Arrays
from acgz.nets.exact import operations
from acgz.nets.geneformer.architecture import CONTEXT, PLACES, SPAN, GeneFormerArchitecture
from acgz.nets.geneformer.network import TILE, Layers, Tile
from acgz.nets.geneformer.operations import GeneFormerOperations
from acgz.nets.geneformer.trust import Trust


class GeneFormer:
    """GeneFormer as an `acgz.coding.predictor.Predictor`.

    The first 64 bases of a lane take 2 bits each.
    """

    alphabet = 4
    precision = PRECISION

    def __init__(
        self,
        ops: GeneFormerOperations,
        architecture: GeneFormerArchitecture,
        arrays: Arrays,
        lanes: int,
    ) -> None:
        layers = Layers(ops, architecture, arrays)
        self._ops = ops
        self._borders = [*range(0, lanes, TILE), lanes]
        self._tiles = [
            Tile(layers, end - start)
            for start, end in zip(self._borders, self._borders[1:], strict=False)
        ]
        self._seen = 0
        self._equal = np.tile(np.array(equal_frequencies(4), np.uint32), (lanes, 1))
        self._trust = Trust(lanes)
        self._said: NDArray[np.uint32] | None = None  # by the network, of the next base

    def frequencies(self) -> NDArray[np.uint32]:
        if self._seen < CONTEXT:
            return self._equal
        counts = self._ops.numpy(self._ops.counts(self._ops.array(self.logits())))
        self._said = operations.frequencies(counts, self.precision)
        return self._trust.mix(self._said)

    def logits(self) -> NDArray[np.float32]:
        """Logits of the next base; (lanes, 4)."""
        return np.concatenate([self._ops.numpy(tile.logits()) for tile in self._tiles])

    def update(self, symbols: NDArray[np.integer]) -> None:
        bases = symbols.astype(np.int64)
        if self._said is not None:
            self._trust.learn(self._said, bases)
        self._said = None
        self._seen += 1
        for tile, start, end in zip(self._tiles, self._borders, self._borders[1:], strict=False):
            tile.advance(bases[start:end])


def memory_needed(d: GeneFormerArchitecture, lanes: int) -> int:
    """Bytes, at most, of a predictor: parameters several times over, and what lanes keep."""
    n = d.dimension
    scores = d.heads * d.distances
    parameters = 40 * n * (n + scores) + 14 * n * n * 16 + 16 * 6 * 256 * n
    of_lane = SPAN * (4 * n + scores) + PLACES * 2 * n * (d.segments + 1) + 4 * n
    at_once = min(TILE, lanes) * PLACES * (24 * n + scores + d.keys)
    return parameters + 4 * (lanes * of_lane + at_once)
