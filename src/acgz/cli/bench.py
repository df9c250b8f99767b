"""``acgz bench``: sizes, speeds and memory of modes and of other compressors on the same input."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from acgz.errors import InputError, UsageError

if TYPE_CHECKING:
    from acgz.bench.peers import Tool
    from acgz.bench.run import Row

DESCRIPTION = """\
Compresses and restores FILES with every mode and every peer, one after the other, each as a
process of its own, compares the restored bytes, and prints one table. A peer that is not
installed is named as missing. gz, bz2, xz and zst files stand for their content."""


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bench`` to the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="compare modes and other compressors on your files",
        description=DESCRIPTION,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
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
        "--residues",
        action="store_true",
        help="give every tool the upper-case A, C, G, T letters only: no headers, no other letters",
    )
    parser.add_argument(
        "--repeat",
        type=_positive_int,
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
    parser.add_argument(
        "-T",
        "--threads",
        type=_positive_int,
        metavar="N",
        help="threads of acgz (peers run with one thread where they let us choose)",
    )
    parser.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="folder for temporary files (default: the system's)",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON instead of the table")
    output.add_argument("--csv", action="store_true", help="print CSV instead of the table")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run the bench; 1 if a mode of acgz did not restore its input, else 0."""
    import tempfile

    from acgz.bench import inputs, report, run

    modes, peers = _modes(args), _peers(args)
    for file in args.files:
        if not file.is_file():  # say so now rather than after an hour
            raise InputError(f"{file}: no such file")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="acgz-bench-", dir=args.work) as work:
        if modes:
            _say("warming the kernel cache on 20,000 bases, before anything is timed")
            for row in run.warm_up(modes, Path(work)):
                if row.status != run.OK:
                    raise UsageError(f"{row.tool}: {row.status}")
        for file in args.files:
            with tempfile.TemporaryDirectory(dir=work) as place:
                genome = inputs.prepare(file, Path(place), residues_only=args.residues)
                for tool in [*modes, *peers]:
                    row = run.measure(
                        tool, genome, Path(place), repeat=args.repeat, timeout=args.timeout
                    )
                    _say(_progress(row))
                    rows.append(row)
    if args.json:
        sys.stdout.write(report.as_json(rows, _about(args)))
    elif args.csv:
        sys.stdout.write(report.as_csv(rows))
    else:
        sys.stdout.write(report.as_table(rows))
    ours = {mode.name for mode in modes}
    return int(any(row.tool in ours and row.status != run.OK for row in rows))


def _modes(args: argparse.Namespace) -> list[Tool]:
    from acgz.bench.peers import acgz_mode

    options = ["-T", str(args.threads)] if args.threads else []
    return [acgz_mode(name, options) for name in _names(args.modes)]


def _peers(args: argparse.Namespace) -> list[Tool]:
    from acgz.bench.peers import PEERS, find_peers

    return list(PEERS) if args.peers == "all" else find_peers(_names(args.peers))


def _names(text: str) -> list[str]:
    return [] if text == "none" else [name for name in text.split(",") if name]


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _about(args: argparse.Namespace) -> dict[str, object]:
    from acgz import __version__

    return {
        "acgz": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "repeat": args.repeat,
        "kernel_cache": "warmed on 20,000 bases before anything was timed",
    }


def _progress(row: Row) -> str:
    if row.packed_bytes is None or row.compress is None:
        return f"{row.genome}: {row.tool}: {row.status}"
    seconds = row.compress.seconds + (row.decompress.seconds if row.decompress else 0)
    return f"{row.genome}: {row.tool}: {row.packed_bytes:,} bytes, {seconds:.1f} s, {row.status}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
