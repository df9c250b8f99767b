"""The prior: a small recurrent network that has read other genomes, as one more expert.

Two GRU layers (Cho et al., 2014) read 3-mers one after the other; after each they say how likely
each of the 64 next ones is. That gives weights for the next three residues: each is summed over
the 3-mers that agree with what is known of the running one.

    r, z = sigmoid(a_r), sigmoid(a_z)     n = tanh(b_n + r c_n)     h = n + z (h - n)

Weights are int8, states and activations that they multiply are int16: products are exact
(`whole`). Everything else is float32, element by element, in a written order (`simd`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.engine.logexp import exp8
from acgz.engine.simd import larger, load, smaller, splat, store, store_shorts
from acgz.kernel import compiles_here, inline_kernel, kernel

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
"""3-mers of a diary from one note of the states to the next."""
STEP = 32
"""Units of each layer are a multiple of this: four whole8."""

_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_TOP = np.float32(4.97)
_TO_STATE = np.float32(STATE_SCALE)
_TO_DENSE = np.float32(DENSE_SCALE)
_MOST = np.float32(DENSE_MOST)
_MAGIC = np.float32(12582912.0)  # 1.5 * 2**23: adding and subtracting it rounds half to even


class Diary(NamedTuple):
    """What a network has read since somebody looked, for one that learns from it (`adaptation`)."""

    tokens: NDArray[np.uint8]
    """(room,): 3-mers; `UNFORESEEN` is added to those that it had not foreseen. No room: nobody
    wants to know."""
    mixed: NDArray[np.float32]
    """(room * 12,): the mixer's probabilities of the residues of each."""
    starts: NDArray[np.float32]
    """(room / SEGMENT * 2 * units,): states before every 64th."""
    size: NDArray[np.int64]
    """(2,): how many there are, and `UNFORESEEN` if the next one is not foreseen."""


class Prior(NamedTuple):
    """A prior network as kernels see it: weights, which engines may share, and its state."""

    units: int
    """Of each recurrent layer; 0: there is no network, and every residue is as likely."""
    dense: int
    """Units of the dense layer."""
    weights: NDArray[np.int8]
    """All matrices, in the order of their use, each laid out by `laid_out`."""
    scale: NDArray[np.float32]
    """What the product with each row of the matrices is multiplied by; in the same order."""
    table: NDArray[np.float32]
    """(TOKENS * 3 * units,): what each 3-mer gives to the gates r, z, n of the first layer."""
    bias: NDArray[np.float32]
    """n of the first layer's state; r, z, n of the second's input; n of its state; then those of
    the linear and of the dense layer."""
    seen: NDArray[np.int16]
    """States of both layers as integers, then the dense layer's activations."""
    state: NDArray[np.float32]
    """(2 * units,)"""
    sums: NDArray[np.float32]
    """Scratch of the products."""
    odds: NDArray[np.float32]
    """(4 * NODES,): weights of the choices of each node."""
    node: NDArray[np.int64]
    """(1,): what is known of the running 3-mer."""
    tuned: NDArray[np.float32]
    """(4 * NODES * units,): what each choice gets from the second layer's state."""
    squares: NDArray[np.float32]
    """(NODES * units,): sums of squared gradients of the ``tuned`` of all choices of a node."""
    chance: NDArray[np.float32]
    """(16,): probabilities of the expert that learns; scratch."""
    diary: Diary


MATRICES = ("first", "gates", "below", "above", "head", "output")
"""In the order of their use."""


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

    ``room``: 3-mers that its diary can hold, a multiple of `SEGMENT`.
    """
    if arrays is None:
        return _made(0, 0, np.zeros(0, np.int8), np.zeros(0, np.float32), {}, 0)
    units = arrays["below"].shape[0]
    dense = arrays["output"].shape[1]
    weights = np.concatenate([laid_out(arrays[name]) for name in MATRICES])
    scale = np.concatenate([arrays[f"{name}.scale"] for name in MATRICES])
    return _made(units, dense, weights, scale, arrays, room)


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
        sums=np.zeros(max(4 * units, TOKENS + dense), np.float32),
        odds=np.ones(4 * NODES, np.float32),
        node=np.zeros(1, np.int64),
        tuned=np.zeros(4 * NODES * units, np.float32),
        squares=np.zeros(NODES * units, np.float32),
        chance=np.full(16, 0.25, np.float32),
        diary=_diary(room, units),
    )


def _diary(room: int, units: int) -> Diary:
    return Diary(
        tokens=np.zeros(room, np.uint8),
        mixed=np.zeros(12 * room, np.float32),
        starts=np.zeros(room // SEGMENT * 2 * units, np.float32),
        size=np.zeros(2, np.int64),
    )


def again(p: Prior, node: int) -> Prior:
    """The same network, which has read nothing, keeps no diary and begins at a node."""
    states = ("seen", "state", "sums", "node", "tuned", "squares", "chance")
    fresh = p._replace(**{name: np.zeros_like(getattr(p, name)) for name in states})
    fresh.node[0] = node
    return fresh._replace(odds=np.ones_like(p.odds), diary=_diary(0, 0))


def laid_out(matrix: NDArray[np.int8]) -> NDArray[np.int8]:
    """A matrix (outputs, inputs) in the order in which `times` reads it.

    32 outputs at a time; of these, two inputs at a time; of these, output by output.
    """
    outputs, inputs = matrix.shape
    cut = matrix.reshape(outputs // STEP, STEP, inputs // 2, 2)
    return np.ascontiguousarray(cut.transpose(0, 2, 1, 3)).ravel()


if not compiles_here():

    def times(p, at, row, first, inputs, to, outputs):
        """What the kernel below does, without a compiler."""
        cut = p.weights[at : at + outputs * inputs].reshape(outputs // STEP, inputs // 2, STEP, 2)
        matrix = cut.transpose(0, 2, 1, 3).reshape(outputs, inputs).astype(np.int32)
        sums = (matrix * p.seen[first : first + inputs]).sum(axis=1, dtype=np.int32)
        scale = p.scale[row : row + outputs]
        p.sums[to : to + outputs] = sums.astype(np.float32) * scale
        return at + outputs * inputs

else:
    from acgz.engine.whole import both, dot, floats, pair, shorts, whole

    @inline_kernel
    def times(p, at, row, first, inputs, to, outputs):
        """``sums[to:to + outputs]`` = matrix times ``seen[first:first + inputs]``, scaled.

        The matrix begins at ``at`` in the weights, its scales at ``row``. Outputs are a multiple of
        STEP, inputs of 4. Returns where the next matrix begins.
        """
        for o in range(0, outputs, STEP):
            a0 = whole(0)
            a1 = whole(0)
            a2 = whole(0)
            a3 = whole(0)
            b0 = whole(0)
            b1 = whole(0)
            b2 = whole(0)
            b3 = whole(0)
            for i in range(first, first + inputs, 4):
                x = pair(p.seen, i)
                a0 = dot(a0, shorts(p.weights, at), x)
                a1 = dot(a1, shorts(p.weights, at + 16), x)
                a2 = dot(a2, shorts(p.weights, at + 32), x)
                a3 = dot(a3, shorts(p.weights, at + 48), x)
                x = pair(p.seen, i + 2)
                b0 = dot(b0, shorts(p.weights, at + 64), x)
                b1 = dot(b1, shorts(p.weights, at + 80), x)
                b2 = dot(b2, shorts(p.weights, at + 96), x)
                b3 = dot(b3, shorts(p.weights, at + 112), x)
                at += 128
            s = row + o
            store(p.sums, to + o, floats(both(a0, b0)) * load(p.scale, s))
            store(p.sums, to + o + 8, floats(both(a1, b1)) * load(p.scale, s + 8))
            store(p.sums, to + o + 16, floats(both(a2, b2)) * load(p.scale, s + 16))
            store(p.sums, to + o + 24, floats(both(a3, b3)) * load(p.scale, s + 24))
        return at


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
def _gates(p, layer, source, at, bias):
    """The next state of a layer: r and z are complete in ``sums``, n of the state comes last.

    ``source[at:]`` has what the input gives to n; ``bias``: place of the state's bias of n.
    """
    n = p.units
    for j in range(0, n, 8):
        r = sigmoid(load(p.sums, j))
        z = sigmoid(load(p.sums, n + j))
        inner = load(p.sums, 2 * n + j) + load(p.bias, bias + j)
        new = tanh(load(source, at + j) + r * inner)
        h = new + z * (load(p.state, layer * n + j) - new)
        store(p.state, layer * n + j, h)
        store_shorts(p.seen, layer * n + j, rounded(h * splat(_TO_STATE)))


@inline_kernel
def add(p, to, source, at, size):
    """``sums[to:to + size] += source[at:at + size]``."""
    for j in range(0, size, 8):
        store(p.sums, to + j, load(p.sums, to + j) + load(source, at + j))


@kernel
def _read(p, token):
    """One more 3-mer: new states, and the weights of those that may come next."""
    n = p.units
    d = p.dense
    at = times(p, 0, 0, 0, n, 0, 3 * n)
    add(p, 0, p.table, token * 3 * n, 2 * n)
    _gates(p, 0, p.table, token * 3 * n + 2 * n, 0)
    at = times(p, at, 3 * n, 0, 2 * n, 0, 2 * n)
    add(p, 0, p.bias, n, 2 * n)
    at = times(p, at, 5 * n, 0, n, 3 * n, n)
    add(p, 3 * n, p.bias, 3 * n, n)
    at = times(p, at, 6 * n, n, n, 2 * n, n)
    _gates(p, 1, p.sums, 3 * n, 4 * n)
    at = times(p, at, 7 * n, n, n, 0, TOKENS + d)
    add(p, 0, p.bias, 5 * n, TOKENS + d)
    speak(p, at)


@inline_kernel
def speak(p, at):
    """Weights of the next 3-mer from the sums of the head; the last matrix begins at ``at``."""
    n = p.units
    d = p.dense
    for j in range(0, d, 8):
        active = larger(load(p.sums, TOKENS + j), splat(np.float32(0.0)))
        active = smaller(active, splat(_MOST))
        store_shorts(p.seen, 2 * n + j, rounded(active * splat(_TO_DENSE)))
    for j in range(0, TOKENS, 8):
        store(p.odds, LEAVES + j, load(p.sums, j))
    times(p, at, 7 * n + TOKENS + d, 2 * n, d, 0, TOKENS)
    _weigh(p)


@inline_kernel
def _weigh(p):
    """Weights of 3-mers from their logits, and sums of these for 2-mers and residues."""
    most = np.float32(-1e30)
    for j in range(TOKENS):
        p.odds[LEAVES + j] += p.sums[j]
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
            _write(p, node - NODES)
            _read(p, node - NODES)
        node = np.int64(0)
    p.node[0] = node


@inline_kernel
def heed(p, probability):
    """Write down what the mixer thought of the next residue, if there is a diary."""
    d = p.diary
    if d.size[0] < d.tokens.size:
        node = p.node[0]
        at = 12 * d.size[0]
        if node > 0:
            at += 4 if node <= 4 else 8
        for s in range(4):
            d.mixed[at + s] = probability[s]


@inline_kernel
def _write(p, token):
    """Enter a 3-mer that is about to be read into the diary, if there is one."""
    d = p.diary
    at = d.size[0]
    if at < d.tokens.size:
        if at % SEGMENT == 0:
            to = at // SEGMENT * 2 * p.units
            for k in range(2 * p.units):
                d.starts[to + k] = p.state[k]
        d.tokens[at] = token + d.size[1]
        d.size[0] = at + 1
        d.size[1] = 0
