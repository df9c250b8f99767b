"""How each weight of a prior should change: back through what it has read (`adaptation`).

What its cells did when they read a segment of 3-mers is in the diary; it is gone through from its
end (backpropagation through time; Werbos, 1990). What a network should have said is not
what came, but what the mixer did not expect of it: the gradient is that of what the residue cost,
had the network's logits been the mixer's own. So it learns what the other experts do not know.

*Slopes* are gradients before sigmoid and tanh. Products of slopes and weights are of integers, as
those of states and weights are (`products`), so they are exact, in whatever order they are added
up. `ABREAST` segments go side by side, since one matrix times three vectors takes less time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine.prior import DENSE_MOST, LEAVES, SEGMENT, TOKENS, UNFORESEEN, rounded
from acgz.engine.products import thrice, value
from acgz.engine.simd import absolute, greatest, larger, load, smaller, splat, store, store_shorts
from acgz.kernel import inline_kernel, kernel

DENSE_TOP = np.float32(31.0)
"""Activations of the dense layer count as at most this."""
ABREAST = 3
"""Segments that go back together."""
SLOPE_MOST = 16383.0
"""The largest of slopes that weights are multiplied with, as an integer."""

_ONE = np.float32(1.0)
_TINY = np.float32(1e-30)
_HUGE = np.float32(1e30)
_DENSE_MOST = np.float32(DENSE_MOST)
_SLOPE_MOST = np.float32(SLOPE_MOST)


class Tape(NamedTuple):
    """`ABREAST` segments on their way back, u being units and d dense units.

    Each has its part of every array but the first two.
    """

    turned: NDArray[np.int8]
    """The matrices of a network with rows and columns exchanged, in the order of their use on the
    way back: dense layer, head, state and input (n, r, z) of the second layer, state of the
    first."""
    scale: NDArray[np.float32]
    """(9 u + 128 + d,): of the weights of these matrices, a state or activation being 1."""
    seen: NDArray[np.int16]
    """Slopes as integers: of 3 u units, or of the head."""
    sums: NDArray[np.int32]
    """Products with them: of u or d outputs."""
    come: NDArray[np.float32]
    """Gradients of the states of the first and of the second layer that come back through products
    (2 u), and the last product."""
    flow: NDArray[np.float32]
    """(2 u): gradients of these states that come back along z."""
    back: NDArray[np.float32]
    """(8,): what 1 of the last product is worth, eight times."""


def tape(units: int, dense: int, turned: NDArray[np.int8]) -> Tape:
    """Room for the way back through ``turned``."""
    return Tape(
        turned,
        np.zeros(9 * units + 2 * TOKENS + dense, np.float32),
        np.zeros(ABREAST * max(3 * units, TOKENS + dense), np.int16),
        np.zeros(ABREAST * max(units, dense), np.int32),
        np.zeros(ABREAST * (2 * units + max(units, dense)), np.float32),
        np.zeros(ABREAST * 2 * units, np.float32),
        np.zeros(ABREAST * 8, np.float32),
    )


@inline_kernel
def _wanted(odds, o, token, mixed, at, slopes, to):
    """Slopes of the logits of 3-mers, of which ``token`` came, to ``slopes[to:to + 64]``.

    ``odds[o:]``: what the network said; ``mixed[at:at + 12]``: what the mixer thought of the three
    residues.
    """
    first = token // 16
    second = token // 4
    for a in range(4):
        came = _ONE if a == first else np.float32(0.0)
        share = splat((mixed[at + a] - came) / odds[o + a])
        for k in range(16 * a, 16 * a + 16, 8):
            store(slopes, to + k, share * load(odds, o + LEAVES + k))
    for b in range(4):
        node = 4 * first + b
        came = _ONE if node == second else np.float32(0.0)
        share1 = (mixed[at + 4 + b] - came) / odds[o + 4 + node]
        for k in range(4 * node, 4 * node + 4):
            slopes[to + k] += share1 * odds[o + LEAVES + k]
    for c in range(4):
        k = 4 * second + c
        came = _ONE if k == token else np.float32(0.0)
        slopes[to + k] += mixed[at + 8 + c] - came


@inline_kernel
def _integers(t, k, slopes, first, many, row):
    """``slopes[first:first + many]`` of segment ``k`` as integers, each times the scale of its row
    of a turned matrix, the first of which is ``row``."""
    seen = k * (t.seen.size // ABREAST)
    top = splat(np.float32(0.0))
    for j in range(0, many, 8):
        # What is no number is passed over here, and is the least integer below.
        top = larger(absolute(load(slopes, first + j) * load(t.scale, row + j)), top)
    most = greatest(top)
    # Nothing comes of slopes that are too large for a float.
    fine = most > _TINY and most < _HUGE
    unit = splat(_SLOPE_MOST / most if fine else np.float32(0.0))
    for j in range(0, many, 8):
        v = (load(slopes, first + j) * load(t.scale, row + j)) * unit
        v = smaller(larger(rounded(v), splat(-_SLOPE_MOST)), splat(_SLOPE_MOST))
        store_shorts(t.seen, seen + j, v if fine else unit)
    store(t.back, 8 * k, splat(most / _SLOPE_MOST if fine else np.float32(0.0)))


@inline_kernel
def _product(t, slopes, rows, first, many, row, at, outputs):
    """Products of slopes of all segments and a turned matrix that begins at ``at``.

    Taken are ``many`` slopes, from ``first`` on in each row of ``slopes``; ``rows``: where that of
    the first segment begins, and how far it is to the next one's. Scales begin at ``row``. Products
    go to the last part of ``come``. Returns where the next matrix begins.
    """
    begin, far = rows
    for k in range(ABREAST):
        _integers(t, k, slopes, begin + k * far + first, many, row)
    s = t.seen.size // ABREAST
    w = t.sums.size // ABREAST
    seen = (t.seen, t.seen, t.seen)
    sums = (t.sums, t.sums, t.sums)
    at = thrice(t.turned, at, seen, (0, s, 2 * s), many, sums, (0, w, 2 * w), outputs)
    for k in range(ABREAST):
        to = (k + 1) * (t.come.size // ABREAST) - w
        for j in range(0, outputs, 8):
            store(t.come, to + j, value(t.sums, k * w + j, t.back, 8 * k))
    return at


@inline_kernel
def _add(t, units, layer):
    """The last product comes back to the states of a layer."""
    each = t.come.size // ABREAST
    for k in range(ABREAST):
        to = k * each + layer * units
        product = k * each + 2 * units
        for j in range(0, units, 8):
            store(t.come, to + j, load(t.come, to + j) + load(t.come, product + j))


@inline_kernel
def _bring(t, units, layer):
    """Only the last product comes back to the states of a layer."""
    each = t.come.size // ABREAST
    for k in range(ABREAST):
        for j in range(0, units, 8):
            store(t.come, k * each + layer * units + j, load(t.come, k * each + 2 * units + j))


@inline_kernel
def _through(t, k, n, layer, kept, keep, slopes, to):
    """Slopes n, r, z, c of the cells of a layer of segment ``k`` (4 u) to ``slopes[to:]``.

    ``kept[keep:]``: what these cells did.
    """
    along = (2 * k + layer) * n
    come = k * (t.come.size // ABREAST) + layer * n
    one = splat(_ONE)
    for j in range(0, n, 8):
        g = load(t.flow, along + j) + load(t.come, come + j)
        r = load(kept, keep + j)
        z = load(kept, keep + n + j)
        new = load(kept, keep + 2 * n + j)
        inner = load(kept, keep + 3 * n + j)
        before = load(kept, keep + 4 * n + j)
        to_n = (g * (one - z)) * (one - new * new)
        store(slopes, to + j, to_n)
        store(slopes, to + n + j, ((to_n * inner) * r) * (one - r))
        store(slopes, to + 2 * n + j, ((g * (before - new)) * z) * (one - z))
        store(slopes, to + 3 * n + j, to_n * r)
        store(t.flow, along + j, g * z)


@inline_kernel
def _states(kept, keep, after, n, d, states, to):
    """States of both layers before and after a 3-mer, and the dense layer, to ``states[to:]``."""
    for layer in range(2):
        own = (5 * layer + 4) * n
        for j in range(0, n, 8):
            store(states, to + 2 * layer * n + j, load(kept, keep + own + j))
            store(states, to + (2 * layer + 1) * n + j, load(kept, after + own + j))
    for j in range(0, d, 8):
        a = larger(load(kept, keep + 10 * n + j), splat(np.float32(0.0)))
        store(states, to + 4 * n + j, smaller(a, splat(DENSE_TOP)))


@kernel
def go_back(t, diary, n, d, place, row, slopes, states):
    """Slopes and states of the three segments that begin in ``place`` of a diary.

    ``n``, ``d``: units of the network and of its dense layer. Written, from ``row`` on: ``slopes``,
    float32, 8 n + 64 + d for each 3-mer: n, r, z, c of the first and of the second layer, those of
    the head; ``states``, float32, 4 n + d: states of the first layer before and after it, those of
    the second, activations of the dense layer.
    """
    room = diary.tokens.size
    kept = diary.kept
    size = kept.size // room
    wide = 8 * n + TOKENS + d
    head = 8 * n
    far = SEGMENT * wide
    for j in range(t.flow.size):
        t.flow[j] = np.float32(0.0)
    for j in range(t.come.size):
        t.come[j] = np.float32(0.0)
    for back in range(SEGMENT):
        step = SEGMENT - 1 - back
        rows = ((row + step) * wide, far)
        for k in range(ABREAST):
            i = step + k * SEGMENT
            keep = (place + i) * size
            later = (place + i + 1) % room
            _states(kept, keep, later * size, n, d, states, (row + i) * (4 * n + d))
            after = np.int64(diary.tokens[later])
            to = (row + i) * wide + head
            if after < UNFORESEEN:
                _wanted(kept, keep + 10 * n + d, after, diary.mixed, 12 * later, slopes, to)
            else:
                for j in range(0, TOKENS, 8):
                    store(slopes, to + j, splat(np.float32(0.0)))
        at = _product(t, slopes, rows, head, TOKENS, 0, 0, d)
        for k in range(ABREAST):
            f = (place + step + k * SEGMENT) * size + 10 * n
            come = k * (t.come.size // ABREAST) + 2 * n
            to = (row + step + k * SEGMENT) * wide + head + TOKENS
            for j in range(d):
                through = kept[f + j] > np.float32(0.0) and kept[f + j] < _DENSE_MOST
                slopes[to + j] = t.come[come + j] if through else np.float32(0.0)
        at = _product(t, slopes, rows, head, TOKENS + d, TOKENS, at, n)
        scale = 2 * TOKENS + d
        _add(t, n, 1)
        for k in range(ABREAST):
            i = step + k * SEGMENT
            keep = (place + i) * size + 5 * n
            _through(t, k, n, 1, kept, keep, slopes, (row + i) * wide + 4 * n)
        at = _product(t, slopes, rows, 5 * n, 3 * n, scale, at, n)
        _bring(t, n, 1)
        at = _product(t, slopes, rows, 4 * n, 3 * n, scale + 3 * n, at, n)
        _add(t, n, 0)
        for k in range(ABREAST):
            i = step + k * SEGMENT
            _through(t, k, n, 0, kept, (place + i) * size, slopes, (row + i) * wide)
        _product(t, slopes, rows, n, 3 * n, scale + 6 * n, at, n)
        _bring(t, n, 0)
