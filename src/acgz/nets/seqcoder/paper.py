"""The table of the SeqCoder document, its figures beside ours."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields, replace
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO

import numpy as np

from acgz import modes
from acgz.bench import inputs, run
from acgz.bench.inputs import Genome
from acgz.bench.peers import Form, Tool, acgz_mode, find_peers
from acgz.bench.run import OK, Row
from acgz.codec import encode
from acgz.modes import MODES
from acgz.settings import JSON


@dataclass(frozen=True)
class Anatomy:
    """What a payload of seqcoder consists of."""

    latents: int
    """Bytes."""
    residual: int
    """Bytes."""
    mismatches: int
    """Bases that the decoder guesses wrong."""


@dataclass(frozen=True)
class Trial(Row):
    """A row, and what is in it if it is one of seqcoder."""

    anatomy: Anatomy | None = None


@dataclass(frozen=True)
class Variant:
    """A way to use seqcoder, or the mode or peer called ``name``."""

    name: str
    settings: Mapping[str, str | int] = field(default_factory=dict)

    def tool(self, options: Sequence[str]) -> Tool:
        if self.settings:
            given = [f"{name}={value}" for name, value in self.settings.items()]
            pairs = [part for setting in given for part in ("--set", setting)]
            return acgz_mode("seqcoder", options, pairs)
        return acgz_mode(self.name, options) if self.name in MODES else find_peers([self.name])[0]


OTHERS = tuple(Variant(name) for name in ("order0", "gzip", "xz", "plus"))
BOTH = tuple(Variant(residual, {"residual": residual}) for residual in ("zstd", "coded"))
FEWER_LATENTS = tuple(
    Variant(f"{residual}, latents={latents}", {"residual": residual, "latents": latents})
    for residual in ("zstd", "coded")
    for latents in (3, 2, 1, 0)
)
VARIANTS = (*BOTH, *OTHERS)
EVERYTHING = (*VARIANTS, *FEWER_LATENTS)

PAPER: Mapping[str, tuple[int, float]] = {
    "AeCa": (537_023, 2.9627),
    "HaHi": (1_284_873, 3.0275),
    "EsCo": (1_477_598, 3.1413),
    "HePy": (536_913, 3.1063),
    "YeMi": (23_616, 3.1203),
    "BuEb": (6_351, 2.9822),
    "AgPh": (14_235, 3.0888),
}
"""Bytes and ratio, original size / compressed size. The first three were trained on."""
SEEN = ("AeCa", "HaHi", "EsCo")


def prepare(stream: BinaryIO, name: str, folder: Path, *, first: int | None) -> Genome:
    """The residues of a file, or the ``first`` of them."""
    genome = inputs.prepare(stream, name, folder, residues_only=True)
    if first is None or genome.bases <= first:
        return genome
    path = genome.forms[Form.RESIDUES]
    os.truncate(path, first)
    return replace(genome, name=f"{name}, first {first:,}", bases=first, forms={Form.FILE: path})


def measure(
    variant: Variant, genome: Genome, folder: Path, options: Sequence[str], timeout: float | None
) -> Row:
    """As `acgz.bench.run.measure`, with warm kernels, and with the anatomy of the payload."""
    tool = variant.tool(options)
    if variant.settings or variant.name in MODES:
        run.warm_up_once(tool, folder.parent)
    row = run.measure(tool, genome, folder, timeout=timeout)
    if row.status != OK or not variant.settings:
        return row
    # In a process of its own: a large one would hide the memory of those that are measured.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        path = genome.forms[Form.FILE]
        anatomy = pool.submit(_dissect, path, dict(variant.settings)).result()
    return Trial(**{f.name: getattr(row, f.name) for f in fields(Row)}, anatomy=anatomy)


def _dissect(path: Path, settings: dict[str, JSON]) -> Anatomy:
    from acgz.nets.seqcoder.codec import Parts

    bases = np.fromfile(path, np.uint8)
    residues = np.searchsorted(np.frombuffer(b"ACGT", np.uint8), bases).astype(np.uint8)
    parameters, payload = encode(modes.get_codec("seqcoder"), residues, settings)
    parts = Parts.of(payload)
    wrong = parameters["mismatches"]
    return Anatomy(len(parts.latents), len(parts.residual), wrong if type(wrong) is int else 0)


def as_tables(genome: Genome, rows: Mapping[str, Row]) -> str:
    """The line of the document's table about one file, from the ``rows`` by variant."""
    name = genome.name.split(",")[0].split(".")[0]
    text = [f"{genome.name}: {genome.bases:,} bases"]
    if name in PAPER:
        size, ratio = PAPER[name]
        seen = "seen" if name in SEEN else "unseen"
        text[0] += f"; in the document {size:,} bytes, ratio {ratio} ({seen} in training)"
    text.append(
        f"  {'':18} {'bytes':>9} {'ratio':>7} {'bits/base':>9} {'latents':>9} {'residual':>9} "
        f"{'right %':>8} {'c kB/s':>7} {'d kB/s':>7} {'MB':>5}"
    )
    text += [_line(name, row) for name, row in rows.items()]
    return "\n".join([*text, "", ""])


def _line(name: str, row: Row) -> str:
    if row.packed_bytes is None or row.peak is None or row.bits_per_base is None:
        return f"  {name:18} {row.status}"
    parts = f"{'-':>9} {'-':>9} {'-':>8}"
    if isinstance(row, Trial) and row.anatomy:
        a = row.anatomy
        right = 100 * (1 - a.mismatches / row.bases)
        parts = f"{a.latents:9,} {a.residual:9,} {right:8.4f}"
    return (
        f"  {name:18} {row.packed_bytes:9,} {row.input_bytes / row.packed_bytes:7.4f} "
        f"{row.bits_per_base:9.4f} {parts} {row.compress_speed or 0:7,.0f} "
        f"{row.decompress_speed or 0:7,.0f} {row.peak.peak_bytes / 1e6:5,.0f}"
    )
