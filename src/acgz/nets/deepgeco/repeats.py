"""How much of a sequence has been there before: whether it is a collection of like genomes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LENGTH = 24
"""Bases of a word: by chance none comes twice in less than some hundred million bases."""
RARE_BITS = 6
"""One of 2**RARE_BITS words is looked at, by what they are and not by where: all equal ones."""
_MIXER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: spreads like words
_PART = 1 << 20
"""Bases at a time."""


def share_of_repeats(residues: NDArray[np.uint8]) -> float:
    """Of the words in ``residues`` (n,), the part that has been there before; 0 if there is none.

    >>> share_of_repeats(np.tile(np.random.default_rng(1).integers(0, 4, 9999, np.uint8), 4)) > 0.7
    True
    """
    found = [
        _sampled(residues[start : start + _PART + LENGTH - 1])
        for start in range(0, residues.size - LENGTH + 1, _PART)
    ]
    words = np.concatenate([np.empty(0, np.uint64), *found])
    return 1.0 - np.unique(words).size / words.size if words.size else 0.0


def _sampled(residues: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The words of ``residues`` that are looked at, mixed."""
    words = {1: residues.astype(np.uint64)}
    for length in (1, 2, 4, 8):
        half = words[length]
        words[2 * length] = half[:-length] << np.uint64(2 * length) | half[length:]
    mixed = (words[16][:-8] << np.uint64(16) | words[8][16:]) * _MIXER
    return mixed[mixed >> np.uint64(64 - RARE_BITS) == 0]
