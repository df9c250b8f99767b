"""Finds the command, runs it, and turns every error into one line and an exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from acgz import __version__
from acgz.cli import job, messages
from acgz.errors import AcgzError, LimitError

COMMANDS = (
    "acgz.cli.compress",
    "acgz.cli.decompress",
    "acgz.cli.test",
    "acgz.cli.cat",
    "acgz.cli.info",
    "acgz.cli.ls",
    "acgz.cli.extract",
    "acgz.cli.modes",
    "acgz.nets.deepgeco.tune",
    "acgz.cli.train",
    "acgz.cli.bench",
)
"""Modules in the order of the help. Each has ``subparser(subparsers)``, which adds its command,
and ``main(args)``, which returns the exit code. What is slow to import they import in ``main``."""

EPILOG = """\
exit codes: 0 all is well, 2 wrong usage, 3 file trouble, 4 not an archive, 5 from a later
version, 6 damaged, 7 truncated, 8 a model is missing, 9 a package is missing, 10 more memory
needed than allowed, 11 no such record, 130 interrupted, 141 the reader of a pipe went away.
"acgz COMMAND --help" says more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``acgz`` with the given arguments (default: of this process); return the exit code."""
    try:
        args = build_parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed help or what is wrong
        return int(stop.code or 0)
    try:
        with job.signals_as_interrupts():
            code = int(args.main(args))
            sys.stdout.flush()
        return code
    except AcgzError as error:
        return messages.complain(error)
    except BrokenPipeError:
        _forget_stdout()
        return 141
    except OSError as error:
        _forget_stdout()
        return messages.complain(messages.trouble(error))
    except MemoryError:
        return messages.complain(LimitError("there is not enough memory"))
    except KeyboardInterrupt as interrupt:
        return job.exit_code_after(interrupt)


def _forget_stdout() -> None:
    """Keep the interpreter from failing once more when it flushes stdout at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="acgz",
        description="Lossless compressor for genome sequences: FASTA, raw sequence, any bytes.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"acgz {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(name).subparser(subparsers)
    return parser
