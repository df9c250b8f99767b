"""Texts made up for the tests of `acgz.layout`, and damage to their layouts."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from acgz.errors import DamagedError
from acgz.layout import join
from conftest import fasta

LETTERS = [b"ACGT", b"acgt", b"N", b"n", b"ACGTN", b"ACGU", b"acgu", b"RYKMSWBDHV", b"-", b"*"]
ODD = [b">", b";", b" ", b"\t", b"\0", b"\xff", b"@", b"\v", b"0123456789", b"QEILFP"]
LINE_ENDS = [b"\n", b"\r\n", b"\r"]


@st.composite
def stretches(draw: st.DrawFn) -> bytes:
    """A few letters of one kind, or one letter many times."""
    letters = draw(st.sampled_from([*LETTERS, *LETTERS, *ODD]))
    if draw(st.booleans()):
        return bytes([draw(st.sampled_from(list(letters)))]) * draw(st.integers(1, 70))
    return bytes(draw(st.lists(st.sampled_from(list(letters)), min_size=1, max_size=30)))


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    words = st.sampled_from(
        [b"chr1", b"chr2", b"", b" ", b"\t", b"\xe9t\xe9", b"a" * 50, b">", b"1"]
    )
    return draw(st.sampled_from([b">", b">", b">", b";"])) + b"".join(
        draw(st.lists(words, max_size=4))
    )


@st.composite
def fasta_texts(draw: st.DrawFn) -> bytes:
    """FASTA of all bad habits: lines of any lengths and ends, odd letters, blanks, comments."""
    usual_end = draw(st.sampled_from(LINE_ENDS))
    ends = st.one_of(st.just(usual_end), st.just(usual_end), st.sampled_from(LINE_ENDS))
    width = draw(st.sampled_from([1, 2, 7, 60, 61]))
    text = b""
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.integers(0, 5)):
            text += draw(headers()) + draw(ends)
        sequence = b"".join(draw(st.lists(stretches(), max_size=6)))
        step = draw(st.sampled_from([width, width, 13]))
        for begin in range(0, len(sequence), step):
            text += sequence[begin : begin + step] + draw(ends)
        text += usual_end * draw(st.sampled_from([0, 0, 0, 1, 3]))
    if draw(st.booleans()):
        text = text.rstrip(b"\r\n")
    return text


def masked_repeats() -> bytes:
    """Pieces of one repeat between random letters, masked as a program would do it."""
    generator = random.Random(3)
    repeat = "".join(generator.choices("acgt", k=300))
    text = ""
    for _ in range(600):
        text += "".join(generator.choices("ACGT", k=generator.randrange(100, 300)))
        begin = generator.randrange(250)
        text += repeat[begin : begin + generator.randrange(30, 50)]
    return text.encode()


def letters(count: int, seed: int = 1) -> bytes:
    return fasta(count, width=count, seed=seed).split(b"\n")[1]


def with_lower_case(text: bytes) -> bytes:
    """With many short runs of it."""
    generator = random.Random(1)
    changed = bytearray(text)
    for begin in range(0, len(changed), 15):
        end = begin + generator.randrange(10)
        changed[begin:end] = changed[begin:end].lower()
    return bytes(changed)


TEXTS = {
    "plain": fasta(300, 200, width=50),
    "odd": b">\xff x\r\n" + letters(300).replace(b"AC", b"N-", 9).replace(b"GT", b"u ", 5) + b"\r",
    "ragged": b"\n\n;x\n" + fasta(500, width=7).replace(b"AA", b"A\n", 40) + b">b\n\n>c",
    "RNA": fasta(300).replace(b"T", b"U") + b">d\nACGTTTTTTACGUU\n",
    "runs": with_lower_case(letters(900)),
    "masked": masked_repeats(),
    "verbatim": b"neither DNA nor RNA, " * 5,
    "stored": bytes(range(200)),
}


def join_or_refuse(residues: NDArray[np.uint8], layout: bytes, max_size: int) -> bytes | None:
    try:
        text = join(residues, layout, max_size=max_size)
    except DamagedError:
        return None
    assert len(text) <= max_size
    return text


def damaged(layout: bytes) -> Iterator[bytes]:
    """Every byte changed in some ways, and every length."""
    for at in range(len(layout)):
        for change in (1, 128, 255):
            yield layout[:at] + bytes([layout[at] ^ change]) + layout[at + 1 :]
    for size in range(len(layout)):
        yield layout[:size]
    yield layout + b"\0"
    yield layout + b"some more"
