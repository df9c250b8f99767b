"""What the machine has that this process may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath

_UNKNOWN = 8 << 30
"""Bytes of memory of a machine that does not say."""
_GROUPS = Path("/sys/fs/cgroup")
"""Where Linux keeps what groups of processes (containers, jobs of a cluster) may use."""
_OWN_GROUPS = Path("/proc/self/cgroup")


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def memory_for_blocks() -> int:
    """Half of the memory, in bytes: the other half is for everything else on the machine."""
    return max(1, memory() // 2)


def memory() -> int:
    """Bytes of memory: of the machine, or fewer if the group of this process may have no more."""
    try:
        most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        most = _UNKNOWN
    for limit in _limits():
        with suppress(OSError, ValueError):  # not there, or "max"
            most = min(most, int(limit.read_text("ascii")))
    return most


def _limits() -> Iterator[Path]:
    """Files that may limit the memory of this process: of its group and of those around it."""
    try:
        groups = _OWN_GROUPS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # no Linux
        return
    for line in groups:
        _, _, named = line.partition(":")
        controllers, _, path = named.partition(":")
        if controllers == "":
            folder, name = _GROUPS, "memory.max"
        elif "memory" in controllers.split(","):
            folder, name = _GROUPS / "memory", "memory.limit_in_bytes"
        else:
            continue
        own = PurePosixPath(path.lstrip("/"))
        for group in (own, *own.parents):
            yield folder / group / name
