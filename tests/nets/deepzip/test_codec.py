"""The recurrent networks give the residues back in every form, and say clearly what is missing."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from deepzip_models import random_arrays, tiny, tiny_model
from numpy.typing import NDArray

import acgz
import codec_checks
from acgz import modes
from acgz.codec import Coded, Job, decode, encode
from acgz.errors import (
    DamagedError,
    InputError,
    MissingDependencyError,
    MissingModelError,
    UsageError,
)
from acgz.modes import get_mode, mode_of
from acgz.nets.deepzip import predictor, wave
from acgz.nets.deepzip.architecture import NETWORKS, DeepZipArchitecture
from acgz.nets.deepzip.division import Division
from acgz.nets.deepzip.settings import DeepZipSettings as Settings
from acgz.nets.deepzip.stored import StoredWeights
from acgz.nets.exact import operations
from codec_checks import orderly
from conftest import fasta

CODEC = modes.get_codec("deepzip")
NUMPY = operations.backend("numpy")


def settings_for(d: DeepZipArchitecture, path: Path, **others: Any) -> dict[str, Any]:
    named = {"network": d.network, "units": d.units, "m": d.m, "alphabet": d.alphabet}
    return {**named, "dense": d.dense, "model": str(path), **others}


def round_trip(original: NDArray[np.uint8], **settings: Any) -> int:
    """Size of the payload; fails if the residues do not come back."""
    return len(codec_checks.round_trip(CODEC, original, settings)[1])


def test_the_documents_networks_are_spellings_of_one_mode() -> None:
    assert get_mode("deepzip-bilstm-128").settings == {"network": "bilstm", "units": 128}
    assert mode_of("deepzip", {"network": "gru", "units": 64, "k": 32}) == "deepzip-gru-64"
    for name in ("deepzip-lstm", "deepzip-lstm-32-1", "deepzip-", "deepzipx-lstm-32"):
        with pytest.raises(UsageError, match="no mode"):
            get_mode(name)
    with pytest.raises(UsageError, match="network must be one of rnn, lstm"):
        acgz.compress(b"ACGT", "deepzip-transformer-32")


@pytest.mark.parametrize(
    ("network", "units"),
    [("rnn", 128), ("lstm", 32), ("gru", 64), ("birnn", 32), ("bilstm", 64), ("bigru", 128)],
)
def test_networks_of_the_documents_sizes_come_back(
    network: str, units: int, tmp_path: Path
) -> None:
    path = tiny_model(tmp_path, DeepZipArchitecture(network, units, m=1, dense=4))
    text = b">a\n" + b"ACGTTGCA" * 9 + b"\n"
    mode = f"deepzip-{network}-{units}"
    archive = acgz.compress(text, mode, model=str(path), m=1, dense=4, lanes=2)
    assert acgz.decompress(archive) == text


@pytest.mark.parametrize("m", [1, 2, 4])
@pytest.mark.parametrize("network", ["gru", "birnn"])
def test_every_remainder_comes_back(tmp_path: Path, network: str, m: int) -> None:
    d = tiny(network, m=m)
    path = tiny_model(tmp_path, d)
    for count in (0, 1, 7, 8, 9, 11, 12, 13, 17, 26):
        for lanes in (1, 3):
            round_trip(orderly(count), **settings_for(d, path, k=8, lanes=lanes))


@pytest.mark.parametrize(("network", "k"), [("lstm", 64), ("bigru", 32)])
def test_the_documents_windows_come_back(tmp_path: Path, network: str, k: int) -> None:
    d = tiny(network, m=2)
    round_trip(orderly(150), **settings_for(d, tiny_model(tmp_path, d), k=k))


@pytest.mark.parametrize("lanes", [2, 320, 700])
def test_any_number_of_lanes_comes_back(tmp_path: Path, lanes: int) -> None:
    d = tiny("gru")
    round_trip(orderly(700), **settings_for(d, tiny_model(tmp_path, d), k=4, lanes=lanes))


@pytest.mark.parametrize(("network", "m"), [("rnn", 4), ("lstm", 1), ("gru", 4)])
def test_a_carried_state_comes_back(tmp_path: Path, network: str, m: int) -> None:
    d = tiny(network, m=m)
    path = tiny_model(tmp_path, d)
    round_trip(orderly(403), **settings_for(d, path, k=8, state="carried", lanes=3))


@pytest.mark.parametrize(("network", "m"), [("rnn", 1), ("bilstm", 2), ("gru", 4)])
def test_the_documents_alphabet_with_n_comes_back(tmp_path: Path, network: str, m: int) -> None:
    d = tiny(network, m=m, alphabet=5)
    round_trip(orderly(203), **settings_for(d, tiny_model(tmp_path, d), k=8))


@pytest.mark.usefixtures("one_thread")
def test_five_symbols_cost_next_to_nothing_since_no_n_is_left_to_code() -> None:
    """The document's A, C, G, T, N: a network that has learned that N does not come."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    text = fasta(30_000).replace(b"A" * 4, b"NNNN")
    assert text.count(b"N") > 100
    fitted = {"fit": True, "epochs": 4, "dense": 8}
    sizes = {}
    for alphabet in (4, 5):
        archive = acgz.compress(text, "deepzip-rnn-32", alphabet=alphabet, **fitted)
        assert acgz.decompress(archive) == text
        sizes[alphabet] = len(archive)
    assert sizes[4] < sizes[5] + 100
    assert sizes[5] < 1.02 * sizes[4] + 100


def test_heads_and_tokens_are_cut_as_section_6_1_1_says() -> None:
    division = Division(count=21, lanes=2, k=4, m=4, alphabet=4)  # lanes of 11 and 10
    symbols = orderly(21)
    heads, tokens = division.split(symbols)
    assert heads.tolist() == [*symbols[:7], *symbols[11:17]]  # k + 3 and k + 2
    assert tokens.tolist() == [int(symbols[i : i + 4] @ [64, 16, 4, 1]) for i in (7, 17)]
    assert division.before(heads).T.tolist() == [symbols[3:7].tolist(), symbols[13:17].tolist()]
    assert division.join(heads, tokens).tolist() == symbols.tolist()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_exact_cells_agree_with_float64(cell: str) -> None:
    draw = np.random.default_rng(1).standard_normal
    gates, biases = {"rnn": (1, 1), "lstm": (4, 4), "gru": (3, 4)}[cell]
    a, b = (draw((6, gates * 5)).astype(np.float32) for _ in range(2))
    bias = draw(biases * 5).astype(np.float32)
    state = draw((6, 5)).astype(np.float32)

    def part(x: NDArray[Any], number: int) -> NDArray[np.float64]:
        return x[..., number * 5 : number * 5 + 5].astype(np.float64)

    def logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-x))

    gate = [part(a, i) + part(b, i) + part(bias, i) for i in range(gates)]
    if cell == "rnn":
        found, expected = NUMPY.rnn(a, b, bias), np.tanh(gate[0])
    elif cell == "lstm":
        cells = logistic(gate[1]) * state + logistic(gate[0]) * np.tanh(gate[2])
        found, found_cells = NUMPY.lstm(a, b, bias, state)
        assert np.abs(found_cells - cells).max() < 2e-6
        expected = logistic(gate[3]) * np.tanh(cells)
    else:
        inner = part(b, 2) + part(bias, 3)
        new = np.tanh(part(a, 2) + part(bias, 2) + logistic(gate[0]) * inner)
        expected = new + logistic(gate[1]) * (state - new)
        found = NUMPY.gru(a, b, bias, state)
    assert np.abs(found - expected).max() < 2e-6


def test_rows_of_the_input_are_repeated_on_both_backends() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    torch = operations.backend("torch", "cpu")
    draw = np.random.default_rng(1).standard_normal
    a, b, bias, state = (
        draw(shape).astype(np.float32) for shape in ((3, 20), (12, 20), (20,), (12, 5))
    )
    there = [torch.array(x) for x in (a, b, bias, state)]
    whole = np.tile(a, (4, 1))

    def same(*arrays: Any) -> None:
        assert len({np.asarray(array).tobytes() for array in arrays}) == 1

    for i in (0, 1):
        results = (NUMPY.lstm(a, b, bias, state), NUMPY.lstm(whole, b, bias, state))
        same(*(result[i] for result in results), torch.numpy(torch.lstm(*there)[i]))
    same(NUMPY.rnn(a, b, bias), NUMPY.rnn(whole, b, bias), torch.numpy(torch.rnn(*there[:3])))
    a, b, whole = (np.ascontiguousarray(x[:, :15]) for x in (a, b, whole))
    there = [torch.array(x) for x in (a, b, bias, state)]
    results = (NUMPY.gru(a, b, bias, state), NUMPY.gru(whole, b, bias, state))
    same(*results, torch.numpy(torch.gru(*there)))


@pytest.mark.parametrize(("network", "m"), [("rnn", 1), ("lstm", 4), ("gru", 1)])
def test_windows_read_together_are_windows_read_one_by_one(network: str, m: int) -> None:
    d, k, lanes = tiny(network, m=m), 12, 3
    arrays = random_arrays(d)
    symbols = np.random.default_rng(2).integers(0, 4, (k + 5 * m, lanes))
    together = wave.Wave(NUMPY, d, arrays, symbols[:k])
    for at in range(0, 5 * m, m):
        if at:
            together.read(symbols[k + at - m : k + at])
        alone = wave.Carried(NUMPY, d, arrays, symbols[at : at + k])
        assert together.logits().tobytes() == alone.logits().tobytes()


@pytest.mark.parametrize("network", NETWORKS)
def test_exact_inference_agrees_with_the_trained_network(network: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from acgz.nets.deepzip.torch_network import TorchRecurrent, arrays

    torch.manual_seed(3)
    d, k = DeepZipArchitecture(network, 16, 2, 4, dense=8), 10
    module = TorchRecurrent(d)
    symbols = np.random.default_rng(2).integers(0, 4, (k, 7))
    exact = predictor.make(NUMPY, d, arrays(module), symbols, carried=False)
    with torch.no_grad():
        expected = module(torch.from_numpy(symbols), k - 1)[0].numpy()
    assert expected.std() > 0.05, "a network without an opinion proves nothing"
    assert np.abs(exact.logits() - expected).max() < 0.01


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("network", ["lstm", "bigru"])
def test_backends_write_the_same_archive(tmp_path: Path, network: str) -> None:
    d = tiny(network, units=8)
    settings = settings_for(d, tiny_model(tmp_path, d), k=8, lanes=4)
    here = encode(CODEC, orderly(200), {**settings, "backend": "numpy"}, Job())
    there = encode(CODEC, orderly(200), {**settings, "backend": "torch"}, Job())
    assert here == there


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("network", "m"), [("gru", 1), ("lstm", 2), ("birnn", 2)])
def test_fitting_lowers_the_size_and_decodes_without_pytorch(
    network: str, m: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = orderly(20_000)
    settings = {"network": network, "units": 8, "m": m, "dense": 8, "k": 8}
    settings |= {"fit": True, "epochs": 4, "learning_rate": 0.02}
    parameters, payload = encode(CODEC, original, settings, Job())
    assert len(payload) < 0.95 * original.size / 4
    assert encode(CODEC, original, settings, Job()) == (parameters, payload), "the seed decides"
    monkeypatch.setitem(sys.modules, "torch", None)
    restored = decode(CODEC, Coded(parameters, payload), original.size, Job())
    assert restored.tolist() == original.tolist()


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("count", [0, 8, 9, 10, 40])
@pytest.mark.parametrize("network", ["rnn", "birnn"])
def test_short_inputs_can_be_fitted(network: str, count: int) -> None:
    size = round_trip(
        orderly(count), network=network, units=2, m=1, k=8, dense=2, fit=True, epochs=1
    )
    assert size < 400


def test_fitting_without_pytorch_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for settings in ({"network": "birnn"}, {"network": "lstm", "fit": True}):
        with pytest.raises(MissingDependencyError, match=r"PyTorch.*--model"):
            encode(CODEC, orderly(500), settings, Job())
    with pytest.raises(MissingDependencyError, match="PyTorch"):
        encode(CODEC, orderly(5), {"backend": "torch"}, Job())


def test_an_absent_default_model_tells_how_to_get_on() -> None:
    with pytest.raises(MissingModelError, match=r"train deepzip.*--fit"):
        encode(CODEC, orderly(90), {"network": "birnn", "fit": False}, Job())


def test_a_model_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tiny_model(tmp_path, tiny("gru"))
    with pytest.raises(UsageError, match="gru-4"):
        encode(CODEC, orderly(90), {"network": "lstm", "model": str(path)}, Job())
    path.write_bytes(b"nonsense")
    with pytest.raises(InputError, match="not a model"):
        encode(CODEC, orderly(90), {"model": str(path)}, Job())


@pytest.mark.parametrize(
    "settings",
    [
        {"network": "transformer"},
        {"units": 0},
        {"units": 1 << 20},
        {"m": 3},
        {"m": "2"},
        {"k": 0},
        {"k": 33, "m": 2},
        {"alphabet": 6},
        {"alphabet": 4.0},
        {"lanes": 0},
        {"epochs": 0},
        {"state": "solid"},
        {"network": "bigru", "state": "carried"},
        {"fit": 3},
        {"fit": True, "model": "x"},
        {"learning_rate": 2},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        encode(CODEC, orderly(10), settings, Job())


@pytest.mark.parametrize(
    "change",
    [
        {"network": "transformer"},
        {"network": "gru"},
        {"network": None},
        {"units": 5},
        {"units": 1 << 40},
        {"m": 2},
        {"m": True},
        {"k": 1 << 30},
        {"k": -8},
        {"alphabet": 7},
        {"alphabet": 5},
        {"dense": 5},
        {"state": "solid"},
        {"lanes": 0},
        {"lanes": 1 << 40},
        {"weights": 3},
        {"weights": -1},
        {"weights": 1 << 40},
    ],
)
def test_stored_parameters_are_not_trusted(tmp_path: Path, change: dict[str, Any]) -> None:
    d = tiny()
    settings = settings_for(d, tiny_model(tmp_path, d), k=8)
    parameters, payload = encode(CODEC, orderly(60), settings, Job())
    with pytest.raises(DamagedError):
        decode(CODEC, Coded({**parameters, **change}, payload), 60, Job())


def test_one_network_is_enough(tmp_path: Path) -> None:
    d = tiny()
    settings = settings_for(d, tiny_model(tmp_path, d), k=8)
    parameters, payload = encode(CODEC, orderly(60), settings, Job())
    weights = StoredWeights.of(random_arrays(d), 8).to_bytes(d)
    both = Coded({**parameters, "weights": len(weights)}, weights + payload)
    with pytest.raises(DamagedError, match="more than one network"):
        decode(CODEC, both, 60, Job())


def test_weights_that_say_they_are_huge_are_refused_before_there_is_room_for_them() -> None:
    bomb = zstandard.compress(bytes(1 << 28))
    tracemalloc.start()
    try:
        with pytest.raises(DamagedError, match="larger than what it is part of"):
            StoredWeights.from_bytes(bomb, tiny())
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_damaged_weights_are_found_out() -> None:
    d = tiny()
    good = StoredWeights.of(random_arrays(d), 8)
    data = good.to_bytes(d)
    assert StoredWeights.from_bytes(data, d).to_bytes(d) == data
    broken = StoredWeights(good.steps, {**good.scales, "dense.bias": np.full(1, np.inf, "f2")})
    for damaged in (b"", data[:-5], b"x" * 40, broken.to_bytes(d)):
        with pytest.raises(DamagedError, match=r"weights|zstd frame"):
            StoredWeights.from_bytes(damaged, d)
    with pytest.raises(DamagedError, match="zstd frame"):
        StoredWeights.from_bytes(data, tiny("gru"))


def test_weights_keep_what_their_bits_allow() -> None:
    arrays = random_arrays(tiny(units=16))
    for bits in (3, 5, 8):
        stored = StoredWeights.of(arrays, bits)
        for name, array in stored.arrays().items():
            step = np.abs(arrays[name]).max() / (2 ** (bits - 1) - 1)
            assert np.abs(array - arrays[name]).max() < 0.52 * step
            assert np.abs(stored.steps[name]).max() <= 2 ** (bits - 1) - 1


def test_short_sequences_have_few_lanes() -> None:
    assert Settings().lanes_for(100) == 1
    assert Settings().lanes_for(512 * 5) == 5
    assert Settings().lanes_for(10**7) == 320
    assert Settings(lanes=7).lanes_for(3) == 3
