"""What a person is told on stderr, and the exit code that goes with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable

from acgz.errors import AcgzError, InputError, UsageError


def complain(error: AcgzError, file: str | None = None) -> int:
    """Print an error in one line; return its exit code."""
    place = "" if file is None else "standard input: " if file == "-" else f"{file}: "
    hint = " (acgz --help says more)" if isinstance(error, UsageError) else ""
    print(f"acgz: {place}{error}{hint}", file=sys.stderr)
    return error.exit_code


def remark(args: argparse.Namespace, text: str) -> None:
    """Print a line, unless the user wants none."""
    if not args.quiet:
        print(f"acgz: {text}", file=sys.stderr)


def report(args: argparse.Namespace, text: str) -> None:
    """Print a result in one line, if a person is watching or wants it."""
    if args.verbose or (sys.stderr.isatty() and not args.quiet):
        print(text, file=sys.stderr)


def for_each(files: Iterable[str], work: Callable[[str], None]) -> int:
    """Do ``work`` for every file, also after errors; the exit code is that of the first error."""
    code = 0
    for file in files:
        try:
            work(file)
        except AcgzError as error:
            code = code or complain(error, file)
        except BrokenPipeError:
            raise
        except OSError as error:
            code = code or complain(trouble(error), file)
    return code


def trouble(error: OSError) -> InputError:
    """The same as an error of ours."""
    reason = error.strerror or str(error)
    return InputError(f"{error.filename}: {reason}" if error.filename else reason)
