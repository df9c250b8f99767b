"""Options of one mode, made from the declarations of its settings."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from acgz.cli import options

if TYPE_CHECKING:
    from acgz.settings import Declaration, Settings

_PREFIX = "setting "
"""What a flag's attribute begins with; none of the command's own has a blank."""


def extend(
    parser: options.Parser,
    declare: Callable[[argparse.ArgumentParser], None],
    words: Sequence[str],
) -> None:
    """Give ``parser`` the options of the mode that is named in the ``words`` of a command.

    ``declare`` adds the options that the command has anyway, ``--mode`` among them.
    """
    from acgz.modes import DEFAULT_MODE

    probe = options.Parser(prog=parser.prog, add_help=False)
    declare(probe)
    for action in probe._actions:
        action.required = False  # help is asked for without anything
    mode = probe.parse_known_args(words)[0].mode or DEFAULT_MODE
    add_settings(parser, mode)
    parser.context = f", in the mode {mode}"


def add_settings(parser: argparse.ArgumentParser, mode: str) -> None:
    """A flag for every setting of the mode that declares one, and ``--set`` for all."""
    settings = _settings_of(mode).declarations()
    others = [name for name, declared in settings.items() if not declared.flag]
    group = parser.add_argument_group(
        f"settings of the mode {mode}", f"acgz modes {mode} explains them"
    )
    for declared in settings.values():
        if declared.flag:
            add_flag(group, declared)
    group.add_argument(
        "--set",
        action="append",
        type=options.assignment,
        default=[],
        metavar="NAME=VALUE",
        help="any setting; may be repeated" + (f" ({', '.join(others)})" if others else ""),
    )


def chosen(
    mode: str, flags: Sequence[tuple[str, Any]], assignments: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """The settings that a user has given; UsageError for what the mode does not know."""
    settings = _settings_of(mode)
    return {**dict(flags), **settings.parsed(dict(assignments), f"the mode {mode}")}


def flags_of(args: argparse.Namespace) -> list[tuple[str, Any]]:
    """Name and value of every flag of `add_settings` that was given."""
    return [
        (name.removeprefix(_PREFIX), value)
        for name, value in vars(args).items()
        if name.startswith(_PREFIX) and value is not None
    ]


def _settings_of(mode: str) -> type[Settings]:
    """The class of the settings of a mode; imports only that of its codec."""
    from acgz.modes import get_codec, get_mode

    return get_codec(get_mode(mode).codec).settings


def add_flag(group: argparse._ArgumentGroup, declared: Declaration) -> None:
    """The flag of one setting; `flags_of` finds its value."""

    def parsed(text: str) -> Any:
        try:
            return declared.parsed(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    known = "" if declared.optional else f" (default: {declared.default})"
    help_text = (declared.what + known).replace("%", "%%")
    if declared.kind is bool:
        group.add_argument(
            declared.flag,
            action=argparse.BooleanOptionalAction,
            dest=_PREFIX + declared.name,
            help=help_text,
        )
        return
    group.add_argument(
        declared.flag,
        type=parsed,
        dest=_PREFIX + declared.name,
        metavar=declared.metavar or declared.name.upper(),
        help=help_text,
    )
