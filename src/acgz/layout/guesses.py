"""Two guesses of the next text line, made from the two lines before it.

A guess is the previous line with its numbers carried on: in the first guess by one, in the second
by as much as they changed last time, and only numbers that have changed. So a list of accession
numbers costs little more than its irregularities.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import inline_kernel, kernel

LONGEST = 4096
"""Bytes of a line that guesses reach."""

_DIGITS = 15
"""Of one number; more could overflow."""
_NEWLINE = 10


class Guesses(NamedTuple):
    """Two guesses at the line that comes, and how far it has followed them."""

    lines: NDArray[np.uint8]
    """(2, LONGEST)"""
    sizes: NDArray[np.int64]
    """(2,): bytes of each."""
    at: NDArray[np.int64]
    """(2,): the place of the next byte."""
    right: NDArray[np.int64]
    """(2,): bytes right since the last that was wrong."""


def new_guesses() -> Guesses:
    """Guesses of the first line: none."""
    return Guesses(np.zeros((2, LONGEST), np.uint8), *np.zeros((3, 2), np.int64))


@kernel
def guess(guesses, kind, history, begins):
    """Guess the line after the one that begins at ``begins[1]``; before it is ``begins[2]``.

    Every number in the line is compared with the number of the same rank in the line before. If
    they differ, the guess has the number plus one (kind 0) or plus the difference (kind 1).
    """
    line = guesses.lines[kind]
    size = np.int64(0)
    at = begins[1]
    other = begins[2]
    while history[at] != _NEWLINE and size < LONGEST - 20:
        if not _is_digit(history[at]):
            line[size] = history[at]
            size += 1
            at += 1
            continue
        number, stop = _number(history, at, history.size)
        while other < begins[1] and not _is_digit(history[other]):
            other += 1
        before, other_stop = _number(history, other, begins[1])
        if other_stop > other and number != before:
            number = max(number + (1 if kind == 0 else number - before), 0)
        size = _write_number(line, size, number, stop - at)
        at = stop
        other = other_stop
    guesses.sizes[kind] = size
    guesses.at[kind] = 0
    guesses.right[kind] = 0


@inline_kernel
def _number(history, begin, stop):
    """The number that begins at ``begin``, of the digits before ``stop``, and where it ends."""
    number = np.int64(0)
    at = begin
    while at < stop and at < begin + _DIGITS and _is_digit(history[at]):
        number = number * 10 + history[at] - 48
        at += 1
    return number, at


@inline_kernel
def _write_number(line, size, number, width):
    """Write a number in ``width`` digits, or one more if it needs it; return the line's size."""
    top = np.int64(1)
    for _ in range(width):
        top *= 10
    if number >= top:
        width += 1
    for k in range(width):
        line[size + width - 1 - k] = 48 + number % 10
        number //= 10
    return size + width


@kernel
def follow(guesses, kind, byte):
    """Move the place in a guess past what was ``byte``."""
    line = guesses.lines[kind]
    at = guesses.at[kind]
    size = guesses.sizes[kind]
    if at < size and line[at] == byte:
        guesses.at[kind] += 1
        guesses.right[kind] += 1
        return
    guesses.right[kind] = 0
    if at == size:
        return
    if is_wordy(byte):
        if is_wordy(np.int64(line[at])):
            guesses.at[kind] += 1
    else:  # the guess goes on after its own next delimiter of this kind, if it has one
        while at < size and line[at] != byte:
            at += 1
        if at < size:
            guesses.at[kind] = at + 1


@inline_kernel
def is_wordy(byte):
    """Letters, digits and whatever is not ASCII make words."""
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte >= 128


@inline_kernel
def _is_digit(byte):
    return 48 <= byte <= 57
