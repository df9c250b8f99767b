"""Which files become one archive, and their names in it: what is named, listed, or in folders."""

from __future__ import annotations

import os
import stat
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from acgz.cli.inputs import open_input
from acgz.container.names import DEEPEST, archive_name
from acgz.errors import AcgzError, InputError, UsageError
from acgz.places import Inode, is_folder
from acgz.remote.address import is_address, name_of
from acgz.rights import Rights
from acgz.staging import is_hidden, is_journal

Remark = Callable[[str, str], None]
"""Takes a path, and what there is to say about it."""


@dataclass(frozen=True)
class Found:
    """A file that is to be compressed."""

    path: str
    name: str
    """What it is called in an archive: relative, with "/" between folders."""
    inode: Inode | None = None
    """What has been found in a folder, so that nothing else is read in its place; None for a file
    that was named: of such, links are followed."""


@dataclass(frozen=True)
class _Folder:
    """A folder that is to be searched."""

    path: str
    name: str
    """What it is called in an archive; "" for the one that all names are relative to."""
    inode: Inode | None = None
    """What has been found; None if it was named."""
    above: frozenset[Inode] = frozenset()
    """The folders that it is in."""


class Gathering:
    """Collects files. ``follow``: links in folders, too."""

    def __init__(self, remark: Remark, *, follow: bool = False) -> None:
        self._remark = remark
        self._follow = follow
        self._cut: set[str] = set()
        self.files: list[Found] = []
        self.rights: list[Rights] = []
        """Who may see what is in the folders."""

    def add(self, path: str) -> None:
        """A file, or all files in a folder: by name, those of a folder before its folders.

        What is neither file nor folder is left out with a remark, unless it was named itself. So
        are links, empty folders, and what another acgz is just writing. Raises InputError.
        """
        if not is_folder(path):
            self.files.append(Found(path, self._name_of(path)))
            return
        waiting = [_Folder(path, self._name_of(path))]
        while waiting:
            folder = waiting.pop()
            if folder.name.count("/") >= DEEPEST:
                raise UsageError(f"{path}: has more than {DEEPEST} folders in one another")
            try:
                inside = self._look_into(folder)
            except OSError as error:
                raise _unreadable(folder.path, error) from error
            waiting += reversed(inside)

    def _look_into(self, folder: _Folder) -> list[_Folder]:
        """Add the files in a folder; return the folders in it that are to be searched."""
        with _opened(folder) as handle:
            status = os.stat(handle)
            self.rights.append(Rights.through(handle))
            with os.scandir(handle) as entries:
                found = [
                    (entry.name, entry.stat(follow_symlinks=self._follow)) for entry in entries
                ]
        if not found:
            self._remark(folder.path, "the empty folder is left out: an archive has only files")
        above = folder.above | {_inode(status)}
        inside = []
        for entry, status in sorted(found, key=lambda pair: os.fsencode(pair[0])):
            path = os.path.join(folder.path, entry)
            name = f"{folder.name}/{entry}" if folder.name else entry
            if stat.S_ISREG(status.st_mode) and is_journal(entry):
                self._remark(path, "the journal of acgz is left out")
            elif stat.S_ISREG(status.st_mode):
                self.files.append(Found(path, archive_name(name)[0], _inode(status)))
            elif not stat.S_ISDIR(status.st_mode):
                self._remark(path, f"the {_kind(status.st_mode)} is left out")
            elif is_hidden(entry):
                self._remark(path, "the unfinished work of acgz is left out")
            elif _inode(status) in above:
                self._remark(path, "the link to a folder that it is in is left out")
            else:
                inside.append(_Folder(path, name, _inode(status), above))
        return inside

    def _name_of(self, path: str) -> str:
        name, cut = archive_name(name_of(path) if is_address(path) else path)
        if cut and cut not in self._cut:
            self._cut.add(cut)
            self._remark(path, f"names in the archive are without {cut!r}")
        return name


def listed(file: str, *, zeros: bool) -> list[str]:
    """The paths in a list, "-" for standard input: one in each line, or between zero bytes.

    The list may be packed. Lines may begin with a mark of the order of bytes, unless that is the
    beginning of a name. Raises InputError if the list cannot be read, UsageError for zero bytes
    where lines are wanted.
    """
    try:
        with open_input(file, unpack="always") as source:
            text = source.stream.read()
        if b"\0" in text and not zeros:
            raise UsageError("has zero bytes between names: -0 says so")
    except AcgzError as error:
        error.place = file
        raise
    paths = text.split(b"\0" if zeros else b"\n")
    if not zeros and paths[0].startswith(BOM_UTF8) and not os.path.lexists(paths[0]):
        paths[0] = paths[0].removeprefix(BOM_UTF8)
    # A file of the name "-" is not standard input here.
    return [os.fsdecode(path) if path != b"-" else os.path.join(".", "-") for path in paths if path]


def check_different(files: Iterable[tuple[str, str]]) -> None:
    """UsageError if two of these paths would have one name; each comes with its name."""
    paths: dict[str, str] = {}
    for path, name in files:
        other = paths.setdefault(name, path)
        if other is not path:
            raise UsageError(
                f"the files of one archive need different names, but {other} and {path} would be "
                f"{name!r} (--raw keeps the endings of packed files)"
            )


@contextmanager
def _opened(folder: _Folder) -> Iterator[int | str]:
    """A handle of the folder, where the system has such; InputError if it is another one now."""
    if os.scandir not in os.supports_fd:
        yield folder.path
        return
    handle = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK)
    try:
        if folder.inode is not None and _inode(os.stat(handle)) != folder.inode:
            error = InputError("is another folder than the one that was found there")
            error.place = folder.path
            raise error
        yield handle
    finally:
        os.close(handle)


def _unreadable(path: str, error: OSError) -> InputError:
    trouble = InputError(f"cannot be read: {error.strerror or error}")
    trouble.place = path
    return trouble


def _inode(status: os.stat_result) -> Inode:
    return status.st_dev, status.st_ino


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "symbolic link"
    if stat.S_ISFIFO(mode):
        return "named pipe"
    return "socket" if stat.S_ISSOCK(mode) else "device"
