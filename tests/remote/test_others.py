"""Addresses of other systems of fsspec: what is written has a hidden name until it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import acgz
from acgz.cli.main import main
from conftest import fasta

fsspec = pytest.importorskip("fsspec", reason="the extra remote is not installed")

TEXT = fasta(3000, 2000, 100)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """What is behind ``disk://``, a system that renames, and not to a name that is taken."""
    from fsspec.implementations.local import LocalFileSystem
    from fsspec.registry import _registry, register_implementation

    behind = tmp_path / "behind"
    behind.mkdir()

    class Disk(LocalFileSystem):  # type: ignore[misc]
        protocol = "disk"

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return str(behind / path.removeprefix("disk://").removeprefix(str(behind)).strip("/"))

        def mv(self, path1: str, path2: str, **others: Any) -> None:
            if Path(path2).exists():
                raise FileExistsError(path2)
            Path(path1).rename(path2)

    register_implementation("disk", Disk, clobber=True)
    yield behind
    _registry.pop("disk")


def test_there_and_back(folder: Path, tmp_path: Path) -> None:
    (folder / "a.fa").write_bytes(TEXT)
    assert main(["compress", "-q", "-m", "twobit", "disk://a.fa"]) == 0
    assert acgz.decompress((folder / "a.fa.acgz").read_bytes()) == TEXT
    assert main(["compress", "-q", "-m", "twobit", "disk://a.fa"]) == 3
    assert main(["compress", "-q", "-f", "-m", "order0", "disk://a.fa"]) == 0
    assert acgz.decompress((folder / "a.fa.acgz").read_bytes()) == TEXT
    with acgz.open("disk://a.fa.acgz") as archive:
        assert (archive.info.mode, len(archive["chr2"])) == ("order0", 2000)
    assert sorted(path.name for path in folder.iterdir()) == ["a.fa", "a.fa.acgz"]


@pytest.mark.parametrize("force", [[], ["-f"]])
def test_an_error_leaves_what_was_there(
    force: list[str], folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.acgz").write_bytes(acgz.compress(fasta(9000), "twobit", block=1000)[:-50])
    if force:
        (folder / "a.fa").write_bytes(b"old")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["decompress", "-q", *force, "-o", "disk://a.fa", str(tmp_path / "a.acgz")]) == 7
    assert capfd.readouterr().err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_memory_is_a_system_too(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_bytes(TEXT)
    target = "memory://acgz-test/a.acgz"
    command = ["compress", "-q", "-m", "twobit", "-o", target, str(tmp_path / "a.fa")]
    assert main(command) == 0
    assert main(command) == 3
    assert main(["test", "-q", target]) == 0
    fsspec.filesystem("memory").rm("acgz-test", recursive=True)
