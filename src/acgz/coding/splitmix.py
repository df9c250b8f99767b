"""Noise that is the same on every machine and for ever: splitmix64, not a library's generator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STRIDE = np.uint64(0x9E3779B97F4A7C15)
"""Between the states of two numbers of a series; all arithmetic is modulo 2**64."""


def splitmix64(states: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Evenly distributed numbers of 64 bits, one for each of the ``states``; the same shape.

    The output function of the generator of Steele, Lea and Flood (2014).
    """
    z = states
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
