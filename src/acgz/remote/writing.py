"""New files behind addresses, which appear there complete or not at all."""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from acgz.errors import InputError
from acgz.newfiles import begun
from acgz.remote.address import ends_as_folder, masked
from acgz.remote.system import is_http, system_of
from acgz.remote.trouble import trouble
from acgz.rights import Rights

_PATIENCE = 10.0
"""Seconds that giving up waits for the request that is under way: what it begins has to end."""


@dataclass
class _New:
    """A file that is on its way."""

    doing: str
    system: Any
    path: str
    file: Any
    was_there: bool


class RemoteFiles:
    """`NewFiles` behind addresses: what is written goes there at once, in parts that nobody sees.

    `commit` makes files of the parts, one after the other; without it they are thrown away. Only a
    killed process leaves them (the provider's rules for incomplete uploads remove those). Where
    there are no such parts, a file is written under a hidden name, which is changed.
    Owner, permissions and times are the provider's matter.
    """

    def __init__(self, *, force: bool = False) -> None:
        self._force = force
        self._files: list[_New] = []
        self._lock = threading.Lock()  # of the file that is being written
        self._left = False

    def begin(self, target: str | os.PathLike[str], *, make_folders: bool = True) -> None:
        """The next file. InputError if it exists, or cannot be written there whole or not at all.

        There are no folders to be made.
        """
        target = os.fspath(target)
        doing = f"cannot write {masked(target)}"
        self._close()
        if "::" in target or "?" in target:
            raise InputError(f"{doing}: only an address without :: and ? can be written to")
        if ends_as_folder(target):
            raise InputError(f"{doing}: it is a folder")
        system, path = system_of(target, doing)
        was_there = self._is_there(system, path)
        if was_there and not self._force:
            raise InputError(f"{masked(target)} exists already (-f overwrites it)")
        with trouble(doing):
            file = _open_new(system, path, force=self._force)
        begun.add(self)
        self._files.append(_New(doing, system, path, file, was_there))

    def write(self, data: bytes) -> None:
        """Write to the file that was begun last."""
        new = self._files[-1]
        with self._lock:
            if self._left:
                raise InputError(f"{new.doing}: the work has been ended")
            with trouble(new.doing):
                new.file.write(data)

    def commit(self, rights: Rights, *, durable: bool = False) -> None:
        """Give all files their names.

        If that fails for one, those that have theirs and were not there before are removed.
        """
        self._close()
        done: list[_New] = []
        try:
            for new in self._files:
                with trouble(new.doing):
                    if not self._force and self._is_there(new.system, new.path):
                        raise InputError(f"{new.doing}: it exists now (-f overwrites it)")
                    new.file.commit()
                done.append(new)
        except BaseException:
            for new in done:
                with suppress(Exception):
                    if not new.was_there:
                        new.system.rm_file(new.path)
            raise
        finally:
            self._files = [new for new in self._files if new not in done]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.abandon()

    def abandon(self) -> None:
        """Throw away what has no name yet, when the request that is under way has ended."""
        self._left = True
        begun.discard(self)
        mine = self._lock.acquire(timeout=_PATIENCE)
        try:
            for new in self._files:
                _forget(new.file)
        finally:
            self._files = []
            if mine:
                self._lock.release()

    def _close(self) -> None:
        """Send what is left of the last file."""
        if self._files:
            new = self._files[-1]
            with self._lock, trouble(new.doing):
                new.file.close()

    def _is_there(self, system: Any, path: str) -> bool:
        try:
            system.invalidate_cache(path)
            return bool(system.info(path).get("type") == "file")
        except Exception:  # noqa: BLE001 - whoever may write, may not be allowed to look
            return False


_UPLOADING = {"s3", "s3a", "gs", "gcs"}
"""Schemes whose files have no name before `commit`."""


def _open_new(system: Any, path: str, *, force: bool) -> Any:
    """A file that has no name before `commit`."""
    schemes = {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)
    if schemes & _UPLOADING:
        # Without force, the server refuses to replace what has come meanwhile.
        return system.open(path, "wb" if force else "xb", autocommit=False)
    if is_http(system):
        raise NotImplementedError
    return _Renamed(system, path, force=force)


class _Renamed:
    """A file with a name of its own beside that which it gets."""

    def __init__(self, system: Any, path: str, *, force: bool) -> None:
        self._system = system
        self._path = path
        self._force = force
        folder, slash, _ = path.rpartition("/")
        self._part = f"{folder}{slash}.acgz-{secrets.token_hex(4)}.part"
        self._file = system.open(self._part, "wb")
        self.write = self._file.write
        self.close = self._file.close

    def commit(self) -> None:
        """Change the name. Not every system does so where another file has it."""
        try:
            self._system.mv(self._part, self._path)
        except Exception:
            if not self._force:
                raise
            self._system.rm_file(self._path)
            self._system.mv(self._part, self._path)

    def discard(self) -> None:
        """Remove what there is of it."""
        with suppress(Exception):
            self._file.close()
        self._system.rm_file(self._part)


def _forget(file: Any) -> None:
    with suppress(Exception):
        file.discard()
    with suppress(AttributeError):
        file.closed = True  # or its end would send the rest all the same
