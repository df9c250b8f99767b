"""Finds the command, runs it, and turns every error into one line and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module

from acgz import __version__
from acgz.cli import background, habits, log, messages, options
from acgz.cli.commands import COMMANDS, EXAMPLES
from acgz.errors import AcgzError, LimitError

EPILOG = """\
exit codes: 0 all is well, 2 wrong usage, 3 file trouble, 4 not an archive, 5 from a later
version, 6 damaged, 7 truncated, 8 a model is missing, 9 a package is missing, 10 more memory
needed than allowed, 11 no such file or record, 130 interrupted, 141 the reader of a pipe
went away. "acgz COMMAND --help" says more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``acgz`` with the given arguments (default: of this process); return the exit code."""
    _open_standard_streams()
    log.start(wanted=False)
    messages.tell_of_reference(False)
    code = _exit_code(argv)
    log.event("end", exit_code=code)
    return code


def _exit_code(argv: Sequence[str] | None) -> int:
    """Run the command; of an error, say what it is."""
    try:
        try:
            code = _run(sys.argv[1:] if argv is None else argv)
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


def _run(typed: Sequence[str]) -> int:
    """Run the command that has been ``typed``."""
    words, remark = habits.understood(typed, COMMANDS)
    parser = build_parser()
    if not words:
        parser.print_help(sys.stderr)
        return 2
    if words[0] not in (*COMMANDS, "-h", "--help", "--version"):
        parser.error(habits.instead_of(words[0], COMMANDS))
    args = parser.parse_args(words)
    if remark:
        messages.say(remark)
    log.start(wanted=getattr(args, "log_json", False))
    log.event("begin", version=__version__, arguments=words)
    return int(args.main(args))


def build_parser() -> options.Parser:
    """The parser of the whole command line. Of a command that is not used nothing is imported."""
    parser = options.Parser(
        prog="acgz",
        description="Lossless compressor for genome sequences: FASTA, raw sequence, any bytes.",
        epilog=EPILOG,
    )
    parser.examples = EXAMPLES
    parser.add_argument("--version", action="version", version=f"acgz {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, row in COMMANDS.items():
        command = commands.add_parser(name, help=row.summary)
        command.examples = row.examples
        command.context = ""
        command.prepare = partial(_declare, command, row.declaration)
    return parser


def whole_parser() -> options.Parser:
    """The parser with all commands, as a manual describes them: in the default mode."""
    parser = build_parser()
    for each in options.parsers(parser):
        each.prepare_for(())
    return parser


def _declare(command: options.Parser, declaration: str, words: Sequence[str]) -> None:
    """Give a command, once, what it needs to parse any ``words``."""
    module, _, function = declaration.partition(":")
    getattr(import_module(module), function)(command)


def _open_standard_streams() -> None:
    """Keep files that are opened later from taking the place of a stream that is closed; have
    text written in any encoding."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # letters that it has not come out escaped
            stream.reconfigure(errors="backslashreplace")
