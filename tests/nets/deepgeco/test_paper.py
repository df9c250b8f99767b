"""The rank of ratio and throughput, and the tables of the paper."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from deepgeco_models import small_numbers, tiny_model

from acgz import modes
from acgz.bench.child import Usage
from acgz.bench.peers import Form
from acgz.bench.run import OK, Row
from acgz.cli.main import main
from acgz.codec import Job, encode
from acgz.modes import MODES
from acgz.nets.deepgeco import cold_start, rtcr
from acgz.nets.deepgeco.grid import Grid
from acgz.nets.deepgeco.paper import PAPER, SUITE
from acgz.nets.deepgeco.rtcr import Trial
from conftest import fasta


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
    monkeypatch.setattr("acgz.nets.deepgeco.codec.NUMBERS", small_numbers())
    genome = tmp_path / "genome.fa"
    genome.write_bytes(fasta(2000))
    line = ["tune", str(genome), "--sample", "120", "--most", "2", "--set", "context=4", "-q"]
    assert main([*line, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert sorted((row["s"], row["k"]) for row in rows) == [(1, 1), (1, 2), (2, 2)]
    assert [row["rtcr"] for row in rows] == sorted(row["rtcr"] for row in rows)
    assert all(row["rtcr"] == (row["ratio_rank"] + row["throughput_rank"]) / 2 for row in rows)


def test_the_suite_names_modes_that_exist_and_has_all_variants_of_the_paper() -> None:
    names = {variant.name for variant in SUITE.usual}
    assert {name for _, name in PAPER} <= names
    assert all(variant.mode in MODES for variant in SUITE.usual)


def test_the_tables_show_the_papers_figures_beside_ours(tmp_path: Path) -> None:
    stream = io.BytesIO(fasta(500))
    genome = SUITE.prepare(stream, "human_mt_x.fa", tmp_path, first=300)
    assert genome.bases == 300
    assert genome.forms[Form.FILE].read_bytes().isalpha()
    usage = Usage(2.0, 2.0, 50_000_000, 0)
    row = Row("x", "t", "c", OK, Form.FILE, 300, 300, 75, usage, usage)
    text = SUITE.as_tables(genome, {variant.name: row for variant in SUITE.usual})
    assert "in the paper: HuMa" in text
    assert any(
        line.split() == ["PLUS", "2.0000", "0.068", "0.07", "30.084", "50"]
        for line in text.splitlines()
    )


@pytest.mark.slow
def test_the_tables_have_only_what_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genome = tmp_path / "genome.fa"
    genome.write_bytes(fasta(600))
    assert main(["bench", "-q", "--suite", "deepgeco", str(genome), "--variants", "MINI"]) == 0
    out = capsys.readouterr().out
    assert "MINI" in out
    assert "PLUS" not in out.replace("compare with PLUS", "")
    assert "Table 5" not in out


@pytest.fixture
def small_supporter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acgz.nets.deepgeco.codec.NUMBERS", small_numbers())


@pytest.mark.usefixtures("small_supporter")
@pytest.mark.parametrize("level", ["mini", "plus"])
def test_the_curve_is_what_the_coder_needs(tmp_path: Path, level: str) -> None:
    residues = np.random.default_rng(1).integers(0, 4, 4 * 800).astype(np.uint8)
    settings = {"level": level, "model": str(tiny_model(tmp_path)), "context": 8}
    bits = cold_start.curve(residues, settings, Job())
    _, payload = encode(modes.get_codec("deepgeco"), residues, settings, Job())
    assert bits.mean() * residues.size == pytest.approx(8 * (len(payload) - 4), rel=0.01)


def test_the_table_shows_means_at_places_further_and_further_apart() -> None:
    table = cold_start.as_table({"a": np.arange(200.0), "b": np.zeros(205)}, rows=5)
    lines = [line.split() for line in table.splitlines()]
    assert lines[0] == ["batches", "a", "b"]
    assert lines[1] == ["1", "to", "10", "4.5000", "0.0000"]
    assert lines[-1] == ["191", "to", "200", "194.5000", "0.0000"]


@pytest.mark.usefixtures("small_supporter")
def test_bench_draws_the_cold_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    genome, picture = tmp_path / "genome.fa", tmp_path / "curves.svg"
    genome.write_bytes(fasta(4000))
    line = ["bench", str(genome), "--suite", "deepgeco", "--first", "3000", "--plot", str(picture)]
    assert main([*line, "-q"]) == 0
    assert picture.read_bytes().lstrip().startswith(b"<?xml")
    assert "MINI" in capsys.readouterr().out
