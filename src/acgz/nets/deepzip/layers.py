"""One direction of one recurrent layer, and the dense layers, in exact arithmetic."""

from __future__ import annotations

import numpy as np

from acgz.nets.architecture import Arrays
from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.matmul import Quantised
from acgz.nets.exact.operations import Array, Operations

State = tuple[Array, ...]
"""What a layer remembers, each (rows, units): its output, and the cell of an LSTM."""


class Recurrent:
    """A layer of n units that reads one way."""

    def __init__(self, ops: Operations, cell: str, arrays: Arrays, name: str) -> None:
        """``name``: as "first.forward" in `acgz.nets.deepzip.architecture`."""
        self._ops = ops
        self._cell = cell
        self._from_state = matrix(ops, arrays, f"{name}.state")
        self._bias = vector(ops, arrays, f"{name}.bias")
        self.units = arrays[f"{name}.state"].shape[0]

    def start(self, rows: int) -> State:
        """A state of zeros."""
        zeros = self._ops.array(np.zeros((rows, self.units), np.float32))
        return (zeros, zeros) if self._cell == "lstm" else (zeros,)

    def step(self, from_input: Array, state: State) -> State:
        """The next state. ``from_input``: (rows, gates), or fewer rows, which are repeated."""
        ops = self._ops
        from_state = self._from_state.forward(state[0])
        if self._cell == "lstm":
            return ops.lstm(from_input, from_state, self._bias, state[1])
        if self._cell == "gru":
            return (ops.gru(from_input, from_state, self._bias, state[0]),)
        return (ops.rnn(from_input, from_state, self._bias),)


class Head:
    """Logits of the next token: dense with ReLU, then dense."""

    def __init__(self, ops: Operations, arrays: Arrays) -> None:
        self._ops = ops
        self._dense = matrix(ops, arrays, "dense.weight")
        self._output = matrix(ops, arrays, "output.weight")
        self._dense_bias = vector(ops, arrays, "dense.bias")
        self._output_bias = vector(ops, arrays, "output.bias")

    def logits(self, x: Array) -> Array:
        """(rows, features) -> (rows, outputs)."""
        hidden = self._ops.positive(self._dense.forward(x) + self._dense_bias)
        return self._output.forward(hidden) + self._output_bias


class Projection:
    """What the second layer gets from both directions of the first one."""

    def __init__(self, ops: Operations, arrays: Arrays, name: str) -> None:
        self._weights = matrix(ops, arrays, f"{name}.input")

    def of(self, quantised: Quantised) -> Array:
        """(rows, 2n) -> (rows, gates)."""
        return self._weights.times(quantised)


def matrix(ops: Operations, arrays: Arrays, name: str) -> Matrix:
    return Matrix(ops, vector(ops, arrays, name))


def vector(ops: Operations, arrays: Arrays, name: str) -> Array:
    """An array as float32 on the backend."""
    return ops.array(arrays[name].astype(np.float32))
