"""The table of the SeqCoder document, its figures beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from acgz import modes
from acgz.bench.inputs import Genome
from acgz.bench.run import OK, Row
from acgz.bench.suite import Quick, Suite, Variant, apart, read_residues
from acgz.codec import encode
from acgz.settings import JSON

OTHERS = (Variant("order0", "order0"), Variant("gzip"), Variant("xz"), Variant("plus", "plus"))
BOTH = tuple(
    Variant(residual, "seqcoder", {"residual": residual}) for residual in ("zstd", "coded")
)
TWO_BITS = tuple(
    Variant(f"twobit, {residual}", "seqcoder-twobit", {"residual": residual})
    for residual in ("zstd", "coded")
)
"""What the latent space is worth: the same, but the latent values are the bases."""

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


def anatomy(genome: Genome, settings: Mapping[str, JSON]) -> dict[str, float]:
    """Bytes of ``latents`` and ``residual`` of a payload, and its number of ``mismatches``."""
    from acgz.nets.seqcoder.codec import Parts

    parameters, payload = encode(modes.get_codec("seqcoder"), read_residues(genome), settings)
    parts, wrong = Parts.of(payload), parameters["mismatches"]
    return {
        "latents": len(parts.latents),
        "residual": len(parts.residual),
        "mismatches": wrong if isinstance(wrong, int) else 0,
    }


class _SeqCoder(Suite):
    quick = Quick(tuple(PAPER), 32_000, "*")
    usual = everything = (*BOTH, *TWO_BITS, *OTHERS)

    def measure(
        self,
        variant: Variant,
        genome: Genome,
        folder: Path,
        options: Sequence[str],
        timeout: float | None,
    ) -> Row:
        """The rows of any suite, and what a payload of seqcoder consists of."""
        row = super().measure(variant, genome, folder, options, timeout)
        if row.status != OK or not variant.mode.startswith("seqcoder"):
            return row
        return replace(
            row,
            details=apart(
                anatomy, genome, {**modes.get_mode(variant.mode).settings, **variant.settings}
            ),
        )

    def as_tables(self, genome: Genome, rows: Mapping[str, Row]) -> str:
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


SUITE = _SeqCoder()


def _line(name: str, row: Row) -> str:
    if row.packed_bytes is None or row.peak is None or row.bits_per_base is None:
        return f"  {name:18} {row.status}"
    parts = f"{'-':>9} {'-':>9} {'-':>8}"
    if a := row.details:
        right = 100 * (1 - a["mismatches"] / row.bases)
        parts = f"{a['latents']:9,} {a['residual']:9,} {right:8.4f}"
    return (
        f"  {name:18} {row.packed_bytes:9,} {row.input_bytes / row.packed_bytes:7.4f} "
        f"{row.bits_per_base:9.4f} {parts} {row.compress_speed or 0:7,.0f} "
        f"{row.decompress_speed or 0:7,.0f} {row.peak.peak_bytes / 1e6:5,.0f}"
    )
