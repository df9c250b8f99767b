"""The wheel, built once from the sdist, and an empty environment with it and without Numba."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from paths import ROOT


def _hatchling(folder: Path, target: str, source: Path) -> Path:
    """Build an sdist or a wheel of ``source``; where it is."""
    run = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(run, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed, so nothing can be built")
    return _hatchling(tmp_path_factory.mktemp("sdist"), "sdist", ROOT)


@pytest.fixture(scope="session")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the sdist gives; ``ACGZ_WHEEL`` names one that is built already."""
    if built := os.environ.get("ACGZ_WHEEL"):
        return Path(built)
    sys.path.insert(0, str(ROOT / "aot"))
    try:
        from link import linker

        linker()
    except OSError as missing:
        pytest.skip(str(missing))
    finally:
        sys.path.pop(0)
    sources = tmp_path_factory.mktemp("sources")
    with tarfile.open(sdist) as archive:
        archive.extractall(sources, filter="data")
    (source,) = sources.iterdir()
    return _hatchling(tmp_path_factory.mktemp("wheel"), "wheel", source)


@dataclass(frozen=True)
class Installation:
    """An environment with acgz and what it requires, and nothing else."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        (packages,) = (self.folder / "lib").glob("python3*/site-packages")
        return packages

    @property
    def package(self) -> Path:
        return self.packages / "acgz"

    def run(
        self, *arguments: str | Path, cwd: Path, user: int | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Python with these arguments, no variables but the given ones, and strict warnings."""
        return subprocess.run(
            [self.python, "-W", "error", *arguments],
            cwd=cwd,
            env=variables,
            user=user,
            group=user,
            extra_groups=None if user is None else (),
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation(tmp_path_factory.mktemp("installation") / "venv")
    venv.create(made.folder, with_pip=False)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(made.packages)
    (metadata,) = made.packages.glob("acgz-*.dist-info/METADATA")
    required = [
        Requirement(line)
        for line in importlib.metadata.PathDistribution(metadata.parent).requires or ()
    ]
    _link([one.name for one in required if one.marker is None], made.packages)
    return made


def _link(names: Sequence[str], packages: Path) -> None:
    """Bring the installed packages of those names into another environment."""
    for name in names:
        distribution = importlib.metadata.distribution(name)
        tops = {Path(file).parts[0] for file in distribution.files or ()}
        for top in tops - {"..", "__pycache__"}:
            (packages / top).symlink_to(Path(str(distribution.locate_file(top))).resolve())
