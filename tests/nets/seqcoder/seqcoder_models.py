"""Tiny autoencoders for tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
from network_archives import Line, Task

from acgz.codec import encode
from acgz.modes import Mode
from acgz.nets.architecture import Architecture
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture
from acgz.nets.seqcoder.twobit.architecture import TwoBitArchitecture


def random_arrays(architecture: Architecture) -> dict[str, Any]:
    return tiny.arrays(architecture, 0.6)


def tiny_model(folder: Path, latent: str = "int8", **sizes: Any) -> Path:
    """A network with random weights, which guesses about as well as chance; the file."""
    architecture = (
        SeqCoderArchitecture(**{"chunk": 64, "widths": "8,8", "heads": 2, **sizes})
        if latent == "int8"
        else TwoBitArchitecture(**{"chunk": 64, "widths": "6,8", "keys": 4, **sizes})
    )
    return tiny.model(folder, architecture, f"tiny-{latent}-{architecture.chunk}", 0.6)


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`."""
    return {"model": str(tiny_model(folder, str(mode.settings["latent"])))}


ARCHIVED = 2701
"""Bases that `archives` compresses."""


def archives(task: Task) -> Iterator[Line]:
    """Both forms and residuals; of zstd its content, since another version may find other
    matches."""
    import zstandard

    from acgz.nets.seqcoder import codec as seqcoder

    for latent, chunk, widths in (("int8", 64, "16,32"), ("int8", 1280, "16,32,16,64"),
                                  ("twobit", 64, "16,24"), ("twobit", 1280, "16,24")):  # fmt: skip
        model = tiny_model(task.folder, latent, chunk=chunk, widths=widths)
        for residual in ("zstd", "coded"):
            settings = {"model": str(model), "latent": latent, "residual": residual}
            parameters, payload = encode(
                seqcoder.CODEC, task.residues, settings | task.common, task.work
            )
            if residual == "zstd":
                parts = seqcoder.Parts.of(payload)
                streams = (parts.latents, parts.residual)
                payload = b"".join(zstandard.decompress(stream) for stream in streams)
            yield latent, chunk, residual, parameters["mismatches"], payload


PINNED = """\
int8 64 zstd 2092 3380 b66f85c4198c7173c8264746c35110f716faa6c74966e507df5af448a97b2c9b
int8 64 coded 2092 717 3ec3be26d0d139cca8b3982d7dad3b1c29a8606f591e587bac5ab2fca8bbbc60
int8 1280 zstd 1990 1352 0264af2dbb41f2dcfb2ddba24d0f603f04005bb887a5cd8b71100d0b9610d0af
int8 1280 coded 1990 771 c2f3498fd1fcc6d5227f10a251d5daaea259fa8199e2e98905fe82e95ceaf837
twobit 64 zstd 2007 1352 8daca311bf30a8c6b8c7fd48e03949b0029f152b469484624731b089d94c0dd7
twobit 64 coded 2007 777 2ceb7c5fccd870201bcd138808738a407bd0ab11509bd1f510b6f8da3be1532f
twobit 1280 zstd 2007 1352 675c50278c87c8cdef60c64361c4eea01184c6888b30cd4aab4f2ae5ea0d6606
twobit 1280 coded 2007 768 998a26fe1e249bf9efb429cc301a79586d43acada7f516860245bacebf75155b
"""
"""What `network_archives` prints of them, everywhere."""
