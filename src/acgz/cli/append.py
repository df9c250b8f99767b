"""``acgz append``: more files into an archive that is there already."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial

from acgz.cli import compress, messages, mode_options, options
from acgz.cli.together import Together
from acgz.errors import UsageError

DESCRIPTION = """\
Adds files, or folders with all that is in them, to an archive. What is in it is not compressed
again. The new archive takes the place of the old one when it is complete; until then, and if
anything fails, the old one stays."""


def declare(parser: options.Parser) -> None:
    """``append``."""
    parser.description = DESCRIPTION
    _declare(parser)
    parser.prepare = partial(mode_options.extend, parser, _declare)
    parser.set_defaults(main=main)


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("archive", metavar="ARCHIVE", help="an archive in a file")
    parser.add_argument("files", nargs="*", metavar="FILE", help="files or folders to add")
    compress.add_compressing(parser)
    parser.add_argument(
        "--name",
        type=options.path,
        help="what the file in ARCHIVE is called from now on, if it is one without a name "
        "(default: ARCHIVE without .acgz)",
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help="add archives too, as the bytes that they are"
    )
    options.add_threads(parser)
    options.add_memory(parser)
    options.add_messages(parser)


def main(args: argparse.Namespace) -> int:
    compression = replace(compress.Compression.of(args), force=args.force)
    words, lists = compress.words_of(args)
    if not words:
        raise UsageError("there are no files to add")
    if args.archive == "-":
        raise UsageError("append wants the archive in a file, not on standard input")

    def append(archive: str) -> None:
        with compression.remarks:
            Together.gather(compression, words, lists).append(archive, args.name)

    return messages.for_each([args.archive], append)
