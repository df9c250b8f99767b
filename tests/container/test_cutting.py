"""Segments add up to the input, are no longer than asked, and do not cut headers."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acgz.container.cutting import LONGEST_HEADER, cut_texts


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, step: int) -> None:
        self._file = io.BytesIO(data)
        self._step = step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(min(self._step, len(buffer)))
        buffer[: len(data)] = data
        return len(data)


def cut(data: bytes, size: int) -> list[bytes]:
    return [text for text, _ in cut_texts(io.BytesIO(data), size)]


FASTA_LIKE = st.lists(st.sampled_from([b"\n", b">", b"ACGT", b"N", b"\r\n", b">x y\n"]))


@given(data=FASTA_LIKE.map(b"".join), size=st.integers(1, 40), step=st.integers(1, 9))
def test_segments_add_up_whatever_the_sizes_of_reads(data: bytes, size: int, step: int) -> None:
    texts = cut(data, size)
    assert b"".join(texts) == data
    assert all(texts)
    assert [text for text, _ in cut_texts(Trickle(data, step), size)] == texts  # type: ignore[arg-type]


@given(data=FASTA_LIKE.map(b"".join), size=st.integers(16, 40))
def test_no_header_line_is_cut_and_no_new_one_appears(data: bytes, size: int) -> None:
    data = data.replace(b"\r", b"").replace(b">>", b">")
    headers = [line for line in data.split(b"\n") if line.startswith(b">")]
    lines = [line for text in cut(data, size) for line in text.split(b"\n")]
    assert [line for line in lines if line.startswith(b">")] == headers


def test_cuts_are_at_line_ends_where_lines_are_short() -> None:
    data = b">chr1\n" + b"ACGTACGT\n" * 100
    texts = cut(data, 100)
    assert all(text.endswith(b"\n") for text in texts)
    assert max(map(len, texts)) <= 100
    assert min(map(len, texts[:-1])) > 50


def test_long_lines_of_sequence_are_cut_anywhere() -> None:
    texts = cut(b">chr1\n" + b"A" * 1000, 100)
    assert [len(text) for text in texts] == [99] * 10 + [16]


def test_a_header_longer_than_a_segment_stays_whole() -> None:
    header = b">" + b"x" * 5000 + b"\n"
    assert cut(header + b"ACGT\n" * 3, 100) == [header, b"ACGT\n" * 3]


def test_a_header_without_end_is_cut_in_bounded_memory() -> None:
    texts = cut(b">" + b"x" * (3 * LONGEST_HEADER), 100)
    assert max(map(len, texts)) == LONGEST_HEADER + 100


@pytest.mark.parametrize(("length", "flags"), [(0, []), (99, [True]), (100, [False, True])])
def test_a_short_segment_is_known_to_be_the_last(length: int, flags: list[bool]) -> None:
    assert [last for _, last in cut_texts(io.BytesIO(b"A" * length), 100)] == flags
