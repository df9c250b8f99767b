"""Texts taken apart into residues, layout and records, and put together again.

The first byte of a layout says which kind it is: a text of nucleotides, which has residues and a
layout proper (`acgz.layout.layout`), or any other text, which is the layout and has no residues.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.errors import DamagedError
from acgz.layout.layout import Layout, most_numbers, read_layout, write_layout
from acgz.layout.lines import find_lines
from acgz.layout.records import RecordSpan, find_records
from acgz.layout.symbols import put_symbols, take_symbols
from acgz.layout.verbatim import deflate, inflate
from acgz.layout.wrapping import describe_ends, describe_wrapping, lay_out

_ZSTD, _NUCLEOTIDE, _STORED = b"\0", b"\1", b"\2"


@dataclass(frozen=True)
class Split:
    """A text taken apart."""

    residues: NDArray[np.uint8]
    """Shape (n,): 0..3 = A C G T, or U where the layout says so."""
    layout: bytes
    """All else, coded; `join` needs it and the residues, nothing more."""
    records: tuple[RecordSpan, ...]
    """Of a text of nucleotides, in order."""


def split(text: bytes) -> Split:
    """Take any ``text`` apart; what is not nucleotide becomes a layout without residues.

    >>> parts = split(b">chr1 a header\\n" + b"ACGTTGCA" * 9)
    >>> parts.residues[:5].tolist(), parts.records[0].name, parts.records[0].length
    ([0, 1, 2, 3, 3], 'chr1', 72)
    """
    verbatim = b""
    found = _take_apart(text) if text else None
    if found is not None:
        residues, records = found.symbols.residues, find_records(found)
        coded = _NUCLEOTIDE + write_layout(found)
        del found
        size = len(coded) + residues.size // 4
        if 8 * len(coded) > residues.size:  # a bit per residue: zstd may well need less for all
            verbatim = _verbatim(text)
        if size < len(verbatim or text) and _restores(residues, coded, text):
            return Split(residues, coded, records)
    return Split(np.zeros(0, dtype=np.uint8), verbatim or _verbatim(text), ())


def join(residues: NDArray[np.uint8], layout: bytes, *, max_size: int) -> bytes:
    """The text that was taken apart into ``residues``, shape (n,), and ``layout``.

    Takes memory in proportion to ``max_size``, whatever the layout says.

    Raises
    ------
    DamagedError, TruncatedError
        When they do not make a text of at most ``max_size`` bytes.
    """
    return _put_together(residues, layout, max_size)


def outline(count: int, layout: bytes, *, max_size: int) -> bytes:
    """What `join` restores, but with A for each of ``count`` residues, and all of it in upper case.

    Enough to find records, and quick: the case is not decoded, which may need the residues.
    """
    return _put_together(count, layout, max_size)


def _take_apart(text: bytes) -> Layout | None:
    """The parts of a text of nucleotides; None for anything else."""
    lines = find_lines(text)
    symbols = take_symbols(np.frombuffer(text, dtype=np.uint8), lines, most_numbers(len(text)))
    if symbols is None or symbols.residues.size < symbols.count // 2:
        return None
    headers = b"".join(
        text[lines.begins[i] : lines.stops[i]] + b"\n" for i in np.flatnonzero(lines.is_text)
    )
    layout = Layout(
        symbols, headers, describe_wrapping(lines), describe_ends(lines), lines.unterminated
    )
    return layout if layout.numbers <= most_numbers(len(text)) else None


def _put_together(residues: NDArray[np.uint8] | int, layout: bytes, max_size: int) -> bytes:
    kind, rest = layout[:1], layout[1:]
    if kind == _NUCLEOTIDE:
        parts = read_layout(rest, residues, max_size)
        text = lay_out(
            put_symbols(parts.symbols),
            parts.headers,
            parts.wrapping,
            parts.ends,
            unterminated=parts.unterminated,
            max_size=max_size,
        )
        return text.tobytes()
    if (residues if isinstance(residues, int) else residues.size) > 0:
        raise DamagedError("layout: there are residues where none belong")
    if kind == _ZSTD:
        return inflate(rest, max_size)
    if kind == _STORED and len(rest) <= max_size:
        return rest
    raise DamagedError("layout: unknown kind, or too long")


def _restores(residues: NDArray[np.uint8], layout: bytes, text: bytes) -> bool:
    """Does it come back? Nobody shall lose a genome for a mistake in these modules."""
    try:
        return join(residues, layout, max_size=len(text)) == text
    except DamagedError:
        return False


def _verbatim(text: bytes) -> bytes:
    """The layout of a text that is not taken apart."""
    frame = deflate(text)
    return _ZSTD + frame if len(frame) < len(text) else _STORED + text
