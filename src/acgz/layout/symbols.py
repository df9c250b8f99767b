"""The characters of the sequence lines, taken apart into residues and what makes them special.

*Symbols* are all bytes of the sequence lines, line ends excluded. They are described by

- *residues*: the symbols A, C, G, T (U), as 0..3, in order;
- *others*: runs of equal symbols that are not residues, as rows (gap, symbol, length). The gap counts
  the residues since the previous run. Letters are listed in upper case;
- *uracil*: alternating lengths, in residues, of runs without U, without T, without U ...;
- *case*: alternating lengths, in symbols, of runs of upper case, lower, upper ... Symbols that are
  not letters belong to whatever run they are in.

Lengths alternate from the first, which may be 0; the last run of uracil and case, which reaches to
the end, is left out. So a text of plain A, C, G, T has nothing but residues.
"""  # noqa: E501

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import allocating_kernel
from acgz.layout.lines import Lines

_CASELESS = 24


def _classes() -> NDArray[np.uint8]:
    """Class of every byte, in a run without U (row 0) and without T (row 1); shape (2, 256).

    Residues: their value, +4 for lower case, +8 if T or U is not what the run is of.
    Others: 16 in upper case, 20 in lower case, 24 when they have no case.
    """
    table = np.full((2, 256), _CASELESS, dtype=np.uint8)
    for letter in range(ord("A"), ord("Z") + 1):
        table[:, letter] = 16
        table[:, letter | 32] = 20
    for value, letter in enumerate(b"ACGT"):
        table[:, letter] = value
        table[:, letter | 32] = value + 4
    table[1, [ord("T"), ord("t")]] = 8 + 3, 8 + 7
    table[0, [ord("U"), ord("u")]] = 8 + 3, 8 + 7
    table[1, [ord("U"), ord("u")]] = 3, 7
    return table


_CLASSES = _classes()


@dataclass(frozen=True)
class Symbols:
    """The symbols of a text; see the module."""

    residues: NDArray[np.uint8]
    others: NDArray[np.int64]
    """Shape (3 * runs,): gap, symbol, length; gap, symbol, length ..."""
    uracil: NDArray[np.int64]
    case: NDArray[np.int64]

    @property
    def numbers(self) -> int:
        """How many numbers the tables have."""
        return self.others.size + self.uracil.size + self.case.size

    @property
    def count(self) -> int:
        """How many symbols there are."""
        return self.residues.size + int(self.others[2::3].sum())


def take_symbols(text: NDArray[np.uint8], lines: Lines, most: int) -> Symbols | None:
    """The symbols of a text; None if describing them takes more than ``most`` numbers."""
    residues = np.empty(text.size, dtype=np.uint8)
    counts = np.array([0, text.size // 32, text.size // 256, text.size // 32]) + 64
    while True:
        others, uracil, case = (np.empty(count, dtype=np.int64) for count in counts[1:])
        room = counts.copy()
        _take(
            text,
            lines.begins,
            lines.stops,
            lines.is_text,
            _CLASSES,
            residues,
            others,
            uracil,
            case,
            counts,
        )
        if counts[1:].sum() > most:
            return None
        if (counts[1:] <= room[1:]).all():
            found = residues[: counts[0]]
            return Symbols(found, others[: counts[1]], uracil[: counts[2]], case[: counts[3]])


@allocating_kernel
def _take(
    text, begins, stops, is_text, all_classes, residues, others, uracil, case, counts
):  # fmt: skip
    """Walk over the sequence lines; write as much as there is room for, and count all."""
    found = np.int64(0)  # residues so far
    strange = np.int64(0)  # other symbols so far
    others_at = np.int64(0)
    uracil_at = np.int64(0)
    case_at = np.int64(0)
    lower = np.uint8(0)  # 4 in a run of lower case
    lower_since = np.int64(0)  # symbol at which the run began
    is_u = 0  # 1 in a run without T
    u_since = np.int64(0)  # residue at which the run began
    last = np.int64(-1)  # symbol of the last run of others
    last_end = np.int64(0)  # residues found when it ended
    classes = all_classes[0]
    for line in range(begins.size):
        if is_text[line]:
            continue
        part = text[begins[line] : stops[line]]
        at = 0
        while at < part.size:
            # usual residues in the case of their run: nearly all symbols, so a loop of their own
            stretch = part[at:]
            room = residues[found:]
            size = 0
            for letter in stretch:
                change = classes[letter] ^ lower
                if change >= 4:
                    break
                room[size] = change
                size += 1
            found += size
            at += size
            if at == part.size:
                break
            kind = classes[part[at]]
            if (kind ^ lower) & 4 and kind != _CASELESS:
                if case_at < case.size:
                    case[case_at] = found + strange - lower_since
                case_at += 1
                lower_since = found + strange
                lower ^= np.uint8(4)
            if kind >= 16:
                symbol = np.int64(part[at]) - (32 if kind == 20 else 0)
                if symbol != last or last_end != found:
                    if others_at + 3 <= others.size:
                        others[others_at] = found - last_end
                        others[others_at + 1] = symbol
                        others[others_at + 2] = 0
                    others_at += 3
                    last = symbol
                    last_end = found
                if others_at <= others.size:
                    others[others_at - 1] += 1
                strange += 1
                at += 1
            elif kind & 8:
                if uracil_at < uracil.size:
                    uracil[uracil_at] = found - u_since
                uracil_at += 1
                u_since = found
                is_u ^= 1
                classes = all_classes[is_u]
    counts[0] = found
    counts[1] = others_at
    counts[2] = uracil_at
    counts[3] = case_at


def put_symbols(symbols: Symbols) -> NDArray[np.uint8]:
    """The bytes that were taken apart; shape (symbols.count,)."""
    text = put_upper(symbols)
    if symbols.case.size:
        _put_case(text, symbols.case)
    return text


def put_upper(symbols: Symbols) -> NDArray[np.uint8]:
    """The bytes that were taken apart, all letters in upper case; shape (symbols.count,)."""
    text = np.empty(symbols.count, dtype=np.uint8)
    _put(np.ascontiguousarray(symbols.residues), symbols.others, text)
    if symbols.uracil.size:
        _put_uracil(symbols.uracil, text)
    return text


@allocating_kernel
def _put(residues, others, text):
    at = np.int64(0)
    begin = np.int64(0)
    for row in range(others.size // 3 + 1):
        stop = residues.size
        if 3 * row < others.size:
            stop = begin + others[3 * row]
        for i in range(begin, stop):
            # A C G T from 0 1 2 3 by arithmetic, which runs in vector registers
            residue = residues[i] & 3
            high = residue >> 1
            text[at + i - begin] = 65 + 2 * (residue + high) + 11 * (high & residue)
        at += stop - begin
        begin = stop
        if 3 * row < others.size:
            symbol = others[3 * row + 1]
            length = others[3 * row + 2]
            for i in range(at, at + length):
                text[i] = symbol
            at += length


@allocating_kernel
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


@allocating_kernel
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
