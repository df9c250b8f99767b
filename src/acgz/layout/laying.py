"""The text of symbols, text lines, wrapping and line ends: the last step of decoding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.errors import DamagedError
from acgz.kernel import inline_kernel, kernel
from acgz.layout.lines import CR, CRLF, LF, Lines
from acgz.layout.wrapping import SINGLE, UNEVEN, UNLIMITED, Wrapping


class Parts(NamedTuple):
    """All that a text is made of."""

    symbols: NDArray[np.uint8]
    """(n,): the bytes of the sequence lines."""
    headers: NDArray[np.uint8]
    """The text lines, each ended by LF whatever ends it in the text."""
    wrapping: Wrapping
    """Of one group more than there are text lines."""
    ends: NDArray[np.int64]
    """See `describe_ends`."""
    unterminated: bool
    """The text does not end with a line end."""


def describe_ends(lines: Lines) -> NDArray[np.int64]:
    """Kinds of line ends as rows (kind, lines), flat, without the last count; nothing if all LF."""
    changes = np.flatnonzero(np.diff(lines.ends)) + 1
    if changes.size == 0 and lines.ends[0] == LF:
        return np.zeros(0, dtype=np.int64)
    starts = np.concatenate([[0], changes])
    rows = np.zeros(2 * starts.size, dtype=np.int64)
    rows[0::2] = lines.ends[starts]
    rows[1:-1:2] = np.diff(starts)
    return rows[:-1]


def lay_out(parts: Parts, max_size: int) -> NDArray[np.uint8]:
    """The text; shape (size,).

    Raises
    ------
    DamagedError
        When the parts do not fit together or would make more than ``max_size`` bytes.
    """
    if not parts.ends.size:
        parts = parts._replace(ends=np.array([LF]))
    size = int(_lay(parts, _start(parts.ends, max_size), np.zeros(0, dtype=np.uint8)))
    if size < 0:
        raise DamagedError("layout: lines, headers and sequence do not fit together")
    text = np.empty(size, dtype=np.uint8)
    _lay(parts, _start(parts.ends, max_size), text)
    return text


class _Place(NamedTuple):
    """How much of the text is there, and how much of the parts is used; arrays of one."""

    most: int
    """Bytes that the text may have."""
    at: NDArray[np.int64]
    """Bytes of the text."""
    end_size: NDArray[np.int64]
    """Of them, those of the last line end."""
    symbols: NDArray[np.int64]
    headers: NDArray[np.int64]
    """Bytes."""
    uneven: NDArray[np.int64]
    """Numbers of the table."""
    ends: NDArray[np.int64]
    """Numbers of the table before the row that holds."""
    lines: NDArray[np.int64]
    """How many more lines it holds for."""


def _start(ends: NDArray[np.int64], most: int) -> _Place:
    lines = ends[1:2].copy() if ends.size > 1 else np.array([UNLIMITED])
    a, b, c, d, e, f = np.zeros((6, 1), dtype=np.int64)
    return _Place(most, a, b, c, d, e, f, lines)


@kernel
def _lay(parts, place, text):
    """Write the text if it has room at all; return its size, or -1 if it cannot be."""
    groups = parts.wrapping.groups
    width = np.int64(UNLIMITED)
    for group in range(groups.size // 3):
        length = groups[3 * group]
        wrap = groups[3 * group + 1]
        if group > 0 and not _put_header(parts, place, text):
            return np.int64(-1)
        if length > parts.symbols.size - place.symbols[0]:
            return np.int64(-1)
        if wrap >= SINGLE:
            width = wrap - SINGLE if wrap > SINGLE else np.int64(UNLIMITED)
        if wrap == UNEVEN:
            fits = _put_uneven(parts, place, text, length)
        else:
            fits = _put_even(parts, place, text, length, width)
        if not fits:
            return np.int64(-1)
        for _ in range(groups[3 * group + 2]):
            if not _put_line(parts, place, text, parts.symbols[:0]):
                return np.int64(-1)
    if parts.unterminated:
        place.at[0] -= place.end_size[0]
    complete = place.symbols[0] == parts.symbols.size
    return place.at[0] if complete and 0 <= place.at[0] <= place.most else np.int64(-1)


@inline_kernel
def _put_header(parts, place, text):
    """Write the next text line; False if it does not fit."""
    begin = place.headers[0]
    stop = begin
    while parts.headers[stop] != 10:  # there are as many LF as groups that need one
        stop += 1
    place.headers[0] = stop + 1
    return _put_line(parts, place, text, parts.headers[begin:stop])


@inline_kernel
def _put_even(parts, place, text, length, width):
    """Write so many symbols in lines of the same width; False if they do not fit."""
    while length > 0:
        size = min(width, length)
        if not _put_symbols(parts, place, text, size):
            return False
        length -= size
    return True


@inline_kernel
def _put_uneven(parts, place, text, length):
    """Write so many symbols in lines as the table has them; False if they do not fit."""
    uneven = parts.wrapping.uneven
    while length > 0:
        at = place.uneven[0]
        if at + 2 > uneven.size or uneven[at + 1] == 0:
            return False
        size = uneven[at]
        for _ in range(uneven[at + 1]):
            if size > length or not _put_symbols(parts, place, text, size):
                return False
            length -= size
        place.uneven[0] = at + 2
    return True


@inline_kernel
def _put_symbols(parts, place, text, size):
    """Write the next symbols, which there are, as a line; False if it does not fit."""
    begin = place.symbols[0]
    place.symbols[0] += size
    return _put_line(parts, place, text, parts.symbols[begin : begin + size])


@kernel
def _put_line(parts, place, text, line):
    """Write a line and its end; False if it does not fit."""
    at = place.at[0]
    if line.size > place.most - at:
        return False
    if text.size:
        target = text[at:]
        for i in range(line.size):
            target[i] = line[i]
    at += line.size
    kind = _next_end(parts.ends, place)
    if at < text.size:  # the end of an unterminated last line is not
        if kind != LF:
            text[at] = 13
        if kind != CR:
            text[at + (kind == CRLF)] = 10
    place.end_size[0] = 2 if kind == CRLF else 1
    place.at[0] = at + place.end_size[0]
    return True


@inline_kernel
def _next_end(ends, place):
    """How the next line ends."""
    while place.lines[0] == 0:
        place.ends[0] += 2
        more = place.ends[0] + 1
        place.lines[0] = ends[more] if more < ends.size else np.int64(UNLIMITED)
    place.lines[0] -= 1
    return ends[place.ends[0]]
