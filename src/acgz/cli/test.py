"""``acgz test``: decompress to nowhere."""

from __future__ import annotations

import argparse

from acgz.cli import messages, options


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "test",
        help="check that archives are intact",
        description="Decompresses archives, checks everything and writes nothing. Silent if all "
        "is well (-v: not silent).",
    )
    options.add_files(parser, "archives")
    options.add_memory_limit(parser)
    options.add_threads(parser)
    options.add_messages(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.reading import read_through

    def test(file: str) -> None:
        size = read_through(args, file, lambda event: None)
        messages.report(args, f"{file}: intact, {size:,} bytes")

    return messages.for_each(args.files or ["-"], test)
