"""Texts made up for the tests of `acgz.layout`."""

from __future__ import annotations

import random

from hypothesis import strategies as st

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
