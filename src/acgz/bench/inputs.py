"""The same genome in the forms that different tools can read.

Everything goes through small buffers: a large bench process would hide the memory of
its children (see `child.run`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from acgz.bench.peers import Form

_BUFFER = 1 << 20
_TO_DNA = bytes.maketrans(b"acgtuU", b"ACGTTT")
_OTHER = bytes(set(range(256)) - set(b"ACGTUacgtu"))
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NOT_LETTERS = bytes(set(range(256)) - set(_ALPHABET))
_HEADER = b">residues\n"


@dataclass(frozen=True)
class Prepared:
    """A genome, ready to be given to a tool."""

    path: Path
    form: Form
    size: int  # bytes


@dataclass(frozen=True)
class Genome:
    """One input file in all the forms it can be given."""

    name: str
    bases: int  # letters A, C, G, T, U of the sequence lines; 0 if the file is not nucleotide
    forms: dict[Form, Path]

    def given_to(self, takes: Form) -> Prepared | None:
        """What a tool that can read ``takes`` is run on; None if there is nothing for it."""
        if takes not in self.forms:
            return None
        path = self.forms[takes]
        # Two kinds of tool can be given the same file: the first form that names it is what it is.
        form = next(form for form, other in self.forms.items() if other == path)
        return Prepared(path, form, path.stat().st_size)


def prepare(stream: BinaryIO, name: str, folder: Path, *, residues_only: bool = False) -> Genome:
    """Write the forms of the text in ``stream`` into ``folder``.

    With ``residues_only`` every tool gets the residues: bare, or (where it reads nothing but
    FASTA) under one header line.
    """
    original = folder / "file"
    with original.open("wb") as copy:
        shutil.copyfileobj(stream, copy, _BUFFER)
    bare, wrapped = folder / "residues", folder / "fasta"
    bases = _write_residues(original, bare, wrapped)
    if not bases:
        forms = {} if residues_only else {Form.FILE: original}
    elif residues_only:
        forms = {Form.RESIDUES: bare, Form.FASTA: wrapped, Form.FILE: bare}
    else:
        forms = {Form.FILE: original, Form.RESIDUES: bare, Form.FASTA: wrapped}
        if _starts_with(original, b">"):
            forms[Form.FASTA] = original
    return Genome(name, bases, forms)


def _write_residues(original: Path, bare: Path, wrapped: Path) -> int:
    """Write the residues bare and under a header line; return how many there are.

    Returns 0 for a file whose sequence is mostly other letters (protein, plain text, FASTQ).
    """
    bases = letters = 0
    with bare.open("wb") as plain, wrapped.open("wb") as fasta:
        fasta.write(_HEADER)
        for text in _sequence(original):
            residues = text.translate(_TO_DNA, _OTHER)
            bases += len(residues)
            letters += len(text.translate(None, _NOT_LETTERS + b"Nn"))
            plain.write(residues)
            fasta.write(residues)
        fasta.write(b"\n")
    return bases if bases >= 0.8 * letters else 0


def _sequence(path: Path) -> Iterator[bytes]:
    """The file without header lines, in pieces."""
    in_header = False
    at_line_start = True
    with path.open("rb") as stream:
        while chunk := stream.read(_BUFFER):
            pieces = []
            for line in chunk.splitlines(keepends=True):
                if at_line_start:
                    in_header = line.startswith(b">")
                if not in_header:
                    pieces.append(line)
                at_line_start = line.endswith((b"\n", b"\r"))
            yield b"".join(pieces)


def _starts_with(path: Path, prefix: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(prefix)) == prefix
