"""The experiment of the GeneFormer paper (its Table 1): the held-out tenth of a data set."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from acgz.bench.inputs import Genome
from acgz.bench.peers import Form
from acgz.bench.run import Row
from acgz.bench.suite import Quick, Suite, Variant, apart, write_residues
from acgz.errors import InputError, MissingModelError
from acgz.models import packaged
from acgz.nets.geneformer.genomes import DataSet, residues_of_records

SHORT = {"group": 20_000}
"""Short groups, so that a data set of one million bases fills some dozen lanes."""

VARIANTS = (
    *(Variant(name) for name in ("gzip", "7z", "bzip2", "xz")),
    Variant("order0", "order0"),
    Variant("plus", "plus"),
    *(
        variant
        for model in ("human", "fish", "hybrid")
        for variant in (
            Variant(model, "geneformer", {"model": model}),
            Variant(f"{model}, grouped", "geneformer-grouped", {"model": model}),
            Variant(f"{model}, short groups", "geneformer-grouped", {"model": model, **SHORT}),
        )
    ),
)

DATA_SETS = {"human_mt": "Human", "fish": "Fish"}
"""How names of files begin -> the data set of the paper that is alike, not the same."""

PAPER: Mapping[tuple[str, str], float] = {
    ("Human", "gzip"): 1.4232,
    ("Human", "7z"): 0.0910,
    ("Human", "bzip2"): 0.3558,
    ("Human", "human"): 0.0096,
    ("Human", "human, grouped"): 0.0102,
    ("Human", "hybrid"): 0.0215,
    ("Fish", "gzip"): 2.4460,
    ("Fish", "7z"): 1.2371,
    ("Fish", "bzip2"): 2.0303,
    ("Fish", "fish"): 0.6587,
    ("Fish", "fish, grouped"): 0.6593,
    ("Fish", "hybrid"): 0.8634,
}
"""Data set and variant -> bits/base of Table 1."""


def _hold_out(source: Path, target: Path, first: int | None) -> int:
    """Write the letters of the test into ``target``; how many there are."""
    return write_residues(DataSet.of(residues_of_records(source.read_bytes())).test[:first], target)


def data_set(name: str) -> str | None:
    """The paper's data set for a file name.

    >>> data_set("human_mt.fa.gz"), data_set("EsCo.gz")
    ('Human', None)
    """
    return next((value for start, value in DATA_SETS.items() if name.startswith(start)), None)


class _GeneFormer(Suite):
    quick = Quick(tuple(DATA_SETS), 6_000, "gzip;7z;bzip2;xz;order0;plus;human;fish;hybrid")
    """All groupings are one group of so few bases."""
    usual = everything = VARIANTS

    def prepare(self, stream: BinaryIO, name: str, folder: Path, *, first: int | None) -> Genome:
        """The residues of the records that no training sees, or the ``first`` of them.

        InputError if the file has fewer than ten records.
        """
        source, target = folder / "genome", folder / "residues"
        with source.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        bases = apart(_hold_out, source, target, first)
        source.unlink()
        if not bases:
            raise InputError(f"{name}: no bases are left for the test")
        return Genome(f"{name}, held-out tenth", bases, {Form.FILE: target})

    def as_tables(self, genome: Genome, rows: Mapping[str, Row]) -> str:
        """Table 1 of one data set, from the ``rows`` by variant."""
        theirs = data_set(genome.name)
        text = [
            f"{genome.name}: {genome.bases:,} bases (in the paper: {theirs or 'nothing alike'})",
            f"  {'':22} {'bytes':>9} {'bits/base':>9} {'paper':>6} {'+ model':>9} "
            f"{'comp kB/s':>9} {'dec kB/s':>9} {'MB':>6}",
        ]
        text += [_line(v, rows[v.name], theirs) for v in VARIANTS if v.name in rows]
        return "\n".join([*text, "", ""])


SUITE = _GeneFormer()


def _line(variant: Variant, row: Row, theirs: str | None) -> str:
    if row.packed_bytes is None or row.decompress is None or row.peak is None:
        return f"  {variant.name:22} {row.status}"
    with_model = "-"
    if model := variant.settings.get("model"):
        with_model = f"{8 * (row.packed_bytes + _size(str(model))) / row.bases:.4f}"
    return (
        f"  {variant.name:22} {row.packed_bytes:9,} {row.bits_per_base:9.4f} "
        f"{PAPER.get((theirs or '', variant.name), '-'):>6} {with_model:>9} "
        f"{row.compress_speed:9.1f} {row.decompress_speed:9.1f} "
        f"{row.peak.peak_bytes / 1e6:6,.0f}"
    )


def _size(model: str) -> int:
    """Bytes of a network of the package; 0 if it is absent."""
    try:
        return packaged(f"geneformer-{model}").stat().st_size
    except MissingModelError:
        return 0
