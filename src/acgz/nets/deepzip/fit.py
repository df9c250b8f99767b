"""Trains a network on the very input, as the document does, and makes its weights small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from acgz.nets.architecture import Arrays
from acgz.nets.deepzip import predictor
from acgz.nets.deepzip.architecture import DeepZipArchitecture
from acgz.nets.deepzip.settings import DeepZipSettings
from acgz.nets.deepzip.stored import StoredWeights
from acgz.nets.exact import operations, pytorch

BITS = range(3, 9)
"""Bits of a stored weight, tried out on a sample."""
SAMPLE = 4096
"""Windows of the sample."""
MOST_BATCH = 64
LEAST_BATCHES = 32
"""Batches of an epoch, if the input is long enough: a short input has smaller ones."""


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


def fit(residues: NDArray[np.uint8], chosen: DeepZipSettings) -> bytes:
    """Weights (`StoredWeights.to_bytes`) for ``residues`` (n,), n at least k + m.

    MissingDependencyError without PyTorch.
    """
    torch = pytorch.load()
    from acgz.nets.deepzip.torch_network import TorchRecurrent, arrays
    from acgz.nets.deepzip.train import NextTokens, length_of, predictions_of
    from acgz.nets.training import Plan, train

    torch.manual_seed(chosen.seed)
    torch.set_num_threads(1)  # the number of threads would change the archive
    d = chosen.architecture
    length = length_of(d, chosen.k, residues.size)
    stride = max(1, predictions_of(d, length), d.m if d.bidirectional else 1)
    most = MOST_BATCH * (16 if d.bidirectional else 1)
    batch = max(1, min(most, residues.size // stride // LEAST_BATCHES))
    tiles = Tiles(residues, length, stride, batch, chosen.seed)
    network = TorchRecurrent(d)
    task = NextTokens(d, tiles, tiles())
    plan = Plan(
        steps=chosen.epochs * tiles.in_an_epoch,
        epochs=1,
        learning_rate=chosen.learning_rate,
        seed=chosen.seed,
    )
    train(network, task, plan)
    with threadpool_limits(limits=1):  # the products are small
        return smallest(residues, d, chosen.k, arrays(network))


def smallest(residues: NDArray[np.uint8], d: DeepZipArchitecture, k: int, found: Arrays) -> bytes:
    """Weights, stored with the bits that make the archive smallest.

    What coarser weights lose is measured on a sample of the input with exact inference.
    """
    places = np.random.default_rng(0).integers(0, residues.size - k - d.m + 1, SAMPLE)
    windows = residues[places + np.arange(k)[:, None]].astype(np.int64)
    tokens = np.zeros(SAMPLE, np.int64)
    for ahead in range(d.m):
        tokens = tokens * d.alphabet + residues[places + k + ahead]
    best: tuple[float, bytes] | None = None
    for bits in BITS:
        stored = StoredWeights.of(found, bits)
        weights = stored.to_bytes(d)
        # A state that is carried has the logits of a window after its first one, and no others.
        network = predictor.make(operations.backend(), d, stored.arrays(), windows, carried=True)
        p = operations.softmax(operations.backend().counts(network.logits()))
        cost = -np.log2(np.maximum(p[np.arange(SAMPLE), tokens], 2.0**-16)).mean()
        total = float(cost) * residues.size / d.m / 8 + len(weights)
        if best is None or total < best[0]:
            best = (total, weights)
    assert best is not None  # noqa: S101 - there are bits to try
    return best[1]
