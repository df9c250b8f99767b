"""The rows of a bench as a table to read, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence

from acgz.bench.child import Usage
from acgz.bench.run import OK, Row

Value = str | int | float | None


def fields(row: Row) -> dict[str, Value]:
    """What CSV and JSON say about a row."""
    c, d, peak = row.compress, row.decompress, row.peak
    return {
        "file": row.genome,
        "tool": row.tool,
        "status": row.status,
        "input": row.form,
        "input_bytes": row.input_bytes,
        "bases": row.bases,
        "packed_bytes": row.packed_bytes,
        "bits_per_base": row.bits_per_base,
        "compress_seconds": c.seconds if c else None,
        "decompress_seconds": d.seconds if d else None,
        "compress_cpu_seconds": c.cpu_seconds if c else None,
        "decompress_cpu_seconds": d.cpu_seconds if d else None,
        "compress_kB_per_second": row.compress_speed,
        "decompress_kB_per_second": row.decompress_speed,
        "throughput_kB_per_second": row.throughput,
        "compress_peak_bytes": c.peak_bytes if c else None,
        "decompress_peak_bytes": d.peak_bytes if d else None,
        "peak_floor_bytes": peak.floor_bytes if peak else None,
        "command": row.command,
    }


LEGEND = """\
input: file = the bytes as they are; residues = upper-case A, C, G, T only; fasta = residues under
one header line. bits/base: 8 x bytes / number of A, C, G, T letters. c, d: compressing and
decompressing, thr: size / (compression + decompression time), all in kB/s, 1 kB = 1000 bytes of the
input; modes of acgz ran with a warm kernel cache, start-up of the process included. MB: peak
resident memory of the child process, "<" where it is below the bench's own."""


def as_json(rows: Sequence[Row], about: Mapping[str, object]) -> str:
    """One JSON object: what was run where (``about``), and the ``rows``."""
    return json.dumps({**about, "rows": [fields(row) for row in rows]}, indent=2) + "\n"


def as_csv(rows: Sequence[Row]) -> str:
    """A header line with the names of `fields` and one line per row."""
    text = io.StringIO()
    names = fields(Row("", "", "", OK))
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(fields(row) for row in rows)
    return text.getvalue()


def as_table(rows: Sequence[Row]) -> str:
    """One line per row, numbers to the right, then what the columns mean."""
    head = columns()
    lines = [head, *(as_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    left = {0, 1, 2, len(head) - 1}
    text = []
    for line in lines:
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append("  ".join(cells).rstrip())
    return "\n".join([*text, "", LEGEND, ""])


def columns() -> list[str]:
    """What stands above the cells of `as_cells`."""
    return ["file", "tool", "input", "bytes", "bits/base", "c kB/s", "d kB/s", "thr", "MB", ""]


def as_cells(row: Row) -> list[str]:
    """A row for people: file, tool, what it was given, numbers, and its command or its fault."""
    return [
        row.genome,
        row.tool,
        row.form or "-",
        _number(row.packed_bytes, ",d"),
        _number(row.bits_per_base, ".4f"),
        _number(row.compress_speed, ",.0f"),
        _number(row.decompress_speed, ",.0f"),
        _number(row.throughput, ",.0f"),
        _memory(row.peak),
        row.command if row.status == OK else row.status,
    ]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _memory(usage: Usage | None) -> str:
    if usage is None:
        return "-"
    bound = "<" if usage.peak_bytes <= usage.floor_bytes else ""
    return f"{bound}{usage.peak_bytes / 1e6:,.0f}"
