"""Where the records are in the text of a file, found in one pass over parts of any size.

What is found depends on the text of the file alone, never on how it is cut into blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

BLANKS = b" \t\r\n\v\f"
"""Characters between the letters of a sequence, which are not counted."""
BOM = b"\xef\xbb\xbf"
"""What some editors put before a text in UTF-8."""
SNIFFED = 1 << 16
"""Bytes at the beginning of a file that decide what it is."""
LONGEST_NAME = 1 << 22
"""Bytes of a header in which the name of its record is looked for."""

_NUCLEOTIDES = b"ACGTUNacgtun"
_CODES = b"RYKMSWBDHVrykmswbdhv-.*"
"""Further letters of sequences: IUPAC's codes, gaps and stops."""
_WORD = re.compile(rb"[^ \t\r\n\v\f]+")


class Dialect(IntEnum):
    """How a file is to be read."""

    NONE = 0
    """A text without records."""
    LF = 1
    """Lines end with LF (or CR LF)."""
    CR = 2
    """Lines end with CR, as old Macs wrote them."""

    @property
    def newline(self) -> bytes:
        return b"\r" if self is Dialect.CR else b"\n"


class State(NamedTuple):
    """What a file is in the middle of."""

    line: int = 0
    """START, SEQUENCE, HEADER or COMMENT."""
    begun: bool = False
    """The file has had a record."""


START, SEQUENCE, HEADER, COMMENT = range(4)


class Part(NamedTuple):
    """A record, or as much of it as one text has: ``text[begin:end]``, blanks in between."""

    record: int
    """Number of the record."""
    begin: int
    end: int
    letters: int
    line_start: bool
    """The first byte begins a line, so that it may begin a comment."""
    newline: bytes
    """What ends lines."""


class Record(NamedTuple):
    """What there is to know of a record that has ended."""

    name: bytes | None
    """First word of its header; b"" without one; None if it began in a text not seen here."""
    letters: int


class Scanner:
    """Goes through one file, text by text; can begin in the middle if the state there is known."""

    def __init__(
        self, dialect: Dialect, record: int, letters: int = 0, state: State | None = None
    ) -> None:
        """``record``: number of the record that goes on, or else begins next."""
        self.dialect = dialect
        self.record = record
        self.letters = letters
        """Of this record, so far."""
        self.ended: list[Record] = []
        """Records that have ended, in order."""
        self.headers: list[tuple[int, int]] | None = None
        """If it is a list, every record that begins with a header, and where that begins."""
        self._fresh = state is None
        self._line, self._begun = state or State()
        self._name: bytearray | None = bytearray() if self._fresh else None
        self._newline = dialect.newline

    @property
    def state(self) -> State:
        return State(self._line, self._begun)

    def scan(self, text: bytes, start: int, end: int) -> list[Part]:
        """The records in ``text[start:end]``, which follows on what was there before."""
        if self.dialect is Dialect.NONE or start == end:
            return []
        if self._fresh:
            self._fresh = False
            start += len(BOM) if text.startswith(BOM, start, end) else 0
        if self._line in (HEADER, COMMENT):
            start = self._finish_line(text, start, end)
            if start == end and self._line != START:
                return []
        parts: list[Part] = []
        line_start = self._line == START
        while True:
            header = _next_line(text, b">", start, end, self._newline, line_start)
            stop = end if header < 0 else header
            self._take(parts, text, start, stop, line_start)
            if header < 0:
                self._line = self._line_at(text, start, end, line_start)
                return parts
            self._begin()
            if self.headers is not None:
                self.headers.append((self.record, header))
            self._line = HEADER
            start = self._finish_line(text, header + 1, end)
            line_start = True
            if self._line == HEADER:
                return parts

    def finish(self) -> None:
        """The file has ended."""
        if self._begun:
            self._end_record()

    def _take(self, parts: list[Part], text: bytes, start: int, end: int, line_start: bool) -> None:
        """Letters of the record that goes on; without any, it may be no record at all."""
        letters = count_letters(text, start, end, self._newline, line_start)
        if letters and not self._begun:
            self._begin()
        if letters:
            self.letters += letters
            parts.append(Part(self.record, start, end, letters, line_start, self._newline))

    def _begin(self) -> None:
        if self._begun:
            self._end_record()
        self._begun = True
        self._name = bytearray()

    def _end_record(self) -> None:
        name = None
        if self._name is not None:
            word = _WORD.search(self._name)
            name = bytes(word.group()) if word else b""
        self.ended.append(Record(name, self.letters))
        self.record += 1
        self.letters = 0

    def _finish_line(self, text: bytes, start: int, end: int) -> int:
        """Where the line behind the header or comment begins; its end if it does not end here."""
        stop = text.find(self._newline, start, end)
        if self._line == HEADER and self._name is not None:
            last = min(end if stop < 0 else stop, start + LONGEST_NAME - len(self._name))
            self._name += text[start:last]
        if stop < 0:
            return end
        self._line = START
        return stop + 1

    def _line_at(self, text: bytes, start: int, end: int, line_start: bool) -> int:
        """What the text is in the middle of at its end."""
        last = text.rfind(self._newline, start, end)
        if last == end - 1 and last >= start:
            return START
        if last < 0:
            if not line_start:
                return SEQUENCE
            if start == end:
                return START
            last = start - 1
        return COMMENT if text.startswith(b";", last + 1, end) else SEQUENCE


def dialect_of(head: bytes, *, whole: bool) -> Dialect:
    """How to read a file that begins with ``head``: its first SNIFFED bytes, or the ``whole``.

    >>> dialect_of(b">chr1\\nACGT\\n", whole=True).name, dialect_of(b"Dear Sir", whole=True).name
    ('LF', 'NONE')
    """
    head = head.removeprefix(BOM)
    old = b"\r" in head and b"\n" not in (head[:-1] if whole else head)
    dialect = Dialect.CR if old else Dialect.LF
    lines = head.split(dialect.newline)
    kept = [line for line in lines if not line.startswith(b";") and line.strip(BLANKS)]
    if not kept:
        return dialect if head.startswith(b";") else Dialect.NONE
    if kept[0].startswith(b">"):
        return dialect
    letters = b"".join(line for line in kept if not line.startswith(b">")).translate(None, BLANKS)
    others = letters.translate(None, _NUCLEOTIDES)
    strange = others.translate(None, _CODES)
    is_sequence = 2 * len(others) <= len(letters) and 10 * len(strange) <= len(letters)
    return dialect if is_sequence else Dialect.NONE


def find_all(text: bytes) -> tuple[Dialect, list[Record]]:
    """All records of a file.

    >>> find_all(b"AC\\n>chr1 first\\nAC\\nGT\\n")[1]
    [Record(name=b'', letters=2), Record(name=b'chr1', letters=4)]
    """
    scanner = Scanner(dialect_of(text[:SNIFFED], whole=len(text) < SNIFFED), 0)
    scanner.scan(text, 0, len(text))
    scanner.finish()
    return scanner.dialect, scanner.ended


class Kind(IntEnum):
    """Which files go into one block if they follow each other: those of one kind.

    The smaller ones come first where files are sorted.
    """

    NUCLEOTIDES = 0
    """FASTA of nucleotides, by far."""
    FASTA = 1
    """Other FASTA, of proteins for example."""
    OTHER = 2
    """Without records."""
    ALONE = 3
    """Sequence without headers: it would go on in the next file."""

    def follows(self, text: bytes) -> bool:
        """Whether a file of this kind may follow on another one whose ``text`` ends so."""
        return self is Kind.OTHER or (self is not Kind.ALONE and text.endswith((b"\n", b"\r")))


def kind_of(head: bytes, dialect: Dialect) -> Kind:
    """What a file that begins like this is.

    >>> kind_of(b">chr1\\nACGTNNacgt", Dialect.LF).name, kind_of(b"Dear Sir", Dialect.NONE).name
    ('NUCLEOTIDES', 'OTHER')
    """
    if dialect is Dialect.NONE:
        return Kind.OTHER
    if not head.startswith(b">"):
        return Kind.ALONE
    newline = b"\n" if b"\n" in head else b"\r"
    lines = (line for line in head.split(newline) if not line.startswith((b">", b";")))
    letters = b"".join(lines).translate(None, BLANKS)
    others = len(letters.translate(None, _NUCLEOTIDES))
    return Kind.NUCLEOTIDES if others <= len(letters) // 10 else Kind.FASTA


def count_letters(text: bytes, start: int, end: int, newline: bytes, line_start: bool) -> int:
    """Letters of ``text[start:end]`` that are neither blanks nor in comments."""
    count = not_blank(text, start, end)
    for begin, stop in comments(text, start, end, newline, line_start):
        count -= not_blank(text, begin, stop)
    return count


def comments_in(text: bytes, part: Part) -> Iterator[tuple[int, int]]:
    """(start, end) of every comment in a part of a record."""
    return comments(text, part.begin, part.end, part.newline, part.line_start)


def comments(
    text: bytes, start: int, end: int, newline: bytes, line_start: bool
) -> Iterator[tuple[int, int]]:
    """(start, end) of every line that begins with ";", as FASTA had them once."""
    begin = _next_line(text, b";", start, end, newline, line_start)
    while begin >= 0:
        stop = text.find(newline, begin, end)
        stop = end if stop < 0 else stop
        yield begin, stop
        begin = _next_line(text, b";", stop, end, newline, False)


def _next_line(
    text: bytes, sign: bytes, start: int, end: int, newline: bytes, line_start: bool
) -> int:
    """Where the next line that begins with ``sign`` begins; -1 if there is none."""
    if line_start and text.startswith(sign, start, end):
        return start
    before = text.find(newline + sign, start, end)
    return before + 1 if before >= 0 else -1


def not_blank(text: bytes, start: int, end: int) -> int:
    """Letters of ``text[start:end]``."""
    return end - start - sum(text.count(blank, start, end) for blank in BLANKS)
