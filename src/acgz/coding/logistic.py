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

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding import range_coder
from acgz.kernel import inline_kernel

CHANCE_BITS = 16
FRESH = 1 << 31
"""A slot that knows nothing: chance one half, count 0."""

_LIMIT = 3071  # stretched values stay in [-3071, 3071]: 12 nats, the reach of 16-bit chances


def _exp_table() -> list[int]:
    """``e**(i / 256)`` for i = 0 … 3071, times 2**60, by integer Taylor series and powers."""
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


class Mixer(NamedTuple):
    """The contexts of a model, of which each holds a chance for every bit, and how to mix them."""

    slots: NDArray[np.uint32]
    """(n,)"""
    weights: NDArray[np.int64]
    """(rows, contexts), in units of 2**-16; a row for each kind of bit."""
    limit: int
    """Of the counts of slots, at most 1023."""
    keys: NDArray[np.int64]
    """(contexts,): room for what the model knows of each, hashed."""
    places: NDArray[np.int64]
    """(contexts,): the slot of each for the bit at hand."""
    inputs: NDArray[np.int64]
    """(contexts,): room for their stretched chances."""


def new_mixer(slots: int, shape: tuple[int, int], weight: int, limit: int) -> Mixer:
    """A mixer that has learned nothing; ``shape`` is that of its weights, (rows, contexts)."""
    keys, places, inputs = np.zeros((3, shape[1]), dtype=np.int64)
    weights = np.full(shape, weight, dtype=np.int64)
    return Mixer(np.full(slots, FRESH, dtype=np.uint32), weights, limit, keys, places, inputs)


@inline_kernel
def hashed(key, part):
    """Mix ``part`` into the 32-bit ``key``; stays below 2**63, so no arithmetic ever wraps."""
    part ^= part >> 20
    key = ((key ^ (part & 0xFFFFFFFF)) * 0x2C1B3C6D + 0x297A2D39) & 0xFFFFFFFF
    return key ^ (key >> 15)


@inline_kernel
def squash(stretched):
    """Chance of a stretched value, which is clamped first."""
    return np.int64(SQUASH[min(max(stretched, -_LIMIT), _LIMIT) + _LIMIT])


@inline_kernel
def stretched(slot):
    """Stretched chance that a slot holds."""
    return np.int64(STRETCH[np.int64(slot) >> 20])


@inline_kernel
def learned(slot, bit, limit):
    """The slot after it has seen ``bit``; its count stops at ``limit`` (at most 1023)."""
    value = np.int64(slot)
    count = value & 1023
    chance = value >> 10
    chance += (((bit << 22) - bit - chance) * np.int64(STEP[count])) >> 16
    if count < limit:
        count += 1
    return np.uint32((chance << 10) | count)


@inline_kernel
def code_bit(bits, chance, bit):
    """Decode and return a bit, or encode and return the given one."""
    state = bits.state
    if bits.decoding:
        bound = (state[1] >> np.uint64(CHANCE_BITS)) * np.uint64(chance)
        bit = np.int64(1) if state[0] < bound else np.int64(0)
    start = np.int64(0) if bit else chance
    freq = chance if bit else 65536 - chance
    if bits.decoding:
        range_coder.advance(state, bits.data, start, freq, CHANCE_BITS)
    else:
        range_coder.encode(state, bits.data, start, freq, CHANCE_BITS)
    return bit


@inline_kernel
def code_mixed(bits, mixer, bit, row, rate):
    """Code a bit under the slots at `Mixer.places`, mixed, and teach them; return the bit.

    The ``row`` of weights moves along the gradient of the bit's cost, at the ``rate``.
    """
    total = np.int64(0)
    for k in range(mixer.places.size):
        mixer.inputs[k] = stretched(mixer.slots[mixer.places[k]])
        total += mixer.inputs[k] * mixer.weights[row, k]
    chance = squash(total >> 16)
    bit = code_bit(bits, chance, bit)
    error = ((bit << CHANCE_BITS) - chance) * rate
    for k in range(mixer.places.size):
        mixer.weights[row, k] += (mixer.inputs[k] * error + (1 << 19)) >> 20
        place = mixer.places[k]
        mixer.slots[place] = learned(mixer.slots[place], bit, mixer.limit)
    return bit
