"""Tables of the index: columns of numbers and names, small as bytes, in pieces of some rows each.

Read in pieces, an index of a million records takes little memory; a piece can be trusted for as
much memory as its size limit says, whatever it claims.

Names have no table of hashes: a name is looked for in all pieces, without making their names. For a
million records that takes less than starting Python, and hashes would double the index.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding import zstd
from acgz.container.format import Cursor, pack_number, pack_numbers
from acgz.errors import DamagedError

ROWS = 4096
"""Rows of a piece. One look-up reads one or two pieces; half as many rows cost 3 % more bytes."""
MOST_PIECE_BYTES = 8 << 20
"""Bytes of an unpacked piece, at most."""

_NUMBERS = re.compile(rb"([0-9]+)")
_MOST_DIGITS = 15
_MOST_RUNS = 64
"""Runs of names that follow from each other; a piece with more is unpacked, which is as quick."""
_EMPTY = b" "
"""Stands for a name without letters; in names there are no blanks."""


class Piece(NamedTuple):
    """Where some rows of a table are."""

    rows: int
    size: int
    """Bytes, as stored."""
    check: int
    """CRC-32 of them."""


def pack_piece(raw: bytes) -> bytes:
    """``raw`` in a zstd frame, or, behind a zero byte, as it is."""
    frame = zstd.compress(raw)
    return frame if len(frame) <= len(raw) else b"\0" + raw


def unpack_piece(data: bytes) -> Cursor:
    """The inverse; DamagedError for more than MOST_PIECE_BYTES."""
    if data[:1] == b"\0":
        return Cursor(data[1:])
    return Cursor(zstd.decompress(data, MOST_PIECE_BYTES))


def read_piece(stored: bytes, piece: Piece) -> Cursor:
    """The content of a ``piece``; DamagedError if its checksum is wrong."""
    if zlib.crc32(stored) != piece.check:
        raise DamagedError("wrong checksum of a table of the index")
    return unpack_piece(stored)


def integers(cursor: Cursor, rows: int) -> NDArray[np.int64]:
    """The next ``rows`` numbers of a piece; shape (rows,), each below 2**63."""
    data = np.frombuffer(cursor.data, np.uint8)[cursor.at : cursor.at + 9 * rows]
    ends = np.flatnonzero(data < 128)[:rows]
    if ends.size < rows:
        raise DamagedError("a table of the index has too few numbers")
    if rows == 0:
        return np.zeros(0, np.int64)
    begins = np.concatenate([[0], ends[:-1] + 1])
    widths = ends - begins + 1
    if widths.max() > 9:
        raise DamagedError("a table of the index has an absurd number")
    data = data[: ends[-1] + 1].astype(np.int64)
    shifts = 7 * (np.arange(data.size) - np.repeat(begins, widths))
    cursor.at += data.size
    return np.add.reduceat((data & 127) << shifts, begins).astype(np.int64)


def skip_integers(cursor: Cursor, rows: int) -> None:
    """Go on behind the next ``rows`` numbers."""
    data = np.frombuffer(cursor.data, np.uint8)[cursor.at : cursor.at + 9 * rows]
    ends = np.flatnonzero(data < 128)
    if ends.size < rows:
        raise DamagedError("a table of the index has too few numbers")
    cursor.at += int(ends[rows - 1]) + 1 if rows else 0


def total(numbers: NDArray[np.int64]) -> int:
    """The sum of numbers from an archive; DamagedError if it is absurd."""
    if int(numbers.max(initial=0)) * numbers.size >= 1 << 62:
        raise DamagedError("the numbers of the index are absurd")
    return int(numbers.sum())


def pack_differences(values: Iterable[int]) -> bytes:
    """Each number less the one before it, the sign in the lowest bit.

    >>> pack_differences([5, 4, 4]).hex()
    '0a0100'
    """
    out = []
    before = 0
    for value in values:
        difference = value - before
        out.append(2 * difference if difference >= 0 else -2 * difference - 1)
        before = value
    return pack_numbers(out)


def differences(cursor: Cursor, rows: int) -> NDArray[np.int64]:
    """The inverse of `pack_differences`; DamagedError for sums below 0 or absurd ones."""
    coded = integers(cursor, rows)
    steps = (coded >> 1) ^ -(coded & 1)
    total(np.abs(steps))
    values = np.cumsum(steps)
    if values.min(initial=0) < 0:
        raise DamagedError("a length in the index is below 0")
    return values


def pack_names(names: Sequence[bytes]) -> bytes:
    """Names without blanks. One that is the one before with other numbers costs only those.

    A line for each name: itself, or nothing if it follows from the one before; then the
    differences of the numbers of those that follow.
    """
    lines = []
    steps: list[int] = []
    before = b""
    for name in names:
        step = _steps(before, name)
        if step is None:
            lines.append(name or _EMPTY)
        else:
            lines.append(b"")
            steps += step
        before = name
    text = b"\n".join([*lines, b""])
    return pack_number(len(text)) + text + pack_numbers(steps)


def unpack_names(cursor: Cursor, rows: int) -> list[bytes]:
    """The inverse, for the rest of a piece; DamagedError for what `pack_names` does not write."""
    lines = _lines(cursor, rows)
    steps = _Steps(cursor)
    names: list[bytes] = []
    before = b""
    size = row = 0
    while row < rows:
        line = lines[row]
        end = row + 1
        if line:
            before = b"" if line == _EMPTY else line
            new: Iterable[list[bytes]] = [[before]]
        else:
            while end < rows and not lines[end]:
                end += 1
            new = _following(before, steps.after(before, end - row))
        for some in new:
            names += some
            size += sum(map(len, some))
            if size > MOST_PIECE_BYTES:
                raise DamagedError("the names of a table are too long")
        before, row = names[-1], end
    steps.finish()
    return names


def find_name(cursor: Cursor, rows: int, name: bytes) -> list[int]:
    """The rows that have a ``name``, of what `unpack_names` would make; most pieces have none.

    Names are not made; only if one of them is this, they are.
    """
    begin = cursor.at
    text = b"\n" + cursor.take(cursor.number())
    found = b"\n" + (name or _EMPTY) + b"\n" in text
    if not found and b"\n\n" in text:
        found = _may_follow(cursor, text, name)
    if not found:
        return []
    cursor.at = begin
    return [row for row, other in enumerate(unpack_names(cursor, rows)) if other == name]


def _lines(cursor: Cursor, rows: int) -> list[bytes]:
    lines = cursor.take(cursor.number()).split(b"\n")
    if len(lines) != rows + 1 or lines.pop():
        raise DamagedError("a table of the index has not as many names as rows")
    return lines


class _Steps:
    """The differences at the end of a piece, taken from their beginning."""

    def __init__(self, cursor: Cursor) -> None:
        rest = np.frombuffer(cursor.data, np.uint8)[cursor.at :]
        coded = integers(cursor, int((rest < 128).sum()))
        self._steps = (coded >> 1) ^ -(coded & 1)
        self._at = 0

    def after(self, name: bytes, count: int) -> NDArray[np.int64]:
        """The numbers of the ``count`` names that follow a ``name``; shape (count, numbers)."""
        numbers = _NUMBERS.split(name)[1::2]
        if max(map(len, numbers), default=0) > _MOST_DIGITS:
            raise DamagedError("a name in the index has a number that is too long")
        end = self._at + count * len(numbers)
        if end > self._steps.size:
            raise DamagedError("a table of the index has too few numbers")
        steps = self._steps[self._at : end].reshape(count, len(numbers))
        self._at = end
        total(np.abs(steps).reshape(-1))
        values = np.cumsum(steps, axis=0) + np.array(list(map(int, numbers)), np.int64)
        if values.min(initial=0) < 0 or values.max(initial=0) >= 10**_MOST_DIGITS:
            raise DamagedError("a name in the index has an absurd number")
        return values

    def finish(self) -> None:
        if self._at < self._steps.size:
            raise DamagedError("a table of the index has more than its rows")


def _following(name: bytes, values: NDArray[np.int64]) -> Iterator[list[bytes]]:
    """Yield the names that are ``name`` with other numbers, not too many at once."""
    parts = _NUMBERS.split(name)
    texts = [part.replace(b"%", b"%%") for part in parts[::2]]
    # A number that begins with 0 keeps its width until it fills it.
    widths = [len(number) if number[:1] == b"0" else 0 for number in parts[1::2]]
    breaks = {0, len(values)}
    for column, width in enumerate(widths):
        wide = np.flatnonzero(values[:, column] >= 10 ** max(width - 1, 0))
        breaks.add(int(wide[0]) if width and wide.size else 0)
    room = max(1, MOST_PIECE_BYTES // (len(name) + _MOST_DIGITS * len(widths) + 1))
    ends = sorted(breaks | set(range(0, len(values), room)))
    for begin, end in pairwise(ends):
        form = texts[0]
        for column, text in enumerate(texts[1:]):
            if values[begin, column] >= 10 ** max(widths[column] - 1, 0):
                widths[column] = 0
            form += b"%%0%dd" % widths[column] + text if widths[column] else b"%d" + text
        yield [form % tuple(row) for row in values[begin:end].tolist()]


def _may_follow(cursor: Cursor, text: bytes, name: bytes) -> bool:
    """True if ``name`` may be one that is the one before with other numbers.

    ``text``: a line end, and the lines; the cursor is behind them.
    """
    line_ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    blank = np.flatnonzero(np.diff(line_ends) == 1)
    firsts = blank[np.diff(blank, prepend=-2) > 1]
    if firsts.size > _MOST_RUNS:
        return True
    lasts = blank[np.diff(blank, append=len(text) + 1) > 1]
    steps = _Steps(cursor)
    parts = _NUMBERS.split(name)
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        before = text[line_ends[first - 1] + 1 : line_ends[first]] if first else b""
        before = b"" if before == _EMPTY else before
        values = steps.after(before, last - first + 1)
        if _NUMBERS.split(before)[::2] == parts[::2]:
            wanted = np.array(
                [int(part) if len(part) <= _MOST_DIGITS else -1 for part in parts[1::2]]
            )
            if (values == wanted).all(axis=1).any():
                return True
    return False


def _steps(before: bytes, name: bytes) -> list[int] | None:
    """What is to be added to the numbers of ``before`` to make it ``name``; None if that fails."""
    old, new = _NUMBERS.split(before), _NUMBERS.split(name)
    if old[0::2] != new[0::2] or len(old) == 1:
        return None
    steps = []
    for number, other in zip(old[1::2], new[1::2], strict=True):
        if max(len(number), len(other)) > _MOST_DIGITS:
            return None
        step = int(other) - int(number)
        steps.append(2 * step if step >= 0 else -2 * step - 1)
        width = len(number) if number[:1] == b"0" else 0
        if b"%0*d" % (width, int(other)) != other:
            return None
    return steps
