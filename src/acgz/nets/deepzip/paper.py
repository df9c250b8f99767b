"""The experiments of the document on RNN compressors after DeepZip, its figures beside ours.

Compressing, restoring and training are timed one by one, in this process, after a first run
that compiles the kernels; other compressors are processes of their own. All times are of the
CPU, of all threads together: other work on the machine does not count.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from acgz.bench.inputs import Genome
from acgz.bench.peers import Form
from acgz.bench.run import OK, Row
from acgz.bench.suite import Quick, Suite, Variant, read_residues, write_residues
from acgz.codec import decode, encode
from acgz.errors import AcgzError, InputError
from acgz.layout import split
from acgz.modes import get_codec, get_mode
from acgz.nets.deepzip.settings import DeepZipSettings
from acgz.settings import JSON

BASES = 1_023_000
"""The document's 1023 kB, from a third of the way into a longer sequence."""

NETWORKS = tuple(
    f"{layers}{cell}-{units}"
    for layers in ("", "bi")
    for cell in ("rnn", "lstm", "gru")
    for units in (32, 64, 128)
)
SHIPPED = ("lstm-32", "lstm-64", "gru-32", "gru-64")
OTHERS = (
    *(Variant(name, name) for name in ("uniform", "order0")),
    *(Variant(name) for name in ("gzip", "xz")),
    Variant("plus", "plus"),
)


def _of(network: str, what: str, settings: Mapping[str, JSON]) -> Variant:
    return Variant(f"{network}, {what}", f"deepzip-{network}", settings)


FITTED = {
    epochs: tuple(
        _of(name, f"{epochs} epochs", {"epochs": epochs, "fit": True}) for name in NETWORKS
    )
    for epochs in (10, 2, 1)
}
ONE_FOR_ALL = tuple(_of(name, "package", {}) for name in SHIPPED)
TOKENS = tuple(
    _of("gru-32", f"m={m}, 2 epochs", {"m": m, "epochs": 2, "fit": True}) for m in (1, 2, 4)
)
LANES = tuple(
    _of(name, f"lanes={lanes}", {"lanes": lanes})
    for name in ("lstm-32", "gru-32")
    for lanes in (1, 32, 320)
)
STATES = tuple(
    _of(name, what, settings)
    for name in SHIPPED
    for what, settings in (("k=64", {"k": 64}), ("carried", {"state": "carried"}))
)

SIZES: Mapping[str, tuple[str, str]] = {
    "uniform": ("297 kB", ""), "order0": ("256 kB", ""), "gzip": ("299 kB", ""),
    "rnn-32": ("245 kB", "467 kB"), "rnn-64": ("247 kB", "636 kB"),
    "rnn-128": ("247 kB", "1.09 MB"), "birnn-32": ("247 kB", "2.11 MB"),
    "birnn-64": ("247 kB", "2.87 MB"), "lstm-32": ("239 kB", "1.20 MB"),
    "lstm-64": ("234 kB", "1.71 MB"), "lstm-128": ("232 kB", "3.32 MB"),
    "bilstm-32": ("234 kB", "6.11 MB"), "bilstm-64": ("231 kB", "8.85 MB"),
    "bilstm-128": ("229 kB", "18.8 MB"), "gru-32": ("238 kB", "1.01 MB"),
    "gru-64": ("235 kB", "1.42 MB"), "gru-128": ("240 kB", "2.65 MB"),
    "bigru-32": ("235 kB", "5.13 MB"), "bigru-64": ("245 kB", "7.21 MB"),
    "bigru-128": ("244 kB", "14.7 MB"),
}  # fmt: skip
"""Section 5.1: bytes, and of the model, which is not counted in them."""
TRAINING: Mapping[str, str] = {
    "rnn": "1.5-4 h", "lstm": "1-2 h", "gru": "0.85-1.5 h",
    "birnn": "10-50 h", "bilstm": "2.25-5.5 h", "bigru": "2-4.75 h",
}  # fmt: skip
"""Section 5.2: 32 to 128 units, 10 epochs, on a GTX 960."""
TIMES: Mapping[str, tuple[str, str]] = {
    "uniform": ("15 s", "20 s"), "order0": ("15 s", "20 s"),
    "lstm-32": ("1.25 min", "12 h"), "gru-32": ("1 min", "12 h"), "rnn-32": ("3 min", "12 h"),
    "lstm-64": ("2.5 min", "13 h"), "gru-64": ("2.25 min", "13 h"), "rnn-64": ("4.5 min", "14 h"),
    "lstm-128": ("10 min", "18 h"), "gru-128": ("7.5 min", "20 h"),
    "rnn-128": ("8.5 min", "20 h"),
}  # fmt: skip
"""Sections 5.3 and 5.4: compression, decompression."""
EPOCHS: Mapping[tuple[str, int], tuple[str, str]] = {
    ("lstm-32", 2): ("244 kB", "12 min"), ("lstm-32", 1): ("245 kB", "6 min"),
    ("lstm-64", 2): ("241 kB", "18 min"), ("lstm-64", 1): ("243 kB", "9 min"),
    ("gru-32", 2): ("243 kB", "10 min"), ("gru-32", 1): ("244 kB", "5 min"),
    ("gru-64", 2): ("241 kB", "14 min"), ("gru-64", 1): ("243 kB", "7 min"),
    ("lstm-32", 10): ("239 kB", "60 min"), ("lstm-64", 10): ("234 kB", "90 min"),
    ("gru-32", 10): ("238 kB", "50 min"), ("gru-64", 10): ("235 kB", "70 min"),
}  # fmt: skip
"""Section 6.2: bytes, training time."""
PACKAGE: Mapping[str, str] = {
    "lstm-32": "248 kB", "lstm-64": "246 kB", "gru-32": "246 kB", "gru-64": "247 kB",
}  # fmt: skip
"""Section 6.3: a model that was trained on several files."""


def network(variant: Variant) -> str:
    """The network as "lstm-32"; the name of the variant where there is none."""
    return variant.mode.removeprefix("deepzip-") or variant.name


class _DeepZip(Suite):
    quick = Quick(
        ("human_hg19",),
        20_000,
        "uniform;order0;gzip;xz;plus;*32, 10 epochs;lstm-64, 10 epochs;lstm-32, [12] epochs;"
        "gru-32, [12] epochs;*, package;gru-32, m=*;lstm-32, lanes=*;lstm-32, k=64;*32, carried",
    )
    usual = (*OTHERS, *ONE_FOR_ALL, *LANES, *STATES)
    """What needs no training and takes minutes."""
    everything = (
        *OTHERS, *ONE_FOR_ALL, *LANES, *STATES, *TOKENS, *FITTED[1], *FITTED[2], *FITTED[10],
    )  # fmt: skip

    def prepare(self, stream: BinaryIO, name: str, folder: Path, *, first: int | None) -> Genome:
        """1,023,000 bases from within a file (``first`` changes the number).

        InputError if it has none.
        """
        residues = split(stream.read()).residues
        count = min(first or BASES, residues.size)
        if not count:
            raise InputError(f"{name}: no bases")
        start = (residues.size - count) // 3
        path = folder / "residues"
        write_residues(residues[start : start + count], path)
        return Genome(f"{name}, {count:,} from {start:,} on", count, {Form.FILE: path})

    def measure(
        self,
        variant: Variant,
        genome: Genome,
        folder: Path,
        options: Sequence[str],
        timeout: float | None,
    ) -> Row:
        """Training, compressing and restoring apart; a first run on little compiles the kernels."""
        if not variant.mode.startswith("deepzip"):
            return super().measure(variant, genome, folder, options, timeout)
        row = Row(genome.name, variant.name, variant.name, OK, bases=genome.bases)
        residues = read_residues(genome)
        try:
            _tried(row, variant, residues[:3000], folder)
            return _tried(row, variant, residues, folder)
        except AcgzError as error:
            return replace(row, status=str(error))

    def as_tables(self, genome: Genome, rows: Mapping[str, Row]) -> str:
        """The document's tables, as far as there are ``rows`` (by variant) for them."""
        tables = (
            (
                "Sections 5.1 to 5.4: trained on the input, 10 epochs",
                (*OTHERS, *FITTED[10]),
                ("size", "model", "training", "compr.", "decompr."),
                lambda v: (
                    *SIZES.get(network(v), ("", "")),
                    TRAINING.get(network(v).partition("-")[0], ""),
                    *TIMES.get(network(v), ("", "")),
                ),
            ),
            (
                "Section 6.2: fewer epochs",
                tuple(v for epochs in (10, 2, 1) for v in FITTED[epochs]),
                ("size", "training"),
                lambda v: EPOCHS.get((network(v), int(str(v.settings["epochs"]))), ("", "")),
            ),
            (
                "Section 6.3: one model for all files (that of the package)",
                ONE_FOR_ALL,
                ("size",),
                lambda v: (PACKAGE[network(v)],),
            ),
            ("Section 6.1.1: m symbols at once", TOKENS, (), lambda v: ()),
            ("Section 6.1.2: lanes (networks of the package)", LANES, (), lambda v: ()),
            ("Longer windows, and a state that runs on along the lane", STATES, (), lambda v: ()),
        )
        text = [f"{genome.name}: {genome.bases:,} bases; the document's figures to the right"]
        for title, variants, columns, paper in tables:
            lines = [_line(v, rows[v.name], paper(v)) for v in variants if v.name in rows]
            if lines:
                ours = f"  {'':24} {'bytes':>9} {'weights':>8} {'bits/base':>9} {'train s':>8} "
                ours += f"{'compr. s':>8} {'decompr. s':>10}"
                text += [title, ours + "".join(f" {name:>11}" for name in columns), *lines]
        return "\n".join([*text, "", ""])


SUITE = _DeepZip()


def _tried(row: Row, variant: Variant, residues: NDArray[np.uint8], folder: Path) -> Row:
    """The row with seconds of the CPU; its bytes are without the weights."""
    settings = {**get_mode(variant.mode).settings, **variant.settings}
    codec, clock = get_codec("deepzip"), time.process_time
    details: dict[str, float] = {}
    if settings.pop("fit", False):
        from acgz.nets.deepzip.fit import fit
        from acgz.nets.deepzip.stored import StoredWeights

        chosen = DeepZipSettings.of(settings, "deepzip")
        d = chosen.architecture
        began = clock()
        weights = fit(residues, chosen)
        model = folder / "fitted.safetensors"
        d.write(model, StoredWeights.from_bytes(weights, d).arrays())
        settings["model"] = str(model)
        details |= {"weights": len(weights), "training": clock() - began}
    began = clock()
    coded = encode(codec, residues, settings)
    between = clock()
    restored = decode(codec, coded, residues.size)
    details |= {"compressing": between - began, "restoring": clock() - between}
    status = OK if np.array_equal(restored, residues) else "RESTORED BYTES DIFFER"
    return replace(row, status=status, packed_bytes=len(coded.payload), details=details)


def _line(variant: Variant, row: Row, paper: Sequence[str]) -> str:
    if row.status != OK or row.packed_bytes is None:
        return f"  {variant.name:24} {row.status}"
    weights, training, total = "-", None, row.packed_bytes
    compressing = row.compress.cpu_seconds if row.compress else None
    restoring = row.decompress.cpu_seconds if row.decompress else None
    if row.details:
        stored = int(row.details.get("weights", 0))
        weights, total = f"{stored:,}" if stored else "-", total + stored
        training = row.details.get("training")
        compressing, restoring = row.details["compressing"], row.details["restoring"]
    seconds = [f"{s:.1f}" if s is not None else "-" for s in (training, compressing, restoring)]
    return (
        f"  {variant.name:24} {row.packed_bytes:9,} {weights:>8} {8 * total / row.bases:9.4f} "
        f"{seconds[0]:>8} {seconds[1]:>8} {seconds[2]:>10}"
        + "".join(f" {value or '-':>11}" for value in paper)
    )
