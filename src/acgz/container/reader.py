"""Reads an archive from beginning to end, never seeking, so that it may come from a pipe."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from acgz.codecs.base import Work
from acgz.container import format as fields
from acgz.container.blocks import Block, decode_block
from acgz.container.meter import Meter
from acgz.container.source import Source
from acgz.errors import DamagedError, LimitError, NotAnArchiveError, VersionError


@dataclass(frozen=True)
class MemberStart:
    """A member file begins. ``name`` is None in an archive of one unnamed file."""

    name: str | None


def read_archive(
    stream: BinaryIO, work: Work | None = None, meter: Meter | None = None
) -> Iterator[MemberStart | bytes]:
    """Yield the start of every member and then its text, block by block.

    Every text has been checked against its CRC-32, or, if it is all there is, SHA-256. Only
    when the iteration has come to its end, all of the archive is known to be right. Raises
    NotAnArchiveError, VersionError, DamagedError, TruncatedError, MissingModelError, LimitError.
    """
    work = work or Work()
    meter = meter or Meter()
    seen: list[_Seen] = []
    names: set[str | None] = set()
    held = b""
    for chunk in read_chunks(stream, work):
        if isinstance(chunk.content, str):
            if names & {None, chunk.content}:
                raise DamagedError(f"two files of the archive have one name: {chunk.content!r}")
            names.add(chunk.content)
            seen.append(_Seen(chunk.content, chunk.size))
            yield MemberStart(chunk.content)
        elif isinstance(chunk.content, Block):
            if not seen:
                names.add(None)
                seen.append(_Seen(None, 0))
                yield MemberStart(None)
            text = decode_block(chunk.content, work, meter)
            seen[-1].add(text, chunk.size)
            if held:
                raise DamagedError("a block without a checksum is not alone")
            if chunk.content.header.text_crc is None:
                held = text
            else:
                yield text
        else:
            if not seen:
                seen.append(_Seen(None, 0))
                yield MemberStart(None)
            _check_index(chunk.content, seen)
    if held:
        yield held


class _Seen:
    """What the index must say of a member."""

    def __init__(self, name: str | None, head_size: int) -> None:
        self._name = name
        self._head_size = head_size
        self._block_sizes: list[int] = []
        self._sha256 = hashlib.sha256()

    def add(self, text: bytes, size: int) -> None:
        self._sha256.update(text)
        self._block_sizes.append(size)

    def check(self, index: fields.MemberIndex) -> None:
        where = f" of {self._name!r}" if self._name else ""
        if index.sha256 != self._sha256.digest():
            raise DamagedError(f"the content{where} does not have the SHA-256 of the original")
        if (index.head_size, index.block_sizes) != (self._head_size, tuple(self._block_sizes)):
            raise DamagedError(f"the index{where} does not fit the blocks")


def _check_index(index: list[fields.MemberIndex], seen: list[_Seen]) -> None:
    if len(index) != len(seen):
        raise DamagedError(f"the index lists {len(index)} files instead of {len(seen)}")
    for entry, member in zip(index, seen, strict=True):
        member.check(entry)


@dataclass(frozen=True)
class Chunk:
    """A chunk whose checksum is right."""

    content: str | Block | list[fields.MemberIndex]
    """Of a member chunk its name, of a block its sections, of the index its entries."""
    size: int
    """Bytes in the archive."""


def read_chunks(stream: BinaryIO, work: Work) -> Iterator[Chunk]:
    """Yield all chunks; the last one is the index, and the archive ends right behind it."""
    source = Source(stream)
    check_preamble(source)
    while True:
        chunk = read_chunk(source, work)
        yield chunk
        if isinstance(chunk.content, list):
            break
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


def read_chunk(source: Source, work: Work) -> Chunk:
    """The next chunk. DamagedError if its checksum is wrong."""
    start = source.offset
    kind, head = read_head(source)
    content: str | Block | list[fields.MemberIndex]
    if kind == fields.BLOCK:
        header = fields.BlockHeader.unpack(head)
        if header.stored_size > work.memory_limit:
            raise LimitError(
                f"a block claims to have {header.stored_size:,} bytes: it is damaged, or needs "
                f"a larger memory limit than {work.memory_limit:,}"
            )
        sections = source.exactly(header.layout_size), source.exactly(header.residues_size)
        source.check_checksum()
        content = Block(header, *sections)
    else:
        source.check_checksum()
        content = fields.unpack_member(head) if kind == fields.MEMBER else fields.unpack_index(head)
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
