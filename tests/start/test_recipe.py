"""The recipe for a conda channel, and the container: as far as they can be tried without either."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import acgz
from conftest import fasta
from machines import NOBODY
from paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA = {"msgpack": "msgpack-python"}
"""Packages that have another name there."""


@pytest.fixture(scope="module")
def recipe() -> Any:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    jinja2 = pytest.importorskip("jinja2", reason="Jinja2 is not installed")
    given = {"environ": {}, "PYTHON": "python", "compiler": "{}-compiler".format}
    text = (ROOT / "recipe" / "meta.yaml").read_text()
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    return yaml.safe_load(environment.from_string(text).render(given))


def named(lines: list[str]) -> dict[str, str]:
    """Package -> least version, of requirements of a wheel for Linux."""
    found = {}
    for requirement in map(Requirement, lines):
        if "sys_platform" not in str(requirement.marker):
            name = CONDA.get(requirement.name, requirement.name)
            found[name] = str(requirement.specifier)
    return found


def test_the_recipe_is_of_this_version(recipe: Any) -> None:
    assert recipe["package"] == {"name": "acgz", "version": acgz.__version__}
    assert recipe["source"]["url"].endswith(f"/acgz-{acgz.__version__}.tar.gz")
    assert recipe["about"]["license"] == PROJECT["project"]["license"]
    assert recipe["about"]["summary"] == PROJECT["project"]["description"]


def test_the_recipe_wants_what_the_package_wants(recipe: Any) -> None:
    def wanted(part: str) -> dict[str, str]:
        return {
            name: least
            for name, _, least in (line.partition(" ") for line in recipe["requirements"][part])
            if name not in ("python", "pip")
        }

    assert wanted("run") == named(PROJECT["project"]["dependencies"])
    assert wanted("host") == named(PROJECT["build-system"]["requires"]) | wanted("run")


def test_the_entry_point_is_that_of_the_package(recipe: Any) -> None:
    entries = [f"{k} = {v}" for k, v in PROJECT["project"]["scripts"].items()]
    assert recipe["build"]["entry_points"] == entries


def steps() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_last_stage_has_no_compiler_and_no_root() -> None:
    *_, last = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.M)
    assert "RUN" not in last
    assert re.search(rf"^USER {NOBODY}\b", last, re.M)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("ACGZ_CONTAINER"), reason="make container runs it")
def test_what_the_container_does_works_in_a_folder(
    unpacked: Path, wheel: Path, python_of_nobody: str, public: Path
) -> None:
    """The sources are those of the sdist, with the machine code that ``wheel`` was built of."""
    shutil.copytree(unpacked, public / "source")

    def placed(command: str) -> str:
        """The command with the image's folders in ours, and our Python."""
        inside = re.sub(r"(?<![\w.])/(source|opt|wheels)\b", rf"{public}/\1", command)
        return re.sub(r"^python\b", shlex.quote(sys.executable), inside)

    variables = {"PATH": os.environ["PATH"], "HOME": str(public)}
    for word, rest in steps():
        if word == "RUN" and not rest.startswith("apt-get"):
            source = public / "source"
            subprocess.run(placed(rest), shell=True, cwd=source, env=variables, check=True)
    (packages,) = (public / "opt" / "acgz" / "lib").glob("python3*/site-packages")
    assert not list(packages.glob("pip*"))
    data = public / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    (data / "x.fa").write_bytes(fasta(500))
    for words in (["compress", "x.fa"], ["decompress", "-o", "y.fa", "x.fa.acgz"]):
        done = subprocess.run(
            [python_of_nobody, "-S", "-m", "acgz", *words],
            cwd=data,
            env={"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"},
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (data / "y.fa").read_bytes() == fasta(500)
