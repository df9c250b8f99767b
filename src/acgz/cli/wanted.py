"""Lists of regions that people bring: one in each line, or BED."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import NamedTuple

from acgz.errors import InputError

_COMMENTS = ("#", "track ", "track\t", "browser ", "browser\t")
_MOST_DIGITS = 18


class Interval(NamedTuple):
    """A place in a record as BED says it."""

    start: int
    """0-based."""
    stop: int
    """Exclusive."""
    reverse: bool
    """It is on the strand -."""


class Wish(NamedTuple):
    """What somebody asks for."""

    text: str
    """A region, or, with an interval, the name of a record."""
    place: str = ""
    """Where it is written, for messages."""
    interval: Interval | None = None


def read_regions(path: str) -> list[Wish]:
    """A region in each line of a file; lines of blanks are none. There are no comments: the name
    of a record may begin with "#". InputError if it cannot be read."""
    return [Wish(line, place) for place, line in _lines(path) if line.strip()]


def read_bed(path: str) -> list[Wish]:
    """The lines of a BED file. InputError for lines that are none, with their number.

    Fields are between tabs, or, in a line without tabs, between blanks: record, start, end, and
    maybe name, score and strand. Intervals without letters, as of insertions, are among them.
    """
    wishes = []
    for place, line in _lines(path):
        if not line.strip() or line.startswith(_COMMENTS) or line == "track":
            continue
        fields = line.split("\t") if "\t" in line else line.split()
        if len(fields) < 3 or not all(map(_is_number, fields[1:3])):
            raise InputError(f"{place}: a line of BED is record, start, end, not {line[:80]!r}")
        start, stop = map(int, fields[1:3])
        if start > stop:
            raise InputError(f"{place}: the interval ends at {stop:,}, before its {start:,}")
        strand = fields[5].strip() if len(fields) > 5 else "."
        if strand not in ("+", "-", ".", ""):
            raise InputError(f"{place}: a strand is +, - or ., not {strand[:80]!r}")
        wishes.append(Wish(fields[0], place, Interval(start, stop, strand == "-")))
    return wishes


def _lines(path: str) -> Iterator[tuple[str, str]]:
    """Each line without its end, and where it is; of what is packed, those of its content.

    Bytes that are not UTF-8 stay what they are; a mark of the order of bytes is no part of a line.
    """
    from acgz.cli.inputs import open_input

    name = "standard input" if path == "-" else path
    try:
        with open_input(path, unpack="always") as source:
            data = source.stream.read()
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    lines = data.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape").split("\n")
    for number, line in enumerate(lines, 1):
        yield f"{name}, line {number}", line.removesuffix("\r")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
