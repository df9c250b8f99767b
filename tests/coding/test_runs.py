"""Side information: adaptive bits, tables of numbers, header lines, one after the other."""

from __future__ import annotations

import random
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream
from acgz.coding.logistic import FRESH, SQUASH, STEP, STRETCH, learned, squash, stretched
from acgz.coding.runs import MAX_VALUE, code_number, code_numbers
from acgz.errors import DamagedError, TruncatedError
from acgz.layout.text import code_lines


def coded(values: NDArray[np.int64], columns: int = 1, **places: object) -> bytes:
    stream = BitStream()
    code_numbers(stream, values, columns, **places)  # type: ignore[arg-type]
    return stream.finish()


def decoded(data: bytes, count: int, columns: int = 1, **places: object) -> list[int]:
    values = np.zeros(count, dtype=np.int64)
    code_numbers(BitStream(data), values, columns, **places)  # type: ignore[arg-type]
    return values.tolist()


def coded_lines(text: bytes) -> bytes:
    stream = BitStream()
    code_lines(stream, text, text.count(b"\n"))
    return stream.finish()


def numbers(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


# Bits


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


# Numbers


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


# Lines


@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=20))
def test_any_lines_come_back(lines: list[bytes]) -> None:
    text = b"".join(line + b"\n" for line in lines)
    assert code_lines(BitStream(coded_lines(text)), None, len(lines)) == text


LONG_LINES = {
    "a long line": b"x" * 10_000 + b"\n",
    "long random lines": b"".join(
        bytes(random.Random(7).choices(range(11, 256), k=5000)) + b"\n" for _ in range(5)
    ),
    "long numbers": b">" + b"9" * 6000 + b"\n>" + b"99999999999999999999 1" * 300 + b"\n",
    "numbers of all lengths": b"".join(b">%d %d\n" % (10**k - 1, 10**k) for k in range(30)),
    "falling numbers": b"".join(b"c%d.%03d\n" % (k, k % 1000) for k in range(3000, 0, -7)),
    "empty lines": b"\n" * 5000,
}


@pytest.mark.parametrize("text", LONG_LINES.values(), ids=LONG_LINES)
def test_awkward_lines_come_back(text: bytes) -> None:
    assert code_lines(BitStream(coded_lines(text)), None, text.count(b"\n")) == text


def test_counted_names_cost_next_to_nothing() -> None:
    names = b"".join(b">NODE_%d_length_%d\n" % (k, 90_000 - 7 * k) for k in range(1, 2001))
    assert len(coded_lines(names)) < 250


def test_a_usual_header_is_short() -> None:
    header = b">NC_000017.11 Homo sapiens chromosome 17, GRCh38.p14 Primary Assembly\n"
    assert len(coded_lines(header)) <= 15  # of 70


def test_lines_longer_than_allowed_are_damage() -> None:
    data = coded_lines(b"a header of forty bytes and a few of more\n" * 3)
    with pytest.raises(DamagedError):
        code_lines(BitStream(data), None, 3, max_size=20)


# Streams


def test_models_share_a_stream() -> None:
    text = b">one\n>two\n"
    table = np.arange(50, dtype=np.int64)
    stream = BitStream()
    code_number(stream, 5)
    code_lines(stream, text, 2)
    code_numbers(stream, table, 2)
    stream = BitStream(stream.finish())
    assert code_number(stream) == 5
    assert code_lines(stream, None, 2) == text
    restored = np.zeros(50, dtype=np.int64)
    code_numbers(stream, restored, 2)
    assert restored.tolist() == table.tolist()


def test_a_cut_stream_is_found_out() -> None:
    values = np.random.default_rng(1).integers(0, 1 << 30, size=2000)
    data = coded(values)
    with pytest.raises(TruncatedError):
        decoded(data[: len(data) // 2], values.size)


def test_a_stream_of_zeros_keeps_enough_of_them() -> None:
    """Trailing zeros are dropped, but so many that their absence would look like a cut."""
    stream = BitStream()
    text = b"\0" * 30_000 + b"\n"
    code_lines(stream, text, 1)
    assert code_lines(BitStream(stream.finish()), None, 1) == text


@given(st.binary(max_size=80), st.integers(1, 30_000), st.integers(1, 3))
def test_garbage_is_numbers_or_damage(data: bytes, count: int, columns: int) -> None:
    try:
        values = decoded(data, count, columns)
    except DamagedError:
        return
    assert all(0 <= value <= MAX_VALUE for value in values)


@given(st.binary(max_size=80), st.integers(1, 300))
def test_garbage_is_lines_or_damage(data: bytes, lines: int) -> None:
    try:
        text = code_lines(BitStream(data), None, lines, max_size=3000)
    except DamagedError:
        return
    assert text.count(b"\n") == lines
