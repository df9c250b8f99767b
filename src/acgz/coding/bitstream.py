"""One range-coder stream that several models write to, or read from, one after the other.

Sharing one stream saves the few bytes that ending a stream costs, which matters for small files.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.errors import DamagedError, TruncatedError

MARGIN = 1024
"""Kernels stop when fewer bytes than this are free: more than one number or letter can need."""

_SLACK = 64
"""A stream may end at most this many (zero) bytes before the decoder's position."""


class BitStream:
    """A stream being encoded, or being decoded when built from ``data``.

    Attributes
    ----------
    state : uint64[3]
        The range coder's state.
    data : uint8[...]
        Bytes written so far (and free room), or the bytes to read.
    decoding : bool
    """

    def __init__(self, data: bytes | None = None) -> None:
        self.decoding = data is not None
        if data is None:
            self.state = range_coder.new_encoder()
            self.data: NDArray[np.uint8] = np.zeros(4 * MARGIN, dtype=np.uint8)
        else:
            self.state = np.zeros(3, dtype=np.uint64)
            self.data = np.array(np.frombuffer(data, dtype=np.uint8))
            range_coder.start_decoder(self.state, self.data)

    def drive(self, kernel: Callable[[int], int], count: int) -> None:
        """Call ``kernel(start) -> stop`` until ``count`` items are coded.

        A kernel returns early when less than MARGIN bytes are free to write, or when it has read
        MARGIN bytes too many, and a negative number when what it decodes makes no sense.
        """
        start = 0
        while start < count:
            start = kernel(start)
            if start < 0:
                raise DamagedError("layout: a coded number is out of range")
            self.settle()

    def settle(self) -> None:
        """After a kernel has stopped: make room to write, or check that the data have not run out."""  # noqa: E501
        if self.decoding:
            if int(self.state[2]) > self.data.size + 8 + _SLACK:
                raise TruncatedError("layout: the coded stream ends too early")
        elif self.data.size - int(self.state[2]) < 2 * MARGIN:
            grown = np.zeros(2 * self.data.size, dtype=np.uint8)
            grown[: self.data.size] = self.data
            self.data = grown

    def finish(self) -> bytes:
        """The bytes of an encoded stream.

        Trailing zeros are dropped (the decoder reads zeros past the end), but for streams of
        nearly nothing but zeros some are kept: a decoder may so take a far overrun for damage.
        """
        position = int(self.state[2])
        size = int(range_coder.finish(self.state, self.data))
        return self.data[: max(size, position - _SLACK)].tobytes()
