"""The index: what is where in an archive, as rows of three tables, and their bytes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.container import tables
from acgz.container.format import DIGEST_SIZE, Cursor, pack_number, pack_numbers
from acgz.container.names import decode_name, encode_name
from acgz.container.records import Dialect, State
from acgz.container.tables import ROWS
from acgz.errors import DamagedError, VersionError

_MOST_NAME_BYTES = 1 << 20
"""Bytes that the names in a piece have together, but for a name that is longer."""


class BlockRow(NamedTuple):
    """What the index says of a block."""

    size: int
    """Bytes in the archive."""
    check: int
    text_size: int
    residue_count: int
    layout_size: int
    residues_size: int
    record: int
    """Records that have ended before its text."""
    letters: int
    """Letters before its text of the record that goes on there."""
    state: int
    """What the block's text begins in the middle of: see `pack_state`."""


class FileRow(NamedTuple):
    """What the index says of a file."""

    name: str | None
    text_size: int
    records: int
    dialect: Dialect
    digest: bytes
    """The first bytes of its SHA-256."""


class Blocks(NamedTuple):
    """The columns of `BlockRow`, each of shape (blocks,) and int64."""

    size: NDArray[np.int64]
    check: NDArray[np.int64]
    text_size: NDArray[np.int64]
    residue_count: NDArray[np.int64]
    layout_size: NDArray[np.int64]
    residues_size: NDArray[np.int64]
    record: NDArray[np.int64]
    letters: NDArray[np.int64]
    state: NDArray[np.int64]


class IndexWriter:
    """Collects the rows of all tables, and keeps them packed."""

    def __init__(self) -> None:
        self._packed: dict[str, list[tuple[bytes, int]]] = {
            "blocks": [],
            "files": [],
            "records": [],
        }
        self._blocks: list[BlockRow] = []
        self._files: list[FileRow] = []
        self._records: list[tuple[bytes, int]] = []
        self._name_bytes = 0
        self._modes: dict[str, None] = {}
        self._needs: dict[bytes, None] = {}

    def add_block(self, row: BlockRow) -> None:
        self._blocks.append(row)
        if len(self._blocks) == ROWS:
            self._close_piece("blocks")

    def add_file(self, row: FileRow) -> None:
        self._files.append(row)
        if len(self._files) == ROWS:
            self._close_piece("files")

    def add_record(self, name: bytes, letters: int) -> None:
        if self._name_bytes + len(name) > _MOST_NAME_BYTES and self._records:
            self._close_piece("records")
        self._records.append((name, letters))
        self._name_bytes += len(name)
        if len(self._records) == ROWS:
            self._close_piece("records")

    def add_method(self, mode: str, needs: Sequence[bytes]) -> None:
        """A block has been coded in a mode, and needs what has these digests."""
        self._modes[mode] = None
        self._needs |= dict.fromkeys(needs)

    def pack(self) -> tuple[bytes, bytes]:
        """All tables, one behind the other, and the root, which says what they are."""
        root = _pack_words([mode.encode() for mode in self._modes])
        root += pack_number(len(self._needs)) + b"".join(self._needs)
        stored = b""
        for table, pieces in self._packed.items():
            self._close_piece(table)
            root += pack_number(len(pieces))
            for data, rows in pieces:
                root += pack_numbers([rows, len(data)]) + zlib.crc32(data).to_bytes(4, "little")
            stored += b"".join(data for data, _ in pieces)
        return stored, root

    def _close_piece(self, table: str) -> None:
        rows: list[BlockRow] | list[FileRow] | list[tuple[bytes, int]]
        if table == "blocks":
            rows, raw = self._blocks, _pack_blocks(self._blocks)
        elif table == "files":
            rows, raw = self._files, _pack_files(self._files)
        else:
            rows, raw = self._records, _pack_records(self._records)
            self._name_bytes = 0
        if rows:
            self._packed[table].append((tables.pack_piece(raw), len(rows)))
            rows.clear()


def pack_state(state: State) -> int:
    """The line it is in, 0 to 3, plus 4 if no record has begun."""
    return state.line + 4 * (not state.begun)


def unpack_state(stored: int) -> State:
    """The inverse; DamagedError for what no file can be in the middle of."""
    if not 0 <= stored < 8:
        raise DamagedError("the index has a block that begins in an unknown state")
    return State(stored & 3, stored < 4)


def _pack_blocks(rows: Sequence[BlockRow]) -> bytes:
    records = [row.record for row in rows]
    return b"".join(
        [
            pack_numbers([row.residues_size for row in rows]),
            pack_numbers([row.layout_size for row in rows]),
            pack_numbers([row.size - row.layout_size - row.residues_size for row in rows]),
            pack_numbers([row.text_size for row in rows]),
            pack_numbers([row.text_size - row.residue_count for row in rows]),
            pack_numbers([b - a for a, b in zip([0, *records], records, strict=False)]),
            pack_numbers([row.letters for row in rows]),
            pack_numbers([row.state for row in rows]),
            *(row.check.to_bytes(4, "little") for row in rows),
        ]
    )


def unpack_blocks(cursor: Cursor, rows: int) -> list[NDArray[np.int64]]:
    """The columns of `Blocks`."""
    residues, layout, rest, text, others, records, letters, state = (
        tables.integers(cursor, rows) for _ in range(8)
    )
    check = np.frombuffer(cursor.take(4 * rows), "<u4").astype(np.int64)
    tables.total(np.stack([residues, layout, rest]).reshape(-1))
    if (others > text).any() or (state > 7).any():
        raise DamagedError("the index has an impossible block")
    tables.total(records)
    size, record = residues + layout + rest, np.cumsum(records)
    return [size, check, text, text - others, layout, residues, record, letters, state]


def _pack_files(rows: Sequence[FileRow]) -> bytes:
    return b"".join(
        [
            pack_numbers([row.text_size for row in rows]),
            pack_numbers([row.records for row in rows]),
            pack_numbers([row.dialect for row in rows]),
            *(row.digest for row in rows),
            *(encode_name(row.name or "") + b"\0" for row in rows),
        ]
    )


def unpack_files(cursor: Cursor, rows: int) -> list[FileRow]:
    sizes, records, dialects = (tables.integers(cursor, rows).tolist() for _ in range(3))
    digests = [cursor.take(DIGEST_SIZE) for _ in range(rows)]
    names = cursor.rest().split(b"\0")
    if len(names) != rows + 1 or names.pop():
        raise DamagedError("the index has not as many names as files")
    if max(dialects, default=0) > max(Dialect):
        raise VersionError("the index has a file of a kind that is of a later version")
    return [
        FileRow(decode_name(name) if name else None, size, count, Dialect(dialect), digest)
        for name, size, count, dialect, digest in zip(
            names, sizes, records, dialects, digests, strict=True
        )
    ]


def _pack_records(rows: Sequence[tuple[bytes, int]]) -> bytes:
    lengths = tables.pack_differences(letters for _, letters in rows)
    return lengths + tables.pack_names([name for name, _ in rows])


def _pack_words(words: Sequence[bytes]) -> bytes:
    return pack_number(len(words)) + b"".join(pack_number(len(word)) + word for word in words)
