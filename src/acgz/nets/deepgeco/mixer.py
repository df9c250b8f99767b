"""The threshold controller and the probability mixer: equations (2) and (3) of DeepGeCo."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from acgz.nets.exact.operations import Array, Operations


def sine(x: float) -> float:
    """sin(x) for 0 <= x <= 1 by its Taylor series, the same on every machine; error < 1e-13."""
    square = x * x
    result = 1.0
    for n in (15, 13, 11, 9, 7, 5, 3):
        result = 1.0 - square * result / (n * (n - 1))
    return x * result


def warm_batches(tokens: int, batch: int, ts: float, least: int = 0) -> int:
    """Batches that the Warm-Start network takes part in: ``ts`` per cent of all of them.

    But not fewer than ``least``, unless ts is 0: how long a Supporter takes to learn does not
    depend on how much there is to code. It may be more than there are.
    """
    if ts == 0:
        return 0
    return max(least, ceil(ts / 100 * ceil(tokens / batch)))


def gamma(i: int, batches: int, delta: float) -> float:
    """Share of the Warm-Start network in batch ``i`` (1, 2, …) of its ``batches``, equation (3).

    (1 - sin(i / batches)) * (1 - delta); 0 after the last of its batches.
    """
    if i > batches:
        return 0.0
    return (1.0 - sine(i / batches)) * (1.0 - delta)


@dataclass(frozen=True)
class Learning:
    """How θ is learned."""

    first: float
    """The number that is learned begins with this value."""
    rate: float
    """Learning rate of Adam."""
    decay: float
    """β2 of Adam."""


class Delta:
    """δ, the self-learned weight of the Supporter: sigmoid(θ), θ learned with Adam, β1 = 0.

    The paper says no more than its name and 0 <= δ <= 1.
    """

    def __init__(self, ops: Operations, learning: Learning) -> None:
        self._ops = ops
        self._learning = learning
        self._theta = learning.first
        self._square = 0.0
        self._power = 1.0

    @property
    def value(self) -> float:
        theta = self._ops.array(np.array([[self._theta]], np.float32))
        return float(self._ops.numpy(self._ops.sigmoid(theta))[0, 0])

    def learn(self, fading: float, by_gamma: float) -> None:
        """One step; ``fading`` = 1 - sin(…), ``by_gamma``: derivative of the loss by γ."""
        delta = self.value
        gradient = -fading * delta * (1.0 - delta) * by_gamma
        decay = self._learning.decay
        self._power *= decay
        self._square = decay * self._square + (1.0 - decay) * (gradient * gradient)
        size = sqrt(self._square / (1.0 - self._power)) + 1e-6
        self._theta -= self._learning.rate * gradient / size


def mix(warm: Array, own: Array, share: float) -> Array:
    """Logits of equation (2): ``share`` * warm + (1 - share) * own; (m, n)."""
    return warm * float(np.float32(share)) + own * float(np.float32(1.0 - share))
