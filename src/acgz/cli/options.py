"""Options that several commands have, and the types of their values."""

from __future__ import annotations

import argparse
import os

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def size(text: str) -> int:
    """Bytes, with a unit of 1024 if there is one.

    >>> size("64K"), size("1.5GiB"), size("100")
    (65536, 1610612736, 100)
    """
    number = text.upper().removesuffix("B").removesuffix("I")
    unit = number[-1:] if number[-1:] in UNITS else ""
    try:
        value = float(number.removesuffix(unit)) * UNITS[unit]
        if not 1 <= value < 1 << 62:
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no size like 4096, 64K or 1G") from None
    return int(value)


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def number(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def setting(text: str) -> tuple[str, bool | int | float | str]:
    """NAME=VALUE; the value is true, false, a number or text.

    >>> setting("ts=2.5"), setting("plain=true"), setting("sk=3,4")
    (('ts', 2.5), ('plain', True), ('sk', '3,4'))
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    name = name.replace("-", "_")
    if value in ("true", "false"):
        return name, value == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            pass
    return name, value


def default_threads() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def add_files(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help=f"{what} (none, or -: standard input)"
    )


def add_output(parser: argparse.ArgumentParser, meaning: str) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", metavar="PATH", help=meaning)
    where.add_argument("-c", "--stdout", action="store_true", help="write to standard output")
    parser.add_argument(
        "-f", "--force", action="store_true", help="overwrite; write archives to a terminal"
    )
    originals = parser.add_mutually_exclusive_group()
    originals.add_argument(
        "-k", "--keep", action="store_true", help="keep the input files (the default)"
    )
    originals.add_argument(
        "--rm", action="store_true", help="delete the input files once the output is verified"
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """How a codec codes; which of them a mode knows, its documentation says."""
    parser.add_argument(
        "--lanes",
        type=count,
        metavar="N",
        help="lanes to code in lockstep, where a mode can",
    )
    parser.add_argument("--sk", metavar="S,K", help="deepgeco: tokens of K bases, S apart")
    parser.add_argument(
        "--model", metavar="PATH", help="a trained network, where a mode takes one (acgz train)"
    )
    parser.add_argument(
        "--fit",
        action="store_const",
        const=True,
        help="deepzip: train the network on the input and store it in the archive",
    )
    parser.add_argument(
        "--residual",
        choices=("zstd", "coded"),
        help="seqcoder: how latents and mismatches are stored (default: zstd, as published)",
    )
    parser.add_argument(
        "--warm-start",
        choices=("gru", "bigru", "none"),
        help="deepgeco: the kind of Warm-Start network",
    )
    parser.add_argument(
        "--set",
        action="append",
        type=setting,
        default=[],
        metavar="NAME=VALUE",
        help="another setting of the mode; may be repeated",
    )


def settings_of(args: argparse.Namespace) -> dict[str, bool | int | float | str]:
    """The settings that the options of `add_settings` give."""
    names = ("lanes", "sk", "model", "fit", "residual", "warm_start")
    named = {name: getattr(args, name) for name in names}
    given = {name: value for name, value in named.items() if value is not None}
    return {**given, **dict(args.set)}


def add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-T",
        "--threads",
        type=count,
        default=default_threads(),
        metavar="N",
        help="threads (default: all cores, here %(default)s); never changes the result",
    )


def add_memory_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--memory-limit",
        type=size,
        metavar="SIZE",
        help="refuse archives whose blocks need more memory (default: 4G)",
    )


def add_messages(parser: argparse.ArgumentParser) -> None:
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument(
        "-q", "--quiet", action="store_true", help="no progress bar, no remarks, only errors"
    )
    loudness.add_argument("-v", "--verbose", action="store_true", help="say what is done")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
