"""A matrix of parameters: what all layers of all networks are made of."""

from __future__ import annotations

from acgz.nets.exact.matmul import SINGLE, Format, Quantised
from acgz.nets.exact.operations import Array, Operations


class Matrix:
    """A matrix (inputs, outputs) of parameters, quantised when needed, for each direction once."""

    def __init__(self, ops: Operations, values: Array, format: Format = SINGLE) -> None:
        self._ops = ops
        self.values = values
        self._format = format
        self._forwards: Quantised | None = None
        self._backwards: Quantised | None = None

    def changed(self) -> None:
        """Say that the values were updated in place: what is derived from them is made anew."""
        self._forwards = self._forward_factor()
        self._backwards = self._backward_factor()

    def times(self, x: Quantised) -> Array:
        """``x @ values`` for ``x`` (m, inputs) quantised along axis 1."""
        if self._forwards is None:
            self._forwards = self._forward_factor()
        return self._ops.product(x, self._forwards)

    def forward(self, x: Array) -> Array:
        """``x @ values``; x: (m, inputs)."""
        return self.times(self._ops.quantise(x, 1, self._format))

    def input_gradient(self, gradient: Array) -> Array:
        """Gradient of the input (m, inputs), from that of the output (m, outputs)."""
        ops = self._ops
        if self._backwards is None:
            self._backwards = self._backward_factor()
        return ops.product(ops.quantise(gradient, 1, self._format), self._backwards)

    def weight_gradient(self, x: Array, gradient: Array) -> Array:
        """Gradient of the values, from the input and the gradient of the output."""
        ops = self._ops
        left, right = ops.quantise(x, 0, self._format), ops.quantise(gradient, 0, self._format)
        return ops.product(Quantised(left.values.T, left.inverse.T), right)

    def _forward_factor(self) -> Quantised:
        return self._ops.shared(self._ops.quantise(self.values, 0, self._format))

    def _backward_factor(self) -> Quantised:
        flipped = self._ops.quantise(self.values, 1, self._format)
        return self._ops.shared(Quantised(flipped.values.T, flipped.inverse.T))
