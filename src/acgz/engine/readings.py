"""Readings of a prior, what they say to the mixer, and the expert that learns from them.

The network does not learn while it codes, but an expert beside it does: it adds to the network's
logarithms a linear function of its last state, which begins with zeros and takes a step down the
gradient of the cross-entropy after each residue, a smaller one where gradients were large. Running
3-mers have a function each: the 21 nodes of the tree of their residues. It takes 0.25 % off the
first Mb of E. coli, 0.5 % off that of H. pylori.

Where 3-mers begin is arbitrary. Two further readings of the same network, whose 3-mers begin a
residue earlier and later, see the same past in other words; what they agree on takes another
0.25 % off. Then the expert that learns begins with what all three say, and learns from the states
of all three: 0.13 % less for E. coli, 0.43 % for yeast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine import prior
from acgz.engine.logexp import exp8, log8
from acgz.engine.prior import Prior
from acgz.engine.simd import load, root, splat, store, total
from acgz.kernel import inline_kernel

INPUTS = 2
"""Inputs of the mixer that come from a prior. What further readings agree on is one more."""
FURTHER = (1 + 4, 1)
"""Node at which each further reading begins, as if two residues A, or one, had come before."""

_ONE = np.float32(1.0)
_FLOOR = np.float32(1 / 1024)
"""Share of all that is added to the weight of each residue."""
_RATE = np.float32(0.03)
_CALM = np.float32(4)
"""Squared gradients that are taken to have come before the first."""
_SHARE = np.float32(0.4)
"""Of each of three readings in the logarithms that the expert that learns begins with: where they
agree they are surer together than on average."""


class Readings(NamedTuple):
    """A prior as it reads a sequence, once or three times."""

    first: Prior
    second: Prior
    """It and the third are of no units where there is one reading."""
    third: Prior


def make(network: Mapping[str, NDArray[Any]] | None, further: bool, room: int = 0) -> Readings:
    """Readings of what `prior.make` makes of ``network``; three, if there are ``further`` ones.

    ``room``: that of the first one's diary.
    """
    first = prior.make(network, room)
    again = first if further else prior.make(None)
    second, third = (prior.again(again, node) for node in FURTHER)
    return Readings(first, second, third)


@inline_kernel
def predict(r, raw, width, first):
    """Write what a prior expects; nothing if there is none.

    Weights of residue s go to ``raw[s * width + first]`` as the first reading has them, to the next
    as the expert that learns has them, to the one after that as further readings have them on
    average (geometric mean), if there are any.
    """
    p, second, third = r
    if p.units == 0:
        return
    _look(p)
    for s in range(4):
        raw[s * width + first] = p.chance[s]
    store(p.chance, 8, log8(load(p.chance, 0)))
    if second.units > 0:
        _look(second)
        _look(third)
        for s in range(4):
            mean = np.sqrt(second.chance[s]) * np.sqrt(third.chance[s])
            raw[s * width + first + 2] = mean
        sum3 = load(p.chance, 8) + log8(load(second.chance, 0)) + log8(load(third.chance, 0))
        store(p.chance, 8, sum3 * splat(_SHARE))
    _tune(p, p.chance)
    if second.units > 0:
        _tune(second, p.chance)
        _tune(third, p.chance)
    most = max(max(p.chance[8], p.chance[9]), max(p.chance[10], p.chance[11]))
    for s in range(4):
        p.chance[8 + s] -= most
    store(p.chance, 8, exp8(load(p.chance, 8)))
    all4 = (p.chance[8] + p.chance[9]) + (p.chance[10] + p.chance[11])
    for s in range(4):
        p.chance[s] = p.chance[8 + s] / all4
        raw[s * width + first + 1] = p.chance[s] + _FLOOR


@inline_kernel
def _look(p):
    """Weights of the four residues, to ``chance[:4]``."""
    k = 4 * p.node[0]
    least = ((p.odds[k] + p.odds[k + 1]) + (p.odds[k + 2] + p.odds[k + 3])) * _FLOOR
    for s in range(4):
        p.chance[s] = p.odds[k + s] + least


@inline_kernel
def _tune(p, chance):
    """Add what the state of a reading says by what was learned to the logits ``chance[8:12]``."""
    n = p.units
    for s in range(4):
        at = (4 * p.node[0] + s) * n
        a = splat(np.float32(0.0))
        for j in range(0, n, 8):
            a += load(p.tuned, at + j) * load(p.state, n + j)
        chance[8 + s] += total(a)


@inline_kernel
def learn(r, residue):
    """The expert that learns takes a step; `predict` has to come first."""
    p, second, third = r
    _learn(p, p.chance, residue)
    if second.units > 0:
        _learn(second, p.chance, residue)
        _learn(third, p.chance, residue)


@inline_kernel
def _learn(p, chance, residue):
    """Adagrad (Duchi, Hazan and Singer 2011), the four choices of a node and unit together."""
    n = p.units
    e0 = -chance[0]
    e1 = -chance[1]
    e2 = -chance[2]
    e3 = -chance[3]
    if residue == 0:
        e0 += _ONE
    elif residue == 1:
        e1 += _ONE
    elif residue == 2:
        e2 += _ONE
    else:
        e3 += _ONE
    square = splat((e0 * e0 + e1 * e1) + (e2 * e2 + e3 * e3))
    node = p.node[0] * n
    at = 4 * node
    for j in range(0, n, 8):
        h = load(p.state, n + j)
        v = load(p.squares, node + j) + square * (h * h)
        store(p.squares, node + j, v)
        step = (h * splat(_RATE)) / root(v + splat(_CALM))
        store(p.tuned, at + j, load(p.tuned, at + j) + splat(e0) * step)
        k = at + n + j
        store(p.tuned, k, load(p.tuned, k) + splat(e1) * step)
        k += n
        store(p.tuned, k, load(p.tuned, k) + splat(e2) * step)
        k += n
        store(p.tuned, k, load(p.tuned, k) + splat(e3) * step)


@inline_kernel
def heed(r, probability):
    """The first reading takes note of what the mixer thinks of the next residue."""
    prior.heed(r.first, probability)


@inline_kernel
def follow(r, residue, rests):
    """Each reading takes note of the residue that came; see `prior.follow`."""
    prior.follow(r.first, residue, rests)
    if r.third.units > 0:
        prior.follow(r.second, residue, rests)
        prior.follow(r.third, residue, rests)
        prior.ahead(r.first, r.second, r.third)
