"""What networks are made of: a few operations with one possible result, on two backends.

`NumPy` (`acgz.nets.exact.numpy_operations`) runs everywhere; `PyTorch`
(`acgz.nets.exact.torch_operations`) also on a GPU. Both give the same bits. Layers are written
once, on top of these operations and of ``+ - *``, comparisons and indexing of float32
arrays, which are exact in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from acgz.errors import UsageError
from acgz.nets.exact.matmul import SINGLE, Format, Quantised

Array = Any
"""A NumPy array or a PyTorch tensor, float32 unless said otherwise."""

GRID = 2.0**24
"""Sums are taken of multiples of 1/GRID, which float64 adds without rounding."""
LIMIT = 2.0**14
"""Numbers are clipped to ±LIMIT before they are summed: 2**15 of them stay below 2**53."""
COUNTS = 2.0**24
"""An exponential is counted in units of 1/COUNTS of the largest one."""

LONGEST_STEP = 8.0
"""Adam moves a parameter by at most this many learning rates. Without momentum a rare large
gradient would move it by up to 31 (the root of 1000, for β2 = 0.999)."""


class Operations(Protocol):
    """A backend."""

    name: str

    def array(self, values: NDArray[Any]) -> Array:
        """A NumPy array on this backend."""
        ...

    def numpy(self, values: Array) -> NDArray[Any]:
        """As a NumPy array."""
        ...

    def quantise(self, x: Array, axis: int, format: Format = SINGLE) -> Quantised:
        """Scale and round (m, n) along ``axis``, over which a product will sum (0 or 1)."""
        ...

    def product(self, a: Quantised, b: Quantised) -> Array:
        """(m, k) times (k, n), quantised along axis 1 and axis 0: (m, n)."""
        ...

    def exp(self, x: Array) -> Array:
        """e**x, x clipped to ±80; same shape."""
        ...

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + e**-x); same shape."""
        ...

    def tanh(self, x: Array) -> Array:
        """Hyperbolic tangent; same shape."""
        ...

    def root(self, x: Array) -> Array:
        """Square root; same shape."""
        ...

    def positive(self, x: Array) -> Array:
        """max(x, 0); same shape."""
        ...

    def total(self, x: Array, axis: int) -> Array:
        """Sums of (m, n) over ``axis``, of numbers rounded to 1/GRID; (n,) or (m,)."""
        ...

    def largest(self, x: Array, axis: int) -> Array:
        """Maximum over an axis, which is kept with length 1."""
        ...

    def scatter(self, rows: Array, index: Array, count: int) -> Array:
        """Sum the ``rows`` (m, n) of equal ``index`` (m,): (count, n); rounded as in `total`."""
        ...

    def contiguous(self, x: Array) -> Array:
        """The same numbers, one row after the other in memory."""
        ...

    def single(self, x: Array) -> Array:
        """As float32."""
        ...

    def join(self, parts: Sequence[Array]) -> Array:
        """Arrays (m, n) side by side: (m, sum of n)."""
        ...

    def gru(self, a: Array, b: Array, bias: Array, h: Array) -> Array:
        """The next state (m, n) of a GRU in state ``h`` (m, n).

        ``a`` (m, 3n): what comes from the input, ``b`` (m, 3n): from the state; for the reset
        gate, the update gate and the new state. ``bias`` (4n): of the gates, of the new state
        (input), of the new state (state). ``a`` may have fewer rows, if m is a multiple of
        their number: then they are repeated.
        """
        ...

    def lstm(self, a: Array, b: Array, bias: Array, c: Array) -> tuple[Array, Array]:
        """The next state and the next cell, each (m, n), of an LSTM whose cell is ``c`` (m, n).

        ``a`` (m, 4n): what comes from the input (rows are repeated as in `gru`), ``b`` (m, 4n):
        from the state, ``bias`` (4n); for the input gate, the forget gate, the new cell and
        the output gate.
        """
        ...

    def rnn(self, a: Array, b: Array, bias: Array) -> Array:
        """The next state (m, n) of a simple RNN, tanh(a + b + bias); arguments as in `lstm`."""
        ...

    def gelu(self, x: Array, bias: Array) -> Array:
        """``z * sigmoid(1.702 z)`` of ``z = x + bias``; x: (m, n), bias: (n,)."""
        ...

    def add_norm(self, x: Array, y: Array, bias: Array, gain: Array, shift: Array) -> Array:
        """Rows of ``(x + y) + bias``, (m, n), with mean 0 and variance 1, times ``gain``, plus
        ``shift``, (n,) each."""
        ...

    def attend_relative(self, rows: Array, memory: Array, heads: int) -> Array:
        """Attention of p places to a memory and to themselves, with scores by distance.

        ``rows`` (p, m, 3n + heads * (k + p - 1)): scaled queries, keys, values, and for each
        head the scores of the distances, of which key j of k takes column j - i + p - 1 for
        place i. ``memory`` (k - p, m, 2n): keys and values before. The result is (p, m, n).
        """
        ...

    def counts(self, logits: Array) -> Array:
        """e**(logit - largest logit of the row) in units of 1/COUNTS, whole float64; (m, n)."""
        ...

    def adam(self, p: Array, v: Array, g: Array, rate: float, decay: float, lift: float) -> None:
        """In place: ``v = decay v + (1 - decay) g²``, ``p -= rate r``,
        ``r = g / (sqrt(v) lift + 1e-6)`` clipped to ±LONGEST_STEP."""
        ...


def backend(name: str = "numpy", device: str | None = None) -> Operations:
    """The backend "numpy" or "torch"; MissingDependencyError without PyTorch."""
    if name == "numpy":
        from acgz.nets.exact.numpy_operations import NumPy

        return NumPy()
    if name == "torch":
        from acgz.nets.exact.torch_operations import PyTorch

        return PyTorch(device)
    raise UsageError(f"the backend is numpy or torch, not {name!r}")


def softmax(counts: Array) -> Array:
    """Probabilities, float64, from `Operations.counts` (m, n). Sums of whole numbers are exact."""
    return counts / counts.sum(1)[:, None]


def frequencies(counts: NDArray[np.float64], precision: int) -> NDArray[np.uint32]:
    """Integers >= 1 of sum 2**precision in proportion to the ``counts`` (m, n)."""
    from acgz.nets.exact.frequencies import from_counts

    out = np.empty(counts.shape, dtype=np.uint32)
    from_counts(counts, precision, out)
    return out
