"""Compressions that are undone before ours: a genome in gz, xz or zst is compressed as itself."""

from __future__ import annotations

import io
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
    name: str
    magic: bytes
    suffixes: tuple[str, ...]
    new_inflater: Callable[[], Inflater]


def _new_gzip() -> Inflater:
    return zlib.decompressobj(wbits=31)


def _new_xz() -> Inflater:
    import lzma

    return lzma.LZMADecompressor()


def _new_zstd() -> Inflater:
    import zstandard

    inflater: Inflater = zstandard.ZstdDecompressor().decompressobj()
    return inflater


PACKINGS = (
    Packing("gzip", b"\x1f\x8b\x08", (".gz", ".bgz", ".bgzf"), _new_gzip),
    Packing("xz", b"\xfd7zXZ\0", (".xz",), _new_xz),
    Packing("zstd", b"\x28\xb5\x2f\xfd", (".zst", ".zstd"), _new_zstd),
)
LONGEST_MAGIC = max(len(packing.magic) for packing in PACKINGS)

_PIECE = 1 << 14
"""Bytes of compressed input at a time. zstd can turn them into some hundred MB, so few."""


def recognise(head: bytes) -> Packing | None:
    """The packing of a file that begins like this."""
    return next((packing for packing in PACKINGS if head.startswith(packing.magic)), None)


class Unpacked(io.RawIOBase):
    """The content of a packed file. Damage, and an early end, raise InputError."""

    def __init__(self, packing: Packing, stream: BinaryIO) -> None:
        self._packing = packing
        self._stream = stream
        self._inflater = packing.new_inflater()
        self._input = b""
        self._output = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._output:
            if not self._input:
                self._input = self._stream.read(_PIECE)
            if not self._input:
                if not self._inflater.eof:
                    raise self._damage("it ends too early")
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
            self._inflater = self._packing.new_inflater()
        try:
            data = self._inflater.decompress(self._input)
        except _errors() as error:
            raise self._damage(str(error)) from error
        self._input = self._inflater.unused_data if self._inflater.eof else b""
        return data

    def _damage(self, reason: str) -> InputError:
        return InputError(
            f"looks like {self._packing.name} but is damaged: {reason} "
            "(--raw compresses the bytes as they are)"
        )


def _errors() -> tuple[type[Exception], ...]:
    import lzma

    import zstandard

    return zlib.error, lzma.LZMAError, zstandard.ZstdError
