"""The table of the SeqCoder document."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from seqcoder_models import tiny_model

from acgz.bench.child import Usage
from acgz.bench.inputs import Genome
from acgz.bench.peers import Form
from acgz.bench.run import OK, Row
from acgz.bench.suite import write_residues
from acgz.nets.seqcoder.paper import SUITE, anatomy
from conftest import fasta


def test_the_table_shows_the_documents_figures_beside_ours(tmp_path: Path) -> None:
    genome = SUITE.prepare(io.BytesIO(fasta(500)), "AeCa.gz", tmp_path, first=300)
    assert genome.bases == 300
    usage = Usage(2.0, 2.0, 50_000_000, 0)
    details = {"latents": 60, "residual": 10, "mismatches": 3}
    row = Row("x", "t", "c", OK, Form.FILE, 300, 300, 75, usage, usage, details)
    text = SUITE.as_tables(genome, {v.name: row for v in SUITE.usual})
    assert "in the document 537,023 bytes, ratio 2.9627 (seen in training)" in text
    expected = ["zstd", "75", "4.0000", "2.0000", "60", "10", "99.0000", "0", "0", "50"]
    assert expected in [line.split() for line in text.splitlines()]


def test_variants_name_the_settings_of_the_command_line() -> None:
    tools = {v.name: v.tool(["-T", "1"]) for v in SUITE.everything}
    assert len(tools) == len(SUITE.everything)
    assert {"zstd", "coded", "order0", "gzip", "xz", "plus"} <= set(tools)
    command = " ".join(tools["twobit, coded"].compress)
    assert "-m seqcoder-twobit --set residual=coded -T 1" in command


def test_the_anatomy_is_that_of_the_payload(tmp_path: Path) -> None:
    path = tmp_path / "residues"
    write_residues(np.random.default_rng(1).integers(0, 4, 1000).astype(np.uint8), path)
    settings = {"residual": "zstd", "model": str(tiny_model(tmp_path))}
    found = anatomy(Genome("x", 1000, {Form.FILE: path}), settings)
    assert 0 < found["mismatches"] < 1000
    assert min(found["latents"], found["residual"]) > 20
