"""Bits under mixed predictions, in integer arithmetic only.

Small side information (run lengths, header text, case masks) is coded bit by bit. Several
contexts each hold an adaptive probability; a gated logistic mixer (Mattern 2012; the form of
lpaq, Mahoney 2007) combines them; the range coder codes the bit. Everything is integers, so
that the decoder computes the same probability on every machine.

- A *chance* is the probability of a 1, in units of 2**-16, within ``[1, 65535]``.
- A *slot* is a ``uint32``: a chance of 22 bits over a count of 10 bits. The count says how often
  the slot was used; the more often, the smaller its steps.
- *Stretched* chances are ``ln(p / (1 - p))`` in units of 1/256.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.kernel import allocating_kernel

CHANCE_BITS = 16
FRESH = 1 << 31
"""A slot that knows nothing: chance one half, count 0."""

_LIMIT = 3071  # stretched values stay in [-3071, 3071]: 12 nats, the reach of 16-bit chances


def _exp_table() -> list[int]:
    """``e**(i / 256)`` for i = 0..3071, times 2**60, by integer Taylor series and powers."""
    one = 1 << 60
    step = term = one
    k = 1
    while term:
        term //= 256 * k
        step += term
        k += 1
    table = [one]
    for _ in range(_LIMIT):
        table.append(table[-1] * step >> 60)
    return table


def _squash_table() -> NDArray[np.int64]:
    """Chance of every stretched value; index 0 is -3071."""
    one = 1 << 60
    powers = _exp_table()
    rising = [(power << CHANCE_BITS) // (one + power) for power in powers]
    falling = [(one << CHANCE_BITS) // (one + power) for power in powers[:0:-1]]
    return np.clip(np.array(falling + rising, dtype=np.int64), 1, 65535)


def _stretch_table() -> NDArray[np.int64]:
    """Stretched value of a chance, from its 12 leading bits; the inverse of squash."""
    middles = np.arange(4096, dtype=np.int64) * 16 + 8
    return np.searchsorted(SQUASH, middles) - _LIMIT


# Small types: the tables share the first-level cache with the slots.
SQUASH = _squash_table().astype(np.int32)
STRETCH = _stretch_table().astype(np.int16)
STEP = np.array([(1 << 17) // (2 * n + 3) for n in range(1024)], dtype=np.int32)
"""Size of a slot's step after ``n`` uses: 1 / (n + 1.5), in units of 2**-16."""


@allocating_kernel
def hashed(key, part):
    """Mix ``part`` into the 32-bit ``key``; stays below 2**63, so no arithmetic ever wraps."""
    part ^= part >> 20
    key = ((key ^ (part & 0xFFFFFFFF)) * 0x2C1B3C6D + 0x297A2D39) & 0xFFFFFFFF
    return key ^ (key >> 15)


@allocating_kernel
def squash(stretched):
    """Chance of a stretched value, which is clamped first."""
    return np.int64(SQUASH[min(max(stretched, -_LIMIT), _LIMIT) + _LIMIT])


@allocating_kernel
def stretched(slot):
    """Stretched chance that a slot holds."""
    return np.int64(STRETCH[np.int64(slot) >> 20])


@allocating_kernel
def learned(slot, bit, limit):
    """The slot after it has seen ``bit``; its count stops at ``limit`` (at most 1023)."""
    value = np.int64(slot)
    count = value & 1023
    chance = value >> 10
    chance += (((bit << 22) - bit - chance) * np.int64(STEP[count])) >> 16
    if count < limit:
        count += 1
    return np.uint32((chance << 10) | count)


@allocating_kernel
def code_bit(state, data, chance, bit, decoding):
    """Decode and return a bit, or encode and return the given one."""
    if decoding:
        bound = (state[1] >> np.uint64(CHANCE_BITS)) * np.uint64(chance)
        bit = np.int64(1) if state[0] < bound else np.int64(0)
    start = np.int64(0) if bit else chance
    freq = chance if bit else 65536 - chance
    if decoding:
        range_coder.advance(state, data, start, freq, CHANCE_BITS)
    else:
        range_coder.encode(state, data, start, freq, CHANCE_BITS)
    return bit


@allocating_kernel
def code_mixed(
    state, data, decoding, bit, places, inputs, slots, weights, row, rate, limit
):  # fmt: skip
    """Code a bit under the mixed slots of its contexts, and teach them; return the bit.

    ``places`` are the contexts' places in ``slots``; ``inputs`` is room to work in, as long. Their
    weights, in units of 2**-16, are the ``row`` of ``weights``; they move along the gradient of the
    bit's cost, at the ``rate``.
    """
    total = np.int64(0)
    for k in range(places.size):
        inputs[k] = stretched(slots[places[k]])
        total += inputs[k] * weights[row, k]
    chance = squash(total >> 16)
    bit = code_bit(state, data, chance, bit, decoding)
    error = ((bit << CHANCE_BITS) - chance) * rate
    for k in range(places.size):
        weights[row, k] += (inputs[k] * error + (1 << 19)) >> 20
        slots[places[k]] = learned(slots[places[k]], bit, limit)
    return bit
