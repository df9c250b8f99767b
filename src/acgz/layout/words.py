"""How often the words of a genome occur in it: what programs mask by.

A word is k successive residues; it and its reverse complement are the same word. A *window* is
five successive words, as in WindowMasker (Morgulis et al. 2006).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import kernel

WINDOW = 5
"""Words."""

_FEW = 24  # counts are also summed up to this, as WindowMasker does, beside their logarithms

_RARENESS = np.array(
    [0] + [(count**16).bit_length() - 1 for count in range(1, 256)], dtype=np.int64
)
"""16 log2(count), rounded down, for counts up to 255 (which stands for all above)."""

_VALUES = np.full(256, 4, dtype=np.uint8)
_VALUES[list(b"ACGTU")] = 0, 1, 2, 3, 3

_BATCH = 4096
"""Words that are looked up together, so that the processor can wait for many places of the table
of counts at a time."""


class Scores(NamedTuple):
    """Of the window that begins at every letter; 0 if a word of it is incomplete."""

    word: int
    """k."""
    logs: NDArray[np.uint8]
    """(n,): a quarter of the sum of 16 log2(count) of the words."""
    sums: NDArray[np.uint8]
    """(n,): the sum of min(count, 24) of the words."""


class _Reader(NamedTuple):
    """What `_find_words` knows of the letters before; single numbers are (1,)."""

    word: int
    keys: NDArray[np.int64]
    """(_BATCH,): the words found."""
    forward: NDArray[np.int64]
    """The last k residues, 2 bits each."""
    backward: NDArray[np.int64]
    """Reverse complements of the words."""
    length: NDArray[np.int64]
    """Residues since the last letter that is none."""


def score(text: NDArray[np.uint8], word: int) -> Scores:
    """The scores of a ``text`` in upper case, for words of so many letters."""
    scores = Scores(word, np.zeros(text.size, np.uint8), np.zeros(text.size, np.uint8))
    counts = np.zeros((1 << (2 * word)) + 1, dtype=np.uint8)
    forward, backward, length = np.zeros((3, 1), np.int64)
    reader = _Reader(word, np.zeros(_BATCH, np.int64), forward, backward, length)
    _count(text, reader, counts)
    length[0] = 0  # so nothing is left of the letters at the end
    _look_up(text, reader, counts, scores.logs)
    _sum_up(scores.logs, scores.sums)
    return scores


@kernel
def _count(text, reader, counts):
    """Count every word, up to 255; those that are incomplete are never counted."""
    for begin in range(0, text.size, reader.keys.size):
        for i in range(_find_words(text, begin, reader)):
            count = counts[reader.keys[i]]
            counts[reader.keys[i]] = count + np.uint8(count < 255)
    counts[counts.size - 1] = 0


@kernel
def _look_up(text, reader, counts, found):
    """Write into ``found`` the count of the word that begins at each letter; 0 at the end."""
    for begin in range(0, text.size, reader.keys.size):
        for i in range(_find_words(text, begin, reader)):
            if begin + i >= reader.word - 1:
                found[begin + i - reader.word + 1] = counts[reader.keys[i]]


@kernel
def _find_words(text, begin, reader):
    """Find the words that end at the letters from ``begin`` on; return how many.

    A key is the lesser of a word and its inverse; that of an incomplete word is ``4**word``.
    """
    top = 2 * (reader.word - 1)
    none = np.int64(1) << (2 * reader.word)
    forward, backward, length = reader.forward[0], reader.backward[0], reader.length[0]
    size = min(reader.keys.size, text.size - begin)
    for i in range(size):
        residue = np.int64(_VALUES[text[begin + i]])
        forward = ((forward << 2) | (residue & 3)) & (none - 1)
        backward = (backward >> 2) | ((3 - (residue & 3)) << top)
        length = length + 1 if residue < 4 else np.int64(0)
        reader.keys[i] = min(forward, backward) if length >= reader.word else none
    reader.forward[0], reader.backward[0], reader.length[0] = forward, backward, length
    return size


@kernel
def _sum_up(logs, sums):
    """Turn counts in ``logs`` to scores of windows, and write their sums."""
    for begin in range(logs.size):
        log = np.int64(0)
        few = np.int64(0)
        for at in range(begin, begin + WINDOW):
            count = np.int64(logs[at]) if at < logs.size else np.int64(0)
            if count == 0:
                log = np.int64(0)
                few = np.int64(0)
                break
            log += _RARENESS[count]
            few += count if count < _FEW else np.int64(_FEW)
        logs[begin] = log >> 2
        sums[begin] = few
