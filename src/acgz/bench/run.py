"""Runs one tool on one genome, there and back, and says how it went."""

from __future__ import annotations

import filecmp
import random
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from acgz.bench.child import ToolFailedError, Usage, run
from acgz.bench.inputs import Genome, Prepared
from acgz.bench.peers import GENOME, Form, Tool

OK = "ok"
MISSING = "missing"
"""How the status of a tool that is not installed begins."""


@dataclass(frozen=True)
class Row:
    """One tool on one genome. Speeds are in kB/s, 1 kB = 1000 bytes of the tool's input."""

    genome: str
    tool: str
    command: str
    status: str  # OK, or what is wrong in a few words
    form: Form | None = None  # what the tool was given
    input_bytes: int = 0
    bases: int = 0
    packed_bytes: int | None = None
    compress: Usage | None = None
    decompress: Usage | None = None
    details: Mapping[str, float] = field(default_factory=dict)
    """What a suite has found out besides."""

    @property
    def bits_per_base(self) -> float | None:
        """Size of everything the tool wrote, per letter A, C, G, T of the input."""
        if self.packed_bytes is None or not self.bases:
            return None
        return 8 * self.packed_bytes / self.bases

    @property
    def compress_speed(self) -> float | None:
        return self._speed(self.compress)

    @property
    def decompress_speed(self) -> float | None:
        return self._speed(self.decompress)

    @property
    def throughput(self) -> float | None:
        """Input size / (compression time + decompression time), as in the DeepGeCo paper."""
        return self._speed(self.compress, self.decompress)

    @property
    def peak(self) -> Usage | None:
        """The run, of compressing and decompressing, that took more memory."""
        runs = [usage for usage in (self.compress, self.decompress) if usage is not None]
        return max(runs, key=lambda usage: usage.peak_bytes, default=None)

    def _speed(self, *runs: Usage | None) -> float | None:
        seconds = [usage.seconds for usage in runs if usage is not None]
        if len(seconds) < len(runs):
            return None
        return self.input_bytes / 1000 / max(sum(seconds), 1e-9)


def measure(
    tool: Tool,
    genome: Genome,
    folder: Path,
    *,
    repeat: int = 1,
    timeout: float | None = None,
) -> Row:
    """Compress and restore ``genome`` with ``tool`` ``repeat`` times; the fastest runs count.

    ``folder`` is where runs get their temporary folders; ``timeout`` (seconds) is for each
    child. Never raises for what the tool does: ``status`` says it.
    """
    row = Row(genome.name, tool.name, tool.shown(), status=OK, bases=genome.bases)
    if missing := tool.missing():
        return replace(row, status=f"{MISSING}: {', '.join(missing)}")
    given = genome.given_to(tool.takes)
    if given is None:
        return replace(row, status="not nucleotide")
    row = replace(row, form=given.form, input_bytes=given.size)
    for _ in range(repeat):
        row = _round_trip(row, tool, given, folder, timeout)
        if row.status != OK:
            break
    return row


def _round_trip(row: Row, tool: Tool, given: Prepared, folder: Path, timeout: float | None) -> Row:
    temporary = tempfile.TemporaryDirectory
    with temporary(dir=folder) as there, temporary(dir=folder) as back:
        # A copy, not a link: gzip and its like delete their input, others might spoil it.
        shutil.copyfile(given.path, Path(there, GENOME))
        packed, restored = Path(there, tool.packed), Path(back, tool.restored)
        try:
            compress = run(tool.compress, Path(there), timeout=timeout)
            if not packed.is_file():
                raise ToolFailedError(f"wrote no {tool.packed}")
            row = replace(
                row,
                packed_bytes=packed.stat().st_size,
                compress=_faster(row.compress, compress),
            )
            shutil.move(packed, back)
            decompress = run(tool.decompress, Path(back), timeout=timeout)
            if not restored.is_file():
                raise ToolFailedError(f"wrote no {tool.restored}")
        except ToolFailedError as error:
            return replace(row, status=f"failed: {error}")
        if not filecmp.cmp(given.path, restored, shallow=False):
            return replace(row, status="RESTORED BYTES DIFFER")
        return replace(row, decompress=_faster(row.decompress, decompress))


def _faster(a: Usage | None, b: Usage) -> Usage:
    return b if a is None or b.seconds < a.seconds else a


def warm_up(tools: Sequence[Tool], folder: Path) -> list[Row]:
    """Run ``tools`` once on a small genome, so that kernels are compiled before the clock runs.

    Returns the rows, so that a caller can see what does not work at all.
    """
    letters = random.Random(1).choices(b"ACGT", k=20_000)
    letters[5_000:5_200] = b"N" * 200
    letters[9_000:9_500] = bytes(letters[9_000:9_500]).lower()
    path = folder / "warm_up"
    path.write_bytes(b">warm-up\n" + bytes(letters) + b"\n")
    genome = Genome("warm-up", 19_800, {Form.FILE: path})
    return [measure(tool, genome, folder) for tool in tools]


@cache
def warm_up_once(tool: Tool, folder: Path) -> None:
    """`warm_up` of a tool that has not had it in ``folder`` yet."""
    warm_up([tool], folder)
