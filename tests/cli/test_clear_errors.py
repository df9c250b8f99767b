"""What goes wrong is said in one line that names the file and what helps."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import acgz
from acgz import places
from acgz.cli import resuming
from acgz.cli.main import main
from acgz.errors import InputError

FASTA = b">chr1\nACGTTGCAACGTTTGCAGCATCGACTACGA\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Has r.fa, and it is where the commands run."""
    monkeypatch.chdir(tmp_path)
    Path("r.fa").write_bytes(FASTA)
    return tmp_path


class Standard:
    """Standard input with some bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def fileno(self) -> int:
        raise OSError


def error_of(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command writes."""
    assert main(words) == code
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    return told


@pytest.mark.parametrize("text", [b"", b"no bases\n", b"@read\nACGT\n+\nIIII\n"])
def test_what_has_no_records_has_an_empty_profile(
    text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("x").write_bytes(text)
    Path("x.acgz").write_bytes(acgz.compress(text, "twobit"))
    for file in ("x", "x.acgz"):
        assert acgz.profile(file, "fast") == []
        told = error_of(["profile", "-m", "fast", file], 0, capsys)
        assert told == f"acgz: {file}: there are no records in it\n"


def test_a_picture_of_no_records_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    Path("x").write_bytes(b"")
    told = error_of(["profile", "-q", "-m", "fast", "--plot", "x.png", "x"], 2, capsys)
    assert "no records" in told
    assert not os.path.exists("x.png")


def test_a_profile_of_standard_input(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["profile", "-q", "-m", "fast", "r.fa"]) == 0
    wanted = capfdbinary.readouterr().out
    monkeypatch.setattr(sys, "stdin", Standard(FASTA))
    assert main(["profile", "-q", "-m", "fast", "-"]) == 0
    assert capfdbinary.readouterr().out == wanted != b""


@pytest.mark.parametrize("command", [["compress", "-o", "x.acgz"], ["append", "a.acgz"]])
def test_lists_of_files_are_named(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("zeros").write_bytes(b"r.fa\0r.fa\0")
    told = error_of([*command, "--files-from", "zeros"], 2, capsys)
    assert "zeros: " in told
    assert "-0" in told
    told = error_of([*command, "--files-from", "missing.lst"], 3, capsys)
    assert told.startswith("acgz: missing.lst: cannot be read")


@pytest.mark.parametrize(
    "words",
    [
        ["train", "dictionary", "-q", "-o", "x.safetensors", "r.fa", "nosuch"],
        ["profile", "nosuch"],
        ["compress", "nosuch"],
        ["extract", "nosuch", "chr1"],
    ],
)
def test_a_file_that_is_missing_is_named_once(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert error_of(words, 3, capsys).count("nosuch") == 1


def test_a_zero_byte_in_a_name_is_an_error_of_acgz() -> None:
    for read in (acgz.open, acgz.profile):
        with pytest.raises(InputError, match="null"):
            read("a\0b")


def test_append_wants_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "wants the archive in a file" in error_of(["append", "-", "r.fa"], 2, capsys)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_help_survives_any_encoding(encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for words in (["compress", "--help"], ["--help"], ["ls", "\u2026\udcff"]):
        done = subprocess.run(
            [sys.executable, "-m", "acgz", *words], env=environment, capture_output=True
        )
        assert b"Traceback" not in done.stderr
        assert done.returncode == (0 if "--help" in words else 3)


def test_an_input_that_cannot_be_deleted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(file: str) -> None:
        raise PermissionError(13, "Permission denied", file)

    monkeypatch.setattr(places.os, "remove", refuse)
    told = error_of(["compress", "-q", "-m", "twobit", "--rm", "r.fa"], 3, capsys)
    assert told.startswith("acgz: r.fa: cannot be deleted (Permission denied)")
    assert "the output is written" in told
    assert told.count("r.fa") == 1
    assert acgz.decompress(Path("r.fa.acgz").read_bytes()) == FASTA


def test_a_name_that_is_cut_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.acgz").write_bytes(acgz.compress(FASTA, "twobit"))
    words = ["append", "-m", "twobit", "--name", "../../x", "a.acgz", "r.fa"]
    assert "without '../../'" in error_of(words, 0, capsys)


@pytest.mark.parametrize("more", [[], ["-f"], ["-f", "--rm"], ["-T", "4"]])
def test_a_file_that_is_named_twice(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    told = error_of(["compress", "-q", "-m", "twobit", *more, "r.fa", "r.fa"], 2, capsys)
    assert "r.fa is named twice" in told
    assert os.listdir() == ["r.fa"]
    assert main(["compress", "-q", "-m", "twobit", "r.fa"]) == 0
    told = error_of(["decompress", "-f", "r.fa.acgz", "r.fa.acgz"], 2, capsys)
    assert "r.fa.acgz is named twice" in told
    assert main(["cat", "r.fa.acgz", "r.fa.acgz"]) == 0


def test_the_mode_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    told = error_of(["compress", "--set", "foo=1", "r.fa"], 2, capsys)
    assert "the mode plus has no setting 'foo'" in told


def test_one_block_is_no_blocks() -> None:
    assert resuming.blocks(1) == "1 block"
    assert resuming.blocks(2_000) == "2,000 blocks"
