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
from acgz.container.blocks import Recipe
from acgz.container.format import FileStart
from acgz.container.reader import read_archive
from acgz.container.writer import ArchiveWriter
from acgz.errors import DamagedError, UsageError
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


@pytest.mark.parametrize("mode", BASELINES)
@pytest.mark.parametrize("block", [16, 17, 31, 64, 100, 1 << 20])
@pytest.mark.parametrize("name", INPUTS)
def test_every_input_comes_back(mode: str, block: int, name: str) -> None:
    archive = acgz.compress(INPUTS[name], mode, block=block)
    assert acgz.decompress(archive) == INPUTS[name]


@pytest.mark.parametrize("mode", BASELINES)
@pytest.mark.parametrize("lanes", [1, 2, 7, 64])
@pytest.mark.parametrize("length", [1, 63, 64, 65, 127, 128, 129, 1000])
def test_every_lane_count_comes_back(mode: str, lanes: int, length: int) -> None:
    text = fasta(length)
    assert acgz.decompress(acgz.compress(text, mode, lanes=lanes)) == text


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
    """Magic, header, checksums, index and SHA-256 of a file without layout or residues."""
    text = fasta(16_569)
    archive = acgz.compress(text, "twobit")
    with acgz.open(io.BytesIO(archive)) as opened:
        info = opened.info
    assert len(archive) - info.layout_size - info.residues_size <= 75


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


@pytest.mark.parametrize("names", [("a", "a"), (None, None), (None, "a"), ("a", None)])
def test_files_of_one_archive_need_different_names(names: tuple[str | None, ...]) -> None:
    with pytest.raises(UsageError, match="different names"):
        write([(name, b"ACGT") for name in names])


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "..", "../a", "a/../../b", "./a", "a//b", "a/", "C:\\a", "a\0b", "\\a"],
)
def test_names_that_lead_out_of_the_directory_are_refused(name: str) -> None:
    with pytest.raises(DamagedError, match="refused"):
        write([(name, b"ACGT")])


def test_blocks_are_at_least_some_bytes_long() -> None:
    with pytest.raises(UsageError, match="at least 16"):
        acgz.compress(b"ACGT", "twobit", block=15)


def test_an_archive_has_at_least_one_file() -> None:
    with pytest.raises(UsageError, match="at least one file"):
        write([])
