"""How the symbols of every group are wrapped into lines, and how a text is laid out from that.

A group (see `acgz.layout.lines`) is described by a row (length, wrap, blanks):

- *length*: its symbols;
- *wrap*: how they are wrapped. 0: as in the groups before, at the current width. 1: unevenly, see
  below. 2: on a single line, which makes the current width unlimited. w + 2: in lines of w symbols,
  which makes w the current width. Wrapped evenly means that all lines but the last, which may be
  shorter, have that width. The width is unlimited at first.
- *blanks*: empty lines at its end.

The lines of unevenly wrapped groups, but for the blanks at the end, are rows (length, repeats) of a
second table; a group takes rows until its symbols are used up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acgz.errors import DamagedError
from acgz.kernel import allocating_kernel
from acgz.layout.lines import CRLF, LF, Lines

_UNLIMITED = 1 << 62
_SAME, _UNEVEN, _SINGLE, _WIDTH = 0, 1, 2, 2


@dataclass(frozen=True)
class Wrapping:
    """Tables of the module's description, flat; int64."""

    groups: NDArray[np.int64]
    """Shape (3 * groups,)."""
    uneven: NDArray[np.int64]
    """Shape (2 * rows,)."""

    @property
    def numbers(self) -> int:
        """How many numbers the tables have."""
        return self.groups.size + self.uneven.size

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Symbols of every group; shape (groups,)."""
        return self.groups[0::3]


def describe_wrapping(lines: Lines) -> Wrapping:
    """The wrapping of a text's sequence lines."""
    sizes = lines.stops - lines.begins
    borders = lines.groups
    groups = np.zeros(3 * (borders.size - 1), dtype=np.int64)
    uneven = np.zeros(64, dtype=np.int64)
    used = int(_describe(sizes, borders, groups, uneven))
    if used > uneven.size:
        uneven = np.zeros(used, dtype=np.int64)
        _describe(sizes, borders, groups, uneven)
    return Wrapping(groups, uneven[:used])


@allocating_kernel
def _describe(sizes, borders, groups, uneven):
    """Fill ``groups``, and ``uneven`` as far as it reaches; return how much it should hold."""
    used = 0
    width = np.int64(_UNLIMITED)
    for group in range(borders.size - 1):
        begin = borders[group] + 1
        stop = borders[group + 1]
        last = stop
        while last > begin and sizes[last - 1] == 0:
            last -= 1
        wrap = np.int64(_SAME)
        if last > begin and not _is_even(sizes, begin, last, width):
            if last - begin == 1:
                wrap = np.int64(_SINGLE)
                width = np.int64(_UNLIMITED)
            elif _is_even(sizes, begin, last, sizes[begin]):
                width = sizes[begin]
                wrap = width + _WIDTH
            else:
                wrap = np.int64(_UNEVEN)
                previous = np.int64(-1)
                for line in range(begin, last):
                    if sizes[line] != previous:
                        previous = sizes[line]
                        if used + 2 <= uneven.size:
                            uneven[used] = previous
                            uneven[used + 1] = 0
                        used += 2
                    if used <= uneven.size:
                        uneven[used - 1] += 1
        groups[3 * group] = 0
        for line in range(begin, last):
            groups[3 * group] += sizes[line]
        groups[3 * group + 1] = wrap
        groups[3 * group + 2] = stop - last
    return used


@allocating_kernel
def _is_even(sizes, begin, stop, width):
    """Do lines ``begin`` to ``stop`` (not none, the last not empty) wrap evenly at ``width``?"""
    if width == 0 or sizes[stop - 1] > width:
        return False
    for line in range(begin, stop - 1):  # noqa: SIM110 (numba has no all())
        if sizes[line] != width:
            return False
    return True


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


def lay_out(
    symbols: NDArray[np.uint8],
    headers: bytes,
    wrapping: Wrapping,
    ends: NDArray[np.int64],
    *,
    unterminated: bool,
    max_size: int,
) -> NDArray[np.uint8]:
    """The text of these symbols, text lines (each ended by LF), wrapping and line ends; (size,).

    Raises
    ------
    DamagedError
        When the parts do not fit together or would make more than ``max_size`` bytes.
    """
    parts = (
        symbols,
        np.frombuffer(headers + b"\n", dtype=np.uint8).copy(),  # never empty, always ended
        wrapping.groups,
        wrapping.uneven,
        ends if ends.size else np.array([LF]),
        unterminated,
    )
    size = int(_lay(*parts, max_size, np.zeros(0, dtype=np.uint8)))
    if size < 0:
        raise DamagedError("layout: lines, headers and sequence do not fit together")
    text = np.empty(size, dtype=np.uint8)
    _lay(*parts, max_size, text)
    return text


@allocating_kernel
def _copy(target, source):
    for i in range(target.size):  # slice assignment takes Numba seconds to compile
        target[i] = source[i]


@allocating_kernel
def _lay(symbols, headers, groups, uneven, ends, unterminated, max_size, text):
    """Write the text if there is room; return its size, or -1 if it cannot be."""
    at = np.int64(0)
    taken = np.int64(0)  # symbols so far
    read = np.int64(0)  # bytes of the headers so far
    used = np.int64(0)  # numbers of the uneven rows so far
    width = np.int64(_UNLIMITED)
    run = np.int64(0)
    left = ends[1] if ends.size > 1 else np.int64(_UNLIMITED)
    end = np.int64(0)
    for group in range(groups.size // 3):
        length = groups[3 * group]
        wrap = groups[3 * group + 1]
        if wrap == _SINGLE:
            width = np.int64(_UNLIMITED)
        elif wrap > _SINGLE:
            width = wrap - _WIDTH
        blanks = groups[3 * group + 2]
        is_header = group > 0
        repeats = np.int64(0)
        size = np.int64(0)
        if length > symbols.size - taken:
            return -1
        while is_header or length > 0 or blanks > 0:
            # the size of the next line
            if is_header:
                size = np.int64(0)
                while headers[read + size] != 10:
                    size += 1
            elif length > 0 and wrap != _UNEVEN:
                size = min(width, length)
            elif length > 0:
                if repeats == 0:
                    if used + 2 > uneven.size:
                        return -1
                    size = uneven[used]
                    repeats = uneven[used + 1]
                    used += 2
                    if repeats == 0:
                        return -1
                repeats -= 1
                if size > length:
                    return -1
            else:
                size = np.int64(0)
                blanks -= 1
            if size > max_size - at:
                return -1
            # its bytes
            if is_header:
                if text.size:
                    _copy(text[at : at + size], headers[read : read + size])
                read += size + 1
                is_header = False
            else:
                if text.size:
                    _copy(text[at : at + size], symbols[taken : taken + size])
                taken += size
                length -= size
            at += size
            # its end
            while left == 0:
                run += 2
                left = ends[run + 1] if run + 1 < ends.size else np.int64(_UNLIMITED)
            left -= 1
            end = ends[run]
            if text.size and at < text.size:
                if end != LF:
                    text[at] = 13
                if end == LF or end == CRLF:  # noqa: SIM109
                    text[at + (end == CRLF)] = 10
            at += 2 if end == CRLF else 1
            if at > max_size + 2:
                return -1
    if unterminated:
        at -= 2 if end == CRLF else 1
    return at if 0 <= at <= max_size and taken == symbols.size else np.int64(-1)
