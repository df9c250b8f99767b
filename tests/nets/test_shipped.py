"""Every network of the package has learned something: beside itself with its numbers shuffled.

The margins are a good part of what was measured on sequence of the kind that it has learned from.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from acgz import models
from acgz.codec import encode
from acgz.layout import split
from acgz.models.store import PACKAGE
from acgz.modes import get_codec, get_mode
from acgz.nets.exact.first_weights import first_weights
from acgz.settings import JSON
from paths import PHAGE

FOUND = sorted(path.stem for path in PACKAGE.glob("*/*.safetensors"))


@dataclass(frozen=True)
class Case:
    """What a network is tried on."""

    mode: str
    margin: float
    """Part of the payload that it spares, at least, of what a shuffled network writes."""
    bases: int
    file: str = ""
    """In the folder of sample data, which no archive of a test changes; none: phage lambda."""
    settings: dict[str, JSON] = field(default_factory=dict)
    shuffled: tuple[str, ...] = ("",)
    """How names of the matrices begin that are shuffled."""


HUMAN, FISH = "humanMito_rCRS_sm.fa.gz", "fish_teleost_unikseq.fa.gz"
CASES = {
    "warm-start-gru-3-3": Case("deepgeco-mini", 0.03, 20_000),
    "deepzip-lstm-32": Case("deepzip-lstm-32", 0.02, 20_000),
    "deepzip-lstm-64": Case("deepzip-lstm-64", 0.02, 20_000),
    "deepzip-gru-32": Case("deepzip-gru-32", 0.02, 20_000),
    "deepzip-gru-64": Case("deepzip-gru-64", 0.02, 20_000),
    "geneformer-human": Case("geneformer", 0.9, 2_000, HUMAN),
    "geneformer-hybrid": Case("geneformer", 0.9, 2_000, HUMAN),
    "geneformer-fish": Case("geneformer", 0.7, 2_000, FISH),
    # The decoder alone: a shuffled encoder says next to nothing, which costs next to nothing.
    "seqcoder": Case("seqcoder", 0.25, 12_800, shuffled=("from_latent", "up", "block")),
    "seqcoder-twobit": Case("seqcoder", 0.3, 12_800, settings={"latent": "twobit"}),
}


def test_every_network_of_the_package_is_tried() -> None:
    assert set(FOUND) <= set(CASES)


@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND)
def test_a_network_of_the_package_beats_one_that_has_learned_nothing(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    case = CASES[name]
    residues = _residues(case, lambda: request.getfixturevalue("shared"))
    trained = models.packaged(name)
    sizes = [
        len(_payload(case, residues, path))
        for path in (trained, _shuffled(trained, tmp_path, case.shuffled))
    ]
    assert sizes[0] < (1 - case.margin) * sizes[1]
    assert sizes[0] < 0.27 * residues.size or case.mode == "seqcoder", "and it beats two bits"


def _residues(case: Case, shared: Callable[[], Path]) -> NDArray[np.uint8]:
    if not case.file:
        return split(PHAGE.read_bytes()).residues[: case.bases]
    with gzip.open(shared() / "bench" / case.file) as stream:
        return split(stream.read()).residues[: case.bases]


def _payload(case: Case, residues: NDArray[np.uint8], model: Path) -> bytes:
    mode = get_mode(case.mode)
    settings = {**mode.settings, **case.settings, "model": str(model)}
    return encode(get_codec(mode.codec), residues, settings).payload


def _shuffled(trained: Path, folder: Path, parts: tuple[str, ...]) -> Path:
    """The network with the numbers of each matrix of some parts in another order."""
    model = models.read(trained)
    arrays = {}
    for name, array in model.arrays.items():
        order = np.argsort(first_weights((array.size,), 1.0, seed=1), kind="stable")
        whole = array.reshape(-1)
        chosen = array.ndim > 1 and name.startswith(parts)
        arrays[name] = whole[order].reshape(array.shape) if chosen else array
    path = folder / "shuffled.safetensors"
    models.write(path, model.architecture, arrays)
    return path
