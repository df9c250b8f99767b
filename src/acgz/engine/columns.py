"""Columns: what stood at the same place in all genomes of a collection before.

A collection of alike genomes is an alignment that nobody has written down. Each residue lies in a
column of it, that of the residue which the best repeat expert points to, and keeps what was
counted there: four counts of 4 bits, its own included; what stood there once is not forgotten. So
one pointer knows what a thousand genomes had there, and few pointers are needed.
"""

from __future__ import annotations

from acgz.kernel import inline_kernel

COLUMN = 0
"""Stands for the column where orders of contexts are given."""


@inline_kernel
def inherited(columns, at, step):
    """Counts of the column of residue ``at``, as a strand sees it that reads on by ``step``."""
    counts = int(columns[at])
    if step < 0:
        counts = (counts & 15) << 12 | (counts & 240) << 4 | (counts >> 4 & 240) | counts >> 12
    return counts


@inline_kernel
def counted(counts, residue):
    """One more of a residue; where its own count is full, all four are halved first, 1 stays 1."""
    shift = 4 * residue
    if ((counts >> shift) & 15) == 15:
        counts = ((counts >> 1) & 0x7777) + (counts & 0x1111) - (1 << shift)
    return counts + (1 << shift)


@inline_kernel
def depth(counts):
    """How many residues a column counts."""
    both = (counts & 0x0F0F) + ((counts >> 4) & 0x0F0F)
    return (both & 255) + (both >> 8)
