"""The network of a prior's file: what it begins with, is taken from, and goes on learning as."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acgz import models
from acgz.cli.main import main
from acgz.engine import prior, priors
from acgz.errors import InputError
from acgz.nets.prior.weights import network_in, network_of, whole
from conftest import fasta

NAMES = list(priors.shipped())


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    return dict(models.read(path).arrays)


@pytest.mark.parametrize("name", NAMES)
def test_the_network_of_a_prior_becomes_the_same_prior_again(name: str) -> None:
    arrays = arrays_of(priors.shipped()[name])
    again = whole(network_of(arrays))
    assert again.keys() == prior.shapes(arrays["below"].shape[0], arrays["output"].shape[1]).keys()
    for key, array in again.items():
        if array.dtype == np.int8:
            assert (array == arrays[key]).all(), key
        else:
            np.testing.assert_allclose(array, arrays[key], rtol=1e-6, atol=1e-12, err_msg=key)


def test_the_network_of_a_prior_is_found_whatever_engine_the_rest_is_of(tmp_path: Path) -> None:
    arrays = arrays_of(priors.shipped()["prokaryotes"])
    architecture = models.read(priors.shipped()["prokaryotes"]).architecture
    arrays["sets"] = arrays["sets"][:-8]
    path = tmp_path / "old.safetensors"
    models.write(path, architecture, arrays)
    with pytest.raises(InputError, match="'sets'"):
        priors.chosen(str(path), np.zeros(1000, np.uint8), 96)
    assert network_in(str(path)).architecture.hidden == 96
    del arrays["below"]
    models.write(path, architecture, arrays)
    with pytest.raises(InputError, match="'below'"):
        network_in(str(path))


def test_the_command_takes_or_goes_on_with_the_network_of_a_prior(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    genome, output = tmp_path / "genome.fa", tmp_path / "new.safetensors"
    genome.write_bytes(fasta(70_000))
    shipped = priors.shipped()["eukaryotes-large"]
    old = arrays_of(shipped)
    line = ["train", "prior", "-q", str(genome), "-o", str(output), "--pieces", "1", "-T", "1"]
    assert main([*line, "--frozen", str(shipped)]) == 0
    frozen = arrays_of(output)
    assert all((frozen[name] == old[name]).all() for name in prior.MATRICES)
    assert not (frozen["sets"] == old["sets"]).all(), "the mixer has learned"
    start = ["--start", str(shipped), "--bfloat16", "--steps", "1", "--batch", "2"]
    assert main([*line, *start, "--learning-rate", "1e-7"]) == 0
    learned = arrays_of(output)
    for name in prior.MATRICES:
        assert np.abs(learned[name].astype(int) - old[name]).max() <= 1, name
    assert main([*line, *start, "--learning-rate", "0.01"]) == 0
    assert np.abs(arrays_of(output)["first"].astype(int) - old["first"]).max() > 1
