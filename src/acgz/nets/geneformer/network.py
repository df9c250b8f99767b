"""Inference of GeneFormer in exact arithmetic (section 3 of the paper).

One more base makes one more place of the convolution, one more pooled feature, and one more
row of queries, keys, values and scores by distance: all other rows of X(t) have been computed
for earlier bases, since row i of X(t) is row i + 1 of X(t - 3). H(t) has to be computed whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.nets.architecture import Arrays
from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.matmul import DOUBLE
from acgz.nets.exact.operations import Array
from acgz.nets.geneformer.architecture import (
    CONTEXT,
    KERNEL,
    PLACES,
    POOL,
    SPAN,
    GeneFormerArchitecture,
)
from acgz.nets.geneformer.folding import BASES, fold
from acgz.nets.geneformer.operations import GeneFormerOperations

TILE = 32
"""Lanes that are computed together: their rows stay in a core's cache. No bit depends on it."""


class Layers:
    """The parameters on a backend; any number of `Tile` share them."""

    def __init__(
        self, ops: GeneFormerOperations, architecture: GeneFormerArchitecture, arrays: Arrays
    ) -> None:
        folded = fold(architecture, arrays)
        self.ops = ops
        self.architecture = architecture
        self.tables = [ops.array(table) for table in folded.tables]
        self.bias, self.gain, self.shift, self.place_bias = (
            ops.array(row) for row in (folded.bias, folded.gain, folded.shift, folded.place_bias)
        )
        self.place = Matrix(ops, ops.array(folded.place))
        self.memory = Matrix(ops, ops.array(folded.memory))
        plain = folded.plain
        self.output, self.up, self.down = (
            Matrix(ops, ops.array(plain[name].T)) for name in ("output", "up.weight", "down.weight")
        )
        # A row has 13 times the dimension: numbers of 9 bits would be too coarse.
        self.linear = Matrix(ops, ops.array(plain["linear.weight"].T), DOUBLE)
        self.rows = {name: ops.array(row) for name, row in plain.items() if row.ndim == 1}
        self.nothing = ops.array(np.zeros(architecture.dimension, np.float32))


class Tile:
    """The state of some lanes."""

    def __init__(self, layers: Layers, lanes: int) -> None:
        self._layers = layers
        d, ops = layers.architecture, layers.ops
        self._lanes = lanes
        self._seen = 0  # bases of each lane
        self._codes = np.zeros(lanes, np.int64)  # the last KERNEL bases

        def zeros(*shape: int) -> Array:
            return ops.array(np.zeros(shape, np.float32))

        self._convolved = zeros(POOL, lanes, d.dimension)  # places of the convolution
        self._features = zeros(SPAN, lanes, d.dimension)  # rows of X(t), and of X(t - 1), X(t - 2)
        self._rows = zeros(SPAN, lanes, layers.place_bias.shape[0])  # what attention needs of them
        self._memory = zeros(d.segments * PLACES, lanes, 2 * d.dimension)  # keys and values
        self._h = zeros(PLACES * lanes, d.dimension)

    def advance(self, bases: NDArray[np.integer]) -> None:
        """See one more base of every lane; (lanes,), values 0..3."""
        self._codes = (self._codes << 2 | bases) & ((1 << 2 * KERNEL) - 1)
        self._add_place()
        self._seen += 1
        if self._seen >= CONTEXT:
            self._encode()

    def logits(self) -> Array:
        """Logits of the next base; (lanes, 4). They mean something after `CONTEXT` bases."""
        layers, d = self._layers, self._layers.architecture
        h = self._h.reshape(PLACES, self._lanes, d.dimension)
        flat = layers.ops.join([h[place] for place in range(PLACES)])
        return layers.linear.forward(flat) + layers.rows["linear.bias"]

    def _add_place(self) -> None:
        """Convolution, ReLU, max-pooling, batch norm, and what attention needs of the result."""
        layers, ops = self._layers, self._layers.ops
        convolved = layers.bias
        for number, table in enumerate(layers.tables):
            shift = 2 * (KERNEL - (number + 1) * BASES)
            convolved = convolved + table[ops.array(self._codes >> shift & (4**BASES - 1))]
        self._convolved[self._seen % POOL] = ops.positive(convolved)
        flat = self._convolved.reshape(POOL, -1)
        pooled = ops.largest(flat, 0).reshape(convolved.shape)
        features = pooled * layers.gain + layers.shift
        slot = self._seen % SPAN
        self._features[slot] = features
        self._rows[slot] = layers.place.forward(features) + layers.place_bias

    def _encode(self) -> None:
        """H(t) from X(t) and the memory; the memory after it."""
        layers, ops, d = self._layers, self._layers.ops, self._layers.architecture
        newest = self._seen - 1
        slots = ops.array(np.arange(newest - SPAN + 1, newest + 1, POOL) % SPAN)
        rows = self._rows[slots]
        mixed = ops.attend_relative(rows, self._memory, d.heads).reshape(-1, d.dimension)
        row = layers.rows
        attended = ops.add_norm(
            self._features[slots].reshape(-1, d.dimension),
            layers.output.forward(mixed),
            layers.nothing,
            row["attention_norm.weight"],
            row["attention_norm.bias"],
        )
        inside = ops.gelu(layers.up.forward(attended), row["up.bias"])
        self._h = ops.add_norm(
            attended,
            layers.down.forward(inside),
            row["down.bias"],
            row["feed_forward_norm.weight"],
            row["feed_forward_norm.bias"],
        )
        if d.segments:
            self._remember(rows)

    def _remember(self, rows: Array) -> None:
        """Keys and values of H(t), or without a latent array of X(t), for the next base."""
        d = self._layers.architecture
        if d.latent:
            kept = self._layers.memory.forward(self._h).reshape(PLACES, self._lanes, -1)
        else:
            kept = rows[:, :, d.dimension : 3 * d.dimension]
        for segment in range(d.segments - 1):  # the oldest one comes first and is forgotten
            place = segment * PLACES
            self._memory[place : place + PLACES] = self._memory[place + PLACES : place + 2 * PLACES]
        self._memory[self._memory.shape[0] - PLACES :] = kept
