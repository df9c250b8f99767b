"""What is taken for nucleotides: whatever gets smaller by it, however much of it is N."""

from __future__ import annotations

import random

import numpy as np
import pytest
import zstandard
from numpy.typing import NDArray

from acgz.layout import Split, join, split

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"


def wrapped(sequence: str, header: str = ">1\n", width: int = 60) -> bytes:
    lines = [sequence[at : at + width] for at in range(0, len(sequence), width)]
    return (header + "\n".join(lines) + "\n").encode()


def letters(alphabet: str, count: int, seed: int = 1) -> list[str]:
    return random.Random(seed).choices(alphabet, k=count)


def masked(count: int, share: float, run: int, letter: str = "N") -> str:
    """Random bases, of which runs of about ``run`` letters, in all that share, are ``letter``."""
    generator = random.Random(2)
    sequence = ""
    while len(sequence) < count:
        size = generator.randrange(1, 2 * run)
        sequence += (
            letter * size
            if generator.random() < share
            else "".join(generator.choices("ACGT", k=size))
        )
    return sequence


def size(parts: Split) -> int:
    """Bytes, as a model without ideas would code the residues."""
    return len(parts.layout) + parts.residues.size // 4


def check(text: bytes) -> Split:
    parts = split(text)
    assert join(parts.residues, parts.layout, max_size=len(text)) == text
    return parts


@pytest.mark.parametrize("share", [0.0, 0.3, 0.49, 0.51, 0.57, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("letter", ["N", "n", "-"])
def test_a_chromosome_is_modelled_however_much_of_it_is_unknown(share: float, letter: str) -> None:
    """One long run and one of the middle size, as in chrY."""
    count = 100_000
    unknown = int(share * count)
    bases = "".join(letters("ACGT", count - unknown))
    text = wrapped(letter * (unknown // 2) + bases + letter * (unknown - unknown // 2))
    parts = check(text)
    assert parts.residues.size == count - unknown
    assert len(parts.layout) < 50


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7, 0.95])
@pytest.mark.parametrize("run", [30, 300])
def test_a_hard_masked_genome_is_modelled(share: float, run: int) -> None:
    text = wrapped(masked(60_000, share, run))
    parts = check(text)
    assert parts.residues.size == sum(text.count(base) for base in (b"A", b"C", b"G", b"T"))
    assert size(parts) < len(zstandard.compress(text, 19))


@pytest.mark.parametrize("share", [0.001, 0.02, 0.1])
def test_other_letters_of_iupac_are_no_hindrance(share: float) -> None:
    sequence = letters("ACGT", 30_000)
    for at in random.Random(3).sample(range(30_000), int(share * 30_000)):
        sequence[at] = random.Random(at).choice("RYKMSWBDHVN")
    text = wrapped("".join(sequence))
    parts = check(text)
    assert parts.residues.size == 30_000 - int(share * 30_000)
    assert size(parts) < len(zstandard.compress(text, 19))


NOT_NUCLEOTIDES = {
    "protein": wrapped("".join(letters(AMINO_ACIDS, 20_000)), ">P1\n"),
    "protein in lower case": wrapped("".join(letters(AMINO_ACIDS.lower(), 20_000)), ">P1\n"),
    "protein rich in the letters of bases": wrapped(
        "".join(letters(AMINO_ACIDS + "ACGT" * 7, 20_000)), ">P1\n"
    ),
    "short protein": b">P1\nMKVLAAGIVGLTDEEFWRRPLSQKLVH\n",
    "prose": b"".join(b"Attack at dawn, %d cats; GATTACA was a film. " % k for k in range(900)),
    "a table": b"".join(b"%-20d%20d\n" % (k * k, k * 7919 % 10_007) for k in range(2000)),
    "bytes": random.Random(4).randbytes(5000),
    "FASTQ": "".join(
        f"@{k}\n{''.join(letters('ACGT', 100, k))}\n+\n{''.join(letters('FGHI,:', 100, k))}\n"
        for k in range(50)
    ).encode(),
}


@pytest.mark.parametrize("text", NOT_NUCLEOTIDES.values(), ids=NOT_NUCLEOTIDES)
def test_what_is_not_nucleotide_is_left_to_zstd(text: bytes) -> None:
    parts = check(text)
    assert parts.residues.size == 0
    assert len(parts.layout) <= len(zstandard.compress(text, 19)) + 1


@pytest.mark.parametrize("count", [0, 1, 5, 20, 100, 1000])
@pytest.mark.parametrize("alphabet", ["N", "Nn", "AN", "ACGTN", "ACGTRYKMSWBDHVN-", AMINO_ACIDS])
def test_no_text_is_larger_than_zstd_makes_it(alphabet: str, count: int) -> None:
    text = wrapped("".join(letters(alphabet, count)))
    assert size(check(text)) <= min(len(zstandard.compress(text, 19)), len(text)) + 1


def test_repetitive_residues_are_worth_more_than_two_bits_each() -> None:
    """An alignment of alike sequences, which zstd as a whole makes smaller than 2 bits a base."""
    generator = random.Random(5)
    original = letters("ACGT", 400)
    text = b""
    for number in range(30):
        for _ in range(3):
            original[generator.randrange(400)] = generator.choice("ACGT-")
        text += wrapped("".join(original), f">isolate {number * 37 % 101}\n")
    parts = check(text)
    assert parts.residues.size > 11_000
    assert size(parts) > len(zstandard.compress(text, 19))


def test_residues_are_bases_of_either_case_and_their_order() -> None:
    parts = check(wrapped("N" * 500 + "ACGTacgt" + "n" * 500))
    residues: NDArray[np.uint8] = parts.residues
    assert residues.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
