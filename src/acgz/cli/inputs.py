"""Input files, here and behind addresses, and standard input."""

from __future__ import annotations

import io
import os
import select
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple

from acgz.errors import InputError, UsageError
from acgz.opening import open_to_read
from acgz.packings import HEAD, GarbageError, Packing, Unpacked, check, recognise
from acgz.places import Identity, Inode, status_of
from acgz.remote.address import is_address, plain
from acgz.rights import Rights

if TYPE_CHECKING:
    from acgz.archive import Archive
    from acgz.container.parts import Shared
    from acgz.container.records import Kind

Unpack = Literal["never", "named", "always"]
"""Whether the content of a packed file is read in its place; see `open_input`."""

_GLANCED = 4096
"""Bytes of a file by which it is put in its place among others."""

_IN_MEMORY = 64 << 20
"""Bytes of a pipe that are kept in memory rather than in a temporary file."""


@dataclass(frozen=True)
class Input:
    """A file that is open for reading."""

    stream: BinaryIO
    head: bytes
    """The first bytes of the input; they are still to be read from ``stream``."""
    size: int | None
    """Bytes of ``stream``, if known."""
    unpacked: Packing | None
    """What has been undone to get ``stream``."""
    packed: str
    """Why it stays in the gzip, xz or zstd that it shows; "" if it shows none."""
    identity: Identity | None
    """To compare before the file is deleted; None if it is no regular file."""
    rights: Rights | None
    """Owner, permissions and times of a regular file; None for anything else."""

    def shared(self, file: str) -> Shared | None:
        """The ``file``, if it is read as it is, from its beginning."""
        from acgz.container.parts import Shared

        known = self.identity
        if known is None or self.size is None or file == "-":
            return None
        return Shared(os.path.abspath(file), known.size, known.mtime)

    def name_of(self, name: str) -> str:
        """What a file of that ``name`` is called without the ending of what has been undone."""
        return (self.unpacked and self.unpacked.content_name(plain(name))) or plain(name)


@contextmanager
def open_input(
    file: str, *, unpack: Unpack = "never", inode: Inode | None = None
) -> Iterator[Input]:
    """Open a file, or standard input for "-". InputError if that is not possible.

    ``inode``: the regular file that it has to be; nothing else is opened in its place.

    ``unpack``: "never"; "always", if it is a gzip, xz or zstd file; "named", if moreover its
    name says so and unpacking loses nothing.
    """
    with _open(file, inode) as stream:
        status = status_of(stream)
        regular = status is not None and stat.S_ISREG(status.st_mode)
        from_start = regular and stream.seekable() and stream.tell() == 0
        head = _read(stream, HEAD)
        packing = recognise(head) if unpack != "never" else None
        packed = ""
        if packing is not None and unpack == "named":
            packed = _why_packed(file, packing, stream if from_start else None)
        chained: BinaryIO = io.BufferedReader(_Chain(head, stream))
        if packed or packing is None:
            size = status.st_size if status is not None and from_start else _size_of(stream)
        else:
            chained, size = io.BufferedReader(Unpacked(packing, chained)), None
        try:
            yield Input(
                chained,
                head,
                size,
                None if packed else packing,
                packed,
                Identity.of(status) if status is not None and regular else None,
                Rights.like(status, stream.fileno()) if status is not None and regular else None,
            )
        except GarbageError as error:  # of a file that has not been read before to see it
            raise InputError(f"{error} (--raw compresses the bytes as they are)") from error


class Regular(NamedTuple):
    """A regular file that is open for reading at any place."""

    stream: BinaryIO
    identity: Identity
    rights: Rights


@contextmanager
def open_regular(file: str) -> Iterator[Regular]:
    """Open a regular file, and nothing else; InputError if there is none, or none to be read."""
    if is_address(file):
        raise UsageError("this can be done with a file on this machine only")
    try:
        status = os.stat(file)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {getattr(error, 'strerror', error)}") from error
    if not stat.S_ISREG(status.st_mode):
        raise InputError("is no regular file")
    with _open(file, (status.st_dev, status.st_ino)) as stream:
        status = os.fstat(stream.fileno())
        yield Regular(stream, Identity.of(status), Rights.like(status, stream.fileno()))


class Glance(NamedTuple):
    """What is seen of a file before it is its turn."""

    name: str
    """What `Input.name_of` will make of its name, unless it turns out to be odd."""
    kind: Kind
    """By its beginning."""


def glance(file: str, name: str, *, unpack: Unpack) -> Glance:
    """Look at the beginning of a regular ``file``, whose name in an archive is ``name``.

    ``unpack``: as for `open_input`.
    """
    from acgz.container.records import Kind, dialect_of, kind_of

    content = name
    try:
        if is_address(file) or not stat.S_ISREG(os.stat(file).st_mode):
            return Glance(name, Kind.ALONE)
        with open(file, "rb", opener=_open_only) as stream:
            head = stream.read(_GLANCED)
            packing = None if unpack == "never" else recognise(head)
            if packing is not None and (within := packing.content_name(name)) is not None:
                content = within
                stream.seek(0)
                head = io.BufferedReader(Unpacked(packing, stream)).read(_GLANCED)
        dialect = dialect_of(head, whole=len(head) < _GLANCED)
        return Glance(content, kind_of(head, dialect))
    except (OSError, InputError):  # opening it will say so
        return Glance(content, Kind.ALONE)


def may_seek(file: str) -> bool:
    """True for a regular file, a link to one, or an address."""
    try:
        return is_address(file) or (file != "-" and stat.S_ISREG(os.stat(file).st_mode))
    except OSError:
        return False


@contextmanager
def open_seekable(file: str) -> Iterator[BinaryIO | None]:
    """Open what `may_seek` says true of, unless its server gives no parts; None for others."""
    if not may_seek(file):
        yield None
        return
    with _open(file) as stream:
        yield stream if stream.seekable() else None


@contextmanager
def open_archive(
    file: str, *, threads: int = 1, memory_limit: int | None = None
) -> Iterator[Archive]:
    """Open an archive for random access; what cannot be sought in is copied to a temporary file."""
    from acgz import api
    from acgz.codec import MEMORY_LIMIT

    limit = memory_limit or MEMORY_LIMIT
    with _open(file) as stream, tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        source: BinaryIO = stream
        if not (stream.seekable() if is_address(file) else _is_from_start(stream)):
            shutil.copyfileobj(stream, copy)
            source = copy  # type: ignore[assignment]
        with api.open(source, threads=threads, memory_limit=limit) as archive:
            yield archive


def _why_packed(file: str, packing: Packing, stream: BinaryIO | None) -> str:
    """Why the file has to stay packed, "" if it can be unpacked. ``stream`` is read from 0 and
    left at the same place; None if that is not possible."""
    if file == "-":
        return f"has no name that ends in {packing.endings[0]}"
    if packing.content_name(plain(file)) is None:
        return f"its name does not end in {packing.endings[0]}"
    if is_address(file):  # it is not fetched twice: what would be lost is an error at its end
        return ""
    if stream is None:
        return "it cannot be read twice"
    at = stream.tell()
    stream.seek(0)
    try:
        check(packing, stream)
    except GarbageError as error:
        return str(error)
    finally:
        stream.seek(at)
    return ""


@contextmanager
def _open(file: str, inode: Inode | None = None) -> Iterator[BinaryIO]:
    if file == "-" and inode is None:
        yield _standard_input()
        return
    if is_address(file) and inode is None:
        with open_to_read(file) as stream:
            yield stream
        return
    try:
        opener = None if inode is None else _open_only
        stream = open(file, "rb", opener=opener)  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        trouble = InputError(f"cannot be read: {reason}{_hint(file)}")
        trouble.place = file  # also where a command reads several files
        raise trouble from error
    with stream:
        if inode is not None:
            status = os.fstat(stream.fileno())
            if (status.st_dev, status.st_ino) != inode or not stat.S_ISREG(status.st_mode):
                raise InputError("is another file than the one that was found there")
        yield stream


def _hint(file: str) -> str:
    """What is added where a line of a list has been taken with the line end of Windows."""
    if file.endswith("\r") and os.path.exists(file[:-1]):
        return f", but {file[:-1]} can: lines of the list end with CR and LF, names with neither"
    return ""


def _size_of(stream: BinaryIO) -> int | None:
    """Bytes of a file behind an address, if its server tells."""
    size = getattr(stream, "size", None)
    return size if isinstance(size, int) and size >= 0 else None


def _is_from_start(stream: BinaryIO) -> bool:
    """True for a regular file of which nothing has been read."""
    status = status_of(stream)
    return status is not None and stat.S_ISREG(status.st_mode) and stream.tell() == 0


def _open_only(file: str, flags: int) -> int:
    """Open what may have been put into the place of a regular file; do not wait for a pipe."""
    return os.open(file, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise InputError("is closed")
    try:
        handle = sys.stdin.fileno()
    except (OSError, ValueError):  # not a file of the system
        return sys.stdin.buffer
    return io.BufferedReader(_Waiting(io.FileIO(handle, closefd=False)))


class _Waiting(io.RawIOBase):
    """Waits for the input where the other end has made it non-blocking."""

    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def seekable(self) -> bool:
        return self._raw.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._raw.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while (count := self._raw.readinto(buffer)) is None:
            select.select([self._raw], [], [])
        return count


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
