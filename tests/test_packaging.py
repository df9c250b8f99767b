"""What a user installs: light, complete, and as the README says."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import importlib.util
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import acgz
from paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = {
    requirement.name.lower(): requirement
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if not line.startswith("#")
    for requirement in [Requirement(line)]
}
MODULES = [
    module.name
    for module in pkgutil.walk_packages(acgz.__path__, "acgz.")
    if not module.name.endswith("__main__")
]


def modules_after(statement: str) -> set[str]:
    """Top-level names of the modules that are loaded after ``statement`` in a new process."""
    program = f"{statement}\nimport sys; print(*sys.modules)"
    run = [sys.executable, "-c", program]
    names = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    return {name.partition(".")[0] for name in names}


def test_version_is_the_one_that_is_installed():
    assert importlib.metadata.version("acgz") == acgz.__version__


def test_changelog_tells_about_this_version():
    assert re.search(
        rf"^## {re.escape(acgz.__version__)}\b", (ROOT / "CHANGELOG.md").read_text(), re.M
    )


def test_import_is_light():
    loaded = modules_after("import acgz")
    assert "acgz" in loaded
    assert not loaded & {"torch", "numba", "numpy", "backports", "compression"}


def test_base_install_needs_no_pytorch():
    assert not any("torch" in requirement for requirement in PROJECT["dependencies"])
    loaded = modules_after("import acgz; acgz.decompress(acgz.compress(b'ACGT', mode='order0'))")
    assert "numba" in loaded  # it did run
    assert "torch" not in loaded


def test_every_development_requirement_is_pinned_to_a_version_that_it_allows():
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *extras["dev"], *extras["docs"]]
    for line in lines:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:  # extras of its own
            lines += [more for extra in requirement.extras for more in extras[extra]]
            continue
        (pin,) = PINS[requirement.name.lower()].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), line


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_readme_starts_with_commands_that_exist(command):
    assert command in (ROOT / "README.md").read_text()
    target = command.removeprefix("make ")
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


def test_types_are_announced():
    assert importlib.resources.files("acgz").joinpath("py.typed").is_file()


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is_for(module):
    source = Path(importlib.util.find_spec(module).origin).read_text()
    assert source.startswith(('"""', 'r"""'))


@pytest.mark.slow
def test_demo_restores_the_genome():
    run = [sys.executable, str(ROOT / "demo" / "run.py")]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert "byte for byte" in done.stdout
    sizes = dict(re.findall(r"^(\S.*?) {2,}([\d,]+) ", done.stdout, re.M))
    size = {name: int(text.replace(",", "")) for name, text in sizes.items()}
    assert size["original file"] == (ROOT / "demo" / "phage_lambda.fa").stat().st_size
    assert size["acgz"] < min(size["gzip -9"], size["xz -9e"])
