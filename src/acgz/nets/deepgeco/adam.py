"""Adam, the same on every machine: a network that learns while it codes."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np

from acgz.nets.deepgeco.operations import DeepGeCoOperations
from acgz.nets.exact.operations import Array

COLDEST = 0.1
"""The learning rate never falls below this share of the first one."""


class Adam:
    """Adam (Kingma and Ba 2014) with β1 = 0, as DeepGeCo uses it: no momentum."""

    def __init__(
        self,
        ops: DeepGeCoOperations,
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
