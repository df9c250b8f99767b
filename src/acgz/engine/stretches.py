"""Stretches: where a copy has been right for long, many residues are one event.

In a collection of alike genomes nearly every residue is what the best copy says. To ask all
experts about each of them takes time and gains nothing. So up to 32 residues are coded together:
either all are as the best copy says, or one is not, and then which one, and what stands there
instead.

How often a residue is not as expected is counted by three things: how long the best copy has been
right, how much is said against it by other copies, and what stood in its column, where there are
columns (`columns`). A stretch ends before a residue that is too often wrong, or would be if nothing
were said against it, which is left to the experts. What comes of that is counted, too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.engine import copies
from acgz.engine.columns import depth, inherited
from acgz.engine.copies import UNKNOWN
from acgz.engine.correction import PRECISION
from acgz.engine.simd import count_ones
from acgz.kernel import inline_kernel

LEAST, MOST = 2, 32
"""Residues of a stretch."""
RUNS, VOTES, RIGHT, OTHERS = 8, 9, 5, 6
"""Classes of the best pointer's run, of what is said against it, and of how often in its column
what it says stood, and other residues."""
CLASSES = RUNS * VOTES * RIGHT * OTHERS
_AGAINST = (0.0, 1.0, 2.0, 3.5, 5.0, 8.0, 12.0, 20.0)
"""A class begins above each of these sums of votes."""
_FIRST = 128
"""Residues to one error before any was seen, where nothing else was said or stood there; half as
many for each step of these classes. Too few at first are better than too many."""
_FULL = 1 << 20
"""So many residues of a class count half from now on."""
_NONE = 4
"""Stands for "nothing else was seen in this column"."""
_ALL = 1 << PRECISION


class Stretches(NamedTuple):
    """What is known of errors, and the stretch that begins."""

    long: int
    """One begins where a pointer has been right so many times in a row."""
    risk: int
    """It ends before a residue of which more than one in so many is not as expected."""
    residues: NDArray[np.int64]
    """(CLASSES,): residues of each class."""
    errors: NDArray[np.int64]
    """(CLASSES,): how many of them were not as expected, and one."""
    instead: NDArray[np.int64]
    """(5 * 4 * 4,): how often s came where k was expected and o stood most, at 16 o + 4 k + s."""
    expected: NDArray[np.int64]
    """(MOST,): the residues of the stretch."""
    kind: NDArray[np.int64]
    """(MOST,): their classes."""
    counts: NDArray[np.int64]
    """(MOST,): their columns."""
    against: NDArray[np.float32]
    """(MOST,): the votes of pointers that say something else."""
    error: NDArray[np.float32]
    """(MOST,): how often such a residue is not as expected."""
    weight: NDArray[np.int64]
    """(MOST,): how likely each is the one that is wrong; scratch."""
    best: NDArray[np.int64]
    """(2,): where the best pointer is, and its step."""
    apart: NDArray[np.int64]
    """(2,): class of the next residue alone (-1: none), and what is expected."""


def make(risk: int, long: int) -> Stretches:
    """Nothing is known yet."""
    scratch = [np.zeros(MOST, np.int64) for _ in range(4)]
    floats = [np.zeros(MOST, np.float32) for _ in range(2)]
    votes, others = np.ogrid[:VOTES, :OTHERS]
    first = np.maximum(_FIRST >> votes + others, 2).astype(np.int64)
    return Stretches(
        long=long,
        risk=risk,
        residues=np.tile(np.tile(first, (1, RIGHT)).ravel(), RUNS),
        errors=np.ones(CLASSES, np.int64),
        instead=np.ones(5 * 4 * 4, np.int64),
        expected=scratch[0],
        kind=scratch[1],
        counts=scratch[2],
        against=floats[0],
        error=floats[1],
        weight=scratch[3],
        best=np.zeros(2, np.int64),
        apart=np.full(2, -1, np.int64),
    )


@inline_kernel
def begins(s, c, columns, known, begin, i, last):
    """Residues of the stretch that begins at ``i`` and ends before ``last``; 0: there is none.

    `notice` has to come first.
    """
    if s.apart[0] < 0 or _too_risky(s, s.apart[0]):
        return np.int64(0)
    return np.int64(_prepare(s, c, columns, known, begin, i, last))


@inline_kernel
def _too_risky(s, kind):
    """Whether residues of a class are not as expected too often."""
    return s.errors[kind] * s.risk > s.residues[kind]


@inline_kernel
def _prepare(s, c, columns, known, begin, i, last):
    """`begins` where the first residue is no risk; writes down what is expected."""
    length = min(last - i, np.int64(MOST))
    for j in range(c.size[0]):
        length = min(length, _room(c, known, begin, i, j))
    if length < LEAST:
        return np.int64(0)
    s.best[0] = c.best[2]
    s.best[1] = c.best[3]
    word = copies.coming(c.packed, s.best[0], s.best[1])
    run = _run_class(c.best[0] // 33)
    for k in range(length):
        expected = np.int64((word >> np.uint64(62 - 2 * k)) & np.uint64(3))
        counts = np.int64(0)
        if columns.size > 0:
            counts = inherited(columns, s.best[0] + k * s.best[1], s.best[1])
        kind = _class(run, np.float32(0.0), counts, expected)
        if _too_risky(s, kind):
            length = np.int64(k)
            break
        s.expected[k] = expected
        s.kind[k] = kind
        s.counts[k] = counts
    if length < LEAST:
        return np.int64(0)
    _hear(s, c, word, length)
    s.kind[0] = s.apart[0]
    for k in range(length):
        if k > 0:
            s.kind[k] += _votes_class(s.against[k]) * (RIGHT * OTHERS)
        kind = s.kind[k]
        if _too_risky(s, kind):
            return np.int64(k if k >= LEAST else 0)
        s.error[k] = np.float32(s.errors[kind]) / np.float32(s.residues[kind])
    return length


@inline_kernel
def _room(c, known, begin, i, j):
    """How many of the next residues a pointer can speak about."""
    at = c.at[j]
    step = c.step[j]
    low = at if step > 0 else at - MOST + 1
    if low >= begin and low + MOST <= i:
        return np.int64(MOST)
    room = np.int64(0)
    while room < MOST and at >= 0 and at < known.size and known[at] != UNKNOWN:
        room += 1
        at += step
    return room


@inline_kernel
def _hear(s, c, word, length):
    """Add up what pointers say against ``word``, the next residues after the best of them.

    Only of the first ``length`` of its 32; what is said against the first of them `notice` knows.
    """
    over = np.uint64(64 - 2 * length)
    for k in range(MOST):
        s.against[k] = np.float32(0.0)
    for j in range(c.size[0]):
        differ = copies.mismatches(copies.coming(c.packed, c.at[j], c.step[j]), word)
        differ = differ >> over << over
        while differ != np.uint64(0):
            lowest = differ & (~differ + np.uint64(1))
            s.against[31 - (np.int64(count_ones(lowest - np.uint64(1))) >> 1)] += c.vote[c.kind[j]]
            differ ^= lowest


@inline_kernel
def _run_class(bucket):
    """Runs up to 23, 31, 39, 47, 63, 127, 255, and more."""
    return (
        np.int64(bucket >= 18)
        + np.int64(bucket >= 20)
        + np.int64(bucket >= 21)
        + np.int64(bucket >= 22)
        + np.int64(bucket >= 24)
        + np.int64(bucket >= 28)
        + np.int64(bucket >= 32)
    )


@inline_kernel
def _votes_class(against):
    """Class of what is said against a residue."""
    votes = np.int64(0)
    if against > np.float32(0.0):
        for k in range(VOTES - 1):
            votes += np.int64(against > np.float32(_AGAINST[k]))
    return votes


@inline_kernel
def _class(run, against, counts, expected):
    """Class of a residue."""
    votes = _votes_class(against)
    right = (counts >> (4 * expected)) & 15
    other = depth(counts) - right
    stood = np.int64(right > 0) + np.int64(right > 1) + np.int64(right > 3) + np.int64(right > 7)
    others = (
        np.int64(other > 0)
        + np.int64(other > 1)
        + np.int64(other > 2)
        + np.int64(other > 4)
        + np.int64(other > 7)
    )
    return ((run * VOTES + votes) * RIGHT + stood) * OTHERS + others


@inline_kernel
def _other(counts, expected):
    """What stood most often in a column besides what is expected; of equals, the first."""
    other = np.int64(_NONE)
    most = np.int64(0)
    for r in range(4):
        count = (counts >> (4 * r)) & 15
        if r != expected and count > most:
            most = count
            other = np.int64(r)
    return other


@inline_kernel
def code(s, residues, i, length, stream, coder, decoding):
    """Encode or decode the stretch at ``i``: returns its residues, and whether the last is wrong.

    Also returns the frequency of what stands there, if it is.
    """
    done = np.int64(length)
    wrong = False
    right = _all_right(s, length)
    if decoding:
        wrong = np.int64(range_coder.target(coder, PRECISION)) >= right
    else:
        for k in range(length):
            if not wrong and np.int64(residues[i + k]) != s.expected[k]:
                wrong = True
                done = np.int64(k + 1)
    share = np.int64(_ALL)
    if wrong:
        _code(coder, stream, right, _ALL - right, decoding)
        done = _code_place(s, length, done, stream, coder, decoding)
        share = _code_other(s, residues, i, done - 1, stream, coder, decoding)
    else:
        _code(coder, stream, np.int64(0), right, decoding)
    for k in range(done - np.int64(wrong)):
        residues[i + k] = s.expected[k]
    return done, wrong, share


@inline_kernel
def _code(coder, stream, start, frequency, decoding):
    if decoding:
        range_coder.advance(coder, stream, start, frequency, PRECISION)
    else:
        range_coder.encode(coder, stream, start, frequency, PRECISION)


@inline_kernel
def _all_right(s, length):
    """Frequency of a stretch without an error: what it would be residue by residue, at most."""
    chance = np.float32(1.0)
    for k in range(length):
        chance *= np.float32(1.0) - s.error[k]
    whole = np.int64(chance * np.float32(_ALL))
    return min(max(whole, np.int64(1)), _ALL - 3 * length)


@inline_kernel
def _code_place(s, length, done, stream, coder, decoding):
    """Which residue of a stretch is the wrong one; returns those up to it."""
    total = np.int64(0)
    for k in range(length):
        s.weight[k] = np.int64(s.error[k] * np.float32(_ALL)) + 1
        total += s.weight[k]
    point = np.int64(0)
    if decoding:
        point = np.int64(range_coder.target(coder, PRECISION))
    start = np.int64(0)
    for k in range(length):
        frequency = s.weight[k] * (_ALL - MOST) // total + 1
        if k == length - 1:
            frequency = _ALL - start
        if (point < start + frequency) if decoding else (done == k + 1):
            _code(coder, stream, start, frequency, decoding)
            return np.int64(k + 1)
        start += frequency
    return np.int64(length)


@inline_kernel
def _code_other(s, residues, i, k, stream, coder, decoding):
    """What stands at ``i + k`` where another residue was expected; returns its frequency."""
    expected = s.expected[k]
    row = 16 * _other(s.counts[k], expected) + 4 * expected
    total = np.int64(0)
    last = np.int64(0)
    for r in range(4):
        if r != expected:
            total += s.instead[row + r]
            last = np.int64(r)
    point = np.int64(0)
    came = np.int64(residues[i + k])
    if decoding:
        point = np.int64(range_coder.target(coder, PRECISION))
    start = np.int64(0)
    frequency = np.int64(0)
    for r in range(4):
        if r != expected:
            frequency = (s.instead[row + r] << PRECISION) // total
            if r == last:
                frequency = _ALL - start
            if (point < start + frequency) if decoding else (came == r):
                came = np.int64(r)
                break
            start += frequency
    _code(coder, stream, start, frequency, decoding)
    residues[i + k] = came
    s.instead[row + came] += 1
    if s.instead[row + came] > 255:
        for r in range(4):
            s.instead[row + r] = (s.instead[row + r] + 1) >> 1
    return frequency


@inline_kernel
def price(s, i, done, wrong, share, shares):
    """Lay the cost of a stretch on its residues, as `engine.run` does for others.

    ``share``: frequency of the last one among those that are not expected, if it is wrong.
    """
    for k in range(done):
        error = np.int64(s.error[k] * np.float32(_ALL))
        frequency = _ALL - error
        if wrong and k == done - 1:
            frequency = error * share >> PRECISION
        shares[i + k] = max(frequency, np.int64(1))


@inline_kernel
def learn(s, done, wrong):
    """Count the residues of a stretch."""
    for k in range(done):
        _count(s, s.kind[k], wrong and k == done - 1)


@inline_kernel
def _count(s, kind, mistaken):
    s.residues[kind] += 1
    s.errors[kind] += np.int64(mistaken)
    if s.residues[kind] > _FULL:
        s.residues[kind] >>= 1
        s.errors[kind] = max(s.errors[kind] >> 1, np.int64(1))


@inline_kernel
def notice(s, c, columns, votes):
    """Note the class of the next residue; ``votes``: as `copies.predict`, which comes first."""
    s.apart[0] = -1
    if c.best[0] < 0 or c.longest[0] < s.long:
        return
    expected = c.best[1]
    against = np.float32(0.0)
    for r in range(4):
        if r != expected:
            against += votes[r]
    counts = np.int64(0)
    if columns.size > 0:
        counts = inherited(columns, c.best[2], c.best[3])
    s.apart[0] = _class(_run_class(c.best[0] // 33), against, counts, expected)
    s.apart[1] = expected


@inline_kernel
def visit(s, residue):
    """Count a residue that was left to the experts."""
    if s.apart[0] >= 0:
        _count(s, s.apart[0], s.apart[1] != residue)
