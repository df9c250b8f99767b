"""The range coder gives every symbol back, wastes next to nothing, and survives any input."""

from __future__ import annotations

import constriction
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from numpy.typing import NDArray

from acgz.coding import range_coder

BITS = 16


@njit
def encode_all(bounds, symbols, bits, state, data):
    for symbol in symbols:
        start = bounds[symbol]
        range_coder.encode(state, data, start, bounds[symbol + 1] - start, bits)
    return range_coder.finish(state, data)


@njit
def decode_all(bounds, symbols, bits, state, data):
    range_coder.start_decoder(state, data)
    for i in range(symbols.size):
        point = range_coder.target(state, bits)
        symbol = np.searchsorted(bounds, np.int64(point), side="right") - 1
        start = bounds[symbol]
        range_coder.advance(state, data, start, bounds[symbol + 1] - start, bits)
        symbols[i] = symbol


def encode(frequencies: NDArray[np.int64], symbols: NDArray[np.int64], bits: int = BITS) -> bytes:
    """The coded symbols; ``frequencies`` has shape (alphabet,) and sums to ``2**bits``."""
    bounds = np.concatenate([[0], np.cumsum(frequencies)])
    data = np.zeros(range_coder.capacity(symbols.size, bits), dtype=np.uint8)
    size = encode_all(bounds, symbols, bits, range_coder.new_encoder(), data)
    return data[:size].tobytes()


def decode(frequencies: NDArray[np.int64], data: bytes, count: int, bits: int = BITS) -> list[int]:
    bounds = np.concatenate([[0], np.cumsum(frequencies)])
    symbols = np.zeros(count, dtype=np.int64)
    state = np.zeros(3, dtype=np.uint64)
    decode_all(bounds, symbols, bits, state, np.frombuffer(data, dtype=np.uint8).copy())
    return symbols.tolist()


def drawn(frequencies: NDArray[np.int64], count: int, bits: int = BITS) -> NDArray[np.int64]:
    """Symbols drawn with these frequencies."""
    generator = np.random.default_rng(3)
    return generator.choice(frequencies.size, size=count, p=frequencies / (1 << bits))


FREQUENCIES = {
    "even": np.array([1 << 14] * 4),
    "uneven": np.array([40000, 20000, 5000, 536]),
    "one nearly certain": np.array([65533, 1, 1, 1]),
    "only one": np.array([65536]),
    "a bit": np.array([50000, 15536]),
    "many": np.array([256] * 256),
}


@pytest.mark.parametrize("frequencies", FREQUENCIES.values(), ids=FREQUENCIES)
def test_symbols_come_back(frequencies: NDArray[np.int64]) -> None:
    for count in (0, 1, 2, 3, 7, 8, 9, 1000):
        symbols = drawn(frequencies, count)
        assert decode(frequencies, encode(frequencies, symbols), count) == symbols.tolist()


def spent(frequencies: NDArray[np.int64], data: bytes, count: int) -> bool:
    """Has a decoder of ``count`` symbols read what no encoder has written?"""
    stored = np.frombuffer(data, dtype=np.uint8).copy()
    state = range_coder.new_decoder(stored)
    bounds = np.concatenate([[0], np.cumsum(frequencies)])
    decode_all(bounds, np.zeros(count, dtype=np.int64), BITS, state, stored)
    return bool(range_coder.is_spent(state, stored))


@given(st.sampled_from(sorted(FREQUENCIES)), st.integers(0, 400), st.integers(0, 3), st.data())
def test_a_stream_is_never_too_short_and_never_much_too_long(
    name: str, count: int, often: int, data: st.DataObject
) -> None:
    """Whatever it ends with: also where all that was written is zeros."""
    frequencies = FREQUENCIES[name]
    symbols = drawn(frequencies, count)
    symbols[data.draw(st.integers(0, count)) :] = min(often, frequencies.size - 1)
    coded = encode(frequencies, symbols)
    assert not spent(frequencies, coded, count)
    if frequencies.max() < 1 << (BITS - 1):  # a bit and more for each
        assert spent(frequencies, coded, count + 200)


@pytest.mark.parametrize("bits", [1, 2, 12, 22, range_coder.MAX_BITS])
def test_the_rarest_symbol_can_follow_itself_for_ever(bits: int) -> None:
    frequencies = np.array([(1 << bits) - 1, 1])
    for symbols in (np.ones(500, dtype=np.int64), np.arange(500) % 2, np.arange(500) // 250):
        coded = encode(frequencies, symbols, bits)
        assert decode(frequencies, coded, 500, bits) == symbols.tolist()
        assert len(coded) <= range_coder.capacity(500, bits)


@given(st.data())
def test_any_symbols_of_any_frequencies_come_back(data: st.DataObject) -> None:
    bits = data.draw(st.integers(1, range_coder.MAX_BITS))
    cuts = data.draw(st.sets(st.integers(1, (1 << bits) - 1), max_size=20))
    frequencies = np.diff([0, *sorted(cuts), 1 << bits])
    letters = st.integers(0, frequencies.size - 1)
    symbols = np.array(data.draw(st.lists(letters, max_size=300)), dtype=np.int64)
    coded = encode(frequencies, symbols, bits)
    assert decode(frequencies, coded, symbols.size, bits) == symbols.tolist()


def test_a_carry_runs_through_many_bytes() -> None:
    """Always the highest of 256 keeps low just below a carry; symbol 0 or 255 then decides."""
    frequencies = FREQUENCIES["many"]
    for tail in (0, 1, 254, 255):
        symbols = np.array([255] * 200 + [254] + [255] * 50 + [tail] * 3)
        assert decode(frequencies, encode(frequencies, symbols), symbols.size) == symbols.tolist()


@pytest.mark.parametrize("name", ["even", "uneven", "a bit", "many"])
def test_size_is_within_a_twentieth_of_a_percent_of_the_entropy(name: str) -> None:
    frequencies = FREQUENCIES[name]
    symbols = drawn(frequencies, 200_000)
    information = -np.log2(frequencies / (1 << BITS))[symbols].sum() / 8
    assert len(encode(frequencies, symbols)) <= information * 1.0005 + 1


@pytest.mark.parametrize("name", ["even", "uneven", "a bit", "many"])
def test_size_is_within_a_twentieth_of_a_percent_of_constriction(name: str) -> None:
    frequencies = FREQUENCIES[name]
    symbols = drawn(frequencies, 200_000)
    model = constriction.stream.model.Categorical(frequencies / (1 << BITS), perfect=False)
    peer = constriction.stream.queue.RangeEncoder()
    peer.encode(symbols.astype(np.int32), model)
    assert len(encode(frequencies, symbols)) <= peer.get_compressed().nbytes * 1.0005 + 1


def test_certainty_costs_nothing() -> None:
    assert encode(FREQUENCIES["only one"], np.zeros(10_000, dtype=np.int64)) == b""


@given(st.binary(max_size=100), st.sampled_from(sorted(FREQUENCIES)))
def test_garbage_decodes_to_symbols_of_the_alphabet(data: bytes, name: str) -> None:
    frequencies = FREQUENCIES[name]
    assert set(decode(frequencies, data, 200)) <= set(range(frequencies.size))


def test_the_highest_code_of_all_decodes_to_symbols_of_the_alphabet() -> None:
    for frequencies in FREQUENCIES.values():
        assert set(decode(frequencies, b"\xff" * 300, 500)) <= set(range(frequencies.size))


def test_a_cut_stream_still_decodes_its_beginning() -> None:
    frequencies = FREQUENCIES["uneven"]
    symbols = drawn(frequencies, 1000)
    coded = encode(frequencies, symbols)
    for size in range(len(coded)):
        decoded = decode(frequencies, coded[:size], 1000)
        sure = max(4 * size - 64, 0)  # no symbol takes more than 7 bits
        assert set(decoded) <= set(range(4))
        assert decoded[: sure // 4] == symbols[: sure // 4].tolist()
