"""Sequences to learn from, and some that are held out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.errors import InputError
from acgz.layout import split

PIECE = 1 << 15
"""Bases. The corpus is held out by pieces of this size, so that both parts see every genome."""


@dataclass(frozen=True)
class Corpus:
    """Residues 0..3 to train on, and others to validate on."""

    training: NDArray[np.uint8]
    validation: NDArray[np.uint8]

    @classmethod
    def of(cls, genomes: Sequence[NDArray[np.uint8]], every: int = 64) -> Corpus:
        """Hold out one of ``every`` pieces; InputError if there is too little sequence."""
        residues = np.concatenate([*genomes, np.empty(0, np.uint8)])
        pieces = residues.size // PIECE
        if pieces < 2:
            raise InputError(f"training needs at least {2 * PIECE:,} bases")
        cut = residues[: pieces * PIECE].reshape(pieces, PIECE)
        every = min(every, pieces)
        held_out = np.arange(pieces) % every == every - 1
        return cls(cut[~held_out].reshape(-1), cut[held_out].reshape(-1))

    @classmethod
    def read(cls, texts: Iterable[tuple[str, bytes]]) -> Corpus:
        """The corpus of the A, C, G, T in files, FASTA or raw sequence; InputError as in `of`."""
        return cls.of([split(text).residues for _, text in texts])

    def __str__(self) -> str:
        return f"{self.training.size:,} bases to train on, {self.validation.size:,} held out"
