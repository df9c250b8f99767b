"""Archives whose checksums are right and whose claims are not."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
import zlib
from typing import Any

import msgpack
import pytest

import acgz
from acgz import modes
from acgz.codec import Job, encode
from acgz.container import record_table
from acgz.container.format import PREAMBLE, BlockHeader, pack_varint
from acgz.container.pieces import Piece
from acgz.container.record_table import RecordTable
from acgz.errors import (
    AcgzError,
    DamagedError,
    LimitError,
    MissingModelError,
    TruncatedError,
    VersionError,
)
from acgz.layout import split

TEXT = b"ACGTACGT"
LAYOUT = split(TEXT).layout
_, PAYLOAD = encode(modes.get_codec("twobit"), split(TEXT).residues, {}, Job())
HEADER: list[Any] = [8, zlib.crc32(TEXT), len(LAYOUT), 0, len(PAYLOAD), "twobit", {}]
DIGEST = hashlib.sha256(TEXT).digest()
UNIT_SIZE = 4 + 2 + len(msgpack.packb(HEADER)) + len(LAYOUT) + len(PAYLOAD)


def chunk(kind: bytes, head: Any, sections: bytes = b"") -> bytes:
    packed = head if isinstance(head, bytes) else msgpack.packb(head)
    data = kind + pack_varint(len(packed)) + packed + sections
    return data + zlib.crc32(data).to_bytes(4, "little")


def archive(header: Any = HEADER, index: Any = None, before: bytes = b"") -> bytes:
    block = chunk(b"B", header, LAYOUT + PAYLOAD)
    if index is None:
        index = [[len(before) + len(block)], DIGEST]
    tail = chunk(b"I", index)
    return PREAMBLE + before + block + tail + pack_varint(len(tail))[::-1]


def read_all_ways(data: bytes) -> None:
    """Decompress, list and read, so that every reader meets the claim; raises its error."""
    errors = []
    for opener in (acgz.decompress, open_and_read):
        try:
            opener(data)
        except AcgzError as error:
            errors.append(error)
    assert len(errors) in (0, 2), "only one way of reading objects"
    if errors:
        assert type(errors[0]) is type(errors[1])
        raise errors[0]


def open_and_read(data: bytes) -> None:
    with acgz.open(io.BytesIO(data)) as opened:
        assert opened.info.size == len(data)
        for record in opened:
            str(record)


def test_the_archive_made_by_hand_is_read() -> None:
    assert acgz.decompress(archive()) == TEXT
    read_all_ways(archive())


@pytest.mark.parametrize("position", [0, 2, 3, 4])
@pytest.mark.parametrize("claim", [-1, None, "8", 1.5, [], True, 1 << 64 - 1, 1 << 40])
def test_sizes_are_not_trusted(position: int, claim: object) -> None:
    header = [*HEADER[:position], claim, *HEADER[position + 1 :]]
    tracemalloc.start()
    try:
        with pytest.raises((DamagedError, LimitError)):
            read_all_ways(archive(header))
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_short_archive_that_claims_much_fails_at_once() -> None:
    huge = 1 << 40
    for codec, parameters in [
        ("twobit", {}),
        ("uniform", {"lanes": 1}),
        ("order0", {"lanes": 1, "frequencies": [65533, 1, 1, 1]}),
    ]:
        header = [huge, 0, len(LAYOUT), 0, len(PAYLOAD), codec, parameters]
        with pytest.raises(LimitError, match="memory limit"):
            read_all_ways(archive(header))


def test_the_memory_limit_can_be_lowered() -> None:
    with pytest.raises(LimitError):
        acgz.decompress(archive(), memory_limit=10)
    assert acgz.decompress(archive(), memory_limit=1000) == TEXT


@pytest.mark.parametrize("crc", [-1, "x", 1 << 32, 0])
def test_the_checksum_of_the_text_is_not_trusted(crc: object) -> None:
    with pytest.raises(DamagedError):
        acgz.decompress(archive([8, crc, *HEADER[2:]]))


@pytest.mark.parametrize("name", [None, "", 1.5, [], b"twobit", True])
def test_a_codec_without_a_name_is_damage(name: object) -> None:
    with pytest.raises(DamagedError):
        read_all_ways(archive([*HEADER[:5], name, {}]))


@pytest.mark.parametrize("name", ["telepathy", 0, 99, "acgz.baselines.twobit:CODEC"])
def test_an_unknown_codec_is_a_question_of_version(name: object) -> None:
    with pytest.raises(VersionError, match="codec"):
        acgz.decompress(archive([*HEADER[:5], name, {}]))


@pytest.mark.parametrize("parameters", [None, [], "x", {1: 2}, {b"a": 1}])
def test_parameters_have_names(parameters: object) -> None:
    with pytest.raises(DamagedError):
        read_all_ways(archive([*HEADER[:6], parameters]))


@pytest.mark.parametrize("parameters", [{"models": [DIGEST]}, {"reference": DIGEST}])
def test_a_model_that_is_missing_is_named(parameters: dict[str, object]) -> None:
    data = archive([*HEADER[:6], parameters])
    with pytest.raises(MissingModelError, match=DIGEST.hex()):
        acgz.decompress(data)
    with acgz.open(io.BytesIO(data)) as opened:
        assert opened.info.models == (DIGEST.hex(),)


@pytest.mark.parametrize(
    "parameters", [{"models": DIGEST}, {"models": ["x"]}, {"reference": b"short"}, {"models": 3}]
)
def test_digests_are_digests(parameters: dict[str, object]) -> None:
    with pytest.raises(DamagedError):
        acgz.decompress(archive([*HEADER[:6], parameters]))


@pytest.mark.parametrize("where", ["block", "file", "index"])
def test_fields_to_come_are_ignored_in_small_and_refused_in_capital_letters(where: str) -> None:
    def with_field(name: str) -> bytes:
        extra = {name: 1}
        if where == "block":
            return archive([*HEADER, extra])
        if where == "file":
            return archive(before=chunk(b"M", ["a", 0, extra]))
        return archive(index=[[UNIT_SIZE], DIGEST, extra])

    assert acgz.decompress(with_field("later")) == TEXT
    read_all_ways(with_field("later"))
    with pytest.raises(VersionError, match="Later"):
        read_all_ways(with_field("Later"))


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"\xc1",
        b"\x91" * 5000,
        b"\x81\x90\x90",
        b"\xd6\xff\0\0\0\0",
        [],
        [[]],
        [[UNIT_SIZE]],
        [DIGEST],
        [DIGEST, DIGEST],
        [[UNIT_SIZE], DIGEST[:31]],
        [[UNIT_SIZE], DIGEST, DIGEST],
        [[UNIT_SIZE], "x" * 32],
        [UNIT_SIZE, DIGEST],
        [[], DIGEST],
        [[1], DIGEST],
        [[-1], DIGEST],
        [[-1, UNIT_SIZE + 1], DIGEST],
        [[1 << 62], DIGEST],
        [[1, 1 << 63], DIGEST],
        [["1"], DIGEST],
        [[UNIT_SIZE], DIGEST, {"r": 1}],
        [[UNIT_SIZE], DIGEST, {1: 1}],
        {"a": 1},
    ],
)
def test_an_index_of_another_shape_is_damage(index: Any) -> None:
    with pytest.raises(DamagedError):
        read_all_ways(archive(index=index))


def test_the_index_has_to_fit_the_blocks_even_if_its_sum_does() -> None:
    for sizes in ([UNIT_SIZE - 1, 1], [1, UNIT_SIZE - 1], [0, UNIT_SIZE], [UNIT_SIZE, 0]):
        with pytest.raises(DamagedError):
            read_all_ways(archive(index=[sizes, DIGEST]))


def test_the_content_has_to_have_the_stored_sha256() -> None:
    header = [8, None, *HEADER[2:]]
    assert acgz.decompress(archive(header)) == TEXT
    size = len(chunk(b"B", header, LAYOUT + PAYLOAD))
    wrong = archive(header, [[size], bytes(32)])
    with pytest.raises(DamagedError, match="SHA-256"):
        read_all_ways(wrong)


def test_a_block_without_checksum_is_never_shown_before_its_sha256_is_right() -> None:
    block = chunk(b"B", [8, None, *HEADER[2:]], LAYOUT + PAYLOAD)
    out = io.BytesIO()
    with pytest.raises(DamagedError):
        acgz.decompress_stream(io.BytesIO(PREAMBLE + block + block), out)
    with pytest.raises(TruncatedError):
        acgz.decompress_stream(io.BytesIO(PREAMBLE + block), out)
    assert out.getvalue() == b""


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../b", "", 7, None, "a\\b"])
def test_a_file_is_never_restored_elsewhere(name: object) -> None:
    with pytest.raises(DamagedError):
        read_all_ways(archive(before=chunk(b"M", [name, 0])))


def test_two_files_of_one_name_are_damage() -> None:
    files = chunk(b"M", ["a", 0]) + chunk(b"M", ["a", 4])
    with pytest.raises(DamagedError, match="one name"):
        read_all_ways(archive(before=files))


@pytest.mark.parametrize("offsets", [[1], [0, 9], [5, 4], [-1], ["0"], [None], [1 << 40]])
def test_files_begin_inside_of_their_block_and_in_order(offsets: list[object]) -> None:
    files = [chunk(b"M", [f"file{n}", offset]) for n, offset in enumerate(offsets)]
    digests = [DIGEST] * len(files)
    before = b"".join(files)
    size = UNIT_SIZE + len(before)
    with pytest.raises(DamagedError):
        read_all_ways(archive(before=before, index=[[size], *digests]))


def test_files_that_share_a_block_are_read() -> None:
    before = b"".join(chunk(b"M", [f"file{n}", n * 4]) for n in range(3))
    digests = [hashlib.sha256(part).digest() for part in (TEXT[:4], TEXT[4:], b"")]
    data = archive(before=before, index=[[UNIT_SIZE + len(before)], *digests])
    assert acgz.decompress(data) == TEXT
    with acgz.open(io.BytesIO(data)) as opened:
        assert [(record.file, str(record)) for record in opened] == [
            ("file0", "ACGT"),
            ("file1", "ACGT"),
        ]


@pytest.mark.parametrize("kind", [b"b", b"X", b"\0"])
def test_unknown_kinds_of_chunk_are_damage(kind: bytes) -> None:
    with pytest.raises(DamagedError, match="kind"):
        acgz.decompress(archive(before=chunk(kind, [])))


def test_absurd_lengths_of_heads_are_damage() -> None:
    for length in (b"\xff" * 20, b"\xff" * 8 + b"\x7f", pack_varint(1 << 40)):
        with pytest.raises(DamagedError):
            acgz.decompress(PREAMBLE + b"B" + length)


def test_record_tables_come_back() -> None:
    table = RecordTable()
    for text in (b"ACG>\nGT\n>a\nACGTT", b"", b">a\n"):
        table.add(Piece(0, 0, len(text), begins=not table.rows), text, len(text))
    assert RecordTable.unpack(table.pack()).rows == table.rows
    assert [len(row) for row in table.rows] == [2, 0, 1]


@pytest.mark.parametrize(
    "table",
    [None, 7, {}, [1], [[]], [[1]], [[False, "a"]], [[False, 1, 1]], [[False, "a", -1]]],
)
def test_a_record_table_of_another_shape_is_damage(table: object) -> None:
    with pytest.raises(DamagedError):
        RecordTable.unpack(zlib.compress(msgpack.packb(table)))


def test_a_record_table_that_explodes_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_table, "MOST_BYTES", 1 << 20)
    with pytest.raises(DamagedError):
        RecordTable.unpack(zlib.compress(bytes(1 << 24)))


def test_a_wrong_record_table_is_noticed_when_it_is_used() -> None:
    right = [True, "", 8]
    wrong: list[list[list[object]]] = [
        [[False, "a", 8]],
        [[True, "", 7]],
        [[*right, "a", 3]],
        [right, right],
        [],
    ]
    for rows in ([right], *wrong):
        table = zlib.compress(msgpack.packb(rows))
        data = archive(index=[[UNIT_SIZE], DIGEST, {"r": table}])
        if rows == [right]:
            open_and_read(data)
            continue
        with pytest.raises(DamagedError):
            open_and_read(data)


def test_a_header_comes_back() -> None:
    header = BlockHeader(100, 7, 10, 90, 20, "order0", {"lanes": 3})
    assert BlockHeader.unpack(header.pack()) == header
    bare = BlockHeader(100, None, 10, 0)
    assert BlockHeader.unpack(bare.pack()) == bare
