"""A text of nucleotides but for its residues, as bytes: its symbols, headers and lines.

``docs/layout.md`` specifies the coded form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Job, allow
from acgz.coding.bitstream import BitStream
from acgz.coding.runs import code_numbers, numbers_memory
from acgz.errors import DamagedError
from acgz.layout.mask import code_mask, mask_memory, most_word, word_length
from acgz.layout.symbols import Symbols, put_upper
from acgz.layout.text import code_lines, lines_memory
from acgz.layout.wrapping import Wrapping

_COUNTS = 8
"""Numbers at the start: text lines, whether unterminated, how many numbers the tables of line
ends, uneven lines, others, uracil and case have, and the k of the case mask (0: runs)."""

_NOTHING = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Layout:
    """A text of sequence lines and text lines."""

    symbols: Symbols
    headers: NDArray[np.uint8]
    """The text lines, each ended by LF whatever ends it in the text."""
    wrapping: Wrapping
    ends: NDArray[np.int64]
    """See `acgz.layout.laying.describe_ends`."""
    unterminated: bool

    @property
    def numbers(self) -> int:
        """How many numbers all tables of the layout have."""
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
    breaks = wrapping.breaks
    code_numbers(stream, symbols.others, 3, breaks=breaks, symbol_column=1)
    code_numbers(stream, symbols.uracil, 2)
    if word:
        code_mask(stream, put_upper(symbols), symbols.case, word)
    else:
        code_numbers(stream, symbols.case, 2, breaks=breaks)
    return stream.finish()


@dataclass(frozen=True)
class _Counts:
    """What a layout says first, made sure of."""

    lines: int
    unterminated: bool
    tables: tuple[int, ...]
    """Numbers in each table: line ends, uneven lines, others, uracil, case."""
    word: int

    @classmethod
    def read(cls, stream: BitStream, max_size: int) -> _Counts:
        """The first numbers of a layout of at most ``max_size`` bytes of text."""
        counts = np.zeros(_COUNTS, dtype=np.int64)
        code_numbers(stream, counts, _COUNTS)
        lines, unterminated, *tables, word = (int(count) for count in counts)
        _require(3 * (lines + 1) + sum(tables) <= most_numbers(max_size), "more tables than text")
        _require(unterminated <= 1, "an impossible flag")
        _require(word <= most_word(max_size), "an impossible word")
        return cls(lines, bool(unterminated), tuple(tables), word)

    def memory(self, max_size: int) -> int:
        """Bytes that reading takes which nobody has been asked for: all but the residues."""
        tables = numbers_memory(4 * self.lines + 3 + sum(self.tables))
        mask = mask_memory(max_size, self.word) if self.word else 0
        return tables + max(2 * max_size, mask, lines_memory(max_size) if self.lines else 0)


def read_layout(data: bytes, residues: NDArray[np.uint8] | int, max_size: int, job: Job) -> Layout:
    """Decode what `write_layout` has encoded.

    With nothing but the number of ``residues``, they are all A and there is no lower case.

    Raises
    ------
    DamagedError, TruncatedError
        When something is inconsistent or implies a text of more than ``max_size`` bytes.
    LimitError
        When the text takes more memory than the job allows.
    """
    known = residues if isinstance(residues, int) else residues.size
    _require(known <= max_size, "more residues than text")
    stream = BitStream(data)
    counts = _Counts.read(stream, max_size)
    allow(known + counts.memory(max_size), job)
    headers = code_lines(stream, None, counts.lines, max_size=max_size + 1)  # LF may be extra
    ends = _read_ends(stream, counts.tables[0])
    groups = _read(stream, 3 * counts.lines + 3, 3)
    wrapping = Wrapping(groups, _read(stream, counts.tables[1], 2))
    breaks = wrapping.breaks
    others = _read_others(stream, counts.tables[2], breaks, known)
    size = known + _total(others[2::3])
    _require(size <= max_size, "more symbols than text")
    groups[-3] = size - _total(groups[0:-3:3])
    _require(int(groups[-3]) >= 0, "groups longer than the sequence")
    uracil = _read(stream, counts.tables[3], 2)
    if isinstance(residues, int):
        symbols = Symbols(np.zeros(known, dtype=np.uint8), others, _NOTHING, _NOTHING)
        return Layout(symbols, headers, wrapping, ends, counts.unterminated)

    symbols = Symbols(residues, others, uracil, _NOTHING)
    if counts.word:
        _require(counts.word <= most_word(size), "an impossible word")
        case = np.zeros(counts.tables[4], dtype=np.int64)
        code_mask(stream, put_upper(symbols), case, counts.word)
    else:
        case = _read(stream, counts.tables[4], 2, breaks)
    _require(_total(case) <= size, "more case than letters")
    return Layout(symbols._replace(case=case), headers, wrapping, ends, counts.unterminated)


def _read(
    stream: BitStream, size: int, columns: int, breaks: NDArray[np.int64] = _NOTHING
) -> NDArray[np.int64]:
    """The next table."""
    values = np.zeros(size, dtype=np.int64)
    code_numbers(stream, values, columns, breaks=breaks)
    return values


def _read_ends(stream: BitStream, size: int) -> NDArray[np.int64]:
    """The table of line ends."""
    ends = _read(stream, size, 2)
    _require(ends.size % 2 == bool(ends.size), "line ends are incomplete")
    _require(int(ends[0::2].max(initial=0)) <= 2, "an unknown kind of line end")
    return ends


def _read_others(
    stream: BitStream, size: int, breaks: NDArray[np.int64], known: int
) -> NDArray[np.int64]:
    """The table of symbols that are no residues; there are ``known`` residues."""
    others = np.zeros(size, dtype=np.int64)
    code_numbers(stream, others, 3, breaks=breaks, symbol_column=1)
    _require(others.size % 3 == 0, "other symbols are incomplete")
    _require(int(others[1::3].max(initial=0)) <= 255, "a symbol that is no byte")
    _require(_total(others[0::3]) <= known, "more other symbols than sequence")
    return others


def _total(lengths: NDArray[np.int64]) -> int:
    """The sum of the ``lengths``; as much as no text has where hostile ones would overflow."""
    largest = int(lengths.max(initial=0))
    return int(lengths.sum()) if largest * lengths.size < 1 << 62 else 1 << 62


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise DamagedError(f"layout: {complaint}")
