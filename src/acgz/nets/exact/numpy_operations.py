"""The operations of `acgz.nets.exact.operations` with NumPy, BLAS or `tiles`, and kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.kernel import has_wide_products, kernel
from acgz.nets.exact import functions, matmul, tiles
from acgz.nets.exact.matmul import SINGLE, Format, Quantised
from acgz.nets.exact.operations import COUNTS, Array


class NumPy:
    """See `acgz.nets.exact.operations.Operations`."""

    name = "numpy"

    def __init__(self, with_tiles: bool | None = None) -> None:
        """``with_tiles``: whether products are of integers, by default where that is faster."""
        self._tiles = has_wide_products() if with_tiles is None else with_tiles

    def _short(self, format: Format) -> bool:
        return self._tiles and format == SINGLE

    def array(self, values: NDArray[Any]) -> Array:
        return np.ascontiguousarray(values)

    def numpy(self, values: Array) -> NDArray[Any]:
        return values

    def quantise(self, x: Array, axis: int, format: Format = SINGLE) -> Quantised:
        norm, slack = _norm(x.shape[axis], format)
        out = np.empty(x.shape, dtype=np.int16 if self._short(format) else format.dtype)
        inverse = np.empty(x.shape[1 - axis], dtype=np.float32)
        if axis == 1:
            matmul.quantise_rows(x, x.view(np.int32), norm, slack, out, inverse)
            return Quantised(out, inverse[:, None])
        largest, scale = np.empty_like(inverse), np.empty_like(inverse)
        squares = np.empty(inverse.size, dtype=np.int64)
        matmul.quantise_columns(x, norm, slack, out, inverse, largest, scale, squares)
        return Quantised(out, inverse[None, :])

    def right_factor(self, x: Array, axis: int, format: Format = SINGLE) -> Quantised:
        if not self._short(format):
            made = self.quantise(x, axis, format)
            return made if axis == 0 else made.transposed
        scaling = _norm(x.shape[axis], format)
        if axis == 0:
            panels, inverse = tiles.columns_in_panels(x, tiles.COLUMNS, *scaling)
        else:
            panels, inverse = tiles.rows_in_panels(x, *scaling)
        return Quantised(panels, inverse[None, :])

    def left_factor(self, x: Array, format: Format = SINGLE) -> Quantised:
        if not self._short(format):
            return self.quantise(x, 0, format).transposed
        panels, inverse = tiles.columns_in_panels(x, tiles.ROWS, *_norm(x.shape[0], format))
        return Quantised(panels, inverse[:, None])

    def product(self, a: Quantised, b: Quantised) -> Array:
        left, right = a.values, b.values
        if is_short(a) and is_short(b):
            if not isinstance(right, tiles.Panels):
                right = tiles.in_panels(right, tiles.COLUMNS)
            return tiles.product(left, right, a.inverse[:, 0], b.inverse[0])
        whole = left @ right
        out = whole if whole.dtype == np.float32 else np.empty(whole.shape, dtype=np.float32)
        matmul.rescale(whole, a.inverse[:, 0], b.inverse[0], out)
        return out

    def exp(self, x: Array) -> Array:
        return _each(functions.exp_each, x)

    def sigmoid(self, x: Array) -> Array:
        return _each(functions.sigmoid_each, x)

    def tanh(self, x: Array) -> Array:
        return _each(functions.tanh_each, x)

    def root(self, x: Array) -> Array:
        return np.sqrt(x)

    def positive(self, x: Array) -> Array:
        return np.maximum(x, np.float32(0))

    def largest(self, x: Array, axis: int) -> Array:
        return x.max(axis, keepdims=True)

    def contiguous(self, x: Array) -> Array:
        return np.ascontiguousarray(x)

    def single(self, x: Array) -> Array:
        return x.astype(np.float32)

    def join(self, parts: Sequence[Array]) -> Array:
        return np.concatenate(parts, axis=1)

    def gru(self, a: Array, b: Array, bias: Array, h: Array) -> Array:
        out = np.empty_like(h)
        functions.gru_each(a, b, bias, h, out)
        return out

    def lstm(self, a: Array, b: Array, bias: Array, c: Array) -> tuple[Array, Array]:
        h_out, c_out = np.empty_like(c), np.empty_like(c)
        functions.lstm_each(a, b, bias, c, h_out, c_out)
        return h_out, c_out

    def rnn(self, a: Array, b: Array, bias: Array) -> Array:
        out = np.empty_like(b)
        functions.rnn_each(a, b, bias, out)
        return out

    def counts(self, logits: Array) -> Array:
        out = np.empty(logits.shape, dtype=np.float64)
        _counts(logits, out)
        return out


def is_short(factor: Quantised) -> bool:
    """Whether its numbers are integers of 16 bits."""
    return isinstance(factor.values, tiles.Panels) or bool(factor.values.dtype == np.int16)


def _norm(length: int, format: Format) -> tuple[float, float]:
    """What the kernels of `matmul` take."""
    return matmul.goal(length, format), matmul.slack(length)


def _each(function, x):
    x = np.ascontiguousarray(x)
    out = np.empty_like(x)
    function(x.reshape(-1), out.reshape(-1))
    return out


@kernel(**functions.elementwise)
def _counts(logits, out):
    for i in range(logits.shape[0]):
        largest = logits[i, 0]
        for j in range(logits.shape[1]):
            largest = max(largest, logits[i, j])
        _counts_row(logits[i], largest, out[i])


@kernel(**functions.elementwise)
def _counts_row(logits, largest, out):
    for j in range(logits.size):
        out[j] = np.rint(np.float64(functions.exp(logits[j] - largest)) * COUNTS)
