"""Stretches, and columns through them: the same bytes without a compiler, and what they cost."""

from __future__ import annotations

import numpy as np
import pytest

from acgz.codec import Job
from acgz.engine import costs
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
