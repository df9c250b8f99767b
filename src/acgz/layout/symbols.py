"""The characters of the sequence lines, taken apart into residues and what makes them special.

*Symbols* are all bytes of the sequence lines, line ends excluded. They are described by

- *residues*: the symbols A, C, G, T (U), as 0..3, in order;
- *others*: runs of equal symbols that are not residues, as rows (gap, symbol, length). The gap
  counts the residues since the previous run. Letters are listed in upper case;
- *uracil*: alternating lengths, in residues, of runs without U, without T, without U ...;
- *case*: alternating lengths, in symbols, of runs of upper case, lower, upper ... Symbols that are
  not letters belong to whatever run they are in.

Lengths alternate from the first, which may be 0; the last run of uracil and case, which reaches to
the end, is left out. So a text of plain A, C, G, T has nothing but residues.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import inline_kernel, kernel
from acgz.layout.lines import Lines

_OTHER, _LOWER, _CASELESS, _UNEXPECTED = 16, 4, 24, 8


def _classes() -> NDArray[np.uint8]:
    """Class of every byte, in a run without U (row 0) and without T (row 1); shape (2, 256).

    Residues: their value, +4 for lower case, +8 if T or U is not what the run is of.
    Others: 16 in upper case, 20 in lower case, 24 when they have no case.
    """
    table = np.full((2, 256), _CASELESS, dtype=np.uint8)
    for letter in range(ord("A"), ord("Z") + 1):
        table[:, letter] = _OTHER
        table[:, letter | 32] = _OTHER + _LOWER
    for value, letter in enumerate(b"ACGT"):
        table[:, letter] = value
        table[:, letter | 32] = value + _LOWER
    table[1, [ord("T"), ord("t")]] = _UNEXPECTED + 3, _UNEXPECTED + _LOWER + 3
    table[0, [ord("U"), ord("u")]] = _UNEXPECTED + 3, _UNEXPECTED + _LOWER + 3
    table[1, [ord("U"), ord("u")]] = 3, _LOWER + 3
    return table


_CLASSES = _classes()


class Symbols(NamedTuple):
    """What stands on the sequence lines of a text, as the tables that the module describes."""

    residues: NDArray[np.uint8]
    """(n,): 0..3 = A C G T, or U."""
    others: NDArray[np.int64]
    """Shape (3 * runs,): gap, symbol, length; gap, symbol, length ..."""
    uracil: NDArray[np.int64]
    case: NDArray[np.int64]

    @property
    def numbers(self) -> int:
        """How many numbers the tables of the symbols have."""
        return self.others.size + self.uracil.size + self.case.size

    @property
    def size(self) -> int:
        """How many symbols there are."""
        return self.residues.size + int(self.others[2::3].sum())


class _Walk(NamedTuple):
    """How far the tables are filled, and the runs that are not yet at their ends; arrays of one."""

    residues: NDArray[np.int64]
    others: NDArray[np.int64]
    """Numbers in the table of others, as in the next two: also where there was no room."""
    uracil: NDArray[np.int64]
    case: NDArray[np.int64]
    strange: NDArray[np.int64]
    """Symbols so far that are no residues."""
    case_since: NDArray[np.int64]
    """The symbol at which the run of upper or lower case began."""
    uracil_since: NDArray[np.int64]
    """The residue at which the run without U or T began."""
    last: NDArray[np.int64]
    """Symbol of the last run of others (-1: none), and how many residues are before its end."""


def _new_walk() -> _Walk:
    a, b, c, d, e, f, g = np.zeros((7, 1), dtype=np.int64)
    return _Walk(a, b, c, d, e, f, g, np.array([-1, 0]))


def take_symbols(text: NDArray[np.uint8], lines: Lines, most: int) -> Symbols | None:
    """The symbols of a text; None if describing them takes more than ``most`` numbers."""
    residues = np.empty(text.size, dtype=np.uint8)
    sizes = [text.size // 32 + 64, text.size // 256 + 64, text.size // 32 + 64]
    while True:
        room = Symbols(residues, *(np.empty(size, dtype=np.int64) for size in sizes))
        walk = _new_walk()
        _take(text, lines, _CLASSES, room, walk)
        sizes = [int(walk.others[0]), int(walk.uracil[0]), int(walk.case[0])]
        if sum(sizes) > most:
            return None
        tables = room[1:]
        if all(size <= table.size for size, table in zip(sizes, tables, strict=True)):
            filled = (table[:size] for size, table in zip(sizes, tables, strict=True))
            return Symbols(residues[: int(walk.residues[0])], *filled)


@kernel
def _take(text, lines, classes, symbols, walk):
    """Walk over the sequence lines; write as much as there is room for, and count all."""
    lower = np.uint8(0)  # _LOWER in a run of lower case
    without_t = 0
    for line in range(lines.begins.size):
        if lines.is_text[line]:
            continue
        part = text[lines.begins[line] : lines.stops[line]]
        at = 0
        while at < part.size:
            size = _take_usual(part[at:], classes[without_t], lower, symbols, walk)
            at += size
            if at == part.size:
                break
            kind = classes[without_t, part[at]]
            if (kind ^ lower) & _LOWER and kind != _CASELESS:
                here = walk.residues[0] + walk.strange[0]
                _end_run(symbols.case, walk.case, walk.case_since, here)
                lower ^= np.uint8(_LOWER)
            if kind >= _OTHER:
                letter = np.int64(part[at])
                _take_other(symbols.others, letter - 32 if kind & _LOWER else letter, walk)
                at += 1
            elif kind & _UNEXPECTED:
                _end_run(symbols.uracil, walk.uracil, walk.uracil_since, walk.residues[0])
                without_t ^= 1


@inline_kernel
def _take_usual(part, classes, lower, symbols, walk):
    """Take residues as long as they go on as in their runs; return how many.

    That is nearly all symbols, so it is a loop of its own, of as little as possible.
    """
    room = symbols.residues[walk.residues[0] :]
    size = 0
    for letter in part:
        change = classes[letter] ^ lower
        if change >= _LOWER:
            break
        room[size] = change
        size += 1
    walk.residues[0] += size
    return size


@inline_kernel
def _end_run(lengths, used, since, here):
    """A run that has begun at ``since`` ends; the next one begins."""
    if used[0] < lengths.size:
        lengths[used[0]] = here - since[0]
    used[0] += 1
    since[0] = here


@inline_kernel
def _take_other(others, symbol, walk):
    """One more symbol that is no residue."""
    used = walk.others
    if symbol != walk.last[0] or walk.last[1] != walk.residues[0]:
        if used[0] + 3 <= others.size:
            others[used[0]] = walk.residues[0] - walk.last[1]
            others[used[0] + 1] = symbol
            others[used[0] + 2] = 0
        used[0] += 3
        walk.last[0] = symbol
        walk.last[1] = walk.residues[0]
    if used[0] <= others.size:
        others[used[0] - 1] += 1
    walk.strange[0] += 1


def put_symbols(symbols: Symbols) -> NDArray[np.uint8]:
    """The bytes that were taken apart; shape (symbols.size,)."""
    text = put_upper(symbols)
    if symbols.case.size:
        _put_case(text, symbols.case)
    return text


def put_upper(symbols: Symbols) -> NDArray[np.uint8]:
    """The bytes that were taken apart, all letters in upper case; shape (symbols.size,)."""
    text = np.empty(symbols.size, dtype=np.uint8)
    _put(np.ascontiguousarray(symbols.residues), symbols.others, text)
    if symbols.uracil.size:
        _put_uracil(symbols.uracil, text)
    return text


@kernel
def _put(residues, others, text):
    """Write all residues, and the others between them."""
    at = np.int64(0)
    begin = np.int64(0)
    for row in range(others.size // 3):
        stop = begin + others[3 * row]
        _put_residues(residues[begin:stop], text[at:])
        at += stop - begin
        begin = stop
        symbol = others[3 * row + 1]
        for _ in range(others[3 * row + 2]):
            text[at] = symbol
            at += 1
    _put_residues(residues[begin:], text[at:])


@inline_kernel
def _put_residues(residues, text):
    """A C G T from 0 1 2 3 by arithmetic, which runs in vector registers."""
    for i in range(residues.size):
        residue = residues[i] & 3
        high = residue >> 1
        text[i] = 65 + 2 * (residue + high) + 11 * (high & residue)


@kernel
def _put_uracil(uracil, text):
    """Turn the T of every second run to U."""
    run = 0
    left = uracil[0]
    for at in range(text.size):
        letter = text[at]
        if letter == 65 or letter == 67 or letter == 71 or letter == 84:
            while left == 0:
                run += 1
                left = uracil[run] if run < uracil.size else np.int64(text.size + 1)
            if letter == 84:
                text[at] += run & 1
            left -= 1


@kernel
def _put_case(text, case):
    """Turn the letters of every second run to lower case."""
    at = np.int64(0)
    for run in range(case.size):
        begin = at + case[run]
        at = begin
        if run & 1 == 0:
            stop = begin + case[run + 1] if run + 1 < case.size else np.int64(text.size)
            for i in range(begin, stop):
                if 65 <= text[i] <= 90:
                    text[i] |= 32
