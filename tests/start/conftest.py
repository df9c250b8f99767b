"""The wheel, built once, and an empty environment with it and without Numba."""

from __future__ import annotations

import compileall
import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from machines import NOBODY
from paths import ROOT


def _hatchling(folder: Path, target: str, source: Path) -> Path:
    """Build an sdist or a wheel of ``source``; where it is."""
    run = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(run, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.iterdir()
    return built


def _need_hatchling() -> None:
    for needed in ("hatchling", "argparse_manpage", "shtab"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed, so nothing can be built")


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    _need_hatchling()
    return _hatchling(tmp_path_factory.mktemp("sdist"), "sdist", ROOT)


@pytest.fixture(scope="session")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that an sdist is."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / sdist.name.removesuffix(".tar.gz")


@pytest.fixture(scope="session")
def wheel(
    unpacked: Path, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Built from the sdist, as installers do.

    Machine code is made in the checkout, whose kernels other tests have compiled, and kept for the
    next session; the build finds that it is of the same sources.
    """
    sys.path.insert(0, str(ROOT / "aot"))
    try:
        from link import linker

        linker()
    except OSError as missing:
        pytest.skip(str(missing))
    finally:
        sys.path.pop(0)
    machine_code = pytestconfig.cache.mkdir("aot") / "machine_code"
    run = [sys.executable, ROOT / "aot" / "make.py", machine_code]
    subprocess.run(run, check=True)
    if machine_code.exists():
        shutil.copytree(machine_code, unpacked / "build" / "machine_code" / platform.machine())
    return _hatchling(tmp_path_factory.mktemp("wheel"), "wheel", unpacked)


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
        self, *arguments: str | Path, cwd: Path, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Python with these arguments, no variables but the given ones, and strict warnings.

        Even root may not write there where permissions say that nobody may.
        """
        return subprocess.run(
            [self.python, "-W", "error", *arguments],
            cwd=cwd,
            env=variables,
            preexec_fn=_as_others,
            capture_output=True,
            text=True,
            check=False,
        )


def _as_others() -> None:
    """Give up root's right to write everywhere (PR_CAPBSET_DROP of CAP_DAC_OVERRIDE)."""
    ctypes.CDLL(None).prctl(24, 1)


@pytest.fixture(scope="session")
def python_of_nobody() -> str:
    """A Python of this version that every user may run, with the installation's packages."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (os.path.realpath(sys.executable), f"/usr/bin/{version}"):
        with suppress(OSError):
            subprocess.run([program, "-c", ""], user=NOBODY, group=NOBODY, check=True, cwd="/")
            return program
    pytest.skip(f"there is no {version} that other users may run")


@pytest.fixture(scope="session")
def public() -> Iterator[Path]:
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="acgz-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation(tmp_path_factory.mktemp("installation") / "venv")
    venv.create(made.folder, with_pip=False)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(made.packages)
    compileall.compile_dir(made.package, quiet=1)  # as installers do
    (metadata,) = made.packages.glob("acgz-*.dist-info/METADATA")
    required = [
        Requirement(line)
        for line in importlib.metadata.PathDistribution(metadata.parent).requires or ()
    ]
    here = [one for one in required if not one.marker or one.marker.evaluate({"extra": ""})]
    _link([one.name for one in here], made.packages)
    return made


def _link(names: Sequence[str], packages: Path) -> None:
    """Bring the installed packages of those names into another environment."""
    for name in names:
        distribution = importlib.metadata.distribution(name)
        tops = {Path(file).parts[0] for file in distribution.files or ()}
        for top in tops - {"..", "__pycache__"}:
            (packages / top).symlink_to(Path(str(distribution.locate_file(top))).resolve())
