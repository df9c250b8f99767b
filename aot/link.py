"""Object files into a library that needs nothing but the C library."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import target

PERMITTED = {"memcpy", "memmove", "memset", "rint", "rintf"}
"""Of the C library; rounding to the nearest even has one result."""


def linker(machine: str = target.HERE) -> list[str]:
    """What links for a machine: ``CC``, a C compiler on the path, or the package ziglang.

    For another machine than this one it is ``CC``, which has to know how, or ziglang, which does.
    """
    if own := os.environ.get("CC"):
        return shlex.split(own)
    other = machine != target.HERE
    for name in () if other else ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    if importlib.util.find_spec("ziglang"):
        run = [sys.executable, "-m", "ziglang", "cc"]
        return [*run, "-target", target.zig(machine)] if other else run
    what = f"for {machine}: install" if other else "installed: a C compiler or"
    raise OSError(f"no linker {what} the Python package ziglang")


def link(objects: Sequence[Path], library: Path, machine: str = target.HERE) -> None:
    """Write the ``library``; OSError if it would need more than it may."""
    options = ["-shared", "-nostartfiles", "-Wl,-z,defs", "-s", "-o", str(library)]
    run = [*linker(machine), *options, *map(str, objects), "-lm"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(run[:2])} failed:\n{done.stderr}")
    if strangers := undefined(library.read_bytes()) - PERMITTED:
        raise OSError(f"kernels need {', '.join(sorted(strangers))} from elsewhere")


def undefined(elf: bytes) -> set[str]:
    """Names of symbols that a 64-bit ELF library must find in others (weak ones may be absent)."""
    (headers,) = struct.unpack_from("<Q", elf, 40)
    size, count = struct.unpack_from("<HH", elf, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, headers + k * size) for k in range(count)]
    names = set()
    for _, kind, _, _, begin, length, strings, _, _, each in sections:
        if kind != 11:  # SHT_DYNSYM
            continue
        text = sections[strings][4]
        for at in range(begin, begin + length, each):
            name, info, _, section = struct.unpack_from("<IBBH", elf, at)
            if name and not section and info >> 4 != 2:  # STB_WEAK
                start = text + name
                names.add(elf[start : elf.index(b"\0", start)].decode())
    return names
