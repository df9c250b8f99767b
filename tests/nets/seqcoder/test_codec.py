"""SeqCoder gives the residues back with either residual, and says clearly what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from seqcoder_models import random_arrays, tiny_model

import codec_checks
from acgz import models, modes
from acgz.cli.main import main
from acgz.codec import Coded, Job, decode, encode
from acgz.coding import quaternary
from acgz.coding.bitstream import BitStream
from acgz.errors import (
    AcgzError,
    DamagedError,
    InputError,
    UsageError,
)
from acgz.nets.exact import operations
from acgz.nets.seqcoder import chunks
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture
from acgz.nets.seqcoder.codec import Parts
from acgz.nets.seqcoder.forms import FORMS
from acgz.nets.seqcoder.guesses import Guesses, ranks_to_bytes, residues_of_ranks
from acgz.nets.seqcoder.values import RESIDUE
from acgz.nets.workers import Workers
from codec_checks import orderly
from conftest import fasta
from paths import PHAGE

CODEC = modes.get_codec("seqcoder")
RESIDUALS = ["zstd", "coded"]
NUMPY = operations.backend()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path)


def round_trip(original: NDArray[np.uint8], model: Path, **settings: Any) -> Parts:
    """The parts of the payload; fails if the residues do not come back."""
    return Parts.of(codec_checks.round_trip(CODEC, original, {"model": str(model), **settings})[1])


@pytest.mark.parametrize("latent", FORMS)
@pytest.mark.parametrize("residual", RESIDUALS)
def test_chunks_of_the_documents_size_come_back(tmp_path: Path, residual: str, latent: str) -> None:
    model = tiny_model(tmp_path, latent, chunk=1280)
    for count in (1279, 1280, 1281):
        round_trip(orderly(count), model, residual=residual, latent=latent)


@pytest.mark.parametrize("sizes", [{"widths": "8,8,8"}, {"latents": 1}, {"latents": 40}])
@pytest.mark.parametrize("residual", RESIDUALS)
def test_another_shape_of_the_latent_space_comes_back(
    tmp_path: Path, residual: str, sizes: dict[str, Any]
) -> None:
    for count in (1, 7, 8, 9, 200):
        round_trip(orderly(count), tiny_model(tmp_path, **sizes), residual=residual)


@pytest.mark.parametrize("widths", ["6", "6,6,6"])
def test_another_factor_of_two_bits_comes_back(tmp_path: Path, widths: str) -> None:
    for count in (1, 7, 8, 9, 200):
        model = tiny_model(tmp_path, "twobit", widths=widths)
        round_trip(orderly(count), model, latent="twobit")


@pytest.mark.parametrize("residual", RESIDUALS)
def test_nothing_needs_pytorch(model: Path, residual: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    round_trip(orderly(500), model, residual=residual)


def phage(count: int) -> NDArray[np.uint8]:
    """The first bases of phage lambda, which no network of seqcoder has seen."""
    letters = np.frombuffer(b"".join(PHAGE.read_bytes().split(b"\n")[1:])[:count], np.uint8)
    return np.searchsorted(np.frombuffer(b"ACGT", np.uint8), letters).astype(np.uint8)


def test_the_two_bits_of_the_package_are_nearly_always_right() -> None:
    original = phage(4000)
    parameters, payload = encode(CODEC, original, {"latent": "twobit"}, Job())
    assert isinstance(parameters["mismatches"], int)
    assert parameters["mismatches"] <= 2
    assert len(payload) < original.size / 3.85
    assert decode(CODEC, Coded(parameters, payload), 4000, Job()).tolist() == original.tolist()


def shuffled(folder: Path, only: str) -> Path:
    """The network of the package with the numbers of each matrix in another order; ``only`` those
    whose names begin so."""
    network = SeqCoderArchitecture.read(models.packaged("seqcoder"))
    generator = np.random.default_rng(1)
    arrays = {
        name: generator.permutation(array.reshape(-1)).reshape(array.shape)
        if array.ndim > 1 and name.startswith(only)
        else array
        for name, array in sorted(network.arrays.items())  # a file's order is by chance
    }
    path = folder / "shuffled.safetensors"
    network.architecture.write(path, arrays)
    return path


@pytest.mark.parametrize(
    ("part", "enlarged"),
    [("down", 1.05), ("bottleneck", 1.1), ("from_latent", 1.3), ("up", 1.3), ("block", 1.3)],
)
def test_every_part_of_the_network_of_the_package_matters(
    tmp_path: Path, part: str, enlarged: float
) -> None:
    """With the numbers of a part shuffled, archives are larger and fewer bases come back."""
    original = phage(12_800)
    known, payload = encode(CODEC, original, {}, Job())
    model = str(shuffled(tmp_path, part))
    by_chance, larger = encode(CODEC, original, {"model": model}, Job())
    assert len(larger) > enlarged * len(payload)
    assert by_chance["mismatches"] > 1.5 * known["mismatches"]  # type: ignore[operator]


def test_the_latent_values_of_the_package_are_not_the_bases() -> None:
    """No channel of a place says which of its 16 bases is which, as each of the two bits does."""
    d = SeqCoderArchitecture.read(models.packaged("seqcoder"))
    network = FORMS["int8"].network(NUMPY, d)
    original = phage(12_800)
    latents = chunks.encode(network, d.architecture, original, Workers())
    assert latents.shape == (800, 4)
    assert len(np.unique(latents)) > 0.9 * 8 * d.architecture.grid, "nearly every level is used"
    bases = original.reshape(800, 16)
    for channel in latents.T:
        quarter = np.argsort(np.argsort(channel, kind="stable"), kind="stable") * 4 // 800
        for column in bases.T:
            table = np.zeros((4, 4))
            np.add.at(table, (quarter, column), 1)
            assert table.max(1).sum() < 0.9 * 800


def perfect(original: NDArray[np.uint8]) -> Guesses:
    """What a decoder says that is always right."""
    ranking = (original[:, None] + np.arange(4, dtype=np.uint8)) % 4
    return Guesses(ranking.astype(np.uint8), np.zeros(original.size, np.uint8))


def test_right_guesses_cost_next_to_nothing() -> None:
    original = orderly(100_000)
    guesses = perfect(original)
    data = ranks_to_bytes(original, guesses)
    assert len(data) < 40
    assert residues_of_ranks(data, guesses, 0).tolist() == original.tolist()


@given(st.binary(max_size=300), st.integers(1, 40), st.integers(0, 1 << 20))
def test_any_mismatches_come_back(data: bytes, spread: int, seed: int) -> None:
    guessed = np.repeat(np.frombuffer(data, np.uint8) & 3, spread)
    guesses = perfect(guessed)
    generator = np.random.default_rng(seed)
    wrong = generator.random(guessed.size) < 1 / spread
    original = np.where(wrong, (guessed + generator.integers(1, 4, guessed.size)) % 4, guessed)
    original = original.astype(np.uint8)
    payload = ranks_to_bytes(original, guesses)
    count = int((original != guessed).sum())
    assert residues_of_ranks(payload, guesses, count).tolist() == original.tolist()


@settings(max_examples=40)
@given(st.binary(max_size=400), st.integers(1, quaternary.HINTS))
def test_any_symbols_come_back(data: bytes, hints: int) -> None:
    both = np.frombuffer(data, np.uint8)
    symbols, seen = both & 3, (both.astype(np.int64) * 7 % hints).astype(np.uint8)
    stream = BitStream()
    quaternary.code_symbols(stream, symbols.copy(), seen)
    restored = np.zeros(symbols.size, np.uint8)
    quaternary.code_symbols(BitStream(stream.finish()), restored, seen)
    assert restored.tolist() == symbols.tolist()


def size_of(symbols: NDArray[np.uint8], hints: NDArray[np.uint8]) -> int:
    stream = BitStream()
    quaternary.code_symbols(stream, symbols.copy(), hints)
    return len(stream.finish())


def test_what_hints_and_repeats_say_is_not_paid_for() -> None:
    noise = np.random.default_rng(3).integers(0, 4, 8000).astype(np.uint8)
    nothing = np.zeros_like(noise)
    whole = size_of(noise, nothing)
    assert 0.99 < whole / 2000 < 1.05
    assert size_of(noise, noise) < 0.02 * whole
    twice = np.concatenate([noise, noise])
    assert size_of(twice, np.zeros_like(twice)) < 1.3 * whole
    other_strand = np.concatenate([noise, 3 - noise[::-1]])
    assert size_of(other_strand, np.zeros_like(twice)) < 1.3 * whole


@pytest.mark.parametrize("latent", FORMS)
def test_backends_write_the_same_archive(tmp_path: Path, latent: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    original = orderly(1000)
    for residual in RESIDUALS:
        model = str(tiny_model(tmp_path, latent))
        chosen = {"model": model, "residual": residual, "latent": latent}
        here = encode(CODEC, original, {**chosen, "backend": "numpy"}, Job())
        there = encode(CODEC, original, {**chosen, "backend": "torch"}, Job())
        assert here == there


@pytest.mark.parametrize("latent", FORMS)
def test_a_chunk_does_not_depend_on_those_beside_it(tmp_path: Path, latent: str) -> None:
    model = FORMS[latent].architecture.read(tiny_model(tmp_path, latent))
    network, d = FORMS[latent].network(NUMPY, model), model.architecture
    bases = orderly(64 * 40)
    values = chunks.encode(network, d, bases, Workers())
    alone = chunks.encode(network, d, bases[64 * 17 : 64 * 18], Workers())
    assert (values[16 * 17 : 16 * 18] == alone).all()
    together = chunks.decode(network, d, values, bases.size, Workers())
    one = chunks.decode(network, d, alone, 64, Workers())
    assert (together.hints[64 * 17 : 64 * 18] == one.hints).all()


def test_hints_hold_the_first_two_guesses_and_how_sure_they_are() -> None:
    out = np.array([[0.0, 0.9, 0.1, 0.0], [0.5, 0.5, 0.0, 0.0]], np.float32)
    assert Guesses.by_output(out).hints.tolist() == [(1 * 4 + 2) * 8 + 6, (0 * 4 + 1) * 8]
    assert Guesses.by_output(out * 9).hints.tolist()[0] == (1 * 4 + 2) * 8 + 7


def test_guesses_are_the_residues_nearest_to_a_value() -> None:
    values = np.array([0.0, 0.24, 0.3, 0.49, 0.8, 1.0], np.float32)
    guesses = Guesses.by_value(values, RESIDUE)
    assert ["ACGT"[base] for base in guesses.best] == ["A", "T", "T", "C", "G", "G"]
    assert ["ACGT"[base] for base in guesses.ranking[2]] == ["T", "C", "A", "G"]
    assert guesses.hints.tolist() == [0, 30, 38, 62, 102, 127]


@pytest.mark.parametrize(
    "settings",
    [
        {"residual": "xz"},
        {"residual": 3},
        {"latent": "int4"},
        {"latent": None},
        {"model": 3},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        encode(CODEC, orderly(10), settings, Job())


@pytest.mark.parametrize(
    "change",
    [
        {"residual": "xz"},
        {"residual": None},
        {"residual": []},
        {"latent": "int4"},
        {"latent": None},
        {"mismatches": -1},
        {"mismatches": 601},
        {"mismatches": 1},
        {"mismatches": 0},
        {"mismatches": None},
    ],
)
def test_stored_parameters_are_not_trusted(model: Path, change: dict[str, Any]) -> None:
    original = orderly(600)
    parameters, payload = encode(CODEC, original, {"model": str(model)}, Job())
    with pytest.raises(DamagedError):
        decode(CODEC, Coded({**parameters, **change}, payload), original.size, Job())


@pytest.mark.parametrize("residual", RESIDUALS)
def test_a_damaged_payload_is_an_error_or_other_residues(model: Path, residual: str) -> None:
    """The container notices other residues by its checksums."""
    original = orderly(300)
    parameters, payload = encode(
        CODEC, original, {"model": str(model), "residual": residual}, Job()
    )
    generator = np.random.default_rng(5)
    for number in range(120):
        damaged = bytearray(payload)
        if number % 4 == 0:
            del damaged[generator.integers(len(payload)) :]
        else:
            damaged[generator.integers(len(payload))] ^= 1 << generator.integers(8)
        try:
            restored = decode(CODEC, Coded(parameters, bytes(damaged)), 300, Job())
        except AcgzError:
            continue
        assert restored.shape == (300,)
        assert restored.max() <= 3


def test_a_zstd_frame_that_claims_to_be_huge_is_refused() -> None:
    import zstandard

    bomb = zstandard.compress(bytes(1 << 20))
    with pytest.raises(DamagedError, match="larger than what it is part of"):
        residues_of_ranks(bomb, perfect(orderly(10)), 3)
    for form in FORMS.values():
        with pytest.raises(DamagedError, match="larger than what it is part of"):
            form.from_bytes(bomb, (5, 4))
        with pytest.raises(DamagedError, match="do not decode"):
            form.from_bytes(zstandard.compress(bytes(3)), (5, 4))


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    d = SeqCoderArchitecture(chunk=64, widths="8,8")
    arrays = random_arrays(d)
    models.write(path, {"kind": "another"}, arrays)
    with pytest.raises(InputError):
        encode(CODEC, orderly(10), {"model": str(path)}, Job())
    for changed in (
        {"chunk": 63},
        {"chunk": 1 << 30},
        {"latents": 0},
        {"heads": 3},
        {"widths": []},
        {"widths": 3},
        {"widths": [8]},
        {"widths": [8, 12]},
        {"widths": [2, 8]},
        {"widths": [1 << 40]},
        {"widths": ["x"]},
        {"widths": [8] * 9},
    ):
        models.write(path, {**d.to_json(), **changed}, arrays)
        with pytest.raises(InputError, match="no network of the kind seqcoder"):
            encode(CODEC, orderly(10), {"model": str(path)}, Job())
    models.write(path, d.to_json(), {**arrays, "to_latent.bias": np.full(4, np.nan, np.float16)})
    with pytest.raises(InputError, match="weight that is no number"):
        encode(CODEC, orderly(10), {"model": str(path)}, Job())
    with pytest.raises(InputError, match="seqcoder-twobit"):
        encode(CODEC, orderly(10), {"model": str(tiny_model(tmp_path)), "latent": "twobit"}, Job())


def test_the_command_line_knows_the_residual(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genome, archive = tmp_path / "genome.fa", tmp_path / "genome.acgz"
    genome.write_bytes(fasta(2000))
    line = ["compress", "-q", "-m", "seqcoder", "--residual", "coded", "--model", str(model)]
    assert main([*line, str(genome), "-o", str(archive)]) == 0
    assert main(["info", "--json", str(archive)]) == 0
    assert json.loads(capsys.readouterr().out)[0]["mode"] == "seqcoder"
    restored = tmp_path / "restored.fa"
    assert main(["decompress", "-q", str(archive), "-o", str(restored)]) == 0
    assert restored.read_bytes() == genome.read_bytes()
