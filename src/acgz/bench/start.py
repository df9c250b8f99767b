"""How soon acgz is at work, and what it takes on disk: ``acgz bench --suite start SMALL_GENOME``.

Each line is the median of five runs of a whole process, as a person waits for it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import BinaryIO

from acgz.bench import child, inputs, run
from acgz.bench.child import ToolFailedError, Usage
from acgz.bench.inputs import Genome
from acgz.bench.run import Row
from acgz.bench.suite import Suite, Variant

RUNS = 5


@dataclass(frozen=True)
class Command(Variant):
    """A process that compresses nothing."""

    words: tuple[str, ...] = ()


class StartSuite(Suite):
    """Starting, helping, and compressing and restoring a small genome, beside Python and xz."""

    usual: Sequence[Variant] = (
        Command("python -c pass", words=("-c", "pass")),
        Command("import acgz", words=("-c", "import acgz")),
        Command("import numpy", words=("-c", "import numpy")),
        Command("acgz --help", words=("-m", "acgz", "--help")),
        Variant("plus", "plus"),
        Variant("xz"),
    )
    everything = usual

    def prepare(self, stream: BinaryIO, name: str, folder: Path, *, first: int | None) -> Genome:
        """The file as it is; ``first`` is for suites about residues."""
        return inputs.prepare(stream, name, folder)

    def measure(
        self,
        variant: Variant,
        genome: Genome,
        folder: Path,
        options: Sequence[str],
        timeout: float | None,
    ) -> Row:
        """The median run of a command, or of a tool there and back; nothing is warmed up."""
        if isinstance(variant, Command):
            row = Row(genome.name, variant.name, " ".join(variant.words), run.OK)
            words = [sys.executable, *variant.words]
            try:
                usages = [child.run(words, folder, timeout=timeout) for _ in range(RUNS)]
            except ToolFailedError as error:
                return replace(row, status=f"failed: {error}")
            return replace(row, compress=_median(usages))
        tool = variant.tool(options)
        rows = [run.measure(tool, genome, folder, timeout=timeout) for _ in range(RUNS)]
        there = [row.compress for row in rows if row.compress is not None]
        back = [row.decompress for row in rows if row.decompress is not None]
        if len(back) < RUNS:
            return next(row for row in rows if row.decompress is None)
        return replace(rows[0], compress=_median(there), decompress=_median(back))

    def as_tables(self, genome: Genome, rows: Mapping[str, Row]) -> str:
        """Seconds and CPU seconds of each line, then megabytes of the installation."""
        lines = [f"{genome.name}: median of {RUNS}", f"{'':24}{'seconds':>9}{'CPU':>9}"]
        for name, row in rows.items():
            if row.status != run.OK:
                lines.append(f"{name:24} {row.status}")
            elif row.decompress is None:
                lines.append(_line(name, row.compress))
            else:
                lines.append(_line(f"{name}, compressing", row.compress))
                lines.append(_line(f"{name}, restoring", row.decompress))
        for name, size in installed().items():
            lines.append(f"{name:24}{size / 1e6:9.1f} MB")
        return "\n".join([*lines, ""])


def _median(usages: Sequence[Usage]) -> Usage:
    """The run of the median time."""
    middle = median(usage.seconds for usage in usages)
    return next(usage for usage in usages if usage.seconds == middle)


def _line(name: str, usage: Usage | None) -> str:
    return f"{name:24}{usage.seconds:9.3f}{usage.cpu_seconds:9.3f}" if usage else name


def installed() -> dict[str, int]:
    """Bytes on disk of the package and of what a base installation requires, by distribution."""
    sizes = {"acgz": _size(Path(__file__).parent.parent)}
    for line in metadata.requires("acgz") or ():
        requirement, _, condition = line.partition(";")
        name = requirement.partition(">")[0].strip()
        if condition and "python_version" not in condition:
            continue  # of an extra, or for other systems
        with suppress(metadata.PackageNotFoundError):  # for other versions of Python
            files = metadata.files(name) or ()
            paths = [Path(str(file.locate())) for file in files]
            sizes[name] = sum(path.stat().st_size for path in paths if path.is_file())
    return {**sizes, "base installation": sum(sizes.values())}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


SUITE = StartSuite()
