"""Runs an autoencoder over a sequence, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from acgz.nets.seqcoder.guesses import BASES, Guesses
from acgz.nets.workers import Workers

BATCH = 8
"""Chunks at once, of all threads together. It has no influence on the result."""


class Sizes(Protocol):
    """What an architecture says about chunks."""

    @property
    def chunk(self) -> int:
        """Bases that are coded together."""
        ...

    @property
    def latents(self) -> int:
        """Latent values of a place."""
        ...

    @property
    def factor(self) -> int:
        """Bases of a place."""
        ...


class AutoEncoder(Protocol):
    """A network in exact arithmetic."""

    def encode(self, residues: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Residues (B, L) to latent values (B, L / factor, latents)."""
        ...

    def guesses(self, latents: NDArray[np.uint8]) -> Guesses:
        """Latent values (B, T, latents) to guesses of B * factor * T bases."""
        ...


def places(d: Sizes, count: int) -> int:
    """Places of the latent space for ``count`` bases."""
    return -(-count // d.factor)


def encode(
    network: AutoEncoder, d: Sizes, residues: NDArray[np.uint8], workers: Workers
) -> NDArray[np.uint8]:
    """Latent values (places, latents) of ``residues`` (n,). The last place is filled up with A."""
    filled = np.zeros(places(d, residues.size) * d.factor, np.uint8)
    filled[: residues.size] = residues
    batches = [
        filled[start * d.factor : stop * d.factor].reshape(many, -1)
        for start, stop, many in _batches(d, filled.size, workers)
    ]
    parts = workers.map(network.encode, batches)
    return np.concatenate([part.reshape(-1, d.latents) for part in parts])


def decode(
    network: AutoEncoder,
    d: Sizes,
    latents: NDArray[np.uint8],
    count: int,
    workers: Workers,
    progress: Callable[[int], object] | None = None,
) -> Guesses:
    """Guesses of ``count`` bases from ``latents`` (places, latents)."""
    ranking = np.empty((latents.shape[0] * d.factor, BASES), np.uint8)
    hints = np.empty(ranking.shape[0], np.uint8)

    def guess(batch: tuple[int, int, int]) -> int:
        start, stop, many = batch
        found = network.guesses(latents[start:stop].reshape(many, -1, d.latents))
        here = slice(start * d.factor, stop * d.factor)
        ranking[here], hints[here] = found.ranking, found.hints
        return here.stop

    for done in workers.over(guess, _batches(d, ranking.shape[0], workers)):
        if progress is not None:
            progress(min(count, done))
    return Guesses(ranking[:count], hints[:count])


def _batches(d: Sizes, bases: int, workers: Workers) -> Iterator[tuple[int, int, int]]:
    """First and last place of each batch, and how many chunks of equal length it has."""
    whole, per_chunk = bases // d.chunk, d.chunk // d.factor
    at_once = max(1, BATCH // workers.threads)
    for first in range(0, whole, at_once):
        last = min(whole, first + at_once)
        yield first * per_chunk, last * per_chunk, last - first
    if bases % d.chunk:
        yield whole * per_chunk, bases // d.factor, 1
