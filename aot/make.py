"""Libraries of compiled kernels and their manifest: ``python aot/make.py FOLDER``.

Three steps, each in a process of its own: a rehearsal sees which kernels are called and how,
each level of processor is compiled, and the object files are linked.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from link import link

from acgz import kernel
from acgz.compiled import LEVELS, MANIFEST, Level

HERE = Path(__file__).parent


def make(folder: Path) -> None:
    """Write the manifest and a library for each level of this kind of machine."""
    folder.mkdir(parents=True, exist_ok=True)
    levels = LEVELS[platform.machine()]
    with tempfile.TemporaryDirectory() as scratch:
        seen = Path(scratch) / "seen"
        _run("rehearsal.py", seen)
        kernels = [_level(level, seen, Path(scratch) / level.name, folder) for level in levels]
    if any(other != kernels[0] for other in kernels):
        raise ValueError("the levels differ in their kernels")
    manifest = {
        "digest": kernel.digest(),
        "levels": [level.name for level in levels],
        "kernels": kernels[0],
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, separators=(",", ":")))


def _level(level: Level, seen: Path, scratch: Path, folder: Path) -> dict[str, Any]:
    """Compile and link a level; returns its part of the manifest."""
    scratch.mkdir()
    numba = {
        "NUMBA_CPU_NAME": level.cpu,
        "NUMBA_CPU_FEATURES": level.features,
        "NUMBA_CACHE_DIR": str(scratch / "cache"),
        "NUMBA_DISABLE_INTEL_SVML": "1",
    }
    _run("compile.py", seen, level.name, scratch, **numba)
    kernels: dict[str, Any] = json.loads((scratch / "kernels.json").read_text())
    link(sorted(scratch.glob("*.o")), folder / f"{level.name}.so")
    return kernels


def _run(program: str, *arguments: str | Path, **variables: str) -> None:
    subprocess.run(
        [sys.executable, HERE / program, *arguments],
        env={**os.environ, "ACGZ_KERNELS": "jit", **variables},
        check=True,
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
