"""What the machine has that this process may use."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

_UNKNOWN = 8 << 30
"""Bytes of memory of a machine that does not say."""
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says what a container may use."""


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def memory_for_blocks() -> int:
    """Half of the memory, in bytes: the other half is for everything else on the machine."""
    return memory() // 2


def memory() -> int:
    """Bytes of memory: of the machine, or as many as the container of this process has."""
    try:
        known = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, ValueError, OSError):  # Windows
        known = [_UNKNOWN]
    for limit in _LIMITS:
        with suppress(OSError, ValueError):  # not there, or "max"
            known.append(int(Path(limit).read_text("ascii")))
    return max(1, min(known))
