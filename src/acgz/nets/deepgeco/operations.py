"""Operations that a Supporter learns with beside those of all networks, on both backends."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from acgz.kernel import kernel
from acgz.nets.deepgeco import learning, norms
from acgz.nets.deepgeco.learning import LONGEST_STEP, Step
from acgz.nets.deepgeco.norms import GRID, LIMIT, Norms
from acgz.nets.exact import functions, operations
from acgz.nets.exact.matmul import Quantised
from acgz.nets.exact.numpy_operations import NumPy, is_short
from acgz.nets.exact.operations import Array, Operations
from acgz.nets.exact.torch_operations import PyTorch


class DeepGeCoOperations(Operations, Protocol):
    """A backend."""

    def total(self, x: Array, axis: int) -> Array:
        """Sums of (m, n) over ``axis``, of numbers rounded to 1/GRID; (n,) or (m,)."""
        ...

    def norm(self, x: Array, gain: Array, bias: Array, unit: float) -> tuple[Array, Array, Array]:
        """See `acgz.nets.deepgeco.norms.Norms`."""
        ...

    def norm_gradient(
        self, direction: Array, inverse: Array, gain: Array, gradient: Array
    ) -> Array:
        """See `acgz.nets.deepgeco.norms.Norms`."""
        ...

    def scatter(self, rows: Array, index: Array, count: int) -> Array:
        """Sum the ``rows`` (m, n) of equal ``index`` (m,): (count, n); rounded as in `total`."""
        ...

    def products(self, a: Quantised, b: Quantised, groups: int) -> Array:
        """Of the rows of ``a`` (groups * p, n) with those of ``b`` (groups * q, n) that are in the
        same group, both quantised along axis 1; (groups, p, q)."""
        ...

    def mix(self, weights: Array, rows: Array) -> Array:
        """Weighted sums (m, p, n) of ``rows`` (m, q, n), ``weights`` (m, p, q), added in order."""
        ...

    def adam(self, p: Array, v: Array, g: Array, step: Step) -> None:
        """In place: ``v = decay v + rest g²``, ``p -= rate r``,
        ``r = g / (sqrt(v) lift + 1e-6)`` clipped to ±LONGEST_STEP."""
        ...

    def adam_of_product(
        self, p: Array, v: Array, factors: tuple[Quantised, Quantised], step: Step
    ) -> None:
        """`adam`, where ``g`` is the product of two factors."""
        ...


def backend(name: str = "numpy", device: str | None = None) -> DeepGeCoOperations:
    """As `acgz.nets.exact.operations.backend`."""
    found: DeepGeCoOperations = operations.backend(name, device, OnNumPy, _PyTorch)
    return found


class OnNumPy(NumPy):
    """With NumPy and Numba kernels."""

    def total(self, x: Array, axis: int) -> Array:
        if axis == 1:
            sums = np.empty(x.shape[0], np.float32)
            norms.total_rows(x, sums)
            return sums
        out = np.zeros(x.shape[1], dtype=np.int64)
        _total_columns(x, out)
        return (out / GRID).astype(np.float32)

    def norm(self, x: Array, gain: Array, bias: Array, unit: float) -> tuple[Array, Array, Array]:
        out, direction = np.empty_like(x), np.empty_like(x)
        inverse = np.empty((x.shape[0], 1), np.float32)
        norms.norm_rows(x, gain, bias, unit, out, direction, inverse)
        return out, direction, inverse

    def norm_gradient(
        self, direction: Array, inverse: Array, gain: Array, gradient: Array
    ) -> Array:
        out = np.empty_like(gradient)
        norms.norm_gradient_rows(direction, inverse, gain, gradient, out)
        return out

    def scatter(self, rows: Array, index: Array, count: int) -> Array:
        out = np.zeros((count, rows.shape[1]), dtype=np.int64)
        _scatter(rows, index, out)
        return (out / GRID).astype(np.float32)

    def products(self, a: Quantised, b: Quantised, groups: int) -> Array:
        # as floats: there are too few rows in a group for `tiles`
        a, b = (replace(x, values=x.values.astype(np.float32, copy=False)) for x in (a, b))
        return _products(a, b, groups)

    def mix(self, weights: Array, rows: Array) -> Array:
        out = np.empty((*weights.shape[:2], rows.shape[2]), np.float32)
        _mix(weights, rows, out)
        return out

    def adam(self, p: Array, v: Array, g: Array, step: Step) -> None:
        _adam(p.reshape(-1), v.reshape(-1), g.reshape(-1), *step)

    def adam_of_product(
        self, p: Array, v: Array, factors: tuple[Quantised, Quantised], step: Step
    ) -> None:
        left, right = factors
        if is_short(left) and is_short(right) and left.values.inputs:
            scales = left.inverse[:, 0], right.inverse[0]
            learning.adam_of_tiles(p, v, left.values, right.values, *scales, step)
        else:
            self.adam(p, v, self.product(left, right), step)


class _PyTorch(Norms, PyTorch):
    def total(self, x: Array, axis: int) -> Array:
        return (self._on_grid(x).sum(axis) / GRID).float()

    def scatter(self, rows: Array, index: Array, count: int) -> Array:
        out = self._torch.zeros((count, rows.shape[1]), dtype=self._torch.float64)
        out = out.to(rows.device)
        out.index_add_(0, index.long(), self._on_grid(rows))
        return (out / GRID).float()

    def products(self, a: Quantised, b: Quantised, groups: int) -> Array:
        return _products(a, b, groups)

    def mix(self, weights: Array, rows: Array) -> Array:
        out = weights[:, :, :1] * rows[:, None, 0]
        for place in range(1, rows.shape[1]):
            out = out + weights[:, :, place, None] * rows[:, None, place]
        return out

    def adam(self, p: Array, v: Array, g: Array, step: Step) -> None:
        rate, decay, rest, lift = map(float, step)
        v.copy_(v * decay + (g * g) * rest)
        moved = (g / (self.root(v) * lift + 1e-6)).clamp(-LONGEST_STEP, LONGEST_STEP)
        p.copy_(p - moved * rate)

    def adam_of_product(
        self, p: Array, v: Array, factors: tuple[Quantised, Quantised], step: Step
    ) -> None:
        self.adam(p, v, self.product(*factors), step)

    def _on_grid(self, x: Array) -> Array:
        return (x.double().clamp(-LIMIT, LIMIT) * GRID).round()


def _products(a: Quantised, b: Quantised, groups: int) -> Array:
    left, right = (x.values.reshape(groups, -1, x.values.shape[1]) for x in (a, b))
    whole = left @ right.swapaxes(1, 2)
    return (whole * a.inverse.reshape(groups, -1, 1)) * b.inverse.reshape(groups, 1, -1)


@kernel
def _total_columns(x, out):
    for i in range(x.shape[0]):
        _add_row(x[i], out)


@kernel
def _add_row(x, out):
    for j in range(x.size):
        out[j] += norms.on_grid(x[j])


@kernel
def _mix(weights, rows, out):
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            _scale_row(weights[i, j, 0], rows[i, 0], out[i, j])
            for place in range(1, rows.shape[1]):
                _add_scaled_row(weights[i, j, place], rows[i, place], out[i, j])


@kernel
def _scale_row(weight, x, out):
    for j in range(x.size):
        out[j] = weight * x[j]


@kernel
def _add_scaled_row(weight, x, out):
    for j in range(x.size):
        out[j] += weight * x[j]


@kernel
def _scatter(rows, index, out):
    for i in range(rows.shape[0]):
        _add_row(rows[i], out[index[i]])


@kernel(**functions.elementwise)
def _adam(p, v, g, rate, decay, rest, lift):
    learning.move(p, v, g, rate, decay, rest, lift)
