"""What ``samtools faidx`` says of the original text, found without decoding its residues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from acgz.container.contents import Contents
from acgz.container.records import Dialect
from acgz.errors import DamagedError, InputError


def fai(contents: Contents, file: int = 0) -> Iterator[bytes]:
    """Yield the line of every record of a file: name, letters, the place of the first one in the
    file, letters and bytes of a line.

    Only layouts are decoded, block by block. Raises InputError for a text that has no such index:
    one whose lines have different lengths within a record, but for the last, or that begins without
    a header, and for lines that are no sequence; and what reading a block raises.
    """
    row = contents.index.files[file]
    if row.records and row.dialect is not Dialect.LF:
        raise InputError("faidx needs lines that end with LF")
    records = contents.records_of(file)
    names = (
        (name, int(length))
        for rows in contents.index.between(records.start, records.stop)
        for name, length in zip(rows.names, rows.lengths, strict=True)
    )
    record: _Record | None = None  # that goes on
    for starts, stops, is_header, line_ends in _lines(contents, file):
        headers = np.flatnonzero(is_header).tolist()
        widths = (stops - starts).tolist()
        bases = (stops - starts - line_ends).tolist()
        for begin, end in zip([-1, *headers], [*headers, starts.size], strict=True):
            if begin >= 0:
                if record is not None:
                    yield record.line()
                named = next(names, None)
                if named is None:
                    raise DamagedError("the index has fewer records than the text")
                record = _Record(*named, offset=int(stops[begin]))
            if end > begin + 1:
                if record is None:
                    raise InputError("faidx has no index for sequence without a header")
                record.add(widths[begin + 1 : end], bases[begin + 1 : end])
    if record is not None:
        yield record.line()


class _Record:
    """The lines of a record: all but the last are alike, and none but empty ones are behind it."""

    def __init__(self, name: bytes, length: int, offset: int) -> None:
        self.name = name
        self.length = length
        self.offset = offset
        self._first = (0, 0)  # bytes and letters of a line
        self._letters = 0
        self._begun = self._ended = False

    def add(self, widths: list[int], bases: list[int]) -> None:
        """The next lines, of so many bytes and letters; some."""
        if not self._begun:
            self._begun, self._first = True, (widths[0], bases[0])
        width, letters = self._first
        full = 0
        if not self._ended:
            if widths.count(width) == bases.count(letters) == len(widths):
                full = len(widths)
            else:
                pairs = enumerate(zip(widths, bases, strict=True))
                full = next(at for at, pair in pairs if pair != self._first)
            if full < len(widths):
                self._ended = True
                full += 1
                if bases[full - 1] > letters:
                    self._refuse()
        if any(bases[full:]):
            self._refuse()
        self._letters += sum(bases)

    def line(self) -> bytes:
        """Of the index; there are no more lines."""
        if self._letters != self.length:
            self._refuse()
        width, letters = self._first if self._first[1] else (0, 0)
        return b"%s\t%d\t%d\t%d\t%d" % (self.name, self.length, self.offset, letters, width)

    def _refuse(self) -> NoReturn:
        shown = self.name.decode("utf-8", "replace")
        raise InputError(f"faidx has no index for {shown!r}: its lines have different lengths")


_Some = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]


def _lines(contents: Contents, file: int) -> Iterator[_Some]:
    """Yield the lines of a file, those that end in a block together: where in the file they start
    and stop, whether they are headers, and the bytes of their line ends."""
    within = contents.text_of_file(file)
    start, header = 0, False  # of the line that goes on
    last = b""
    for number in contents.blocks_between(within.start, within.stop):
        place = contents.text_of(number)
        text = contents.outline(number)[: within.stop - place.start]
        begin = max(0, within.start - place.start)
        at = place.start - within.start  # of the block in the file
        letters = np.frombuffer(text, np.uint8)[begin:]
        before = np.concatenate([np.frombuffer(last, np.uint8), letters])[-letters.size - 1 :]
        at += begin
        if at == start:
            header = text[begin : begin + 1] == b">"
        breaks = np.flatnonzero(letters == ord("\n"))
        if breaks.size:
            stops = at + breaks + 1
            starts = np.concatenate([[start], stops[:-1]])
            is_header = np.concatenate([[header], letters[breaks[:-1] + 1] == ord(">")])
            shift = before.size - letters.size
            carriage = before[np.maximum(breaks + shift - 1, 0)] == ord("\r")
            yield starts, stops, is_header, 1 + carriage.astype(np.int64)
            start = int(stops[-1])
            behind = int(breaks[-1]) + 1
            header = behind < letters.size and letters[behind] == ord(">")
        last = text[-1:]
    if start < len(within):  # samtools counts a line end that is not there
        stop = np.array([len(within) + 1])
        yield np.array([start]), stop, np.array([header]), np.ones(1, np.int64)
