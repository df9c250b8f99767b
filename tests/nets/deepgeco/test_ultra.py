"""ULTRA stores what it has changed in its network, and changes only what pays for itself."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from deepgeco_models import small_numbers, tiny_model

from acgz import modes
from acgz.codec import Coded, Job, decode, encode
from acgz.errors import DamagedError, MissingDependencyError
from acgz.nets.deepgeco import fine_tuning
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.deepgeco.changes import PARTS, Changes, names_of
from acgz.nets.deepgeco.grid import Grid
from codec_checks import orderly

CODEC = modes.get_codec("deepgeco")


@pytest.fixture(autouse=True)
def small_supporter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acgz.nets.deepgeco.codec.NUMBERS", small_numbers())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path)


def changes_of(path: Path, part: str) -> Changes:
    """Some changes to every weight of a part."""
    before = {
        name: a.astype(np.float32) for name, a in WarmStartArchitecture.read(path).arrays.items()
    }
    generator = np.random.default_rng(2)
    after = {
        name: array + generator.normal(0, 0.1, array.shape).astype(np.float32)
        for name, array in before.items()
    }
    return Changes.between(before, after, part, bits=5)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("network", ["gru", "bigru"])
def test_changes_come_back_from_their_bytes(tmp_path: Path, part: str, network: str) -> None:
    path = tiny_model(tmp_path, network)
    changes = changes_of(path, part)
    restored = Changes.from_bytes(changes.to_bytes(), WarmStartArchitecture.read(path))
    assert (restored.part, restored.bits) == (part, 5)
    assert list(restored.steps) == names_of(part, WarmStartArchitecture.read(path).arrays)
    for name, steps in changes.steps.items():
        assert restored.steps[name].tolist() == steps.tolist()
        assert np.abs(steps).max() > 0


def test_each_part_contains_the_one_before(model: Path) -> None:
    arrays = WarmStartArchitecture.read(model).arrays
    outputs, biases, head, everything = (set(names_of(part, arrays)) for part in PARTS)
    assert outputs < biases < head < everything < set(arrays)


def test_changes_move_the_weights_of_their_part_only(model: Path) -> None:
    original = WarmStartArchitecture.read(model)
    changed = changes_of(model, "biases").apply(original)
    for name, array in original.arrays.items():
        same = np.array_equal(array, changed.arrays[name])
        assert same == (name not in names_of("biases", original.arrays))


@pytest.mark.parametrize("data", [b"", b"\0", b"\4\5abc", b"\0\31abc", b"\2\5"])
def test_changes_that_make_no_sense_are_damage(model: Path, data: bytes) -> None:
    with pytest.raises(DamagedError):
        Changes.from_bytes(data, WarmStartArchitecture.read(model))


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_ultra_comes_back_smaller_and_decodes_without_pytorch(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = orderly(30_000)
    settings = {"model": str(model), "context": 8}
    _, plus = encode(CODEC, original, {**settings, "level": "plus"}, Job())
    parameters, payload = encode(CODEC, original, {**settings, "level": "ultra"}, Job())
    assert payload[:4] != bytes(4), "nothing was fine-tuned"
    assert len(payload) < len(plus)
    monkeypatch.setitem(sys.modules, "torch", None)
    restored = decode(CODEC, Coded(parameters, payload), original.size, Job())
    assert restored.tolist() == original.tolist()


@pytest.mark.usefixtures("one_thread")
def test_changes_that_do_not_pay_are_not_made(model: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 4, 3000).astype(np.uint8)
    weights = WarmStartArchitecture.read(model)
    changes = fine_tuning.fine_tune(
        weights, noise, rounds=1, learning_rate=1e-5, lanes=3, used=4000
    )
    assert list(changes) == []
    settings = {"level": "ultra", "model": str(model), "learning_rate": 1e-5}
    _, payload = encode(CODEC, noise, settings, Job())
    assert payload[:4] == bytes(4)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_changes_that_only_the_network_alone_needs_are_not_made(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acgz.nets.deepgeco.trial.saving", lambda *trial: 0.0)
    settings = {"level": "ultra", "model": str(model), "context": 8}
    _, payload = encode(CODEC, orderly(30_000), settings, Job())
    assert payload[:4] == bytes(4)


def test_only_what_the_network_will_code_is_learned() -> None:
    residues = np.arange(100, dtype=np.uint8)
    seen = fine_tuning.beginnings(residues, Grid(3, 3), lanes=4, used=2)
    assert seen.tolist() == [start + i for start in (0, 25, 50, 75) for i in range(6)]
    assert fine_tuning.beginnings(residues, Grid(3, 3), lanes=4, used=99).size == 100


@pytest.mark.usefixtures("one_thread")
def test_a_long_input_is_learned_from_its_beginning(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tuning, "_MOST_BATCHES", 1000)
    weights, lanes = WarmStartArchitecture.read(model), 4

    def changes(behind: int) -> list[bytes]:
        """Of lanes with the same 1,000 batches first and something of their own behind them."""
        rows = orderly(lanes * 3000).reshape(lanes, -1)
        others = np.random.default_rng(behind).integers(0, 4, (lanes, 1500), np.uint8)
        residues = np.concatenate([rows, others], axis=1).reshape(-1)
        found = fine_tuning.fine_tune(
            weights, residues, rounds=1, learning_rate=1e-3, lanes=lanes, used=1 << 30
        )
        return [each.to_bytes() for each in found]

    assert changes(1) == changes(2) != []


def test_ultra_without_pytorch_says_what_is_missing(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="PyTorch"):
        encode(CODEC, orderly(5000), {"level": "ultra", "model": str(model)}, Job())
