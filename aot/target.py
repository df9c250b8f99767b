"""The kind of machine that machine code is made for: this one, or the one that is asked for."""

from __future__ import annotations

import os
import platform
import sys

import sources  # noqa: F401

from acgz.compiled import LEVELS

VARIABLE = "ACGZ_BUILD_FOR"
"""Environment variable: a machine as `platform.machine` calls it."""
HERE = platform.machine()


def machine() -> str:
    """The machine of the wheel; "" if there is no machine code for this kind of system.

    Raises ValueError if machine code for what is asked for cannot be made.
    """
    wanted = os.environ.get(VARIABLE, "")
    if sys.platform != "linux":
        return ""
    if wanted and wanted not in LEVELS:
        raise ValueError(f"{VARIABLE} is one of {', '.join(sorted(LEVELS))}, not {wanted}")
    found = wanted or HERE
    return found if found in LEVELS else ""


def triple(name: str) -> str:
    """A machine with Linux, as LLVM calls it."""
    return f"{name}-unknown-linux-gnu"


def zig(name: str) -> str:
    """A machine as zig calls it, with the oldest C library that wheels are made for."""
    return f"{name}-linux-gnu.2.17"
