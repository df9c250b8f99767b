"""Tables of the index: columns of numbers and names, small as bytes, in pieces of some rows each.

Read in pieces, an index of a million records takes little memory; a piece can be trusted for as
much memory as its size limit says, whatever it claims.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from acgz.container.format import Cursor, pack_number, pack_numbers
from acgz.errors import DamagedError

ROWS = 4096
"""Rows of a piece. One look-up reads one or two pieces; half as many rows cost 3 % more bytes."""
MOST_PIECE_BYTES = 8 << 20
"""Bytes of an unpacked piece, at most."""
_LEVEL = 19

_NUMBERS = re.compile(rb"([0-9]+)")
_MOST_DIGITS = 15
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
    frame = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False).compress(raw)
    return frame if len(frame) <= len(raw) else b"\0" + raw


def unpack_piece(data: bytes) -> Cursor:
    """The inverse; DamagedError for more than MOST_PIECE_BYTES."""
    if data[:1] == b"\0":
        return Cursor(data[1:])
    try:
        size = zstandard.get_frame_parameters(data).content_size
        if size > MOST_PIECE_BYTES:  # also when the frame does not say its size
            raise DamagedError("a table of the index is too large")
        decompressor = zstandard.ZstdDecompressor(max_window_size=MOST_PIECE_BYTES)
        return Cursor(decompressor.decompress(data, allow_extra_data=False))
    except zstandard.ZstdError as error:
        raise DamagedError(f"a table of the index cannot be read: {error}") from None


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
    lines = cursor.take(cursor.number()).split(b"\n")
    if len(lines) != rows + 1 or lines.pop():
        raise DamagedError("a table of the index has not as many names as rows")
    before = b""
    size = 0
    for row, line in enumerate(lines):
        if line:
            before = b"" if line == _EMPTY else line
        else:
            parts = _NUMBERS.split(before)
            for place in range(1, len(parts), 2):
                parts[place] = _moved(parts[place], cursor.number())
            before = b"".join(parts)
        lines[row] = before
        size += len(before)
        if size > MOST_PIECE_BYTES:
            raise DamagedError("the names of a table are too long")
    return lines


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
        if _moved(number, steps[-1]) != other:
            return None
    return steps


def _moved(number: bytes, step: int) -> bytes:
    """A number and its step, in digits: as many as it has if it begins with 0."""
    if len(number) > _MOST_DIGITS:
        raise DamagedError("a name in the index has a number that is too long")
    value = int(number) + ((step >> 1) ^ -(step & 1))
    if not 0 <= value < 10**_MOST_DIGITS:
        raise DamagedError("a name in the index has an absurd number")
    return b"%0*d" % (len(number), value) if number[:1] == b"0" else b"%d" % value
