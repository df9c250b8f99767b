"""New files that appear under their names complete, all of them together, or not at all."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from acgz.errors import InputError
from acgz.rights import Rights
from acgz.staging import Staging

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


@dataclass
class _New:
    """A file that is on its way."""

    name: str
    """The name as the user knows it."""
    target: Path
    part: Path
    folders: list[Path] = field(default_factory=list)
    """Made for it."""
    backup: Path | None = None
    """What was there before."""
    placed: bool = False


class Unfinished(Protocol):
    """Files that have no names yet."""

    def abandon(self) -> None:
        """Delete what has no name yet."""


begun: set[Unfinished] = set()
"""Those of which there is something: a hidden folder, or parts behind an address."""

_placing = threading.Lock()
"""Held while files get their names: two archives may have files for one folder, which is new."""


def abandon() -> None:
    """Delete what has no name yet, whoever is at work on it; nothing more will be begun there."""
    for files in list(begun):
        files.abandon()


class NewFiles:
    """Use as a context: `begin` a file, `write` to it, begin the next, and `commit` all.

    Left without `commit`, nothing remains. Nobody else can read a file before that. ``force``:
    replace what exists. Errors of the system become InputErrors that name the file.
    """

    def __init__(self, *, force: bool = False) -> None:
        self._force = force
        self._staging: Staging | None = None
        self._files: list[_New] = []
        self._stream: BinaryIO | None = None
        # Whoever leaves after Ctrl-C may do so while another thread begins a file.
        self._lock = threading.Lock()
        self._left = False

    @property
    def part(self) -> Path:
        """Where the bytes of the last file are until `commit`."""
        return self._files[-1].part

    def begin(self, target: str | os.PathLike[str], *, make_folders: bool = False) -> None:
        """The next file. InputError if it exists, or cannot be written there.

        ``make_folders``: `commit` makes those that are missing on the way to it.
        """
        name = os.fspath(target)
        with _trouble(name):
            self._close()
            place = landing(Path(target))
            if not make_folders:
                os.stat(place.parent)
            _refuse_to_overwrite(name, place, force=self._force)
            with self._lock:
                if self._left:
                    raise InputError(f"cannot write {name}: the work has been ended")
                if self._staging is None:
                    self._staging = Staging(_existing_parent(place))
                    begun.add(self)
                part = self._staging.new(len(self._files))
                self._files.append(_New(name, place, part))
                self._stream = os.fdopen(os.open(part, _WRITE, 0o600), "wb")

    def write(self, data: bytes) -> None:
        """Write to the file that was begun last."""
        with _trouble(self._files[-1].name):
            if self._stream is not None:
                self._stream.write(data)

    def flush(self) -> None:
        """Let others see in `part` what has been written."""
        with _trouble(self._files[-1].name):
            if self._stream is not None:
                self._stream.flush()

    def commit(self, rights: Rights, *, durable: bool = False) -> None:
        """Give all files their ``rights`` and names, or none of them.

        ``durable``: return only when they are safe on the disk.
        """
        if self._files:
            with _trouble(self._files[-1].name):
                self._close()
        for new in self._files:
            with _trouble(new.name):
                _finish(new.part, rights, durable=durable)
        with _placing:
            try:
                for number, new in enumerate(self._files):
                    with _trouble(new.name):
                        self._place(number, new)
            except BaseException:
                self._undo()
                raise
        if durable:
            for folder in {new.target.parent for new in self._files}:
                with _trouble(str(folder)):
                    _sync_folder(folder)
        self.abandon()

    def abandon(self) -> None:
        """Delete what has no name yet."""
        with self._lock:
            self._left = True
            begun.discard(self)
            if self._staging is not None:
                self._staging.discard()
                self._staging = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.abandon()
        # After Ctrl-C another thread may still be writing: closing could wait for it for ever.
        if not any(isinstance(part, KeyboardInterrupt) for part in raised):
            with suppress(OSError):
                self._close()

    def _close(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            stream.close()

    def _place(self, number: int, new: _New) -> None:
        """Give a file its name."""
        for folder in reversed(list(_missing(new.target.parent))):
            folder.mkdir()
            new.folders.append(folder)
        _refuse_to_overwrite(new.name, new.target, force=self._force)  # the work may take hours
        if not self._force:
            _link(new)
        elif len(self._files) == 1 or not new.target.exists() or self._staging is None:
            new.part.replace(new.target)
        else:
            new.backup = self._staging.backup(number)
            try:
                os.link(new.target, new.backup)
            except OSError:  # no second names on this file system
                new.target.replace(new.backup)
            new.part.replace(new.target)
        new.placed = True

    def _undo(self) -> None:
        for new in reversed(self._files):
            with suppress(OSError):
                if new.backup is not None and new.backup.exists():
                    new.backup.replace(new.target)
                elif new.placed:
                    new.target.unlink()
            with suppress(OSError):
                for folder in reversed(new.folders):
                    folder.rmdir()


def landing(target: Path) -> Path:
    """Where a file lands: a link stays, and what it leads to is replaced.

    InputError for a link that leads nowhere: whoever has put it there would decide where we write.
    """
    if target.is_symlink() and not target.exists():
        raise InputError(f"cannot write {target}: it is a symbolic link that leads nowhere")
    return Path(os.path.realpath(target))


def below(folder: Path, name: str) -> Path:
    """The path of a file in an archive; InputError if a link on the way leads elsewhere."""
    path = folder / name
    for parent in path.parents:
        if parent == folder:
            break
        if parent.is_symlink():
            raise InputError(f"cannot write {path}: {parent} is a symbolic link")
    return path


@contextmanager
def _trouble(name: str) -> Iterator[None]:
    """Errors of the system as ours."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {name}: {error.strerror or error}") from error


def _refuse_to_overwrite(name: str, target: Path, *, force: bool) -> None:
    try:
        mode = os.lstat(target).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if stat.S_ISDIR(mode):
        raise InputError(f"cannot write {name}: it is a directory")
    if not stat.S_ISREG(mode):
        raise InputError(f"cannot write {name}: it is no regular file")
    if not force:
        raise InputError(f"{name} exists already (-f overwrites it)")


def _missing(folder: Path) -> Iterator[Path]:
    """``folder`` and those above it that do not exist, from the inside."""
    while not folder.exists():
        yield folder
        folder = folder.parent


def _existing_parent(target: Path) -> Path:
    return next(parent for parent in target.parents if parent.exists())


def _finish(part: Path, rights: Rights, *, durable: bool) -> None:
    handle = os.open(part, os.O_RDWR)
    try:
        rights.give(handle)
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)


def _link(new: _New) -> None:
    """Name a file; FileExistsError if the name has been taken meanwhile."""
    try:
        os.link(new.part, new.target)
    except FileExistsError:
        raise InputError(f"{new.name} exists already (-f overwrites it)") from None
    except OSError:  # no second names on this file system
        new.part.replace(new.target)


def _sync_folder(folder: Path) -> None:
    """Make a new name in ``folder`` durable, on systems where a folder can be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
