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
        self._forwards = self._ops.right_factor(self.values, 0, self._format)
        self._backwards = self._ops.right_factor(self.values, 1, self._format)

    def times(self, x: Quantised) -> Array:
        """``x @ values`` for ``x`` (m, inputs) quantised along axis 1."""
        if self._forwards is None:
            self._forwards = self._ops.right_factor(self.values, 0, self._format)
        return self._ops.product(x, self._forwards)

    def forward(self, x: Array) -> Array:
        """``x @ values``; x: (m, inputs)."""
        return self.times(self._ops.quantise(x, 1, self._format))

    def input_gradient(self, gradient: Array) -> Array:
        """Gradient of the input (m, inputs), from that of the output (m, outputs)."""
        if self._backwards is None:
            self._backwards = self._ops.right_factor(self.values, 1, self._format)
        return self._ops.product(self._ops.quantise(gradient, 1, self._format), self._backwards)

    def factors_of_gradient(self, x: Array, gradient: Array) -> tuple[Quantised, Quantised]:
        """Two factors whose product is the gradient of the values, from the input and the gradient
        of the output."""
        ops = self._ops
        return ops.left_factor(x, self._format), ops.right_factor(gradient, 0, self._format)
