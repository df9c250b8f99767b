"""What `acgz.sequence` says about the records of a text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecordSpan:
    """One FASTA record, or the part of it that is inside one text."""

    name: str
    """First word of the header; empty for a sequence without one at the start of the text."""

    header_length: int
    """Bytes of the header line, without ``>`` and line end."""

    length: int
    """Characters of the sequence: everything but line ends, spaces and tabs."""

    continued: bool
    """The record began in an earlier text, or never had a header."""


def name_of(header: bytes) -> str:
    """First word of a header line that begins with ``>``."""
    words = header[1:].split(maxsplit=1)
    return words[0].decode("utf-8", "surrogateescape") if words else ""
