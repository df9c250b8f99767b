"""Compressions that are undone before ours: a genome in gz, xz or zst is compressed as itself."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from acgz.errors import InputError


class Inflater(Protocol):
    """Undoes one compressed unit; a file may have several, one after the other."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class Packing:
    """A format of compressed files."""

    name: str
    magics: tuple[bytes, ...]
    """How a file, and each unit in it, may begin."""
    endings: tuple[str, ...]
    """How names of such files end; without the ending, the name is that of the content."""
    new_inflater: Callable[[], Inflater]

    def content_name(self, name: str) -> str | None:
        """The name of what is in a file of that name; None if its ending says nothing."""
        for ending in self.endings:
            if name.lower().endswith(ending) and len(os.path.basename(name)) > len(ending):
                return name[: -len(ending)]
        return None


class GarbageError(InputError):
    """Behind what is packed there is something else, which unpacking would lose."""


def _new_gzip() -> Inflater:
    return zlib.decompressobj(wbits=31)


def _new_xz() -> Inflater:
    import lzma

    return lzma.LZMADecompressor()


def _new_zstd() -> Inflater:
    from acgz.coding import zstd

    return zstd.inflater(_LARGEST_WINDOW)


_LARGEST_WINDOW = 1 << 31
"""Bytes: what zstd --ultra --long=31 writes, its most."""

_SKIPPABLE = tuple(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))
"""Frames of zstd without content; files of pzstd begin with one."""

PACKINGS = (
    Packing("gzip", (b"\x1f\x8b\x08",), (".gz", ".bgz", ".bgzf"), _new_gzip),
    Packing("xz", (b"\xfd7zXZ\0",), (".xz",), _new_xz),
    Packing("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), (".zst", ".zstd"), _new_zstd),
)
HEAD = 16
"""Bytes at the beginning of a file that tell a packing, and bgzip from gzip."""

_PIECE = 1 << 14
"""Bytes of compressed input at a time. zstd can turn them into some hundred MB, so few."""


def recognise(head: bytes) -> Packing | None:
    """The packing of a file that begins like this."""
    return next((packing for packing in PACKINGS if head.startswith(packing.magics)), None)


class Unpacked(io.RawIOBase):
    """The content of a packed file.

    Damage and an early end raise InputError; so does bgzip without the empty unit at its end.
    Anything else behind the last unit, apart from zeros, is a GarbageError.
    """

    def __init__(self, packing: Packing, stream: BinaryIO) -> None:
        self._packing = packing
        self._stream = stream
        self._inflater = packing.new_inflater()
        self._input = stream.read(_PIECE)
        self._output = memoryview(b"")
        self._unit_is_empty = True
        # The header of gzip with an extra field that begins with BC: RFC 1952, SAM specification.
        self._bgzip = (
            packing.name == "gzip" and self._input[3:4] >= b"\4" and (self._input[12:14] == b"BC")
        )

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._output:
            if not self._input:
                self._input = self._stream.read(_PIECE)
            if not self._input:
                self._check_end()
                return 0
            self._output = memoryview(self._inflate())
        count = min(len(buffer), len(self._output))
        buffer[:count] = self._output[:count]
        self._output = self._output[count:]
        return count

    def _inflate(self) -> bytes:
        if self._inflater.eof:
            self._input = self._input.lstrip(b"\0")  # padding, as tapes and xz have it
            if not self._input:
                return b""
            self._begin_unit()
        try:
            data = self._inflater.decompress(self._input)
        except _errors() as error:
            raise self._damage(str(error)) from error
        self._input = self._inflater.unused_data if self._inflater.eof else b""
        self._unit_is_empty &= not data
        return data

    def _begin_unit(self) -> None:
        longest = max(map(len, self._packing.magics))
        if len(self._input) < longest:
            self._input += self._stream.read(longest - len(self._input))
        if not self._input.startswith(self._packing.magics):
            raise GarbageError(f"something else follows the {self._packing.name} in it")
        self._inflater = self._packing.new_inflater()
        self._unit_is_empty = True

    def _check_end(self) -> None:
        if not self._inflater.eof:
            raise self._damage("it ends too early")
        if self._bgzip and not self._unit_is_empty:
            raise self._damage("it has been cut, the empty block at the end of bgzip is missing")

    def _damage(self, reason: str) -> InputError:
        if "too much memory" in reason:  # what zstd says of a window above the limit
            return InputError(
                f"needs a larger window of {self._packing.name} than {_LARGEST_WINDOW:,} bytes "
                "(--raw compresses the bytes as they are)"
            )
        return InputError(
            f"looks like {self._packing.name} but is damaged: {reason} "
            "(--raw compresses the bytes as they are)"
        )


def check(packing: Packing, stream: BinaryIO) -> None:
    """Unpack all of ``stream``, for the errors of `Unpacked`."""
    unpacked = Unpacked(packing, stream)
    buffer = memoryview(bytearray(1 << 20))
    while unpacked.readinto(buffer):
        pass


def _errors() -> tuple[type[Exception], ...]:
    import lzma

    from acgz.coding import zstd

    return zlib.error, lzma.LZMAError, zstd.ZstdError
