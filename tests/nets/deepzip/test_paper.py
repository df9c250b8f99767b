"""The suite of the document on RNN compressors: what runs, and what its tables say."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from acgz.bench.inputs import Genome
from acgz.bench.run import OK, Row
from acgz.cli.main import main
from acgz.errors import InputError
from acgz.models import packaged
from acgz.modes import get_mode
from acgz.nets.deepzip import paper as deepzip
from acgz.nets.deepzip.paper import SUITE
from conftest import fasta


def test_the_variants_have_names_of_their_own_and_networks_that_are_modes() -> None:
    names = [variant.name for variant in SUITE.everything]
    assert len(set(names)) == len(names)
    assert all(get_mode(variant.mode) for variant in SUITE.everything if variant.mode)
    assert all(variant in SUITE.everything for variant in SUITE.usual)
    assert not any("fit" in variant.settings for variant in SUITE.usual), "they train nothing"


def test_the_networks_of_the_package_are_those_that_the_suite_uses() -> None:
    assert {packaged(f"deepzip-{name}").stem for name in deepzip.SHIPPED} == {
        path.stem for path in Path(deepzip.__file__).parent.glob("*.safetensors")
    }


def test_a_long_sequence_is_cut(tmp_path: Path) -> None:
    genome = SUITE.prepare(io.BytesIO(fasta(900)), "x.fa", tmp_path, first=300)
    assert genome.bases == 300
    assert "300 from 200 on" in genome.name
    with pytest.raises(InputError, match="no bases"):
        SUITE.prepare(io.BytesIO(b">empty\n"), "x.fa", tmp_path, first=None)


def test_tables_have_the_weights_counted_and_the_documents_figures() -> None:
    variant = next(v for v in deepzip.FITTED[10] if deepzip.network(v) == "lstm-32")
    details = {"weights": 50, "training": 3.0, "compressing": 1.0, "restoring": 2.0}
    row = Row("x", variant.name, variant.name, OK, bases=1000, packed_bytes=200, details=details)
    text = SUITE.as_tables(Genome("x", 1000, {}), {variant.name: row})
    line = next(line for line in text.splitlines() if "lstm-32, 10 epochs" in line)
    assert "2.0000" in line, "8 * 250 / 1000"
    assert "239 kB" in line
    assert "1.20 MB" in line
    assert "12 h" in line
    assert "6.1.2" not in text, "nothing was run for that table"


@pytest.mark.slow
def test_the_suite_runs_what_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    genome = tmp_path / "genome.fa"
    genome.write_bytes(fasta(3000))
    line = ["bench", "-q", "--suite", "deepzip", str(genome), "--variants", "rnn-32, 1 epochs"]
    assert main(line) == 0
    out = capsys.readouterr().out
    assert "rnn-32, 1 epochs" in out
    assert "Section 6.2" in out
    assert main([*line[:-1], "rnn-31"]) == 2
