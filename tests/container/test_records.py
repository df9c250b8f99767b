"""Records are those of the file, however it is cut into blocks."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import acgz
from acgz.container.blocks import Recipe
from acgz.container.records import Dialect, dialect_of
from acgz.container.writer import ArchiveWriter

BOM = b"\xef\xbb\xbf"

TEXTS = {
    "semicolon in a line": b">c\n" + b"CAGATT" * 9 + b";ACTGTA" + b"TAGTCC" * 9 + b"\n",
    "long comment": b">c\nGATG\n;" + b"comment ACGT " * 20 + b"\nGCTC",
    "CR in a header": b">chr1 a description that has\ra stray CR and goes on\nTGCC\n>chr2\nTC\n",
    "raw, N first": b"N" * 300 + b"ACGTTGCA" * 40,
    "comments first": b";about this file\n" * 40 + b">c\nACGT\n",
    "CR with a final LF": b">a\rMGCGT\rTTC\r>b\rMACG\rCACA\r\n",
    "BOM": BOM + b">chr1 first\nCTTAAG\n>chr2\nTTACC\n",
    "BOM of raw letters": BOM + b"ACGTACGT" * 9 + b"\n",
    "CR": b">a x\rACGT\rAC\r\r>b\r",
    "CR LF": b">a x\r\nACGT\r\nAC\r\n\r\n>b\r\n;c\r\nG",
    "no name": b">\nACGT\n> \nAC\n>  a b\nG\n",
    "letters before a header": b"ACGT" * 9 + b"\n>a\nACGT\n",
    "blank lines first": b"\n\n \n>a\nAC GT\n\n>b\n",
    "signs in lines": b">a>b;c\nAC>GT\nA;C\n>>b\nG\n",
    "comments alone": b";a\n;b\n",
    "protein": b">p\n" + b"MKVLAAGIVG\n" * 9,
    "long header": b">a " + b"x" * 3000 + b"\nACGT\n>b\nGG\n",
    "long name": b">" + b"x" * 3000 + b"\nACGT\n",
    "long header, several": b">a\nAC\n>" + b"y" * 1500 + b" z\nGG\n",
}


def oracle(text: bytes) -> list[tuple[str, str]]:
    """Name and letters of every record, line by line."""
    text = text.removeprefix(BOM)
    newline = b"\r" if b"\r" in text and b"\n" not in text[:-1] else b"\n"
    records: list[tuple[bytes, bytes]] = []
    for line in text.split(newline):
        if line.startswith(b">"):
            records.append((b"".join(line[1:].split()[:1]), b""))
        elif not line.startswith(b";") and line.split():
            records = records or [(b"", b"")]
            records[-1] = records[-1][0], records[-1][1] + b"".join(line.split())
    return [
        (name.decode("utf-8", "surrogateescape"), letters.decode("utf-8", "surrogateescape"))
        for name, letters in records
    ]


def check(text: bytes, block: int) -> None:
    with acgz.open(io.BytesIO(acgz.compress(text, "twobit", block=block))) as archive:
        expected = oracle(text)
        assert [(record.name, record.length) for record in archive] == [
            (name, len(letters)) for name, letters in expected
        ]
        for record, (_, letters) in zip(archive, expected, strict=True):
            assert str(record) == letters
            for start in range(0, len(letters), max(1, len(letters) // 7)):
                assert record[start : start + 5] == letters[start : start + 5]


@pytest.mark.parametrize(
    ("name", "block"),
    [(name, block) for name, text in TEXTS.items() for block in (16, 23, 50, 1000, 1 << 28)],
)
def test_records_do_not_depend_on_the_block(
    name: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acgz.container.cutting.LONGEST_HEADER", 700)
    check(TEXTS[name], block)


@pytest.mark.parametrize("block", [500, 1 << 20])
def test_records_of_odd_files_are_found(block: int) -> None:
    folder = Path(os.environ.get("ACGZ_SHARED", Path(__file__).parents[3] / "shared")) / "cases"
    paths = [*folder.glob("*.fa"), *folder.glob("*.seq")]
    if not paths:
        pytest.skip(f"no odd files: {folder} is missing (set ACGZ_SHARED)")
    for path in paths:
        check(path.read_bytes(), block)


PIECES = [b"\n", b"\r\n", b">", b";", b"ACGT", b"N", b" ", b">x y\n", b";c\n", b"GATTACA" * 3]


@settings(max_examples=40)
@given(
    parts=st.lists(st.sampled_from(PIECES), max_size=40),
    block=st.sampled_from([16, 19, 60, 1 << 20]),
    first=st.sampled_from([b">a\n", b";\n>a\n", BOM + b">b\n", b"ACGTACGTACGT\n" * 40]),
)
def test_records_of_any_fasta_are_found(parts: list[bytes], block: int, first: bytes) -> None:
    check(first + b"".join(parts), block)


@settings(max_examples=40)
@given(
    texts=st.lists(
        st.lists(st.sampled_from([b">", b"ACGT", b"N", b"\n", b">x\n", b"TT\n"]), max_size=20),
        min_size=1,
    ),
    block=st.sampled_from([16, 40, 1 << 20]),
)
def test_records_of_several_files_are_those_of_each(texts: list[list[bytes]], block: int) -> None:
    files = {f"{n}.fa": b">first\n" + b"".join(text) for n, text in enumerate(texts)}
    out = io.BytesIO()
    writer = ArchiveWriter(out, Recipe.of("twobit", block_size=block))
    for name, text in files.items():
        writer.add(io.BytesIO(text), name)
    writer.finish()
    with acgz.open(out) as archive:
        assert archive.info.files == tuple(files)
        assert [(record.file, record.name, str(record)) for record in archive] == [
            (file, name, letters) for file, text in files.items() for name, letters in oracle(text)
        ]


@pytest.mark.parametrize(
    ("head", "dialect"),
    [
        (b"", Dialect.NONE),
        (b"\n\n", Dialect.NONE),
        (b"Dear Sir,\nplease", Dialect.NONE),
        (b"LOCUS       NC_000932\n//\n", Dialect.NONE),
        (b"@read1\nACGTACGT\n+\nFFFF:FF#\n", Dialect.NONE),
        (b"MKVLAAGIVGLCAKAYEQFSDNWHPRT\n", Dialect.NONE),
        (bytes(range(256)), Dialect.NONE),
        (b">P1\nMKVLAAGIVGLCAKAYEQFSDNWHPRT\n", Dialect.LF),
        (b"ACGTNNNN----acgt\n", Dialect.LF),
        (b"acgtacgt", Dialect.LF),
        (b"ACGT\rACGT\r", Dialect.CR),
        (b">a\rACGT\r\n", Dialect.CR),
        (b">a\r\nACGT\r\n", Dialect.LF),
    ],
)
def test_what_has_records_is_decided_by_its_beginning(head: bytes, dialect: Dialect) -> None:
    assert dialect_of(head, whole=True) is dialect
