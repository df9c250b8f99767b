"""Writes an archive from beginning to end, never seeking, so that it may go to a pipe."""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, Self

from acgz.codec import Job
from acgz.container import format as fields
from acgz.container.blocks import Block, Encoding, Recipe, outline
from acgz.container.cutting import Rejoined, Stream, cut_texts, read_up_to
from acgz.container.format import BLOCK, INDEX, SINGLE, FileStart
from acgz.container.index import BlockRow, FileRow, IndexWriter, pack_state
from acgz.container.journal import Journal
from acgz.container.names import fault_of
from acgz.container.parts import Part, Shared
from acgz.container.records import (
    SNIFFED,
    Dialect,
    Kind,
    Scanner,
    dialect_of,
    find_all,
    kind_of,
)
from acgz.container.source import FIRST_CHECK
from acgz.errors import UsageError
from acgz.modes import mode_of
from acgz.scheduling import Scheduler, Task

MOST_SINGLE = 1 << 18
"""Bytes of text of an archive without an index: of so many, the records are found at once."""


class Sink(Protocol):
    """All that an archive needs to be written to."""

    def write(self, data: bytes, /) -> object: ...


@dataclass
class _File:
    """A file that is being written."""

    name: str | None
    dialect: Dialect
    shared: Shared | None = None
    size: int = 0
    """Bytes of its text that are in blocks."""
    records_before: int = 0
    scanner: Scanner | None = None
    sha256: Any = field(default_factory=hashlib.sha256)


@dataclass(frozen=True)
class _Cut:
    """A text that is to become a block."""

    text: bytes
    starts: Sequence[tuple[int, _File]]
    """Where files begin in it."""


class ArchiveWriter:
    """Call `add` for every file, then `finish`. ``out`` is only written to, and not closed.

    As a context, it stops the work that is left when an error ends it. Blocks are coded side by
    side, as many as the job has room for, and written in their order. Files of one
    `Kind` that follow each other share blocks, so that what they have in common is stored once.
    """

    def __init__(
        self, out: Sink, recipe: Recipe, job: Job | None = None, journal: Journal | None = None
    ) -> None:
        """``journal``: where coded blocks are kept, and those found that need no coding."""
        self._out = out
        self._recipe = recipe
        self._journal = journal
        self._job = job or Job()
        self.size = 0
        """Bytes of archive written."""
        self.digests: list[bytes] = []
        """What the archive has of the SHA-256 of every file that has been added."""
        self._names: set[str | None] = set()
        self._folders: set[str] = set()
        self._check = FIRST_CHECK
        self._index = IndexWriter()
        self._blocks = 0
        """How many have been cut."""
        self._coded: Scheduler[Block] = Scheduler(self._job)
        self._cuts: deque[_Cut] = deque()
        """What `_coded` has been given and has not been written."""
        self._records = 0
        self._text = b""
        """The beginning of a block, less than a whole one."""
        self._starts: list[tuple[int, _File]] = []
        """Where files begin in it."""
        self._cutting: _File | None = None
        """The file that the last text ends in which has been cut."""
        self._offset = 0
        """Bytes of it up to there."""
        self._current: _File | None = None
        """The file that the last written block ends in."""
        self._kind = Kind.ALONE
        """Of the last file."""
        self._write(fields.PREAMBLE)

    def add(self, source: Stream, name: str | None = None, shared: Shared | None = None) -> None:
        """Compress all of ``source``.

        ``name`` may be None if this is the only file. Otherwise it is where the file will be
        restored: relative, with "/" between folders. UsageError for a name that no file may have
        or that was there before, or None twice, or if a file were in a file. ``shared``: the file
        that ``source`` reads, if others may be able to read it.
        """
        self._take_name(name)
        head = read_up_to(source, SNIFFED)
        file = _File(name, dialect_of(head, whole=len(head) < SNIFFED), shared)
        kind = Kind.ALONE if name is None else kind_of(head, file.dialect)
        if kind is not self._kind or not kind.follows(self._text):
            self._flush()
        self._kind = kind
        self._starts.append((len(self._text), file))
        hashed = _Hashed(Rejoined(head, source), file.sha256)
        before, self._text = self._text, b""
        for text, last in cut_texts(hashed, self._recipe.block_size, before):
            if last:
                self._text = text
            else:
                self._code(text)
        self.digests.append(file.sha256.digest()[: fields.DIGEST_SIZE])

    def finish(self) -> None:
        """Write what is left and the index. Without it the archive counts as truncated."""
        if not self.digests:
            raise UsageError("an archive has at least one file")
        if self._names == {None} and not self._blocks and len(self._text) <= MOST_SINGLE:
            [block] = [*self._coded.put(self._task(self._text, None)), *self._coded.rest()]
            if self._can_do_without_index(block):
                self._write_checked(replace(block, digest=self.digests[0]).pack(SINGLE))
                self._write_check()
                self._job.progress.passed(len(self._text), self.size - len(fields.PREAMBLE))
                return
            self._write_block(self._cut(self._text, whole=True), block)
        elif self._text or self._starts:
            self._code(self._text, whole=True)
        for block in self._coded.rest():
            self._write_block(self._cuts.popleft(), block)
        self._end_file()
        tables, root = self._index.pack()
        sizes = fields.pack_numbers([len(tables), len(root)])
        self._write_checked([INDEX, sizes])
        self._write(tables)
        self._write_checked([root])
        self._write_check()
        self._write(fields.pack_number(len(root))[::-1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._coded.stop()

    def _take_name(self, name: str | None) -> None:
        if self._names & {name, None} or (self._names and name is None):
            raise UsageError(f"the files of one archive need different names, not {name!r} again")
        if name is not None:
            fault = fault_of(name)
            if fault:
                raise UsageError(f"the name {name[:80]!r} {fault}")
            parts = name.split("/")
            folders = {"/".join(parts[:count]) for count in range(1, len(parts))}
            if name in self._folders or folders & self._names:
                raise UsageError(f"the name {name[:80]!r} would be a file and a folder")
            self._folders |= folders
        self._names.add(name)

    def _flush(self) -> None:
        if self._text:
            self._code(self._text, whole=True)
            self._text = b""

    def _code(self, text: bytes, *, whole: bool = False) -> None:
        """Have a text coded as soon as there is room; write what has been coded until then.

        ``whole``: none of the files so far goes on behind it, or begins there.
        """
        part = self._part(text)
        self._cuts.append(self._cut(text, whole=whole))
        for block in self._coded.put(self._task(text, part)):
            self._write_block(self._cuts.popleft(), block)

    def _part(self, text: bytes) -> Callable[[], Part] | None:
        """Where a text is that is about to be cut, if all of it is in one file that may be shared.

        Called once for every text, in their order: it counts.
        """
        starts = [start for start in self._starts if start[0] < len(text)]
        begun, offset = self._cutting, self._offset
        if starts:
            at, self._cutting = starts[-1]
            self._offset = len(text) - at
        else:
            self._offset += len(text)
        if starts:
            if starts[0][0] or len(starts) > 1:
                return None
            begun, offset = self._cutting, 0
        return partial(begun.shared.part, offset, text) if begun and begun.shared else None

    def _task(self, text: bytes, part: Callable[[], Part] | None) -> Task[Block]:
        task = Encoding(text, self._recipe).task(part)
        return task if self._journal is None else self._journal.task(text, task)

    def _cut(self, text: bytes, *, whole: bool) -> _Cut:
        """The ``text`` of the next block, with the files that begin in it."""
        inside = [start for start in self._starts if start[0] < len(text) or whole]
        self._starts = [(at - len(text), file) for at, file in self._starts[len(inside) :]]
        self._blocks += 1
        return _Cut(text, inside)

    def _can_do_without_index(self, block: Block) -> bool:
        """The records are found in what is known of the text without decoding its residues."""
        return find_all(self._text) == find_all(outline(block, self._job))

    def _write_block(self, cut: _Cut, block: Block) -> None:
        """Write the block of a text, with the files that begin in it."""
        starts = [FileStart(file.name, at) for at, file in cut.starts if file.name is not None]
        files = fields.pack_starts(starts) if starts else b""
        block = replace(block, files=files, head=replace(block.head, files_size=len(files)))
        before = self.size
        self._write_checked(block.pack(BLOCK))
        self._write_check()
        self._list_block(cut, block, self.size - before)
        self._job.progress.passed(len(cut.text), self.size - before)

    def _list_block(self, cut: _Cut, block: Block, size: int) -> None:
        """Add a block that has been written to the index, and the records that end in it."""
        text = cut.text
        ends = [*(at for at, _ in cut.starts), len(text)]
        if ends[0] == 0:
            self._end_file()
        scanner = self._current.scanner if self._current else None
        head = block.head
        self._index.add_block(
            BlockRow(
                size,
                self._check,
                head.text_size,
                head.residue_count,
                head.layout_size,
                head.residues_size,
                scanner.record if scanner else self._records,
                scanner.letters if scanner else 0,
                pack_state(scanner.state) if scanner else 4,
            )
        )
        if head.residue_count:
            self._index.add_method(mode_of(head.codec, head.parameters), head.needs)
        if self._current is not None:
            self._scan(text, 0, ends[0])
        for number, (at, file) in enumerate(cut.starts):
            self._end_file()
            self._current = file
            file.records_before = self._records
            file.scanner = Scanner(file.dialect, self._records)
            self._scan(text, at, ends[number + 1])

    def _scan(self, text: bytes, start: int, end: int) -> None:
        """List the records of the current file that end in this part of its text."""
        file = self._current
        if file is None or file.scanner is None:
            return
        file.size += end - start
        file.scanner.scan(text, start, end)
        self._list_records(file.scanner)

    def _end_file(self) -> None:
        file = self._current
        if file is None or file.scanner is None:
            return
        file.scanner.finish()
        self._list_records(file.scanner)
        self._current = None
        digest = file.sha256.digest()[: fields.DIGEST_SIZE]
        count = self._records - file.records_before
        self._index.add_file(FileRow(file.name, file.size, count, file.dialect, digest))

    def _list_records(self, scanner: Scanner) -> None:
        for record in scanner.ended:
            self._index.add_record(record.name or b"", record.letters)
        self._records += len(scanner.ended)
        scanner.ended.clear()

    def _write_checked(self, parts: Sequence[bytes]) -> None:
        for part in parts:
            self._check = zlib.crc32(part, self._check)
            self._write(part)

    def _write_check(self) -> None:
        self._write(self._check.to_bytes(fields.CHECK_SIZE, "little"))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self.size += len(data)


class _Hashed:
    """A stream of which the SHA-256 is known when it has been read."""

    def __init__(self, stream: Stream, sha256: Any) -> None:
        self._stream = stream
        self._sha256 = sha256

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._sha256.update(data)
        return data

    def readline(self, size: int, /) -> bytes:
        line = self._stream.readline(size)
        self._sha256.update(line)
        return line
