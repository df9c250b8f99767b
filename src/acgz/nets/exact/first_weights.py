"""Weights to begin with, the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


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
