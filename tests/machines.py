"""Runs a program as other machines would: environment variables stand for them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from paths import PHAGE, TESTS

IMPORTED = [
    str(TESTS / folder)
    for folder in ("", "nets", "nets/deepgeco", "nets/deepzip", "nets/geneformer", "nets/seqcoder")
]
"""Folders that programs import from, beside the package."""


def _numpy_vector_extensions() -> str:
    """Instruction sets above the baseline that NumPy uses on this machine."""
    return " ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"])  # type: ignore


@dataclass(frozen=True)
class Environment:
    """A way to run that must not change a byte."""

    backend: str = "numpy"
    threads: int = 1
    kernels: str = "native"  # environments with the same name here share compiled kernels
    variables: Mapping[str, str] = field(default_factory=dict)


def _torch(threads: int = 1, **variables: str) -> Environment:
    return Environment("torch", threads, variables=variables)


REFERENCE = Environment(variables={"OPENBLAS_NUM_THREADS": "1"})
ENVIRONMENTS = {
    "two threads": Environment(threads=2, variables={"OPENBLAS_NUM_THREADS": "2"}),
    "plain CPU": Environment(
        kernels="generic", variables={"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    ),
    "NumPy and BLAS without vector instructions": Environment(
        variables={
            "NPY_DISABLE_CPU_FEATURES": _numpy_vector_extensions(),
            "OPENBLAS_CORETYPE": "Prescott",
        }
    ),
    "PyTorch, one thread, AVX2 kernels": _torch(ATEN_CPU_CAPABILITY="avx2"),
    "PyTorch, two threads, plain kernels": _torch(
        2, ATEN_CPU_CAPABILITY="default", MKL_CBWR="COMPATIBLE", ONEDNN_MAX_CPU_ISA="SSE41"
    ),
}


def run(program: Path, codec: str, environment: Environment, folder: Path) -> str:
    """What a module of this folder prints as a program, in a process of its own.

    Its arguments are the codec, the backend, the number of threads, a FASTA file and ``folder``,
    where compiled kernels lie too.
    """
    if environment.backend == "torch" and importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    kernels = folder / f"kernels-{environment.kernels}"
    arguments = (codec, environment.backend, str(environment.threads), str(PHAGE), str(folder))
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*IMPORTED, os.environ.get("PYTHONPATH", "")]),
            "NUMBA_CACHE_DIR": str(kernels),
            **environment.variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
