"""Reads the index: blocks and files at once, records piece by piece, when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.codec import Job, allow
from acgz.container import tables
from acgz.container.cache import Cache
from acgz.container.format import NEED_SIZE, Cursor, unpack_map
from acgz.container.index import Blocks, FileRow, unpack_blocks, unpack_files
from acgz.container.names import fault_among
from acgz.container.tables import Piece
from acgz.errors import DamagedError

_BYTES_A_ROW = 256
"""About what a row takes in memory while its piece is unpacked, its name aside."""
_KEPT = 16 << 20
"""Bytes of unpacked pieces that are kept: some thirty."""
_SCANS = 4
"""Names that are looked for in all pieces; with one more, a table of all names pays (12 times as
long to make, 16 bytes a record)."""


@dataclass(frozen=True)
class Root:
    """The end of an archive, which says where the tables are."""

    modes: tuple[str, ...]
    needs: tuple[bytes, ...]
    blocks: list[Piece]
    files: list[Piece]
    records: list[Piece]

    @property
    def tables_size(self) -> int:
        """Bytes of all tables."""
        return sum(piece.size for piece in [*self.blocks, *self.files, *self.records])

    @classmethod
    def unpack(cls, data: bytes) -> Root:
        """Raises DamagedError, and VersionError for fields that must be understood."""
        cursor = Cursor(data)
        try:
            modes = tuple(word.decode() for word in _unpack_words(cursor))
        except UnicodeDecodeError:
            raise DamagedError("the name of a mode is no text") from None
        needs = tuple(cursor.take(NEED_SIZE) for _ in range(_count(cursor)))
        pieces = [
            [
                Piece(cursor.number(), cursor.number(), int.from_bytes(cursor.take(4), "little"))
                for _ in range(_count(cursor))
            ]
            for _ in range(3)
        ]
        if cursor.at < len(data):
            unpack_map(cursor.rest(), "index")
        return cls(modes, needs, *pieces)


class Rows(NamedTuple):
    """Records that stand together in the index."""

    first: int
    """Number of the first of them."""
    names: Sequence[bytes]
    lengths: NDArray[np.int64]
    """Letters of each; shape (records,)."""

    @property
    def memory(self) -> int:
        return sum(map(len, self.names)) + (48 + 8 + 8) * len(self.names)


class Index:
    """The tables of an archive. Names and lengths of records are read when they are asked for."""

    def __init__(self, root: Root, read: Callable[[int, int], bytes], job: Job) -> None:
        """``read(offset, size)``: bytes of the tables, which stand one behind the other.

        Raises DamagedError if the tables of blocks and files contradict each other, LimitError.
        """
        self.modes = root.modes
        """Names of the modes of the blocks with residues."""
        self.needs = root.needs
        """Digests of the models and references without which the archive cannot be decoded."""
        self.job = job
        self._read = read
        allow(_BYTES_A_ROW * sum(piece.rows for piece in [*root.blocks, *root.files]), job)
        allow(_BYTES_A_ROW * max((piece.rows for piece in root.records), default=0), job)
        at = 0
        columns: list[list[NDArray[np.int64]]] = []
        self.files: list[FileRow] = []
        for piece in root.blocks:
            cursor = self._piece(piece, at)
            columns.append(unpack_blocks(cursor, piece.rows))
            _check_end(cursor)
            at += piece.size
        for piece in root.files:
            cursor = self._piece(piece, at)
            self.files += unpack_files(cursor, piece.rows)
            _check_end(cursor)
            at += piece.size
        if not columns:
            raise DamagedError("the index has no blocks")
        self.blocks = Blocks(*map(np.concatenate, zip(*columns, strict=True)))
        self._pieces = root.records
        self._places = np.cumsum([at, *(piece.size for piece in root.records)])
        counts = np.array([0, *(piece.rows for piece in root.records)], np.int64)
        self.record_count = tables.total(counts)
        self._firsts = np.cumsum(counts)
        self.text_size = tables.total(self.blocks.text_size)
        """Bytes of all files."""
        self._kept: Cache[Rows] = Cache(_KEPT)
        self._scans = 0
        self._check()

    def __iter__(self) -> Iterator[Rows]:
        """All records in order, by pieces, which are not kept."""
        return self.between(0, self.record_count)

    def between(self, start: int, stop: int) -> Iterator[Rows]:
        """The records ``start`` to ``stop`` (exclusive) in order, by pieces."""
        while start < stop:
            piece = self._piece_of(start)
            keep = stop - start < self._pieces[piece].rows
            rows = self._kept.get(piece, self._rows) if keep else self._rows(piece)
            begin, end = start - rows.first, min(stop - rows.first, len(rows.names))
            yield Rows(start, rows.names[begin:end], rows.lengths[begin:end])
            start = rows.first + end

    def name(self, record: int) -> bytes:
        """The name of a record; b"" if it has none."""
        rows = self._kept.get(self._piece_of(record), self._rows)
        return rows.names[record - rows.first]

    def length(self, record: int) -> int:
        """The letters of a record."""
        rows = self._kept.get(self._piece_of(record), self._rows)
        return int(rows.lengths[record - rows.first])

    def find(self, name: bytes, within: range | None = None) -> int | None:
        """The number of the first record of that name, among all or ``within`` some."""
        within = range(self.record_count) if within is None else within
        if not within:
            return None
        if self._scans < _SCANS and "_hashes" not in self.__dict__:
            self._scans += 1
            return self._scan(name, within)
        hashes, numbers = self._hashes
        wanted = hash(name)
        at = int(np.searchsorted(hashes, wanted))
        while at < hashes.size and int(hashes[at]) == wanted:
            number = int(numbers[at])
            if number in within and self.name(number) == name:
                return number
            at += 1
        return None

    def check(self) -> None:
        """DamagedError if the table of records contradicts itself or the others; reads all of it.

        What is read by and by is checked as far as that goes.
        """
        ranks = self.blocks.record
        begins = np.zeros(ranks.size + 1, np.int64)  # letters of all records before each block
        letters = 0
        for rows in self:
            low, high = np.searchsorted(ranks, [rows.first, rows.first + len(rows.names)])
            before = np.cumsum(rows.lengths) - rows.lengths
            own = ranks[low:high] - rows.first
            begins[low:high] = letters + before[own] + self.blocks.letters[low:high]
            letters += int(rows.lengths.sum())
        begins[int(np.searchsorted(ranks, self.record_count)) :] = letters
        if letters > self.text_size or (np.diff(begins) > self.blocks.text_size).any():
            raise DamagedError("the index does not say where the records are")

    def _check(self) -> None:
        """DamagedError if the tables of blocks and files contradict each other."""
        sizes, text, letters = self.blocks.size, self.blocks.text_size, self.blocks.letters
        ranks, records = self.blocks.record, self.record_count
        tables.total(sizes)
        counts = np.array([file.records for file in self.files], np.int64)
        again = ranks[1:] == ranks[:-1]
        if (
            sizes.min(initial=1) < 1
            or not self.files
            or tables.total(np.array([file.text_size for file in self.files])) != self.text_size
            or tables.total(counts) != records
            or any(file.records and not file.dialect for file in self.files)
        ):
            raise DamagedError("the index does not add up")
        if (
            records > self.text_size
            or ranks.max(initial=0) > records
            or (ranks[:1] != 0).any()
            or (letters[:1] != 0).any()
            or (letters[ranks == records] != 0).any()
            or (ranks[1:] < ranks[:-1]).any()
            or (letters[1:] < letters[:-1])[again].any()
            or (np.diff(np.append(ranks, records)) > text + 1).any()
        ):
            raise DamagedError("the index does not say where the records are")
        names = [file.name for file in self.files]
        if names != [None]:
            fault = fault_among(name or "" for name in names)
            if fault:
                raise DamagedError(f"refused: {fault}")

    def _piece_of(self, record: int) -> int:
        if not 0 <= record < self.record_count:
            raise DamagedError("the index has fewer records than its blocks")
        return int(np.searchsorted(self._firsts, record, "right")) - 1

    def _piece(self, piece: Piece, at: int) -> Cursor:
        """The content of a piece that is ``at`` this place of the tables."""
        cursor = tables.read_piece(self._read(at, piece.size), piece)
        allow(_BYTES_A_ROW * piece.rows + 2 * len(cursor.data), self.job)
        if piece.rows > len(cursor.data):
            raise DamagedError("a table of the index has fewer bytes than rows")
        return cursor

    def _rows(self, number: int) -> Rows:
        """A piece of the table of records."""
        piece, first = self._pieces[number], int(self._firsts[number])
        cursor = self._piece(piece, int(self._places[number]))
        lengths = tables.differences(cursor, piece.rows)
        names = tables.unpack_names(cursor, piece.rows)
        _check_end(cursor)
        ranks, letters = self.blocks.record, self.blocks.letters
        low, high = np.searchsorted(ranks, [first, first + piece.rows])
        if (
            tables.total(lengths) > self.text_size
            or (letters[low:high] > lengths[ranks[low:high] - first]).any()
        ):
            raise DamagedError("the index does not say where the records are")
        return Rows(first, names, lengths)

    def _scan(self, name: bytes, within: range) -> int | None:
        """`find` without making the names."""
        for number in range(self._piece_of(within[0]), self._piece_of(within[-1]) + 1):
            piece, first = self._pieces[number], int(self._firsts[number])
            cursor = self._piece(piece, int(self._places[number]))
            tables.skip_integers(cursor, piece.rows)
            for row in tables.find_name(cursor, piece.rows, name):
                if first + row in within:
                    return first + row
        return None

    @cached_property
    def _hashes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Hashes of all names, sorted, and the numbers of their records, ascending where equal."""
        hashes = np.empty(self.record_count, np.int64)
        for rows in self:
            count = len(rows.names)
            hashes[rows.first : rows.first + count] = np.fromiter(map(hash, rows.names), np.int64)
        numbers = np.argsort(hashes, kind="stable")
        return hashes[numbers], numbers


def _check_end(cursor: Cursor) -> None:
    if cursor.at != len(cursor.data):
        raise DamagedError("a table of the index has more than its rows")


def _unpack_words(cursor: Cursor) -> list[bytes]:
    return [cursor.take(cursor.number()) for _ in range(_count(cursor))]


def _count(cursor: Cursor) -> int:
    """A number of things that take at least a byte each; DamagedError if there are not so many."""
    count = cursor.number()
    if count > len(cursor.data) - cursor.at:
        raise DamagedError("the index claims more than it has")
    return count
