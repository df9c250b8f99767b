"""The soft mask of a genome, predicted from its residues.

Lower case usually marks what a program such as WindowMasker (Morgulis et al. 2006) found to be
repetitive: windows of five successive words of k residues whose mean count in the genome is high.
The residues, and so the counts, are known before the case is decoded, so the mask is largely known
as well. The 381,934 runs of the first chromosome of A. thaliana take 322 kB as numbers and 97 kB
here.

For every letter, one bit says whether the case changes there. Eight contexts predict it from the
scores of the windows around the letter and the lengths of the current and the previous run. Both
strands of a word count as the same word.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import MARGIN, BitStream
from acgz.coding.logistic import FRESH, code_bit, code_mixed, hashed, learned
from acgz.kernel import allocating_kernel
from acgz.layout.symbols import Symbols

MOST_WORD = 14
"""Longest k. Counts of its words take 256 MiB."""

_WINDOW = 5
_CONTEXTS = 8
_WEIGHT = 18000
_RATE = 16
_LIMIT = 1023
_SLOTS = 1 << 22
_FEW = 24  # counts are also summed up to this, as WindowMasker does, beside their logarithms

_RARENESS = np.array(
    [0] + [(count**16).bit_length() - 1 for count in range(1, 256)], dtype=np.int64
)
"""16 log2(count), rounded down, for counts up to 255 (which stands for all above)."""

_VALUES = np.full(256, 4, dtype=np.uint8)
_VALUES[list(b"ACGTU")] = 0, 1, 2, 3, 3

_BATCH = 4096
"""Words that are looked up together."""

# Places in the kernel's memory:
_LOWER, _RUN, _RUN_BEFORE, _RUNS = range(4)


def word_length(symbols: Symbols) -> int:
    """The k to predict the mask with, or 0 where that is not promising.

    A word should occur less than once by chance, and the table of counts be no larger than the
    text for long texts.
    """
    count = symbols.count
    if symbols.case.size < 256 or symbols.case.size * 2000 < count:
        return 0
    return most_word(count)


def most_word(count: int) -> int:
    """The longest k that is allowed for ``count`` symbols: as small a table as is promising."""
    enough = (count.bit_length() - 1) // 2 + 1
    return min(max(enough, 8), MOST_WORD if count >= 1 << 28 else MOST_WORD - 1)


def code_mask(
    stream: BitStream, text: NDArray[np.uint8], case: NDArray[np.int64], word: int
) -> None:
    """Encode the runs of ``case`` along ``text`` (all in upper case), or fill them when decoding.

    ``word`` is k, in [1, MOST_WORD]. Decoding with other residues than encoding does not fail, but
    fills ``case`` with something else.
    """
    logs = np.zeros(text.size, dtype=np.uint8)
    sums = np.zeros(text.size, dtype=np.uint8)
    counts = np.zeros((1 << (2 * word)) + 1, dtype=np.uint8)
    keys = np.zeros(_BATCH, dtype=np.int64)
    _score(text, word, _VALUES, _RARENESS, counts, keys, keys[:3].copy(), logs, sums)
    del counts
    memory = np.zeros(4, dtype=np.int64)
    room = np.zeros((3, _CONTEXTS), dtype=np.int64)
    slots = np.full(_SLOTS, FRESH, dtype=np.uint32)
    gates = np.full(512, FRESH, dtype=np.uint32)
    weights = np.full((128, _CONTEXTS), _WEIGHT, dtype=np.int64)
    if stream.decoding:
        case.fill(0)
    at = 0
    while at < text.size:
        at = int(
            _code(
                stream.state,
                stream.data,
                stream.decoding,
                text,
                at,
                case,
                word,
                logs,
                sums,
                slots,
                gates,
                weights,
                memory,
                room,
            )
        )
        stream.settle()


@allocating_kernel
def _find_words(text, begin, word, values, state, keys):
    """The keys of the words that end at the letters from ``begin`` on, until ``keys`` is full.

    A key is the lesser of a word and its inverse; that of an incomplete word is ``4**word``.
    ``state`` is (word, inverse, letters since the last that is none of A, C, G, T).
    """
    top = 2 * (word - 1)
    none = np.int64(1) << (2 * word)
    forward, backward, size = state[0], state[1], state[2]
    for i in range(min(keys.size, text.size - begin)):
        residue = np.int64(values[text[begin + i]])
        forward = ((forward << 2) | (residue & 3)) & (none - 1)
        backward = (backward >> 2) | ((3 - (residue & 3)) << top)
        size = size + 1 if residue < 4 else np.int64(0)
        keys[i] = min(forward, backward) if size >= word else none
    state[0], state[1], state[2] = forward, backward, size


@allocating_kernel
def _score(text, word, values, rareness, counts, keys, state, logs, sums):
    """Count all words; then score the window that begins at every letter.

    The score in ``logs`` is a quarter of the sum of 16 log2(count), in ``sums`` the sum of
    min(count, _FEW), over the window's words; 0 if a word is incomplete. ``counts`` are
    ``4**word + 1`` zeros; ``keys`` is room for the words of a part of the text: found before they
    are counted, so that the processor can wait for many places of the table at a time.
    """
    for turn in range(2):
        for i in range(3):
            state[i] = 0
        for begin in range(0, text.size, keys.size):
            _find_words(text, begin, word, values, state, keys)
            for i in range(min(keys.size, text.size - begin)):
                count = counts[keys[i]]
                if turn == 0:
                    counts[keys[i]] = count + np.uint8(count < 255)
                elif begin + i >= word - 1:
                    logs[begin + i - word + 1] = count
        counts[counts.size - 1] = 0  # incomplete words
    for begin in range(text.size):
        log = np.int64(0)
        few = np.int64(0)
        for at in range(begin, begin + _WINDOW):
            count = np.int64(logs[at]) if at < text.size else np.int64(0)
            if count == 0:
                log = np.int64(0)
                few = np.int64(0)
                break
            log += rareness[count]
            few += count if count < _FEW else _FEW
        logs[begin] = log >> 2
        sums[begin] = few


@allocating_kernel
def _highest(scores, begin, stop):
    """Highest of the scores from ``begin`` to before ``stop``, as far as there are any."""
    best = np.uint8(0)
    for score in scores[max(begin, 0) : min(stop, scores.size)]:
        if score > best:
            best = score
    return np.int64(best)


@allocating_kernel
def _doublings(value):
    size = np.int64(0)
    while value > 0:
        value >>= 1
        size += 1
    return size


@allocating_kernel
def _set_contexts(keys, at, word, logs, sums, memory):
    """Hash what is known before letter ``at`` into the ``keys``; return the row of weights."""
    run = memory[_RUN]
    lengths = min(_doublings(run), 15) * 32 + _doublings(memory[_RUN_BEFORE])
    here = np.int64(logs[at])
    few = np.int64(sums[at])
    soon = _highest(logs, at + 1, at + 17) >> 1
    if memory[_LOWER] == 0:  # lower case begins with a window that begins here
        before = np.int64(logs[at - 1]) if at else np.int64(0)
        few_before = np.int64(sums[at - 1]) if at else np.int64(0)
        near = _highest(logs, at + 1, at + 5) >> 1
        keys[0] = hashed(np.int64(1), here)
        keys[1] = hashed(np.int64(2), few * 4 + min(run, 3))
        keys[2] = hashed(np.int64(3), (here >> 1) * 128 + near)
        keys[3] = hashed(np.int64(4), (here >> 1) * 128 + soon)
        keys[4] = hashed(np.int64(5), (here >> 1) * 1024 + lengths)
        keys[5] = hashed(np.int64(6), ((here >> 1) * 128 + near) * 128 + (before >> 1))
        keys[6] = hashed(np.int64(7), few * 128 + (here >> 1))
        keys[7] = hashed(np.int64(8), few * 128 + few_before)
        return min(_doublings(run), 15)
    # upper case begins where the last window that covers the letter before has ended
    reach = word + _WINDOW - 1
    full = np.int64(1) if run >= reach else np.int64(0)
    over = _highest(logs, at - reach + 1, at + 1)
    few_over = _highest(sums, at - reach + 1, at + 1)
    gone = max(at - reach, 0)
    ended = np.int64(logs[gone]) >> 1
    oldest = np.int64(logs[min(gone + 1, logs.size - 1)]) >> 1
    keys[0] = hashed(np.int64(9), over * 64 + min(run, 63))
    keys[1] = hashed(np.int64(10), few_over * 64 + min(run, reach))
    keys[2] = hashed(np.int64(11), ((over >> 1) * 128 + (here >> 1)) * 2 + full)
    keys[3] = hashed(np.int64(12), min(run, 4095))
    keys[4] = hashed(np.int64(13), (over >> 1) * 1024 + lengths)
    keys[5] = hashed(np.int64(14), (few_over * 128 + sums[gone]) * 2 + full)
    keys[6] = hashed(np.int64(15), ((over >> 1) * 128 + soon) * 2 + full)
    keys[7] = hashed(np.int64(16), (oldest * 128 + ended) * 64 + min(run, 63))
    return 16 + min(run, 63)


@allocating_kernel
def _code(
    state, data, decoding, text, start, case, word, logs, sums, slots, gates, weights, memory, room
):  # fmt: skip
    """Code letters from ``start`` on; return where it stopped."""
    keys, places, inputs = room[0], room[1], room[2]
    for at in range(start, text.size):
        position = np.int64(state[2])
        if position > (data.size + MARGIN if decoding else data.size - MARGIN):
            return at
        run = memory[_RUN]
        if 65 <= text[at] <= 90:
            runs = memory[_RUNS]
            bit = np.int64(not decoding and runs < case.size and run == case[runs])
            # Most letters are far from any change; one slot then says all there is to say.
            gate = np.int64(logs[at])
            if memory[_LOWER]:
                gate = 256 + min(run, 255)
            slot = np.int64(gates[gate])
            if slot < 1 << 22 and (slot & 1023) >= 255:
                bit = code_bit(state, data, max(slot >> 16, 1), bit, decoding)
            else:
                row = _set_contexts(keys, at, word, logs, sums, memory)
                for k in range(_CONTEXTS):
                    places[k] = hashed(keys[k], np.int64(0)) & (slots.size - 1)
                bit = code_mixed(
                    state, data, decoding, bit, places, inputs, slots, weights, row,
                    np.int64(_RATE), np.int64(_LIMIT),
                )  # fmt: skip
            gates[gate] = learned(gates[gate], bit, np.int64(_LIMIT))
            if bit:
                if decoding:
                    if runs == case.size:
                        return text.size
                    case[runs] = run
                memory[_RUNS] += 1
                memory[_RUN_BEFORE] = run
                memory[_LOWER] ^= 1
                run = np.int64(0)
        memory[_RUN] = run + 1
    return text.size
