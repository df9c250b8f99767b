"""A text of nucleotides but for its residues, as bytes: its symbols, headers and lines.

``docs/layout.md`` specifies the coded form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream
from acgz.coding.runs import code_numbers
from acgz.errors import DamagedError
from acgz.layout.mask import code_mask, most_word, word_length
from acgz.layout.symbols import Symbols, put_upper
from acgz.layout.text import code_lines
from acgz.layout.wrapping import Wrapping

_COUNTS = 8
"""Numbers at the start: text lines, whether unterminated, how many numbers the tables of line
ends, uneven lines, others, uracil and case have, and the k of the case mask (0: runs)."""


@dataclass(frozen=True)
class Layout:
    """A text of sequence lines and text lines."""

    symbols: Symbols
    headers: bytes
    """The text lines, each ended by LF whatever ends it in the text."""
    wrapping: Wrapping
    ends: NDArray[np.int64]
    """See `acgz.layout.wrapping.describe_ends`."""
    unterminated: bool

    @property
    def breaks(self) -> NDArray[np.int64]:
        """Symbols before every group but the first; shape (groups - 1,)."""
        return np.cumsum(self.wrapping.lengths[:-1])

    @property
    def numbers(self) -> int:
        """How many numbers all tables have."""
        return self.symbols.numbers + self.wrapping.numbers + self.ends.size


def most_numbers(max_size: int) -> int:
    """How many numbers the tables of a text of ``max_size`` bytes may have; as memory, 4 times it.

    A text that needs more is hardly one of nucleotides, and nobody can make a reader take more.
    """
    return max_size // 2 + 64


def write_layout(layout: Layout) -> bytes:
    """Encode all but the residues."""
    word = word_length(layout.symbols)
    runs = _write(layout, 0)
    return min(runs, _write(layout, word), key=len) if word else runs


def _write(layout: Layout, word: int) -> bytes:
    """Encode with the case as runs, or predicted from words of so many residues."""
    symbols, wrapping = layout.symbols, layout.wrapping
    tables = (layout.ends, wrapping.uneven, symbols.others, symbols.uracil, symbols.case)
    counts = np.zeros(_COUNTS, dtype=np.int64)
    counts[0] = wrapping.lengths.size - 1
    counts[1] = layout.unterminated
    counts[2:7] = [table.size for table in tables]
    counts[7] = word
    stream = BitStream()
    code_numbers(stream, counts, _COUNTS)
    code_lines(stream, layout.headers, int(counts[0]))
    code_numbers(stream, layout.ends, 2)
    groups = wrapping.groups.copy()
    groups[-3] = 0  # the length of the last group is what remains
    code_numbers(stream, groups, 3)
    code_numbers(stream, wrapping.uneven, 2)
    code_numbers(stream, symbols.others, 3, breaks=layout.breaks, symbol_column=1)
    code_numbers(stream, symbols.uracil, 2)
    if word:
        code_mask(stream, put_upper(symbols), symbols.case, word)
    else:
        code_numbers(stream, symbols.case, 2, breaks=layout.breaks)
    return stream.finish()


def read_layout(data: bytes, residues: NDArray[np.uint8] | int, max_size: int) -> Layout:
    """Decode what `write_layout` has encoded.

    With nothing but the number of ``residues``, they are all A and there is no lower case.

    Raises
    ------
    DamagedError, TruncatedError
        When something is inconsistent or implies a text of more than ``max_size`` bytes.
    """
    known = residues if isinstance(residues, int) else residues.size
    _require(known <= max_size, "more residues than text")
    stream = BitStream(data)
    counts = np.zeros(_COUNTS, dtype=np.int64)
    code_numbers(stream, counts, _COUNTS)
    lines, unterminated, *sizes, word = (int(count) for count in counts)
    _require(3 * (lines + 1) + sum(sizes) <= most_numbers(max_size), "more tables than text")
    _require(unterminated <= 1, "an impossible flag")
    ends, uneven, others, uracil, case = (np.zeros(size, dtype=np.int64) for size in sizes)
    headers = code_lines(stream, None, lines, max_size=max_size + 1)  # the last LF may be extra

    code_numbers(stream, ends, 2)
    _require(ends.size % 2 == bool(ends.size), "line ends are incomplete")
    _require(int(ends[0::2].max(initial=0)) <= 2, "an unknown kind of line end")
    groups = np.zeros(3 * lines + 3, dtype=np.int64)
    code_numbers(stream, groups, 3)
    code_numbers(stream, uneven, 2)
    wrapping = Wrapping(groups, uneven)
    breaks = np.cumsum(wrapping.lengths[:-1])

    code_numbers(stream, others, 3, breaks=breaks, symbol_column=1)
    _require(others.size % 3 == 0, "other symbols are incomplete")
    _require(int(others[1::3].max(initial=0)) <= 255, "a symbol that is no byte")
    _require(_total(others[0::3]) <= known, "more other symbols than sequence")
    count = known + _total(others[2::3])
    _require(count <= max_size, "more symbols than text")
    groups[-3] = count - _total(groups[0:-3:3])
    _require(int(groups[-3]) >= 0, "groups longer than the sequence")
    code_numbers(stream, uracil, 2)
    nothing = np.zeros(0, dtype=np.int64)
    if isinstance(residues, int):
        symbols = Symbols(np.zeros(known, dtype=np.uint8), others, nothing, nothing)
        return Layout(symbols, headers, wrapping, ends, bool(unterminated))

    symbols = Symbols(residues, others, uracil, nothing)
    if word:
        _require(word <= most_word(count), "an impossible word")
        code_mask(stream, put_upper(symbols), case, word)
    else:
        code_numbers(stream, case, 2, breaks=breaks)
    _require(_total(case) <= count, "more case than letters")
    return Layout(replace(symbols, case=case), headers, wrapping, ends, bool(unterminated))


def _total(lengths: NDArray[np.int64]) -> int:
    """Their sum, or as much as no text has: a sum of hostile numbers could overflow."""
    largest = int(lengths.max(initial=0))
    return int(lengths.sum()) if largest * lengths.size < 1 << 62 else 1 << 62


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise DamagedError(f"layout: {complaint}")
