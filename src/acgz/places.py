"""Which files are the same on the disk, and whether a file is still the one that was read."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from acgz.errors import InputError, UsageError
from acgz.remote.address import is_address

Inode = tuple[int, int]
"""Device and number in it: what is one file under all of its names."""
Mark = tuple[Any, ...]
"""Something that only names of one file share."""


@dataclass(frozen=True)
class Identity:
    """A regular file in one state; another file, or another content, has another one."""

    device: int
    inode: int
    size: int
    """Bytes."""
    mtime: int
    """Nanoseconds."""

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def status_of(stream: BinaryIO) -> os.stat_result | None:
    """What the system says of an open file; None if it is none of the system's."""
    try:
        return os.fstat(stream.fileno())
    except (OSError, ValueError):
        return None


def is_folder(path: str) -> bool:
    """True for a folder that can be looked into: one here."""
    return not is_address(path) and os.path.isdir(path)


def check_removable(file: str) -> None:
    """UsageError if ``file`` is there and not a regular file itself: a link, a pipe, a device."""
    if is_address(file):
        raise UsageError("--rm deletes files of this machine only")
    try:
        regular = file != "-" and stat.S_ISREG(os.lstat(file).st_mode)
    except OSError:  # opening it will say what is wrong
        return
    if not regular:
        raise UsageError("--rm deletes regular files only, and this is none")


def remove(read: Iterable[tuple[str, Identity]]) -> None:
    """Delete files that are safe elsewhere now, if all of them are still what was ``read``.

    Raises InputError, and deletes none, if one has changed or another has come into its place;
    also for those that cannot be deleted, when the others are.
    """
    files = list(read)
    for file, identity in files:
        check_unchanged(file, identity, "--rm deletes nothing")
    left: list[InputError] = []
    for file, _ in files:
        try:
            os.remove(file)
        except OSError as error:
            left.append(
                InputError(f"cannot be deleted ({error.strerror}); the output is written and whole")
            )
            left[-1].place = file
    if left:
        raise left[0]


def check_once(files: Iterable[str]) -> None:
    """UsageError if a file is named twice, so that its output would be written twice."""
    for file, count in Counter(files).items():
        if count > 1:
            shown = "standard input" if file == "-" else file
            raise UsageError(f"{shown} is named twice, and its output would be written twice")


def check_unchanged(file: str, identity: Identity, consequence: str) -> None:
    """InputError, which tells the ``consequence``, if ``file`` is not what was read."""
    try:
        same = Identity.of(os.lstat(file)) == identity
    except FileNotFoundError:
        same = False
    if not same:
        error = InputError(f"has changed since it was read, so {consequence}")
        error.place = file
        raise error


def marks_of(path: str | os.PathLike[str]) -> Iterator[Mark]:
    """By device and inode if the file exists; by folder and name even if it does not; by its
    address."""
    if is_address(path):
        yield (path,)
        return
    real = os.path.realpath(path)
    with suppress(OSError):
        status = os.stat(real)
        yield status.st_dev, status.st_ino
    folder, name = os.path.split(real)
    try:
        status = os.stat(folder)
        yield status.st_dev, status.st_ino, name
    except OSError:
        yield (real,)


class Claims:
    """The inputs and outputs of one command: no output may be an input or another output.

    Outputs are claimed before anything is written.
    """

    def __init__(self, inputs: Iterable[str | os.PathLike[str]]) -> None:
        self._inputs: dict[Mark, str] = {}
        self._owners: dict[Mark, str] = {}
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        for file in inputs:
            for mark in _input_marks(os.fspath(file)):
                self._inputs.setdefault(mark, os.fspath(file))

    def output(self, path: str | os.PathLike[str], owner: str) -> None:
        """``path`` will be written for ``owner``, an input or something in it.

        Raises UsageError if that is impossible without a loss.
        """
        for mark in marks_of(path):
            if mark in self._inputs:
                raise UsageError(f"the output {path} would replace the input {self._inputs[mark]}")
            self._own(self._owners, mark, path, owner)
        if is_address(path):
            return
        real = os.path.realpath(path)
        self._own(self._files, real, path, owner)
        if real in self._folders:
            raise UsageError(f"the output {path} would be a file and a folder")
        for folder in map(str, Path(real).parents):
            if folder in self._files:
                raise UsageError(f"the output {folder} would be a file and a folder")
            self._folders[folder] = owner

    def has(self, path: str | os.PathLike[str], owner: str) -> bool:
        """Whether ``owner`` has claimed ``path`` under this name before."""
        return self._files.get(os.path.realpath(path)) == owner

    def stdout(self) -> None:
        """`output` for standard output, which may be a file as well."""
        with suppress(OSError, ValueError, AttributeError):
            status = os.fstat(sys.stdout.fileno())
            name = self._inputs.get((status.st_dev, status.st_ino))
            if name is not None and stat.S_ISREG(status.st_mode):
                raise UsageError(f"standard output would replace the input {name}")

    @staticmethod
    def _own(owners: dict[Any, str], mark: Any, path: object, owner: str) -> None:
        other = owners.setdefault(mark, owner)
        if other != owner:
            raise UsageError(f"the output {path} would be written twice, for {other} and {owner}")


def _input_marks(file: str) -> Iterator[Mark]:
    if file != "-":
        yield from marks_of(file)
        return
    with suppress(OSError, ValueError, AttributeError):
        status = os.fstat(sys.stdin.fileno())
        yield status.st_dev, status.st_ino
