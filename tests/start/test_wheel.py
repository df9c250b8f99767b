"""A wheel carries its kernels: it needs no compiler, writes nothing, and makes the same bytes."""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile

import pytest

from acgz.compiled import CHOICE, LEVELS, MANIFEST, _processor
from acgz.modes import MODES
from conftest import fasta
from machines import KERNELS, NOBODY
from paths import PHAGE, ROOT, TESTS

pytestmark = pytest.mark.slow

PROGRAM = TESTS / "start" / "modes_without_pytorch.py"
HERE = [level for level in LEVELS[platform.machine()] if level.flags <= _processor()]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Real sequence, then noise with soft mask and N."""
    path = tmp_path_factory.mktemp("text") / "some.fa"
    real = b"\n".join(PHAGE.read_bytes().split(b"\n")[:40])
    path.write_bytes(real + b"\n" + fasta(700, 0, 130).replace(b"ACG", b"aNg"))
    return path


@pytest.fixture(scope="module")
def compiled_here(text):
    """Archives of kernels that Numba compiles in this environment."""
    run = [sys.executable, str(PROGRAM), str(text), str(TESTS / "golden")]
    done = subprocess.run(
        run, env={**os.environ, CHOICE: "jit"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["missing"] == ["deepgeco-ultra"]
    return found["archives"]


@pytest.mark.parametrize("level", HERE, ids=lambda level: level.name)
def test_machine_code_makes_the_archives_that_numba_makes(
    installation, compiled_here, text, level, tmp_path
):
    done = installation.run(PROGRAM, text, TESTS / "golden", cwd=tmp_path, **{CHOICE: level.name})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["compilers"] == []
    assert found["archives"] == compiled_here
    assert compiled_here.keys() == MODES.keys() - {"deepgeco-ultra"}


def test_what_the_dictionary_knows_needs_no_compiler(installation, tmp_path):
    """Warnings are errors there, and a kernel that is missing warns."""
    program = """
import acgz, pathlib, sys
text = acgz.decompress(pathlib.Path(sys.argv[1]).read_bytes())
for mode in ("fast", "plus", "ultra"):
    archive = acgz.compress(text, mode)
    assert len(archive) < len(text) / 3, (mode, len(archive))
    assert acgz.decompress(archive) == text
"""
    archive = TESTS / "golden" / "geneformer-mitochondrion.acgz"
    done = installation.run("-c", program, archive, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_commands_need_no_compiler(installation, text, tmp_path):
    """A kernel that is missing warns, and warnings are errors."""
    shutil.copy(text, tmp_path / "x.fa")
    for words in (
        ["train", "dictionary", "--size", "4K", "-o", "made", "x.fa"],
        ["tune", "--sample", "1000", "--most", "2", "x.fa"],
        ["profile", "-m", "fast", "--strands", "minimum", "-o", "fast", "x.fa"],
        ["profile", "-m", "plus", "-o", "plus", "x.fa"],
        ["profile", "-m", "ultra", "-o", "ultra", "x.fa"],
        ["compress", "--dictionary", "made", "x.fa"],
        ["compress", "-f", "--reference", "x.fa", "-o", "y.acgz", "x.fa"],
        ["test", "--reference", "x.fa", "y.acgz"],
        ["ls", "--fai", "x.fa.acgz"],
    ):
        done = installation.run("-m", "acgz", *words, cwd=tmp_path, ACGZ_MODELS=str(tmp_path))
        assert done.returncode == 0, (words, done.stderr)
        assert "Warning" not in done.stderr, words


def test_numba_cannot_be_imported_there(installation, tmp_path):
    done = installation.run("-c", "import numba", cwd=tmp_path)
    assert "No module named 'numba'" in done.stderr


@pytest.fixture
def read_only(installation):
    """The environment, in which nobody may write."""
    folders = [folder for folder, _, _ in os.walk(installation.package)]
    before = {folder: os.stat(folder).st_mode for folder in folders}
    for folder in folders:
        os.chmod(folder, 0o555)
    yield installation
    for folder, mode in before.items():
        os.chmod(folder, stat.S_IMODE(mode))


def test_whoever_may_write_nothing_else_restores_what_he_compressed(read_only, text, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(text, folder / "some.fa")
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    for variables in ({}, {"HOME": "/nonexistent"}, {"HOME": str(home)}):
        for command in (["compress", "-f", "some.fa"], ["decompress", "-f", "some.fa.acgz"]):
            done = read_only.run("-m", "acgz", *command, cwd=folder, **variables)
            assert done.returncode == 0, done.stderr
    assert not list(home.iterdir())
    assert {path.name for path in folder.iterdir()} == {"some.fa", "some.fa.acgz"}
    assert (folder / "some.fa").read_bytes() == text.read_bytes()


def test_a_user_who_owns_nothing_restores_what_he_compressed(
    installation, python_of_nobody, public, text
):
    packages = public / "packages"
    shutil.copytree(installation.packages, packages, symlinks=True)
    for path in (public, packages, *packages.rglob("*")):
        assert path.is_symlink() or path.stat().st_mode & stat.S_IROTH
    folder = public / "work"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    shutil.copy(text, folder / "some.fa")
    home = public / "home"
    home.mkdir(mode=0o555)
    for words in (["compress", "some.fa"], ["decompress", "-o", "again.fa", "some.fa.acgz"]):
        done = subprocess.run(
            [python_of_nobody, "-S", "-m", "acgz", *words],
            cwd=folder,
            env={"PYTHONPATH": str(packages), "HOME": str(home)},
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (folder / "again.fa").read_bytes() == text.read_bytes()
    assert (folder / "again.fa").stat().st_uid == NOBODY
    assert {path.name for path in folder.iterdir()} == {"some.fa", "some.fa.acgz", "again.fa"}
    assert not list(home.iterdir())


def test_the_wheel_brings_the_manual(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/share/man/man1/acgz.1")]
        assert b"acgz compress" in archive.read(name)


def test_two_processes_at_once_make_the_same_archive(installation, text, tmp_path):
    run = [installation.python, "-m", "acgz", "compress", "-c", text]
    both = [subprocess.Popen(run, stdout=subprocess.PIPE, cwd=tmp_path, env={}) for _ in "12"]
    archives = [process.communicate()[0] for process in both]
    assert archives[0] == archives[1]
    assert archives[0]


def test_machine_code_of_other_sources_is_never_used(installation, text, tmp_path):
    package = tmp_path / "acgz"
    shutil.copytree(installation.package, package)
    with (package / "engine" / "engine.py").open("a") as source:
        source.write("\n")
    done = installation.run(
        "-m", "acgz", "compress", "-c", text, cwd=tmp_path, PYTHONPATH=str(tmp_path)
    )
    assert done.returncode == 9
    assert "of other sources" in done.stderr
    assert "acgz[jit]" in done.stderr
    assert done.stderr.count("\n") == 1


def test_wheel_runs_on_every_linux_since_2014(wheel):
    pytest.importorskip("auditwheel", reason="auditwheel is not installed")
    show = [sys.executable, "-m", "auditwheel", "show", str(wheel)]
    done = subprocess.run(show, capture_output=True, text=True, check=True)
    claimed = re.search(r"manylinux_2_(\d+)_", wheel.name)
    found = re.search(r"manylinux_2_(\d+)_", done.stdout.replace(wheel.name, ""))
    assert claimed
    assert found
    assert int(found[1]) <= int(claimed[1]) == 17


def test_wheel_and_environment_are_small(wheel, installation):
    files = {file.resolve() for link in installation.packages.iterdir() for file in link.rglob("*")}
    size = sum(file.stat().st_size for file in files if file.is_file())
    assert wheel.stat().st_size <= 20_000_000
    assert size <= 96_000_000  # 72 of them are NumPy, 12 what is known beforehand


def test_sdist_has_what_building_and_testing_take(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a checkout")
    needed = {name for name in tracked.stdout.splitlines() if not name.startswith(".")}
    assert needed <= names


def test_the_pages_of_an_unpacked_sdist_are_true(unpacked):
    run = [sys.executable, "-m", "pytest", "-q", "tests/test_docs.py"]
    variables = {"PYTHONPATH": str(unpacked / "src"), "NUMBA_CACHE_DIR": str(KERNELS / "sdist")}
    done = subprocess.run(
        run,
        cwd=unpacked,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_sources_that_change_while_they_are_compiled_make_no_library(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "aot"))
    make = importlib.import_module("make")
    shutil.copytree(ROOT / "src" / "acgz" / "coding", tmp_path / "coding")
    monkeypatch.setattr(make.kernel, "_PACKAGE", tmp_path)
    source = tmp_path / "coding" / "streams.py"

    def rehearsal(*_: object) -> None:
        source.write_text(f"{source.read_text()}\n")

    monkeypatch.setattr(make, "_run", rehearsal)
    monkeypatch.setattr(make, "_level", lambda *_: {})
    with pytest.raises(ValueError, match="build again"):
        make.make(tmp_path / "libraries")
    assert not (tmp_path / "libraries" / MANIFEST).exists()
    monkeypatch.setattr(make, "_run", lambda *_: None)
    make.make(tmp_path / "libraries")
    assert (tmp_path / "libraries" / MANIFEST).exists()
