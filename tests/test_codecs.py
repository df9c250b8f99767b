"""Codecs give the residues back, from any number of lanes, and refuse nonsense."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz.codecs import registry, streams
from acgz.codecs.base import Work
from acgz.codecs.modes import MODES, get_mode, mode_of
from acgz.errors import DamagedError, UsageError, VersionError
from acgz.predictors.base import PRECISION, precision_for
from acgz.predictors.baselines import fair_frequencies

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
    codec = registry.get(name)
    settings = {} if lanes is None else {"lanes": lanes}
    original = residues(count)
    parameters, payload = codec.encode(original, settings, Work())
    restored = codec.decode(payload, parameters, count, Work())
    assert restored.dtype == np.uint8
    assert restored.tolist() == original.tolist()


@pytest.mark.parametrize("name", BASELINES)
def test_threads_do_not_change_the_payload(name: str) -> None:
    codec = registry.get(name)
    original = residues(5000)
    one, two = (codec.encode(original, {}, Work(threads=threads)) for threads in (1, 2))
    assert one == two


def test_order0_comes_within_a_thousandth_of_the_entropy() -> None:
    original = residues(100_000)
    shares = np.bincount(original) / original.size
    entropy = -(shares * np.log2(shares)).sum() * original.size / 8
    _, payload = registry.get("order0").encode(original, {}, Work())
    assert entropy <= len(payload) <= entropy * 1.001 + 8


def test_progress_counts_the_residues() -> None:
    progress = np.zeros(1, dtype=np.int64)
    original = residues(1000)
    parameters, payload = registry.get("order0").encode(original, {}, Work(progress=progress))
    assert progress[0] == 1000
    progress[0] = 0
    registry.get("order0").decode(payload, parameters, 1000, Work(progress=progress))
    assert progress[0] == 1000


@pytest.mark.parametrize("lanes", [0, -1, True, 1.0, "2", None, 11, 1 << 40])
def test_stored_lanes_are_not_trusted(lanes: object) -> None:
    with pytest.raises(DamagedError):
        registry.get("uniform").decode(b"", {"lanes": lanes}, 10, Work())  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "frequencies", [None, [], [1, 1, 1, 1], [65536, 0, 0, 0], [65534, 1, 1], [16384.0] * 4, "abcd"]
)
def test_stored_frequencies_are_not_trusted(frequencies: object) -> None:
    parameters = {"lanes": 1, "frequencies": frequencies}
    with pytest.raises(DamagedError):
        registry.get("order0").decode(b"", parameters, 10, Work())  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (1, 5), (3, 8), (200, 1 << 40)])
def test_twobit_refuses_a_payload_of_another_length(size: int, count: int) -> None:
    with pytest.raises(DamagedError, match="cannot hold"):
        registry.get("twobit").decode(bytes(size), {}, count, Work())


def test_settings_that_make_no_sense_are_refused() -> None:
    for name in BASELINES:
        with pytest.raises(UsageError, match="unknown setting 'lane'"):
            registry.get(name).encode(residues(10), {"lane": 3}, Work())
    with pytest.raises(UsageError, match="whole number"):
        registry.get("uniform").encode(residues(10), {"lanes": 0}, Work())


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
    registry.register(codec)  # type: ignore[arg-type]
    try:
        assert registry.get("another") is codec
        assert "another" in registry.names()
        with pytest.raises(ValueError, match="already"):
            registry.register(Another("another"))  # type: ignore[arg-type]
    finally:
        registry.unregister("another")
    with pytest.raises(ValueError, match="already"):
        registry.register(Another("twobit"))  # type: ignore[arg-type]


def test_an_unknown_codec_is_a_question_of_version() -> None:
    with pytest.raises(VersionError, match="telepathy"):
        registry.get("telepathy")


def test_every_mode_has_a_codec_and_is_found_again_by_what_it_stores() -> None:
    for mode in MODES.values():
        assert mode.codec in registry.names()
        assert mode_of(mode.codec, {**mode.settings, "lanes": 4}) == mode.name
    assert mode_of("telepathy", {}) == "telepathy"


def test_an_unknown_mode_is_a_usage_error_that_names_the_others() -> None:
    with pytest.raises(UsageError, match="twobit"):
        get_mode("best")
