"""Chances of bits: integers, never certain, the same on every machine."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from acgz.coding.logistic import FRESH, SQUASH, STEP, STRETCH, learned, squash, stretched


def test_squash_undoes_stretch() -> None:
    for chance in range(8, 65536, 16):
        slot = np.uint32(chance << 16)
        assert abs(int(squash(stretched(slot))) - chance) <= 40 + chance // 100


def test_chances_are_never_certain_and_rise() -> None:
    assert SQUASH.min() == 1
    assert SQUASH.max() == 65535
    assert (np.diff(SQUASH) >= 0).all()
    assert (np.diff(STRETCH) >= 0).all()
    assert SQUASH[3071] == 32768


def test_tables_are_those_of_the_format() -> None:
    """Archives depend on each of these integers."""
    assert SQUASH[[0, 1000, 2000, 3071, 4000, 6142]].tolist() == [1, 20, 984, 32768, 63841, 65535]
    assert STRETCH[[0, 1, 100, 2048, 4095]].tolist() == [-2306, -2025, -942, 1, 2307]
    assert STEP[[0, 1, 2, 1023]].tolist() == [43690, 26214, 18724, 63]
    checksums = [zlib.crc32(table.astype("<i8").tobytes()) for table in (SQUASH, STRETCH, STEP)]
    assert checksums == [2718525361, 3201469230, 2094535663]


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("limit", [1, 255, 1023])
def test_a_slot_approaches_what_it_sees_but_stays_a_slot(bit: int, limit: int) -> None:
    slot = np.uint32(FRESH)
    chances = []
    for _ in range(5000):
        slot = learned(slot, bit, limit)
        chances.append(int(slot) >> 10)
        assert int(slot) & 1023 <= limit
    assert chances == sorted(chances, reverse=not bit)
    assert abs(chances[-1] - (bit << 22)) < 1 << 12
