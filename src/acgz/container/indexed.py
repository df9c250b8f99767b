"""Reads an archive by its index: any block, without the others."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from typing import BinaryIO

from acgz.codecs.base import Work
from acgz.container import format as fields
from acgz.container import record_table
from acgz.container.blocks import Block, decode_block, outline
from acgz.container.meter import Meter
from acgz.container.reader import check_preamble, read_chunk, read_chunks, read_head
from acgz.container.records import RecordPart, find_parts, looks_like_records
from acgz.container.source import Source
from acgz.errors import DamagedError

_LONGEST_TRAILER = 9


@dataclass(frozen=True)
class Member:
    """One file of the archive."""

    name: str | None
    """None for the only file of an archive without names."""
    sha256: bytes
    blocks: range
    """Numbers of its blocks; they count through the whole archive."""


class IndexedReader:
    """An archive in a file that can be sought in; the file is not closed.

    Creating one raises NotAnArchiveError, VersionError, DamagedError or TruncatedError; reading
    a block raises what `read_archive` raises.
    """

    def __init__(self, stream: BinaryIO, work: Work | None = None) -> None:
        self._stream = stream
        self._work = work or Work()
        self.size = stream.seek(0, os.SEEK_END)
        """Bytes of the archive."""
        self._places: list[tuple[int, int]] = []
        """(offset, size) of every block."""
        self._records: dict[Member, list[list[RecordPart]]] = {}
        check_preamble(self._source(0))
        try:
            self.members = self._find_members(*self._read_index())
        except DamagedError:
            stream.seek(0)
            for _ in read_chunks(stream, self._work):
                pass  # raises, and knows better what is wrong and where
            raise

    def __len__(self) -> int:
        """Number of blocks."""
        return len(self._places)

    def claimed_text_size(self) -> int:
        """Bytes of the original by the headers of the blocks, whose checksums are not verified."""
        size = 0
        for offset, _ in self._places:
            _, head = read_head(self._source(offset))
            size += fields.BlockHeader.unpack(head).text_size
        return size

    def block(self, number: int) -> Block:
        """A block as it is stored, its checksum verified."""
        offset, size = self._places[number]
        chunk = read_chunk(self._source(offset), self._work)
        if not isinstance(chunk.content, Block) or chunk.size != size:
            raise DamagedError(f"there is no block of {size:,} bytes at byte {offset:,}")
        return chunk.content

    def text(self, number: int) -> bytes:
        """The text of a block, decoded and verified."""
        block = self.block(number)
        text = decode_block(block, self._work, Meter())
        if block.header.text_crc is None and hashlib.sha256(text).digest() != self._sha256(number):
            raise DamagedError("the content does not have the SHA-256 of the original")
        return text

    def records(self, member: Member) -> list[list[RecordPart]]:
        """The records in each block of a file, without decoding residues; none if it has none."""
        if member not in self._records:
            self._records[member] = self._read_records(member)
        return self._records[member]

    def _read_records(self, member: Member) -> list[list[RecordPart]]:
        records: list[list[RecordPart]] = []
        for number in member.blocks:
            block = self.block(number)
            text = outline(block, self._work)
            if not records and not looks_like_records(text, block.header.residue_count):
                return [[] for _ in member.blocks]
            records.append(find_parts(text))
        return records

    def _sha256(self, number: int) -> bytes:
        return next(member.sha256 for member in self.members if number in member.blocks)

    def _source(self, offset: int) -> Source:
        self._stream.seek(offset)
        return Source(self._stream, offset)

    def _read_index(self) -> tuple[list[fields.MemberIndex], int]:
        """The index, and where it begins."""
        tail = self._source(max(0, self.size - _LONGEST_TRAILER)).at_most(_LONGEST_TRAILER)
        size = Source(io.BytesIO(tail[::-1])).varint()
        start = self.size - len(fields.pack_varint(size)) - size
        if start < len(fields.PREAMBLE):
            raise DamagedError("the archive has no index")
        chunk = read_chunk(self._source(start), self._work)
        if not isinstance(chunk.content, list) or chunk.size != size:
            raise DamagedError(f"there is no index of {size:,} bytes at byte {start:,}")
        return chunk.content, start

    def _find_members(self, index: list[fields.MemberIndex], end: int) -> tuple[Member, ...]:
        """Place every block; they fill the archive from its preamble to the index at ``end``."""
        members = []
        offset = len(fields.PREAMBLE)
        for entry in index:
            name = self._member_name(offset, entry.head_size) if entry.head_size else None
            offset += entry.head_size
            first = len(self._places)
            for size in entry.block_sizes:
                self._places.append((offset, size))
                offset += size
            blocks = range(first, len(self._places))
            member = Member(name, entry.sha256, blocks)
            if entry.records is not None:
                self._records[member] = record_table.unpack(entry.records, len(blocks))
            members.append(member)
        if len({member.name for member in members}) < len(members):
            raise DamagedError("two files of the archive have one name")
        if offset != end:
            raise DamagedError(f"the blocks end at byte {offset:,} and the index begins at {end:,}")
        return tuple(members)

    def _member_name(self, offset: int, size: int) -> str:
        chunk = read_chunk(self._source(offset), self._work)
        if not isinstance(chunk.content, str) or chunk.size != size:
            raise DamagedError(f"there is no member of {size:,} bytes at byte {offset:,}")
        return chunk.content
