"""acgz ls --fai: the index that faidx makes of the original text."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pyfaidx
import pytest

import acgz
from acgz.cli.main import main
from acgz.errors import InputError
from acgz.fai import fai


def fasta(newline: str, last: str, width: int = 50) -> bytes:
    generator = random.Random(3)
    lines = []
    for number in range(30):
        letters = "".join(generator.choices("ACGTacgtN", k=generator.choice([1, 49, 50, 51, 333])))
        rows = [letters[at : at + width] for at in range(0, len(letters), width)]
        lines += [f">r{number} with words", *rows]
    return (newline.join(lines) + last).encode()


TEXTS = {
    "LF": fasta("\n", "\n"),
    "CRLF": fasta("\r\n", "\r\n"),
    "one line each": fasta("\n", "\n", 1000),
    "lines behind": fasta("\n", "\n\n\n"),
    "no end": fasta("\n", ""),
}


def index_of(text: bytes, block: int) -> list[str]:
    with acgz.open(io.BytesIO(acgz.compress(text, "twobit", block=block))) as archive:
        return [line.decode() for line in fai(archive.contents)]


@pytest.mark.parametrize("block", [16, 37, 500, 1 << 20])
@pytest.mark.parametrize("kind", [kind for kind in TEXTS if kind != "lines behind"])
def test_the_index_is_that_of_pyfaidx(kind: str, block: int, tmp_path: Path) -> None:
    path = tmp_path / "x.fa"
    path.write_bytes(TEXTS[kind])
    pyfaidx.Faidx(str(path)).close()
    known = (tmp_path / "x.fa.fai").read_text().splitlines()
    found = index_of(TEXTS[kind], block)
    assert [line.split("\t")[:4] for line in found] == [line.split("\t")[:4] for line in known]
    widths = {tuple(line.split("\t")[3:]) for line in found[:-1]}
    assert widths == {tuple(line.split("\t")[3:]) for line in known[:-1]}


@pytest.mark.parametrize("kind", TEXTS)
def test_the_index_is_that_of_samtools(kind: str, tmp_path: Path) -> None:
    pysam = pytest.importorskip("pysam", reason="pysam, which has samtools, is not installed")
    path = tmp_path / "x.fa"
    path.write_bytes(TEXTS[kind])
    pysam.faidx(str(path))
    assert index_of(TEXTS[kind], 300) == (tmp_path / "x.fa.fai").read_text().splitlines()


@pytest.mark.parametrize(
    "text",
    [
        b">a\nACGT\nACG\nACGT\n",
        b">a\nACGT\nACGTA\n",
        b">a\nACGT\r\nACGT\nAC\n",
        b">a\nACGT\n\nACGT\n",
        b">a\n;no\nACGT\n",
        b"ACGT\nACGT\n",
        b">a\rACGT\r",
    ],
)
def test_what_faidx_cannot_index_is_said(text: bytes) -> None:
    with pytest.raises(InputError, match="faidx"):
        index_of(text, 1 << 20)


def test_the_command_writes_it_for_one_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.acgz").write_bytes(acgz.compress(b">a b\nACGT\nAC\n>empty\n>c\nA\n", "twobit"))
    assert main(["ls", "--fai", "x.acgz"]) == 0
    assert capfd.readouterr().out == "a\t6\t5\t4\t5\nempty\t0\t20\t0\t0\nc\t1\t23\t1\t2\n"
    assert main(["ls", "--fai", "--json", "x.acgz"]) == 2
    acgz.create("y.acgz", {"a": io.BytesIO(b">a\nA\n"), "b": io.BytesIO(b">b\nA\n")}, "twobit")
    assert main(["ls", "--fai", "y.acgz"]) == 2
    assert "one file" in capfd.readouterr().err
