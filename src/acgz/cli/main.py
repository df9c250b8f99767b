"""Finds the command, runs it, and turns every error into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from acgz import __version__
from acgz.cli import (
    background,
    bench,
    compress,
    extract,
    listing,
    messages,
    options,
    restore,
    train,
)
from acgz.errors import AcgzError, LimitError

EPILOG = """\
exit codes: 0 all is well, 2 wrong usage, 3 file trouble, 4 not an archive, 5 from a later
version, 6 damaged, 7 truncated, 8 a model is missing, 9 a package is missing, 10 more memory
needed than allowed, 11 no such record, 130 interrupted, 141 the reader of a pipe went away.
"acgz COMMAND --help" says more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``acgz`` with the given arguments (default: of this process); return the exit code."""
    _open_standard_streams()
    try:
        try:
            args = build_parser().parse_args(argv)
            code = int(args.main(args))
        except SystemExit as stop:  # argparse has printed help or the version
            code = int(stop.code or 0)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except AcgzError as error:
        return messages.complain(error)
    except BrokenPipeError:
        messages.forget(sys.stdout)
        return 141
    except OSError as error:
        messages.forget(sys.stdout)
        return messages.complain(messages.trouble(error))
    except MemoryError:
        return messages.complain(LimitError("there is not enough memory"))
    except KeyboardInterrupt as interrupt:
        return background.exit_code_after(interrupt)


def build_parser() -> options.Parser:
    """The parser of the whole command line. What commands need else they import when they run."""
    parser = options.Parser(
        prog="acgz",
        description="Lossless compressor for genome sequences: FASTA, raw sequence, any bytes.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"acgz {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    compress.add_command(commands)
    restore.add_commands(commands)
    listing.add_commands(commands)
    extract.add_command(commands)
    train.add_commands(commands)
    bench.add_command(commands)
    return parser


def _open_standard_streams() -> None:
    """Keep files that are opened later from taking the place of a stream that is closed."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
