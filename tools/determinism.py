"""The same archives everywhere: ``make determinism``.

A fixed set of texts is compressed with every mode in many environments, each a process of its own,
and the SHA-256 of every archive is compared with that of the first environment. ``--python`` adds
interpreters, such as those of environments with other versions of Python, NumPy and Numba, into
which the dependencies of acgz (not acgz) are installed. Networks are tiny ones or, with
``--shipped``, those of the package.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import soak

ROOT = Path(__file__).parents[1]
SIZES = {"tiny": 80, "small": 12_500, "large": 1_000_000, "huge": 5_000_000}
"""Bases. Tiny networks compress the first, those of the package the first two, and modes without a
network all of them, the last where ``--largest`` says so. The second gives DeepGeCo 16 lanes, the
fewest of a Supporter that two threads share (those of MINI they share from 128 on)."""


@dataclass(frozen=True)
class Environment:
    """A way to run."""

    variables: Mapping[str, str] = field(default_factory=dict)
    threads: int = 1
    largest: str = "huge"
    backend: str = "numpy"
    python: str = sys.executable
    compiled: str = "native"
    """Environments that compile alike share compiled kernels."""


def environments(pythons: list[str]) -> dict[str, Environment]:
    """By name; the first is the reference."""
    import numpy as np

    extensions = " ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"])  # type: ignore[index,call-overload]
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    found = {
        "as it is": Environment(),
        "2 threads": Environment(threads=2),
        "4 threads": Environment(threads=4),
        "kernels for a plain CPU": Environment(plain, compiled="generic"),
        "kernels with every index checked": Environment(
            {"NUMBA_BOUNDSCHECK": "1"}, compiled="checked"
        ),
        "kernels not compiled": Environment({"NUMBA_DISABLE_JIT": "1"}, largest="tiny"),
        "NumPy without vector instructions": Environment({"NPY_DISABLE_CPU_FEATURES": extensions}),
    }
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    for core, flag in (("Prescott", ""), ("Nehalem", "sse4_2"), ("Haswell", "avx2"),
                       ("SkylakeX", "avx512f")):  # fmt: skip
        if flag in flags:
            # with kernels for a plain CPU: others may leave products of networks not to BLAS
            variables = {**plain, "OPENBLAS_CORETYPE": core}
            found[f"OpenBLAS for {core}"] = Environment(variables, compiled="generic")
    for level in ("default", "avx2", "avx512"):
        if level == "default" or level in flags:
            found[f"PyTorch, {level}"] = Environment(
                {"ATEN_CPU_CAPABILITY": level}, largest="small", backend="torch"
            )
    for number, python in enumerate(pythons):
        found[python] = Environment(python=python, compiled=f"python{number}")
    return found


@dataclass(frozen=True)
class Choice:
    """What is compressed."""

    modes: list[str]
    """Names; none for all."""
    shipped: bool
    """Networks of the package, not tiny ones."""

    def arguments(self) -> list[str]:
        """Those of this program that say so."""
        return ["--modes", *self.modes, *(["--shipped"] if self.shipped else [])]


def archives(
    environment: Environment, kernels: Path, sizes: list[str], choice: Choice
) -> tuple[str, dict[str, str]]:
    """What it is, and the SHA-256 of every archive; RuntimeError if it does not run.

    ``sizes``: keys of `SIZES`.
    """
    done = subprocess.run(
        [
            *(environment.python, __file__, *choice.arguments(), "--child"),
            *(str(environment.threads), environment.backend, *sizes),
        ],
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            "NUMBA_CACHE_DIR": str(kernels / environment.compiled),
            **environment.variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found = json.loads(done.stdout.splitlines()[-1])
    return found.pop("versions"), found


def child(threads: int, backend: str, sizes: list[str], choice: Choice) -> None:
    """Print a JSON map: archive -> SHA-256."""
    import platform

    import numpy as np

    import acgz

    found: dict[str, Any] = {
        "versions": f"Python {platform.python_version()}, NumPy {np.__version__}"
    }
    if "numba" in sys.modules or _has("numba"):
        import numba

        found["versions"] += f", Numba {numba.__version__}"
    with tempfile.TemporaryDirectory() as folder:
        networks = _networks(Path(folder), backend, choice.shipped)
        for size in sizes:
            text = genome(SIZES[size])
            ways = {name: soak.Way(name) for name in soak.QUICK}
            if size == "tiny" or (size == "small" and choice.shipped):
                ways |= networks
            for name, way in ways.items():
                if choice.modes and way.mode not in choice.modes:
                    continue
                packed = acgz.compress(text, way.mode, threads=threads, **way.settings)
                found[f"{size} {name}"] = hashlib.sha256(packed).hexdigest()
                if acgz.decompress(packed, threads=threads) != text:
                    raise RuntimeError(f"{size} {name} does not come back")
    print(json.dumps(found))


def _networks(folder: Path, backend: str, shipped: bool) -> Mapping[str, soak.Way]:
    """Modes with a network, by the names that are shown; tiny networks are written to ``folder``,
    and there are none where the tools of the tests are not installed."""
    more = {} if backend == "numpy" else {"backend": backend}
    if backend == "torch" and not _has("torch"):
        return {}
    if not shipped and not (_has("pytest") and _has("hypothesis")):
        return {}
    course = (
        soak.networks_of_the_package(folder)
        if shipped
        else soak.tiny_networks(folder, pytorch=_has("torch"))
    )
    return {
        name: replace(way, settings={**way.settings, **more}) for name, way in course.ways.items()
    }


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def genome(bases: int) -> bytes:
    """Two records: a phage, that priors know something of, erroneous copies of it, noise, and what
    is in the dictionary; and an erroneous copy of that, an inverted one, N, soft mask, other
    letters."""
    choose = random.Random(5)

    def copied(text: str) -> str:
        return "".join(choose.choice("ACGT") if choose.random() < 0.05 else base for base in text)

    _, _, phage = (ROOT / "demo" / "phage_lambda.fa").read_text().partition("\n")
    real = bases * 3 // 8
    first = phage.replace("\n", "")[:real]
    while len(first) < real:
        first += copied(first[: real - len(first)])
    known = bases // 16
    first += "".join(choose.choices("ACGT", [3, 2, 2, 3], k=bases // 2 - real - known))
    first += copied(_known(known))
    inverted = first[: bases // 4][::-1].translate(str.maketrans("ACGT", "TGCA"))
    second = copied(first)[: bases // 4].lower() + "N" * 30 + inverted + "RYK"
    lines = [part[at : at + 60] for part in (first, second) for at in range(0, len(part), 60)]
    half = -(-len(first) // 60)
    return "\n".join([">phage 1", *lines[:half], ">copies 2", *lines[half:], ""]).encode()


def _known(bases: int) -> str:
    """The end of the package's dictionary."""
    from acgz import models
    from acgz.engine.dictionary import unpacked

    packed = models.read(models.shipped("dictionary")[""]).arrays["residues"]
    return "".join("ACGT"[residue] for residue in unpacked(packed[-bases:])[-bases:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    parser.add_argument(
        "--only", nargs="+", default=[""], help="environments with one of these in their names"
    )
    parser.add_argument("--largest", choices=SIZES, default="large", help="no larger texts")
    parser.add_argument("--smallest", choices=SIZES, default="tiny", help="no smaller texts")
    parser.add_argument("--modes", nargs="*", default=[], help="only these")
    parser.add_argument("--shipped", action="store_true", help="networks of the package")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    choice = Choice(args.modes, args.shipped)
    if args.child:
        threads, backend, *of = args.child
        child(int(threads), backend, of, choice)
        return 0
    kernels = ROOT / ".pytest_cache" / "kernels"
    found = environments(args.python)
    sizes = list(SIZES)
    chosen = {
        name: replace(env, largest=min(env.largest, args.largest, key=sizes.index))
        for name, env in found.items()
        if any(part in name for part in args.only) or name == "as it is"
    }
    reference: dict[str, str] = {}
    different = 0
    for name, environment in chosen.items():
        within = sizes[sizes.index(args.smallest) : sizes.index(environment.largest) + 1]
        if not within:
            continue
        versions, digests = archives(environment, kernels, within, choice)
        reference = reference or digests
        wrong = [one for one, digest in digests.items() if reference.get(one) != digest]
        different += len(wrong)
        print(
            f"{name} ({versions}): {len(digests)} archives, {len(wrong)} different "
            f"{' '.join(wrong)}",
            flush=True,
        )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
