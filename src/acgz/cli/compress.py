"""``acgz compress``: files to archives."""

from __future__ import annotations

import argparse

from acgz.cli import messages, options

DESCRIPTION = """\
Compresses every FILE to FILE.acgz, or all of them into one archive with -o or -c. Any file comes
back byte for byte; FASTA and raw sequence become small. Files in gzip, xz or zstd are compressed
as their content, without the .gz, .xz or .zst."""


def subparser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("compress", help="compress files", description=DESCRIPTION)
    options.add_files(parser, "files to compress")
    parser.add_argument(
        "-m", "--mode", help='how to compress; "acgz modes" lists them (default: plus)'
    )
    options.add_output(parser, "the archive, of one file or of several")
    parser.add_argument(
        "--verify", action="store_true", help="decompress the archive again and compare (--rm too)"
    )
    parser.add_argument(
        "--raw", action="store_true", help="compress gz, xz and zst files as the bytes they are"
    )
    parser.add_argument(
        "--block",
        type=options.size,
        metavar="SIZE",
        help="text that is coded together; small blocks for random access (default: 512M)",
    )
    options.add_settings(parser)
    options.add_threads(parser)
    options.add_messages(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.writing import Compression

    files: list[str] = args.files or ["-"]
    compression = Compression(args)
    if len(files) > 1 and (args.output or args.stdout):
        compression.pack_together(files)
        return 0
    return messages.for_each(files, compression.pack)
