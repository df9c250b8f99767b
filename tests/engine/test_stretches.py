"""Stretches, and columns through them: the same bytes without a compiler, and what they cost."""

from __future__ import annotations

import numpy as np
import pytest

from acgz.codec import Job
from acgz.engine import costs, presets, stretches
from acgz.engine.codec import CODEC
from acgz.engine.settings import EngineSettings
from codec_checks import residues
from machines import REFERENCE, WITHOUT_COMPILER

PROGRAM = """
import sys
import numpy as np
from acgz.codec import Job, decode, encode
from acgz.engine import start
from acgz.engine.codec import CODEC
if sys.argv[2] == "alike":
    start._LOOKED_AT, start._REPETITIVE = 1, -1
unit = np.random.default_rng(1).integers(0, 4, 100).astype(np.uint8)
rows = np.tile(unit, (4, 1))
rows[1:, 77] ^= 1
rows[3] = 3 - rows[3, ::-1]
alike = rows.ravel()
coded = encode(CODEC, alike, {"preset": sys.argv[1], "prior": "none"} if sys.argv[1] != "fast" else
               {"preset": "fast"})
assert np.array_equal(decode(CODEC, coded, alike.size), alike)
assert ("alike" in coded.parameters) == (sys.argv[2] == "alike")
print(coded.payload.hex())
"""


@pytest.mark.parametrize("what", ["apart", "alike"])
@pytest.mark.parametrize("preset", ["fast", "plus"])
def test_stretches_are_the_same_without_a_compiler(preset: str, what: str) -> None:
    here, there = (one.run(["-c", PROGRAM, preset, what]) for one in (REFERENCE, WITHOUT_COMPILER))
    assert here == there


def test_what_a_stretch_costs_is_laid_on_its_residues() -> None:
    alike = np.tile(residues(500), (20, 1))
    alike[10:, 300] ^= 1
    settings = EngineSettings(preset="fast")
    bits = costs.bits(alike.ravel(), settings).reshape(alike.shape)
    stored = 8 * len(CODEC.coded(alike.ravel(), settings, Job()).payload)
    assert abs(bits.sum() - stored) < 0.02 * stored
    assert bits[2:10].mean() < 0.01
    assert bits[10, 300] > 8


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


@pytest.mark.parametrize("preset", ["fast", "plus", "ultra"])
def test_stretches_begin_sooner_where_genomes_are_alike(preset: str) -> None:
    apart, alike = (presets.parts(preset, 1 << 20, 0, 20, alike) for alike in (False, True))
    assert (apart.long, alike.long) == (presets.LONG, presets.SOON_LONG)
    assert apart.risk == presets.CAREFUL


def test_a_stretch_goes_on_where_a_copy_in_doubt_says_something_else() -> None:
    """Genomes with a residue of their own here and there cost little more than without."""
    alike = np.tile(residues(500), (40, 1))
    draw = np.random.default_rng(6)
    alike[np.arange(40), draw.integers(0, 500, 40)] ^= 1
    settings = EngineSettings(preset="plus", prior="none", dictionary="none", lanes=1)
    bits = costs.bits(alike.ravel(), settings).reshape(alike.shape)
    assert bits[10:].sum() < 30 * 25
