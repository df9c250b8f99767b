"""Reads an archive from beginning to end, never seeking, so that it may come from a pipe."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from acgz.codec import Job, Need, allow
from acgz.container import format as fields
from acgz.container.blocks import Block, Decoding, read_block
from acgz.container.format import FileStart
from acgz.container.lookup import Index, Root
from acgz.container.source import Readable, Source
from acgz.errors import AcgzError, DamagedError, NotAnArchiveError, VersionError
from acgz.scheduling import Task, in_order


@dataclass(frozen=True)
class Seen:
    """A block that has been read, with what the index has to say of it."""

    block: Block
    size: int
    check: int
    number: int
    offset: int
    """Bytes of the archive before the block."""

    @property
    def place(self) -> str:
        """How messages call the block; blocks count from 0, as in lists of records."""
        return f"block {self.number} (at byte {self.offset:,})"


def read_archive(stream: Readable, job: Job | None = None) -> Iterator[FileStart | bytes]:
    """Yield the start of every file and then its text, part by part.

    Every text has been checked against its CRC-32, or, if it is all there is, its SHA-256. Only
    when the iteration has come to its end, all of the archive is known to be right. Raises
    NotAnArchiveError, VersionError, DamagedError, TruncatedError, MissingModelError, LimitError;
    what is wrong with a block says which.
    """
    job = job or Job()
    content = _Content()
    for item, text in decoded(read_blocks(stream, job), job):
        if isinstance(item, Index):
            content.compare(item)
            continue
        try:
            events = list(content.add(item, text))
        except AcgzError as error:
            raise type(error)(f"{item.place}: {error}") from error
        job.progress.passed(len(text), item.size)
        yield from events


def decoded(
    items: Iterable[Seen | Index], job: Job, wanted: Callable[[Seen], bool] = lambda seen: True
) -> Iterator[tuple[Seen | Index, bytes]]:
    """Yield every item, a block with its text; blocks are decoded side by side.

    Only ``wanted`` ones are decoded; the index and other blocks come in their turn with b"".
    """
    waiting: deque[Seen | Index] = deque()

    def tasks() -> Iterator[Task[bytes]]:
        for item in items:
            waiting.append(item)
            if isinstance(item, Seen) and wanted(item):
                yield Decoding(item.block, item.place).task
            else:
                yield Task(lambda job: b"", Need(), here=True)

    for text in in_order(tasks(), job):
        yield waiting.popleft(), text


def read_blocks(stream: Readable, job: Job) -> Iterator[Seen | Index]:
    """Yield all blocks as they are stored, and the index, behind which the archive has to end.

    The only block of a small archive has no index behind it.
    """
    source = Source(stream)
    check_preamble(source)
    number = 0
    while True:
        offset = source.offset
        kind = source.exactly(1)
        if kind == fields.INDEX and number > 0:
            yield _read_index(source, job)
            break
        if kind != fields.BLOCK and (kind != fields.SINGLE or number > 0):
            raise DamagedError(f"unknown kind of block at byte {offset:,}")
        try:
            block = read_block(source, kind, job)
        except AcgzError as error:
            raise type(error)(f"block {number} (at byte {offset:,}): {error}") from error
        yield Seen(block, source.offset - offset, source.check, number, offset)
        if kind == fields.SINGLE:
            break
        number += 1
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


def _read_index(source: Source, job: Job) -> Index:
    tables_size, root_size = source.number(), source.number()
    allow(tables_size + fields.MEMORY_OF_HEAD * root_size, job)
    tables = source.aside(tables_size)
    root = Root.unpack(source.exactly(root_size))
    source.verify()
    trailer = fields.pack_number(root_size)[::-1]
    if source.exactly(len(trailer)) != trailer:
        raise DamagedError(f"the trailer at byte {source.offset - len(trailer):,} is wrong")
    if root.tables_size != tables_size:
        raise DamagedError("the tables of the index have another size")
    index = Index(root, lambda at, size: tables[at : at + size], job)
    index.check()
    return index


@dataclass
class _File:
    name: str | None
    size: int = 0
    sha256: Any = field(default_factory=hashlib.sha256)


class _Content:
    """What has been read, to be compared with the index."""

    def __init__(self) -> None:
        self._files: list[_File] = []
        self._names: set[str | None] = set()
        self._blocks: list[tuple[int, int, int, int]] = []

    def add(self, seen: Seen, text: bytes) -> Iterator[FileStart | bytes]:
        """Yield the files that begin in a block, and the text."""
        starts = seen.block.starts
        if not self._blocks and not starts:
            starts = [FileStart(None)]
        if starts and (None in self._names or (starts[0].offset and not self._files)):
            raise DamagedError("text and files do not go together")
        head = seen.block.head
        self._blocks.append((seen.size, seen.check, head.text_size, head.residue_count))
        at = 0
        for start in starts:
            yield from self._text(text, at, start.offset)
            at = start.offset
            if start.name in self._names:
                raise DamagedError(f"two files of the archive have one name: {start.name!r}")
            self._names.add(start.name)
            self._files.append(_File(start.name))
            yield FileStart(start.name)
        yield from self._text(text, at, len(text))
        if seen.block.digest:
            self._compare(self._files[0], seen.block.digest)

    def compare(self, index: Index) -> None:
        """DamagedError if the index is not that of this content."""
        blocks = index.blocks
        claimed = zip(
            *(
                column.tolist()
                for column in (blocks.size, blocks.check, blocks.text_size, blocks.residue_count)
            ),
            strict=True,
        )
        if list(claimed) != self._blocks:
            raise DamagedError("the index does not fit the blocks")
        if [(file.name, file.text_size) for file in index.files] != [
            (file.name, file.size) for file in self._files
        ]:
            raise DamagedError("the index does not fit the files")
        for found, file in zip(self._files, index.files, strict=True):
            self._compare(found, file.digest)

    def _text(self, text: bytes, start: int, end: int) -> Iterator[bytes]:
        if end > start:
            own = text if end - start == len(text) else text[start:end]
            self._files[-1].size += len(own)
            self._files[-1].sha256.update(own)
            yield own

    def _compare(self, file: _File, digest: bytes) -> None:
        if file.sha256.digest()[: fields.DIGEST_SIZE] != digest:
            where = f" of {file.name!r}" if file.name is not None else ""
            raise DamagedError(f"the content{where} does not have its SHA-256")
