"""The one loop gives symbols of any alphabet back from any number of lanes, and trusts no one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acgz.coding import streams
from acgz.coding.predictor import PRECISION, precision_for
from acgz.errors import DamagedError, TruncatedError
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


class Certain:
    """Predicts symbol 1 of three with certainty, or nearly so: ``rest`` for each other one."""

    alphabet = 3
    precision = PRECISION

    def __init__(self, rest: int) -> None:
        self._rows = np.array([[rest, (1 << PRECISION) - 2 * rest, rest]], dtype=np.uint32)

    def frequencies(self) -> NDArray[np.uint32]:
        return self._rows

    def update(self, symbols: NDArray[np.integer]) -> None:
        assert (symbols == 1).all()


def test_symbols_that_are_certain_come_back_and_leave_their_bytes() -> None:
    """They cost nothing, so a stream is as long as so many of them have to be."""
    count = 70 * streams.MOST_FOR_A_BYTE
    symbols = np.ones(count, dtype=np.uint8)
    lanes = 1024
    predictor = Certain(0)
    predictor._rows = np.repeat(predictor._rows, lanes, axis=0)
    payload = streams.encode(symbols, predictor, lanes)
    assert len(payload) == 54
    assert (streams.decode(payload, count, predictor, lanes) == 1).all()
    with pytest.raises(TruncatedError, match="too few"):
        streams.decode(payload[:-1], count, predictor, lanes)


class Counting(Certain):
    """Counts the steps."""

    steps = 0

    def frequencies(self) -> NDArray[np.uint32]:
        self.steps += 1
        return super().frequencies()

    def update(self, symbols: NDArray[np.integer]) -> None:
        pass


@pytest.mark.parametrize(
    ("rest", "count", "most"),
    [
        (1 << 14, 16 * streams.MOST_FOR_A_BYTE, 200),  # 1 bit and more each, 20 bytes at most
        (1000, 16 * streams.MOST_FOR_A_BYTE, 4000),  # 0.045 bits
        (0, 1 << 31, 0),  # nothing
    ],
)
def test_symbols_that_nobody_has_paid_for_are_not_decoded(rest: int, count: int, most: int) -> None:
    """However many are claimed: a reader stops where the stream does, not after an hour."""
    predictor = Counting(rest)
    with pytest.raises(DamagedError):
        streams.decode(b"acgz", count, predictor, 1)
    assert predictor.steps <= most


@given(st.lists(st.integers(0, 2), max_size=300), st.integers(0, 8))
def test_a_stream_that_lost_bytes_is_truncated_or_other_symbols(
    symbols: list[int], lost: int
) -> None:
    """And all of its bytes are enough, also where they end in zeros."""
    data = np.array(symbols, dtype=np.uint8)
    payload = streams.encode(data, Counting(20_000), 1)
    assert streams.decode(payload, data.size, Counting(20_000), 1).tolist() == symbols
    try:
        found = streams.decode(
            payload[: max(0, len(payload) - lost)], data.size, Counting(20_000), 1
        )
    except DamagedError:
        return
    assert found.size == data.size
