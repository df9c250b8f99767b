"""The table of records in the index: which names are in which block, without decoding any.

It repeats what the layouts know, so that a reader need not read all of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import msgpack

from acgz.container.records import RecordPart
from acgz.errors import DamagedError

MOST_BYTES = 1 << 30
"""Unpacked; some ten million records."""


def pack(blocks: Sequence[Sequence[RecordPart]]) -> bytes:
    """A list per block, [continued, name, length, name, length …], deflated."""
    table = []
    for parts in blocks:
        row: list[Any] = [bool(parts) and parts[0].continued]
        for part in parts:
            row += [part.name, part.length]
        table.append(row)
    return zlib.compress(msgpack.packb(table, unicode_errors="surrogateescape"), 9)


def unpack(data: bytes, block_count: int) -> list[list[RecordPart]]:
    """The records of each of the ``block_count`` blocks; DamagedError for anything else."""
    try:
        inflated = zlib.decompressobj().decompress(data, MOST_BYTES)
        table = msgpack.unpackb(inflated, unicode_errors="surrogateescape")
    except (zlib.error, ValueError, TypeError, msgpack.UnpackException) as error:
        raise DamagedError(f"the record table cannot be read: {error}") from error
    if not isinstance(table, list) or len(table) != block_count:
        raise DamagedError("the record table does not have a list for every block")
    return [_unpack_row(row) for row in table]


def _unpack_row(row: object) -> list[RecordPart]:
    if not isinstance(row, list) or len(row) % 2 != 1 or not isinstance(row[0], bool):
        raise DamagedError("a list of the record table is not one")
    parts: list[RecordPart] = []
    for name, length in zip(row[1::2], row[2::2], strict=True):
        if not isinstance(name, str) or type(length) is not int or length < 0:
            raise DamagedError(f"the record table says {name!r} has length {length!r}")
        parts.append(RecordPart(name, length, continued=row[0] and not parts))
    return parts
