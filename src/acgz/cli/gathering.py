"""Which files become one archive, and their names in it: what is named, listed, or in folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from acgz.cli.inputs import open_input
from acgz.container.names import DEEPEST, archive_name
from acgz.errors import InputError, UsageError
from acgz.places import Inode
from acgz.rights import Rights
from acgz.staging import is_hidden

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
        if not os.path.isdir(path):
            self.files.append(Found(path, self._name_of(path)))
            return
        name = self._name_of(path)
        top = os.path.join(path, "")  # also of a link that leads to a folder
        above = {top: frozenset([_inode(os.stat(top))])}
        for folder, folders, others, handle in _walk(top, follow=self._follow):
            inside = f"{name}/{os.path.relpath(folder, top)}".replace(os.sep, "/")
            if inside.count("/") > DEEPEST:
                raise UsageError(f"{folder}: there are more than {DEEPEST} folders in one another")
            self.rights.append(Rights.through(folder))
            if not folders and not others:
                self._remark(folder, "the empty folder is left out: an archive has only files")
            folders[:] = [
                kept
                for kept in sorted(folders, key=os.fsencode)
                if self._enters(os.path.join(folder, kept), handle, above)
            ]
            for file in sorted(others, key=os.fsencode):
                self._add_found(os.path.join(folder, file), f"{inside}/{file}", handle)

    def _add_found(self, path: str, name: str, handle: int | None) -> None:
        """A file in a folder; ``handle``: of that folder."""
        status = _status(path, handle, follow=self._follow)
        if stat.S_ISREG(status.st_mode):
            self.files.append(Found(path, archive_name(name)[0], _inode(status)))
        else:
            self._remark(path, f"the {_kind(status.st_mode)} is left out")

    def _enters(self, folder: str, handle: int | None, above: dict[str, frozenset[Inode]]) -> bool:
        """Whether to go into a ``folder`` of a folder with that ``handle``.

        ``above``: of folders, the folders that they are in.
        """
        status = _status(folder, handle, follow=self._follow)
        if stat.S_ISLNK(status.st_mode):
            self._remark(folder, "the symbolic link is left out")
            return False
        if is_hidden(os.path.basename(folder)):
            self._remark(folder, "the unfinished work of acgz is left out")
            return False
        around = above[os.path.join(os.path.dirname(folder), "")]
        if _inode(status) in around:
            self._remark(folder, "the link to a folder that it is in is left out")
            return False
        above[os.path.join(folder, "")] = around | {_inode(status)}
        return True

    def _name_of(self, path: str) -> str:
        name, cut = archive_name(path)
        if cut and cut not in self._cut:
            self._cut.add(cut)
            self._remark(path, f"names in the archive are without {cut!r}")
        return name


def listed(file: str, *, zeros: bool) -> list[str]:
    """The paths in a list, "-" for standard input: one in each line, or between zero bytes.

    Raises InputError if it cannot be read.
    """
    with open_input(file) as source:
        paths = source.stream.read().split(b"\0" if zeros else b"\n")
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


def _walk(top: str, *, follow: bool) -> Iterator[tuple[str, list[str], list[str], int | None]]:
    """What `os.fwalk` yields: it does not enter a folder that has become a link meanwhile."""

    def fail(error: OSError) -> NoReturn:
        raise _unreadable(str(error.filename or top), error) from error

    if hasattr(os, "fwalk"):
        yield from os.fwalk(top, follow_symlinks=follow, onerror=fail)
    else:
        for folder, folders, others in os.walk(top, followlinks=follow, onerror=fail):
            yield folder, folders, others, None


def _status(path: str, handle: int | None, *, follow: bool) -> os.stat_result:
    try:
        if handle is None:
            return os.stat(path, follow_symlinks=follow)
        return os.stat(os.path.basename(path), dir_fd=handle, follow_symlinks=follow)
    except OSError as error:
        raise _unreadable(path, error) from error


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
