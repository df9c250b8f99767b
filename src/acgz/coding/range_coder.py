"""A 64-bit range coder over integer frequencies, in Numba so that engines can inline it.

The interval is ``[low, low + span)`` with 64-bit ``low`` and ``span``. A symbol that
owns ``[start, start + freq)`` out of ``2**bits`` shrinks it to
``low + (span >> bits) * start``, ``(span >> bits) * freq``. When the span falls below
2**32, the top 32 bits of ``low`` are written, most significant byte first. An addition
that overflows ``low`` carries into the bytes already written (Martin 1979; the carry as
in Schindler 1998).

State arrays (so that kernels can hold many coders):

- encoder: ``uint64[3]`` = low, span, bytes written
- decoder: ``uint64[3]`` = code (value minus low), span, bytes read

A stream ends with the fewest bytes that identify the last interval, so a decoder, which is
`AHEAD` bytes ahead of its encoder, reads up to so many zeros behind the end. One that reads more
decodes what nobody has written: see `is_spent`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import inline_kernel, kernel

MAX_BITS = 24
"""Frequencies may sum to at most 2**MAX_BITS."""

AHEAD = 8
"""Bytes that a decoder has read when its encoder had written nothing."""

_FULL = np.uint64(0xFFFFFFFFFFFFFFFF)
_TOP = np.uint64(1 << 32)
_32 = np.uint64(32)


def new_encoder() -> NDArray[np.uint64]:
    """State of an encoder that has written nothing; ``uint64[3]``."""
    return np.array([0, _FULL, 0], dtype=np.uint64)


def new_decoder(data: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """State of a decoder at the beginning of ``data``; ``uint64[3]``."""
    state = np.zeros(3, dtype=np.uint64)
    start_decoder(state, data)
    return state


def capacity(symbols: int, bits: int) -> int:
    """Bytes that ``symbols`` symbols of total ``2**bits`` can need at most."""
    return symbols * (bits + 1) // 8 + 32


@inline_kernel
def encode(state, out, start, freq, bits):
    """Append the symbol owning ``[start, start + freq)`` of ``2**bits`` to ``out``."""
    low = state[0]
    unit = state[1] >> np.uint64(bits)
    new_low = low + unit * np.uint64(start)
    span = unit * np.uint64(freq)
    at = np.int64(state[2])
    if new_low < low:
        carry(out, at)
    if span < _TOP:
        out[at] = np.uint8(new_low >> np.uint64(56))
        out[at + 1] = np.uint8((new_low >> np.uint64(48)) & np.uint64(255))
        out[at + 2] = np.uint8((new_low >> np.uint64(40)) & np.uint64(255))
        out[at + 3] = np.uint8((new_low >> _32) & np.uint64(255))
        state[2] = np.uint64(at + 4)
        new_low = new_low << _32
        span = span << _32
    state[0] = new_low
    state[1] = span


@kernel
def carry(out, at):
    """Add one to the big-endian number that ends before ``out[at]``."""
    i = at - 1
    while out[i] == 255:
        out[i] = 0
        i -= 1
    out[i] += np.uint8(1)


@kernel
def finish(state, out):
    """Write the fewest bytes that identify the interval; return the stream's length.

    Only zeros of this end are left out, none that was written before: so the length says how far
    a decoder may read.
    """
    low = state[0]
    last = low + (state[1] - np.uint64(1))
    written = np.int64(state[2])
    value = last
    wrapped = last < low
    for drop in range(8, 65, 8):
        if drop == 64:
            trial = np.uint64(0)
        else:
            trial = (last >> np.uint64(drop)) << np.uint64(drop)
        # in the interval? after a wrap every trial <= last lies past 2**64
        if wrapped or trial >= low:
            value = trial
        else:
            break
    if wrapped:
        carry(out, written)
    for i in range(8):
        out[written + i] = np.uint8((value >> np.uint64(56 - 8 * i)) & np.uint64(255))
    size = written + 8
    while size > written and out[size - 1] == 0:
        size -= 1
    return size


@kernel
def start_decoder(state, data):
    """Load the first bytes of ``data`` into the decoder ``state`` (``uint64[3]``)."""
    code = np.uint64(0)
    for i in range(AHEAD):
        byte = np.uint64(data[i]) if i < data.size else np.uint64(0)
        code = (code << np.uint64(8)) | byte
    state[0] = code
    state[1] = _FULL
    state[2] = np.uint64(AHEAD)


@inline_kernel
def is_spent(state, data):
    """Has the decoder read more of ``data`` than any encoder has written?"""
    return np.int64(state[2]) > data.size + AHEAD


@inline_kernel
def target(state, bits):
    """The point in ``[0, 2**bits)`` that the next symbol's interval contains."""
    point = state[0] // (state[1] >> np.uint64(bits))
    limit = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    return min(point, limit)


@inline_kernel
def advance(state, data, start, freq, bits):
    """Remove the symbol owning ``[start, start + freq)`` from the stream."""
    unit = state[1] >> np.uint64(bits)
    code = state[0] - unit * np.uint64(start)
    span = unit * np.uint64(freq)
    if span < _TOP:
        at = np.int64(state[2])
        for i in range(4):
            byte = np.uint64(data[at + i]) if at + i < data.size else np.uint64(0)
            code = (code << np.uint64(8)) | byte
        state[2] = np.uint64(at + 4)
        span = span << _32
    state[0] = code
    state[1] = span
