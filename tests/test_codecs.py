"""Codecs give the residues back, from any number of lanes, and refuse nonsense."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz import modes
from acgz.baselines import fair_frequencies
from acgz.codec import Coded, Job, decode, encode
from acgz.coding import streams
from acgz.coding.predictor import PRECISION, precision_for
from acgz.errors import DamagedError, UsageError, VersionError
from acgz.modes import MODES, get_mode, mode_of

BASELINES = ["uniform", "order0", "twobit"]
SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 1000]


def residues(count: int, seed: int = 1) -> NDArray[np.uint8]:
    """Bases of uneven frequency."""
    generator = np.random.default_rng(seed)
    return generator.choice(4, size=count, p=[0.5, 0.2, 0.2, 0.1]).astype(np.uint8)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("lanes", [None, 1, 2, 7, 64, 2000])
def test_every_codec_gives_the_residues_back(name: str, count: int, lanes: int | None) -> None:
    codec = modes.get_codec(name)
    settings = {} if lanes is None else {"lanes": lanes}
    original = residues(count)
    parameters, payload = encode(codec, original, settings, Job())
    restored = decode(codec, Coded(parameters, payload), count, Job())
    assert restored.dtype == np.uint8
    assert restored.tolist() == original.tolist()


@pytest.mark.parametrize("name", BASELINES)
def test_threads_do_not_change_the_payload(name: str) -> None:
    codec = modes.get_codec(name)
    original = residues(5000)
    one, two = (encode(codec, original, {}, Job(threads=threads)) for threads in (1, 2))
    assert one == two


def test_order0_comes_within_a_thousandth_of_the_entropy() -> None:
    original = residues(100_000)
    shares = np.bincount(original) / original.size
    entropy = -(shares * np.log2(shares)).sum() * original.size / 8
    _, payload = encode(modes.get_codec("order0"), original, {}, Job())
    assert entropy <= len(payload) <= entropy * 1.001 + 8


def test_progress_counts_the_residues() -> None:
    progress = np.zeros(1, dtype=np.int64)
    original = residues(1000)
    parameters, payload = encode(modes.get_codec("order0"), original, {}, Job(progress=progress))
    assert progress[0] == 1000
    progress[0] = 0
    decode(modes.get_codec("order0"), Coded(parameters, payload), 1000, Job(progress=progress))
    assert progress[0] == 1000


@pytest.mark.parametrize("lanes", [0, -1, True, 1.0, "2", None, 11, 1 << 40])
def test_stored_lanes_are_not_trusted(lanes: object) -> None:
    with pytest.raises(DamagedError):
        decode(modes.get_codec("uniform"), Coded({"lanes": lanes}, b""), 10, Job())  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "frequencies", [None, [], [1, 1, 1, 1], [65536, 0, 0, 0], [65534, 1, 1], [16384.0] * 4, "abcd"]
)
def test_stored_frequencies_are_not_trusted(frequencies: object) -> None:
    parameters = {"lanes": 1, "frequencies": frequencies}
    with pytest.raises(DamagedError):
        decode(modes.get_codec("order0"), Coded(parameters, b""), 10, Job())  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (1, 5), (3, 8), (200, 1 << 40)])
def test_twobit_refuses_a_payload_of_another_length(size: int, count: int) -> None:
    with pytest.raises(DamagedError, match="cannot hold"):
        decode(modes.get_codec("twobit"), Coded({}, bytes(size)), count, Job())


def test_settings_that_make_no_sense_are_refused() -> None:
    for name in BASELINES:
        with pytest.raises(UsageError, match="unknown setting 'lane'"):
            encode(modes.get_codec(name), residues(10), {"lane": 3}, Job())
    with pytest.raises(UsageError, match="whole number"):
        encode(modes.get_codec("uniform"), residues(10), {"lanes": 0}, Job())


@pytest.mark.parametrize("counts", [[1, 0, 0, 0], [0, 0, 0, 0], [10**12, 1, 1, 1], [3, 3, 3, 3]])
def test_fair_frequencies_are_legal(counts: list[int]) -> None:
    frequencies = fair_frequencies(counts)
    assert sum(frequencies) == 1 << PRECISION
    assert min(frequencies) >= 1


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


class Another:
    """Enough of a codec to be registered."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_a_name_is_registered_once() -> None:
    codec = Another("another")
    modes.register(codec)  # type: ignore[arg-type]
    try:
        assert modes.get_codec("another") is codec
        assert modes.get_codec("another").name == "another"
        with pytest.raises(ValueError, match="already"):
            modes.register(Another("another"))  # type: ignore[arg-type]
    finally:
        modes.unregister("another")
    with pytest.raises(ValueError, match="already"):
        modes.register(Another("twobit"))  # type: ignore[arg-type]


def test_an_unknown_codec_is_a_question_of_version() -> None:
    with pytest.raises(VersionError, match="telepathy"):
        modes.get_codec("telepathy")


def test_every_mode_has_a_codec_and_is_found_again_by_what_it_stores() -> None:
    for mode in MODES.values():
        assert mode.codec in modes.CODECS
        assert mode_of(mode.codec, {**mode.settings, "lanes": 4}) == mode.name
    assert mode_of("telepathy", {}) == "telepathy"


def test_an_unknown_mode_is_a_usage_error_that_names_the_others() -> None:
    with pytest.raises(UsageError, match="twobit"):
        get_mode("best")
