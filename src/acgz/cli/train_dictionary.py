"""``acgz train dictionary``: genomes in small, for fast, plus and ultra to begin with."""

from __future__ import annotations

import argparse
from pathlib import Path

from acgz.cli import background, messages, options
from acgz.errors import AcgzError
from acgz.places import Claims

NAME = "dictionary"
HELP = "what fast, plus and ultra may copy from"
DEFAULT_SIZE = "4M"


def declare(parser: options.Parser) -> None:
    """The options of the command."""
    parser.description = """\
Makes a dictionary of FILES (FASTA or raw sequence, also compressed): the parts of them that hold
most of what recurs in them, once each. It goes to --dictionary of fast, plus and ultra, and has to
be there when the archive is read. Takes some 40 bytes of memory a base."""
    parser.examples = (
        "acgz train dictionary -o salmonella.safetensors salmonella/*.fa.gz",
        "acgz compress --dictionary salmonella.safetensors isolate.fa",
        "acgz train dictionary --size 1M -o small.safetensors salmonella/*.fa.gz",
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="PATH", help="the dictionary"
    )
    parser.add_argument(
        "--size",
        type=options.size,
        default=options.size(DEFAULT_SIZE),
        metavar="BASES",
        help=f"how many to take at most; a quarter of that in bytes (default: {DEFAULT_SIZE})",
    )
    options.add_messages(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    """Make it, and say how much of what it is."""
    from acgz.cli.inputs import open_input
    from acgz.engine import dictionary
    from acgz.engine.condensing import condensed
    from acgz.layout import split

    Claims(args.files).output(args.output, str(args.output))
    genomes = []
    for file in args.files:
        try:
            with open_input(file, unpack="always") as source:
                genomes.append(split(source.stream.read()).residues)
        except AcgzError as error:
            error.place = file
            raise
    taken = background.run(lambda: condensed(genomes, args.size))
    digest = dictionary.write(args.output, taken, [])
    of = sum(one.size for one in genomes)
    messages.remark(args, f"{args.output}: {taken.size:,} of {of:,} bases, {digest.hex()}")
    return 0
