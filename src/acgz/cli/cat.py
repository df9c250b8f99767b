"""``acgz cat``: decompress to standard output."""

from __future__ import annotations

import argparse

from acgz.cli import messages, options


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "cat",
        help="decompress to standard output",
        description="Writes what archives were made of to standard output, like decompress -c.",
    )
    options.add_files(parser, "archives")
    options.add_memory_limit(parser)
    options.add_threads(parser)
    options.add_messages(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.outputs import StandardOutput
    from acgz.cli.reading import read_through
    from acgz.container.format import FileStart

    out = StandardOutput()

    def take(event: FileStart | bytes) -> None:
        if isinstance(event, bytes):
            out.write(event)

    def cat(file: str) -> None:
        read_through(args, file, take)

    return messages.for_each(args.files or ["-"], cat)
