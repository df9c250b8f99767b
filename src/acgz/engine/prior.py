"""The prior: a small recurrent network that has read other genomes, as one more expert.

Two GRU layers (Cho et al., 2014) read 3-mers one after the other; after each they say how likely
each of the 64 next ones is. That gives weights for the next three residues: each is summed over
the 3-mers that agree with what is known of the running one.

    r, z = sigmoid(a_r), sigmoid(a_z)     n = tanh(b_n + r c_n)     h = n + z (h - n)

Weights are int8, states and activations that they multiply are int16: products are exact
(`products`). Everything else is float32, element by element, in a written order (`simd`).

What the states give to the gates of the next 3-mer is known as soon as they are. So where a network
is read three times (`readings`) that is reckoned for all three at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine.logexp import exp8
from acgz.engine.products import laid_out, thrice, times, value
from acgz.engine.simd import larger, load, smaller, splat, store, store_shorts
from acgz.kernel import inline_kernel, kernel

TOKENS = 64
"""3-mers."""
NODES = 1 + 4 + 16
"""What may be known of a running 3-mer: nothing, one residue, two. The node after residue s of
node k is 4 k + 1 + s, so the choices of node k are entries 4 k to 4 k + 3 of a table."""
LEAVES = 4 * (1 + 4)
"""Entry of the first 3-mer."""
STATE_SCALE = 16384.0
"""A state of 1 as an integer."""
DENSE_SCALE = 256.0
DENSE_MOST = 127.0
"""An activation of the dense layer is at most this."""
WEIGHT_MOST = 127
UNFORESEEN = 64
SEGMENT = 64
"""3-mers through which slopes go back (`gradients`)."""
BATCH = 18 * SEGMENT
"""3-mers of a step of a network that learns (`adaptation`)."""
ROOM = 4 * BATCH
"""3-mers that a diary remembers: those of an epoch, those of the epoch before, of which a network
may still be learning, and up to a batch that is not complete."""

_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_TOP = np.float32(4.97)
_TO_STATE = np.float32(STATE_SCALE)
_TO_DENSE = np.float32(DENSE_SCALE)
_MOST = np.float32(DENSE_MOST)
_MAGIC = np.float32(12582912.0)  # 1.5 * 2**23: adding and subtracting it rounds half to even


class Diary(NamedTuple):
    """What a network has read, for one that learns from it (`adaptation`), the oldest overwritten.

    The 3-mer that is read as the i-th, from 0 on, is in place i % room.
    """

    tokens: NDArray[np.uint8]
    """(room,): 3-mers; `UNFORESEEN` is added to those that it had not foreseen. No room: nobody
    wants to know."""
    mixed: NDArray[np.float32]
    """(room * 12,): the mixer's probabilities of the residues of each."""
    kept: NDArray[np.float32]
    """(room * `width`): what the network did when it read it: r, z, n, c and the state before, of
    both layers, then what the dense layer had before it was cut off, then the odds."""
    size: NDArray[np.int64]
    """(2,): how many have been read, and `UNFORESEEN` if the next one is not foreseen."""


def width(units: int, dense: int) -> int:
    """Numbers that a diary keeps of a 3-mer."""
    return 10 * units + dense + 4 * NODES


class Prior(NamedTuple):
    """A prior network as kernels see it: weights, which engines may share, and its state."""

    units: int
    """Of each recurrent layer; 0: there is no network, and every residue is as likely."""
    dense: int
    """Units of the dense layer."""
    weights: NDArray[np.int8]
    """The matrices that `stacked` makes, each laid out by `laid_out`."""
    scale: NDArray[np.float32]
    """What the ``sums`` are multiplied by, then those of the last matrix."""
    table: NDArray[np.float32]
    """(TOKENS * 3 * units,): what each 3-mer gives to the gates r, z, n of the first layer."""
    bias: NDArray[np.float32]
    """n of the first layer's state; r, z, n of the second's input; n of its state; then those of
    the linear and of the dense layer."""
    seen: NDArray[np.int16]
    """States of both layers as integers, then the dense layer's activations."""
    state: NDArray[np.float32]
    """(2 * units,)"""
    sums: NDArray[np.int32]
    """(7 u + 64 + d,), u units and d of the dense layer: products. Of the first layer's state with
    r, z, n; of the second's; of the second's input with n (that with r, z is added to those of its
    state); of the head, and then of the dense layer."""
    odds: NDArray[np.float32]
    """(4 * NODES,): weights of the choices of each node."""
    node: NDArray[np.int64]
    """(2,): what is known of the running 3-mer; 1 if the first 6 u ``sums`` are not those of the
    states and weights as they are."""
    tuned: NDArray[np.float32]
    """(4 * NODES * units,): what each choice gets from the second layer's state."""
    squares: NDArray[np.float32]
    """(NODES * units,): sums of squared gradients of the ``tuned`` of all choices of a node."""
    chance: NDArray[np.float32]
    """(16,): probabilities of the expert that learns; scratch."""
    diary: Diary


MATRICES = ("first", "gates", "below", "above", "head", "output")
"""Of a prior's file. ``gates`` are r, z of the second layer, of its input and its state; ``below``
is n of its input, ``above`` of its state."""
_SCALES = ("first", "gates", "above", "below", "head", "output")
"""In the order in which a network has them."""


def shapes(units: int, dense: int) -> dict[str, tuple[tuple[int, ...], type]]:
    """Shape and type of the arrays of a network by name; matrices are (outputs, inputs)."""
    matrices = {
        "first": (3 * units, units),
        "gates": (2 * units, 2 * units),
        "below": (units, units),
        "above": (units, units),
        "head": (TOKENS + dense, units),
        "output": (TOKENS, dense),
    }
    return {
        **{name: (shape, np.int8) for name, shape in matrices.items()},
        **{f"{name}.scale": (shape[:1], np.float32) for name, shape in matrices.items()},
        "table": ((TOKENS, 3 * units), np.float32),
        "bias": ((5 * units + TOKENS + dense,), np.float32),
    }


def make(arrays: Mapping[str, NDArray[Any]] | None, room: int = 0) -> Prior:
    """A network that has read nothing; of no units without ``arrays`` (as `shapes` has them).

    ``room``: 3-mers that its diary can hold.
    """
    if arrays is None:
        return _made(0, 0, np.zeros(0, np.int8), np.zeros(0, np.float32), {}, 0)
    units = arrays["below"].shape[0]
    dense = arrays["output"].shape[1]
    weights = np.concatenate([laid_out(matrix) for matrix in stacked(arrays)])
    return _made(units, dense, weights, scales(arrays), arrays, room)


def stacked(arrays: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """Matrices in the order of their use: of the first layer's state, the second layer's state, its
    input (r, z, n each), the head and the dense layer."""
    units = arrays["below"].shape[0]
    of_input, of_state = np.split(arrays["gates"], [units], axis=1)
    return [
        arrays["first"],
        np.concatenate([of_state, arrays["above"]]),
        np.concatenate([of_input, arrays["below"]]),
        arrays["head"],
        arrays["output"],
    ]


def scales(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """The ``scale`` of a network."""
    return np.concatenate([arrays[f"{name}.scale"] for name in _SCALES])


def _made(
    units: int,
    dense: int,
    weights: NDArray[np.int8],
    scale: NDArray[np.float32],
    arrays: Mapping[str, NDArray[Any]],
    room: int,
) -> Prior:
    nothing = np.zeros(0, np.float32)
    return Prior(
        units=units,
        dense=dense,
        weights=weights,
        scale=scale,
        table=np.array(arrays.get("table", nothing), np.float32).ravel(),
        bias=np.array(arrays.get("bias", nothing), np.float32),
        seen=np.zeros(2 * units + dense, np.int16),
        state=np.zeros(2 * units, np.float32),
        sums=np.zeros(7 * units + TOKENS + dense, np.int32),
        odds=np.ones(4 * NODES, np.float32),
        node=np.zeros(2, np.int64),
        tuned=np.zeros(4 * NODES * units, np.float32),
        squares=np.zeros(NODES * units, np.float32),
        chance=np.full(16, 0.25, np.float32),
        diary=_diary(room, width(units, dense)),
    )


def _diary(room: int, width: int) -> Diary:
    return Diary(
        tokens=np.zeros(room, np.uint8),
        mixed=np.zeros(12 * room, np.float32),
        kept=np.zeros(room * width, np.float32),
        size=np.zeros(2, np.int64),
    )


def again(p: Prior, node: int) -> Prior:
    """The same network, which has read nothing, keeps no diary and begins at a node."""
    states = ("seen", "state", "sums", "node", "tuned", "squares", "chance")
    fresh = p._replace(**{name: np.zeros_like(getattr(p, name)) for name in states})
    fresh.node[0] = node
    return fresh._replace(odds=np.ones_like(p.odds), diary=_diary(0, 0))


@inline_kernel
def tanh(x):
    """Hyperbolic tangent, to 2e-4: the first terms of its continued fraction (Lambert)."""
    x = smaller(larger(x, splat(-_TOP)), splat(_TOP))
    q = x * x
    top = q + splat(np.float32(378.0))
    top = top * q + splat(np.float32(17325.0))
    top = top * q + splat(np.float32(135135.0))
    low = splat(np.float32(28.0)) * q + splat(np.float32(3150.0))
    low = low * q + splat(np.float32(62370.0))
    low = low * q + splat(np.float32(135135.0))
    return x * top / low


@inline_kernel
def sigmoid(x):
    return tanh(x * splat(_HALF)) * splat(_HALF) + splat(_HALF)


@inline_kernel
def rounded(x):
    return (x + splat(_MAGIC)) - splat(_MAGIC)


@inline_kernel
def _value(p, at):
    """Eight of the ``sums``, as floats."""
    return value(p.sums, at, p.scale, at)


@inline_kernel
def _cells(p, layer, source, at, bias, keep):
    """The next state of a layer, from its ``sums`` and what ``source[at:]`` gives to r, z, n.

    ``bias``: place of the state's bias of n. What the cells do goes to ``diary.kept[keep:]``, if
    ``keep`` is not negative.
    """
    n = p.units
    own = 3 * n * layer
    kept = p.diary.kept
    for j in range(0, n, 8):
        r = sigmoid(_value(p, own + j) + load(source, at + j))
        z = sigmoid(_value(p, own + n + j) + load(source, at + n + j))
        inner = _value(p, own + 2 * n + j) + load(p.bias, bias + j)
        given = load(source, at + 2 * n + j)
        if layer == 1:
            given = _value(p, 6 * n + j) + given
        new = tanh(given + r * inner)
        before = load(p.state, layer * n + j)
        h = new + z * (before - new)
        store(p.state, layer * n + j, h)
        store_shorts(p.seen, layer * n + j, rounded(h * splat(_TO_STATE)))
        if keep >= 0:
            store(kept, keep + j, r)
            store(kept, keep + n + j, z)
            store(kept, keep + 2 * n + j, new)
            store(kept, keep + 3 * n + j, inner)
            store(kept, keep + 4 * n + j, before)


@kernel
def _read(p, token, keep):
    """One more 3-mer: new states, and the weights of those that may come next.

    ``keep``: where the diary keeps what it does, or less than 0.
    """
    n = p.units
    d = p.dense
    if p.node[1] == 1:
        at = times(p.weights, 0, p.seen, 0, n, p.sums, 0, 3 * n, False)
        times(p.weights, at, p.seen, n, n, p.sums, 3 * n, 3 * n, False)
    p.node[1] = 1
    _cells(p, 0, p.table, token * 3 * n, 0, keep)
    at = times(p.weights, 6 * n * n, p.seen, 0, n, p.sums, 3 * n, 2 * n, True)
    at = times(p.weights, at, p.seen, 0, n, p.sums, 6 * n, n, False)
    _cells(p, 1, p.bias, n, 4 * n, keep + 5 * n if keep >= 0 else keep)
    at = times(p.weights, at, p.seen, n, n, p.sums, 7 * n, TOKENS + d, False)
    for j in range(0, TOKENS, 8):
        said = _value(p, 7 * n + j) + load(p.bias, 5 * n + j)
        store(p.odds, LEAVES + j, said)
    for j in range(TOKENS, TOKENS + d, 8):
        active = _value(p, 7 * n + j) + load(p.bias, 5 * n + j)
        if keep >= 0:
            store(p.diary.kept, keep + 10 * n + j - TOKENS, active)
        active = smaller(larger(active, splat(np.float32(0.0))), splat(_MOST))
        store_shorts(p.seen, 2 * n + j - TOKENS, rounded(active * splat(_TO_DENSE)))
    times(p.weights, at, p.seen, 2 * n, d, p.sums, 7 * n, TOKENS, False)
    _weigh(p)
    if keep >= 0:
        for j in range(0, 4 * NODES):
            p.diary.kept[keep + 10 * n + d + j] = p.odds[j]


@inline_kernel
def ahead(p, q, s):
    """Reckon what the states of three readings give to the gates, once all of them have changed."""
    if p.node[1] + q.node[1] + s.node[1] == 3:
        _look_ahead(p, q, s)


@kernel
def _look_ahead(p, q, s):
    n = p.units
    seen = (p.seen, q.seen, s.seen)
    sums = (p.sums, q.sums, s.sums)
    at = thrice(p.weights, 0, seen, (0, 0, 0), n, sums, (0, 0, 0), 3 * n)
    thrice(p.weights, at, seen, (n, n, n), n, sums, (3 * n, 3 * n, 3 * n), 3 * n)
    p.node[1] = 0
    q.node[1] = 0
    s.node[1] = 0


@inline_kernel
def _weigh(p):
    """Weights of 3-mers from their logits, and sums of these for 2-mers and residues."""
    n = p.units
    first = 7 * n + TOKENS + p.dense
    for j in range(0, TOKENS, 8):
        said = value(p.sums, 7 * n + j, p.scale, first + j)
        store(p.odds, LEAVES + j, load(p.odds, LEAVES + j) + said)
    most = np.float32(-1e30)
    for j in range(TOKENS):
        most = max(most, p.odds[LEAVES + j])
    for j in range(0, TOKENS, 8):
        store(p.odds, LEAVES + j, exp8(load(p.odds, LEAVES + j) - splat(most)))
    for back in range(1, NODES):
        node = NODES - back
        k = 4 * node
        p.odds[node - 1] = (p.odds[k] + p.odds[k + 1]) + (p.odds[k + 2] + p.odds[k + 3])


@inline_kernel
def follow(p, residue, rests):
    """Take note of the residue that came, and read a 3-mer when it is complete.

    A network that ``rests`` does not read it, and knows nothing of the next one.
    """
    if p.units == 0:
        return
    if rests:
        p.diary.size[1] = UNFORESEEN
    node = 4 * p.node[0] + 1 + residue
    if node >= NODES:
        if rests:
            for k in range(4 * NODES):
                p.odds[k] = np.float32(1.0)
        else:
            keep = _write(p, node - NODES)
            _read(p, node - NODES, keep)
        node = np.int64(0)
    p.node[0] = node


@inline_kernel
def heed(p, probability):
    """Write down what the mixer thought of the next residue, if there is a diary."""
    d = p.diary
    room = d.tokens.size
    if room > 0:
        node = p.node[0]
        at = 12 * (d.size[0] % room)
        if node > 0:
            at += 4 if node <= 4 else 8
        for s in range(4):
            d.mixed[at + s] = probability[s]


@inline_kernel
def _write(p, token):
    """Enter a 3-mer that is about to be read into the diary.

    Returns where ``kept`` begins, -1 if there is no diary.
    """
    d = p.diary
    room = d.tokens.size
    if room == 0:
        return np.int64(-1)
    at = d.size[0] % room
    d.tokens[at] = token + d.size[1]
    d.size[0] += 1
    d.size[1] = 0
    return at * (d.kept.size // room)
