"""Texts taken apart into residues and layout, and put together again.

The first byte of a layout says which kind it is: a text of nucleotides, which has residues and a
layout proper (`acgz.layout.layout`), or any other text, which is the layout and has no residues.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Job, allow
from acgz.coding import zstd
from acgz.errors import DamagedError, LimitError
from acgz.layout.laying import Parts, describe_ends, lay_out
from acgz.layout.layout import Layout, most_numbers, read_layout, write_layout
from acgz.layout.lines import Lines, find_lines
from acgz.layout.symbols import put_symbols, take_symbols
from acgz.layout.wrapping import describe_wrapping

_ZSTD, _NUCLEOTIDE, _STORED = b"\0", b"\1", b"\2"

_RARE = 16
"""Where there are more numbers than residues, a text is taken apart if a number stands for so many
bytes. Coding numbers is slow, and only genomes are worth it."""
_FREE = 8
"""Numbers more, so that a few letters may have a few of them."""


@dataclass(frozen=True)
class Split:
    """A text taken apart."""

    residues: NDArray[np.uint8]
    """Shape (n,): 0..3 = A C G T, or U where the layout says so."""
    layout: bytes
    """All else, coded; `join` needs it and the residues, nothing more."""


def split(text: bytes) -> Split:
    """Take any ``text`` apart; what is not nucleotide becomes a layout without residues.

    What is nucleotide, is decided by size alone: not by what the text looks like, nor by how much
    of it is N.

    >>> parts = split(b">chr1 a header\\n" + b"ACGTTGCA" * 9)
    >>> parts.residues[:5].tolist(), len(parts.layout) < 30
    ([0, 1, 2, 3, 3], True)
    """
    found = _take_apart(text) if text else None
    if found is None:
        return _whole(_verbatim(text))
    residues = found.symbols.residues
    coded = _NUCLEOTIDE + write_layout(found)
    del found
    verbatim = b""
    if 8 * len(coded) > residues.size:  # a bit per residue: zstd may well need less for all
        verbatim = _verbatim(text)
    if _is_smaller(residues, coded, len(verbatim or text)) and _restores(residues, coded, text):
        return Split(residues, coded)
    return _whole(verbatim or _verbatim(text))


def join(
    residues: NDArray[np.uint8], layout: bytes, *, max_size: int, job: Job | None = None
) -> bytes:
    """The text that was taken apart into ``residues``, shape (n,), and ``layout``.

    Takes memory in proportion to ``max_size``, and no more than the job allows, whatever the
    layout says.

    Raises
    ------
    DamagedError, TruncatedError
        When they do not make a text of at most ``max_size`` bytes.
    LimitError
        When that takes more memory than ``job`` allows.
    """
    return _put_together(residues, layout, max_size, job or Job())


def outline(count: int, layout: bytes, *, max_size: int, job: Job | None = None) -> bytes:
    """What `join` restores, but with A for each of ``count`` residues, and all of it in upper case.

    Enough to find records, and quick: the case is not decoded, which may need the residues. Raises
    what `join` raises.
    """
    return _put_together(count, layout, max_size, job or Job())


def _take_apart(text: bytes) -> Layout | None:
    """The parts of a text; None if it takes so many numbers that it is none of nucleotides."""
    lines = find_lines(text)
    letters = np.frombuffer(text, dtype=np.uint8)
    symbols = take_symbols(letters, lines, most_numbers(len(text)))
    if symbols is None:
        return None
    wrapping = describe_wrapping(lines)
    ends = describe_ends(lines)
    layout = Layout(symbols, _text_lines(text, lines), wrapping, ends, lines.unterminated)
    most = min(len(text) // 2, max(symbols.residues.size, len(text) // _RARE))
    return layout if layout.numbers <= most + _FREE else None


def _text_lines(text: bytes, lines: Lines) -> NDArray[np.uint8]:
    """All text lines, each ended by LF."""
    found = [text[lines.begins[i] : lines.stops[i]] for i in np.flatnonzero(lines.is_text)]
    return np.frombuffer(b"".join(line + b"\n" for line in found), dtype=np.uint8)


def _is_smaller(residues: NDArray[np.uint8], coded: bytes, size: int) -> bool:
    """Do residues and layout take less than so many bytes, if a good model codes the residues?

    It needs 2 bits each at most, and seldom more than zstd.
    """
    if len(coded) + residues.size // 4 < size:
        return True
    return len(coded) < size and len(coded) + len(zstd.compress(residues.tobytes())) < size


def _whole(layout: bytes) -> Split:
    """A text that is all layout."""
    return Split(np.zeros(0, dtype=np.uint8), layout)


def _put_together(
    residues: NDArray[np.uint8] | int, layout: bytes, max_size: int, job: Job
) -> bytes:
    kind, rest = layout[:1], layout[1:]
    if kind == _NUCLEOTIDE:
        return _nucleotide_text(residues, rest, max_size, job).tobytes()
    if (residues if isinstance(residues, int) else residues.size) > 0:
        raise DamagedError("layout: there are residues where none belong")
    if kind == _ZSTD:
        allow(zstd.memory(max_size), job)
        return zstd.decompress(rest, max_size)
    if kind == _STORED and len(rest) <= max_size:
        return rest
    raise DamagedError("layout: unknown kind, or too long")


def _nucleotide_text(
    residues: NDArray[np.uint8] | int, layout: bytes, max_size: int, job: Job
) -> NDArray[np.uint8]:
    """A text of nucleotides; shape (size,)."""
    found = read_layout(layout, residues, max_size, job)
    symbols = put_symbols(found.symbols)
    parts = Parts(symbols, found.headers, found.wrapping, found.ends, found.unterminated)
    return lay_out(parts, max_size)


def _restores(residues: NDArray[np.uint8], layout: bytes, text: bytes) -> bool:
    """Does it come back, within the usual limit of memory?

    Nobody shall lose a genome for a mistake in these modules.
    """
    try:
        return join(residues, layout, max_size=len(text)) == text
    except (DamagedError, LimitError):
        return False


def _verbatim(text: bytes) -> bytes:
    """The layout of a text that is not taken apart."""
    frame = zstd.compress(text)
    return _ZSTD + frame if len(frame) < len(text) else _STORED + text
