"""GRU cells forward and backward, element by element, for training on a CPU (`recurrence`).

    r, z = sigmoid(a_r), sigmoid(a_z)     c = b_n + what the state gives to n
    n = tanh(a_n + r c)                   h = n + z (h' - n)

Arrays are flat. H is the number of units, a multiple of 8. Rows of gates are r, z, n (3 H); what
is *kept* of a cell is r, z, n, c (4 H), and its *slopes*, the gradients before the sigmoids and the
tanh, are those of n, r, z, c (4 H): the first three are what the input's product gets, the last
three what the state's gets. All of them and the states are float32, or bfloat16 as uint16; the
state that flows on, the gradient that flows back, table and biases are float32.
"""

from __future__ import annotations

import numpy as np

from acgz.engine.simd import larger, smaller, splat
from acgz.kernel import inline_kernel, kernel
from acgz.nets.floats import read, write

_ONE = np.float32(1)
_HALF = np.float32(0.5)
_TOP = np.float32(4.97)


@inline_kernel
def _tanh(x):
    """Lambert's continued fraction to its seventh term: within 1e-4, a 40th of a bfloat16."""
    x = smaller(larger(x, splat(-_TOP)), splat(_TOP))
    y = x * x
    a = splat(np.float32(17325)) + y * (splat(np.float32(378)) + y)
    b = splat(np.float32(62370)) + y * (splat(np.float32(3150)) + y * splat(np.float32(28)))
    all_ = splat(np.float32(135135))
    return x * (all_ + y * a) / (all_ + y * b)


@inline_kernel
def _sigmoid(x):
    return splat(_HALF) + splat(_HALF) * _tanh(splat(_HALF) * x)


@inline_kernel
def _cell(i, j, units, gate_r, gate_z, gate_n, c, before, after, seen, kept):
    r = _sigmoid(gate_r)
    z = _sigmoid(gate_z)
    n = _tanh(gate_n + r * c)
    at = i * units + j
    h = n + z * (read(before, at) - n)
    write(after, at, h)
    write(seen, at, h)
    at = 4 * i * units + j
    write(kept, at, r)
    write(kept, at + units, z)
    write(kept, at + 2 * units, n)
    write(kept, at + 3 * units, c)


@kernel
def first_layer(units, table, tokens, product, bias, before, after, seen, kept):
    """The next states of the first layer, whose inputs are rows of a table.

    ``table``: float32 (tokens there are * 3 H,), ``tokens``: int64 (B,), ``product``: of the states
    (B * 3 H,), ``bias``: (H,) of c. ``before`` is read; ``after``, ``seen`` (B * H,) and
    ``kept`` (B * 4 H,) are written.
    """
    for i in range(tokens.size):
        t = 3 * tokens[i] * units
        p = 3 * i * units
        for j in range(0, units, 8):
            gate_r = read(table, t + j) + read(product, p + j)
            gate_z = read(table, t + units + j) + read(product, p + units + j)
            gate_n = read(table, t + 2 * units + j)
            c = read(product, p + 2 * units + j) + read(bias, j)
            _cell(i, j, units, gate_r, gate_z, gate_n, c, before, after, seen, kept)


@kernel
def second_layer(units, inputs, product, bias, before, after, seen, kept):
    """The next states of the second layer; ``inputs``: the input's product (B * 3 H,).

    ``bias``: (4 H,) of r, z, n, c; the rest as above.
    """
    for i in range(before.size // units):
        p = 3 * i * units
        for j in range(0, units, 8):
            q = p + j
            gate_r = read(inputs, q) + read(product, q) + read(bias, j)
            q += units
            gate_z = read(inputs, q) + read(product, q) + read(bias, units + j)
            q += units
            gate_n = read(inputs, q) + read(bias, 2 * units + j)
            c = read(product, q) + read(bias, 3 * units + j)
            _cell(i, j, units, gate_r, gate_z, gate_n, c, before, after, seen, kept)


@kernel
def backward(units, flowing, product, above, before, kept, slopes):
    """Write the ``slopes`` of the cells of one step.

    The gradient of their states is the sum of three: what has flown along z from the step after, in
    ``flowing`` (B * H,), where what flows on is left; the ``product`` of the slopes of the step
    after; and what comes from ``above``. ``before``: states before the step (B * H,).
    """
    one = splat(_ONE)
    for i in range(flowing.size // units):
        for j in range(0, units, 8):
            at = i * units + j
            d = read(flowing, at) + read(product, at) + read(above, at)
            h = read(before, at)
            at = 4 * i * units + j
            r = read(kept, at)
            z = read(kept, at + units)
            n = read(kept, at + 2 * units)
            c = read(kept, at + 3 * units)
            to_n = d * (one - z) * (one - n * n)
            write(slopes, at, to_n)
            write(slopes, at + units, to_n * c * r * (one - r))
            write(slopes, at + 2 * units, d * (h - n) * z * (one - z))
            write(slopes, at + 3 * units, to_n * r)
            write(flowing, i * units + j, d * z)


@kernel
def of_table(units, tokens, slopes, gradient):
    """Add the slopes of a step to the ``gradient`` of the table, as `first_layer` has it."""
    for i in range(tokens.size):
        to = 3 * tokens[i] * units
        at = 4 * i * units
        for j in range(0, units, 8):
            for part in range(3):  # n, r, z
                q = to + (part + 2) % 3 * units + j
                write(gradient, q, read(gradient, q) + read(slopes, at + part * units + j))


@kernel
def of_rows(values, sums):
    """Add the rows of ``values`` to ``sums`` (their length,)."""
    width = sums.size
    for i in range(values.size // width):
        for j in range(0, width, 8):
            write(sums, j, read(sums, j) + read(values, i * width + j))
