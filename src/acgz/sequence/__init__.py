"""Splits any text, without loss, into residues and a layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.errors import DamagedError
from acgz.sequence.layout import Layout, read_layout, write_layout
from acgz.sequence.lines import find_lines
from acgz.sequence.records import RecordSpan, name_of
from acgz.sequence.symbols import Symbols, put_symbols, take_symbols
from acgz.sequence.verbatim import LEVEL, deflate, inflate
from acgz.sequence.wrapping import describe_ends, describe_wrapping, lay_out

_VERBATIM, _STRUCTURED = b"\0", b"\1"

__all__ = ["RecordSpan", "Split", "join", "split"]


@dataclass(frozen=True)
class Split:
    """A text taken apart."""

    residues: NDArray[np.uint8]
    """Shape (n,): 0..3 = A C G T."""
    layout: bytes
    records: tuple[RecordSpan, ...]


def split(text: bytes, *, level: int = LEVEL, extended: bool = True) -> Split:
    """Residues, and everything else coded; what is not nucleotide becomes layout only."""
    if text:
        found = _structure(text)
        if found is not None:
            layout, records = found
            coded = _STRUCTURED + write_layout(layout, with_headers=True, extended=extended)
            residues = layout.symbols.residues
            if len(coded) + residues.size // 4 < len(text) and _restores(residues, coded, text):
                return Split(residues, coded, records)
    return Split(np.zeros(0, dtype=np.uint8), _VERBATIM + deflate(text, level), ())


def join(residues: NDArray[np.uint8], layout: bytes, *, max_size: int) -> bytes:
    """The text again; DamagedError when residues and layout do not make one."""
    if layout[:1] == _VERBATIM:
        return inflate(layout[1:], max_size)
    if layout[:1] != _STRUCTURED:
        raise DamagedError("layout: unknown kind")
    parts = read_layout(layout[1:], None, residues, max_size)
    return lay_out(
        put_symbols(parts.symbols),
        parts.headers,
        parts.wrapping,
        parts.ends,
        unterminated=parts.unterminated,
        max_size=max_size,
    )


def _restores(residues: NDArray[np.uint8], coded: bytes, text: bytes) -> bool:
    try:
        return join(residues, coded, max_size=len(text)) == text
    except DamagedError:
        return False


def _structure(text: bytes) -> tuple[Layout, tuple[RecordSpan, ...]] | None:
    """The parts of a nucleotide text; None for anything else."""
    lines = find_lines(text)
    symbols: Symbols | None = take_symbols(
        np.frombuffer(text, dtype=np.uint8), lines, len(text) // 4 + 64
    )
    if symbols is None or symbols.residues.size < symbols.count // 2:
        return None
    at = np.flatnonzero(lines.is_text)
    headers = [text[lines.begins[i] : lines.stops[i]] for i in at]
    wrapping = describe_wrapping(lines)
    layout = Layout(
        symbols,
        b"".join(header + b"\n" for header in headers),
        wrapping,
        describe_ends(lines),
        lines.unterminated,
    )
    lengths = [int(length) for length in wrapping.lengths]
    records = []
    if lengths[0]:
        records.append(RecordSpan("", 0, lengths[0], True))
    for header, length in zip(headers, lengths[1:], strict=True):
        records.append(RecordSpan(name_of(header), len(header) - 1, length, False))
    return layout, tuple(records)
