"""``acgz profile``: bits per base along each record, for genome browsers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from acgz.cli import background, messages, mode_options, options
from acgz.errors import MissingDependencyError, UsageError

if TYPE_CHECKING:
    from acgz.profiles import Profile

DESCRIPTION = """\
Writes how many bits every base costs, along the records of a FASTA file or an archive: few where
the sequence repeats itself or is simple. As bedGraph, or as bigWig into an output NAME.bw or
NAME.bigwig (needs pyBigWig: pip install 'acgz[profile]'). All records are read as one sequence."""


def declare(parser: options.Parser) -> None:
    """``profile``."""
    parser.description = DESCRIPTION
    _declare(parser)
    parser.prepare = partial(mode_options.extend, parser, _declare)
    parser.set_defaults(main=main)


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="FASTA, also packed, or an archive")
    parser.add_argument("-m", "--mode", help="fast, plus or ultra (default: plus)")
    parser.add_argument(
        "--window", type=options.count, default=100, metavar="N", help="bases of a mean (100)"
    )
    parser.add_argument(
        "--strands",
        choices=("forward", "mean", "minimum"),
        default="forward",
        help="read as written (default), or the other strand too: for each base the mean or the "
        "minimum of both, which shows every copy of a repeat and not only the later ones",
    )
    parser.add_argument(
        "-o", "--output", type=options.path, metavar="PATH", help="default: standard output"
    )
    parser.add_argument("-f", "--force", action="store_true", help="overwrite")
    options.add_messages(parser)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.outputs import claim, open_output
    from acgz.container.blocks import Recipe
    from acgz.modes import DEFAULT_MODE
    from acgz.places import Claims
    from acgz.profiles import profile

    mode = args.mode or DEFAULT_MODE
    settings = mode_options.chosen(mode, mode_options.flags_of(args), args.set)
    recipe = Recipe.of(mode, settings)
    big = args.output is not None and args.output.lower().endswith((".bw", ".bigwig"))
    if big:
        _big_wig()

    def write(file: str) -> None:
        claim(Claims([file, *recipe.settings.files()]), args.output, file)
        made = background.run(lambda: profile(file, mode, strands=args.strands, **settings))
        _check_names(made)
        with open_output(args.output, force=args.force) as out:
            pieces = [_as_big_wig(made, args.window)] if big else _as_bed_graph(made, args.window)
            for piece in pieces:
                out.write(piece)
            out.commit()

    return messages.for_each([args.file], write)


def _check_names(profiles: Sequence[Profile]) -> None:
    """UsageError where a browser could not tell records apart."""
    names = [one.name for one in profiles]
    if len(set(names)) < len(names):
        raise UsageError("two records have one name, so their tracks would be one")


def _as_bed_graph(profiles: Iterable[Profile], window: int) -> Iterator[bytes]:
    """Lines of name, first base from 0, base behind the last, bits a base."""
    for one in profiles:
        name = one.name or "."
        lines = [f"{name}\t{a}\t{b}\t{bits:.4g}\n" for a, b, bits in one.windows(window)]
        yield "".join(lines).encode("utf-8", "surrogateescape")


def _as_big_wig(profiles: Sequence[Profile], window: int) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "track.bw")
        file = _big_wig().open(path, "w")
        file.addHeader([(one.name or ".", one.bits.size) for one in profiles if one.bits.size])
        for one in profiles:
            rows = list(one.windows(window))
            if rows:
                firsts, ends, bits = zip(*rows, strict=True)
                name = one.name or "."
                file.addEntries(
                    [name] * len(rows), list(firsts), ends=list(ends), values=list(bits)
                )
        file.close()
        with open(path, "rb") as made:
            return made.read()


def _big_wig() -> Any:
    try:
        import pyBigWig
    except ImportError:
        raise MissingDependencyError(
            "bigWig needs pyBigWig: pip install 'acgz[profile]' (bedGraph does not)"
        ) from None
    return pyBigWig
