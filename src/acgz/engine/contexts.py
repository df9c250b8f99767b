"""Context experts: what followed the last k residues, here and on the other strand.

Two kinds of table, both updated twice per residue: once for the context as read and once
for the *inverted repeat*, the reverse complement of what was just read.

- *slow*: direct table of four uint16 counts (in sixteenths), halved when one is full;
- *sparse*: four 4-bit counts in a uint16, hashed where a direct table would be too large.
  An adaptive *calibration* per order turns the sorted counts into probabilities, so that it
  learns how far each order may be trusted. One of them may be no context but the *column* of the
  best repeat (`columns`), whose counts are calibrated alike.

Sixteen contexts that differ in their last two residues share 32 bytes, so the line of a
context is known, and prefetched, two residues before it is read. Inverted updates wait
``DELAY`` residues for their lines.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine.columns import COLUMN, counted, inherited
from acgz.engine.simd import prefetch
from acgz.kernel import inline_kernel, kernel

LENGTHS = 3
"""Classes of how long a known context is, for three sparse experts at most."""
DELAY = 4
AHEAD = 16
"""Residues between the request for a cache line and its use where all residues are known."""
FULL = 16000
"""A slow count above this halves its context: 1,000 residues."""
PRIOR = np.float32(6.4)
"""Added to slow counts (in sixteenths of a residue)."""
STATES = 3876
"""Multisets of four counts from 0 to 15."""
CALIBRATION_LIMIT = 400
"""A calibration averages over about this many events."""

_HASH = np.uint64(0x9E3779B97F4A7C15)
_LEAST = np.float32(1e-5)


class Contexts(NamedTuple):
    """All tables of the context experts; orders are in residues."""

    slow_orders: NDArray[np.int64]
    resting: int
    """So many slow experts, the first, neither speak nor learn where they may rest."""
    slow_at: NDArray[np.int64]
    """First entry of each order's table in ``slow``."""
    slow: NDArray[np.uint16]
    sparse_orders: NDArray[np.int64]
    sparse_at: NDArray[np.int64]
    sparse_bits: NDArray[np.int64]
    """log2 of the contexts in each table."""
    sparse: NDArray[np.uint16]
    column: int
    """Which of the sparse experts has the column of the best repeat; -1: none."""
    columns: NDArray[np.uint16]
    """(count,): counts of the column of each residue, itself included; (0,) if nobody asks."""
    counts: NDArray[np.int64]
    """(sparse,): what each sparse expert reads at this residue."""
    state: NDArray[np.uint16]
    """(65536,): four counts -> index of their multiset."""
    rank: NDArray[np.uint8]
    """(65536,): four counts -> the rank of each residue's count, two bits each."""
    calibration: NDArray[np.float32]
    """(orders * STATES * 4,): probability of the residue of each rank."""
    seen: NDArray[np.uint16]
    """(orders * STATES,): events behind each calibration."""
    rate: NDArray[np.float32]
    """(CALIBRATION_LIMIT,): learning rate after that many events."""
    slot: NDArray[np.int64]
    """Where each expert reads at this residue: slow, then sparse; -1: it rests."""
    line: NDArray[np.int64]
    """(4 * orders,): first entry of the sparse lines of the residues to come."""
    inverted_slot: NDArray[np.int64]
    """(DELAY * (slow + sparse),): inverted updates that wait; -1: none."""
    inverted_residue: NDArray[np.uint8]


def make(
    slow: tuple[int, ...],
    sparse: tuple[int, ...],
    table_bits: int,
    count: int = 0,
    resting: int = 0,
) -> Contexts:
    """Empty tables; sparse tables have at most ``2**table_bits`` contexts.

    ``sparse``: orders, or `COLUMN` for the columns of ``count`` residues. ``resting``: slow experts
    of orders up to this one may rest.
    """
    column = sparse.index(COLUMN) if COLUMN in sparse else -1
    bits = [min(2 * order, table_bits) for order in sparse]
    state, rank, prior = _states()
    return Contexts(
        slow_orders=np.array(slow, np.int64),
        resting=sum(order <= resting for order in slow),
        slow_at=_starts([4 << 2 * order for order in slow]),
        slow=np.zeros(sum(4 << 2 * order for order in slow), np.uint16),
        sparse_orders=np.array(sparse, np.int64),
        sparse_at=_starts([1 << b for b in bits]),
        sparse_bits=np.array(bits, np.int64),
        sparse=np.zeros(sum(1 << b for b in bits), np.uint16),
        column=column,
        columns=np.zeros(count if column >= 0 else 0, np.uint16),
        counts=np.zeros(len(sparse), np.int64),
        state=state,
        rank=rank,
        calibration=np.tile(prior, len(sparse)),
        seen=np.zeros(len(sparse) * STATES, np.uint16),
        rate=(np.float32(1) / (np.arange(CALIBRATION_LIMIT) + 2.5).astype(np.float32)),
        slot=np.zeros(len(slow) + len(sparse), np.int64),
        line=np.tile(_starts([1 << b for b in bits]), 4),
        inverted_slot=np.zeros(DELAY * (len(slow) + len(sparse)), np.int64),
        inverted_residue=np.zeros(DELAY * (len(slow) + len(sparse)), np.uint8),
    )


def _starts(sizes: list[int]) -> NDArray[np.int64]:
    return np.cumsum([0, *sizes])[:-1].astype(np.int64)


def _states() -> tuple[NDArray[np.uint16], NDArray[np.uint8], NDArray[np.float32]]:
    """The tables ``state`` and ``rank``, and the calibration before anything is seen."""
    every = np.arange(65536)
    counts = np.stack([(every >> 4 * residue) & 15 for residue in range(4)], axis=1)
    order = np.argsort(-counts, axis=1, kind="stable")
    ranked = np.take_along_axis(counts, order, axis=1)
    rank = np.argsort(order, axis=1, kind="stable")
    number = {c[::-1]: i for i, c in enumerate(combinations_with_replacement(range(16), 4))}
    key = np.zeros(65536, np.uint16)
    for multiset, index in number.items():
        a, b, c, d = multiset
        key[a | b << 4 | c << 8 | d << 12] = index
    packed = ranked[:, 0] | ranked[:, 1] << 4 | ranked[:, 2] << 8 | ranked[:, 3] << 12
    prior = np.array(sorted(number, key=number.__getitem__), np.float32) + np.float32(0.3)
    total = ((prior[:, 0] + prior[:, 1]) + prior[:, 2]) + prior[:, 3]
    return (
        key[packed],
        (rank[:, 0] | rank[:, 1] << 2 | rank[:, 2] << 4 | rank[:, 3] << 6).astype(np.uint8),
        (prior / total[:, None]).astype(np.float32).ravel(),
    )


@inline_kernel
def _line(context, bits, order):
    """First entry of the line of contexts whose older residues are ``context >> 4``."""
    older = context >> np.uint64(4)
    if 2 * order > bits:
        older = ((older + np.uint64(1)) * _HASH) >> np.uint64(68 - bits)
    return np.int64(older << np.uint64(4))


@inline_kernel
def predict(c, raw, width, i, history, best, rests):
    """Write the unnormalised weight of residue s by expert e to ``raw[s * width + e]``.

    ``history``: the last 32 residues, the newest in the low bits; ``best``: `Copies.best`.
    ``rests``: whether the experts that may rest do, whose weights are left as they are.
    Returns which is the last sparse expert that has any count: 0, 1, 2.
    """
    e = 0
    for k in range(c.slow_orders.size):
        if rests and k < c.resting:
            c.slot[e] = -1
            e += 1
            continue
        mask = (np.uint64(1) << np.uint64(2 * c.slow_orders[k])) - np.uint64(1)
        at = c.slow_at[k] + np.int64(history & mask) * 4
        c.slot[e] = at
        for s in range(4):
            raw[s * width + e] = np.float32(c.slow[at + s]) + PRIOR
        e += 1
    longest = np.int64(0)
    orders = c.sparse_orders.size
    row = (i & 3) * orders
    newest = np.int64(history & np.uint64(15))
    for k in range(orders):
        counts = np.int64(0)
        if k == c.column:
            if best[0] >= 0:
                counts = inherited(c.columns, best[2], best[3])
        else:
            at = c.line[row + k] + newest
            c.slot[e] = at
            counts = np.int64(c.sparse[at])
        c.counts[k] = counts
        table = (k * STATES + np.int64(c.state[counts])) * 4
        ranks = np.int64(c.rank[counts])
        for s in range(4):
            raw[s * width + e] = c.calibration[table + ((ranks >> (2 * s)) & 3)]
        longest = max(longest, k * np.int64(counts != 0))
        e += 1
    return longest


@inline_kernel
def _sparse(counts, residue):
    """One more of a residue in four counts of 4 bits; all are halved first if its own is full."""
    shift = 4 * residue
    if ((counts >> shift) & 15) == 15:
        counts = (counts >> 1) & 0x7777
    return counts + (1 << shift)


@inline_kernel
def _count(table, at, residue):
    """Add one to a 4-bit count; halve all four when it is full."""
    table[at] = np.uint16(_sparse(np.int64(table[at]), residue))


@inline_kernel
def _count_slow(table, at, residue):
    """Add sixteen to a count; halve all four when it is full."""
    table[at + residue] += np.uint16(16)
    if table[at + residue] > FULL:
        for s in range(4):
            table[at + s] >>= np.uint16(1)


@inline_kernel
def update(c, residues, begin, since, i, residue, history, inverse):
    """Learn that ``residue`` stands at ``i``; prepare the reads of the residues to come.

    ``begin``: the first residue of the lane; ``since``: that whose inverted repeats may wait.
    ``history`` and ``inverse`` already contain it: the last 32 residues (newest in the low
    bits) and their reverse complement (complement of the newest in the high bits).
    """
    slow = c.slow_orders.size
    orders = c.sparse_orders.size
    for k in range(slow):
        if c.slot[k] >= 0:
            _count_slow(c.slow, c.slot[k], residue)
    for k in range(orders):
        counts = c.counts[k]
        state = k * STATES + np.int64(c.state[counts])
        hit = (np.int64(c.rank[counts]) >> (2 * residue)) & 3
        seen = np.int64(c.seen[state])
        rate = c.rate[seen]
        if seen < CALIBRATION_LIMIT - 1:
            c.seen[state] = np.uint16(seen + 1)
        for r in range(4):
            p = c.calibration[state * 4 + r]
            p += (np.float32(r == hit) - p) * rate
            c.calibration[state * 4 + r] = max(p, _LEAST)
        if k == c.column:
            c.columns[i] = np.uint16(counted(counts, residue))
        else:
            c.sparse[c.slot[slow + k]] = np.uint16(_sparse(counts, residue))
    # inverted repeats: the context is the reverse complement of the last k residues, and
    # what follows it there is the complement of what came before them here
    row = (i % DELAY) * (slow + orders)
    if i >= since + DELAY:
        learn_inverted(c, i)
    if i >= begin + 32:
        for k in range(slow):
            if c.slot[k] < 0:
                c.inverted_slot[row + k] = -1
                continue
            order = c.slow_orders[k]
            at = c.slow_at[k] + np.int64(inverse >> np.uint64(64 - 2 * order)) * 4
            c.inverted_slot[row + k] = at
            c.inverted_residue[row + k] = 3 - residues[i - order]
            if order > 7:
                prefetch(c.slow, at)
        for k in range(orders):
            if k == c.column:
                continue
            order = c.sparse_orders[k]
            context = inverse >> np.uint64(64 - 2 * order)
            at = c.sparse_at[k] + _line(context, c.sparse_bits[k], order)
            at += np.int64(context & np.uint64(15))
            c.inverted_slot[row + slow + k] = at
            c.inverted_residue[row + slow + k] = 3 - residues[i - order]
            prefetch(c.sparse, at)
    prepare(c, i, history)


@inline_kernel
def learn_inverted(c, i):
    """Learn the inverted repeats that were noted `DELAY` residues before ``i``."""
    slow = c.slow_orders.size
    orders = c.sparse_orders.size
    row = (i % DELAY) * (slow + orders)
    for k in range(slow):
        at = c.inverted_slot[row + k]
        if at >= 0:
            _count_slow(c.slow, at, np.int64(c.inverted_residue[row + k]))
    for k in range(slow, slow + orders):
        if k - slow != c.column:
            _count(c.sparse, c.inverted_slot[row + k], np.int64(c.inverted_residue[row + k]))


@inline_kernel
def prepare(c, i, history):
    """Ask for what predictions after residue ``i`` read; ``history`` ends with it."""
    slow = c.slow_orders.size
    orders = c.sparse_orders.size
    # lines for the prediction of residue i + 3, of which two residues are still unknown
    ahead = ((i + 3) & 3) * orders
    for k in range(orders):
        if k == c.column:
            continue
        order = c.sparse_orders[k]
        mask = (np.uint64(1) << np.uint64(2 * order)) - np.uint64(1)
        at = c.sparse_at[k] + _line((history << np.uint64(4)) & mask, c.sparse_bits[k], order)
        c.line[ahead + k] = at
        prefetch(c.sparse, at)
    for k in range(slow):
        if c.slow_orders[k] > 7:
            mask = (np.uint64(1) << np.uint64(2 * c.slow_orders[k])) - np.uint64(1)
            prefetch(c.slow, c.slow_at[k] + np.int64((history << np.uint64(2)) & mask) * 4)


@kernel
def absorb(c, residues, begin, first, last):
    """Count residues ``first`` to ``last`` of a lane that begins at ``begin``, order by order.

    At each residue the context as read, then the inverted repeat if 32 residues precede it. Each
    begins a column.
    """
    for k in range(c.slow_orders.size):
        _absorb_order(c.slow, c.slow_at[k], c.slow_orders[k], 0, residues, begin, first, last)
    for k in range(c.sparse_orders.size):
        if k == c.column:
            for i in range(first, last):
                c.columns[i] = np.uint16(counted(np.int64(0), np.int64(residues[i])))
            continue
        _absorb_order(
            c.sparse,
            c.sparse_at[k],
            c.sparse_orders[k],
            c.sparse_bits[k],
            residues,
            begin,
            first,
            last,
        )


@inline_kernel
def _slot(context, at, order, bits):
    """Entry of a context in its table: direct and slow if ``bits`` is 0, else sparse."""
    if bits == 0:
        return at + np.int64(context) * 4
    return at + _line(context, bits, order) + np.int64(context & np.uint64(15))


@inline_kernel
def _count_any(table, at, bits, residue):
    if bits == 0:
        _count_slow(table, at, residue)
    else:
        _count(table, at, residue)


@kernel
def _absorb_order(table, at, order, bits, residues, begin, first, last):
    """`absorb` for one table; two histories, of which one runs ahead and prefetches."""
    mask = (np.uint64(1) << np.uint64(2 * order)) - np.uint64(1)
    shift = np.uint64(64 - 2 * order)
    history = np.uint64(0)
    inverse = np.uint64(0)
    for i in range(max(begin, first - 32), first):
        history = (history << np.uint64(2)) | np.uint64(residues[i])
        inverse = (inverse >> np.uint64(2)) | (np.uint64(3 - residues[i]) << np.uint64(62))
    next_history = history
    next_inverse = inverse
    far = order > 7
    for j in range(first, last + AHEAD):
        if far and j < last:
            prefetch(table, _slot(next_history & mask, at, order, bits))
            next_history = (next_history << np.uint64(2)) | np.uint64(residues[j])
            next_inverse = (next_inverse >> np.uint64(2)) | (
                np.uint64(3 - residues[j]) << np.uint64(62)
            )
            prefetch(table, _slot(next_inverse >> shift, at, order, bits))
        i = j - AHEAD
        if i >= first:
            residue = np.int64(residues[i])
            _count_any(table, _slot(history & mask, at, order, bits), bits, residue)
            history = (history << np.uint64(2)) | np.uint64(residue)
            inverse = (inverse >> np.uint64(2)) | (np.uint64(3 - residue) << np.uint64(62))
            if i >= begin + 32:
                before = 3 - np.int64(residues[i - order])
                _count_any(table, _slot(inverse >> shift, at, order, bits), bits, before)
