"""Files behind addresses, for reading: by place in ranges of bytes, or from beginning to end."""

from __future__ import annotations

import io
import os
import threading
import time
from collections import OrderedDict
from typing import Any

from acgz.errors import InputError
from acgz.remote.address import masked
from acgz.remote.system import is_http, system_of
from acgz.remote.trouble import CHANGED, ChangedError, is_final, translated, trouble

PAGE = 64 << 10
"""Bytes that are asked for at least, so that the fields of an index take few requests."""
_KEPT = 256
"""Pages that are kept: 16 MiB."""
_FIRST_WINDOW, _LAST_WINDOW = 4 * PAGE, 8 << 20
"""Bytes of the first request of a reader, which may want no more, and of later ones, which
double up to that."""
_TRIES = 4
_PAUSE = 0.25
"""Seconds before a request is repeated, and twice that before the next."""

_MARKS = ("ETag", "Last-Modified", "LastModified", "VersionId", "generation", "mtime", "created")
"""What the file systems of fsspec call the things that another content has others of."""


def open_remote(address: str) -> RemoteFile | RemoteStream:
    """Open a file behind an address; one that can be read by place, if its server allows that.

    Raises InputError, MissingDependencyError, UsageError.
    """
    file = RemoteFile(address)
    if file.has_ranges():
        return file
    file.close()
    return RemoteStream(address)


class RemoteFile(io.RawIOBase):
    """A file behind an address that is read in ranges, in one state.

    Requests are made on the condition that it has not changed, where the server knows such;
    ChangedError if it has. What a lost connection has cost is asked for again. Threads and forks
    may share it.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._doing = f"cannot read {masked(address)}"
        self._position = 0
        self._window = b""
        self._window_start = 0
        self._window_size = _FIRST_WINDOW
        self._is_checked = False
        self._pages: OrderedDict[int, bytes] = OrderedDict()
        self.size: int = -1
        """Bytes; -1 where the server does not tell."""
        self._connect()

    def _connect(self) -> None:
        self._pid = os.getpid()
        self._lock, self._turn = threading.Lock(), threading.Lock()  # of the pages, of the file
        with trouble(self._doing):
            self._system, self._path = system_of(self.address, self._doing)
            if is_http(self._system):
                facts = self._system.info(self._path)
                self._file = self._open_http(facts)
            else:
                self._file = self._system.open(self._path, "rb", cache_type="none")
                facts = getattr(self._file, "details", None) or self._system.info(self._path)
        if facts.get("type") == "directory":
            raise InputError(f"{self._doing}: it is a folder, and folders are read here only")
        size = facts.get("size")
        self.size = -1 if size is None else int(size)
        self._facts = facts

    def _open_http(self, facts: dict[str, Any]) -> Any:
        tag, date = facts.get("ETag", ""), facts.get("Last-Modified")
        headers = {**self._system.kwargs.get("headers", {}), "Accept-Encoding": "identity"}
        if tag and not tag.startswith("W/"):  # a weak one meets no condition
            headers["If-Match"] = tag
        elif date:
            headers["If-Unmodified-Since"] = date
        size = facts["size"] if facts.get("partial", True) else None
        if size is None:
            facts["size"] = None
            return None
        return self._system.open(
            self._path, "rb", cache_type="none", size=size or 1, headers=headers
        )

    def has_ranges(self) -> bool:
        """True if the server gives parts of the file; the last one has been asked for then."""
        if self.size < 0:
            return False
        try:
            self.read_at(max(0, self.size - PAGE), PAGE)
        except _NoRangesError:
            return False
        return True

    def read_at(self, offset: int, count: int) -> bytes:
        """``count`` bytes from ``offset`` on, fewer only at the end of the file."""
        self._follow()
        end = min(self.size, offset + count)
        if offset >= end:
            return b""
        first, last = offset // PAGE, -(-end // PAGE)
        pages = self._known(range(first, last))
        missing = [number for number in range(first, last) if number not in pages]
        if missing:
            begin, stop = missing[0] * PAGE, min(self.size, (missing[-1] + 1) * PAGE)
            data = self._fetch(begin, stop)
            fetched = {
                number: data[number * PAGE - begin : (number + 1) * PAGE - begin]
                for number in range(missing[0], missing[-1] + 1)
            }
            self._keep(fetched)
            pages |= fetched
        joined = b"".join(pages[number] for number in range(first, last))
        return joined[offset - first * PAGE : end - first * PAGE]

    def check_unchanged(self) -> None:
        """ChangedError if another content is there now, as far as the server tells."""
        with trouble(self._doing):
            self._system.invalidate_cache(self._path)
            facts = self._system.info(self._path)
        self._compare(facts)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = offset + (0, self._position, self.size)[whence]
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read on, ahead of what is asked for; at the end, make sure that it was one file."""
        at = self._position - self._window_start
        if not 0 <= at < len(self._window):
            if self._position >= self.size:
                if not self._is_checked:
                    self.check_unchanged()
                self._is_checked = True
                return 0
            self._is_checked = False
            if at != len(self._window):
                self._window_size = _FIRST_WINDOW
            end = min(self.size, self._position + self._window_size)
            # What is small is there already, since it was asked whether there are ranges.
            take = self._fetch if end - self._position > PAGE else self._paged
            self._window = take(self._position, end)
            self._window_start, at = self._position, 0
            self._window_size = min(_LAST_WINDOW, 2 * self._window_size)
        part = self._window[at : at + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        if not self.closed and self._file is not None and self._pid == os.getpid():
            self._file.close()
        super().close()

    def _paged(self, start: int, end: int) -> bytes:
        return self.read_at(start, end - start)

    def _known(self, numbers: range) -> dict[int, bytes]:
        with self._lock:
            found = {number: self._pages[number] for number in numbers if number in self._pages}
            for number in found:
                self._pages.move_to_end(number)
        return found

    def _keep(self, pages: dict[int, bytes]) -> None:
        with self._lock:
            self._pages.update(pages)
            while len(self._pages) > _KEPT:
                self._pages.popitem(last=False)

    def _follow(self) -> None:
        """In the child of a fork: connect anew, for the threads of fsspec, and whoever held a lock,
        have stayed with the parent."""
        if self._pid != os.getpid():
            facts = self._facts
            self._connect()
            self._compare(facts)

    def _compare(self, facts: dict[str, Any]) -> None:
        if any(facts.get(key) != self._facts.get(key) for key in ("size", *_MARKS)):
            raise ChangedError(f"{self._doing}: {CHANGED}")

    def _fetch(self, start: int, end: int) -> bytes:
        """The bytes of a range, in requests that are not so long that a server gives up."""
        steps = range(start, end, _LAST_WINDOW)
        return b"".join(self._request(at, min(at + _LAST_WINDOW, end)) for at in steps)

    def _request(self, start: int, end: int) -> bytes:
        """The bytes of a range, all of them. Tries it some times."""
        if self.closed:
            raise ValueError("the file is closed")
        self._follow()
        for attempt in range(_TRIES):
            try:
                with self._turn:
                    self._file.seek(start)
                    data = bytes(self._file.read(end - start))
            except Exception as error:  # noqa: BLE001 - whatever the library of a scheme raises
                if "support range requests" in str(error):
                    raise _NoRangesError(f"{self._doing}: its server gives no parts") from None
                if is_final(error) or attempt == _TRIES - 1:
                    raise translated(error, self._doing) from None
            else:
                if len(data) == end - start:
                    return data
            if attempt < _TRIES - 1:
                time.sleep(_PAUSE * 2**attempt)
        self.check_unchanged()
        raise InputError(
            f"{self._doing}: it ends at byte {start + len(data):,}, "
            f"but is said to have {self.size:,}"
        )


class RemoteStream(io.RawIOBase):
    """A file behind an address whose server gives all of it or nothing: read once, in order."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._doing = f"cannot read {masked(address)}"
        with trouble(self._doing):
            self._system, path = system_of(address, self._doing)
            self._file = self._system.open(path, "rb", **_as_stream(self._system))
            self._size = self._length()
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with trouble(self._doing):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        if not data and len(buffer) and self._size not in (None, self._position):
            raise InputError(
                f"{self._doing}: it ends at byte {self._position:,}, "
                f"but is said to have {self._size:,}"
            )
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _length(self) -> int | None:
        """Bytes of what is coming, if the answer says that and the content is not packed in it."""
        answer = getattr(self._file, "r", None)
        headers = getattr(answer, "headers", {})
        if headers.get("Content-Encoding") or "Content-Length" not in headers:
            return None
        return int(headers["Content-Length"])


class _NoRangesError(InputError):
    """The server gives all of a file or nothing."""


def _as_stream(system: Any) -> dict[str, Any]:
    """No parts, and a limit for each wait and none for the whole, which may take hours."""
    if not is_http(system):
        return {}
    from aiohttp import ClientTimeout

    headers = {**system.kwargs.get("headers", {}), "Accept-Encoding": "identity"}
    patience = ClientTimeout(total=None, sock_connect=60, sock_read=60)
    # A size, whatever it is, spares a question about it.
    return {"block_size": 0, "size": 1, "timeout": patience, "headers": headers}
