"""The table of the SeqCoder document."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from acgz.bench.child import Usage
from acgz.bench.peers import Form
from acgz.bench.run import OK
from acgz.nets.seqcoder import paper as seqcoder
from acgz.nets.seqcoder.paper import Anatomy, Trial
from conftest import fasta


def test_the_table_shows_the_documents_figures_beside_ours(tmp_path: Path) -> None:
    genome = seqcoder.prepare(io.BytesIO(fasta(500)), "AeCa.gz", tmp_path, first=300)
    assert genome.bases == 300
    usage = Usage(2.0, 2.0, 50_000_000, 0)
    row = Trial("x", "t", "c", OK, Form.FILE, 300, 300, 75, usage, usage, Anatomy(60, 10, 3))
    text = seqcoder.as_tables(genome, {v.name: row for v in seqcoder.VARIANTS})
    assert "in the document 537,023 bytes, ratio 2.9627 (seen in training)" in text
    expected = ["zstd", "75", "4.0000", "2.0000", "60", "10", "99.0000", "0", "0", "50"]
    assert expected in [line.split() for line in text.splitlines()]


def test_variants_name_the_settings_of_the_command_line() -> None:
    tools = {v.name: v.tool(["-T", "1"]) for v in seqcoder.EVERYTHING}
    assert len(tools) == len(seqcoder.EVERYTHING)
    assert {"zstd", "coded", "order0", "gzip", "xz", "plus"} <= set(tools)
    command = " ".join(tools["coded, latents=2"].compress)
    assert "-m seqcoder --set residual=coded --set latents=2 -T 1" in command


def test_the_anatomy_is_that_of_the_payload(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from seqcoder_models import tiny_model

    from acgz.nets.seqcoder import codec as codec

    model = tiny_model(tmp_path)
    monkeypatch.setattr(codec.models, "default_model", lambda name: model)
    path = tmp_path / "residues"
    bases = np.random.default_rng(1).integers(0, 4, 1000)
    path.write_bytes(np.frombuffer(b"ACGT", np.uint8)[bases].tobytes())
    anatomy = seqcoder._dissect(path, {"residual": "zstd"})
    assert 0 < anatomy.mismatches < 1000
    assert min(anatomy.latents, anatomy.residual) > 20
