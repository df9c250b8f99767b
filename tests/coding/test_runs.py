"""Tables of numbers come back, and what repeats in them is cheap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream
from acgz.coding.runs import MAX_VALUE, code_number, code_numbers
from acgz.errors import DamagedError, TruncatedError


def coded(values: NDArray[np.int64], columns: int = 1, **places: object) -> bytes:
    stream = BitStream()
    code_numbers(stream, values, columns, **places)  # type: ignore[arg-type]
    return stream.finish()


def decoded(data: bytes, count: int, columns: int = 1, **places: object) -> list[int]:
    values = np.zeros(count, dtype=np.int64)
    code_numbers(BitStream(data), values, columns, **places)  # type: ignore[arg-type]
    return values.tolist()


def numbers(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


@given(st.lists(st.integers(0, MAX_VALUE), max_size=40), st.integers(1, 4))
def test_any_numbers_come_back(values: list[int], columns: int) -> None:
    table = np.array(values, dtype=np.int64)
    assert decoded(coded(table, columns), table.size, columns) == values


@given(
    st.lists(st.integers(0, 50), max_size=60),
    st.lists(st.integers(0, 500), max_size=9).map(sorted),
    st.integers(-1, 2),
)
def test_numbers_come_back_whatever_the_records(
    values: list[int], breaks: list[int], symbol_column: int
) -> None:
    table = np.array(values, dtype=np.int64)
    places = {"breaks": np.array(breaks, dtype=np.int64), "symbol_column": symbol_column}
    assert decoded(coded(table, 3, **places), table.size, 3, **places) == values


@pytest.mark.parametrize("value", [0, 1, 2, 3, 254, 255, 256, 1 << 30, MAX_VALUE - 1, MAX_VALUE])
def test_one_number_comes_back(value: int) -> None:
    stream = BitStream()
    assert code_number(stream, value) == value
    assert code_number(BitStream(stream.finish())) == value


def test_more_numbers_than_fit_the_first_buffer_come_back() -> None:
    values = np.random.default_rng(1).integers(0, 1 << 30, size=5000)
    data = coded(values)
    assert len(data) > 10_000
    assert decoded(data, values.size) == values.tolist()


def test_repeated_rows_cost_next_to_nothing() -> None:
    table = np.tile(numbers(70, 12, 5), 10_000)
    assert len(coded(table, 3)) < 120


def test_random_lengths_cost_little_more_than_their_entropy() -> None:
    generator = np.random.default_rng(1)
    lengths = generator.geometric(1 / 200, size=50_000) - 1
    share = 1 / 200
    entropy = -(share * np.log2(share) + (1 - share) * np.log2(1 - share)) / share * 50_000 / 8
    assert len(coded(lengths)) < entropy * 1.02


def test_runs_in_the_same_places_of_many_records_are_learnt() -> None:
    """Every record has some of twenty runs, each with a place and a length of its own."""
    generator = np.random.default_rng(2)
    lengths = generator.permutation(np.arange(10, 30))
    table = []
    end = 0
    for record in range(300):
        for site in np.flatnonzero(generator.integers(0, 2, size=20)):
            begin = 1000 * record + 50 * int(site)
            table += [begin - end, int(lengths[site])]
            end = begin + table[-1]
    values = np.array(table, dtype=np.int64)
    breaks = np.arange(1, 300) * 1000
    assert len(coded(values, 2, breaks=breaks)) < 0.8 * len(coded(values, 2))


def test_a_cut_stream_is_found_out() -> None:
    values = np.random.default_rng(1).integers(0, 1 << 30, size=2000)
    data = coded(values)
    with pytest.raises(TruncatedError):
        decoded(data[: len(data) // 2], values.size)
    with pytest.raises(TruncatedError):
        decoded(data[:-9], values.size)


def test_a_stream_keeps_the_zeros_that_were_written() -> None:
    """A reader may take reading behind the end for damage, so trailing zeros count."""
    values = np.zeros(100_000, dtype=np.int64)  # all bits 0: the lower end of the interval
    values[:50] = MAX_VALUE
    assert decoded(coded(values), values.size) == values.tolist()


@given(st.binary(max_size=80), st.integers(1, 30_000), st.integers(1, 3))
def test_garbage_is_numbers_or_damage(data: bytes, count: int, columns: int) -> None:
    try:
        values = decoded(data, count, columns)
    except DamagedError:
        return
    assert all(0 <= value <= MAX_VALUE for value in values)
