"""Tables of non-negative integers: run lengths, line lengths, counts.

A table is a flat ``int64`` array whose value ``i`` belongs to column ``i % columns`` of row
``i // columns`` (the last row may be incomplete). Alternating runs, such as the lengths of
upper- and lower-case stretches, are a table of two columns; a list of (gap, symbol, length) is
one of three.

A value ``v`` is coded as the Elias-gamma bits of ``v + 1``: its bit length in unary, then the bits
below the leading one. Nine contexts predict each bit, all within the column: none; the magnitudes
of the value above (previous row) and of the value just before, alone and together; the exact
values of these, so that repeated rows cost next to nothing; and, for runs along a sequence of
several records, the place in the record, because aligned records have gaps in the same places.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream, must_settle
from acgz.coding.logistic import code_mixed, hashed, new_mixer
from acgz.kernel import inline_kernel, kernel

MAX_VALUE = (1 << 40) - 2
"""Largest integer that a table may hold."""

_LENGTHS = 40
_CONTEXTS = 9
_WEIGHT = 12000  # of 65536: nine inputs that partly say the same start a little above their mean
_LIMIT = 1023  # slots adapt ever more slowly: the lengths of a genome's runs hardly drift
_NOWHERE = np.zeros(0, dtype=np.int64)


class Table(NamedTuple):
    """Numbers and what they describe, as kernels see it."""

    values: NDArray[np.int64]
    """(n,)"""
    columns: int
    breaks: NDArray[np.int64]
    """Positions at which records begin along the sequence that the table describes, ascending."""
    symbol_column: int
    """The column whose values are no lengths, so that they do not count for positions; -1: none."""


def code_numbers(
    stream: BitStream,
    values: NDArray[np.int64],
    columns: int,
    *,
    breaks: NDArray[np.int64] = _NOWHERE,
    symbol_column: int = -1,
) -> None:
    """Encode ``values`` (each in ``[0, MAX_VALUE]``), or fill them when the stream is decoding.

    ``breaks`` and ``symbol_column`` are those of `Table`.

    Raises
    ------
    DamagedError, TruncatedError
        When decoding nonsense.
    """
    table = Table(values, columns, breaks, symbol_column)
    mixer = new_mixer(_slots(values.size), (2 * _LENGTHS * columns, _CONTEXTS), _WEIGHT, _LIMIT)
    stream.drive(lambda start: int(_code(stream.bits, mixer, table, start)), values.size)


def code_number(stream: BitStream, value: int = 0) -> int:
    """Encode one integer, or decode and return it."""
    values = np.array([value], dtype=np.int64)
    code_numbers(stream, values, 1)
    return int(values[0])


def numbers_memory(count: int) -> int:
    """Bytes that coding a table of so many numbers takes, the numbers included."""
    return 8 * count + 4 * _slots(count) + (1 << 16)


def _slots(count: int) -> int:
    """Of the model of so many numbers."""
    return min(max(64 << count.bit_length(), 1 << 10), 1 << 22)


@kernel
def _code(bits, mixer, table, start):
    """Code values from ``start`` on; return where it stopped, or -1 for a number out of range."""
    values = table.values
    position = np.int64(0)
    for i in range(start):
        if i % table.columns != table.symbol_column:
            position += values[i]
    record = 0
    for i in range(start, values.size):
        if must_settle(bits):
            return i
        while record < table.breaks.size and table.breaks[record] <= position:
            record += 1
        place = position - table.breaks[record - 1] if record else position
        _set_contexts(mixer.keys, table, i, place)
        target = _code_positive(bits, mixer, values[i] + 1, i // table.columns, i % table.columns)
        if target == 0:
            return -1
        if bits.decoding:
            values[i] = target - 1
        if i % table.columns != table.symbol_column:
            position += values[i]
    return values.size


@kernel
def _code_positive(bits, mixer, target, row, column):
    """Code a number ≥ 1 of a table's ``row`` and ``column``; return it, or 0 if out of range."""
    rate = np.int64(12 + 200 * 64 // (64 + row))
    weights = column * 2 * _LENGTHS
    depth = np.int64(0)
    while _code_digit(bits, mixer, depth, target >> (depth + 1) > 0, weights + depth, rate):
        depth += 1
        if depth == _LENGTHS:
            return np.int64(0)
    weights += _LENGTHS
    value = np.int64(1)
    while depth > 0:
        node = (depth + 1) * 4096 + value
        digit = (target >> (depth - 1)) & 1
        value = 2 * value + _code_digit(bits, mixer, node, digit, weights + depth, rate)
        depth -= 1
    return value


@inline_kernel
def _code_digit(bits, mixer, node, digit, row, rate):
    """Code a binary digit at a ``node`` of the tree of all numbers."""
    for k in range(_CONTEXTS):
        mixer.places[k] = hashed(mixer.keys[k], node) & (mixer.slots.size - 1)
    return code_mixed(bits, mixer, np.int64(digit), row, rate)


@inline_kernel
def _set_contexts(keys, table, i, place):
    """Hash what is known before value ``i`` into the ``keys`` of its contexts."""
    values, columns = table.values, table.columns
    above = values[i - columns] if i >= columns else np.int64(0)
    higher = values[i - 2 * columns] if i >= 2 * columns else np.int64(0)
    before = values[i - 1] if i >= 1 else np.int64(0)
    size_above = _magnitude(above)
    size_before = _magnitude(before)
    mark = hashed(np.int64(0), np.int64(i % columns))
    keys[0] = mark
    keys[1] = hashed(mark + 1, size_above)
    keys[2] = hashed(mark + 2, size_before)
    keys[3] = hashed(mark + 3, size_before * 128 + size_above)
    keys[4] = hashed(mark + 4, before)
    keys[5] = hashed(hashed(mark + 5, above), higher)
    keys[6] = hashed(hashed(hashed(mark + 6, above), before), higher)
    keys[7] = hashed(mark + 7, place)
    keys[8] = hashed(hashed(mark + 8, place), before)


@inline_kernel
def _magnitude(value):
    """Two steps per doubling: 0, 1, 2, 3, 4 (4, 5), 5 (6, 7), 6 (8 to 11), 7 (12 to 15) ..."""
    doublings = np.int64(0)
    while value > 3:
        value >>= 1
        doublings += 1
    return 2 * doublings + value
