"""The suite that measures how acgz starts."""

from __future__ import annotations

import sys

import pytest

from acgz.bench import run, start
from acgz.bench.inputs import Genome
from acgz.bench.suite import Variant


@pytest.fixture
def genome(tmp_path):
    (tmp_path / "small.fa").write_bytes(b">small\nACGTACGT\n")
    with (tmp_path / "small.fa").open("rb") as stream:
        return start.SUITE.prepare(stream, "small.fa", tmp_path, first=None)


def measured(genome: Genome, folder, monkeypatch, variant: Variant) -> run.Row:
    monkeypatch.setattr(start, "RUNS", 1)
    return start.SUITE.measure(variant, genome, folder, [], None)


def test_a_command_and_a_mode_are_measured(genome, tmp_path, monkeypatch):
    variants = [start.Command("python -c pass", words=("-c", "pass")), Variant("twobit", "twobit")]
    rows = {one.name: measured(genome, tmp_path, monkeypatch, one) for one in variants}
    assert {row.status for row in rows.values()} == {run.OK}
    table = start.SUITE.as_tables(genome, rows)
    for line in ("python -c pass", "twobit, compressing", "twobit, restoring", "numpy"):
        assert line in table


def test_a_command_that_fails_is_named(genome, tmp_path, monkeypatch):
    bad = start.Command("bad", words=("-c", "raise SystemExit(3)"))
    row = measured(genome, tmp_path, monkeypatch, bad)
    assert row.status.startswith("failed")
    assert "bad" in start.SUITE.as_tables(genome, {"bad": row})


def test_the_base_installation_is_the_sum_of_its_parts():
    sizes = start.installed()
    assert sizes.pop("base installation") == sum(sizes.values())
    assert {"acgz", "numpy", "msgpack"} <= sizes.keys()
    assert "numba" not in sizes
    names = {name.replace("-", ".") for name in sizes}
    assert ("backports.zstd" in names) == (sys.version_info < (3, 14))
    assert min(sizes.values()) > 0
