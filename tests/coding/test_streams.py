"""The one loop gives symbols of any alphabet back from any number of lanes, and trusts no one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.coding import streams
from acgz.coding.predictor import PRECISION, precision_for
from acgz.errors import DamagedError
from codec_checks import residues


class Broken:
    """A predictor whose frequencies do not add up."""

    alphabet = 4
    precision = PRECISION

    def frequencies(self) -> NDArray[np.uint32]:
        return np.ones((2, 4), dtype=np.uint32)

    def update(self, symbols: NDArray[np.integer]) -> None:
        raise NotImplementedError


def test_a_predictor_with_illegal_frequencies_is_found_out_when_compressing() -> None:
    with pytest.raises(ValueError, match="Broken"):
        streams.encode(residues(10), Broken(), 2)


class Large:
    """Predicts symbols of a large alphabet, some of which cannot occur."""

    def __init__(self, alphabet: int, lanes: int) -> None:
        self.alphabet = alphabet
        self.precision = precision_for(alphabet)
        self._rows = np.zeros((lanes, alphabet), dtype=np.uint32)
        self._rows[:, ::2] = 1
        self._rows[:, alphabet // 2] += (1 << self.precision) - -(-alphabet // 2)

    def frequencies(self) -> NDArray[np.uint32]:
        return self._rows

    def update(self, symbols: NDArray[np.integer]) -> None:
        assert symbols.shape == (self._rows.shape[0],)


@pytest.mark.parametrize("alphabet", [2, 255, 256, 257, 258, 1 << 14, 1 << 16])
def test_symbols_of_large_alphabets_come_back(alphabet: int) -> None:
    lanes = 3
    symbols = np.random.default_rng(1).integers(0, alphabet // 2, 50).astype(np.uint16) * 2
    payload = streams.encode(symbols, Large(alphabet, lanes), lanes)
    restored = streams.decode(payload, symbols.size, Large(alphabet, lanes), lanes)
    assert restored.tolist() == symbols.tolist()


@pytest.mark.parametrize(("count", "lanes"), [(10, 4), (8, 4), (3, 4), (1, 1), (65, 64)])
def test_lanes_differ_by_one_symbol_at_most(count: int, lanes: int) -> None:
    lengths = np.diff([*streams.lane_starts(count, lanes), count])
    assert lengths.sum() == count
    assert lengths.max() - lengths.min() <= 1
    assert sorted(lengths, reverse=True) == lengths.tolist()


class Endless(Broken):
    """Leaves a part of the range to no symbol."""

    def frequencies(self) -> NDArray[np.uint32]:
        return np.array([[1 << 14, 1 << 14, 1 << 14, 0]], dtype=np.uint32)

    def update(self, symbols: NDArray[np.integer]) -> None:
        """Nothing to learn."""


def test_a_stream_that_points_at_no_symbol_is_damage() -> None:
    with pytest.raises(DamagedError, match="do not decode"):
        streams.decode(b"\xff" * 40, 10, Endless(), 1)
