"""Repeat experts: pointers to earlier occurrences of what was just read, on either strand.

A pool of pointers, each predicting the residue after (or, reverse-complemented, before) an
earlier copy. A candidate is the last occurrence of the current k-mer, for a short k and a
longer one; it joins the pool only if enough of the 32 residues before it match, and leaves
when too few of its last 32 predictions were right. So a copy survives substitutions, and
chance k-mers never enter.

How far a pointer may be trusted is learned per class (matches among the last 32, current
run of matches); the votes of the pool enter the mixer in five forms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.exact.kernel import inline_kernel, kernel
from acgz.exact.logexp import log8
from acgz.exact.simd import count_ones, load, prefetch, splat, store

CLASSES = 33 * 8
"""33 counts of matches times 8 classes of the current run."""
RUNS = 64 * 33
REFRESH = 256
"""Votes follow the learned probabilities every so many residues."""
INPUTS = 5
"""Inputs of the mixer that come from the pool."""

_HASH = np.uint64(0x9E3779B97F4A7C15)
_EVEN = np.uint64(0x5555555555555555)
_LOW, _HIGH = np.float32(0.2), np.float32(0.9999)
_HIGH_RUN = np.float32(0.99999)
_RATE = np.float32(0.002)
_RUN_LIMIT = 2048
_MOST = np.int64(1) << 40


class Copies(NamedTuple):
    """The pool and its indexes; positions are in residues."""

    size: NDArray[np.int64]
    """(1,): pointers in the pool."""
    at: NDArray[np.int64]
    """(capacity,): the residue each pointer predicts with."""
    step: NDArray[np.int64]
    """+1: same strand; -1: reverse complement."""
    misses: NDArray[np.uint64]
    """Recent mismatches in the even bits, the newest lowest."""
    missed: NDArray[np.int64]
    """Their number."""
    run: NDArray[np.int64]
    """Matches since the last mismatch."""
    said: NDArray[np.int64]
    """What each pointer predicts now."""
    kind: NDArray[np.int64]
    """Its class now."""
    right: NDArray[np.float32]
    """(CLASSES,): how often pointers of a class are right."""
    vote: NDArray[np.float32]
    """(CLASSES,): their log odds against another residue, never negative."""
    odds: NDArray[np.float32]
    run_right: NDArray[np.float32]
    """(RUNS,): how often the pointer with the longest run is right."""
    run_seen: NDArray[np.int64]
    best: NDArray[np.int64]
    """(3,): class of the best pointer (-1: none), its residue, its run."""
    short: NDArray[np.int32]
    """Last position + 1 of every short k-mer."""
    long: NDArray[np.int32]
    """The same, hashed, of longer ones."""
    packed: NDArray[np.uint64]
    """All residues so far, 32 to a word, the first in the high bits."""
    waiting: NDArray[np.int64]
    """(2 * 4 + 3,): keys of inverted candidates on their way, then candidates."""
    settings: NDArray[np.int64]
    """short k, long k, most misses to enter, most misses to stay, log2 of ``long``."""


def make(
    capacity: int, count: int, short: int, long: int, long_bits: int, enter: int, stay: int
) -> Copies:
    """An empty pool for a sequence of ``count`` residues."""
    matches = np.repeat(np.arange(33), 8).astype(np.float32) / np.float32(32)
    right = np.float32(0.25) + np.float32(0.72) * (matches * matches)
    zeros = [np.zeros(capacity, np.int64) for _ in range(6)]
    return Copies(
        size=np.zeros(1, np.int64),
        at=zeros[0],
        step=zeros[1],
        misses=np.zeros(capacity, np.uint64),
        missed=zeros[2],
        run=zeros[3],
        said=zeros[4],
        kind=zeros[5],
        right=right,
        vote=np.zeros(CLASSES, np.float32),
        odds=np.zeros(CLASSES, np.float32),
        run_right=np.full(RUNS, 0.9, np.float32),
        run_seen=np.zeros(RUNS, np.int64),
        best=np.full(3, -1, np.int64),
        short=np.zeros(1 << 2 * short, np.int32),
        long=np.zeros(1 << long_bits, np.int32),
        packed=np.zeros((count >> 5) + 2, np.uint64),
        waiting=np.full(16, -1, np.int64),
        settings=np.array([short, long, enter, stay, long_bits], np.int64),
    )


@inline_kernel
def _class(missed, run):
    """Class of a pointer: matches among the last 32, and runs of 0, 1, 2, 3, 4, 8, 16, 32 up.

    Sums of comparisons instead of branches that nobody can predict.
    """
    kind = min(run, 4)
    kind += np.int64(run >= 8) + np.int64(run >= 16) + np.int64(run >= 32)
    return (32 - missed) * 8 + kind


@inline_kernel
def _run_bucket(run):
    """0..63: runs up to 15 each, then four buckets to an octave."""
    if run < 16:
        return run
    if run < 32:
        return 16 + ((run - 16) >> 2)
    octave = 5
    while (run >> octave) > 1:
        octave += 1
    return min(63, 20 + 4 * (octave - 5) + ((run >> (octave - 2)) & 3))


@kernel
def _refresh(c):
    """Votes and odds of every class from how often it was right."""
    one = splat(np.float32(1.0))
    for at in range(0, CLASSES, 8):
        right = load(c.right, at)
        odds = right / (one - right)
        store(c.odds, at, odds)
        store(c.vote, at, log8(odds * splat(np.float32(3.0))))
    for k in range(CLASSES):
        c.vote[k] = max(c.vote[k], np.float32(0.0))


@inline_kernel
def predict(c, residues, raw, votes, width, first, i):
    """Let every pointer vote.

    Writes weights to inputs ``first``, ``first + 1``, ``first + 2`` of ``raw`` (shape
    (4, width), before the logarithm), and log-scale sums and maxima to ``votes`` (8,).
    Returns 0..15, how good the best pointer is.
    """
    if i % REFRESH == 0:
        _refresh(c)
    for s in range(4):
        votes[s] = np.float32(0.0)
        votes[4 + s] = np.float32(0.0)
        raw[s * width + first] = np.float32(0.5)
        raw[s * width + first + 1] = np.float32(0.5)
        raw[s * width + first + 2] = np.float32(1.0)
    best = np.int64(-1)
    best_rank = np.int64(-1)
    for j in range(c.size[0]):
        # the complement of a two-bit residue is its exclusive or with 3
        base = np.int64(residues[c.at[j]]) ^ (3 & (c.step[j] >> 1))
        kind = c.kind[j]
        c.said[j] = base
        vote = c.vote[kind]
        votes[base] += vote
        votes[4 + base] = max(votes[4 + base], vote)
        raw[base * width + first] += c.odds[kind]
        raw[base * width + first + 1] += np.float32(1.0)
        rank = c.run[j] * 64 + 32 - c.missed[j]
        if rank > best_rank:
            best = j  # type: ignore[assignment]
            best_rank = rank
    if best < 0:
        c.best[0] = -1
        return 0
    bucket = _run_bucket(best_rank >> 6)
    kind = bucket * 33 + (best_rank & 63)
    base = c.said[best]
    c.best[0] = kind
    c.best[1] = base
    right = c.run_right[kind]
    wrong = (np.float32(1.0) - right) * np.float32(1.0 / 3.0)
    for s in range(4):
        raw[s * width + first + 2] = right if s == base else wrong
    if bucket < 16:
        return 1 + (bucket >> 1)
    return 1 + min(14, 8 + ((bucket - 16) >> 3))


@inline_kernel
def _window(packed, last):
    """The 32 residues that end at position ``last``, the newest in the low bits."""
    word = last >> 5
    over = np.uint64(2 * (31 - (last & 31)))
    if over == np.uint64(0):
        return packed[word]
    return (packed[word] >> over) | (packed[word - 1] << (np.uint64(64) - over))


@kernel
def _join(c, at, step, flags, missed):
    """Put a pointer into the pool, in place of the worst if it is full and not better."""
    size = c.size[0]
    for j in range(size):
        if c.at[j] == at and c.step[j] == step:
            return
    if step < 0:
        turned = np.uint64(0)
        for _ in range(32):
            turned = (turned << np.uint64(2)) | (flags & np.uint64(1))
            flags >>= np.uint64(2)
        flags = turned
    run = np.int64(0)
    while run < 32 and (flags >> np.uint64(2 * run)) & np.uint64(1) == np.uint64(0):
        run += 1
    place = size
    if size == c.at.size:
        place = 0
        for j in range(size):
            if c.missed[j] > c.missed[place]:
                place = j
        if missed > c.missed[place]:
            return
    else:
        c.size[0] = size + 1
    c.at[place] = at
    c.step[place] = step
    c.misses[place] = flags
    c.missed[place] = missed
    c.run[place] = run
    c.kind[place] = _class(missed, run)


@inline_kernel
def _try_forward(c, last, i, history):
    """Consider the copy whose residue ``last`` matches residue ``i``."""
    if last >= 31 and last < i:
        differ = _window(c.packed, last) ^ history
        flags = (differ | (differ >> np.uint64(1))) & _EVEN
        missed = count_ones(flags)
        if missed <= c.settings[2]:
            _join(c, last + 1, np.int64(1), flags, missed)


@inline_kernel
def _try_inverted(c, at, i, inverse):
    """Consider the copy on the other strand that goes on downwards at ``at``."""
    if at >= 0 and at + 32 <= i:
        differ = _window(c.packed, at + 32) ^ inverse
        flags = (differ | (differ >> np.uint64(1))) & _EVEN
        missed = count_ones(flags)
        if missed <= c.settings[2]:
            _join(c, at, np.int64(-1), flags, missed)


@inline_kernel
def update(c, residues, i, residue, history, inverse):
    """Learn that ``residue`` stands at ``i``; drop bad pointers and look for new ones."""
    kind = c.best[0]
    if kind >= 0:
        seen = min(c.run_seen[kind] + 1, _RUN_LIMIT)
        c.run_seen[kind] = seen
        rate = np.float32(1.0) / (np.float32(seen) + np.float32(1.5))
        p = c.run_right[kind]
        if c.best[1] == residue:
            p += (np.float32(1.0) - p) * rate
        else:
            p -= p * rate
        c.run_right[kind] = min(max(p, _LOW), _HIGH_RUN)
    stay = c.settings[3]
    j = 0
    size = c.size[0]
    while j < size:
        kind = c.kind[j]
        p = c.right[kind]
        miss = np.int64(c.said[j] != residue)
        p += (np.float32(1 - miss) - p) * _RATE
        c.right[kind] = min(max(p, _LOW), _HIGH)
        flags = c.misses[j]
        missed = c.missed[j] + miss - np.int64((flags >> np.uint64(62)) & np.uint64(1))
        c.misses[j] = (flags << np.uint64(2)) | np.uint64(miss)
        c.missed[j] = missed
        run = (c.run[j] + 1) * (1 - miss)
        c.run[j] = run
        c.kind[j] = _class(missed, run)
        at = c.at[j] + c.step[j]
        c.at[j] = at
        if missed > stay or at < 0:
            size -= 1
            c.at[j] = c.at[size]
            c.step[j] = c.step[size]
            c.misses[j] = c.misses[size]
            c.missed[j] = c.missed[size]
            c.run[j] = c.run[size]
            c.said[j] = c.said[size]
            c.kind[j] = c.kind[size]
        else:
            j += 1
    c.size[0] = size
    place = i >> 5
    c.packed[place] |= np.uint64(residue) << np.uint64(2 * (31 - (i & 31)))
    if i < 32:
        return
    short, long = c.settings[0], c.settings[1]
    # candidates found one residue ago, now that their residues are in the cache
    w = c.waiting
    _try_forward(c, w[0], i, history)
    _try_forward(c, w[1], i, history)
    _try_inverted(c, w[2], i, inverse)
    _try_inverted(c, w[3], i, inverse)
    short_key = np.int64(history & ((np.uint64(1) << np.uint64(2 * short)) - np.uint64(1)))
    long_shift = np.uint64(64 - c.settings[4])
    long_mask = (np.uint64(1) << np.uint64(2 * long)) - np.uint64(1)
    long_key = np.int64(((history & long_mask) * _HASH) >> long_shift)
    # forward: the table's line was prefetched; inverted: keys of two residues ago
    found = np.int64(c.short[short_key])
    w[0] = found
    if found > 0:
        prefetch(c.packed, found >> 5)
    back = 4 + 2 * (i & 1)
    if w[back] >= 0:
        found = np.int64(c.short[w[back]]) - 1 - short - 2 - 1
        w[2] = found
        if found >= 0:
            prefetch(c.packed, (found + 32) >> 5)
        found = np.int64(c.long[w[back + 1]]) - 1 - long - 2 - 1
        w[3] = found
        if found >= 0:
            prefetch(c.packed, (found + 32) >> 5)
    w[back] = np.int64(inverse >> np.uint64(64 - 2 * short))
    w[back + 1] = np.int64(((inverse >> np.uint64(64 - 2 * long)) * _HASH) >> long_shift)
    prefetch(c.short, w[back])
    prefetch(c.long, w[back + 1])
    # long forward: insert and read four residues after the key was made
    late = 8 + (i & 3)
    w[1] = -1
    if w[late] >= 0:
        found = np.int64(c.long[w[late]])
        if found > 0:
            w[1] = found + 4
            prefetch(c.packed, (found + 4) >> 5)
        c.long[w[late]] = np.int32(i - 4 + 1)
    w[late] = long_key
    prefetch(c.long, long_key)
    c.short[short_key] = np.int32(i + 1)
    ahead = (history << np.uint64(2)) & ((np.uint64(1) << np.uint64(2 * short)) - np.uint64(1))
    prefetch(c.short, np.int64(ahead))
