"""A text but for its residues, as bytes: the coded form of symbols, headers and lines.

``docs/layout.md`` specifies it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream
from acgz.coding.runs import code_numbers
from acgz.coding.text import code_lines
from acgz.errors import DamagedError
from acgz.sequence.mask import code_mask, word_length
from acgz.sequence.symbols import Symbols, put_upper
from acgz.sequence.wrapping import Wrapping

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
    """See `acgz.sequence.wrapping.describe_ends`."""
    unterminated: bool

    @property
    def breaks(self) -> NDArray[np.int64]:
        """Symbols before every group but the first; shape (groups - 1,)."""
        return np.cumsum(self.wrapping.lengths[:-1])


def write_layout(layout: Layout, *, with_headers: bool, extended: bool) -> bytes:
    """Encode all but the residues, and the headers only ``with_headers``.

    ``extended`` may take tens of nanoseconds per symbol to predict the case from the residues.
    """
    symbols, wrapping = layout.symbols, layout.wrapping
    word = word_length(symbols) if extended else 0
    tables = (layout.ends, wrapping.uneven, symbols.others, symbols.uracil, symbols.case)
    counts = np.zeros(_COUNTS, dtype=np.int64)
    counts[0] = wrapping.lengths.size - 1
    counts[1] = layout.unterminated
    counts[2:7] = [table.size for table in tables]
    counts[7] = word
    stream = BitStream()
    code_numbers(stream, counts, _COUNTS)
    if with_headers:
        code_lines(stream, layout.headers, int(counts[0]))
    code_numbers(stream, layout.ends, 2)
    groups = wrapping.groups.copy()
    groups[-3] = 0  # the length of the last group is what remains
    code_numbers(stream, groups, 3)
    code_numbers(stream, wrapping.uneven, 2)
    breaks = layout.breaks
    code_numbers(stream, symbols.others, 3, breaks=breaks, symbol_column=1)
    code_numbers(stream, symbols.uracil, 2)
    if word:
        code_mask(stream, put_upper(symbols), symbols.case, word)
    else:
        code_numbers(stream, symbols.case, 2, breaks=breaks)
    return stream.finish()


def read_layout(
    data: bytes,
    headers: bytes | None,
    residues: NDArray[np.uint8] | int,
    max_size: int,
) -> Layout:
    """Decode what `write_layout` has encoded, for ``headers`` unless they are part of it.

    With only the number of ``residues``, all of it but the case of the symbols.

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
    # An empty line takes a byte, and so does a symbol; a row of any table describes one or more.
    _require(max(lines, *sizes) <= 3 * max_size + 3 and unterminated <= 1, "an impossible count")
    _require(lines <= max_size, "more headers than text")
    ends, uneven, others, uracil, case = (np.zeros(size, dtype=np.int64) for size in sizes)
    if headers is None:
        headers = code_lines(stream, None, lines, max_size=max_size)
    _require(headers.count(b"\n") == lines, "headers are missing")
    code_numbers(stream, ends, 2)
    _require(ends.size % 2 == bool(ends.size), "line ends are incomplete")
    _require(int(ends[0::2].max(initial=0)) <= 2, "an unknown kind of line end")
    groups = np.zeros(3 * lines + 3, dtype=np.int64)
    code_numbers(stream, groups, 3)
    code_numbers(stream, uneven, 2)
    wrapping = Wrapping(groups, uneven)
    breaks = np.cumsum(wrapping.lengths[:-1])
    code_numbers(stream, others, 3, breaks=breaks, symbol_column=1)
    code_numbers(stream, uracil, 2)
    letters = np.zeros(known, dtype=np.uint8) if isinstance(residues, int) else residues
    _require(int(others[0::3].sum()) <= known, "more other symbols than sequence")
    _require(int(others.min(initial=0)) >= 0, "a negative run")
    _require(int(others[2::3].max(initial=0)) <= max_size, "an impossible run")
    _require(int(others[2::3].sum()) + known <= max_size, "more symbols than text")
    symbols = Symbols(letters, others, uracil, case)
    groups[-3] = symbols.count - int(groups[0:-3:3].sum())
    _require(int(groups[0::3].min()) >= 0, "groups longer than the sequence")
    if not isinstance(residues, int):
        if word:
            _require(word <= 16, "an impossible word")
            code_mask(stream, put_upper(symbols), case, word)
        else:
            code_numbers(stream, case, 2, breaks=breaks)
        symbols = replace(symbols, case=case)
    return Layout(symbols, headers, wrapping, ends, bool(unterminated))


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise DamagedError(f"layout: {complaint}")
