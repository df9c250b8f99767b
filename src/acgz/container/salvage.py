"""What can be restored of a damaged archive, and what takes the place of the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import accumulate

from acgz.codec import Job, allow
from acgz.container.contents import Contents
from acgz.container.decoding import each_once, texts_of
from acgz.container.format import FileStart
from acgz.container.index import unpack_state
from acgz.container.reader import read_archive
from acgz.container.records import HEADER, Dialect, State
from acgz.container.source import Places
from acgz.errors import DamagedError

WIDTH = 60
"""Letters in a line of what takes the place of a lost sequence; its own width is lost too."""


def salvage(places: Places, job: Job) -> Iterator[FileStart | bytes | DamagedError]:
    """Yield the start of every file and its text as `read_archive` does, and what is damaged.

    In the place of a damaged block come the headers of the records in it, with their names alone,
    and as many N as they had letters there; zeros where there are no records. Without an intact
    index there is only what comes before the first damage. Raises NotAnArchiveError, VersionError,
    MissingModelError, LimitError.
    """
    try:
        contents = Contents(places, job)
    except DamagedError:
        try:
            yield from read_archive(places.reader(), job)
        except DamagedError as error:
            yield error
        return
    yield from _Salvage(contents, job).events()


class _Salvage:
    """Goes through an archive file by file; files may share a block."""

    def __init__(self, contents: Contents, job: Job) -> None:
        self._contents = contents
        self._job = job
        self._number = -1
        self._text: bytes | None = None
        ends = list(accumulate(file.text_size for file in contents.index.files))
        begins = [0, *ends[:-1]]
        needed = (
            number
            for begin, end in zip(begins, ends, strict=True)
            for number in contents.blocks_between(begin, end)
        )
        self._texts = texts_of(contents, each_once(needed), job)

    def events(self) -> Iterator[FileStart | bytes | DamagedError]:
        end = 0
        first_record = 0
        for file in self._contents.index.files:
            start, end = end, end + file.text_size
            records = range(first_record, first_record + file.records)
            first_record = records.stop
            yield FileStart(file.name)
            hashed = hashlib.sha256()
            whole = True
            for number in self._contents.blocks_between(start, end):
                yield from self._go_to(number)
                block = self._contents.text_of(number)
                begin, stop = max(start, block.start), min(end, block.stop)
                if self._text is None:
                    whole = False
                    allow(2 * (block.stop - block.start), self._job)  # nobody has decoded so many
                    yield self._filler(number, file.dialect, records, begin == start, stop - begin)
                    continue
                part = self._text[begin - block.start : stop - block.start]
                hashed.update(part)
                yield part
            if whole and hashed.digest()[: len(file.digest)] != file.digest:
                where = f" of {file.name!r}" if file.name else ""
                yield DamagedError(f"the content{where} does not have its SHA-256")

    def _go_to(self, number: int) -> Iterator[DamagedError]:
        """Decode a block, if it is not the one at hand; yield what is wrong with it."""
        if number != self._number:
            self._number, found = next(self._texts)
            self._text = found if isinstance(found, bytes) else None
            if isinstance(found, DamagedError):
                yield found

    def _filler(
        self, number: int, dialect: Dialect, records: range, is_start: bool, size: int
    ) -> bytes:
        """What takes the place of ``size`` bytes of a file in a damaged block."""
        if dialect is Dialect.NONE:
            return bytes(size)
        newline = dialect.newline
        state = self._state(number)
        begun = state.begun and not is_start
        pieces = [newline] if begun and state.line == HEADER else []
        inside = self._records(number)
        for record in range(max(inside.start, records.start), min(inside.stop, records.stop)):
            name = self._contents.index.name(record)
            if not (begun and record == inside.start) and (name or record > records.start):
                if pieces or not is_start:
                    pieces.append(newline)
                pieces.append(b">" + name + newline)
            letters = self._contents.letters_in(number, record)
            for at in range(0, letters, WIDTH):
                pieces.append(b"N" * min(WIDTH, letters - at) + newline)
        return b"".join(pieces)

    def _records(self, number: int) -> range:
        """The records of which a block has letters or the header."""
        ranks = self._contents.index.blocks.record
        if number + 1 == len(self._contents):
            return range(int(ranks[number]), self._contents.index.record_count)
        return range(int(ranks[number]), int(ranks[number + 1]) + self._state(number + 1).begun)

    def _state(self, number: int) -> State:
        """What a block begins in the middle of."""
        return unpack_state(int(self._contents.index.blocks.state[number]))
