"""Breaks the program on purpose, one thing at a time; the tests have to notice: ``make mutants``.

Each mutant is a copy of the checkout with one line changed, in which the tests that are named
beside it run as ``make check`` runs them (``--half``). A mutant that survives means that a kind of
failure would go unnoticed. ``--all`` runs all tests of ``make check`` on each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "tools", "docs", "demo", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
COPIED += ("SECURITY.md", "pyproject.toml", "Makefile", "constraints.txt")


@dataclass(frozen=True)
class Mutant:
    """One thing that is broken."""

    what: str
    file: str
    before: str
    """Occurs once in the file."""
    after: str
    tests: str
    """Files and folders of tests, below tests/, that have to notice."""


MUTANTS = (
    Mutant(
        "the coder rounds down once too often",
        "src/acgz/coding/range_coder.py",
        "    new_low = low + unit * np.uint64(start)\n    span = unit * np.uint64(freq)\n",
        "    new_low = low + unit * np.uint64(start)\n    span = unit * np.uint64(freq) >> _1\n",
        "coding/test_range_coder.py",
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="all tests of `make check` on each")
    parser.add_argument("--only", default="", help="mutants whose description has this in it")
    args = parser.parse_args()
    survivors = 0
    for mutant in MUTANTS:
        if args.only in mutant.what:
            start = time.monotonic()
            caught = _caught(mutant, everything=args.all)
            survivors += not caught
            verdict = "caught  " if caught else "SURVIVES"
            print(
                f"{verdict} {mutant.what}: {caught} ({time.monotonic() - start:.0f} s)", flush=True
            )
    print(f"{len(MUTANTS)} mutants, {survivors} survived")
    return 1 if survivors else 0


def changed(mutant: Mutant, text: str) -> str:
    """The text of the mutant's file, broken; ValueError if it is not what the mutant knows."""
    if text.count(mutant.before) != 1 or mutant.before == mutant.after:
        raise ValueError(f"{mutant.file} does not have once: {mutant.before!r}")
    return text.replace(mutant.before, mutant.after)


def _caught(mutant: Mutant, *, everything: bool) -> str:
    """The test that notices; "" if none does."""
    with tempfile.TemporaryDirectory(prefix="acgz-mutant-") as name:
        folder = Path(name)
        for part in COPIED:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part)
            elif (ROOT / part).exists():
                shutil.copy2(ROOT / part, folder / part)
        path = folder / mutant.file
        path.write_text(changed(mutant, path.read_text()))
        tests = ["tests"] if everything else [f"tests/{test}" for test in mutant.tests.split()]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "--half", *tests],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(folder / "src"),
                "ACGZ_SHARED": os.environ.get("ACGZ_SHARED", str(ROOT.parent / "shared")),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{mutant.what}: the tests did not run\n{done.stdout[-3000:]}")
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode == 1 and not failed:
        raise SystemExit(f"{mutant.what}: no test has failed\n{done.stdout[-3000:]}")
    return failed[0].split(" ")[1] if failed else ""


if __name__ == "__main__":
    sys.exit(main())
