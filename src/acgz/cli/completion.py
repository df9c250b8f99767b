"""``acgz completion``: what a shell needs to complete commands, options and names of files."""

from __future__ import annotations

import argparse
from typing import Any

from acgz.cli import options

SHELLS = ("bash", "zsh", "fish")

DESCRIPTION = """\
Prints what makes a shell complete commands, options, modes and files. The file that it goes to is
read when the next shell starts."""

_FILES = frozenset(("archive", "file", "files", "output", "model", "dictionary", "reference"))
"""Arguments that name files."""


def declare(parser: options.Parser) -> None:
    """``completion``."""
    parser.description = DESCRIPTION
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.outputs import print_lines

    print_lines(script(args.shell))
    return 0


def script(shell: str) -> str:
    """What ``shell`` reads."""
    import shtab

    from acgz.cli.commands import COMMANDS
    from acgz.cli.main import whole_parser
    from acgz.engine.priors import NONE, shipped
    from acgz.modes import MODES

    parser = whole_parser()
    for each in options.parsers(parser):
        if row := COMMANDS.get(each.prog.removeprefix("acgz ")):
            each.description = row.summary
        for action in each._actions:
            if action.dest == "mode":
                action.choices = list(MODES)
            elif action.dest.rpartition(" ")[2] == "prior":
                setattr(action, "complete", _file_or([*shipped(), NONE]))  # noqa: B010
            elif action.dest.rpartition(" ")[2] in _FILES or action.type is options.path:
                setattr(action, "complete", shtab.FILE)  # noqa: B010 - argparse does not declare it
    text: str = shtab.complete(parser, shell)
    return text.rstrip("\n")


def _file_or(names: list[str]) -> dict[str, Any]:
    """What shtab calls to complete one of the names, or a file."""
    words = " ".join(names)
    bash = f'_acgz_prior() {{ compgen -W \'{words}\' -- "$1"; compgen -f -- "$1"; }}'
    zsh = f"_acgz_prior() {{ _alternative 'names:prior:({words})' 'files:file:_files' }}"
    fish = "(__fish_complete_path (commandline -ct)) " + words
    return {
        "bash": "_acgz_prior",
        "zsh": "_acgz_prior",
        "fish": fish,
        "preamble": {"bash": bash, "zsh": zsh},
    }
