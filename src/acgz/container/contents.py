"""Reads an archive by its index: any block, without the others."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

from acgz.codec import Job
from acgz.container import format as fields
from acgz.container.blocks import Block, decode_block, outline
from acgz.container.chunks import check_preamble, read_chunk, read_head, read_units
from acgz.container.format import BlockHeader, FileStart, Index
from acgz.container.pieces import Piece, pieces_of
from acgz.container.record_table import RecordTable
from acgz.container.records import RecordPart
from acgz.container.source import Source
from acgz.errors import DamagedError

_LONGEST_TRAILER = 9


@dataclass(frozen=True)
class _Place:
    """Where a block is, in bytes, and which files are in it."""

    offset: int
    size: int
    files_before: int
    """Files that begin in blocks before."""
    starts: tuple[FileStart, ...]


@dataclass(frozen=True)
class Row:
    """The records in one piece of text."""

    block: int
    piece: Piece
    """Its end is not known if it is the last one of the block."""
    parts: list[RecordPart]


class Contents:
    """An archive in a file that can be sought in; the file is not closed.

    ``len(reader)`` is the number of blocks. Creating one raises NotAnArchiveError, VersionError,
    DamagedError or TruncatedError; reading a block raises what `read_archive` raises.
    """

    def __init__(self, stream: BinaryIO, job: Job | None = None) -> None:
        self._stream = stream
        self._job = job or Job()
        self.size = stream.seek(0, os.SEEK_END)
        """Bytes of the archive."""
        self.names: list[str | None] = []
        """Names of the files."""
        self._places: list[_Place] = []
        check_preamble(self._source(0))
        try:
            self._index, end = self._read_index()
            self._find_blocks(end)
        except DamagedError:
            stream.seek(0)
            for _ in read_units(stream, self._job):
                pass  # raises, and knows better what is wrong and where
            raise

    @property
    def digests(self) -> tuple[bytes, ...]:
        """SHA-256 of every file."""
        return self._index.digests

    def __len__(self) -> int:
        return len(self._places)

    def claimed_text_size(self) -> int:
        """Bytes of the original by the headers of the blocks, whose checksums are not verified."""
        size = 0
        for place in self._places:
            _, head = read_head(self._source(place.offset))
            size += BlockHeader.unpack(head).text_size
        return size

    def block(self, number: int) -> Block:
        """A block as it is stored, its checksum verified."""
        place = self._places[number]
        chunk = read_chunk(self._source(place.offset), self._job)
        if not isinstance(chunk.content, Block) or chunk.size != place.size:
            raise DamagedError(
                f"there is no block of {place.size:,} bytes at byte {place.offset:,}"
            )
        return chunk.content

    def text(self, number: int) -> bytes:
        """The text of a block, decoded and verified."""
        block = self.block(number)
        text = decode_block(block, self._job)
        if block.header.text_crc is None and hashlib.sha256(text).digest() != self.digests[0]:
            raise DamagedError("the content does not have its SHA-256")
        return text

    def pieces(self, number: int, text_size: int) -> list[Piece]:
        """The pieces of a block's text, one for every file."""
        place = self._places[number]
        return pieces_of(text_size, place.starts, place.files_before)

    @cached_property
    def rows(self) -> list[Row]:
        """The records of every piece of text, without decoding residues."""
        places = [
            (block, piece) for block in range(len(self)) for piece in self._bare_pieces(block)
        ]
        table = self._read_records() if self._index.records is None else self._stored_records()
        if len(table.rows) != len(places):
            raise DamagedError("the record table does not fit the blocks")
        return [
            Row(block, piece, table.rows[number]) for number, (block, piece) in enumerate(places)
        ]

    def _bare_pieces(self, number: int) -> list[Piece]:
        """The pieces of a block whose text size is not known yet; the last end is wrong."""
        return self.pieces(number, 1 << 63)

    def _stored_records(self) -> RecordTable:
        return RecordTable.unpack(self._index.records or b"")

    def _read_records(self) -> RecordTable:
        table = RecordTable()
        for number in range(len(self)):
            block = self.block(number)
            text = outline(block, self._job)
            for piece in self.pieces(number, len(text)):
                table.add(piece, text, block.header.residue_count)
        return table

    def _source(self, offset: int) -> Source:
        self._stream.seek(offset)
        return Source(self._stream, offset)

    def _read_index(self) -> tuple[Index, int]:
        """The index, and where it begins."""
        tail = self._source(max(0, self.size - _LONGEST_TRAILER)).at_most(_LONGEST_TRAILER)
        size = Source(io.BytesIO(tail[::-1])).varint()
        start = self.size - len(fields.pack_varint(size)) - size
        if start < len(fields.PREAMBLE):
            raise DamagedError("the archive has no index")
        chunk = read_chunk(self._source(start), self._job)
        if not isinstance(chunk.content, Index) or chunk.size != size:
            raise DamagedError(f"there is no index of {size:,} bytes at byte {start:,}")
        return chunk.content, start

    def _find_blocks(self, end: int) -> None:
        """Place every block. They fill the archive from its preamble to the index at ``end``."""
        offset = len(fields.PREAMBLE)
        if offset + sum(self._index.unit_sizes) != end:
            raise DamagedError(f"the index begins at byte {end:,}, where the blocks do not end")
        for size in self._index.unit_sizes:
            starts, block_offset = self._read_starts(offset, offset + size)
            if not self.names and not starts:
                starts.append(FileStart(None))
            offset += size
            if block_offset < offset:
                self._places.append(
                    _Place(block_offset, offset - block_offset, len(self.names), tuple(starts))
                )
            self.names += [start.name for start in starts]
        if not self.names:
            self.names.append(None)
        if len(set(self.names)) < len(self.names):
            raise DamagedError("two files of the archive have one name")
        if len(self.names) != len(self.digests):
            raise DamagedError(f"the index lists {len(self.digests)} files, not {len(self.names)}")

    def _read_starts(self, offset: int, end: int) -> tuple[list[FileStart], int]:
        """The files that begin in the unit from ``offset`` to ``end``, and where its block is."""
        starts: list[FileStart] = []
        while offset < end and self._source(offset).exactly(1)[0] == fields.FILE:
            chunk = read_chunk(self._source(offset), self._job)
            if isinstance(chunk.content, FileStart):
                starts.append(chunk.content)
            offset += chunk.size
        return starts, offset
