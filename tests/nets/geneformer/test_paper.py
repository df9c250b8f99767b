"""The table of the GeneFormer paper: what is measured, and how it is shown."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from acgz.bench.child import Usage
from acgz.bench.peers import Form
from acgz.bench.run import OK, Row
from acgz.errors import InputError
from acgz.modes import MODES
from acgz.nets.geneformer import paper as geneformer
from acgz.nets.geneformer.paper import SUITE

GENOMES = b"".join(b">%d\n%s\n" % (number, b"ACGT"[number % 4 :] * 90) for number in range(20))


@pytest.mark.slow
def test_only_the_held_out_tenth_is_measured(tmp_path: Path) -> None:
    genome = SUITE.prepare(io.BytesIO(GENOMES), "fish.fa", tmp_path, first=None)
    assert genome.forms[Form.FILE].read_bytes() == b"GT" * 90 + b"ACGT" * 90
    first = SUITE.prepare(io.BytesIO(GENOMES), "fish.fa", tmp_path, first=5)
    assert first.forms[Form.FILE].read_bytes() == b"GTGTG"
    with pytest.raises(InputError, match="ten records"):
        SUITE.prepare(io.BytesIO(b">a\nACGT\n"), "a.fa", tmp_path, first=None)


def test_the_suite_names_modes_that_exist_and_has_all_variants_of_the_paper() -> None:
    names = {variant.name for variant in SUITE.usual}
    assert {name for _, name in geneformer.PAPER} <= names
    assert all(variant.mode in MODES for variant in SUITE.usual if variant.mode)


def test_the_table_shows_the_papers_figures_beside_ours_and_counts_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geneformer, "_size", lambda model: 75)
    genome = SUITE.prepare(io.BytesIO(GENOMES), "human_mt.fa", tmp_path, first=None)
    usage = Usage(2.0, 2.0, 50_000_000, 0)
    row = Row("x", "t", "c", OK, Form.FILE, 300, 300, 75, usage, usage)
    rows = {variant.name: row for variant in SUITE.usual}
    rows["plus"] = Row("x", "t", "c", "failed: no", Form.FILE, 300, 300)
    lines = [line.split() for line in SUITE.as_tables(genome, rows).splitlines()]
    assert ["gzip", "75", "2.0000", "1.4232", "-", "0.1", "0.1", "50"] in lines
    assert ["human", "75", "2.0000", "0.0096", "4.0000", "0.1", "0.1", "50"] in lines
    assert ["plus", "failed:", "no"] in lines
