"""Writes an archive from beginning to end, never seeking, so that it may go to a pipe."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from typing import BinaryIO, Protocol

from acgz.codecs.base import Work
from acgz.container import format as fields
from acgz.container import record_table
from acgz.container.blocks import LEAST_BLOCK_SIZE, Recipe, encode_block
from acgz.container.meter import Meter
from acgz.container.records import RecordPart, find_parts, looks_like_records
from acgz.container.segments import segments
from acgz.errors import UsageError

DEAREST_RECORD_TABLE = 0.01
"""Share of the member. A larger table saves the reader little: the layouts are not much more."""


class Sink(Protocol):
    """All that an archive needs to be written to."""

    def write(self, data: bytes, /) -> object: ...


class ArchiveWriter:
    """Call `add` for every file, then `finish`. ``out`` is only written to, and not closed."""

    def __init__(
        self, out: Sink, recipe: Recipe, work: Work | None = None, meter: Meter | None = None
    ) -> None:
        if recipe.block_size < LEAST_BLOCK_SIZE:
            raise UsageError(f"a block has at least {LEAST_BLOCK_SIZE} bytes")
        self._out = out
        self._recipe = recipe
        self._work = work or Work()
        self._meter = meter or Meter()
        self.size = 0
        """Bytes of archive written."""
        self._members: list[fields.MemberIndex] = []
        self._names: set[str | None] = set()
        self._write(fields.PREAMBLE)

    @property
    def digests(self) -> list[bytes]:
        """SHA-256 of every file that has been added."""
        return [member.sha256 for member in self._members]

    def add(self, source: BinaryIO, name: str | None = None) -> None:
        """Compress all of ``source``.

        ``name`` may be None if this is the only file. Otherwise it is where the file will be
        restored: relative, with "/" between folders. UsageError for a name that was there
        before, or None twice; DamagedError for an unsafe name.
        """
        if self._names & {name, None} or (self._names and name is None):
            raise UsageError(f"the files of one archive need different names, not {name!r} again")
        self._names.add(name)
        head_size = 0
        if name is not None:
            head_size = self._write_chunk(fields.MEMBER, fields.pack_member(name))
        sha256 = hashlib.sha256()
        sizes: list[int] = []
        records: list[list[RecordPart]] = []
        has_records = False
        for text, last in segments(source, self._recipe.block_size):
            sha256.update(text)
            covered_by_sha256 = last and not sizes and name is None
            block = encode_block(
                text, self._recipe, self._work, self._meter, checksum=not covered_by_sha256
            )
            if not sizes:
                has_records = looks_like_records(text, block.header.residue_count)
            if has_records and not (last and not sizes):
                records.append(find_parts(text))
            sections = (block.layout, block.residues)
            sizes.append(self._write_chunk(fields.BLOCK, block.header.pack(), sections))
        self._members.append(
            fields.MemberIndex(
                sha256.digest(), head_size, tuple(sizes), _record_table(records, sum(sizes))
            )
        )

    def finish(self) -> None:
        """Write the index. Without it the archive counts as truncated."""
        if not self._members:
            raise UsageError("an archive has at least one file")
        size = self._write_chunk(fields.INDEX, fields.pack_index(self._members))
        self._write(fields.pack_varint(size)[::-1])

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


def _record_table(records: list[list[RecordPart]], member_size: int) -> bytes | None:
    """The packed table, if the member has several blocks and it is worth its bytes."""
    if len(records) < 2:
        return None
    table = record_table.pack(records)
    return table if len(table) <= DEAREST_RECORD_TABLE * member_size else None
