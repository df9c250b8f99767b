"""Adam, the same on every machine: a network that learns while it codes."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np

from acgz.nets.deepgeco.learning import Step
from acgz.nets.deepgeco.operations import DeepGeCoOperations
from acgz.nets.exact.matmul import Quantised
from acgz.nets.exact.operations import Array

COLDEST = 0.03
"""The learning rate never falls below this share of the first one."""


class Adam:
    """Adam (Kingma and Ba 2014) with β1 = 0, as DeepGeCo uses it: no momentum.

    A step is `begin` and then `move` for each of the parameters, in any order and any thread.
    """

    def __init__(
        self,
        ops: DeepGeCoOperations,
        parameters: Mapping[str, Array],
        rate: float,
        decay: float = 0.999,
        cooling: float = inf,
    ) -> None:
        """``parameters`` are updated in place; ``decay`` is β2.

        The rate of step t is ``rate`` / (1 + t / ``cooling``), and never less than `COLDEST` of it.
        """
        self._ops = ops
        self._parameters = parameters
        self._squares = {name: parameter * 0.0 for name, parameter in parameters.items()}
        self._decay = decay
        self._power = 1.0  # β2 ** step, by repeated multiplication
        self._steps = 0
        self._rate = rate
        self._cooling = cooling
        self._step: Step

    def begin(self) -> None:
        """Count one more step: how far parameters move in it."""
        self._steps += 1
        rate = self._rate * max(COLDEST, 1.0 / (1.0 + self._steps / self._cooling))
        self._power *= self._decay
        lift = np.sqrt(1.0 / (1.0 - self._power))
        decay = np.float32(self._decay)
        self._step = Step(np.float32(rate), decay, np.float32(1) - decay, np.float32(lift))

    def move(self, name: str, gradient: Array) -> None:
        """Update the parameter of that name, in this step."""
        parameter, square = self._parameters[name], self._squares[name]
        self._ops.adam(parameter, square, gradient, self._step)

    def move_by_product(self, name: str, factors: tuple[Quantised, Quantised]) -> None:
        """`move` by the gradient that is the product of two factors."""
        parameter, square = self._parameters[name], self._squares[name]
        self._ops.adam_of_product(parameter, square, factors, self._step)
