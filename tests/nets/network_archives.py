"""Small archives of one codec with networks, for comparison between environments.

A program that `machines.run` starts: it prints a line for each of the ``archives`` that the
``<codec>_models`` of the system has.
"""

from __future__ import annotations

import hashlib
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Job

Line = tuple[Any, ...]


class Task(NamedTuple):
    """What to compress, and how."""

    residues: NDArray[np.uint8]
    common: dict[str, Any]  # settings of all archives
    work: Job
    folder: Path  # for models


def main(codec: str, backend: str, threads: str, fasta: str, folder: str) -> None:
    """Print what is known of each archive, its size and its SHA-256."""
    if backend == "torch":
        import torch

        torch.set_num_threads(int(threads))
    system = import_module(f"{codec}_models")
    text = b"".join(Path(fasta).read_bytes().split(b"\n")[1:])[: system.ARCHIVED]
    residues = np.frombuffer(text.translate(bytes.maketrans(b"ACGT", bytes(range(4)))), np.uint8)
    task = Task(residues, {"backend": backend}, Job(int(threads)), Path(folder))
    for *known, payload in system.archives(task):
        print(*known, len(payload), hashlib.sha256(payload).hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
