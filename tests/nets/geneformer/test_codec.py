"""GeneFormer gives the residues back, grouped or not, and says clearly what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geneformer_models import tiny_arrays, tiny_description, tiny_model
from numpy.typing import NDArray

import acgz
import codec_checks
from acgz import models, modes
from acgz.cli.main import main
from acgz.codec import Coded, Job, decode, encode
from acgz.coding.predictor import PRECISION
from acgz.errors import (
    DamagedError,
    InputError,
    LimitError,
    MissingDependencyError,
    MissingModelError,
    UsageError,
)
from acgz.nets.exact import operations
from acgz.nets.geneformer import predictor
from acgz.nets.geneformer.architecture import CONTEXT, Description, shapes
from acgz.nets.geneformer.folding import fold, times
from acgz.nets.geneformer.settings import MOST_GROUPS
from acgz.nets.geneformer.settings import GeneFormerSettings as Settings
from codec_checks import residues

CODEC = modes.get_codec("geneformer")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path)


def round_trip(original: NDArray[np.uint8], **settings: Any) -> tuple[dict[str, Any], bytes]:
    """Fails if the residues do not come back."""
    return codec_checks.round_trip(CODEC, original, settings)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 63, 64, 65, 66, 127, 128, 129, 200])
def test_residues_come_back(model: Path, count: int) -> None:
    parameters, _ = round_trip(residues(count), model=str(model))
    assert parameters["lanes"] == 1


@pytest.mark.parametrize("count", [0, 1, 127, 128, 255, 256, 257, 383, 384, 385, 700, 128 * 33 + 5])
def test_groups_come_back(model: Path, count: int) -> None:
    parameters, _ = round_trip(residues(count), model=str(model), grouped=True, group=128)
    assert parameters["lanes"] == max(1, count // 128)


@pytest.mark.parametrize(
    "sizes",
    [
        {"dimension": 12, "heads": 3},
        {"latent": False},
        {"segments": 0},
        {"segments": 3},
        {"latent": False, "segments": 2},
    ],
)
def test_every_form_of_the_network_comes_back(tmp_path: Path, sizes: dict[str, Any]) -> None:
    path = tiny_model(tmp_path, **sizes)
    round_trip(residues(700), model=str(path), grouped=True, group=200)


def test_the_first_64_bases_of_every_group_take_2_bits_each(model: Path) -> None:
    description = tiny_description()
    made = predictor.GeneFormer(operations.backend(), description, tiny_arrays(description), 3)
    for step in range(CONTEXT):
        assert (made.frequencies() == (1 << PRECISION) // 4).all()
        made.update(residues(3, seed=step))
    assert not (made.frequencies() == (1 << PRECISION) // 4).all()
    _, payload = round_trip(residues(64), model=str(model))
    assert len(payload) <= 64 // 4 + 4


def test_groups_do_not_know_each_other(model: Path) -> None:
    """A lane among others has the logits that it has alone, whatever tile it is in."""
    description = tiny_description()
    arrays = tiny_arrays(description)
    bases = residues(70 * 70).reshape(70, 70)
    together = predictor.GeneFormer(operations.backend(), description, arrays, 70)
    alone = predictor.GeneFormer(operations.backend(), description, arrays, 1)
    for step in range(70):
        together.update(bases[:, step])
        alone.update(bases[41:42, step])
    assert together.logits()[41].tolist() == alone.logits()[0].tolist()


def test_only_the_last_64_bases_and_the_memory_count() -> None:
    """Without a memory the bases before do not matter; with one they do."""
    for segments, same in ((0, True), (1, False)):
        description = tiny_description(segments=segments)
        made = predictor.GeneFormer(operations.backend(), description, tiny_arrays(description), 2)
        tail = residues(CONTEXT)
        before = np.stack([residues(90, seed=5), residues(90, seed=6)])
        for bases in np.concatenate([before, np.stack([tail, tail])], axis=1).T:
            made.update(bases)
        first, second = made.logits()
        assert (first.tolist() == second.tolist()) == same


def test_the_group_length_follows_from_what_it_may_cost() -> None:
    assert Settings(grouped=True).length == 213_000
    assert Settings(grouped=True, extra=0.0006).length == 213_333
    assert Settings(grouped=True, extra=0.0064, expected=1.0).length == 10_000
    assert Settings(grouped=True, extra=2.0).length == 128
    assert Settings(grouped=True, group=1000).groups_for(10_999) == 10
    assert Settings(grouped=True, group=1000).groups_for(0) == 1
    assert Settings(grouped=True, group=128).groups_for(10**9) == MOST_GROUPS
    assert Settings().groups_for(10**9) == 1


def test_a_whole_file_comes_back_with_its_n(model: Path) -> None:
    text = b">a b\nACGTNNNNNNacgtRYKACGU\n\n>empty\n>c\n" + b"ACGTTGCA" * 40 + b"NNN\r\n"
    for mode in ("geneformer", "geneformer-grouped"):
        archive = acgz.compress(text, mode, model=str(model))
        assert acgz.decompress(archive) == text


def test_n_takes_no_place_in_a_group(model: Path) -> None:
    """The layout has them: the first 64 bases of a group are free of N, wherever N stands."""
    with_n = acgz.compress(b">a\n" + b"N" * 200 + b"ACGT" * 50, "geneformer", model=str(model))
    without = acgz.compress(b">a\n" + b"ACGT" * 50, "geneformer", model=str(model))
    assert len(with_n) - len(without) < 16


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    "sizes", [{}, {"dimension": 10, "heads": 1, "segments": 2}, {"latent": False}]
)
def test_backends_write_the_same_archive(tmp_path: Path, sizes: dict[str, Any]) -> None:
    path = tiny_model(tmp_path, **sizes)
    settings = {"model": str(path), "grouped": True, "group": 150}
    here = encode(CODEC, residues(800), {**settings, "backend": "numpy"}, Job())
    there = encode(CODEC, residues(800), {**settings, "backend": "torch"}, Job())
    assert here == there


def test_decoding_does_without_pytorch_and_the_other_backend_says_what_is_missing(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    round_trip(residues(100), model=str(model))
    with pytest.raises(MissingDependencyError, match="PyTorch"):
        encode(CODEC, residues(5), {"model": str(model), "backend": "torch"}, Job())
    fasta = model.with_name("x.fa")
    fasta.write_bytes(b">a\nACGT\n")
    line = ["train", "geneformer", str(fasta), "-o", str(model.with_name("y.safetensors"))]
    assert main(line) == MissingDependencyError.exit_code


def test_a_model_that_is_gone_is_named_by_its_digest(model: Path) -> None:
    archive = acgz.compress(b">a\n" + b"ACGT" * 50, "geneformer", model=str(model))
    digest = models.digest_of(model).hex()
    model.unlink()
    with pytest.raises(MissingModelError, match=digest):
        acgz.decompress(archive)


def test_an_absent_model_of_the_package_tells_how_to_get_on() -> None:
    with pytest.raises(MissingModelError, match="train geneformer"):
        encode(CODEC, residues(10), {"model": "dodo"}, Job())


def test_a_file_that_is_no_model_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"not a model at all")
    with pytest.raises(InputError, match="not a model"):
        encode(CODEC, residues(10), {"model": str(path)}, Job())


def test_a_model_of_another_kind_is_refused(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    stored = models.read(model)
    models.write(other, {**stored.description, "kind": "something else"}, stored.arrays)
    with pytest.raises(UsageError, match="not a GeneFormer network"):
        encode(CODEC, residues(10), {"model": str(other)}, Job())
    parameters, payload = encode(CODEC, residues(10), {"model": str(model)}, Job())
    models.remember(other)
    with pytest.raises(DamagedError, match="not for it"):
        decode(
            CODEC, Coded({**parameters, "models": [models.digest_of(other)]}, payload), 10, Job()
        )


@pytest.mark.parametrize("name", list(shapes(Description())))
def test_arrays_that_do_not_fit_are_refused(name: str) -> None:
    description = tiny_description()
    arrays = tiny_arrays(description)
    for wrong in (arrays[name][:-1], arrays[name] * np.float16("inf")):
        with pytest.raises(InputError, match="arrays"):
            fold(description, {**arrays, name: wrong})
    del arrays[name]
    with pytest.raises(InputError, match="arrays"):
        fold(description, arrays)


@pytest.mark.parametrize(
    "fields",
    [
        {"dimension": 0},
        {"dimension": 9, "heads": 3},
        {"dimension": 8, "heads": 3},
        {"dimension": 1 << 20},
        {"heads": "2"},
        {"segments": -1},
        {"segments": 100},
        {"latent": 1},
        {"data": None},
        {"bits": "few"},
        {"depth": 3},
        {"kind": "warm-start"},
    ],
)
def test_descriptions_that_make_no_sense_are_refused(fields: dict[str, Any]) -> None:
    stored = tiny_description().to_json()
    assert Description.from_json(stored) == tiny_description()
    with pytest.raises(InputError, match="not a GeneFormer network"):
        Description.from_json({**stored, **fields})


@pytest.mark.parametrize(
    "settings",
    [
        {"model": ""},
        {"model": 3},
        {"grouped": "yes"},
        {"group": 1000},
        {"extra": 0.1},
        {"grouped": True, "group": 127},
        {"grouped": True, "group": 1000.0},
        {"grouped": True, "group": 1000, "extra": 0.1},
        {"grouped": True, "extra": 0},
        {"grouped": True, "extra": "little"},
        {"grouped": True, "expected": 2.0},
        {"backend": "abacus"},
        {"lanes": 3},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        encode(CODEC, residues(10), settings, Job())


@pytest.mark.parametrize(
    "damage",
    [
        {"lanes": 0},
        {"lanes": 101},
        {"lanes": 1.0},
        {"lanes": None},
        {"grouped": None},
        {"grouped": 1},
        {"models": []},
        {"models": None},
        {"models": ["text"]},
        {"models": [b"", b""]},
    ],
)
def test_damaged_parameters_are_damaged_errors(model: Path, damage: dict[str, Any]) -> None:
    parameters, payload = encode(CODEC, residues(100), {"model": str(model)}, Job())
    with pytest.raises(DamagedError):
        decode(CODEC, Coded({**parameters, **damage}, payload), 100, Job())


def test_a_block_that_needs_too_much_memory_is_refused(model: Path) -> None:
    parameters, payload = encode(CODEC, residues(100), {"model": str(model)}, Job())
    with pytest.raises(LimitError):
        decode(CODEC, Coded(parameters, payload), 100, Job(memory_limit=1 << 20))


def test_what_is_needed_is_more_than_what_is_there() -> None:
    """The estimate counts every array of the state."""
    for sizes in ({}, {"dimension": 64, "heads": 4}, {"segments": 5}):
        description = tiny_description(**sizes)
        made = predictor.GeneFormer(operations.backend(), description, tiny_arrays(description), 40)
        kept = sum(
            value.nbytes
            for tile in made._tiles
            for value in vars(tile).values()
            if isinstance(value, np.ndarray)
        )
        assert kept < predictor.memory_needed(description, 40)


def test_folding_multiplies_matrices() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    assert (times(a, b) == a @ b).all()
