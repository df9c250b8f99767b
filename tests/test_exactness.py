"""The promise: the same archive bytes, and the same restored bytes, on every machine.

No other machine is needed to test it: an environment variable makes Numba compile for a
plain CPU, another takes the vector instructions from NumPy, and so on. Each environment
compresses with every mode in a process of its own; the archives must be byte-identical to
those of the first environment, and the archives of the first must decode in all of them.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from acgz.modes import MODES
from paths import PHAGE

LANES = {"own lanes": [], "8 lanes": ["--lanes", "8"]}
CASES = [
    f"{mode.name}, {lanes}"
    for mode in MODES.values()
    for lanes in LANES
    if not mode.needs_model and not mode.fits
]


def _numpy_vector_extensions() -> str:
    """Instruction sets above the baseline that NumPy uses on this machine."""
    return " ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"])  # type: ignore


@dataclass(frozen=True)
class Environment:
    """A way to run acgz that must not change a byte."""

    kernels: str  # environments with the same name here share compiled kernels
    threads: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)


REFERENCE = Environment("native")
ENVIRONMENTS = {
    "two threads": Environment("native", threads=2),
    "plain CPU": Environment(
        "generic", variables={"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    ),
    "NumPy and BLAS without vector instructions": Environment(
        "native",
        variables={
            "NPY_DISABLE_CPU_FEATURES": _numpy_vector_extensions(),
            "OPENBLAS_CORETYPE": "generic",
        },
    ),
    "bounds checked": Environment("checked", variables={"NUMBA_BOUNDSCHECK": "1"}),
}
WITHOUT_COMPILER = Environment("none", variables={"NUMBA_DISABLE_JIT": "1"})

# Runs many command lines in one process: start-up would be most of the time of the tests.
DRIVER = """
import json, sys
from acgz.cli.main import main
for line in json.load(sys.stdin):
    if code := main(line):
        sys.exit(f"acgz {' '.join(line)}: exit code {code}")
"""


@dataclass(frozen=True)
class Laboratory:
    """Runs acgz on one text in different environments."""

    folder: Path  # kernels are compiled into folders beside it
    text: bytes

    def compress(self, environment: Environment) -> dict[str, bytes]:
        """The archive of each case."""
        (self.folder / "text").write_bytes(self.text)
        lines = {}
        for case in CASES:
            mode, lanes = case.split(", ")
            lines[f"{case}.acgz"] = ["compress", "-m", mode, *LANES[lanes], "text"]
        return self._run(environment, lines)

    def decompress(
        self, environment: Environment, archives: Mapping[str, bytes]
    ) -> dict[str, bytes]:
        """What the archive of each case restores."""
        lines = {}
        for case, archive in archives.items():
            (self.folder / f"{case}.in").write_bytes(archive)
            lines[f"{case}.out"] = ["decompress", f"{case}.in"]
        return self._run(environment, lines)

    def _run(self, environment: Environment, lines: Mapping[str, list[str]]) -> dict[str, bytes]:
        """Run each command line with ``-o`` its key; return the files by case."""
        options = ["-q", "-f", "-T", str(environment.threads), "-o"]
        kernels = self.folder.parent / f"kernels-{environment.kernels}"
        done = subprocess.run(
            [sys.executable, "-c", DRIVER],
            input=json.dumps([[*line, *options, output] for output, line in lines.items()]),
            cwd=self.folder,
            env={**os.environ, "NUMBA_CACHE_DIR": str(kernels), **environment.variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return {Path(output).stem: (self.folder / output).read_bytes() for output in lines}


def awkward_genome(bases: int) -> bytes:
    """Two records: real sequence; then noise, an erroneous copy, an inverted one, N, soft mask."""
    real = b"".join(PHAGE.read_bytes().split(b"\n")[1:])[: bases // 2]
    choose = random.Random(7)
    noise = bytes(choose.choices(b"ACGT", k=bases // 6))
    copy = bytearray(real[: bases // 6])
    for _ in range(len(copy) // 20):
        copy[choose.randrange(len(copy))] = choose.choice(b"ACGT")
    inverted = noise[::-1].translate(bytes.maketrans(b"ACGT", b"TGCA"))
    second = noise + b"N" * 37 + bytes(copy).lower() + b"RYK" + inverted + noise
    lines = [second[start : start + 60] for start in range(0, len(second), 60)]
    return b">real\n" + real + b"\n>made up\n" + b"\n".join(lines) + b"\n"


@dataclass(frozen=True)
class Results:
    text: bytes
    archives: dict[str, bytes]  # of the reference environment
    archives_here: dict[str, bytes]
    restored_here: dict[str, bytes]  # from the archives of the reference environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exactness")


@pytest.fixture(scope="module")
def laboratory(folder):
    (folder / "small").mkdir()
    return Laboratory(folder / "small", awkward_genome(12_000))


@pytest.fixture(scope="module")
def archives(laboratory):
    return laboratory.compress(REFERENCE)


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def results(request, laboratory, archives):
    here = ENVIRONMENTS[request.param]
    restored = laboratory.decompress(here, archives)
    return Results(laboratory.text, archives, laboratory.compress(here), restored)


@pytest.fixture(scope="module")
def results_without_compiler(folder):
    (folder / "tiny").mkdir()
    laboratory = Laboratory(folder / "tiny", awkward_genome(300))
    archives = laboratory.compress(REFERENCE)
    restored = laboratory.decompress(WITHOUT_COMPILER, archives)
    return Results(laboratory.text, archives, laboratory.compress(WITHOUT_COMPILER), restored)


@pytest.mark.parametrize("case", CASES)
def test_archive_is_the_same_in_every_environment(results, case):
    assert results.archives_here[case] == results.archives[case]


@pytest.mark.parametrize("case", CASES)
def test_archive_decodes_in_every_environment(results, case):
    assert results.restored_here[case] == results.text


@pytest.mark.parametrize("case", CASES)
def test_archive_is_the_same_without_a_compiler(results_without_compiler, case):
    results = results_without_compiler
    assert results.archives_here[case] == results.archives[case]


@pytest.mark.parametrize("case", CASES)
def test_archive_decodes_without_a_compiler(results_without_compiler, case):
    assert results_without_compiler.restored_here[case] == results_without_compiler.text
