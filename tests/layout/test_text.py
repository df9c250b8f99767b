"""Text lines come back, whatever they are, and usual headers are short."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acgz.coding.bitstream import BitStream
from acgz.coding.runs import code_number, code_numbers
from acgz.errors import DamagedError
from acgz.layout.text import code_lines


def coded_lines(text: bytes) -> bytes:
    stream = BitStream()
    code_lines(stream, np.frombuffer(text, dtype=np.uint8), text.count(b"\n"))
    return stream.finish()


def decoded_lines(data: bytes, count: int, max_size: int = 1 << 40) -> bytes:
    return code_lines(BitStream(data), None, count, max_size=max_size).tobytes()


@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=20))
def test_any_lines_come_back(lines: list[bytes]) -> None:
    text = b"".join(line + b"\n" for line in lines)
    assert decoded_lines(coded_lines(text), len(lines)) == text


LONG_LINES = {
    "a long line": b"x" * 10_000 + b"\n",
    "long random lines": b"".join(
        bytes(random.Random(7).choices(range(11, 256), k=5000)) + b"\n" for _ in range(5)
    ),
    "long numbers": b">" + b"9" * 6000 + b"\n>" + b"99999999999999999999 1" * 300 + b"\n",
    "numbers of all lengths": b"".join(b">%d %d\n" % (10**k - 1, 10**k) for k in range(30)),
    "falling numbers": b"".join(b"c%d.%03d\n" % (k, k % 1000) for k in range(3000, 0, -7)),
    "empty lines": b"\n" * 5000,
}


@pytest.mark.parametrize("text", LONG_LINES.values(), ids=LONG_LINES)
def test_awkward_lines_come_back(text: bytes) -> None:
    assert decoded_lines(coded_lines(text), text.count(b"\n")) == text


def test_counted_names_cost_next_to_nothing() -> None:
    names = b"".join(b">NODE_%d_length_%d\n" % (k, 90_000 - 7 * k) for k in range(1, 2001))
    assert len(coded_lines(names)) < 250


def test_a_usual_header_is_short() -> None:
    header = b">NC_000017.11 Homo sapiens chromosome 17, GRCh38.p14 Primary Assembly\n"
    assert len(coded_lines(header)) <= 15  # of 70


def test_lines_longer_than_allowed_are_damage() -> None:
    data = coded_lines(b"a header of forty bytes and a few of more\n" * 3)
    with pytest.raises(DamagedError):
        decoded_lines(data, 3, max_size=20)


def test_lines_and_tables_share_a_stream() -> None:
    text = b">one\n>two\n"
    table = np.arange(50, dtype=np.int64)
    stream = BitStream()
    code_number(stream, 5)
    code_lines(stream, np.frombuffer(text, dtype=np.uint8), 2)
    code_numbers(stream, table, 2)
    stream = BitStream(stream.finish())
    assert code_number(stream) == 5
    assert code_lines(stream, None, 2).tobytes() == text
    restored = np.zeros(50, dtype=np.int64)
    code_numbers(stream, restored, 2)
    assert restored.tolist() == table.tolist()


def test_lines_of_zeros_come_back() -> None:
    text = b"\0" * 30_000 + b"\n"
    assert decoded_lines(coded_lines(text), 1) == text


@given(st.binary(max_size=80), st.integers(1, 300))
def test_garbage_is_lines_or_damage(data: bytes, lines: int) -> None:
    try:
        text = decoded_lines(data, lines, max_size=3000)
    except DamagedError:
        return
    assert text.count(b"\n") == lines
