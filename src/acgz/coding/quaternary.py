"""Symbols of four values, under the symbols before them and a hint for each.

A symbol is coded as two bits. For each bit, `CONTEXTS` adaptive chances are mixed by the gated
logistic mixer of `acgz.coding.logistic`: one for each order in `ORDERS` (so many symbols
before), the low orders together with the hint, and one for the hint alone. Which weights mix
them depends on the hint and on how many of the high orders have been seen before.

All is in integers, so a decoder computes the same chances on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding.bitstream import BitStream, must_settle
from acgz.coding.logistic import FRESH, code_mixed, hashed, learned, new_mixer
from acgz.kernel import inline_kernel, kernel

HINTS = 128
"""Hints are below."""
ORDERS = (0, 1, 2, 3, 4, 6, 8, 10, 11, 12, 14, 16, 20, 24)
LONGEST = ORDERS[-1]
HINTED = 5
"""So many of the orders, the lowest ones, see the hint."""
INVERTED = 6
"""From this one of the orders on, contexts also learn from the other strand."""
CHECKED = 9
"""From this one of the orders on, contexts are too many for a table: they are checked."""
CONTEXTS = len(ORDERS)
MOST_BITS = 22
"""A table has at most 2**MOST_BITS contexts of 16 bytes (EsCo: 1.901 bits/base with 20, 1.893
with 22)."""

_ORDERS = np.array(ORDERS, dtype=np.int64)
_MASKS = 4**_ORDERS - 1
_WHOLE = 4 ** (LONGEST + 1) - 1
_WEIGHT = 65536 * 2 // CONTEXTS
_LIMIT = 255
_RATE = 6


class Orders(NamedTuple):
    """The tables of contexts, one for each order, which share the slots of a mixer."""

    slots: NDArray[np.uint32]
    begins: NDArray[np.int64]
    """(CONTEXTS,): where each table begins, in contexts."""
    masks: NDArray[np.int64]
    """(CONTEXTS,): the number of contexts, a power of two, less one."""


def table_sizes(count: int) -> NDArray[np.int64]:
    """Contexts in the table of each order, for ``count`` symbols: powers of two."""
    most = min(MOST_BITS, max(10, (2 * count).bit_length()))  # both strands fill them
    hints = HINTS.bit_length() - 1
    possible = [2 * order + (hints if k < HINTED else 0) for k, order in enumerate(ORDERS)]
    return np.array([1 << min(most, bits) for bits in possible], dtype=np.int64)


def room(count: int) -> int:
    """Bytes that the tables for ``count`` symbols take."""
    return 16 * int(table_sizes(count).sum())


def code_symbols(
    stream: BitStream,
    symbols: NDArray[np.uint8],
    hints: NDArray[np.uint8],
    progress: Callable[[int], object] | None = None,
) -> None:
    """Encode ``symbols`` (n,), values 0..3, or fill them when the stream is decoding.

    ``hints`` (n,), below `HINTS`: what both sides know about each symbol. Raises TruncatedError
    when the stream ends too early.
    """
    sizes = table_sizes(symbols.size)
    shape = (HINTS * 3 * (CONTEXTS - CHECKED + 1), CONTEXTS)
    # A context has four slots: three for the nodes of the tree of a symbol, one for its check.
    mixer = new_mixer(4 * int(sizes.sum()), shape, _WEIGHT, _LIMIT)
    orders = Orders(mixer.slots, np.cumsum(sizes) - sizes, sizes - 1)

    def kernel(start: int) -> int:
        stop = int(_code(stream.bits, mixer, orders, symbols, hints, start))
        if progress is not None:
            progress(stop)
        return stop

    stream.drive(kernel, symbols.size)


@kernel
def _code(bits, mixer, orders, symbols, hints, start):
    """Code symbols from ``start`` on; return where it stopped."""
    first = mixer.keys  # where the slots of each context begin
    past = inverted = np.int64(0)
    for i in range(max(0, start - LONGEST - 1), start):
        past, inverted = _advanced(past, inverted, np.int64(symbols[i]))
    for i in range(start, symbols.size):
        if must_settle(bits):
            return i
        hint = np.int64(hints[i])
        known = np.int64(0)
        for k in range(CONTEXTS):
            first[k], seen = _find(orders, k, past & _MASKS[k], hint)
            known += seen
        value = np.int64(1)
        for depth in range(2):
            for k in range(CONTEXTS):
                mixer.places[k] = first[k] + value
            row = (hint * (CONTEXTS - CHECKED + 1) + known) * 3 + value - 1
            bit = (np.int64(symbols[i]) >> (1 - depth)) & 1
            value = 2 * value + code_mixed(bits, mixer, bit, row, np.int64(_RATE))
        symbols[i] = value & 3
        past, inverted = _advanced(past, inverted, value & 3)
        for k in range(INVERTED, CONTEXTS):
            if i >= _ORDERS[k]:
                _teach(orders, k, past, inverted)
    return symbols.size


@inline_kernel
def _advanced(past, inverted, symbol):
    """The last LONGEST + 1 symbols, the last one lowest, and their complements, the last one
    highest: what comes before on the other strand."""
    past = ((past << 2) | symbol) & _WHOLE
    return past, (inverted >> 2) | ((3 - symbol) << (2 * LONGEST))


@kernel
def _find(orders, k, past, hint):
    """Where the slots of a context begin, and 1 if it is a checked one that was there."""
    slots = orders.slots
    if k < CHECKED:
        key = past * HINTS + hint if k < HINTED else past
        return 4 * (orders.begins[k] + (key & orders.masks[k])), 0
    key = hashed(hashed(np.int64(k), past & 0xFFFFFF), past >> 24)
    place = 4 * (orders.begins[k] + (key & orders.masks[k]))
    check = np.uint32((hashed(key, past & 0xFFFF) | 1) & 0xFFFFFFFF)
    if slots[place] == check:
        return place, 1
    slots[place] = check
    for node in range(1, 4):
        slots[place + node] = FRESH
    return place, 0


@kernel
def _teach(orders, k, past, inverted):
    """Tell the context that the other strand has here which symbol comes next on it."""
    order = _ORDERS[k]
    place, _ = _find(orders, k, inverted >> (2 * (LONGEST + 1 - order)), 0)
    symbol = 3 - ((past >> (2 * order)) & 3)
    high = symbol >> 1
    slots = orders.slots
    slots[place + 1] = learned(slots[place + 1], high, np.int64(_LIMIT))
    slots[place + 2 + high] = learned(slots[place + 2 + high], symbol & 1, np.int64(_LIMIT))
