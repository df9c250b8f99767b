"""The parser, options that several commands have, and the types of their values."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from acgz import machine
from acgz.cli import habits
from acgz.errors import UsageError

if TYPE_CHECKING:
    from acgz.crew import Crew

Commands = argparse._SubParsersAction
"""What a command is added to."""

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
MOST_THREADS = 1024


class Parser(argparse.ArgumentParser):
    """Options are written out, and a mistake is a `UsageError` like any other."""

    def __init__(self, **others: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **others})
        self.prepare: Callable[[Sequence[str]], None] | None = None
        """Called once with the words that are to be parsed; it may set another one."""
        self.context: str | None = None
        """Where an option may be unknown that is known elsewhere; None: unknown ones are left."""
        self.examples: Sequence[str] = ()
        """Command lines that help begins with, each with what it does behind a ``#``."""

    def prepare_for(self, words: Sequence[str]) -> None:
        """Get ready to parse the ``words``."""
        while (prepare := self.prepare) is not None:
            self.prepare = None
            prepare(words)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.prepare_for(args)
        known, others = super().parse_known_args(args, namespace)
        if self.context is not None:
            others = self._take_words(known, others)
            # Numbers such as -9 look like arguments to argparse.
            taken = [] if "--" in args else [str(word) for word in getattr(known, "files", ())]
            for word in [*others, *taken]:
                if word.startswith("-") and (found := habits.answer(word)):
                    raise UsageError(f"{word}: {found}")
        if others and self.context is not None:
            self.error(f"{others[0]!r} is unknown here{self.context}")
        return known, others

    def _take_words(self, known: Any, others: Sequence[str]) -> list[str]:
        """Add words behind an option to those before it, as ``c`` of ``a b -q c``; return the rest.

        argparse gives an argument of any number of words only those that stand together.
        """
        lists = [action.dest for action in self._actions if action.nargs == "*"]
        words = [word for word in others if word == "-" or not word.startswith("-")]
        if len(lists) != 1 or "--" in others:
            return [*others]
        setattr(known, lists[0], [*getattr(known, lists[0]), *words])
        return [word for word in others if word not in words]

    def format_help(self) -> str:
        """Examples first."""
        shown = [f"  {example}\n" for example in self.examples]
        return "".join(["examples:\n", *shown, "\n"] if shown else []) + super().format_help()

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help; argparse itself says nothing of a disk that is full."""
        if message and file is not None:
            file.write(message)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help says more)")


def parsers(parser: Parser) -> Iterator[Parser]:
    """A parser, then those of its commands and of theirs; each is prepared after it has come."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from parsers(command)


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
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def count_or_zero(text: str) -> int:
    """A whole number, also 0."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def threads(text: str) -> int:
    """A number of threads that a system can have; 0: as many as there are cores."""
    number = count_or_zero(text)
    if number > MOST_THREADS:
        raise argparse.ArgumentTypeError(f"{text!r} is above {MOST_THREADS:,}")
    return number or min(MOST_THREADS, machine.cores())


def number(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def path(text: str) -> str:
    """The name of a file or folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is none")
    return text


def assignment(text: str) -> tuple[str, str]:
    """NAME=VALUE of a setting; which type the value has, only the setting knows.

    >>> assignment("learning-rate=0.5"), assignment("sk=3,4")
    (('learning_rate', '0.5'), ('sk', '3,4'))
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name.replace("-", "_"), value


def add_files(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help=f"{what} (none, or -: standard input)"
    )


def add_output(parser: argparse.ArgumentParser, meaning: str) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-o", "--output", type=path, metavar="PATH", help=meaning)
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


def add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-T",
        "--threads",
        type=threads,
        default=min(MOST_THREADS, machine.cores()),
        metavar="N",
        help="threads (default, and 0: all cores); never changes the result",
    )


def add_memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--memory",
        type=size,
        default=machine.memory_for_blocks(),
        metavar="SIZE",
        help="memory for blocks that run side by side (default: half of the machine's); never "
        "changes the result",
    )


def add_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="have blocks coded by a Dask cluster (acgz[cluster]): tcp://…, a scheduler file, or "
        "local, for -T processes here; never changes the result",
    )
    parser.add_argument(
        "--dashboard", action="store_true", help="print where the page of the cluster is"
    )


def crew_of(args: argparse.Namespace) -> Crew:
    """Who codes the blocks of a command: threads of this process, or a cluster."""
    from acgz.crew import Crew

    address = getattr(args, "cluster", None)
    if address is None:
        if getattr(args, "dashboard", False):
            raise UsageError("--dashboard is that of a --cluster")
        return Crew(args.threads, args.memory)
    from acgz.cli import messages
    from acgz.cluster import crew

    made = crew.connect(address, args.threads, args.memory, dashboard=args.dashboard)
    if args.dashboard:
        messages.remark(args, f"the dashboard is at {made.dashboard}")
    if not made.has_workers:
        messages.remark(args, f"{address} has no workers yet: this waits for one")
    return made


def add_memory_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--memory-limit",
        type=size,
        metavar="SIZE",
        help="refuse archives whose blocks need more memory (default: 4G)",
    )


def add_reference(parser: argparse.ArgumentParser) -> None:
    """``--reference`` of commands that decode; `know_references` uses it."""
    parser.add_argument(
        "--reference",
        action="append",
        default=[],
        type=path,
        metavar="PATH",
        help="the sequence that an archive was compressed against, or a folder where it lies; the "
        "archive's own folder and ACGZ_REFERENCES are looked through anyway",
    )


def know_references(args: argparse.Namespace, archives: Sequence[str]) -> None:
    """Say where references may be; InputError for a ``--reference`` that is not there."""
    from acgz import references
    from acgz.cli import messages

    messages.tell_of_reference()
    for given in args.reference:
        references.named(given)
    for archive in archives:
        if archive != "-":
            references.beside(archive)


def add_messages(parser: argparse.ArgumentParser) -> None:
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument(
        "-q", "--quiet", action="store_true", help="no progress bar, no remarks, only errors"
    )
    loudness.add_argument("-v", "--verbose", action="store_true", help="say what is done")
    parser.add_argument(
        "--log-json",
        action="store_true",
        help="say everything on stderr for programs: a JSON object a line",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
