"""Exponential, logistic function and tanh of float32, the same on every machine.

IEEE operations of a written order, one at a time: NumPy, Numba, PyTorch and a GPU get the
same bits. Relative error of the exponential below 2e-6, absolute error of the others below
3e-7: far under what a probability model notices.

Here are the definitions, as Numba kernels. `acgz.nets.exact.torch_operations` repeats them.
"""

from __future__ import annotations

import numpy as np

from acgz.kernel import inline_kernel, kernel

LARGEST = np.float32(80.0)
"""Arguments are clipped to ±80: exp(80) is far from overflow, exp(-80) from denormal numbers."""
LOG2E = np.float32(1.4426950408889634)
LN2 = np.float32(0.6931471805599453)
MAGIC = np.float32(12582912.0)  # 1.5 * 2**23: adding and subtracting it rounds half to even
COEFFICIENTS = tuple(np.float32(1 / n) for n in (720, 120, 24, 6, 2, 1, 1))
"""Of the Taylor series of exp, the highest first; it is used on |f| <= ln(2) / 2."""
_C6, _C5, _C4, _C3, _C2, _C1, _C0 = COEFFICIENTS
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)

elementwise = {"error_model": "numpy"}
"""Without it Numba checks every division for zero, which costs ten times the division."""


@inline_kernel(**elementwise)
def exp(x):
    """e**x, x clipped to ±80."""
    x = min(max(x, -LARGEST), LARGEST)
    t = x * LOG2E
    whole = (t + MAGIC) - MAGIC
    f = (t - whole) * LN2
    p = _C6 * f + _C5
    p = p * f + _C4
    p = p * f + _C3
    p = p * f + _C2
    p = p * f + _C1
    p = p * f + _C0
    power = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)
    return p * power


@inline_kernel(**elementwise)
def sigmoid(x):
    """1 / (1 + e**-x)."""
    return _ONE / (_ONE + exp(-x))


@inline_kernel(**elementwise)
def tanh(x):
    """Hyperbolic tangent, as 2 sigmoid(2x) - 1."""
    return _TWO * sigmoid(x + x) - _ONE


@kernel(**elementwise)
def exp_each(x, out):
    """``out[i] = exp(x[i])`` for flat arrays."""
    for i in range(x.size):
        out[i] = exp(x[i])


@kernel(**elementwise)
def sigmoid_each(x, out):
    """``out[i] = sigmoid(x[i])`` for flat arrays."""
    for i in range(x.size):
        out[i] = sigmoid(x[i])


@kernel(**elementwise)
def tanh_each(x, out):
    """``out[i] = tanh(x[i])`` for flat arrays."""
    for i in range(x.size):
        out[i] = tanh(x[i])


@kernel(**elementwise)
def gru_each(a, b, bias, h, out):
    """One step of a GRU; see `acgz.nets.exact.operations.Operations.gru`."""
    for row in range(h.shape[0]):
        _gru_row(a[row % a.shape[0]], b[row], bias, h[row], out[row])


@inline_kernel(**elementwise)
def _gru_row(a, b, bias, h, out):
    n = h.size
    for j in range(n):
        reset = sigmoid((a[j] + b[j]) + bias[j])
        update = sigmoid((a[j + n] + b[j + n]) + bias[j + n])
        inner = b[j + 2 * n] + bias[j + 3 * n]
        new = tanh((a[j + 2 * n] + bias[j + 2 * n]) + reset * inner)
        out[j] = new + update * (h[j] - new)


@kernel(**elementwise)
def lstm_each(a, b, bias, c, h_out, c_out):
    """One step of an LSTM; see `acgz.nets.exact.operations.Operations.lstm`."""
    for row in range(c.shape[0]):
        _lstm_row(a[row % a.shape[0]], b[row], bias, c[row], h_out[row], c_out[row])


@inline_kernel(**elementwise)
def _lstm_row(a, b, bias, c, h_out, c_out):
    n = c.size
    for j in range(n):
        enter = sigmoid((a[j] + b[j]) + bias[j])
        keep = sigmoid((a[j + n] + b[j + n]) + bias[j + n])
        new = tanh((a[j + 2 * n] + b[j + 2 * n]) + bias[j + 2 * n])
        c_out[j] = keep * c[j] + enter * new
    for j in range(n):
        leave = sigmoid((a[j + 3 * n] + b[j + 3 * n]) + bias[j + 3 * n])
        h_out[j] = leave * tanh(c_out[j])


@kernel(**elementwise)
def rnn_each(a, b, bias, out):
    """One step of a simple RNN; see `acgz.nets.exact.operations.Operations.rnn`."""
    for row in range(out.shape[0]):
        _rnn_row(a[row % a.shape[0]], b[row], bias, out[row])


@inline_kernel(**elementwise)
def _rnn_row(a, b, bias, out):
    for j in range(out.size):
        out[j] = tanh((a[j] + b[j]) + bias[j])
