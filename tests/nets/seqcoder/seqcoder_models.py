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
from acgz.nets.seqcoder.architecture import SeqCoderArchitecture


def random_arrays(architecture: SeqCoderArchitecture) -> dict[str, Any]:
    return tiny.arrays(architecture, 0.6)


def tiny_model(folder: Path, **sizes: Any) -> Path:
    """A network with random weights, which guesses about as well as chance; the file."""
    architecture = SeqCoderArchitecture(**{"chunk": 64, "widths": "6,8", "keys": 4, **sizes})
    return tiny.model(folder, architecture, f"tiny-{architecture.chunk}", 0.6)


def quick_settings(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str | int]:
    """See `codec_checks.quick_settings`."""
    return {"model": str(tiny_model(folder))}


ARCHIVED = 2701
"""Bases that `archives` compresses."""


def archives(task: Task) -> Iterator[Line]:
    """Both residuals; of zstd its content, since another version may find other matches."""
    import zstandard

    from acgz.nets.seqcoder import codec as seqcoder

    for chunk in (64, 1280):
        model = tiny_model(task.folder, chunk=chunk, widths="16,24")
        for residual in ("zstd", "coded"):
            settings = {"model": str(model), "residual": residual}
            parameters, payload = encode(
                seqcoder.CODEC, task.residues, settings | task.common, task.work
            )
            if residual == "zstd":
                parts = seqcoder.Parts.of(payload)
                streams = (parts.latents, parts.residual)
                payload = b"".join(zstandard.decompress(stream) for stream in streams)
            yield chunk, residual, parameters["mismatches"], payload


PINNED = """\
64 zstd 2007 4690 21f297ba3d90653f8b30394dee7811c272d01cfea6932870bbc6524197852a06
64 coded 2007 777 2ceb7c5fccd870201bcd138808738a407bd0ab11509bd1f510b6f8da3be1532f
1280 zstd 2007 4690 df8bc55a186d8328bd5a8c69924db245a2f605d5bf546745303740d4ea25bbc2
1280 coded 2007 768 998a26fe1e249bf9efb429cc301a79586d43acada7f516860245bacebf75155b
"""
"""What `network_archives` prints of them, everywhere."""
