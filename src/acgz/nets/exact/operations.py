"""What networks are made of: a few operations with one possible result, on two backends.

`NumPy` (`acgz.nets.exact.numpy_operations`) runs everywhere; `PyTorch`
(`acgz.nets.exact.torch_operations`) also on a GPU. Both give the same bits. Layers are written
once, on top of these operations and of ``+ - *``, comparisons and indexing of float32
arrays, which are exact in both. A network that needs more has a module ``operations`` of its own.
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

COUNTS = 2.0**24
"""An exponential is counted in units of 1/COUNTS of the largest one."""


class Operations(Protocol):
    """A backend of exact arithmetic: what NumPy and PyTorch compute alike, bit by bit."""

    name: str

    def array(self, values: NDArray[Any]) -> Array:
        """A NumPy array on this backend."""
        ...

    def numpy(self, values: Array) -> NDArray[Any]:
        """The numbers as a NumPy array."""
        ...

    def quantise(self, x: Array, axis: int, format: Format = SINGLE) -> Quantised:
        """Scale and round (m, n) along ``axis``, over which a product will sum (0 or 1)."""
        ...

    def right_factor(self, x: Array, axis: int, format: Format = SINGLE) -> Quantised:
        """x (m, n) quantised along ``axis``, as the right factor of products that sum over it:
        its transpose, if that is 1."""
        ...

    def left_factor(self, x: Array, format: Format = SINGLE) -> Quantised:
        """The transpose of x (m, n), quantised along axis 0, as the left factor of a product."""
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

    def largest(self, x: Array, axis: int) -> Array:
        """Maximum over an axis, which is kept with length 1."""
        ...

    def contiguous(self, x: Array) -> Array:
        """An array's numbers with one row after the other in memory."""
        ...

    def single(self, x: Array) -> Array:
        """The numbers as float32."""
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

    def counts(self, logits: Array) -> Array:
        """e**(logit - largest logit of the row) in units of 1/COUNTS, whole float64; (m, n)."""
        ...


def backend(
    name: str = "numpy",
    device: str | None = None,
    with_numpy: Any = None,
    with_torch: Any = None,
) -> Any:
    """The backend "numpy" or "torch"; MissingDependencyError without PyTorch.

    ``device``: as PyTorch names it, by default a GPU if there is one. A network with operations of
    its own has classes of its own, ``with_numpy`` and ``with_torch``.
    """
    if name == "numpy":
        from acgz.nets.exact.numpy_operations import NumPy

        return (with_numpy or NumPy)()
    if name == "torch":
        from acgz.nets.exact.torch_operations import PyTorch

        return (with_torch or PyTorch)(device)
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
