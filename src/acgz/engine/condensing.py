"""Makes dictionaries: of genomes, the windows in which most of what recurs in them is once.

Each word of 16 residues is worth as much as it is frequent, on both strands, until it is in a
window that was taken. Windows are taken by what they are worth (a greedy cover, lazily evaluated:
what a window is worth never rises; Minoux, 1978), and then stand in the order of the genomes.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acgz.engine.likeness import LENGTH
from acgz.kernel import kernel

WINDOW = 512
"""Residues: a repeat of mammals has some 300."""


def condensed(genomes: Sequence[NDArray[np.uint8]], size: int) -> NDArray[np.uint8]:
    """At most ``size`` residues of the genomes; n is a multiple of `WINDOW`.

    Takes some 40 bytes of memory for each residue of the genomes.
    """
    windows = [one[: one.size // WINDOW * WINDOW].reshape(-1, WINDOW) for one in genomes]
    texts = np.concatenate([np.zeros((0, WINDOW), np.uint8), *windows])
    words = np.zeros(texts.size, np.uint32)
    _words(texts.ravel(), words)
    _, inverse, worth = np.unique(words, return_inverse=True, return_counts=True)
    kinds = inverse.astype(np.int32).reshape(texts.shape)[:, LENGTH - 1 :]  # words within a window
    seen = np.full(worth.size, -1, np.int32)

    def value(window: int) -> int:
        return int(_value(kinds[window], worth, seen, np.int32(window)))

    heap = [(-value(window), window) for window in range(len(texts))]
    heapq.heapify(heap)
    taken: list[int] = []
    while heap and len(taken) < size // WINDOW:
        _, window = heapq.heappop(heap)
        seen[kinds[window]] = -1
        now = -value(window)
        if heap and now > heap[0][0]:
            heapq.heappush(heap, (now, window))
            continue
        if not now:
            break
        worth[kinds[window]] = 0
        taken.append(window)
    return texts[sorted(taken)].ravel()


@kernel
def _words(residues, words):
    """The lesser of the word that ends at each residue and its inverted repeat."""
    word = np.uint64(0)
    other = np.uint64(0)
    for i in range(residues.size):
        residue = np.uint64(residues[i])
        word = ((word << np.uint64(2)) | residue) & np.uint64(0xFFFFFFFF)
        other = (other >> np.uint64(2)) | ((np.uint64(3) - residue) << np.uint64(2 * LENGTH - 2))
        words[i] = np.uint32(min(word, other))


@kernel
def _value(kinds, worth, seen, mark):
    """What the words of a window are worth, each counted once; ``seen`` gets the ``mark``."""
    total = np.int64(0)
    for kind in kinds:
        if seen[kind] != mark:
            seen[kind] = mark
            total += worth[kind]
    return total
