"""Exact reading of a stream that may end anywhere."""

from __future__ import annotations

import zlib
from typing import BinaryIO

from acgz.errors import DamagedError, TruncatedError

_PIECE = 1 << 20
"""Bytes asked for at once at first: memory grows with what is there, not with what is claimed."""


class Source:
    """Reads from ``stream``, knows the offset, and sums up the CRC-32 of what it has read."""

    def __init__(self, stream: BinaryIO, offset: int = 0) -> None:
        self._stream = stream
        self.offset = offset
        self._crc = 0

    def at_most(self, count: int) -> bytes:
        """``count`` bytes, or what is left."""
        pieces: list[bytes] = []
        piece_size = _PIECE
        while count > 0:
            piece = self._stream.read(min(count, piece_size))
            if not piece:
                break
            pieces.append(piece)
            self.offset += len(piece)
            self._crc = zlib.crc32(piece, self._crc)
            count -= len(piece)
            piece_size *= 2
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def exactly(self, count: int) -> bytes:
        """``count`` bytes; TruncatedError if there are fewer."""
        data = self.at_most(count)
        if len(data) < count:
            raise TruncatedError(f"the archive ends too early, at byte {self.offset:,}")
        return data

    def skip(self, count: int) -> None:
        """Read ``count`` bytes, for their checksum only; TruncatedError if there are fewer."""
        while count > 0:
            count -= len(self.exactly(min(count, _PIECE)))

    def varint(self) -> int:
        """An integer in groups of seven bits; DamagedError above 63 bits."""
        value = 0
        for shift in range(0, 63, 7):
            byte = self.exactly(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise DamagedError(f"a length before byte {self.offset:,} is absurd")

    def start_checksum(self) -> None:
        """The CRC-32 begins here."""
        self._crc = 0

    def check_checksum(self) -> None:
        """The CRC-32 of all since `start_checksum` follows; DamagedError if it is another one."""
        expected = self._crc
        if int.from_bytes(self.exactly(4), "little") != expected:
            raise DamagedError(f"wrong checksum at byte {self.offset - 4:,}")
