"""Operations in ordinary float32, to compare the exact ones of `acgz.nets.exact` with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acgz.nets.deepgeco.norms import Norms
from acgz.nets.deepgeco.operations import OnNumPy
from acgz.nets.exact.matmul import SINGLE, Format, Quantised


class Float32(OnNumPy):
    """Nothing is rounded to whole numbers; functions and sums are NumPy's."""

    norm, norm_gradient = Norms.norm, Norms.norm_gradient

    def __init__(self) -> None:
        super().__init__(with_tiles=False)

    def quantise(self, x: NDArray[Any], axis: int, format: Format = SINGLE) -> Quantised:
        ones = np.ones((x.shape[0], 1) if axis == 1 else (1, x.shape[1]), np.float32)
        return Quantised(x, ones)

    def product(self, a: Quantised, b: Quantised) -> NDArray[Any]:
        product: NDArray[Any] = a.values @ b.values
        return product

    def exp(self, x: NDArray[Any]) -> NDArray[Any]:
        return np.exp(x)

    def sigmoid(self, x: NDArray[Any]) -> NDArray[Any]:
        return np.float32(1) / (np.float32(1) + np.exp(-x))

    def tanh(self, x: NDArray[Any]) -> NDArray[Any]:
        return np.tanh(x)

    def total(self, x: NDArray[Any], axis: int) -> NDArray[Any]:
        total: NDArray[Any] = x.sum(axis)
        return total

    def scatter(self, rows: NDArray[Any], index: NDArray[Any], count: int) -> NDArray[Any]:
        out = np.zeros((count, rows.shape[1]), np.float32)
        np.add.at(out, index, rows)
        return out

    def gru(
        self, a: NDArray[Any], b: NDArray[Any], bias: NDArray[Any], h: NDArray[Any]
    ) -> NDArray[Any]:
        n = h.shape[1]
        gates = self.sigmoid(a[:, : 2 * n] + b[:, : 2 * n] + bias[: 2 * n])
        reset, update = gates[:, :n], gates[:, n:]
        new = np.tanh(a[:, 2 * n :] + bias[2 * n : 3 * n] + reset * (b[:, 2 * n :] + bias[3 * n :]))
        return (1 - update) * new + update * h
