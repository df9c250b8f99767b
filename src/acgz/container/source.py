"""Exact reading: of a stream that may end anywhere, and of a file at any place."""

from __future__ import annotations

import io
import os
import stat
import threading
import weakref
import zlib
from typing import Any, Protocol

from acgz.container.format import CHECK_SIZE, PREAMBLE
from acgz.errors import DamagedError, TruncatedError

_STEP = 1 << 20
"""Bytes asked for at once at first: memory grows with what is there, not with what is claimed."""

FIRST_CHECK = zlib.crc32(PREAMBLE)


class Readable(Protocol):
    """What is read here, such as a binary file."""

    def read(self, size: int, /) -> bytes: ...


class Source:
    """Reads from ``stream``, knows the offset, and the CRC-32 of the archive up to here.

    That CRC-32 leaves out the checks, which hold it. ``check``: the one before ``offset``.
    """

    def __init__(self, stream: Readable, offset: int = 0, check: int = 0) -> None:
        self._stream = stream
        self.offset = offset
        self.check = check

    def at_most(self, count: int) -> bytes:
        """``count`` bytes, or what is left."""
        parts: list[bytes] = []
        step = _STEP
        while count > 0:
            part = self._stream.read(min(count, step))
            if not part:
                break
            parts.append(part)
            self.offset += len(part)
            self.check = zlib.crc32(part, self.check)
            count -= len(part)
            step *= 2
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def exactly(self, count: int) -> bytes:
        """``count`` bytes; TruncatedError if there are fewer."""
        data = self.at_most(count)
        if len(data) < count:
            raise TruncatedError(f"the archive ends too early, at byte {self.offset:,}")
        return data

    def aside(self, count: int) -> bytes:
        """`exactly`, but for bytes that the check leaves out."""
        check = self.check
        data = self.exactly(count)
        self.check = check
        return data

    def number(self) -> int:
        """An integer in groups of seven bits; DamagedError above 63 bits."""
        value = 0
        for shift in range(0, 63, 7):
            byte = self.exactly(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise DamagedError(f"a length before byte {self.offset:,} is absurd")

    def verify(self) -> None:
        """The check follows; DamagedError if it is another one."""
        if int.from_bytes(self.aside(CHECK_SIZE), "little") != self.check:
            raise DamagedError(f"wrong checksum at byte {self.offset - CHECK_SIZE:,}")


class Renewable(Protocol):
    """Has locks, which are useless in the child of a fork."""

    def renew(self) -> None: ...


_renewable: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_after_fork(owner: Renewable) -> None:
    """Call `renew` in every forked process, as long as ``owner`` lives."""
    _renewable.add(owner)


def _renew_all() -> None:
    for owner in list(_renewable):
        owner.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)


class ByPlace(Protocol):
    """A place to read from, safe under threads and forks."""

    size: int
    """Bytes."""

    def read_at(self, offset: int, count: int, /) -> bytes:
        """``count`` bytes or, for whatever reason, fewer; none only at the end."""


class _Regular:
    """A regular file of the system, whose position is neither used nor changed."""

    def __init__(self, stream: io.IOBase, handle: int) -> None:
        self._stream = stream
        self._handle = handle
        self.size = os.fstat(handle).st_size

    def read_at(self, offset: int, count: int, /) -> bytes:
        if self._stream.closed:  # the handle may be another's now
            raise ValueError("the archive is closed")
        return os.pread(self._handle, count, offset)


class _Sought:
    """Anything else that can be sought in, such as `io.BytesIO`, under a lock."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self.size: int = stream.seek(0, os.SEEK_END)
        renew_after_fork(self)

    def read_at(self, offset: int, count: int, /) -> bytes:
        with self._lock:
            self._stream.seek(offset)
            data: bytes = self._stream.read(count)
            return data

    def renew(self) -> None:
        """Get a new lock in the child of a fork: whoever held the old one is gone."""
        self._lock = threading.Lock()


def _by_place(stream: Any) -> ByPlace:
    """A file that reads by place itself, such as one behind an address, or how it is made to."""
    if hasattr(stream, "read_at"):
        place: ByPlace = stream
        return place
    handle = _regular_handle(stream)
    return _Sought(stream) if handle is None else _Regular(stream, handle)


class Places:
    """A file that is read by place, by any number of threads, and by forks of the process."""

    def __init__(self, stream: io.IOBase | Readable) -> None:
        self._place = _by_place(stream)
        self.size = self._place.size
        """Bytes of the file."""

    def read(self, offset: int, count: int) -> bytes:
        """``count`` bytes from ``offset`` on, fewer only at the end of the file."""
        parts = []
        while count > 0:
            part = self._place.read_at(offset, min(count, 1 << 30))
            if not part:
                break
            parts.append(part)
            offset += len(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def source(self, offset: int = 0, check: int = 0) -> Source:
        """A `Source` of its own that begins at ``offset``."""
        return Source(self.reader(offset), offset, check)

    def reader(self, offset: int = 0) -> Readable:
        """Reads on from ``offset``, with a position of its own."""
        return _Reader(self, offset)


class _Reader:
    """Reads `Places` from one place on."""

    def __init__(self, places: Places, offset: int) -> None:
        self._places = places
        self._offset = offset

    def read(self, size: int, /) -> bytes:
        data = self._places.read(self._offset, size)
        self._offset += len(data)
        return data


def _regular_handle(stream: object) -> int | None:
    """The handle of a regular file, where the system can read by place.

    Others have handles too, such as `gzip.GzipFile`, but not of what they read.
    """
    raw = stream.raw if isinstance(stream, io.BufferedReader | io.BufferedRandom) else stream
    if not isinstance(raw, io.FileIO) or not hasattr(os, "pread"):
        return None
    if isinstance(stream, io.BufferedRandom):
        stream.flush()
    return raw.fileno() if stat.S_ISREG(os.fstat(raw.fileno()).st_mode) else None
