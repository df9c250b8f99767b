"""What is in an archive, by its index: any block, any record, without the others.

Safe to use from any number of threads: but for what is kept of the index, nothing in here changes
once it is made. Opening reads the tables of blocks and files; names and lengths of records are read
when they are asked for.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Job, allow
from acgz.container import format as fields
from acgz.container.blocks import Block, decode_block, outline, read_block, read_head
from acgz.container.format import BLOCK, SINGLE, Cursor
from acgz.container.index import BlockRow, FileRow, IndexWriter, unpack_state
from acgz.container.lookup import Index, Root
from acgz.container.reader import Seen, check_preamble, read_blocks
from acgz.container.records import Dialect, Part, Scanner, find_all
from acgz.container.source import FIRST_CHECK, Places, Readable
from acgz.container.texts import Text
from acgz.errors import AcgzError, DamagedError, VersionError
from acgz.modes import mode_of
from acgz.progress import Progress

_LONGEST_TRAILER = 9
_NAMED = 5
"""Records that a message names."""


class Listed(NamedTuple):
    """Records that follow each other; all arrays have shape (records,)."""

    names: Sequence[bytes]
    lengths: NDArray[np.int64]
    """Letters."""
    blocks: NDArray[np.int64]
    """The block in which the letters of each begin."""
    files: NDArray[np.int64]
    """Number of the file that each is in."""


class Contents:
    """An archive in a file that can be sought in; the file is not closed.

    ``len(contents)`` is the number of blocks. Creating one raises NotAnArchiveError, VersionError,
    DamagedError, TruncatedError or LimitError; reading a block raises what `read_archive` raises.
    """

    def __init__(self, file: Places | Readable, job: Job | None = None) -> None:
        self._places = file if isinstance(file, Places) else Places(file)
        self._job = job or Job()
        self.size = self._places.size
        """Bytes of the archive."""
        source = self._places.source()
        check_preamble(source)
        try:
            single = source.exactly(1) == SINGLE
            self.index: Index = self._index_of_single() if single else self._read_index()
        except DamagedError:
            for _ in read_blocks(self._places.reader(), self._job):
                pass  # raises, and knows better what is wrong and where
            raise
        sizes = self.index.blocks.size
        self._offsets = np.cumsum(sizes) - sizes + len(fields.PREAMBLE)
        self._text_starts = _starts(self.index.blocks.text_size)
        self._file_starts = _starts(np.array([file.text_size for file in self.index.files]))
        self._first_records = _starts(np.array([file.records for file in self.index.files]))
        self._kind = SINGLE if single else BLOCK

    def __len__(self) -> int:
        return len(self.index.blocks.size)

    @property
    def names(self) -> list[str | None]:
        """Names of the files."""
        return [file.name for file in self.index.files]

    @property
    def digests(self) -> tuple[bytes, ...]:
        """What the archive has of the SHA-256 of every file."""
        return tuple(file.digest for file in self.index.files)

    @property
    def text_size(self) -> int:
        """Bytes of all files."""
        return int(self._text_starts[-1])

    def file_of(self, record: int) -> FileRow:
        """The file that a record is in."""
        number = int(np.searchsorted(self._first_records, record, "right")) - 1
        return self.index.files[number]

    def records_of(self, file: int) -> range:
        """The records of a file, by its number."""
        return range(int(self._first_records[file]), int(self._first_records[file + 1]))

    def blocks_of(self, record: int, start: int, stop: int) -> range:
        """The blocks that have the letters ``start`` to ``stop`` (exclusive) of a record."""
        if start >= stop:
            return range(0)
        ranks, letters = self.index.blocks.record, self.index.blocks.letters
        low = int(np.searchsorted(ranks, record, "left"))
        high = int(np.searchsorted(ranks, record, "right"))
        own = letters[low:high]
        first = low + int(np.searchsorted(own, start, "right")) - 1
        last = low + int(np.searchsorted(own, stop, "left")) - 1
        return range(max(0, first), max(0, last) + 1)

    def listing(self) -> Iterator[Listed]:
        """All records, some thousands at once."""
        ranks = self.index.blocks.record
        begun = ranks[self.index.blocks.letters == 0]
        for rows in self.index:
            numbers = rows.first + np.arange(len(rows.names))
            empty = np.searchsorted(begun, numbers, "right") - np.searchsorted(begun, numbers)
            blocks = np.searchsorted(ranks, numbers) + empty - 1
            files = np.searchsorted(self._first_records, numbers, "right") - 1
            yield Listed(rows.names, rows.lengths, blocks, files)

    def block_of_header(self, record: int) -> int:
        """The block in which the header of a record begins, if it has one."""
        ranks = self.index.blocks.record
        after = int(np.searchsorted(ranks, record))
        not_begun = self.index.blocks.state[after : int(np.searchsorted(ranks, record, "right"))]
        begun = np.flatnonzero(not_begun < 4)
        return max(0, after + (int(begun[0]) if begun.size else not_begun.size) - 1)

    def letters_before(self, number: int, record: int) -> int:
        """Letters of a record in the blocks before one that has some of it."""
        blocks = self.index.blocks
        return int(blocks.letters[number]) if int(blocks.record[number]) == record else 0

    def letters_in(self, number: int, record: int) -> int:
        """Letters of a record in a block that has some part of it."""
        blocks, after = self.index.blocks, self.index.length(record)
        if number + 1 < len(self) and int(blocks.record[number + 1]) == record:
            after = int(blocks.letters[number + 1])
        return after - self.letters_before(number, record)

    def text_of(self, number: int) -> range:
        """The bytes of all files, one behind the other, that a block has."""
        return range(int(self._text_starts[number]), int(self._text_starts[number + 1]))

    def text_of_file(self, file: int) -> range:
        """The bytes of all files, one behind the other, that are those of a file, by its number."""
        return range(int(self._file_starts[file]), int(self._file_starts[file + 1]))

    def blocks_between(self, start: int, stop: int) -> range:
        """The blocks that have the bytes ``start`` to ``stop`` (exclusive) of all files."""
        if start >= stop:
            return range(0)
        first = int(np.searchsorted(self._text_starts, start, "right")) - 1
        return range(first, int(np.searchsorted(self._text_starts, stop, "left")))

    def records_in(self, number: int) -> range:
        """The records that a block has some part of."""
        ranks = self.index.blocks.record
        begin = int(ranks[number])
        if number + 1 == len(self):
            return range(begin, self.index.record_count)
        end, letters = int(ranks[number + 1]), int(self.index.blocks.letters[number + 1])
        return range(begin, end + (letters > 0))

    def block(self, number: int) -> Block:
        """A block as it is stored. It is the one of this place in this archive: its check is."""
        row = self.index.blocks
        before = int(row.check[number - 1]) if number else FIRST_CHECK
        source = self._places.source(int(self._offsets[number]), before)
        kind = source.exactly(1)
        if kind != self._kind:
            raise DamagedError("there is no block where the index says")
        block = read_block(source, kind, self._job)
        size = source.offset - int(self._offsets[number])
        if (
            size != int(row.size[number])
            or source.check != int(row.check[number])
            or block.head.text_size != int(row.text_size[number])
            or block.head.residue_count != int(row.residue_count[number])
        ):
            raise DamagedError("it is not the block that the index says")
        return block

    def references(self) -> dict[bytes, str]:
        """What decoding needs and is a reference: its digest, and the name that its file had.

        Reads heads of blocks until they tell what each digest of the index is; of damaged ones
        nothing is known.
        """
        found: dict[bytes, str] = {}
        unknown = set(self.index.needs)
        for number, offset in enumerate(self._offsets.tolist()):
            if not unknown:
                break
            if self.index.blocks.residue_count[number]:
                source = self._places.source(offset)
                try:
                    head = read_head(source, source.exactly(1), self._job)
                except (DamagedError, VersionError):
                    continue
                if head.parameters.get("reference") and head.needs:
                    hint = head.parameters.get("hint")
                    found[head.needs[-1]] = hint if isinstance(hint, str) else ""
                unknown -= set(head.needs)
        return found

    def stored(self, number: int) -> bytes:
        """The bytes of a block in the archive, check included; verified as `block` does it."""
        self.block(number)
        return self._places.read(int(self._offsets[number]), int(self.index.blocks.size[number]))

    def text(self, number: int, job: Job | None = None) -> bytes:
        """The text of a block, decoded and verified. Errors say which block, and what is in it."""
        try:
            block = self.block(number)
            text = decode_block(block, job or replace(self._job, progress=Progress()))
            if block.digest and hashlib.sha256(text).digest()[: len(block.digest)] != block.digest:
                raise DamagedError("the content does not have its SHA-256")
            return text
        except AcgzError as error:
            raise type(error)(f"{self.place(number)}: {error}") from error

    def outline(self, number: int) -> bytes:
        """The text of a block with A for every base and without lower case, found quickly."""
        try:
            return outline(self.block(number), self._job)
        except AcgzError as error:
            raise type(error)(f"{self.place(number)}: {error}") from error

    def parsed(self, number: int, job: Job | None = None) -> Text:
        """`text`, and the records in it; DamagedError if they are not those of the index."""
        text = self.text(number, job)
        try:
            headers: list[tuple[int, int]] = []
            return Text(text, list(self._parts(number, text, headers)), headers)
        except DamagedError as error:
            raise DamagedError(f"{self.place(number)}: {error}") from error

    def place(self, number: int) -> str:
        """What a message says of a block: its number, where it is, and the records in it."""
        records = self.records_in(number)
        try:
            names = [
                self.index.name(record)[:40].decode("utf-8", "replace")
                for record in records[:_NAMED]
            ]
        except DamagedError:  # of the index, too
            names = []
        more = f" and {len(records) - _NAMED:,} more" if len(records) > _NAMED else ""
        inside = f", with {', '.join(map(repr, names))}{more}" if names else ""
        return f"block {number} (at byte {int(self._offsets[number]):,}{inside})"

    def _parts(self, number: int, text: bytes, headers: list[tuple[int, int]]) -> Iterator[Part]:
        """The records in the ``text`` of a block, file by file; adds to the ``headers``."""
        blocks, files = self.index.blocks, self.index.files
        begin = int(self._text_starts[number])
        end = begin + len(text)
        file = max(0, int(np.searchsorted(self._file_starts, begin, "right")) - 1)
        while file < len(files) and self._file_starts[file] < end:
            start = max(int(self._file_starts[file]), begin)
            stop = min(int(self._file_starts[file + 1]), end)
            if start < stop and files[file].dialect is not Dialect.NONE:
                if start == self._file_starts[file]:
                    scanner = Scanner(files[file].dialect, int(self._first_records[file]))
                else:
                    state = unpack_state(int(blocks.state[number]))
                    record, letters = int(blocks.record[number]), int(blocks.letters[number])
                    scanner = Scanner(files[file].dialect, record, letters, state)
                scanner.headers = headers
                yield from self._scanned(scanner, text, start - begin, stop - begin)
                if stop == self._file_starts[file + 1]:
                    scanner.finish()
                    self._compare(scanner, int(self._first_records[file + 1]))
                else:
                    self._compare(scanner, None)
            file += 1

    def _scanned(self, scanner: Scanner, text: bytes, start: int, stop: int) -> list[Part]:
        first = scanner.record
        parts = scanner.scan(text, start, stop)
        if first + len(scanner.ended) > self.index.record_count:
            raise DamagedError("the index has fewer records than its blocks")
        return parts

    def _compare(self, scanner: Scanner, last: int | None) -> None:
        """DamagedError if the records that have ended in a text are not those of the index.

        ``last``: the number of the record behind the file, if it has ended too.
        """
        at = 0
        right = last is None or last == scanner.record
        for rows in self.index.between(scanner.record - len(scanner.ended), scanner.record):
            for name, letters in zip(rows.names, rows.lengths.tolist(), strict=True):
                record = scanner.ended[at]
                right = right and record.letters == letters and record.name in (None, name)
                at += 1
        if not right:
            raise DamagedError("the records of a text are not those of the index")

    def _read_index(self) -> Index:
        """The index at the end of the archive."""
        tail = self._places.read(max(0, self.size - _LONGEST_TRAILER), _LONGEST_TRAILER)
        root_size = Cursor(tail[::-1]).number()
        trailer = len(fields.pack_number(root_size))
        start = self.size - trailer - fields.CHECK_SIZE - root_size
        if start < 0:
            raise DamagedError("the archive has no index")
        allow(fields.MEMORY_OF_HEAD * root_size, self._job)
        data = self._places.read(start, root_size + fields.CHECK_SIZE)
        root = Root.unpack(data[:root_size])
        begin = fields.INDEX + fields.pack_numbers([root.tables_size, root_size])
        before = start - root.tables_size - len(begin)
        if before < len(fields.PREAMBLE) or self._places.read(before, len(begin)) != begin:
            raise DamagedError("there is no index where the archive says")
        begins = start - root.tables_size
        index = Index(root, lambda at, size: self._places.read(begins + at, size), self._job)
        if int(index.blocks.size.sum()) + len(fields.PREAMBLE) != before:
            raise DamagedError("the blocks do not end where the index begins")
        check = zlib.crc32(data[:root_size], zlib.crc32(begin, int(index.blocks.check[-1])))
        if check != int.from_bytes(data[root_size:], "little"):
            raise DamagedError("wrong checksum of the index")
        return index

    def _index_of_single(self) -> Index:
        """The index that an archive of a single block has no need of."""
        (seen,) = (
            item for item in read_blocks(self._places.reader(), self._job) if isinstance(item, Seen)
        )
        head = seen.block.head
        text = outline(seen.block, self._job)
        dialect, records = find_all(text)
        writer = IndexWriter()
        if head.residue_count:
            writer.add_method(mode_of(head.codec, head.parameters), head.needs)
        for record in records:
            writer.add_record(record.name or b"", record.letters)
        writer.add_file(FileRow(None, len(text), len(records), dialect, seen.block.digest))
        writer.add_block(
            BlockRow(
                seen.size,
                seen.check,
                head.text_size,
                head.residue_count,
                head.layout_size,
                head.residues_size,
                record=0,
                letters=0,
                state=4,
            )
        )
        tables, root = writer.pack()
        return Index(Root.unpack(root), lambda at, size: tables[at : at + size], self._job)


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of things of these sizes begins, and where the last ends; shape (n + 1,)."""
    return np.concatenate([[0], np.cumsum(sizes)])
