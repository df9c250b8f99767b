"""``acgz bench``: sizes, speeds and memory of modes and of other compressors on the same input."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.cli import interrupts, messages, options
from acgz.errors import InputError, UsageError
from acgz.nets import SYSTEMS

if TYPE_CHECKING:
    from acgz.bench.peers import Tool
    from acgz.bench.run import Row
    from acgz.bench.suite import Suite, Variant

DESCRIPTION = """\
Compresses and restores FILES with every mode and every peer, one after the other, each as a
process of its own, compares the restored bytes, and prints one table. A peer that is not
installed is named as missing. gz, xz and zst files stand for their content."""


def declare(parser: options.Parser) -> None:
    """``bench``."""
    parser.description = DESCRIPTION
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument(
        "--modes",
        default="plus",
        help="modes, separated by commas (default: plus), or 'none'",
    )
    parser.add_argument(
        "--peers",
        default="all",
        help="other compressors, separated by commas, 'all' (the default) or 'none'",
    )
    parser.add_argument(
        "--suite",
        choices=(*SYSTEMS, "start"),
        help="instead of --modes and --peers: the tables of a paper, its figures beside ours; or "
        "how soon acgz is at work, on a small genome",
    )
    parser.add_argument(
        "--first",
        type=options.size,
        metavar="SIZE",
        help="with --suite: only so many bases of each file",
    )
    parser.add_argument(
        "--variants",
        metavar="PATTERNS",
        help="with --suite: what to run of it, patterns such as 'lstm-*, 2 epochs' or 'PLUS' "
        "separated by ';' ('all': everything)",
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="IMAGE",
        help="with --suite and one file, where the document has a figure: draw it (PNG, SVG, PDF) "
        "instead of the tables",
    )
    parser.add_argument(
        "--residues",
        action="store_true",
        help="give every tool the upper-case A, C, G, T letters only: no headers, no other letters",
    )
    parser.add_argument(
        "--repeat",
        type=options.count,
        default=1,
        metavar="N",
        help="run everything N times; the fastest counts",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="stop a child that takes longer and go on with the next",
    )
    options.add_threads(parser)
    parser.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="folder for temporary files (default: the system's)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no remarks, only the result")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON instead of the table")
    output.add_argument("--csv", action="store_true", help="print CSV instead of the table")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run the bench; 1 if a mode of acgz did not restore its input, else 0."""
    with interrupts.raised():
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    from acgz.bench.peers import PEERS, acgz_mode, find_peers
    from acgz.bench.run import OK

    modes = [acgz_mode(name, ["-T", str(args.threads)]) for name in _names(args.modes)]
    peers = list(PEERS) if args.peers == "all" else find_peers(_names(args.peers))
    for file in args.files:
        if not Path(file).is_file():  # say so now rather than after an hour
            raise InputError(f"{file}: no such file")
    if args.suite:
        return _run_suite(args)
    rows: list[Row] = []
    try:
        _measure(args, modes, peers, rows)
    finally:  # Ctrl-C does not take away what has been measured
        if rows:
            sys.stdout.write(_rendered(args, rows))
    ours = {mode.name for mode in modes}
    return int(any(row.tool in ours and row.status != OK for row in rows))


def _run_suite(args: argparse.Namespace) -> int:
    """Every variant of the suite on every file; a table as soon as a file is done."""
    import tempfile

    from acgz.bench import run
    from acgz.cli.inputs import open_input

    suite: Suite = import_module(_suite_module(args.suite)).SUITE
    if args.plot and len(args.files) > 1:
        raise UsageError("--plot is for one file")
    variants = _variants(suite, args.variants)
    failed = False
    temporary = tempfile.TemporaryDirectory
    with temporary(prefix="acgz-bench-", dir=args.work) as work:
        for file in args.files:
            with temporary(dir=work) as place, open_input(file, unpack="always") as source:
                genome = suite.prepare(
                    source.stream, Path(file).name, Path(place), first=args.first
                )
                if args.plot:
                    sys.stdout.write(suite.plot(genome, args.plot, args.threads))
                    continue
                rows = {}
                for variant in variants:
                    options = ["-T", str(args.threads)]
                    row = suite.measure(variant, genome, Path(place), options, args.timeout)
                    messages.remark(args, _progress(row))
                    rows[variant.name] = row
                    failed |= row.status != run.OK and not row.status.startswith(run.MISSING)
                sys.stdout.write(suite.as_tables(genome, rows))
    return int(failed)


def _suite_module(name: str) -> str:
    return f"acgz.nets.{name}.paper" if name in SYSTEMS else f"acgz.bench.{name}"


def _variants(suite: Suite, patterns: str | None) -> list[Variant]:
    """Those of the suite that match; UsageError if none does."""
    if patterns is None:
        return list(suite.usual)
    wanted = ["*"] if patterns == "all" else [part.strip() for part in patterns.split(";")]
    found = [v for v in suite.everything if any(fnmatchcase(v.name, part) for part in wanted)]
    if not found:
        names = "; ".join(variant.name for variant in suite.everything)
        raise UsageError(f"--variants {patterns!r} is none of: {names}")
    return found


def _measure(
    args: argparse.Namespace, modes: list[Tool], peers: list[Tool], rows: list[Row]
) -> None:
    """Append the row of each tool on each file to ``rows``."""
    import tempfile

    from acgz.bench import inputs, run
    from acgz.cli.inputs import open_input

    temporary = tempfile.TemporaryDirectory
    with temporary(prefix="acgz-bench-", dir=args.work) as work:
        if modes:
            messages.remark(args, "warming the kernel cache before anything is timed")
            for row in run.warm_up(modes, Path(work)):
                if row.status != run.OK:
                    raise UsageError(f"{row.tool}: {row.status}")
            run.warm_up(_with_lanes(args), Path(work))
        for file in args.files:
            with temporary(dir=work) as place, open_input(file, unpack="always") as source:
                genome = inputs.prepare(
                    source.stream, Path(file).name, Path(place), residues_only=args.residues
                )
                for tool in [*modes, *peers]:
                    row = run.measure(
                        tool, genome, Path(place), repeat=args.repeat, timeout=args.timeout
                    )
                    messages.remark(args, _progress(row))
                    rows.append(row)


def _with_lanes(args: argparse.Namespace) -> list[Tool]:
    """The modes with lanes that a small genome would not get: they may call more kernels.

    A mode that has no lanes refuses them.
    """
    from acgz.bench.peers import acgz_mode

    return [
        acgz_mode(name, ["-T", str(args.threads)], ["--lanes", "2"]) for name in _names(args.modes)
    ]


def _rendered(args: argparse.Namespace, rows: list[Row]) -> str:
    from acgz.bench import report

    if args.json:
        return report.as_json(rows, _about(args))
    return report.as_csv(rows) if args.csv else report.as_table(rows)


def _names(text: str) -> list[str]:
    return [] if text == "none" else [name for name in text.split(",") if name]


def _about(args: argparse.Namespace) -> dict[str, object]:
    from acgz import __version__

    return {
        "acgz": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "repeat": args.repeat,
        "kernel_cache": "warmed before anything was timed",
    }


def _progress(row: Row) -> str:
    if row.packed_bytes is None or row.compress is None:
        return f"{row.genome}: {row.tool}: {row.status}"
    seconds = row.compress.seconds + (row.decompress.seconds if row.decompress else 0)
    return f"{row.genome}: {row.tool}: {row.packed_bytes:,} bytes, {seconds:.1f} s, {row.status}"
