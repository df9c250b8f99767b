"""``acgz bench``: sizes, speeds and memory of modes and of other compressors on the same input."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from acgz.cli import interrupts, messages, options
from acgz.cli.outputs import open_output
from acgz.errors import InputError, UsageError
from acgz.nets import SYSTEMS
from acgz.places import Claims

if TYPE_CHECKING:
    from acgz.bench.peers import Tool
    from acgz.bench.run import Row
    from acgz.bench.suite import Suite, Variant
    from acgz.cli.outputs import Output

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
        choices=(*SYSTEMS, "papers", "start"),
        help="instead of --modes and --peers: the tables of a paper, its figures beside ours, or "
        "of all four, each with those of FILES whose names are of its data; or how soon acgz is "
        "at work, on a small genome",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="with --suite papers: a few thousand bases and some lines of every table, in minutes",
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
    parser.add_argument(
        "--report",
        type=options.path,
        metavar="PAGE",
        help="write a page of HTML, too: the table, drawings of sizes, speeds and memory",
    )
    parser.add_argument("-f", "--force", action="store_true", help="overwrite PAGE")
    parser.add_argument("-q", "--quiet", action="store_true", help="no remarks, only the result")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON instead of the table")
    output.add_argument("--csv", action="store_true", help="print CSV instead of the table")
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Run the bench; 1 if a mode of acgz did not restore its input, else 0."""
    how = How(args.threads, args.repeat, args.timeout, args.work, args.quiet)
    for file in args.files:
        if not Path(file).is_file():  # say so now rather than after an hour
            raise InputError(f"{file}: no such file")
    if args.quick and args.suite != "papers":
        raise UsageError("--quick is for --suite papers")
    if args.report:
        Claims(args.files).output(args.report, "the report")
    with interrupts.raised():
        if args.suite:
            if args.report:
                raise UsageError("--report is for --modes and --peers, not for --suite")
            wanted = SuiteRun(args.suite, args.variants, args.first, args.plot)
            if args.suite == "papers":
                return _run_papers(wanted, args.quick, args.files, how)
            return _run_suite(wanted, args.files, how)
        tools = Tools.of(_names(args.modes), args.peers, how)
        form = "json" if args.json else "csv" if args.csv else "table"
        with ExitStack() as opened:
            page: Output | None = None
            if args.report:
                page = open_output(args.report, force=args.force)
                opened.enter_context(page)  # now, so that it does not fail after an hour
            return _run_tools(Run(tools, args.files, args.residues, form, page), how)


@dataclass(frozen=True)
class How:
    """How everything is run."""

    threads: int
    repeat: int
    timeout: float | None
    """Seconds."""
    work: Path | None
    """Folder for temporary files."""
    quiet: bool
    verbose: bool = False

    @property
    def options(self) -> list[str]:
        """The options that every command line of acgz gets."""
        return ["-T", str(self.threads)]


@dataclass(frozen=True)
class Tools:
    """What is compared."""

    modes: list[Tool]
    lanes: list[Tool]
    """The modes with lanes that a small genome would not get: they may call more kernels."""
    peers: list[Tool]

    @classmethod
    def of(cls, modes: list[str], peers: str, how: How) -> Tools:
        from acgz.bench.peers import PEERS, acgz_mode, find_peers
        from acgz.modes import get_mode

        for name in modes:
            get_mode(name)  # UsageError, before anything is run
        return cls(
            [acgz_mode(name, how.options) for name in modes],
            [acgz_mode(name, how.options, ["--lanes", "2"]) for name in modes],
            list(PEERS) if peers == "all" else find_peers(_names(peers)),
        )


@dataclass(frozen=True)
class Run:
    """What is compared on which files, and what becomes of it."""

    tools: Tools
    files: list[str]
    residues: bool
    """Only A, C, G, T."""
    form: str
    """Of what is printed: table, json or csv."""
    page: Output | None
    """For the report."""


def _run_tools(wanted: Run, how: How) -> int:
    """Every tool on every file, the table, and the report."""
    from acgz.bench import run

    tools = wanted.tools
    rows: list[Row] = []
    try:
        with TemporaryDirectory(prefix="acgz-bench-", dir=how.work) as work:
            if tools.modes:
                messages.remark(how, "warming the kernel cache before anything is timed")
                for row in run.warm_up(tools.modes, Path(work)):
                    if row.status != run.OK:
                        raise UsageError(f"{row.tool}: {row.status}")
                run.warm_up(tools.lanes, Path(work))  # a mode that has no lanes refuses them
            for file in wanted.files:
                for row in _measured(tools, file, wanted.residues, how, work):
                    messages.remark(how, _progress(row))
                    rows.append(row)
    finally:  # Ctrl-C does not take away what has been measured
        if rows:
            sys.stdout.write(_rendered(rows, how, wanted.form))
            _report(rows, wanted, how)
    ours = {mode.name for mode in tools.modes}
    return int(any(row.tool in ours and row.status != run.OK for row in rows))


def _measured(tools: Tools, file: str, residues: bool, how: How, work: str) -> Iterator[Row]:
    """The row of each tool on a file."""
    from acgz.bench import inputs, run
    from acgz.cli.inputs import open_input

    with TemporaryDirectory(dir=work) as place, open_input(file, unpack="always") as source:
        genome = inputs.prepare(source.stream, Path(file).name, Path(place), residues_only=residues)
        for tool in [*tools.modes, *tools.peers]:
            yield run.measure(tool, genome, Path(place), repeat=how.repeat, timeout=how.timeout)


@dataclass(frozen=True)
class SuiteRun:
    """What is run of a suite."""

    suite: str
    variants: str | None
    """Patterns; None: the usual ones."""
    first: int | None
    """Bases of each file."""
    plot: Path | None
    """The picture to make instead of tables."""


def _run_papers(wanted: SuiteRun, quick: bool, files: list[str], how: How) -> int:
    """The suite of each document, on those of the files that are its data."""
    if wanted.variants or wanted.plot:
        raise UsageError("--variants and --plot are for the suite of one paper")
    failed = 0
    for name in SYSTEMS:
        small = import_module(_suite_module(name)).SUITE.quick
        chosen = [file for file in files if small.takes(file)]
        sys.stdout.write(f"{name}\n{'=' * len(name)}\n\n")
        if not chosen:
            beginnings = ", ".join(small.files)
            sys.stdout.write(f"none of its data: no file whose name begins with {beginnings}\n\n")
            continue
        part = (
            SuiteRun(name, small.variants, wanted.first or small.first, None)
            if quick
            else SuiteRun(name, None, wanted.first, None)
        )
        failed |= _run_suite(part, chosen, how)
    return failed


def _run_suite(wanted: SuiteRun, files: list[str], how: How) -> int:
    """Every variant of the suite on every file; a table as soon as a file is done."""
    from acgz.bench import run
    from acgz.cli.inputs import open_input

    suite: Suite = import_module(_suite_module(wanted.suite)).SUITE
    if wanted.plot and len(files) > 1:
        raise UsageError("--plot is for one file")
    if wanted.plot:
        Claims(files).output(wanted.plot, "the picture")
    variants = _variants(suite, wanted.variants)
    failed = False
    with TemporaryDirectory(prefix="acgz-bench-", dir=how.work) as work:
        for file in files:
            with TemporaryDirectory(dir=work) as place, open_input(file, unpack="always") as source:
                genome = suite.prepare(
                    source.stream, Path(file).name, Path(place), first=wanted.first
                )
                if wanted.plot:
                    sys.stdout.write(suite.plot(genome, wanted.plot, how.threads))
                    continue
                rows = {}
                for variant in variants:
                    row = suite.measure(variant, genome, Path(place), how.options, how.timeout)
                    messages.remark(how, _progress(row))
                    rows[variant.name] = row
                    failed |= row.status != run.OK and not row.status.startswith(run.MISSING)
                sys.stdout.write(suite.as_tables(genome, rows))
    return int(failed)


def _suite_module(name: str) -> str:
    return f"acgz.nets.{name}.paper" if name in SYSTEMS else f"acgz.bench.{name}"


def _variants(suite: Suite, patterns: str | None) -> list[Variant]:
    """The variants of the suite that match; UsageError if none does."""
    if patterns is None:
        return list(suite.usual)
    wanted = ["*"] if patterns == "all" else [part.strip() for part in patterns.split(";")]
    found = [v for v in suite.everything if any(fnmatchcase(v.name, part) for part in wanted)]
    if not found:
        names = "; ".join(variant.name for variant in suite.everything)
        raise UsageError(f"--variants {patterns!r} is none of: {names}")
    return found


def _rendered(rows: list[Row], how: How, form: str) -> str:
    from acgz.bench import report

    if form == "json":
        return report.as_json(rows, _about(how))
    return report.as_csv(rows) if form == "csv" else report.as_table(rows)


def _report(rows: list[Row], wanted: Run, how: How) -> None:
    """Write the page, if one is wanted."""
    from acgz.bench.page import as_page

    if wanted.page is not None:
        ours = [mode.name for mode in wanted.tools.modes]
        wanted.page.write(as_page(rows, _about(how), ours).encode())
        wanted.page.commit()


def _names(text: str) -> list[str]:
    return [] if text == "none" else [name for name in text.split(",") if name]


def _about(how: How) -> dict[str, object]:
    from acgz import __version__

    return {
        "acgz": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "repeat": how.repeat,
        "kernel_cache": "warmed before anything was timed",
    }


def _progress(row: Row) -> str:
    if row.packed_bytes is None or row.compress is None:
        return f"{row.genome}: {row.tool}: {row.status}"
    seconds = row.compress.seconds + (row.decompress.seconds if row.decompress else 0)
    return f"{row.genome}: {row.tool}: {row.packed_bytes:,} bytes, {seconds:.1f} s, {row.status}"
