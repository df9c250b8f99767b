"""What the parts of an engine that are left out of a stretch are told of it afterwards."""

from __future__ import annotations

import numpy as np

from acgz.engine import contexts, copies
from acgz.engine.columns import counted, inherited
from acgz.engine.simd import count_ones
from acgz.kernel import inline_kernel


@inline_kernel
def to_pool(c, known, begin, i, done):
    """The pool after a stretch, whose residues are known now."""
    for k in range(i, i + done):
        c.packed[k >> 5] |= np.uint64(known[k]) << np.uint64(2 * (31 - (k & 31)))
        if (k - begin) % copies.REFRESH == 0:
            copies.refresh(c)
    over = np.uint64(64 - 2 * done)
    came = copies.window(c.packed, i + done - 1) << over
    j = 0
    size = c.size[0]
    longest = np.int64(0)
    while j < size:
        flags = copies.mismatches(copies.coming(c.packed, c.at[j], c.step[j]), came) >> over
        run = c.run[j] + done
        if flags != np.uint64(0):
            lowest = flags & (~flags + np.uint64(1))
            run = np.int64(count_ones(lowest - np.uint64(1))) >> 1
        if done < 32:
            flags |= c.misses[j] << np.uint64(2 * done)
        c.misses[j] = flags
        c.missed[j] = np.int64(count_ones(flags))
        c.run[j] = run
        c.kind[j] = copies.class_of(c.missed[j], run)
        c.at[j] += done * c.step[j]
        if c.missed[j] > c.settings[1] or c.at[j] < 0 or c.at[j] >= known.size:
            size -= 1
            copies.move(c, size, j)
        else:
            longest = max(longest, run)
            j += 1
    c.size[0] = size
    c.longest[0] = longest


@inline_kernel
def to_index(c, known, i, done, history):
    """Seeds see the residues of a stretch; what the last of them finds is a candidate, no other is.

    ``history``: the last 32 residues before it.
    """
    seeds = c.spans.size
    for before in range(i - copies.LATE, i):
        for k in range(seeds):
            row = (before % copies.LATE) * seeds + k
            if c.late[row] >= 0:
                c.table[c.late[row]] = np.int32(before + 1)
                c.late[row] = -1
    for k in range(copies.BACK * seeds):
        c.turned[k] = -1
    for k in range(seeds):
        c.found_turned[k] = -1
    for at in range(i, i + done):
        history = (history << np.uint64(2)) | np.uint64(known[at])
        for k in range(seeds):
            place = copies.place(c, k, history)
            c.found[k] = np.int64(c.table[place]) - 1
            c.table[place] = np.int32(at + 1)


@inline_kernel
def to_candidates(c, known, history, inverse):
    """Try what the seeds find after a stretch, on both strands, of which the pool knows already."""
    for k in range(c.spans.size):
        copies.try_forward(c, known, c.found[k], history)
        c.found[k] = -1
        place = copies.place(c, k, inverse >> np.uint64(64 - 2 * c.spans[k]))
        copies.try_inverted(c, known, np.int64(c.table[place]) - 1 - c.spans[k], inverse)


@inline_kernel
def to_contexts(c, since, i, done, history):
    """Contexts learn nothing of a stretch; those of the next three residues are made ready.

    ``since``: the first residue whose inverted repeats may wait; they are learned first.
    ``history``: the last 32 residues after the stretch.
    """
    for at in range(max(since, i - contexts.DELAY), i):
        contexts.learn_inverted(c, at)
    for back in range(3):
        contexts.prepare(c, i + done - 1 - back, history >> np.uint64(2 * back))


@inline_kernel
def to_columns(c, known, i, done, best):
    """Columns count the residues of a stretch, if there are any; ``best``: `Stretches.best`."""
    if c.column >= 0:
        for k in range(done):
            counts = inherited(c.columns, best[0] + k * best[1], best[1])
            c.columns[i + k] = np.uint16(counted(counts, np.int64(known[i + k])))
