"""Other machines, by environment variables: what must not change a byte of an archive.

Numba compiles for a plain CPU, NumPy and BLAS do without vector instructions, PyTorch takes
other kernels, and so on. Compiled kernels are kept between runs of the tests, a folder for each
way of compiling; those of this process are used where it compiles alike.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from paths import HELPERS, PHAGE, ROOT

NOBODY = 65534
"""Number of the user and the group that own nothing."""

KERNELS = ROOT / ".pytest_cache" / "kernels"


def _numpy_vector_extensions() -> str:
    """Instruction sets above the baseline that NumPy uses on this machine."""
    return " ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"])  # type: ignore


@dataclass(frozen=True)
class Environment:
    """A way to run that must not change a byte."""

    backend: str = "numpy"
    threads: int = 1
    kernels: str = ""
    """Environments that compile alike have one name here; "": as this process does."""
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, program: Sequence[str], folder: Path | None = None, text: str = "") -> str:
        """What Python prints for ``program``, run in ``folder`` with ``text`` as its input."""
        cache = {"NUMBA_CACHE_DIR": str(KERNELS / self.kernels)} if self.kernels else {}
        done = subprocess.run(
            [sys.executable, *program],
            input=text,
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(
                    [*map(str, HELPERS), os.environ.get("PYTHONPATH", "")]
                ),
                "OMP_WAIT_POLICY": "passive",  # threads that wait take no core from other tests
                **cache,
                **self.variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def _torch(threads: int = 1, **variables: str) -> Environment:
    return Environment("torch", threads, variables=variables)


REFERENCE = Environment(variables={"OPENBLAS_NUM_THREADS": "1"})
_PLAIN = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""Products of networks are BLAS's, too."""
ENVIRONMENTS = {
    "two threads": Environment(threads=2, variables={"OPENBLAS_NUM_THREADS": "2"}),
    "plain CPU": Environment(kernels="generic", variables=_PLAIN),
    "NumPy and BLAS without vector instructions": Environment(
        kernels="generic",
        variables={
            **_PLAIN,
            "NPY_DISABLE_CPU_FEATURES": _numpy_vector_extensions(),
            "OPENBLAS_CORETYPE": "Prescott",
        },
    ),
}
WITH_PYTORCH = {
    "PyTorch, one thread, AVX2 kernels": _torch(ATEN_CPU_CAPABILITY="avx2"),
    "PyTorch, two threads, plain kernels": _torch(
        2, ATEN_CPU_CAPABILITY="default", MKL_CBWR="COMPATIBLE", ONEDNN_MAX_CPU_ISA="SSE41"
    ),
}
BOUNDS_CHECKED = Environment(kernels="checked", variables={"NUMBA_BOUNDSCHECK": "1"})
WITHOUT_COMPILER = Environment(kernels="none", variables={"NUMBA_DISABLE_JIT": "1"})


def run(program: Path, codec: str, environment: Environment, folder: Path) -> str:
    """What a program of this folder prints.

    Its arguments are the codec, the backend, the number of threads, a FASTA file and ``folder``.
    """
    if environment.backend == "torch" and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    threads = str(environment.threads)
    return environment.run(
        [str(program), codec, environment.backend, threads, str(PHAGE), str(folder)]
    )
