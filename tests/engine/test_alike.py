"""Many sequences of one kind in a block: said by the archive, and coded as such."""

from __future__ import annotations

import numpy as np
import pytest

from acgz import modes
from acgz.codec import Coded, Job, decode, encode
from acgz.engine import start
from acgz.engine.presets import LARGE, PRESETS, parts
from acgz.errors import DamagedError
from codec_checks import residues

CODEC = modes.get_codec("engine")
UNIT = residues(3_000)
MANY = np.tile(UNIT, 4)


def test_what_recurs_is_alike_and_what_is_short_or_recurs_not_is_not() -> None:
    unit = residues(1 << 18)
    assert start.are_alike(np.tile(unit, 4))
    assert not start.are_alike(np.tile(unit, 4)[:-1])
    assert not start.are_alike(residues(1 << 20))


@pytest.mark.parametrize("preset", ["fast", "plus", "ultra"])
def test_an_archive_says_so_and_comes_back(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_LOOKED_AT", 1 << 10)
    many = encode(CODEC, MANY, {"preset": preset}, Job())
    assert many.parameters["alike"] == 1
    assert np.array_equal(decode(CODEC, many, MANY.size), MANY)
    assert "alike" not in encode(CODEC, UNIT, {"preset": preset}, Job()).parameters


@pytest.mark.parametrize("preset", PRESETS)
def test_the_pool_of_what_is_alike_is_that_of_its_row_however_long_it_is(preset: str) -> None:
    row = PRESETS[preset]
    for count in (1 << 20, LARGE):
        made = parts(preset, count, 0, 16, alike=True)
        assert (made.pool, len(made.seeds)) == (row.alike.pool, 1 + row.alike.gapped)
    assert parts(preset, LARGE, 0, 16, alike=True).sure < parts(preset, LARGE, 0, 16).sure


@pytest.mark.parametrize("alike", [0, 2, -1, True, "1", 1.0, None])
def test_nothing_else_than_one_is_believed(alike: object) -> None:
    made = Coded({"preset": "plus", "b": 16, "alike": alike}, b"")  # type: ignore[dict-item]
    with pytest.raises(DamagedError):
        decode(CODEC, made, 10, Job())
