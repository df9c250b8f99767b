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

PERMITTED = {"memcpy", "memmove", "memset", "rint", "rintf"}
"""Of the C library; rounding to the nearest even has one result."""


def linker() -> list[str]:
    """A C compiler that links: of ``CC``, on the path, or of the package ziglang."""
    if own := os.environ.get("CC"):
        return shlex.split(own)
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    raise OSError("no linker: install a C compiler or the Python package ziglang")


def link(objects: Sequence[Path], library: Path) -> None:
    """Write the ``library``; OSError if it would need more than it may."""
    options = ["-shared", "-nostartfiles", "-Wl,-z,defs", "-s", "-o", str(library)]
    run = [*linker(), *options, *map(str, objects), "-lm"]
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
