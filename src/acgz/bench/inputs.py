"""The same genome in the forms that different tools can read.

Everything goes through small buffers: a large bench process would hide the memory of
its children (see `child.run`).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from acgz.bench.peers import Form
from acgz.errors import InputError

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


def prepare(source: Path, folder: Path, *, residues_only: bool = False) -> Genome:
    """Write the forms of ``source`` into ``folder``.

    A gzip, bzip2, xz or zstd file stands for its content. With ``residues_only`` every
    tool gets the residues: bare, or (where it reads nothing but FASTA) under one header line.

    Raises InputError if the file cannot be read.
    """
    original = folder / "file"
    try:
        with _open(source) as stream, original.open("wb") as copy:
            shutil.copyfileobj(stream, copy, _BUFFER)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise InputError(f"{source}: {getattr(error, 'strerror', None) or error}") from error

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
    return Genome(source.name, bases, forms)


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


def _open(source: Path) -> BinaryIO:
    with source.open("rb") as stream:
        magic = stream.read(6)
    if magic.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.open(source))
    if magic.startswith(b"BZh"):
        return cast(BinaryIO, bz2.open(source))
    if magic == b"\xfd7zXZ\x00":
        return cast(BinaryIO, lzma.open(source))
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard  # costs memory, and few inputs need it

        reader = zstandard.ZstdDecompressor().stream_reader(
            source.open("rb"), read_across_frames=True, closefd=True
        )
        return cast(BinaryIO, reader)
    return source.open("rb")
