"""The mixer: logits of the four residues from the centred log weights of all experts.

    logit_s = (w_match + w_context + w_pool) . x_s  +  v . f(V x_s)  +  u_s . f(U [x_A x_C x_G x_T] + b)

- three *weight sets*, each selected by its own context (state of the repeat experts, last
  five residues, size of the pool);
- a *shared* hidden layer that sees one residue's inputs and is the same for all four, so that
  it learns from each symbol four times;
- a *joint* hidden layer that sees all inputs of all residues.

f is the softsign x / (1 + |x|). All of it learns by gradient steps of the cross-entropy, one for a
residue. Input x_s is (width,), the inputs of all residues (4, width), row by row.
"""  # noqa: E501

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acgz.coding.splitmix import STRIDE, splitmix64
from acgz.engine.simd import absolute, load, splat, store, total
from acgz.kernel import inline_kernel

SETS = (16 * 3 * 4, 1024, 15 * 3)
"""Weight sets of each of the three choices: 16 states of the best repeat, 3 lengths of the longest
known context, 4 sizes of the pool; five residues; 15 sizes of the pool, 3 lengths."""
SHARED = 16
"""Units of the shared hidden layer: two float8, which the code below names one by one."""
JOINT = 32
"""Units of the joint hidden layer: four float8, as above."""

_ONE = np.float32(1.0)


class Network(NamedTuple):
    """Weights and scratch; all float32 and flat."""

    width: int
    hidden: bool
    """Whether there are hidden layers."""
    sets: NDArray[np.float32]
    """(sum(SETS) * width,)"""
    shared_in: NDArray[np.float32]
    """(width * SHARED,)"""
    shared_out: NDArray[np.float32]
    joint_in: NDArray[np.float32]
    """(4 * width * JOINT,)"""
    joint_bias: NDArray[np.float32]
    joint_out: NDArray[np.float32]
    """(4 * JOINT,)"""
    shared_now: NDArray[np.float32]
    """(4 * SHARED,): activations."""
    joint_now: NDArray[np.float32]


def make(width: int, inputs: int, hidden: bool, share: float) -> Network:
    """Weights before learning: each input counts ``share``; hidden layers nearly silent."""
    row = np.zeros(width, np.float32)
    row[:inputs] = np.float32(share / len(SETS))
    return Network(
        width=width,
        hidden=hidden,
        sets=np.tile(row, sum(SETS)),
        shared_in=_noise(width * SHARED, 1),
        shared_out=_noise(SHARED, 2),
        joint_in=_noise(4 * width * JOINT, 3),
        joint_bias=np.zeros(JOINT, np.float32),
        joint_out=_noise(4 * JOINT, 4),
        shared_now=np.zeros(4 * SHARED, np.float32),
        joint_now=np.zeros(JOINT, np.float32),
    )


def _noise(size: int, seed: int) -> NDArray[np.float32]:
    """Numbers in [-0.1, 0.1) that are the same everywhere."""
    states = (np.arange(1, size + 1, dtype=np.uint64) + np.uint64(seed << 32)) * STRIDE
    whole = (splitmix64(states) >> np.uint64(48)).astype(np.int64) - 32768
    return whole.astype(np.float32) * np.float32(0.1 / 32768)


@inline_kernel
def _softsign(x):
    return x / (splat(_ONE) + absolute(x))


@inline_kernel
def forward(n, x, chosen, logits):
    """Write the four ``logits`` for inputs ``x`` (4 * width,) and the chosen weight sets (3,)."""
    width = n.width
    a0 = splat(np.float32(0.0))
    a1 = a0
    a2 = a0
    a3 = a0
    for e in range(0, width, 8):
        w = load(n.sets, chosen[0] + e) + load(n.sets, chosen[1] + e)
        w += load(n.sets, chosen[2] + e)
        a0 += w * load(x, e)
        a1 += w * load(x, width + e)
        a2 += w * load(x, 2 * width + e)
        a3 += w * load(x, 3 * width + e)
    logits[0] = total(a0)
    logits[1] = total(a1)
    logits[2] = total(a2)
    logits[3] = total(a3)
    if n.hidden:
        _shared_forward(n, x, logits)
        _joint_forward(n, x, logits)


@inline_kernel
def _shared_forward(n, x, logits):
    width = n.width
    a0 = splat(np.float32(0.0))
    a1 = a0
    b0 = a0
    b1 = a0
    c0 = a0
    c1 = a0
    d0 = a0
    d1 = a0
    for e in range(width):
        w0 = load(n.shared_in, e * SHARED)
        w1 = load(n.shared_in, e * SHARED + 8)
        xa = splat(x[e])
        xb = splat(x[width + e])
        xc = splat(x[2 * width + e])
        xd = splat(x[3 * width + e])
        a0 += w0 * xa
        a1 += w1 * xa
        b0 += w0 * xb
        b1 += w1 * xb
        c0 += w0 * xc
        c1 += w1 * xc
        d0 += w0 * xd
        d1 += w1 * xd
    v0 = load(n.shared_out, 0)
    v1 = load(n.shared_out, 8)
    h0 = _softsign(a0)
    h1 = _softsign(a1)
    store(n.shared_now, 0, h0)
    store(n.shared_now, 8, h1)
    logits[0] += total(h0 * v0 + h1 * v1)
    h0 = _softsign(b0)
    h1 = _softsign(b1)
    store(n.shared_now, 16, h0)
    store(n.shared_now, 24, h1)
    logits[1] += total(h0 * v0 + h1 * v1)
    h0 = _softsign(c0)
    h1 = _softsign(c1)
    store(n.shared_now, 32, h0)
    store(n.shared_now, 40, h1)
    logits[2] += total(h0 * v0 + h1 * v1)
    h0 = _softsign(d0)
    h1 = _softsign(d1)
    store(n.shared_now, 48, h0)
    store(n.shared_now, 56, h1)
    logits[3] += total(h0 * v0 + h1 * v1)


@inline_kernel
def _joint_forward(n, x, logits):
    a0 = load(n.joint_bias, 0)
    a1 = load(n.joint_bias, 8)
    a2 = load(n.joint_bias, 16)
    a3 = load(n.joint_bias, 24)
    b0 = splat(np.float32(0.0))
    b1 = b0
    b2 = b0
    b3 = b0
    for q in range(0, 4 * n.width, 2):
        at = q * JOINT
        v = splat(x[q])
        a0 += load(n.joint_in, at) * v
        a1 += load(n.joint_in, at + 8) * v
        a2 += load(n.joint_in, at + 16) * v
        a3 += load(n.joint_in, at + 24) * v
        v = splat(x[q + 1])
        b0 += load(n.joint_in, at + 32) * v
        b1 += load(n.joint_in, at + 40) * v
        b2 += load(n.joint_in, at + 48) * v
        b3 += load(n.joint_in, at + 56) * v
    a0 = _softsign(a0 + b0)
    a1 = _softsign(a1 + b1)
    a2 = _softsign(a2 + b2)
    a3 = _softsign(a3 + b3)
    store(n.joint_now, 0, a0)
    store(n.joint_now, 8, a1)
    store(n.joint_now, 16, a2)
    store(n.joint_now, 24, a3)
    for s in range(4):
        at = s * JOINT
        left = a0 * load(n.joint_out, at) + a1 * load(n.joint_out, at + 8)
        right = a2 * load(n.joint_out, at + 16) + a3 * load(n.joint_out, at + 24)
        logits[s] += total(left + right)


@inline_kernel
def learn(n, x, chosen, error, rate, hidden_rate):
    """One step down the gradient; ``error`` (4,) is what was there minus what was expected."""
    width = n.width
    e0 = splat(error[0] * rate)
    e1 = splat(error[1] * rate)
    e2 = splat(error[2] * rate)
    e3 = splat(error[3] * rate)
    for e in range(0, width, 8):
        d = (e0 * load(x, e) + e1 * load(x, width + e)) + (
            e2 * load(x, 2 * width + e) + e3 * load(x, 3 * width + e)
        )
        store(n.sets, chosen[0] + e, load(n.sets, chosen[0] + e) + d)
        store(n.sets, chosen[1] + e, load(n.sets, chosen[1] + e) + d)
        store(n.sets, chosen[2] + e, load(n.sets, chosen[2] + e) + d)
    if n.hidden:
        _shared_learn(n, x, error, hidden_rate)
        _joint_learn(n, x, error, hidden_rate)


@inline_kernel
def _slope(h, error_times_weight):
    """Gradient before the softsign from the gradient after it, whose value was ``h``."""
    left = splat(_ONE) - absolute(h)
    return error_times_weight * (left * left)


@inline_kernel
def _shared_learn(n, x, error, rate):
    width = n.width
    v0 = load(n.shared_out, 0)
    v1 = load(n.shared_out, 8)
    u0 = v0
    u1 = v1
    e0 = splat(error[0] * rate)
    e1 = splat(error[1] * rate)
    e2 = splat(error[2] * rate)
    e3 = splat(error[3] * rate)
    h = load(n.shared_now, 0)
    a0 = _slope(h, e0 * v0)
    u0 += e0 * h
    h = load(n.shared_now, 8)
    a1 = _slope(h, e0 * v1)
    u1 += e0 * h
    h = load(n.shared_now, 16)
    b0 = _slope(h, e1 * v0)
    u0 += e1 * h
    h = load(n.shared_now, 24)
    b1 = _slope(h, e1 * v1)
    u1 += e1 * h
    h = load(n.shared_now, 32)
    c0 = _slope(h, e2 * v0)
    u0 += e2 * h
    h = load(n.shared_now, 40)
    c1 = _slope(h, e2 * v1)
    u1 += e2 * h
    h = load(n.shared_now, 48)
    d0 = _slope(h, e3 * v0)
    u0 += e3 * h
    h = load(n.shared_now, 56)
    d1 = _slope(h, e3 * v1)
    u1 += e3 * h
    store(n.shared_out, 0, u0)
    store(n.shared_out, 8, u1)
    for e in range(width):
        xa = splat(x[e])
        xb = splat(x[width + e])
        xc = splat(x[2 * width + e])
        xd = splat(x[3 * width + e])
        at = e * SHARED
        w = load(n.shared_in, at)
        store(n.shared_in, at, w + ((a0 * xa + b0 * xb) + (c0 * xc + d0 * xd)))
        w = load(n.shared_in, at + 8)
        store(n.shared_in, at + 8, w + ((a1 * xa + b1 * xb) + (c1 * xc + d1 * xd)))


@inline_kernel
def _joint_learn(n, x, error, rate):
    for j in range(0, JOINT, 8):
        h = load(n.joint_now, j)
        d = splat(np.float32(0.0))
        for s in range(4):
            e = splat(error[s] * rate)
            w = load(n.joint_out, s * JOINT + j)
            d += e * w
            store(n.joint_out, s * JOINT + j, w + e * h)
        d = _slope(h, d)
        store(n.joint_bias, j, load(n.joint_bias, j) + d)
        store(n.joint_now, j, d)
    d0 = load(n.joint_now, 0)
    d1 = load(n.joint_now, 8)
    d2 = load(n.joint_now, 16)
    d3 = load(n.joint_now, 24)
    for q in range(4 * n.width):
        at = q * JOINT
        v = splat(x[q])
        store(n.joint_in, at, load(n.joint_in, at) + d0 * v)
        store(n.joint_in, at + 8, load(n.joint_in, at + 8) + d1 * v)
        store(n.joint_in, at + 16, load(n.joint_in, at + 16) + d2 * v)
        store(n.joint_in, at + 24, load(n.joint_in, at + 24) + d3 * v)
