"""`acgz bench --suite papers`: the tables of all documents, each on its data."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from acgz.bench.suite import Quick
from acgz.cli.bench import _variants
from acgz.cli.main import main
from acgz.errors import UsageError
from acgz.nets import SYSTEMS
from acgz.nets.seqcoder import paper
from conftest import fasta


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_document_has_a_quick_version_of_its_tables(system: str) -> None:
    suite = import_module(f"acgz.nets.{system}.paper").SUITE
    chosen = _variants(suite, suite.quick.variants)
    for pattern in suite.quick.variants.split(";"):
        assert _variants(suite, pattern), pattern
    assert any(variant.mode for variant in chosen)
    assert suite.quick.takes(f"somewhere/{suite.quick.files[0]}.fa.gz")
    assert not suite.quick.takes("else.fa")


def test_a_document_without_its_data_says_what_would_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genome = tmp_path / "genome.fa"
    genome.write_bytes(fasta(300))
    assert main(["bench", "-q", "--suite", "papers", "--quick", str(genome)]) == 0
    out = capsys.readouterr().out
    assert out.count("none of its data") == len(SYSTEMS)
    assert "begins with AeCa, HaHi, EsCo" in out


def test_quick_and_papers_go_together(tmp_path: Path) -> None:
    genome = tmp_path / "genome.fa"
    genome.write_bytes(fasta(300))
    line = ["bench", "-q", str(genome), "--suite"]
    assert main([*line, "seqcoder", "--quick"]) == UsageError.exit_code
    assert main([*line, "papers", "--variants", "x"]) == UsageError.exit_code
    assert main(["bench", "-q", str(genome), "--quick"]) == UsageError.exit_code


@pytest.mark.slow
def test_the_tables_of_a_document_appear_for_its_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        paper.SUITE, "quick", Quick(paper.SUITE.quick.files, 500, "twobit, *;order0")
    )
    monkeypatch.setattr(paper, "apart", lambda work, *arguments: work(*arguments))
    genome = tmp_path / "BuEb.fa"
    genome.write_bytes(fasta(900))
    assert main(["bench", "-q", "--suite", "papers", "--quick", str(genome)]) == 0
    out = capsys.readouterr().out
    assert "BuEb.fa, first 500: 500 bases; in the document 6,351 bytes" in out
    assert "twobit, coded" in out
