"""The baselines cost what their document says, and refuse nonsense."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from acgz import modes
from acgz.baselines import fair_frequencies
from acgz.codec import Coded, Job, decode, encode
from acgz.coding.predictor import PRECISION
from acgz.errors import DamagedError, TruncatedError, UsageError
from codec_checks import orderly, round_trip


def test_order0_comes_within_a_thousandth_of_the_entropy() -> None:
    shares = [0.5, 0.2, 0.2, 0.1]
    original = np.random.default_rng(1).choice(4, 100_000, p=shares).astype(np.uint8)
    shares = np.bincount(original) / original.size
    entropy = -(shares * np.log2(shares)).sum() * original.size / 8
    _, payload = encode(modes.get_codec("order0"), original, {}, Job())
    assert entropy <= len(payload) <= entropy * 1.001 + 8


@pytest.mark.parametrize("name", ["uniform", "order0"])
@pytest.mark.parametrize("lanes", [1, 2, 7, 64, 2000])
def test_any_number_of_lanes_gives_the_residues_back(name: str, lanes: int) -> None:
    for count in (0, 1, lanes - 1, lanes, lanes + 1, 2 * lanes, 1000):
        parameters, _ = round_trip(modes.get_codec(name), orderly(count), {"lanes": lanes})
        assert parameters["lanes"] == max(1, min(lanes, count))


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


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (1, 5), (3, 8), (200, 1 << 20)])
def test_twobit_refuses_a_payload_of_another_length(size: int, count: int) -> None:
    with pytest.raises(DamagedError, match="cannot hold"):
        decode(modes.get_codec("twobit"), Coded({}, bytes(size)), count, Job())


def test_lanes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="whole number"):
        encode(modes.get_codec("uniform"), orderly(10), {"lanes": 0}, Job())
    with pytest.raises(UsageError, match="twobit has no setting 'lanes'"):
        encode(modes.get_codec("twobit"), orderly(10), {"lanes": 3}, Job())


@pytest.mark.parametrize("name", ["uniform", "order0"])
@pytest.mark.parametrize("base", range(4))
def test_one_base_for_ever_comes_back(name: str, base: int) -> None:
    """Its stream may be nothing but zeros, and is as long as it has to be."""
    for count in (1, 30, 1000, 200_000):
        round_trip(modes.get_codec(name), np.full(count, base, dtype=np.uint8), {})


@pytest.mark.parametrize("size", [0, 1, 75, 10_000])
@pytest.mark.parametrize("frequencies", [None, [1 << 14] * 4, [65533, 1, 1, 1]])
def test_residues_that_nobody_has_paid_for_are_refused_at_once(
    size: int, frequencies: list[int] | None
) -> None:
    """2^31 of them, which would compute for hours in one lane."""
    codec = modes.get_codec("order0" if frequencies else "uniform")
    parameters = {"lanes": 1, "frequencies": frequencies} if frequencies else {"lanes": 1}
    coded = Coded(parameters, bytes(size))
    tracemalloc.start()
    with pytest.raises(TruncatedError, match="cannot hold"):
        decode(codec, coded, 1 << 31, Job())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("counts", [[1, 0, 0, 0], [0, 0, 0, 0], [10**12, 1, 1, 1], [3, 3, 3, 3]])
def test_fair_frequencies_are_legal(counts: list[int]) -> None:
    frequencies = fair_frequencies(counts)
    assert sum(frequencies) == 1 << PRECISION
    assert min(frequencies) >= 1
