"""Header lines, coded byte by byte with mixed contexts.

Twelve contexts predict each bit of a line: the last one to six bytes, the word so far and the word
before it, the field and the place in it, the longest match in what came before, and two guesses of
the whole line (`acgz.layout.guesses`).

The model starts out having read a primer, so that a single usual header is already short.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import MARGIN, Bits, BitStream, must_settle
from acgz.coding.logistic import code_mixed, hashed, new_mixer
from acgz.coding.range_coder import new_encoder
from acgz.coding.runs import code_number
from acgz.errors import DamagedError
from acgz.kernel import inline_kernel, kernel
from acgz.layout.guesses import Guesses, follow, guess, is_wordy, new_guesses
from acgz.layout.primer import PRIMER

_CONTEXTS = 12
_WEIGHT = 10000  # of 65536, for each of twelve inputs
_LIMIT = 255
_RATE = 70
_NEWLINE = 10
_MOST_GRADE = 6


class Past(NamedTuple):
    """What contexts know of the bytes so far; single numbers are arrays of one."""

    lines: NDArray[np.int64]
    """Lines that have ended."""
    begins: NDArray[np.int64]
    """(3,): where the current line begins, the one before it, and the one before that."""
    word: NDArray[np.int64]
    """Hash of the word so far; 0 if there is none."""
    word_before: NDArray[np.int64]
    field: NDArray[np.int64]
    """(2,): number of the field in the line, and bytes of it so far."""
    match: NDArray[np.int64]
    """(2,): the place that the longest match predicts from (0: none), and the match's length."""
    recent: NDArray[np.int64]
    """(65536,): the place after the last five bytes of each hash."""
    guesses: Guesses


def code_lines(
    stream: BitStream, text: NDArray[np.uint8] | None, lines: int, *, max_size: int = 1 << 40
) -> NDArray[np.uint8]:
    """Encode ``text``, so many lines, each ended by a newline, or decode and return it.

    Raises
    ------
    DamagedError, TruncatedError
        When decoding nonsense, or more than ``max_size`` bytes.
    """
    if lines == 0:
        return np.zeros(0, dtype=np.uint8)
    primer = np.frombuffer(PRIMER, dtype=np.uint8)
    history = primer.copy() if text is None else np.concatenate([primer, text])
    grade = code_number(stream, _grade(history.size))
    if grade > _grade(primer.size + max_size):
        raise DamagedError("layout: header lines of an impossible size")
    mixer = new_mixer(1 << (18 + grade), (1024, _CONTEXTS), _WEIGHT, _LIMIT)
    past = _nothing()
    # Reading the primer is coding it into nothing: what it writes is thrown away.
    nowhere = Bits(new_encoder(), np.zeros(2 * primer.size + MARGIN, dtype=np.uint8), False)
    _code(nowhere, mixer, past, history[: primer.size], 0, 1 << 40)
    past.lines[0] = 0
    at = primer.size
    while past.lines[0] < lines:
        if stream.decoding and at == history.size:
            if at - primer.size >= max_size:
                raise DamagedError("layout: the header lines are longer than the text")
            grown = np.zeros(min(2 * at, primer.size + max_size), dtype=np.uint8)
            grown[:at] = history
            history = grown
        at = int(_code(stream.bits, mixer, past, history, at, lines))
        stream.settle()
    return history[primer.size : at]


def _nothing() -> Past:
    """What is known before the first byte."""
    lines, word, word_before = np.zeros((3, 1), dtype=np.int64)
    field, match = np.zeros((2, 2), dtype=np.int64)
    recent = np.zeros(1 << 16, dtype=np.int64)
    begins = np.zeros(3, dtype=np.int64)
    return Past(lines, begins, word, word_before, field, match, recent, new_guesses())


def lines_memory(max_size: int) -> int:
    """Bytes that decoding text lines of at most ``max_size`` bytes takes."""
    return 2 * max_size + (4 << (18 + _grade(len(PRIMER) + max_size))) + (1 << 20)


def _grade(size: int) -> int:
    """Doublings of the model that so many bytes of history deserve."""
    return min(max(size.bit_length() - 12, 0), _MOST_GRADE)


@kernel
def _code(bits, mixer, past, history, start, lines):
    """Code bytes from ``start`` on, until so many lines have ended; return where it stopped."""
    for at in range(start, history.size):
        if must_settle(bits) or past.lines[0] >= lines:
            return at
        row = _set_contexts(mixer.keys, history, at, past)
        byte = _code_byte(bits, mixer, np.int64(history[at]), row)
        if bits.decoding:
            history[at] = byte
        _learn(history, at, past)
        _find_match(history, at, past)
    return history.size


@inline_kernel
def _code_byte(bits, mixer, byte, row):
    """Code a byte, its highest bit first; return it.

    The slots of four bits are neighbours: a context misses the processor's cache twice a byte.
    """
    value = node = np.int64(1)
    for number in range(7, -1, -1):
        if number == 7 or number == 3:
            node = np.int64(1)
            for k in range(_CONTEXTS):
                base = hashed(mixer.keys[k], value) & (mixer.slots.size - 16)
                mixer.places[k] = base + node
        bit = code_mixed(bits, mixer, (byte >> number) & 1, row * 8 + number, np.int64(_RATE))
        for k in range(_CONTEXTS):
            mixer.places[k] += node + bit  # from node to 2 * node + bit
        node = 2 * node + bit
        value = 2 * value + bit
    return value - 256


@kernel
def _set_contexts(keys, history, at, past):
    """Hash what is known before byte ``at`` into the ``keys``; return the row of weights."""
    last = np.int64(0)  # six bytes, the latest one lowest
    for k in range(min(at, 6), 0, -1):
        last = (last << 8) | np.int64(history[at - k])
    guess0, right0 = _expected(past.guesses, 0)
    guess1, right1 = _expected(past.guesses, 1)
    place = past.match[0]
    matched = min(past.match[1], 15)
    match = np.int64(history[place]) if place else np.int64(0)
    word = past.word[0]
    field = past.field[0]
    keys[0] = hashed(np.int64(1), last & 0xFF)
    keys[1] = hashed(np.int64(2), last & 0xFFFF)
    keys[2] = hashed(np.int64(3), last & 0xFFFFFF)
    keys[3] = hashed(np.int64(4), last & 0xFFFFFFFF)
    keys[4] = hashed(hashed(np.int64(5), last & 0xFFFFFF), last >> 24)
    keys[5] = hashed(hashed(np.int64(6), word), last & 0xFF)
    keys[6] = hashed(hashed(np.int64(7), word), past.word_before[0])
    keys[7] = hashed(hashed(np.int64(8), field), past.field[1] * 256 + guess0)
    keys[8] = hashed(np.int64(9), (guess0 * 16 + right0) * 256 + (last & 0xFF))
    keys[9] = hashed(np.int64(10), (guess1 * 256 + guess0) * 16 + right1)
    keys[10] = hashed(hashed(np.int64(11), field), last & 0xFFFF)
    keys[11] = hashed(np.int64(12), match * 16 + matched)
    return (4 * min(right0, 3) + min(right1, 3)) * 8 + min((matched + 1) // 2, 7)


@inline_kernel
def _expected(guesses, kind):
    """The byte that a guess has next (0 at its end), and how much it is to be trusted, 0..15."""
    at = guesses.at[kind]
    byte = np.int64(guesses.lines[kind, at]) if at < guesses.sizes[kind] else np.int64(0)
    return byte, min(guesses.right[kind], 15)


@kernel
def _learn(history, at, past):
    """Take byte ``at`` into what is known of the line and the lines before."""
    byte = np.int64(history[at])
    if byte == _NEWLINE:
        past.begins[2] = past.begins[1]
        past.begins[1] = past.begins[0]
        past.begins[0] = at + 1
        past.lines[0] += 1
        past.word[0] = 0
        past.word_before[0] = 0
        past.field[0] = 0
        past.field[1] = 0
        for kind in range(2):
            guess(past.guesses, kind, history, past.begins)
        return
    if is_wordy(byte):
        past.word[0] = hashed(past.word[0], byte + 1)
        past.field[1] += 1
    else:
        if past.word[0]:
            past.word_before[0] = past.word[0]
        past.word[0] = 0
        past.field[0] += 1
        past.field[1] = 0
    for kind in range(2):
        follow(past.guesses, kind, byte)


@kernel
def _find_match(history, at, past):
    """Go on with the longest match after byte ``at``, or look for another one."""
    match = past.match
    if match[0] and history[match[0]] == history[at]:
        match[0] += 1
        match[1] += 1
    else:
        match[0] = 0
        match[1] = 0
    if at >= 4:
        key = np.int64(0)
        for k in range(5):
            key = hashed(key, np.int64(history[at - k]))
        key >>= 16
        if match[0] == 0:
            match[0] = past.recent[key]
            match[1] = 0
        past.recent[key] = at + 1
