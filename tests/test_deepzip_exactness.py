"""The recurrent networks write the same bytes on every CPU, with any threads, on either backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from machines import ENVIRONMENTS, REFERENCE, run

DRIVER = """
import hashlib, pathlib, sys
import numpy as np
from acgz.codecs import deepzip
from acgz.codecs.base import Work
from acgz.predictors.deepzip.description import Description
from deepzip_models import tiny_model

backend, threads, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[4])
if backend == "torch":
    import torch
    torch.set_num_threads(threads)
lines = open(sys.argv[3], "rb").read().split(b"\\n")[1:]
text = b"".join(lines)[:1203].translate(bytes.maketrans(b"ACGT", b"\\0\\1\\2\\3"))
residues = np.frombuffer(text, np.uint8)
for network, units, m, state in (
    ("rnn", 128, 1, "carried"), ("lstm", 32, 1, "window"), ("gru", 64, 2, "window"),
    ("birnn", 32, 4, "window"), ("bilstm", 20, 2, "window"), ("bigru", 32, 4, "window"),
):
    model = tiny_model(folder, Description(network, units, m))
    settings = {"network": network, "units": units, "m": m, "state": state, "lanes": 24, "k": 16}
    settings |= {"model": str(model), "backend": backend}
    parameters, payload = deepzip.CODEC.encode(residues, settings, Work(threads))
    print(network, units, m, len(payload), hashlib.sha256(payload).hexdigest())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deepzip-exactness")


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
rnn 128 1 1083 e653134bbf33682c48ba8eaaeb430867f303b60f1822ed895ee8fd44f5929956
lstm 32 1 543 db6410ed727425c357a6ed19ca5c6d304d9cef2f2b86123f6d07bad816c56f3b
gru 64 2 624 fa48e8d75b7f93a74994ee95e4930a16fd5a83cf68013b7d912b49ca98849ee7
birnn 32 4 485 b7fb7344aaa2ff17cdff9a688feebc1be5fd3266fbd6d6044f889a6d5f21e44c
bilstm 20 2 531 1e8f9c1dd4427bc1767bd222693550a3f1b43a5448134192b6d11570b291b0b5
bigru 32 4 488 8ee6750055bb5487ccd1a99cbb7269ac60fa874f09469735a2868ac4ad97a873
"""
