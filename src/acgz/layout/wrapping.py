"""How the symbols of every group are wrapped into lines.

A group (see `acgz.layout.lines`) is described by a row (length, wrap, blanks):

- *length*: its symbols;
- *wrap*: how they are wrapped. 0: as in the groups before, at the current width. 1: unevenly, see
  below. 2: on a single line, which makes the current width unlimited. w + 2: in lines of w symbols,
  which makes w the current width. Wrapped evenly means that all lines but the last, which may be
  shorter, have that width. The width is unlimited at first.
- *blanks*: empty lines at its end.

The lines of unevenly wrapped groups, but for the blanks at the end, are rows (length, repeats) of a
second table; a group takes rows until its symbols are used up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import inline_kernel, kernel
from acgz.layout.lines import Lines

UNLIMITED = 1 << 62
SAME, UNEVEN, SINGLE = range(3)
"""Kinds of wrapping; those above are a width and SINGLE."""


class Wrapping(NamedTuple):
    """How the sequence lines of a text are wrapped: the tables that the module describes, int64."""

    groups: NDArray[np.int64]
    """Shape (3 * groups,)."""
    uneven: NDArray[np.int64]
    """Shape (2 * rows,)."""

    @property
    def numbers(self) -> int:
        """How many numbers the tables of the wrapping have."""
        return self.groups.size + self.uneven.size

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Symbols of every group; shape (groups,)."""
        return self.groups[0::3]

    @property
    def breaks(self) -> NDArray[np.int64]:
        """Symbols before every group but the first; shape (groups - 1,)."""
        return np.cumsum(self.lengths[:-1])


def describe_wrapping(lines: Lines) -> Wrapping:
    """The wrapping of a text's sequence lines."""
    sizes = lines.stops - lines.begins
    borders = lines.groups
    wrapping = Wrapping(np.zeros(3 * (borders.size - 1), np.int64), np.zeros(64, np.int64))
    used = int(_describe(sizes, borders, wrapping))
    if used > wrapping.uneven.size:
        wrapping = wrapping._replace(uneven=np.zeros(used, dtype=np.int64))
        _describe(sizes, borders, wrapping)
    return wrapping._replace(uneven=wrapping.uneven[:used])


@kernel
def _describe(sizes, borders, wrapping):
    """Fill the tables, ``uneven`` as far as it reaches; return how much it should hold."""
    groups = wrapping.groups
    used = 0
    width = np.int64(UNLIMITED)
    for group in range(borders.size - 1):
        begin = borders[group] + 1
        stop = borders[group + 1]
        last = stop
        while last > begin and sizes[last - 1] == 0:
            last -= 1
        wrap = _wrap(sizes[begin:last], width)
        if wrap == UNEVEN:
            used = _add_uneven(sizes[begin:last], wrapping.uneven, used)
        elif wrap != SAME:
            width = wrap - SINGLE if wrap > SINGLE else np.int64(UNLIMITED)
        groups[3 * group] = 0
        for line in range(begin, last):
            groups[3 * group] += sizes[line]
        groups[3 * group + 1] = wrap
        groups[3 * group + 2] = stop - last
    return used


@inline_kernel
def _wrap(sizes, width):
    """How lines of these sizes, of which the last is not 0, are wrapped, after that ``width``."""
    if sizes.size == 0 or _is_even(sizes, width):
        return np.int64(SAME)
    if sizes.size == 1:
        return np.int64(SINGLE)
    if _is_even(sizes, sizes[0]):
        return sizes[0] + SINGLE
    return np.int64(UNEVEN)


@inline_kernel
def _is_even(sizes, width):
    """Are lines of these sizes (not none, the last not empty) wrapped evenly at ``width``?"""
    if width == 0 or sizes[-1] > width:
        return False
    for size in sizes[:-1]:  # noqa: SIM110 (numba has no all())
        if size != width:
            return False
    return True


@inline_kernel
def _add_uneven(sizes, uneven, used):
    """Add rows (length, repeats), as far as there is room; return how many numbers there are."""
    previous = np.int64(-1)
    for size in sizes:
        if size != previous:
            previous = size
            if used + 2 <= uneven.size:
                uneven[used] = size
                uneven[used + 1] = 0
            used += 2
        if used <= uneven.size:
            uneven[used - 1] += 1
    return used
