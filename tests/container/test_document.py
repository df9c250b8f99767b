"""docs/format.md says all that a reader has to know."""

from __future__ import annotations

import io
import re

import pytest
from document_reader import read
from hypothesis import given, settings
from hypothesis import strategies as st

import acgz
from acgz.container import tables
from acgz.container.blocks import Recipe
from acgz.container.contents import Contents
from acgz.container.writer import ArchiveWriter
from conftest import fasta
from paths import DOCS

GENES = b"".join(b">g%03d_%d\n%s\n" % (n, 7 * n, b"ACGT" * (n % 9)) for n in range(5000))
FILES = {
    "a.fa": fasta(100, 40),
    "empty": b"",
    "b/c:d.fa": fasta(300, seed=2),
    "caf\udce9": b"words, not bases\n" * 9,
    "raw": b"ACGTNN" * 50,
}


def together(block: int) -> bytes:
    out = io.BytesIO()
    writer = ArchiveWriter(out, Recipe.of("order0", block_size=block))
    for name, text in FILES.items():
        writer.add(io.BytesIO(text), name)
    writer.finish()
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "mode", "block"),
    [
        (b"", "twobit", 1000),
        (fasta(100, 20), "plus", 1000),
        (fasta(100, 20), "uniform", 50),
        (fasta(900), "ultra", 300),
        (b"no bases\n" * 30, "twobit", 100),
        (GENES, "twobit", 3000),
        (GENES, "twobit", 1 << 20),
    ],
)
def test_a_reader_made_from_the_document_restores_a_file(
    text: bytes, mode: str, block: int
) -> None:
    archive = acgz.compress(text, mode, block=block)
    found = read(archive)
    assert found.files == [(None, text)]
    contents = Contents(io.BytesIO(archive))
    if found.blocks:
        assert found.records == [
            record
            for rows in contents.index
            for record in zip(rows.names, rows.lengths.tolist(), strict=True)
        ]
        assert found.modes == list(contents.index.modes)


@pytest.mark.parametrize("block", [16, 100, 1 << 20])
def test_a_reader_made_from_the_document_restores_several_files(block: int) -> None:
    archive = together(block)
    found = read(archive)
    assert dict(found.files) == FILES
    assert [row[0] for row in found.rows_of_files] == list(FILES)
    with acgz.open(io.BytesIO(archive)) as opened:
        records = [(record.name.encode(), record.length) for record in opened]
    assert found.records == records
    assert sum(row[2] for row in found.rows_of_files) == len(records)


def test_the_example_is_the_archive_that_it_says() -> None:
    text = (DOCS / "format.md").read_text().partition("## Example")[2]
    cells = re.findall(r"^\| (`.*?`) \|", text, re.M)
    stated = "".join(re.sub(r"`|…", " ", cell) for cell in cells)
    archive = acgz.compress(b"ACGT", "twobit")
    hidden = archive[19:27]
    shown = bytes.fromhex(stated)
    assert shown == archive.replace(hidden, b"")
    assert f"all {len(archive)} bytes" in text


WORDS = st.one_of(
    st.from_regex(rb"[a-c]{0,2}[0-9]{0,3}[._]?[0-9]{0,17}", fullmatch=True),
    st.binary(max_size=6).map(lambda name: name.translate(None, b" \t\r\n\v\f")),
)


@settings(max_examples=300)
@given(names=st.lists(WORDS, max_size=12))
def test_names_of_records_come_back_from_the_table(names: list[bytes]) -> None:
    cursor = tables.Cursor(tables.pack_names(names))
    assert tables.unpack_names(cursor, len(names)) == names
    assert cursor.at == len(cursor.data)


RUNS = st.lists(
    st.tuples(st.sampled_from([b"r%d", b"r%03d.1", b"%d", b"100%%_%06d"]), st.integers(0, 2000)),
    max_size=6,
)


@settings(max_examples=300)
@given(
    runs=RUNS,
    length=st.integers(1, 40),
    step=st.sampled_from([1, -1, 3, -70]),
    other=WORDS,
)
def test_a_name_is_found_where_the_table_has_it(
    runs: list[tuple[bytes, int]], length: int, step: int, other: bytes
) -> None:
    names = [form % max(0, first + step * n) for form, first in runs for n in range(length)]
    names = [*names, other, *names[:5]]
    packed = tables.pack_names(names)
    assert tables.unpack_names(tables.Cursor(packed), len(names)) == names
    for name in {*names[::7], other, b"r2001", b"r0", b"r", b"", b"1"}:
        rows = [row for row, one in enumerate(names) if one == name]
        assert tables.find_name(tables.Cursor(packed), len(names), name) == rows


@settings(max_examples=200)
@given(values=st.lists(st.integers(0, (1 << 48) - 1), max_size=30))
def test_numbers_come_back_from_the_table(values: list[int]) -> None:
    cursor = tables.Cursor(tables.pack_numbers(values) + tables.pack_differences(values))
    assert tables.integers(cursor, len(values)).tolist() == values
    assert tables.differences(cursor, len(values)).tolist() == values
    assert cursor.at == len(cursor.data)
