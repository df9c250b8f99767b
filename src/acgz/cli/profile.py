"""``acgz profile``: bits per base along each record, for genome browsers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from acgz.cli import background, messages, mode_options, options
from acgz.cli.watching import ProgressBar
from acgz.errors import MissingDependencyError, UsageError
from acgz.remote.address import plain

if TYPE_CHECKING:
    from acgz.profiles import Profile, Read

DESCRIPTION = """\
Writes how many bits every base costs, along the records of a FASTA file or an archive: few where
the sequence repeats itself or is simple. As bedGraph, or as bigWig into an output NAME.bw or
NAME.bigwig (needs pyBigWig: pip install 'acgz[profile]'). All records are read as one sequence.
--plot draws them (needs matplotlib: pip install 'acgz[plot]')."""


def declare(parser: options.Parser) -> None:
    """``profile``."""
    parser.description = DESCRIPTION
    _declare(parser)
    parser.prepare = partial(mode_options.extend, parser, _declare)
    parser.set_defaults(main=main)


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="FASTA, also packed, or an archive (-: standard input)"
    )
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
    parser.add_argument(
        "--plot",
        type=options.path,
        metavar="IMAGE",
        help="draw the records, their repeats and simple parts, as png, svg, pdf or html; "
        "without -o no track is written",
    )
    parser.add_argument("-f", "--force", action="store_true", help="overwrite")
    options.add_messages(parser)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.outputs import claim, open_output
    from acgz.container.blocks import Recipe
    from acgz.modes import DEFAULT_MODE
    from acgz.places import Claims
    from acgz.profiles import of_records

    mode = args.mode or DEFAULT_MODE
    settings = mode_options.chosen(mode, mode_options.flags_of(args), args.set)
    recipe = Recipe.of(mode, settings)
    big = args.output is not None and args.output.lower().endswith((".bw", ".bigwig"))
    if big:
        _big_wig()
    kind = _kind_of(args.plot)

    def write(file: str) -> None:
        claims = Claims([file, *recipe.settings.files()])
        if args.plot is not None:
            claim(claims, args.plot, "the plot")
        if args.plot is None or args.output is not None:
            claim(claims, args.output, "the track")
        read = background.run(lambda: _records_of(file))
        total = sum(one.size for one in read.letters)
        shown = "standard input" if file == "-" else file
        with ProgressBar(args, shown, total) as bar:
            made = background.run(
                lambda: of_records(
                    read, mode, strands=args.strands, progress=bar.progress, **settings
                ),
                bar.watch,
            )
        _check_names(made)
        if not any(one.bits.size for one in made):
            if big or kind:
                raise UsageError("there are no records in it, and so nothing to be drawn")
            messages.remark(args, f"{shown}: there are no records in it")
        if args.plot is None or args.output is not None:
            pieces = [_as_big_wig(made, args.window)] if big else _as_bed_graph(made, args.window)
            _write(args.output, pieces, force=args.force)
        if args.plot is not None:
            title = f"{os.path.basename(plain(shown))}: bits a base, {mode}, {args.strands}"
            _write(args.plot, [_as_plot(made, read, title, kind)], force=args.force)

    def _write(target: str | None, pieces: Iterable[bytes], *, force: bool) -> None:
        with open_output(target, force=force) as out:
            for piece in pieces:
                out.write(piece)
            out.commit()

    return messages.for_each([args.file], write)


def _records_of(file: str) -> Read:
    """The records of a file, or of standard input for "-"."""
    from acgz import references
    from acgz.cli.inputs import open_input
    from acgz.profiles import records_of

    if file != "-":
        references.beside(file)
    with open_input(file) as source:
        return records_of(source.stream)


def _kind_of(plot: str | None) -> str:
    """What picture it is, before the work; "" for none. UsageError, MissingDependencyError."""
    if plot is None:
        return ""
    from acgz.profile_plot import check_library, kind_of

    check_library()
    return kind_of(plot)


def _as_plot(profiles: Sequence[Profile], read: Read, title: str, kind: str) -> bytes:
    from acgz.profile_plot import draw, rows_of

    rows = rows_of(profiles, read.letters)
    return draw(rows, title, kind, len(profiles) - len(rows))


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
