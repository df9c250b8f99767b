"""Reads an archive from beginning to end, never seeking, so that it may come from a pipe."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from acgz.codec import Job
from acgz.container.blocks import decode_block
from acgz.container.chunks import Unit, read_units
from acgz.container.format import FileStart, Index
from acgz.container.pieces import pieces_of
from acgz.errors import DamagedError


def read_archive(stream: BinaryIO, job: Job | None = None) -> Iterator[FileStart | bytes]:
    """Yield the start of every file and then its text, piece by piece.

    Every text has been checked against its CRC-32, or, if it is all there is, SHA-256. Only
    when the iteration has come to its end, all of the archive is known to be right. Raises
    NotAnArchiveError, VersionError, DamagedError, TruncatedError, MissingModelError, LimitError.
    """
    job = job or Job()
    seen = _Seen()
    held: list[FileStart | bytes] = []
    for item in read_units(stream, job):
        if isinstance(item, Index):
            seen.check(item)
            continue
        if held:
            raise DamagedError("a block without a checksum is not alone")
        text = decode_block(item.block, job) if item.block else b""
        events = list(seen.add(item, text))
        if item.block and item.block.header.text_crc is None:
            held = events  # until the index has confirmed it
        else:
            yield from events
    yield from held


class _Seen:
    """What has been read, to be compared with the index."""

    def __init__(self) -> None:
        self._names: list[str | None] = []
        self._known: set[str | None] = set()
        self._hashes: list[hashlib._Hash] = []
        self._unit_sizes: list[int] = []

    def add(self, unit: Unit, text: bytes) -> Iterator[FileStart | bytes]:
        """Yield the files of a unit and their text."""
        pieces = pieces_of(len(text), unit.starts, len(self._names))
        for start in unit.starts:
            if start.name in self._known:
                raise DamagedError(f"two files of the archive have one name: {start.name!r}")
            self._known.add(start.name)
            self._names.append(start.name)
        if unit.size:
            self._unit_sizes.append(unit.size)
        for piece in pieces:
            if piece.begins:
                self._hashes.append(hashlib.sha256())
                yield FileStart(self._names[piece.file])
            if piece.end > piece.start:
                own = piece.of(text)
                self._hashes[piece.file].update(own)
                yield own

    def check(self, index: Index) -> None:
        if index.unit_sizes != tuple(self._unit_sizes):
            raise DamagedError("the index does not fit the blocks")
        if len(index.digests) != len(self._names):
            raise DamagedError(
                f"the index lists {len(index.digests)} files, not {len(self._names)}"
            )
        for name, expected, found in zip(self._names, index.digests, self._hashes, strict=True):
            if expected != found.digest():
                where = f" of {name!r}" if name else ""
                raise DamagedError(f"the content{where} does not have its SHA-256")
