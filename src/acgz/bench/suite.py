"""What the tables of a document are made of: ``acgz bench --suite``.

A system's module ``paper`` has a `Suite` of the name ``SUITE``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from acgz.bench import inputs, run
from acgz.bench.inputs import Genome
from acgz.bench.peers import Form, Tool, acgz_mode, find_peers
from acgz.bench.run import Row
from acgz.errors import UsageError
from acgz.settings import JSON

Result = TypeVar("Result")

_LETTERS = np.frombuffer(b"ACGT", np.uint8)


@dataclass(frozen=True)
class Variant:
    """One line of a table: a mode with its settings, or the peer called ``name``."""

    name: str
    mode: str = ""
    settings: Mapping[str, JSON] = field(default_factory=dict)

    def tool(self, options: Sequence[str] = ()) -> Tool:
        """How it is run; ``options`` are those of both directions, such as ``-T 2``."""
        if not self.mode:
            return find_peers([self.name])[0]
        given = [f"{name}={_text(value)}" for name, value in self.settings.items()]
        return acgz_mode(self.mode, options, [word for one in given for word in ("--set", one)])


@dataclass(frozen=True)
class Quick:
    """A small version of a document's tables: ``acgz bench --suite papers --quick``."""

    files: tuple[str, ...]
    """How names of files begin that are the document's data, or alike."""
    first: int
    """Bases of each file."""
    variants: str
    """Patterns, as of ``--variants``."""

    def takes(self, file: str) -> bool:
        """Does the name of the file say that it is such data?"""
        return Path(file).name.startswith(self.files)


class Suite:
    """The variants of a document's tables, and how they are measured and shown."""

    quick: Quick
    """Only suites of documents have it."""
    usual: Sequence[Variant]
    """What runs if nothing else is said."""
    everything: Sequence[Variant]
    """What ``--variants`` chooses from."""

    def prepare(self, stream: BinaryIO, name: str, folder: Path, *, first: int | None) -> Genome:
        """The residues of a file, or the ``first`` of them."""
        genome = inputs.prepare(stream, name, folder, residues_only=True)
        if first is None or genome.bases <= first:
            return genome
        path = genome.forms[Form.RESIDUES]
        os.truncate(path, first)
        return replace(
            genome, name=f"{name}, first {first:,}", bases=first, forms={Form.FILE: path}
        )

    def measure(
        self,
        variant: Variant,
        genome: Genome,
        folder: Path,
        options: Sequence[str],
        timeout: float | None,
    ) -> Row:
        """The rows of `acgz.bench.run.measure`, with warm kernels; ``folder`` is the genome's."""
        tool = variant.tool(options)
        if variant.mode:
            run.warm_up_once(tool, folder.parent)
        return run.measure(tool, genome, folder, timeout=timeout)

    def as_tables(self, genome: Genome, rows: Mapping[str, Row]) -> str:
        """The document's tables about one genome, from the ``rows`` by variant."""
        raise NotImplementedError

    def plot(self, genome: Genome, path: Path, threads: int) -> str:
        """A picture instead of the tables: draws it, and returns it as a table."""
        raise UsageError("--plot: this suite draws nothing")


def write_residues(residues: NDArray[np.uint8], path: Path) -> int:
    """Write them as A, C, G, T; how many there are."""
    path.write_bytes(_LETTERS[residues].tobytes())
    return int(residues.size)


def read_residues(genome: Genome) -> NDArray[np.uint8]:
    """The residues of a genome whose file is nothing but A, C, G, T; shape (n,), values 0..3."""
    bases = np.fromfile(genome.forms[Form.FILE], np.uint8)
    return np.searchsorted(_LETTERS, bases).astype(np.uint8)


def apart(work: Callable[..., Result], *arguments: Any) -> Result:
    """``work(*arguments)`` in a process of its own.

    A large process would hide the memory of those that it measures.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _text(value: JSON) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
