"""split and join: every text comes back byte for byte, and its layout costs little."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from layout_texts import fasta_texts, masked_repeats

from acgz.layout import Split, join, split
from conftest import fasta


def check(text: bytes) -> Split:
    """Split a text, and make sure that it comes back."""
    parts = split(text)
    assert parts.residues.dtype == np.uint8
    assert parts.residues.max(initial=0) <= 3
    assert join(parts.residues, parts.layout, max_size=len(text)) == text
    return parts


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


TEXTS = {
    "nothing": b"",
    "one letter": b"A",
    "one line end": b"\n",
    "a carriage return": b"\r",
    "only a header": b">chr1",
    "only headers": b">a\n>b\n>c\n" * 20,
    "header without sequence at the end": b">a\nACGTACGT\n>b\n",
    "sequence without header": b"ACGTACGTTTGACA" * 20,
    "sequence before the first header": b"ACGT\nACGT\n>chr1\nACGT\n",
    "CRLF": b">a\r\nACGTACGTAC\r\nGTACGTACGT\r\nA\r\n" * 9,
    "old Mac": b">a\rACGTACGTAC\rGTACGTACGT\rA\r" * 9,
    "all line ends": b">a\nACGT\r\nACGT\rACGT\n\rACGT\r\r\nACGT\n\n\r\nACGT" * 9,
    "CRLF cut in the middle": b">a\r\n" + b"ACGT" * 30 + b"\r",
    "CRLF, unterminated": b">a\r\n" + b"ACGT" * 30,
    "blank lines": b"\n\n>a\n\nACGTACGT\n\n\nACGT\n\n>b\n\n\nACGT\n\n",
    "tabs and spaces": b">a\nACGT ACGT\tAC\n GTACGTACGT \nACG T\n" * 9,
    "numbered lines": b">a\n        1 acgtacgtac gtacgtacgt\n       61 acgtacgtac\n" * 9,
    "comments": b";old\n>a\nACGTACGT\n;in between\nACGTACGT\n; ;\n" * 9,
    "headers inside of lines": b">a>b\nACGT>ACGT\n>\n>>\nACGTACGTAC;\n" * 9,
    "RNA": b">a\nACGUACGUUUGGAACC\n" * 9,
    "RNA and DNA": b">a\nACGUUUGG\n>b\nACGTTTGG\n>c\nacguuugg\n>d\nUTUTUTAC\n" * 9,
    "soft mask": b">a\nACGTacgtACGTNNNNnnnnNNNNacgtn\n" * 9,
    "all IUPAC letters": b">a\nACGTRYKMSWBDHVNacgtrykmswbdhvn\n" * 9,
    "gaps and stops": b">a\n--ACGT..ACGT--ACGTACGTACGT*\n" * 9,
    "only N": b">a\n" + b"N" * 500 + b"\n",
    "not UTF-8": b">caf\xe9 \xff\xfe\nACGTACGTACGTACGT\n" * 9,
    "protein": b">a\nMKVLAAGIVGLTDEEFWRRPLSQKLVH\n" * 9,
    "FASTQ": b"@a\nACGTACGTACGT\n+\nIIIIIIHHHHFF\n" * 9,
    "zeros": bytes(1000),
    "every byte": bytes(range(256)) * 3,
    "wider every line": b"".join(b"A" * k + b"\n" for k in range(80)),
    "one very long line": b">a\n" + b"ACGTTGCA" * 5000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_comes_back(text: bytes) -> None:
    check(text)


@given(fasta_texts())
def test_any_fasta_comes_back(text: bytes) -> None:
    check(text)


@given(st.binary(max_size=300))
def test_any_bytes_come_back(text: bytes) -> None:
    check(text)


@given(st.text(alphabet="ACGTacgtNnUu>;-\n\r \t", max_size=300))
def test_any_text_of_few_letters_comes_back(text: str) -> None:
    check(text.encode())


def test_every_beginning_of_a_text_comes_back() -> None:
    text = TEXTS["all line ends"] + TEXTS["RNA and DNA"] + TEXTS["soft mask"]
    for size in range(0, len(text), 3):
        check(text[:size])


def real_files(shared: Path) -> list[Path]:
    paths = sorted([*(shared / "messy").iterdir(), *(shared / "reads").iterdir()])
    assert len(paths) > 50
    return paths


def test_real_files_of_all_kinds_come_back(shared: Path) -> None:
    for path in real_files(shared):
        if path.stat().st_size < 250_000:
            check(content(path))


@pytest.mark.slow
def test_large_real_files_come_back(shared: Path) -> None:
    for path in real_files(shared):
        if path.stat().st_size >= 250_000:
            check(content(path))


def test_memory_views_and_views_of_arrays_are_residues_too() -> None:
    text = TEXTS["soft mask"]
    parts = split(text)
    spread = np.zeros(2 * parts.residues.size, dtype=np.uint8)
    spread[::2] = parts.residues
    assert join(spread[::2], parts.layout, max_size=len(text)) == text
    frozen = np.frombuffer(parts.residues.tobytes(), dtype=np.uint8)
    assert join(frozen, parts.layout, max_size=len(text)) == text


# What is residue and what is not


def test_residues_are_the_letters_acgtu_of_either_case() -> None:
    bases = fasta(600, width=10**9).split(b"\n")[1]
    text = b">ACGT\n" + bases[:300] + b"NN-\n;ACGT\nR" + bases[300:].lower() + b"n\n"
    expected = [b"ACGT".index(base) for base in bases]
    assert check(text).residues.tolist() == expected
    rna = text.replace(b"T", b"U").replace(b"t", b"u")
    assert check(rna).residues.tolist() == expected


@pytest.mark.parametrize("name", ["protein", "FASTQ", "zeros", "every byte", "only N"])
def test_what_is_not_nucleotide_has_no_residues(name: str) -> None:
    parts = check(TEXTS[name])
    assert parts.residues.size == 0


# Sizes


@pytest.mark.parametrize("width", [60, 70, 80, 10**9])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_layout_of_one_even_record_is_under_100_bytes(width: int, end: bytes) -> None:
    header = b">NC_001416.1 Enterobacteria phage lambda, complete genome\n"
    text = header + fasta(48_502, width=width).split(b"\n", 1)[1]
    assert len(check(text.replace(b"\n", end)).layout) < 60


def test_layout_of_bare_sequence_is_a_few_bytes() -> None:
    text = fasta(10_000, width=10**9).split(b"\n")[1]
    assert len(check(text).layout) <= 4


def test_even_records_cost_a_few_bits_each() -> None:
    text = fasta(*range(1000, 3000, 10), width=70)
    assert len(check(text).layout) < 200 * 2


def test_verbatim_is_no_worse_than_zstd_at_its_level_19(shared: Path) -> None:
    paths = [shared / "reads" / "any2fasta_test.fq.gz", shared / "messy" / "prot_queries2.faa.gz"]
    texts = [*map(content, paths), os.urandom(5000), bytes(100_000), b"", b"x"]
    for text in texts:
        parts = check(text)
        if not parts.residues.size:
            peer = zstandard.ZstdCompressor(level=19).compress(text)
            assert len(parts.layout) <= len(peer) + 1000


def test_incompressible_text_is_stored() -> None:
    for size in (0, 1, 10, 1000):
        assert len(check(os.urandom(size)).layout) <= size + 1


def test_mask_that_words_foretell_costs_less_than_its_runs() -> None:
    layout = check(masked_repeats()).layout
    assert len(layout) < 600 * 1.5  # two runs each, which as numbers are a byte and more


@pytest.mark.slow
def test_mask_of_a_plant_is_a_third_of_what_its_run_lengths_are(shared: Path) -> None:
    text = content(shared / "bench" / "plant_A_thaliana_TAIR10_chr1etc.fna.gz")
    upper = split(text.upper())
    assert len(check(text).layout) - len(upper.layout) <= 110_000
