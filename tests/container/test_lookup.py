"""The index in pieces: what is found by name or number, and how little is read for it."""

from __future__ import annotations

import io
import random
import tracemalloc

import numpy as np
import pytest

import acgz
from acgz.container import lookup, tables
from acgz.container.contents import Contents
from acgz.errors import DamagedError

COUNT = 3 * tables.ROWS + 100
NAMES = [
    *(f"read{number}/1".encode() for number in range(tables.ROWS + 50)),
    *(
        f"{random.Random(number).getrandbits(40):x}".encode()
        for number in range(COUNT - tables.ROWS - 50)
    ),
]
TEXT = b"".join(b">%s x\n%s\n" % (name, b"ACGT" * (n % 3)) for n, name in enumerate(NAMES))
ARCHIVE = acgz.compress(TEXT, "twobit", block=100_000)


@pytest.fixture
def contents() -> Contents:
    return Contents(io.BytesIO(ARCHIVE))


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the pieces whose names are made from now on."""
    made: list[int] = []
    unpack = tables.unpack_names

    def counted(cursor: tables.Cursor, rows: int) -> list[bytes]:
        made.append(rows)
        return unpack(cursor, rows)

    monkeypatch.setattr(tables, "unpack_names", counted)
    return made


def test_every_record_has_its_name_and_length(contents: Contents) -> None:
    index = contents.index
    assert index.record_count == COUNT
    assert [index.name(number) for number in range(COUNT)] == NAMES
    assert [index.length(number) for number in range(COUNT)] == [4 * (n % 3) for n in range(COUNT)]
    between = [name for rows in index.between(4000, 9000) for name in rows.names]
    assert between == NAMES[4000:9000]


def test_names_are_found_by_looking_through_and_by_the_table(contents: Contents) -> None:
    wanted = [0, 4095, 4096, 4146, 9000, COUNT - 1]
    assert len(wanted) > lookup._SCANS
    for _ in range(2):
        assert [contents.index.find(NAMES[number]) for number in wanted] == wanted
        assert contents.index.find(b"read4146/1") is None
        assert contents.index.find(b"") is None


def test_of_one_name_the_first_within_a_range_is_found() -> None:
    text = b"".join(b">a%d\nAC\n>same\nGG\n" % number for number in range(5000))
    index = Contents(io.BytesIO(acgz.compress(text, "twobit"))).index
    for _ in range(lookup._SCANS + 2):
        assert index.find(b"same") == 1
        assert index.find(b"same", range(2, 10_000)) == 3
        assert index.find(b"same", range(8192, 10_000)) == 8193
        assert index.find(b"a7", range(20, 10_000)) is None
        assert index.find(b"same", range(5, 5)) is None


def test_opening_makes_no_names_and_a_look_up_those_of_one_piece(
    contents: Contents, pieces: list[int]
) -> None:
    assert contents.index.record_count == COUNT
    assert contents.text_size == len(TEXT)
    assert pieces == []
    assert contents.index.find(NAMES[5000]) == 5000
    assert contents.index.find(b"read9/2") is None
    assert len(pieces) == 1


def test_the_listing_takes_the_memory_of_a_piece(contents: Contents) -> None:
    many = b"".join(b">%d\nA\n" % number for number in range(60_000))
    archive = acgz.compress(many, "twobit", block=20_000)
    tracemalloc.start()
    try:
        count = sum(len(listed.names) for listed in Contents(io.BytesIO(archive)).listing())
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
    assert count == 60_000


@pytest.mark.parametrize("block", [16, 100, 1000])
def test_the_listing_says_where_letters_begin(block: int) -> None:
    text = b"".join(b">r%d with words\n%s\n" % (n, b"ACGTACGTAC\n" * (n % 5)) for n in range(60))
    contents = Contents(io.BytesIO(acgz.compress(text, "twobit", block=block)))
    listed = np.concatenate([rows.blocks for rows in contents.listing()])
    assert listed.tolist() == [contents.blocks_of(n, 0, 1).start for n in range(60)]


def test_a_damaged_piece_spares_what_is_in_others() -> None:
    root = Contents(io.BytesIO(ARCHIVE)).index
    spoilt = bytearray(ARCHIVE)
    tables_begin = (
        4
        + int(root.blocks.size.sum())
        + len(b"I" + tables.pack_number(int(root._places[-1])) + b"\0")
    )
    spoilt[tables_begin + int(root._places[-1]) - 3] ^= 1
    index = Contents(io.BytesIO(bytes(spoilt))).index
    assert index.name(0) == NAMES[0]
    assert index.find(NAMES[5]) == 5
    with pytest.raises(DamagedError, match="checksum of a table"):
        index.name(COUNT - 1)
    with pytest.raises(DamagedError, match="checksum of a table"):
        acgz.decompress(bytes(spoilt))
