"""What people write for a part of a record, in the manner of ``samtools faidx``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate
from typing import TYPE_CHECKING, NamedTuple

from acgz.errors import NotInArchiveError, RecordNotFoundError

if TYPE_CHECKING:
    from acgz.container.contents import Contents

_MOST_DIGITS = 18
"""Digits of a position; what has more is behind the end of every record."""
_NUMBER = re.compile(r"([0-9]*)(?:\.([0-9]*))?(?:[eE]\+?([0-9]{1,2}))?([kKmMgG]?)", re.ASCII)
_UNITS = {"": 0, "k": 3, "m": 6, "g": 9}
_PATTERN = re.compile(r"[*?\[]")
_NAMED = 3
"""Files that a message names."""


class Region(NamedTuple):
    """Letters of a record, by its number in the archive."""

    record: int
    start: int
    """0-based."""
    stop: int
    """Exclusive; not behind the end of the record."""
    header: str
    """What it is called in FASTA, without the ">"."""
    reverse: bool = False
    """The other strand of it."""
    cut: bool = False
    """More was asked for than the record has."""


class Resolver:
    """Finds what is meant in an archive. ``file``: look only into this one; raises
    NotInArchiveError if there is no such file."""

    def __init__(self, contents: Contents, file: str | None = None) -> None:
        self._contents = contents
        self._files = {
            row.name: contents.records_of(number)
            for number, row in enumerate(contents.index.files)
            if row.name is not None
        }
        self._within: range | None = None
        if file is not None:
            if file not in self._files:
                raise NotInArchiveError(f"there is no file {file!r} in the archive")
            self._within = self._files[file]

    def regions(self, text: str) -> Iterator[Region]:
        """What ``text`` stands for: NAME, NAME:FROM-TO or {NAME}:FROM-TO; FILE: may go before.

        NAME may be a pattern, of which every record that fits is one. Raises RecordNotFoundError
        for a name that is unknown or in several files, and for positions outside of the record.
        """
        for within, rest in self._readings(text):
            found = self._read(rest, within)
            if found is not None:
                numbers, positions = found
                for number, name in numbers:
                    yield self._region(number, name, positions, text)
                return
        raise RecordNotFoundError(f"there is no record {text!r} (acgz ls lists them)")

    def interval(self, name: str, start: int, stop: int, reverse: bool = False) -> Region:
        """The letters ``start`` (0-based) to ``stop`` (exclusive) of the record NAME or FILE:NAME.

        Raises RecordNotFoundError as `regions` does.
        """
        for within, rest in self._readings(name):
            number = self._number(rest, within)
            if number is not None:
                length = self._contents.index.length(number)
                header = f"{name}:{start + 1}-{stop}"
                if start >= length:
                    raise _outside(header, self._name(number), length)
                end = min(stop, length)
                return Region(number, start, end, header, reverse, stop > length)
        raise RecordNotFoundError(f"there is no record {name!r} (acgz ls lists them)")

    def all_but(self, numbers: set[int]) -> Iterator[Region]:
        """All other records."""
        within = self._within or range(self._contents.index.record_count)
        for rows in self._contents.index.between(within.start, within.stop):
            columns = zip(rows.names, rows.lengths.tolist(), strict=True)
            for number, (name, length) in enumerate(columns, rows.first):
                if number not in numbers:
                    yield Region(number, 0, length, _decoded(name))

    def _readings(self, text: str) -> Iterator[tuple[range | None, str]]:
        """Where to look for what; last, whatever may be the name of a file is taken for one."""
        yield self._within, text
        if self._within is None:
            at = text.find(":")
            while at >= 0:
                if text[:at] in self._files:
                    yield self._files[text[:at]], text[at + 1 :]
                at = text.find(":", at + 1)

    def _read(
        self, text: str, within: range | None
    ) -> tuple[list[tuple[int, str | None]], str] | None:
        """The records that are meant, with their names if a pattern was given, and positions."""
        name, colon, positions = text.rpartition(":")
        quoted = text.startswith("{") and "}" in text
        if quoted:
            name, _, positions = text[1:].rpartition("}")
            colon, positions = positions[:1], positions[1:]
            if colon not in ("", ":"):
                return None
        whole = None if quoted else self._number(text, within)
        part = self._number(name, within) if colon or quoted else None
        if whole is not None and part is not None and _parsed(positions) is not None:
            raise RecordNotFoundError(
                f"{text!r} is a record and a region of {name!r}: say {{{text}}} or "
                f"{{{name}}}:{positions}"
            )
        if whole is not None:
            return [(whole, None)], ""
        if part is not None:
            return [(part, None)], positions
        if not quoted and _PATTERN.search(text):
            for pattern, rest in ((text, ""), (name, positions))[: 2 if colon else 1]:
                numbers: list[tuple[int, str | None]] = [*self._matching(pattern, within)]
                if numbers:
                    return numbers, rest
        return None

    def _number(self, name: str, within: range | None) -> int | None:
        """The record of a name; RecordNotFoundError if several files have one of it."""
        try:
            encoded = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None
        index = self._contents.index
        number = index.find(encoded, within)
        if number is None or within is not None or len(self._files) < 2:
            return number
        files: list[str] = []
        other: int | None = number
        while other is not None and len(files) <= _NAMED:
            file = self._contents.file_of(other)
            files.append(file.name or "")
            other = index.find(encoded, range(self._files[files[-1]].stop, index.record_count))
        if len(files) > 1:
            named = ", ".join(files[:_NAMED]) + (" and others" if len(files) > _NAMED else "")
            raise RecordNotFoundError(
                f"{name!r} is in several files ({named}): say {files[0]}:{name}, or --file"
            )
        return number

    def _matching(self, pattern: str, within: range | None) -> Iterator[tuple[int, str]]:
        fits = re.compile(translate(pattern)).match
        within = range(self._contents.index.record_count) if within is None else within
        for rows in self._contents.index.between(within.start, within.stop):
            for number, name in enumerate(map(_decoded, rows.names), rows.first):
                if fits(name):
                    yield number, name

    def _region(self, number: int, name: str | None, positions: str, text: str) -> Region:
        length = self._contents.index.length(number)
        header = text if name is None else f"{name}:{positions}" if positions else name
        if not positions:
            return Region(number, 0, length, header)
        parsed = _parsed(positions)
        if parsed is None:
            raise RecordNotFoundError(
                f"{text!r}: {positions!r} is no range of positions like 1-1,000"
            )
        first, last = parsed
        if last is not None and last < first:
            raise RecordNotFoundError(f"{text!r} ends before it begins")
        if first > length:
            raise _outside(text, self._name(number), length)
        stop = length if last is None else min(last, length)
        return Region(number, first - 1, stop, header, cut=last is not None and last > length)

    def _name(self, number: int) -> str:
        return _decoded(self._contents.index.name(number))


def _outside(region: str, name: str, length: int) -> RecordNotFoundError:
    has = f"the positions 1 to {length:,}" if length else "no positions"
    return RecordNotFoundError(f"{region!r} is outside of {name!r}, which has {has}")


def _parsed(positions: str) -> tuple[int, int | None] | None:
    """First and last position, None for an open end; None for what are no positions.

    An end that is left out or 0 is open, as in samtools.

    >>> _parsed("1,000-2,000"), _parsed("-5"), _parsed("0-5"), _parsed("1k-1.5M"), _parsed("7")
    ((1000, 2000), (1, 5), (1, 5), (1000, 1500000), (7, None))
    """
    first, _, last = positions.replace(",", "").partition("-")
    begin, end = _number_of(first), _number_of(last)
    if begin is None or end is None:
        return None
    return max(begin, 1), end or None


def _number_of(text: str) -> int | None:
    """A position, maybe with an exponent or a unit; 0 for nothing; None for anything else.

    >>> _number_of("1.5k"), _number_of("1.0"), _number_of("1.9"), _number_of("1.2345k")
    (1500, 1, None, None)
    """
    match = _NUMBER.fullmatch(text)
    if match is None or (text and not match[1]):
        return None
    digits, fraction, exponent, unit = (part or "" for part in match.groups())
    zeros = int(exponent or 0) + _UNITS[unit.lower()]
    if fraction[zeros:].strip("0"):
        return None
    digits = (digits + fraction[:zeros].ljust(zeros, "0")).lstrip("0") or "0"
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
