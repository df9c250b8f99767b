"""What a decoder says about each base, and what corrects it: the rank of the true base."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.coding import zstd
from acgz.coding.quaternary import HINTS
from acgz.errors import DamagedError

BASES = 4
PER_BYTE = 4


@dataclass(frozen=True)
class Guesses:
    """Of n bases."""

    ranking: NDArray[np.uint8]
    """(n, BASES): the residues, the likeliest first."""
    hints: NDArray[np.uint8]
    """(n,): what the decoder says as a number below `HINTS`."""

    @property
    def best(self) -> NDArray[np.uint8]:
        """The reconstruction; (n,)."""
        return self.ranking[:, 0]

    @classmethod
    def by_value(cls, values: NDArray[np.float32], order: NDArray[np.uint8]) -> Guesses:
        """From a number from 0 to 1 for each base, (n,); ``order``: the residues at 0, ¼, ½, ¾."""
        scaled = values * np.float32(BASES)
        distance = np.abs(scaled[:, None] - np.arange(BASES, dtype=np.float32))
        hints = np.minimum(np.floor(scaled * np.float32(HINTS // BASES)), HINTS - 1)
        return cls(order[np.argsort(distance, axis=1, kind="stable")], hints.astype(np.uint8))

    @classmethod
    def by_output(cls, out: NDArray[np.float32]) -> Guesses:
        """From a number for each residue, (n, BASES): the larger, the likelier.

        A hint holds the first two residues and how far apart they are.
        """
        steps = HINTS // BASES**2
        ranking = np.argsort(-out, axis=1, kind="stable").astype(np.uint8)
        rows, first, second = np.arange(out.shape[0]), ranking[:, 0], ranking[:, 1]
        lead = (out[rows, first] - out[rows, second]) * np.float32(steps)
        confidence = np.clip(np.floor(lead), 0, steps - 1).astype(np.uint8)
        return cls(ranking, (first * BASES + second) * np.uint8(steps) + confidence)


def ranks_to_bytes(residues: NDArray[np.uint8], guesses: Guesses) -> bytes:
    """The rank of each residue among its guesses, 0 for a right one, 2 bits each; zstd."""
    ranks = np.argmax(guesses.ranking == residues[:, None], axis=1)
    return zstd.compress(packed(ranks.astype(np.uint8)))


def residues_of_ranks(data: bytes, guesses: Guesses, wrong: int) -> NDArray[np.uint8]:
    """The inverse; DamagedError unless there are exactly so many ``wrong`` guesses."""
    count = guesses.hints.size
    ranks = unpacked(zstd.decompress(data, -(-count // PER_BYTE)), count)
    if np.count_nonzero(ranks) != wrong:
        raise DamagedError("the residual does not decode")
    return guesses.ranking[np.arange(count), ranks]


def packed(values: NDArray[np.uint8]) -> bytes:
    """Numbers below 4, (n,), four in a byte, the first one lowest.

    >>> packed(np.array([3, 0, 1, 0, 2], np.uint8)).hex()
    '1302'
    """
    whole = np.zeros(-(-values.size // PER_BYTE) * PER_BYTE, np.uint8)
    whole[: values.size] = values
    a, b, c, d = whole.reshape(-1, PER_BYTE).T
    return (a | b << 2 | c << 4 | d << 6).tobytes()


def unpacked(data: bytes, count: int) -> NDArray[np.uint8]:
    """The inverse; DamagedError for other than ``count`` numbers."""
    if len(data) != -(-count // PER_BYTE):
        raise DamagedError("numbers of 2 bits do not decode")
    shifts = 2 * np.arange(PER_BYTE, dtype=np.uint8)
    return (np.frombuffer(data, np.uint8)[:, None] >> shifts & np.uint8(3)).reshape(-1)[:count]
