"""Stretches, and columns through them: the same bytes without a compiler, and what they cost."""

from __future__ import annotations

import numpy as np
import pytest

from acgz.codec import Job
from acgz.engine import copies, costs, presets, stretches
from acgz.engine.codec import CODEC
from acgz.engine.settings import EngineSettings
from codec_checks import residues
from machines import REFERENCE, WITHOUT_COMPILER

PROGRAM = """
import sys
from dataclasses import replace
import numpy as np
from acgz.codec import decode, encode
from acgz.engine.codec import CODEC
from acgz.engine import presets, start
if sys.argv[2] == "alike":
    start._LOOKED_AT, start._REPETITIVE = 1, -1


def coded(risk):
    presets.CAREFUL = risk
    presets.PRESETS[preset] = replace(presets.PRESETS[preset], risk=risk)
    settings = {"preset": preset} if preset == "fast" else {"preset": preset, "prior": "none"}
    made = encode(CODEC, rows.ravel(), settings)
    assert np.array_equal(decode(CODEC, made, rows.size), rows.ravel())
    assert ("alike" in made.parameters) == (sys.argv[2] == "alike")
    return made.payload


preset = sys.argv[1]
unit = np.random.default_rng(1).integers(0, 4, 100).astype(np.uint8)
rows = np.tile(unit, (6, 1))
rows[1::2, 30::25] ^= 1
rows[4] = 3 - rows[4, ::-1]
often = coded(8)
assert often != coded(1 << 30)
print(often.hex())
"""


@pytest.mark.parametrize("what", ["apart", "alike"])
@pytest.mark.parametrize("preset", ["fast", "plus"])
def test_stretches_are_the_same_without_a_compiler(preset: str, what: str) -> None:
    here, there = (one.run(["-c", PROGRAM, preset, what]) for one in (REFERENCE, WITHOUT_COMPILER))
    assert here == there


def test_what_a_stretch_costs_is_laid_on_its_residues(monkeypatch: pytest.MonkeyPatch) -> None:
    alike = np.tile(residues(500), (20, 1))
    alike[10:, 300] ^= 1
    settings = EngineSettings(preset="fast")
    bits = costs.bits(alike.ravel(), settings).reshape(alike.shape)
    stored = 8 * len(CODEC.coded(alike.ravel(), settings, Job()).payload)
    assert abs(bits.sum() - stored) < 0.02 * stored
    assert bits[2:10].mean() < 0.01
    assert bits[10, 300] > 8
    monkeypatch.setattr(presets, "CAREFUL", 1 << 30)
    without = costs.bits(alike.ravel(), settings).reshape(alike.shape)
    assert np.unique(bits[9]).size < np.unique(without[9]).size < 500


def test_what_is_left_to_the_experts_is_counted() -> None:
    known = stretches.make(risk=96, long=16)
    known.apart[:] = 7, 2
    residues_before, errors_before = known.residues[7], known.errors[7]
    for residue in (2, 3, 2):
        stretches.visit(known, residue)
    known.apart[0] = -1
    stretches.visit(known, 1)
    assert known.residues[7] - residues_before == 3
    assert known.errors[7] - errors_before == 1
    assert known.residues.sum() - stretches.make(96, 16).residues.sum() == 3


def test_what_is_said_against_a_residue_is_added_in_the_order_of_residues() -> None:
    """Beside a vote of 20, above which a class begins, one of less than half of its last bit is
    nothing, but two of them are not."""
    twenty, little = np.float32(20), np.float32(0.9e-6)
    assert (twenty + little) + little == twenty < twenty + (little + little)
    known, pool = stretches.make(risk=96, long=16), copies.make(2, 100, ("1" * 12,), 12, 11, 14)
    pool.longest[0] = 16
    pool.best[:] = 16 * 33, 3, 50, 1
    classes = []
    for votes in ([twenty, little, little, 0], [little, little, twenty, 0]):
        none = np.zeros(0, np.uint16)
        stretches.notice(known, pool, none, np.array([*votes, 0, 0, 0, 0], np.float32))
        classes.append(int(known.apart[0]))
    assert classes[1] - classes[0] == stretches.RIGHT * stretches.OTHERS
    assert known.apart[1] == 3


def test_what_would_be_too_risky_with_nothing_against_it_ends_a_stretch_as_well() -> None:
    known, pool = stretches.make(risk=96, long=16), copies.make(2, 200, ("1" * 12,), 12, 11, 14)
    pool.size[0] = 1
    pool.longest[0] = 16
    pool.best[:] = 16 * 33, 0, 50, 1
    pool.at[0], pool.step[0] = 50, 1
    past, none = np.zeros(200, np.uint8), np.zeros(0, np.uint16)
    stretches.notice(known, pool, none, np.array([0, 6, 0, 0, 0, 0, 0, 0], np.float32))
    quiet = int(known.apart[0]) - 5 * stretches.RIGHT * stretches.OTHERS
    known.residues[known.apart[0]] = 1 << 19
    assert stretches.begins(known, pool, none, past, 0, 150, 200) == 32
    assert known.kind[0] == known.apart[0] != quiet == known.kind[1]
    known.residues[quiet] = 2
    assert stretches.begins(known, pool, none, past, 0, 150, 200) == 0
    known.residues[quiet] = 1 << 19
    known.residues[known.apart[0]] = 2
    assert stretches.begins(known, pool, none, past, 0, 150, 200) == 0


@pytest.mark.parametrize("preset", ["fast", "plus", "ultra"])
def test_stretches_begin_sooner_where_genomes_are_alike(preset: str) -> None:
    apart, alike = (presets.parts(preset, 1 << 20, 0, 20, alike) for alike in (False, True))
    assert (apart.long, alike.long) == (presets.LONG, presets.SOON_LONG)
    assert apart.risk == presets.CAREFUL
