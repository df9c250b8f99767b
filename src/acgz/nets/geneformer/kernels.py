"""What a layer of GeneFormer needs beside products, as Numba kernels.

Like `acgz.nets.exact.functions`: IEEE operations in a written order, which
`acgz.nets.geneformer.operations` repeats with PyTorch.

Attention has scores by distance. The score of key j for place i is that of the distance, and to it
the products of query and key, one after the other. Weights are e**(score - the largest score). The
result is the sum of weight times value, one key after the other, divided by the sum of the weights.

Lanes do not depend on each other, so there are two loops with the same result: with the lanes
innermost, which is vectorised whatever the width of a head is (65 and 15 µs for 32 lanes of
64 dimensions), and one for few lanes.
"""

from __future__ import annotations

import numpy as np

from acgz.kernel import inline_kernel, kernel
from acgz.nets.exact.functions import elementwise, exp, sigmoid

GELU_SLOPE = np.float32(1.702)
EPSILON = np.float32(1e-5)
"""Added to the variance by a layer norm, as PyTorch does."""
_ONE = np.float32(1.0)


@kernel(**elementwise)
def gelu_each(x, bias, out):
    """``z * sigmoid(1.702 z)`` of ``z = x + bias``; x, out: (m, n), bias: (n,)."""
    for row in range(x.shape[0]):
        _gelu_row(x[row], bias, out[row])


@inline_kernel(**elementwise)
def _gelu_row(x, bias, out):
    for j in range(x.size):
        z = x[j] + bias[j]
        out[j] = z * sigmoid(GELU_SLOPE * z)


@kernel(**elementwise)
def add_norm(x, y, bias, gain, shift, scratch, out):
    """Layer norm of the rows of ``(x + y) + bias``; scratch: (n,)."""
    share = _ONE / np.float32(x.shape[1])
    for row in range(x.shape[0]):
        _add_norm_row(x[row], y[row], bias, gain, shift, share, scratch, out[row])


@inline_kernel(**elementwise)
def _add_norm_row(x, y, bias, gain, shift, share, scratch, out):
    n = x.size
    for j in range(n):
        out[j] = (x[j] + y[j]) + bias[j]
        scratch[j] = out[j]
    mean = _folded(scratch, n) * share
    for j in range(n):
        out[j] = out[j] - mean
        scratch[j] = out[j] * out[j]
    variance = _folded(scratch, n) * share
    inverse = _ONE / np.sqrt(variance + EPSILON)
    for j in range(n):
        out[j] = (out[j] * inverse) * gain[j] + shift[j]


@inline_kernel(**elementwise)
def _folded(x, n):
    """The sum of the first ``n`` numbers, which are overwritten: the last half is added to the
    first, until one number is left. An order that vectorises."""
    while n > 1:
        half = n // 2
        n -= half
        for j in range(half):
            x[j] += x[n + j]
    return x[0]


MANY = 16
"""Lanes from which `attend_lanes` is the faster one."""


@kernel
def turn(x, out):
    """Swap the last two axes: (p, m, n) to (p, n, m)."""
    for p in range(x.shape[0]):
        for i in range(x.shape[1]):
            for j in range(x.shape[2]):
                out[p, j, i] = x[p, i, j]


@kernel(**elementwise)
def attend_lanes(rows, memory, heads, weights, total, out):
    """``rows`` (p, 3n + scores, m), ``memory`` (k - p, 2n, m), ``out`` (p, n, m), lanes last.

    Scratch: ``weights`` (k, m), ``total`` (m,).
    """
    for head in range(heads):
        for place in range(out.shape[0]):
            _score_lanes(rows, memory, out.shape[1], heads, head, place, weights)
            _weigh_lanes(weights, total)
            _mix_lanes(rows, memory, heads, head, place, weights, total, out)


@inline_kernel(**elementwise)
def _score_lanes(rows, memory, n, heads, head, place, weights):
    width, before, places = n // heads, memory.shape[0], rows.shape[0]
    first = head * width
    begin = 3 * n + head * (weights.shape[0] + places - 1) + places - 1 - place
    for j in range(weights.shape[0]):
        _copy(weights[j], rows[place, begin + j])
        for c in range(first, first + width):
            key = memory[j, c] if j < before else rows[j - before, n + c]
            _add_product(weights[j], rows[place, c], key)


@inline_kernel(**elementwise)
def _weigh_lanes(weights, total):
    _copy(total, weights[0])
    for j in range(weights.shape[0]):
        for lane in range(total.size):
            total[lane] = max(total[lane], weights[j, lane])
    for j in range(weights.shape[0]):
        for lane in range(total.size):
            weights[j, lane] = exp(weights[j, lane] - total[lane])
    total[:] = 0
    for j in range(weights.shape[0]):
        for lane in range(total.size):
            total[lane] += weights[j, lane]


@inline_kernel(**elementwise)
def _mix_lanes(rows, memory, heads, head, place, weights, total, out):
    n, before = out.shape[1], memory.shape[0]
    width = n // heads
    for c in range(head * width, (head + 1) * width):
        mixed = out[place, c]
        mixed[:] = 0
        for j in range(weights.shape[0]):
            value = memory[j, n + c] if j < before else rows[j - before, 2 * n + c]
            _add_product(mixed, weights[j], value)
        for lane in range(mixed.size):
            mixed[lane] = mixed[lane] / total[lane]


@inline_kernel
def _copy(out, x):
    for lane in range(out.size):
        out[lane] = x[lane]


@inline_kernel
def _add_product(out, x, y):
    for lane in range(out.size):
        out[lane] += x[lane] * y[lane]


@kernel(**elementwise)
def attend_rows(rows, memory, heads, turned, weights, total, out):
    """``rows`` (p, m, 3n + scores), ``memory`` (k - p, m, 2n), ``out`` (p, m, n).

    Scratch: ``turned`` (width, k), ``weights`` (k,), ``total`` (width,).
    """
    for lane in range(out.shape[1]):
        for head in range(heads):
            _turn_keys(rows, memory, lane, head * total.size, turned)
            for place in range(out.shape[0]):
                _score(rows, out.shape[2], lane, head, place, turned, weights)
                _weigh(weights)
                _mix(rows, memory, lane, head, place, weights, total, out)


@inline_kernel(**elementwise)
def _turn_keys(rows, memory, lane, first, turned):
    before, n = memory.shape[0], memory.shape[2] // 2
    for j in range(before):
        for c in range(turned.shape[0]):
            turned[c, j] = memory[j, lane, first + c]
    for j in range(rows.shape[0]):
        for c in range(turned.shape[0]):
            turned[c, before + j] = rows[j, lane, n + first + c]


@inline_kernel(**elementwise)
def _score(rows, n, lane, head, place, turned, weights):
    width, keys = turned.shape
    begin = 3 * n + head * (keys + rows.shape[0] - 1) + rows.shape[0] - 1 - place
    for j in range(keys):
        weights[j] = rows[place, lane, begin + j]
    for c in range(width):
        q = rows[place, lane, head * width + c]
        for j in range(keys):
            weights[j] += q * turned[c, j]


@inline_kernel(**elementwise)
def _weigh(weights):
    largest = weights[0]
    for j in range(weights.size):
        largest = max(largest, weights[j])
    for j in range(weights.size):
        weights[j] = exp(weights[j] - largest)


@inline_kernel(**elementwise)
def _mix(rows, memory, lane, head, place, weights, total, out):
    width, before, n = total.size, memory.shape[0], out.shape[2]
    first = head * width
    total[:] = 0
    norm = np.float32(0.0)
    for j in range(weights.size):
        weight = weights[j]
        norm += weight
        if j < before:
            for c in range(width):
                total[c] += weight * memory[j, lane, n + first + c]
        else:
            for c in range(width):
                total[c] += weight * rows[j - before, lane, 2 * n + first + c]
    for c in range(width):
        out[place, lane, first + c] = total[c] / norm
