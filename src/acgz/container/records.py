"""Where the records are in the text of a block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLANKS = b" \t\r\n\v\f"
"""Characters between the letters of a sequence, which are not counted."""

_COMMENT = re.compile(rb"(?:^|(?<=[\n\r]));[^\n\r]*")
"""A line that begins with ";", as FASTA had them once."""


@dataclass(frozen=True)
class RecordPart:
    """A record, or as much of it as is in one block."""

    name: str
    """First word of the header; "" without a header."""
    length: int
    """Letters of sequence."""
    continued: bool
    """True: there is no header here; the last record of the block before goes on, if there is
    one, or this is a sequence without a header."""


@dataclass(frozen=True)
class Stretch:
    """The same with its place: ``text[start:end]`` is the sequence with blanks in between."""

    name: str
    start: int
    end: int
    continued: bool

    def sequence(self, text: bytes) -> bytes:
        """The letters alone, in their case; lines that begin with ";" are comments."""
        lines = text[self.start : self.end]
        if b";" in lines:
            lines = _COMMENT.sub(b"", lines)
        return lines.translate(None, BLANKS)


def looks_like_records(text: bytes, residue_count: int) -> bool:
    """True if the beginning of a file says that this is FASTA or raw sequence.

    ``residue_count``: of the block it is in.
    """
    return residue_count > 0 or text[:4096].lstrip(BLANKS).startswith(b">")


def looks_like_nucleotide_fasta(head: bytes) -> bool:
    """True if a file that begins like this is FASTA of nucleotides, by far.

    >>> looks_like_nucleotide_fasta(b">chr1\\nACGTNNacgt")
    True
    >>> looks_like_nucleotide_fasta(b">protein\\nMKVLAAGIVG")
    False
    """
    if not head.startswith(b">"):
        return False
    letters = b"".join(stretch.sequence(head) for stretch in find_stretches(head))
    return len(letters.translate(None, b"ACGTUNacgtun")) <= len(letters) // 10


def find_stretches(text: bytes) -> list[Stretch]:
    """All records of ``text``; a line that begins with ">" begins one.

    >>> text = b"AC\\n>chr1 first\\nAC\\nGT\\n"
    >>> [(stretch.name, stretch.sequence(text)) for stretch in find_stretches(text)]
    [('', b'AC'), ('chr1', b'ACGT')]
    """
    found = []
    name, start, continued = "", 0, True
    for header, header_end in _headers(text):
        if not continued or text[start:header].strip(BLANKS):
            found.append(Stretch(name, start, header, continued))
        words = text[header + 1 : header_end].split(maxsplit=1)
        name = words[0].decode("utf-8", "surrogateescape") if words else ""
        start, continued = header_end, False
    if not continued or text[start:].strip(BLANKS):
        found.append(Stretch(name, start, len(text), continued))
    return found


def find_parts(text: bytes) -> list[RecordPart]:
    """The same without the places."""
    return [
        RecordPart(stretch.name, len(stretch.sequence(text)), stretch.continued)
        for stretch in find_stretches(text)
    ]


def line_end(text: bytes) -> bytes:
    """What ends the lines: CR in the files of old Macs, else LF (with or without CR)."""
    return b"\n" if b"\n" in text else b"\r"


def _headers(text: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of every header line."""
    newline = line_end(text)
    at = text.find(b">")
    while at >= 0:
        end = at + 1
        if at == 0 or text[at - 1 : at] == newline:
            end = text.find(newline, at)
            if end < 0:
                end = len(text)
            yield at, end
        at = text.find(b">", end)
