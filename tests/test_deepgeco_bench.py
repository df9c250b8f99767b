"""The rank of ratio and throughput, and the tables of the paper."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from acgz.bench import deepgeco, rtcr
from acgz.bench.child import Usage
from acgz.bench.peers import Form
from acgz.bench.rtcr import Trial
from acgz.bench.run import OK, Row
from acgz.cli.main import main
from acgz.codecs.modes import MODES
from acgz.sequence.kmers import Grid
from conftest import fasta
from deepgeco_models import small_versions


def test_rank_is_half_ratio_and_half_throughput() -> None:
    trials = [Trial(Grid(1, k), bits, speed) for k, bits, speed in ((1, 1.9, 5), (2, 1.8, 1))]
    first, second = rtcr.rank(trials)
    assert (first.rtcr, second.rtcr) == (1.5, 1.5)
    assert first.trial.grid.k == 2, "the better ratio goes first where the ranks are equal"
    assert rtcr.rank(trials, alpha=0.2, beta=0.8)[0].trial.grid.k == 1


def test_equal_figures_have_equal_ranks() -> None:
    trials = [Trial(Grid(1, k), 1.9, 2.0) for k in (1, 2, 3)]
    assert {(r.ratio_rank, r.throughput_rank) for r in rtcr.rank(trials)} == {(1, 1)}


def test_all_grids_are_tried() -> None:
    assert len(list(rtcr.grids(4))) == 10
    assert len(list(rtcr.grids(8))) == 36


def test_tune_prints_every_grid_the_best_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acgz.codecs.deepgeco.VERSIONS", small_versions())
    genome = tmp_path / "genome.fa"
    genome.write_bytes(fasta(2000))
    line = ["tune", str(genome), "--sample", "120", "--most", "2", "--set", "context=4", "-q"]
    assert main([*line, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert sorted((row["s"], row["k"]) for row in rows) == [(1, 1), (1, 2), (2, 2)]
    assert [row["rtcr"] for row in rows] == sorted(row["rtcr"] for row in rows)
    assert all(row["rtcr"] == (row["ratio_rank"] + row["throughput_rank"]) / 2 for row in rows)


def test_the_suite_names_modes_that_exist_and_has_all_variants_of_the_paper() -> None:
    names = {variant.name for variant in deepgeco.VARIANTS}
    assert {name for _, name in deepgeco.PAPER} <= names
    assert all(variant.mode in MODES for variant in deepgeco.VARIANTS)


def test_the_tables_show_the_papers_figures_beside_ours(tmp_path: Path) -> None:
    stream = io.BytesIO(fasta(500))
    genome = deepgeco.prepare(stream, "human_mt_x.fa", tmp_path, first=300)
    assert genome.bases == 300
    assert genome.forms[Form.FILE].read_bytes().isalpha()
    usage = Usage(2.0, 2.0, 50_000_000, 0)
    row = Row("x", "t", "c", OK, Form.FILE, 300, 300, 75, usage, usage)
    text = deepgeco.as_tables(genome, {variant.name: row for variant in deepgeco.VARIANTS})
    assert "in the paper: HuMa" in text
    assert any(
        line.split() == ["PLUS", "2.0000", "0.068", "0.07", "30.084", "50"]
        for line in text.splitlines()
    )
