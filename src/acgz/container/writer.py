"""Writes an archive from beginning to end, never seeking, so that it may go to a pipe."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from typing import Protocol

from acgz.codec import Job
from acgz.container import format as fields
from acgz.container.blocks import Recipe, encode_block
from acgz.container.cutting import Stream, cut_texts, read_up_to
from acgz.container.names import check_name
from acgz.container.pieces import pieces_of
from acgz.container.record_table import RecordTable
from acgz.container.records import looks_like_nucleotide_fasta
from acgz.errors import UsageError

DEAREST_RECORD_TABLE = 0.01
"""Share of the archive. A larger table saves the reader little: the layouts are not much more."""

_SNIFFED = 1 << 16
"""Bytes at the beginning of a file that decide whether it may share a block."""


class Sink(Protocol):
    """All that an archive needs to be written to."""

    def write(self, data: bytes, /) -> object: ...


class ArchiveWriter:
    """Call `add` for every file, then `finish`. ``out`` is only written to, and not closed.

    FASTA files of nucleotides that follow each other share blocks, so that what one has in common
    with another is stored once.
    """

    def __init__(self, out: Sink, recipe: Recipe, job: Job | None = None) -> None:
        self._out = out
        self._recipe = recipe
        self._job = job or Job()
        self.size = 0
        """Bytes of archive written."""
        self.digests: list[bytes] = []
        """SHA-256 of every file that has been added."""
        self._names: set[str | None] = set()
        self._unit_sizes: list[int] = []
        self._records = RecordTable()
        self._text = b""
        """The beginning of a block, less than a whole one."""
        self._starts: list[fields.FileStart] = []
        """Members that begin in it."""
        self._files_written = 0
        self._may_be_joined = False
        """The last file can share its block with the next one."""
        self._write(fields.PREAMBLE)

    def add(self, source: Stream, name: str | None = None) -> None:
        """Compress all of ``source``.

        ``name`` may be None if this is the only file. Otherwise it is where the file will be
        restored: relative, with "/" between folders. UsageError for a name that was there
        before, or None twice; DamagedError for an unsafe name.
        """
        if self._names & {name, None} or (self._names and name is None):
            raise UsageError(f"the files of one archive need different names, not {name!r} again")
        if name is not None:
            check_name(name)
        self._names.add(name)

        hashed = _Hashed(source)
        head = b""
        if name is not None:
            head = read_up_to(hashed, min(_SNIFFED, self._recipe.block_size - len(self._text)))
            joinable = looks_like_nucleotide_fasta(head)
            if not (self._may_be_joined and joinable and self._text.endswith((b"\n", b"\r"))):
                self._flush()
            self._may_be_joined = joinable
        self._starts.append(fields.FileStart(name, len(self._text)))
        before, self._text = self._text + head, b""
        for text, last in cut_texts(hashed, self._recipe.block_size, before):
            if last:
                self._text = text
            else:
                self._write_unit(text)
        self.digests.append(hashed.sha256.digest())

    def finish(self) -> None:
        """Write what is left and the index. Without it the archive counts as truncated."""
        if not self.digests:
            raise UsageError("an archive has at least one file")
        self._flush(last=True)
        if self._starts and self._names != {None}:  # empty files at the end
            self._write_unit(b"")
        index = fields.Index(tuple(self._unit_sizes), tuple(self.digests), self._record_table())
        size = self._write_chunk(fields.INDEX, index.pack())
        self._write(fields.pack_varint(size)[::-1])

    def _record_table(self) -> bytes | None:
        """The table, if the archive has several blocks and it is worth its bytes."""
        if len(self._unit_sizes) < 2:
            return None
        table = self._records.pack()
        return table if len(table) <= DEAREST_RECORD_TABLE * self.size else None

    def _flush(self, *, last: bool = False) -> None:
        if self._text:
            self._write_unit(self._text, last=last)
            self._text = b""

    def _write_unit(self, text: bytes, *, last: bool = False) -> None:
        """Write a block, and before it the files that begin in it."""
        inside = [start for start in self._starts if start.offset < max(1, len(text))]
        self._starts = [
            fields.FileStart(start.name, start.offset - len(text))
            for start in self._starts[len(inside) :]
        ]
        size = 0
        for start in inside:
            if start.name is not None:
                size += self._write_chunk(fields.FILE, start.pack())
        if text:
            only = last and self._names == {None} and not self._unit_sizes
            block = encode_block(text, self._recipe, self._job, checksum=not only)
            if not only:
                for piece in pieces_of(len(text), inside, self._files_written):
                    self._records.add(piece, text, block.header.residue_count)
            sections = (block.layout, block.residues)
            size += self._write_chunk(fields.BLOCK, block.header.pack(), sections)
        self._unit_sizes.append(size)
        self._files_written += len(inside)

    def _write_chunk(self, kind: int, head: bytes, sections: Iterable[bytes] = ()) -> int:
        """Write a chunk and return its length in bytes."""
        crc = 0
        size = 4
        for piece in (bytes([kind]) + fields.pack_varint(len(head)) + head, *sections):
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            self._write(piece)
        self._write(crc.to_bytes(4, "little"))
        return size

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self.size += len(data)


class _Hashed:
    """A stream of which the SHA-256 is known when it has been read."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self.sha256.update(data)
        return data

    def readline(self, size: int, /) -> bytes:
        line = self._stream.readline(size)
        self.sha256.update(line)
        return line
