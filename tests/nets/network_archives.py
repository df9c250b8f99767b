"""Archives of each codec with networks, small ones, for comparison between environments.

A program that `machines.run` starts: it prints a line for each archive.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Job, encode

Line = tuple[Any, ...]


class Task(NamedTuple):
    """What to compress, and how."""

    residues: NDArray[np.uint8]
    common: dict[str, Any]  # settings of all archives
    work: Job
    folder: Path  # for models


def deepgeco(task: Task) -> Iterator[Line]:
    """The network of the package and a small Supporter."""
    from deepgeco_models import small_numbers

    from acgz.nets.deepgeco import codec as deepgeco
    from acgz.nets.deepgeco import settings as deepgeco_settings

    deepgeco_settings.SHORTEST_LANE = 16
    deepgeco.NUMBERS = small_numbers(embedding=16, heads=8, ffn=320)
    common = {"ts": 50, "least": 0, "context": 8, "lanes": 23} | task.common
    for level in ("mini", "plus"):
        parameters, payload = encode(
            deepgeco.CODEC, task.residues, {"level": level} | common, task.work
        )
        yield level, parameters["lanes"], payload


def deepzip(task: Task) -> Iterator[Line]:
    """Every cell, one and two layers, windows and a state that is carried."""
    from deepzip_models import tiny_model

    from acgz.nets.deepzip import codec as deepzip
    from acgz.nets.deepzip.architecture import DeepZipArchitecture

    for network, units, m, state in (
        ("rnn", 128, 1, "carried"), ("lstm", 32, 1, "window"), ("gru", 64, 2, "window"),
        ("birnn", 32, 4, "window"), ("bilstm", 20, 2, "window"), ("bigru", 32, 4, "window"),
    ):  # fmt: skip
        model = tiny_model(task.folder, DeepZipArchitecture(network, units, m))
        settings = {"network": network, "units": units, "m": m, "state": state, "k": 16}
        settings |= {"model": str(model), "lanes": 24}
        _, payload = encode(deepzip.CODEC, task.residues, settings | task.common, task.work)
        yield network, units, m, payload


def geneformer(task: Task) -> Iterator[Line]:
    """With and without the latent array."""
    from geneformer_models import tiny_model

    from acgz.nets.geneformer import codec as geneformer

    models = {
        tiny_model(task.folder, "latent", dimension=24): 128,  # lanes for the kernel of many
        tiny_model(task.folder, "plain", latent=False, segments=2): 300,
    }
    for model, group in models.items():
        settings = {"model": str(model), "grouped": True, "group": group}
        parameters, payload = encode(
            geneformer.CODEC, task.residues, settings | task.common, task.work
        )
        yield model.stem, parameters["lanes"], payload


def seqcoder(task: Task) -> Iterator[Line]:
    """Both residuals; of zstd its content, since another version may find other matches."""
    import zstandard
    from seqcoder_models import tiny_model

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


CODECS: Mapping[str, tuple[Callable[[Task], Iterator[Line]], int]] = {
    "deepgeco": (deepgeco, 1500),
    "deepzip": (deepzip, 1203),
    "geneformer": (geneformer, 2304),
    "seqcoder": (seqcoder, 2701),
}
"""Name -> the archives, and how many bases are compressed."""


def main(codec: str, backend: str, threads: str, fasta: str, folder: str) -> None:
    """Print what is known of each archive, its size and its SHA-256."""
    if backend == "torch":
        import torch

        torch.set_num_threads(int(threads))
    archives, count = CODECS[codec]
    text = b"".join(Path(fasta).read_bytes().split(b"\n")[1:])[:count]
    residues = np.frombuffer(text.translate(bytes.maketrans(b"ACGT", bytes(range(4)))), np.uint8)
    task = Task(residues, {"backend": backend}, Job(int(threads)), Path(folder))
    for *known, payload in archives(task):
        print(*known, len(payload), hashlib.sha256(payload).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
