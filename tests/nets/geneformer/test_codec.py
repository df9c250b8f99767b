"""GeneFormer gives the residues back, grouped or not, and says clearly what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from geneformer_models import tiny_architecture, tiny_model
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
    MissingDependencyError,
    MissingModelError,
    UsageError,
)
from acgz.nets.geneformer import codec, predictor
from acgz.nets.geneformer.architecture import CONTEXT, GeneFormerArchitecture
from acgz.nets.geneformer.folding import times
from acgz.nets.geneformer.operations import backend
from acgz.nets.geneformer.settings import MOST_GROUPS
from acgz.nets.geneformer.settings import GeneFormerSettings as Settings
from codec_checks import residues

CODEC = modes.get_codec("geneformer")


@pytest.fixture(autouse=True)
def tiny_networks_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though they know nothing."""
    monkeypatch.setattr(codec, "is_smaller", lambda *payloads: True)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path)


def round_trip(original: NDArray[np.uint8], **settings: Any) -> tuple[dict[str, Any], bytes]:
    """Fails if the residues do not come back."""
    return codec_checks.round_trip(CODEC, original, settings)


@pytest.mark.parametrize("count", [127, 128, 255, 256, 257, 385, 128 * 33 + 5])
def test_groups_come_back(model: Path, count: int) -> None:
    """More of them than a tile has, too."""
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
    round_trip(residues(410), model=str(path), grouped=True, group=200)


def test_the_first_64_bases_of_every_group_take_2_bits_each(model: Path) -> None:
    architecture = tiny_architecture()
    made = predictor.GeneFormer(backend(), architecture, tiny.arrays(architecture), 3)
    for step in range(CONTEXT):
        assert (made.frequencies() == (1 << PRECISION) // 4).all()
        made.update(residues(3, seed=step))
    assert not (made.frequencies() == (1 << PRECISION) // 4).all()
    _, payload = round_trip(residues(64), model=str(model))
    assert len(payload) <= 64 // 4 + 4


def test_groups_do_not_know_each_other(model: Path) -> None:
    """A lane among others has the logits that it has alone, whatever tile it is in."""
    architecture = tiny_architecture()
    arrays = tiny.arrays(architecture)
    bases = residues(70 * 70).reshape(70, 70)
    together = predictor.GeneFormer(backend(), architecture, arrays, 70)
    alone = predictor.GeneFormer(backend(), architecture, arrays, 1)
    for step in range(70):
        together.update(bases[:, step])
        alone.update(bases[41:42, step])
    assert together.logits()[41].tolist() == alone.logits()[0].tolist()


def test_only_the_last_64_bases_and_the_memory_count() -> None:
    """Without a memory the bases before do not matter; with one they do."""
    for segments, same in ((0, True), (1, False)):
        architecture = tiny_architecture(segments=segments)
        made = predictor.GeneFormer(backend(), architecture, tiny.arrays(architecture), 2)
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
    assert Settings(grouped=True, extra=1e-320).groups_for(10**9) == 1
    assert Settings(grouped=True, group=1 << 62).groups_for(10**9) == 1
    assert Settings(grouped=True, group=1000).groups_for(10_999) == 10
    assert Settings(grouped=True, group=1000).groups_for(0) == 1
    assert Settings(grouped=True, group=128).groups_for(10**9) == MOST_GROUPS
    assert Settings().groups_for(10**9) == 1


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
    here = encode(CODEC, residues(320), {**settings, "backend": "numpy"}, Job())
    there = encode(CODEC, residues(320), {**settings, "backend": "torch"}, Job())
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


def test_an_absent_model_of_the_package_tells_how_to_get_on() -> None:
    with pytest.raises(MissingModelError, match="train geneformer"):
        encode(CODEC, residues(10), {"model": "dodo"}, Job())


def test_a_model_of_another_kind_is_refused(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    stored = models.read(model)
    models.write(other, {**stored.architecture, "kind": "something else"}, stored.arrays)
    with pytest.raises(InputError, match="no network of the kind geneformer"):
        encode(CODEC, residues(10), {"model": str(other)}, Job())
    parameters, payload = encode(CODEC, residues(10), {"model": str(model)}, Job())
    models.remember(other)
    with pytest.raises(DamagedError, match="not for it"):
        decode(
            CODEC, Coded({**parameters, "models": [models.digest_of(other)]}, payload), 10, Job()
        )


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
        {"data": 3},
        {"bits": "few"},
        {"depth": 3},
        {"kind": "warm-start"},
    ],
)
def test_descriptions_that_make_no_sense_are_refused(fields: dict[str, Any]) -> None:
    stored = tiny_architecture().to_json()
    assert GeneFormerArchitecture.from_json(stored) == tiny_architecture()
    with pytest.raises(InputError, match="no network of the kind geneformer"):
        GeneFormerArchitecture.from_json({**stored, **fields})


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
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        encode(CODEC, residues(10), settings, Job())


def test_what_is_needed_is_more_than_what_is_there() -> None:
    """The estimate counts every array of the state."""
    for sizes in ({}, {"dimension": 64, "heads": 4}, {"segments": 5}):
        architecture = tiny_architecture(**sizes)
        made = predictor.GeneFormer(backend(), architecture, tiny.arrays(architecture), 40)
        kept = sum(
            value.nbytes
            for tile in made._tiles
            for value in vars(tile).values()
            if isinstance(value, np.ndarray)
        )
        assert kept < predictor.memory_needed(architecture, 40)


def test_folding_multiplies_matrices() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    assert (times(a, b) == a @ b).all()
