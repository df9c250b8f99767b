"""``acgz extract``: records and regions as FASTA, in the manner of ``samtools faidx``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from acgz.cli import background, messages, options
from acgz.errors import RecordNotFoundError

if TYPE_CHECKING:
    from acgz.archive import Archive, Record
    from acgz.cli.outputs import Output

DESCRIPTION = """\
Writes records, or regions of them, as FASTA. A REGION is NAME, NAME:FROM-TO, NAME:FROM or NAME:-TO;
positions count from 1, both ends belong to the region, and commas may group their digits.
{NAME}:FROM-TO is for names with a colon. Only the blocks that hold the regions are decompressed."""

_LONGEST_NUMBER = 18
"""Digits of a position; what has more is behind the end of every record."""


def declare(parser: options.Parser) -> None:
    """``extract``."""
    parser.description = DESCRIPTION
    parser.add_argument("archive", metavar="ARCHIVE", help="an archive (-: standard input)")
    parser.add_argument("regions", nargs="+", metavar="REGION")
    parser.add_argument(
        "-o",
        "--output",
        type=options.path,
        metavar="PATH",
        help="write here, not to standard output",
    )
    parser.add_argument("-f", "--force", action="store_true", help="overwrite")
    parser.add_argument(
        "--width", type=options.count, default=60, metavar="N", help="letters in a line (60)"
    )
    options.add_memory_limit(parser)
    options.add_threads(parser)
    options.add_messages(parser)
    parser.set_defaults(main=main)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.inputs import open_archive
    from acgz.cli.outputs import claim, open_output
    from acgz.places import Claims

    extraction = Extraction(args.regions, args.width, args.quiet, args.verbose)

    def extract(file: str) -> None:
        claim(Claims([file]), args.output, file)
        with (
            open_archive(file, threads=args.threads, memory_limit=args.memory_limit) as archive,
            open_output(args.output, force=args.force) as out,
        ):
            extraction.write(archive, out)
            out.commit()

    return messages.for_each([args.archive], extract)


@dataclass(frozen=True)
class Extraction:
    """What is wanted, in which form."""

    regions: Sequence[str]
    width: int
    quiet: bool
    verbose: bool

    def write(self, archive: Archive, out: Output) -> None:
        """Write the regions as FASTA."""
        # Look up all regions first: a typing error in the last one is found at once.
        found = [(region, *find_region(archive, region)) for region in self.regions]
        for region, record, start, stop in found:
            if stop > len(record):
                messages.remark(self, f"{region}: {record.name} ends at {len(record):,}")
            letters = background.run(partial(record.__getitem__, slice(start, stop)))
            lines = [letters[at : at + self.width] for at in range(0, len(letters), self.width)]
            text = "\n".join([f">{region}", *lines, ""])
            out.write(text.encode("utf-8", "surrogateescape"))


def find_region(archive: Archive, region: str) -> tuple[Record, int, int]:
    """The record and the 0-based, half-open range that ``region`` stands for.

    The end may lie behind the record's. Raises RecordNotFoundError for an unknown name and for
    positions that are none or outside.
    """
    if region in archive:  # also names that look like regions
        record = archive[region]
        return record, 0, len(record)
    name, _, positions = region.rpartition(":")
    if name.startswith("{") and name.endswith("}"):
        name = name[1:-1]
    if name not in archive:
        raise RecordNotFoundError(f"there is no record {region!r}")
    record = archive[name]
    first, _, last = positions.replace(",", "").partition("-")
    if not (first + last).isascii() or not (first + last).isdigit():
        raise RecordNotFoundError(f"{positions!r} is no range of positions like 1-1,000")
    start, stop = _position(first or "1"), _position(last) if last else len(record)
    if not 1 <= start <= max(stop, 1) or start > len(record):
        raise RecordNotFoundError(
            f"{positions!r} is outside of {name!r}, which has the positions 1 to {len(record):,}"
        )
    return record, start - 1, stop


def _position(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER
