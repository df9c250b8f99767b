"""Archives made by hand from docs/format.md alone, right or wrong: every field can be another."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any

import msgpack

from acgz import modes
from acgz.codec import Job, encode
from acgz.layout import split

PREAMBLE = bytes.fromhex("AC475A01")
TEXT = b"ACGTACGT"
LAYOUT = split(TEXT).layout
PAYLOAD = encode(modes.get_codec("twobit"), split(TEXT).residues, {}, Job()).payload
TWOBIT = 3


def number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()[:16]


def check(crc: int) -> bytes:
    return crc.to_bytes(4, "little")


def method(codec: int | str = TWOBIT, parameters: dict[Any, Any] | bytes | None = None) -> bytes:
    """The codec and what follows it in a head."""
    named = number(codec) if isinstance(codec, int) else b"\0" + number(len(codec)) + codec.encode()
    packed = parameters if isinstance(parameters, bytes) else msgpack.packb(parameters)
    return named + (b"" if parameters is None else packed)


def sections(
    kind: bytes,
    *,
    text: bytes = TEXT,
    text_size: int | None = None,
    others: int = 0,
    layout: bytes = LAYOUT,
    layout_size: int | None = None,
    payload: bytes = PAYLOAD,
    payload_size: int | None = None,
    coded: bytes | None = None,
    files: bytes = b"",
    crc: int | None = None,
    head: bytes | None = None,
    sha: bytes | None = None,
) -> bytes:
    """A block without its check: kind, head and sections."""
    size = len(text) if text_size is None else text_size
    if head is None:
        head = number(len(files)) if kind == b"B" else b""
        head += number(size)
        head += number(len(layout) if layout_size is None else layout_size) + number(others)
        head += check(zlib.crc32(text) if crc is None else crc) if kind == b"B" else b""
        if others < size:
            head += number(len(payload) if payload_size is None else payload_size)
            head += method() if coded is None else coded
    tail = (digest(text) if sha is None else sha) if kind == b"S" else b""
    return kind + number(len(head)) + head + files + layout + payload + tail


def single(**changes: Any) -> bytes:
    """An archive of one small block."""
    body = PREAMBLE + sections(b"S", **changes)
    return body + check(zlib.crc32(body))


def block_rows(*rows: Sequence[int]) -> bytes:
    """Rows of residues, layout, rest, text, others, records, letters, state, check."""
    columns = list(zip(*rows, strict=True))
    return b"".join(number(value) for column in columns[:8] for value in column) + b"".join(
        check(value) for value in columns[8]
    )


def file_rows(*rows: tuple[str, int, int, int, bytes]) -> bytes:
    """Rows of name, text size, records, dialect, digest."""
    numbers = b"".join(number(int(row[place])) for place in (1, 2, 3) for row in rows)
    names = b"".join(row[0].encode("utf-8", "surrogateescape") + b"\0" for row in rows)
    return numbers + b"".join(row[4] for row in rows) + names


def record_rows(*rows: tuple[bytes, int], steps: bytes = b"") -> bytes:
    """Rows of the name as it is spelled, and letters."""
    out = b""
    before = 0
    for _, letters in rows:
        out += number(2 * (letters - before) if letters >= before else 2 * (before - letters) - 1)
        before = letters
    text = b"".join(name + b"\n" for name, _ in rows)
    return out + number(len(text)) + text + steps


def stored(raw: bytes) -> bytes:
    """A piece of a table that is not compressed."""
    return b"\0" + raw


def root(
    tables: Sequence[Sequence[tuple[int, bytes]]],
    modes_of: Sequence[bytes] = (b"twobit",),
    needs: Sequence[bytes] = (),
    more: bytes = b"",
) -> bytes:
    """The root of tables, each of pieces (rows, stored bytes)."""
    out = number(len(modes_of)) + b"".join(number(len(word)) + word for word in modes_of)
    out += number(len(needs)) + b"".join(needs)
    for pieces in tables:
        out += number(len(pieces))
        for rows, data in pieces:
            out += number(rows) + number(len(data)) + check(zlib.crc32(data))
    return out + more


def joined(
    blocks: Sequence[bytes],
    *,
    rows: Sequence[Sequence[int]] | None = None,
    blocks_table: bytes | None = None,
    files: bytes | None = None,
    file_count: int = 1,
    records: bytes | None = None,
    record_count: int = 1,
    more: bytes = b"",
    root_bytes: bytes | None = None,
) -> bytes:
    """An archive of several blocks, made by `sections`, and an index, by default of TEXT in each.

    ``rows``: of the table of blocks but for the check.
    """
    body, crc = PREAMBLE, zlib.crc32(PREAMBLE)
    checks = []
    for block in blocks:
        crc = zlib.crc32(block, crc)
        checks.append(crc)
        body += block + check(crc)
    if rows is None:
        rows = [
            (
                len(PAYLOAD),
                len(LAYOUT),
                len(block) + 4 - len(PAYLOAD) - len(LAYOUT),
                len(TEXT),
                0,
                0,
                len(TEXT) * place,
                1 if place else 4,
            )
            for place, block in enumerate(blocks)
        ]
    table = blocks_table or block_rows(*((*row, c) for row, c in zip(rows, checks, strict=True)))
    whole = TEXT * len(blocks)
    tables = [
        [(len(blocks), stored(table))],
        [(file_count, stored(files or file_rows(("", len(whole), 1, 1, digest(whole)))))],
        [(record_count, stored(records or record_rows((b" ", len(whole)))))],
    ]
    end = root(tables, more=more) if root_bytes is None else root_bytes
    data = b"".join(data for pieces in tables for _, data in pieces)
    begin = b"I" + number(len(data)) + number(len(end))
    crc = zlib.crc32(end, zlib.crc32(begin, crc))
    return body + begin + data + end + check(crc) + number(len(end))[::-1]
