"""The records of all pieces of text in an archive, and the table of them in the index.

The table repeats what the layouts know, so that a reader need not read all of them.
"""

from __future__ import annotations

import zlib
from typing import Any

import msgpack

from acgz.container.pieces import Piece
from acgz.container.records import RecordPart, find_parts, looks_like_records
from acgz.errors import DamagedError

MOST_BYTES = 1 << 30
"""Unpacked; some ten million records."""


class RecordTable:
    """A row of records for every piece of text, in the order of the archive."""

    def __init__(self) -> None:
        self.rows: list[list[RecordPart]] = []
        self._has_records = False

    def add(self, piece: Piece, text: bytes, residue_count: int) -> None:
        """Find the records of a piece. ``text`` and ``residue_count``: of its block."""
        own = piece.of(text)
        if piece.begins:
            self._has_records = looks_like_records(own, residue_count)
        self.rows.append(find_parts(own) if self._has_records else [])

    def pack(self) -> bytes:
        """A list per piece, [continued, name, length, name, length …], deflated."""
        table = []
        for parts in self.rows:
            row: list[Any] = [bool(parts) and parts[0].continued]
            for part in parts:
                row += [part.name, part.length]
            table.append(row)
        return zlib.compress(msgpack.packb(table, unicode_errors="surrogateescape"), 9)

    @classmethod
    def unpack(cls, data: bytes) -> RecordTable:
        """Raises DamagedError for anything that `pack` does not write."""
        try:
            inflated = zlib.decompressobj().decompress(data, MOST_BYTES)
            rows = msgpack.unpackb(inflated, unicode_errors="surrogateescape")
        except (zlib.error, ValueError, TypeError, msgpack.UnpackException) as error:
            raise DamagedError(f"the record table cannot be read: {error}") from error
        if not isinstance(rows, list):
            raise DamagedError("the record table is not a list")
        table = cls()
        table.rows = [_unpack_row(row) for row in rows]
        return table


def _unpack_row(row: object) -> list[RecordPart]:
    if not isinstance(row, list) or len(row) % 2 != 1 or not isinstance(row[0], bool):
        raise DamagedError("a row of the record table is not one")
    parts: list[RecordPart] = []
    for name, length in zip(row[1::2], row[2::2], strict=True):
        if not isinstance(name, str) or type(length) is not int or length < 0:
            raise DamagedError(f"the record table says {name!r} has length {length!r}")
        parts.append(RecordPart(name, length, continued=row[0] and not parts))
    return parts
