"""Adam and first weights, the same on every machine: networks that learn while they code."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from acgz.nets.exact.operations import Array, Operations

COLDEST = 0.1
"""The learning rate never falls below this share of the first one."""


class Adam:
    """Adam (Kingma and Ba 2014) with β1 = 0, as DeepGeCo uses it: no momentum."""

    def __init__(
        self,
        ops: Operations,
        parameters: list[Array],
        rate: float,
        decay: float = 0.999,
        cooling: float = inf,
    ) -> None:
        """``parameters`` are updated in place; ``decay`` is β2.

        The rate of step t is ``rate`` / sqrt(1 + t / ``cooling``), and never under a tenth of it.
        """
        self._ops = ops
        self._parameters = parameters
        self._squares = [parameter * 0.0 for parameter in parameters]
        self._decay = decay
        self._power = 1.0  # β2 ** step, by repeated multiplication
        self._steps = 0
        self._rate = rate
        self._cooling = cooling

    def step(self, gradients: list[Array]) -> None:
        """One update; ``gradients`` in the order of the parameters."""
        self._steps += 1
        rate = self._rate * max(COLDEST, 1.0 / sqrt(1.0 + self._steps / self._cooling))
        self._power *= self._decay
        lift = float(np.sqrt(1.0 / (1.0 - self._power)))
        for parameter, square, gradient in zip(
            self._parameters, self._squares, gradients, strict=True
        ):
            self._ops.adam(parameter, square, gradient, rate, self._decay, lift)


def first_weights(shape: tuple[int, ...], largest: float, seed: int) -> NDArray[np.float32]:
    """Numbers from -largest to largest, evenly distributed, the same for ever.

    The generator is splitmix64 (Steele, Lea and Flood 2014), counted from ``seed``.
    """
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        x = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x += np.uint64(seed) * np.uint64(0xD1B54A32D192ED03)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    whole = (x >> np.uint64(40)).astype(np.float32)  # 24 bits: exact
    fraction = whole / np.float32(1 << 23) - np.float32(1)
    return (fraction * np.float32(largest)).reshape(shape)
