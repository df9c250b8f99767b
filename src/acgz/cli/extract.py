"""``acgz extract``: records and regions as FASTA, in the manner of ``samtools faidx``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from acgz.cli import background, messages, options
from acgz.errors import AcgzError, NotInArchiveError, UsageError

if TYPE_CHECKING:
    from acgz.archive import Archive
    from acgz.cli.outputs import Output
    from acgz.cli.wanted import Wish
    from acgz.codec import Job
    from acgz.regions import Region

DESCRIPTION = """\
Writes records, or regions of them, as FASTA, in the order in which they are asked for. A REGION is
NAME, NAME:FROM-TO, NAME:FROM or NAME:-TO; positions count from 1, both ends belong to the region,
and commas may group their digits. {NAME}:FROM-TO is for names with a colon, FILE:REGION for
archives of several files, and a NAME with *, ? or [] stands for all names that fit. Only the blocks
that hold the regions are decompressed, each of them once. Nothing is written if a region is not
there, unless --continue is given."""

_MARKS = {"rc": ("", "/rc"), "sign": ("(+)", "(-)"), "no": ("", "")}
"""What the header of a region and of the other strand of one ends with."""


def declare(parser: options.Parser) -> None:
    """``extract``."""
    parser.description = DESCRIPTION
    parser.add_argument("archive", metavar="ARCHIVE", help="an archive (-: standard input)")
    parser.add_argument("regions", nargs="*", metavar="REGION")
    parser.add_argument(
        "-r",
        "--region-file",
        type=options.path,
        metavar="PATH",
        help="a file with a REGION in each line (-: standard input)",
    )
    parser.add_argument(
        "--bed",
        type=options.path,
        metavar="PATH",
        help="regions in BED (-: standard input); of those on the strand - the reverse complement",
    )
    parser.add_argument("--file", metavar="NAME", help="only records of this file in the archive")
    parser.add_argument(
        "-i",
        "--reverse-complement",
        action="store_true",
        help="the other strand of each region (IUPAC; of RNA with U)",
    )
    parser.add_argument(
        "--mark-strand",
        choices=list(_MARKS),
        default="rc",
        help="headers of the other strand end with /rc (the default), all with (+) or (-), or none",
    )
    parser.add_argument(
        "-v", "--invert", action="store_true", help="all records but those that are named"
    )
    parser.add_argument(
        "-c",
        "--continue",
        dest="go_on",
        action="store_true",
        help="write what is there if something is not; the exit code is 11 all the same",
    )
    parser.add_argument(
        "-w",
        "--width",
        type=options.count_or_zero,
        default=60,
        metavar="N",
        help="letters in a line (60; 0: all)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=options.path,
        metavar="PATH",
        help="write here, not to standard output",
    )
    parser.add_argument("-f", "--force", action="store_true", help="overwrite")
    options.add_reference(parser)
    options.add_memory_limit(parser)
    options.add_threads(parser)
    options.add_memory(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no remarks, only errors")
    parser.set_defaults(main=main, verbose=False)


def main(args: argparse.Namespace) -> int:
    from acgz.cli.inputs import open_archive
    from acgz.cli.outputs import claim, open_output
    from acgz.codec import MEMORY_LIMIT, Job
    from acgz.places import Claims
    from acgz.progress import Progress

    if not (args.regions or args.region_file or args.bed or args.invert or args.file):
        raise UsageError(f"which regions? (acgz ls {args.archive} lists the records)")
    if args.invert and args.bed:
        raise UsageError("-v is about records, not about the intervals of BED")
    options.know_references(args, [args.archive])
    named = (args.archive, args.region_file, args.bed, *args.reference)
    inputs = [path for path in named if path is not None]
    if inputs.count("-") > 1:
        raise UsageError("only one of the inputs can be standard input")

    def extract(file: str) -> int:
        claim(Claims(path for path in inputs if path != "-"), args.output, file)
        wishes = _wishes(args)
        limit = args.memory_limit or MEMORY_LIMIT
        job = Job(args.threads, limit, Progress(), args.memory)
        with open_archive(file, threads=args.threads, memory_limit=args.memory_limit) as archive:
            regions, errors = Choice(archive, args).of(wishes)
            if errors and not args.go_on:
                raise errors[0]
            with open_output(args.output, force=args.force) as out:
                fasta = Fasta(out, args.width, _MARKS[args.mark_strand])
                background.run(lambda: fasta.write(archive, regions, job))
                out.commit()
        return messages.complain_all(errors, file)

    return messages.for_each([args.archive], extract)


def _wishes(args: argparse.Namespace) -> list[Wish] | None:
    """What is asked for, in order; None if nothing is, so that all is meant."""
    from acgz.cli.wanted import Wish, read_bed, read_regions

    wishes = [Wish(text) for text in args.regions]
    if args.region_file is not None:
        wishes += read_regions(args.region_file)
    if args.bed is not None:
        wishes += read_bed(args.bed)
    given = args.regions or args.region_file is not None or args.bed is not None
    return wishes if given else None


class Choice:
    """Finds in an archive what is asked for."""

    def __init__(self, archive: Archive, args: argparse.Namespace) -> None:
        """NotInArchiveError for a ``--file`` that is not there."""
        from acgz.regions import Resolver

        self._contents = archive.contents
        self._resolver = Resolver(archive.contents, args.file)
        self._args = args

    def of(self, wishes: list[Wish] | None) -> tuple[list[Region], list[AcgzError]]:
        """The regions in order, and an error for each wish for what is not there."""
        found: list[Region] = []
        errors: list[AcgzError] = []
        with messages.Remarks(self._args, "lines") as remarks:
            for wish in wishes or []:
                if wish.interval is not None and wish.interval.start == wish.interval.stop:
                    remarks.say(wish.place, "an interval without letters is left out")
                    continue
                try:
                    found += self._of(wish)
                except NotInArchiveError as error:
                    errors.append(type(error)(f"{wish.place}: {error}") if wish.place else error)
        if wishes is None or self._args.invert:
            found = list(self._resolver.all_but({region.record for region in found}))
        for region in found:
            if region.cut:
                messages.remark(
                    self._args, f"{region.header}: {self._name(region)} ends at {region.stop:,}"
                )
        if self._args.reverse_complement:
            found = [region._replace(reverse=not region.reverse) for region in found]
        return found, errors

    def _of(self, wish: Wish) -> list[Region]:
        if wish.interval is not None:
            return [self._resolver.interval(wish.text, *wish.interval)]
        found = list(self._resolver.regions(wish.text))
        if self._args.invert and any(
            region.stop - region.start < self._contents.index.length(region.record)
            for region in found
        ):
            raise UsageError(f"-v is about whole records, not about {wish.text!r}")
        return found

    def _name(self, region: Region) -> str:
        return self._contents.index.name(region.record).decode("utf-8", "surrogateescape")


class Fasta:
    """Writes FASTA."""

    def __init__(self, out: Output, width: int, marks: tuple[str, str]) -> None:
        """``width``: letters in a line, 0 for all. ``marks``: the ends of headers, of a region and
        of the other strand of one."""
        self._out = out
        self._width = width
        self._marks = marks

    def write(self, archive: Archive, regions: Sequence[Region], job: Job) -> None:
        """Write the ``regions`` in order, each block decoded once."""
        from acgz.gathering import gather

        begun = 0
        column = 0
        for number, letters in gather(archive.contents, regions, job):
            while begun <= number:  # regions without letters have no part
                self._header(regions[begun], end_line=column > 0)
                begun, column = begun + 1, 0
            column = self._letters(letters, column)
        for region in regions[begun:]:
            self._header(region, end_line=column > 0)
            column = 0
        if column:
            self._out.write(b"\n")

    def _header(self, region: Region, *, end_line: bool) -> None:
        text = f">{region.header}{self._marks[region.reverse]}\n"
        self._out.write(b"\n" * end_line + text.encode("utf-8", "surrogateescape"))

    def _letters(self, letters: bytes, column: int) -> int:
        """Write letters that go on in a ``column``; return the one where the next would stand."""
        width = self._width
        if not width or not letters:
            self._out.write(letters)
            return column + len(letters)
        room = width - column
        lines = [letters[at : at + width] for at in range(room, len(letters), width)]
        if room:
            lines.insert(0, letters[:room])
        self._out.write(b"\n" * (not room) + b"\n".join(lines))
        return len(lines[-1]) + (column if room and len(lines) == 1 else 0)
