"""Repeat experts: pointers to earlier occurrences of what was just read, on either strand.

A pool of pointers, each predicting the residue after (or, reverse-complemented, before) an
earlier copy. A candidate is the last place where the residues looked as they do now through a
*seed*: a pattern of residues that must match, with gaps for those that need not (Ma, Tromp and
Li, PatternHunter, 2002). Gaps find copies with substitutions that no k-mer finds: they take
0.6 % off 8 Mb of human chromosome 20. A candidate joins the pool only if enough of the 32
residues before it match, and leaves when too few of its last 32 predictions were right. So a
copy survives substitutions, and chance hits never enter.

Tables are read some residues after their lines were prefetched: seeds of the same strand
``LATE`` residues after they were complete, those of the other strand ``BACK`` residues after.

How far a pointer may be trusted is learned per class (matches among the last 32, current
run of matches); the votes of the pool enter the mixer in five forms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine.contexts import AHEAD
from acgz.engine.logexp import log8
from acgz.engine.simd import count_ones, larger, load, prefetch, splat, store
from acgz.kernel import inline_kernel, kernel

CLASSES = 33 * 8
"""33 counts of matches times 8 classes of the current run."""
RUNS = 64 * 33
REFRESH = 256
"""Votes follow the learned probabilities every so many residues."""
INPUTS = 5
"""Inputs of the mixer that come from the pool."""
LATE = 4
BACK = 2

UNKNOWN = 4
"""Stands for a residue of another lane that has not been absorbed yet."""

_HASH = np.uint64(0x9E3779B97F4A7C15)
_EVEN = np.uint64(0x5555555555555555)
_LOW, _HIGH = np.float32(0.2), np.float32(0.9999)
_HIGH_RUN = np.float32(0.99999)
_RATE = np.float32(0.002)
_RUN_LIMIT = 2048


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
    """Number of the recent mismatches."""
    run: NDArray[np.int64]
    """Matches since the last mismatch."""
    longest: NDArray[np.int64]
    """(1,): the greatest of them, candidates that have just joined left out."""
    said: NDArray[np.int64]
    """What each pointer predicts now."""
    kind: NDArray[np.int64]
    """Class of each pointer now."""
    right: NDArray[np.float32]
    """(CLASSES,): how often pointers of a class are right."""
    vote: NDArray[np.float32]
    """(CLASSES,): their log odds against another residue, never negative."""
    odds: NDArray[np.float32]
    mark: NDArray[np.float32]
    """(16,): 1 at 8, so that the eight from 8 - k on have it at k."""
    weights: NDArray[np.float32]
    """(8,): scratch."""
    run_right: NDArray[np.float32]
    """(RUNS,): how often the pointer with the longest run is right."""
    run_seen: NDArray[np.int64]
    best: NDArray[np.int64]
    """(4,): class of the best pointer (-1: none), what it says, where it is, its step."""
    spans: NDArray[np.int64]
    """(seeds,): residues from the first to the last that a seed looks at."""
    masks: NDArray[np.uint64]
    """(seeds,): which of the last residues it looks at, two bits each."""
    table: NDArray[np.int32]
    """(seeds << bits,): last position + 1 of what each seed saw, by its hash."""
    late: NDArray[np.int64]
    """(LATE * seeds,): places in ``table`` of the last residues, -1 for none."""
    turned: NDArray[np.int64]
    """(BACK * seeds,): the same of their reverse complement."""
    found: NDArray[np.int64]
    """(seeds,): candidates to try after the next residue."""
    found_turned: NDArray[np.int64]
    packed: NDArray[np.uint64]
    """All residues so far, 32 to a word, the first in the high bits."""
    settings: NDArray[np.int64]
    """Most misses to enter, most misses to stay, log2 of the places in ``table`` per seed."""


def make(
    capacity: int, count: int, seeds: tuple[str, ...], bits: int, enter: int, stay: int
) -> Copies:
    """An empty pool for a sequence of ``count`` residues; seeds are patterns such as "1101"."""
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
        longest=np.zeros(1, np.int64),
        said=zeros[4],
        kind=zeros[5],
        right=right,
        vote=np.zeros(CLASSES, np.float32),
        odds=np.zeros(CLASSES, np.float32),
        mark=(np.arange(16) == 8).astype(np.float32),
        weights=np.zeros(8, np.float32),
        run_right=np.full(RUNS, 0.9, np.float32),
        run_seen=np.zeros(RUNS, np.int64),
        best=np.full(4, -1, np.int64),
        spans=np.array([len(seed) for seed in seeds], np.int64),
        masks=np.array([_mask(seed) for seed in seeds], np.uint64),
        table=np.zeros(len(seeds) << bits, np.int32),
        late=np.full(LATE * len(seeds), -1, np.int64),
        turned=np.full(BACK * len(seeds), -1, np.int64),
        found=np.full(len(seeds), -1, np.int64),
        found_turned=np.full(len(seeds), -1, np.int64),
        packed=np.zeros((count >> 5) + 2, np.uint64),
        settings=np.array([enter, stay, bits], np.int64),
    )


def _mask(seed: str) -> int:
    """Two bits of the history for each residue that the seed looks at."""
    return int("".join("11" if place == "1" else "00" for place in seed), 2)


@inline_kernel
def class_of(missed, run):
    """Class of a pointer: matches among the last 32, and runs of 0, 1, 2, 3, 4, 8, 16, 32 up.

    Sums of comparisons instead of branches that nobody can predict.
    """
    kind = min(run, 4)
    kind += np.int64(run >= 8) + np.int64(run >= 16) + np.int64(run >= 32)
    return (32 - missed) * 8 + kind


@inline_kernel
def rank(c, j):
    """How good a pointer is: its run first, then its matches among the last 32."""
    return c.run[j] * 64 + 32 - c.missed[j]


@inline_kernel
def run_bucket(run):
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
def refresh(c):
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
def predict(c, residues, raw, votes, width, first, age):
    """Let every pointer vote.

    Writes weights to inputs ``first``, ``first + 1``, ``first + 2`` of ``raw`` (shape
    (4, width), before the logarithm), and log-scale sums and maxima to ``votes`` (8,).
    ``age``: residues done in this lane. Returns 0..15, how good the best pointer is.
    """
    if age % REFRESH == 0:
        refresh(c)
    sums = splat(np.float32(0.0))
    most = sums
    weights = splat(np.float32(0.5))
    best = np.int64(-1)
    best_rank = np.int64(-1)
    for j in range(c.size[0]):
        # the complement of a two-bit residue is its exclusive or with 3
        base = np.int64(residues[c.at[j]]) ^ (3 & (c.step[j] >> 1))
        kind = c.kind[j]
        c.said[j] = base
        if base > 3:
            continue
        mine = load(c.mark, 8 - base)
        four_on = load(c.mark, 4 - base)
        vote = splat(c.vote[kind])
        sums += mine * vote
        most = larger(most, four_on * vote)
        weights += mine * splat(c.odds[kind]) + four_on
        this = rank(c, j)
        if this > best_rank:
            best = j  # type: ignore[assignment]
            best_rank = this
    store(votes, 0, sums + most)
    store(c.weights, 0, weights)
    for s in range(4):
        raw[s * width + first] = c.weights[s]
        raw[s * width + first + 1] = c.weights[4 + s]
        raw[s * width + first + 2] = np.float32(1.0)
    if best < 0:
        c.best[0] = -1
        return 0
    bucket = run_bucket(best_rank >> 6)
    kind = bucket * 33 + (best_rank & 63)
    base = c.said[best]
    c.best[0] = kind
    c.best[1] = base
    c.best[2] = c.at[best]
    c.best[3] = c.step[best]
    right = c.run_right[kind]
    wrong = (np.float32(1.0) - right) * np.float32(1.0 / 3.0)
    for s in range(4):
        raw[s * width + first + 2] = right if s == base else wrong
    if bucket < 16:
        return 1 + (bucket >> 1)
    return 1 + min(14, 8 + ((bucket - 16) >> 3))


@inline_kernel
def window(packed, last):
    """The 32 residues that end at position ``last``, the newest in the low bits."""
    word = last >> 5
    over = np.uint64(2 * (31 - (last & 31)))
    if over == np.uint64(0):
        return packed[word]
    return (packed[word] >> over) | (packed[word - 1] << (np.uint64(64) - over))


@inline_kernel
def coming(packed, at, step):
    """What a pointer says of the next 32 residues, the first in the high bits."""
    if step > 0:
        return window(packed, at + 31)
    return ~_reversed(window(packed, at))


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


@inline_kernel
def mismatches(word, other):
    """Where 32 residues differ from others, in the even bits."""
    differ = word ^ other
    return (differ | (differ >> np.uint64(1))) & _EVEN


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
    c.kind[place] = class_of(missed, run)


@inline_kernel
def try_forward(c, residues, last, history):
    """Consider the copy whose residue ``last`` matches the one just read."""
    if last >= 31 and last + 1 < residues.size:
        flags = mismatches(window(c.packed, last), history)
        missed = count_ones(flags)
        if missed <= c.settings[0]:
            _join(c, last + 1, np.int64(1), flags, missed)


@inline_kernel
def try_inverted(c, residues, at, inverse):
    """Consider the copy on the other strand that goes on downwards at ``at``."""
    if at >= 0 and at + 32 < residues.size and residues[at + 32] != UNKNOWN:
        flags = mismatches(window(c.packed, at + 32), inverse)
        missed = count_ones(flags)
        if missed <= c.settings[0]:
            _join(c, at, np.int64(-1), flags, missed)


@inline_kernel
def update(c, residues, begin, i, residue, history, inverse):
    """Learn that ``residue`` stands at ``i``; drop bad pointers and look for new ones.

    ``begin``: the first residue of the lane.
    """
    _learn_trust(c, residue)
    _advance(c, residue, residues.size)
    c.packed[i >> 5] |= np.uint64(residue) << np.uint64(2 * (31 - (i & 31)))
    if i < begin + 32:
        return
    # candidates found one residue ago, now that their residues are in the cache
    for k in range(c.spans.size):
        try_forward(c, residues, c.found[k], history)
        try_inverted(c, residues, c.found_turned[k], inverse)
    for k in range(c.spans.size):
        _look_up(c, k, i)
        _ask(c, k, i, history, inverse)


@inline_kernel
def _learn_trust(c, residue):
    """How often the best pointer is right, for the class that it had."""
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


@inline_kernel
def _advance(c, residue, count):
    """Every pointer notes whether it was right and goes on; those that are no use leave."""
    stay = c.settings[1]
    j = 0
    size = c.size[0]
    longest = np.int64(0)
    while j < size:
        kind = c.kind[j]
        p = c.right[kind]
        miss = np.int64(c.said[j] != residue)
        unknown = c.said[j] > 3
        p += (np.float32(1 - miss) - p) * _RATE
        c.right[kind] = min(max(p, _LOW), _HIGH)
        flags = c.misses[j]
        missed = c.missed[j] + miss - np.int64((flags >> np.uint64(62)) & np.uint64(1))
        c.misses[j] = (flags << np.uint64(2)) | np.uint64(miss)
        c.missed[j] = missed
        run = (c.run[j] + 1) * (1 - miss)
        c.run[j] = run
        c.kind[j] = class_of(missed, run)
        at = c.at[j] + c.step[j]
        c.at[j] = at
        if missed > stay or at < 0 or at >= count or unknown:
            size -= 1
            move(c, size, j)
        else:
            longest = max(longest, run)
            j += 1
    c.size[0] = size
    c.longest[0] = longest


@inline_kernel
def move(c, j, place):
    """Give the pointer ``j`` another place in the pool."""
    c.at[place] = c.at[j]
    c.step[place] = c.step[j]
    c.misses[place] = c.misses[j]
    c.missed[place] = c.missed[j]
    c.run[place] = c.run[j]
    c.said[place] = c.said[j]
    c.kind[place] = c.kind[j]


@inline_kernel
def _look_up(c, k, i):
    """Candidates of a seed, from the entries asked for some residues ago; remember where we are."""
    slot = c.late[(i % LATE) * c.spans.size + k]
    c.found[k] = -1
    if slot >= 0:
        found = np.int64(c.table[slot])
        if found > 0:
            c.found[k] = found + LATE
            prefetch(c.packed, (found + LATE) >> 5)
        c.table[slot] = np.int32(i - LATE + 1)
    slot = c.turned[(i % BACK) * c.spans.size + k]
    c.found_turned[k] = -1
    if slot >= 0:
        found = np.int64(c.table[slot]) - 1 - c.spans[k] - BACK - 1
        c.found_turned[k] = found
        if found >= 0:
            prefetch(c.packed, (found + 32) >> 5)


@inline_kernel
def place(c, k, history):
    """Entry of what a seed sees of the last 32 residues."""
    shift = np.uint64(64) - np.uint64(c.settings[2])
    return (k << c.settings[2]) + np.int64(((history & c.masks[k]) * _HASH) >> shift)


@inline_kernel
def _ask(c, k, i, history, inverse):
    """Ask for the entries of what a seed sees now, on both strands."""
    slot = place(c, k, history)
    c.late[(i % LATE) * c.spans.size + k] = slot
    prefetch(c.table, slot)
    slot = place(c, k, inverse >> np.uint64(64 - 2 * c.spans[k]))
    c.turned[(i % BACK) * c.spans.size + k] = slot
    prefetch(c.table, slot)


@kernel
def absorb(c, residues, begin, first, last):
    """Remember where residues ``first`` to ``last`` of the lane that begins at ``begin`` stand."""
    for i in range(first, last):
        c.packed[i >> 5] |= np.uint64(residues[i]) << np.uint64(2 * (31 - (i & 31)))
    for k in range(c.spans.size):
        history = np.uint64(0)
        for i in range(max(begin, first - 32), first):
            history = (history << np.uint64(2)) | np.uint64(residues[i])
        ahead = history
        for j in range(first, last + AHEAD):
            if j < last:
                ahead = (ahead << np.uint64(2)) | np.uint64(residues[j])
                prefetch(c.table, place(c, k, ahead))
            i = j - AHEAD
            if i >= first:
                history = (history << np.uint64(2)) | np.uint64(residues[i])
                if i >= begin + 32:
                    c.table[place(c, k, history)] = np.int32(i + 1)
