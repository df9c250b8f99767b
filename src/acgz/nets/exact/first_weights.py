"""Weights to begin with, the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acgz.coding.splitmix import STRIDE, splitmix64


def first_weights(shape: tuple[int, ...], largest: float, seed: int) -> NDArray[np.float32]:
    """Numbers from -largest to largest, evenly distributed, the same for ever.

    The generator is splitmix64; each ``seed`` begins elsewhere.
    """
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        states = np.arange(1, count + 1, dtype=np.uint64) * STRIDE
        states += np.uint64(seed) * np.uint64(0xD1B54A32D192ED03)
    whole = (splitmix64(states) >> np.uint64(40)).astype(np.float32)  # 24 bits: exact
    fraction = whole / np.float32(1 << 23) - np.float32(1)
    return (fraction * np.float32(largest)).reshape(shape)
