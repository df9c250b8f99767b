"""Products of a matrix of int8 and vectors of int16, exact: sums of integers (`whole`).

A processor spends more on widening weights than on multiplying them, so one matrix times three
vectors takes half of the time of three times one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.engine.simd import load
from acgz.kernel import compiles_here, inline_kernel

STEP = 32
"""Outputs of each matrix are a multiple of this: two whole16."""


def laid_out(matrix: NDArray[Any]) -> NDArray[Any]:
    """A matrix (outputs, inputs) in the order in which products read it.

    32 outputs at a time; of these, two inputs at a time; of these, output by output.
    """
    outputs, inputs = matrix.shape
    cut = matrix.reshape(outputs // STEP, STEP, inputs // 2, 2)
    return np.ascontiguousarray(cut.transpose(0, 2, 1, 3)).ravel()


if not compiles_here():
    from acgz.engine.simd import Plain

    def as_floats(sums, at):
        """The float8 ``sums[at:at + 8]``, each rounded to the nearest."""
        return sums[at : at + 8].astype(np.float32).view(Plain)

    def times(weights, at, seen, first, inputs, sums, to, outputs, onto):
        """What the kernel below does, without a compiler."""
        cut = weights[at : at + outputs * inputs].reshape(outputs // STEP, inputs // 2, STEP, 2)
        matrix = cut.transpose(0, 2, 1, 3).reshape(outputs, inputs).astype(np.int32)
        found = (matrix * seen[first : first + inputs]).sum(axis=1, dtype=np.int32)
        sums[to : to + outputs] = found + sums[to : to + outputs] if onto else found
        return at + outputs * inputs

    def thrice(weights, at, seen, first, inputs, sums, to, outputs):
        """What the kernel below does, without a compiler."""
        for k in range(3):
            times(weights, at, seen[k], first[k], inputs, sums[k], to[k], outputs, False)
        return at + outputs * inputs

else:
    from acgz.engine.whole import both, dot, floats, held, hold, pair, shorts, whole

    @inline_kernel
    def as_floats(sums, at):
        """The float8 ``sums[at:at + 8]``, each rounded to the nearest."""
        return floats(sums, at)

    @inline_kernel
    def times(weights, at, seen, first, inputs, sums, to, outputs, onto):
        """``sums[to:to + outputs]`` = matrix times ``seen[first:first + inputs]``.

        The matrix begins at ``at`` in the weights. Outputs are a multiple of STEP, inputs of 4.
        What is in the sums is added if it goes ``onto`` them. Returns where the next matrix begins.
        """
        for o in range(to, to + outputs, STEP):
            a0 = held(sums, o) if onto else whole(0)
            a1 = held(sums, o + 16) if onto else whole(0)
            b0 = whole(0)
            b1 = whole(0)
            for i in range(first, first + inputs, 4):
                x = pair(seen, i)
                a0 = dot(a0, shorts(weights, at), x)
                a1 = dot(a1, shorts(weights, at + 32), x)
                x = pair(seen, i + 2)
                b0 = dot(b0, shorts(weights, at + 64), x)
                b1 = dot(b1, shorts(weights, at + 96), x)
                at += 128
            hold(sums, o, both(a0, b0))
            hold(sums, o + 16, both(a1, b1))
        return at

    @inline_kernel
    def thrice(weights, at, seen, first, inputs, sums, to, outputs):
        """As `times`, of three vectors: ``seen``, ``first``, ``sums``, ``to`` are tuples of three.

        Nothing is added to what is in the sums.
        """
        x, y, z = seen
        i, j, k = first
        a, b, c = sums
        for o in range(0, outputs, STEP):
            a0 = whole(0)
            a1 = whole(0)
            b0 = whole(0)
            b1 = whole(0)
            c0 = whole(0)
            c1 = whole(0)
            for m in range(0, inputs, 2):
                u = pair(x, i + m)
                v = pair(y, j + m)
                w = pair(z, k + m)
                weight = shorts(weights, at)
                a0 = dot(a0, weight, u)
                b0 = dot(b0, weight, v)
                c0 = dot(c0, weight, w)
                weight = shorts(weights, at + 32)
                a1 = dot(a1, weight, u)
                b1 = dot(b1, weight, v)
                c1 = dot(c1, weight, w)
                at += 64
            hold(a, to[0] + o, a0)
            hold(a, to[0] + o + 16, a1)
            hold(b, to[1] + o, b0)
            hold(b, to[1] + o + 16, b1)
            hold(c, to[2] + o, c0)
            hold(c, to[2] + o + 16, c1)
        return at


@inline_kernel
def value(sums, at, scale, row):
    """The float8 ``sums[at:at + 8]`` times ``scale[row:row + 8]``."""
    return as_floats(sums, at) * load(scale, row)
