"""Stretches: where copies have been right for long and all agree, many residues are one event.

In a collection of alike genomes nearly every residue is what the copies say. To ask all experts
about each of them takes time and gains nothing. So up to 32 residues are coded together: either
all are as the copies say, or one is not, and then which one, and what stands there instead. It
makes a collection up to eight times as fast.

Genomes of a kind differ at the same *sites*. So each residue keeps how often the copies that led
to it were wrong there (its *level*), and what else stood there. How often residues are wrong is
counted by the best copy's run, the size of the pool, and that level; a stretch ends before one
that is too often wrong, which is left to the experts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.engine import copies
from acgz.engine.copies import UNKNOWN
from acgz.engine.correction import PRECISION
from acgz.kernel import inline_kernel, kernel

LONG = 48
"""The best pointer has been right so many times in a row."""
LEAST = 8
MOST = 32
"""Residues of a stretch."""
ALIKE = 25
"""Sites are those of a copy that was right so often in the last 32 residues."""
LEVELS = 4
"""How often copies were wrong at a site: never, once, twice, more often."""
CLASSES = 32 * 4 * LEVELS
_FIRST = (2048, 256, 64, 32)
"""Residues of each level to one error, before any was seen."""
_FULL = 1 << 20
"""So many residues of a class count half from now on."""
_NONE = 4
"""Stands for "nothing else was seen at this site"."""
_ALL = 1 << PRECISION


class Stretches(NamedTuple):
    """What is known of errors, and the stretch that begins."""

    risk: int
    """A stretch ends before a residue of which more than one in so many is not as expected."""
    residues: NDArray[np.int64]
    """(CLASSES,): residues of each class in stretches."""
    errors: NDArray[np.int64]
    """(CLASSES,): how many of them were not as expected, and one."""
    instead: NDArray[np.int64]
    """(5 * 4 * 4,): how often s came where k was expected and o stood once, at 16 o + 4 k + s."""
    sites: NDArray[np.uint8]
    """(count,): level of each residue, and four times what else stood there."""
    expected: NDArray[np.int64]
    """(MOST,): the residues of the stretch."""
    kind: NDArray[np.int64]
    """(MOST,): their classes."""
    other: NDArray[np.int64]
    """(MOST,): what else stood there, or _NONE."""
    weight: NDArray[np.int64]
    """(MOST,): how likely each is the one that is wrong; scratch."""
    best: NDArray[np.int64]
    """(2,): where the best pointer is, and its step."""


def make(count: int, risk: int) -> Stretches:
    """Nothing is known of ``count`` residues."""
    scratch = [np.zeros(MOST, np.int64) for _ in range(4)]
    return Stretches(
        risk=risk,
        residues=np.tile(np.array(_FIRST, np.int64), CLASSES // LEVELS),
        errors=np.ones(CLASSES, np.int64),
        instead=np.ones(5 * 4 * 4, np.int64),
        sites=np.zeros(count, np.uint8),
        expected=scratch[0],
        kind=scratch[1],
        other=scratch[2],
        weight=scratch[3],
        best=np.zeros(2, np.int64),
    )


@inline_kernel
def begins(s, c, known, begin, i, last):
    """Residues of the stretch that begins at ``i`` and ends before ``last``; 0: there is none."""
    if c.longest[0] < LONG:
        return np.int64(0)
    return np.int64(_prepare(s, c, known, begin, i, last))


@kernel
def _prepare(s, c, known, begin, i, last):
    """`begins` where a pointer has been right for long; writes down what is expected."""
    size = c.size[0]
    best = 0
    rank = np.int64(-1)
    length = min(last - i, np.int64(MOST))
    for j in range(size):
        length = min(length, _room(c, known, begin, i, j))
        this = copies.rank(c, j)
        if this > rank:
            best = j
            rank = this
    if length < LEAST:
        return np.int64(0)
    word = _coming(c, best)
    differ = np.uint64(0)
    for j in range(size):
        differ |= _coming(c, j) ^ word
    some = 0 if size < 2 else (1 if size < 4 else (2 if size < 12 else 3))
    first = ((copies.run_bucket(rank >> 6) >> 1) * 4 + some) * LEVELS
    s.best[0] = c.at[best]
    s.best[1] = c.step[best]
    turned = 3 & (s.best[1] >> 1)
    for k in range(length):
        shift = np.uint64(62 - 2 * k)
        site = np.int64(s.sites[s.best[0] + k * s.best[1]])
        kind = first + (site & 3)
        unsure = (differ >> shift) & np.uint64(3) != np.uint64(0)
        if unsure or s.errors[kind] * s.risk > s.residues[kind]:
            return np.int64(k if k >= LEAST else 0)
        s.kind[k] = kind
        s.expected[k] = np.int64((word >> shift) & np.uint64(3))
        s.other[k] = (site >> 2) ^ turned if site > 0 else _NONE
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
def _coming(c, j):
    """What a pointer says of the next 32 residues, the first in the high bits."""
    at = c.at[j]
    if c.step[j] > 0:
        return copies.window(c.packed, at + MOST - 1)
    return ~_reversed(copies.window(c.packed, at))


@inline_kernel
def _reversed(word):
    """32 residues in the opposite order."""
    for shift, mask in (
        (2, 0x3333333333333333),
        (4, 0x0F0F0F0F0F0F0F0F),
        (8, 0x00FF00FF00FF00FF),
        (16, 0x0000FFFF0000FFFF),
    ):
        high = (word >> np.uint64(shift)) & np.uint64(mask)
        word = high | ((word & np.uint64(mask)) << np.uint64(shift))
    return (word >> np.uint64(32)) | (word << np.uint64(32))


@kernel
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
        kind = s.kind[k]
        chance *= np.float32(1.0) - np.float32(s.errors[kind]) / np.float32(s.residues[kind])
    whole = np.int64(chance * np.float32(_ALL))
    return min(max(whole, np.int64(1)), _ALL - 3 * length)


@inline_kernel
def _code_place(s, length, done, stream, coder, decoding):
    """Which residue of a stretch is the wrong one; returns those up to it."""
    total = np.int64(0)
    for k in range(length):
        kind = s.kind[k]
        s.weight[k] = (s.errors[kind] << PRECISION) // s.residues[kind] + 1
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
    row = 16 * s.other[k] + 4 * expected
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


@kernel
def price(s, i, done, wrong, share, shares):
    """Lay the cost of a stretch on its residues, as `engine.run` does for others.

    ``share``: frequency of the last one among those that are not expected, if it is wrong.
    """
    for k in range(done):
        kind = s.kind[k]
        error = (s.errors[kind] << PRECISION) // s.residues[kind]
        frequency = _ALL - error
        if wrong and k == done - 1:
            frequency = error * share >> PRECISION
        shares[i + k] = max(frequency, np.int64(1))


@kernel
def learn(s, i, done, wrong):
    """Count the residues of a stretch, and mark their sites."""
    for k in range(done):
        kind = s.kind[k]
        mistaken = wrong and k == done - 1
        s.residues[kind] += 1
        s.errors[kind] += np.int64(mistaken)
        if s.residues[kind] > _FULL:
            s.residues[kind] >>= 1
            s.errors[kind] = max(s.errors[kind] >> 1, np.int64(1))
        mark(s, i + k, s.best[0] + k * s.best[1], s.best[1], s.expected[k], mistaken)


@inline_kernel
def visit(s, c, i, residue):
    """Mark the site of a residue that is no part of a stretch; the pool knows nothing of it yet."""
    if c.best[0] >= 0 and c.best[0] % 33 >= ALIKE:
        mark(s, i, c.best[2], c.best[3], c.best[1], c.best[1] != residue)


@inline_kernel
def mark(s, i, at, step, expected, mistaken):
    """The site of residue ``i`` is that of the copy at ``at``, which may have been mistaken."""
    site = np.int64(s.sites[at])
    if mistaken:
        site = min((site & 3) + 1, LEVELS - 1) + 4 * expected
    elif site > 0 and step < 0:
        site ^= 12  # the complement of what else stood there
    s.sites[i] = np.uint8(site)
