"""The wrapper for Snakemake and the module for Nextflow, run by these programs if they are there.

`make workflows` installs Snakemake. Nextflow takes Java and a file from nextflow.io.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acgz.cli.main import build_parser
from conftest import fasta
from paths import ROOT

pytestmark = pytest.mark.slow

GENOMES = {"a.fa": fasta(300, 40), "b.fa": fasta(300, seed=2)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in GENOMES.items():
        (tmp_path / name).write_bytes(text)
    return tmp_path


def engine(folder: Path, name: str, variable: str, question: str) -> str:
    """The program of that name, or of the variable; skips the test if it does not run here."""
    program = shutil.which(
        os.path.abspath(os.environ[variable]) if variable in os.environ else name
    )
    if program is None:
        pytest.skip(f"{name} is not installed ({variable} may name it)")
    done = subprocess.run(
        [program, question], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"{name} does not run: {done.stderr.strip()[-200:]}")
    return program


def run(folder: Path, *words: str | Path) -> None:
    """A program that finds the acgz of this Python."""
    (folder / "bin").mkdir()
    acgz = folder / "bin" / "acgz"
    acgz.write_text(f'#!/bin/sh\nexec {sys.executable} -m acgz "$@"\n')
    acgz.chmod(0o755)
    variables = {
        **os.environ,
        "PATH": f"{acgz.parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    done = subprocess.run(
        words, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_snakemake_runs_the_wrapper(folder: Path) -> None:
    snakemake = engine(folder, "snakemake", "SNAKEMAKE", "--version")
    shutil.copytree(ROOT / "contrib" / "snakemake", folder / "wrapper")
    snakefile = folder / "wrapper" / "Snakefile"
    run(folder, snakemake, "--cores", "2", "--snakefile", snakefile, "--directory", folder)
    for name, text in GENOMES.items():
        assert (folder / name).with_suffix(".restored.fa").read_bytes() == text
    letters = GENOMES["b.fa"].split(b"\n")[1][4:8]
    assert (folder / "region.fa").read_bytes() == b">b.fa:chr1:5-8\n" + letters + b"\n"


def test_nextflow_runs_the_module(folder: Path) -> None:
    nextflow = engine(folder, "nextflow", "NEXTFLOW", "-version")
    run(folder, nextflow, "run", ROOT / "contrib" / "nextflow" / "main.nf")
    for name, text in GENOMES.items():
        assert (folder / "results" / name).read_bytes() == text
        letters = text.split(b"\n")[1][4:8]
        found = folder / "results" / f"{name}.regions.fa"
        assert found.read_bytes() == b">chr1:5-8\n" + letters + b"\n"


def test_command_lines_of_the_module_are_understood() -> None:
    lines = re.findall(r'"(acgz .*)"', (ROOT / "contrib" / "nextflow" / "acgz.nf").read_text())
    assert len(lines) == 3
    for line in lines:
        plain = re.sub(r"\$\{task.ext[^}]*\}", "", line).replace("${task.cpus}", "2")
        _, *words = shlex.split(re.sub(r"\$\{[^}]*\}", "x", plain))
        build_parser().parse_args(words)  # UsageError
