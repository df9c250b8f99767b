"""Header lines, coded byte by byte with mixed contexts.

Twelve contexts predict each bit of a line: the last one to six bytes, the word so far and the word
before it, the field and the place in it, the longest match in what came before, and two *guesses*
of the whole line. A guess is the previous line with its numbers carried on, either by one if they
changed last time, or by as much as they changed last time; so a list of accession numbers costs
little more than its irregularities.

The model starts out having read PRIMER, so that a single usual header is already short.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from acgz.coding.bitstream import MARGIN, BitStream
from acgz.coding.logistic import FRESH, code_mixed, hashed
from acgz.coding.runs import code_number
from acgz.errors import DamagedError
from acgz.kernel import allocating_kernel

# Part of the format: changing a byte of it changes what every archive decodes to.
PRIMER: Final = b"""\
>ENA|U00096|U00096.3 Escherichia coli str. K-12 substr. MG1655, complete genome.
>chrUn_KI270302v1
>chr2
>chr3
>NODE_1_length_412370_cov_35.627711
>NODE_2_length_267414_cov_31.204417
>scaffold_1
>contig_1
>1 dna:chromosome chromosome:GRCh38:1:1:248956422:1 REF
>2 dna:chromosome chromosome:GRCh38:2:1:242193529:1 REF
>MT dna:chromosome chromosome:GRCh38:MT:1:16569:1 REF
>gi|9626372|ref|NC_001422.1| Enterobacteria phage phiX174, complete genome
>gi|251831106|ref|NC_012920.1| Homo sapiens mitochondrion, complete genome
>AF347015.1 Homo sapiens isolate mitochondrion, complete genome
>MN908947.3 Severe acute respiratory syndrome coronavirus 2 isolate Wuhan-Hu-1, complete genome
>JAAAAA010000001.1 Klebsiella pneumoniae strain contig00001, whole genome shotgun sequence
>NZ_CP009273.1 Escherichia coli BW25113 strain K-12 chromosome, complete genome
>NZ_CP009274.1 Salmonella enterica subsp. enterica serovar Typhimurium str. LT2 plasmid pSLT, complete sequence
>NC_000913.3 Escherichia coli str. K-12 substr. MG1655 chromosome, complete genome
>NW_003315905.1 Mus musculus strain C57BL/6J chromosome 1 unlocalized genomic scaffold, GRCm39
>NC_000020.11 Homo sapiens chromosome 20, GRCh38.p14 Primary Assembly
>NC_008394.4 Oryza sativa Japonica Group cultivar Nipponbare chromosome 1 sequence
>NC_003424.3 Schizosaccharomyces pombe strain 972h- chromosome I, complete sequence
>NC_000001.1 Drosophila melanogaster chromosome 2L
>chr1
"""  # noqa: E501

_CONTEXTS = 12
_WEIGHT = 10000  # of 65536, for each of twelve inputs
_LIMIT = 255
_RATE = 70
_NEWLINE = 10
_GUESSED = 4096
"""Bytes of a line that guesses reach."""

# Places in the kernel's memory, an int64 array:
_LINES = 0  # 0, 1, 2: where the current line, the previous and the one before it begin
_WORD = 3  # hash of the word so far
_WORD_BEFORE = 4
_FIELD = 5  # number of the field in the line
_FIELD_PLACE = 6  # bytes of it so far
_MATCH = 7  # the place in the history that the longest match predicts from; 0: none
_MATCHED = 8  # its length in bytes
_ENDS = 9  # line ends so far
_AIMS = 10  # for both guesses: the next byte's place, the guess's size, bytes right since a miss
_MEMORY = 16


def code_lines(
    stream: BitStream, text: bytes | None, lines: int, *, max_size: int = 1 << 40
) -> bytes:
    """Encode ``lines`` lines, each ended by a newline, or decode and return them.

    Raises
    ------
    DamagedError, TruncatedError
        When decoding nonsense, or more than ``max_size`` bytes.
    """
    if lines == 0:
        return b""
    history = np.frombuffer(PRIMER + (text or b""), dtype=np.uint8).copy()
    known = len(PRIMER)
    grade = code_number(stream, _grade(history.size))
    if grade > _grade(known + max_size):
        raise DamagedError("layout: header lines of an impossible size")
    bits = 18 + grade
    model = (
        np.full(1 << bits, FRESH, dtype=np.uint32),
        np.full((1024, _CONTEXTS), _WEIGHT, dtype=np.int64),
        np.zeros((2, _GUESSED), dtype=np.uint8),
        np.zeros(1 << 16, dtype=np.int64),
        np.zeros(_MEMORY, dtype=np.int64),
        np.zeros((4, _CONTEXTS), dtype=np.int64),
    )
    memory = model[-2]
    # Reading the primer is coding it into nothing: what it writes is thrown away.
    scratch = BitStream()
    scratch.data = np.zeros(2 * known + MARGIN, dtype=np.uint8)
    _code(scratch.state, scratch.data, False, history[:known], 0, 1 << 40, *model)
    memory[_ENDS] = 0
    at = known
    while memory[_ENDS] < lines:
        if stream.decoding and at == history.size:
            if at - known >= max_size:
                raise DamagedError("layout: the header lines are longer than the text")
            history = np.concatenate([history, np.zeros(min(at, max_size), dtype=np.uint8)])
        at = int(_code(stream.state, stream.data, stream.decoding, history, at, lines, *model))
        stream.settle()
    return history[known:at].tobytes()


def _grade(size: int) -> int:
    """Doublings of the model that so many bytes of history deserve."""
    return min(max(size.bit_length() - 12, 0), 6)


@allocating_kernel
def _code(
    state, data, decoding, history, start, lines, slots, weights, guesses, recent, memory, room
):  # fmt: skip
    """Code ``history`` from ``start`` on, until ``lines`` lines have ended; return where it stopped."""  # noqa: E501
    keys, bases, places, inputs = room[0], room[1], room[2], room[3]
    for at in range(start, history.size):
        written = np.int64(state[2])
        most = data.size + MARGIN if decoding else data.size - MARGIN
        if written > most or memory[_ENDS] >= lines:
            return at
        weight_row = _set_contexts(keys, history, at, guesses, memory)
        value = node = np.int64(1)
        for place in range(7, -1, -1):
            # the slots of four bits are neighbours: a context misses the cache twice per byte
            if place == 7 or place == 3:
                node = np.int64(1)
                for k in range(_CONTEXTS):
                    bases[k] = hashed(keys[k], value) & (slots.size - 16)
            for k in range(_CONTEXTS):
                places[k] = bases[k] + node
            bit = np.int64((history[at] >> place) & 1)
            bit = code_mixed(
                state, data, decoding, bit, places, inputs, slots,
                weights, weight_row * 8 + place, np.int64(_RATE), np.int64(_LIMIT),
            )  # fmt: skip
            value = 2 * value + bit
            node = 2 * node + bit
        if decoding:
            history[at] = value - 256
        _remember(history, at, guesses, recent, memory)
    return history.size


@allocating_kernel
def _set_contexts(keys, history, at, guesses, memory):
    """Hash what is known before byte ``at`` into the ``keys``; return the row of weights."""
    past = np.int64(0)
    for k in range(1, 7):
        if at >= k:
            past = past | (np.int64(history[at - k]) << (8 * (k - 1)))
    aim0 = memory[_AIMS]
    aim1 = memory[_AIMS + 3]
    guess0 = np.int64(guesses[0, aim0]) if aim0 < memory[_AIMS + 1] else np.int64(0)
    guess1 = np.int64(guesses[1, aim1]) if aim1 < memory[_AIMS + 4] else np.int64(0)
    right0 = min(memory[_AIMS + 2], 15)
    right1 = min(memory[_AIMS + 5], 15)
    matched = min(memory[_MATCHED], 15)
    match = np.int64(history[memory[_MATCH]]) if memory[_MATCH] else np.int64(0)
    keys[0] = hashed(np.int64(1), past & 0xFF)
    keys[1] = hashed(np.int64(2), past & 0xFFFF)
    keys[2] = hashed(np.int64(3), past & 0xFFFFFF)
    keys[3] = hashed(np.int64(4), past & 0xFFFFFFFF)
    keys[4] = hashed(hashed(np.int64(5), past & 0xFFFFFF), past >> 24)
    keys[5] = hashed(hashed(np.int64(6), memory[_WORD]), past & 0xFF)
    keys[6] = hashed(hashed(np.int64(7), memory[_WORD]), memory[_WORD_BEFORE])
    keys[7] = hashed(hashed(np.int64(8), memory[_FIELD]), memory[_FIELD_PLACE] * 256 + guess0)
    keys[8] = hashed(np.int64(9), (guess0 * 16 + right0) * 256 + (past & 0xFF))
    keys[9] = hashed(np.int64(10), (guess1 * 256 + guess0) * 16 + right1)
    keys[10] = hashed(hashed(np.int64(11), memory[_FIELD]), past & 0xFFFF)
    keys[11] = hashed(np.int64(12), match * 16 + matched)
    trust = min(right0, 3) * 4 + min(right1, 3)
    return trust * 8 + (matched + 1) // 2 if matched < 14 else trust * 8 + 7


@allocating_kernel
def _remember(history, at, guesses, recent, memory):
    """Take byte ``at`` into the memory."""
    byte = np.int64(history[at])
    if byte == _NEWLINE:
        memory[_LINES + 2] = memory[_LINES + 1]
        memory[_LINES + 1] = memory[_LINES]
        memory[_LINES] = at + 1
        memory[_ENDS] += 1
        memory[_WORD] = 0
        memory[_WORD_BEFORE] = 0
        memory[_FIELD] = 0
        memory[_FIELD_PLACE] = 0
        for k in range(2):
            size = _guess(history, memory[_LINES + 1], memory[_LINES + 2], guesses[k], k)
            memory[_AIMS + 3 * k] = 0
            memory[_AIMS + 3 * k + 1] = size
            memory[_AIMS + 3 * k + 2] = 0
    else:
        if _is_wordy(byte):
            memory[_WORD] = hashed(memory[_WORD], byte + 1)
            memory[_FIELD_PLACE] += 1
        else:
            if memory[_WORD]:
                memory[_WORD_BEFORE] = memory[_WORD]
            memory[_WORD] = 0
            memory[_FIELD] += 1
            memory[_FIELD_PLACE] = 0
        for k in range(2):
            _follow(guesses[k], byte, memory[_AIMS + 3 * k : _AIMS + 3 * k + 3])
    if memory[_MATCH] and np.int64(history[memory[_MATCH]]) == byte:
        memory[_MATCH] += 1
        memory[_MATCHED] += 1
    else:
        memory[_MATCH] = 0
        memory[_MATCHED] = 0
    if at >= 4:
        key = np.int64(0)
        for k in range(5):
            key = hashed(key, np.int64(history[at - k]))
        key >>= 16
        if memory[_MATCH] == 0:
            memory[_MATCH] = recent[key]
            memory[_MATCHED] = 0
        recent[key] = at + 1


@allocating_kernel
def _is_wordy(byte):
    """Letters, digits and whatever is not ASCII make words."""
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte >= 128


@allocating_kernel
def _is_digit(byte):
    return 48 <= byte <= 57


@allocating_kernel
def _follow(guess, byte, aim):
    """Move the ``aim`` (place, size, bytes right) in a guess past what was ``byte``."""
    if aim[0] >= aim[1]:
        aim[2] = 0
    elif guess[aim[0]] == byte:
        aim[0] += 1
        aim[2] += 1
    else:
        aim[2] = 0
        if _is_wordy(byte):
            if _is_wordy(np.int64(guess[aim[0]])):
                aim[0] += 1
        else:  # the guess goes on after its own next delimiter of this kind, if it has one
            place = aim[0]
            while place < aim[1] and guess[place] != byte:
                place += 1
            if place < aim[1]:
                aim[0] = place + 1


@allocating_kernel
def _guess(history, line, before, guess, kind):
    """Write a guess of the line after ``line``; return its size.

    Every number in the line is compared with the number of the same rank in the line
    ``before``. If they differ, the guess has the number plus one (kind 0) or plus the
    difference (kind 1).
    """
    size = np.int64(0)
    at = line
    other = before
    while history[at] != _NEWLINE and size < _GUESSED - 20:
        if not _is_digit(history[at]):
            guess[size] = history[at]
            size += 1
            at += 1
            continue
        begin = at
        number = np.int64(0)
        while _is_digit(history[at]) and at < begin + 15:
            number = number * 10 + history[at] - 48
            at += 1
        while other < line and not _is_digit(history[other]):
            other += 1
        other_begin = other
        previous = np.int64(0)
        while other < line and _is_digit(history[other]) and other < other_begin + 15:
            previous = previous * 10 + history[other] - 48
            other += 1
        if other > other_begin and number != previous:
            number += 1 if kind == 0 else number - previous
        if number < 0:
            number = np.int64(0)
        width = at - begin
        top = np.int64(10)
        for _ in range(width - 1):
            top *= 10
        if number >= top:
            width += 1
        for k in range(width):
            guess[size + width - 1 - k] = 48 + number % 10
            number //= 10
        size += width
    return size
