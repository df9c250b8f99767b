"""The operations of `acgz.nets.exact.operations` with PyTorch, on a CPU or a GPU.

Every line repeats the definition in a Numba kernel, operation by operation: PyTorch runs
them one at a time, so nothing is fused or reordered. Divisions have two tensors, or a power
of two: PyTorch turns others into products with a rounded reciprocal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.nets.exact import functions, matmul
from acgz.nets.exact.matmul import SINGLE, Format, Quantised
from acgz.nets.exact.operations import COUNTS, Array
from acgz.nets.exact.pytorch import best_device, load


class PyTorch:
    """See `acgz.nets.exact.operations.Operations`."""

    name = "torch"

    def __init__(self, device: str | None = None) -> None:
        """``device``: as PyTorch names it; by default the GPU if there is one."""
        self._torch = torch = load()
        self._device = device or best_device(torch)
        # Whole numbers of up to 2**12 need all bits of float32.
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.set_float32_matmul_precision("highest")

    def array(self, values: NDArray[Any]) -> Array:
        return self._torch.from_numpy(np.ascontiguousarray(values)).to(self._device)

    def numpy(self, values: Array) -> NDArray[Any]:
        return values.cpu().numpy()

    def quantise(self, x: Array, axis: int, format: Format = SINGLE) -> Quantised:
        torch = self._torch
        length = x.shape[axis]
        norm, slack = matmul.goal(length, format), matmul.slack(length)
        largest = x.abs().amax(axis, keepdim=True)
        nothing = largest < float(matmul.SMALLEST)
        grain = float(matmul.GRAIN) / torch.where(nothing, torch.ones_like(largest), largest)
        squares = torch.round(x * grain).double().square().sum(axis, keepdim=True)
        lengths = self.root(squares.float()).double() + slack
        scale = (torch.full_like(lengths, norm) / lengths * grain.double()).float()
        scale = torch.where(nothing, torch.zeros_like(scale), scale)
        inverse = torch.where(nothing, torch.zeros_like(scale), 1.0 / scale)
        values = torch.round(x * scale).to(getattr(torch, format.dtype))
        return Quantised(values, inverse)

    def right_factor(self, x: Array, axis: int, format: Format = SINGLE) -> Quantised:
        made = self.quantise(x, axis, format)
        return made if axis == 0 else made.transposed

    def left_factor(self, x: Array, format: Format = SINGLE) -> Quantised:
        return self.quantise(x, 0, format).transposed

    def product(self, a: Quantised, b: Quantised) -> Array:
        return ((a.values @ b.values).float() * a.inverse) * b.inverse

    def exp(self, x: Array) -> Array:
        torch = self._torch
        largest, magic = float(functions.LARGEST), float(functions.MAGIC)
        x = x.clamp(-largest, largest)
        t = x * float(functions.LOG2E)
        whole = (t + magic) - magic
        f = (t - whole) * float(functions.LN2)
        p = torch.full_like(f, float(functions.COEFFICIENTS[0]))
        for coefficient in functions.COEFFICIENTS[1:]:
            p = p * f
            p = p + float(coefficient)
        power = ((whole.to(torch.int32) + 127) << 23).view(torch.float32)
        return p * power

    def sigmoid(self, x: Array) -> Array:
        return 1.0 / (1.0 + self.exp(-x))

    def tanh(self, x: Array) -> Array:
        return 2.0 * self.sigmoid(x + x) - 1.0

    def root(self, x: Array) -> Array:
        # PyTorch's square root on a CPU comes from a library that rounds carelessly. That of
        # float64, rounded to float32, is right whichever way its own last bit falls.
        return x.double().sqrt().float()

    def positive(self, x: Array) -> Array:
        return x.clamp(min=0.0)

    def largest(self, x: Array, axis: int) -> Array:
        return x.amax(axis, keepdim=True)

    def contiguous(self, x: Array) -> Array:
        return x.contiguous()

    def single(self, x: Array) -> Array:
        return x.float()

    def join(self, parts: Sequence[Array]) -> Array:
        return self._torch.cat(list(parts), 1)

    def gru(self, a: Array, b: Array, bias: Array, h: Array) -> Array:
        n = h.shape[1]
        a = a.repeat(h.shape[0] // a.shape[0], 1)
        gates = self.sigmoid((a[:, : 2 * n] + b[:, : 2 * n]) + bias[: 2 * n])
        reset, update = gates[:, :n], gates[:, n:]
        inner = b[:, 2 * n :] + bias[3 * n :]
        new = self.tanh((a[:, 2 * n :] + bias[2 * n : 3 * n]) + reset * inner)
        return new + update * (h - new)

    def lstm(self, a: Array, b: Array, bias: Array, c: Array) -> tuple[Array, Array]:
        n = c.shape[1]
        total = (a.repeat(c.shape[0] // a.shape[0], 1) + b) + bias
        enter, keep, new, leave = (total[:, i * n : (i + 1) * n] for i in range(4))
        c_out = self.sigmoid(keep) * c + self.sigmoid(enter) * self.tanh(new)
        return self.sigmoid(leave) * self.tanh(c_out), c_out

    def rnn(self, a: Array, b: Array, bias: Array) -> Array:
        return self.tanh((a.repeat(b.shape[0] // a.shape[0], 1) + b) + bias)

    def counts(self, logits: Array) -> Array:
        exponentials = self.exp(logits - self.largest(logits, 1))
        return (exponentials.double() * COUNTS).round()
