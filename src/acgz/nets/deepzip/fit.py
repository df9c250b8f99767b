"""Trains a network on the very input, as the document does, and makes its weights small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.nets.deepzip import predictor
from acgz.nets.deepzip.architecture import Arrays, Description
from acgz.nets.deepzip.stored import StoredWeights
from acgz.nets.exact import operations, pytorch

BITS = range(3, 9)
"""Of a stored weight, tried out on a sample."""
SAMPLE = 4096
"""Windows of the sample."""
MOST_BATCH = 64
LEAST_BATCHES = 32
"""Of an epoch, if the input is long enough: a short input has smaller batches."""


@dataclass(frozen=True)
class Recipe:
    """How to fit."""

    k: int = 32
    epochs: int = 10
    learning_rate: float = 5e-3
    seed: int = 1


@dataclass(frozen=True)
class Fitted:
    """What came out."""

    weights: bytes  # `StoredWeights.to_bytes`
    bits: int  # of a weight


class Tiles:
    """Every symbol is a target once in each epoch: shuffled tiles, cut anew for each epoch."""

    def __init__(
        self, residues: NDArray[np.uint8], length: int, stride: int, batch: int, seed: int
    ) -> None:
        """``length``: of a tile, ``stride``: from one to the next."""
        self._residues = residues
        self._offsets = np.arange(length)
        self._stride = stride
        self._batch = batch
        self._random = np.random.default_rng(seed)
        self._left: NDArray[np.int64] = np.zeros(0, np.int64)
        self.in_an_epoch = max(1, self._last // stride // batch)

    @property
    def _last(self) -> int:
        return self._residues.size - self._offsets.size + 1

    def __call__(self) -> NDArray[np.int64]:
        if self._left.size < self._batch:
            phase = self._random.integers(0, min(self._stride, self._last))
            self._left = self._random.permutation(np.arange(phase, self._last, self._stride))
        starts, self._left = self._left[: self._batch], self._left[self._batch :]
        symbols: NDArray[np.int64] = self._residues[starts + self._offsets[:, None]].astype(
            np.int64
        )
        return symbols


def fit(residues: NDArray[np.uint8], description: Description, recipe: Recipe) -> Fitted:
    """Weights for ``residues`` (n,), n at least k + m. MissingDependencyError without PyTorch."""
    torch = pytorch.load()
    from acgz.nets.deepzip.torch_network import RecurrentNetwork, arrays
    from acgz.nets.deepzip.train import NextTokens, length_of, predictions_of
    from acgz.nets.training import Plan, train

    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)  # the number of threads would change the archive
    d = description
    length = length_of(d, recipe.k, residues.size)
    stride = max(1, predictions_of(d, length), d.m if d.bidirectional else 1)
    most = MOST_BATCH * (16 if d.bidirectional else 1)
    batch = max(1, min(most, residues.size // stride // LEAST_BATCHES))
    tiles = Tiles(residues, length, stride, batch, recipe.seed)
    network = RecurrentNetwork(d)
    task = NextTokens(d, tiles, tiles())
    plan = Plan(
        steps=recipe.epochs * tiles.in_an_epoch,
        epochs=1,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
    )
    train(network, task, plan, lambda report: None)
    bits, weights = smallest(residues, d, recipe.k, arrays(network))
    return Fitted(weights, bits)


def smallest(
    residues: NDArray[np.uint8], d: Description, k: int, found: Arrays
) -> tuple[int, bytes]:
    """Bits of a weight, and the stored weights, that make the archive smallest.

    What coarser weights lose is measured on a sample of the input with exact inference.
    """
    places = np.random.default_rng(0).integers(0, residues.size - k - d.m + 1, SAMPLE)
    windows = residues[places + np.arange(k)[:, None]].astype(np.int64)
    tokens = np.zeros(SAMPLE, np.int64)
    for ahead in range(d.m):
        tokens = tokens * d.alphabet + residues[places + k + ahead]
    best: tuple[float, int, bytes] | None = None
    for bits in BITS:
        stored = StoredWeights.of(found, bits)
        weights = stored.to_bytes(d)
        network = predictor.make(operations.backend(), d, stored.arrays(), windows, carried=False)
        p = operations.softmax(operations.backend().counts(network.logits()))
        cost = -np.log2(np.maximum(p[np.arange(SAMPLE), tokens], 2.0**-16)).mean()
        total = float(cost) * residues.size / d.m / 8 + len(weights)
        if best is None or total < best[0]:
            best = (total, bits, weights)
    assert best is not None  # noqa: S101 - there are bits to try
    return best[1], best[2]
