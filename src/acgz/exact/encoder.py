"""What a transformer encoder needs beside products, as Numba kernels: GELU, layer norm, attention.

Like `acgz.exact.functions`: IEEE operations in a written order, which
`acgz.exact.torch_operations` repeats.
"""

from __future__ import annotations

import numpy as np

from acgz.exact.functions import elementwise, exp, sigmoid
from acgz.exact.kernel import inline_kernel, kernel

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


@kernel(**elementwise)
def attend_relative(rows, memory, heads, turned, weights, total, out):
    """See `acgz.exact.operations.Operations.attend_relative`.

    Scratch: ``turned`` (width, keys), ``weights`` (keys,), ``total`` (width,).
    """
    lanes, n = out.shape[1:]
    for lane in range(lanes):
        for head in range(heads):
            _attend_head(
                rows[:, lane], memory[:, lane], head, n, turned, weights, total, out[:, lane]
            )


@inline_kernel(**elementwise)
def _attend_head(rows, memory, head, n, turned, weights, total, out):
    places, before = rows.shape[0], memory.shape[0]
    width, keys = turned.shape
    first = head * width
    for j in range(before):
        for c in range(width):
            turned[c, j] = memory[j, first + c]
    for j in range(places):
        for c in range(width):
            turned[c, before + j] = rows[j, n + first + c]
    scores = 3 * n + head * (keys + places - 1)
    for i in range(places):
        begin = scores + places - 1 - i
        for j in range(keys):
            weights[j] = rows[i, begin + j]
        for c in range(width):
            q = rows[i, first + c]
            for j in range(keys):
                weights[j] += q * turned[c, j]
        _exponentials(weights)
        _mix(rows, memory, n, first, weights, total, out[i])


@inline_kernel(**elementwise)
def _exponentials(weights):
    """e**(x - the largest x), in place."""
    largest = weights[0]
    for j in range(weights.size):
        largest = max(largest, weights[j])
    for j in range(weights.size):
        weights[j] = exp(weights[j] - largest)


@inline_kernel(**elementwise)
def _mix(rows, memory, n, first, weights, total, out):
    """The mean of the values, weighted: one key after the other."""
    width, before = total.size, memory.shape[0]
    for c in range(width):
        total[c] = np.float32(0.0)
    norm = np.float32(0.0)
    for j in range(before):
        norm += weights[j]
        for c in range(width):
            total[c] += weights[j] * memory[j, n + first + c]
    for j in range(rows.shape[0]):
        weight = weights[before + j]
        norm += weight
        for c in range(width):
            total[c] += weight * rows[j, 2 * n + first + c]
    for c in range(width):
        out[first + c] = total[c] / norm
