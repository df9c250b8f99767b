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

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import MARGIN, BitStream
from acgz.coding.logistic import FRESH, code_mixed, hashed
from acgz.kernel import allocating_kernel

MAX_VALUE = (1 << 40) - 2
"""Largest integer that a table may hold."""

_LENGTHS = 40
_CONTEXTS = 9
_WEIGHT = 12000  # of 65536: nine inputs that partly say the same start a little above their mean
_LIMIT = 1023  # slots adapt ever more slowly: the lengths of a genome's runs hardly drift
_NOWHERE = np.zeros(0, dtype=np.int64)


def code_numbers(
    stream: BitStream,
    values: NDArray[np.int64],
    columns: int,
    *,
    breaks: NDArray[np.int64] = _NOWHERE,
    symbol_column: int = -1,
) -> None:
    """Encode ``values`` (each in ``[0, MAX_VALUE]``), or fill them when the stream is decoding.

    ``breaks``, ascending, are the positions at which records begin along the sequence whose runs
    the table describes. Position advances by every value but those of ``symbol_column``.

    Raises
    ------
    DamagedError, TruncatedError
        When decoding nonsense.
    """
    bits = min(max(values.size.bit_length() + 6, 10), 22)
    slots = np.full(1 << bits, FRESH, dtype=np.uint32)
    room = np.zeros((3, _CONTEXTS), dtype=np.int64)
    weights = np.full((2 * _LENGTHS * columns, _CONTEXTS), _WEIGHT, dtype=np.int64)

    def kernel(start: int) -> int:
        stop = _code(
            stream.state,
            stream.data,
            stream.decoding,
            values,
            start,
            columns,
            breaks,
            symbol_column,
            slots,
            weights,
            room,
        )
        return int(stop)

    stream.drive(kernel, values.size)


def code_number(stream: BitStream, value: int = 0) -> int:
    """Encode one integer, or decode and return it."""
    values = np.array([value], dtype=np.int64)
    code_numbers(stream, values, 1)
    return int(values[0])


@allocating_kernel
def _magnitude(value):
    """Two steps per doubling: 0, 1, 2, 3, 4 (4, 5), 5 (6, 7), 6 (8 to 11), 7 (12 to 15) ..."""
    doublings = np.int64(0)
    while value > 3:
        value >>= 1
        doublings += 1
    return 2 * doublings + value


@allocating_kernel
def _set_contexts(keys, values, i, columns, place):
    """Hash what is known before value ``i`` into the ``keys`` of its contexts."""
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


@allocating_kernel
def _code(
    state, data, decoding, values, start, columns, breaks, symbol_column, slots, weights, room
):  # fmt: skip
    """Code values from ``start`` on; return where it stopped, or -1 for an impossible value."""
    keys, places, inputs = room[0], room[1], room[2]
    position = np.int64(0)
    for i in range(start):
        if i % columns != symbol_column:
            position += values[i]
    record = 0
    for i in range(start, values.size):
        at = np.int64(state[2])
        if decoding:
            if at > data.size + MARGIN:
                return i
        elif at + MARGIN > data.size:
            return i
        while record < breaks.size and breaks[record] <= position:
            record += 1
        place = position - breaks[record - 1] if record else position
        _set_contexts(keys, values, i, columns, place)
        rate = 12 + 200 * 64 // (64 + i // columns)
        target = values[i] + 1
        length = np.int64(0)
        while (target >> (length + 1)) > 0:
            length += 1
        value = np.int64(1)
        depth = np.int64(0)
        unary = True
        while unary or depth > 0:
            if unary:
                node = depth
                bit = np.int64(1) if depth < length else np.int64(0)
                row = (i % columns) * 2 * _LENGTHS + depth
            else:
                node = (depth + 1) * 4096 + value
                bit = (target >> (depth - 1)) & 1
                row = ((i % columns) * 2 + 1) * _LENGTHS + depth
            for k in range(_CONTEXTS):
                places[k] = hashed(keys[k], node) & (slots.size - 1)
            bit = code_mixed(
                state, data, decoding, bit, places, inputs, slots, weights, row,
                np.int64(rate), np.int64(_LIMIT),
            )  # fmt: skip
            if not unary:
                value = 2 * value + bit
                depth -= 1
            elif bit == 0:
                unary = False
            else:
                depth += 1
                if depth >= _LENGTHS:
                    return -1
        if decoding:
            values[i] = value - 1
        if i % columns != symbol_column:
            position += values[i]
    return values.size
