"""Archives whose checksums are right and whose claims are not."""

from __future__ import annotations

import contextlib
import io
import time
import tracemalloc
import zlib
from typing import Any

import msgpack
import numpy as np
import pytest
import zstandard
from handmade import (
    LAYOUT,
    PAYLOAD,
    TEXT,
    block_rows,
    check,
    digest,
    file_rows,
    joined,
    method,
    number,
    record_rows,
    sections,
    single,
)

import acgz
from acgz.container import tables
from acgz.container.contents import Contents
from acgz.container.format import FileStart, pack_starts, unpack_map, unpack_starts
from acgz.container.index import IndexWriter
from acgz.errors import (
    AcgzError,
    DamagedError,
    LimitError,
    MissingModelError,
    TruncatedError,
    VersionError,
)

BLOCK = sections(b"B")
DIGEST = digest(TEXT)
NEED = DIGEST[:8]


def read_all_ways(data: bytes, *, memory_limit: int = 1 << 30) -> None:
    """Decompress, list and read, so that every reader meets the claim; raises its error."""
    errors = []
    for opener in (decompress, open_and_read):
        try:
            opener(data, memory_limit)
        except AcgzError as error:
            errors.append(error)
    assert len(errors) in (0, 2), f"only one way of reading objects: {errors}"
    if errors:
        raise errors[0]


def decompress(data: bytes, memory_limit: int) -> None:
    acgz.decompress(data, memory_limit=memory_limit)


def open_and_read(data: bytes, memory_limit: int) -> None:
    with acgz.open(io.BytesIO(data), memory_limit=memory_limit) as opened:
        assert opened.info.size == len(data)
        for record in opened:
            str(record)
        for block in range(len(opened.contents)):
            opened.contents.text(block)


def test_the_archives_made_by_hand_are_read() -> None:
    for data, text in [
        (single(), TEXT),
        (joined([BLOCK]), TEXT),
        (joined([BLOCK, BLOCK]), 2 * TEXT),
    ]:
        assert acgz.decompress(data) == text
        read_all_ways(data)
        with acgz.open(io.BytesIO(data)) as opened:
            assert str(opened[0]).encode() == text


HUGE = (1 << 31, 1 << 40, (1 << 62) + 1)


@pytest.mark.parametrize("field", ["text_size", "layout_size", "payload_size", "others"])
@pytest.mark.parametrize("claim", [0, 1, 7, 9, *HUGE])
def test_sizes_are_not_trusted(field: str, claim: int) -> None:
    right = {"layout_size": len(LAYOUT), "payload_size": len(PAYLOAD), "others": 0}
    if claim == right.get(field):
        return
    tracemalloc.start()
    try:
        for data in (single(**{field: claim}), joined([sections(b"B", **{field: claim})])):
            with pytest.raises((DamagedError, LimitError)):
                read_all_ways(data)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("codec", "parameters"),
    [
        (1, {"lanes": 1}),
        (2, {"lanes": 1, "frequencies": [65533, 1, 1, 1]}),
        (3, {}),
        (5, b"\x10"),
    ],
)
@pytest.mark.parametrize("payload", [b"", bytes(9), bytes(400)])
def test_residues_are_paid_for(
    codec: int, parameters: dict[str, Any] | bytes, payload: bytes
) -> None:
    """A few bytes that claim 2**31 bases do not compute for an hour: they are refused at once."""
    count = (1 << 31) - 1
    claim = single(text_size=count, coded=method(codec, parameters), payload=payload)
    begin = time.process_time()
    with pytest.raises(DamagedError):
        acgz.decompress(claim, memory_limit=1 << 40)
    assert time.process_time() - begin < 60, "the work of an hour"


def test_the_memory_limit_can_be_lowered() -> None:
    with pytest.raises(LimitError):
        read_all_ways(single(), memory_limit=10)
    assert acgz.decompress(single(), memory_limit=20_000_000) == TEXT


def test_a_default_block_is_the_largest_that_is_written() -> None:
    with pytest.raises(acgz.AcgzError, match="at most 536,870,912"):
        acgz.compress(TEXT, "twobit", block=1 << 30)


@pytest.mark.parametrize("crc", [0, 1, (1 << 32) - 1])
def test_the_checksum_of_the_text_is_compared(crc: int) -> None:
    with pytest.raises(DamagedError, match=r"block 0.*checksum"):
        acgz.decompress(joined([sections(b"B", crc=crc)]))


def test_a_text_without_its_digest_is_never_shown() -> None:
    out = io.BytesIO()
    with pytest.raises(DamagedError, match="SHA-256"):
        acgz.decompress_stream(io.BytesIO(single(sha=bytes(16))), out)
    assert out.getvalue() == b""
    with pytest.raises(DamagedError, match="SHA-256"):
        read_all_ways(single(sha=bytes(16)))


@pytest.mark.parametrize("codec", ["telepathy", "acgz.baselines:TWOBIT", 60])
def test_an_unknown_codec_is_a_question_of_version(codec: int | str) -> None:
    with pytest.raises(VersionError, match="codec"):
        acgz.decompress(single(coded=method(codec)))


@pytest.mark.parametrize("coded", [b"\0\0", b"\0\1\xff", b"\x7f", b"\0\5abc", b""])
def test_a_codec_without_a_name_is_damage(coded: bytes) -> None:
    with pytest.raises(DamagedError):
        read_all_ways(single(coded=coded))


NESTED = {"lists": b"\x91" * 600 + b"\xc0", "maps": b"\x81\xa1a" * 600 + b"\xc0"}


@pytest.mark.parametrize(
    "parameters",
    [
        b"\xc0",
        b"\x90",
        b"\xa1x",
        b"\x81\x01\x02",
        b"\x81\xc4\x01a\x01",
        b"\x81\xa1a",
        b"\x81\xa1a\xc1",
        b"\x80\x80",
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xa1a\xdd\xff\xff\xff\xff",
        b"\x81\xa1a\xd6\xff\0\0\0\0",
        b"\x81\xa5lanes" + NESTED["lists"],
        b"\x81\xa1a" + NESTED["maps"],
    ],
)
def test_parameters_are_named_plain_and_flat(parameters: bytes) -> None:
    with pytest.raises(DamagedError):
        unpack_map(parameters, "head")
    with pytest.raises(DamagedError):
        read_all_ways(single(coded=method(1, parameters)))


@pytest.mark.parametrize("value", [[[[[1]]]], {"a": [{}]}, "text", b"bytes", None, 2.5, 1 << 63])
def test_parameters_of_json_come_back(value: object) -> None:
    assert unpack_map(msgpack.packb({"p": value}), "head") == {"p": value}


@pytest.mark.parametrize("parameters", [{"models": [NEED]}, {"reference": NEED}])
def test_a_model_that_is_missing_is_named(parameters: dict[str, object]) -> None:
    data = single(coded=method(3, parameters))
    with pytest.raises(MissingModelError, match=NEED.hex()):
        acgz.decompress(data)
    with acgz.open(io.BytesIO(data)) as opened:
        assert opened.info.models == (NEED.hex(),)


@pytest.mark.parametrize(
    "parameters", [{"models": DIGEST}, {"models": ["x"]}, {"reference": b"short"}, {"models": 3}]
)
def test_digests_are_digests(parameters: dict[str, object]) -> None:
    with pytest.raises(DamagedError):
        read_all_ways(single(coded=method(3, parameters)))


@pytest.mark.parametrize("where", ["single", "block", "index"])
def test_fields_to_come_are_ignored_in_small_and_refused_in_capital_letters(where: str) -> None:
    def with_field(name: str) -> bytes:
        extra = msgpack.packb({name: 1})
        if where == "single":
            return single(coded=method(3, extra))
        if where == "block":
            return joined([sections(b"B", coded=method(3, extra))])
        return joined([BLOCK], more=extra)

    assert acgz.decompress(with_field("later")) == TEXT
    read_all_ways(with_field("later"))
    with pytest.raises(VersionError, match="Later"):
        read_all_ways(with_field("Later"))


ROW = (len(PAYLOAD), len(LAYOUT), len(BLOCK) + 4 - len(PAYLOAD) - len(LAYOUT), 8, 0, 0, 0, 4)


@pytest.mark.parametrize("column", range(8))
@pytest.mark.parametrize("value", [1, 3, 9, 1 << 62])
def test_the_table_of_blocks_is_compared_with_the_blocks(column: int, value: int) -> None:
    row = list(ROW)
    if row[column] == value or (column == 7 and value < 8):
        return  # in what line of what state a block begins is seen when its text is read
    row[column] = value
    data = joined([BLOCK], rows=[row])
    with pytest.raises((DamagedError, LimitError)):
        open_and_read(data, 1 << 30)


@pytest.mark.parametrize(
    "changes",
    [
        {"files": file_rows(("", 7, 1, 1, DIGEST))},
        {"files": file_rows(("", 8, 0, 1, DIGEST))},
        {"files": file_rows(("", 8, 1, 0, DIGEST))},
        {"files": file_rows(("", 8, 1, 9, DIGEST))},
        {"files": file_rows(("", 8, 1, 1, DIGEST[:15]))},
        {"files": file_rows(("", 8, 1, 1, DIGEST)) + b"x"},
        {"files": file_rows(("", 1 << 62, 1, 1, DIGEST))},
        {"files": file_rows(("", 4, 1, 1, DIGEST), ("", 4, 0, 1, DIGEST)), "file_count": 2},
        {"file_count": 0},
        {"file_count": 1 << 40},
        {"records": record_rows((b" ", 7))},
        {"records": record_rows((b"a", 8))},
        {"records": record_rows((b" ", 4), (b"b", 4)), "record_count": 2},
        {"records": record_rows((b" ", 1 << 62))},
        {"records": record_rows((b" ", 1 << 60), (b"a", 0)), "record_count": 2},
        {"records": number((1 << 63) - 1) + record_rows((b" ", 0))[1:]},
        {"records": record_rows((b" ", 8), steps=b"x")},
        {"records": record_rows((b"a1", 4), (b"", 4), steps=number(3)), "record_count": 2},
        {"record_count": 1 << 40},
        {"record_count": 0},
        {"blocks_table": block_rows((*ROW, 1))},
        {"blocks_table": b"\xff" * 20},
        {"more": b"\x90"},
        {"root_bytes": b""},
        {"root_bytes": b"\0\0\0\0\0"},
        {"root_bytes": b"\xff" * 30},
        {"root_bytes": number(1 << 62) + bytes(20)},
    ],
)
def test_an_index_that_does_not_fit_is_damage(changes: dict[str, Any]) -> None:
    with pytest.raises((DamagedError, LimitError, VersionError)):
        open_and_read(joined([BLOCK], **changes), 1 << 30)


def test_a_file_of_another_name_than_in_its_block_is_damage() -> None:
    with pytest.raises(DamagedError, match="does not fit the files"):
        acgz.decompress(joined([BLOCK], files=file_rows(("a", 8, 1, 1, DIGEST))))


def test_lengths_of_records_are_no_lengths_of_nothing() -> None:
    """What Python cannot count, or no text can hold, is nobody's length."""
    for letters in (9, 1 << 62, (1 << 63) - 1):
        contents = Contents(io.BytesIO(joined([BLOCK], records=record_rows((b" ", letters)))))
        with pytest.raises(DamagedError):
            contents.index.length(0)


def bomb(rows: int) -> bytes:
    """A table of as many records as one piece may have, in few bytes."""
    raw = number(0) * rows + number(2 * rows) + b" \n" * rows
    return zstandard.ZstdCompressor(level=19).compress(raw)


def test_a_table_of_records_that_explodes_meets_the_limit() -> None:
    rows = tables.MOST_PIECE_BYTES // 4
    piece = bomb(rows)
    assert len(piece) < 1000
    many = 64
    pieces = number(many) + (number(rows) + number(len(piece)) + check(zlib.crc32(piece))) * many
    block_table = b"\0" + block_rows((*ROW, zlib.crc32(BLOCK, zlib.crc32(b"\xacGZ\1"))))
    file_table = b"\0" + file_rows(("", 8, rows * many, 1, DIGEST))
    end = number(0) + number(0)
    for table in (block_table, file_table):
        end += number(1) + number(1) + number(len(table)) + check(zlib.crc32(table))
    end += pieces
    body = b"\xacGZ\1" + BLOCK
    crc = zlib.crc32(body)
    data = block_table + file_table + piece * many
    begin = b"I" + number(len(data)) + number(len(end))
    tail = begin + data + end + check(zlib.crc32(end, zlib.crc32(begin, crc)))
    archive = body + check(crc) + tail + number(len(end))[::-1]
    tracemalloc.start()
    try:
        with pytest.raises(LimitError):
            read_all_ways(archive, memory_limit=100_000_000)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_a_piece_of_a_table_has_a_largest_size() -> None:
    with pytest.raises(DamagedError, match="larger than"):
        tables.unpack_piece(zstandard.compress(bytes(tables.MOST_PIECE_BYTES + 1)))
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 24))
    with pytest.raises(DamagedError):
        tables.unpack_piece(unsized)


def test_names_of_records_that_grow_out_of_each_other_are_bounded() -> None:
    name = b"x" * 100_000 + b"1"
    rows = 1000
    raw = number(len(name) + rows) + name + b"\n" * rows + number(2) * (rows - 1)
    with pytest.raises(DamagedError, match="too long"):
        tables.unpack_names(tables.Cursor(raw), rows)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../b", "a//b", "./a", "..", "a\0b"])
def test_a_file_is_never_restored_elsewhere(name: str) -> None:
    files = number(1) + number(0) + name.encode() + b"\0"
    data = joined([sections(b"B", files=files)], files=file_rows((name, 8, 1, 1, DIGEST)))
    with pytest.raises(DamagedError):
        read_all_ways(data)


@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("a/b/c", "a/b")])
def test_files_that_cannot_be_beside_each_other_are_damage(names: tuple[str, str]) -> None:
    files = number(2) + number(0) + number(8) + b"".join(name.encode() + b"\0" for name in names)
    rows = file_rows((names[0], 8, 1, 1, DIGEST), (names[1], 0, 0, 0, digest(b"")))
    data = joined([sections(b"B", files=files)], files=rows, file_count=2)
    with pytest.raises(DamagedError):
        read_all_ways(data)


@pytest.mark.parametrize(
    "files",
    [
        b"\0",
        b"\1",
        b"\1\0",
        b"\1\0a",
        b"\1\x09a\0",
        b"\1\1a\0",
        b"\2\0\x09a\0b\0",
        b"\2\0\0a\0",
        b"\1\0a\0b\0",
        b"\1\0\0",
        number(1 << 40) + b"a\0",
        b"\xff" * 12,
    ],
)
def test_files_begin_inside_of_their_block(files: bytes) -> None:
    data = joined([sections(b"B", files=files)], files=file_rows(("a", 8, 1, 1, DIGEST)))
    with pytest.raises(DamagedError):
        acgz.decompress(data)


def test_files_that_share_a_block_are_read() -> None:
    starts = [FileStart(f"file{n}", n * 4) for n in range(3)]
    files = pack_starts(starts)
    assert unpack_starts(files, 8) == starts
    rows = file_rows(
        *((f"file{n}", size, size // 4, 1, digest(TEXT[:size])) for n, size in enumerate((4, 4, 0)))
    )
    data = joined(
        [sections(b"B", files=files)],
        files=rows,
        file_count=3,
        records=record_rows((b" ", 4), (b" ", 4)),
        record_count=2,
        rows=[(*ROW[:2], ROW[2] + len(files), *ROW[3:])],
    )
    assert acgz.decompress(data) == TEXT
    with acgz.open(io.BytesIO(data)) as opened:
        assert [(record.file, str(record)) for record in opened] == [
            ("file0", "ACGT"),
            ("file1", "ACGT"),
        ]


@pytest.mark.parametrize("kind", [b"b", b"X", b"\0", b"I", b"M"])
def test_unknown_kinds_of_block_are_damage(kind: bytes) -> None:
    with pytest.raises(DamagedError, match="kind"):
        read_all_ways(b"\xacGZ\1" + kind + single()[5:])


@pytest.mark.parametrize("length", [b"\xff" * 20, b"\xff" * 8 + b"\x7f", number(1 << 40)])
def test_absurd_lengths_of_heads_are_damage(length: bytes) -> None:
    with pytest.raises(DamagedError):
        read_all_ways(b"\xacGZ\1S" + length + bytes(40))


def test_heads_that_end_too_early_are_damage() -> None:
    whole = sections(b"S")
    head = whole[2 : 2 + whole[1]]
    for size in range(len(head)):
        with pytest.raises((DamagedError, TruncatedError)):
            read_all_ways(single(head=head[:size]))


def test_a_strange_index_is_never_another_kind_of_error() -> None:
    """Any one byte of the tables and the root, with checksums that fit."""
    writer = IndexWriter()
    for letters in (3, 5):
        writer.add_record(b"chr%d" % letters, letters)
    plain = record_rows((b"a1", 4), (b"", 4), steps=number(2))
    generator = np.random.default_rng(1)
    for raw in (plain, file_rows(("", 8, 1, 1, DIGEST)), block_rows((*ROW, 7))):
        for place in range(len(raw)):
            changed = bytearray(raw)
            changed[place] = int(generator.integers(256))
            for table in ("records", "files", "blocks_table"):
                with contextlib.suppress(AcgzError):
                    open_and_read(joined([BLOCK], **{table: bytes(changed)}), 1 << 30)
