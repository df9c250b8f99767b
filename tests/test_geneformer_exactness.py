"""GeneFormer writes the same bytes on every CPU, with any number of threads, on either backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from machines import ENVIRONMENTS, REFERENCE, run

DRIVER = """
import hashlib, pathlib, sys
import numpy as np
from acgz.codecs import geneformer
from acgz.codecs.base import Work
from geneformer_models import tiny_model

backend, threads, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[4])
if backend == "torch":
    import torch
    torch.set_num_threads(threads)
lines = open(sys.argv[3], "rb").read().split(b"\\n")[1:]
text = b"".join(lines)[:2304].translate(bytes.maketrans(b"ACGT", b"\\0\\1\\2\\3"))
residues = np.frombuffer(text, np.uint8)
models = {
    tiny_model(folder, "latent", dimension=24): 128,  # lanes enough for the kernel of many
    tiny_model(folder, "plain", latent=False, segments=2): 300,
}
for model, group in models.items():
    settings = {"model": str(model), "grouped": True, "group": group, "backend": backend}
    parameters, payload = geneformer.CODEC.encode(residues, settings, Work(threads))
    print(model.stem, parameters["lanes"], len(payload), hashlib.sha256(payload).hexdigest())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("geneformer-exactness")


@pytest.fixture(scope="module")
def reference(folder: Path) -> str:
    return run(DRIVER, REFERENCE, folder)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_archives_are_the_same_in_every_environment(
    name: str, reference: str, folder: Path
) -> None:
    assert run(DRIVER, ENVIRONMENTS[name], folder) == reference


def test_the_archives_are_those_that_the_codec_has_always_written(reference: str) -> None:
    assert reference == PINNED


PINNED = """\
latent 18 896 ea893ff5bde7d8e8497afc4fc055b553aa6a98d9dbba69b764a089d6a3c442db
plain 7 657 a5e96fcf666334b097464fec747f28e6b62b487364683080162fcd003644abb3
"""
