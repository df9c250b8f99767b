"""A hidden folder beside an output, for files that are not complete; dead ones are swept away.

A folder rather than a file: only its owner can enter, the names in it are short, and one lock
for the life of the process says of any number of files that somebody is at work on them.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX, _SUFFIX = ".acgz-", ".part"
_NAME = re.compile(r"\.acgz-[a-z0-9_]{8}\.part")
_JOURNAL = re.compile(r"\.acgz-.*\.journal", re.DOTALL)
_OURS = re.compile(r"lock|new[0-9]+")
"""What may be deleted in a dead folder. Not ``old…``: see `Staging.backup`."""

_swept: set[Path] = set()
"""Folders that this process has looked through."""


class Staging:
    """The hidden folder. OSError if it cannot be made."""

    def __init__(self, beside: Path) -> None:
        if beside not in _swept:
            _swept.add(beside)
            sweep(beside)
        while True:
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=beside))
            try:
                self._lock = _locked(self.folder, create=True)
            except BaseException:  # Ctrl-C
                shutil.rmtree(self.folder, ignore_errors=True)
                raise
            alive = self.folder if self._lock is None else self.folder / "lock"
            if alive.exists():
                break  # else somebody has swept it away before it was locked
            if self._lock is not None:
                os.close(self._lock)

    def new(self, number: int) -> Path:
        """The path in the hidden folder where a new file is written."""
        return self.folder / f"new{number}"

    def backup(self, number: int) -> Path:
        """The path of an old file until all new ones are in place."""
        return self.folder / f"old{number}"

    def discard(self) -> None:
        """Delete the folder and all that is left in it, the lock last: see `_sweep_one`."""
        with suppress(OSError):
            for name in os.listdir(self.folder):
                if name != "lock":
                    os.unlink(self.folder / name)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def sweep(folder: Path) -> None:
    """Delete what killed processes of this user have left in ``folder``.

    A folder that a living process has locked stays, and so does what acgz has not put there.
    """
    with suppress(OSError):
        dead = [entry for entry in os.scandir(folder) if _NAME.fullmatch(entry.name)]
        for entry in dead:
            _sweep_one(Path(entry.path))


def is_hidden(name: str) -> bool:
    """True for what a hidden folder is called."""
    return _NAME.fullmatch(name) is not None


def is_journal(name: str) -> bool:
    """True for what a journal is called."""
    return _JOURNAL.fullmatch(name) is not None


def journal_of(target: Path) -> Path:
    """Where the journal of a new file is: see `acgz.container.journal`."""
    return target.with_name(f".acgz-{target.name}.journal")


def _sweep_one(folder: Path) -> None:
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
        return
    lock = _locked(folder, create=False)
    if lock is None:
        with suppress(OSError):
            os.rmdir(folder)  # killed before there was anything in it
        return
    try:
        for name in sorted(os.listdir(folder), key=lambda name: name == "lock"):
            if _OURS.fullmatch(name):
                os.unlink(folder / name)
        os.rmdir(folder)
    except OSError:  # something else is in it
        pass
    finally:
        os.close(lock)


def _locked(folder: Path, *, create: bool) -> int | None:
    """The handle of the locked file in ``folder``; None if another process has it or none can.

    ``create``: make it, and wait for a process that is just sweeping.
    """
    if sys.platform == "win32":  # which has no such locks
        return None
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        handle = os.open(folder / "lock", flags | (os.O_CREAT if create else 0), 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if create else fcntl.LOCK_NB))
    except OSError:
        os.close(handle)
        return None
    return handle
