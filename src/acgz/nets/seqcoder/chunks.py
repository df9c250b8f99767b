"""Runs the autoencoder over a sequence, chunk by chunk, and reads what it says as guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.coding.quaternary import HINTS
from acgz.nets.seqcoder.architecture import BASES, LATENTS, SeqCoderArchitecture
from acgz.nets.seqcoder.network import AutoEncoder

BATCH = 16
"""Chunks at once. It has no influence on the result."""
STEPS = HINTS // BASES**2
"""Of confidence that a hint tells apart."""


@dataclass(frozen=True)
class Guesses:
    """What the decoder says about each base."""

    ranking: NDArray[np.uint8]
    """(n, BASES): the bases, the likeliest first."""
    hints: NDArray[np.uint8]
    """(n,): the first two of them and how far apart they are, below `HINTS`."""

    @property
    def best(self) -> NDArray[np.uint8]:
        """The reconstruction; (n,)."""
        return self.ranking[:, 0]


def positions(d: SeqCoderArchitecture, count: int) -> int:
    """Positions of the latent space for ``count`` bases."""
    return -(-count // d.factor)


def encode(
    network: AutoEncoder, d: SeqCoderArchitecture, residues: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Levels (positions, LATENTS) of ``residues`` (n,). The last position is filled up with A."""
    filled = np.zeros(positions(d, residues.size) * d.factor, np.uint8)
    filled[: residues.size] = residues
    parts = [
        network.encode(filled[start * d.factor : stop * d.factor].reshape(many, -1))
        for start, stop, many in _batches(d, filled.size)
    ]
    return np.concatenate([part.reshape(-1, LATENTS) for part in parts])


def decode(
    network: AutoEncoder,
    d: SeqCoderArchitecture,
    levels: NDArray[np.uint8],
    count: int,
    progress: Callable[[int], object] | None = None,
) -> Guesses:
    """Guesses of ``count`` bases from ``levels`` (positions, n), the first n values of each."""
    kept = levels.shape[1]
    ranking = np.empty((levels.shape[0] * d.factor, BASES), np.uint8)
    hints = np.empty(ranking.shape[0], np.uint8)
    for start, stop, many in _batches(d, ranking.shape[0]):
        batch = levels[start:stop].reshape(many, (stop - start) // many, kept)
        out = network.decode(batch).reshape(-1, BASES)
        here = slice(start * d.factor, stop * d.factor)
        ranking[here] = np.argsort(-out, axis=1, kind="stable")
        hints[here] = _hints(out, ranking[here])
        if progress is not None:
            progress(min(count, here.stop))
    return Guesses(ranking[:count], hints[:count])


def _hints(out: NDArray[np.float32], ranking: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows = np.arange(out.shape[0])
    first, second = ranking[:, 0], ranking[:, 1]
    lead = (out[rows, first] - out[rows, second]) * np.float32(STEPS)
    confidence = np.clip(np.floor(lead), 0, STEPS - 1).astype(np.uint8)
    return (first * BASES + second) * np.uint8(STEPS) + confidence


def _batches(d: SeqCoderArchitecture, bases: int) -> Iterator[tuple[int, int, int]]:
    """First and last position of each batch, and how many chunks of equal length it has."""
    whole, per_chunk = bases // d.chunk, d.chunk // d.factor
    for first in range(0, whole, BATCH):
        last = min(whole, first + BATCH)
        yield first * per_chunk, last * per_chunk, last - first
    if bases % d.chunk:
        yield whole * per_chunk, bases // d.factor, 1
