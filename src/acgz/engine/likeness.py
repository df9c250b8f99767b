"""Where two texts have the same words: what a dictionary has of a sequence.

Words of 16 residues of the sequence, and of its other strand, go into a hash table; then the
dictionary is read, a word at every fourth residue, as its bytes lie. Three in a row, 24 residues,
are no chance. Words that are in every genome are left out: those that repeat themselves with a
period of at most six residues, and those that are nearly all A and T, or G and C.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import inline_kernel, kernel

LENGTH = 16
"""Residues of a word: it fills 32 bits."""
EVERY = 4
"""Residues from a word of the dictionary to the next; so many are in one of its bytes."""
_IN_A_ROW = 3
_LONGEST_PERIOD = 6
_FEWEST = 3
"""Residues of a word that are G or C, and that are A or T."""
_HASH = np.uint64(0x9E3779B97F4A7C15)


def hits(pieces: NDArray[np.uint8], packed: NDArray[np.uint8], length: int) -> NDArray[np.int64]:
    """Words of a dictionary that are in a sequence, as the two before them; shape (pieces of the
    dictionary,).

    ``pieces`` (number, residues): of the sequence. ``packed``: the dictionary, four residues a
    byte, the first one highest; its pieces have ``length`` residues.
    """
    words = 2 * pieces.size
    bits = max(int(2 * words).bit_length(), 10)
    table = np.zeros(1 << bits, np.uint32)
    for piece in pieces:
        _collect(piece, table, np.uint64(64 - bits))
    found = np.zeros(packed.size // (length // EVERY), np.int64)
    _count(packed, length // EVERY, table, np.uint64(64 - bits), found)
    return found


@inline_kernel
def _slot(word, shift):
    return np.int64((np.uint64(word) * _HASH) >> shift)


@inline_kernel
def _is_plain(word):
    """Whether the word is one of those that are everywhere."""
    strong = (word ^ (word >> np.uint64(1))) & np.uint64(0x55555555)
    many = np.int64(0)
    for _ in range(LENGTH):
        many += np.int64(strong & np.uint64(1))
        strong >>= np.uint64(2)
    plain = many < _FEWEST or many > LENGTH - _FEWEST
    for period in range(1, _LONGEST_PERIOD + 1):
        apart = np.uint64(2 * period)
        same = (word ^ (word >> apart)) & ((np.uint64(1) << (np.uint64(32) - apart)) - np.uint64(1))
        plain = plain or same == np.uint64(0)
    return plain


@inline_kernel
def _put(word, table, shift):
    """Into the next free place of the table; 0 stands for nothing, and is a plain word."""
    at = _slot(word, shift)
    while table[at] != 0 and table[at] != np.uint32(word):
        at = (at + 1) & (table.size - 1)
    table[at] = np.uint32(word)


@kernel
def _collect(residues, table, shift):
    """Put the words of both strands into the table, of which half stays free."""
    word = np.uint64(0)
    other = np.uint64(0)
    for i in range(residues.size):
        residue = np.uint64(residues[i])
        word = ((word << np.uint64(2)) | residue) & np.uint64(0xFFFFFFFF)
        other = (other >> np.uint64(2)) | ((np.uint64(3) - residue) << np.uint64(30))
        if i >= LENGTH - 1 and not _is_plain(word):
            _put(word, table, shift)
            _put(other, table, shift)


@kernel
def _count(packed, length, table, shift, found):
    """Count into ``found`` the words of each piece of ``length`` bytes that are in the table, and
    the two before them."""
    for piece in range(found.size):
        word = np.uint64(0)
        row = np.int64(0)
        for k in range(length):
            word = ((word << np.uint64(8)) | np.uint64(packed[piece * length + k])) & np.uint64(
                0xFFFFFFFF
            )
            if k >= LENGTH // EVERY - 1 and word != np.uint64(0):
                at = _slot(word, shift)
                while table[at] != 0 and table[at] != np.uint32(word):
                    at = (at + 1) & (table.size - 1)
                row = (row + 1) * np.int64(table[at] != 0)
                found[piece] += np.int64(row >= _IN_A_ROW)
