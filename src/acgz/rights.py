"""Who owns a new file and may read it: nobody who may not read all that it is made of."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

_asking = threading.Lock()
"""Held while the mask is another one for a moment, which is how it is asked for."""


@dataclass(frozen=True)
class Rights:
    """Owner, permissions and times. Set-user-id, set-group-id and sticky are in none of them."""

    mode: int
    """Read, write and execute of owner, group and others: 0 … 0o777."""
    owner: tuple[int, int] | None = None
    """User and group; None: those of the process."""
    times: tuple[int, int] | None = None
    """Nanoseconds of the last access and change; None: now."""

    @classmethod
    def usual(cls) -> Rights:
        """The rights of a file that is made of nothing: the user's mask decides."""
        return cls(0o666 & ~_mask())

    @classmethod
    def like(cls, status: os.stat_result, handle: int | None = None) -> Rights:
        """The rights of another file, but that an access control list gives its group nothing.

        There, the bits of the group are the most that anyone in the list may. ``handle``: of
        that file, if it is open.
        """
        mode = status.st_mode & 0o777
        if handle is not None and _has_list(handle):
            mode &= ~0o070
        return cls(mode, (status.st_uid, status.st_gid), (status.st_atime_ns, status.st_mtime_ns))

    @classmethod
    def through(cls, folder: int | str) -> Rights:
        """Who may read a file in ``folder`` (its path, or a handle), as far as that decides.

        Those who may enter it.
        """
        status = os.stat(folder)
        entered = status.st_mode & 0o111
        if _has_list(folder):
            entered &= ~0o070
        return cls(7 * entered, (status.st_uid, status.st_gid))

    @classmethod
    def common(cls, sources: Sequence[Rights]) -> Rights:
        """What all of them allow; the usual ones if there are none.

        >>> oct(Rights.common([Rights(0o644, (1, 1)), Rights(0o660, (1, 2))]).mode)
        '0o600'
        """
        if len(sources) == 1:
            return sources[0]
        usual = cls.usual()
        if not sources:
            return usual
        mode = reduce(lambda left, right: left & right.mode, sources, usual.mode)
        owners = {source.owner for source in sources}
        if len(owners) == 1:
            return cls(mode, sources[0].owner)
        return cls(_without_group(mode))

    def restricted(self) -> Rights:
        """No more than a new file has by the user's mask; the times are now."""
        return Rights(self.mode & self.usual().mode, self.owner)

    def give(self, handle: int) -> None:
        """Give them to an open file: owner first, so that nobody else has them for a moment."""
        mode = self.mode
        if self.owner is not None and hasattr(os, "fchown"):
            with suppress(OSError):  # only root may give files away
                os.fchown(handle, self.owner[0], -1)
            try:
                os.fchown(handle, -1, self.owner[1])
            except OSError:  # not a group of this user's
                mode = _without_group(mode)
        if hasattr(os, "fchmod"):
            with suppress(OSError):  # some file systems have no permissions
                os.fchmod(handle, mode)
        if self.times is not None and os.utime in os.supports_fd:
            with suppress(OSError):
                os.utime(handle, ns=self.times)


def _mask() -> int:
    """The user's mask, read without a moment in which files of other threads get another one."""
    with suppress(OSError, ValueError):  # not Linux
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    with _asking:
        mask = os.umask(0o077)
        os.umask(mask)
    return mask


def _without_group(mode: int) -> int:
    """The group is another one, so it and all others get what both had."""
    both = mode >> 3 & mode & 7
    return mode & 0o700 | both << 3 | both


def _has_list(file: int | str) -> bool:
    if not hasattr(os, "listxattr"):
        return False
    with suppress(OSError):
        return "system.posix_acl_access" in os.listxattr(file)
    return False
