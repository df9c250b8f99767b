"""info, ls and modes: what an archive holds."""

from __future__ import annotations

import io
import json
import random
import sys
from pathlib import Path

import pytest

import acgz
from acgz.cli.commands import COMMANDS
from acgz.cli.main import main
from acgz.modes import MODES

SEQUENCES = {
    "chr1": "".join(random.Random(5).choices("ACGT", k=1000)) + "N" * 134 + "acgt" * 25,
    "chr2": "ACGT",
    "empty": "",
    "HLA:A": "GGGG",
    "HLA:A:2-3": "CCCCCC",
    "caf\udce9": "TTTT",
}
TEXT = "".join(
    f">{name} described\n" + "".join(f"{seq[i : i + 70]}\n" for i in range(0, len(seq), 70))
    for name, seq in SEQUENCES.items()
).encode("utf-8", "surrogateescape")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.fa").write_bytes(TEXT)
    Path("x.acgz").write_bytes(acgz.compress(TEXT, "twobit", block=200))
    Path("empty.acgz").write_bytes(acgz.compress(b"", "twobit"))
    main(["compress", "-q", "-m", "order0", "-o", "two.acgz", "x.fa", "empty.acgz", "--raw", "-f"])


def output(capfd: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    return capfd.readouterr().out


def test_ls_has_a_line_for_every_record(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["ls", "x.acgz"]) == 0
    rows = [line.split(b"\t") for line in capfdbinary.readouterr().out.splitlines()]
    assert [row[:2] for row in rows] == [
        [name.encode("utf-8", "surrogateescape"), str(len(sequence)).encode()]
        for name, sequence in SEQUENCES.items()
    ]
    assert rows[0][2] == b"0"
    assert rows[1][2] != b"0"


def test_ls_names_the_files_of_an_archive_of_several(capfd: pytest.CaptureFixture[str]) -> None:
    assert output(capfd, "ls", "two.acgz").splitlines()[1] == "chr2\t4\t0\tx.fa"


def test_ls_and_info_as_json(capfd: pytest.CaptureFixture[str]) -> None:
    records = json.loads(output(capfd, "ls", "--json", "x.acgz", "two.acgz"))
    assert records[1]["name"] == "chr2"
    assert records[1]["length"] == 4
    assert [record["file"] for record in records] == [None] * 6 + ["x.fa"] * 6
    (info,) = json.loads(output(capfd, "info", "--json", "x.acgz"))
    with acgz.open("x.acgz") as archive:
        assert info["mode"] == archive.info.mode == "twobit"
        assert info["size"] == Path("x.acgz").stat().st_size
        assert info["text_size"] == len(TEXT)
        assert info["bits_per_base"] == round(archive.info.bits_per_base, 4)


def test_info_says_what_there_is(capfd: pytest.CaptureFixture[str]) -> None:
    text = output(capfd, "info", "x.acgz", "empty.acgz", "two.acgz")
    assert f"original   {len(TEXT):,} bytes" in text
    assert "mode       twobit" in text
    assert "mode       -" in text
    assert "files      x.fa, empty.acgz" in text


def test_archives_can_be_looked_at_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for command in (["info"], ["ls", "-"], ["extract", "-", "chr2"]):
        stdin = io.TextIOWrapper(io.BytesIO(Path("x.acgz").read_bytes()))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert output(capfd, *command)


def test_modes_lists_every_mode(capfd: pytest.CaptureFixture[str]) -> None:
    lines = output(capfd, "modes").splitlines()
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines] == list(MODES)
    assert [mode["name"] for mode in json.loads(output(capfd, "modes", "--json"))] == list(MODES)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert f"usage: acgz {command}" in output(capfd, command, "--help")
    assert command in output(capfd, "--help")


def test_the_version_is_that_of_the_package(capfd: pytest.CaptureFixture[str]) -> None:
    assert output(capfd, "--version") == f"acgz {acgz.__version__}\n"
