"""One range-coder stream that several models write to, or read from, one after the other.

Sharing one stream saves the few bytes that ending a stream costs, which matters for small files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.errors import DamagedError, TruncatedError
from acgz.kernel import inline_kernel

MARGIN = 1024
"""Kernels stop when fewer bytes than this are free: more than one number or letter can need."""


class Bits(NamedTuple):
    """A stream as kernels see it."""

    state: NDArray[np.uint64]
    """(3,): of the range coder."""
    data: NDArray[np.uint8]
    """(n,): the bytes written so far and free room, or the bytes to read."""
    decoding: bool


class BitStream:
    """A stream being encoded, or being decoded when built from ``data``."""

    def __init__(self, data: bytes | None = None) -> None:
        if data is None:
            room = np.zeros(4 * MARGIN, dtype=np.uint8)
            self.bits = Bits(range_coder.new_encoder(), room, False)
        else:
            stored = np.array(np.frombuffer(data, dtype=np.uint8))
            self.bits = Bits(range_coder.new_decoder(stored), stored, True)

    @property
    def decoding(self) -> bool:
        """Is this a stream to read?"""
        return self.bits.decoding

    def drive(self, kernel: Callable[[int], int], count: int) -> None:
        """Call ``kernel(start) -> stop`` until ``count`` items are coded.

        A kernel returns early when the stream `must_settle`, and a negative number when what it
        decodes makes no sense.

        Raises
        ------
        DamagedError, TruncatedError
            When decoding nonsense, or more than there is.
        """
        start = 0
        while start < count:
            start = kernel(start)
            if start < 0:
                raise DamagedError("a coded number is out of range")
            self.settle()

    def settle(self) -> None:
        """Make room to write when a kernel has stopped; TruncatedError if what it reads ran out."""
        state, data, decoding = self.bits
        if decoding:
            if range_coder.is_spent(state, data):
                raise TruncatedError("a coded stream ends too early")
        elif data.size - int(state[2]) < 2 * MARGIN:
            grown = np.zeros(2 * data.size, dtype=np.uint8)
            grown[: data.size] = data
            self.bits = self.bits._replace(data=grown)

    def finish(self) -> bytes:
        """The bytes of an encoded stream."""
        state, data, _ = self.bits
        return data[: int(range_coder.finish(state, data))].tobytes()


@inline_kernel
def must_settle(bits):
    """Has a kernel to stop, because room is short or because it reads what nobody has written?"""
    if bits.decoding:
        return range_coder.is_spent(bits.state, bits.data)
    return np.int64(bits.state[2]) + MARGIN > bits.data.size
