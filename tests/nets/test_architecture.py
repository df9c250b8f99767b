"""Networks are found, read and checked in one way, whatever system they belong to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from deepgeco_models import tiny_architecture as tiny_warm_start
from deepzip_models import tiny as tiny_deepzip
from geneformer_models import tiny_architecture as tiny_geneformer

from acgz import models
from acgz.errors import DamagedError, InputError, MissingModelError
from acgz.models import packaged
from acgz.nets.architecture import Architecture
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture
from acgz.nets.seqcoder.twobit.architecture import TwoBitArchitecture

ALL: tuple[Callable[[], Architecture], ...] = (
    tiny_warm_start,
    tiny_deepzip,
    tiny_geneformer,
    lambda: SeqCoderArchitecture(chunk=64, widths="8,8", heads=2),
    lambda: TwoBitArchitecture(chunk=64, widths="6,8", keys=4),
)


@pytest.fixture(params=ALL, ids=lambda make: make().kind)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    made: Architecture = request.param()
    return made


def test_what_was_written_is_read(architecture: Architecture, tmp_path: Path) -> None:
    network = architecture.read(tiny.model(tmp_path, architecture))
    assert network.architecture == architecture
    assert network.digest == models.digest_of(tmp_path / "tiny.safetensors")
    for name, array in tiny.arrays(architecture).items():
        assert network.arrays[name].tolist() == array.tolist()


def test_arrays_that_do_not_fit_are_refused(architecture: Architecture, tmp_path: Path) -> None:
    right = tiny.arrays(architecture)
    for name in right:
        without = {other: array for other, array in right.items() if other != name}
        for wrong in (
            without,
            {**without, name: right[name][:-1]},
            {**without, name: right[name].astype(np.float64)},
            {**without, name: right[name].astype(np.int32)},
            {**right, "one_more": right[name]},
        ):
            with pytest.raises(InputError, match="arrays of the model"):
                architecture.check_arrays(wrong)


@pytest.mark.parametrize("wrong", ["inf", "-inf", "nan", "3e38", "-10001"])
def test_weights_that_could_make_infinite_numbers_are_refused(
    architecture: Architecture, wrong: str
) -> None:
    right = tiny.arrays(architecture)
    for name, array in right.items():
        spoiled = array.astype(np.float32)
        spoiled.flat[-1] = np.float32(wrong)
        with pytest.raises(InputError, match="a weight that is no number from -10000 to 10000"):
            architecture.check_arrays({**right, name: spoiled})


@pytest.mark.parametrize("change", [{"kind": "dodo"}, {"depth": 3}, {"kind": None}])
def test_another_kind_of_network_is_refused(
    architecture: Architecture, change: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "x.safetensors"
    digest = models.write(path, {**architecture.to_json(), **change}, tiny.arrays(architecture))
    with pytest.raises(InputError, match=rf"x\.safetensors: .*kind {architecture.kind}"):
        architecture.read(path)
    models.remember(path)
    with pytest.raises(DamagedError, match="not for it"):
        architecture.named({"models": [digest]})


@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"\xff" * 40, b"not a model at all"])
def test_a_file_that_is_no_model_is_an_input_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    with pytest.raises(InputError, match="not a model"):
        tiny_deepzip().read(path)


def test_a_model_that_a_user_names_is_found_again_and_missed_when_it_is_gone(
    architecture: Architecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny.model(tmp_path, architecture)
    chosen = architecture.chosen(str(path), "", "")
    parameters = {"models": [chosen.digest]}
    assert architecture.named(parameters).architecture == architecture
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = path.rename(elsewhere / "renamed.safetensors")
    with pytest.raises(MissingModelError, match=chosen.digest.hex()):
        architecture.named(parameters)
    monkeypatch.setenv("ACGZ_MODELS", str(elsewhere))
    assert architecture.named(parameters).digest == chosen.digest


def test_a_package_without_the_model_says_what_to_do() -> None:
    with pytest.raises(MissingModelError, match="no model 'dodo'; train one"):
        tiny_deepzip().chosen(None, "dodo", "train one")
    assert packaged("seqcoder").is_file()


@pytest.mark.parametrize(
    "digests", [None, [], 7, [7], ["x" * 32], [b"x" * 32] * 2, {"a": b"x" * 32}]
)
def test_a_block_names_exactly_one_network(digests: Any) -> None:
    with pytest.raises(DamagedError, match="one network"):
        tiny_deepzip().named({"models": digests})
