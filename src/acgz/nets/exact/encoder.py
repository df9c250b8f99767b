"""What a transformer encoder needs beside products and attention, as Numba kernels.

Like `acgz.nets.exact.functions`: IEEE operations in a written order, which
`acgz.nets.exact.torch_operations` repeats.
"""

from __future__ import annotations

import numpy as np

from acgz.kernel import inline_kernel, kernel
from acgz.nets.exact.functions import elementwise, sigmoid

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
