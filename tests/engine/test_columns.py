"""Columns of a collection: what is counted, and as which strand sees it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from acgz.codec import Job
from acgz.engine import start
from acgz.engine.codec import CODEC
from acgz.engine.columns import COLUMN, counted, inherited
from acgz.engine.presets import PRESETS, parts
from acgz.engine.settings import EngineSettings
from acgz.errors import UsageError
from codec_checks import residues


def test_a_column_seen_from_the_other_strand_has_complements() -> None:
    columns = np.array([0x4321, 0xF00A], np.uint16)
    assert [inherited(columns, 0, 1), inherited(columns, 0, -1)] == [0x4321, 0x1234]
    assert [inherited(columns, 1, 1), inherited(columns, 1, -1)] == [0xF00A, 0xA00F]


def test_a_count_that_is_full_halves_all_four_and_forgets_none() -> None:
    assert counted(0x0000, 2) == 0x0100
    assert counted(0x3FE1, 2) == 0x2871
    assert counted(0x3FE1, 1) == 0x3FF1
    assert counted(0x1F20, 2) == 0x1810


def test_sites_that_vary_cost_less_with_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """At each of many sites every fifth genome has another residue, in no order."""
    monkeypatch.setattr(start, "_LOOKED_AT", 1)
    draw = np.random.default_rng(3)
    genomes = np.tile(residues(400), (1000, 1))
    sites = draw.choice(400, 40, replace=False)
    genomes[:, sites] ^= (draw.random((1000, 40)) < 0.2).astype(np.uint8)
    settings = EngineSettings(preset="fast", lanes=1)
    row = PRESETS["fast"]
    row = replace(row, alike=replace(row.alike, pool=2))
    sizes = []
    for sparse in (row.sparse, row.sparse_alike):
        monkeypatch.setitem(PRESETS, "fast", replace(row, sparse_alike=sparse))
        coded = CODEC.coded(genomes.ravel(), settings, Job())
        assert coded.parameters["alike"] == 1
        assert np.array_equal(CODEC.decode(coded, genomes.size, Job()), genomes.ravel())
        sizes.append(len(coded.payload))
    assert sizes[1] < 0.98 * sizes[0]


@pytest.mark.parametrize("preset", ["fast", "plus", "ultra"])
def test_only_what_is_alike_has_columns_and_room_for_them(preset: str) -> None:
    assert COLUMN in parts(preset, 1 << 20, 0, 16, alike=True).sparse
    assert COLUMN not in parts(preset, 1 << 20, 0, 16).sparse

    def growth(**more: int) -> int:
        said = {"preset": preset, "b": 16, **more}
        return CODEC.memory(said, 1 << 26) - CODEC.memory(said, 1 << 25)

    assert growth(alike=1) - growth() == 2 << 25


@pytest.mark.parametrize("preset", ["fast", "plus"])
def test_what_a_collection_takes_is_reckoned_with(preset: str) -> None:
    count = 480 << 20
    said = {"preset": preset, "b": 22 if preset == "plus" else 24}
    need = CODEC.need_to_encode(EngineSettings(preset=preset, dictionary="none"), count).memory
    assert CODEC.memory(said, count) < CODEC.memory({**said, "alike": 1}, count) == need


def test_a_collection_that_readers_would_refuse_has_no_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start, "_LOOKED_AT", 1)
    many = np.tile(residues(1 << 14), 64)
    settings = EngineSettings(preset="fast", lanes=1, dictionary="none")
    with_columns = CODEC.memory({"preset": "fast", "b": 23, "alike": 1}, many.size)
    monkeypatch.setattr("acgz.engine.needs.MEMORY_LIMIT", with_columns + many.size)
    coded = CODEC.coded(many, settings, Job())
    assert "alike" not in coded.parameters
    assert CODEC.memory(coded.parameters, many.size) < with_columns


def test_ultra_is_plus_where_readers_would_refuse_it(monkeypatch: pytest.MonkeyPatch) -> None:
    one = residues(1 << 15)
    settings = EngineSettings(preset="ultra", prior="none", dictionary="none")
    monkeypatch.setattr(
        "acgz.engine.needs.MEMORY_LIMIT", CODEC.memory({"preset": "ultra", "b": 18}, one.size)
    )
    coded = CODEC.encode(one, settings, Job())
    assert coded.parameters["preset"] == "plus"


def test_what_no_reader_would_take_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acgz.engine.needs.MEMORY_LIMIT", 1 << 20)
    with pytest.raises(UsageError, match="1,000 residues of the engine could not be read again"):
        CODEC.encode(residues(1000), EngineSettings(preset="fast"), Job())


@pytest.mark.slow
def test_columns_and_a_network_that_learns_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_LOOKED_AT", 1)
    draw = np.random.default_rng(5)
    genomes = np.tile(residues(1 << 12), (9, 1))
    genomes[draw.random(genomes.shape) < 0.01] = 0
    genomes[4] = 3 - genomes[4, ::-1]
    settings = EngineSettings(preset="ultra", lanes=1, prior="prokaryotes-large")
    coded = CODEC.coded(genomes.ravel(), settings, Job())
    assert (coded.parameters["preset"], coded.parameters["alike"]) == ("ultra", 1)
    assert np.array_equal(CODEC.decode(coded, genomes.size, Job()), genomes.ravel())
