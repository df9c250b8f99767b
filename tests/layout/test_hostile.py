"""Whatever a layout says: join returns a text of allowed size or says what is wrong."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_texts import TEXTS, damaged, fasta_texts, join_or_refuse, letters, with_lower_case

from acgz.codec import Job
from acgz.coding.bitstream import BitStream
from acgz.coding.runs import MAX_VALUE, code_numbers
from acgz.errors import DamagedError, LimitError, TruncatedError
from acgz.layout import join, outline, split
from acgz.layout.text import code_lines
from conftest import fasta


@pytest.mark.slow
def test_both_ways_to_code_the_case_are_among_the_texts() -> None:
    words = []
    for name in ("runs", "masked"):
        counts = np.zeros(8, dtype=np.int64)
        code_numbers(BitStream(split(TEXTS[name]).layout[1:]), counts, 8)
        words.append(int(counts[7]))
    assert words == [0, 9]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_damaged_layout_is_refused_or_a_text(text: bytes) -> None:
    parts = split(text)
    layouts = list(damaged(parts.layout))
    for layout in layouts if len(layouts) < 1000 else random.Random(4).sample(layouts, 200):
        join_or_refuse(parts.residues, layout, len(text))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_residues_that_belong_to_another_layout_are_refused_or_a_text(text: bytes) -> None:
    parts = split(text)
    count = parts.residues.size
    for residues in (parts.residues[:-1], np.zeros(count, np.uint8), np.zeros(count + 1, np.uint8)):
        join_or_refuse(residues, parts.layout, len(text))
    other = np.full(count, 255, dtype=np.uint8)  # no codec returns that
    join_or_refuse(other, parts.layout, len(text))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_larger_than_allowed_is_damage(text: bytes) -> None:
    parts = split(text)
    for size in (0, 1, len(text) // 2, len(text) - 1):
        with pytest.raises(DamagedError):
            join(parts.residues, parts.layout, max_size=size)
    assert join(parts.residues, parts.layout, max_size=10 * len(text)) == text


@given(
    st.binary(max_size=200), st.integers(0, 300), st.integers(0, 2000), st.sampled_from(b"\0\1\2")
)
@settings(max_examples=300)
def test_garbage_is_refused_or_a_text(layout: bytes, count: int, size: int, kind: int) -> None:
    residues = np.arange(count, dtype=np.uint8) % 4
    join_or_refuse(residues, bytes([kind]) + layout, size)
    join_or_refuse(residues, layout, size)


FIELDS = st.one_of(
    st.sampled_from([0, 1, 2, 3]),
    st.integers(0, 70),
    st.integers(0, 300),
    st.integers(0, MAX_VALUE),
)


@given(st.data())
@settings(max_examples=300)
def test_well_coded_nonsense_is_refused_or_a_text(data: st.DataObject) -> None:
    """Hostile numbers, coded as a writer would: they get past the range coder."""
    lines = data.draw(st.integers(0, 3))
    sizes = [data.draw(st.integers(0, 7)) for _ in range(5)]
    word = data.draw(st.sampled_from([0, 0, 1, 8, 9, 1 << 39]))
    counts = [lines, data.draw(st.integers(0, 1)), *sizes, word]

    def numbers(count: int) -> np.ndarray:  # type: ignore[type-arg]
        return np.array(
            [min(data.draw(FIELDS), (1 << 40) - 2) for _ in range(count)], dtype=np.int64
        )

    stream = BitStream()
    code_numbers(stream, np.array(counts, dtype=np.int64), 8)
    code_lines(stream, np.frombuffer(b">a\n" * lines, dtype=np.uint8), lines)
    code_numbers(stream, numbers(sizes[0]), 2)
    code_numbers(stream, numbers(3 * lines + 3), 3)
    code_numbers(stream, numbers(sizes[1]), 2)
    code_numbers(stream, numbers(sizes[2]), 3, symbol_column=1)
    code_numbers(stream, numbers(sizes[3]), 2)
    code_numbers(stream, numbers(sizes[4]), 2)
    layout = b"\1" + stream.finish()
    residues = np.arange(data.draw(st.integers(0, 300)), dtype=np.uint8) % 4
    join_or_refuse(residues, layout, data.draw(st.sampled_from([0, 10, 400, 3000])))


def test_zstd_frames_that_promise_or_hide_a_large_text_are_refused() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(50_000_000))
    hidden = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(50_000_000))
    nothing = np.zeros(0, dtype=np.uint8)
    for frame in (bomb, hidden, bomb + b"\0", b"", bomb[:20], b"\x50\x2a\x4d\x18\x04\0\0\0abcd"):
        with pytest.raises(DamagedError):
            join(nothing, b"\0" + frame, max_size=10_000)


def test_a_cut_layout_of_many_bytes_says_that_it_ends_too_early() -> None:
    text = with_lower_case(letters(20_000))
    parts = split(text)
    assert len(parts.layout) > 400
    with pytest.raises(TruncatedError):
        join(parts.residues, parts.layout[:200], max_size=len(text))


def test_residues_where_none_belong_are_damage() -> None:
    for name in ("verbatim", "stored"):
        with pytest.raises(DamagedError):
            join(np.zeros(1, np.uint8), split(TEXTS[name]).layout, max_size=1000)


# Outlines


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_outline_has_the_headers_and_lines_of_the_text(text: bytes) -> None:
    """The masked one too, whose case cannot be decoded without the residues."""
    parts = split(text)
    found = outline(parts.residues.size, parts.layout, max_size=len(text))
    if not parts.residues.size:
        assert found == text
        return
    assert len(found) == len(text)
    lines, expected = found.splitlines(), text.splitlines()
    assert [len(line) for line in lines] == [len(line) for line in expected]
    for line, other in zip(lines, expected, strict=True):
        if other[:1] in b">;":
            assert line == other
        else:
            assert line == other.upper().translate(bytes.maketrans(b"CGTU", b"AAAA"))


@given(fasta_texts())
def test_outline_has_the_length_of_any_text(text: bytes) -> None:
    parts = split(text)
    assert len(outline(parts.residues.size, parts.layout, max_size=len(text))) == len(text)


def counted(*counts: int) -> bytes:
    """A layout that announces tables and has none."""
    stream = BitStream()
    code_numbers(stream, np.array(counts, dtype=np.int64), 8)
    return b"\1" + stream.finish()


def refuse_impossible_counts() -> None:
    """Layouts that announce tables of up to 10**12 numbers."""
    text = b">a\n" + b"ACGTTGCANN" * 200
    parts = split(text)
    for place in range(8):
        for value in (10**4, 10**6, 10**9, 10**12):
            counts = [0] * 8
            counts[place] = value
            join_or_refuse(parts.residues, counted(*counts), len(text))


def memory_of(task: Callable[[], None]) -> int:
    """Bytes that it takes at most, once it has been compiled."""
    task()
    tracemalloc.start()
    task()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_impossible_counts_take_no_memory() -> None:
    assert memory_of(refuse_impossible_counts) < 10_000_000  # a million numbers are 8,000,000


NOTHING = np.zeros(0, dtype=np.uint8)
CLAIMS = {
    "numbers": counted(0, 0, 0, 0, 30_000_000, 0, 0, 0),
    "text lines": counted(9_000_000, 0, 0, 0, 0, 0, 0, 0),
    "words": counted(0, 0, 0, 0, 0, 0, 300, 13),
    "text": counted(0, 0, 0, 0, 0, 0, 0, 0),
    "zstd": b"\0" + zstandard.ZstdCompressor().compress(bytes(60_000_000)),
}


@pytest.mark.parametrize("layout", CLAIMS.values(), ids=CLAIMS)
def test_all_that_a_layout_claims_counts_against_the_memory_limit(layout: bytes) -> None:
    """Before any of it is taken: tables, models, the text itself."""
    job = Job(memory_limit=50_000_000)

    def refuse() -> None:
        for read in (lambda: join(NOTHING, layout, max_size=60_000_000, job=job),
                     lambda: outline(0, layout, max_size=60_000_000, job=job)):  # fmt: skip
            with pytest.raises(LimitError, match="memory"):
                read()

    assert memory_of(refuse) < 5_000_000


LONG_TEXTS = {
    "records": fasta(*[300] * 400, width=60),
    "case": with_lower_case(letters(100_000)),
    "text lines": b">a\n" * 30_000 + letters(100_000),
    "others": letters(100_000).replace(b"AC", b"NC"),
    "uneven lines": letters(100_000).replace(b"AC", b"A\nC"),
}


@pytest.mark.parametrize("text", LONG_TEXTS.values(), ids=LONG_TEXTS)
def test_reading_takes_no_more_memory_than_is_counted(text: bytes) -> None:
    parts = split(text)
    assert parts.residues.size
    with pytest.raises(LimitError, match="needs") as refusal:
        join(parts.residues, parts.layout, max_size=len(text), job=Job(memory_limit=0))
    counted_bytes = int("".join(filter(str.isdigit, str(refusal.value).split("bytes")[0])))

    def read() -> None:
        assert join(parts.residues, parts.layout, max_size=len(text)) == text

    assert memory_of(read) <= counted_bytes < 100_000_000


def test_a_small_text_needs_little_memory() -> None:
    for text in TEXTS.values():
        parts = split(text)
        job = Job(memory_limit=(20 if text is TEXTS["masked"] else 3) << 20)
        assert join(parts.residues, parts.layout, max_size=len(text), job=job) == text
