"""Lanes of the engine give the residues back, whoever runs them, and refuse nonsense."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz import modes
from acgz.codec import Coded, Job, decode, encode
from acgz.engine import lanes as lanes_of_engine
from acgz.engine import needs
from acgz.engine.presets import SMALL
from acgz.engine.repetition import repeated_share
from acgz.engine.settings import EngineSettings
from acgz.errors import DamagedError, LimitError, UsageError
from acgz.progress import Progress
from codec_checks import residues

CODEC = modes.get_codec("engine")


def relatives(count: int) -> NDArray[np.uint8]:
    """Two halves that differ in one residue of twenty."""
    half = residues(count // 2)
    places = np.random.default_rng(2).random(half.size) < 0.05
    other = np.where(places, (half + 1) % 4, half).astype(np.uint8)
    return np.concatenate([half, other])


@pytest.mark.parametrize("lanes", [1, 2, 3, 16])
@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 64, 65, 1000, 20_000])
def test_any_number_of_lanes_gives_any_number_of_residues_back(lanes: int, count: int) -> None:
    original = relatives(count)
    parameters, payload = encode(CODEC, original, {"lanes": lanes}, Job())
    restored = decode(CODEC, Coded(parameters, payload), original.size, Job())
    assert restored.tolist() == original.tolist()


@pytest.mark.parametrize("preset", ["plus", "ultra"])
def test_threads_change_nothing(preset: str) -> None:
    original = relatives(30_000)
    settings = {"lanes": 3, "preset": preset}
    one, many = (encode(CODEC, original, settings, Job(threads=n)) for n in (1, 5))
    assert one == many
    parameters, payload = one
    for threads in (1, 2, 5):
        restored = decode(CODEC, Coded(parameters, payload), original.size, Job(threads=threads))
        assert np.array_equal(restored, original)


@pytest.mark.parametrize("count", [0, 50, 3000, 40_000])
def test_ultra_is_never_larger_than_plus(count: int) -> None:
    original = relatives(count)
    plus, ultra = (encode(CODEC, original, {"preset": name}) for name in ("plus", "ultra"))
    assert len(ultra.payload) <= len(plus.payload)
    assert np.array_equal(decode(CODEC, ultra, original.size), original)


def test_a_lane_profits_from_what_another_has_read() -> None:
    """The second lane holds the same sequence, three epochs long, the halves exchanged."""
    unit = residues(3 * lanes_of_engine.EPOCH)
    half = unit.size // 2
    turned = np.concatenate([unit[half:], unit[:half]])
    _, alike = encode(CODEC, np.concatenate([unit, turned]), {"lanes": 2}, Job())
    _, unlike = encode(CODEC, residues(2 * unit.size, 3), {"lanes": 2}, Job())
    assert len(alike) < 0.6 * len(unlike)


def test_progress_counts_the_residues_of_all_lanes() -> None:
    progress = Progress()
    original = residues(10_000)
    parameters, payload = encode(CODEC, original, {"lanes": 3}, Job(progress=progress))
    assert progress.residues == original.size
    progress.residues = 0
    decode(CODEC, Coded(parameters, payload), original.size, Job(progress=progress))
    assert progress.residues == original.size


def test_short_sequences_have_one_lane_long_ones_more_unless_they_are_alike() -> None:
    def own(count: int, preset: str = "plus", **more: int) -> int:
        return needs.own_lanes(count, {"preset": preset, "b": 22, **more})

    assert own((1 << 20) - 1) == 1
    assert own(1 << 20) == 2
    assert own(1 << 20, "ultra") == 1
    assert own(1 << 20, alike=1) == 1


def test_lanes_stay_within_the_memory_that_decoding_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """What encodes by default must decode by default, however long the sequence."""
    largest = 1 << 29
    assert CODEC.memory({"preset": "ultra", "b": 24}, largest) < Job().memory_limit
    monkeypatch.setattr(needs, "MEMORY_LIMIT", 1 << 28)
    with pytest.raises(UsageError, match="too much memory"):
        encode(CODEC, residues(1000), {"lanes": 16}, Job())


def test_the_share_of_repeats_is_that_of_the_kmers_that_recur() -> None:
    unit = residues(100_000)
    assert repeated_share(unit) < 0.01
    assert repeated_share(np.tile(unit, 4)) == pytest.approx(0.75, abs=0.02)
    assert repeated_share(unit[:10]) == 0


@pytest.mark.parametrize("lanes", [0, -1, 17, True, 1.0, "2", 1 << 40])
def test_stored_lanes_are_not_trusted(lanes: object) -> None:
    with pytest.raises(DamagedError):
        decode(CODEC, Coded({"preset": "plus", "b": 16, "lanes": lanes}, b""), 10, Job())  # type: ignore[dict-item]


@pytest.mark.parametrize("payload", [b"", b"\1", b"\xff\xff\xff\xff", b"\5\0\0\0abcd"])
def test_stored_lengths_of_streams_are_not_trusted(payload: bytes) -> None:
    with pytest.raises(DamagedError, match="streams of the lanes"):
        decode(CODEC, Coded({"preset": "plus", "b": 16, "lanes": 2}, payload), 10, Job())


def test_lanes_that_need_more_memory_than_allowed_are_refused() -> None:
    with pytest.raises(LimitError):
        decode(
            CODEC,
            Coded({"preset": "plus", "b": 16, "lanes": 16}, bytes(100)),
            10,
            Job(memory_limit=1 << 28),
        )


@pytest.mark.parametrize("lanes", [0, -1, 17, "2"])
def test_lanes_that_make_no_sense_are_refused(lanes: object) -> None:
    with pytest.raises(UsageError):
        encode(CODEC, residues(100), {"lanes": lanes}, Job())  # type: ignore[dict-item]


def test_where_ultra_is_plus_it_is_coded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    presets = []

    def coded(_codec: object, _source: object, settings: EngineSettings, _job: Job) -> Coded:
        presets.append(settings.preset)
        return Coded({}, b"")

    monkeypatch.setattr(type(CODEC), "coded", coded)
    encode(CODEC, residues(SMALL - 1), {"preset": "ultra"})
    assert presets == ["plus"]
    encode(CODEC, residues(SMALL), {"preset": "ultra"})
    assert presets == ["plus", "ultra", "plus"]
