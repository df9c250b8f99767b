"""Inference of the Warm-Start network in exact arithmetic, in both of its forms.

DeepGeCo, section "Supporter & Warm-Start Models". `acgz.nets.deepgeco.architecture` says what it
looks like, `acgz.nets.deepgeco.torch_network` trains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from acgz.nets.architecture import Arrays
from acgz.nets.deepgeco.architecture import WarmStartArchitecture
from acgz.nets.exact.layers import Matrix
from acgz.nets.exact.operations import Array, Operations
from acgz.nets.workers import Workers

LEAST = 64
"""Lanes that are worth a thread."""


class WarmStart(Protocol):
    """A frozen network that has seen the past of every lane."""

    context: int
    """Tokens that it has to see before its logits mean anything."""

    def logits(self) -> Array:
        """Logits of the next symbol; (lanes, outputs)."""
        ...

    def advance(self, kmers: NDArray[np.integer]) -> None:
        """See one more token of every lane; (lanes,), values 0 … 4**k - 1."""
        ...


def make(
    ops: Operations,
    architecture: WarmStartArchitecture,
    arrays: Arrays,
    lanes: int,
    workers: Workers | None = None,
) -> WarmStart:
    """The network in its first state; ``workers`` share its lanes."""
    kind = Causal if architecture.network == "gru" else Windowed
    parts = [] if workers is None else workers.divide(lanes, LEAST)
    network = kind(ops, architecture, arrays, lanes)
    if workers is None or len(parts) == 1:
        return network
    networks = [network.for_lanes(part.stop - part.start) for part in parts]
    return _Shared(networks, parts, workers)


class _Shared:
    """A network whose lanes are shared by threads; each has it for its own lanes."""

    def __init__(self, networks: Sequence[WarmStart], parts: list[slice], workers: Workers) -> None:
        self._parts = list(zip(networks, parts, strict=True))
        self._workers = workers
        self.context = networks[0].context
        self._logits: list[Array] = []

    def logits(self) -> Array:
        if not self._logits:
            self._logits = self._workers.map(lambda pair: pair[0].logits(), self._parts)
        return np.concatenate(self._logits)

    def advance(self, kmers: NDArray[np.integer]) -> None:
        """A network that needs no more context makes its logits at once, too: a thread that has
        begun had better not stop soon."""

        def part(pair: tuple[WarmStart, slice]) -> list[Array]:
            network, lanes = pair
            network.advance(kmers[lanes])
            return [network.logits()] if self.context == 1 else []

        self._logits = [one for found in self._workers.map(part, self._parts) for one in found]


class _Gru:
    """One direction of one GRU layer of n units."""

    def __init__(self, ops: Operations, arrays: Arrays, name: str) -> None:
        """``name``: PyTorch's ending, for example "l0" or "l1_reverse"."""
        self._ops = ops
        inputs, states = (_wide(arrays[f"recurrent.bias_{x}_{name}"]) for x in ("ih", "hh"))
        n = inputs.size // 3
        bias = np.concatenate([(inputs + states)[: 2 * n], inputs[2 * n :], states[2 * n :]])
        self._bias = ops.array(bias.astype(np.float32))
        self._from_state = _matrix(ops, arrays[f"recurrent.weight_hh_{name}"])
        self.units = n

    def step(self, from_input: Array, from_state: Array, state: Array) -> Array:
        """The next state (m, n)."""
        return self._ops.gru(from_input, from_state, self._bias, state)

    def run(self, inputs: list[Array], backwards: bool = False) -> list[Array]:
        """States (m, n) after each of ``inputs`` (m, 3n), from a state of zeros."""
        state = self._ops.array(np.zeros((inputs[0].shape[0], self.units), np.float32))
        states = []
        for from_input in reversed(inputs) if backwards else inputs:
            state = self.step(from_input, self._from_state.forward(state), state)
            states.append(state)
        return states[::-1] if backwards else states

    def from_state(self, quantised: Any) -> Array:
        """What the gates get from a state; (m, 3n)."""
        return self._from_state.times(quantised)


class _Head:
    """Logits = Linear(x) + Output(relu(Dense(x))), x: (m, features)."""

    def __init__(self, ops: Operations, arrays: Arrays) -> None:
        self._ops = ops
        self._linear = _matrix(ops, arrays["linear.weight"])
        self._dense = _matrix(ops, arrays["dense.weight"])
        self._output = _matrix(ops, arrays["output.weight"])
        self._linear_bias = ops.array(arrays["linear.bias"].astype(np.float32))
        self._dense_bias = ops.array(arrays["dense.bias"].astype(np.float32))

    def logits(self, quantised: Any) -> Array:
        hidden = self._ops.positive(self._dense.times(quantised) + self._dense_bias)
        return (self._linear.times(quantised) + self._linear_bias) + self._output.forward(hidden)


class Causal:
    """Two GRU layers that read each token once and keep their state for the whole lane."""

    context = 1

    def __init__(
        self, ops: Operations, d: WarmStartArchitecture, arrays: Arrays, lanes: int
    ) -> None:
        self._ops = ops
        self._table = ops.array(_folded(arrays, "l0"))  # (4**k, 3n)
        self._first, self._second = (_Gru(ops, arrays, name) for name in ("l0", "l1"))
        self._between = _matrix(ops, arrays["recurrent.weight_ih_l1"])
        self._head = _Head(ops, arrays)
        self._units = d.hidden
        self._begin(lanes)

    def for_lanes(self, lanes: int) -> Causal:
        """A network of the same weights in its first state."""
        other = copy(self)
        other._begin(lanes)
        return other

    def _begin(self, lanes: int) -> None:
        zeros = np.zeros((lanes, self._units), np.float32)
        self._states = [self._ops.array(zeros), self._ops.array(zeros)]
        self._seen = [self._ops.quantise(state, 1) for state in self._states]

    def advance(self, kmers: NDArray[np.integer]) -> None:
        ops, (first, second), seen = self._ops, self._states, self._seen
        tokens = ops.array(kmers.astype(np.int64))
        first = self._first.step(self._table[tokens], self._first.from_state(seen[0]), first)
        seen[0] = ops.quantise(first, 1)
        between = self._between.times(seen[0])
        second = self._second.step(between, self._second.from_state(seen[1]), second)
        seen[1] = ops.quantise(second, 1)
        self._states = [first, second]

    def logits(self) -> Array:
        return self._head.logits(self._seen[1])


class Windowed:
    """The paper's two bidirectional layers over the last ``window`` tokens."""

    def __init__(
        self, ops: Operations, d: WarmStartArchitecture, arrays: Arrays, lanes: int
    ) -> None:
        self._ops = ops
        self._architecture = d
        self.context = d.window
        directions = ("", "_reverse")
        self._tables = [ops.array(_folded(arrays, f"l0{way}")) for way in directions]
        self._first = [_Gru(ops, arrays, f"l0{way}") for way in directions]
        self._second = [_Gru(ops, arrays, f"l1{way}") for way in directions]
        self._between = [_matrix(ops, arrays[f"recurrent.weight_ih_l1{way}"]) for way in directions]
        self._head = _Head(ops, arrays)
        self._window = np.zeros((d.window, lanes), np.int64)

    def for_lanes(self, lanes: int) -> Windowed:
        """A network of the same weights in its first state."""
        other = copy(self)
        other._window = np.zeros((self.context, lanes), np.int64)
        return other

    def advance(self, kmers: NDArray[np.integer]) -> None:
        self._window = np.concatenate([self._window[1:], kmers[None].astype(np.int64)])

    def logits(self) -> Array:
        ops = self._ops
        tokens = ops.array(self._window)
        below = self._both(self._first, [[table[t] for t in tokens] for table in self._tables])
        seen = [ops.quantise(state, 1) for state in below]
        above = self._both(
            self._second, [[matrix.times(state) for state in seen] for matrix in self._between]
        )
        sampled = above[:: -self._architecture.stride][::-1]
        return self._head.logits(ops.quantise(ops.join(sampled), 1))

    def _both(self, layers: list[_Gru], inputs: list[list[Array]]) -> list[Array]:
        """States of both directions side by side, for each place of the window; (m, 2n)."""
        forwards = layers[0].run(inputs[0])
        backwards = layers[1].run(inputs[1], backwards=True)
        return [self._ops.join([a, b]) for a, b in zip(forwards, backwards, strict=True)]


def _wide(array: NDArray[Any]) -> NDArray[np.float64]:
    return array.astype(np.float64)


def _matrix(ops: Operations, weight: NDArray[Any]) -> Matrix:
    """PyTorch stores (outputs, inputs)."""
    return Matrix(ops, ops.array(weight.astype(np.float32).T))


def _folded(arrays: Arrays, name: str) -> NDArray[np.float32]:
    """What each token gives to the gates: embedding times input weights, in a written order."""
    embedding = _wide(arrays["embedding.weight"])
    weight = _wide(arrays[f"recurrent.weight_ih_{name}"])
    table = np.zeros((embedding.shape[0], weight.shape[0]))
    for place in range(embedding.shape[1]):
        table += embedding[:, place, None] * weight[None, :, place]
    return table.astype(np.float32)
