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
from codec_checks import residues


def test_a_column_seen_from_the_other_strand_has_complements() -> None:
    columns = np.array([0x4321, 0xF00A], np.uint16)
    assert [inherited(columns, 0, 1), inherited(columns, 0, -1)] == [0x4321, 0x1234]
    assert [inherited(columns, 1, 1), inherited(columns, 1, -1)] == [0xF00A, 0xA00F]


def test_a_count_that_is_full_halves_all_four() -> None:
    assert counted(0x0000, 2) == 0x0100
    assert counted(0x3FE1, 2) == 0x1870
    assert counted(0x3FE1, 1) == 0x3FF1


def test_sites_that_vary_cost_less_with_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """At each of many sites every fifth genome has another residue, in no order."""
    monkeypatch.setattr(start, "_LOOKED_AT", 1)
    draw = np.random.default_rng(3)
    genomes = np.tile(residues(400), (150, 1))
    sites = draw.choice(400, 40, replace=False)
    genomes[:, sites] ^= (draw.random((150, 40)) < 0.2).astype(np.uint8)
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
    assert sizes[1] < 0.97 * sizes[0]


@pytest.mark.parametrize("preset", ["fast", "plus", "ultra"])
def test_only_what_is_alike_has_columns_and_room_for_them(preset: str) -> None:
    assert COLUMN in parts(preset, 1 << 20, 0, 16, alike=True).sparse
    assert COLUMN not in parts(preset, 1 << 20, 0, 16).sparse
    said = {"preset": preset, "b": 16, "lanes": 4}
    alike = CODEC.memory({**said, "alike": 1}, 1 << 24)
    assert CODEC.need_to_encode(EngineSettings(preset=preset, lanes=4), 1 << 24).memory >= alike
