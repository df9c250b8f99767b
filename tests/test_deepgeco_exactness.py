"""DeepGeCo writes the same bytes on every CPU, with any number of threads, on either backend.

As in test_exactness.py, environment variables stand for other machines. Each environment
compresses in a process of its own with the network of the package and a small Supporter.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from machines import ENVIRONMENTS, REFERENCE, run

DRIVER = """
import hashlib, sys
import numpy as np
from acgz.codecs import deepgeco, deepgeco_settings
from acgz.codecs.base import Work
from deepgeco_models import small_versions

deepgeco_settings.SHORTEST_LANE = 16
deepgeco.VERSIONS = small_versions(embedding=16, heads=8, ffn=320)
backend, threads = sys.argv[1], int(sys.argv[2])
if backend == "torch":
    import torch
    torch.set_num_threads(threads)
lines = open(sys.argv[3], "rb").read().split(b"\\n")[1:]
text = b"".join(lines)[:1500].translate(bytes.maketrans(b"ACGT", b"\\0\\1\\2\\3"))
residues = np.frombuffer(text, np.uint8)
for level in ("mini", "plus"):
    settings = {"level": level, "backend": backend, "ts": 50, "least": 0, "context": 8, "lanes": 23}
    parameters, payload = deepgeco.CODEC.encode(residues, settings, Work(threads))
    print(level, parameters["lanes"], len(payload), hashlib.sha256(payload).hexdigest())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deepgeco-exactness")


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
mini 23 374 a5447a82d84340f22f5e99d9a87e5ba96a80f9d65e763f1c1dbd920ab60c1e9a
plus 23 377 70d26602d74165c01b0928120a582b19a8200ef94f0983f6860945a463181dc8
"""
