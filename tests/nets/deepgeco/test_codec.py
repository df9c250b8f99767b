"""DeepGeCo gives the residues back in every mode, and says clearly what is missing."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from deepgeco_models import small_numbers, tiny_model
from numpy.typing import NDArray

import acgz
import codec_checks
from acgz import models, modes
from acgz.codec import Coded, Job, decode, encode
from acgz.errors import (
    DamagedError,
    MissingDependencyError,
    MissingModelError,
    UsageError,
)
from acgz.nets.deepgeco import codec, mixer
from acgz.nets.deepgeco.grid import Grid
from acgz.nets.deepgeco.numbers import NUMBERS
from acgz.nets.deepgeco.repeats import share_of_repeats
from acgz.nets.deepgeco.settings import DeepGeCoSettings as Settings
from acgz.nets.exact import operations
from acgz.nets.workers import Workers
from codec_checks import orderly

CODEC = modes.get_codec("deepgeco")


@pytest.fixture(autouse=True)
def small_supporter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Supporter's form, but tiny: the tests are about bytes, not about bits/base."""
    monkeypatch.setattr("acgz.nets.deepgeco.codec.NUMBERS", small_numbers())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path)


def round_trip(original: NDArray[np.uint8], **settings: Any) -> int:
    """Size of the payload; fails if the residues do not come back."""
    return len(codec_checks.round_trip(CODEC, original, settings)[1])


@pytest.mark.parametrize("level", ["mini", "plus"])
def test_residues_around_the_usual_context_come_back(model: Path, level: str) -> None:
    for count in (95, 96, 97, 98, 2000):
        round_trip(orderly(count), level=level, model=str(model))


@pytest.mark.parametrize(
    ("level", "sk", "plain"),
    [
        ("mini", "1,1", True), ("plus", "1,3", True), ("mini", "2,3", False), ("mini", "3,4", True),
        ("plus", "4,4", False), ("mini", "1,8", False), ("plus", "3,8", False),
    ],
)  # fmt: skip
def test_every_kind_of_grid_comes_back(tmp_path: Path, level: str, sk: str, plain: bool) -> None:
    grid = Grid.of(sk)
    path = tiny_model(tmp_path, "gru", grid.s, grid.k, plain=plain)
    round_trip(orderly(300), level=level, model=str(path), sk=sk, plain=plain, context=8)


@pytest.mark.parametrize("lanes", [2, 7, 64])
def test_any_number_of_lanes_comes_back(
    model: Path, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acgz.nets.deepgeco.settings.SHORTEST_LANE", 4)
    round_trip(orderly(64 * 4 * 3 + 1), level="mini", model=str(model), lanes=lanes)


@pytest.mark.parametrize(("ts", "least"), [(0, 0), (50, 0), (100, 0), (1, 10)])
def test_any_threshold_comes_back(model: Path, ts: float, least: int) -> None:
    round_trip(orderly(300), model=str(model), ts=ts, least=least, context=8)


def test_the_papers_bidirectional_network_comes_back(tmp_path: Path) -> None:
    path = tiny_model(tmp_path, "bigru")
    for level in ("mini", "plus"):
        round_trip(orderly(100), level=level, model=str(path), context=8)


def test_the_supporter_alone_comes_back_and_learns() -> None:
    original = orderly(6_000)
    size = round_trip(original, warm_start="none", context=8, lanes=4)
    assert size < 0.9 * original.size / 4


def test_few_kmers_make_a_small_alphabet() -> None:
    original = np.tile(np.array([0, 1, 2], np.uint8), 100)
    parameters, _ = encode(CODEC, original, {"warm_start": "none", "context": 8}, Job())
    assert isinstance(parameters["kmers"], bytes)
    round_trip(original, warm_start="none", context=8)


def test_only_continuations_cost_bits(tmp_path: Path) -> None:
    original = orderly(3000)
    path = tiny_model(tmp_path, "gru", 1, 3)
    continuations = round_trip(original, level="mini", model=str(path), sk="1,3")
    path = tiny_model(tmp_path, "gru", 1, 3, plain=True)
    plain = round_trip(original, level="mini", model=str(path), sk="1,3", plain=True)
    assert continuations < 0.5 * plain


@pytest.mark.usefixtures("one_thread")
def test_backends_write_the_same_archive(model: Path) -> None:
    original = orderly(200)
    for level in ("mini", "plus"):
        settings = {"level": level, "model": str(model), "context": 8, "ts": 50}
        here = encode(CODEC, original, {**settings, "backend": "numpy"}, Job())
        there = encode(CODEC, original, {**settings, "backend": "torch"}, Job())
        assert here == there


def test_a_backend_that_is_missing_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="PyTorch"):
        encode(CODEC, orderly(5), {"model": str(model), "backend": "torch"}, Job())


def test_a_model_that_is_gone_is_named_by_its_digest(model: Path) -> None:
    archive = acgz.compress(b">a\n" + b"ACGT" * 50, "deepgeco-mini", model=str(model))
    digest = models.digest_of(model)[:8].hex()
    model.unlink()
    with pytest.raises(MissingModelError, match=digest):
        acgz.decompress(archive)


def test_an_absent_default_model_tells_how_to_get_on() -> None:
    with pytest.raises(MissingModelError, match="train warm-start"):
        encode(CODEC, orderly(10), {"sk": "5,6"}, Job())


def test_a_model_for_another_grid_is_refused(model: Path) -> None:
    with pytest.raises(UsageError, match="not for"):
        encode(CODEC, orderly(10), {"model": str(model), "sk": "2,3"}, Job())


@pytest.mark.parametrize(
    "settings",
    [
        {"level": "maxi"},
        {"sk": "4,3"},
        {"sk": "three"},
        {"sk": "1,2,3"},
        {"sk": "²,³"},
        {"sk": "3,9"},
        {"lanes": 0},
        {"context": 30},
        {"ts": 101},
        {"least": -1},
        {"ts": "many"},
        {"warm_start": "none", "level": "mini"},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        encode(CODEC, orderly(10), settings, Job())


@pytest.mark.parametrize(
    "change",
    [
        {"level": "maxi"},
        {"level": None},
        {"sk": "9,9"},
        {"sk": 3},
        {"lanes": 0},
        {"lanes": 1 << 40},
        {"context": 7},
        {"context": 1 << 30},
        {"ts": float("nan")},
        {"least": 1.5},
        {"kmers": b"nonsense"},
        {"kmers": zstandard.compress(bytes(1 << 20))},
        {"kmers": 5},
    ],
)
def test_stored_parameters_are_not_trusted(model: Path, change: dict[str, Any]) -> None:
    original = orderly(60)
    parameters, payload = encode(CODEC, original, {"level": "mini", "model": str(model)}, Job())
    if {"context", "ts", "least"} & set(change):
        parameters["level"] = "plus"
    with pytest.raises(DamagedError):
        decode(CODEC, Coded({**parameters, **change}, payload), original.size, Job())


def test_the_numbers_that_decoding_depends_on_do_not_change_by_accident() -> None:
    assert json.dumps(asdict(NUMBERS)) == (
        '{"shape": {"context": 32, "embedding": 64, "heads": 8, "ffn": 4096, '
        '"rate": 0.0025, "cooling": 400.0, "decay": 0.97, "spread": 2.0}, '
        '"delta": {"first": -2.0, "rate": 0.05, "decay": 0.999}}'
    )


def test_the_warm_start_predicts_what_comes_before_the_supporters_context(model: Path) -> None:
    beginning = orderly(3 * 32)
    settings = {"model": str(model), "context": 32}
    _, alone = encode(CODEC, beginning, {**settings, "level": "mini"}, Job())
    _, both = encode(CODEC, beginning, {**settings, "level": "plus"}, Job())
    assert alone == both


def test_gamma_is_equation_3() -> None:
    assert mixer.gamma(1, 10, 0.25) == pytest.approx((1 - math.sin(0.1)) * 0.75)
    assert mixer.gamma(10, 10, 0.0) == pytest.approx(1 - math.sin(1))
    assert mixer.gamma(11, 10, 0.0) == 0.0
    assert mixer.gamma(5, 10, 1.0) == 0.0


def test_sine_agrees_with_the_library() -> None:
    for x in np.linspace(0, 1, 101):
        assert mixer.sine(float(x)) == pytest.approx(math.sin(x), abs=1e-13)


def test_threshold_is_a_share_of_the_batches() -> None:
    assert mixer.warm_batches(tokens=32_000, batch=320, ts=10) == 10
    assert mixer.warm_batches(tokens=32_001, batch=320, ts=10) == 11
    assert mixer.warm_batches(tokens=5, batch=320, ts=0) == 0


@pytest.mark.parametrize("tokens", [1, 32_001, 10**10])
def test_the_warm_start_takes_part_to_the_end_unless_told_otherwise(tokens: int) -> None:
    usual = Settings()
    batches = mixer.warm_batches(tokens, 320, usual.ts, usual.least)
    assert batches * 320 >= tokens


def test_the_share_of_the_warm_start_falls_slowly_on_short_sequences() -> None:
    assert mixer.warm_batches(tokens=32_000, batch=320, ts=10, least=50) == 50
    assert mixer.warm_batches(tokens=320_000, batch=320, ts=10, least=50) == 100
    assert mixer.warm_batches(tokens=320_000, batch=320, ts=0, least=50) == 0


def test_mixed_logits_are_equation_2() -> None:
    warm, own = np.array([[1.0, 2.0]], np.float32), np.array([[3.0, -2.0]], np.float32)
    assert mixer.mix(warm, own, 0.25).tolist() == [[2.5, -1.0]]


def test_delta_moves_towards_what_predicts_better() -> None:
    delta = mixer.Delta(operations.backend(), mixer.Learning(first=0.0, rate=0.02, decay=0.999))
    assert delta.value == 0.5
    for _ in range(50):
        delta.learn(fading=1.0, by_gamma=3.0)  # more Warm-Start would raise the loss
    assert delta.value > 0.6


@pytest.mark.parametrize("pace", [2, 5, 1024])
def test_any_pace_of_learning_comes_back(model: Path, pace: int) -> None:
    settings = {"model": str(model), "level": "plus", "context": 4, "lanes": 3, "pace": pace}
    original = orderly(600)
    coded = encode(CODEC, original, settings, Job())
    assert decode(CODEC, coded, 600, Job()).tolist() == original.tolist()
    assert coded.parameters["pace"] == pace
    assert coded.payload != encode(CODEC, original, {**settings, "pace": 1}, Job()).payload


def test_a_collection_has_fewer_lanes_for_the_supporter() -> None:
    """What comes again is counted by words, wherever they stand and in whatever part."""
    genome = codec_checks.residues(60_000)
    assert share_of_repeats(genome) == 0
    assert share_of_repeats(np.tile(genome, 20)) == pytest.approx(0.95)
    assert share_of_repeats(genome[:5]) == share_of_repeats(genome[:24]) == 0
    for level, repeated, lanes in (("plus", 0.9, 64), ("plus", 0.3, 320), ("mini", 0.9, 320)):
        assert Settings(level=level).lanes_for(10**7, repeated) == lanes
    assert Settings(lanes=100).lanes_for(10**7, 0.9) == 100
    alone = Settings(warm_start="none")
    assert codec.prepare(np.tile(genome[:3000], 30), alone, Job(), Workers()).lanes == 64
    assert codec.prepare(codec_checks.residues(90_000), alone, Job(), Workers()).lanes == 117


def test_short_sequences_have_few_lanes() -> None:
    assert Settings().lanes_for(100) == 1
    assert Settings().lanes_for(256 * 5) == 5
    assert Settings().lanes_for(10**7) == 320
