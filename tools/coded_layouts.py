"""Layouts of hostile numbers, coded as a writer would: they get past the range coder."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream
from acgz.coding.runs import MAX_VALUE, code_numbers
from acgz.layout.text import code_lines
from mutation import NUMBERS

_WORDS = (0,) * 12 + (1, 2, 5, 7, 8, 8, 9, 13, 1 << 39)


def coded_layouts(choose: random.Random) -> Iterator[bytes]:
    """For ever, for the target `layout`: residues, limit of the text, layout."""
    while True:
        count, most = choose.randrange(256), choose.choice((0, 1, 20, 255))
        yield bytes([count, most]) + b"\1" + _layout(choose)


def _layout(choose: random.Random) -> bytes:
    """A layout whose tables have the sizes that it says, or nearly always."""
    lines = choose.choice((0, 0, 1, 2, 3))
    sizes = [choose.choice((0, 0, 1, 3, 3, choose.randrange(12))) for _ in range(5)]
    if choose.random() < 0.8:  # only sizes that are possible
        sizes[0] |= int(sizes[0] > 0)
        sizes[2] -= sizes[2] % 3
    word = choose.choice(_WORDS)
    counts = [lines, choose.choice((0,) * 4 + (1,) * 5 + (2,)), *sizes, word]
    if choose.random() < 0.1:
        counts[choose.randrange(len(counts))] = _number(choose)
    stream = BitStream()
    code_numbers(stream, np.array(counts, dtype=np.int64), len(counts))
    code_lines(stream, _lines(lines, choose), lines)
    code_numbers(stream, _numbers(sizes[0], choose, 3), 2)
    groups = _numbers(3 * lines + 3, choose, 50)
    breaks = np.cumsum(groups[0:-3:3])
    code_numbers(stream, groups, 3)
    code_numbers(stream, _numbers(sizes[1], choose, 9), 2)
    code_numbers(stream, _numbers(sizes[2], choose, 200), 3, breaks=breaks, symbol_column=1)
    code_numbers(stream, _numbers(sizes[3], choose, 50), 2)
    if word:
        return stream.finish() + choose.randbytes(choose.randrange(60))
    code_numbers(stream, _numbers(sizes[4], choose, 50), 2, breaks=breaks)
    return stream.finish()


def _number(choose: random.Random) -> int:
    """Small, or any."""
    small = (0, 1, 2, 3, choose.randrange(70), choose.randrange(5000))
    return min(choose.choice((*small, choose.choice(NUMBERS))), MAX_VALUE)


def _numbers(count: int, choose: random.Random, below: int) -> NDArray[np.int64]:
    """So many numbers, more often than not ``below`` what makes sense."""
    numbers = np.array([_number(choose) for _ in range(count)], dtype=np.int64)
    return numbers % below if choose.random() < 0.7 else numbers


def _lines(count: int, choose: random.Random) -> NDArray[np.uint8]:
    """So many text lines, of any bytes."""
    names = (choose.randbytes(choose.randrange(30)).replace(b"\n", b"") for _ in range(count))
    return np.frombuffer(b"".join(b">" + name + b"\n" for name in names), dtype=np.uint8)
