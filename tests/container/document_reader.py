"""A reader of archives, written from docs/format.md alone: slow, trusting, and another opinion.

Layout and residues have documents and readers of their own.
"""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from dataclasses import dataclass, field
from typing import Any

import msgpack
import numpy as np
import zstandard

from acgz import layout, models, modes
from acgz.codec import Coded, Job, decode

CODECS = {1: "uniform", 2: "order0", 3: "twobit"}
PRESETS = {4: "fast", 5: "plus", 6: "plus", 7: "ultra", 8: "ultra"}
WITH_MODEL = (6, 8)


def number(data: io.BytesIO) -> int:
    value = shift = 0
    while True:
        byte = data.read(1)[0]
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value


def difference(data: io.BytesIO) -> int:
    value = number(data)
    return -(value + 1) // 2 if value % 2 else value // 2


def crc(data: io.BytesIO) -> int:
    return int.from_bytes(data.read(4), "little")


@dataclass
class Archive:
    """What an archive has; all checks compared."""

    files: list[tuple[str | None, bytes]] = field(default_factory=list)
    blocks: list[list[int]] = field(default_factory=list)
    """Rows of the index but for the check."""
    records: list[tuple[bytes, int]] = field(default_factory=list)
    rows_of_files: list[tuple[str, int, int, int]] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)


def read(archive: bytes) -> Archive:
    """Raises AssertionError for anything wrong."""
    found = Archive()
    data = io.BytesIO(archive)
    assert data.read(4) == bytes.fromhex("AC475A01")
    running = zlib.crc32(archive[:4])
    sizes, checks = [], []
    while True:
        begin = data.tell()
        kind = data.read(1)
        if kind == b"I":
            break
        _block(data, kind, found)
        running = zlib.crc32(archive[begin : data.tell()], running)
        assert crc(data) == running
        sizes.append(data.tell() - begin)
        checks.append(running)
        if kind == b"S":
            assert not data.read()
            return found
    tables_size, root_size = number(data), number(data)
    running = zlib.crc32(archive[begin : data.tell()], running)
    tables = data.read(tables_size)
    root = data.read(root_size)
    assert crc(data) == zlib.crc32(root, running)
    assert number(io.BytesIO(data.read()[::-1])) == root_size
    stored_checks, digests = _index(io.BytesIO(root), io.BytesIO(tables), found)
    assert stored_checks == checks
    assert [sum(row[:3]) for row in found.blocks] == sizes
    assert digests == [hashlib.sha256(text).digest()[:16] for _, text in found.files]
    return found


def _block(data: io.BytesIO, kind: bytes, found: Archive) -> None:
    head = io.BytesIO(data.read(number(data)))
    files_size = number(head) if kind == b"B" else 0
    text_size, layout_size, others = number(head), number(head), number(head)
    checksum = crc(head) if kind == b"B" else None
    residues_size, codec, parameters = 0, "twobit", dict[str, Any]()
    if others < text_size:
        residues_size, place = number(head), number(head)
        if place in CODECS:
            codec = CODECS[place]
        elif place:
            codec, parameters = "engine", {"preset": PRESETS[place], "b": number(head)}
        else:
            codec = head.read(number(head)).decode()
        if place in WITH_MODEL:
            parameters["models"] = [head.read(8)]
    rest = head.read()
    parameters |= msgpack.unpackb(rest) if rest else {}
    starts = _starts(io.BytesIO(data.read(files_size))) if files_size else []
    coded_layout, payload = data.read(layout_size), data.read(residues_size)
    residues = np.zeros(0, np.uint8)
    if others < text_size:
        if "models" in parameters:
            digests = [models.digest_of(models.locate(need)) for need in parameters["models"]]
            parameters["models"] = digests
        residues = decode(modes.get_codec(codec), Coded(parameters, payload), text_size - others)
    text = layout.join(residues, coded_layout, max_size=text_size, job=Job())
    assert len(text) == text_size
    if checksum is None:
        assert data.read(16) == hashlib.sha256(text).digest()[:16]
    else:
        assert checksum == zlib.crc32(text)
    if not found.files and not starts:
        starts = [(0, None)]
    ends = [*(offset for offset, _ in starts[1:]), text_size][: len(starts)]
    first = starts[0][0] if starts else text_size
    if first:
        name, before = found.files[-1]
        found.files[-1] = name, before + text[:first]
    for (offset, name), end in zip(starts, ends, strict=True):
        found.files.append((name, text[offset:end]))


def _starts(data: io.BytesIO) -> list[tuple[int, str | None]]:
    gaps = [number(data) for _ in range(number(data))]
    names = data.read().split(b"\0")[:-1]
    return [
        (sum(gaps[: place + 1]), name.decode("utf-8", "surrogateescape"))
        for place, name in enumerate(names)
    ]


def _index(root: io.BytesIO, tables: io.BytesIO, found: Archive) -> tuple[list[int], list[bytes]]:
    """Checks of the blocks and digests of the files."""
    checks: list[int] = []
    digests: list[bytes] = []
    found.modes = [root.read(number(root)).decode() for _ in range(number(root))]
    for _ in range(number(root)):
        root.read(8)
    for table in range(3):
        for _ in range(number(root)):
            rows, size = number(root), number(root)
            stored = tables.read(size)
            assert crc(root) == zlib.crc32(stored)
            raw = stored[1:] if stored[:1] == b"\0" else zstandard.decompress(stored)
            piece = io.BytesIO(raw)
            if table == 0:
                columns = [[number(piece) for _ in range(rows)] for _ in range(8)]
                columns[5] = np.cumsum(columns[5]).tolist()
                found.blocks += map(list, zip(*columns, strict=True))
                checks += [crc(piece) for _ in range(rows)]
            elif table == 1:
                numbers = [[number(piece) for _ in range(rows)] for _ in range(3)]
                digests += [piece.read(16) for _ in range(rows)]
                names = piece.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
                found.rows_of_files += list(zip(names, *numbers, strict=True))
            else:
                lengths = np.cumsum([difference(piece) for _ in range(rows)]).tolist()
                found.records += list(zip(_names(piece), lengths, strict=True))
            assert not piece.read()
    assert not tables.read()
    return checks, digests


def _names(piece: io.BytesIO) -> list[bytes]:
    text = piece.read(number(piece))
    names = []
    before = b""
    for line in text.split(b"\n")[:-1]:
        if line == b" ":
            before = b""
        elif line:
            before = line
        else:
            before = re.sub(rb"[0-9]+", lambda digits: _next(digits.group(), piece), before)
        names.append(before)
    return names


def _next(digits: bytes, piece: io.BytesIO) -> bytes:
    value = b"%d" % (int(digits) + difference(piece))
    return value.rjust(len(digits), b"0") if digits.startswith(b"0") else value
