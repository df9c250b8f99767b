"""Secondary estimation: what the mixer's probabilities were worth when it said them before.

For each class (state of the best repeat, longest known context) an interpolated map from the
log odds of a probability, in 32 steps over [-12, 12], to how often such a residue came. The
result is averaged with the mixer's own and turned into integer frequencies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine.logexp import exp8, log8
from acgz.engine.simd import load, store
from acgz.kernel import inline_kernel

PRECISION = 20
"""Frequencies sum to 2**PRECISION."""
CLASSES = 16 * 3
STEPS = 33

_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_EDGE = np.float32(11.99)
_TINY = np.float32(1e-7)
_RATE = np.float32(0.005)
_SCALE = np.float32((1 << PRECISION) - 4)


class Correction(NamedTuple):
    """The map that corrects probabilities, and where it was last looked up."""

    map: NDArray[np.float32]
    """(CLASSES * STEPS + 1,)"""
    odds: NDArray[np.float32]
    """(8,) scratch."""
    at: NDArray[np.int64]
    """(4,): lower of the two entries used."""
    share: NDArray[np.float32]
    """(4,): weight of the upper one."""


def make() -> Correction:
    """A map that changes nothing yet."""
    steps = np.arange(STEPS, dtype=np.float64) * 0.75 - 12
    # rounded to 1/2**20 so that no library's last bit can matter
    start = np.round((1 / (1 + np.exp(-steps))) * 2**20) / 2**20
    return Correction(
        map=np.append(np.tile(start, CLASSES), 1).astype(np.float32),
        odds=np.zeros(8, np.float32),
        at=np.zeros(4, np.int64),
        share=np.zeros(4, np.float32),
    )


@inline_kernel
def softmax(logits, scratch, probability):
    """Probabilities (4,) of four logits; ``scratch`` is (8,)."""
    most = max(max(logits[0], logits[1]), max(logits[2], logits[3]))
    for s in range(4):
        scratch[s] = logits[s] - most
    store(scratch, 0, exp8(load(scratch, 0)))
    sum4 = (scratch[0] + scratch[1]) + (scratch[2] + scratch[3])
    # at least 1, the share of the most likely, unless a hostile archive drove a weight to infinity
    sane = sum4 >= _ONE
    for s in range(4):
        probability[s] = scratch[s] / sum4 if sane else np.float32(0.25)


@inline_kernel
def frequencies(c, kind, probability, frequency):
    """Integer ``frequency`` (4,), each at least 1, of sum 2**PRECISION."""
    for s in range(4):
        p = max(probability[s], _TINY)
        c.odds[s] = p
        c.odds[4 + s] = max(_ONE - p, _TINY)
    store(c.odds, 0, log8(load(c.odds, 0)))
    for s in range(4):
        odds = min(max(c.odds[s] - c.odds[4 + s], -_EDGE), _EDGE)
        place = (odds + np.float32(12.0)) * np.float32(32.0 / 24.0)
        lower = np.int64(place)
        share = place - np.float32(lower)
        at = kind * STEPS + lower
        c.at[s] = at
        c.share[s] = share
        c.odds[s] = c.map[at] * (_ONE - share) + c.map[at + 1] * share
    sum4 = (c.odds[0] + c.odds[1]) + (c.odds[2] + c.odds[3])
    most = 0
    left = np.int64(1 << PRECISION)
    for s in range(4):
        p = _HALF * (probability[s] + c.odds[s] / sum4)
        f = np.int64(p * _SCALE) + 1
        f = min(f, np.int64((1 << PRECISION) - 3))
        frequency[s] = f
        left -= f
        if f > frequency[most]:
            most = s
    frequency[most] += left


@inline_kernel
def learn(c, residue):
    """Move the entries of the map that were used towards the residue that came."""
    for s in range(4):
        at = c.at[s]
        came = _ONE if s == residue else np.float32(0.0)
        share = c.share[s]
        c.map[at] += (came - c.map[at]) * (_RATE * (_ONE - share))
        c.map[at + 1] += (came - c.map[at + 1]) * (_RATE * share)
