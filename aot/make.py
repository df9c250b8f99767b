"""Libraries of compiled kernels and their manifest: ``python aot/make.py FOLDER``.

Three steps, each in a process of its own: a rehearsal sees which kernels are called and how,
each level of processor is compiled, and the object files are linked. What is there already is left
alone if it was made from the same sources with the same compiler.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import target
from link import link

from acgz import kernel
from acgz.compiled import LEVELS, MANIFEST, Level

HERE = Path(__file__).parent


def make(folder: Path) -> None:
    """Write the manifest and a library for each level of the machine, if it has any.

    ValueError if the sources change meanwhile: nobody knows which ones the libraries are made of.
    """
    machine = target.machine()
    if not machine:
        return
    origin = _origin()
    manifest_path = folder / MANIFEST
    if manifest_path.exists() and json.loads(manifest_path.read_text())["origin"] == origin:
        return
    folder.mkdir(parents=True, exist_ok=True)
    manifest_path.unlink(missing_ok=True)
    for old in folder.glob("*.so"):
        old.unlink()
    levels = LEVELS[machine]
    with tempfile.TemporaryDirectory() as scratch:
        seen = Path(scratch) / "seen"
        _run("rehearsal.py", seen)
        with ThreadPoolExecutor() as pool:
            folders = [Path(scratch) / level.name for level in levels]
            made = pool.map(lambda *one: _level(*one, seen, folder), levels, folders)
            kernels = list(made)
    if any(other != kernels[0] for other in kernels):
        raise ValueError("the levels differ in their kernels")
    if _origin() != origin:
        raise ValueError("the sources have changed while they were compiled: build again")
    manifest = {
        "digest": kernel.digest(),
        "origin": origin,
        "levels": [level.name for level in levels],
        "kernels": kernels[0],
    }
    manifest_path.write_text(json.dumps(manifest, separators=(",", ":")))


def _origin() -> str:
    """Digest of all that decides what is made, but the linker."""
    kernel.digest.cache_clear()
    state = hashlib.sha256(kernel.digest().encode())
    for path in [*sorted(HERE.glob("*.py")), HERE.parent / "tests" / "golden" / "manifest.json"]:
        state.update(path.read_bytes())
    made_by = [version("numba"), version("llvmlite"), target.machine()]
    state.update(" ".join(made_by).encode())
    return state.hexdigest()


def _level(level: Level, scratch: Path, seen: Path, folder: Path) -> dict[str, Any]:
    """Compile and link a level; returns its part of the manifest."""
    scratch.mkdir()
    machine = target.machine()
    own = machine == target.HERE
    numba = {
        # for another machine: what Numba makes here for the plainest processor is translated
        "NUMBA_CPU_NAME": level.cpu if own else "generic",
        "NUMBA_CPU_FEATURES": level.features if own else "",
        "NUMBA_CACHE_DIR": str(scratch / "cache"),
        "NUMBA_DISABLE_INTEL_SVML": "1",
    }
    _run("compile.py", seen, level.name, scratch, **numba)
    kernels: dict[str, Any] = json.loads((scratch / "kernels.json").read_text())
    link(sorted(scratch.glob("*.o")), folder / f"{level.name}.so", machine)
    return kernels


def _run(program: str, *arguments: str | Path, **variables: str) -> None:
    subprocess.run(
        [sys.executable, HERE / program, *arguments],
        env={**os.environ, "ACGZ_KERNELS": "jit", **variables},
        check=True,
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
