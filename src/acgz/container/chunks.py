"""From bytes to chunks, and from chunks to units: a block and the files that begin in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from acgz.codec import Job
from acgz.container import format as fields
from acgz.container.blocks import Block
from acgz.container.format import BlockHeader, FileStart, Index
from acgz.container.source import Source
from acgz.errors import DamagedError, LimitError, NotAnArchiveError, VersionError


@dataclass(frozen=True)
class Chunk:
    """A chunk whose checksum is right."""

    content: FileStart | Block | Index
    size: int
    """Bytes in the archive."""


@dataclass(frozen=True)
class Unit:
    """A block, and the files that begin in it."""

    starts: tuple[FileStart, ...]
    block: Block | None
    """None if only empty files begin here."""
    size: int
    """Bytes in the archive."""


def read_units(stream: BinaryIO, job: Job) -> Iterator[Unit | Index]:
    """Yield all units and at the end the index, behind which the archive has to end."""
    source = Source(stream)
    check_preamble(source)
    starts: list[FileStart] = []
    size = 0
    unnamed = True
    while True:
        chunk = read_chunk(source, job)
        size += chunk.size
        if isinstance(chunk.content, FileStart):
            starts.append(chunk.content)
            unnamed = False
        elif isinstance(chunk.content, Block):
            yield Unit(tuple(starts or ([FileStart(None)] if unnamed else [])), chunk.content, size)
            starts, size, unnamed = [], 0, False
        else:
            break
    if starts or unnamed:
        yield Unit(tuple(starts or [FileStart(None)]), None, size - chunk.size)
    yield chunk.content
    trailer = fields.pack_varint(chunk.size)[::-1]
    if source.exactly(len(trailer)) != trailer:
        raise DamagedError(f"the trailer at byte {source.offset - len(trailer):,} is wrong")
    if source.at_most(1):
        raise DamagedError(f"something follows the end of the archive, at byte {source.offset:,}")


def check_preamble(source: Source) -> None:
    """Magic and version. NotAnArchiveError, VersionError, or TruncatedError."""
    preamble = source.at_most(len(fields.PREAMBLE))
    if not preamble or not (preamble + fields.MAGIC[len(preamble) :]).startswith(fields.MAGIC):
        raise NotAnArchiveError("this is not an acgz archive")
    preamble += source.exactly(len(fields.PREAMBLE) - len(preamble))
    if preamble[-1] != fields.VERSION:
        raise VersionError(
            f"the archive has format version {preamble[-1]}, this acgz reads {fields.VERSION}"
        )


def read_chunk(source: Source, job: Job) -> Chunk:
    """The next chunk. DamagedError if its checksum is wrong."""
    start = source.offset
    kind, head = read_head(source)
    content: FileStart | Block | Index
    if kind == fields.BLOCK:
        header = BlockHeader.unpack(head)
        if header.stored_size > job.memory_limit:
            raise LimitError(
                f"a block claims to have {header.stored_size:,} bytes: it is damaged, or needs "
                f"a larger memory limit than {job.memory_limit:,}"
            )
        sections = source.exactly(header.layout_size), source.exactly(header.residues_size)
        source.check_checksum()
        content = Block(header, *sections)
    else:
        source.check_checksum()
        content = FileStart.unpack(head) if kind == fields.FILE else Index.unpack(head)
    return Chunk(content, source.offset - start)


def read_head(source: Source) -> tuple[int, bytes]:
    """Kind and head of the next chunk. For a block its sections and checksum are still ahead."""
    source.start_checksum()
    kind = source.exactly(1)[0]
    if kind not in fields.MOST_HEAD_BYTES:
        raise DamagedError(f"unknown kind of chunk at byte {source.offset - 1:,}")
    size = source.varint()
    if size > fields.MOST_HEAD_BYTES[kind]:
        raise DamagedError(f"the head of the chunk at byte {source.offset:,} is too long")
    return kind, source.exactly(size)
