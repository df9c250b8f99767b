"""What `acgz.layout` says about the records of a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.layout.layout import Layout
from acgz.layout.symbols import Symbols

_BLANKS = list(b" \t\v\f")


@dataclass(frozen=True)
class RecordSpan:
    """One FASTA record, or the part of it that is inside one text."""

    name: str
    """First word of the header; empty for a sequence without one at the start of the text."""

    header_length: int
    """Bytes of the header line, without ``>`` and line end."""

    length: int
    """Letters of the sequence: everything but line ends, blanks (space, tab, VT, FF) and the lines
    that begin with ``;``."""

    continued: bool
    """The record began in an earlier text, or never had a header."""


def find_records(layout: Layout) -> tuple[RecordSpan, ...]:
    """The records of a text."""
    borders = np.concatenate([[0], np.cumsum(layout.wrapping.lengths)])
    lengths = np.diff(borders - _blanks_before(layout.symbols, borders)).tolist()
    records = []
    name, header_length, length, continued = "", 0, lengths[0], True
    for line, more in zip(layout.headers.split(b"\n"), lengths[1:], strict=False):
        if line.startswith(b">"):
            if length or not continued:
                records.append(RecordSpan(name, header_length, length, continued))
            words = line[1:].split(maxsplit=1)
            name = words[0].decode("utf-8", "surrogateescape") if words else ""
            header_length, length, continued = len(line) - 1, 0, False
        length += more
    if length or not continued:
        records.append(RecordSpan(name, header_length, length, continued))
    return tuple(records)


def _blanks_before(symbols: Symbols, borders: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the symbols before each of ``borders`` are blanks; both of shape (n,)."""
    gaps, values, lengths = (symbols.others[column::3] for column in range(3))
    is_blank = np.isin(values, _BLANKS)
    if not is_blank.any():
        return np.zeros_like(borders)
    begins = (np.cumsum(gaps + lengths) - lengths)[is_blank]
    lengths = lengths[is_blank]
    before = np.concatenate([[0], np.cumsum(lengths)])  # blanks before every run of them
    run = np.searchsorted(begins, borders)  # runs that begin before the border
    last = np.maximum(run - 1, 0)
    beyond = np.maximum(begins[last] + lengths[last] - borders, 0)  # of the last of them
    return before[run] - np.where(run > 0, beyond, 0)
