"""The experiments of the DeepGeCo paper (its Tables 2, 3, 4, 5 and 9), its figures beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from acgz.bench.inputs import Genome
from acgz.bench.run import Row
from acgz.bench.suite import Quick, Suite, Variant, read_residues

MODES = (
    Variant("MINI", "deepgeco-mini"),
    Variant("PLUS", "deepgeco-plus"),
    Variant("ULTRA", "deepgeco-ultra"),
)
ABLATIONS = (
    # Without the (s,k)-mer encoder a token is a base. The package has no network for that.
    Variant("without Module-1", "deepgeco-plus", {"sk": "1,1", "warm_start": "none"}),
    Variant("without Module-2,3", "deepgeco-plus", {"warm_start": "none"}),
)
THRESHOLDS = tuple(
    Variant(f"ts = {ts}", "deepgeco-plus", {"ts": ts, "least": 0}) for ts in (1, 5, 10, 20, 50, 100)
)
BATCHES = tuple(
    Variant(f"{mode.name}, bs = {lanes}", mode.mode, {"lanes": lanes})
    for mode in MODES
    for lanes in (128, 320, 640)
)
"""The paper's Figure 6; a batch has a token of each lane."""

DATA_SETS = {"plasmodium": "PlFa", "plant_A_thaliana": "ArTh", "human_mt": "HuMa"}
"""How names of files begin -> the data set of the paper that is alike, not the same."""

PAPER: Mapping[tuple[str, str], tuple[float, float]] = {
    ("PlFa", "MINI"): (1.844, 113.857),
    ("PlFa", "PLUS"): (1.818, 26.583),
    ("PlFa", "ULTRA"): (1.816, 18.318),
    ("PlFa", "without Module-1"): (1.864, 9.141),
    ("PlFa", "without Module-2,3"): (1.819, 24.300),
    ("ArTh", "MINI"): (1.904, 106.226),
    ("ArTh", "PLUS"): (1.899, 23.312),
    ("ArTh", "ULTRA"): (1.898, 16.738),
    ("ArTh", "without Module-1"): (1.913, 8.510),
    ("ArTh", "without Module-2,3"): (1.900, 28.491),
    ("HuMa", "MINI"): (1.966, 118.121),
    ("HuMa", "PLUS"): (0.068, 30.084),
    ("HuMa", "ULTRA"): (0.044, 20.008),
}
"""Data set and variant -> bits/base (Tables 2 and 5) and throughput in kB/s (Tables 3 and 5,
on an RTX 4090)."""


def data_set(name: str) -> str | None:
    """The paper's data set for a file name.

    >>> data_set("plasmodium_falciparum_3D7.fa.gz"), data_set("EsCo.gz")
    ('PlFa', None)
    """
    return next((value for start, value in DATA_SETS.items() if name.startswith(start)), None)


class _DeepGeCo(Suite):
    quick = Quick(tuple(DATA_SETS), 6_000, "MINI;PLUS;ULTRA;without*;ts = 10;ts = 100")
    usual = (*MODES, *ABLATIONS, *THRESHOLDS)
    everything = (*usual, *BATCHES)

    def as_tables(self, genome: Genome, rows: Mapping[str, Row]) -> str:
        theirs = data_set(genome.name)
        text = [
            f"{genome.name}: {genome.bases:,} bases (in the paper: {theirs or 'nothing alike'})"
        ]
        for title, variants in (
            ("Tables 2, 3 and 4: the three modes", MODES),
            ("Table 5: ablation, compare with PLUS", ABLATIONS),
            (
                "Table 9: the threshold alone (the paper's figures are in its appendix)",
                THRESHOLDS,
            ),
            ("Figure 6: batch size (a plot in the paper)", BATCHES),
        ):
            chosen = [variant for variant in variants if variant.name in rows]
            if not chosen:
                continue
            text.append(title)
            text.append(
                f"  {'':20} {'bits/base':>9} {'paper':>6} {'thr kB/s':>9} {'paper':>7} {'MB':>6}"
            )
            text += [_line(variant.name, rows[variant.name], theirs) for variant in chosen]
        return "\n".join([*text, "", ""])

    def plot(self, genome: Genome, path: Path, threads: int) -> str:
        """The paper's Figure 1."""
        from acgz.codec import Job
        from acgz.nets.deepgeco import cold_start

        residues = read_residues(genome)
        curves = {
            name: cold_start.curve(residues, settings, Job(threads))
            for name, settings in cold_start.CURVES.items()
        }
        cold_start.draw(curves, genome.name, path)
        return f"{genome.name}: bits/base of batches\n{cold_start.as_table(curves)}"


SUITE = _DeepGeCo()


def _line(name: str, row: Row, theirs: str | None) -> str:
    if row.bits_per_base is None or row.throughput is None or row.peak is None:
        return f"  {name:20} {row.status}"
    bits, speed = PAPER.get((theirs or "", name), (None, None))
    return (
        f"  {name:20} {row.bits_per_base:9.4f} {bits or '-':>6} {row.throughput:9.2f} "
        f"{speed or '-':>7} {row.peak.peak_bytes / 1e6:6,.0f}"
    )
