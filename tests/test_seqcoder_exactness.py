"""SeqCoder writes the same bytes on every CPU, with any number of threads, on either backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from machines import ENVIRONMENTS, REFERENCE, run

DRIVER = """
import hashlib, pathlib, sys
import numpy as np
import zstandard
from acgz.codecs import seqcoder
from acgz.codecs.base import Work
from seqcoder_models import tiny_model

backend, threads, folder = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[4])
if backend == "torch":
    import torch
    torch.set_num_threads(threads)
lines = open(sys.argv[3], "rb").read().split(b"\\n")[1:]
text = b"".join(lines)[:2701].translate(bytes.maketrans(b"ACGT", b"\\0\\1\\2\\3"))
residues = np.frombuffer(text, np.uint8)
for chunk in (64, 1280):
    model = tiny_model(folder, chunk=chunk, widths=(16, 24))
    for residual in ("zstd", "coded"):
        settings = {"model": str(model), "residual": residual, "backend": backend}
        parameters, payload = seqcoder.CODEC.encode(residues, settings, Work(threads))
        if residual == "zstd":  # another version of zstd may find other matches
            parts = seqcoder.Parts.of(payload)
            payload = b"".join(zstandard.decompress(p) for p in (parts.latents, parts.residual))
        digest = hashlib.sha256(payload).hexdigest()
        print(chunk, residual, parameters["mismatches"], len(payload), digest)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seqcoder-exactness")


@pytest.fixture(scope="module")
def reference(folder: Path) -> str:
    return run(DRIVER, REFERENCE, folder)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_archives_are_the_same_in_every_environment(
    name: str, reference: str, folder: Path
) -> None:
    assert run(DRIVER, ENVIRONMENTS[name], folder) == reference


def test_the_archives_are_those_that_the_codec_has_always_written(reference: str) -> None:
    assert reference.split() == PINNED.split()


PINNED = """\
64 zstd 2007 4690 21f297ba3d90653f8b30394dee7811c272d01cfea6932870bbc6524197852a06
64 coded 2007 777 2ceb7c5fccd870201bcd138808738a407bd0ab11509bd1f510b6f8da3be1532f
1280 zstd 2007 4690 df8bc55a186d8328bd5a8c69924db245a2f605d5bf546745303740d4ea25bbc2
1280 coded 2007 768 998a26fe1e249bf9efb429cc301a79586d43acada7f516860245bacebf75155b
"""
