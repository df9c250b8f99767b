"""Input files and standard input."""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from acgz.cli.packings import LONGEST_MAGIC, Packing, Unpacked, recognise
from acgz.errors import InputError

if TYPE_CHECKING:
    from acgz.archive import Archive


@dataclass(frozen=True)
class Input:
    """A file that is open for reading."""

    stream: BinaryIO
    head: bytes
    """Its first bytes; they are still to be read from ``stream``."""
    size: int | None
    """Bytes of ``stream``, if known."""
    packing: Packing | None
    """What has been undone to get ``stream``."""


@contextmanager
def open_input(file: str, *, unpack: bool = False) -> Iterator[Input]:
    """Open a file, or standard input for "-". InputError if that is not possible.

    ``unpack``: if it is a gzip, xz or zstd file, give its content.
    """
    with _open(file) as stream:
        size = _regular_size(stream)
        head = _read(stream, LONGEST_MAGIC)
        chained = io.BufferedReader(_Chain(head, stream))
        packing = recognise(head) if unpack else None
        if packing is None:
            yield Input(chained, head, size, None)
        else:
            yield Input(io.BufferedReader(Unpacked(packing, chained)), head, None, packing)


@contextmanager
def open_archive(
    file: str, *, threads: int = 1, memory_limit: int | None = None
) -> Iterator[Archive]:
    """Open an archive for random access; what cannot be sought in is copied to a temporary file."""
    from acgz import api
    from acgz.codec import MEMORY_LIMIT

    with _open(file) as stream, tempfile.TemporaryFile() as copy:
        seekable = _regular_size(stream) is not None
        if not seekable:
            shutil.copyfileobj(stream, copy)
        limit = memory_limit or MEMORY_LIMIT
        source = stream if seekable else copy
        with api.open(source, threads=threads, memory_limit=limit) as archive:
            yield archive


@contextmanager
def _open(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = open(file, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    with stream:
        yield stream


def _regular_size(stream: BinaryIO) -> int | None:
    """Bytes of a regular file that is read from its start; None for a pipe and the like."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # not a file of the system
        return None
    regular = stat.S_ISREG(status.st_mode) and stream.seekable() and stream.tell() == 0
    return status.st_size if regular else None


def _read(stream: BinaryIO, size: int) -> bytes:
    """``size`` bytes, fewer only at the end: a pipe may deliver them one by one."""
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            break
        data += more
    return data


class _Chain(io.RawIOBase):
    """``head`` and then what is left of ``stream``."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._stream.read(len(buffer))
        self._head = self._head[len(data) :] if self._head else b""
        buffer[: len(data)] = data
        return len(data)
