"""How each weight of a prior should change: back through what it has read (`adaptation`).

A segment of 3-mers is read once more, this time keeping what its cells did, and then gone through
from its end (backpropagation through time; Werbos, 1990). What a network should have said is not
what came, but what the mixer did not expect of it: the gradient is that of what the residue cost,
had the network's logits been the mixer's own. So it learns what the other experts do not know.

*Slopes* are gradients before sigmoid and tanh. Products of slopes and weights are of integers, as
those of states and weights are (`whole`), so they are exact, in whatever order they are added up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine import prior
from acgz.engine.prior import (
    DENSE_MOST,
    LEAVES,
    NODES,
    SEGMENT,
    STATE_SCALE,
    TOKENS,
    UNFORESEEN,
    Prior,
    rounded,
    sigmoid,
    tanh,
    times,
)
from acgz.engine.simd import absolute, larger, load, smaller, splat, store, store_shorts
from acgz.kernel import compiles_here, inline_kernel, kernel

STATE_GRAIN = 512.0
"""A state of 1 as an integer that slopes are multiplied with."""
DENSE_GRAIN = 16.0
DENSE_TOP = 31.0
"""An activation of 1, likewise; there it is at most the second."""
SLOPE_MOST = 16383.0
"""The largest of slopes that weights are multiplied with, as an integer."""

_ONE = np.float32(1.0)
_MAGIC = np.float32(12582912.0)  # as in `prior`
_TINY = np.float32(1e-30)
_HUGE = np.float32(1e30)
_TO_STATE = np.float32(STATE_SCALE)
_TO_GRAIN = np.float32(STATE_GRAIN)
_TO_DENSE = np.float32(DENSE_GRAIN)
_DENSE_TOP = np.float32(DENSE_TOP)
_DENSE_MOST = np.float32(DENSE_MOST)
_SLOPE_MOST = np.float32(SLOPE_MOST)


class Tape(NamedTuple):
    """One segment on its way forth and back, u being units and d dense units."""

    network: Prior
    """The weights that learn, and a reading of its own."""
    turned: Prior
    """The same matrices with rows and columns exchanged, in the order of their use on the way back:
    output, head, state and input of the second layer, state of the first. Its ``seen`` and ``sums``
    are slopes and products; its scales are 1."""
    scale: NDArray[np.float32]
    """(9 u + 128 + d,): of the weights of these matrices, a state or activation being 1."""
    kept: NDArray[np.float32]
    """(SEGMENT * (10 u + d),): r, z, n, c and the state before, of both layers, then what the dense
    layer has before it is cut off."""
    odds: NDArray[np.float32]
    """(SEGMENT * 4 * NODES,): as `prior` has them after each 3-mer."""
    flow: NDArray[np.float32]
    """(4 u,): in its last half gradients of the states of the second and of the first layer that
    flow along z; the beginning is scratch."""


def segment(units: int, dense: int, network: Prior, turned: Prior) -> Tape:
    """Room for one segment of a ``network``."""
    return Tape(
        network,
        turned,
        np.zeros(9 * units + 2 * TOKENS + dense, np.float32),
        np.zeros(SEGMENT * (10 * units + dense), np.float32),
        np.zeros(SEGMENT * 4 * NODES, np.float32),
        np.zeros(4 * units, np.float32),
    )


@inline_kernel
def _cell(p, layer, source, at, bias, kept):
    """As `prior._gates`, and r, z, n, c and the state before go to ``kept[...]``."""
    n = p.units
    tape, to = kept
    for j in range(0, n, 8):
        r = sigmoid(load(p.sums, j))
        z = sigmoid(load(p.sums, n + j))
        inner = load(p.sums, 2 * n + j) + load(p.bias, bias + j)
        new = tanh(load(source, at + j) + r * inner)
        before = load(p.state, layer * n + j)
        h = new + z * (before - new)
        store(p.state, layer * n + j, h)
        store_shorts(p.seen, layer * n + j, rounded(h * splat(_TO_STATE)))
        store(tape, to + j, r)
        store(tape, to + n + j, z)
        store(tape, to + 2 * n + j, new)
        store(tape, to + 3 * n + j, inner)
        store(tape, to + 4 * n + j, before)


@inline_kernel
def _forth(t, token, step):
    """Read a 3-mer as `prior` does, and keep what the cells did."""
    p = t.network
    n = p.units
    d = p.dense
    keep = step * (10 * n + d)
    at = times(p, 0, 0, 0, n, 0, 3 * n)
    prior.add(p, 0, p.table, token * 3 * n, 2 * n)
    _cell(p, 0, p.table, token * 3 * n + 2 * n, 0, (t.kept, keep))
    at = times(p, at, 3 * n, 0, 2 * n, 0, 2 * n)
    prior.add(p, 0, p.bias, n, 2 * n)
    at = times(p, at, 5 * n, 0, n, 3 * n, n)
    prior.add(p, 3 * n, p.bias, 3 * n, n)
    at = times(p, at, 6 * n, n, n, 2 * n, n)
    _cell(p, 1, p.sums, 3 * n, 4 * n, (t.kept, keep + 5 * n))
    at = times(p, at, 7 * n, n, n, 0, TOKENS + d)
    prior.add(p, 0, p.bias, 5 * n, TOKENS + d)
    for j in range(0, d, 8):
        store(t.kept, keep + 10 * n + j, load(p.sums, TOKENS + j))
    prior.speak(p, at)
    for k in range(4 * NODES):
        t.odds[step * 4 * NODES + k] = p.odds[k]


@inline_kernel
def _wanted(t, step, token, mixed, at, slopes, to):
    """Slopes of the logits of 3-mers, of which ``token`` came, to ``slopes[to:to + 64]``.

    ``mixed[at:at + 12]``: what the mixer thought of its three residues.
    """
    o = step * 4 * NODES
    first = token // 16
    second = token // 4
    for a in range(4):
        came = _ONE if a == first else np.float32(0.0)
        share = splat((mixed[at + a] - came) / t.odds[o + a])
        for k in range(16 * a, 16 * a + 16, 8):
            store(slopes, to + k, share * load(t.odds, o + LEAVES + k))
    for b in range(4):
        node = 4 * first + b
        came = _ONE if node == second else np.float32(0.0)
        share1 = (mixed[at + 4 + b] - came) / t.odds[o + 4 + node]
        for k in range(4 * node, 4 * node + 4):
            slopes[to + k] += share1 * t.odds[o + LEAVES + k]
    for c in range(4):
        k = 4 * second + c
        came = _ONE if k == token else np.float32(0.0)
        slopes[to + k] += mixed[at + 8 + c] - came


@inline_kernel
def _product(t, slopes, first, many, row, at, outputs, to):
    """Product of ``slopes[first:first + many]`` and a turned matrix that begins at ``at``.

    Its scales begin at ``row``; goes to the sums ``to``. Returns where the next matrix begins.
    """
    p = t.turned
    top = splat(np.float32(0.0))
    for j in range(0, many, 8):
        top = larger(top, absolute(load(slopes, first + j) * load(t.scale, row + j)))
    store(t.flow, 0, top)
    most = t.flow[0]
    for j in range(1, 8):
        most = max(most, t.flow[j])
    # Nothing comes of slopes that are too large for a float, or of no number.
    fine = most > _TINY and most < _HUGE
    unit = splat(_SLOPE_MOST / most if fine else np.float32(0.0))
    for j in range(0, many, 8):
        v = (load(slopes, first + j) * load(t.scale, row + j)) * unit
        store_shorts(p.seen, j, rounded(v) if fine else unit)
    at = times(p, at, 0, 0, many, to, outputs)
    back = splat(most / _SLOPE_MOST if fine else np.float32(0.0))
    for j in range(0, outputs, 8):
        store(p.sums, to + j, load(p.sums, to + j) * back)
    return at


@inline_kernel
def _through(t, keep, along, come, slopes, to):
    """Slopes n, r, z, c of the cells of a layer (4 u) to ``slopes[to:]``.

    The gradient of their states is ``flow[along:]`` and ``sums[come:]``; what flows on along z
    stays in ``flow[along:]``.
    """
    n = t.network.units
    one = splat(_ONE)
    for j in range(0, n, 8):
        g = load(t.flow, along + j) + load(t.turned.sums, come + j)
        r = load(t.kept, keep + j)
        z = load(t.kept, keep + n + j)
        new = load(t.kept, keep + 2 * n + j)
        inner = load(t.kept, keep + 3 * n + j)
        before = load(t.kept, keep + 4 * n + j)
        to_n = (g * (one - z)) * (one - new * new)
        store(slopes, to + j, to_n)
        store(slopes, to + n + j, ((to_n * inner) * r) * (one - r))
        store(slopes, to + 2 * n + j, ((g * (before - new)) * z) * (one - z))
        store(slopes, to + 3 * n + j, to_n * r)
        store(t.flow, along + j, g * z)


@kernel
def follow(t, tokens, mixed, starts, begin, slopes, whole):
    """Slopes and integers of the segment that begins at 3-mer ``begin`` of a diary.

    ``tokens``, ``mixed``, ``starts``: of the diary, with the 3-mer after the segment. Written:
    ``slopes``, float32, 8 u + 64 + d for each 3-mer: n, r, z, c of the first and of the second
    layer, those of the head; ``whole``, int16, 4 u + d: states of the first layer before and after
    it, those of the second, activations of the dense layer.
    """
    p = t.network
    n = p.units
    d = p.dense
    wide = 8 * n + TOKENS + d
    wider = 4 * n + d
    for j in range(0, 2 * n, 8):
        h = load(starts, begin // SEGMENT * 2 * n + j)
        store(p.state, j, h)
        store_shorts(p.seen, j, rounded(h * splat(_TO_STATE)))
    for step in range(SEGMENT):
        i = begin + step
        for layer in range(2):
            for j in range(0, n, 8):
                h = load(p.state, layer * n + j)
                to = i * wider + 2 * layer * n + j
                store_shorts(whole, to, rounded(h * splat(_TO_GRAIN)))
        _forth(t, np.int64(tokens[i]) % TOKENS, step)
        for layer in range(2):
            for j in range(0, n, 8):
                h = load(p.state, layer * n + j)
                to = i * wider + (2 * layer + 1) * n + j
                store_shorts(whole, to, rounded(h * splat(_TO_GRAIN)))
        for j in range(0, d, 8):
            a = larger(load(t.kept, step * (10 * n + d) + 10 * n + j), splat(np.float32(0.0)))
            a = smaller(a, splat(_DENSE_TOP))
            store_shorts(whole, i * wider + 4 * n + j, rounded(a * splat(_TO_DENSE)))
    q = t.turned
    for j in range(4 * n):
        t.flow[j] = np.float32(0.0)
    for j in range(2 * n):
        q.sums[j] = np.float32(0.0)  # what comes back from the products of the step after
    for back in range(SEGMENT):
        step = SEGMENT - 1 - back
        i = begin + step
        keep = step * (10 * n + d)
        to = i * wide
        head = to + 8 * n
        after = np.int64(tokens[i + 1])
        if after < UNFORESEEN:
            _wanted(t, step, after, mixed, 12 * (i + 1), slopes, head)
        else:
            for j in range(TOKENS):
                slopes[head + j] = np.float32(0.0)
        at = _product(t, slopes, head, TOKENS, 0, 0, d, 2 * n)
        for j in range(d):
            f = t.kept[keep + 10 * n + j]
            through = f > np.float32(0.0) and f < _DENSE_MOST
            slopes[head + TOKENS + j] = q.sums[2 * n + j] if through else np.float32(0.0)
        at = _product(t, slopes, head, TOKENS + d, TOKENS, at, n, 2 * n)
        row = 2 * TOKENS + d
        for j in range(0, n, 8):
            store(q.sums, n + j, load(q.sums, n + j) + load(q.sums, 2 * n + j))
        _through(t, keep + 5 * n, 2 * n, n, slopes, to + 4 * n)
        at = _product(t, slopes, to + 5 * n, 3 * n, row, at, n, n)
        at = _product(t, slopes, to + 4 * n, 3 * n, row + 3 * n, at, n, 2 * n)
        for j in range(0, n, 8):
            store(q.sums, j, load(q.sums, j) + load(q.sums, 2 * n + j))
        _through(t, keep, 3 * n, 0, slopes, to)
        _product(t, slopes, to + n, 3 * n, row + 6 * n, at, n, 0)


@kernel
def beside(values, unit, out):
    """Round ``values[i, j] * unit[j]`` to integers, two rows at a time.

    They go to ``out[i / 2, 2 * j + i % 2]``.
    """
    columns = unit.size
    for i in range(0, values.shape[0], 2):
        a = values[i]
        b = values[i + 1]
        row = out[i // 2]
        for j in range(columns):
            row[2 * j] = np.int16((a[j] * unit[j] + _MAGIC) - _MAGIC)
            row[2 * j + 1] = np.int16((b[j] * unit[j] + _MAGIC) - _MAGIC)


@kernel
def collect(tokens, pairs, units, table):
    """Add the slopes r, z, n of the first layer to the row of ``table`` of each 3-mer.

    ``pairs``: as `beside` makes them of slopes; ``table``: int32 (TOKENS, 3 units).
    """
    for i in range(tokens.size):
        row = table[tokens[i]]
        slopes = pairs[i // 2]
        side = i % 2
        for j in range(units):
            row[j] += slopes[2 * (units + j) + side]
            row[units + j] += slopes[2 * (2 * units + j) + side]
            row[2 * units + j] += slopes[2 * j + side]


if not compiles_here():

    def _block(s, at, wide, h, to, wider, pairs, out, o, inputs):
        """What the kernel below does, without a compiler."""
        a = np.lib.stride_tricks.as_strided(s[at:], (pairs, 4, 2), (2 * wide, 4, 2))
        b = np.lib.stride_tricks.as_strided(h[to:], (pairs, 16, 2), (2 * wider, 4, 2))
        sums = np.einsum("tjx,tkx->jk", a.astype(np.int64), b.astype(np.int64))
        for j in range(4):
            out[o + j * inputs : o + j * inputs + 16] = sums[j].astype(np.float32)

else:
    from acgz.engine.whole import dot, floats, pair, whole, wide_shorts

    @inline_kernel
    def _block(s, at, wide, h, to, wider, pairs, out, o, inputs):
        """Sums over ``pairs`` of four slopes, from ``s[at]`` on, times 16 integers, from ``h[to]``.

        A pair has ``wide`` numbers in ``s``, ``wider`` in ``h``. Rows of ``out`` have ``inputs``.
        """
        a0 = whole(0)
        a1 = whole(0)
        b0 = whole(0)
        b1 = whole(0)
        c0 = whole(0)
        c1 = whole(0)
        d0 = whole(0)
        d1 = whole(0)
        for _ in range(pairs):
            x = wide_shorts(h, to)
            y = wide_shorts(h, to + 16)
            v = pair(s, at)
            a0 = dot(a0, x, v)
            a1 = dot(a1, y, v)
            v = pair(s, at + 2)
            b0 = dot(b0, x, v)
            b1 = dot(b1, y, v)
            v = pair(s, at + 4)
            c0 = dot(c0, x, v)
            c1 = dot(c1, y, v)
            v = pair(s, at + 6)
            d0 = dot(d0, x, v)
            d1 = dot(d1, y, v)
            at += wide
            to += wider
        store(out, o, floats(a0))
        store(out, o + 8, floats(a1))
        o += inputs
        store(out, o, floats(b0))
        store(out, o + 8, floats(b1))
        o += inputs
        store(out, o, floats(c0))
        store(out, o + 8, floats(c1))
        o += inputs
        store(out, o, floats(d0))
        store(out, o + 8, floats(d1))


@kernel
def outer(s, wide, first, many, h, wider, begin, inputs, out):
    """Sums over all 3-mers of slope times integer: (many * inputs,).

    ``s``, ``h``: int16, the numbers of two 3-mers side by side, as `beside` makes them; a pair has
    ``wide`` of them in ``s`` and ``wider`` in ``h``. Taken are ``many`` slopes, a multiple of 4,
    from ``first`` on, and ``inputs`` integers, a multiple of 16, from ``begin`` on.
    """
    pairs = s.size // wide
    for j in range(0, many, 4):
        for k in range(0, inputs, 16):
            at = 2 * (first + j)
            to = 2 * (begin + k)
            _block(s, at, wide, h, to, wider, pairs, out, j * inputs + k, inputs)
