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

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream, must_settle
from acgz.coding.logistic import FRESH, code_bit, code_mixed, hashed, learned, new_mixer
from acgz.kernel import inline_kernel, kernel
from acgz.layout.symbols import Symbols
from acgz.layout.words import WINDOW, score

MOST_WORD = 14
"""Longest k. Counts of its words take 256 MiB."""

MOST_MASKED = 1 << 29
"""Symbols of which the mask is predicted. It takes three times their memory, which is more than
readers allow unasked for texts that are much longer."""

_CONTEXTS = 8
_WEIGHT = 18000
_RATE = 16
_LIMIT = 1023
_SLOTS = 1 << 22
_GATES = 512


class Runs(NamedTuple):
    """The runs of upper and lower case, and how far they are coded; single numbers are (1,)."""

    lengths: NDArray[np.int64]
    """(n,): of all runs but the last, read or written."""
    ended: NDArray[np.int64]
    """Runs that have ended; lower case is when it is odd."""
    now: NDArray[np.int64]
    """Length of the current run so far."""
    before: NDArray[np.int64]
    """Length of the run before."""
    gates: NDArray[np.uint32]
    """(512,): a slot for each score in upper case, then one for each length in lower case."""


def word_length(symbols: Symbols) -> int:
    """The k to predict the mask with, or 0 where that is not promising.

    A word should occur less than once by chance, and the table of counts be no larger than the
    text for long texts.
    """
    size = symbols.size
    runs = symbols.case.size
    if runs < 256 or runs * 2000 < size or size > MOST_MASKED:
        return 0
    return most_word(size)


def most_word(size: int) -> int:
    """The longest k that is allowed for ``size`` symbols: as small a table as is promising."""
    enough = (size.bit_length() - 1) // 2 + 1
    return min(max(enough, 8), MOST_WORD if size >= 1 << 28 else MOST_WORD - 1)


def mask_memory(size: int, word: int) -> int:
    """Bytes that coding the case of ``size`` symbols takes, the symbols themselves included."""
    return 3 * size + 4**word + 4 * _SLOTS


def code_mask(
    stream: BitStream, text: NDArray[np.uint8], case: NDArray[np.int64], word: int
) -> None:
    """Encode the runs of ``case`` along ``text`` (all in upper case), or fill them when decoding.

    ``word`` is k, in [1, MOST_WORD]. Decoding with other residues than encoding does not fail, but
    fills ``case`` with something else.
    """
    scores = score(text, word)
    mixer = new_mixer(_SLOTS, (128, _CONTEXTS), _WEIGHT, _LIMIT)
    ended, now, before = np.zeros((3, 1), dtype=np.int64)
    runs = Runs(case, ended, now, before, np.full(_GATES, FRESH, dtype=np.uint32))
    if stream.decoding:
        case.fill(0)
    stream.drive(lambda start: int(_code(stream.bits, mixer, runs, text, scores, start)), text.size)


@kernel
def _code(bits, mixer, runs, text, scores, start):
    """Code letters from ``start`` on; return where it stopped."""
    for at in range(start, text.size):
        if must_settle(bits):
            return at
        if 65 <= text[at] <= 90:
            count = runs.ended[0]
            if _code_change(bits, mixer, runs, scores, at):
                if bits.decoding:
                    if count == runs.lengths.size:
                        return text.size
                    runs.lengths[count] = runs.now[0]
                runs.ended[0] += 1
                runs.before[0] = runs.now[0]
                runs.now[0] = 0
        runs.now[0] += 1
    return text.size


@inline_kernel
def _code_change(bits, mixer, runs, scores, at):
    """Code and return a bit: does a new run begin with letter ``at``?

    Most letters are far from any change. One slot, the gate, then says all there is to say.
    """
    count = runs.ended[0]
    lower = count & 1
    bit = np.int64(0)
    if not bits.decoding and count < runs.lengths.size:
        bit = np.int64(runs.now[0] == runs.lengths[count])
    gate = 256 + min(runs.now[0], 255) if lower else np.int64(scores.logs[at])
    slot = np.int64(runs.gates[gate])
    if slot < 1 << 22 and (slot & 1023) >= 255:
        bit = code_bit(bits, max(slot >> 16, 1), bit)
    else:
        if lower:
            row = _set_lower_contexts(mixer.keys, at, scores, runs)
        else:
            row = _set_upper_contexts(mixer.keys, at, scores, runs)
        for k in range(_CONTEXTS):
            mixer.places[k] = hashed(mixer.keys[k], np.int64(0)) & (_SLOTS - 1)
        bit = code_mixed(bits, mixer, bit, row, np.int64(_RATE))
    runs.gates[gate] = learned(runs.gates[gate], bit, np.int64(_LIMIT))
    return bit


@kernel
def _set_upper_contexts(keys, at, scores, runs):
    """Hash what is known in upper case before letter ``at``; return the row of weights.

    Lower case begins with a window that begins here.
    """
    run = runs.now[0]
    here = np.int64(scores.logs[at])
    few = np.int64(scores.sums[at])
    near = _highest(scores.logs, at + 1, at + 5) >> 1
    before = np.int64(scores.logs[at - 1]) if at else np.int64(0)
    few_before = np.int64(scores.sums[at - 1]) if at else np.int64(0)
    keys[0] = hashed(np.int64(1), here)
    keys[1] = hashed(np.int64(2), few * 4 + min(run, 3))
    keys[2] = hashed(np.int64(3), (here >> 1) * 128 + near)
    keys[3] = hashed(np.int64(4), (here >> 1) * 128 + _soon(scores, at))
    keys[4] = hashed(np.int64(5), (here >> 1) * 1024 + _lengths(runs))
    keys[5] = hashed(np.int64(6), ((here >> 1) * 128 + near) * 128 + (before >> 1))
    keys[6] = hashed(np.int64(7), few * 128 + (here >> 1))
    keys[7] = hashed(np.int64(8), few * 128 + few_before)
    return min(_doublings(run), 15)


@kernel
def _set_lower_contexts(keys, at, scores, runs):
    """Hash what is known in lower case before letter ``at``; return the row of weights.

    Upper case begins where the last window that covers the letter before has ended.
    """
    run = runs.now[0]
    logs, sums = scores.logs, scores.sums
    reach = scores.word + WINDOW - 1
    full = np.int64(1) if run >= reach else np.int64(0)
    over = _highest(logs, at - reach + 1, at + 1)
    few = _highest(sums, at - reach + 1, at + 1)
    gone = max(at - reach, 0)
    ended = np.int64(logs[gone]) >> 1
    oldest = np.int64(logs[min(gone + 1, logs.size - 1)]) >> 1
    here = np.int64(logs[at]) >> 1
    keys[0] = hashed(np.int64(9), over * 64 + min(run, 63))
    keys[1] = hashed(np.int64(10), few * 64 + min(run, reach))
    keys[2] = hashed(np.int64(11), ((over >> 1) * 128 + here) * 2 + full)
    keys[3] = hashed(np.int64(12), min(run, 4095))
    keys[4] = hashed(np.int64(13), (over >> 1) * 1024 + _lengths(runs))
    keys[5] = hashed(np.int64(14), (few * 128 + sums[gone]) * 2 + full)
    keys[6] = hashed(np.int64(15), ((over >> 1) * 128 + _soon(scores, at)) * 2 + full)
    keys[7] = hashed(np.int64(16), (oldest * 128 + ended) * 64 + min(run, 63))
    return 16 + min(run, 63)


@inline_kernel
def _soon(scores, at):
    """The highest score of the windows that begin within 16 letters after this one."""
    return _highest(scores.logs, at + 1, at + 17) >> 1


@inline_kernel
def _lengths(runs):
    """Magnitudes of the current run and the run before."""
    return min(_doublings(runs.now[0]), 15) * 32 + _doublings(runs.before[0])


@inline_kernel
def _highest(scores, begin, stop):
    """Highest of the scores from ``begin`` to before ``stop``, as far as there are any."""
    best = np.uint8(0)
    for one in scores[max(begin, 0) : min(stop, scores.size)]:
        best = max(best, one)
    return np.int64(best)


@inline_kernel
def _doublings(value):
    """Binary digits of ``value``."""
    size = np.int64(0)
    while value > 0:
        value >>= 1
        size += 1
    return size
