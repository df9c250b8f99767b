"""Whatever goes into an archive comes out of it, for every size of input, block and lane."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import acgz
from acgz.codec import Job
from acgz.container.blocks import Recipe, encode_block
from acgz.container.contents import Contents
from acgz.container.format import FileStart
from acgz.container.reader import read_archive
from acgz.container.writer import ArchiveWriter
from acgz.errors import UsageError
from acgz.modes import get_codec
from conftest import fasta

BASELINES = ["uniform", "order0", "twobit"]
INPUTS = {
    "empty": b"",
    "one base": b"A",
    "one byte": b"\xff",
    "raw": b"ACGT" * 25,
    "two records": fasta(100, 33),
    "no final newline": fasta(100)[:-1],
    "CRLF": fasta(90, 30).replace(b"\n", b"\r\n"),
    "CR": fasta(90, 30).replace(b"\n", b"\r"),
    "empty records": b">a\n>b\n\n>c\nACGT\n>d",
    "soft mask and N": b">a\nacgtNNNNNNNNNNNNNNacgtACGTRYKM\n",
    "N alone": b">a\n" + b"N" * 100 + b"\n",
    "headers alone": b">a\n>b\n>c\n",
    "protein": b">p\nMKVLAAGIVGLCAKAYEQFSDNWHPRT\n" * 5,
    "fastq": b"@r1\nACGTAC\n+\nIIIIII\n" * 5,
    "random": random.Random(2).randbytes(500),
    "long line": b">a\n" + b"ACGTTGCA" * 40,
}


BLOCKS = [16, 17, 31, 64, 100, 1 << 20]


@pytest.mark.parametrize(
    ("name", "mode", "block"),
    [
        (name, BASELINES[(place + block_place) % 3], block)
        for place, name in enumerate(INPUTS)
        for block_place, block in enumerate(BLOCKS)
        if block > 20 or len(INPUTS[name]) < 200  # many blocks of 16 bytes tell no more than a few
    ],
)
def test_every_input_comes_back(name: str, mode: str, block: int) -> None:
    archive = acgz.compress(INPUTS[name], mode, block=block)
    assert acgz.decompress(archive) == INPUTS[name]


@pytest.mark.parametrize("length", range(250, 263))
def test_inputs_that_end_at_a_block_boundary_come_back(length: int) -> None:
    text = fasta(length, width=1000)
    for block in (len(text) - 1, len(text), len(text) + 1):
        assert acgz.decompress(acgz.compress(text, "twobit", block=block)) == text


@settings(max_examples=60)
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.text(alphabet=">ACGTNacgtnRYU-*\r\n \t", max_size=300).map(str.encode),
    ),
    block=st.sampled_from([16, 50, 1 << 20]),
)
def test_any_bytes_come_back(data: bytes, block: int) -> None:
    assert acgz.decompress(acgz.compress(data, "order0", block=block)) == data


@pytest.mark.parametrize("mode", BASELINES)
def test_threads_do_not_change_the_archive(mode: str) -> None:
    text = fasta(3000, 200)
    one, two = (acgz.compress(text, mode, block=500, threads=threads) for threads in (1, 2))
    assert one == two
    assert acgz.decompress(one, threads=2) == text


def test_the_frame_around_one_small_record_is_small() -> None:
    """Magic, head, checksum and SHA-256 of a file without layout or residues."""
    text = fasta(16_569)
    for mode, most in (("twobit", 36), ("plus", 44)):
        archive = acgz.compress(text, mode)
        with acgz.open(io.BytesIO(archive)) as opened:
            info = opened.info
        assert len(archive) - info.layout_size - info.residues_size <= most
    assert len(acgz.compress(b"", "twobit")) <= 30


def test_the_table_of_records_costs_a_few_bytes_a_record() -> None:
    text = b"".join(b">gene%05d\n%s\n" % (n, b"ACGT" * (n % 17)) for n in range(10_000))
    archive = acgz.compress(text, "twobit")
    contents = Contents(io.BytesIO(archive))
    kept = len(archive) - int(contents.index.blocks.size.sum())
    assert contents.index.record_count == 10_000
    assert kept < 2 * 10_000


def write(files: Sequence[tuple[str | None, bytes]], block: int = 1 << 20) -> bytes:
    out = io.BytesIO()
    writer = ArchiveWriter(out, Recipe.of("twobit", block_size=block))
    for name, text in files:
        writer.add(io.BytesIO(text), name)
    writer.finish()
    return out.getvalue()


def read(archive: bytes) -> list[tuple[str | None, bytes]]:
    files: list[tuple[str | None, bytes]] = []
    for event in read_archive(io.BytesIO(archive), Job()):
        if isinstance(event, FileStart):
            files.append((event.name, b""))
        else:
            files[-1] = files[-1][0], files[-1][1] + event
    return files


@pytest.mark.parametrize("block", [16, 100, 1 << 20])
def test_several_files_come_back_with_their_names(block: int) -> None:
    files: list[tuple[str | None, bytes]] = [
        ("a.fa", fasta(100)),
        ("empty", b""),
        ("genomes/b.fa", fasta(300, 20, seed=2)),
        ("\udcff odd name", b"ACGT"),
    ]
    assert read(write(files, block)) == files


def test_one_file_without_a_name_stays_without() -> None:
    assert read(write([(None, b"")])) == [(None, b"")]
    assert read(write([(None, b"ACGT")])) == [(None, b"ACGT")]


def test_fasta_files_share_a_block_so_that_repeats_are_found() -> None:
    one, two = fasta(2000), fasta(2000, seed=2)
    cases = {
        (one, two): 1,
        (one[:-1], two): 2,  # the last line of the first has no end
        (one, b"ACGT\n"): 2,
        (one, b">protein\nMKVLAAGIVG\n"): 2,
        (b"ACGT\n", one): 2,
        (one, b"", two): 2,
    }
    for texts, blocks in cases.items():
        files = [(f"{number}.fa", text) for number, text in enumerate(texts)]
        archive = write(files)
        assert read(archive) == files
        with acgz.open(io.BytesIO(archive)) as opened:
            assert opened.info.blocks == blocks


@settings(max_examples=60)
@given(
    texts=st.lists(
        st.lists(st.sampled_from([">", "ACGT", "N", "\n", ">x\n", "TT\n"]), max_size=20)
    ),
    block=st.sampled_from([16, 40, 1 << 20]),
)
def test_any_files_come_back_together(texts: list[list[str]], block: int) -> None:
    files = [(f"{n}", "".join(text).encode()) for n, text in enumerate([["ACGT"], *texts])]
    archive = write(files, block)
    assert read(archive) == files
    with acgz.open(io.BytesIO(archive)) as opened:
        assert opened.info.files == tuple(name for name, _ in files)
        for record in opened:
            text = dict(files)[record.file]
            assert str(record).encode() in text.replace(b"\n", b"")


@pytest.mark.parametrize(
    ("texts", "blocks"),
    [
        ([b">a\nACGT\n", b">b\nACGT\n", b">p\nMKVL\n", b">q\nMKVL\n", b"text", b"", b"more"], 3),
        ([b"no line end", b"ACGT", b"ACGT", b"\0\1\2"], 4),
        ([b">a\nAC", b">b\nAC\n", b">c\nAC\n", b""], 3),
        ([b"", b"", b""], 1),
        ([b"text" * 20, b"", b""], 2),
    ],
)
def test_neighbours_of_one_kind_share_a_block(texts: list[bytes], blocks: int) -> None:
    files = [(str(number), text) for number, text in enumerate(texts)]
    archive = write(files, 64)
    assert read(archive) == files
    with acgz.open(io.BytesIO(archive)) as opened:
        assert len(opened.contents) == blocks


@pytest.mark.parametrize("names", [("a", "a"), (None, None), (None, "a"), ("a", None)])
def test_files_of_one_archive_need_different_names(names: tuple[str | None, ...]) -> None:
    with pytest.raises(UsageError, match="different names"):
        write([(name, b"ACGT") for name in names])


NAMES = {
    "": False,
    "/etc/passwd": False,
    "..": False,
    "../a": False,
    "a/../../b": False,
    "./a": False,
    "a//b": False,
    "a/": False,
    "a\0b": False,
    "x" * 256: False,
    "é" * 128: False,
    "/".join(["d" * 100] * 41): False,
    "/".join("d" * 257): False,
    "C:\\a": True,
    "\\a": True,
    "HLA:A.fa": True,
    "a:b/c": True,
    "two\nlines": True,
    "\udcff": True,
    "...": True,
    "x" * 255: True,
    "é" * 127: True,
    "/".join(["d" * 100] * 40): True,
    "/".join("d" * 256): True,
}
"""Name -> may a file have it?"""


@pytest.mark.parametrize(("name", "allowed"), NAMES.items())
def test_what_is_accepted_is_restored_and_all_else_is_a_usage_error(
    name: str, allowed: bool
) -> None:
    if allowed:
        assert read(write([(name, b"ACGT")])) == [(name, b"ACGT")]
        return
    with pytest.raises(UsageError, match="the name"):
        write([(name, b"ACGT")])


def test_a_name_that_is_no_text_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no text"):
        write([("\ud800", b"ACGT")])


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b/c", "a/b"), ("a/b", "a")])
def test_no_file_is_the_folder_of_another(names: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="a folder"):
        write([(name, b"ACGT") for name in names])


@pytest.mark.parametrize("block", [0, -1, 15, (1 << 29) + 1, "1M", 99.5, None])
def test_blocks_have_a_least_and_a_largest_size(block: object) -> None:
    """Above it, a reader with the default memory limit could refuse the archive."""
    with pytest.raises(UsageError, match="block"):
        acgz.compress(b"ACGT", "twobit", block=block)  # type: ignore[arg-type]


def test_what_the_default_limit_would_refuse_is_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("acgz.container.blocks.MEMORY_LIMIT", 2000)
    with pytest.raises(UsageError, match="could not be read again"):
        acgz.compress(fasta(2000), "twobit")


def test_what_a_reader_counts_beside_the_codec_is_counted_by_the_writer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The residues, and their payload."""
    codec, text = get_codec("engine"), fasta(20_000)
    recipe = Recipe(codec, codec.settings.of({"preset": "fast"}, codec.name))
    block = encode_block(text, recipe, Job())
    head, count = block.head, block.head.residue_count
    taken = codec.memory(head.parameters, count) + count + head.residues_size
    monkeypatch.setattr("acgz.container.blocks.MEMORY_LIMIT", taken)
    assert encode_block(text, recipe, Job()).head == head
    monkeypatch.setattr("acgz.container.blocks.MEMORY_LIMIT", taken - 1)
    with pytest.raises(UsageError, match="could not be read again"):
        encode_block(text, recipe, Job())


def test_an_archive_has_at_least_one_file() -> None:
    with pytest.raises(UsageError, match="at least one file"):
        write([])
